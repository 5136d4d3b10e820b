/* Calls whose arrays are fixed: see api/bound.h. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O2") /* as in api/elementwise.c */
#endif
#include <string.h>
#include "api/bound.h"
#include "runtime/fp_flags.h"

/* Elements of one thread; bytes that are whole vectors of any instruction set; elements that are looked at. */
enum { SHORT = 4096, WHOLE = 64, FEW = 64 };

/* Whether all elements are 0 or of a magnitude from 2^-20 to 8; integers, which raise no flag themselves. */
static int ordinary_f32(const void *x, ptrdiff_t n)
{
    int32_t strange = 0;
#pragma omp simd reduction(| : strange)
    for (ptrdiff_t i = 0; i < n; i++) {
        int32_t word;
        memcpy(&word, (const char *)x + i * 4, 4);
        word &= 0x7fffffff;
        strange |= ((word < 0x35800000) | (word > 0x41000000)) & (word != 0);
    }
    return !strange;
}

static int ordinary_f64(const void *x, ptrdiff_t n)
{
    int strange = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        int64_t word;
        memcpy(&word, (const char *)x + i * 8, 8);
        word &= INT64_MAX;
        strange |= ((word < 0x3eb0000000000000) | (word > 0x4020000000000000)) & (word != 0);
    }
    return !strange;
}

/* Whether the parameters are from 1/2 to 4, as most are by default. */
static int ordinary_parameters(const fa_activation *activation, fa_dtype dtype, const void *parameters)
{
    int ordinary = 1;
    for (int k = 0; k < activation->parameters; k++) {
        double p = dtype == FA_FLOAT32 ? ((const float *)parameters)[k] : ((const double *)parameters)[k];
        ordinary &= p >= 0.5 && p <= 4;
    }
    return ordinary;
}

/* A loop over whole vectors. */
static fa_status run_kernel(const fa_bound *b)
{
    unsigned flags = fa_flags();
    b->kernel(b->in, b->out, b->n, b->parameters);
    fa_restore_flags(flags);
    return FA_OK;
}

/* The same of few elements. To read the processor's flags takes 5 ns, longer than most kernels of 16 elements, and
   there is nothing to restore for ordinary elements: these raise no flag in any loop (tests/test_bind.py). */
static fa_status run_few(const fa_bound *b)
{
    int (*ordinary)(const void *, ptrdiff_t) = b->dtype == FA_FLOAT32 ? ordinary_f32 : ordinary_f64;
    if (!ordinary(b->in[0], b->n) || (b->in[1] && !ordinary(b->in[1], b->n)))
        return run_kernel(b);
    b->kernel(b->in, b->out, b->n, b->parameters);
    return FA_OK;
}

static fa_status run_no_overlap(const fa_bound *b)
{
    return fa_apply_no_overlap(b->activation, b->form, b->dtype, b->data, b->steps, b->n);
}

static fa_status run_matrix(const fa_bound *b)
{
    return fa_apply_matrix(b->activation, b->form, b->dtype, b->data, b->steps, b->row_steps, b->rows, b->columns);
}

static fa_status run_biased_backward(const fa_bound *b)
{
    return fa_biased_backward(b->activation, b->dtype, b->data, b->steps, b->row_steps, b->rows, b->columns, b->dbias);
}

static fa_status run_rows(const fa_bound *b)
{
    return fa_rows_where(b->row_form, b->dtype, b->in[0], b->in[1], b->out[0], b->outer, b->length, b->inner, b->mask,
                         b->temperature);
}

void fa_bind(fa_bound *bound, const fa_activation *activation, fa_form form, fa_dtype dtype, void *const *arrays,
             const void *parameters, ptrdiff_t n, ptrdiff_t columns)
{
    const ptrdiff_t size = fa_size_of(dtype), rows = columns ? n / columns : 0;
    const int inputs = fa_inputs_of(form), outputs = fa_outputs_of(form), bias = fa_bias_row_of(form);
    const int sums = form == FA_BIASED_BACKWARD;
    fa_job job;
    *bound = (fa_bound){.n = n, .activation = activation, .form = form, .dtype = dtype, .parameters = parameters,
                        .rows = rows, .columns = columns};
    for (int k = 0; k < inputs; k++)
        bound->in[k] = arrays[k];
    for (int k = 0; k < outputs; k++)
        bound->out[k] = arrays[inputs + k];
    fa_contiguous(activation, form, dtype, bound->in, bound->out, parameters, bound->data, bound->steps);
    for (int k = 0; k < inputs + activation->parameters + outputs; k++)
        bound->row_steps[k] = k == bias ? 0 : columns * bound->steps[k];
    bound->dbias = sums && columns ? arrays[inputs + 1] : NULL;
    bound->run = !columns ? run_no_overlap : sums ? run_biased_backward : run_matrix;
    if (columns || form >= FA_LOOP_COUNT || dtype > FA_FLOAT64 || n == 0 || n > SHORT || n * size % WHOLE != 0 ||
        fa_prepare(&job, activation, form, dtype, bound->data, bound->steps))
        return;
    bound->kernel = job.call.kernels->scalar[form];
    bound->run = n <= FEW && ordinary_parameters(activation, dtype, parameters) ? run_few : run_kernel;
}

void fa_bind_matrix(fa_bound *bound, const fa_activation *activation, fa_form form, fa_dtype dtype, void *const *arrays,
                    const ptrdiff_t *row_steps, const void *parameters, ptrdiff_t rows, ptrdiff_t columns)
{
    const int inputs = fa_inputs_of(form), outputs = fa_outputs_of(form);
    fa_bind(bound, activation, form, dtype, arrays, parameters, rows * columns, 0);
    if (rows <= 1)
        return;
    bound->rows = rows;
    bound->columns = columns;
    for (int k = 0; k < inputs; k++)
        bound->row_steps[k] = row_steps[k];
    for (int k = 0; k < outputs; k++)
        bound->row_steps[inputs + activation->parameters + k] = row_steps[inputs + k];
    bound->run = run_matrix;
}

void fa_bind_rows(fa_bound *bound, fa_row_form form, fa_dtype dtype, const void *first, const void *second, void *out,
                  ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner, const unsigned char *mask, double temperature)
{
    *bound = (fa_bound){.run = run_rows, .n = outer * n * inner, .in = {first, second}, .out = {out}, .dtype = dtype,
                        .row_form = form, .outer = outer, .length = n, .inner = inner, .mask = mask,
                        .temperature = temperature};
}

fa_status fa_run_bound(fa_bound *const *steps, ptrdiff_t count, ptrdiff_t *at)
{
    for (*at = 0; *at < count; ++*at) {
        fa_status status = steps[*at]->run(steps[*at]);
        if (status)
            return status;
    }
    return FA_OK;
}
