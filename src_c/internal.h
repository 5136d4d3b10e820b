/* Types and functions that the files of src_c share. fastact.h is the public interface. */
#ifndef FASTACT_INTERNAL_H
#define FASTACT_INTERNAL_H

#include <stdint.h>
#include "registry.h" /* the lists and counts of activations and forms, written by setup.py from fastact/registry.py */
#pragma GCC visibility push(default) /* the extension exports the functions of fastact.h and no others */
#include "fastact.h"
#pragma GCC visibility pop

/* The two attributes of functions whose inlining is not left to the compiler. */
#define INLINE static inline __attribute__((always_inline, unused))
#define NOINLINE static __attribute__((noinline))

#define FA_MAX_ARGUMENTS (FA_MAX_INPUTS + FA_MAX_PARAMETERS + FA_MAX_OUTPUTS)
#define FA_GRAIN 4096 /* a call of at most so many elements runs on one thread */

/* ---- what an instruction set supplies ---- */

/* How an activation's backward loop is made. */
typedef enum {
    FA_BACKWARD_PRODUCT,     /* grad f'(x) */
    FA_BACKWARD_FAST,        /* grad NAME_derivative_fast(x), a faster derivative with an error below 4 ULP */
    FA_BACKWARD_MASKED,      /* NAME_backward(grad, x): 0 for every grad where f'(x) = 0 */
    FA_BACKWARD_MASKED_ZEROS /* the same, but f' is also 0 at points where nothing is masked */
} fa_backward_kind;

/* How its loop of the second derivative is made. */
typedef enum {
    FA_SECOND_NONE,       /* there is none */
    FA_SECOND_OWN,        /* NAME_second_derivative(x) */
    FA_SECOND_ZERO,       /* 0, and NaN for NaN */
    FA_SECOND_ZERO_ALWAYS /* 0 for every x */
} fa_second_kind;

/* A loop over contiguous arrays; n is a multiple of the vector's lanes. */
typedef void fa_kernel(const void *const *in, void *const *out, ptrdiff_t n, const void *parameters);

/* The loops of one activation in one dtype, by form: with scalar parameters, and with arrays of parameters. */
typedef struct {
    fa_kernel *scalar[FA_LOOP_COUNT];
    fa_kernel *array[FA_LOOP_COUNT];
    fa_backward_kind backward_kind;
    fa_kernel *half; /* NULL, or a faster value for half types */
} fa_kernels;

/* One elementwise call over strided arrays, which are in the order of a ufunc: inputs, parameters, outputs. The elements of
   matrices are counted row by row. */
typedef struct {
    const fa_kernels *kernels;
    fa_form form;
    fa_dtype dtype;
    int inputs, parameters, outputs;
    char *data[FA_MAX_ARGUMENTS];
    ptrdiff_t steps[FA_MAX_ARGUMENTS]; /* bytes */
    int contiguous, scalars;           /* all arrays are contiguous; all parameters are scalars */
    int stream;                        /* write past the caches */
    const fa_clamp *clamp;             /* NULL, or limits of a gated form, rounded to the dtype that it is computed in */
    ptrdiff_t columns;                 /* of a matrix; 0 otherwise, and then the fields below are not set */
    ptrdiff_t row_steps[FA_MAX_ARGUMENTS];
    unsigned repeated;     /* bit k: argument k is one row, which is copied several times, one after the other */
    void *sums;            /* NULL, or an array: for every `group` elements the sums of `wide` columns of the output */
    ptrdiff_t group, wide; /* wide is a multiple of columns, group is a multiple of wide */
} fa_call;

/* Runs elements [begin, end) of a call. */
typedef void fa_runner(const fa_call *call, ptrdiff_t begin, ptrdiff_t end);

/* One call of a function of rows: element i of row (o, c) is at o * n * inner + i * inner + c. */
typedef struct {
    fa_row_form form;
    fa_dtype dtype;
    const void *in[2];
    void *out;
    ptrdiff_t outer, n, inner;
    fa_row_options with;
    ptrdiff_t before; /* rows that precede the first one in the arrays of which this call is a part */
    int *failed;      /* set if memory ran out */
} fa_row_call;

