/* exponential(x) = e^x, its own derivative; limits 0 and inf. In float it is (1 + q) 2^n with the reduction of math/exp.h and a
   polynomial with an error of 0.05 ULP, from coeffs/exp.py. In double it is 2^(n/16) (1 + q), where 2^(n/16) is from a table:
   |q| < 0.022, so that its rounding errors do not count. The Poisson loss takes that of math/exp.h in double too. */
#define EXPONENTIAL_BOUND LIT(86.0f, 700.0)
INLINE REAL FN(exponential_tail)(REAL r, REAL r2)
{
#if FA_DOUBLE
    return FN(exp_tail)(r, r2);
#else
    REAL p01 = FN(fma)(0x1.555466p-3f, r, 0x1.ffffe6p-2f); /* 0.1666648835 0.4999996126 */
    REAL p23 = FN(fma)(0x1.1252a2p-7f, r, 0x1.55669p-5f);   /* 0.008371667005 0.04167488217 */
    return FN(fma)(FN(fma)(0x1.61c31ep-10f, r2, p23), r2, p01); /* 0.001349495607 */
#endif
}

/* r and q - r of e^x = (1 + q) 2^n; n + bias is in the low bits of *exponent. */
INLINE REAL FN(exponential_parts)(REAL x, REAL bias, REAL *rest, LIT(uint32_t, uint64_t) *exponent)
{
    const REAL rounder = ROUNDER + bias;
    REAL k = FN(fma)(x, LOG2_E, rounder), n = k - rounder, r = FN(fma)(n, -LN2_HI, x), r2 = r * r;
    REAL tail = FN(exponential_tail)(r, r2), low = n * -LN2_LO;
    *rest = FN(fma)(tail, r2, FN(fma)(FN(fma)(tail, r2, r), low, low));
    *exponent = (LIT(uint32_t, uint64_t))FN(to_bits)(k);
    return r;
}

/* 1 + r + rest, with one rounding. Without one_low the error is 0.8 ULP instead of 0.63 (float). */
INLINE REAL FN(exponential_sum)(REAL r, REAL rest)
{
    REAL one = 1 + r, one_low = (1 - one) + r;
    return one + (one_low + rest);
}

#define EXPONENTIAL_LOWEST LIT(-105.0f, -747.0) /* below, e^x rounds to 0 */
#define EXPONENTIAL_FAR LIT(170.0f, 1417.0)     /* 2^n is two normal numbers up to here; e^x is beyond the largest number */

/* y 2^n for y = 1 + q, where the low bits of `sum` are n + 2 biases. 2^n can be outside of the normal numbers, so it is two
   factors: the product with the second rounds a subnormal result once, and only it can overflow. For a large, infinite or NaN x
   the product is with x, so that inf gives inf without an overflow flag. */
INLINE REAL FN(exponential_product)(REAL x, REAL y, LIT(uint32_t, uint64_t) sum)
{
    REAL first = FN(from_bits)((BITS)(sum >> 1 << MANTISSA_BITS));
    REAL second = FN(from_bits)((BITS)((sum - (sum >> 1)) << MANTISSA_BITS));
    return (x < EXPONENTIAL_FAR ? y * first : x) * second;
}

/* e^x, by exponential_sum if `exact`. Subnormal results, which are rounded twice, always are. */
INLINE REAL FN(exponential_for)(REAL x, int exact)
{
    LIT(uint32_t, uint64_t) sum;
    REAL c = FN(clamp)(x, EXPONENTIAL_LOWEST, EXPONENTIAL_FAR);
    REAL rest, r = FN(exponential_parts)(c, 2 * EXPONENT_BIAS, &rest, &sum);
    REAL y = FN(exponential_sum)(r, rest);
    return FN(exponential_product)(x, (exact | (c < -EXPONENTIAL_BOUND)) ? y : 1 + (r + rest), sum);
}

#if FA_DOUBLE
#include "tables/exponential_double.h"
FA_TABLE_OF_DOUBLE(exponential, EXPONENTIAL)
#define EXPONENTIAL_SUBNORMAL -0x1.6232bdd7abcd2p+9 /* -708.3964185: ln 2^-1022 */
static const REAL FN(exponential_limits)[2] = {EXPONENTIAL_LOWEST, EXPONENTIAL_FAR};

INLINE REAL FN(exponential_argument)(REAL x, REAL low, REAL high) { return FN(max)(FN(min)(x, high), low); }

INLINE REAL FN(exponential_bounded_argument)(REAL x, REAL low, REAL high)
{
    (void)low, (void)high;
    return x;
}

/* ROUNDER + n, for e^a = 2^(n/16) e^r. */
INLINE REAL FN(exponential_position)(REAL a) { return FN(fma)(a, EXPONENTIAL_STEPS, ROUNDER); }

/* e^r - 1, and what rounding 2^(j/16) loses. r is so small that the rounding errors of both do not count. */
INLINE REAL FN(exponential_rest)(REAL a, REAL position, REAL lost)
{
    REAL n = position - ROUNDER, r = FN(fma)(n, -EXPONENTIAL_STEP, a) + FN(fma)(n, -EXPONENTIAL_STEP_LO, lost), r2 = r * r;
    REAL p23 = FN(fma)(EXPONENTIAL_P3, r, EXPONENTIAL_P2), p01 = FN(fma)(EXPONENTIAL_P1, r, EXPONENTIAL_P0);
    return FN(fma)(FN(fma)(FN(fma)(EXPONENTIAL_P4, r2, p23), r2, p01), r2, r);
}

