/* hard_shrink(x) = x where |x| > lambd, 0 elsewhere; exact. The slope at both jumps is 0, as in torch.
   Comparisons are such that NaN passes (ONNX and Keras make it 0). */
INLINE REAL FN(hard_shrink)(REAL x, REAL lambd) { return FN(magnitude)(x) <= lambd ? 0 : x; }

INLINE REAL FN(hard_shrink_derivative)(REAL x, REAL lambd)
{
    return FN(or_nan)(FN(magnitude)(x) <= lambd ? 0 : 1, x);
}

INLINE REAL FN(hard_shrink_second_derivative)(REAL x, REAL lambd)
{
    (void)lambd;
    return FN(or_nan)(0, x);
}

/* With lambd >= 0, y is 0 exactly where |x| <= lambd. */
INLINE REAL FN(hard_shrink_slope_from_output)(REAL y, REAL lambd)
{
    (void)lambd;
    return FN(or_nan)(y == 0 ? 0 : 1, y);
}
