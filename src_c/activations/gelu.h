/* gelu(x) = x Phi(x), where Phi is the normal distribution function. It is computed as max(x, 0) - a Q(a) with a = |x| and
   Q = 1 - Phi, which keeps the digits of negative x. In float a Q(a) is by pieces, and so is Q(a) - a phi(a) of the derivative,
   down to x = -7. Limits -0.0 and inf. Minimum -0.1700 at x = -0.7518. */
/* Error in ULP: 1.34 at -0x1.c222cp+2 (every 251st float32); 1.69 at -0x1.81c662ab183f2p-1 (339,622 float64). */
INLINE REAL FN(gelu)(REAL x)
{
    REAL base = FN(positive_part)(x);
    return FN(fma)(FN(normal_tail)(FN(min_fabs)(x, NORMAL_LARGEST), 0), -NORMAL_UNIT, base);
}

#if !FA_DOUBLE
#include "tables/gelu.h"
FA_PIECES_OF_TABLE(gelu, GELU)

/* max(x, 0) - a Q(a): at the table's limit a Q(a) is so small that a larger x minus it rounds to x. */
INLINE int FN(gelu_outside)(REAL x, REAL limit) { return x < -limit; }

INLINE REAL FN(gelu_outside_table)(REAL x)
{
    return FN(normal_tail)(FN(min_fabs)(x, NORMAL_LARGEST), 1) * -NORMAL_UNIT;
}

INLINE REAL FN(gelu_argument)(REAL x, REAL limit) { return FN(min)(FN(fabs)(x), limit); }

INLINE REAL FN(gelu_on_piece)(REAL x, REAL a, fa_piece p)
{
    REAL d = p.base - a;
    return FN(positive_part)(x) - FN(fma)(piece_slope(d, p), d, p.c0);
}

/* The value for half types: the square of a half is exact. It is one quotient for all a, V of coeffs/erf.py, with an error of
   2^-22, 5.42 ULP of float, which does not change the rounded half. */
INLINE REAL FN(gelu_half)(REAL x)
{
    REAL base = FN(positive_part)(x), a = FN(min_fabs)(x, NORMAL_LARGEST);
    FN(exp_parts) e = FN(exp_short)(-0.5f * a * a, NORMAL_SHIFT);
    REAL n = 0x1.91af9ep-23f; /* 1.87049622e-7 */
    n = FN(fma)(n, a, 0x1.e513d6p-7f); /* 0.01480339002 */
    n = FN(fma)(n, a, 0x1.c0e2p-4f); /* 0.1095905304 */
    n = FN(fma)(n, a, 0x1.5fd9d4p-2f); /* 0.3436043859 */
    n = FN(fma)(n, a, 0x1.fffffap-2f); /* 0.4999999106 */
    REAL d = 0x1.302b58p-5f; /* 0.03713004291 */
    d = FN(fma)(d, a, 0x1.18cac2p-2f); /* 0.2742109597 */
    d = FN(fma)(d, a, 0x1.cef0c6p-1f); /* 0.9041807055 */
    d = FN(fma)(d, a, 0x1.7c2e8p+0f); /* 1.485084534 */
    d = FN(fma)(d, a, 1);
    REAL tail = a * (n / d);
    return FN(fma)(FN(fma)(tail, e.q, tail) * e.scale, -NORMAL_UNIT, base);
}
#endif

/* Phi(x) + x phi(x), where phi is the density: Q(a) - a phi(a) for x < 0, and 1 minus that for x >= 0. */
/* Error in ULP: 1.47 at -0x1.8a3866p+3 (every 251st float32); 1.7 at -0x1.5da08b2acc6bp+4 (339,622 float64). */
INLINE REAL FN(gelu_derivative)(REAL x)
{
    REAL left = FN(normal_derivative)(FN(min_fabs)(x, NORMAL_LARGEST), 0);
    return FN(or_nan)(x < 0 ? left : 1 - left, x);
}

#if !FA_DOUBLE
#include "tables/gelu_derivative.h"
FA_PIECES_OF_TABLE(gelu_derivative, GELU_DERIVATIVE)

/* The limit of the table serves x > 7 too: 1 minus its value rounds to 1. */
INLINE int FN(gelu_derivative_outside)(REAL x, REAL limit) { return x < -limit; }

INLINE REAL FN(gelu_derivative_outside_table)(REAL x)
{
    return FN(normal_derivative)(FN(min_fabs)(x, NORMAL_LARGEST), 1);
}

INLINE REAL FN(gelu_derivative_argument)(REAL x, REAL limit) { return FN(min)(FN(fabs)(x), limit); }

INLINE REAL FN(gelu_derivative_on_piece)(REAL x, REAL a, fa_piece p) { return gelu_slope_by_piece(x, a, p); }
#endif

/* phi(x) (2 - x^2). */
INLINE REAL FN(gelu_second_derivative)(REAL x)
{
    const REAL density = LIT(0x1.988454p-2f, 0x1.9884533d43651p-2); /* 1 / sqrt(2 pi) = 0.3989422804 */
    REAL a = FN(min_fabs)(x, NORMAL_LARGEST);
    FN(exp_parts) e = FN(exp_short)(LIT(-0.5f, -0.5) * a * a, NORMAL_SHIFT);
    REAL y = density * FN(fma)(-a, a, 2);
    return FN(or_nan)((FN(fma)(e.q, y, y) * e.scale) * NORMAL_UNIT, x);
}
