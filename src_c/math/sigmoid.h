/* The logistic family: s(x) = 1 / (1 + e^-x), x s(x), and their derivatives.

   Values use 1 / (1 + e^-x) directly, for both signs: one rounded sum, one division. e^-x reaches
   2^166 (float) in the tail, so sum and numerator carry a factor 2^-SIGMOID_SHIFT.
   Derivatives avoid s (1 - s), which loses the tail from x = 17 (float). They carry z 2^DERIVATIVE_SHIFT and
   (1 + z)^2 2^(2 DERIVATIVE_SHIFT), so that the last multiplication rounds a subnormal result once. */
#undef SIGMOID_SHIFT
#undef SIGMOID_UNIT
#undef SIGMOID_LOWEST
#undef SIGMOID_HIGHEST
#undef DERIVATIVE_SHIFT
#undef DERIVATIVE_UNIT
#undef DERIVATIVE_LARGEST
#undef SILU_ZERO
#undef SILU_ZERO_LO
#if FA_DOUBLE
#define SIGMOID_SHIFT 100
#define SIGMOID_UNIT 0x1p-100
#define SIGMOID_LOWEST -760.0 /* below, s(x) and x s(x) round to 0 */
#define SIGMOID_HIGHEST 64.0  /* above, s(x) rounds to 1 */
#define DERIVATIVE_SHIFT 100
#define DERIVATIVE_UNIT 0x1p100
#define SILU_ZERO 0x1.474973c84120bp+0     /* 1.278464543 */
#define SILU_ZERO_LO 0x1.f8d74bc9ac154p-54 /* 1.094699418e-16 */
#define DERIVATIVE_LARGEST 760.0 /* above, every derivative rounds to its limit */
#else
#define SIGMOID_SHIFT 40
#define SIGMOID_UNIT 0x1p-40f
#define SIGMOID_LOWEST -115.0f
#define SIGMOID_HIGHEST 55.0f
#define DERIVATIVE_SHIFT 33
#define DERIVATIVE_UNIT 0x1p33f
#define SILU_ZERO 0x1.474974p+0f      /* 1.278464556 */
#define SILU_ZERO_LO -0x1.bdf6fap-27f /* -1.297928254e-8 */
#define DERIVATIVE_LARGEST 110.0f
#endif

/* (1 + e^-x) unit, of an e^-x with the same factor. 2^n + 1 is exact up to |n| = 23 (52); `lost` is what rounding it
   loses beyond, without which s(-16.65) is 2.4 ulp off. For SIGMOID_UNIT x is in [SIGMOID_LOWEST, SIGMOID_HIGHEST]. */
INLINE REAL FN(sigmoid_sum)(FN(exp_parts) e, REAL unit)
{
    REAL sum = e.scale + unit;
    REAL lost = (e.scale - sum) + unit;
    return sum + FN(fma)(e.q, e.scale, lost);
}

INLINE REAL FN(sigmoid_denominator)(REAL x) { return FN(sigmoid_sum)(FN(exp_short)(-x, SIGMOID_SHIFT), SIGMOID_UNIT); }

/* The same of x + x_low, x_low the rounding error of a product. */
INLINE REAL FN(sigmoid_denominator_low)(REAL x, REAL x_low)
{
    return FN(sigmoid_sum)(FN(exp_short_low)(-x, -x_low, SIGMOID_SHIFT), SIGMOID_UNIT);
}

/* s'(x) = z / (1 + z)^2 with z = e^-|x|, times `factor`. (1 + z)^2 is taken as 1 + z (2 + z), which
   loses less than the square of a rounded sum. */
INLINE REAL FN(scaled_sigmoid_derivative)(REAL x, REAL factor)
{
    const REAL one = DERIVATIVE_UNIT * DERIVATIVE_UNIT;
    REAL a = FN(min)(FN(fabs)(x), DERIVATIVE_LARGEST);
    FN(exp_parts) e = FN(exp_split)(-a, -DERIVATIVE_SHIFT);
    REAL z = FN(fma)(e.q, e.scale, e.scale), t = 2 * DERIVATIVE_UNIT + z;
    REAL square = FN(fma)(z, t, one), square_low = FN(fma)(z, t, one - square);
    REAL y = 1 + e.q, y_low = (1 - y) + e.q; /* z = y 2^n */
    return FN(quotient)(y, y_low, square, square_low) * (factor * DERIVATIVE_UNIT) * e.scale;
}

