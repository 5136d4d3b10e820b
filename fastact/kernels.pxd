# cython: language_level=3
"""The typed-memoryview face of the C library; cimport it, no include path is needed.

Each activation has one function a form, for float and double, that needs no GIL:

    sigmoid(x, out)  sigmoid_derivative(x, out)  sigmoid_backward(grad, x, out)
    sigmoid_value_and_derivative(x, out, derivative)  sigmoid_backward_from_output(grad, y, out)
    sigmoid_gated(gate, up, out)  sigmoid_gated_backward(grad, gate, up, dgate, dup)
    sigmoid_biased(x, bias, out)  sigmoid_biased_backward(grad, x, bias, out, dbias)

Parameters follow the inputs: elu(x, alpha, out). All arrays have one length, but bias and dbias, whose
length is that of a row of the others (ValueError otherwise). out may be an input, and must not overlap
one in any other way.
"""
from cython cimport floating

include "activations.pxi"  # written by setup.py from fastact/registry.py


# Functions of rows have one along the middle axis of three, softmax(x, out), softmax_backward(grad, x, out) and
# softmax_backward_from_output(grad, y, out); these two have numbers for rows.
cdef int logsumexp(const floating[:, :, ::1] x, floating[:, ::1] out) except -1 nogil
cdef int logsumexp_backward(const floating[:, ::1] grad, const floating[:, :, ::1] x,
                            floating[:, :, ::1] out) except -1 nogil

# Raw pointers, for the package's own modules: fastact.h explains them.
cdef const void *find(const char *name) noexcept nogil
cdef int apply_strided(const void *activation, int form, int dtype, char **data, const Py_ssize_t *steps,
                       Py_ssize_t n) noexcept nogil
cdef int apply_apart(const void *activation, int form, int dtype, char **data, const Py_ssize_t *steps,
                     Py_ssize_t n) noexcept nogil  # for arrays that are apart or element on element
cdef int apply_matrix(const void *activation, int form, int dtype, char **data, const Py_ssize_t *steps,
                      const Py_ssize_t *row_steps, Py_ssize_t rows, Py_ssize_t columns) noexcept nogil
cdef int apply_biased_backward(const void *activation, int dtype, char **data, const Py_ssize_t *steps,
                               const Py_ssize_t *row_steps, Py_ssize_t rows, Py_ssize_t columns,
                               void *dbias) except -1 nogil
cdef int apply_loss(const void *call) noexcept nogil
cdef int apply_class_loss(const void *call) noexcept nogil
cdef int apply_step(const void *call) noexcept nogil
cdef int apply_rows(int form, int dtype, const void *first, const void *second, void *out, Py_ssize_t outer,
                    Py_ssize_t n, Py_ssize_t inner, const void *mask, double temperature) except -1 nogil
cdef void bind(void *bound, const void *activation, int form, int dtype, void **arrays, const void *parameters,
               Py_ssize_t n, Py_ssize_t columns) noexcept nogil  # bound.h explains these
cdef void bind_matrix(void *bound, const void *activation, int form, int dtype, void **arrays, const Py_ssize_t *row_steps,
                      const void *parameters, Py_ssize_t rows, Py_ssize_t columns) noexcept nogil
cdef void bind_rows(void *bound, int form, int dtype, const void *first, const void *second, void *out, Py_ssize_t outer,
                    Py_ssize_t n, Py_ssize_t inner, const void *mask, double temperature) noexcept nogil
cdef int run_bound(void **steps, Py_ssize_t count, Py_ssize_t *at) noexcept nogil
