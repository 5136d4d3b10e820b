/* hard_sigmoid(x) = slope x + offset, limited to [0, 1]: one fma, one rounding. The default slope stands for 1/6, which is no
   float. For it a second fma adds 1/6 - slope, without which the value next to x = -3 would have no correct digit. SIXTH_LO is
   rounded such that the sum at -3 is below 0. The derivative is 0 at both ends, as in torch and JAX. */
#define SIXTH LIT(0x1.555556p-3f, 0x1.5555555555555p-3)        /* 0.1666666716, 0.1666666667 */
#define SIXTH_LO LIT(-0x1.555554p-28f, 0x1.5555555555556p-57)  /* -4.967053524e-9, 9.251858539e-18 */

/* 1/6 - slope for the default slope, 0 for any other. Written as a mask, because a selection becomes a branch here. */
INLINE REAL FN(sixth_low)(REAL slope)
{
    return FN(from_bits)(-(BITS)(slope == SIXTH) & FN(to_bits)(SIXTH_LO));
}

/* x, clamped so that slope x does not overflow. */
INLINE REAL FN(hard_sigmoid_clamp)(REAL x, REAL slope)
{
    REAL limit = LARGEST / 4 / FN(min)(FN(max)(FN(fabs)(slope), 1), LARGEST);
    return FN(clamp)(x, -limit, limit);
}

/* Error in ULP: 0.67 at 0x1.1d9178p+1, slope 0.16666667, offset 0.5 (every 251st float32);
   1 at -0x1.cccccccccccbp+0, slope 0.16666666666666666, offset 0.3 (1.1e7 float64). */
INLINE REAL FN(hard_sigmoid)(REAL x, REAL slope, REAL offset)
{
    REAL c = FN(hard_sigmoid_clamp)(x, slope), nan = slope == slope ? offset : slope;
    REAL finite = FN(max)(FN(min)(slope, LARGEST), -LARGEST); /* for slope = inf a step */
    REAL line = FN(fma)(c, FN(sixth_low)(slope), FN(fma)(c, finite, offset));
    return FN(or_nan)(FN(or_nan)(FN(clamp_positive)(line, 1), x), nan);
}

/* For slope > 0 the line is between 0 and 1 where x + zero > 0 and one - x > 0, with zero = offset / slope and
   one = (1 - offset) / slope. Both quotients have a low part, so the comparisons are exact next to the ends, and x = 3e38 does
   not overflow. */
/* Error in ULP: 0.34 at 0x0p+0, slope 0.16666667, offset 0.5 (every 251st float32);
   0.34 at 0x1.0895f5374af72p-950, slope 0.16666666666666666, offset 0.5 (1.1e7 float64). */
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
