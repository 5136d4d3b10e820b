/* sparse_sigmoid(x) = (x + 1) / 2, limited to [0, 1]: one rounding. The derivative is 0 at both ends. It is the derivative of
   sparse_plus. */
/* Error in ULP: 0.5 at 0x1.00007ep-1 (every 251st float32); 0.5 at 0x1.f6bf255062373p-1 (316,618 float64). */
INLINE REAL FN(sparse_sigmoid)(REAL x)
{
    REAL c = FN(clamp)(x, -1, 1);
    return FN(or_nan)(FN(fma)(c, LIT(0.5f, 0.5), LIT(0.5f, 0.5)), x);
}

/* Error in ULP: 0 (every 251st float32); 0 (316,618 float64). */
INLINE REAL FN(sparse_sigmoid_derivative)(REAL x)
{
    return FN(or_nan)(FN(fabs)(x) < 1 ? LIT(0.5f, 0.5) : 0, x);
}

INLINE REAL FN(sparse_sigmoid_backward)(REAL grad, REAL x)
{
    return FN(pass_if_or_nan)(FN(fabs)(x) < 1, LIT(0.5f, 0.5) * grad, x);
}
