/* shifted_softplus(x) = log(1 + e^x) - ln 2; limits -ln 2 and inf, 0 at 0. Method: math/softplus.h. Near 0 it is x/2 + x^2
   E(x^2); beyond, max(x, 0), -ln 2 and the larger part of log(1 + z) with z = e^-|x| are added without rounding errors. The
   derivative is the sigmoid. */
/* Error in ULP: 1.3 at -0x1.04b8aep-2 (every 251st float32); 1.16 at -0x1.0000000000026p+0 (316,618 float64). */
INLINE REAL FN(shifted_softplus)(REAL x)
{
    REAL t = FN(minus_min_fabs)(x, LIT(25.0f, 45.0)), base_low, sum_low;
    REAL near = FN(softplus_near)(x > 1 ? 1 : x, t, 1, 0, 0);
    FN(exp_parts) e = FN(exp_short)(t, 0);
    REAL z = FN(fma)(e.q, e.scale, e.scale);
    REAL base = FN(two_diff)(x > LIT(0x1p60f, 0x1p60) ? 1 : x < 0 ? 0 : x, LN2_HI, &base_low);
    REAL sum = FN(two_diff)(base, -e.scale, &sum_low);
    REAL far = sum + (FN(fma)(z * FN(log1p_tail)(z), z, e.q * e.scale) + (sum_low + base_low - LN2_LO));
    REAL y = t > -SOFTPLUS_NEAR ? near : far;
    return x > LIT(0x1p60f, 0x1p60) ? x : y;
}

/* Error in ULP: 1.58 at -0x1.272cp+0 (every 251st float32); 1.5 at 0x1.c1f3144820114p+3 (316,618 float64). */
INLINE REAL FN(shifted_softplus_derivative)(REAL x) { return FN(sigmoid)(x); }

INLINE REAL FN(shifted_softplus_second_derivative)(REAL x) { return FN(sigmoid_derivative)(x); }
