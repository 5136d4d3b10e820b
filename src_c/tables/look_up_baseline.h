/* Any processor: element by element. */
#include "tables/stored_by_rows.h"

INLINE void look_up(const fa_pieces *pieces, const uint32_t *places, int columns, float *to)
{
    for (int i = 0; i < LANES; i++)
        for (int k = 0; k < columns; k++)
            to[k * PIECE_STEP + i] = piece_row(pieces, places[i])[k];
}
