/* tanh(x) = x + x^3 V(x^2) up to TANH_NEAR, 1 - 1 / ((e^(2|x|) + 1) / 2) with the sign of x above, where what is
   subtracted is small enough for its errors to matter little. Every step rises with |x|, and so does the result.
   tanh'(x) = sech^2 x = 4 z / (1 + z)^2 with z = e^(-2|x|): math/sigmoid.h's slope at 2x. */
#undef TANH_NEAR
#if FA_DOUBLE
#define TANH_NEAR 0.7
#else
#define TANH_NEAR 0.8f
#endif

/* V(s), error of the whole 2^-27.9 (float), 2^-57.1 (double), from coeffs/tanh.py. */
INLINE REAL FN(tanh_tail)(REAL s)
{
    REAL s2 = s * s;
#if FA_DOUBLE
    REAL s4 = s2 * s2, s8 = s4 * s4;
    REAL p01 = FN(fused)(0x1.111111110dd8p-3, s, -0x1.5555555555525p-2);    /* 0.1333333333 -0.3333333333 */
    REAL p23 = FN(fused)(0x1.664f480d04f56p-6, s, -0x1.ba1ba1b7af461p-5);   /* 0.02186948811 -0.05396825395 */
    REAL p45 = FN(fused)(0x1.d6d1ee0e3bb27p-9, s, -0x1.226e283398dfap-7);   /* 0.003592071828 -0.008863229398 */
    REAL p67 = FN(fused)(0x1.34931d50a4e39p-11, s, -0x1.7d8c2b542455ap-10); /* 0.0005885594674 -0.001455488343 */
    REAL p89 = FN(fused)(0x1.7164f804b7b3ap-14, s, -0x1.ec67faf37acb1p-13); /* 8.807049023e-5 -0.0002347975602 */
    REAL pab = FN(fused)(0x1.41335f6534907p-18, s, -0x1.c56ac8692365ap-16); /* 4.786263024e-6 -2.70257664e-5 */
    REAL low = FN(fused)(FN(fused)(p67, s2, p45), s4, FN(fused)(p23, s2, p01));
    return FN(fused)(FN(fused)(pab, s2, p89), s8, low);
#else
    REAL p01 = FN(fused)(0x1.110b0ap-3f, s, -0x1.55553cp-2f);  /* 0.1333218366 -0.3333329558 */
    REAL p23 = FN(fused)(0x1.5ce5c4p-6f, s, -0x1.b92312p-5f);  /* 0.02129501477 -0.05384973064 */
    REAL p45 = FN(fused)(0x1.9de75p-10f, s, -0x1.e4dc6p-8f);   /* 0.001578916796 -0.00739838928 */
    return FN(fused)(FN(fused)(p45, s2, p23), s2, p01);
#endif
}

INLINE REAL FN(tanh)(REAL x)
{
    REAL a = FN(at_most)(FN(magnitude)(x), LIT(12.0f, 24.0)); /* tanh is 1 from 9.02 (19.1) on */
    /* Fused products, since GCC moves plain ones before the limit, where they overflow. */
    REAL s = FN(fused)(a, a, 0), near = FN(fused)(a * s, FN(tanh_tail)(s), a);
    REAL r, scale, n = FN(exp_reduce)(FN(fused)(2, a, 0), 1, &r, &scale);
    (void)n;
    r = LIT(r, FN(fused)(n, -LN2_LO, r)); /* in float too small to be seen */
    REAL r2 = r * r, q = FN(fused)(FN(exp_tail)(r, r2), r2, r);
    REAL far = 1 - 1 / FN(fused)(q, scale, scale + LIT(0.5f, 0.5));
    return FN(with_sign)(a > TANH_NEAR ? far : near, x);
}

INLINE REAL FN(tanh_derivative)(REAL x)
{
    REAL a = FN(at_most)(FN(magnitude)(x), SLOPE_LARGEST);
    return FN(logistic_slope)(FN(fused)(2, a, 0), 4);
}

/* tanh x = 2 s(2x) - 1, so that this is 8 s''(2x). */
INLINE REAL FN(tanh_second_derivative)(REAL x)
{
    REAL a = FN(clamp)(x, -SLOPE_LARGEST, SLOPE_LARGEST);
    return FN(or_nan)(FN(logistic_curvature)(FN(fused)(2, a, 0), 8), x);
}

/* 1 - y^2, written so that it stays exact next to |y| = 1. */
INLINE REAL FN(tanh_slope_from_output)(REAL y) { return (1 - y) * (1 + y); }
