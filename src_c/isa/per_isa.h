/* The end of every isa file: float and double of everything, and the table that offers them. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "internal.h"
#include "loops/stream.h"

#define FA_DOUBLE 1 /* first, because some float kernels compute in double */
#include "isa/per_dtype.h"
#undef FA_DOUBLE
#define FA_DOUBLE 0
#include "isa/per_dtype.h"
#include "loops/bytes.h"
#include "loops/half_types.h"
#include "loops/half_loops.h"
#include "rows/half.h"

#define FA_STRING_(x) #x
#define FA_STRING(x) FA_STRING_(x)
const fa_isa_table FA_JOIN(fa_, FA_ISA) = {
    .name = FA_STRING(FA_ISA),
    .kernels = {kernels_f32, kernels_f64},
    .run = {run_elements_f32, run_elements_f64, run_elements_float16, run_elements_bfloat16},
    .rows = {run_row_blocks_f32, run_row_blocks_f64, run_row_blocks_float16, run_row_blocks_bfloat16},
    .loss = {run_loss_f32, run_loss_f64},
    .class_loss = {{run_cross_entropy_f32, run_nll_loss_f32}, {run_cross_entropy_f64, run_nll_loss_f64}},
    .step = {run_optimizer_f32, run_optimizer_f64},
    .bytes = run_bytes,
};
