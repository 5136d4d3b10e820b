/* AVX-512: one permutation fetches a vector from a column, of 8 numbers stored twice in a register, or of 32 in two. */
#include "tables/stored_by_columns.h"
FA_STORED_BY_COLUMNS(32)
#define FA_PIECES_OF_32 FA_COLUMNS_OF
enum { PIECE_GROUP_32 = PIECE_STEP };

/* The permutation uses only the low five bits of an index. */
INLINE uint32_t piece_place_32(uint32_t bits) { return bits >> 20; }
INLINE uint32_t piece_place_integers(uint32_t bits) { return bits; }

INLINE void look_up_8(const fa_pieces_8 *pieces, const uint32_t *places, int columns, float *to)
{
    __m512i i = _mm512_loadu_si512(places);
    for (int k = 0; k < columns; k++) {
        __m512 column = _mm512_broadcast_f32x8(_mm256_load_ps(pieces->column[k]));
        _mm512_storeu_ps(to + k * PIECE_STEP, _mm512_permutexvar_ps(i, column));
    }
}

INLINE void look_up_32(const fa_pieces_32 *pieces, const uint32_t *places, int columns, float *to)
{
    __m512i i = _mm512_loadu_si512(places);
    for (int k = 0; k < columns; k++) {
        __m512 low = _mm512_load_ps(pieces->column[k]), high = _mm512_load_ps(pieces->column[k] + 16);
        _mm512_storeu_ps(to + k * PIECE_STEP, _mm512_permutex2var_ps(low, i, high));
    }
}
