/* threshold(x) = x for x > threshold, value elsewhere; exact. The derivative at the jump is 0, as in torch. The comparison is
   false for NaN, so NaN passes. If value > threshold, y does not tell where it comes from, so backward needs x. */
/* Error in ULP: 0 (every 251st float32); 0 (8.1e6 float64). */
INLINE REAL FN(threshold)(REAL x, REAL threshold, REAL value) { return x <= threshold ? value : x; }

INLINE REAL FN(threshold_backward)(REAL grad, REAL x, REAL threshold, REAL value)
{
    (void)value;
    return FN(pass_if_or_nan)(!(x <= threshold), grad, x);
}

/* Error in ULP: 0 (every 251st float32); 0 (8.1e6 float64). */
INLINE REAL FN(threshold_derivative)(REAL x, REAL threshold, REAL value)
{
    return FN(threshold_backward)(1, x, threshold, value);
}
