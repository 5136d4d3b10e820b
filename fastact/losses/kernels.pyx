# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, freethreading_compatible=True
"""Losses of arrays that go straight to C, each with its gradient in one pass of the C library.

base.py, elementwise.py and classification.py check the arguments: here all arrays are C-contiguous and of one dtype. `data`
checks that again where it takes a pointer, because another thread may have changed an array meanwhile.
"""
from cpython.object cimport PyObject
from libc.stdint cimport int64_t

cimport numpy as cnp

from fastact._core.capi cimport *
from fastact._core.fast_path cimport PyThreadState, is_direct_f32_f64, is_like, release_gil, take_gil

import numpy as np

cnp.import_array()

cdef extern from "numpy/arrayobject.h":
    object PyArray_Scalar(void *data, cnp.PyArray_Descr *type, object base)

include "loss_names.pxi"  # MSE_LOSS = FA_MSE_LOSS ..., written by setup.py


def alike(x, target):
    """Whether both may go straight to C and have the same dtype and shape."""
    return is_direct_f32_f64(<PyObject *>x) and is_like(<PyObject *>target, <cnp.ndarray>x)


def rows_and_classes(x, target):
    """Whether these are logits (N, C) and int64 classes (N,) that may go straight to C."""
    if not is_direct_f32_f64(<PyObject *>x) or not cnp.PyArray_CheckExact(target):
        return False
    cdef cnp.ndarray a = <cnp.ndarray>x, b = <cnp.ndarray>target
    return (cnp.PyArray_NDIM(a) == 2 and cnp.PyArray_NDIM(b) == 1 and cnp.PyArray_TYPE(b) == cnp.NPY_INT64
            and cnp.PyArray_ISCARRAY_RO(b) and cnp.PyArray_DIMS(a)[0] == cnp.PyArray_DIMS(b)[0]
            and cnp.PyArray_DIMS(a)[1] > 0)


def rows_and_probs(x, target):
    """Whether these are logits (N, C) and target probabilities (N, C) that may go straight to C."""
    return alike(x, target) and x.ndim == 2 and x.shape[1] > 0


cdef const void *data(cnp.ndarray array, int number, Py_ssize_t size) except? NULL:
    """The data of an array, which must still be of this dtype and size; NULL for None."""
    if array is None:
        return NULL
    if cnp.PyArray_TYPE(array) != number or cnp.PyArray_SIZE(array) != size or not cnp.PyArray_ISCARRAY_RO(array):
        raise ValueError(f"an array of {array.dtype} and shape {(<object>array).shape} is not as it was when the loss was called: "
                         "another thread has changed it")
    return cnp.PyArray_DATA(array)


cdef inline cnp.ndarray like(cnp.ndarray x):
    return cnp.PyArray_EMPTY(cnp.PyArray_NDIM(x), cnp.PyArray_DIMS(x), cnp.PyArray_TYPE(x), 0)


cdef object scalar(cnp.ndarray x, double value):
    """A NumPy scalar of x's dtype."""
    cdef float narrow = <float>value
    if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT:
        return PyArray_Scalar(&narrow, cnp.PyArray_DESCR(x), None)
    return PyArray_Scalar(&value, cnp.PyArray_DESCR(x), None)


