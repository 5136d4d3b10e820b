/* fastact: neural-network activation functions for CPUs. The whole C interface.

     const void *in[] = {x};
     void *out[] = {y};
     fa_status status = fa_apply(fa_find("gelu"), FA_VALUE, FA_FLOAT32, in, out, n, NULL);

   Arrays are contiguous and aligned as their type. An output may be an input; otherwise arrays do not overlap. Elements of half
   types are uint16_t with their bits.

   Functions return FA_OK or an error code. Nothing has been written when they return an error other than FA_ERROR_MEMORY. A NULL
   in place of an array or a structure (no elements need no array), a negative size, and a size in bytes that a machine cannot
   address give FA_ERROR_ARGUMENT. Functions may be called from many threads; the only state is the number of threads.

   Results do not depend on length, position, threads or instruction set. The floating-point flags for invalid and underflow
   are left as they were; for half types and functions of rows that for overflow too. */
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
    FA_LOGSUMEXP, /* its output and the grad of FA_LOGSUMEXP_BACKWARD have one number per row: shape (outer, inner) */
    FA_LOGSUMEXP_BACKWARD,
    FA_HARDMAX,
    FA_SPARSEMAX,
    FA_SPARSEMAX_BACKWARD,
    FA_SPARSEMAX_BACKWARD_FROM_OUTPUT,
    FA_ENTMAX15,
    FA_ENTMAX15_BACKWARD,
    FA_ENTMAX15_BACKWARD_FROM_OUTPUT,
    FA_ROW_FORM_COUNT
} fa_row_form;

typedef enum { FA_OK, FA_ERROR_ARGUMENT, FA_ERROR_NO_SUCH_FORM, FA_ERROR_MEMORY } fa_status;

/* A short description of a status, and the FA_VERSION of the library that is linked. */
const char *fa_status_text(fa_status status);
const char *fa_version(void);

typedef struct fa_activation fa_activation;

/* Finds an activation by its name or an alias ("silu", "linear"); NULL if there is none, or name is NULL. For an activation of
   NULL the name is NULL, and it has no parameters and no form. */
const fa_activation *fa_find(const char *name);
const char *fa_name(const fa_activation *activation);
int fa_parameter_count(const fa_activation *activation);
int fa_has_form(const fa_activation *activation, fa_form form);

/* Any form in any dtype. `inputs` and `outputs` are the arrays that fa_form lists, of n elements each. `parameters` are
   fa_parameter_count() scalars, float for FA_FLOAT32 and double otherwise; NULL if there are none. An activation of NULL gives
   FA_ERROR_NO_SUCH_FORM. */
fa_status fa_apply(const fa_activation *activation, fa_form form, fa_dtype dtype, const void *const *inputs,
                   void *const *outputs, ptrdiff_t n, const void *parameters);

/* FA_BIASED and FA_BIASED_BACKWARD of matrices of `rows` rows. The last input is a bias of `columns` elements, which is added
   to each row. The second output of FA_BIASED_BACKWARD is the gradient of the bias, the sum of each column, in an order that
   depends on the shape alone; FA_BIASED_BACKWARD takes FA_FLOAT32 and FA_FLOAT64. */
fa_status fa_apply_biased(const fa_activation *activation, fa_form form, fa_dtype dtype, const void *const *inputs,
                          void *const *outputs, ptrdiff_t rows, ptrdiff_t columns, const void *parameters);

/* fa_apply over strided arrays: one data pointer and one step in bytes for each input, parameter and output, in this order. A
   parameter with step 0 is a scalar. Parameters are float for FA_FLOAT32, double otherwise. If an output overlaps an input in
   any other way than element by element, the elements are computed one after the other. */
fa_status fa_apply_strided(const fa_activation *activation, fa_form form, fa_dtype dtype, char *const *data,
                           const ptrdiff_t *steps, ptrdiff_t n);

/* fa_apply_strided over matrices of `rows` rows and `columns` columns, with a second step, from row to row. If that is 0, one
   row is used for all: a bias, or parameters by channel. An output may be the same matrix as an input; otherwise they do not
   overlap. */
fa_status fa_apply_matrix(const fa_activation *activation, fa_form form, fa_dtype dtype, char *const *data,
                          const ptrdiff_t *steps, const ptrdiff_t *row_steps, ptrdiff_t rows, ptrdiff_t columns);

