/* Natural logarithms: log(x), and log1p(f) = log(1 + f) without rounding 1 + f.

   log((1 + s) / (1 - s)) = 2 s + s^3 Q(s^2) for |s| <= 1/3. The error of the polynomial relative to the logarithm is 2^-27
   (float) and 2^-59 (double); constants from coeffs/log.py. The results are below 2 ULP off. */
#include "math/log1p_double.h"
#define LOG_2_HIGH LIT(0x1.62e4p-1f, LOG_2_HIGH_DOUBLE) /* 0.693145752: times any exponent it is exact */
#define LOG_2_LOW LIT(0x1.7f7d1cp-20f, LOG_2_LOW_DOUBLE) /* 1.428606765e-6 */

/* log((1 + s) / (1 - s)). */
INLINE REAL FN(log_of_ratio)(REAL s)
{
    REAL w = s * s;
#if FA_DOUBLE
    REAL w2 = w * w, w4 = w2 * w2;
    REAL q01 = FN(fma)(0x1.99999999a0933p-2, w, 0x1.5555555555534p-1); /* 0.4 0.6666666667 */
    REAL q23 = FN(fma)(0x1.c71c742024665p-3, w, 0x1.2492492081d79p-2); /* 0.2222222397 0.2857142855 */
    REAL q45 = FN(fma)(0x1.3b1de1054a633p-3, w, 0x1.745cb3a1d3d9bp-3); /* 0.1538655834 0.1818174394 */
    REAL q67 = FN(fma)(0x1.efda2e963675ep-4, w, 0x1.10679371b2df3p-3); /* 0.1210576839 0.1330100555 */
    REAL q89 = FN(fma)(0x1.5c793826fa058p-3, w, 0x1.55ad18c1716aap-4); /* 0.1701530826 0.083417031 */
    REAL high = FN(fma)(FN(fma)(q89, w2, q67), w2, q45);
    REAL q = FN(fma)(high, w4, FN(fma)(q23, w2, q01));
#else
    REAL q01 = FN(fma)(0x1.99d27ep-2f, w, 0x1.5555p-1f);  /* 0.4002170265 0.6666641235 */
    REAL q23 = FN(fma)(0x1.1ef28p-2f, w, 0x1.1eb6cap-2f); /* 0.2802219391 0.2799941599 */
    REAL q = FN(fma)(q23, w * w, q01);
#endif
    return FN(fma)(s * w, q, 2 * s);
}

/* log(1 + f) for -1/2 <= f <= 1. */
INLINE REAL FN(log1p)(REAL f) { return FN(log_of_ratio)(f / (2 + f)); }

/* log(x): -inf for 0, NaN for x < 0. x = 2^k m with m in [sqrt(1/2), sqrt(2)). The exponent bits, shifted down, are the low
   bits of the float 2^23 + k (2^52 + k), so k needs no conversion of integers. */
INLINE REAL FN(log)(REAL x)
{
    typedef LIT(uint32_t, uint64_t) word;
    const word one = (word)EXPONENT_BIAS << MANTISSA_BITS, root = LIT(0x3f3504f3, 0x3fe6a09e667f3bcd); /* sqrt(1/2) */
    const REAL unit = LIT(0x1p23f, 0x1p52);
    int subnormal = x < LIT(0x1p-126f, 0x1p-1022);
    word bits = (word)FN(to_bits)(subnormal ? x * unit : x), power = (bits + (one - root)) >> MANTISSA_BITS;
    REAL m = FN(from_bits)((BITS)(bits - (power << MANTISSA_BITS) + one));
    REAL k = FN(from_bits)((BITS)((word)FN(to_bits)(unit) + power)) - (unit + EXPONENT_BIAS);
    k = subnormal ? k - MANTISSA_BITS : k;
    REAL y = FN(fma)(k, LOG_2_HIGH, FN(fma)(k, LOG_2_LOW, FN(log1p)(m - 1)));
    y = x == 0 ? -INFINITY : y;
    y = x < 0 ? NAN : y;
    return x < INFINITY ? y : x; /* NaN too */
}
