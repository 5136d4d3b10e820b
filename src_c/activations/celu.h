/* celu(x) = x for x > 0, alpha (e^(x / alpha) - 1) elsewhere; limits inf and -alpha. Its derivative is continuous, and 1 at 0.
   The second derivative jumps there from 1 / alpha to 0; it is 0 at 0, as in torch.
   The quotient t = x / alpha keeps its rounding error as t_low, because e^t multiplies it by |t| in the tail. The quotient is
   computed as a product with 1 / alpha, so that a loop with one alpha does not divide.

   alpha = 0 gives relu, alpha = inf gives x. With alpha < 0 the function falls to -inf for x < 0. The compiler moves what
   depends on alpha alone out of the loop, unless alpha is an array. */
#define CELU_SHIFT LIT(64, 512) /* of e^t in derivatives: e^t may be large if alpha < 0, and is small otherwise */
#define CELU_SHIFT_BELOW 900 /* of e^t - 1 in double if alpha < 0 */

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

#if FA_DOUBLE
/* Error in ULP: 1.2 at -0x1.00007ep-1, alpha 1.67 (every 251st float32);
   0.76 at -0x1.231303d6a94fp-2, alpha 1.0 (2.7e6 float64). */
INLINE REAL FN(celu)(REAL x, REAL alpha)
{
    /* If alpha < 0, e^t carries a factor 2^-shift, because it may overflow where alpha e^t does not. An alpha next to 0 is
       replaced by -least, because the result is -inf from x = -1 / LARGEST on anyway. */
    REAL size = FN(fabs)(alpha), least = 0x1p-880;
    int negative = FN(to_bits)(alpha) < 0, shift = negative ? CELU_SHIFT_BELOW : 0;
    REAL one = negative ? 0x1p-900 : 1, unit = negative ? 0x1p900 : 1;
    REAL factor = negative ? -FN(max)(size, least) : alpha;
    /* Next to 0, where the quotient might be subnormal, the result is x. */
    REAL near = alpha == alpha ? size * -0x1p-56 : 0;

    /* Here alpha e^t has overflowed, but the low part of its product has not. */
    REAL highest = size < 1 ? 1330.0 : 710.0, t_low;
    REAL t = FN(celu_quotient)(x, alpha, -45.0, highest, &t_low);
    FN(exp_parts) e = FN(exp_split_low)(t, t_low, shift);
    REAL power = e.scale - one, high = FN(fma)(e.q, e.scale, power);
    REAL low = FN(fma)(e.q_low, e.scale, FN(fma)(e.q, e.scale, power - high));
    REAL below = FN(fma)(factor, high, factor * low) * unit;
    return x < near ? below : x;
}
#else
/* x = n alpha ln 2 + d, where d is exact, so that alpha (e^(x / alpha) - 1) = 2^n (d + d r P(r)) + alpha (2^n - 1) with
   r = d / alpha; the quotient's error counts little. Where |alpha| is below 2^-126, the result for 2^-126 is multiplied by
   alpha 2^126. */
INLINE REAL FN(celu)(REAL x, REAL alpha)
{
    /* If alpha < 0, 2^n carries a factor 2^-90, because alpha 2^n may overflow where the result does not. If alpha is next to
       0 as well, the result is -inf from x = 149 alpha on. Next to 0, where d 2^n might be subnormal, the result is x. `down`
       makes 25 alpha finite. */
    REAL size = FN(fabs)(alpha), down = size > 0x1p100f ? 0x1p-10f : 1;
    REAL known = FN(min)(FN(max)(size, 0x1p-126f), LARGEST) * down, factor = FN(copysign)(known, alpha);
    int rising = alpha <= -0x1p-86f, steep = (uint32_t)FN(to_bits)(-alpha) < (uint32_t)FN(to_bits)(0x1p-86f);
    REAL share = FN(min)(size, 0x1p-126f) * 0x1p126f / down + (steep ? INFINITY : 0);
    REAL one = rising ? 0x1p-90f : 1, up = 0x1p90f / down, unit = rising ? up : share;
    REAL near = FN(pass_if)(alpha == alpha, size * (steep ? -149 : -0x1p-27f));
    REAL highest = size < 1 ? 149 : 89, enough = size < 0x1p64f ? highest : 46; /* of x / alpha: the result is -inf */

    REAL inverse = 1 / factor, slope = LOG2_E * inverse, start = factor * one, period = LN2_HI * factor;
    REAL period_low = FN(fma)(LN2_LO, factor, FN(fma)(LN2_HI, factor, -period));
    const REAL rounder = ROUNDER + (REAL)(EXPONENT_BIAS - (rising ? 90 : 0));
    REAL c = FN(clamp)(x * down, known * -(rising ? enough : 25), 0);
    REAL k = FN(fma)(c, slope, rounder), n = k - rounder;
    REAL d = FN(fma)(n, -period_low, FN(fma)(n, -period, c)), r = d * inverse;
    REAL scale = FN(from_bits)((BITS)((uint32_t)FN(to_bits)(k) << MANTISSA_BITS));
    REAL first = d * scale, a = factor * scale, base = a - start, lost = a - (base + start);
    REAL p = FN(fma)(FN(fma)(FN(fma)(FN(fma)(EXP_P4, r, EXP_P3), r, EXP_P2), r, EXP_P1), r, EXP_P0);
    REAL below = ((first + FN(fma)(first, p * r, lost)) + base) * unit;
    return x < near ? below : x;
}
#endif

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
