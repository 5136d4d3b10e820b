/* quick_gelu(x) = x s(t), where s is the sigmoid and t = 1.702 x. It is computed as max(x, 0) - a / (1 + e^|t|) with a = |x|.
   1.702 and t are high + low, because e^t multiplies the error of t by |t| in the tail (1.702 rounded to float costs 46 ULP at
   x = -54). Limits -0.0 and inf. Its derivative is silu's at t: math/sigmoid.h. */
#define QUICK_GELU LIT(0x1.b3b646p+0f, 0x1.b3b645a1cac08p+0)       /* 1.702 */
#define QUICK_GELU_LO LIT(-0x1.78d4fep-26f, 0x1.89374bc6a7efap-55) /* 1.702 - QUICK_GELU */
#define QUICK_GELU_LARGEST LIT(64.5f, 446.0)                      /* t e^-t rounds to 0 */

/* 1.702 a: returns the high part and sets *low. */
INLINE REAL FN(quick_gelu_argument)(REAL a, REAL *low)
{
    REAL t = QUICK_GELU * a;
    *low = FN(fma)(QUICK_GELU_LO, a, FN(fma)(QUICK_GELU, a, -t));
    return t;
}

/* Error in ULP: 1.74 at -0x1.58da28p+3 (every 251st float32); 1.58 at -0x1.44d457188a8b9p+6 (339,622 float64). */
INLINE REAL FN(quick_gelu)(REAL x)
{
    REAL a = FN(min_fabs)(x, QUICK_GELU_LARGEST), low, t = FN(quick_gelu_argument)(a, &low);
    REAL base = FN(positive_part)(x);
    return FN(fma)(a / FN(sigmoid_denominator_low)(-t, -low), -SIGMOID_UNIT, base);
}

/* Error in ULP: 1.51 at -0x1.f10ffp-1 (every 251st float32); 1.44 at -0x1.37cccad4e9418p-1 (339,622 float64). */
INLINE REAL FN(quick_gelu_derivative)(REAL x)
{
    REAL a = FN(min_fabs)(x, QUICK_GELU_LARGEST), low, t = FN(quick_gelu_argument)(a, &low);
    return FN(or_nan)(FN(x_sigmoid_derivative)(FN(exp_split_low)(-t, -low, -DERIVATIVE_SHIFT), t, low, x < 0), x);
}

/* As x_sigmoid_derivative_fast, with the low part of t, without which the error is 4.2 ULP. */
INLINE REAL FN(quick_gelu_derivative_fast)(REAL x)
{
    REAL a = FN(min_fabs)(x, QUICK_GELU_LARGEST), low, t = FN(quick_gelu_argument)(a, &low);
    FN(exp_parts) e = FN(exp_short_low)(-t, -low, -DERIVATIVE_SHIFT);
    REAL z = FN(fma)(e.q, e.scale, e.scale), u = 2 * DERIVATIVE_UNIT + z;
    REAL line = FN(fma)(-low, DERIVATIVE_UNIT, FN(fma)(-t, DERIVATIVE_UNIT, DERIVATIVE_UNIT + e.scale));
    REAL bracket = FN(fma)(e.q, e.scale, line);
    REAL square = FN(fma)(z, u, DERIVATIVE_UNIT * DERIVATIVE_UNIT);
    REAL left = (FN(fma)(e.q, bracket, bracket) * e.scale) / square;
    return FN(or_nan)(x < 0 ? left : 1 - left, x);
}

/* 1.702 silu''(1.702 x), which is even. */
INLINE REAL FN(quick_gelu_second_derivative)(REAL x)
{
    REAL a = FN(min_fabs)(x, QUICK_GELU_LARGEST);
    return FN(or_nan)(QUICK_GELU * FN(x_sigmoid_second_derivative)(QUICK_GELU * a), x);
}
