/* snake_beta(x) = x + sin^2(alpha x) / (beta + 1e-9); the derivative is 1 + alpha / (beta + 1e-9) sin(2 alpha x). The terms
   cancel at zeros of the function and of its derivative, so in double they are pairs (math/pair.h), and in float they are in
   double (math/wide.h). The waves are computed for |alpha x| up to SNAKE_FURTHEST. Beyond, where x has too few bits for a phase,
   and at infinity, they are replaced by their means: the function is x + 1 / (2 beta + 2e-9), its derivative 1. */
#define SNAKE_FURTHEST 0x1.fffffffff16f1p+49 /* next to an odd multiple of pi/4, where sin^2 is 1/2 */
#define SNAKE_LEAST 0x1.12e0be826d695p-30    /* 1e-9; from coeffs/pair.py */
#define SNAKE_LEAST_LO -0x1.34674bfabb83bp-84 /* -6.228159146e-26 */

#if FA_DOUBLE
/* 1 / (beta + 1e-9). */
INLINE FN(pair) FN(snake_inverse)(REAL beta)
{
    FN(pair) sum = FN(exact_sum)(FN(max)(FN(min)(beta, LARGEST), -LARGEST), SNAKE_LEAST);
    sum.low += SNAKE_LEAST_LO;
    REAL inverse = 1 / (sum.high + sum.low), rest = FN(fma)(-sum.high, inverse, 1);
    return FN(ordered_sum)(inverse, FN(fma)(-sum.low, inverse, rest) * inverse);
}

/* |alpha x| - n pi/2 as a pair, of at most 0.92. Sets *odd to whether n is odd, and *far to whether |alpha x| is too large. */
INLINE FN(pair) FN(snake_phase)(REAL x, REAL alpha, int *odd, int *far)
{
    REAL size = FN(fabs)(alpha), reach = SNAKE_FURTHEST / FN(max)(size, SNAKE_FURTHEST / LARGEST);
    *far = FN(fabs)(x) > reach;
    FN(pair) t = FN(exact_product)(size, *far ? 0 : FN(fabs)(x));
    REAL k = FN(fma)(t.high, TWO_OVER_PI, ROUNDER), n = k - ROUNDER, first = FN(fma)(n, -HALF_PI, t.high); /* exact */
    *odd = FN(to_bits)(k) & 1;
    FN(pair) second = FN(exact_product)(n, -HALF_PI_LO), r = FN(exact_sum)(first, second.high);
    REAL low = r.low + FN(fma)(n, -HALF_PI_LO2, second.low);
    r = FN(exact_sum)(r.high, t.low);
    return FN(ordered_sum)(r.high, r.low + low);
}

/* sin^2(alpha x). */
INLINE FN(pair) FN(snake_square)(FN(pair) r, int odd)
{
    FN(pair) square = FN(sine_square_pair)(FN(pair_product)(r, r)), other = FN(exact_sum)(1, -square.high);
    other.low -= square.low;
    return odd ? other : square;
}

/* Error in ULP: 0.5 at 0x1.7bffep+9, alpha 5.0, beta 0.2 (every 251st float32);
   0.5 at 0x1.e198cc0b1edp-46, alpha 1.0, beta 1.0 (228,964 float64). */
INLINE REAL FN(snake_beta)(REAL x, REAL alpha, REAL beta)
{
    int odd, far;
    FN(pair) r = FN(snake_phase)(x, alpha, &odd, &far), inverse = FN(snake_inverse)(beta), square = FN(snake_square)(r, odd);
    square.high = far ? 0.5 : square.high, square.low = far ? 0 : square.low;
    FN(pair) sum = FN(pair_sum)(FN(pair_product)(square, inverse), (FN(pair)){FN(fabs)(x) > LARGEST ? 0 : x, 0});
    return FN(fabs)(x) <= LARGEST ? sum.high : x;
}

/* alpha / (beta + 1e-9) for |alpha|. */
INLINE FN(pair) FN(snake_ratio)(REAL alpha, REAL beta)
{
    return FN(pair_product)(FN(snake_inverse)(beta), (FN(pair)){FN(fabs)(alpha), 0});
}

