/* mish(x) = x tanh(log(1 + e^x)) = x w (w + 2) / D with w = e^x and D = w^2 + 2 w + 2. Limits -0.0 and inf (peers give NaN at
   -inf). Minimum -0.3088 at x = -1.1924, the zero of the derivative. Every w carries a factor 2^SIGMOID_SHIFT until the last
   multiplication, which rounds a subnormal result. */
#define MISH_HIGHEST LIT(12.0f, 22.0) /* above, mish(x) rounds to x and its derivative to 1 */
#define MISH_ZERO LIT(-0x1.31432cp+0f, -0x1.31432c0d12d84p+0)       /* -1.192431211, -1.192431215 */
#define MISH_ZERO_LO LIT(-0x1.a25b08p-29f, -0x1.bf319154da21p-55)   /* -3.043937546e-9, -4.848482985e-17 */

/* x (1 - u) with u = 2 / D. For x < -0.35, where 1 - u cancels, it is x w (1 - u) with u = (w^2 + w) / D. With w = s + h, s = 2^n
   and h = s q, all terms of D but one are exact. The low part of D corrects 2 / D; without it the error is 2.0 ULP.
   x w (w + 2) / D would take 0.6 of the time and be 4.2 ULP off. */
/* Error in ULP: 1.65 at -0x1.e4b00ap-3 (every 251st float32); 1.21 at -0x1.5400da916bebp-2 (339,092 float64). */
INLINE REAL FN(mish)(REAL x)
{
    REAL a = FN(clamp)(x, SIGMOID_LOWEST, MISH_HIGHEST);
    FN(exp_parts) e = FN(exp_short)(a, -SIGMOID_SHIFT);
    REAL s = e.scale * SIGMOID_UNIT, h = e.q * s, b = 1 + s;
    REAL m = FN(fma)(2, b, h), c = FN(fma)(b, b, 1);
    REAL over = FN(fma)(h, m, c), over_low = FN(fma)(h, m, c - over);
    int left = a < LIT(-0.35f, -0.35);
    REAL u = (left ? FN(fma)(h, (b + s) + h, s * b) : 2) / over;
    REAL factor = a * (left ? e.scale : 1 / SIGMOID_UNIT), q = left ? e.q : u * over_low * (u / 2);
    REAL y = FN(fma)(factor, FN(fma)(-u, 1 + (left ? e.q : 0), q), factor) * SIGMOID_UNIT;
    return x <= MISH_HIGHEST ? FN(copysign)(y, x) : x; /* -0.0 for -0.0; NaN too */
}

#if !FA_DOUBLE
#include "tables/mish.h"
FA_PIECEWISE_INSIDE(mish, MISH)

/* x tanh(log(1 + e^x)), whose second factor is by pieces from -12.3 to 8.99. */
#define MISH_LOWEST -12.3f
INLINE int FN(mish_outside)(REAL x, REAL limit) { return (x < MISH_LOWEST) | (x > limit); }
INLINE REAL FN(mish_argument)(REAL x, REAL limit) { return FN(min)(FN(max)(x, MISH_LOWEST), limit); }
INLINE REAL FN(mish_on_piece)(REAL x, REAL a, fa_piece p)
{
    REAL d = p.base - a;
    return x * FN(fma)(piece_slope(d, p), d, p.c0);
}
#endif

/* The factor B of mish' at the distance d + d_low from its zero, for |d| < 1/4. It is a series whose first term is rounded
   last; *low is the rounding error. The error of the coefficients is 2^-29 (float) and 2^-59 (double); from
   coeffs/mish_zero.py. */