/* 2^(n/16) of a row's 2^(j/16). */
INLINE REAL FN(exponential_power)(REAL of_row, uint64_t n)
{
    return FN(from_bits)((BITS)((uint64_t)FN(to_bits)(of_row) + (n << 48)));
}

/* Error in ULP: 0.79 at 0x1.6e1b4p-2 (every 251st float32); 0.62 at 0x1.606b5ae3e74ep+1 (316,618 float64). */
INLINE REAL FN(exponential)(REAL x, REAL a, REAL position, const REAL *row, REAL low)
{
    (void)low;
    const uint64_t bits = (uint64_t)FN(to_bits)(position), n = bits >> 4; /* e^a = 2^n 2^(j/16) e^r */
    REAL q = FN(exponential_rest)(a, position, FA_IN_ROW(1));
    REAL power = FN(exponential_power)(FA_IN_ROW(0), bits & (TABLE_ROWS - 1)); /* 2^(j/16) */
    /* A subnormal result is rounded once, in the sum with 2^k whose last digit is the result's. */
    const int subnormal = a < EXPONENTIAL_SUBNORMAL;
    REAL unit = subnormal ? FN(from_bits)((BITS)((1 - n) << MANTISSA_BITS)) : 2, high = unit + power;
    REAL y = (high + FN(fma)(q, power, power - (high - unit))) - unit;
    return FN(exponential_product)(x, subnormal ? y : FN(fma)(q, power, power), n + 2 * EXPONENT_BIAS);
}

INLINE REAL FN(exponential_bound)(void) { return EXPONENTIAL_BOUND; }
INLINE REAL FN(exponential_bounded)(REAL x, REAL a, REAL position, const REAL *row, REAL low)
{
    REAL q = FN(exponential_rest)(a, position, FA_IN_ROW(1));
    REAL power = FN(exponential_power)(FA_IN_ROW(0), (uint64_t)FN(to_bits)(position));
    (void)x, (void)low;
    return FN(fma)(q, power, power);
}
#else
INLINE REAL FN(exponential)(REAL x) { return FN(exponential_for)(x, 0); }

/* Up to EXPONENTIAL_BOUND 2^n and the result are normal numbers, and one factor is enough. */
INLINE REAL FN(exponential_bound)(void) { return EXPONENTIAL_BOUND; }
INLINE REAL FN(exponential_bounded)(REAL x)
{
    LIT(uint32_t, uint64_t) exponent;
    REAL rest, r = FN(exponential_parts)(x, EXPONENT_BIAS, &rest, &exponent);
    REAL scale = FN(from_bits)((BITS)(exponent << MANTISSA_BITS));
    return FN(fma)(r + rest, scale, scale);
}

/* q of the value for half types, (1 + q) 2^n with q = (r + B) + r^2 P(r). It is up to 14 ULP of float off; B and P are such that
   rounding it gives the half next to e^x for every half x. From coeffs/exponential_half.py. */
INLINE REAL FN(exponential_half_parts)(REAL x, REAL bias, uint32_t *exponent)
{
    const REAL rounder = ROUNDER + bias;
    REAL k = FN(fma)(x, LOG2_E, rounder), n = k - rounder, r = FN(fma)(n, -LN2_HI, x);
    *exponent = (uint32_t)FN(to_bits)(k);
    REAL p = 0x1.6cebdap-10f; /* 0.001392064267 */
    p = FN(fma)(p, r, 0x1.132358p-7f); /* 0.008396547288 */
    p = FN(fma)(p, r, 0x1.551afp-5f); /* 0.04163882136 */
    p = FN(fma)(p, r, 0x1.5559a6p-3f); /* 0.1666748971 */
    p = FN(fma)(p, r, 0x1.00015p-1f); /* 0.5000100136 */
    return FN(fma)(p, r * r, r - 0x1.f5p-25f); /* B: -5.832407624e-8 */
}

INLINE REAL FN(exponential_half)(REAL x)
{
    uint32_t sum;
    REAL q = FN(exponential_half_parts)(FN(clamp)(x, EXPONENTIAL_LOWEST, EXPONENTIAL_FAR), 2 * EXPONENT_BIAS, &sum);
    return FN(exponential_product)(x, 1 + q, sum);
}

INLINE REAL FN(exponential_half_bounded)(REAL x)
{
    uint32_t exponent;
    REAL q = FN(exponential_half_parts)(x, EXPONENT_BIAS, &exponent), scale = FN(from_bits)((BITS)(exponent << MANTISSA_BITS));
    return FN(fma)(q, scale, scale);
}

/* Error in ULP: 0.79 at 0x1.6e1b4p-2 (every 251st float32); 0.62 at 0x1.606b5ae3e74ep+1 (316,618 float64). */
INLINE REAL FN(exponential_derivative)(REAL x) { return FN(exponential)(x); }

INLINE REAL FN(exponential_second_derivative)(REAL x) { return FN(exponential)(x); }
#endif

INLINE REAL FN(exponential_derivative_from_output)(REAL y) { return y; }
