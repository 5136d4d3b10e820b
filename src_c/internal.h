/* What the files of src_c share among themselves; fastact.h is what others see. */
#ifndef FASTACT_INTERNAL_H
#define FASTACT_INTERNAL_H

#include <stdint.h>
#include "fastact.h"

#define FA_MAX_INPUTS 2
#define FA_MAX_PARAMETERS 3
#define FA_MAX_OUTPUTS 2
#define FA_MAX_ARGUMENTS (FA_MAX_INPUTS + FA_MAX_PARAMETERS + FA_MAX_OUTPUTS)
#define FA_FORM_COUNT 6

/* One instantiated loop over contiguous arrays; n is a multiple of the vector's lanes. */
typedef void fa_kernel(const void *const *in, void *const *out, ptrdiff_t n, const void *parameters);

/* The loops of one activation in one dtype: by form, with scalar parameters and with arrays of them. */
typedef struct {
    fa_kernel *scalar[FA_FORM_COUNT];
    fa_kernel *array[FA_FORM_COUNT];
} fa_kernels;

/* One call over strided arrays, in the order of a ufunc: inputs, parameters, outputs. */
typedef struct {
    const fa_kernels *kernels;
    fa_form form;
    int inputs, parameters, outputs;
    char *data[FA_MAX_ARGUMENTS];
    ptrdiff_t steps[FA_MAX_ARGUMENTS]; /* bytes */
    int stream;                        /* write past the caches */
} fa_call;

/* Elements [begin, end) of a call. */
typedef void fa_runner(const fa_call *call, ptrdiff_t begin, ptrdiff_t end);

/* Rows of softmax and the like: element i of row (o, c) is at o * n * inner + i * inner + c. */
typedef struct {
    const void *in[2];
    void *out;
    ptrdiff_t outer, n, inner;
} fa_row_call;

/* Work items [begin, end): groups of 16 rows where inner is 1, else (outer index, 16 columns) pairs. */
typedef void fa_row_runner(const fa_row_call *call, ptrdiff_t begin, ptrdiff_t end);

/* Everything that one instruction set supplies; dtypes in the order of fa_dtype. */
typedef struct {
    const char *name;
    const fa_kernels *kernels[2];
    fa_runner *run[3];
    fa_row_runner *rows[2][FA_ROW_FORM_COUNT];
} fa_isa_table;

extern const fa_isa_table fa_baseline, fa_avx2, fa_avx512, fa_neon;

struct fa_activation {
    const char *name;
    int index, parameters, from_output, second;
    double cost; /* ns an element, one thread in cache: decides when threads pay */
};

/* dispatch.c: fa_apply_strided for arrays that are known to lie apart or element on element. */
fa_status fa_apply_apart(const fa_activation *activation, fa_form form, fa_dtype dtype, char *const *data,
                         const ptrdiff_t *steps, ptrdiff_t n);

/* cpu.c */
int fa_cpu_has_avx2(void), fa_cpu_has_avx512(void);
ptrdiff_t fa_last_level_cache(void); /* bytes */
unsigned fa_flags(void);              /* floating-point flags of this thread, for fa_restore_flags: */
void fa_restore_flags(unsigned before); /* lowers "invalid" and "underflow" where they were low */

/* parallel.c: task over [0, n) in chunks of a multiple of `grain`; serial where threads would not pay. */
void fa_parallel(void (*task)(void *context, ptrdiff_t begin, ptrdiff_t end), void *context,
                 ptrdiff_t n, ptrdiff_t grain, double total_ns);

#endif
