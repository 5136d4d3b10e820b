/* exponential(x) = e^x = (1 + q) 2^n, its own derivative; limits 0 and inf. The reduction is that of math/exp.h, and for double
   the polynomial too. That of float has an error of 0.05 ULP; from coeffs/exp.py. */
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

/* Error in ULP: 0.79 at 0x1.6e1b4p-2 (every 251st float32); 0.75 at -0x1.62872922bc137p+9 (316,618 float64). */
INLINE REAL FN(exponential)(REAL x) { return FN(exponential_for)(x, FA_DOUBLE); }

/* Up to EXPONENTIAL_BOUND 2^n and the result are normal numbers, and one factor is enough. */
INLINE REAL FN(exponential_bound)(void) { return EXPONENTIAL_BOUND; }
INLINE REAL FN(exponential_bounded)(REAL x)
{
    LIT(uint32_t, uint64_t) exponent;
    REAL rest, r = FN(exponential_parts)(x, EXPONENT_BIAS, &rest, &exponent);
    REAL scale = FN(from_bits)((BITS)(exponent << MANTISSA_BITS));
    return LIT(FN(fma)(r + rest, scale, scale), FN(exponential_sum)(r, rest) * scale);
}

#if !FA_DOUBLE
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
#endif

/* Error in ULP: 0.79 at 0x1.6e1b4p-2 (every 251st float32); 0.75 at -0x1.62872922bc137p+9 (316,618 float64). */
INLINE REAL FN(exponential_derivative)(REAL x) { return FN(exponential)(x); }

INLINE REAL FN(exponential_second_derivative)(REAL x) { return FN(exponential)(x); }

INLINE REAL FN(exponential_derivative_from_output)(REAL y) { return y; }
