/* tanh_shrink(x) = x - tanh(x), odd. Near 0 the difference cancels (torch returns 0 for |x| <= 0.0002), so it is the series
   x^3 / 3 - 2 x^5 / 15 + ... In double, from |x| = 33/32 on it is (|x| - 1) + 2 z / (1 + z) with z = e^(-2|x|); in float,
   from 15/16 on a polynomial on each of 7 pieces (tables/tanh_shrink.h), and |x| - 1 from 10.5 on.
   tanh_shrink' = tanh^2: x^2 - 2 x^4 / 3 + ..., and 1 - 4 z / (1 + z)^2 from 0.9 on. Limits 1.
   tanh_shrink'' = 2 tanh sech^2 = 8 z (1 - z) / (1 + z)^3 with the sign of x. */
#define SHRINK_FAR LIT(12.0f, 20.0) /* above, 2 z does not change the result */
#define THIRD LIT(0x1.555556p-2f, 0x1.5555555555555p-2)      /* 0.3333333433, 0.3333333333 */
#define THIRD_LO LIT(-0x1.555556p-27f, 0x1.5555555555555p-56) /* -9.934107759e-9, 1.850371708e-17 */

/* V(s) of x - tanh x = x^3 (1/3 + s V(s)) with s = x^2 <= 1.0635. The error of the result is 2^-26 (float) and 2^-58 (double);
   from coeffs/tanh_shrink.py. */
INLINE REAL FN(tanh_shrink_tail)(REAL s)
{
#if FA_DOUBLE
    REAL s2 = s * s, s4 = s2 * s2, s8 = s4 * s4;
    REAL p01 = FN(fma)(0x1.ba1ba1ba1a26cp-5, s, -0x1.1111111111103p-3);   /* 0.05396825397 -0.1333333333 */
    REAL p23 = FN(fma)(0x1.226e354d1eebep-7, s, -0x1.664f48824fd8bp-6);   /* 0.008863235498 -0.02186948853 */
    REAL p45 = FN(fma)(0x1.7da3332568754p-10, s, -0x1.d6d3cdb3b0505p-9);  /* 0.001455831525 -0.003592127667 */
    REAL p67 = FN(fma)(0x1.f55d363cc820dp-13, s, -0x1.35561296ccae1p-11); /* 0.0002390690369 -0.0005900120185 */
    REAL p89 = FN(fma)(0x1.46525906845cp-15, s, -0x1.95c3ca3e8219p-14);   /* 3.890057456e-5 -9.67418682e-5 */
    REAL pab = FN(fma)(0x1.7b926a75a8fd8p-18, s, -0x1.0091021b38dc7p-16); /* 5.656062617e-6 -1.529255142e-5 */
    REAL pcd = FN(fma)(0x1.fc9474f67567bp-22, s, -0x1.ed5856f263a69p-20); /* 4.736519509e-7 -1.837853628e-6 */
    REAL pef = FN(fma)(0x1.ef4f17529d092p-28, s, -0x1.646e1997f08cfp-24); /* 7.207693847e-9 -8.298784448e-8 */
    REAL low = FN(fma)(FN(fma)(p67, s2, p45), s4, FN(fma)(p23, s2, p01));
    REAL high = FN(fma)(FN(fma)(pef, s2, pcd), s4, FN(fma)(pab, s2, p89));
    return FN(fma)(high, s8, low);
#else
    REAL p = FN(fma)(-0x1.162728p-13f, s, 0x1.d296fep-11f); /* -0.0001326336642 0.0008899494424 */
    p = FN(fma)(p, s, -0x1.9eb4aep-9f); /* -0.00316395401 */
    p = FN(fma)(p, s, 0x1.1c251cp-7f); /* 0.00867141597 */
    p = FN(fma)(p, s, -0x1.65867p-6f); /* -0.02182160318 */
    p = FN(fma)(p, s, 0x1.ba0f68p-5f); /* 0.0539624244 */
    return FN(fma)(p, s, -0x1.1110fp-3f); /* -0.133333087 */
#endif
}

/* T(s) of tanh^2 x = s + s^2 T(s) with s = x^2 <= 0.81. The error of the result is 2^-26 (float) and 2^-56 (double). */
INLINE REAL FN(tanh_square_tail)(REAL s)
{
    REAL s2 = s * s;
#if FA_DOUBLE
    REAL s4 = s2 * s2, s8 = s4 * s4;
    REAL p01 = FN(fma)(0x1.82d82d82d5f9p-2, s, -0x1.5555555555531p-1);    /* 0.3777777778 -0.6666666667 */
    REAL p23 = FN(fma)(0x1.8f57893fa9b4bp-4, s, -0x1.9319319256d6ep-3);   /* 0.09749559033 -0.1968253968 */
    REAL p45 = FN(fma)(0x1.65c8ee7428941p-6, s, -0x1.7e8c161da16a1p-5);   /* 0.02183745657 -0.04669765777 */
    REAL p67 = FN(fma)(0x1.29a7d28a3556dp-8, s, -0x1.48aa9cc38e5ep-7);    /* 0.004541863347 -0.0100301042 */
    REAL p89 = FN(fma)(0x1.d3353eb6f165ap-11, s, -0x1.0a16ed551121dp-9);  /* 0.0008911285175 -0.002030102226 */
    REAL pab = FN(fma)(0x1.2f1bd25e52d11p-13, s, -0x1.8a33a3a28c3c5p-12); /* 0.000144533481 -0.0003759400517 */
    REAL pcd = FN(fma)(0x1.58f7e77e41782p-17, s, -0x1.8155ff8c49e86p-15); /* 1.028085876e-5 -4.593562253e-5 */
    pcd = FN(fma)(-0x1.39d88828805f1p-20, s2, pcd);                       /* -1.169166817e-6 */
    REAL low = FN(fma)(FN(fma)(p67, s2, p45), s4, FN(fma)(p23, s2, p01));
    REAL high = FN(fma)(pcd, s4, FN(fma)(pab, s2, p89));
    return FN(fma)(high, s8, low);
#else
    REAL p01 = FN(fma)(0x1.82d11cp-2f, s, -0x1.555538p-1f); /* 0.377750814 -0.6666657925 */
    REAL p23 = FN(fma)(0x1.8937dp-4f, s, -0x1.92823ap-3f);  /* 0.09600049257 -0.19653745 */
    REAL p45 = FN(fma)(0x1.ddbc56p-7f, s, -0x1.5b4b22p-5f); /* 0.01457933616 -0.04239422455 */
    p45 = FN(fma)(-0x1.636e18p-9f, s2, p45);                /* -0.002711716108 */
    return FN(fma)(FN(fma)(p45, s2, p23), s2, p01);
#endif
}

