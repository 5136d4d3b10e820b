/* erf(x) = 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x; odd, limits -1 and 1. In float, erf |x| is a polynomial on
   each of 30 pieces; it is monotone on all floats. In double it is min(|x|, 0.957) and a polynomial on each of 16; the error
   is 2^-56. The derivative is 2 / sqrt(pi) e^(-x^2). Constants from coeffs/erf.py. */
#define TWO_OVER_SQRT_PI LIT(0x1.20dd76p+0f, 0x1.20dd750429b6dp+0)      /* 1.128379226, 1.128379167 */
#define TWO_OVER_SQRT_PI_LO LIT(-0x1.f7ac92p-25f, 0x1.1ae3a914fed8p-56) /* -5.863538277e-8, 1.533545961e-17 */
#define ERF_DERIVATIVE_LARGEST LIT(10.5f, 27.5) /* a e^(-a^2) rounds to 0 */

#if FA_DOUBLE
#include "tables/erf_double.h"
FA_TABLE_OF_DOUBLE(erf, ERF_DOUBLE)
static const REAL FN(erf_limits)[2] = {ERF_SEAM, ERF_LIMIT_DOUBLE}; /* erf rounds to 1 from 5.92 on */

INLINE REAL FN(erf_argument)(REAL x, REAL seam, REAL limit)
{
    (void)seam;
    return FN(min)(FN(fabs)(x), limit);
}

/* ROUNDER + i. */
INLINE REAL FN(erf_position)(REAL a) { return FN(fma)(a, ERF_PER_WIDTH, ROUNDER); }

/* Error in ULP: 0.98 at 0x1.08a044p+1 (every 251st float32); 0.74 at 0x1.938f57a6c9d48p-26 (316,618 float64). */
INLINE REAL FN(erf)(REAL x, REAL a, REAL position, const REAL *row, REAL seam)
{
    REAL d = FN(fma)(position - ROUNDER, -ERF_WIDTH, a), d2 = d * d;
    REAL p1 = FN(fma)(FA_IN_ROW(2), d, FA_IN_ROW(1)), p3 = FN(fma)(FA_IN_ROW(4), d, FA_IN_ROW(3));
    REAL p5 = FN(fma)(FA_IN_ROW(6), d, FA_IN_ROW(5)), p7 = FN(fma)(FA_IN_ROW(8), d, FA_IN_ROW(7));
    REAL c12 = FN(from_bits)((BITS)((uint64_t)FN(to_bits)(FA_IN_ROW(11)) << 32)); /* coeffs/double_tables.py says why */
    REAL p9 = FN(fma)(FA_IN_ROW(10), d, FA_IN_ROW(9)), p11 = FN(fma)(c12, d, FA_IN_ROW(11));
    REAL p = FN(fma)(FN(fma)(FN(fma)(FN(fma)(FN(fma)(p11, d2, p9), d2, p7), d2, p5), d2, p3), d2, p1);
    return FN(copysign_positive)(FN(fma)(FN(fma)(p, d, FA_IN_ROW(0)), 1 / ERF_SCALE, FN(min)(a, seam)), x);
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
