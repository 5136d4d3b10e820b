/* d^2 / 2 for d = |x - t| <= delta, else delta (d - delta / 2). Both are n^2 / 2 + delta (d - n) with n = min(d, delta), as in
   smooth_l1_loss. delta = inf gives half of the square. */
INLINE FN(loss) FN(huber_loss)(REAL x, REAL t, REAL delta)
{
    REAL difference = x - t, d = FN(fabs)(difference), n = FN(min)(d, delta), beyond = d > delta ? d - delta : 0;
    return (FN(loss)){FN(fma)(beyond, FN(min)(delta, LARGEST), n * n * LIT(0.5f, 0.5)), FN(copysign)(n, difference)};
}
