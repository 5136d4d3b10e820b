/* fma in integer arithmetic, for a processor without fma whose C library rounds it twice: MinGW-w64's fma uses the x87's long
   double. These functions round once, as IEEE 754 requires. */
#ifndef FASTACT_SOFT_FMA_H
#define FASTACT_SOFT_FMA_H
#include <stdint.h>
#include <string.h>

__extension__ typedef unsigned __int128 fa_fma_wide;

static inline uint64_t fa_fma_bits(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline double fa_fma_double(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* The product of two floats is exact in double. The sum is rounded to odd, so that rounding it again to float has the effect of
   one rounding (Boldo and Melquiond, Emulation of FMA and correctly rounded sums, 2008). */
static inline float fa_soft_fmaf(float a, float b, float c)
{
    double product = (double)a * b, sum = product + c, back = sum - product;
    double error = (product - (sum - back)) + (c - back);
    uint64_t bits = fa_fma_bits(sum);
    int inexact = (error > 0) | (error < 0), outwards = (error > 0) == (sum > 0);
    if (inexact & !(bits & 1))
        bits += outwards ? 1 : -(uint64_t)1;
    return (float)fa_fma_double(bits);
}

/* Returns the mantissa m of |x| = m 2^exponent, 2^52 <= m < 2^53, for a finite x that is not 0. */
static inline uint64_t fa_fma_parts(double x, int *exponent)
{
    uint64_t mantissa = fa_fma_bits(x) & 0xfffffffffffff;
    *exponent = (int)(fa_fma_bits(x) >> 52 & 0x7ff);
    if (*exponent)
        mantissa |= (uint64_t)1 << 52;
    else
        *exponent = 1;
    int up = __builtin_clzll(mantissa) - 11;
    *exponent -= 1075 + up;
    return mantissa << up;
}

/* x 2^-by; the lowest bit is set if a bit was shifted out. */
static inline fa_fma_wide fa_fma_shift(fa_fma_wide x, int by)
{
    if (by > 127)
        return x != 0;
    fa_fma_wide y = x >> by;
    return y | (y << by != x);
}

static __attribute__((noinline, unused)) double fa_soft_fma(double a, double b, double c)
{
    const double infinity = __builtin_inf();
    if (!(__builtin_fabs(a) < infinity && __builtin_fabs(b) < infinity) || a == 0 || b == 0)
        return a * b + c;
    if (!(__builtin_fabs(c) < infinity))
        return c + c;
    if (c == 0)
        return a * b; /* without + c: a product that underflows to 0 keeps its sign */
    int ea, eb, ec;
    fa_fma_wide product = (fa_fma_wide)fa_fma_parts(a, &ea) * fa_fma_parts(b, &eb) << 20;
    fa_fma_wide addend = fa_fma_parts(c, &ec);
    int e = ea + eb - 20, up = ec - e; /* the product is product 2^e, product < 2^126 */
    if (up > 73) {
        product = fa_fma_shift(product, up - 73);
        e = ec - 73;
        up = 73;
    }
    addend = up < 0 ? fa_fma_shift(addend, -up) : addend << up;
    int sign = (int)((fa_fma_bits(a) ^ fa_fma_bits(b)) >> 63);
    fa_fma_wide sum;
    if (sign == (int)(fa_fma_bits(c) >> 63)) {
        sum = product + addend;
    } else {
        sign ^= addend > product;
        sum = addend > product ? addend - product : product - addend;
        if (!sum)
            return 0;
    }
    int zeros = sum >> 64 ? __builtin_clzll((uint64_t)(sum >> 64)) : 64 + __builtin_clzll((uint64_t)sum);
    int down = 128 - 62 - zeros; /* to 62 bits: the conversion below rounds them to 53 */
    sum = down > 0 ? fa_fma_shift(sum, down) : sum << -down;
    e += down;
    if (e < -1022 - 61) { /* a subnormal result is rounded to a multiple of 2^-1074 */
        uint64_t word = (uint64_t)fa_fma_shift(sum, -1074 - e - 2), rest = word & 7;
        word = (word >> 2) + (rest == 3 || rest > 5);
        return (sign ? -0x1p-1074 : 0x1p-1074) * (double)word;
    }
    int half = e / 2;
    double result = (double)(int64_t)(uint64_t)sum * fa_fma_double((uint64_t)(half + 1023) << 52);
    return (sign ? -result : result) * fa_fma_double((uint64_t)(e - half + 1023) << 52);
}
#endif
