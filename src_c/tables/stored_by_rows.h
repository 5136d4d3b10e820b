/* Each of 32 pieces is a row of 32 bytes, and its place is the offset of the row in bytes. The places of a group of elements are
   written to memory before the first is used: using them from the register where they are computed takes a third longer. */
typedef struct {
    float limit;
    _Alignas(64) float row[32][FA_PIECE_COLUMNS];
} fa_pieces_32;

#define FA_ROW(i, ...) [i] = {__VA_ARGS__},
#define FA_PIECES_OF_32(PIECES) {PIECES(FA_ROW)}

enum { PIECE_GROUP_32 = 256 };

INLINE uint32_t piece_place_32(uint32_t bits) { return bits >> 15 & 31 * sizeof(float[FA_PIECE_COLUMNS]); }
INLINE uint32_t piece_place_integers(uint32_t bits) { return bits << 5 & 31 * sizeof(float[FA_PIECE_COLUMNS]); }

INLINE const float *piece_row(const fa_pieces_32 *pieces, uint32_t place)
{
    return (const float *)((const char *)pieces->row + place);
}
