/* erf(x) = 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x; odd, limits -1 and 1. In float, erf |x| is a polynomial on
   each of 30 pieces; it is monotone on all floats. In double, with a = |x|, it is a + a E(-a^2) up to 0.7, a polynomial around
   a point where erf is nearly a double up to 1.25, and 1 - e^(-a^2) X(a) beyond; the error is 2^-56. Without the middle
   polynomial erf would not be monotone. The derivative is 2 / sqrt(pi) e^(-x^2). Constants from coeffs/erf.py. */
#define TWO_OVER_SQRT_PI LIT(0x1.20dd76p+0f, 0x1.20dd750429b6dp+0)      /* 1.128379226, 1.128379167 */
#define TWO_OVER_SQRT_PI_LO LIT(-0x1.f7ac92p-25f, 0x1.1ae3a914fed8p-56) /* -5.863538277e-8, 1.533545961e-17 */
#define ERF_DERIVATIVE_LARGEST LIT(10.5f, 27.5) /* a e^(-a^2) rounds to 0 */

#if FA_DOUBLE
#define ERF_MIDDLE 0x1.f05fae3ed867dp-1 /* 0.9694799854 */
#define ERF_AT_MIDDLE 0x1.a8c6ba57ea921p-1 /* 0.8296411736 */

/* E(s). */
INLINE REAL FN(erf_near)(REAL s)
{
    REAL p = 0x1.b0fc862c921efp-27; /* 1.260156343e-8 */
    p = FN(fma)(p, s, 0x1.5c81083399efcp-23); /* 1.622848359e-7 */
    p = FN(fma)(p, s, 0x1.b9e73a7e35058p-20); /* 1.646217839e-6 */
    p = FN(fma)(p, s, 0x1.f4d65a1b86423p-17); /* 1.492611505e-5 */
    p = FN(fma)(p, s, 0x1.f9a373e4d42a4p-14); /* 0.0001205536096 */
    p = FN(fma)(p, s, 0x1.c02db6deb161ep-11); /* 0.0008548327858 */
    p = FN(fma)(p, s, 0x1.565bcd1e25e2dp-8); /* 0.00522397764 */
    p = FN(fma)(p, s, 0x1.b82ce312ec1f2p-6); /* 0.02686617065 */
    p = FN(fma)(p, s, 0x1.ce2f21a0440f3p-4); /* 0.1128379167 */
    p = FN(fma)(p, s, 0x1.812746b037a07p-2); /* 0.376126389 */
    p = FN(fma)(p, s, 0x1.06eba8214db69p-3); /* 0.1283791671 */
    return p;
}

/* (erf(ERF_MIDDLE + d) - ERF_AT_MIDDLE) / d. */
INLINE REAL FN(erf_middle)(REAL d)
{
    REAL p = 0x1.a2e9146dda66dp-16; /* 2.496900964e-5 */
    p = FN(fma)(p, d, 0x1.cdcc7ada72856p-18); /* 6.881337607e-6 */
    p = FN(fma)(p, d, -0x1.ae728e50dcfa5p-13); /* -0.0002052533551 */
    p = FN(fma)(p, d, 0x1.4f9f309855261p-13); /* 0.0001600369622 */
    p = FN(fma)(p, d, 0x1.36ad023864dc6p-10); /* 0.001185134182 */
    p = FN(fma)(p, d, -0x1.276987fdefd29p-9); /* -0.002253816462 */
    p = FN(fma)(p, d, -0x1.13cb7011791cdp-8); /* -0.004208292828 */
    p = FN(fma)(p, d, 0x1.0a4cfe3d501b7p-6); /* 0.01625370815 */
    p = FN(fma)(p, d, 0x1.48ef16126dd12p-10); /* 0.001254783365 */
    p = FN(fma)(p, d, -0x1.1d985647ae34p-4); /* -0.06972535804 */
    p = FN(fma)(p, d, 0x1.46d32ce04a691p-4); /* 0.07979123621 */
    p = FN(fma)(p, d, 0x1.08c2208b02774p-3); /* 0.1292765181 */
    p = FN(fma)(p, d, -0x1.b5a088e4d7f17p-2); /* -0.4273702039 */
    p = FN(fma)(p, d, 0x1.c36768dc37ep-2); /* 0.4408241639 */
    return p;
}

/* X(a) = e^(a^2) erfc(a). */
INLINE REAL FN(erf_far)(REAL a)
{
    REAL n = -0x1.cc45893ccf5f9p-23; /* -2.143306776e-7 */
    n = FN(fma)(n, a, 0x1.c7a4fc86b327bp-6); /* 0.02781033192 */
    n = FN(fma)(n, a, 0x1.9b9d92687671bp-3); /* 0.2009841383 */
    n = FN(fma)(n, a, 0x1.558e4065f55a7p-1); /* 0.6671009182 */
    n = FN(fma)(n, a, 0x1.2b5ddac8d8a9fp+0); /* 1.169400858 */
    n = FN(fma)(n, a, 0x1.000031bd610c3p+0); /* 1.000002965 */
    REAL d = 0x1.93b60b81baf2fp-5; /* 0.04928114173 */
    d = FN(fma)(d, a, 0x1.6cf32b8120ad9p-2); /* 0.3563963697 */
    d = FN(fma)(d, a, 0x1.34a32c1a9e474p+0); /* 1.205614811 */
    d = FN(fma)(d, a, 0x1.2140d0cd449cdp+1); /* 2.259790516 */
    d = FN(fma)(d, a, 0x1.261e7f3e43613p+1); /* 2.297805696 */
    d = FN(fma)(d, a, 0x1p+0); /* 1.0 */
    return n / d;
}

