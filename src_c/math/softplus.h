/* log(1 + e^t) / beta with t = beta x: softplus, and log_sigmoid with beta = -1.

   |t| >= SOFTPLUS_NEAR: max(x, 0) + log(1 + z) / beta with z = e^-|t| and log(1 + z) = z + z^2 P(z).
   |t| <  SOFTPLUS_NEAR: (ln 2) / beta + x / 2 + (t^2 / beta) E(t^2), because log(2 cosh(t/2)) is even.
   The second form makes the result monotone: with the limit at 0.6, where z^2 P(z) and z are rounded on coarse grids, the
   result fell after 6243 floats. If |beta| is not 1, t is rounded, and the second form would be 2.1 ULP off at t = -1, so
   it ends 1/8 earlier. */
#define SOFTPLUS_NEAR LIT(1.0f, 1.0)
#define SOFTPLUS_NEAR_ROUNDED LIT(0.875f, 0.875)

/* -min(|x|, limit); NaN becomes -limit. For float it is two integer operations on the bits. */
INLINE REAL FN(minus_min_fabs)(REAL x, REAL limit)
{
#if FA_DOUBLE
    return -FN(min)(FN(fabs)(x), limit);
#else
    uint32_t b = (uint32_t)FN(to_bits)(x) | 0x80000000u, l = (uint32_t)FN(to_bits)(-limit);
    return FN(from_bits)((int32_t)(b < l ? b : l));
#endif
}

/* P(z) for 0 <= z <= e^-0.875. The error of the logarithm is 2^-26 (float) and 2^-59 (double); from coeffs/softplus.py. */
INLINE REAL FN(log1p_tail)(REAL z)
{
    REAL z2 = z * z;
#if FA_DOUBLE
    REAL z4 = z2 * z2, z8 = z4 * z4;
    REAL p01 = FN(fma)(0x1.5555555554024p-2, z, -0x1.fffffffffffeap-2); /* 0.3333333333 -0.5 */
    REAL p23 = FN(fma)(0x1.9999997190c43p-3, z, -0x1.ffffffff192c2p-3); /* 0.1999999988 -0.25 */
    REAL p45 = FN(fma)(0x1.249200e1cba22p-3, z, -0x1.5555512da8444p-3); /* 0.1428566045 -0.1666666357 */
    REAL p67 = FN(fma)(0x1.c6e1c9bec8707p-4, z, -0x1.fff934b65ca5fp-4); /* 0.111055172 -0.1249935206 */
    REAL p89 = FN(fma)(0x1.6d80dd1c2899cp-4, z, -0x1.9825bcc501c9p-4); /* 0.08923422214 -0.09964536417 */
    REAL pab = FN(fma)(0x1.f442cb40a9b6ap-5, z, -0x1.3d027b6cb75e3p-4); /* 0.06106700609 -0.07739494527 */
    REAL pcd = FN(fma)(0x1.239a8c733b26cp-6, z, -0x1.43875db300b13p-5); /* 0.01779807773 -0.03949325848 */
    pcd = FN(fma)(-0x1.08ab4b7a2b2fcp-8, z2, pcd); /* -0.00403853028 */
    REAL low = FN(fma)(FN(fma)(p67, z2, p45), z4, FN(fma)(p23, z2, p01));
    REAL high = FN(fma)(pcd, z4, FN(fma)(pab, z2, p89));
    return FN(fma)(high, z8, low);
#else
    REAL p01 = FN(fma)(0x1.553ebap-2f, z, -0x1.ffff84p-2f); /* 0.3332470953 -0.4999981523 */
    REAL p23 = FN(fma)(0x1.84407p-3f, z, -0x1.fd2eb4p-3f); /* 0.1895760298 -0.2486242354 */
    REAL p45 = FN(fma)(0x1.823546p-5f, z, -0x1.fd989ap-4f); /* 0.04714454338 -0.1244131103 */
    return FN(fma)(FN(fma)(p45, z2, p23), z2, p01);
#endif
}

