/* fastact: neural-network activation functions for CPUs. The whole C interface.

     const void *in[] = {x};
     void *out[] = {y};
     fa_status status = fa_apply(fa_find("gelu"), FA_VALUE, FA_FLOAT32, in, out, n, NULL);

   Arrays are contiguous, and aligned as their type; an output may be the same array as an input, otherwise they do not
   overlap. Half types are uint16_t of their bits. Functions return FA_OK or an error code, before anything is written but
   for FA_ERROR_MEMORY, and are safe to call from many threads; the only state is the thread setting. NULL where an array
   or a structure is needed (no element needs no array), a negative size, and a size in bytes beyond what a machine can
   address give FA_ERROR_ARGUMENT. Results do not
   depend on length, position, threads or instruction set. The floating-point flags for invalid and underflow are left
   as they were, by half types the one for overflow too. */
#ifndef FASTACT_H
#define FASTACT_H

#include <stddef.h>
#include <stdint.h>

#define FA_VERSION "0.1.0"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum { FA_FLOAT32, FA_FLOAT64, FA_FLOAT16, FA_BFLOAT16 } fa_dtype;

typedef enum {
    FA_VALUE,                /* x -> f(x) */
    FA_DERIVATIVE,           /* x -> f'(x) */
    FA_BACKWARD,             /* grad, x -> grad f'(x) */
    FA_VALUE_AND_DERIVATIVE, /* x -> f(x), f'(x) */
    FA_BACKWARD_FROM_OUTPUT, /* grad, f(x) -> grad f'(x); for the activations that allow it */
    FA_SECOND_DERIVATIVE,    /* x -> f''(x) */
    FA_GATED,                /* gate, up -> f(gate) up */
    FA_GATED_BACKWARD,       /* grad, gate, up -> (grad up) f'(gate), grad f(gate) */
    FA_BIASED,               /* x, bias -> f(x + bias) */
    FA_BIASED_BACKWARD       /* grad, x, bias -> grad f'(x + bias) */
} fa_form;

/* Functions of whole rows, for fa_rows. */
typedef enum {
    FA_SOFTMAX,
    FA_SOFTMAX_BACKWARD,
    FA_SOFTMAX_BACKWARD_FROM_OUTPUT,
    FA_LOG_SOFTMAX,
    FA_LOG_SOFTMAX_BACKWARD,
    FA_LOG_SOFTMAX_BACKWARD_FROM_OUTPUT,
    FA_LOGSUMEXP, /* its output and FA_LOGSUMEXP_BACKWARD's grad have one number a row: shape (outer, inner) */
    FA_LOGSUMEXP_BACKWARD,
    FA_HARDMAX,
    FA_SPARSEMAX,
    FA_SPARSEMAX_BACKWARD,
    FA_SPARSEMAX_BACKWARD_FROM_OUTPUT,
    FA_ROW_FORM_COUNT
} fa_row_form;

typedef enum { FA_OK, FA_ERROR_ARGUMENT, FA_ERROR_NO_SUCH_FORM, FA_ERROR_MEMORY } fa_status;

/* What a status says, in a few words; and FA_VERSION of the library that is linked. */
const char *fa_status_text(fa_status status);
const char *fa_version(void);

typedef struct fa_activation fa_activation;

/* Activations are found by name or alias ("silu", "linear"); NULL where there is none, as for a name of NULL. Of an
   activation of NULL the name is NULL, it has no parameters and no form. */
const fa_activation *fa_find(const char *name);
const char *fa_name(const fa_activation *activation);
int fa_parameter_count(const fa_activation *activation);
int fa_has_form(const fa_activation *activation, fa_form form);

/* Any form in any dtype. `inputs` and `outputs` hold as many arrays of n elements as the form names
   above; `parameters` holds fa_parameter_count() scalars, float for FA_FLOAT32 and double otherwise,
   and may be NULL where there are none. An activation of NULL gives FA_ERROR_NO_SUCH_FORM. */
fa_status fa_apply(const fa_activation *activation, fa_form form, fa_dtype dtype, const void *const *inputs,
                   void *const *outputs, ptrdiff_t n, const void *parameters);

