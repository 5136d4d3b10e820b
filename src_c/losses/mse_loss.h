/* (x - t)^2. */
INLINE FN(loss) FN(mse_loss)(REAL x, REAL t, REAL option)
{
    REAL d = x - t;
    (void)option;
    return (FN(loss)){d * d, 2 * d};
}
