/* Calls whose arrays are fixed, for the Python face: everything is checked and prepared once, and a call of a few
   elements is little more than its kernel. */
#ifndef FASTACT_BOUND_H
#define FASTACT_BOUND_H

#include "internal.h"

typedef struct fa_bound fa_bound;
struct fa_bound {
    fa_status (*run)(const fa_bound *);
    ptrdiff_t n; /* elements */
    /* what a short call needs */
    fa_kernel *kernel;
    const void *in[FA_MAX_INPUTS], *parameters;
    void *out[FA_MAX_OUTPUTS];
    /* what others of an activation need */
    const fa_activation *activation;
    fa_form form;
    fa_dtype dtype;
    char *data[FA_MAX_ARGUMENTS];
    ptrdiff_t steps[FA_MAX_ARGUMENTS], row_steps[FA_MAX_ARGUMENTS], rows, columns;
    void *dbias;
    /* what functions of rows need, with `in` and `out` */
    fa_row_form row_form;
    ptrdiff_t outer, length, inner;
    const unsigned char *mask;
    double temperature;
};

#pragma GCC visibility push(hidden)

/* Contiguous arrays of n elements, inputs before outputs, and packed parameters, as for fa_apply. Where `columns` is
   not 0, the last input is a bias of so many elements; the second output of FA_BIASED_BACKWARD is its gradient. The
   arrays are apart or element on element. */
void fa_bind(fa_bound *bound, const fa_activation *activation, fa_form form, fa_dtype dtype, void *const *arrays,
             const void *parameters, ptrdiff_t n, ptrdiff_t columns);

/* The same for matrices whose rows lie apart, by row_steps bytes for each array: the halves of a gated linear unit. */
void fa_bind_matrix(fa_bound *bound, const fa_activation *activation, fa_form form, fa_dtype dtype, void *const *arrays,
                    const ptrdiff_t *row_steps, const void *parameters, ptrdiff_t rows, ptrdiff_t columns);

/* The arguments of fa_rows_where. */
void fa_bind_rows(fa_bound *bound, fa_row_form form, fa_dtype dtype, const void *first, const void *second, void *out,
                  ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner, const unsigned char *mask, double temperature);

/* One after the other. At an error the rest is left, and *at is the number of the one that failed. */
fa_status fa_run_bound(fa_bound *const *steps, ptrdiff_t count, ptrdiff_t *at);

#pragma GCC visibility pop

#endif