/* FA_BIASED and FA_BIASED_BACKWARD of matrices of `rows` rows, with a bias of `columns` elements, the last input, that
   is added to each row. The second output of FA_BIASED_BACKWARD is the gradient of the bias, the sum of each column,
   added in an order that depends on the shape alone; its dtype is FA_FLOAT32 or FA_FLOAT64. */
fa_status fa_apply_biased(const fa_activation *activation, fa_form form, fa_dtype dtype, const void *const *inputs,
                          void *const *outputs, ptrdiff_t rows, ptrdiff_t columns, const void *parameters);

/* fa_apply over strided arrays, one data pointer and one step in bytes for each input, parameter and
   output, in this order; a parameter of step 0 is a scalar. Parameters are float for FA_FLOAT32, double
   otherwise. Where an output overlaps an input in any other way than element by element, the elements are
   computed one after the other, as a plain loop would. */
fa_status fa_apply_strided(const fa_activation *activation, fa_form form, fa_dtype dtype, char *const *data,
                           const ptrdiff_t *steps, ptrdiff_t n);

/* The same over matrices of `rows` rows and `columns` columns, with a second step, from row to row; where it
   is 0 a row is repeated, as a bias, or parameters by channel. An output may be the same matrix as an
   input, otherwise they do not overlap. */
fa_status fa_apply_matrix(const fa_activation *activation, fa_form form, fa_dtype dtype, char *const *data,
                          const ptrdiff_t *steps, const ptrdiff_t *row_steps, ptrdiff_t rows, ptrdiff_t columns);

/* FA_BIASED_BACKWARD over such matrices, and in the same pass the gradient of the bias, as fa_apply_biased. */
fa_status fa_biased_backward(const fa_activation *activation, fa_dtype dtype, char *const *data, const ptrdiff_t *steps,
                             const ptrdiff_t *row_steps, ptrdiff_t rows, ptrdiff_t columns, void *dbias);

/* Functions along the middle axis of arrays of shape (outer, n, inner), in any dtype:
     the value                 first = x, second = NULL
     ..._BACKWARD              first = grad, second = x
     ..._BACKWARD_FROM_OUTPUT  first = grad, second = the function's output
   out may be an input. */
fa_status fa_rows(fa_row_form form, fa_dtype dtype, const void *first, const void *second, void *out,
                  ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner);

/* The same of x / temperature, where `mask`, of the arrays' shape or NULL, is not 0. Elsewhere results and
   gradients are 0 (log_softmax -inf) and an element counts for nothing, but for a NaN of x, which no mask
   hides. Softmax of a negative temperature is softmin. FA_LOGSUMEXP and FA_HARDMAX take 1 or -1 alone. */
fa_status fa_rows_where(fa_row_form form, fa_dtype dtype, const void *first, const void *second, void *out,
                        ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner, const unsigned char *mask, double temperature);

/* ---- losses, with torch's definitions ---- */

typedef enum {
    FA_MSE_LOSS,
    FA_L1_LOSS,
    FA_SMOOTH_L1_LOSS,                   /* option: beta > 0 */
    FA_HUBER_LOSS,                       /* option: delta > 0 */
    FA_BINARY_CROSS_ENTROPY,             /* NaN outside of [0, 1] */
    FA_BINARY_CROSS_ENTROPY_WITH_LOGITS, /* option: the weight of the positive term */
    FA_KL_DIV,                           /* x: a log-probability */
    FA_KL_DIV_LOG_TARGET,
    FA_POISSON_NLL_LOSS, /* x: the logarithm of the mean; NaN for a negative target, as in the next three */
    FA_POISSON_NLL_LOSS_FULL, /* with Stirling's approximation of log(target!) */
    FA_POISSON_NLL_LOSS_OF_MEANS, /* x: the mean, NaN if it is negative; option: eps, which is added to x in log x */
    FA_POISSON_NLL_LOSS_OF_MEANS_FULL,
    FA_GAUSSIAN_NLL_LOSS, /* option, or pos_weight: the variance */
    FA_GAUSSIAN_NLL_LOSS_FULL,
    FA_LOSS_COUNT
} fa_loss;