INLINE REAL FN(mish_bracket)(REAL d, REAL d_low, REAL *low)
{
#if FA_DOUBLE
    const REAL derivative = 0x1.9a1c155f7b7d1p+2, derivative_low = 0x1.4479ee534728bp-52; /* 6.40796408 2.814383213e-16 */
    REAL p = 0x1.02d7ba63a3ff9p-17;              /* 7.71411323e-6 */
    p = FN(fma)(p, d, 0x1.21a00fa6f809ep-15); /* 3.452601896e-5 */
    p = FN(fma)(p, d, 0x1.2c7d3e472406fp-13); /* 0.0001432844312 */
    p = FN(fma)(p, d, 0x1.26c2e44161829p-11); /* 0.0005622125538 */
    p = FN(fma)(p, d, 0x1.0eee567a929adp-9);  /* 0.002067039544 */
    p = FN(fma)(p, d, 0x1.d3c3cf9b0675fp-8);  /* 0.007137525735 */
    p = FN(fma)(p, d, 0x1.7cd9d5d8e7868p-6);  /* 0.02324529537 */
    p = FN(fma)(p, d, 0x1.259c9612baf1fp-4);  /* 0.07168253538 */
    p = FN(fma)(p, d, 0x1.ab14503f48dd3p-3);  /* 0.2085348386 */
    p = FN(fma)(p, d, 0x1.1d9a628eeb0a7p-1);  /* 0.557818489 */
    p = FN(fma)(p, d, 0x1.49433e20bcad9p+0);  /* 1.286182292 */
    p = FN(fma)(p, d, 0x1.21b0c7fb83bap+1);   /* 2.263207434 */
#else
    const REAL derivative = 0x1.9a1c16p+2f, derivative_low = -0x1.410906p-23f; /* 6.40796423 -1.494936868e-7 */
    REAL p = 0x1.81165ep-6f;            /* 0.02350386791 */
    p = FN(fma)(p, d, 0x1.28f23p-4f); /* 0.072496593 */
    p = FN(fma)(p, d, 0x1.ab0f2p-3f); /* 0.2085249424 */
    p = FN(fma)(p, d, 0x1.1d96d6p-1f); /* 0.5577914119 */
    p = FN(fma)(p, d, 0x1.49434p+0f);  /* 1.286182404 */
    p = FN(fma)(p, d, 0x1.21b0cap+1f); /* 2.263207674 */
#endif
    REAL rest = FN(fma)(d * d, p, FN(fma)(d, derivative_low, d_low * derivative));
    REAL bracket = FN(fma)(d, derivative, rest);
    *low = FN(fma)(d, derivative, -bracket) + rest;
    return bracket;
}

/* mish'(x) = w B / D^2 with B = 4 (1 + x) + w (6 + 4 x + w (4 + w)), which is accurate next to its zero. For x >= -0.25 it is
   1 - 2 (D - 2 x (w^2 + w)) / D^2. Low parts and a residual correct the quotient. Faster forms that were tried are too
   inexact: 2.2 ULP without the low part of k, 2.5 with D made of 1 + s as in mish. */
