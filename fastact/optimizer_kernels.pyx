# cython: language_level=3, boundscheck=False, wraparound=False, freethreading_compatible=True
"""The optimisers' rules over arrays, each in one pass of the C library."""
cimport numpy as cnp

from fastact cimport kernels

import numpy as np

cnp.import_array()

cdef extern from "fastact.h" nogil:
    ctypedef enum fa_dtype:
        FA_FLOAT32
        FA_FLOAT64
    ctypedef enum fa_rule:
        FA_SGD
        FA_ADAM
        FA_RMSPROP
        FA_ADAGRAD
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
        double gain
        double beta1
        double beta2
        double eps

cdef enum:
    RELEASE_GIL_FROM = 16384

SGD, ADAM, RMSPROP, ADAGRAD = FA_SGD, FA_ADAM, FA_RMSPROP, FA_ADAGRAD


cdef class Rule:
    """One step's numbers; src_c/fastact.h says what they mean. ``rule(p, g, state)`` updates p in place.

    All arrays are C-contiguous, of one size, and of float32 or float64; state is a tuple of three,
    or None in their place.
    """
    cdef fa_step_call call

    def __init__(self, int rule, double lr, double weight_decay=0, bint maximize=False, *, double shrink=1,
                 double momentum=0, double gain=1, double beta1=0, double beta2=0, double eps=0, bint nesterov=False):
        self.call.rule = <fa_rule>rule
        self.call.lr = lr
        self.call.weight_decay = weight_decay
        self.call.maximize = maximize
        self.call.shrink = shrink
        self.call.momentum = momentum
        self.call.gain = gain
        self.call.beta1 = beta1
        self.call.beta2 = beta2
        self.call.eps = eps
        self.call.nesterov = nesterov

    def __call__(self, cnp.ndarray parameter not None, cnp.ndarray grad not None, tuple state not None):
        cdef fa_step_call call = self.call
        cdef cnp.ndarray array
        cdef int k
        call.dtype = FA_FLOAT32 if cnp.PyArray_TYPE(parameter) == cnp.NPY_FLOAT else FA_FLOAT64
        call.n = cnp.PyArray_SIZE(parameter)
        call.parameter = cnp.PyArray_DATA(parameter)
        call.grad = cnp.PyArray_DATA(grad)
        for k in range(3):
            array = state[k]
            call.state[k] = NULL if array is None else cnp.PyArray_DATA(array)
        if call.n >= RELEASE_GIL_FROM:
            with nogil:
                kernels.apply_step(&call)
        else:
            kernels.apply_step(&call)


def is_ready(array, cnp.ndarray like=None):
    """Whether an array can be handed to a rule, in the place of one like `like`."""
    if not cnp.PyArray_CheckExact(array):
        return False
    cdef cnp.ndarray a = <cnp.ndarray>array
    cdef int number = cnp.PyArray_TYPE(a), k
    if (number != cnp.NPY_FLOAT and number != cnp.NPY_DOUBLE) or not cnp.PyArray_ISCARRAY_RO(a):
        return False
    if like is None:
        return True
    if number != cnp.PyArray_TYPE(like) or cnp.PyArray_NDIM(a) != cnp.PyArray_NDIM(like):
        return False
    for k in range(cnp.PyArray_NDIM(a)):
        if cnp.PyArray_DIMS(a)[k] != cnp.PyArray_DIMS(like)[k]:
            return False
    return True
