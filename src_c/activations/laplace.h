/* laplace(x, mu, sigma) = Phi(t) with t = (x - mu) / sigma, where Phi is the normal distribution function: Q(|t|) for t < 0,
   and 1 minus that for t >= 0. Limits 0 and 1. The derivative is the density of the normal distribution with mean mu and
   deviation sigma. The rounding error of t counts |t| times in e^(-t^2/2), so double keeps it (math/normal_tail.h), and float is
   computed in double (math/wide.h). sigma = 0 gives a step. */
#define DENSITY_AT_0 0x1.9884533d43651p-2     /* 1 / sqrt(2 pi) = 0.3989422804 */
#define DENSITY_AT_0_LO -0x1.cbc0d30ebfd15p-56 /* 1 / sqrt(2 pi) - DENSITY_AT_0 */
#define LAPLACE_LARGEST 53.0 /* e^(-t^2/2) is next to 0, for the smallest sigma too */
#define LAPLACE_SHIFT -1022
#define LAPLACE_UNIT 0x1p-1022
#define LAPLACE_HALF_UNIT 0x1p-511 /* squared it is LAPLACE_UNIT */

#if FA_DOUBLE
/* 1 / sigma: returns the high part and sets *low. */
INLINE REAL FN(laplace_inverse)(REAL sigma, REAL *low)
{
    REAL size = FN(max)(FN(min)(FN(fabs)(sigma), LARGEST), 0x1p-1022), inverse = 1 / size;
    *low = FN(copysign)(1, sigma) * (FN(fma)(-size, inverse, 1) * inverse);
    return FN(copysign)(inverse, sigma);
}

/* |t|, `largest` at most, and its rounding error; *below is whether t < 0. */
INLINE REAL FN(laplace_argument)(REAL x, REAL mu, REAL sigma, REAL largest, REAL *low, int *below)
{
    REAL inverse_low, inverse = FN(laplace_inverse)(sigma, &inverse_low);
    REAL size = FN(min)(FN(fabs)(sigma), LARGEST / 256), reach = 2 * FN(fabs)(mu) + largest * size + 0x1p-900;
    REAL lost, distance = FN(two_diff)(FN(copysign)(FN(min_fabs)(x, FN(min)(reach, LARGEST)), x), mu, &lost);
    REAL t = FN(fma)(distance, inverse, 0);
    REAL t_low = FN(fma)(distance, inverse_low, FN(fma)(lost, inverse, FN(fma)(distance, inverse, -t)));
    *below = t < 0;
    *low = FN(fabs)(t) > largest ? 0 : t < 0 ? -t_low : t_low;
    return FN(min)(FN(fabs)(t), largest);
}

/* Error in ULP: 0.51 at -0x1.2512b6p+4, mu 0.707107, sigma 2.5 (every 251st float32);
   1.79 at -0x1.6e29fbbae3c1p+0, mu 0.707107, sigma 2.5 (2.6e6 float64). */
INLINE REAL FN(laplace)(REAL x, REAL mu, REAL sigma)
{
    int below;
    REAL a_low, a = FN(laplace_argument)(x, mu, sigma, NORMAL_LARGEST, &a_low, &below), b = -0.5 * a, s = a * b;
    /* Q(a) = 1/2 - a/2 P(s) near 0, with a slope of about -(0.3989 + 0.337 s). */
    REAL slope = FN(fma)(s, -0.337, -0.3989);
    FN(pair) half = FN(exact_product)(b, FN(normal_near)(s));
    half.low = FN(fma)(slope, a_low, half.low);
    REAL near = below ? (0.5 + half.high) + half.low : (0.5 - half.high) - half.low;
    FN(exp_parts) e = FN(exp_short_low)(s, FN(fma)(-a, a_low, FN(fma)(a, b, -s)), NORMAL_SHIFT);
    REAL r = FN(normal_far)(a), u = FN(fma)(r, e.q, e.q) + r;
    REAL high = FN(fma)(u, NORMAL_BASE, NORMAL_BASE), low = FN(fma)(u, NORMAL_BASE, NORMAL_BASE - high);
    REAL tail = (FN(quotient)(high, low, FN(max)(a, NORMAL_SEAM), a_low) * e.scale) * NORMAL_UNIT;
    REAL far = below ? tail : 1 - tail;
    return FN(or_nan)(FN(or_nan)(a < NORMAL_SEAM ? near : far, a), x);
}

/* Error in ULP: 0.51 at 0x1.f6897ap-18, mu 0.707107, sigma 0.282095 (every 251st float32);
   1.86 at -0x1.113574929c479p+4, mu 0.707107, sigma 2.5 (2.6e6 float64). */
INLINE REAL FN(laplace_derivative)(REAL x, REAL mu, REAL sigma)
{
    int below;
    REAL a_low, a = FN(laplace_argument)(x, mu, sigma, LAPLACE_LARGEST, &a_low, &below), b = -0.5 * a, s = a * b;
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
#else
/* 1 / sigma. */
INLINE double FN(laplace_inverse)(REAL sigma)
{
    return copysign_f64(1 / max_f64(FN(min)(FN(fabs)(sigma), LARGEST), 0x1p-149), sigma);
}

INLINE REAL FN(laplace)(REAL x, REAL mu, REAL sigma)
{
    double t = (x - (double)mu) * FN(laplace_inverse)(sigma), tail = normal_tail_wide_f64(min_f64(fabs_f64(t), 15));
    return (REAL)(t < 0 ? tail : 1 - tail);
}

/* factor e^(-t^2/2), which rounds to 0 at t^2 = 900, for the smallest sigma too. */
INLINE REAL FN(laplace_density)(double t, double factor)
{
    return (REAL)(exp_wide_f64(-0.5 * min_f64(t * t, 900)) * factor);
}

INLINE REAL FN(laplace_derivative)(REAL x, REAL mu, REAL sigma)
{
    double inverse = FN(laplace_inverse)(sigma);
    return FN(laplace_density)((x - (double)mu) * inverse, DENSITY_AT_0 * inverse);
}

/* -t / sigma times the derivative. */
INLINE REAL FN(laplace_second_derivative)(REAL x, REAL mu, REAL sigma)
{
    double inverse = FN(laplace_inverse)(sigma), t = (x - (double)mu) * inverse;
    return FN(laplace_density)(t, -DENSITY_AT_0 * inverse * inverse * max_f64(min_f64(t, 30), -30));
}
#endif
