/* hard_silu(x) = x (x + 3) / 6 for -3 < x < 3, 0 below, x above. Minimum -0.375 at
   x = -1.5, where the slope x / 3 + 1/2 crosses zero. The slope is 0 at -3 and 1 at 3, as in torch and JAX,
   although it jumps there.
   The value is x (x / 6 + 1/2), the bracket limited to [0, 1], so that x = 3e38 does not overflow. 1/6 is a float
   below it and the rest, which is all that is left of the bracket next to -3. Limits -0.0 and inf. */
#undef HARD_SILU_SIXTH
#undef HARD_SILU_SIXTH_LO
#if FA_DOUBLE
#define HARD_SILU_SIXTH 0x1.5555555555555p-3     /* 0.1666666667 */
#define HARD_SILU_SIXTH_LO 0x1.5555555555555p-57 /* 9.251858539e-18 */
#else
#define HARD_SILU_SIXTH 0x1.555554p-3f     /* 0.1666666567 */
#define HARD_SILU_SIXTH_LO 0x1.555556p-27f /* 9.934107759e-9 */
#endif

INLINE REAL FN(hard_silu)(REAL x)
{
    /* The bracket at -3 is exactly 0 with a product that is rounded, below 0 with a fused one. Limits of the
       bracket are quicker where they are integer ones. */
#if FA_DOUBLE
    REAL c = FN(at_least)(x, -3), line = FN(fused)(c, HARD_SILU_SIXTH, 0.5) + c * HARD_SILU_SIXTH_LO;
    line = FN(at_most)(line, 1);
#else
    REAL c = FN(at_least)(x, -LARGEST), line = FN(fused)(c, HARD_SILU_SIXTH_LO, FN(fused)(c, HARD_SILU_SIXTH, 0.5f));
    line = FN(clamp_positive)(line, 1);
#endif
    /* Fused, since GCC moves a plain product before the limits. */
    REAL y = FN(fused)(c, line, LIT(-0.0f, -0.0));
    return FN(at_least)(y, LIT(-0.375f, -0.375)); /* rounding passes the minimum by 1 ulp */
}

INLINE REAL FN(hard_silu_derivative)(REAL x)
{
    const REAL half = LIT(0.5f, 0.5);
#if FA_DOUBLE /* with a product that is rounded exactly 0 at -1.5, as half types need it */
    REAL line = FN(fused)(x, 2 * HARD_SILU_SIXTH, half) + x * (2 * HARD_SILU_SIXTH_LO);
#else
    REAL line = FN(fused)(x, 2 * HARD_SILU_SIXTH_LO, FN(fused)(x, 2 * HARD_SILU_SIXTH, half));
#endif
    line = x >= 3 ? 1 : line;
    return x <= -3 ? 0 : line;
}

INLINE REAL FN(hard_silu_second_derivative)(REAL x)
{
    return FN(or_nan)(FN(magnitude)(x) < 3 ? LIT(0x1.555556p-2f, 0x1.5555555555555p-2) : 0, x);
}
