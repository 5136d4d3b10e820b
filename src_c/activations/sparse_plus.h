/* sparse_plus(x) = (x + 1)^2 / 4 for -1 < x < 1, 0 below, x above; limits 0 and inf. Its derivative, sparse_sigmoid, is
   continuous; the second derivative is 0 at both ends. h is (x + 1) / 2, rounded, which is exact next to -1. With
   twice_lost = (x + 1) - 2 h the square is h^2 + h twice_lost, rounded once. */
/* Error in ULP: 0.5 at 0x1.000004p-1 (every 251st float32); 0.5 at 0x1.c817cd67d6536p-22 (316,618 float64). */
INLINE REAL FN(sparse_plus)(REAL x)
{
    REAL c = FN(clamp)(x, -1, 1);
    REAL h = FN(fma)(c, LIT(0.5f, 0.5), LIT(0.5f, 0.5)), twice_lost = FN(fma)(-2, h, 1) + c;
    REAL y = FN(fma)(h, h, h * twice_lost);
    return x < 1 ? y : x; /* NaN too */
}

/* Error in ULP: 0.5 at 0x1.00007ep-1 (every 251st float32); 0.5 at 0x1.ca46ced589ba8p-4 (316,618 float64). */
INLINE REAL FN(sparse_plus_derivative)(REAL x)
{
    REAL c = FN(clamp)(x, -1, 1);
    return FN(or_nan)(FN(fma)(c, LIT(0.5f, 0.5), LIT(0.5f, 0.5)), x);
}

INLINE REAL FN(sparse_plus_backward)(REAL grad, REAL x)
{
    return FN(product_if)(!(x <= -1), grad, FN(sparse_plus_derivative)(x));
}

INLINE REAL FN(sparse_plus_second_derivative)(REAL x)
{
    return FN(or_nan)(FN(fabs)(x) < 1 ? LIT(0.5f, 0.5) : 0, x);
}
