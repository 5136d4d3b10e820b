/* hard_mish(x) = x / 2 min(max(x + 2, 0), 2): x (x + 2) / 2 for -2 < x < 0, -0.0 below, x above. Minimum -0.5 at x = -1, the
   zero of the derivative x + 1. The derivative jumps at -2, where it is 0, and is continuous at 0. x + 2 keeps its rounding
   error. */
/* Error in ULP: 0.5 at -0x1.ffff1p+0 (every 251st float32); 0.5 at -0x1.6c6863fc0fdefp-53 (339,096 float64). */
INLINE REAL FN(hard_mish)(REAL x)
{
    REAL c = FN(clamp)(x, -2, 0), sum = c + 2, lost = (2 - sum) + c;
    REAL y = FN(fma)(c, sum, c * lost) * LIT(0.5f, 0.5);
    return x < 0 ? y : x; /* NaN too */
}

/* Error in ULP: 0.5 at -0x1.ffff3ap-26 (every 251st float32); 0.5 at -0x1.2bfc21f4aaa7p-48 (339,096 float64). */
INLINE REAL FN(hard_mish_derivative)(REAL x)
{
    REAL line = x < 0 ? x + 1 : FN(or_nan)(1, x);
    return x <= -2 ? 0 : line;
}

INLINE REAL FN(hard_mish_backward)(REAL grad, REAL x)
{
    return FN(product_if)(!(x <= -2), grad, FN(hard_mish_derivative)(x));
}

INLINE REAL FN(hard_mish_second_derivative)(REAL x) { return FN(or_nan)(((x > -2) & (x < 0)) ? 1 : 0, x); }
