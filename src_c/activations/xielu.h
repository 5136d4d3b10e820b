/* xielu(x) = alpha_p x^2 + beta x for x > 0, and alpha_n (expm1(min(x, eps)) - x) + beta x elsewhere. alpha_p, alpha_n and
   beta are the effective ones, not what a model stores. The derivative is 2 alpha_p x + beta and alpha_n (e^x - 1) + beta; it
   is beta at 0. The step at 0, where the function is alpha_n expm1(eps), has no slope. The terms cancel at zeros of the
   function and of its derivative, so in double they are pairs (math/pair.h), and in float they are in double (math/wide.h). At
   -inf the sign of alpha_n - beta decides. */
#define XIELU_FAR LIT(-64, -1024) /* e^x does not matter from here on */

/* The limits at infinity and at -infinity. */
INLINE REAL FN(xielu_right)(REAL alpha_p, REAL beta) { return FN(limit_of_line)(FN(pass_if)(alpha_p == 0, beta) + alpha_p); }
INLINE REAL FN(xielu_left)(REAL alpha_n, REAL beta) { return FN(limit_of_line)(alpha_n - beta) - alpha_n; }

#if FA_DOUBLE
/* x, and 0 for what is negative or infinite. */
INLINE REAL FN(xielu_positive)(REAL x) { return ((x > 0) & (x <= LARGEST)) ? x : 0; }

/* Error in ULP: 0.5 at 0x1.f6p-142, alpha_p 0.8, alpha_n 0.8, beta 0.5, eps -1e-06 (every 251st float32);
   0.75 at 0x1.b6867b88aa19cp-1019, alpha_p 0.8, alpha_n 0.8, beta 0.2, eps -1e-06 (3.9e6 float64). */
INLINE REAL FN(xielu)(REAL x, REAL alpha_p, REAL alpha_n, REAL beta, REAL eps)
{
    /* What overflows is not computed in pairs, whose low parts would be NaN. */
    REAL above = FN(xielu_positive)(x), rough = FN(fma)(FN(fma)(alpha_p, above, beta), above, 0);
    REAL c = FN(fabs)(rough) <= LARGEST ? above : 0;
    FN(pair) slope = FN(pair_sum)(FN(exact_product)(alpha_p, c), (FN(pair)){beta, 0});
    FN(pair) product = FN(pair_product)(slope, (FN(pair)){c, 0});
    REAL right = product.high + product.low;
    right = FN(fabs)(rough) <= LARGEST ? right : rough;
    right = x > LARGEST ? FN(xielu_right)(alpha_p, beta) : right;

    FN(pair) fall = FN(exact_sum)(beta, -alpha_n);
    REAL below = -FN(xielu_positive)(-x);
    rough = FN(fma)(fall.high, below, -alpha_n);
    c = FN(fabs)(rough) <= LARGEST ? below : 0;
    REAL far = FN(pair_sum)(FN(pair_product)(fall, (FN(pair)){c, 0}), (FN(pair)){-alpha_n, 0}).high;
    far = FN(fabs)(rough) <= LARGEST ? far : rough;
    far = x < -LARGEST ? FN(xielu_left)(alpha_n, beta) : far;

    REAL near = FN(min)(FN(max)(x, XIELU_FAR), 0), m = FN(min)(near, eps);
    FN(pair) tail = FN(pair_sum)(FN(expm1_tail_pair)(m), FN(exact_sum)(m, -near)); /* expm1(m) - x */
    REAL left = FN(pair_sum)(FN(pair_product)(tail, (FN(pair)){alpha_n, 0}), FN(exact_product)(beta, near)).high;
    left = x < XIELU_FAR ? far : left;
    return x > 0 ? right : left;
}

/* For x <= 0 it is alpha_n (e^x - 1) + beta next to 0, and (beta - alpha_n) + alpha_n e^x elsewhere, which keeps the tail if
   beta is alpha_n. */
/* Error in ULP: 0.5 at 0x1p+0, alpha_p 0.8, alpha_n 0.8, beta 0.5, eps -1e-06 (every 251st float32);
   0.5 at 0x1.17faf35c17a1dp-52, alpha_p 0.8, alpha_n 0.8, beta 0.5, eps -1e-06 (3.9e6 float64). */
INLINE REAL FN(xielu_derivative)(REAL x, REAL alpha_p, REAL alpha_n, REAL beta, REAL eps)
{
    (void)eps;
    REAL right = FN(fma)(2 * alpha_p, FN(xielu_positive)(x), beta);
    right = x > LARGEST ? FN(limit_of_line)(alpha_p) + beta : right;

    const REAL unit = 0x1p-512;
    FN(pair) r, tail, factor = {alpha_n, 0};
    REAL scale, n = FN(exp_reduce_pair)(FN(min)(FN(max)(x, -1060), 0), -512, &r, &tail, &scale);
    FN(pair) expm1 = FN(pair_sum)(r, tail), near = FN(pair_sum)(FN(pair_product)(expm1, factor), (FN(pair)){beta, 0});
    FN(pair) power = FN(pair_product)(FN(pair_sum)((FN(pair)){1, 0}, expm1), factor);
    power.high = (power.high * scale) * unit, power.low = (power.low * scale) * unit;
    FN(pair) far = FN(pair_sum)(FN(exact_sum)(beta, -alpha_n), power);
    REAL left = n == 0 ? near.high : far.high;
    return x > 0 ? right : left;
}
#else
/* Without limits NaN may come out at infinity, where the last two selections are right. */
INLINE REAL FN(xielu)(REAL x, REAL alpha_p, REAL alpha_n, REAL beta, REAL eps)
{
    double near = max_f64(min_f64(x, 0), XIELU_FAR);
    double m = min_f64(near, max_f64(eps, XIELU_FAR)), excess = expm1_minus_x_f64(m) + (m - near); /* expm1(m) - x */
    double left = x < XIELU_FAR ? fma_f64((double)beta - alpha_n, x, -alpha_n) : fma_f64(excess, alpha_n, beta * near);
    REAL y = (REAL)(x > 0 ? fma_f64(alpha_p, x, beta) * x : left);
    y = x > LARGEST ? FN(xielu_right)(alpha_p, beta) : y;
    return x < -LARGEST ? FN(xielu_left)(alpha_n, beta) : y;
}

INLINE REAL FN(xielu_derivative)(REAL x, REAL alpha_p, REAL alpha_n, REAL beta, REAL eps)
{
    (void)eps;
    REAL right = FN(fma)(2 * alpha_p, FN(max)(x, 0), beta);
    right = x > LARGEST ? FN(limit_of_line)(alpha_p) + beta : right;
    exp_parts_f64 e = exp_short_f64(FN(max)(FN(min)(x, 0), -256), 0);
    double far = fma_f64(fma_f64(e.q, e.scale, e.scale), alpha_n, (double)beta - alpha_n);
    REAL left = (REAL)(e.scale == 1 ? fma_f64(e.q, alpha_n, beta) : far);
    return x > 0 ? right : left;
}
#endif

INLINE REAL FN(xielu_second_derivative)(REAL x, REAL alpha_p, REAL alpha_n, REAL beta, REAL eps)
{
    (void)beta, (void)eps;
    REAL left = FN(elu_derivative)(x, alpha_n);
    return x > 0 ? 2 * alpha_p : left;
}
