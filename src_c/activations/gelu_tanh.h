/* gelu_tanh(x) = x / 2 (1 + tanh(u)) = x s(t), s the sigmoid and t = 2 u = x (K + L x^2), K = 2 sqrt(2 / pi),
   L = 0.044715 K: no 1 + tanh, which loses the tail. It is computed as max(x, 0) - a / (1 + e^|t|) with a = |x|.
   e^t multiplies t's rounding error by |t|, so t is kept as high + low: a rounded cubic loses 6 bits.
   Limits -0.0 and inf. Minimum -0.1700 at x = -0.7525. Constants from coeffs/gelu_tanh.py. */
#undef TANH_LARGEST
#undef TANH_K
#undef TANH_K_LO
#undef TANH_L
#undef TANH_L_LO
#undef TANH_3L
#undef TANH_3L_LO
#if FA_DOUBLE
#define TANH_LARGEST 21.6                    /* x t'(x) e^-t rounds to 0 */
#define TANH_K 0x1.9884533d4364p+0           /* 1.595769122, short: K - (K + L x^2) is exact */
#define TANH_K_LO 0x1.08d0fcb3c500cp-48      /* 3.675065196e-15 */
#define TANH_L 0x1.2444f2a4d8b4bp-4          /* 0.07135481627 */
#define TANH_L_LO -0x1.6c843a29d1c7p-61      /* -6.175149918e-19 */
#define TANH_3L 0x1.b6676bf7450fp-3          /* 0.2140644488 */
#define TANH_3L_LO 0x1.bba7351828aabp-57     /* 1.202524283e-17 */
#else
#define TANH_LARGEST 10.92f
#define TANH_K 0x1.98846p+0f        /* 1.595769882 */
#define TANH_K_LO -0x1.985794p-21f  /* -7.605964356e-7 */
#define TANH_L 0x1.2444f2p-4f       /* 0.07135481387 */
#define TANH_L_LO 0x1.49b16ap-29f   /* 2.398832466e-9 */
#define TANH_3L 0x1.b6676cp-3f      /* 0.2140644491 */
#define TANH_3L_LO -0x1.175e2p-32f  /* -2.54083421e-10 */
#endif

/* a (K + l a^2) as high, which is returned, and low: t with L, a t'(a) with 3 L. */
INLINE REAL FN(gelu_tanh_cubic)(REAL a, REAL l, REAL l_low, REAL *low)
{
    REAL s = a * a, s_low = FN(fma)(a, a, -s), p = FN(fma)(l, s, TANH_K);
    REAL p_low = FN(fma)(l, s, TANH_K - p) + FN(fma)(l, s_low, FN(fma)(l_low, s, TANH_K_LO));
    REAL t = a * p;
    *low = FN(fma)(a, p_low, FN(fma)(a, p, -t));
    return t;
}

INLINE REAL FN(gelu_tanh)(REAL x)
{
    REAL a = FN(min_fabs)(x, TANH_LARGEST), low, t = FN(gelu_tanh_cubic)(a, TANH_L, TANH_L_LO, &low);
    REAL base = FN(positive_part)(x);
    return FN(fma)(a / FN(sigmoid_denominator_low)(-t, -low), -SIGMOID_UNIT, base);
}

/* For x < 0 z (1 + z - y) / (1 + z)^2 with z = e^-|t|, y = a t'(a), for x >= 0 1 minus that. The bracket crosses
   zero at a = 0.7525, where its low part is what counts: everything is kept as high + low. Silu's quicker derivative
   for backward passes is up to 6 ulp off here, since y grows twice as fast as t. */
INLINE REAL FN(gelu_tanh_derivative)(REAL x)
{
    REAL a = FN(min_fabs)(x, TANH_LARGEST), t_low, y_low;
    REAL t = FN(gelu_tanh_cubic)(a, TANH_L, TANH_L_LO, &t_low);
    REAL y = FN(gelu_tanh_cubic)(a, TANH_3L, TANH_3L_LO, &y_low);
    FN(exp_parts) e = FN(exp_split_low)(-t, -t_low, -DERIVATIVE_SHIFT);
    REAL z = FN(fma)(e.q, e.scale, e.scale);
    REAL z_low = FN(fma)(e.q_low, e.scale, FN(fma)(e.q, e.scale, e.scale - z));
    REAL line = FN(fma)(-y, DERIVATIVE_UNIT, DERIVATIVE_UNIT), bracket = line + z;
    REAL low = ((line - bracket) + z) + FN(fma)(-y_low, DERIVATIVE_UNIT, z_low);
    return FN(or_nan)(FN(derivative_from_bracket)(e, bracket, FN(fma)(e.q, low, low), x < 0), x);
}

/* s'(t) (2 t' + x (t'' - t'^2 tanh(t / 2))), an even function. */
INLINE REAL FN(gelu_tanh_second_derivative)(REAL x)
{
    const REAL k = TANH_K + TANH_K_LO;
    REAL a = FN(min_fabs)(x, LIT(11.1f, 21.75)), s = a * a; /* beyond, the result rounds to 0 */
    FN(exp_parts) e = FN(exp_short)(-a * FN(fma)(TANH_L, s, k), NORMAL_SHIFT);
    REAL scaled = FN(fma)(e.q, e.scale, e.scale), z = scaled * NORMAL_UNIT, r = 1 / (1 + z);
    REAL derivative = FN(fma)(TANH_3L, s, k);
    REAL inner = FN(fma)(a, FN(fma)(-derivative * derivative, (1 - z) * r, (2 * TANH_3L) * a), 2 * derivative);
    return FN(or_nan)(((scaled * r) * (r * inner)) * NORMAL_UNIT, x);
}
