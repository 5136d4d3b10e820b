/* softsign(x) = x / (1 + |x|); limits -1 and 1, where peers give NaN. Its derivative is 1 / (1 + |x|)^2. 1 + |x| keeps its
   rounding error: without it the value is not monotone, and the square in the derivative doubles the error. */
#define SOFTSIGN_FAR LIT(0x1p80f, 0x1p600) /* from here the value rounds to 1, the derivative to 0 */

/* 1 + a and its rounding error. */
INLINE REAL FN(softsign_sum)(REAL a, REAL *low)
{
    REAL sum = 1 + a, larger = a > 1 ? a : 1, smaller = a > 1 ? 1 : a;
    *low = (larger - sum) + smaller;
    return sum;
}

/* Error in ULP: 0.5 at 0x1.800004p+1 (every 251st float32); 0.5 at 0x1.e198cc0b1edp-46 (316,618 float64). */
INLINE REAL FN(softsign)(REAL x)
{
    REAL a = FN(min)(FN(fabs)(x), SOFTSIGN_FAR);
    REAL sum_low, sum = FN(softsign_sum)(a, &sum_low);
    return FN(copysign)(FN(quotient)(a, 0, sum, sum_low), x);
}

/* Error in ULP: 1.2 at 0x1.abb908p-2 (every 251st float32); 1.2 at 0x1.2a3ac45ad7afdp+2 (316,618 float64). */
INLINE REAL FN(softsign_derivative)(REAL x)
{
    REAL a = FN(min)(FN(fabs)(x), SOFTSIGN_FAR);
    REAL sum_low, sum = FN(softsign_sum)(a, &sum_low), r = 1 / sum;
    REAL rest = FN(fma)(-r, sum_low, FN(fma)(-r, sum, 1));
    return r * FN(fma)(r, 2 * rest, r);
}

/* -2 sign(x) / (1 + |x|)^3. It is 0 at 0, as in autograd, between 2 on the left and -2 on the right. */
INLINE REAL FN(softsign_second_derivative)(REAL x)
{
    REAL a = FN(min)(FN(fabs)(x), SOFTSIGN_FAR);
    REAL r = 1 / (1 + a), y = FN(copysign)(2 * r * r * r, -x);
    return x == 0 ? 0 : y;
}

/* (1 - |y|)^2, as exact as y is. */
INLINE REAL FN(softsign_derivative_from_output)(REAL y)
{
    REAL r = 1 - FN(fabs)(y);
    return r * r;
}
