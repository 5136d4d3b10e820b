/* identity(x) = x, exact; NaN stays NaN. Its derivative is 1 for every x, NaN too, so that backward copies grad
   and does not read x. */
INLINE REAL FN(identity)(REAL x) { return x; }

INLINE REAL FN(identity_derivative)(REAL x)
{
    (void)x;
    return 1;
}

INLINE REAL FN(identity_second_derivative)(REAL x)
{
    (void)x;
    return 0;
}

INLINE REAL FN(identity_derivative_from_output)(REAL y) { return FN(identity_derivative)(y); }