/* Runs rows [begin, end), which are counted through all outer indices. */
typedef void fa_row_runner(const fa_row_call *call, ptrdiff_t begin, ptrdiff_t end);

/* Run elements or rows [begin, end) of a loss, whose sum they return, and of an optimiser's step. */
typedef double fa_loss_runner(const fa_loss_call *call, ptrdiff_t begin, ptrdiff_t end);
typedef double fa_class_loss_runner(const fa_class_loss_call *call, double scale, ptrdiff_t begin, ptrdiff_t end);
typedef void fa_step_runner(const fa_step_call *call, ptrdiff_t begin, ptrdiff_t end);

/* One look-up: y[i] = table[x[i]]. y may be x; otherwise they do not overlap. */
typedef struct {
    const unsigned char *table, *x;
    unsigned char *y;
    int stream; /* write past the caches */
} fa_bytes_call;

/* Runs bytes [begin, end). */
typedef void fa_bytes_runner(const fa_bytes_call *call, ptrdiff_t begin, ptrdiff_t end);

/* Everything that one instruction set supplies; arrays over dtypes are in the order of fa_dtype. */
typedef struct {
    const char *name;
    const fa_kernels *kernels[2];
    fa_runner *run[4];
    fa_row_runner *rows[4];
    fa_loss_runner *loss[2];
    fa_class_loss_runner *class_loss[2][2]; /* of logits, and of log-probabilities */
    fa_step_runner *step[2];
    fa_bytes_runner *bytes;
} fa_isa_table;

#pragma GCC visibility push(hidden)

extern const fa_isa_table fa_baseline, fa_avx2, fa_avx512, fa_neon;
extern const fa_isa_table *fa_table; /* the one in use: runtime/isa_select.c */
extern fa_bytes_runner *fa_run_bytes, fa_run_bytes_vbmi; /* its loop over bytes, or that of VBMI */

/* ---- dtypes and sizes ---- */

static inline int fa_is_dtype(fa_dtype dtype) { return dtype >= FA_FLOAT32 && dtype <= FA_BFLOAT16; }
static inline int fa_is_float(fa_dtype dtype) { return dtype == FA_FLOAT32 || dtype == FA_FLOAT64; }

/* Bytes of an element, and of a parameter. */
static inline ptrdiff_t fa_size_of(fa_dtype dtype) { return dtype == FA_FLOAT32 ? 4 : dtype == FA_FLOAT64 ? 8 : 2; }
static inline ptrdiff_t fa_parameter_size_of(fa_dtype dtype) { return dtype == FA_FLOAT32 ? 4 : 8; }

/* Estimated ns of one thread for n elements that take float32 `cost` ns each, which decides whether threads pay. */
static inline double fa_estimate(double cost, fa_dtype dtype, ptrdiff_t n)
{
    return cost * (dtype == FA_FLOAT64 ? 2 : 1) * (double)n;
}

/* Whether the two outputs of a call alternate in memory: the gradients of an interleaved gated unit. */
static inline int fa_outputs_alternate(const fa_call *call)
{
    const int first = call->inputs + call->parameters;
    const ptrdiff_t size = fa_size_of(call->dtype), apart = call->data[first + 1] - call->data[first];
    return (apart == size || apart == -size) && call->steps[first] == 2 * size && call->steps[first + 1] == 2 * size &&
           !call->columns;
}

/* The bytes that a machine can address: 2^57, with 5 levels of pages. */
#define FA_MOST_BYTES (sizeof(ptrdiff_t) < 8 ? PTRDIFF_MAX : PTRDIFF_MAX >> 6)

/* Sets *n to the number of elements of an array of shape (a, b, c). Returns 0 if a size is negative or the bytes are more than
   FA_MOST_BYTES. */
static inline int fa_count(fa_dtype dtype, ptrdiff_t a, ptrdiff_t b, ptrdiff_t c, ptrdiff_t *n)
{
    return a >= 0 && b >= 0 && c >= 0 && !__builtin_mul_overflow(a, b, n) && !__builtin_mul_overflow(*n, c, n) &&
           *n <= FA_MOST_BYTES / fa_size_of(dtype);
}

/* Whether n elements, `step` bytes apart, can be addressed. */
static inline int fa_can_reach(ptrdiff_t step, ptrdiff_t n)
{
    ptrdiff_t reach;
    return !__builtin_mul_overflow(step, n - (n > 0), &reach) && reach <= FA_MOST_BYTES && reach >= -FA_MOST_BYTES;
}

