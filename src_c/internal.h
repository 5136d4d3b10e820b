/* What the files of src_c share among themselves; fastact.h is what others see. */
#ifndef FASTACT_INTERNAL_H
#define FASTACT_INTERNAL_H

#include <stdint.h>
#include "registry.h" /* the lists and counts of activations and forms, written by setup.py from fastact/registry.py */
#pragma GCC visibility push(default) /* the extension exports these functions and no others */
#include "fastact.h"
#pragma GCC visibility pop

/* The two attributes of functions that are not left to the compiler. */
#define INLINE static inline __attribute__((always_inline, unused))
#define NOINLINE static __attribute__((noinline))

#define FA_MAX_ARGUMENTS (FA_MAX_INPUTS + FA_MAX_PARAMETERS + FA_MAX_OUTPUTS)

/* One instantiated loop over contiguous arrays; n is a multiple of the vector's lanes. */
typedef void fa_kernel(const void *const *in, void *const *out, ptrdiff_t n, const void *parameters);

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

/* The loops of one activation in one dtype: by form, with scalar parameters and with arrays of them. */
typedef struct {
    fa_kernel *scalar[FA_LOOP_COUNT];
    fa_kernel *array[FA_LOOP_COUNT];
    fa_backward_kind backward_kind;
    fa_kernel *half; /* NULL, or a faster value for half types */
} fa_kernels;

/* One call over strided arrays, in the order of a ufunc: inputs, parameters, outputs. Elements of matrices
   are counted row by row. */
typedef struct {
    const fa_kernels *kernels;
    fa_form form;
    int inputs, parameters, outputs;
    char *data[FA_MAX_ARGUMENTS];
    ptrdiff_t steps[FA_MAX_ARGUMENTS]; /* bytes */
    int stream;                        /* write past the caches */
    ptrdiff_t columns;                 /* of a matrix; 0 otherwise, and what follows is not set */
    ptrdiff_t row_steps[FA_MAX_ARGUMENTS];
    unsigned repeated;     /* bit k: argument k is one row, written again and again for a block's length */
    void *sums;            /* NULL, or for every `group` elements the sums of `wide` columns of the output; */
    ptrdiff_t group, wide; /* wide is a multiple of columns, and group of 16 wide */
} fa_call;

/* Elements [begin, end) of a call. */
typedef void fa_runner(const fa_call *call, ptrdiff_t begin, ptrdiff_t end);

/* Functions of rows: element i of row (o, c) is at o * n * inner + i * inner + c. */
typedef struct {
    fa_row_form form;
    const void *in[2];
    void *out;
    ptrdiff_t outer, n, inner;
    const unsigned char *mask; /* NULL: all */
    double temperature;        /* negative: of -x */
    int *failed;               /* set where memory ran out */
} fa_row_call;

/* Rows [begin, end), counted through all outer indices. */
typedef void fa_row_runner(const fa_row_call *call, ptrdiff_t begin, ptrdiff_t end);

/* Elements [begin, end), or rows, of a loss, whose sum it returns; and of an optimiser's step. */
typedef double fa_loss_runner(const fa_loss_call *call, ptrdiff_t begin, ptrdiff_t end);
typedef double fa_class_loss_runner(const fa_class_loss_call *call, double scale, ptrdiff_t begin, ptrdiff_t end);
typedef void fa_step_runner(const fa_step_call *call, ptrdiff_t begin, ptrdiff_t end);

/* Everything that one instruction set supplies; dtypes in the order of fa_dtype. */
typedef struct {
    const char *name;
    const fa_kernels *kernels[2];
    fa_runner *run[4];
    fa_row_runner *rows[4];
    fa_loss_runner *loss[2];
    fa_class_loss_runner *class_loss[2][2]; /* of logits, and of logarithms */
    fa_step_runner *step[2];
} fa_isa_table;

#pragma GCC visibility push(hidden)

extern const fa_isa_table fa_baseline, fa_avx2, fa_avx512, fa_neon;

/* A call, and who runs it. */
typedef struct {
    fa_runner *run;
    fa_call call;
} fa_job;

/* Bytes of an element. */
static inline ptrdiff_t fa_size_of(fa_dtype dtype) { return dtype == FA_FLOAT32 ? 4 : dtype == FA_FLOAT64 ? 8 : 2; }

