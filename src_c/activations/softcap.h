/* softcap(x, cap) = cap tanh(t) with t = x / cap; limits -cap and cap. The sign of cap does not matter; cap = inf gives x, and
   cap = 0 gives 0. For |t| < 0.9 it is x - x t^2 (1/3 + ...) with the series of tanh_shrink.h, beyond cap - cap 2 z / (1 + z)
   with z = e^(-2|t|). The quotient keeps its rounding error as t_low, because e^t multiplies it by |t|. The derivative is
   sech^2(t) = 4 s'(2t) for the sigmoid s: math/sigmoid.h. */

/* |x| / |cap|, with *a = |x| limited so that the quotient is at most `largest`; *low is the rounding error. */
INLINE REAL FN(softcap_quotient)(REAL x, REAL cap, REAL largest, REAL *a, REAL *low)
{
    REAL size = FN(max)(FN(min)(FN(fabs)(cap), LARGEST), LIT(0x1p-126f, 0x1p-1022));
    REAL inverse = FN(fabs)(cap) > LARGEST ? 0 : 1 / size;
    *a = FN(min_fabs)(x, size < LARGEST / 1024 ? largest * size : LARGEST);
    REAL t = FN(fma)(*a, inverse, 0);
    *low = FN(fma)(-t, size, *a) * inverse;
    return t;
}

/* Error in ULP: 1.22 at -0x1.299e04p-7, cap 0.01 (every 251st float32); 1.1 at 0x1.d1d0420727f0ap+3, cap 15.0 (2.9e6 float64). */
INLINE REAL FN(softcap)(REAL x, REAL cap)
{
    REAL a, t_low, t = FN(softcap_quotient)(x, cap, SHRINK_FAR, &a, &t_low), size = FN(fabs)(cap);
    REAL s = FN(fma)(t, t, 0), s_low = FN(fma)(2 * t, t_low, FN(fma)(t, t, -s));
    REAL tail = FN(fma)(s, FN(tanh_shrink_tail)(s), THIRD);
    REAL near = FN(fma)(-a, FN(fma)(s, tail, s_low * tail), a);
    FN(exp_parts) e = FN(exp_short_low)(-2 * t, -2 * t_low, -1);
    REAL z2 = FN(fma)(e.q, e.scale, e.scale); /* 2 z */
    REAL far = FN(fma)(-size, z2 / FN(fma)(z2, LIT(0.5f, 0.5), 1), size);
    REAL y = t > LIT(0.9f, 0.9) ? far : near;
    y = FN(fabs)(x) > LARGEST ? size : y;
    return FN(or_nan)(FN(copysign)(y, x), x == x ? cap : x);
}

/* Error in ULP: 1.6 at 0x1.4ac76ap+2, cap 30.0 (every 251st float32); 1.59 at 0x1.292aa69d46df2p+1, cap 15.0 (2.9e6 float64). */
INLINE REAL FN(softcap_derivative)(REAL x, REAL cap)
{
    REAL a, t_low, t = FN(softcap_quotient)(x, cap, DERIVATIVE_LARGEST / 2, &a, &t_low);
    REAL y = FN(scaled_sigmoid_derivative_low)(2 * t, 2 * t_low, 4);
    return FN(or_nan)(((FN(fabs)(x) > LARGEST) & (cap == cap)) ? 0 : y, x);
}

/* tanh''(t) / cap. */
INLINE REAL FN(softcap_second_derivative)(REAL x, REAL cap)
{
    REAL a, t_low, t = FN(softcap_quotient)(x, cap, DERIVATIVE_LARGEST / 2, &a, &t_low);
    REAL size = FN(max)(FN(fabs)(cap), LIT(0x1p-126f, 0x1p-1022));
    REAL y = FN(scaled_sigmoid_second_derivative)(2 * t, 8) / size;
    return FN(or_nan)(x < 0 ? -y : y, x);
}