/* s''(x) = -sign(x) z (1 - z) / (1 + z)^3 with z = e^-|x|, times `factor`: the derivative times -tanh(x / 2). */
INLINE REAL FN(scaled_sigmoid_second_derivative)(REAL x, REAL factor)
{
    REAL a = FN(min)(FN(fabs)(x), DERIVATIVE_LARGEST);
    FN(exp_parts) e = FN(exp_short)(-a, -DERIVATIVE_SHIFT);
    REAL z = FN(fma)(e.q, e.scale, e.scale) * (1 / DERIVATIVE_UNIT), r = 1 / (1 + z);
    REAL y = (factor * z) * (1 - z) * (r * r * r);
    return x < 0 ? y : -y;
}

/* silu''(x) = s'(x) (2 - |x| tanh(|x| / 2)), z as above. */
INLINE REAL FN(x_sigmoid_second_derivative)(REAL x)
{
    REAL a = FN(min)(FN(fabs)(x), DERIVATIVE_LARGEST);
    FN(exp_parts) e = FN(exp_short)(-a, -DERIVATIVE_SHIFT);
    REAL z = FN(fma)(e.q, e.scale, e.scale) * (1 / DERIVATIVE_UNIT), r = 1 / (1 + z);
    return z * (r * r) * FN(fma)(-a * r, 1 - z, 2);
}

/* The bracket 1 + e^-a - a of silu' at d + d_low from its zero, |d| < 1/4: a series whose first term,
   -c0 d, is rounded last; `low` is what that loses, 0.3 ulp. Error of its coefficients 2^-26
   (float), 2^-53 (double), from coeffs/silu_crossing.py. */
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

/* z (bracket + low) / (1 + z)^2 for x < 0, and 1 minus that for x >= 0: the derivative of x s(t(x)), t odd, with
   z = e^-|t| in parts and the bracket, times DERIVATIVE_UNIT, 1 + z - |x t'(x)|. A residual corrects the quotient. */
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

/* d/dt of t s(t), from a = |t| - a_low and z = e^-|t| in parts: z (1 + z - |t|) / (1 + z)^2 for t < 0,
   and 1 minus that for t >= 0. The bracket crosses zero at |t| = 1.2785, where a series in the distance
   keeps every digit. Tried for speed, in vain: no residual 2.9 ulp, no
   low part of the bracket 2.1, of the square 2.4, s (1 + t (1 - s)) 4.3. */
INLINE REAL FN(x_sigmoid_derivative)(FN(exp_parts) e, REAL a, REAL a_low, int negative)
{
    REAL z = FN(fma)(e.q, e.scale, e.scale), z_low = FN(fma)(e.q, e.scale, e.scale - z);
    REAL line = FN(fma)(-a, DERIVATIVE_UNIT, DERIVATIVE_UNIT), far = line + z;
    REAL far_low = ((line - far) + z) + (z_low - a_low * DERIVATIVE_UNIT);
    /* A fused difference: GCC moves a plain one and d * d before the limit of a, where that overflows. */
    REAL d = FN(fma)(a, 1, -SILU_ZERO), near_low, near = FN(silu_bracket)(d, a_low - SILU_ZERO_LO, &near_low) * DERIVATIVE_UNIT;
    int is_near = FN(fabs)(d) < LIT(0.25f, 0.25);
    REAL bracket = is_near ? near : far, low = is_near ? near_low * DERIVATIVE_UNIT : far_low;
    return FN(derivative_from_bracket)(e, bracket, low, negative);
}

/* The same derivative in half the operations, for backward passes: below 4 ulp, and next to its zero, where
   the bracket loses digits, an absolute error below 2^-26. a = |t|. */
INLINE REAL FN(x_sigmoid_derivative_fast)(FN(exp_parts) e, REAL a, int negative)
{
    REAL z = FN(fma)(e.q, e.scale, e.scale), t = 2 * DERIVATIVE_UNIT + z;
    REAL bracket = FN(fma)(e.q, e.scale, FN(fma)(-a, DERIVATIVE_UNIT, DERIVATIVE_UNIT + e.scale));
    REAL square = FN(fma)(z, t, DERIVATIVE_UNIT * DERIVATIVE_UNIT);
    REAL left = (FN(fma)(e.q, bracket, bracket) * e.scale) / square;
    return negative ? left : 1 - left;
}
