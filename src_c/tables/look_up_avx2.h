/* AVX2: one permutation fetches a vector from a column of 8 numbers. Of a table of 32 pieces, the rows of eight elements are
   loaded and transposed. Gathers took four times as long. */
#include "tables/stored_by_columns.h"
#include "tables/stored_by_rows.h"

INLINE void look_up_8(const fa_pieces_8 *pieces, const uint32_t *places, int columns, float *to)
{
    __m256i i = _mm256_loadu_si256((const __m256i *)places);
    for (int k = 0; k < columns; k++)
        _mm256_storeu_ps(to + k * PIECE_STEP, _mm256_permutevar8x32_ps(_mm256_load_ps(pieces->column[k]), i));
}

/* 4 numbers of p, then of q; or 2 of each of p, q, r and s. */
INLINE __m256 piece_quads(const float *p, const float *q)
{
    return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_load_ps(p)), _mm_load_ps(q), 1);
}

INLINE __m256 piece_pairs(const float *p, const float *q, const float *r, const float *s)
{
    __m128 low = _mm_loadh_pi(_mm_castpd_ps(_mm_load_sd((const double *)p)), (const __m64 *)q);
    __m128 high = _mm_loadh_pi(_mm_castpd_ps(_mm_load_sd((const double *)r)), (const __m64 *)s);
    return _mm256_insertf128_ps(_mm256_castps128_ps256(low), high, 1);
}

/* Columns k to k + 3 of eight rows. */
INLINE void piece_four_columns(const float *const *row, int k, float *to)
{
    __m256 a = piece_quads(row[0] + k, row[4] + k), b = piece_quads(row[1] + k, row[5] + k);
    __m256 c = piece_quads(row[2] + k, row[6] + k), d = piece_quads(row[3] + k, row[7] + k);
    __m256d ab = _mm256_castps_pd(_mm256_unpacklo_ps(a, b)), cd = _mm256_castps_pd(_mm256_unpacklo_ps(c, d));
    _mm256_storeu_ps(to + k * PIECE_STEP, _mm256_castpd_ps(_mm256_unpacklo_pd(ab, cd)));
    _mm256_storeu_ps(to + (k + 1) * PIECE_STEP, _mm256_castpd_ps(_mm256_unpackhi_pd(ab, cd)));
    ab = _mm256_castps_pd(_mm256_unpackhi_ps(a, b)), cd = _mm256_castps_pd(_mm256_unpackhi_ps(c, d));
    _mm256_storeu_ps(to + (k + 2) * PIECE_STEP, _mm256_castpd_ps(_mm256_unpacklo_pd(ab, cd)));
    _mm256_storeu_ps(to + (k + 3) * PIECE_STEP, _mm256_castpd_ps(_mm256_unpackhi_pd(ab, cd)));
}

INLINE void look_up_32(const fa_pieces_32 *pieces, const uint32_t *places, int columns, float *to)
{
    const float *row[8];
    for (int i = 0; i < 8; i++)
        row[i] = piece_row(pieces, places[i]);
    if (columns > 6) {
        piece_four_columns(row, 4, to);
    } else {
        __m256 a = piece_pairs(row[0] + 4, row[1] + 4, row[4] + 4, row[5] + 4);
        __m256 b = piece_pairs(row[2] + 4, row[3] + 4, row[6] + 4, row[7] + 4);
        _mm256_storeu_ps(to + 4 * PIECE_STEP, _mm256_shuffle_ps(a, b, 0x88));
        _mm256_storeu_ps(to + 5 * PIECE_STEP, _mm256_shuffle_ps(a, b, 0xdd));
    }
    piece_four_columns(row, 0, to); /* last: 2 % quicker */
}
