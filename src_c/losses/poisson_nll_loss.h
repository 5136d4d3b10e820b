/* -log of the probability of a count t, without the terms that depend on t alone, for a Poisson distribution. With the mean e^x
   it is e^x - t x. With the mean x + eps it is x - t log(x + eps) (of_means). NaN if t, or the x of a mean, is negative. The
   limit at x = inf is inf; a term multiplied by t = 0 is 0, even if it is infinite. The _full losses add Stirling's
   approximation of log(t!) for t > 1, as in torch; it does not change the derivative. */
#define HALF_LN_2PI LIT(0x1.d67f1cp-1f, 0x1.d67f1c864beb5p-1) /* 0.9189385332 */

INLINE REAL FN(stirling)(REAL t)
{
    REAL log_t = FN(log)(t);
    return t > 1 ? FN(fma)(t, log_t - 1, FN(fma)(log_t, LIT(0.5f, 0.5), HALF_LN_2PI)) : 0;
}

INLINE FN(loss) FN(poisson_nll_loss)(REAL x, REAL t, REAL option)
{
    REAL mean = FN(exponential_for)(x, 1), value = t == 0 || x == INFINITY ? mean : FN(fma)(-t, x, mean);
    (void)option;
    return (FN(loss)){t < 0 ? NAN : value, mean - t};
}

INLINE FN(loss) FN(poisson_nll_loss_full)(REAL x, REAL t, REAL option)
{
    FN(loss) found = FN(poisson_nll_loss)(x, t, option);
    return (FN(loss)){found.value + FN(stirling)(t), found.derivative};
}

INLINE FN(loss) FN(poisson_nll_loss_of_means)(REAL x, REAL t, REAL eps)
{
    REAL mean = x + eps;
    int is_linear = t == 0 || x == INFINITY;
    REAL value = is_linear ? x : FN(fma)(-t, FN(log)(mean), x);
    return (FN(loss)){t < 0 || x < 0 ? NAN : value, is_linear ? 1 : (mean - t) / mean};
}

INLINE FN(loss) FN(poisson_nll_loss_of_means_full)(REAL x, REAL t, REAL eps)
{
    FN(loss) found = FN(poisson_nll_loss_of_means)(x, t, eps);
    return (FN(loss)){found.value + FN(stirling)(t), found.derivative};
}
