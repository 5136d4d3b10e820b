/* relu_squared(x) = max(x, 0)^2: one rounding. Its derivative 2 max(x, 0) is exact and continuous. The second derivative jumps
   from 0 to 2 at 0, where it is 0. The products are fmas, because GCC moves plain products before the selection, where they
   overflow. */
/* Error in ULP: 0.5 at 0x1.2b7p+4 (every 251st float32); 0.5 at 0x1.eef2cd4e4408p-5 (316,618 float64). */
INLINE REAL FN(relu_squared)(REAL x)
{
    REAL positive = FN(relu)(x);
    return FN(fma)(positive, positive, 0);
}

/* Error in ULP: 0 (every 251st float32); 0 (316,618 float64). */
INLINE REAL FN(relu_squared_derivative)(REAL x) { return FN(fma)(2, FN(relu)(x), 0); }

INLINE REAL FN(relu_squared_backward)(REAL grad, REAL x)
{
    return FN(product_if)(!(x <= 0), grad, FN(relu_squared_derivative)(x));
}

INLINE REAL FN(relu_squared_second_derivative)(REAL x) { return FN(or_nan)(x > 0 ? 2 : 0, x); }
