/* celu(x) = x for x > 0, alpha (e^(x / alpha) - 1) elsewhere, alpha > 0; limits inf and -alpha. Unlike elu's
   its slope is continuous, 1 at 0, where the second derivative jumps from 1 / alpha to 0; it is 0 at 0, as in torch.
   The quotient t = x / alpha keeps its rounding error as t_low: in the tail e^t would multiply it by |t|.
   It is a product with 1 / alpha, so that a loop with one alpha does not divide. */
INLINE REAL FN(celu_quotient)(REAL x, REAL alpha, REAL *t_low)
{
    REAL inverse = 1 / alpha, t = FN(fused)(x, inverse, 0);
    *t_low = FN(fused)(-t, alpha, x) * inverse;
    return t;
}

INLINE REAL FN(celu)(REAL x, REAL alpha)
{
    REAL t_low, t = FN(celu_quotient)(FN(clamp)(x, LIT(-25.0f, -45.0) * alpha, 0), alpha, &t_low);
    REAL low, high = FN(expm1_parts)(FN(exp_split_low)(t, t_low, 0), &low);
    REAL below = FN(fused)(alpha, high, alpha * low);
    /* Next to 0 it is x itself, where the quotient might be a subnormal number. */
    return x < alpha * LIT(-0x1p-27f, -0x1p-56) ? below : x;
}

/* e^(x / alpha) for x <= 0. */
INLINE REAL FN(celu_below)(REAL x, REAL alpha, REAL factor)
{
    REAL t_low, t = FN(celu_quotient)(FN(clamp)(x, LIT(-131.0f, -1060.0) * alpha, 0), alpha, &t_low);
    FN(exp_parts) e = FN(exp_split_low)(t, t_low, LIT(-64, -512));
    return (FN(fused)(factor, e.q, factor) * e.scale) * LIT(0x1p-64f, 0x1p-512);
}

INLINE REAL FN(celu_derivative)(REAL x, REAL alpha)
{
    REAL below = FN(celu_below)(x, alpha, 1);
    return x <= 0 ? below : FN(or_nan)(1, x);
}

INLINE REAL FN(celu_second_derivative)(REAL x, REAL alpha)
{
    REAL below = FN(celu_below)(x, alpha, 1 / alpha);
    return x < 0 ? below : FN(or_nan)(0, x);
}

/* e^(x / alpha) = (y + alpha) / alpha where y < 0, which is exactly where x < 0. */
INLINE REAL FN(celu_slope_from_output)(REAL y, REAL alpha) { return (FN(at_most)(y, 0) + alpha) / alpha; }
