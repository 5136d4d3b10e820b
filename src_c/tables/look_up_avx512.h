/* AVX-512: a column of 32 numbers lies in two registers, and one permutation fetches 16 of them. */
typedef struct {
    float offset, limit;
    _Alignas(64) float column[FA_PIECE_COLUMNS][32];
} fa_pieces;

/* The initialiser of a column, of PIECE(i, base, c0, ...) with up to c5. */
#define FA_COLUMN(k, PIECES) {PIECES(FA_COLUMN_##k)}
#define FA_COLUMN_0(i, base, ...) [i] = base,
#define FA_COLUMN_1(i, base, c0, ...) [i] = c0,
#define FA_COLUMN_2(i, base, c0, c1, ...) [i] = c1,
#define FA_COLUMN_3(i, base, c0, c1, c2, ...) [i] = c2,
#define FA_COLUMN_4(i, base, c0, c1, c2, c3, ...) [i] = c3,
#define FA_COLUMN_5(...) FA_COLUMN_5_(__VA_ARGS__, 0)
#define FA_COLUMN_6(...) FA_COLUMN_6_(__VA_ARGS__, 0, 0)
#define FA_COLUMN_5_(i, base, c0, c1, c2, c3, c4, ...) [i] = c4,
#define FA_COLUMN_6_(i, base, c0, c1, c2, c3, c4, c5, ...) [i] = c5,
#define FA_PIECES_OF(PIECES)                                                                                    \
    {FA_COLUMN(0, PIECES), FA_COLUMN(1, PIECES), FA_COLUMN(2, PIECES), FA_COLUMN(3, PIECES),                    \
     FA_COLUMN(4, PIECES), FA_COLUMN(5, PIECES), FA_COLUMN(6, PIECES)}

/* All of a vector at once: what is looked up stays in registers. */
enum { PIECE_GROUP = PIECE_STEP };

/* The permutation minds the low five bits of an index. */
INLINE uint32_t piece_place(uint32_t bits) { return bits >> 20; }

INLINE void look_up(const fa_pieces *pieces, const uint32_t *places, int columns, float *to)
{
    __m512i i = _mm512_loadu_si512(places);
    for (int k = 0; k < columns; k++) {
        __m512 low = _mm512_load_ps(pieces->column[k]), high = _mm512_load_ps(pieces->column[k] + 16);
        _mm512_storeu_ps(to + k * PIECE_STEP, _mm512_permutex2var_ps(low, i, high));
    }
}
