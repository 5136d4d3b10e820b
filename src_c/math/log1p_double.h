/* log(1 + x) in double for functions of rows, where x may be large and 1 + x must not be rounded. */
#ifndef FASTACT_LOG1P_DOUBLE_H
#define FASTACT_LOG1P_DOUBLE_H
#include "math/two_sum.h"

#define LOG_2_HIGH_DOUBLE 0x1.62e42fefa38p-1  /* 0.6931471806: 42 bits, so times any exponent it is exact */
#define LOG_2_LOW_DOUBLE 0x1.ef35793c7673p-45 /* 5.497923019e-14 */

/* log(1 + x) for x >= 0, within 1 ULP. 1 + x = 2^k (1 + r) with 1 + r in [sqrt(1/2), sqrt(2)), and log(1 + r) = 2 s + s R(s^2)
   with s = r / (2 + r), computed as r - r^2 / 2 + s (r^2 / 2 + R). The error of R is below 2^-58; constants from
   coeffs/log1p_double.py. The arrangement is that of FreeBSD's msun, e_log.c. */
INLINE double fa_log1p(double x)
{
    double lost, u = fa_two_sum(1, x, &lost), f, unit, k;
    uint64_t bits, power; /* unsigned, because a shift of a negative number is undefined */
    __builtin_memcpy(&bits, &u, 8);
    power = (bits - 0x3fe6a09e667f3bcd) >> 52; /* the bits of sqrt(1/2) */
    bits -= power << 52;
    __builtin_memcpy(&f, &bits, 8);
    bits = (1023 - power) << 52;
    __builtin_memcpy(&unit, &bits, 8);
    bits = power + 0x4330000000000000; /* the double 2^52 + k, because AVX2 cannot convert 64-bit integers */
    __builtin_memcpy(&k, &bits, 8);
    k -= 0x1p52;
    double r = (f - 1) + lost * unit, half = 0.5 * r * r, s = r / (2 + r), z = s * s, w = z * z;
    double even = FA_FMA(FA_FMA(FA_FMA(0x1.2f0d5e2c92795p-3, w, 0x1.7466486178ecdp-3), w,
                                0x1.249249423c734p-2), w, 0x1.5555555555594p-1); /* 0.148 0.1818 0.2857 0.6667 */
    double odd = FA_FMA(FA_FMA(0x1.39a0ddfa994c2p-3, w, 0x1.c71c51d50fa2ap-3), w,
                               0x1.999999997f72dp-2); /* 0.1531 0.2222 0.4 */
    double tail = z * FA_FMA(odd, z, even);
    return k * LOG_2_HIGH_DOUBLE - ((half - (s * (half + tail) + k * LOG_2_LOW_DOUBLE)) - r);
}

/* x = 2^power (1 + f) for x > 0; returns f, which is exact. */
INLINE double fa_split_power(double x, double *power)
{
    int64_t bits, exponent;
    double f;
    __builtin_memcpy(&bits, &x, 8);
    exponent = (int64_t)((uint64_t)bits >> 52) + 0x4330000000000000LL; /* the double 2^52 + exponent, as above */
    __builtin_memcpy(power, &exponent, 8);
    *power -= 0x1p52 + 1023;
    bits = (bits & 0xfffffffffffffLL) | 0x3ff0000000000000LL;
    __builtin_memcpy(&f, &bits, 8);
    return f - 1;
}
#endif
