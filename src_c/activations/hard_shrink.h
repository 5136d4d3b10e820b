/* hard_shrink(x) = x where |x| > lambd, 0 elsewhere; exact. The derivative at both jumps is 0, as in torch. The comparison is
   false for NaN, so NaN passes (ONNX and Keras return 0). */
/* Error in ULP: 0 (every 251st float32); 0 (2.7e6 float64). */
INLINE REAL FN(hard_shrink)(REAL x, REAL lambd) { return FN(fabs)(x) <= lambd ? 0 : x; }

INLINE REAL FN(hard_shrink_backward)(REAL grad, REAL x, REAL lambd)
{
    return FN(pass_if_or_nan)(!(FN(fabs)(x) <= lambd), grad, x);
}

/* Error in ULP: 0 (every 251st float32); 0 (2.7e6 float64). */
INLINE REAL FN(hard_shrink_derivative)(REAL x, REAL lambd) { return FN(hard_shrink_backward)(1, x, lambd); }

/* If lambd >= 0, y is 0 exactly where |x| <= lambd. */
INLINE REAL FN(hard_shrink_backward_from_output)(REAL grad, REAL y, REAL lambd)
{
    (void)lambd;
    return FN(pass_if_or_nan)(!(y == 0), grad, y);
}
