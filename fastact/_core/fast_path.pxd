# cython: language_level=3
"""Which arrays may go straight to a kernel; inline, for the modules beside this."""
from cpython.object cimport PyObject

cimport numpy as cnp


cdef inline bint is_simple(PyObject *o) noexcept:
    """A base-class ndarray, C-contiguous, aligned, in native byte order, not 0-d."""
    return (cnp.PyArray_CheckExact(<object>o) and cnp.PyArray_NDIM(<cnp.ndarray>o) > 0
            and cnp.PyArray_ISCARRAY_RO(<cnp.ndarray>o))


cdef inline bint is_plain(PyObject *o) noexcept:
    """The same of float32 or float64."""
    if not is_simple(o):
        return False
    cdef int number = cnp.PyArray_TYPE(<cnp.ndarray>o)
    return number == cnp.NPY_FLOAT or number == cnp.NPY_DOUBLE


cdef inline bint is_like(PyObject *o, cnp.ndarray first) noexcept:
    """An array as simple as `first`, of its dtype and shape."""
    cdef int k
    if not is_simple(o):
        return False
    cdef cnp.ndarray a = <cnp.ndarray>o
    if cnp.PyArray_TYPE(a) != cnp.PyArray_TYPE(first) or cnp.PyArray_NDIM(a) != cnp.PyArray_NDIM(first):
        return False
    for k in range(cnp.PyArray_NDIM(a)):
        if cnp.PyArray_DIMS(a)[k] != cnp.PyArray_DIMS(first)[k]:
            return False
    return True


cdef inline bint is_row(PyObject *o, cnp.ndarray first) noexcept:
    """An array as simple as `first`, of one dimension, with its dtype and as long as its last axis."""
    if not is_simple(o):
        return False
    cdef cnp.ndarray a = <cnp.ndarray>o
    return (cnp.PyArray_TYPE(a) == cnp.PyArray_TYPE(first) and cnp.PyArray_NDIM(a) == 1
            and cnp.PyArray_DIMS(a)[0] == cnp.PyArray_DIMS(first)[cnp.PyArray_NDIM(first) - 1])


cdef inline bint may_overlap(cnp.ndarray a, cnp.ndarray b) noexcept:
    """Whether two contiguous arrays share memory."""
    cdef char *p = <char *>cnp.PyArray_DATA(a)
    cdef char *q = <char *>cnp.PyArray_DATA(b)
    return p < q + cnp.PyArray_NBYTES(b) and q < p + cnp.PyArray_NBYTES(a)


cdef inline bint overlaps(cnp.ndarray a, cnp.ndarray b) noexcept:
    """Whether two contiguous arrays of one size share memory other than element by element."""
    return cnp.PyArray_DATA(a) != cnp.PyArray_DATA(b) and may_overlap(a, b)