/* ---- api/elementwise.c ---- */

struct fa_activation {
    const char *name;
    int index, parameters, from_output;
    fa_second_kind second;
    double cost; /* ns an element of the float32 value, one thread in cache, Zen 5 with AVX-512 */
};

extern const fa_activation *const fa_speed_probe; /* the activation by which runtime/parallel.c measures the processor */
const fa_activation *fa_activation_by_index(int index); /* in the registry */
int fa_inputs_of(fa_form form), fa_outputs_of(fa_form form);
int fa_bias_row_of(fa_form form); /* which input is a bias of one row; -1: none */

/* Checks the arguments of a call over matrices: pointers, and sizes that can be addressed. `row_steps` may be NULL for one
   row. The functions below do not check. */
fa_status fa_check(const fa_activation *activation, fa_form form, fa_dtype dtype, char *const *data, const ptrdiff_t *steps,
                   const ptrdiff_t *row_steps, ptrdiff_t rows, ptrdiff_t columns);

/* The arguments of fa_apply as `data`, in the order of fa_call. */
void fa_list_arguments(const fa_activation *activation, fa_form form, fa_dtype dtype, const void *const *inputs,
                       void *const *outputs, const void *parameters, char **data);

/* Fills a call; steps of NULL: contiguous arrays and scalar parameters. */
void fa_prepare(fa_call *call, const fa_activation *activation, fa_form form, fa_dtype dtype, char *const *data,
                const ptrdiff_t *steps);

/* A task for fa_parallel, whose context is an fa_call. */
void fa_run_call(void *call, ptrdiff_t begin, ptrdiff_t end);
int fa_should_stream(const fa_call *call, ptrdiff_t n);
double fa_cost_of(const fa_activation *activation, fa_form form, fa_dtype dtype); /* ns an element */

/* Runs a prepared call of arrays that do not overlap, except that an output may be an input. */
fa_status fa_run_no_overlap(fa_call *call, const fa_activation *activation, ptrdiff_t n);

/* fa_apply_strided for arrays that do not overlap, except that an output may be an input. `steps` as in fa_prepare. */
fa_status fa_apply_no_overlap(const fa_activation *activation, fa_form form, fa_dtype dtype, char *const *data,
                              const ptrdiff_t *steps, ptrdiff_t n);

/* ---- api/matrix.c ---- */

/* The steps of contiguous matrices whose last input, the bias, is one row; parameters are scalars. */
void fa_steps_of_matrix(const fa_activation *activation, fa_form form, fa_dtype dtype, ptrdiff_t columns, ptrdiff_t *steps,
                        ptrdiff_t *row_steps);

/* ---- api/bytes.c ---- */

void fa_look_up_bytes(const unsigned char *table, const unsigned char *x, unsigned char *y, ptrdiff_t n);

/* ---- runtime ---- */

/* cpu.c */
int fa_cpu_has_avx2(void), fa_cpu_has_avx512(void), fa_cpu_has_vbmi(void);
int fa_writes_past_caches(ptrdiff_t bytes);
int fa_cpus(void), fa_cpus_left(void); /* of the machine; those that affinity and quota leave */

/* parallel.c: runs task over [0, n) in chunks of a multiple of `grain`, or on this thread alone if threads would not pay. */
void fa_parallel(void (*task)(void *context, ptrdiff_t begin, ptrdiff_t end), void *context,
                 ptrdiff_t n, ptrdiff_t grain, double total_ns);

/* parallel.c: between fa_use_one_thread(1) and fa_use_one_thread(-1) the calling thread starts no others. */
void fa_use_one_thread(int change);

/* parallel.c: counts the open blocks of Python's num_threads. While there are any, limit() returns the limit of the calling
   thread: -1 if it has none, 0 for the default. */
void fa_count_limits(int change, int (*limit)(void));

/* Whether the environment variables FASTACT_NUM_THREADS, OMP_NUM_THREADS and FASTACT_ISA are set but not usable. */
extern int fa_bad_threads, fa_bad_omp_threads, fa_bad_isa;

#pragma GCC visibility pop

#endif
