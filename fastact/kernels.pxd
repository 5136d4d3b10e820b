# cython: language_level=3
"""The typed-memoryview face of the C library; cimport it, no include path is needed.

Each activation has one function a form, for float and double, that needs no GIL:

    sigmoid(x, out)  sigmoid_derivative(x, out)  sigmoid_backward(grad, x, out)
    sigmoid_value_and_derivative(x, out, derivative)  sigmoid_backward_from_output(grad, y, out)

Parameters follow the inputs: elu(x, alpha, out). All arrays have one length (ValueError otherwise);
out may be an input, and must not overlap one in any other way.
"""
from cython cimport floating

include "activations.pxi"  # written by setup.py from fastact/registry.py


cdef int softmax(const floating[:, :, ::1] x, floating[:, :, ::1] out) except -1 nogil
cdef int softmax_backward(const floating[:, :, ::1] grad, const floating[:, :, ::1] x,
                          floating[:, :, ::1] out) except -1 nogil
cdef int softmax_backward_from_output(const floating[:, :, ::1] grad, const floating[:, :, ::1] y,
                                      floating[:, :, ::1] out) except -1 nogil

# Raw pointers, for the package's own modules: fastact.h explains them.
cdef const void *find(const char *name) noexcept nogil
cdef int apply_strided(const void *activation, int form, int dtype, char **data, const Py_ssize_t *steps,
                       Py_ssize_t n) noexcept nogil
cdef int apply_apart(const void *activation, int form, int dtype, char **data, const Py_ssize_t *steps,
                     Py_ssize_t n) noexcept nogil  # for arrays that are apart or element on element
cdef int apply_rows(int form, int dtype, const void *first, const void *second, void *out,
                    Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner) noexcept nogil
