/* selu(x) = lambda x for x > 0, lambda alpha (e^x - 1) elsewhere; limits inf and -lambda alpha. lambda and alpha make mean 0 and
   variance 1 a fixed point (Klambauer et al. 2017). They are the doubles that other libraries use; their product is
   SELU_BELOW + SELU_BELOW_LO. The derivative at 0 is lambda alpha, as in torch and JAX. Method: elu.h. */
#define SELU_LAMBDA LIT(0x1.0cfabep+0f, 0x1.0cfabd6a91132p+0)   /* 1.050701022, 1.050700987 */
#define SELU_BELOW LIT(0x1.c212ccp+0f, 0x1.c212cc640f030p+0)    /* lambda alpha: 1.758099318, 1.758099341 */
#define SELU_BELOW_LO LIT(0x1.903c0cp-26f, 0x1.092dbf637p-54)   /* 2.329671744e-8, 5.750e-17 */
#define SELU_EXCESS 0x1.c74dbep-27f /* of float: SELU_BELOW_LO / SELU_BELOW = 1.325108363e-8 */

/* Error in ULP: 1.06 at 0x1.e744d8p-15 (every 251st float32); 1.1 at -0x1.23901f216a3cp-2 (316,618 float64). */
INLINE REAL FN(selu)(REAL x)
{
    REAL a = FN(clamp)(x, LIT(-25.0f, -45.0), 0); /* e^x - 1 is -1 below -17.4 (-37.5) */
#if FA_DOUBLE
    REAL low, high = FN(expm1_parts)(FN(exp_split)(a, 0), &low);
    REAL below = FN(fma)(SELU_BELOW, high, FN(fma)(SELU_BELOW, low, SELU_BELOW_LO * high));
#else
    REAL below = FN(scaled_expm1)(a, SELU_BELOW, SELU_EXCESS);
#endif
    /* The factor is selected, not the product, because lambda x can overflow for x < 0. The condition on a and the fma keep GCC
       from moving the product before the selection. */
    REAL above = FN(fma)(x, a < 0 ? 1 : SELU_LAMBDA, LIT(-0.0f, -0.0));
    return x < 0 ? below : above;
}

/* Error in ULP: 1.2 at -0x1.049e38p+4 (every 251st float32); 1.42 at -0x1.d74efdceb6f08p+4 (316,618 float64). */
INLINE REAL FN(selu_derivative)(REAL x)
{
    REAL a = FN(clamp)(x, LIT(-106.0f, -747.0), 0);
    FN(exp_parts) e = FN(exp_short)(a, LIT(-64, -512));
    REAL factor = SELU_BELOW + FN(fma)(SELU_BELOW, e.q, SELU_BELOW_LO);
    REAL below = (factor * e.scale) * LIT(0x1p-64f, 0x1p-512);
    return x <= 0 ? below : FN(or_nan)(SELU_LAMBDA, x);
}

/* selu'(x) for x < 0, else 0, as in torch. */
INLINE REAL FN(selu_second_derivative)(REAL x)
{
    REAL below = FN(selu_derivative)(x);
    return x >= 0 ? 0 : below;
}

/* y > 0 exactly where x > 0, and lambda alpha e^x = y + lambda alpha elsewhere. */
INLINE REAL FN(selu_derivative_from_output)(REAL y) { return y > 0 ? SELU_LAMBDA : y + SELU_BELOW; }
