/* swish(x, beta) = x s(beta x); beta = 1 is silu, beta = 0 is x / 2, large beta approaches relu.
   The product t = beta x keeps its rounding error as t_low: in the tail e^t would multiply it by |t|.
   x is clamped before the product so that t cannot overflow where the result is finite.
   swish'(x) is silu' at beta x. */
INLINE REAL FN(swish_clamp)(REAL x, REAL beta)
{
    /* The largest |x| whose product is still of interest; LARGEST for a beta next to 0. */
    REAL steepness = FN(at_least)(FN(magnitude)(beta), LIT(0x1p-116f, 0x1p-1010));
    REAL limit = LIT(0x1.fffffep11f, 0x1.fffffffffffffp13) / steepness;
    return FN(at_least)(FN(at_most)(x, limit), -limit);
}

INLINE REAL FN(swish)(REAL x, REAL beta)
{
    REAL c = FN(swish_clamp)(x, beta);
    REAL t = beta * c;
    REAL t_low = FN(fused)(beta, c, -t);
    REAL limit = LIT(170.0f, 1410.0); /* x e^-170 is below 2^-117 for every x */
    REAL a = FN(magnitude)(t);
    REAL a_low = t < 0 ? -t_low : t_low;
    a_low = a < limit ? a_low : 0;
    FN(exp_parts) e = FN(exp_split_low)(-FN(at_most)(a, limit), -a_low, LIT(-126, -1022));
    REAL m = 1 + e.q, m_low = ((1 - m) + e.q) + e.q_low; /* z = e^-|t| = (m + m_low) 2^n */
    REAL unit = LIT(0x1p-126f, 0x1p-1022);
    REAL power = e.scale * unit;
    REAL sum = FN(fused)(m, power, 1), sum_low = FN(fused)(m, power, 1 - sum);
    sum_low = FN(fused)(m_low, power, sum_low);
    REAL above = t < 0 ? m : 1, above_low = t < 0 ? m_low : 0;
    REAL s = FN(quotient)(above, above_low, sum, sum_low); /* s(t), for t < 0 times 2^-n */
    /* For t < 0 the factor 2^n: at once while it is a normal number, else in two steps of which the last
       rounds. (x s(t) becomes 0 below t = -147 (-768), where only |x| > 2^60 (2^34) have more.) */
    REAL first = t < -60 ? e.scale * LIT(0x1p-42f, 0x1p-938) : power;
    s = t < 0 ? s * first : s;
    REAL y = (t < 0 ? c : x) * s;
    return t < -60 ? y * LIT(0x1p-84f, 0x1p-84) : y;
}

INLINE REAL FN(swish_derivative)(REAL x, REAL beta)
{
    REAL c = FN(swish_clamp)(x, beta);
    REAL t = beta * c;
    REAL t_low = FN(fused)(beta, c, -t);
    REAL a = FN(at_most)(FN(magnitude)(t), SLOPE_LARGEST);
    REAL a_low = t < 0 ? -t_low : t_low;
    a_low = a < SLOPE_LARGEST ? a_low : 0;
    return FN(silu_slope)(FN(exp_split_low)(-a, -a_low, -SLOPE_SHIFT), a, a_low, t < 0);
}

/* beta silu''(beta x). */
INLINE REAL FN(swish_second_derivative)(REAL x, REAL beta)
{
    return beta * FN(silu_curvature)(beta * FN(swish_clamp)(x, beta));
}
