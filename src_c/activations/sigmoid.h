/* sigmoid(x) = 1 / (1 + e^-x);  sigmoid'(x) = e^-|x| / (1 + e^-|x|)^2, which keeps the tail that
   s (1 - s) loses. Limits 0 and 1, without a flag. Method and roundings: math/sigmoid.h. */
INLINE REAL FN(sigmoid)(REAL x)
{
    REAL a = FN(clamp)(x, SIGMOID_LOWEST, SIGMOID_HIGHEST);
    return FN(or_nan)(SIGMOID_UNIT / FN(sigmoid_denominator)(a), x);
}

INLINE REAL FN(sigmoid_derivative)(REAL x) { return FN(scaled_sigmoid_derivative)(x, 1); }

INLINE REAL FN(sigmoid_second_derivative)(REAL x) { return FN(scaled_sigmoid_second_derivative)(x, 1); }

/* s (1 - s): as exact as the output is, so 0 once the output has rounded to 1. */
INLINE REAL FN(sigmoid_derivative_from_output)(REAL y) { return y * (1 - y); }
