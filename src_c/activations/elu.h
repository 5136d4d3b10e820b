/* elu(x) = x for x > 0, alpha (e^x - 1) elsewhere; limits inf and -alpha. The derivative at 0 is alpha, as in torch and JAX. In
   double, e^x - 1 is high + low and is multiplied by alpha with one rounding. The tail of the derivative is rounded once, also
   if it is subnormal. */
/* Error in ULP: 0.99 at -0x1.6495dp-2, alpha 0.3 (every 251st float32);
   0.76 at -0x1.231303d6a94fp-2, alpha 1.0 (2.7e6 float64). */
INLINE REAL FN(elu)(REAL x, REAL alpha)
{
    REAL a = FN(clamp)(x, LIT(-25.0f, -45.0), 0); /* e^x - 1 is -1 below -17.4 (-37.5) */
    REAL finite = FN(max)(FN(min)(alpha, LARGEST), -LARGEST);
#if FA_DOUBLE
    REAL low, high = FN(expm1_parts)(FN(exp_split)(a, 0), &low);
    /* With an infinite alpha, alpha * low would be NaN or an infinity of the other sign. */
    REAL below = FN(fma)(alpha, high, finite * low);
#else
    REAL below = FN(scaled_expm1)(a, finite, 0) * (alpha == finite ? 1 : INFINITY);
#endif
    return x < 0 ? below : x;
}

/* Error in ULP: 1.22 at -0x1.b60d6p+4, alpha 10.0 (every 251st float32);
   1.1 at -0x1.9cbf6856bdbe8p+8, alpha 10.0 (2.7e6 float64). */
INLINE REAL FN(elu_derivative)(REAL x, REAL alpha)
{
    REAL a = FN(clamp)(x, LIT(-131.0f, -1060.0), 0); /* low, so that a large alpha e^a is 0 too */
    FN(exp_parts) e = FN(exp_short)(a, LIT(-64, -512));
    /* e.scale carries a factor, which `down` takes back: before the product for a large alpha, which would overflow, and after
       it for a small alpha, which would underflow. An infinite alpha is applied last: with e.q it would give NaN. */
    REAL size = FN(fabs)(alpha), down = LIT(0x1p-64f, 0x1p-512), finite = FN(max)(FN(min)(alpha, LARGEST), -LARGEST);
    REAL factor = finite * (size > 1 ? down : 1), unit = size > 1 ? 1 : down;
    unit = size > LARGEST ? INFINITY : unit;
    REAL below = (FN(fma)(factor, e.q, factor) * e.scale) * unit;
    return x <= 0 ? below : FN(or_nan)(1, x);
}

/* elu'(x) for x < 0, else 0, as in torch. */
INLINE REAL FN(elu_second_derivative)(REAL x, REAL alpha)
{
    REAL below = FN(elu_derivative)(x, alpha);
    return x >= 0 ? 0 : below;
}

/* If alpha >= 0, y > 0 exactly where x > 0, and alpha e^x = y + alpha elsewhere. */
INLINE REAL FN(elu_derivative_from_output)(REAL y, REAL alpha) { return y > 0 ? 1 : y + alpha; }
