/* softplus(x, beta) = log(1 + e^t) / beta with t = beta x, without the threshold from which torch returns x. Limits 0 and inf.
   Method: math/softplus.h. x is clamped before the product, so t cannot overflow. The derivative is the sigmoid s(t), which is
   never 0 for x > 0; the second derivative is beta s(t) s(-t).

   beta < 0 gives -softplus(-x, -beta), as the formula does; beta = -1 is log_sigmoid. beta = inf gives relu. beta = 0 gives inf
   with the derivative 1/2. For an infinite x and a beta next to 0 the result is the limit in x. The compiler moves what depends
   on beta alone out of the loop, unless beta is an array. */
#define SOFTPLUS_FURTHEST LIT(0x1.fffff8p127f, 0x1.ffffffffffff8p1023) /* close to the largest number */

/* limit / |beta|, at most SOFTPLUS_FURTHEST. */
INLINE REAL FN(softplus_limit)(REAL limit, REAL size) { return limit / FN(max)(size, limit / SOFTPLUS_FURTHEST); }

/* beta x and its rounding error, with x clamped before the product. A |beta| next to 0 is raised until the largest x reaches the
   limits, so that an infinite x gives its limit. That changes results only for |x| > 2^100 (2^990). */
INLINE REAL FN(softplus_product)(REAL x, REAL beta, REAL lowest, REAL highest, REAL *t_low)
{
    REAL size = FN(min)(FN(fabs)(beta), LARGEST), far = FN(max)(lowest, highest);
    REAL enough = FN(max)(size, far / SOFTPLUS_FURTHEST);
    REAL steepness = FN(copysign)(size > 0 ? enough : size, beta);
    REAL least = lowest / enough, most = highest / enough;
    REAL a = FN(clamp)(x, beta < 0 ? -most : -least, beta < 0 ? least : most);
    REAL t = FN(fma)(steepness, a, 0);
    *t_low = FN(fma)(steepness, a, -t);
    return t;
}

/* Error in ULP: 1.6 at -0x1.36778p-1, beta 1.7 (every 251st float32); 1.68 at -0x1.732cb2613bcdap+0, beta 0.7 (3.8e6 float64). */
INLINE REAL FN(softplus)(REAL x, REAL beta)
{
    REAL size = FN(min)(FN(fabs)(beta), LARGEST), sign = FN(copysign)(1, beta);
    REAL steepness = FN(max)(size, LIT(0x1p-126f, 0x1p-1022));
    REAL inverse = sign / steepness;
    REAL error = FN(fma)(-sign * steepness, inverse, 1); /* 1 / beta = inverse (1 + error) */
    REAL product = LN2_HI * inverse;
    /* 1 / beta for E(s), limited, since E(s) is large where the result does not use it. */
    REAL curved = FN(copysign)(FN(min)(1 / steepness, LIT(0x1p80f, 0x1p800)), beta);
    REAL base_low = FN(fma)(LN2_HI, inverse, -product) + FN(fma)(LN2_HI, error * inverse, LN2_LO * inverse);
    REAL base = product * (steepness / FN(fabs)(beta)); /* inf for beta = 0, 0 for beta = inf */
    /* 2^(n - shift) and unit / beta must be normal numbers until e^t / beta rounds to 0. */
    int gentle = size < 1, shift = gentle ? LIT(-126, -1022) : LIT(-24, -53);
    REAL unit = gentle ? LIT(0x1p-126f, 0x1p-1022) : LIT(0x1p-24f, 0x1p-53);
    REAL furthest = FN(softplus_limit)(gentle ? LIT(174.0f, 1416.0) : LIT(104.0f, 745.2), size);
    REAL limit = size < 1 ? SOFTPLUS_NEAR_ROUNDED : size > 1 ? SOFTPLUS_NEAR_ROUNDED : SOFTPLUS_NEAR;

    REAL a = FN(minus_min_fabs)(x, furthest);
    REAL t = FN(fma)(size, a, 0), t_low = FN(fma)(size, a, -t);
    REAL r, scale, n = FN(exp_reduce)(t, shift, &r, &scale), r2 = r * r;
    REAL q = FN(fma)(FN(exp_tail)(r, r2), r2, r);
    /* The errors of r and of 1 / beta enter once, as a factor 1 + low; without it the result is 2.3 ULP off. */
    REAL low = FN(fma)(n, -LN2_LO, t_low) + error;
    REAL power = scale * (unit * inverse), part = FN(fma)(q, power, power);
    REAL above = sign * x < 0 ? 0 : x; /* NaN too */
    REAL far = FN(softplus_far)(part, power, FN(fma)(q, power, low * part), sign * steepness, above);
    REAL near = FN(softplus_near)(x, t, curved, base, base_low);
    REAL y = t > -limit ? near : far, end = size > 0 ? 0 : base; /* the limit at -inf, or at inf if beta < 0 */
    return sign * x < -LARGEST ? end : y;
}

#if !FA_DOUBLE
FA_PIECES_OF_TABLE(softplus, SOFTPLUS)

/* The value for beta = 1. */
INLINE REAL FN(softplus_table_parameter)(void) { return 1; }
INLINE int FN(softplus_outside)(REAL x, REAL limit) { return FN(fabs)(x) > limit; }
INLINE REAL FN(softplus_outside_table)(REAL x) { return (x > 0 ? x : 0) + softplus_beyond_pieces(x); }
INLINE REAL FN(softplus_argument)(REAL x, REAL limit) { return FN(min)(FN(fabs)(x), limit); }
INLINE REAL FN(softplus_on_piece)(REAL x, REAL a, fa_piece p) { return softplus_by_piece(x, a, p); }
#endif

/* Error in ULP: 1.78 at -0x1.936616p+0, beta 0.7 (every 251st float32);
   1.64 at -0x1.6000000000028p+3, beta 0.1 (3.8e6 float64). */
INLINE REAL FN(softplus_derivative)(REAL x, REAL beta)
{
    REAL t_low, t = FN(softplus_product)(x, beta, -SIGMOID_LOWEST, SIGMOID_HIGHEST, &t_low);
    return FN(or_nan)(SIGMOID_UNIT / FN(sigmoid_denominator_low)(t, t_low), x);
}

INLINE REAL FN(softplus_second_derivative)(REAL x, REAL beta)
{
    REAL t_low, t = FN(softplus_product)(x, beta, DERIVATIVE_LARGEST, DERIVATIVE_LARGEST, &t_low);
    return FN(or_nan)(FN(scaled_sigmoid_derivative)(t, 1) * FN(copysign)(FN(min)(FN(fabs)(beta), LARGEST), beta), x);
}

/* s(t) = 1 - 1 / (1 + e^t) = 1 - e^(-beta y), as exact as y is. */
INLINE REAL FN(softplus_derivative_from_output)(REAL y, REAL beta)
{
    REAL size = FN(min)(FN(fabs)(beta), LARGEST);
    REAL a = FN(minus_min_fabs)(y, FN(softplus_limit)(LIT(25.0f, 45.0), size));
    return FN(or_nan)(FN(one_minus_exp)(FN(fma)(size, a, 0)), y);
}
