/* hard_sigmoid(x) = slope x + offset between 0 and 1. One fma rounds a line once.
   The default slope stands for 1/6, which no float is: with it a second fma adds what the float lacks, or the
   value next to -3 would have no digit right. SIXTH_LO is rounded so that the sum at -3 comes out below 0.
   The slope is 0 at both ends, as in torch and JAX. */
#undef SIXTH
#undef SIXTH_LO
#if FA_DOUBLE
#define SIXTH 0x1.5555555555555p-3     /* 0.1666666667 */
#define SIXTH_LO 0x1.5555555555556p-57 /* 9.251858539e-18 */
#else
#define SIXTH 0x1.555556p-3f      /* 0.1666666716 */
#define SIXTH_LO -0x1.555554p-28f /* -4.967053524e-9 */
#endif

/* What 1/6 has beyond the default slope, and 0 for others; a mask, since a selection here becomes a branch. */
INLINE REAL FN(sixth_low)(REAL slope)
{
    return FN(from_bits)(-(BITS)(slope == SIXTH) & FN(to_bits)(SIXTH_LO));
}

/* x, limited so that slope x does not overflow. */
INLINE REAL FN(hard_sigmoid_clamp)(REAL x, REAL slope)
{
    REAL limit = LARGEST / 4 / FN(min)(FN(max)(FN(fabs)(slope), 1), LARGEST);
    return FN(clamp)(x, -limit, limit);
}

INLINE REAL FN(hard_sigmoid)(REAL x, REAL slope, REAL offset)
{
    REAL c = FN(hard_sigmoid_clamp)(x, slope), nan = slope == slope ? offset : slope;
    REAL finite = FN(max)(FN(min)(slope, LARGEST), -LARGEST); /* inf: a step */
    REAL line = FN(fma)(c, FN(sixth_low)(slope), FN(fma)(c, finite, offset));
    return FN(or_nan)(FN(or_nan)(FN(clamp_positive)(line, 1), x), nan);
}

/* The line is above 0 and below 1 where x + zero > 0 and one - x > 0, for a rising one: exact next to both ends,
   so that each float is on the right side, and x = 3e38 does not overflow. zero = offset / slope and
   one = (1 - offset) / slope keep what rounding them loses. */
INLINE REAL FN(hard_sigmoid_derivative)(REAL x, REAL slope, REAL offset)
{
    REAL over = FN(max)(FN(fabs)(slope), LIT(0x1p-100f, 0x1p-900)), over_low = FN(sixth_low)(slope);
    REAL sign = FN(copysign)(1, slope), rest = 1 - offset, rest_low = (1 - rest) - offset;
    REAL zero = offset / over, zero_low = (FN(fma)(-zero, over, offset) - zero * over_low) / over;
    REAL one = rest / over, one_low = (FN(fma)(-one, over, rest) - one * over_low + rest_low) / over;
    int above = FN(fma)(x, sign, zero) > -zero_low, inside = above & (FN(fma)(-x, sign, one) > -one_low);
    return FN(or_nan)(FN(or_nan)(inside ? slope : 0, x), slope == slope ? offset : slope);
}

INLINE REAL FN(hard_sigmoid_backward)(REAL grad, REAL x, REAL slope, REAL offset)
{
    REAL here = FN(hard_sigmoid_derivative)(x, slope, offset);
    return FN(product_if)(here != 0, grad, here);
}

INLINE REAL FN(hard_sigmoid_second_derivative)(REAL x, REAL slope, REAL offset)
{
    (void)slope, (void)offset;
    return FN(or_nan)(0, x);
}
