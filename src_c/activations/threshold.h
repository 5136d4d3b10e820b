/* threshold(x) = x for x > threshold, value elsewhere; exact. The derivative at the jump is 0, as in torch.
   The comparison is such that NaN passes. A value above the threshold may also come from x: backward needs x. */
INLINE REAL FN(threshold)(REAL x, REAL threshold, REAL value) { return x <= threshold ? value : x; }

INLINE REAL FN(threshold_backward)(REAL grad, REAL x, REAL threshold, REAL value)
{
    (void)value;
    return FN(pass_if_or_nan)(!(x <= threshold), grad, x);
}

INLINE REAL FN(threshold_derivative)(REAL x, REAL threshold, REAL value)
{
    return FN(threshold_backward)(1, x, threshold, value);
}

INLINE REAL FN(threshold_second_derivative)(REAL x, REAL threshold, REAL value)
{
    (void)threshold, (void)value;
    return FN(or_nan)(0, x);
}
