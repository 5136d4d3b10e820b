/* xielu(x) = alpha_p x^2 + beta x for x > 0, and alpha_n (expm1(min(x, eps)) - x) + beta x elsewhere. alpha_p, alpha_n and
   beta are the effective ones, not what a model stores. The derivative is 2 alpha_p x + beta and alpha_n (e^x - 1) + beta; it
   is beta at 0. The step at 0, where the function is alpha_n expm1(eps), has no slope. The terms cancel at zeros of the
   function and of its derivative, which are sums of pairs: math/pair.h. At -inf the sign of alpha_n - beta decides. */
#define XIELU_FAR (-1024) /* e^x is 0 beside 1 from here on */

/* lead * infinity; `other` for lead = 0. */
INLINE REAL FN(xielu_limit)(REAL lead, REAL other)
{
    REAL limit = FN(copysign)(INFINITY, lead);
    return lead == 0 ? other : FN(or_nan)(limit, lead);
}

/* x, and 0 for what is negative or infinite. */
INLINE REAL FN(xielu_positive)(REAL x) { return ((x > 0) & (x <= LARGEST)) ? x : 0; }

/* Error in ULP: 0.68 at 0x1.40134p-123, alpha_p 0.8, alpha_n 0.8, beta 0.2, eps -1e-06 (every 4016th float32);
   0.75 at 0x1.b6867b88aa19cp-1019, alpha_p 0.8, alpha_n 0.8, beta 0.2, eps -1e-06 (3.9e6 float64). */
INLINE REAL FN(xielu)(REAL x, REAL alpha_p, REAL alpha_n, REAL beta, REAL eps)
{
    /* What overflows is not computed in pairs, whose low parts would be NaN. */
    REAL above = FN(xielu_positive)(x), rough = FN(fma)(FN(fma)(alpha_p, above, beta), above, 0);
    REAL c = FN(fabs)(rough) <= LARGEST ? above : 0;
    FN(pair) slope = FN(pair_sum)(FN(exact_product)(alpha_p, c), (FN(pair)){beta, 0});
    REAL right = FN(pair_product)(slope, (FN(pair)){c, 0}).high;
    right = FN(fabs)(rough) <= LARGEST ? right : rough;
    right = x > LARGEST ? FN(xielu_limit)(alpha_p, FN(xielu_limit)(beta, 0)) : right;

    FN(pair) fall = FN(exact_sum)(beta, -alpha_n);
    REAL below = -FN(xielu_positive)(-x);
    rough = FN(fma)(fall.high, below, -alpha_n);
    c = FN(fabs)(rough) <= LARGEST ? below : 0;
    REAL far = FN(pair_sum)(FN(pair_product)(fall, (FN(pair)){c, 0}), (FN(pair)){-alpha_n, 0}).high;
    far = FN(fabs)(rough) <= LARGEST ? far : rough;
    far = x < -LARGEST ? FN(xielu_limit)(-fall.high, -alpha_n) : far;

    REAL near = FN(min)(FN(max)(x, XIELU_FAR), 0), m = FN(min)(near, eps);
    FN(pair) tail = FN(pair_sum)(FN(expm1_tail_pair)(m), FN(exact_sum)(m, -near)); /* expm1(m) - x */
    REAL left = FN(pair_sum)(FN(pair_product)(tail, (FN(pair)){alpha_n, 0}), FN(exact_product)(beta, near)).high;
    left = x < XIELU_FAR ? far : left;
    return x > 0 ? right : left;
}

/* For x <= 0 it is alpha_n (e^x - 1) + beta next to 0, and (beta - alpha_n) + alpha_n e^x elsewhere, which keeps the tail if
   beta is alpha_n. */
/* Error in ULP: 0.5 at 0x1p-2, alpha_p 0.8, alpha_n 0.8, beta 0.5, eps -1e-06 (every 4016th float32);
   0.5 at 0x1.17faf35c17a1dp-52, alpha_p 0.8, alpha_n 0.8, beta 0.5, eps -1e-06 (3.9e6 float64). */
INLINE REAL FN(xielu_derivative)(REAL x, REAL alpha_p, REAL alpha_n, REAL beta, REAL eps)
{
    (void)eps;
    REAL right = FN(fma)(2 * alpha_p, FN(xielu_positive)(x), beta);
    right = x > LARGEST ? FN(xielu_limit)(alpha_p, beta) : right;

    const REAL unit = LIT(0x1p-64f, 0x1p-512);
    FN(pair) r, tail, factor = {alpha_n, 0};
    REAL scale, n = FN(exp_reduce_pair)(FN(min)(FN(max)(x, LIT(-131.0f, -1060.0)), 0), LIT(-64, -512), &r, &tail, &scale);
    FN(pair) expm1 = FN(pair_sum)(r, tail), near = FN(pair_sum)(FN(pair_product)(expm1, factor), (FN(pair)){beta, 0});
    FN(pair) power = FN(pair_product)(FN(pair_sum)((FN(pair)){1, 0}, expm1), factor);
    power.high = (power.high * scale) * unit, power.low = (power.low * scale) * unit;
    FN(pair) far = FN(pair_sum)(FN(exact_sum)(beta, -alpha_n), power);
    REAL left = n == 0 ? near.high : far.high;
    return x > 0 ? right : left;
}

INLINE REAL FN(xielu_second_derivative)(REAL x, REAL alpha_p, REAL alpha_n, REAL beta, REAL eps)
{
    (void)beta, (void)eps;
    REAL left = FN(elu_derivative)(x, alpha_n);
    return x > 0 ? 2 * alpha_p : left;
}
