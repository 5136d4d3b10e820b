/* exponential(x) = e^x = (1 + q) 2^n, its own derivative; limits 0 and inf. 2^n can be outside of the normal numbers, so it is
   two factors: the product with the second rounds a subnormal result once, and only it can overflow. The reduction and the
   polynomial are those of math/exp.h. */
/* Error in ULP: 0.76 at -0x1.5f83bp+6 (every 251st float32); 0.75 at -0x1.62872922bc137p+9 (316,618 float64). */
INLINE REAL FN(exponential)(REAL x)
{
    const REAL rounder = ROUNDER + 2 * EXPONENT_BIAS, far = LIT(170.0f, 1417.0);
    REAL c = FN(clamp)(x, LIT(-105.0f, -747.0), far);
    REAL k = FN(fma)(c, LOG2_E, rounder), n = k - rounder, r = FN(fma)(n, -LN2_HI, c), r2 = r * r;
    LIT(uint32_t, uint64_t) sum = (LIT(uint32_t, uint64_t))FN(to_bits)(k), half = sum >> 1; /* the low bits are n + 2 biases */
    REAL first = FN(from_bits)((BITS)(half << MANTISSA_BITS));
    REAL second = FN(from_bits)((BITS)((sum - half) << MANTISSA_BITS));
    REAL tail = FN(exp_tail)(r, r2), low = n * -LN2_LO;
    REAL rest = FN(fma)(tail, r2, FN(fma)(FN(fma)(tail, r2, r), low, low));
    REAL one = 1 + r, one_low = (1 - one) + r;
    REAL y = (one + (one_low + rest)) * first;
    /* For a large, infinite or NaN x the product is with x, so that inf gives inf without an overflow flag. */
    return (x < far ? y : x) * second;
}

#if !FA_DOUBLE
/* The value for half types, (1 + q) 2^n with q = (r + B) + r^2 P(r). It is up to 14 ULP of float off; B and P are such that
   rounding it gives the half next to e^x for every half x. From coeffs/exponential_half.py. */
INLINE REAL FN(exponential_half)(REAL x)
{
    const REAL rounder = ROUNDER + 2 * EXPONENT_BIAS, far = 170.0f;
    REAL c = FN(clamp)(x, -105.0f, far);
    REAL k = FN(fma)(c, LOG2_E, rounder), n = k - rounder, r = FN(fma)(n, -LN2_HI, c);
    uint32_t sum = (uint32_t)FN(to_bits)(k), half = sum >> 1;
    REAL first = FN(from_bits)((BITS)(half << MANTISSA_BITS)), second = FN(from_bits)((BITS)((sum - half) << MANTISSA_BITS));
    REAL p = 0x1.6cebdap-10f; /* 0.001392064267 */
    p = FN(fma)(p, r, 0x1.132358p-7f); /* 0.008396547288 */
    p = FN(fma)(p, r, 0x1.551afp-5f); /* 0.04163882136 */
    p = FN(fma)(p, r, 0x1.5559a6p-3f); /* 0.1666748971 */
    p = FN(fma)(p, r, 0x1.00015p-1f); /* 0.5000100136 */
    REAL q = FN(fma)(p, r * r, r - 0x1.f5p-25f); /* B: -5.832407624e-8 */
    return (x < far ? FN(fma)(q, first, first) : x) * second;
}
#endif

/* Error in ULP: 0.76 at -0x1.5f83bp+6 (every 251st float32); 0.75 at -0x1.62872922bc137p+9 (316,618 float64). */
INLINE REAL FN(exponential_derivative)(REAL x) { return FN(exponential)(x); }

INLINE REAL FN(exponential_second_derivative)(REAL x) { return FN(exponential)(x); }

INLINE REAL FN(exponential_derivative_from_output)(REAL y) { return y; }
