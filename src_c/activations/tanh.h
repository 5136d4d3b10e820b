/* tanh(x) = -t / (2 + t) with t = e^(-2|x|) - 1 in [-1, 0], and the sign of x: no overflow, no
   cancellation at 0. t and 2 + t are kept as high + low, so that one rounding counts.
   tanh'(x) = sech^2 x = 4 z / (1 + z)^2 with z = e^(-2|x|): math/sigmoid.h's slope at 2x. */
INLINE REAL FN(tanh)(REAL x)
{
    REAL a = FN(at_most)(FN(magnitude)(x), LIT(12.0f, 24.0)); /* tanh is 1 from 9.02 (19.1) on */
    /* A fused product, since GCC moves a plain one before the limit, where it overflows. */
    FN(exp_parts) e = FN(exp_split)(FN(fused)(-2, a, 0), 0);
    REAL t_low, t = FN(expm1_parts)(e, &t_low);
    t_low += e.scale - ((e.scale - 1) + 1); /* what rounding the power loses */
    REAL sum = 2 + t;
    REAL sum_low = ((2 - sum) + t) + t_low;
    return FN(with_sign)(FN(quotient)(t, t_low, sum, sum_low), x);
}

INLINE REAL FN(tanh_derivative)(REAL x)
{
    REAL a = FN(at_most)(FN(magnitude)(x), SLOPE_LARGEST);
    return FN(logistic_slope)(FN(fused)(2, a, 0), 4);
}

/* tanh x = 2 s(2x) - 1, so that this is 8 s''(2x). */
INLINE REAL FN(tanh_second_derivative)(REAL x)
{
    REAL a = FN(clamp)(x, -SLOPE_LARGEST, SLOPE_LARGEST);
    return FN(or_nan)(FN(logistic_curvature)(FN(fused)(2, a, 0), 8), x);
}

/* 1 - y^2, written so that it stays exact next to |y| = 1. */
INLINE REAL FN(tanh_slope_from_output)(REAL y) { return (1 - y) * (1 + y); }
