/* The vocabulary of every kernel: one scalar type, REAL, that is float or double.

   This header and all that it serves are included twice for each instruction set, with FA_DOUBLE
   0 and 1. FN(name) gives each inclusion its own names. Everything is plain scalar C without
   branches, so that `#pragma omp simd` turns a call in a loop into full vectors; every operation is
   an IEEE one that is rounded once (fma where it is written, nowhere else), so that all
   instruction sets give the same bits.

   Selections are written `x > limit ? limit : x`: a comparison with NaN is false, and NaN passes. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>

#undef REAL
#undef BITS
#undef FN
#undef LIT
#undef MANTISSA_BITS
#undef EXPONENT_BIAS
#undef ROUNDER
#undef LARGEST
#undef LANES

#define FA_JOIN_(a, b) a##b
#define FA_JOIN(a, b) FA_JOIN_(a, b)

#if FA_DOUBLE
#define REAL double
#define BITS int64_t
#define FN(name) FA_JOIN(name, _f64)
#define LIT(f32, f64) f64
#define MANTISSA_BITS 52
#define EXPONENT_BIAS 1023
#define ROUNDER 0x1.8p52 /* x + ROUNDER has x, rounded, in its low bits (|x| < 2^51) */
#define LARGEST 0x1.fffffffffffffp1023
#else
#define REAL float
#define BITS int32_t
#define FN(name) FA_JOIN(name, _f32)
#define LIT(f32, f64) f32
#define MANTISSA_BITS 23
#define EXPONENT_BIAS 127
#define ROUNDER 0x1.8p23f
#define LARGEST 0x1.fffffep127f
#endif

#define LANES ((ptrdiff_t)(FA_VECTOR_BYTES / sizeof(REAL)))

INLINE BITS FN(to_bits)(REAL x)
{
    BITS b;
    __builtin_memcpy(&b, &x, sizeof b);
    return b;
}

INLINE REAL FN(from_bits)(BITS b)
{
    REAL x;
    __builtin_memcpy(&x, &b, sizeof x);
    return x;
}

#ifndef FA_FMA /* baseline.c may have its own */
#define FA_FMA __builtin_fma
#define FA_FMAF __builtin_fmaf
#endif
INLINE REAL FN(fma)(REAL a, REAL b, REAL c) { return LIT(FA_FMAF, FA_FMA)(a, b, c); }
INLINE REAL FN(fabs)(REAL x) { return LIT(__builtin_fabsf, __builtin_fabs)(x); }
INLINE REAL FN(copysign)(REAL x, REAL sign) { return LIT(__builtin_copysignf, __builtin_copysign)(x, sign); }

/* A number whose sign is +, with the sign of x. */
INLINE REAL FN(copysign_positive)(REAL magnitude, REAL x)
{
#if FA_VECTOR_BYTES == 32 /* one operation less than copysign; AVX-512 and NEON have copysign in one */
    return FN(from_bits)(FN(to_bits)(magnitude) | (FN(to_bits)(x) & FN(to_bits)(LIT(-0.0f, -0.0))));
#else
    return FN(copysign)(magnitude, x);
#endif
}

INLINE REAL FN(sqrt)(REAL x) { return LIT(__builtin_sqrtf, __builtin_sqrt)(x); }
INLINE REAL FN(min)(REAL x, REAL limit) { return x > limit ? limit : x; }
INLINE REAL FN(max)(REAL x, REAL limit) { return x < limit ? limit : x; }

/* x limited to [low, high], low < 0 <= high. NaN may become a limit: the caller puts it back at the end,
   with FN(or_nan) or by a selection. Floats as integers of their bits have the order of their
   magnitudes, and an integer minimum is one instruction, where GCC makes a comparison and a blend of
   the other form. AVX2 has no such minimum for 64 bits. */
INLINE REAL FN(clamp)(REAL x, REAL low, REAL high)
{
#if FA_DOUBLE
    return FN(max)(FN(min)(x, high), low);
#else
    int32_t b = FN(to_bits)(x), h = FN(to_bits)(high);
    uint32_t u = (uint32_t)(b < h ? b : h), l = (uint32_t)FN(to_bits)(low);
    return FN(from_bits)((int32_t)(u < l ? u : l));
#endif
}

/* The same for low = 0. */
INLINE REAL FN(clamp_positive)(REAL x, REAL high)
{
#if FA_DOUBLE
    return FN(min)(x <= 0 ? 0 : x, high);
#else
    int32_t b = FN(to_bits)(x), h = FN(to_bits)(high);
    b = b > 0 ? b : 0;
    return FN(from_bits)(b < h ? b : h);
#endif
}

/* x > 0, else -0.0, but +0.0 for +0.0; NaN passes. Not `x < 0`: clang 14 and 15 take x < 0 ? -0.0 : x for a question
   about x's sign, and make +0.0 negative. */
INLINE REAL FN(positive_part)(REAL x) { return x <= LIT(-0x1p-149f, -0x1p-1074) ? LIT(-0.0f, -0.0) : x; }

/* y, or x where x is NaN. */
INLINE REAL FN(or_nan)(REAL y, REAL x) { return x == x ? y : x; }

/* grad where it passes, and a zero where a selection stops it, for an infinite grad and for NaN too. The zero has grad's
   sign, as a product with 0 would have. Masks, since GCC loads the operands of a selection twice. */
INLINE REAL FN(pass_if)(int passes, REAL grad)
{
    const BITS sign = FN(to_bits)(LIT(-0.0f, -0.0));
    return FN(from_bits)(FN(to_bits)(grad) & (-(BITS)passes | sign));
}

/* The same, and NaN where x is NaN: with an empty lower half where grad has one, for bfloat16. */
INLINE REAL FN(pass_if_or_nan)(int passes, REAL grad, REAL x)
{
    return FN(from_bits)(FN(to_bits)(FN(pass_if)(passes, grad)) | (-(BITS)(x != x) & FN(to_bits)(NAN)));
}

/* grad derivative, the derivative 0 where grad is stopped. A fused product: GCC moves a plain one before the selection, where an
   infinity would make it NaN and raise a flag. */
INLINE REAL FN(product_if)(int passes, REAL grad, REAL derivative)
{
    return FN(fma)(FN(pass_if)(passes, grad), derivative, LIT(-0.0f, -0.0));
}

/* (high + low) / (over + over_low), the low parts small: a quotient and its residual, rounded nearly
   once. */
INLINE REAL FN(quotient)(REAL high, REAL low, REAL over, REAL over_low)
{
    REAL inverse = 1 / over;
    REAL ratio = high * inverse;
    REAL rest = FN(fma)(-ratio, over, high) + FN(fma)(-ratio, over_low, low);
    return FN(fma)(rest, inverse, ratio);
}
