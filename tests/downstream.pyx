# cython: language_level=3
"""Somebody else's module: activations inside nogil code, over their own memoryviews."""
from fastact cimport kernels


def layer(const float[::1] x, float[::1] out):
    with nogil:
        kernels.sigmoid(x, out)


def gradient(const double[::1] grad, const double[::1] x, double alpha, double[::1] out):
    cdef int k
    with nogil:
        for k in range(2):
            kernels.elu_backward(grad, x, alpha, out)


def probabilities(const float[:, :, ::1] x, float[:, :, ::1] out):
    with nogil:
        kernels.softmax(x, out)


def softmax_gradient(const double[:, :, ::1] grad, const double[:, :, ::1] x, double[:, :, ::1] out):
    with nogil:
        kernels.softmax_backward(grad, x, out)
