/* gelu_tanh(x) = x / 2 (1 + tanh(t / 2)) = x s(t), where s is the sigmoid, t = x (K + L x^2), K = 2 sqrt(2 / pi) and
   L = 0.044715 K. It is computed as max(x, 0) - a / (1 + e^|t|) with a = |x|, because 1 + tanh loses the tail. e^t multiplies
   the rounding error of t by |t|, so t is high + low: a rounded cubic loses 6 bits. Limits -0.0 and inf. Minimum -0.1700 at
   x = -0.7525. Constants from coeffs/gelu_tanh.py. */
#define TANH_LARGEST LIT(10.92f, 21.6) /* x t'(x) e^-t rounds to 0 */
#define TANH_K LIT(0x1.98846p+0f, 0x1.9884533d4364p+0)         /* 1.595769882, 1.595769122: short, so K - (K + L x^2) is exact */
#define TANH_K_LO LIT(-0x1.985794p-21f, 0x1.08d0fcb3c500cp-48)      /* -7.605964356e-7, 3.675065196e-15 */
#define TANH_L LIT(0x1.2444f2p-4f, 0x1.2444f2a4d8b4bp-4)            /* 0.07135481387, 0.07135481627 */
#define TANH_L_LO LIT(0x1.49b16ap-29f, -0x1.6c843a29d1c7p-61)       /* 2.398832466e-9, -6.175149918e-19 */
#define TANH_3L LIT(0x1.b6676cp-3f, 0x1.b6676bf7450fp-3)            /* 0.2140644491, 0.2140644488 */
#define TANH_3L_LO LIT(-0x1.175e2p-32f, 0x1.bba7351828aabp-57)      /* -2.54083421e-10, 1.202524283e-17 */

/* a (K + l a^2): returns the high part and sets *low. With l = L it is t, with l = 3 L it is a t'(a). */
INLINE REAL FN(gelu_tanh_cubic)(REAL a, REAL l, REAL l_low, REAL *low)
{
    REAL s = a * a, s_low = FN(fma)(a, a, -s), p = FN(fma)(l, s, TANH_K);
    REAL p_low = FN(fma)(l, s, TANH_K - p) + FN(fma)(l, s_low, FN(fma)(l_low, s, TANH_K_LO));
    REAL t = a * p;
    *low = FN(fma)(a, p_low, FN(fma)(a, p, -t));
    return t;
}

/* Error in ULP: 1.71 at -0x1.693e12p+2 (every 251st float32); 1.57 at -0x1.57e508f1873abp+3 (339,622 float64). */
INLINE REAL FN(gelu_tanh)(REAL x)
{
    REAL a = FN(min_fabs)(x, TANH_LARGEST), low, t = FN(gelu_tanh_cubic)(a, TANH_L, TANH_L_LO, &low);
    REAL base = FN(positive_part)(x);
    return FN(fma)(a / FN(sigmoid_denominator_low)(-t, -low), -SIGMOID_UNIT, base);
}

/* z (1 + z - y) / (1 + z)^2 with z = e^-|t| and y = a t'(a) for x < 0, and 1 minus that for x >= 0. The bracket 1 + z - y is 0 at
   a = 0.7525, where its low part decides, so everything is high + low. silu's faster derivative would be up to 6 ULP off here,
   because y grows twice as fast as t. */
/* Error in ULP: 1.12 at -0x1.c9f946p-1 (every 251st float32); 1.17 at -0x1.40cb2026843f6p-8 (339,622 float64). */
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

#if !FA_DOUBLE
#include "tables/gelu_tanh_derivative.h"
FA_PIECEWISE_INSIDE(gelu_tanh_derivative, GELU_TANH_DERIVATIVE)

/* By pieces, down to x = -5.8. The limit of the table serves x > 5.8 too: 1 minus its value rounds to 1. */
INLINE int FN(gelu_tanh_derivative_outside)(REAL x, REAL limit) { return x < -limit; }
INLINE REAL FN(gelu_tanh_derivative_argument)(REAL x, REAL limit) { return FN(min)(FN(fabs)(x), limit); }

INLINE REAL FN(gelu_tanh_derivative_on_piece)(REAL x, REAL a, fa_piece p) { return gelu_slope_by_piece(x, a, p); }
#endif

/* s'(t) (2 t' + x (t'' - t'^2 tanh(t / 2))), which is even. */
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
