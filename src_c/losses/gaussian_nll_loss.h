/* (log v + d^2 / v) / 2 with d = x - t and the variance v: -log of the density of t without log(2 pi) / 2, which the _full loss
   adds. For v = 0, where torch gives NaN, it is the limit: -inf for d = 0, else inf. */
INLINE FN(loss) FN(gaussian_nll_loss)(REAL x, REAL t, REAL variance)
{
    REAL d = x - t, half = LIT(0.5f, 0.5), derivative = d == 0 ? d : d / variance;
    REAL value = FN(fma)(half * d, derivative, half * FN(log)(variance));
    return (FN(loss)){variance == 0 && d != 0 ? FN(fabs)(derivative) : value, derivative};
}

INLINE FN(loss) FN(gaussian_nll_loss_full)(REAL x, REAL t, REAL variance)
{
    FN(loss) found = FN(gaussian_nll_loss)(x, t, variance);
    return (FN(loss)){found.value + HALF_LN_2PI, found.derivative};
}
