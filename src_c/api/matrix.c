/* Calls over matrices: a bias is one row for all rows, and the two halves of a gated linear unit are matrices whose rows do not
   follow each other in memory. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "internal.h"
#include "math/two_sum.h"
#include "runtime/fp_flags.h"

enum { BLOCK_BYTES = 4096 }; /* loops/blocks.h never asks for more of a row at a time */

/* Copies of short rows that are repeated, such as a bias: each is written one after the other, for a block beyond its end, so
   that a block is contiguous wherever it begins. */
typedef struct {
    _Alignas(64) char of[FA_MAX_INPUTS + FA_MAX_PARAMETERS][2 * BLOCK_BYTES];
} fa_repeated;

static void repeat(fa_call *call, ptrdiff_t n, fa_repeated *rows)
{
    const ptrdiff_t size = fa_size_of(call->dtype), length = call->columns * size;
    const ptrdiff_t wanted = length + (n * size < BLOCK_BYTES ? n * size : BLOCK_BYTES);
    call->repeated = 0;
    for (int k = 0; k < call->inputs + call->parameters && length <= BLOCK_BYTES; k++) {
        if (call->row_steps[k] != 0 || call->steps[k] != size)
            continue;
        memcpy(rows->of[k], call->data[k], (size_t)length);
        for (ptrdiff_t done = length; done < wanted; done *= 2)
            memcpy(rows->of[k] + done, rows->of[k], (size_t)(wanted - done < done ? wanted - done : done));
        call->data[k] = rows->of[k];
        call->repeated |= 1u << k;
    }
}

/* Checks and fills the call of a matrix. *flat: all elements have one step, because the rows follow each other or because
   there is only one. */
static fa_status prepare_matrix(fa_call *call, const fa_activation *activation, fa_form form, fa_dtype dtype,
                                char *const *data, const ptrdiff_t *steps, const ptrdiff_t *row_steps, ptrdiff_t rows,
                                ptrdiff_t columns, int *flat)
{
    fa_status status = row_steps ? fa_check(activation, form, dtype, data, steps, row_steps, rows, columns) : FA_ERROR_ARGUMENT;
    if (status)
        return status;
    fa_prepare(call, activation, form, dtype, data, steps);
    call->contiguous = 0;
    call->columns = columns;
    call->sums = NULL;
    *flat = 1;
    for (int k = 0; k < call->inputs + call->parameters + call->outputs; k++) {
        call->row_steps[k] = row_steps[k];
        call->scalars &= k < call->inputs || k >= call->inputs + call->parameters || row_steps[k] == 0;
        *flat &= rows <= 1 || row_steps[k] == columns * steps[k];
    }
    return FA_OK;
}

/* fa_apply_matrix, with limits of a gated form unless `clamp` is NULL. */
static fa_status apply_matrix(const fa_activation *activation, fa_form form, fa_dtype dtype, char *const *data,
                              const ptrdiff_t *steps, const ptrdiff_t *row_steps, ptrdiff_t rows, ptrdiff_t columns,
                              const fa_clamp *clamp)
{
    fa_call call;
    int flat = 0;
    fa_status status = prepare_matrix(&call, activation, form, dtype, data, steps, row_steps, rows, columns, &flat);
    if (status)
        return status;
    if (flat) {
        fa_prepare(&call, activation, form, dtype, data, steps);
        call.clamp = clamp;
        return fa_run_no_overlap(&call, activation, rows * columns);
    }
    const int outputs_at = call.inputs + call.parameters, count = outputs_at + call.outputs;
    if (!fa_is_float(dtype)) { /* half types: row by row */
        char *row[FA_MAX_ARGUMENTS];
        for (ptrdiff_t r = 0; r < rows; r++) {
            for (int k = 0; k < count; k++)
                row[k] = data[k] + r * row_steps[k];
            fa_prepare(&call, activation, form, dtype, row, steps);
            call.clamp = clamp;
            fa_run_no_overlap(&call, activation, columns);
        }
        return FA_OK;
    }
    const ptrdiff_t n = rows * columns;
    if (n == 0)
        return FA_OK;
    call.clamp = clamp;
    unsigned flags = fa_flags();
    call.stream = fa_should_stream(&call, n);
    for (int k = outputs_at; k < count; k++)
        call.stream &= row_steps[k] == columns * fa_size_of(dtype) || columns >= 256;
    fa_repeated repeated;
    repeat(&call, n, &repeated);
    fa_parallel(fa_run_call, &call, n, FA_GRAIN, (double)n * fa_cost_of(activation, form, dtype));
    fa_restore_flags(flags);
    return FA_OK;
}

fa_status fa_apply_matrix(const fa_activation *activation, fa_form form, fa_dtype dtype, char *const *data,
                          const ptrdiff_t *steps, const ptrdiff_t *row_steps, ptrdiff_t rows, ptrdiff_t columns)
{
    return apply_matrix(activation, form, dtype, data, steps, row_steps, rows, columns, NULL);
}

/* The offset 0 is -0.0 in a call, whose sum with up is up, -0.0 too. */
fa_status fa_apply_clamped(const fa_activation *activation, fa_form form, fa_dtype dtype, char *const *data,
                           const ptrdiff_t *steps, const ptrdiff_t *row_steps, ptrdiff_t rows, ptrdiff_t columns,
                           const fa_clamp *clamp)
{
    const int gated = form == FA_GATED || form == FA_GATED_BACKWARD;
    if (!clamp || !(clamp->limit >= 0) || !(clamp->offset - clamp->offset == 0))
        return FA_ERROR_ARGUMENT;
    fa_clamp used = {clamp->limit, clamp->offset == 0 ? -0.0 : clamp->offset};
    if (dtype != FA_FLOAT64)
        used = (fa_clamp){(float)used.limit, (float)used.offset};
    if (!gated)
        return FA_ERROR_NO_SUCH_FORM;
    return apply_matrix(activation, form, dtype, data, steps, row_steps, rows, columns,
                        clamp->limit == INFINITY && clamp->offset == 0 ? NULL : &used);
}

