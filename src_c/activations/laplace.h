/* laplace(x, mu, sigma) = Phi(t) with t = (x - mu) / sigma, where Phi is the normal distribution function: Q(|t|) for t < 0,
   and 1 minus that for t >= 0 (math/normal_tail.h). Limits 0 and 1. The derivative is the density of the normal distribution
   with mean mu and deviation sigma. t keeps its rounding error, because e^(-t^2/2) multiplies it by |t|. sigma = 0 gives a
   step. */
#define DENSITY_AT_0 LIT(0x1.988454p-2f, 0x1.9884533d43651p-2)         /* 1 / sqrt(2 pi) = 0.3989422804 */
#define DENSITY_AT_0_LO LIT(-0x1.857936p-27f, -0x1.cbc0d30ebfd15p-56)  /* 1 / sqrt(2 pi) - DENSITY_AT_0 */
#define LAPLACE_LARGEST LIT(18.6f, 53.0) /* e^(-t^2/2) is next to 0, for the smallest sigma too */
#define LAPLACE_SHIFT LIT(-126, -1022)
#define LAPLACE_UNIT LIT(0x1p-126f, 0x1p-1022)
#define LAPLACE_HALF_UNIT LIT(0x1p-63f, 0x1p-511) /* squared it is LAPLACE_UNIT */

/* 1 / sigma: returns the high part and sets *low. */
INLINE REAL FN(laplace_inverse)(REAL sigma, REAL *low)
{
    const REAL least = LIT(0x1p-126f, 0x1p-1022);
    REAL size = FN(max)(FN(min)(FN(fabs)(sigma), LARGEST), least), inverse = 1 / size;
    *low = FN(copysign)(1, sigma) * (FN(fma)(-size, inverse, 1) * inverse);
    return FN(copysign)(inverse, sigma);
}

/* |t|, `largest` at most, and its rounding error; *below is whether t < 0. */
INLINE REAL FN(laplace_argument)(REAL x, REAL mu, REAL sigma, REAL largest, REAL *low, int *below)
{
    REAL inverse_low, inverse = FN(laplace_inverse)(sigma, &inverse_low);
    REAL size = FN(min)(FN(fabs)(sigma), LARGEST / 256), reach = 2 * FN(fabs)(mu) + largest * size + LIT(0x1p-100f, 0x1p-900);
    REAL lost, distance = FN(two_diff)(FN(copysign)(FN(min_fabs)(x, FN(min)(reach, LARGEST)), x), mu, &lost);
    REAL t = FN(fma)(distance, inverse, 0);
    REAL t_low = FN(fma)(distance, inverse_low, FN(fma)(lost, inverse, FN(fma)(distance, inverse, -t)));
    *below = t < 0;
    *low = FN(fabs)(t) > largest ? 0 : t < 0 ? -t_low : t_low;
    return FN(min)(FN(fabs)(t), largest);
}

/* Error in ULP: 1.66 at -0x1.5fcb4p+0, mu 0.707107, sigma 2.5 (every 4016th float32);
   1.79 at -0x1.6e29fbbae3c1p+0, mu 0.707107, sigma 2.5 (2.6e6 float64). */
INLINE REAL FN(laplace)(REAL x, REAL mu, REAL sigma)
{
    int below;
    REAL a_low, a = FN(laplace_argument)(x, mu, sigma, NORMAL_LARGEST, &a_low, &below), b = LIT(-0.5f, -0.5) * a, s = a * b;
    /* Q(a) = 1/2 - a/2 P(s) near 0, with a slope of about -(0.3989 + 0.337 s). */
    REAL slope = FN(fma)(s, LIT(-0.337f, -0.337), LIT(-0.3989f, -0.3989));
    FN(pair) half = FN(exact_product)(b, FN(normal_near)(s));
    half.low = FN(fma)(slope, a_low, half.low);
    REAL near = below ? (LIT(0.5f, 0.5) + half.high) + half.low : (LIT(0.5f, 0.5) - half.high) - half.low;
    FN(exp_parts) e = FN(exp_short_low)(s, FN(fma)(-a, a_low, FN(fma)(a, b, -s)), NORMAL_SHIFT);
    REAL r = FN(normal_far)(a), u = FN(fma)(r, e.q, e.q) + r;
    REAL high = FN(fma)(u, NORMAL_BASE, NORMAL_BASE), low = FN(fma)(u, NORMAL_BASE, NORMAL_BASE - high);
    REAL tail = (FN(quotient)(high, low, FN(max)(a, NORMAL_SEAM), a_low) * e.scale) * NORMAL_UNIT;
    REAL far = below ? tail : 1 - tail;
    return FN(or_nan)(FN(or_nan)(a < NORMAL_SEAM ? near : far, a), x);
}

/* Error in ULP: 1.69 at -0x1.c48cdap+3, mu 0.707107, sigma 2.5 (every 4016th float32);
   1.86 at -0x1.113574929c479p+4, mu 0.707107, sigma 2.5 (2.6e6 float64). */
INLINE REAL FN(laplace_derivative)(REAL x, REAL mu, REAL sigma)
{
    int below;
    REAL a_low, a = FN(laplace_argument)(x, mu, sigma, LAPLACE_LARGEST, &a_low, &below), b = LIT(-0.5f, -0.5) * a, s = a * b;
    REAL inverse_low, inverse = FN(laplace_inverse)(sigma, &inverse_low);
    /* The factor 1 / LAPLACE_UNIT that e.scale carries is taken back in two steps, before and after the product, such that
       nothing overflows and only the result may be subnormal: a caller may have subnormal numbers flushed to 0. */
    REAL size = FN(fabs)(inverse);
    REAL before = size > 1 ? LAPLACE_HALF_UNIT : 1, after = size > 1 ? LAPLACE_HALF_UNIT : LAPLACE_UNIT;
    before = size > 1 / LAPLACE_HALF_UNIT ? LAPLACE_UNIT : before;
    after = size > 1 / LAPLACE_HALF_UNIT ? 1 : after;
    REAL scaled = inverse * before;
    REAL peak = DENSITY_AT_0 * scaled;
    REAL peak_low = FN(fma)(DENSITY_AT_0, scaled, -peak) + FN(fma)(DENSITY_AT_0 * before, inverse_low, DENSITY_AT_0_LO * scaled);
    FN(exp_parts) e = FN(exp_short_low)(s, FN(fma)(-a, a_low, FN(fma)(a, b, -s)), LAPLACE_SHIFT);
    REAL y = ((FN(fma)(e.q, peak, peak_low) + peak) * e.scale) * after;
    return FN(or_nan)(FN(or_nan)(a < LAPLACE_LARGEST ? y : 0, a), x);
}

/* -t / sigma times the derivative. */
INLINE REAL FN(laplace_second_derivative)(REAL x, REAL mu, REAL sigma)
{
    int below;
    REAL a_low, a = FN(laplace_argument)(x, mu, sigma, LAPLACE_LARGEST, &a_low, &below);
    REAL inverse_low, inverse = FN(laplace_inverse)(sigma, &inverse_low);
    return ((below ? a : -a) * FN(laplace_derivative)(x, mu, sigma)) * inverse;
}
