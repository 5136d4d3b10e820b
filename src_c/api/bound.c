/* Calls whose arrays are fixed: see api/bound.h. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O2") /* as in api/elementwise.c */
#endif
#include <math.h>
#include <string.h>
#include "api/bound.h"
#include "runtime/fp_flags.h"

/* The bytes of a direct call of a kernel are a multiple of WHOLE, which is a whole number of vectors of any instruction set. Up
   to FEW elements are examined before a call. */
enum { WHOLE = 64, FEW = 64 };

/* Whether every element is 0 or of a magnitude from 2^-20 to 8. It works on integers, which raise no flag. The loop of float64
   is not vectorised: SSE2 has no comparison of 64-bit integers. */
#define FA_ALL_ORDINARY(name, word, mask, low, high, SIMD)                                                      \
    static int name(const char *x, ptrdiff_t n)                                                                 \
    {                                                                                                           \
        int strange = 0;                                                                                        \
        SIMD for (ptrdiff_t i = 0; i < n; i++)                                                                  \
        {                                                                                                       \
            word bits;                                                                                          \
            memcpy(&bits, x + i * (ptrdiff_t)sizeof bits, sizeof bits);                                         \
            bits &= (mask);                                                                                     \
            strange |= ((bits < (low)) | (bits > (high))) & (bits != 0);                                        \
        }                                                                                                       \
        return !strange;                                                                                        \
    }
FA_ALL_ORDINARY(all_ordinary_f32, int32_t, INT32_MAX, 0x35800000, 0x41000000, _Pragma("omp simd reduction(| : strange)"))
FA_ALL_ORDINARY(all_ordinary_f64, int64_t, INT64_MAX, 0x3eb0000000000000, 0x4020000000000000, )

/* Whether the parameters are between 1/2 and 4, as most defaults are. */
static int ordinary_parameters(const fa_activation *activation, fa_dtype dtype, const void *parameters)
{
    int ordinary = 1;
    for (int k = 0; k < activation->parameters; k++) {
        double p = dtype == FA_FLOAT32 ? ((const float *)parameters)[k] : ((const double *)parameters)[k];
        ordinary &= p >= 0.5 && p <= 4;
    }
    return ordinary;
}

/* One call of a kernel. */
static fa_status run_kernel(const fa_bound *b)
{
    unsigned flags = fa_flags();
    b->kernel(b->in, b->out, b->n, b->parameters);
    fa_restore_flags(flags);
    return FA_OK;
}

/* run_kernel for few elements: if all are ordinary, the kernel raises no flag (tests/test_bind.py), and none is saved and
   restored, which takes 5 ns of the 29 of a bound relu of 16 elements. */
static fa_status run_few(const fa_bound *b)
{
    int (*ordinary)(const char *, ptrdiff_t) = b->dtype == FA_FLOAT32 ? all_ordinary_f32 : all_ordinary_f64;
    if (!ordinary(b->in[0], b->n) || (b->in[1] && !ordinary(b->in[1], b->n)))
        return run_kernel(b);
    b->kernel(b->in, b->out, b->n, b->parameters);
    return FA_OK;
}

static fa_status run_contiguous(const fa_bound *b)
{
    return fa_apply_no_overlap(b->activation, b->form, b->dtype, b->data, NULL, b->n);
}

static fa_status run_matrix(const fa_bound *b)
{
    return fa_apply_matrix(b->activation, b->form, b->dtype, b->data, b->steps, b->row_steps, b->rows, b->columns);
}

static fa_status run_clamped(const fa_bound *b)
{
    return fa_apply_clamped(b->activation, b->form, b->dtype, b->data, b->steps, b->row_steps, b->rows, b->columns, &b->clamp);
}

static fa_status run_biased_backward(const fa_bound *b)
{
    return fa_biased_backward(b->activation, b->dtype, b->data, b->steps, b->row_steps, b->rows, b->columns, b->dbias);
}

static fa_status run_rows(const fa_bound *b)
{
    const fa_row_call *r = &b->row_call;
    return fa_rows_with(r->form, r->dtype, r->in[0], r->in[1], r->out, r->outer, r->n, r->inner, &r->with);
}

void fa_bind(fa_bound *bound, const fa_activation *activation, fa_form form, fa_dtype dtype, void *const *arrays,
             const void *parameters, ptrdiff_t n, ptrdiff_t columns)
{
    const int inputs = fa_inputs_of(form), outputs = fa_outputs_of(form), has_sums = form == FA_BIASED_BACKWARD && columns;
    *bound = (fa_bound){.run = !columns ? run_contiguous : has_sums ? run_biased_backward : run_matrix,
                        .n = n, .activation = activation, .form = form, .dtype = dtype, .parameters = parameters,
                        .rows = columns ? n / columns : 0, .columns = columns};
    for (int k = 0; k < inputs; k++)
        bound->in[k] = arrays[k];
    for (int k = 0; k < outputs; k++)
        bound->out[k] = arrays[inputs + k];
    fa_list_arguments(activation, form, dtype, bound->in, bound->out, parameters, bound->data);
    fa_steps_of_matrix(activation, form, dtype, columns, bound->steps, bound->row_steps);
    bound->dbias = has_sums ? arrays[inputs + 1] : NULL;
    if (columns || form >= FA_LOOP_COUNT || !fa_is_float(dtype) || n == 0 || n > FA_GRAIN || n * fa_size_of(dtype) % WHOLE != 0)
        return;
    bound->kernel = fa_table->kernels[dtype][activation->index].scalar[form];
    bound->run = n <= FEW && ordinary_parameters(activation, dtype, parameters) ? run_few : run_kernel;
}

void fa_bind_matrix(fa_bound *bound, const fa_activation *activation, fa_form form, fa_dtype dtype, void *const *arrays,
                    const ptrdiff_t *steps, const ptrdiff_t *row_steps, const void *parameters, ptrdiff_t rows,
                    ptrdiff_t columns, const fa_clamp *clamp)
{
    const int inputs = fa_inputs_of(form), outputs = fa_outputs_of(form);
    const int clamps = clamp->limit < INFINITY || clamp->offset != 0;
    int contiguous = 1;
    fa_bind(bound, activation, form, dtype, arrays, parameters, rows * columns, 0);
    for (int k = 0; k < inputs + outputs; k++)
        contiguous &= steps[k] == fa_size_of(dtype);
    if (rows <= 1 && contiguous && !clamps)
        return;
    bound->run = clamps ? run_clamped : run_matrix;
    bound->rows = rows;
    bound->columns = columns;
    bound->clamp = *clamp;
    for (int k = 0; k < inputs + outputs; k++) {
        const int at = k < inputs ? k : k + activation->parameters;
        bound->steps[at] = steps[k];
        bound->row_steps[at] = row_steps[k];
    }
}

void fa_bind_rows(fa_bound *bound, fa_row_form form, fa_dtype dtype, const void *first, const void *second, void *out,
                  ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner, const fa_row_options *options)
{
    *bound = (fa_bound){.run = run_rows, .n = outer * n * inner,
                        .row_call = {form, dtype, {first, second}, out, outer, n, inner, *options, 0, NULL}};
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