/* ---- the gradient of a bias ---- */

/* Adds `count` partial sums, which are those of the columns 0, 1, ..., 0, 1, ..., in order to `columns` compensated sums, and
   writes these to dbias. */
static void add_groups(fa_dtype dtype, const void *partial, ptrdiff_t count, ptrdiff_t columns, double *sum,
                       double *lost, void *dbias)
{
    for (ptrdiff_t at = 0; at < count; at += columns)
        for (ptrdiff_t c = 0; c < columns; c++)
            fa_add(&sum[c], &lost[c], dtype == FA_FLOAT64 ? ((const double *)partial)[at + c] : ((const float *)partial)[at + c]);
    for (ptrdiff_t c = 0; c < columns; c++) {
        double total = fa_total(sum[c], lost[c]);
        if (dtype == FA_FLOAT64)
            ((double *)dbias)[c] = total;
        else
            ((float *)dbias)[c] = (float)total;
    }
}

/* The gradient of x and, in the same pass, that of the bias. Groups of 32 rows are summed in the dtype by blocks.h; threads take
   whole groups. Short rows are summed as parts of one row of at least 256 columns. The sums of the groups, a thirty-second of
   the elements, are then added in order. With a second pass over the gradient, relu takes 1.2 times as long
   in cache (256 x 64), and 1.2 to 2 times from memory (8192 x 1024, 65536 x 64; float32, one thread, Zen 5). */
fa_status fa_biased_backward(const fa_activation *activation, fa_dtype dtype, char *const *data, const ptrdiff_t *steps,
                             const ptrdiff_t *row_steps, ptrdiff_t rows, ptrdiff_t columns, void *dbias)
{
    fa_call call;
    int flat = 0;
    if (!fa_is_float(dtype))
        return FA_ERROR_ARGUMENT;
    const fa_form form = FA_BIASED_BACKWARD;
    fa_status status = prepare_matrix(&call, activation, form, dtype, data, steps, row_steps, rows, columns, &flat);
    if (status || columns == 0)
        return status;
    if (!dbias)
        return FA_ERROR_ARGUMENT;
    const ptrdiff_t n = rows * columns, size = fa_size_of(dtype);
    memset(dbias, 0, (size_t)(columns * size));
    if (n == 0)
        return FA_OK;
    const ptrdiff_t wide = columns * (columns < 256 ? (255 + columns) / columns : 1), group = 32 * wide;
    const ptrdiff_t groups = (n + group - 1) / group;
    const int direct = groups == 1 && wide == columns; /* the group's sums are those of the columns */
    double *sum = direct ? NULL : calloc((size_t)(2 * columns * 8 + groups * wide * size), 1);
    if (!direct && !sum)
        return FA_ERROR_MEMORY;
    call.sums = direct ? dbias : sum + 2 * columns;
    call.group = group;
    call.wide = wide;
    unsigned flags = fa_flags();
    call.stream = row_steps[call.inputs + call.parameters] == columns * size && fa_should_stream(&call, n);
    fa_repeated repeated;
    repeat(&call, n, &repeated);
    fa_parallel(fa_run_call, &call, n, group, (double)n * fa_cost_of(activation, form, dtype));
    if (!direct)
        add_groups(dtype, call.sums, groups * wide, columns, sum, sum + columns, dbias);
    fa_restore_flags(flags);
    free(sum);
    return FA_OK;
}

/* ---- contiguous matrices and a bias of one row ---- */

void fa_steps_of_matrix(const fa_activation *activation, fa_form form, fa_dtype dtype, ptrdiff_t columns, ptrdiff_t *steps,
                        ptrdiff_t *row_steps)
{
    const int inputs = fa_inputs_of(form), outputs_at = inputs + activation->parameters, bias = fa_bias_row_of(form);
    for (int k = 0; k < outputs_at + fa_outputs_of(form); k++) {
        steps[k] = k >= inputs && k < outputs_at ? 0 : fa_size_of(dtype);
        row_steps[k] = k == bias ? 0 : columns * steps[k];
    }
}

fa_status fa_apply_biased(const fa_activation *activation, fa_form form, fa_dtype dtype, const void *const *inputs,
                          void *const *outputs, ptrdiff_t rows, ptrdiff_t columns, const void *parameters)
{
    char *data[FA_MAX_ARGUMENTS];
    ptrdiff_t steps[FA_MAX_ARGUMENTS], row_steps[FA_MAX_ARGUMENTS], n;
    if (!activation)
        return FA_ERROR_NO_SUCH_FORM;
    if (form < 0 || form >= FA_FORM_COUNT || fa_bias_row_of(form) < 0 || !fa_is_dtype(dtype) || !inputs || !outputs ||
        (activation->parameters && !parameters) || !fa_count(dtype, rows, columns, 1, &n))
        return FA_ERROR_ARGUMENT;
    fa_list_arguments(activation, form, dtype, inputs, outputs, parameters, data);
    fa_steps_of_matrix(activation, form, dtype, columns, steps, row_steps);
    return form == FA_BIASED
               ? fa_apply_matrix(activation, form, dtype, data, steps, row_steps, rows, columns)
               : fa_biased_backward(activation, dtype, data, steps, row_steps, rows, columns, outputs[1]);
}
