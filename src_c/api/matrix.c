/* Calls over matrices: a bias is one row for all, and the halves of a gated linear unit lie side by side. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/fp_flags.h"
#include "internal.h"

enum { BLOCK_BYTES = 4096 }; /* loops/blocks.h never asks for more of a row at a time */

/* Short rows that are repeated, such as a bias: written out for a block beyond their end, so that a block is
   contiguous wherever it begins. */
typedef struct {
    _Alignas(64) char of[FA_MAX_INPUTS + FA_MAX_PARAMETERS][2 * BLOCK_BYTES];
} fa_repeated;

static void repeat(fa_call *call, ptrdiff_t size, ptrdiff_t n, fa_repeated *rows)
{
    ptrdiff_t length = call->columns * size, wanted = length + (n * size < BLOCK_BYTES ? n * size : BLOCK_BYTES);
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

/* The call of a matrix; *flat where its rows are one line, or it has only one. */
static fa_status prepare(fa_job *job, const fa_activation *activation, fa_form form, fa_dtype dtype,
                         char *const *data, const ptrdiff_t *steps, const ptrdiff_t *row_steps, ptrdiff_t rows,
                         ptrdiff_t columns, int *flat)
{
    fa_status status = row_steps ? fa_check(activation, form, dtype, data, steps, row_steps, rows, columns) : FA_ERROR_ARGUMENT;
    if (status)
        return status;
    fa_prepare(job, activation, form, dtype, data, steps);
    job->call.columns = columns;
    job->call.sums = NULL;
    *flat = 1;
    for (int k = 0; k < job->call.inputs + job->call.parameters + job->call.outputs; k++) {
        job->call.row_steps[k] = row_steps[k];
        *flat &= rows <= 1 || row_steps[k] == columns * steps[k];
    }
    return FA_OK;
}

fa_status fa_apply_matrix(const fa_activation *activation, fa_form form, fa_dtype dtype, char *const *data,
                          const ptrdiff_t *steps, const ptrdiff_t *row_steps, ptrdiff_t rows, ptrdiff_t columns)
{
    fa_job job;
    int flat = 0;
    fa_status status = prepare(&job, activation, form, dtype, data, steps, row_steps, rows, columns, &flat);
    if (status)
        return status;
    if (flat)
        return fa_apply_no_overlap(activation, form, dtype, data, steps, rows * columns);
    if (dtype != FA_FLOAT32 && dtype != FA_FLOAT64) { /* half types: row by row */
        char *row[FA_MAX_ARGUMENTS];
        for (ptrdiff_t r = 0; r < rows && !status; r++) {
            for (int k = 0; k < job.call.inputs + job.call.parameters + job.call.outputs; k++)
                row[k] = data[k] + r * row_steps[k];
            status = fa_apply_no_overlap(activation, form, dtype, row, steps, columns);
        }
        return status;
    }
    ptrdiff_t n = rows * columns, size = dtype == FA_FLOAT64 ? 8 : 4;
    if (n == 0)
        return FA_OK;
    unsigned flags = fa_flags();
    job.call.stream = fa_should_stream(&job.call, size, n);
    int output = job.call.inputs + job.call.parameters;
    for (int k = output; k < output + job.call.outputs; k++)
        job.call.stream &= row_steps[k] == columns * size || columns >= 256;
    fa_repeated repeated;
    repeat(&job.call, size, n, &repeated);
    fa_parallel(fa_run_job, &job, n, 4096, (double)n * fa_cost_of(activation, form, dtype));
    fa_restore_flags(flags);
    return FA_OK;
}

/* ---- the gradient of a bias ---- */

/* Adds rows of `wide` partial sums, in order and part by part, to `columns` sums of doubles; what each addition
   loses is added up beside. */
static void add_groups(fa_dtype dtype, const void *partial, ptrdiff_t count, ptrdiff_t columns, double *sum,
                       double *lost, void *dbias)
{
    for (ptrdiff_t at = 0; at < count; at += columns)
        for (ptrdiff_t c = 0; c < columns; c++) {
            double x = dtype == FA_FLOAT64 ? ((const double *)partial)[at + c] : ((const float *)partial)[at + c];
            double total = sum[c] + x, of_x = total - sum[c];
            lost[c] += (sum[c] - (total - of_x)) + (x - of_x);
            sum[c] = total;
        }
    for (ptrdiff_t c = 0; c < columns; c++) {
        double total = isfinite(sum[c]) ? sum[c] + lost[c] : sum[c]; /* infinities lose NaN */
        if (dtype == FA_FLOAT64)
            ((double *)dbias)[c] = total;
        else
            ((float *)dbias)[c] = (float)total;
    }
}

/* Rows are summed by groups of 32, in the dtype: threads take whole groups. Short rows lie side by side, as
   one wide row. The groups' sums, a thirty-second of the elements, are then added in order. */
fa_status fa_biased_backward(const fa_activation *activation, fa_dtype dtype, char *const *data, const ptrdiff_t *steps,
                             const ptrdiff_t *row_steps, ptrdiff_t rows, ptrdiff_t columns, void *dbias)
{
    fa_job job;
    int flat = 0;
    if (dtype != FA_FLOAT32 && dtype != FA_FLOAT64)
        return FA_ERROR_ARGUMENT;
    fa_form form = FA_BIASED_BACKWARD;
    fa_status status = prepare(&job, activation, form, dtype, data, steps, row_steps, rows, columns, &flat);
    if (status || columns == 0)
        return status;
    if (!dbias)
        return FA_ERROR_ARGUMENT;
    ptrdiff_t n = rows * columns, size = dtype == FA_FLOAT64 ? 8 : 4;
    memset(dbias, 0, (size_t)(columns * size));
    if (n == 0)
        return FA_OK;
    ptrdiff_t wide = columns * (columns < 256 ? (255 + columns) / columns : 1), group = 32 * wide;
    ptrdiff_t groups = (n + group - 1) / group;
    int direct = groups == 1 && wide == columns; /* the group's sums are those of the columns */
    double *sum = direct ? NULL : calloc((size_t)(2 * columns * 8 + groups * wide * size), 1);
    if (!direct && !sum)
        return FA_ERROR_MEMORY;
    job.call.sums = direct ? dbias : sum + 2 * columns;
    job.call.group = group;
    job.call.wide = wide;
    unsigned flags = fa_flags();
    int output = job.call.inputs + job.call.parameters;
    job.call.stream = row_steps[output] == columns * size && fa_should_stream(&job.call, size, n);
    fa_repeated repeated;
    repeat(&job.call, size, n, &repeated);
    fa_parallel(fa_run_job, &job, n, group, (double)n * fa_cost_of(activation, FA_BIASED_BACKWARD, dtype));
    if (!direct)
        add_groups(dtype, job.call.sums, groups * wide, columns, sum, sum + columns, dbias);
    fa_restore_flags(flags);
    free(sum);
    return FA_OK;
}

/* ---- contiguous matrices and a bias of one row ---- */

fa_status fa_apply_biased(const fa_activation *activation, fa_form form, fa_dtype dtype, const void *const *inputs,
                          void *const *outputs, ptrdiff_t rows, ptrdiff_t columns, const void *parameters)
{
    char *data[FA_MAX_ARGUMENTS];
    ptrdiff_t steps[FA_MAX_ARGUMENTS], row_steps[FA_MAX_ARGUMENTS];
    if (!activation)
        return FA_ERROR_NO_SUCH_FORM;
    ptrdiff_t n;
    const int bias = form < 0 || form >= FA_FORM_COUNT ? -1 : fa_bias_row_of(form);
    if (bias < 0 || dtype < FA_FLOAT32 || dtype > FA_BFLOAT16 || !inputs || !outputs ||
        (activation->parameters && !parameters) || !fa_count(dtype, rows, columns, 1, &n))
        return FA_ERROR_ARGUMENT;
    fa_contiguous(activation, form, dtype, inputs, outputs, parameters, data, steps);
    const int count = fa_inputs_of(form) + activation->parameters + fa_outputs_of(form);
    for (int k = 0; k < count; k++)
        row_steps[k] = k == bias ? 0 : columns * steps[k];
    return form == FA_BIASED
               ? fa_apply_matrix(activation, form, dtype, data, steps, row_steps, rows, columns)
               : fa_biased_backward(activation, dtype, data, steps, row_steps, rows, columns, outputs[1]);
}
