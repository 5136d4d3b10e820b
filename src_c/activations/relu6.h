/* relu6(x) = min(max(x, 0), 6), exact; limits 0 and 6. relu6(-0.0) = +0.0. The derivative is 0 at both kinks, as in torch and
   JAX. */
/* Error in ULP: 0 (every 251st float32); 0 (316,618 float64). */
INLINE REAL FN(relu6)(REAL x) { return FN(or_nan)(FN(clamp_positive)(x, 6), x); }

INLINE REAL FN(relu6_backward)(REAL grad, REAL x)
{
    return FN(pass_if_or_nan)((x > 0) & (x < 6), grad, x);
}

/* Error in ULP: 0 (every 251st float32); 0 (316,618 float64). */
INLINE REAL FN(relu6_derivative)(REAL x) { return FN(relu6_backward)(1, x); }

/* The value is exact, so 0 < y < 6 exactly where 0 < x < 6. */
INLINE REAL FN(relu6_backward_from_output)(REAL grad, REAL y) { return FN(relu6_backward)(grad, y); }