#if FA_DOUBLE
/* x^2, x^3 and 1/3 have low parts; the error is 2.3 ULP without that of x^2 in the tail. The squares are fmas, because GCC moves
   plain products before the clamp of m, where they overflow. */
/* Error in ULP: 1.35 at -0x1.d6df7ep-1 (every 251st float32); 1.39 at 0x1.fffffffffff86p-1 (316,618 float64). */
INLINE REAL FN(tanh_shrink)(REAL x)
{
    REAL m = FN(minus_min_fabs)(x, SHRINK_FAR), s = FN(fma)(m, m, 0), s_low = FN(fma)(m, m, -s);
    REAL cube = m * s, cube_low = FN(fma)(m, s_low, FN(fma)(m, s, -cube));
    REAL tail = FN(tanh_shrink_tail)(s);
    tail = FN(fma)(s, tail, FN(fma)(s_low, tail, THIRD_LO));
    REAL near = FN(fma)(cube, THIRD, FN(fma)(cube, tail, cube_low * (THIRD + tail)));
    FN(exp_parts) e = FN(exp_short)(FN(fma)(2, m, 0), -1);
    REAL z2 = FN(fma)(e.q, e.scale, e.scale); /* 2 z */
    REAL far = (FN(fabs)(x) - 1) + z2 / FN(fma)(z2, 0.5, 1);
    return FN(copysign)(m < -1.03125 ? far : near, x);
}
#else
#include "tables/tanh_shrink.h"
FA_PIECEWISE(tanh_shrink, TANH_SHRINK)

INLINE REAL FN(tanh_shrink_argument)(REAL x, REAL limit) { return FN(min)(FN(fabs)(x), limit); }

/* The error is 1.9 ULP without the low part of x^3. */
INLINE REAL FN(tanh_shrink_on_piece)(REAL x, REAL a, fa_piece p)
{
    REAL s = FN(fma)(a, a, 0), s_low = FN(fma)(a, a, -s), tail = FN(fma)(s, FN(tanh_shrink_tail)(s), THIRD_LO);
    REAL cube = FN(fma)(a, s, 0), cube_low = FN(fma)(a, s_low, FN(fma)(a, s, -cube));
    REAL near = FN(fma)(cube, THIRD, FN(fma)(cube, tail, cube_low * THIRD));
    REAL d = p.base - a, y = FN(fma)(FN(fma)(FN(fma)(p.c6, d, p.c5), d, p.c4), d, p.c3);
    y = FN(fma)(FN(fma)(y, d, p.c2), d, p.c1);
    REAL far = FN(fma)(y, d, p.c0) + (FN(fabs)(x) - a);
    return FN(copysign_positive)(a < 0.9375f ? near : far, x);
}
#endif

/* Error in ULP: 1.72 at 0x1.b098aep-1 (every 251st float32); 1.51 at 0x1.7eed112ab8418p-1 (316,618 float64). */
INLINE REAL FN(tanh_shrink_derivative)(REAL x)
{
    REAL m = FN(minus_min_fabs)(x, SHRINK_FAR), s = FN(fma)(m, m, 0), s_low = FN(fma)(m, m, -s);
    REAL tail = s * FN(tanh_square_tail)(s);
    REAL near = s + FN(fma)(s, tail, FN(fma)(s_low, tail, s_low));
    FN(exp_parts) e = FN(exp_short)(FN(fma)(2, m, 0), -2);
    REAL z4 = FN(fma)(e.q, e.scale, e.scale); /* 4 z */
    REAL far = 1 - z4 / FN(fma)(z4, FN(fma)(z4, LIT(0.0625f, 0.0625), LIT(0.5f, 0.5)), 1);
    return FN(or_nan)(m < LIT(-0.9f, -0.9) ? far : near, x);
}

INLINE REAL FN(tanh_shrink_second_derivative)(REAL x)
{
    REAL m = FN(minus_min_fabs)(x, DERIVATIVE_LARGEST / 2);
    FN(exp_parts) e = FN(exp_short)(FN(fma)(2, m, 0), -DERIVATIVE_SHIFT);
    REAL scale = e.scale / DERIVATIVE_UNIT, t = FN(fma)(e.q, scale, scale - 1); /* z - 1 */
    REAL z = FN(fma)(e.q, scale, scale), inverse = 1 / (1 + z);
    REAL y = (-8 * z * inverse) * inverse * (t * inverse);
    return FN(or_nan)(FN(copysign)(y, x), x);
}