/* The bytes that a machine can address: 2^57, with 5 levels of pages. */
#define FA_MOST_BYTES (sizeof(ptrdiff_t) < 8 ? PTRDIFF_MAX : PTRDIFF_MAX >> 6)

/* The number of elements of an array of shape (a, b, c), none negative; 0 is returned where that or the number of its
   bytes is more than FA_MOST_BYTES. */
static inline int fa_count(fa_dtype dtype, ptrdiff_t a, ptrdiff_t b, ptrdiff_t c, ptrdiff_t *n)
{
    return a >= 0 && b >= 0 && c >= 0 && !__builtin_mul_overflow(a, b, n) && !__builtin_mul_overflow(*n, c, n) &&
           *n <= FA_MOST_BYTES / fa_size_of(dtype);
}

/* Whether n places that lie `step` bytes apart can be. */
static inline int fa_can_reach(ptrdiff_t step, ptrdiff_t n)
{
    ptrdiff_t reach;
    return !__builtin_mul_overflow(step, n - (n > 0), &reach) && reach <= FA_MOST_BYTES && reach >= -FA_MOST_BYTES;
}

/* runtime/isa_select.c: the table in use. */
extern const fa_isa_table *fa_table;

struct fa_activation {
    const char *name;
    int index, parameters, from_output, second;
    double cost; /* ns an element of the value, one thread in cache: decides when threads pay */
};

/* api/elementwise.c: an activation by its place in the registry. */
const fa_activation *fa_activation_by_index(int index);

/* api/elementwise.c: fa_apply_strided for arrays that are known to lie apart or element on element, and its parts. */
fa_status fa_apply_no_overlap(const fa_activation *activation, fa_form form, fa_dtype dtype, char *const *data,
                         const ptrdiff_t *steps, ptrdiff_t n);
fa_status fa_prepare(fa_job *job, const fa_activation *activation, fa_form form, fa_dtype dtype, char *const *data,
                     const ptrdiff_t *steps);
/* api/elementwise.c: whether the arguments of a call over matrices are there and of sizes that can be. `row_steps` is NULL for
   a matrix of one row. */
fa_status fa_check(const fa_activation *activation, fa_form form, fa_dtype dtype, char *const *data, const ptrdiff_t *steps,
                   const ptrdiff_t *row_steps, ptrdiff_t rows, ptrdiff_t columns);
/* api/elementwise.c: arrays one after the other in memory, and scalar parameters, as the data and steps of a call. */
void fa_contiguous(const fa_activation *activation, fa_form form, fa_dtype dtype, const void *const *inputs,
                   void *const *outputs, const void *parameters, char **data, ptrdiff_t *steps);
void fa_run_job(void *job, ptrdiff_t begin, ptrdiff_t end);
double fa_cost_of(const fa_activation *activation, fa_form form, fa_dtype dtype); /* ns an element */
int fa_inputs_of(fa_form form), fa_outputs_of(fa_form form), fa_bias_row_of(fa_form form); /* the last: which input, or -1 */
int fa_should_stream(const fa_call *call, ptrdiff_t size, ptrdiff_t n);

/* runtime/cpu.c */
int fa_cpu_has_avx2(void), fa_cpu_has_avx512(void);
ptrdiff_t fa_last_level_cache(void); /* bytes */
int fa_cpus(void), fa_cpus_left(void); /* of the machine; by affinity and quota */

/* runtime/parallel.c: task over [0, n) in chunks of a multiple of `grain`; serial where threads would not pay. */
void fa_parallel(void (*task)(void *context, ptrdiff_t begin, ptrdiff_t end), void *context,
                 ptrdiff_t n, ptrdiff_t grain, double total_ns);
/* runtime/parallel.c: counts the blocks of num_threads that are open. While there are any, `limit` tells that of the calling
   thread: -1 where it has none, 0 for the default. */
void fa_count_limits(int change, int (*limit)(void));

/* Variables of the environment whose value says nothing, or more than there can be: FASTACT_NUM_THREADS,
   OMP_NUM_THREADS and FASTACT_ISA. */
extern int fa_bad_threads, fa_bad_omp_threads, fa_bad_isa;

#pragma GCC visibility pop

#endif
