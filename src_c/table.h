/* The end of every isa file: float and double of everything, and the table that offers them. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include "activation_list.h" /* written by setup.py from fastact/registry.py */
#include "internal.h"
#include "stream.h"

#define FA_DOUBLE 0
#include "kernels.h"
#undef FA_DOUBLE
#define FA_DOUBLE 1
#include "kernels.h"
#include "half.h"
#include "half_loops.h"

#define FA_STRING_(x) #x
#define FA_STRING(x) FA_STRING_(x)
const fa_isa_table FA_JOIN(fa_, FA_ISA) = {
    .name = FA_STRING(FA_ISA),
    .kernels = {kernels_f32, kernels_f64},
    .run = {run_f32, run_f64, run_half},
    .rows = {FA_ROW_TABLE(f32), FA_ROW_TABLE(f64)},
};
