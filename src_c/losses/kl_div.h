/* t (log t - x): the divergence of a probability t from e^x; 0 where t is 0. And the same with log t given.
   The derivatives are -t, whatever x is. */
INLINE FN(loss) FN(kl_div)(REAL x, REAL t, REAL option)
{
    REAL value = t * (FN(log)(t) - x);
    (void)option;
    return (FN(loss)){t == 0 ? FN(or_nan)(0, x) : value, -t};
}

INLINE FN(loss) FN(kl_div_log_target)(REAL x, REAL t, REAL option)
{
    const REAL lowest = LIT(-125.0f, -770.0); /* below, e^t t is 0; e^90 (e^710) is inf */
    FN(exp_parts) e = FN(exp_short)(FN(max)(FN(min)(t, LIT(90.0f, 710.0)), lowest), t < 0 ? LIT(-64, -512) : LIT(64, 512));
    REAL p = FN(fma)(e.q, e.scale, e.scale), unit = t < 0 ? LIT(0x1p-64f, 0x1p-512) : LIT(0x1p64f, 0x1p512);
    REAL d = t - x, value = FN(fabs)(d) < LIT(0x1p60f, 0x1p500) ? p * d * unit : p * unit * d; /* rounded once, if small */
    (void)option;
    return (FN(loss)){t < lowest ? FN(or_nan)(0, x) : value, -p * unit};
}