/* What limits a gated unit, as in gpt-oss and DeepSeek-V4: with g = min(gate, limit) and u = up limited to [-limit, limit],
   FA_GATED is f(g) (u + offset), and the gradients are 0 beyond the limits for every grad. NaN is beyond no limit. */
typedef struct {
    double limit;  /* >= 0; INFINITY: none */
    double offset; /* finite */
} fa_clamp;

/* FA_GATED and FA_GATED_BACKWARD over such matrices, with limits; INFINITY and 0 are none. Gate and up may alternate in memory,
   and so may the two gradients: then steps are two elements, and one row that holds all is the fastest. */
fa_status fa_apply_clamped(const fa_activation *activation, fa_form form, fa_dtype dtype, char *const *data,
                           const ptrdiff_t *steps, const ptrdiff_t *row_steps, ptrdiff_t rows, ptrdiff_t columns,
                           const fa_clamp *clamp);

/* FA_BIASED_BACKWARD over such matrices and, in the same pass, the gradient of the bias, as in fa_apply_biased. */
fa_status fa_biased_backward(const fa_activation *activation, fa_dtype dtype, char *const *data, const ptrdiff_t *steps,
                             const ptrdiff_t *row_steps, ptrdiff_t rows, ptrdiff_t columns, void *dbias);

/* Functions of rows, along the middle axis of arrays of shape (outer, n, inner), in any dtype:
     the value                 first = x, second = NULL
     ..._BACKWARD              first = grad, second = x
     ..._BACKWARD_FROM_OUTPUT  first = grad, second = the function's output
   out may be an input. */
fa_status fa_rows(fa_row_form form, fa_dtype dtype, const void *first, const void *second, void *out,
                  ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner);

/* The same of x / temperature, with a mask of the arrays' shape, or NULL. An element whose mask is 0 is ignored, and its result
   and gradient are 0 (log_softmax: -inf), except that a NaN in x always propagates. Softmax with a negative temperature is
   softmin. FA_LOGSUMEXP and FA_HARDMAX take only the temperatures 1 and -1. */
fa_status fa_rows_where(fa_row_form form, fa_dtype dtype, const void *first, const void *second, void *out,
                        ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner, const unsigned char *mask, double temperature);

/* What softmax and its gradients may have besides their arrays: the softmax of x / temperature + bias, with a sink. Fields that
   are not used are 0, but temperature is 1. `bias`, `sink` and `sink_grad` have the call's dtype, float for half types. */
typedef struct {
    const unsigned char *mask; /* as in fa_rows_where, and so is the temperature */
    double temperature;
    const void *bias; /* bias_rows rows of n numbers; row r of x has row r / bias_repeats % bias_rows; -inf acts as a mask of 0 */
    ptrdiff_t bias_rows, bias_repeats;
    ptrdiff_t queries; /* causal: element i of row r is ignored if i > r % queries. With a bias or this, inner is 1 */
    const void *sink;  /* a number for each row: an element of the maximum and of the sum that has no result */
    void *sink_grad;   /* for gradients: the gradient with respect to each row's sink */
} fa_row_options;

fa_status fa_rows_with(fa_row_form form, fa_dtype dtype, const void *first, const void *second, void *out,
                       ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner, const fa_row_options *options);

/* ---- losses, with torch's definitions ---- */

typedef enum {
    FA_MSE_LOSS,
    FA_L1_LOSS,
    FA_SMOOTH_L1_LOSS,                   /* option: beta > 0 */
    FA_HUBER_LOSS,                       /* option: delta > 0 */
    FA_BINARY_CROSS_ENTROPY,             /* NaN for x or target outside of [0, 1] */
    FA_BINARY_CROSS_ENTROPY_WITH_LOGITS, /* option: the weight of the positive term */
    FA_KL_DIV,                           /* x: a log-probability */
    FA_KL_DIV_LOG_TARGET,
    FA_POISSON_NLL_LOSS, /* x: the logarithm of the mean; these four are NaN for a negative target */
    FA_POISSON_NLL_LOSS_FULL, /* with Stirling's approximation of log(target!) */
    FA_POISSON_NLL_LOSS_OF_MEANS, /* x: the mean, NaN if negative; option: eps, log(x + eps) is taken */
    FA_POISSON_NLL_LOSS_OF_MEANS_FULL,
    FA_GAUSSIAN_NLL_LOSS, /* option, or pos_weight: the variance */
    FA_GAUSSIAN_NLL_LOSS_FULL,
    FA_LOSS_COUNT
} fa_loss;

