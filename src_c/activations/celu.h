/* celu(x) = x for x > 0, alpha (e^(x / alpha) - 1) elsewhere; limits inf and -alpha. Its derivative is continuous, and 1 at 0.
   The second derivative jumps there from 1 / alpha to 0; it is 0 at 0, as in torch.
   The quotient t = x / alpha keeps its rounding error as t_low, because e^t multiplies it by |t| in the tail. The quotient is
   computed as a product with 1 / alpha, so that a loop with one alpha does not divide.

   alpha = 0 gives relu, alpha = inf gives x. With alpha < 0 the function falls to -inf for x < 0. The compiler moves what
   depends on alpha alone out of the loop, unless alpha is an array. */
#define CELU_SHIFT LIT(64, 512) /* of e^t in derivatives: e^t may be large if alpha < 0, and is small otherwise */
#define CELU_SHIFT_BELOW LIT(90, 900) /* of e^t - 1 if alpha < 0 */

/* Returns alpha *down, with a magnitude of at least 2^-126 (2^-1022). *down, by which the caller multiplies x too, makes the
   largest alpha small enough for a product with the limits. */
INLINE REAL FN(celu_scale)(REAL alpha, REAL *down)
{
    REAL size = FN(fabs)(alpha);
    *down = size > LIT(0x1p100f, 0x1p1000) ? LIT(0x1p-10f, 0x1p-12) : 1;
    size = FN(min)(size, LARGEST) * *down;
    return FN(copysign)(FN(max)(size, LIT(0x1p-126f, 0x1p-1022)), alpha);
}

/* x / alpha and its rounding error, with x clamped between lowest alpha (highest alpha if alpha < 0) and 0. */
INLINE REAL FN(celu_quotient)(REAL x, REAL alpha, REAL lowest, REAL highest, REAL *t_low)
{
    REAL down, scaled = FN(celu_scale)(alpha, &down), limit = (scaled < 0 ? highest : lowest) * scaled;
    REAL inverse = 1 / scaled, c = FN(clamp)(x * down, limit, 0), t = FN(fma)(c, inverse, 0);
    *t_low = FN(fma)(-t, scaled, c) * inverse;
    return t;
}

/* Error in ULP: 1.13 at -0x1.2608ccp-2, alpha 1.0 (every 251st float32);
   0.76 at -0x1.231303d6a94fp-2, alpha 1.0 (2.7e6 float64). */
INLINE REAL FN(celu)(REAL x, REAL alpha)
{
    /* If alpha < 0, e^t carries a factor 2^-shift, because it may overflow where alpha e^t does not. An alpha next to 0 is
       replaced by -least, because the result is -inf from x = -1 / LARGEST on anyway. */
    REAL size = FN(fabs)(alpha), least = LIT(0x1p-86f, 0x1p-880);
    int negative = FN(to_bits)(alpha) < 0, shift = negative ? CELU_SHIFT_BELOW : 0;
    REAL one = negative ? LIT(0x1p-90f, 0x1p-900) : 1, unit = negative ? LIT(0x1p90f, 0x1p900) : 1;
    REAL factor = negative ? -FN(max)(size, least) : alpha;
    /* Next to 0, where the quotient might be subnormal, the result is x. */
    REAL near = alpha == alpha ? size * LIT(-0x1p-27f, -0x1p-56) : 0;

    /* Here alpha e^t has overflowed, but the low part of its product has not. */
    REAL highest = size < 1 ? LIT(149.0f, 1330.0) : LIT(89.0f, 710.0), t_low;
    REAL t = FN(celu_quotient)(x, alpha, LIT(-25.0f, -45.0), highest, &t_low);
    FN(exp_parts) e = FN(exp_split_low)(t, t_low, shift);
    REAL power = e.scale - one, high = FN(fma)(e.q, e.scale, power);
    REAL low = FN(fma)(e.q_low, e.scale, FN(fma)(e.q, e.scale, power - high));
    REAL below = FN(fma)(factor, high, factor * low) * unit;
    return x < near ? below : x;
}

/* factor e^(x / alpha) for x <= 0. */
INLINE REAL FN(celu_below)(REAL x, REAL alpha, REAL factor)
{
    int negative = FN(to_bits)(alpha) < 0, shift = negative ? CELU_SHIFT : -CELU_SHIFT;
    REAL unit = negative ? LIT(0x1p64f, 0x1p512) : LIT(0x1p-64f, 0x1p-512);
    REAL t_low, t = FN(celu_quotient)(x, alpha, LIT(-131.0f, -1060.0), LIT(131.0f, 1060.0), &t_low);
    FN(exp_parts) e = FN(exp_split_low)(t, t_low, shift);
    return (FN(fma)(factor, e.q, factor) * e.scale) * unit;
}

/* Error in ULP: 0.89 at -0x1.3f6576p-2, alpha 0.3 (every 251st float32);
   0.8 at -0x1.e9522555ff0ebp+6, alpha 1.0 (2.7e6 float64). */
INLINE REAL FN(celu_derivative)(REAL x, REAL alpha)
{
    REAL below = FN(celu_below)(x, alpha, 1);
    return x <= 0 ? below : FN(or_nan)(1, x);
}

INLINE REAL FN(celu_second_derivative)(REAL x, REAL alpha)
{
    const REAL lowest = LIT(-131.0f, -1060.0); /* from here to lowest + 1 the clamp may make e^t inexact */
    REAL down, scaled = FN(celu_scale)(alpha, &down), below = FN(celu_below)(x, alpha, down / scaled);
    REAL t_low, t = FN(celu_quotient)(x, alpha, lowest, -lowest, &t_low);
    below = t < lowest + 1 ? 0 : below;
    return x < 0 ? below : FN(or_nan)(0, x);
}

/* For y < 0, which means x < 0, e^(x / alpha) = (y + alpha) / alpha. */
INLINE REAL FN(celu_derivative_from_output)(REAL y, REAL alpha) { return (FN(min)(y, 0) + alpha) / alpha; }
