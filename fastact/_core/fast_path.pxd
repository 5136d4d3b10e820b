# cython: language_level=3
"""Which arrays may go straight to C, and releasing the GIL there; inline functions for the modules of this folder.

An array that goes straight to C is a base-class ndarray that is C-contiguous, aligned and in native byte order.
"""
from cpython.object cimport PyObject

cimport numpy as cnp

cdef extern from "Python.h" nogil:
    ctypedef struct PyThreadState:
        pass
    PyThreadState *PyEval_SaveThread()
    void PyEval_RestoreThread(PyThreadState *)

cdef enum:
    RELEASE_GIL_FROM = 16384  # elements; releasing the GIL and taking it again costs more than a shorter loop


cdef inline PyThreadState *release_gil(Py_ssize_t n) noexcept:
    """Release the GIL for a C call on n elements if that pays; `take_gil` takes what this returns."""
    return PyEval_SaveThread() if n >= RELEASE_GIL_FROM else NULL


cdef inline void take_gil(PyThreadState *state) noexcept:
    if state != NULL:
        PyEval_RestoreThread(state)


cdef inline void *data_of(object array):
    """Where the elements of an array are; NULL for None."""
    return NULL if array is None else cnp.PyArray_DATA(<cnp.ndarray?>array)


cdef inline bint is_direct(PyObject *o) noexcept:
    """Whether this is an array that may go straight to C, of any dtype, with at least one dimension."""
    return (cnp.PyArray_CheckExact(<object>o) and cnp.PyArray_ISCARRAY_RO(<cnp.ndarray>o)
            and cnp.PyArray_NDIM(<cnp.ndarray>o) > 0)


cdef inline bint is_direct_f32_f64(PyObject *o) noexcept:
    """The same, of float32 or float64."""
    return is_direct(o) and (cnp.PyArray_TYPE(<cnp.ndarray>o) == cnp.NPY_FLOAT or
                             cnp.PyArray_TYPE(<cnp.ndarray>o) == cnp.NPY_DOUBLE)


cdef inline bint is_like(PyObject *o, cnp.ndarray first) noexcept:
    """Whether this is an array that may go straight to C, of the dtype and shape of another one."""
    cdef int k
    if not cnp.PyArray_CheckExact(<object>o):
        return False
    cdef cnp.ndarray a = <cnp.ndarray>o
    if (not cnp.PyArray_ISCARRAY_RO(a) or cnp.PyArray_TYPE(a) != cnp.PyArray_TYPE(first)
            or cnp.PyArray_NDIM(a) != cnp.PyArray_NDIM(first)):
        return False
    for k in range(cnp.PyArray_NDIM(a)):
        if cnp.PyArray_DIMS(a)[k] != cnp.PyArray_DIMS(first)[k]:
            return False
    return True


cdef inline bint is_row_of(PyObject *o, cnp.ndarray first) noexcept:
    """Whether this is an array that may go straight to C, of the dtype of another one, and one row of it."""
    if not is_direct(o):
        return False
    cdef cnp.ndarray a = <cnp.ndarray>o
    return (cnp.PyArray_TYPE(a) == cnp.PyArray_TYPE(first) and cnp.PyArray_NDIM(a) == 1
            and cnp.PyArray_DIMS(a)[0] == cnp.PyArray_DIMS(first)[cnp.PyArray_NDIM(first) - 1])


cdef inline cnp.npy_intp size_of(cnp.ndarray a) noexcept:
    """The number of elements, as PyArray_SIZE, which takes 2 ns longer."""
    cdef cnp.npy_intp n = 1
    cdef int k
    for k in range(cnp.PyArray_NDIM(a)):
        n *= cnp.PyArray_DIMS(a)[k]
    return n


cdef inline bint may_overlap(cnp.ndarray a, cnp.ndarray b) noexcept:
    """Whether two contiguous arrays share memory."""
    cdef char *p = <char *>cnp.PyArray_DATA(a)
    cdef char *q = <char *>cnp.PyArray_DATA(b)
    return p < q + size_of(b) * cnp.PyArray_ITEMSIZE(b) and q < p + size_of(a) * cnp.PyArray_ITEMSIZE(a)


cdef inline bint overlaps_shifted(cnp.ndarray a, cnp.ndarray b) noexcept:
    """Whether two contiguous arrays of one size share memory other than element by element."""
    return cnp.PyArray_DATA(a) != cnp.PyArray_DATA(b) and may_overlap(a, b)
