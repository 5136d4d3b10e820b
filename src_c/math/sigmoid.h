/* The sigmoid s(x) = 1 / (1 + e^-x), x s(x), and their derivatives.

   Values use 1 / (1 + e^-x) for both signs of x: one rounded sum and one division. e^-x is up to 2^166 (float) in the tail,
   so the sum and the numerator carry a factor 2^-SIGMOID_SHIFT.
   Derivatives do not use s (1 - s), which loses the tail from x = 17 (float). They are made of z = e^-|x| times
   2^DERIVATIVE_SHIFT and (1 + z)^2 times 2^(2 DERIVATIVE_SHIFT), so that the last multiplication rounds a subnormal result
   once. */
#define SIGMOID_SHIFT LIT(40, 100)
#define SIGMOID_UNIT LIT(0x1p-40f, 0x1p-100)
#define SIGMOID_LOWEST LIT(-115.0f, -760.0) /* below, s(x) and x s(x) round to 0 */
#define SIGMOID_HIGHEST LIT(55.0f, 64.0)    /* above, s(x) rounds to 1 */
#define SIGMOID_BOUND LIT(16.0f, 36.0)      /* up to this |x|, e^-x = (1 + q) 2^n has |n| <= 23 (52) */
#define DERIVATIVE_SHIFT LIT(33, 100)
#define DERIVATIVE_UNIT LIT(0x1p33f, 0x1p100)
#define DERIVATIVE_LARGEST LIT(110.0f, 760.0) /* above, every derivative rounds to its limit */
#define SILU_ZERO LIT(0x1.474974p+0f, 0x1.474973c84120bp+0)          /* 1.278464556, 1.278464543 */
#define SILU_ZERO_LO LIT(-0x1.bdf6fap-27f, 0x1.f8d74bc9ac154p-54)    /* -1.297928254e-8, 1.094699418e-16 */

/* (1 + e^-x) unit, from the parts of e^-x, whose scale has the same factor. 2^n + 1 is exact for |n| <= 23 (52); beyond, `lost`
   is its rounding error, without which s(-16.65) is 2.4 ULP off. */
INLINE REAL FN(sigmoid_sum)(FN(exp_parts) e, REAL unit)
{
    REAL sum = e.scale + unit;
    REAL lost = (e.scale - sum) + unit;
    return sum + FN(fma)(e.q, e.scale, lost);
}

/* (1 + e^-x) SIGMOID_UNIT for SIGMOID_LOWEST <= x <= SIGMOID_HIGHEST. */
INLINE REAL FN(sigmoid_denominator)(REAL x) { return FN(sigmoid_sum)(FN(exp_short)(-x, SIGMOID_SHIFT), SIGMOID_UNIT); }

/* sigmoid_denominator for |x| <= SIGMOID_BOUND, where sigmoid_sum loses nothing. */
INLINE REAL FN(sigmoid_denominator_bounded)(REAL x)
{
    FN(exp_parts) e = FN(exp_short)(-x, SIGMOID_SHIFT);
    return FN(fma)(e.q, e.scale, e.scale + SIGMOID_UNIT);
}

/* sigmoid_denominator of x + x_low, where x_low is the rounding error of the product x. */
INLINE REAL FN(sigmoid_denominator_low)(REAL x, REAL x_low)
{
    return FN(sigmoid_sum)(FN(exp_short_low)(-x, -x_low, SIGMOID_SHIFT), SIGMOID_UNIT);
}

/* factor s'(a + a_low) = factor z / (1 + z)^2 with z = e^-(a + a_low) for a >= 0, where a_low is 0 or the rounding error of a.
   (1 + z)^2 is computed as 1 + z (2 + z), which is more exact than the square of a rounded sum. */
INLINE REAL FN(scaled_sigmoid_derivative_low)(REAL a, REAL a_low, REAL factor)
{
    const REAL one = DERIVATIVE_UNIT * DERIVATIVE_UNIT;
    FN(exp_parts) e = FN(exp_split_low)(-FN(min)(a, DERIVATIVE_LARGEST), -a_low, -DERIVATIVE_SHIFT);
    REAL z = FN(fma)(e.q, e.scale, e.scale), t = 2 * DERIVATIVE_UNIT + z;
    REAL square = FN(fma)(z, t, one), square_low = FN(fma)(z, t, one - square);
    REAL y = 1 + e.q, y_low = (1 - y) + e.q; /* z = y 2^n */
    return FN(quotient)(y, y_low, square, square_low) * (factor * DERIVATIVE_UNIT) * e.scale;
}

