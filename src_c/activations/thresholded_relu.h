/* thresholded_relu(x) = x for x > theta, 0 elsewhere: threshold with value 0. */
/* Error in ULP: 0 (every 251st float32); 0 (2.4e6 float64). */
INLINE REAL FN(thresholded_relu)(REAL x, REAL theta) { return FN(threshold)(x, theta, 0); }

INLINE REAL FN(thresholded_relu_backward)(REAL grad, REAL x, REAL theta)
{
    return FN(threshold_backward)(grad, x, theta, 0);
}

/* Error in ULP: 0 (every 251st float32); 0 (2.4e6 float64). */
INLINE REAL FN(thresholded_relu_derivative)(REAL x, REAL theta) { return FN(threshold_derivative)(x, theta, 0); }

/* If theta >= 0, y is 0 exactly where x <= theta. */
INLINE REAL FN(thresholded_relu_backward_from_output)(REAL grad, REAL y, REAL theta)
{
    (void)theta;
    return FN(pass_if_or_nan)(!(y == 0), grad, y);
}
