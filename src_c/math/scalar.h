/* The operations that every kernel uses, on one scalar type: REAL, which is float or double.

   This header, and all that use it, are included twice for each instruction set, with FA_DOUBLE 0 and 1. FN(name) is the name
   in this inclusion: name_f32 or name_f64. LIT(f32, f64) is a constant of the type. A constant that both inclusions define
   by the same LIT needs no #undef.

   Everything is scalar C without branches, so that `#pragma omp simd` can vectorise a loop that calls it. Each operation is
   an IEEE operation that rounds once, and a fused multiply-add is written as FN(fma), so all instruction sets give the same
   bits.

   A selection is written `x > limit ? limit : x`: the comparison is false for NaN, so NaN passes. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>

#undef REAL
#undef BITS
#undef FN
#undef LIT
#define FA_JOIN_(a, b) a##b
#define FA_JOIN(a, b) FA_JOIN_(a, b)

#if FA_DOUBLE
#define REAL double
#define BITS int64_t
#define FN(name) FA_JOIN(name, _f64)
#define LIT(f32, f64) f64
#else
#define REAL float
#define BITS int32_t
#define FN(name) FA_JOIN(name, _f32)
#define LIT(f32, f64) f32
#endif
#define MANTISSA_BITS LIT(23, 52)
#define EXPONENT_BIAS LIT(127, 1023)
#define ROUNDER LIT(0x1.8p23f, 0x1.8p52) /* the low bits of x + ROUNDER are x, rounded to an integer; |x| < 2^22 (2^51) */
#define LARGEST LIT(0x1.fffffep127f, 0x1.fffffffffffffp1023)
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

#ifndef FA_FMA /* isa/baseline.c may define its own */
#define FA_FMA __builtin_fma
#define FA_FMAF __builtin_fmaf
#endif
INLINE REAL FN(fma)(REAL a, REAL b, REAL c) { return LIT(FA_FMAF, FA_FMA)(a, b, c); }
INLINE REAL FN(fabs)(REAL x) { return LIT(__builtin_fabsf, __builtin_fabs)(x); }
INLINE REAL FN(copysign)(REAL x, REAL sign) { return LIT(__builtin_copysignf, __builtin_copysign)(x, sign); }

/* y with the sign of x, where y's own sign is +. */
INLINE REAL FN(copysign_positive)(REAL y, REAL x)
{
#if FA_VECTOR_BYTES == 32 /* one operation fewer than copysign, which is one instruction on AVX-512 and NEON */
    return FN(from_bits)(FN(to_bits)(y) | (FN(to_bits)(x) & FN(to_bits)(LIT(-0.0f, -0.0))));
#else
    return FN(copysign)(y, x);
#endif
}

INLINE REAL FN(sqrt)(REAL x) { return LIT(__builtin_sqrtf, __builtin_sqrt)(x); }

/* NaN in x passes, NaN in limit does not. */
INLINE REAL FN(min)(REAL x, REAL limit) { return x > limit ? limit : x; }
INLINE REAL FN(max)(REAL x, REAL limit) { return x < limit ? limit : x; }

/* x limited to [low, high], for low < 0 <= high. NaN may become a limit; the caller puts it back, with FN(or_nan) or a
   selection. The bits of floats, read as integers, are ordered as the floats' magnitudes. An integer minimum is one
   instruction; GCC compiles the float form to a comparison and a blend. AVX2 has no minimum of 64-bit integers. */
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

/* x limited to [0, high]. */
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

/* max(x, -0.0): x where x >= 0, else -0.0; NaN passes. Not written `x < 0 ? -0.0 : x`, for which
   clang 14 and 15 return -0.0 at +0.0. */
INLINE REAL FN(positive_part)(REAL x) { return x <= LIT(-0x1p-149f, -0x1p-1074) ? LIT(-0.0f, -0.0) : x; }

/* y, or x where x is NaN. */
INLINE REAL FN(or_nan)(REAL y, REAL x) { return x == x ? y : x; }

/* slope times infinity, and 0 for a slope of 0: the limit of slope x. The mask is computed once for a parameter, where GCC would
   repeat a selection for every x. */
INLINE REAL FN(limit_of_line)(REAL slope)
{
    return FN(from_bits)(FN(to_bits)(slope * INFINITY) & -(BITS)(slope != 0));
}

/* passes ? grad : 0, where the zero has grad's sign, as a product with 0 would have; 0 also for an infinite or NaN grad.
   Written with masks, because GCC loads the operands of a selection twice. */
INLINE REAL FN(pass_if)(int passes, REAL grad)
{
    const BITS sign = FN(to_bits)(LIT(-0.0f, -0.0));
    return FN(from_bits)(FN(to_bits)(grad) & (-(BITS)passes | sign));
}

/* pass_if, and NaN where x is NaN. If the lower 16 bits of grad are 0, those of the NaN are too, as bfloat16 needs. */
INLINE REAL FN(pass_if_or_nan)(int passes, REAL grad, REAL x)
{
    return FN(from_bits)(FN(to_bits)(FN(pass_if)(passes, grad)) | (-(BITS)(x != x) & FN(to_bits)(NAN)));
}

/* passes ? grad * derivative : 0, for a derivative that is 0 where grad does not pass. The product is an fma, because GCC
   moves a plain product before the selection, where an infinite grad would give NaN and raise a flag. */
INLINE REAL FN(product_if)(int passes, REAL grad, REAL derivative)
{
    return FN(fma)(FN(pass_if)(passes, grad), derivative, LIT(-0.0f, -0.0));
}

/* a - b, and as *error what rounding it loses. */
INLINE REAL FN(two_diff)(REAL a, REAL b, REAL *error)
{
    REAL difference = a - b, back = difference - a;
    *error = (a - (difference - back)) - (b + back);
    return difference;
}

/* (high + low) / (over + over_low) for small low parts, rounded nearly once: the quotient is corrected by its residual. */
INLINE REAL FN(quotient)(REAL high, REAL low, REAL over, REAL over_low)
{
    REAL inverse = 1 / over;
    REAL ratio = high * inverse;
    REAL rest = FN(fma)(-ratio, over, high) + FN(fma)(-ratio, over_low, low);
    return FN(fma)(rest, inverse, ratio);
}
