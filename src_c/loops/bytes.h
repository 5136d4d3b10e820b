/* run_bytes: y[i] = table[x[i]] for bytes [begin, end) of a call. Included once for each instruction set, after loops/stream.h,
   and for AVX-512 once more with FA_VBMI.

   Compilers make no shuffle of table[x[i]], so look_up_bytes has intrinsics. GB/s in cache: VBMI 35 to 50 on Zen 4 (a copy 45 to
   57), AVX-512 without VBMI 9.4 on Skylake-SP of 2 GHz (a copy 26 to 33), AVX2 9.4 and 4.0 on these, the plain loop 3.5 and 1.2.
   On Skylake-SP, sixteen shuffles of 64 bytes, permutations of 32-bit words and a sum of the rows' differences, of which rows
   without a difference were left out, gave 4.1, 4.1 and (7 of 16 rows left) 8.8. */
#if defined(__aarch64__)
#include <arm_neon.h>
#endif

#if FA_VBMI
enum { BYTES_STEP = 64 };

/* `table` here and below is what arrange_table made. A permutation minds the low seven bits of a byte. */
INLINE void look_up_bytes(const unsigned char *table, const unsigned char *x, unsigned char *y)
{
    __m512i at = _mm512_loadu_si512(x);
    __m512i low = _mm512_permutex2var_epi8(_mm512_loadu_si512(table), at, _mm512_loadu_si512(table + 64));
    __m512i high = _mm512_permutex2var_epi8(_mm512_loadu_si512(table + 128), at, _mm512_loadu_si512(table + 192));
    _mm512_storeu_si512(y, _mm512_mask_blend_epi8(_mm512_movepi8_mask(at), low, high));
}
#elif defined(__x86_64__) && FA_VECTOR_BYTES == 64
enum { BYTES_STEP = 64 };
#define FA_TABLE_OF_WORDS 1

/* Bytes k and k + 128 of the table are word k, since permutations are of words here. */
INLINE void arrange_table(const unsigned char *table, unsigned char *arranged)
{
    for (int k = 0; k < 128; k++) {
        arranged[2 * k] = table[k];
        arranged[2 * k + 1] = table[k + 128];
    }
}

/* The words of the bytes in `at` that are the low halves of words: a permutation minds the low six bits, `upper` has the next. */
INLINE __m512i look_up_words(const unsigned char *table, __m512i at, __mmask32 upper)
{
    __m512i low = _mm512_permutex2var_epi16(_mm512_loadu_si512(table), at, _mm512_loadu_si512(table + 64));
    __m512i high = _mm512_permutex2var_epi16(_mm512_loadu_si512(table + 128), at, _mm512_loadu_si512(table + 192));
    return _mm512_mask_blend_epi16(upper, low, high);
}

/* Even and odd bytes apart; the top bit of a byte chooses the half of its word. */
INLINE void look_up_bytes(const unsigned char *table, const unsigned char *x, unsigned char *y)
{
    const __mmask64 odd = 0xaaaaaaaaaaaaaaaa;
    __m512i at = _mm512_loadu_si512(x);
    __m512i evens = look_up_words(table, at, _mm512_test_epi16_mask(at, _mm512_set1_epi16(0x0040)));
    __m512i odds = look_up_words(table, _mm512_srli_epi16(at, 8), _mm512_test_epi16_mask(at, _mm512_set1_epi16(0x4000)));
    __m512i low = _mm512_mask_blend_epi8(odd, evens, _mm512_slli_epi16(odds, 8));
    __m512i high = _mm512_mask_blend_epi8(odd, _mm512_srli_epi16(evens, 8), odds);
    _mm512_storeu_si512(y, _mm512_mask_blend_epi8(_mm512_movepi8_mask(at), low, high));
}
#elif defined(__x86_64__) && FA_VECTOR_BYTES == 32
enum { BYTES_STEP = 32 };

/* In row k of the table's lower half, or of its upper half where the top bit is set: a shuffle uses the low four bits of a
   byte, and gives 0 where its top bit is set. */
INLINE __m256i look_up_row(const unsigned char *table, int k, __m256i at, __m256i flipped)
{
    __m256i low = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(table + 16 * k)));
    __m256i high = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(table + 16 * k + 128)));
    return _mm256_or_si256(_mm256_shuffle_epi8(low, at), _mm256_shuffle_epi8(high, flipped));
}

INLINE void look_up_bytes(const unsigned char *table, const unsigned char *x, unsigned char *y)
{
    __m256i at = _mm256_loadu_si256((const __m256i *)x), flipped = _mm256_xor_si256(at, _mm256_set1_epi8(-128)), row[8];
    for (int k = 0; k < 8; k++)
        row[k] = look_up_row(table, k, at, flipped);
    for (int bit = 4; bit < 7; bit++) { /* which chooses between rows; a blend uses the top bit of a byte */
        __m256i choice = _mm256_sll_epi16(at, _mm_cvtsi32_si128(7 - bit));
        for (int k = 0; k < 1 << (6 - bit); k++)
            row[k] = _mm256_blendv_epi8(row[2 * k], row[2 * k + 1], choice);
    }
    _mm256_storeu_si256((__m256i *)y, row[0]);
}
#elif defined(__aarch64__)
enum { BYTES_STEP = 16 };

/* A look-up in four registers gives 0, or what was there before, where an index is above 63. */
INLINE void look_up_bytes(const unsigned char *table, const unsigned char *x, unsigned char *y)
{
    uint8x16_t at = vld1q_u8(x), found = vdupq_n_u8(0);
    for (int k = 0; k < 4; k++)
        found = vqtbx4q_u8(found, vld1q_u8_x4(table + 64 * k), vsubq_u8(at, vdupq_n_u8((uint8_t)(64 * k))));
    vst1q_u8(y, found);
}
#else
enum { BYTES_STEP = 8 };

INLINE void look_up_bytes(const unsigned char *table, const unsigned char *x, unsigned char *y)
{
    unsigned char found[BYTES_STEP];
    for (int k = 0; k < BYTES_STEP; k++)
        found[k] = table[x[k]];
    memcpy(y, found, BYTES_STEP);
}
#endif

#if !FA_TABLE_OF_WORDS
INLINE void arrange_table(const unsigned char *table, unsigned char *arranged) { memcpy(arranged, table, 256); }
#endif
#undef FA_TABLE_OF_WORDS

static void run_bytes(const fa_bytes_call *call, ptrdiff_t begin, ptrdiff_t end)
{
    _Alignas(64) unsigned char table[256];
    arrange_table(call->table, table); /* a copy, which no store to y can change, and so it stays in registers */
    ptrdiff_t i = begin;
    for (; i < end && (uintptr_t)(call->y + i) % BYTES_STEP; i++) /* from memory AVX2 takes half the time with aligned stores */
        call->y[i] = call->table[call->x[i]];
#if defined(FA_STREAM) && FA_VECTOR_BYTES >= 32
    const int stream = call->stream;
    for (; stream && i + BYTES_STEP <= end; i += BYTES_STEP) { /* by blocks in L1 it would take longer */
        _Alignas(64) unsigned char found[BYTES_STEP];
        look_up_bytes(table, call->x + i, found);
        FA_STREAM(call->y + i, found);
    }
    if (stream)
        fa_stream_fence();
#endif
    for (; i + BYTES_STEP <= end; i += BYTES_STEP)
        look_up_bytes(table, call->x + i, call->y + i);
    for (; i < end; i++)
        call->y[i] = call->table[call->x[i]];
}
