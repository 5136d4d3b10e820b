/* torch's own operators on CPU, computed by this library: see operators.c. */
#ifndef FASTACT_TORCH_OPERATORS_H
#define FASTACT_TORCH_OPERATORS_H

#include "fastact.h"

/* The functions of fastact.h that the operators call. */
typedef struct {
    const fa_activation *(*find)(const char *name);
    fa_status (*apply)(const fa_activation *, fa_form, fa_dtype, const void *const *, void *const *, ptrdiff_t, const void *);
    fa_status (*matrix)(const fa_activation *, fa_form, fa_dtype, char *const *, const ptrdiff_t *, const ptrdiff_t *, ptrdiff_t,
                        ptrdiff_t);
    fa_status (*rows)(fa_row_form, fa_dtype, const void *, const void *, void *, ptrdiff_t, ptrdiff_t, ptrdiff_t);
} fa_torch_calls;

/* Put the kernels under torch's operators. `path` is that of libtorch_cpu, which is loaded already; `capability` is the
   instruction set that torch uses, such as "AVX512", as torch.backends.cpu.get_cpu_capability() says. Returns how many operators
   were taken, or -1 where this torch lacks a function that the kernels need. */
int fa_torch_enable(const char *path, const char *capability, const fa_torch_calls *calls);

/* The name of operator k, counted from 0; NULL after the last. */
const char *fa_torch_operator(int k);

/* Give torch's own kernels back. */
void fa_torch_disable(void);

#endif
