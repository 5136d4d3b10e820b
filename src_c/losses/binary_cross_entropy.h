/* -(t log p + (1 - t) log(1 - p)) for a probability p; NaN if p or t is outside of [0, 1].

   As in torch, the logarithms are at least -100, and the derivative's denominator p (1 - p) at least 1e-12. The logarithms are
   log(a) and log(1 - a) with a = min(p, 1 - p), which is exact. */
INLINE FN(loss) FN(binary_cross_entropy)(REAL p, REAL t, REAL option)
{
    REAL q = 1 - p, a = p <= LIT(0.5f, 0.5) ? p : q, product = p * q;
    REAL low = FN(max)(FN(log)(a), -100), high = FN(log1p)(-FN(max)(a, 0));
    REAL log_p = p <= LIT(0.5f, 0.5) ? low : high, log_q = p <= LIT(0.5f, 0.5) ? high : low;
    REAL value = FN(fma)(t - 1, log_q, -t * log_p);
    (void)option;
    value = t < 0 || t > 1 ? NAN : value;
    return (FN(loss)){value, (p - t) / FN(max)(product, LIT(1e-12f, 1e-12))};
}
