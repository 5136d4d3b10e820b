/* leaky_relu(x) = x for x > 0, negative_slope * x elsewhere: one rounding, 0.5 ULP. The derivative at the kink is negative_slope,
   as in torch. The factor is selected, not the product, because negative_slope * x can overflow for x > 0. The product is an
   fma, because GCC moves a plain product before the selection. */
/* Error in ULP: 0.5 at -0x1.4p+4, negative_slope 0.01 (every 251st float32);
   0.5 at -0x1.994d2d27fa9cap-620, negative_slope 10.0 (2.9e6 float64). */
INLINE REAL FN(leaky_relu)(REAL x, REAL negative_slope)
{
    return FN(fma)(x, x > 0 ? 1 : negative_slope, LIT(-0.0f, -0.0));
}

/* Error in ULP: 0 (every 251st float32); 0 (2.9e6 float64). */
INLINE REAL FN(leaky_relu_derivative)(REAL x, REAL negative_slope)
{
    REAL derivative = x > 0 ? 1 : negative_slope;
    return x == x ? derivative : x;
}

/* If negative_slope >= 0, the output has the sign of the input. */
INLINE REAL FN(leaky_relu_derivative_from_output)(REAL y, REAL negative_slope)
{
    return FN(leaky_relu_derivative)(y, negative_slope);
}
