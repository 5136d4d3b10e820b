# cython: language_level=3
"""The C library for the package's own modules: its types and functions, each declared once.

The library is linked into fastact._core.capi alone. Other modules call it through `library`, a table of pointers to its
functions. src_c/fastact.h, src_c/internal.h and src_c/api/bound.h say what each function does.
"""
from libc.stdint cimport int64_t

include "c_enums.pxi"  # fa_dtype, fa_form, fa_row_form ...: setup.py copies them from src_c/fastact.h

cdef extern from * nogil:
    """
    #include "internal.h"
    #include "api/bound.h"
    #define FASTACT_LIBRARY(F) F(activation_by_index) F(find) F(apply) F(apply_biased) F(apply_strided) F(apply_no_overlap) \\
        F(apply_matrix) F(apply_clamped) F(biased_backward) F(rows) F(rows_with) F(apply_loss) F(apply_class_loss) \\
        F(apply_step) F(bind) F(bind_matrix) F(bind_rows) F(run_bound) F(look_up_bytes)
    #define FASTACT_POINTER(name) __typeof__(fa_##name) *name;
    typedef struct { FASTACT_LIBRARY(FASTACT_POINTER) } fastact_library;
    """
    enum:
        FA_MAX_INPUTS, FA_MAX_PARAMETERS, FA_MAX_OUTPUTS, FA_MAX_ARGUMENTS, FA_FORM_COUNT
    ctypedef struct fa_activation:
        const char *name
    ctypedef struct fa_bound:
        fa_status (*run)(const fa_bound *) noexcept nogil
        Py_ssize_t n
    ctypedef struct fa_clamp:
        double limit
        double offset
    ctypedef struct fa_row_options:
        const unsigned char *mask
        double temperature
        const void *bias
        Py_ssize_t bias_rows
        Py_ssize_t bias_repeats
        Py_ssize_t queries
        const void *sink
        void *sink_grad
    ctypedef struct fa_loss_call:
        fa_loss loss
        fa_dtype dtype
        Py_ssize_t n
        const void *x
        const void *target
        const void *weight
        double option
        const void *pos_weight
        double *total
        void *values
        void *grad
        double scale
    ctypedef struct fa_class_loss_call:
        fa_dtype dtype
        int given_logs
        Py_ssize_t rows
        Py_ssize_t classes
        const void *x
        const int64_t *target
        const void *weight
        const void *target_probs
        int64_t ignore
        double divisor
        double *total
        void *values
        void *grad
    ctypedef struct fa_step_call:
        fa_rule rule
        fa_dtype dtype
        int nesterov
        int maximize
        Py_ssize_t n
        void *parameter
        const void *grad
        void *state[3]
        double lr
        double weight_decay
        double shrink
        double momentum
        double one_minus_dampening
        double beta1
        double beta2
        double eps
    ctypedef struct fastact_library:
        const fa_activation *(*find)(const char *name) noexcept nogil
        const fa_activation *(*activation_by_index)(int index) noexcept nogil
        fa_status (*apply)(const fa_activation *activation, fa_form form, fa_dtype dtype, const void **inputs, void **outputs,
                           Py_ssize_t n, const void *parameters) noexcept nogil
        fa_status (*apply_biased)(const fa_activation *activation, fa_form form, fa_dtype dtype, const void **inputs,
                                  void **outputs, Py_ssize_t rows, Py_ssize_t columns, const void *parameters) noexcept nogil
        fa_status (*apply_strided)(const fa_activation *activation, fa_form form, fa_dtype dtype, char **data,
                                   const Py_ssize_t *steps, Py_ssize_t n) noexcept nogil
        fa_status (*apply_no_overlap)(const fa_activation *activation, fa_form form, fa_dtype dtype, char **data,
                                      const Py_ssize_t *steps, Py_ssize_t n) noexcept nogil
        fa_status (*apply_matrix)(const fa_activation *activation, fa_form form, fa_dtype dtype, char **data,
                                  const Py_ssize_t *steps, const Py_ssize_t *row_steps, Py_ssize_t rows,
                                  Py_ssize_t columns) noexcept nogil
        fa_status (*apply_clamped)(const fa_activation *activation, fa_form form, fa_dtype dtype, char **data,
                                   const Py_ssize_t *steps, const Py_ssize_t *row_steps, Py_ssize_t rows,
                                   Py_ssize_t columns, const fa_clamp *clamp) noexcept nogil
        fa_status (*biased_backward)(const fa_activation *activation, fa_dtype dtype, char **data, const Py_ssize_t *steps,
                                     const Py_ssize_t *row_steps, Py_ssize_t rows, Py_ssize_t columns,
                                     void *dbias) noexcept nogil
        fa_status (*rows)(fa_row_form form, fa_dtype dtype, const void *first, const void *second, void *out, Py_ssize_t outer,
                          Py_ssize_t n, Py_ssize_t inner) noexcept nogil
        fa_status (*rows_with)(fa_row_form form, fa_dtype dtype, const void *first, const void *second, void *out,
                               Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner, const fa_row_options *options) noexcept nogil
        fa_status (*apply_loss)(const fa_loss_call *call) noexcept nogil
        fa_status (*apply_class_loss)(const fa_class_loss_call *call) noexcept nogil
        fa_status (*apply_step)(const fa_step_call *call) noexcept nogil
        void (*bind)(fa_bound *bound, const fa_activation *activation, fa_form form, fa_dtype dtype, void **arrays,
                     const void *parameters, Py_ssize_t n, Py_ssize_t columns) noexcept nogil
        void (*bind_matrix)(fa_bound *bound, const fa_activation *activation, fa_form form, fa_dtype dtype, void **arrays,
                            const Py_ssize_t *steps, const Py_ssize_t *row_steps, const void *parameters, Py_ssize_t rows,
                            Py_ssize_t columns, const fa_clamp *clamp) noexcept nogil
        void (*bind_rows)(fa_bound *bound, fa_row_form form, fa_dtype dtype, const void *first, const void *second, void *out,
                          Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner, const fa_row_options *options) noexcept nogil
        fa_status (*run_bound)(fa_bound **steps, Py_ssize_t count, Py_ssize_t *at) noexcept nogil
        void (*look_up_bytes)(const unsigned char *table, const unsigned char *x, unsigned char *y, Py_ssize_t n) noexcept nogil

cdef const fastact_library *library


cdef inline fa_row_options row_options(const unsigned char *mask, double temperature) noexcept nogil:
    """The options of a call of a function of rows that any of them takes; the others are 0."""
    cdef fa_row_options options
    options.mask, options.temperature = mask, temperature
    options.bias = options.sink = options.sink_grad = NULL
    options.bias_rows = options.bias_repeats = options.queries = 0
    return options


cdef int no_memory_for_columns(const fa_activation *activation, Py_ssize_t rows, Py_ssize_t columns) except -1 with gil
cdef int no_memory_for_rows(fa_row_form form, double temperature, Py_ssize_t rows, Py_ssize_t n) except -1 with gil
