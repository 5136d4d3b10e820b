/* soft_shrink(x) = x - lambd for x > lambd, x + lambd for x < -lambd, 0 between: one rounding. The derivative at both kinks is 0,
   as in torch. The comparison is false for NaN, so NaN passes (ONNX and Keras return 0). */
/* Error in ULP: 0.5 at 0x1.000146p+23, lambd 0.5 (every 251st float32);
   0.5 at 0x1.002a44f658f94p+52, lambd 0.5 (2.7e6 float64). */
INLINE REAL FN(soft_shrink)(REAL x, REAL lambd)
{
    REAL towards = lambd < 0 ? 1 : -1;
    return FN(fabs)(x) <= FN(max)(lambd, 0) ? 0 : FN(fma)(towards, FN(copysign)(lambd, x), x);
}

INLINE REAL FN(soft_shrink_backward)(REAL grad, REAL x, REAL lambd) { return FN(hard_shrink_backward)(grad, x, lambd); }

/* Error in ULP: 0 (every 251st float32); 0 (2.7e6 float64). */
INLINE REAL FN(soft_shrink_derivative)(REAL x, REAL lambd) { return FN(hard_shrink_derivative)(x, lambd); }

/* If lambd >= 0, y is 0 exactly where |x| <= lambd: a difference of two floats is 0 only if they are equal. */
INLINE REAL FN(soft_shrink_backward_from_output)(REAL grad, REAL y, REAL lambd)
{
    return FN(hard_shrink_backward_from_output)(grad, y, lambd);
}
