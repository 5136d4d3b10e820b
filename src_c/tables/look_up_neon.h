/* NEON: one instruction fetches a vector, byte by byte, from a column of 8 numbers. Of a table of 32 pieces, one loads four
   numbers of a row into one lane of four registers. */
#include "tables/stored_by_columns.h"
#include "tables/stored_by_rows.h"
#include <arm_neon.h>

INLINE void look_up_8(const fa_pieces_8 *pieces, const uint32_t *places, int columns, float *to)
{
    uint8x16_t i = vreinterpretq_u8_u32(vmlaq_n_u32(vdupq_n_u32(0x03020100), vld1q_u32(places), 0x04040404));
    for (int k = 0; k < columns; k++) {
        uint8x16x2_t column = vld1q_u8_x2((const uint8_t *)pieces->column[k]);
        vst1q_f32(to + k * PIECE_STEP, vreinterpretq_f32_u8(vqtbl2q_u8(column, i)));
    }
}

INLINE void look_up_32(const fa_pieces_32 *pieces, const uint32_t *places, int columns, float *to)
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
