/* identity(x) = x; its derivative is 1 everywhere. Both are exact; NaN stays NaN. */
INLINE REAL FN(identity)(REAL x) { return x; }

INLINE REAL FN(identity_derivative)(REAL x) { return x == x ? 1 : x; }

INLINE REAL FN(identity_second_derivative)(REAL x) { return FN(or_nan)(0, x); }

INLINE REAL FN(identity_slope_from_output)(REAL y) { return FN(identity_derivative)(y); }