/* Error in ULP: 0.5 at 0x1.ffff38p-26, alpha 1.0, beta 1.0 (every 251st float32);
   0.5 at 0x1.e0fbe4a8a6eb8p-1, alpha 1.0, beta 0.2 (1,782 float64). */
INLINE REAL FN(snake_beta_derivative)(REAL x, REAL alpha, REAL beta)
{
    int odd, far;
    FN(pair) r = FN(snake_phase)(x, alpha, &odd, &far), w = {2 * r.high, 2 * r.low};
    FN(pair) wave = FN(pair_product)(FN(sine_pair)(w, FN(pair_product)(w, w)), FN(snake_ratio)(alpha, beta));
    REAL sign = FN(copysign)(far ? 0 : 1, odd ? -x : x);
    wave.high *= sign, wave.low *= sign;
    return FN(or_nan)(FN(pair_sum)((FN(pair)){1, 0}, wave).high, x);
}

/* 2 alpha^2 / (beta + 1e-9) cos(2 alpha x). */
INLINE REAL FN(snake_beta_second_derivative)(REAL x, REAL alpha, REAL beta)
{
    int odd, far;
    FN(pair) r = FN(snake_phase)(x, alpha, &odd, &far), square = FN(snake_square)(r, odd);
    REAL y = 2 * FN(fabs)(alpha) * FN(snake_ratio)(alpha, beta).high * (1 - 2 * square.high);
    return FN(or_nan)(far ? 0 : y, x);
}
#else
/* |alpha| x, exactly, with the sign of x. Sets *far to whether it is too far out; it is 0 there. With 2^-800 in place of
   alpha = 0 an infinite x is too far out, and no other x makes a wave. */
INLINE double FN(snake_phase)(REAL x, REAL alpha, int *far)
{
    double t = max_f64(FN(fabs)(alpha), 0x1p-800) * x;
    *far = fabs_f64(t) > SNAKE_FURTHEST;
    return *far ? 0 : t;
}

INLINE REAL FN(snake_beta)(REAL x, REAL alpha, REAL beta)
{
    int far;
    int64_t sign;
    double wave = sine_of_turn_f64(FN(snake_phase)(x, alpha, &far), 0, &sign), square = far ? 0.5 : wave * wave;
    return (REAL)fma_f64(square, 1 / (beta + SNAKE_LEAST), x);
}

/* 1 + ratio sin(2t) with ratio = |alpha| / (beta + 1e-9). For a ratio below 2 it is 1 - ratio + 2 ratio sin^2(t + pi/4), which
   keeps its digits where both terms are almost 0. */
INLINE REAL FN(snake_beta_derivative)(REAL x, REAL alpha, REAL beta)
{
    int far;
    int64_t sign;
    double size = FN(fabs)(alpha), limited = FN(max)(FN(min)(beta, LARGEST), -LARGEST);
    double inverse = 1 / (limited + SNAKE_LEAST), ratio = size * inverse, near_1 = ratio < 2;
    double t = FN(snake_phase)(x, alpha, &far) * (2 - near_1), wave = sine_of_turn_f64(t, near_1 * 0.25, &sign);
    double factor = near_1 != 0 ? wave : from_bits_f64(to_bits_f64(1) ^ sign);
    double rest = near_1 * (((limited - size) + SNAKE_LEAST) * inverse) + (1 - near_1);
    double y = fma_f64(wave * factor, ratio * (1 + near_1), rest);
    return (REAL)(far ? 1 : y);
}

/* 2 alpha^2 / (beta + 1e-9) cos(2t). */
INLINE REAL FN(snake_beta_second_derivative)(REAL x, REAL alpha, REAL beta)
{
    int far;
    int64_t sign;
    double size = FN(fabs)(alpha), height = 2 * size * size / (beta + SNAKE_LEAST);
    double wave = sine_of_turn_f64(FN(snake_phase)(x, alpha, &far), 0, &sign);
    return (REAL)(far ? 0 : height * fma_f64(wave * -2, wave, 1));
}
#endif
