/* Any processor: element by element. */
#include "tables/stored_by_columns.h"
#include "tables/stored_by_rows.h"

INLINE void look_up_8(const fa_pieces_8 *pieces, const uint32_t *places, int columns, float *to)
{
    for (int k = 0; k < columns; k++)
        for (int i = 0; i < LANES; i++)
            to[k * PIECE_STEP + i] = pieces->column[k][places[i]];
}

INLINE void look_up_32(const fa_pieces_32 *pieces, const uint32_t *places, int columns, float *to)
{
    for (int i = 0; i < LANES; i++)
        for (int k = 0; k < columns; k++)
            to[k * PIECE_STEP + i] = piece_row(pieces, places[i])[k];
}
