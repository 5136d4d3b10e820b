/* sigmoid(x) = 1 / (1 + e^-x); limits 0 and 1, without a floating-point flag. sigmoid'(x) = e^-|x| / (1 + e^-|x|)^2, which keeps
   the tail that s (1 - s) loses. Methods: math/sigmoid.h. */
INLINE REAL FN(sigmoid)(REAL x)
{
    REAL a = FN(clamp)(x, SIGMOID_LOWEST, SIGMOID_HIGHEST);
    return FN(or_nan)(SIGMOID_UNIT / FN(sigmoid_denominator)(a), x);
}

INLINE REAL FN(sigmoid_derivative)(REAL x) { return FN(scaled_sigmoid_derivative)(x, 1); }

INLINE REAL FN(sigmoid_second_derivative)(REAL x) { return FN(scaled_sigmoid_second_derivative)(x, 1); }

/* y (1 - y), as exact as y is: 0 where y has rounded to 1. */
INLINE REAL FN(sigmoid_derivative_from_output)(REAL y) { return y * (1 - y); }
