/* t (log t - x): the divergence of a probability t from e^x; 0 if t is 0. Its derivative is -t. kl_div_log_target gets log t as
   the target. */
INLINE FN(loss) FN(kl_div)(REAL x, REAL t, REAL option)
{
    REAL value = t * (FN(log)(t) - x);
    (void)option;
    return (FN(loss)){t == 0 ? FN(or_nan)(0, x) : value, -t};
}

INLINE FN(loss) FN(kl_div_log_target)(REAL x, REAL t, REAL option)
{
    const REAL lowest = LIT(-125.0f, -770.0); /* below, e^t t is 0; above 90 (710), e^t is infinite */
    FN(exp_parts) e = FN(exp_short)(FN(max)(FN(min)(t, LIT(90.0f, 710.0)), lowest), t < 0 ? LIT(-64, -512) : LIT(64, 512));
    REAL p = FN(fma)(e.q, e.scale, e.scale), unit = t < 0 ? LIT(0x1p-64f, 0x1p-512) : LIT(0x1p64f, 0x1p512);
    /* In either order a subnormal result is rounded once. */
    REAL d = t - x, value = FN(fabs)(d) < LIT(0x1p60f, 0x1p500) ? p * d * unit : p * unit * d;
    (void)option;
    return (FN(loss)){t < lowest ? FN(or_nan)(0, x) : value, -p * unit};
}
