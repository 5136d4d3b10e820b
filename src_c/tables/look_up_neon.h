/* NEON: one instruction loads four numbers of a row into one lane of four registers. */
#include "tables/stored_by_rows.h"
#include <arm_neon.h>

INLINE void look_up(const fa_pieces *pieces, const uint32_t *places, int columns, float *to)
{
    const float *row[4];
    for (int i = 0; i < 4; i++)
        row[i] = piece_row(pieces, places[i]);
    for (int k = 0; k < columns; k += 4) {
        float32x4x4_t four = {{vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0)}};
        four = vld4q_lane_f32(row[0] + k, four, 0);
        four = vld4q_lane_f32(row[1] + k, four, 1);
        four = vld4q_lane_f32(row[2] + k, four, 2);
        four = vld4q_lane_f32(row[3] + k, four, 3);
        for (int j = 0; j < 4; j++)
            vst1q_f32(to + (k + j) * PIECE_STEP, four.val[j]);
    }
}