/* An elementwise loss of n elements and its gradient, in one pass. total, values and grad may be NULL. */
typedef struct {
    fa_loss loss;
    fa_dtype dtype; /* FA_FLOAT32 or FA_FLOAT64 */
    ptrdiff_t n;
    const void *x, *target;
    const void *weight;     /* NULL, or a factor of each element */
    double option;          /* see fa_loss */
    const void *pos_weight; /* NULL, or an option of each element in its place */
    double *total;          /* the sum */
    void *values;           /* of each element, times its weight */
    void *grad;             /* with respect to x, times scale */
    double scale;           /* 1 / n gives the gradient of the mean */
} fa_loss_call;

fa_status fa_apply_loss(const fa_loss_call *call);

/* Cross-entropy of the softmax of rows with a class or a distribution for each row, and its gradient, in one pass. A target
   outside of 0 .. classes-1 that is not `ignore` gives FA_ERROR_ARGUMENT. If another thread writes to the targets during the
   call, the result is undefined, but no memory outside of the arrays is read or written. */
typedef struct {
    fa_dtype dtype; /* FA_FLOAT32 or FA_FLOAT64 */
    int given_logs; /* x are log-probabilities (torch's nll_loss); not with target_probs */
    ptrdiff_t rows, classes;
    const void *x;
    const int64_t *target; /* a class for each row; rows of class `ignore` do not count */
    const void *weight;    /* NULL, or a factor of each class */
    const void *target_probs; /* the probability of every class in each row, times its weight; target may be NULL then */
    int64_t ignore;
    double divisor; /* of total and grad; 0: the sum of the targets' weights, which gives the mean */
    double *total;  /* total, values and grad may be NULL */
    void *values;   /* one per row */
    void *grad;     /* with respect to x */
} fa_class_loss_call;

fa_status fa_apply_class_loss(const fa_class_loss_call *call);

/* ---- optimisers, with torch's rules ---- */

typedef enum { FA_SGD, FA_ADAM, FA_RMSPROP, FA_ADAGRAD } fa_rule;

/* One step of an optimiser over the n elements of a parameter. Its state is up to three arrays of n elements, 0 before the
   first step; an array that is not used is NULL:
     FA_SGD      the buffer of the momentum; one_minus_dampening is 1 in the first step, then 1 - dampening
     FA_ADAM     means of the gradient and of its square; for amsgrad the maximum of the latter.
                 lr = lr r / (1 - beta1^t), eps = eps r with r = sqrt(1 - beta2^t), in step t = 1, 2, ...;
                 shrink = 1, or 1 - lr weight_decay for AdamW, whose weight_decay here is 0
     FA_RMSPROP  mean of the squared gradient; the buffer of the momentum; for centered, the mean of the gradient.
                 beta2 is torch's alpha
     FA_ADAGRAD  sum of the squared gradients. lr = lr / (1 + (t - 1) lr_decay) */
typedef struct {
    fa_rule rule;
    fa_dtype dtype; /* FA_FLOAT32 or FA_FLOAT64 */
    int nesterov, maximize;
    ptrdiff_t n;
    void *parameter;
    const void *grad;
    void *state[3];
    double lr, weight_decay, shrink, momentum, one_minus_dampening, beta1, beta2, eps;
} fa_step_call;

fa_status fa_apply_step(const fa_step_call *call);

/* The number of threads of this library alone. 0 sets the default: FASTACT_NUM_THREADS or OMP_NUM_THREADS if set, else the
   number of CPUs that affinity and the container's quota leave. fa_set_num_threads returns the number that was set before, 0
   for the default; for a negative number or more than fa_most_threads() it returns -1 and changes nothing. fa_most_threads() is
   4 for each processor of the machine, at least 64. A FASTACT_NUM_THREADS that is not a whole number up to that is ignored, a
   larger OMP_NUM_THREADS is limited to it. If the system refuses to start threads, calls run on one thread. */
int fa_set_num_threads(int threads);
int fa_get_num_threads(void);
int fa_most_threads(void);

/* The instruction set in use: "baseline", "avx2", "avx512" or "neon". FASTACT_ISA selects one; a name that this processor does
   not have is ignored. */
const char *fa_isa(void);

#ifdef __cplusplus
}
#endif

#endif
