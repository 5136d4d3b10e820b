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
