/* swish(x, beta) = x s(beta x), where s is the sigmoid; beta = 1 is silu, beta = 0 is x / 2, beta = inf is relu. The product
   t = beta x keeps its rounding error as t_low, because e^t multiplies it by |t| in the tail. x is clamped before the product,
   so t cannot overflow. swish'(x) = silu'(beta x). */
#define SWISH_SHIFT LIT(96, 960)
#define SWISH_UNIT LIT(0x1p-96f, 0x1p-960)

/* The limit to which |x| is clamped before the product; LARGEST for a beta next to 0. */
INLINE REAL FN(swish_limit)(REAL steepness)
{
    return LIT(0x1.fffffep11f, 0x1.fffffffffffffp13) / FN(max)(steepness, LIT(0x1p-116f, 0x1p-1010));
}

/* The ratio |x| / (1 + e^|t|) with the sign of x for t < 0, and |x| minus the ratio for t > 0. The sum carries SWISH_UNIT, so
   that e^|t| is finite. SWISH_UNIT is undone before the division for |x| > 1, and after it otherwise, so that a subnormal
   result is rounded once. */
/* Error in ULP: 1.72 at -0x1.7a4058p+8, beta 0.1 (every 251st float32);
   1.7 at -0x1.6a4a5f91bb1cfp+4, beta 1.7 (4.5e6 float64). */
INLINE REAL FN(swish)(REAL x, REAL beta)
{
    REAL size = FN(fabs)(x), steepness = FN(min)(FN(fabs)(beta), LARGEST);
    REAL c = FN(min)(size, FN(swish_limit)(steepness));
    REAL t = steepness * c, a = FN(min)(t, LIT(154.0f, 1370.0)); /* a larger limit changes results only for |x| > 2^73 */
    FN(exp_parts) e = FN(exp_short_low)(a, FN(fma)(steepness, c, -t), SWISH_SHIFT);
    /* `before` and `after` are variables, because GCC otherwise divides twice, once for each side of the condition. */
    REAL before = c > 1 ? SWISH_UNIT : 1, after = c > 1 ? 1 : SWISH_UNIT;
    REAL ratio = c * before / FN(sigmoid_sum)(e, SWISH_UNIT);
    int below = (FN(to_bits)(x) ^ FN(to_bits)(beta)) < 0;
    REAL y = FN(fma)(ratio, below ? after : -after, below ? 0 : size), end = steepness == 0 ? INFINITY : 0 * steepness;
    return FN(copysign)((below & (size > LARGEST)) ? end : y, x);
}

/* beta x and its rounding error. A |beta| next to 0 is raised until the largest x reaches DERIVATIVE_LARGEST, so that an infinite
   x gives its limit. That changes results only for |x| > 2^100 (2^990). */
INLINE REAL FN(swish_product)(REAL x, REAL beta, REAL *t_low)
{
    REAL size = FN(min)(FN(fabs)(beta), LARGEST), least = FN(max)(size, DERIVATIVE_LARGEST / LARGEST);
    REAL steepness = FN(copysign)(size > 0 ? least : size, beta), limit = FN(swish_limit)(size);
    REAL c = FN(max)(FN(min)(x, limit), -limit), t = steepness * c;
    *t_low = FN(fma)(steepness, c, -t);
    return t;
}

/* Error in ULP: 1.59 at -0x1.f465f2p+9, beta 0.001 (every 251st float32);
   1.64 at -0x1.70908406a5618p+3, beta 0.1 (4.5e6 float64). */
INLINE REAL FN(swish_derivative)(REAL x, REAL beta)
{
    REAL t_low, t = FN(swish_product)(x, beta, &t_low), a = FN(min)(FN(fabs)(t), DERIVATIVE_LARGEST);
    REAL a_low = t < 0 ? -t_low : t_low;
    a_low = a < DERIVATIVE_LARGEST ? a_low : 0;
    return FN(x_sigmoid_derivative)(FN(exp_split_low)(-a, -a_low, -DERIVATIVE_SHIFT), a, a_low, t < 0);
}

/* beta silu''(beta x). */
INLINE REAL FN(swish_second_derivative)(REAL x, REAL beta)
{
    REAL t_low, factor = FN(max)(FN(min)(beta, LARGEST), -LARGEST);
    return factor * FN(x_sigmoid_second_derivative)(FN(swish_product)(x, beta, &t_low));
}
