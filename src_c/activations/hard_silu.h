/* hard_silu(x) = x (x + 3) / 6 for -3 < x < 3, 0 below, x above. Limits -0.0 and inf. Minimum -0.375 at x = -1.5, the zero of the
   derivative (x + 1.5) / 3. The derivative jumps at -3 and 3; it is 0 at -3 and 1 at 3, as in torch and JAX.
   x + 3 keeps its rounding error. If the exact result is a tie between two halves, so is the computed one. */
/* Error in ULP: 1.34 at 0x1.fffff8p+0 (every 251st float32); 1.34 at 0x1.afd18876b037ap-26 (339,092 float64). */
INLINE REAL FN(hard_silu)(REAL x)
{
    const REAL sixth = LIT(0x1.555556p-3f, 0x1.5555555555555p-3);
    REAL c = FN(clamp)(x, -3, 3), sum = c + 3, lost = (3 - sum) + c;
    REAL y = FN(fma)(c, sum, c * lost) * sixth;
    return x < 3 ? y : x; /* NaN too */
}

#if !FA_DOUBLE
/* The value for half types. x + 3 is rounded only next to 0, where that does not change the result. The clamp at -3 is one
   instruction: an unsigned integer minimum, in which a negative number is larger than every positive one. */
INLINE REAL FN(hard_silu_half)(REAL x)
{
    uint32_t b = (uint32_t)FN(to_bits)(x), lowest = (uint32_t)FN(to_bits)(-3);
    REAL c = FN(from_bits)((int32_t)(b < lowest ? b : lowest));
    REAL y = c * (c + 3) * 0x1.555556p-3f;
    return x < 3 ? y : x;
}
#endif

/* Error in ULP: 1.34 at 0x1.03759cp-1 (every 251st float32); 1.34 at 0x1.7fffffffffff9p+0 (339,092 float64). */
INLINE REAL FN(hard_silu_derivative)(REAL x)
{
    REAL line = (x + LIT(1.5f, 1.5)) * LIT(0x1.555556p-2f, 0x1.5555555555555p-2);
    line = x >= 3 ? 1 : line;
    return x <= -3 ? 0 : line;
}

INLINE REAL FN(hard_silu_backward)(REAL grad, REAL x)
{
    return FN(product_if)(!(x <= -3), grad, FN(hard_silu_derivative)(x));
}

INLINE REAL FN(hard_silu_second_derivative)(REAL x)
{
    return FN(or_nan)(FN(fabs)(x) < 3 ? LIT(0x1.555556p-2f, 0x1.5555555555555p-2) : 0, x);
}
