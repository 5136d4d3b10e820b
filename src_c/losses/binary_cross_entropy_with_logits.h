/* (1 - t) softplus(x) + pos_weight t softplus(-x), in which nothing cancels. The derivative is (1 - t) s(x) - pos_weight t s(-x),
   where s is the sigmoid.

   With z = e^-|x|, softplus(+-x) = max(+-x, 0) + log(1 + z), s(|x|) = 1 / (1 + z) and s(-|x|) = z / (1 + z). z carries a factor
   until it is rounded, so that a subnormal z is rounded once. A term with the factor 0 is 0, even if it is infinite, so x = inf
   with t = 1 gives the limit 0. */
INLINE FN(loss) FN(binary_cross_entropy_with_logits)(REAL x, REAL t, REAL pos_weight)
{
    REAL a = FN(min)(FN(fabs)(x), LIT(110.0f, 760.0)); /* above, z is 0 */
    FN(exp_parts) e = FN(exp_short)(-a, LIT(-33, -100));
    REAL z = FN(fma)(e.q, e.scale, e.scale) * LIT(0x1p-33f, 0x1p-100);
    REAL tail = FN(log1p)(z), inverse = 1 / (1 + z), near = x > 0 ? 1 : z, far = x > 0 ? z : 1;
    REAL negative = 1 - t, positive = pos_weight * t;
    REAL value = FN(weighted)(negative, (x > 0 ? x : 0) + tail) + FN(weighted)(positive, (x < 0 ? -x : 0) + tail);
    return (FN(loss)){value, (negative * near - positive * far) * inverse};
}
