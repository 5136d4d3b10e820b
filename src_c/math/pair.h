/* Pairs of doubles: sums high + low, where low is what rounding to high loses. Functions whose terms cancel are computed with
   them, so that the relative error stays small near a zero of the result; their float kernels compute in double (wide.h). Of the
   series' Taylor coefficients the first have a low part; constants from coeffs/pair.py. The errors of the series are below 2^-72
   of the first term. */
#if FA_DOUBLE
typedef struct {
    REAL high, low;
} FN(pair);

#define HALF_PI 0x1.921fb54442d18p+0        /* 1.570796327 */
#define HALF_PI_LO 0x1.1a62633145c07p-54    /* 6.123233996e-17 */
#define HALF_PI_LO2 -0x1.f1976b7ed8fbcp-110 /* -1.497384905e-33 */
#define TWO_OVER_PI 0x1.45f306dc9c883p-1    /* 0.6366197724 */

/* a + b for any a and b. */
INLINE FN(pair) FN(exact_sum)(REAL a, REAL b)
{
    REAL sum = a + b, back = sum - a;
    return (FN(pair)){sum, (a - (sum - back)) + (b - back)};
}

/* a + b for |a| >= |b|, or a = 0. */
INLINE FN(pair) FN(ordered_sum)(REAL a, REAL b)
{
    REAL sum = a + b;
    return (FN(pair)){sum, (a - sum) + b};
}

/* a b. These products are fmas, because GCC moves plain ones before selections that keep them from overflowing. */
INLINE FN(pair) FN(exact_product)(REAL a, REAL b)
{
    REAL product = FN(fma)(a, b, 0);
    return (FN(pair)){product, FN(fma)(a, b, -product)};
}

INLINE FN(pair) FN(pair_sum)(FN(pair) a, FN(pair) b)
{
    FN(pair) sum = FN(exact_sum)(a.high, b.high);
    return FN(ordered_sum)(sum.high, sum.low + (a.low + b.low));
}

INLINE FN(pair) FN(pair_product)(FN(pair) a, FN(pair) b)
{
    FN(pair) product = FN(exact_product)(a.high, b.high);
    product.low = FN(fma)(a.high, b.low, FN(fma)(a.low, b.high, product.low));
    return product;
}

/* y x + (c + c_low), where |c| is the larger term: a step of a series. y.low is used last, so that steps overlap in time. */
INLINE FN(pair) FN(pair_step)(FN(pair) y, FN(pair) x, REAL c, REAL c_low)
{
    FN(pair) product = FN(exact_product)(y.high, x.high), sum = FN(ordered_sum)(c, product.high);
    sum.low += FN(fma)(y.high, x.low, product.low) + c_low;
    sum.low = FN(fma)(y.low, x.high, sum.low);
    return sum;
}

/* e^r - 1 - r for |r| <= 0.35. */
INLINE FN(pair) FN(exp_tail_pair)(FN(pair) r)
{
    REAL p = 0x1.6827863b97d97p-53; /* 1.561920697e-16 */
    p = FN(fma)(p, r.high, 0x1.952c77030ad4ap-49); /* 2.811457254e-15 */
    p = FN(fma)(p, r.high, 0x1.ae7f3e733b81fp-45); /* 4.779477332e-14 */
    p = FN(fma)(p, r.high, 0x1.ae7f3e733b81fp-41); /* 7.647163732e-13 */
    p = FN(fma)(p, r.high, 0x1.93974a8c07c9dp-37); /* 1.14707456e-11 */
    p = FN(fma)(p, r.high, 0x1.6124613a86d09p-33); /* 1.605904384e-10 */
    p = FN(fma)(p, r.high, 0x1.1eed8eff8d898p-29); /* 2.087675699e-9 */
    p = FN(fma)(p, r.high, 0x1.ae64567f544e4p-26); /* 2.505210839e-8 */
    p = FN(fma)(p, r.high, 0x1.27e4fb7789f5cp-22); /* 2.755731922e-7 */
    p = FN(fma)(p, r.high, 0x1.71de3a556c734p-19); /* 2.755731922e-6 */
    p = FN(fma)(p, r.high, 0x1.a01a01a01a01ap-16); /* 2.48015873e-5 */
    p = FN(fma)(p, r.high, 0x1.a01a01a01a01ap-13); /* 0.0001984126984 */
    FN(pair) y = {p, 0};
    y = FN(pair_step)(y, r, 0x1.6c16c16c16c17p-10, -0x1.f49f49f49f49fp-65); /* 0.001388888889 */
    y = FN(pair_step)(y, r, 0x1.1111111111111p-7, 0x1.1111111111111p-63); /* 0.008333333333 */
    y = FN(pair_step)(y, r, 0x1.5555555555555p-5, 0x1.5555555555555p-59); /* 0.04166666667 */
    y = FN(pair_step)(y, r, 0x1.5555555555555p-3, 0x1.5555555555555p-57); /* 0.1666666667 */
    y = FN(pair_step)(y, r, 0.5, 0);
    return FN(pair_product)(y, FN(pair_product)(r, r));
}