/* factor s'(x), which is even. */
INLINE REAL FN(scaled_sigmoid_derivative)(REAL x, REAL factor)
{
    return FN(scaled_sigmoid_derivative_low)(FN(fabs)(x), 0, factor);
}

/* factor s''(x) = -factor sign(x) z (1 - z) / (1 + z)^3 with z = e^-|x|. It is s'(x) times -tanh(x / 2). 1 - z is computed from
   the parts of z, so that it keeps its digits next to x = 0. */
INLINE REAL FN(scaled_sigmoid_second_derivative)(REAL x, REAL factor)
{
    REAL a = FN(min)(FN(fabs)(x), DERIVATIVE_LARGEST);
    FN(exp_parts) e = FN(exp_short)(-a, -DERIVATIVE_SHIFT);
    REAL scale = e.scale * (1 / DERIVATIVE_UNIT), z = FN(fma)(e.q, scale, scale), r = 1 / (1 + z);
    REAL y = (factor * z) * FN(fma)(-e.q, scale, 1 - scale) * (r * r * r);
    return x < 0 ? y : -y;
}

/* The second derivative of x s(x): s'(x) (2 - |x| tanh(|x| / 2)), with z = e^-|x|. */
INLINE REAL FN(x_sigmoid_second_derivative)(REAL x)
{
    REAL a = FN(min)(FN(fabs)(x), DERIVATIVE_LARGEST);
    FN(exp_parts) e = FN(exp_short)(-a, -DERIVATIVE_SHIFT);
    REAL z = FN(fma)(e.q, e.scale, e.scale) * (1 / DERIVATIVE_UNIT), r = 1 / (1 + z);
    return z * (r * r) * FN(fma)(-a * r, 1 - z, 2);
}

/* The bracket 1 + e^-a - a, a factor of the derivative of x s(x), at the distance d + d_low from its zero, for |d| < 1/4. It is
   a series whose first term, -c0 d, is rounded last; *low is the rounding error, 0.3 ULP. The error of the coefficients is
   2^-26 (float) and 2^-53 (double); from coeffs/silu_zero.py. */
INLINE REAL FN(silu_bracket)(REAL d, REAL d_low, REAL *low)
{
#if FA_DOUBLE
    REAL p = 0x1.2ed35c01c42c2p-26; /* 1.762677116e-8 */
    p = FN(fma)(p, d, -0x1.49fe6c090bd72p-24); /* -7.683267723e-8 */
    p = FN(fma)(p, d, 0x1.9aff59c865eaap-21); /* 7.655424322e-7 */
    p = FN(fma)(p, d, -0x1.cf7a4fe50dda3p-18); /* -6.906357133e-6 */
    p = FN(fma)(p, d, 0x1.cf7aa73203c0bp-15); /* 5.525101587e-5 */
    p = FN(fma)(p, d, -0x1.958b1b36fcc5cp-12); /* -0.0003867563095 */
    p = FN(fma)(p, d, 0x1.30285460981a3p-9); /* 0.002320537853 */
    p = FN(fma)(p, d, -0x1.7c3269815b31p-7); /* -0.01160268928 */
    p = FN(fma)(p, d, 0x1.7c3269815c947p-5); /* 0.04641075713 */
    p = FN(fma)(p, d, -0x1.1d25cf210482ep-3); /* -0.1392322714 */
    const REAL c0 = 0x1.474973c84120bp+0; /* 1.278464543 */
#else
    REAL p = -0x1.9a32fcp-12f; /* -0.0003911964013 */
    p = FN(fma)(p, d, 0x1.322df6p-9f); /* 0.002335964469 */
    p = FN(fma)(p, d, -0x1.7c2f82p-7f); /* -0.01160234306 */
    p = FN(fma)(p, d, 0x1.7c307ap-5f); /* 0.04640983418 */
    p = FN(fma)(p, d, -0x1.1d25dp-3f); /* -0.1392322779 */
    const REAL c0 = 0x1.474974p+0f; /* 1.278464556 */
#endif
    REAL rest = FN(fma)(d * d, p, LIT(d_low * c0, FN(fma)(d, SILU_ZERO_LO, d_low * c0)));
    REAL bracket = -FN(fma)(d, c0, rest);
    *low = -(FN(fma)(d, c0, bracket) + rest);
    return bracket;
}

