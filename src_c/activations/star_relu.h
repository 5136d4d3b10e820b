/* star_relu(x) = scale max(x, 0)^2 + bias. If scale and bias have unlike signs, the sum is 0 at a point, so its terms are pairs
   (math/pair.h), and in float they are in double. The derivative 2 scale max(x, 0) is 0 for x <= 0, and continuous. */

/* max(x, 0), and 1 for an infinite x, so that the kernels do not multiply an infinity by 0. */
INLINE REAL FN(star_relu_positive)(REAL x)
{
    REAL positive = FN(relu)(x);
    return positive > LARGEST ? 1 : positive;
}

#if FA_DOUBLE
/* Error in ULP: 0.5 at 0x1p+1, scale 0.8944, bias 5.0 (every 251st float32);
   0.87 at 0x1.1f93713d46f42p-511, scale 0.8944, bias 0.0 (4.6e6 float64). */
INLINE REAL FN(star_relu)(REAL x, REAL scale, REAL bias)
{
    REAL p = FN(star_relu_positive)(x), rough = FN(fma)(FN(fma)(scale, p, 0), p, bias);
    int finite = FN(fabs)(rough) <= LARGEST; /* what overflows has NaN for low parts */
    p = finite ? p : 0;
    FN(pair) product = FN(pair_product)(FN(exact_product)(scale, p), (FN(pair)){p, 0});
    REAL sum = FN(pair_sum)(product, (FN(pair)){bias, 0}).high, y = finite ? sum : rough;
    return ((x > LARGEST) & (scale != 0)) ? scale * INFINITY : y;
}
#else
INLINE REAL FN(star_relu)(REAL x, REAL scale, REAL bias)
{
    double p = FN(star_relu_positive)(x);
    REAL y = (REAL)fma_f64(scale * p, p, bias);
    return x > LARGEST ? FN(limit_of_line)(scale) + bias : y;
}
#endif

/* Error in ULP: 0.5 at 0x1.8p+4, scale 0.8944, bias -0.4472 (every 251st float32);
   0.5 at 0x1.8001733996fcp-963, scale 0.3, bias 0.0 (4.6e6 float64). */
INLINE REAL FN(star_relu_derivative)(REAL x, REAL scale, REAL bias)
{
    REAL slope = FN(fma)(2 * scale, FN(star_relu_positive)(x), 0);
    slope = ((x > LARGEST) & (scale != 0)) ? scale * INFINITY : slope;
    return FN(or_nan)(x <= 0 ? 0 : slope, bias);
}

INLINE REAL FN(star_relu_backward)(REAL grad, REAL x, REAL scale, REAL bias)
{
    return FN(product_if)(!(x <= 0), grad, FN(star_relu_derivative)(x, scale, bias));
}

INLINE REAL FN(star_relu_second_derivative)(REAL x, REAL scale, REAL bias)
{
    (void)bias;
    return FN(or_nan)(x > 0 ? 2 * scale : 0, x);
}
