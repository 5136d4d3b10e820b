/* silu(x) = x s(x) = x / (1 + e^-x), where s is the sigmoid: one rounded sum and one division. Limits -0.0 and inf (peers give
   NaN at -inf). Minimum -0.2785 at x = -1.2785, the zero of the derivative s(x) + x s(x) s(-x): math/sigmoid.h. */
/* Error in ULP: 1.71 at -0x1.4ce89p+2 (every 251st float32); 1.63 at -0x1.5e1a1310a23eap+4 (339,092 float64). */
INLINE REAL FN(silu)(REAL x)
{
    REAL a = FN(clamp)(x, SIGMOID_LOWEST, SIGMOID_HIGHEST);
    REAL y = (a / FN(sigmoid_denominator)(a)) * SIGMOID_UNIT;
    return x <= SIGMOID_HIGHEST ? y : x; /* NaN too */
}

INLINE REAL FN(silu_bound)(void) { return SIGMOID_BOUND; }
INLINE REAL FN(silu_bounded)(REAL x) { return (x / FN(sigmoid_denominator_bounded)(x)) * SIGMOID_UNIT; }

/* Error in ULP: 1.38 at -0x1.3ddd46p-2 (every 251st float32); 1.41 at -0x1.275c2d41ccce8p+0 (339,092 float64). */
INLINE REAL FN(silu_derivative)(REAL x)
{
    REAL a = FN(min)(FN(fabs)(x), DERIVATIVE_LARGEST);
    return FN(x_sigmoid_derivative)(FN(exp_split)(-a, -DERIVATIVE_SHIFT), a, 0, x < 0);
}

INLINE REAL FN(silu_second_derivative)(REAL x) { return FN(x_sigmoid_second_derivative)(x); }

INLINE REAL FN(silu_derivative_fast)(REAL x)
{
    REAL a = FN(min)(FN(fabs)(x), DERIVATIVE_LARGEST);
    return FN(x_sigmoid_derivative_fast)(FN(exp_short)(-a, -DERIVATIVE_SHIFT), a, x < 0);
}
