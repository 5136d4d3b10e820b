/* relu(x) = max(x, 0), exact. relu(-0.0) = +0.0; relu'(0) = 0, as in torch and JAX. It is written x <= 0 ? 0 : x because the
   comparison is false for NaN, so NaN passes. */
/* Error in ULP: 0 (every 251st float32); 0 (316,618 float64). */
INLINE REAL FN(relu)(REAL x) { return x <= 0 ? 0 : x; }

/* Error in ULP: 0 (every 251st float32); 0 (316,618 float64). */
INLINE REAL FN(relu_derivative)(REAL x)
{
    REAL nan_or_zero = x <= 0 ? 0 : x;
    return x > 0 ? 1 : nan_or_zero;
}

INLINE REAL FN(relu_backward)(REAL grad, REAL x) { return FN(pass_if_or_nan)(!(x <= 0), grad, x); }

/* y > 0 exactly where x > 0. */
INLINE REAL FN(relu_backward_from_output)(REAL grad, REAL y) { return FN(relu_backward)(grad, y); }
