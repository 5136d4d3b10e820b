/* sqrt_softplus(x) = sqrt(log(1 + e^x)); limits 0 and inf. The derivative is s(x) / (2 y), where s is the sigmoid: 1 / (2 y (1 +
   e^-x)), and w / (2 sqrt(g) (1 + z)) for x < -1 with z = e^x, w = e^(x/2) and g = log(1 + z) / z, which keeps the tail. The
   logarithms are those of math/softplus.h. */
#define SQRT_SOFTPLUS_LOWEST LIT(-105.0f, -750.0) /* of x/2; y rounds to 0 there */

/* e^(x/2) for x < -1 and e^-x elsewhere, in parts with NORMAL_SHIFT. Sets *square to g for x < -1 and to y^2 elsewhere, and *z to
   e^-|x| or e^-x. */
INLINE FN(exp_parts) FN(sqrt_softplus_parts)(REAL x, REAL *square, REAL *z)
{
    int left = x < -SOFTPLUS_NEAR, right = x > SOFTPLUS_NEAR;
    FN(exp_parts) e = FN(exp_short)(FN(max)(left ? x * LIT(0.5f, 0.5) : -x, SQRT_SOFTPLUS_LOWEST), NORMAL_SHIFT);
    REAL power = FN(fma)(e.q, e.scale, e.scale) * NORMAL_UNIT, tail;
    *z = left ? power * power : power;
    tail = FN(log1p_tail)(*z);
    REAL beyond = left ? FN(fma)(*z, tail, 1) : FN(fma)(*z * tail, *z, *z) + x;
    REAL c = left | right ? 0 : x, near = FN(softplus_near)(c, c, 1, LN2_HI, LN2_LO);
    *square = left | right ? beyond : near;
    return e;
}

/* The root of softplus(x) = -log_sigmoid(-x), which is monotone; below -40, where softplus becomes subnormal, e^(x/2). */
/* Error in ULP: 1.16 at -0x1.0f5d6ap+4 (every 251st float32); 1.08 at -0x1.c570a3d70a3a9p+3 (316,618 float64). */
INLINE REAL FN(sqrt_softplus)(REAL x)
{
    FN(exp_parts) e = FN(exp_short)(FN(min)(FN(max)(x * LIT(0.5f, 0.5), SQRT_SOFTPLUS_LOWEST), 0), NORMAL_SHIFT);
    REAL tail = FN(fma)(e.q, e.scale, e.scale) * NORMAL_UNIT, root = FN(sqrt)(-FN(log_sigmoid)(-x));
    return x < -40 ? tail : root;
}

/* Error in ULP: 1.91 at -0x1.3d2dc6p+0 (every 251st float32); 1.82 at -0x1.fffffffffff92p-1 (316,618 float64). */
INLINE REAL FN(sqrt_softplus_derivative)(REAL x)
{
    /* The square carries a factor 2^-100 for a large x, so that its inverse is a normal number. */
    int far = x > LIT(0x1p100f, 0x1p100);
    REAL square, z, down = far ? LIT(0x1p-100f, 0x1p-100) : 1, up = far ? LIT(0x1p-51f, 0x1p-51) : LIT(0.5f, 0.5);
    FN(exp_parts) e = FN(sqrt_softplus_parts)(FN(min)(x, LARGEST), &square, &z);
    REAL sum = FN(fma)(z, 2 + z, 1), sum_low = FN(fma)(z, 2 + z, 1 - sum);
    square *= down;
    REAL over = square * sum, over_low = FN(fma)(square, sum_low, FN(fma)(square, sum, -over));
    REAL root = FN(sqrt)(FN(quotient)(1, 0, over, over_low)) * up;
    root = x > LARGEST ? 0 : root;
    return x < -SOFTPLUS_NEAR ? (FN(fma)(root, e.q, root) * e.scale) * NORMAL_UNIT : root;
}

/* y' (s(-x) - y' / y). For x < -40 the quotient is 1/2. */
INLINE REAL FN(sqrt_softplus_second_derivative)(REAL x)
{
    REAL c = FN(max)(x, -40), quotient = FN(sqrt_softplus_derivative)(c) / FN(sqrt_softplus)(c);
    return FN(sqrt_softplus_derivative)(x) * (FN(sigmoid)(-x) - quotient);
}
