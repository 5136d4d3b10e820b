/* tanh is odd; its limits are -1 and 1. In float, tanh |x| is a polynomial on each of 32 pieces (the table is tables/tanh.h, the
   loop FA_PIECEWISE_KERNEL in loops/elementwise.h); it is monotone on all floats.
   In double it is x + x^3 V(x^2) up to 0.7. Above, it is 1 - 1 / ((e^(2|x|) + 1) / 2) with the sign of x: the subtracted term
   is small, so its errors matter little. Every step of the computation rises with |x|, so the result is monotone.
   tanh'(x) = sech^2 x = 4 z / (1 + z)^2 with z = e^(-2|x|), which is 4 s'(2x) for the sigmoid s: math/sigmoid.h. */
#if FA_DOUBLE
/* V(s). The error of the result is 2^-57.1; from coeffs/tanh.py. */
INLINE REAL FN(tanh_tail)(REAL s)
{
    REAL s2 = s * s;
    REAL s4 = s2 * s2, s8 = s4 * s4;
    REAL p01 = FN(fma)(0x1.111111110dd8p-3, s, -0x1.5555555555525p-2);    /* 0.1333333333 -0.3333333333 */
    REAL p23 = FN(fma)(0x1.664f480d04f56p-6, s, -0x1.ba1ba1b7af461p-5);   /* 0.02186948811 -0.05396825395 */
    REAL p45 = FN(fma)(0x1.d6d1ee0e3bb27p-9, s, -0x1.226e283398dfap-7);   /* 0.003592071828 -0.008863229398 */
    REAL p67 = FN(fma)(0x1.34931d50a4e39p-11, s, -0x1.7d8c2b542455ap-10); /* 0.0005885594674 -0.001455488343 */
    REAL p89 = FN(fma)(0x1.7164f804b7b3ap-14, s, -0x1.ec67faf37acb1p-13); /* 8.807049023e-5 -0.0002347975602 */
    REAL pab = FN(fma)(0x1.41335f6534907p-18, s, -0x1.c56ac8692365ap-16); /* 4.786263024e-6 -2.70257664e-5 */
    REAL low = FN(fma)(FN(fma)(p67, s2, p45), s4, FN(fma)(p23, s2, p01));
    return FN(fma)(FN(fma)(pab, s2, p89), s8, low);
}

/* Error in ULP: 0.98 at -0x1.ae8256p+1 (every 251st float32); 0.94 at 0x1.6cf41250c0d68p-1 (316,618 float64). */
INLINE REAL FN(tanh)(REAL x)
{
    REAL a = FN(min)(FN(fabs)(x), 24.0); /* tanh is 1 from 19.1 on */
    /* These are fmas, because GCC moves plain products before the clamp, where they overflow. */
    REAL s = FN(fma)(a, a, 0), near = FN(fma)(a * s, FN(tanh_tail)(s), a);
    REAL r, scale, n = FN(exp_reduce)(FN(fma)(2, a, 0), 1, &r, &scale);
    r = FN(fma)(n, -LN2_LO, r);
    REAL r2 = r * r, q = FN(fma)(FN(exp_tail)(r, r2), r2, r);
    REAL far = 1 - 1 / FN(fma)(q, scale, scale + 0.5);
    return FN(copysign)(a > 0.7 ? far : near, x);
}
#else
#include "tables/tanh.h"
FA_PIECEWISE(tanh, TANH)

INLINE REAL FN(tanh_argument)(REAL x, REAL limit) { return FN(min)(FN(fabs)(x), limit); }

INLINE REAL FN(tanh_on_piece)(REAL x, REAL a, fa_piece p)
{
    REAL d = p.base - a, y = FN(fma)(FN(fma)(p.c4, d, p.c3), d, p.c2);
    return FN(copysign_positive)(FN(fma)(FN(fma)(y, d, p.c1), d, p.c0), x);
}
#endif

/* Error in ULP: 1.6 at -0x1.594ae6p-3 (every 251st float32); 1.51 at 0x1.400daf8ac4a8p-5 (316,618 float64). */
INLINE REAL FN(tanh_derivative)(REAL x)
{
    REAL a = FN(min)(FN(fabs)(x), DERIVATIVE_LARGEST);
    return FN(scaled_sigmoid_derivative)(FN(fma)(2, a, 0), 4);
}

/* tanh x = 2 s(2x) - 1, so tanh''(x) = 8 s''(2x). */
INLINE REAL FN(tanh_second_derivative)(REAL x)
{
    REAL a = FN(clamp)(x, -DERIVATIVE_LARGEST, DERIVATIVE_LARGEST);
    return FN(or_nan)(FN(scaled_sigmoid_second_derivative)(FN(fma)(2, a, 0), 8), x);
}

/* 1 - y^2, in a form that is exact next to |y| = 1. */
INLINE REAL FN(tanh_derivative_from_output)(REAL y) { return (1 - y) * (1 + y); }
