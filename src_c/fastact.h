/* fastact: neural-network activation functions for CPUs. The whole C interface.

   Arrays are contiguous; an output may be the same array as an input, otherwise they do not
   overlap. Functions return FA_OK or an error code and are safe to call from many threads; the
   only state is the thread setting. Results do not depend on length, position, threads or
   instruction set. The floating-point flags for invalid and underflow are left as they were. */
#ifndef FASTACT_H
#define FASTACT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum { FA_FLOAT32, FA_FLOAT64, FA_FLOAT16 } fa_dtype;

typedef enum {
    FA_VALUE,                /* x -> f(x) */
    FA_DERIVATIVE,           /* x -> f'(x) */
    FA_BACKWARD,             /* grad, x -> grad f'(x) */
    FA_VALUE_AND_DERIVATIVE, /* x -> f(x), f'(x) */
    FA_BACKWARD_FROM_OUTPUT, /* grad, f(x) -> grad f'(x); for the activations that allow it */
    FA_SECOND_DERIVATIVE     /* x -> f''(x) */
} fa_form;

typedef enum { FA_SOFTMAX, FA_SOFTMAX_BACKWARD, FA_SOFTMAX_BACKWARD_FROM_OUTPUT, FA_ROW_FORM_COUNT } fa_row_form;

typedef enum { FA_OK, FA_ERROR_ARGUMENT, FA_ERROR_NO_SUCH_FORM, FA_ERROR_MEMORY } fa_status;

typedef struct fa_activation fa_activation;

/* Activations are found by name or alias ("silu", "linear"); NULL where there is none. */
const fa_activation *fa_find(const char *name);
const char *fa_name(const fa_activation *activation);
int fa_parameter_count(const fa_activation *activation);
int fa_has_form(const fa_activation *activation, fa_form form);

/* Any form in any dtype. `inputs` and `outputs` hold as many arrays of n elements as the form names
   above; `parameters` holds fa_parameter_count() scalars, float for FA_FLOAT32 and double otherwise,
   and may be NULL where there are none. */
fa_status fa_apply(const fa_activation *activation, fa_form form, fa_dtype dtype, const void *const *inputs,
                   void *const *outputs, ptrdiff_t n, const void *parameters);

/* The same over strided arrays, one data pointer and one step in bytes for each input, parameter and
   output, in this order; a parameter of step 0 is a scalar. Parameters are float for FA_FLOAT32, double otherwise. Where an
   output overlaps an input in any other way than element by element, the elements are computed one
   after the other, as a plain loop would. */
fa_status fa_apply_strided(const fa_activation *activation, fa_form form, fa_dtype dtype, char *const *data,
                           const ptrdiff_t *steps, ptrdiff_t n);

/* softmax along the middle axis of arrays of shape (outer, n, inner); `second` is NULL for FA_SOFTMAX:
   FA_SOFTMAX                       first = x
   FA_SOFTMAX_BACKWARD              first = grad, second = x
   FA_SOFTMAX_BACKWARD_FROM_OUTPUT  first = grad, second = softmax(x)
   A row with a NaN or a +inf, or of -inf alone, becomes NaN. dtype is FA_FLOAT32 or FA_FLOAT64. */
fa_status fa_rows(fa_row_form form, fa_dtype dtype, const void *first, const void *second, void *out,
                  ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner);

/* Threads of this library alone; 0 restores the default: OMP_NUM_THREADS or FASTACT_NUM_THREADS
   where set, else the cores that affinity and the container's quota leave. Setting returns what was set
   before, 0 for the default. */
int fa_set_num_threads(int threads);
int fa_get_num_threads(void);

/* The instruction set in use: "baseline", "avx2", "avx512" or "neon" (FASTACT_ISA overrides). */
const char *fa_isa(void);

#ifdef __cplusplus
}
#endif

#endif
