/* identity(x) = x, exact. Its derivative is 1 for every x, also for NaN, so backward copies grad and does not read x. */
INLINE REAL FN(identity)(REAL x) { return x; }

INLINE REAL FN(identity_derivative)(REAL x)
{
    (void)x;
    return 1;
}

INLINE REAL FN(identity_derivative_from_output)(REAL y) { return FN(identity_derivative)(y); }
