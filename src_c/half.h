/* float16 to and from float, in plain C that vectorises: IEEE, round to nearest even, NaN kept. */
static void fa_half_to_float(const uint16_t *from, float *to, ptrdiff_t n)
{
#pragma omp simd
    for (ptrdiff_t i = 0; i < n; i++) {
        uint32_t h = from[i], bits = (h & 0x7fff) << 13;
        float f;
        __builtin_memcpy(&f, &bits, 4);
        f *= 0x1p112f; /* the exponent's new bias; a product normalises the subnormal ones */
        uint32_t result;
        __builtin_memcpy(&result, &f, 4);
        result = bits >= 0x0f800000u ? bits | 0x7f800000u : result;
        result |= (h & 0x8000) << 16;
        __builtin_memcpy(to + i, &result, 4);
    }
}

static void fa_float_to_half(const float *from, uint16_t *to, ptrdiff_t n)
{
#pragma omp simd
    for (ptrdiff_t i = 0; i < n; i++) {
        uint32_t bits, shifted;
        __builtin_memcpy(&bits, from + i, 4);
        uint32_t sign = bits >> 16 & 0x8000, m = bits & 0x7fffffff;
        float f;
        uint32_t clamped = m < 0x38800000u ? m : 0x38800000u; /* 2^-14, the smallest normal */
        __builtin_memcpy(&f, &clamped, 4);
        f += 0.5f; /* rounds to multiples of 2^-24, a subnormal's unit */
        __builtin_memcpy(&shifted, &f, 4);
        uint32_t subnormal = shifted - 0x3f000000u;
        uint32_t normal = (m + 0xfff + (m >> 13 & 1) - (112u << 23)) >> 13;
        uint32_t result = m < 0x38800000u ? subnormal : normal;
        result = m >= 0x477ff000u ? 0x7c00u : result; /* 65520 and above */
        result = m > 0x7f800000u ? 0x7e00u : result;
        to[i] = (uint16_t)(sign | result);
    }
}

/* Whether float's error could decide how x rounds to half: 5 ulp to either side round apart. */
static void fa_near_ties(const float *from, uint8_t *near, ptrdiff_t n)
{
#pragma omp simd
    for (ptrdiff_t i = 0; i < n; i++) {
        uint32_t m;
        __builtin_memcpy(&m, from + i, 4);
        m &= 0x7fffffff;
        uint32_t low = m < 0x32000000u ? 0x32000000u : m, high = low + 5; /* 2^-27: far below the first tie */
        low -= 5;
        float below, above;
        __builtin_memcpy(&below, &low, 4);
        __builtin_memcpy(&above, &high, 4);
        uint32_t subnormal = below + 0.5f != above + 0.5f;                               /* as in fa_float_to_half */
        uint32_t normal = ((m + 5 - 0x1000) & 0x1fff) <= 10 ? m < 0x47800000u : 0; /* 13 bits go; 0x1000 is a tie */
        near[i] = (uint8_t)(m < 0x38800000u ? subnormal : normal);
    }
}

/* Rounded to half once: the bits that float cannot hold are gathered in its last one. */
static uint16_t fa_double_to_half(double x)
{
    const uint64_t lost = 0x1fffffff;
    uint64_t bits;
    uint16_t half;
    __builtin_memcpy(&bits, &x, 8);
    bits = (bits & ~lost) | (uint64_t)((bits & lost) != 0) << 29;
    __builtin_memcpy(&x, &bits, 8);
    float f = (float)x;
    fa_float_to_half(&f, &half, 1);
    return half;
}