/* Error in ULP: 0.98 at 0x1.08a044p+1 (every 251st float32); 0.67 at 0x1.4f3264022a4cp+0 (316,618 float64). */
INLINE REAL FN(erf)(REAL x)
{
    REAL a = FN(min_fabs)(x, 6.0), d = a - ERF_MIDDLE; /* erf rounds to 1 from 5.92 on */
    REAL near = FN(fma)(FN(erf_near)(-a * a), a, a);
    REAL middle = FN(fma)(FN(erf_middle)(d), d, ERF_AT_MIDDLE);
    FN(exp_parts) e = FN(exp_product)(-a, a, 0);
    REAL w = FN(erf_far)(a), far = FN(fma)(FN(fma)(e.q, w, w), -e.scale, 1);
    REAL y = a < 1.25 ? middle : far;
    return FN(or_nan)(FN(copysign)(a < 0.7 ? near : y, x), x);
}
#else
#include "tables/erf.h"
FA_PIECEWISE(erf, ERF)

INLINE REAL FN(erf_argument)(REAL x, REAL limit) { return FN(min)(FN(fabs)(x), limit); }

/* On the first piece, where base is 0, erf is a + (2 / sqrt(pi) - 1) a + ...: the second term is small, so its coefficient may
   be rounded. */
INLINE REAL FN(erf_on_piece)(REAL x, REAL a, fa_piece p)
{
    REAL d = p.base - a, y = FN(fma)(FN(fma)(p.c4, d, p.c3), d, p.c2);
    return FN(copysign_positive)(FN(fma)(FN(fma)(y, d, p.c1), d, p.base > 0 ? p.c0 : a), x);
}

/* The value for half types, x Y(x^2) of coeffs/erf.py: the square of a half is exact. The error is 2^-24, 4.54 ULP of float,
   which does not change the rounded half; as a float it is not monotone. */
INLINE REAL FN(erf_half)(REAL x)
{
    REAL c = FN(clamp)(x, -4, 4), s = c * c;
    REAL n = 0x1.0a5678p-19f; /* 1.984371011e-6 */
    n = FN(fma)(n, s, 0x1.2b4cb2p-12f); /* 0.0002854343329 */
    n = FN(fma)(n, s, 0x1.006534p-8f); /* 0.003912282176 */
    n = FN(fma)(n, s, 0x1.b3bb56p-5f); /* 0.05318991467 */
    n = FN(fma)(n, s, 0x1.8db3b6p-3f); /* 0.1941904277 */
    n = FN(fma)(n, s, 0x1.20dd74p+0f); /* 1.128379107 */
    REAL d = 0x1.3a1488p-15f; /* 3.744127753e-5 */
    d = FN(fma)(d, s, 0x1.38bf4cp-10f); /* 0.001193036092 */
    d = FN(fma)(d, s, 0x1.f42e5ap-7f); /* 0.0152643146 */
    d = FN(fma)(d, s, 0x1.d993f4p-4f); /* 0.1156196147 */
    d = FN(fma)(d, s, 0x1.02c798p-1f); /* 0.5054290295 */
    d = FN(fma)(d, s, 1);
    return FN(or_nan)(c * (n / d), x);
}
#endif

/* Error in ULP: 1.53 at 0x1.4c1f8ep+0 (every 251st float32); 1.21 at 0x1.ec94c6ae2e732p+2 (316,618 float64). */
INLINE REAL FN(erf_derivative)(REAL x)
{
    REAL a = FN(min_fabs)(x, ERF_DERIVATIVE_LARGEST);
    FN(exp_parts) e = FN(exp_product)(-a, a, NORMAL_SHIFT);
    REAL y = FN(fma)(e.q, TWO_OVER_SQRT_PI, TWO_OVER_SQRT_PI_LO) + TWO_OVER_SQRT_PI;
    return FN(or_nan)((y * e.scale) * NORMAL_UNIT, x);
}

/* -2 x erf'(x). */
INLINE REAL FN(erf_second_derivative)(REAL x)
{
    REAL a = FN(min_fabs)(x, ERF_DERIVATIVE_LARGEST), y = (-2 * TWO_OVER_SQRT_PI) * FN(copysign)(a, x);
    FN(exp_parts) e = FN(exp_short)(-a * a, NORMAL_SHIFT);
    return FN(or_nan)((FN(fma)(e.q, y, y) * e.scale) * NORMAL_UNIT, x);
}
