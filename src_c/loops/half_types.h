/* Conversions between float and the half types, float16 and bfloat16. Included once for each instruction set.

   A float result that has an error may be on the wrong side of a tie, the middle between two halves, and is then rounded to the
   wrong half: once in 5000 for float16. So the conversions to half also return which lanes are near a tie, as the bits of an
   integer; half_loops.h computes these lanes in double. They work on HALF_STEP lanes at a time. The instructions of x86 and
   NEON give the same bits as the plain C below. */
#if defined(__aarch64__)
#include <arm_neon.h>
#endif
enum { HALF_STEP = 32 };

static inline uint16_t float16_of(float x)
{
    uint32_t bits, shifted;
    __builtin_memcpy(&bits, &x, 4);
    uint32_t sign = bits >> 16 & 0x8000, m = bits & 0x7fffffff;
    uint32_t clamped = m < 0x38800000u ? m : 0x38800000u; /* 2^-14, the smallest normal half */
    __builtin_memcpy(&x, &clamped, 4);
    x += 0.5f; /* rounds to multiples of 2^-24, the unit of subnormal halves */
    __builtin_memcpy(&shifted, &x, 4);
    uint32_t subnormal = shifted - 0x3f000000u;
    uint32_t normal = (m + 0xfff + (m >> 13 & 1) - (112u << 23)) >> 13;
    uint32_t result = m < 0x38800000u ? subnormal : normal;
    result = m >= 0x477ff000u ? 0x7c00u : result; /* 65520 and above */
    result = m > 0x7f800000u ? 0x7e00u : result;
    return (uint16_t)(sign | result);
}

static inline void float16_to_float(const uint16_t *from, float *to, ptrdiff_t n)
{
#if defined(__x86_64__) && FA_VECTOR_BYTES == 64
    for (ptrdiff_t i = 0; i < n; i += 16)
        _mm512_storeu_ps(to + i, _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(from + i))));
#elif defined(__x86_64__) && FA_VECTOR_BYTES == 32
    for (ptrdiff_t i = 0; i < n; i += 8)
        _mm256_storeu_ps(to + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(from + i))));
#elif defined(__aarch64__)
    for (ptrdiff_t i = 0; i < n; i += 4)
        vst1q_f32(to + i, vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(from + i))));
#else
#pragma omp simd
    for (ptrdiff_t i = 0; i < n; i++) {
        uint32_t h = from[i], bits = (h & 0x7fff) << 13;
        float f;
        __builtin_memcpy(&f, &bits, 4);
        f *= 0x1p112f; /* changes the exponent's bias; the product normalises subnormal halves */
        uint32_t result;
        __builtin_memcpy(&result, &f, 4);
        result = bits >= 0x0f800000u ? bits | 0x7f800000u : result;
        result |= (h & 0x8000) << 16;
        __builtin_memcpy(to + i, &result, 4);
    }
#endif
}

static inline void bfloat16_to_float(const uint16_t *from, float *to, ptrdiff_t n)
{
#pragma omp simd
    for (ptrdiff_t i = 0; i < n; i++) {
        uint32_t bits = (uint32_t)from[i] << 16;
        __builtin_memcpy(to + i, &bits, 4);
    }
}

/* Rounds 16 floats to float16. `up` and `down` times a float are the ends of the interval that the exact result is in. A lane is
   near a tie if the two ends round to different halves. */
