/* relu6(x) = min(max(x, 0), 6), exact; limits 0 and 6. relu6(-0.0) = +0.0. The slope is 0 at both kinks,
   as in torch and JAX. */
INLINE REAL FN(relu6)(REAL x) { return FN(or_nan)(FN(clamp_positive)(x, 6), x); }

INLINE REAL FN(relu6_derivative)(REAL x) { return FN(or_nan)(((x > 0) & (x < 6)) ? 1 : 0, x); }

INLINE REAL FN(relu6_second_derivative)(REAL x) { return FN(or_nan)(0, x); }

/* The value is exact, so 0 < y < 6 exactly where 0 < x < 6. */
INLINE REAL FN(relu6_slope_from_output)(REAL y) { return FN(relu6_derivative)(y); }
