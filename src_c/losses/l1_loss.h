/* |x - t|; the derivative at 0 is 0, as in torch. */
INLINE FN(loss) FN(l1_loss)(REAL x, REAL t, REAL option)
{
    REAL d = x - t;
    (void)option;
    return (FN(loss)){FN(fabs)(d), d > 0 ? 1 : d < 0 ? -1 : d};
}