/* The derivative of x s(t(x)) for an odd t: z (bracket + low) / (1 + z)^2 for x < 0, and 1 minus that for x >= 0. e is
   z = e^-|t| in parts; bracket + low is DERIVATIVE_UNIT (1 + z - |x t'(x)|). The quotient is corrected by its residual. */
INLINE REAL FN(derivative_from_bracket)(FN(exp_parts) e, REAL bracket, REAL low, int negative)
{
    REAL z = FN(fma)(e.q, e.scale, e.scale);
    REAL t = 2 * DERIVATIVE_UNIT + z, t_low = (2 * DERIVATIVE_UNIT - t) + z, one = DERIVATIVE_UNIT * DERIVATIVE_UNIT;
    REAL square = FN(fma)(z, t, one), square_low = FN(fma)(z, t_low, FN(fma)(z, t, one - square));
    REAL high = FN(fma)(e.q, bracket, bracket);
    low += FN(fma)(e.q, bracket, bracket - high);
    REAL left = FN(quotient)(high, low, square, square_low) * e.scale;
    return negative ? left : 1 - left;
}

/* The derivative of t s(t), where |t| = a + a_low and e is z = e^-|t| in parts: z (1 + z - |t|) / (1 + z)^2 for t < 0, and 1
   minus that for t >= 0. The bracket 1 + z - |t| is 0 at |t| = 1.2785; near it, a series in the distance keeps every digit.
   Faster forms that were tried are too inexact: 2.9 ULP without the residual, 2.1 without the low part of the bracket, 2.4
   without that of the square, 4.3 by s (1 + t (1 - s)). */
INLINE REAL FN(x_sigmoid_derivative)(FN(exp_parts) e, REAL a, REAL a_low, int negative)
{
    REAL z = FN(fma)(e.q, e.scale, e.scale), z_low = FN(fma)(e.q, e.scale, e.scale - z);
    REAL line = FN(fma)(-a, DERIVATIVE_UNIT, DERIVATIVE_UNIT), far = line + z;
    REAL far_low = ((line - far) + z) + (z_low - a_low * DERIVATIVE_UNIT);
    /* An fma, because GCC moves a plain difference and d * d before the clamp of a, where d * d overflows. */
    REAL d = FN(fma)(a, 1, -SILU_ZERO), near_low, near = FN(silu_bracket)(d, a_low - SILU_ZERO_LO, &near_low) * DERIVATIVE_UNIT;
    int is_near = FN(fabs)(d) < LIT(0.25f, 0.25);
    REAL bracket = is_near ? near : far, low = is_near ? near_low * DERIVATIVE_UNIT : far_low;
    return FN(derivative_from_bracket)(e, bracket, low, negative);
}

/* The derivative of t s(t) in half the operations, for backward passes; a = |t|. The error is below 4 ULP or, next to the zero,
   where the bracket loses digits, below 2^-26 absolutely. */
INLINE REAL FN(x_sigmoid_derivative_fast)(FN(exp_parts) e, REAL a, int negative)
{
    REAL z = FN(fma)(e.q, e.scale, e.scale), t = 2 * DERIVATIVE_UNIT + z;
    REAL bracket = FN(fma)(e.q, e.scale, FN(fma)(-a, DERIVATIVE_UNIT, DERIVATIVE_UNIT + e.scale));
    REAL square = FN(fma)(z, t, DERIVATIVE_UNIT * DERIVATIVE_UNIT);
    REAL left = (FN(fma)(e.q, bracket, bracket) * e.scale) / square;
    return negative ? left : 1 - left;
}
