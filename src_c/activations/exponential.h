/* exponential(x) = e^x = (1 + q) 2^n, its own derivative; limits 0 and inf. 2^n spans more than the exponents
   of normal numbers, so it is two factors: the second product rounds a subnormal result, once, and it alone
   overflows. math/exp.h has the reduction and the polynomial. */
INLINE REAL FN(exponential)(REAL x)
{
    const REAL rounder = ROUNDER + 2 * EXPONENT_BIAS, far = LIT(170.0f, 1417.0);
    REAL c = FN(clamp)(x, LIT(-105.0f, -747.0), far);
    REAL k = FN(fma)(c, LOG2_E, rounder), n = k - rounder, r = FN(fma)(n, -LN2_HI, c), r2 = r * r;
    LIT(uint32_t, uint64_t) sum = (LIT(uint32_t, uint64_t))FN(to_bits)(k), half = sum >> 1; /* n + 2 biases, low bits */
    REAL first = FN(from_bits)((BITS)(half << MANTISSA_BITS));
    REAL second = FN(from_bits)((BITS)((sum - half) << MANTISSA_BITS));
    REAL tail = FN(exp_tail)(r, r2), low = n * -LN2_LO;
    REAL rest = FN(fma)(tail, r2, FN(fma)(FN(fma)(tail, r2, r), low, low));
    REAL one = 1 + r, one_low = (1 - one) + r;
    REAL y = (one + (one_low + rest)) * first;
    /* For inf and NaN the product is with x: inf without an overflow. */
    return (x < far ? y : x) * second;
}

INLINE REAL FN(exponential_derivative)(REAL x) { return FN(exponential)(x); }

INLINE REAL FN(exponential_second_derivative)(REAL x) { return FN(exponential)(x); }

INLINE REAL FN(exponential_derivative_from_output)(REAL y) { return y; }