static inline uint32_t float16_from_16(const float *from, uint16_t *to, float up, float down)
{
#if FA_VECTOR_BYTES == 64
    __m512 x = _mm512_loadu_ps(from);
    __m256i high = _mm512_cvtps_ph(_mm512_mul_ps(x, _mm512_set1_ps(up)), 0);
    __m256i low = _mm512_cvtps_ph(_mm512_mul_ps(x, _mm512_set1_ps(down)), 0);
    _mm256_storeu_si256((__m256i *)to, high);
    return _mm256_cmpneq_epi16_mask(high, low);
#elif FA_VECTOR_BYTES == 32
    __m256 x = _mm256_loadu_ps(from), y = _mm256_loadu_ps(from + 8);
    __m256 u = _mm256_set1_ps(up), d = _mm256_set1_ps(down);
    __m128i high_x = _mm256_cvtps_ph(_mm256_mul_ps(x, u), 0), low_x = _mm256_cvtps_ph(_mm256_mul_ps(x, d), 0);
    __m128i high_y = _mm256_cvtps_ph(_mm256_mul_ps(y, u), 0), low_y = _mm256_cvtps_ph(_mm256_mul_ps(y, d), 0);
    _mm_storeu_si128((__m128i *)to, high_x);
    _mm_storeu_si128((__m128i *)(to + 8), high_y);
    __m128i same = _mm_packs_epi16(_mm_cmpeq_epi16(high_x, low_x), _mm_cmpeq_epi16(high_y, low_y));
    return 0xffffu & ~(uint32_t)_mm_movemask_epi8(same);
#else
    uint16_t low[16];
    for (int i = 0; i < 16; i += 4) {
#if defined(__aarch64__)
        float32x4_t x = vld1q_f32(from + i);
        vst1_u16(to + i, vreinterpret_u16_f16(vcvt_f16_f32(vmulq_n_f32(x, up))));
        vst1_u16(low + i, vreinterpret_u16_f16(vcvt_f16_f32(vmulq_n_f32(x, down))));
#else
#pragma omp simd
        for (int j = i; j < i + 4; j++) {
            to[j] = float16_of(from[j] * up);
            low[j] = float16_of(from[j] * down);
        }
#endif
    }
    uint32_t near_tie = 0;
    for (int i = 0; i < 16; i++)
        near_tie |= (uint32_t)(to[i] != low[i]) << i;
    return near_tie;
#endif
}

/* Rounds 16 floats to bfloat16, which is the upper half of a float. A lane is near a tie if it is at most 8 units of float away
   from it. Lanes near a tie may be rounded either way here, so one addition rounds and finds them. */
static inline uint32_t bfloat16_from_16(const float *from, uint16_t *to)
{
#if FA_VECTOR_BYTES == 64
    __m512i x = _mm512_add_epi32(_mm512_loadu_si512(from), _mm512_set1_epi32(0x8008));
    _mm256_storeu_si256((__m256i *)to, _mm512_cvtepi32_epi16(_mm512_srli_epi32(x, 16)));
    return _mm512_testn_epi32_mask(x, _mm512_set1_epi32(0xfff0));
#elif FA_VECTOR_BYTES == 32
    const __m256i zero = _mm256_setzero_si256(), sum = _mm256_set1_epi32(0x8008), rest = _mm256_set1_epi32(0xfff0);
    __m256i x = _mm256_add_epi32(_mm256_loadu_si256((const __m256i *)from), sum);
    __m256i y = _mm256_add_epi32(_mm256_loadu_si256((const __m256i *)(from + 8)), sum);
    __m256i both = _mm256_packus_epi32(_mm256_srli_epi32(x, 16), _mm256_srli_epi32(y, 16));
    _mm256_storeu_si256((__m256i *)to, _mm256_permute4x64_epi64(both, 0xd8));
    x = _mm256_cmpeq_epi32(_mm256_and_si256(x, rest), zero);
    y = _mm256_cmpeq_epi32(_mm256_and_si256(y, rest), zero);
    uint32_t low = (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(x));
    return low | (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(y)) << 8;
#else
    uint32_t near_tie = 0;
    for (int i = 0; i < 16; i++) {
        uint32_t bits;
        __builtin_memcpy(&bits, from + i, 4);
        bits += 0x8008;
        to[i] = (uint16_t)(bits >> 16);
        near_tie |= (uint32_t)((bits & 0xfff0) == 0) << i;
    }
    return near_tie;
#endif
}

/* Rounds to bfloat16, ties to even. The lower half of a NaN is 0, because it comes from a half. */
static inline void float_to_bfloat16(const float *from, uint16_t *to, ptrdiff_t n)
{
#pragma omp simd
    for (ptrdiff_t i = 0; i < n; i++) {
        uint32_t bits;
        __builtin_memcpy(&bits, from + i, 4);
        to[i] = (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
    }
}

static inline void float_to_float16(const float *from, uint16_t *to, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i += HALF_STEP) {
        float16_from_16(from + i, to + i, 1, 1);
        float16_from_16(from + i + 16, to + i + 16, 1, 1);
    }
}

