/* sigmoid(x) = 1 / (1 + e^-x); limits 0 and 1, without a floating-point flag. sigmoid'(x) = e^-|x| / (1 + e^-|x|)^2, which keeps
   the tail that s (1 - s) loses. Methods: math/sigmoid.h. */
/* Error in ULP: 1.58 at -0x1.272cp+0 (every 251st float32); 1.5 at 0x1.c1f3144820114p+3 (316,618 float64). */
INLINE REAL FN(sigmoid)(REAL x)
{
    REAL a = FN(clamp)(x, SIGMOID_LOWEST, SIGMOID_HIGHEST);
    return FN(or_nan)(SIGMOID_UNIT / FN(sigmoid_denominator)(a), x);
}

INLINE REAL FN(sigmoid_bound)(void) { return SIGMOID_BOUND; }
INLINE REAL FN(sigmoid_bounded)(REAL x) { return SIGMOID_UNIT / FN(sigmoid_denominator_bounded)(x); }

/* Error in ULP: 1.6 at -0x1.5e78fcp-2 (every 251st float32); 1.55 at 0x1.2c67096f4e81p-2 (316,618 float64). */
INLINE REAL FN(sigmoid_derivative)(REAL x) { return FN(scaled_sigmoid_derivative)(x, 1); }

INLINE REAL FN(sigmoid_second_derivative)(REAL x) { return FN(scaled_sigmoid_second_derivative)(x, 1); }

/* y (1 - y), as exact as y is: 0 where y has rounded to 1. */
INLINE REAL FN(sigmoid_derivative_from_output)(REAL y) { return y * (1 - y); }