/* sin^2 r of s = r^2, for |r| <= 0.92. */
INLINE FN(pair) FN(sine_square_pair)(FN(pair) s)
{
    REAL p = 0x1.3932c5047d60ep-79; /* 2.023996697e-24 */
    p = FN(fma)(p, s.high, -0x1.0a18a2635085dp-71); /* -4.402192815e-22 */
    p = FN(fma)(p, s.high, 0x1.88e85fc6a4e5ap-64); /* 8.32014442e-20 */
    p = FN(fma)(p, s.high, -0x1.f2cf01972f578p-57); /* -1.352023468e-17 */
    p = FN(fma)(p, s.high, 0x1.0ce396db7f853p-49); /* 1.865792386e-15 */
    p = FN(fma)(p, s.high, -0x1.e542ba4020225p-43); /* -2.154990206e-13 */
    p = FN(fma)(p, s.high, 0x1.6827863b97d97p-36); /* 2.047240696e-11 */
    p = FN(fma)(p, s.high, -0x1.ae7f3e733b81fp-30); /* -1.566139132e-9 */
    p = FN(fma)(p, s.high, 0x1.93974a8c07c9dp-24); /* 9.396834794e-8 */
    p = FN(fma)(p, s.high, -0x1.1eed8eff8d898p-18); /* -4.275559831e-6 */
    FN(pair) y = {p, 0};
    y = FN(pair_step)(y, s, 0x1.27e4fb7789f5cp-13, 0x1.cbbc05b4fa99ap-67); /* 0.0001410934744 */
    y = FN(pair_step)(y, s, -0x1.a01a01a01a01ap-9, -0x1.a01a01a01a01ap-69); /* -0.003174603175 */
    y = FN(pair_step)(y, s, 0x1.6c16c16c16c17p-5, -0x1.f49f49f49f49fp-60); /* 0.04444444444 */
    y = FN(pair_step)(y, s, -0x1.5555555555555p-2, -0x1.5555555555555p-56); /* -0.3333333333 */
    return FN(pair_product)(FN(pair_step)(y, s, 1, 0), s);
}

/* sin w, with s = w^2, for |w| <= 1.84. */
INLINE FN(pair) FN(sine_pair)(FN(pair) w, FN(pair) s)
{
    REAL p = 0x1.259f98b4358adp-103; /* 1.130996289e-31 */
    p = FN(fma)(p, s.high, -0x1.d1ab1c2dccea3p-94); /* -9.183689864e-29 */
    p = FN(fma)(p, s.high, 0x1.3f3ccdd165fa9p-84); /* 6.446950284e-26 */
    p = FN(fma)(p, s.high, -0x1.761b41316381ap-75); /* -3.868170171e-23 */
    p = FN(fma)(p, s.high, 0x1.71b8ef6dcf572p-66); /* 1.957294106e-20 */
    p = FN(fma)(p, s.high, -0x1.2f49b46814157p-57); /* -8.220635247e-18 */
    p = FN(fma)(p, s.high, 0x1.952c77030ad4ap-49); /* 2.811457254e-15 */
    p = FN(fma)(p, s.high, -0x1.ae7f3e733b81fp-41); /* -7.647163732e-13 */
    p = FN(fma)(p, s.high, 0x1.6124613a86d09p-33); /* 1.605904384e-10 */
    FN(pair) y = {p, 0};
    y = FN(pair_step)(y, s, -0x1.ae64567f544e4p-26, 0x1.c062e06d1f209p-80); /* -2.505210839e-8 */
    y = FN(pair_step)(y, s, 0x1.71de3a556c734p-19, -0x1.c154f8ddc6cp-73); /* 2.755731922e-6 */
    y = FN(pair_step)(y, s, -0x1.a01a01a01a01ap-13, -0x1.a01a01a01a01ap-73); /* -0.0001984126984 */
    y = FN(pair_step)(y, s, 0x1.1111111111111p-7, 0x1.1111111111111p-63); /* 0.008333333333 */
    y = FN(pair_step)(y, s, -0x1.5555555555555p-3, -0x1.5555555555555p-57); /* -0.1666666667 */
    return FN(pair_product)(FN(pair_step)(y, s, 1, 0), w);
}

/* e^x = 2^n (1 + r + tail), scale = 2^(n - shift): returns n. 2^(n - shift) must be a normal number. */
INLINE REAL FN(exp_reduce_pair)(REAL x, int shift, FN(pair) *r, FN(pair) *tail, REAL *scale)
{
    REAL first, n = FN(exp_reduce)(x, shift, &first, scale);
    FN(pair) second = FN(exact_product)(n, -LN2_LO);
    *r = FN(exact_sum)(first, second.high);
    r->low += second.low;
    *tail = FN(exp_tail_pair)(*r);
    return n;
}

/* e^x - 1 - x for x <= 0. Below -40 (-80) e^x does not matter beside x. */
INLINE FN(pair) FN(expm1_tail_pair)(REAL x)
{
    FN(pair) r, tail;
    REAL scale, n = FN(exp_reduce_pair)(FN(max)(x, -80.0), 0, &r, &tail, &scale);
    FN(pair) power = FN(pair_sum)(r, tail);
    power.high *= scale, power.low *= scale;
    FN(pair) whole = FN(pair_sum)(FN(pair_sum)(FN(exact_sum)(scale, -1), power), (FN(pair)){-x, 0});
    return n == 0 ? tail : whole;
}
#endif