/* HALF_STEP lanes, and which of them are near a tie: faster than one after the other. */
static inline uint32_t step_to_float16(const float *from, uint16_t *to, float up, float down)
{
    return float16_from_16(from, to, up, down) | float16_from_16(from + 16, to + 16, up, down) << 16;
}

static inline uint32_t step_to_bfloat16(const float *from, uint16_t *to)
{
    return bfloat16_from_16(from, to) | bfloat16_from_16(from + 16, to + 16) << 16;
}

/* The lanes of HALF_STEP with |x - point| < distance; if point is 0, without those where x is 0. The bits of floats, as unsigned
   integers, have the order of the magnitudes, and subtracting 1 makes 0 the largest. */
static inline uint32_t step_near(const float *x, float point, float distance)
{
    const int32_t skip = point == 0;
    uint32_t limit, near = 0;
    __builtin_memcpy(&limit, &distance, 4);
    limit -= (uint32_t)skip;
#if FA_VECTOR_BYTES == 64
    const __m512 p = _mm512_set1_ps(point);
    const __m512i s = _mm512_set1_epi32(skip), l = _mm512_set1_epi32((int)limit);
    __m512i a = _mm512_castps_si512(_mm512_abs_ps(_mm512_sub_ps(_mm512_loadu_ps(x), p)));
    __m512i b = _mm512_castps_si512(_mm512_abs_ps(_mm512_sub_ps(_mm512_loadu_ps(x + 16), p)));
    near = _mm512_cmplt_epu32_mask(_mm512_sub_epi32(a, s), l);
    near |= (uint32_t)_mm512_cmplt_epu32_mask(_mm512_sub_epi32(b, s), l) << 16;
#elif FA_VECTOR_BYTES == 32
    const __m256 sign = _mm256_set1_ps(-0.0f), p = _mm256_set1_ps(point);
    const __m256i s = _mm256_set1_epi32(skip), l = _mm256_set1_epi32((int)limit - 1);
    for (int i = 0; i < HALF_STEP; i += 8) {
        __m256i away = _mm256_castps_si256(_mm256_andnot_ps(sign, _mm256_sub_ps(_mm256_loadu_ps(x + i), p)));
        away = _mm256_sub_epi32(away, s);
        away = _mm256_cmpeq_epi32(_mm256_min_epu32(away, l), away);
        near |= (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(away)) << i;
    }
#else
    for (int i = 0; i < HALF_STEP; i++) {
        float away = __builtin_fabsf(x[i] - point);
        uint32_t bits;
        __builtin_memcpy(&bits, &away, 4);
        near |= (uint32_t)(bits - (uint32_t)skip < limit) << i;
    }
#endif
    return near;
}

/* Rounds doubles to a half type once. They are first rounded to 2^-35 of the half's unit, so that double's errors do not decide
   if the exact result is a tie. */
static inline void double_to_half(const double *from, uint16_t *to, int n, const int bfloat)
{
    const double smallest = bfloat ? 0x1p-126 : 0x1p-14;
#pragma omp simd
    for (int i = 0; i < n; i++) {
        double x = from[i], size = __builtin_fabs(x), unit, r;
        uint64_t bits;
        size = size < smallest ? smallest : size;
        __builtin_memcpy(&bits, &size, 8);
        bits &= 0x7ff0000000000000u; /* a power of two */
        __builtin_memcpy(&unit, &bits, 8);
        unit *= bfloat ? 0x1.8p45 : 0x1.8p42; /* adding it rounds to the unit of the result */
        r = (x + unit * 0x1p-35) - unit * 0x1p-35;
        r = (r + unit) - unit;
        float f = (float)(size < 0x1p900 ? __builtin_copysign(r, x) : x);
        uint32_t word;
        __builtin_memcpy(&word, &f, 4);
        to[i] = bfloat ? (uint16_t)(word >> 16 | (f != f ? 0x40 : 0)) : float16_of(f);
    }
}
