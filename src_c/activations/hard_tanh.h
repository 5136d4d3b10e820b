/* hard_tanh(x) = x limited to [min_val, max_val], exact; NaN if one of the two is NaN. The derivative is 0 at both kinks, as in
   torch (1 in JAX). */
/* Error in ULP: 0 (every 251st float32); 0 (8.3e6 float64). */
INLINE REAL FN(hard_tanh)(REAL x, REAL min_val, REAL max_val)
{
    REAL nan = min_val == min_val ? max_val : min_val; /* NaN if one of the two is */
    return FN(or_nan)(FN(min)(FN(max)(x, min_val), max_val), nan);
}

INLINE REAL FN(hard_tanh_backward)(REAL grad, REAL x, REAL min_val, REAL max_val)
{
    REAL nan = min_val == min_val ? max_val : min_val;
    return FN(or_nan)(FN(pass_if_or_nan)((x > min_val) & (x < max_val), grad, x), nan);
}

/* Error in ULP: 0 (every 251st float32); 0 (8.3e6 float64). */
INLINE REAL FN(hard_tanh_derivative)(REAL x, REAL min_val, REAL max_val)
{
    return FN(hard_tanh_backward)(1, x, min_val, max_val);
}

/* The value is exact, so y is between the limits exactly where x is. */
INLINE REAL FN(hard_tanh_backward_from_output)(REAL grad, REAL y, REAL min_val, REAL max_val)
{
    return FN(hard_tanh_backward)(grad, y, min_val, max_val);
}