def elements(int loss, cnp.ndarray x not None, cnp.ndarray target not None, cnp.ndarray weight, double option,
             cnp.ndarray pos_weight, divisor, bint wants_gradient):
    """A loss of single elements: returns the value, and the gradient or None.

    `weight` and `pos_weight` have the shape of x or are None. The sum and the gradient are divided by `divisor`; if it is
    None, the value is an array with the loss of each element.
    """
    cdef double total, by = 1
    cdef int number = cnp.PyArray_TYPE(x)
    cdef fa_loss_call call
    cdef cnp.ndarray values = None, grad = None
    if divisor is None:
        values = like(x)
    else:
        by = divisor
    if wants_gradient:
        grad = like(x)
    call.loss = <fa_loss>loss
    call.dtype = FA_FLOAT32 if number == cnp.NPY_FLOAT else FA_FLOAT64
    call.n = cnp.PyArray_SIZE(x)
    call.x = data(x, number, call.n)
    call.target = data(target, number, call.n)
    call.weight = data(weight, number, call.n)
    call.option = option
    call.pos_weight = data(pos_weight, number, call.n)
    call.total = &total
    call.values = <void *>data(values, number, call.n)
    call.grad = <void *>data(grad, number, call.n)
    call.scale = 1 / by if by != 0 else 0
    cdef PyThreadState *state = release_gil(call.n)
    library.apply_loss(&call)
    take_gil(state)
    if total != total:
        if loss == FA_BINARY_CROSS_ENTROPY:
            check_probabilities(x, target)
        elif loss in (FA_POISSON_NLL_LOSS, FA_POISSON_NLL_LOSS_FULL):
            check_counts(x, target, False)
        elif loss in (FA_POISSON_NLL_LOSS_OF_MEANS, FA_POISSON_NLL_LOSS_OF_MEANS_FULL):
            check_counts(x, target, True)
    return (scalar(x, total / by) if values is None else values), grad


def classes(bint given_logs, cnp.ndarray x not None, cnp.ndarray target, cnp.ndarray weight, cnp.ndarray share,
            int64_t ignore, divisor, bint wants_gradient):
    """A loss of the rows of x, (N, C), against classes (N,) of int64, or against weighted target probabilities (N, C).

    All else is as for `elements`. A divisor of 0 stands for the sum of the weights of the targets.
    """
    cdef double total
    cdef int number = cnp.PyArray_TYPE(x)
    cdef fa_class_loss_call call
    cdef cnp.ndarray values = None, grad = None
    if cnp.PyArray_NDIM(x) != 2:
        raise ValueError(f"input of shape {(<object>x).shape} is not as it was when the loss was called: another thread has changed it")
    if divisor is None:
        values = cnp.PyArray_EMPTY(1, cnp.PyArray_DIMS(x), cnp.PyArray_TYPE(x), 0)
    if wants_gradient:
        grad = like(x)
    call.dtype = FA_FLOAT32 if number == cnp.NPY_FLOAT else FA_FLOAT64
    call.given_logs = given_logs
    call.rows = cnp.PyArray_DIMS(x)[0]
    call.classes = cnp.PyArray_DIMS(x)[1]
    call.x = data(x, number, call.rows * call.classes)
    call.target = <const int64_t *>data(target, cnp.NPY_INT64, call.rows)
    call.weight = data(weight, number, call.classes)
    call.target_probs = data(share, number, call.rows * call.classes)
    call.ignore = ignore
    call.divisor = 1 if divisor is None else divisor
    call.total = &total
    call.values = <void *>data(values, number, call.rows)
    call.grad = <void *>data(grad, number, call.rows * call.classes)
    cdef PyThreadState *state = release_gil(call.rows * call.classes)
    cdef fa_status status = library.apply_class_loss(&call)
    take_gil(state)
    if status != FA_OK:
        wrong = target[(target != ignore) & ((target < 0) | (target >= x.shape[1]))]
        raise ValueError(f"{'nll_loss' if given_logs else 'cross_entropy'}: class {wrong[0] if wrong.size else 'unknown'} in "
                         f"target; input has classes 0 to {x.shape[1] - 1}")
    return (scalar(x, total) if values is None else values), grad


def check_probabilities(x, target):
    for name, array in (("input", x), ("target", target)):
        outside = array[(array < 0) | (array > 1)]
        if outside.size:
            raise ValueError(f"binary_cross_entropy: {name} must be probabilities, in [0, 1], got {outside[0]}"
                             + ("; for logits use binary_cross_entropy_with_logits" if name == "input" else ""))


def check_counts(x, target, x_is_mean):
    for name, array in (("input", x), ("target", target))[not x_is_mean:]:
        negative = array[array < 0]
        if negative.size:
            raise ValueError(f"poisson_nll_loss: {name} must not be negative, got {negative[0]}"
                             + ("; for logarithms of means leave log_input=True" if name == "input" else ""))
