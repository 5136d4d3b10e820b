/* clipped_gelu(x) = gelu(x) limited to [min, max]; NaN if one of the two is NaN. The derivative is gelu's, and 0 where the
   rounded gelu(x) is beyond a limit; at a limit it is gelu's, as in torch's clip. */
/* Error in ULP: 1.69 at -0x1.85c902p-1, min -10.0, max 10.0 (every 251st float32);
   1.15 at -0x1.bb2c368f489bdp-1, min -10.0, max 10.0 (2,040 float64). */
INLINE REAL FN(clipped_gelu)(REAL x, REAL min, REAL max) { return FN(hard_tanh)(FN(gelu)(x), min, max); }

/* Whether gelu(x) is within the limits; so it is for NaN. */
INLINE int FN(clipped_gelu_passes)(REAL x, REAL min, REAL max)
{
    REAL y = FN(gelu)(x);
    return !((y < min) | (y > max));
}

/* Error in ULP: 1.75 at -0x1.6d85bap-7, min -10.0, max 10.0 (every 251st float32);
   1.15 at -0x1.9113a5930f1f1p+0, min -10.0, max 1.0 (2,040 float64). */
INLINE REAL FN(clipped_gelu_derivative)(REAL x, REAL min, REAL max)
{
    REAL slope = FN(clipped_gelu_passes)(x, min, max) ? FN(gelu_derivative)(x) : 0;
    return FN(or_nan)(slope, min == min ? max : min);
}

INLINE REAL FN(clipped_gelu_backward)(REAL grad, REAL x, REAL min, REAL max)
{
    return FN(product_if)(FN(clipped_gelu_passes)(x, min, max), grad, FN(clipped_gelu_derivative)(x, min, max));
}

INLINE REAL FN(clipped_gelu_second_derivative)(REAL x, REAL min, REAL max)
{
    return FN(clipped_gelu_passes)(x, min, max) ? FN(gelu_second_derivative)(x) : 0;
}