/* Error in ULP: 1.57 at -0x1.2ecc1cp-2 (every 251st float32); 1.11 at -0x1.0000000000012p+0 (339,092 float64). */
INLINE REAL FN(mish_derivative)(REAL x)
{
    REAL a = FN(clamp)(x, SIGMOID_LOWEST, MISH_HIGHEST);
    FN(exp_parts) e = FN(exp_split)(a, -SIGMOID_SHIFT);
    REAL s = e.scale * SIGMOID_UNIT, h = e.q * s;
    REAL w = s + h, w_low = FN(fma)(e.q_low, s, (s - w) + h);
    REAL b = 1 + w, b_low = ((1 - b) + w) + w_low; /* D = b^2 + 1 */
    REAL over = FN(fma)(b, b, 1), over_low = FN(fma)(2 * b, b_low, FN(fma)(b, b, 1 - over));
    REAL square = over * over, square_low = FN(fma)(2 * over, over_low, FN(fma)(over, over, -square));

    REAL line = FN(fma)(4, a, 4), k0 = FN(fma)(4, a, 6);
    REAL k = FN(fma)(w, w + 4, k0), k_low = FN(fma)(w, w + 4, k0 - k);
    REAL far = FN(fma)(w, k, line), far_low = FN(fma)(w, k_low, FN(fma)(w, k, line - far));
    far_low = FN(fma)(w_low, FN(fma)(w, FN(fma)(2, w, 4), k), far_low);
    /* An fma, because GCC moves a plain difference and d * d before the clamp of a, where d * d overflows. */
    REAL d = FN(fma)(a, 1, -MISH_ZERO), near_low, near = FN(mish_bracket)(d, -MISH_ZERO_LO, &near_low);
    int is_near = FN(fabs)(d) < LIT(0.25f, 0.25);
    REAL bracket = is_near ? near : far, low = is_near ? near_low : far_low;
    REAL high = FN(fma)(e.q, bracket, bracket);
    low = FN(fma)(e.q, low, low) + FN(fma)(e.q, bracket, bracket - high);

    REAL step = FN(fma)(w, w, w), right = FN(fma)(a, -2 * step, over);
    REAL right_low = FN(fma)(a, -2 * step, over - right) + over_low;
    int left = a < LIT(-0.25f, -0.25);
    high = left ? high : 2 * right;
    low = left ? low : 2 * right_low;
    REAL y = FN(quotient)(high, low, square, square_low);
    return FN(or_nan)(left ? y * e.scale * SIGMOID_UNIT : 1 - y, x);
}

/* mish' without most low parts, for backward passes: half of the time, error below 4 ULP. */
INLINE REAL FN(mish_derivative_fast)(REAL x)
{
    REAL a = FN(clamp)(x, SIGMOID_LOWEST, MISH_HIGHEST);
    FN(exp_parts) e = FN(exp_short)(a, -SIGMOID_SHIFT);
    REAL s = e.scale * SIGMOID_UNIT, w = FN(fma)(e.q, s, s);
    REAL b = w + 2, over = FN(fma)(w, b, 2), over_low = FN(fma)(w, b, 2 - over);
    REAL square = FN(fma)(over, over, 2 * over * over_low);
    REAL far = FN(fma)(w, FN(fma)(w, w + 4, FN(fma)(4, a, 6)), FN(fma)(4, a, 4));
    REAL d = FN(fma)(a, 1, -MISH_ZERO), unused, near = FN(mish_bracket)(d, -MISH_ZERO_LO, &unused);
    REAL bracket = FN(fabs)(d) < LIT(0.25f, 0.25) ? near : far;
    REAL right = over + FN(fma)(a, -2 * FN(fma)(w, w, w), over_low);
    int left = a < LIT(-0.25f, -0.25);
    REAL y = (left ? FN(fma)(e.q, bracket, bracket) : 2 * right) / square;
    return FN(or_nan)(left ? y * e.scale * SIGMOID_UNIT : 1 - y, x);
}

/* mish''(x) = 4 w (2 (w + 1) D + x (2 + 2 w - 3 w^2 - 2 w^3)) / D^3. */
INLINE REAL FN(mish_second_derivative)(REAL x)
{
    const REAL highest = MISH_HIGHEST + 8; /* above, less than 2^-49 (2^-80) */
    REAL a = FN(clamp)(x, SIGMOID_LOWEST, highest);
    FN(exp_parts) e = FN(exp_short)(a, -SIGMOID_SHIFT);
    REAL s = e.scale * SIGMOID_UNIT, w = FN(fma)(e.q, s, s), inverse = 1 / FN(fma)(w, w + 2, 2);
    REAL p = FN(fma)(w, FN(fma)(w, FN(fma)(-2, w, -3), 2), 2);
    REAL y = 4 * (w * inverse) * inverse * FN(fma)(a * p, inverse, FN(fma)(2, w, 2));
    return FN(or_nan)(x < highest ? y : 0, x);
}
