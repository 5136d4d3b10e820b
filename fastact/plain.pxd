# cython: language_level=3
"""Which arrays may go straight to a kernel; inline, for activations.pyx and rows.pyx."""
from cpython.object cimport PyObject

cimport numpy as cnp


cdef inline bint is_plain(PyObject *o) noexcept:
    """A base-class ndarray, C-contiguous, aligned, in native byte order, float32 or float64, not 0-d."""
    if not cnp.PyArray_CheckExact(<object>o):
        return False
    cdef cnp.ndarray a = <cnp.ndarray>o
    cdef int number = cnp.PyArray_TYPE(a)
    return ((number == cnp.NPY_FLOAT or number == cnp.NPY_DOUBLE) and cnp.PyArray_NDIM(a) > 0
            and cnp.PyArray_ISCARRAY_RO(a))


cdef inline bint is_like(PyObject *o, cnp.ndarray first) noexcept:
    """A plain array of the dtype and shape of `first`."""
    cdef int k
    if not is_plain(o):
        return False
    cdef cnp.ndarray a = <cnp.ndarray>o
    if cnp.PyArray_TYPE(a) != cnp.PyArray_TYPE(first) or cnp.PyArray_NDIM(a) != cnp.PyArray_NDIM(first):
        return False
    for k in range(cnp.PyArray_NDIM(a)):
        if cnp.PyArray_DIMS(a)[k] != cnp.PyArray_DIMS(first)[k]:
            return False
    return True


cdef inline bint may_overlap(cnp.ndarray a, cnp.ndarray b) noexcept:
    """Whether two contiguous arrays share memory."""
    cdef char *p = <char *>cnp.PyArray_DATA(a)
    cdef char *q = <char *>cnp.PyArray_DATA(b)
    return p < q + cnp.PyArray_NBYTES(b) and q < p + cnp.PyArray_NBYTES(a)


cdef inline bint overlaps(cnp.ndarray a, cnp.ndarray b) noexcept:
    """Whether two contiguous arrays of one size share memory other than element by element."""
    return cnp.PyArray_DATA(a) != cnp.PyArray_DATA(b) and may_overlap(a, b)
