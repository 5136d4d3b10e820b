/* Calls whose arrays are fixed, for Python's bind: all checks and preparations are made once, and a call of a few elements takes
   little more time than its kernel. */
#ifndef FASTACT_BOUND_H
#define FASTACT_BOUND_H

#include "internal.h"

typedef struct fa_bound fa_bound;
struct fa_bound {
    fa_status (*run)(const fa_bound *);
    ptrdiff_t n; /* elements */
    /* for one call of one kernel */
    fa_kernel *kernel;
    const void *in[FA_MAX_INPUTS], *parameters;
    void *out[FA_MAX_OUTPUTS];
    /* for any other call of an activation */
    const fa_activation *activation;
    fa_form form;
    fa_dtype dtype;
    char *data[FA_MAX_ARGUMENTS];
    ptrdiff_t steps[FA_MAX_ARGUMENTS], row_steps[FA_MAX_ARGUMENTS], rows, columns;
    void *dbias;
    fa_clamp clamp;
    /* for a function of rows */
    fa_row_call row_call;
};

#pragma GCC visibility push(hidden)

/* Contiguous arrays of n elements, inputs before outputs, and parameters as for fa_apply. If `columns` is not 0, the last input
   is a bias of so many elements, and the second output of FA_BIASED_BACKWARD is its gradient. An output may be an input,
   otherwise arrays do not overlap. */
void fa_bind(fa_bound *bound, const fa_activation *activation, fa_form form, fa_dtype dtype, void *const *arrays,
             const void *parameters, ptrdiff_t n, ptrdiff_t columns);

/* The two halves of a gated linear unit: matrices with steps and row_steps in bytes for each array, and the arguments of
   fa_apply_clamped, which the caller has checked. */
void fa_bind_matrix(fa_bound *bound, const fa_activation *activation, fa_form form, fa_dtype dtype, void *const *arrays,
                    const ptrdiff_t *steps, const ptrdiff_t *row_steps, const void *parameters, ptrdiff_t rows,
                    ptrdiff_t columns, const fa_clamp *clamp);

/* A function of rows, with the arguments of fa_rows_with. */
void fa_bind_rows(fa_bound *bound, fa_row_form form, fa_dtype dtype, const void *first, const void *second, void *out,
                  ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner, const fa_row_options *options);

/* Runs bound calls in order, up to the first that fails. *at is the number of those that have not failed. */
fa_status fa_run_bound(fa_bound *const *steps, ptrdiff_t count, ptrdiff_t *at);

#pragma GCC visibility pop

#endif