/* A loss of n elements and its gradient, in one pass. What is not wanted of total, values and grad is NULL. */
typedef struct {
    fa_loss loss;
    fa_dtype dtype; /* FA_FLOAT32 or FA_FLOAT64 */
    ptrdiff_t n;
    const void *x, *target;
    const void *weight;     /* NULL, or a factor for each element */
    double option;          /* see above; */
    const void *pos_weight; /* NULL, or one for each element instead */
    double *total;          /* the sum */
    void *values;           /* of each element, with its weight */
    void *grad;             /* with respect to x, times scale */
    double scale;           /* 1 / n makes it the gradient of the mean */
} fa_loss_call;

fa_status fa_apply_loss(const fa_loss_call *call);

/* Cross-entropy of the softmax of rows, against a class or a distribution for each; and its gradient, in one
   pass. FA_ERROR_ARGUMENT is returned where a target is not in 0..classes-1. Where another thread writes to the targets
   meanwhile the result is any, but nothing else is read or written. */
typedef struct {
    fa_dtype dtype; /* FA_FLOAT32 or FA_FLOAT64 */
    int given_logs; /* x holds logarithms of probabilities already: torch's nll_loss; not with share */
    ptrdiff_t rows, classes;
    const void *x;
    const int64_t *target; /* a class for each row; rows of class `ignore` count for nothing */
    const void *weight;    /* NULL, or a factor for each class */
    const void *share;     /* the part of every class in each row, factors included; target may be NULL then */
    int64_t ignore;
    double divisor; /* of total and grad; 0: the sum of the targets' factors, which makes the mean */
    double *total;  /* this and what follows may be NULL */
    void *values;   /* one a row */
    void *grad;     /* with respect to x */
} fa_class_loss_call;

fa_status fa_apply_class_loss(const fa_class_loss_call *call);

/* ---- optimisers, with torch's rules ---- */

typedef enum { FA_SGD, FA_ADAM, FA_RMSPROP, FA_ADAGRAD } fa_rule;

/* One step of an optimiser over the n elements of a parameter. Its state is arrays of n elements, 0 before
   the first step, and is NULL where it is not used:
     FA_SGD      the momentum's buffer; gain is 1 in the first step, then 1 - dampening
     FA_ADAM     means of the gradient and of its square; the latter's maximum for amsgrad.
                 lr = lr r / (1 - beta1^t), eps = eps r with r = sqrt(1 - beta2^t), in step t = 1, 2, ...;
                 shrink = 1, or 1 - lr weight_decay for AdamW, whose weight_decay here is 0
     FA_RMSPROP  mean of the squared gradient; the momentum's buffer; for centered, mean of the gradient.
                 beta2 is torch's alpha
     FA_ADAGRAD  sum of the squared gradients; lr = lr / (1 + (t - 1) lr_decay) */
typedef struct {
    fa_rule rule;
    fa_dtype dtype; /* FA_FLOAT32 or FA_FLOAT64 */
    int nesterov, maximize;
    ptrdiff_t n;
    void *parameter;
    const void *grad;
    void *state[3];
    double lr, weight_decay, shrink, momentum, gain, beta1, beta2, eps;
} fa_step_call;

fa_status fa_apply_step(const fa_step_call *call);

/* Threads of this library alone; 0 restores the default: OMP_NUM_THREADS or FASTACT_NUM_THREADS
   where set, else the cores that affinity and the container's quota leave. Setting returns what was set
   before, 0 for the default; or -1, and changes nothing, for a negative number and for more than fa_most_threads(), which
   are 4 for each processor of the machine, or 64 where these are more. FASTACT_NUM_THREADS counts as unset where it is no
   whole number up to that, a larger OMP_NUM_THREADS as that. Where the system refuses to start threads, calls run on one. */
int fa_set_num_threads(int threads);
int fa_get_num_threads(void);
int fa_most_threads(void);

/* The instruction set in use: "baseline", "avx2", "avx512" or "neon" (FASTACT_ISA overrides; a name that this processor
   does not have counts as unset). */
const char *fa_isa(void);

#ifdef __cplusplus
}
#endif

#endif
