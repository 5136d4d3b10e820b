/* log_sigmoid(x) = -log(1 + e^-x) = min(x, 0) - log(1 + e^-|x|), which does not overflow and keeps the tail at x > 0, which
   log(sigmoid(x)) rounds to 0. Limits -inf and +0.0. Method: math/softplus.h with beta = -1; in float, by pieces. The derivative
   is sigmoid(-x), the second derivative -s(x) s(-x). */
/* Error in ULP: 1.26 at 0x1.98e782p+3 (every 251st float32); 1.22 at 0x1.0840380060ca8p+0 (316,618 float64). */
INLINE REAL FN(log_sigmoid)(REAL x)
{
    const REAL unit = LIT(0x1p-24f, 0x1p-53);
    REAL t = FN(minus_min_fabs)(x, LIT(104.0f, 745.2)); /* e^t rounds to 0 at the limit */
    FN(exp_parts) e = FN(exp_short)(t, LIT(-24, -53));
    REAL below = x > 0 ? 0 : x; /* NaN too */
    REAL power = e.scale * -unit, rest = e.q * power;
    REAL far = FN(softplus_far)(power + rest, power, rest, -1, below);
    REAL near = FN(softplus_near)(x, t, -1, -LN2_HI, -LN2_LO);
    return t > -SOFTPLUS_NEAR ? near : far;
}

#if !FA_DOUBLE
FA_PIECES_OF_TABLE(log_sigmoid, SOFTPLUS)

INLINE int FN(log_sigmoid_outside)(REAL x, REAL limit) { return FN(fabs)(x) > limit; }
INLINE REAL FN(log_sigmoid_outside_table)(REAL x) { return (x > 0 ? 0 : x) - softplus_beyond_pieces(x); }
INLINE REAL FN(log_sigmoid_argument)(REAL x, REAL limit) { return FN(min)(FN(fabs)(x), limit); }
INLINE REAL FN(log_sigmoid_on_piece)(REAL x, REAL a, fa_piece p) { return -softplus_by_piece(-x, a, p); }
#endif

/* Error in ULP: 1.6 at 0x1.27f7eep+0 (every 251st float32); 1.49 at 0x1.d2120e3b2fbdp+3 (316,618 float64). */
INLINE REAL FN(log_sigmoid_derivative)(REAL x)
{
    REAL a = FN(clamp)(-x, SIGMOID_LOWEST, SIGMOID_HIGHEST);
    return FN(or_nan)(SIGMOID_UNIT / FN(sigmoid_denominator)(a), x);
}

INLINE REAL FN(log_sigmoid_second_derivative)(REAL x) { return FN(scaled_sigmoid_derivative)(x, -1); }

/* s(-x) = 1 - s(x) = 1 - e^y, as exact as y is. */
INLINE REAL FN(log_sigmoid_derivative_from_output)(REAL y) { return FN(one_minus_exp)(y); }