/* E(s) for 0 <= s <= 1. The error of the logarithm is 2^-27 (float) and 2^-60 (double); from coeffs/softplus.py. */
INLINE REAL FN(softplus_even)(REAL s)
{
#if FA_DOUBLE
    REAL s2 = s * s, s4 = s2 * s2;
    REAL p01 = FN(fma)(-0x1.555555555473ap-8, s, 0x1.ffffffffffffbp-4); /* -0.005208333333 0.125 */
    REAL p23 = FN(fma)(-0x1.ba1ba1490c883p-16, s, 0x1.6c16c16b3556bp-12); /* -2.635168611e-5 0.0003472222222 */
    REAL p45 = FN(fma)(-0x1.833a9db889663p-23, s, 0x1.1ea5c3244feb7p-19); /* -1.803175402e-7 2.135690368e-6 */
    REAL p67 = FN(fma)(-0x1.7a343373deac9p-30, s, 0x1.0cde49f6dec0cp-26); /* -1.37589781e-9 1.565019577e-8 */
    REAL p89 = FN(fma)(-0x1.e9ddbc177b2b3p-38, s, 0x1.fb6fd7eb9e3fp-34); /* -6.961416706e-12 1.153777904e-10 */
    REAL high = FN(fma)(p89, s4, FN(fma)(p67, s2, p45));
    return FN(fma)(high, s4, FN(fma)(p23, s2, p01));
#else
    REAL p = FN(fma)(-0x1.6b49dp-16f, s, 0x1.67f854p-12f); /* -2.165367187e-5 0.0003432941739 */
    return FN(fma)(FN(fma)(p, s, -0x1.553ecp-8f), s, 0x1.ffffd8p-4f); /* -0.005206987262 0.124999851 */
#endif
}

/* above + log(1 + z) / beta, where z / beta = power + rest, rounded to `part`. The largest term, power, is added last, so
   that only the sum of the others is rounded before it. */
INLINE REAL FN(softplus_far)(REAL part, REAL power, REAL rest, REAL beta, REAL above)
{
    REAL z = part * beta;
    rest = FN(fma)(part * FN(log1p_tail)(z), z, rest);
    return (above + rest) + power;
}

/* base + base_low + x / 2 + (t^2 / beta) E(t^2), where base + base_low = (ln 2) / beta and inverse = 1 / beta. */
INLINE REAL FN(softplus_near)(REAL x, REAL t, REAL inverse, REAL base, REAL base_low)
{
    REAL s = FN(fma)(t, t, 0); /* an fma, because GCC moves a plain product before the clamp of t, where it overflows */
    return base + FN(fma)(x, LIT(0.5f, 0.5), FN(fma)(s * FN(softplus_even)(s), inverse, base_low));
}

/* 1 - e^t for t <= 0. */
INLINE REAL FN(one_minus_exp)(REAL t)
{
    FN(exp_parts) e = FN(exp_short)(FN(minus_min_fabs)(t, LIT(25.0f, 45.0)), 0);
    return FN(or_nan)(FN(fma)(-e.q, e.scale, 1 - e.scale), t);
}

#if !FA_DOUBLE
#include "tables/softplus.h"

/* log(1 + e^x) for beta = 1, by pieces: max(x, 0) + f(a), where f is the table's function. c0 is added last for x > 0; for x < 0
   it is added to a product that is not rounded, because the sum would not be monotone with a rounded one. */
INLINE float softplus_by_piece(float x, float a, fa_piece p)
{
    float d = p.base - a, y = fma_f32(piece_slope(d, p), d, x > 0 ? x : p.c0);
    return y + (x > 0 ? p.c0 : 0);
}

/* log(1 + e^-|x|) beyond the table: z - z^2 / 2 with z = e^-|x|. */
INLINE float softplus_beyond_pieces(float x)
{
    exp_parts_f32 e = exp_short_f32(minus_min_fabs_f32(x, 104), -24);
    float z = fma_f32(e.q, e.scale, e.scale);
    return fma_f32(z * -0x1p-49f, z, z * 0x1p-24f);
}
#endif
