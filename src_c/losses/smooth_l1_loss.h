/* d^2 / (2 beta) for d = |x - t| < beta, else d - beta / 2; beta > 0. Both are n^2 / (2 beta) + (d - n) with n = min(d, beta), so
   that d^2 cannot overflow for a large d. */
INLINE FN(loss) FN(smooth_l1_loss)(REAL x, REAL t, REAL beta)
{
    REAL difference = x - t, d = FN(fabs)(difference), n = FN(min)(d, beta), derivative = n / beta;
    return (FN(loss)){FN(fma)(n * derivative, LIT(0.5f, 0.5), d > beta ? d - beta : 0), FN(copysign)(derivative, difference)};
}
