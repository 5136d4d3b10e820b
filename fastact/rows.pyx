# cython: language_level=3, freethreading_compatible=True
"""Functions of whole rows: softmax, along any axis."""
from cpython.object cimport PyObject

cimport numpy as cnp

from fastact cimport kernels
from fastact.plain cimport is_like, is_plain, may_overlap

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from fastact import registry

cnp.import_array()

cdef enum:
    RELEASE_GIL_FROM = 16384


cdef void run_plain(int form, cnp.ndarray first, cnp.ndarray second, int axis, cnp.ndarray out):
    """Rows of plain arrays of one dtype and shape."""
    cdef Py_ssize_t outer = 1, inner = 1, n = 1
    cdef cnp.npy_intp *shape = cnp.PyArray_DIMS(first)
    cdef int k, ndim = cnp.PyArray_NDIM(first)
    for k in range(ndim):
        if k < axis:
            outer *= shape[k]
        elif k == axis:
            n = shape[k]
        else:
            inner *= shape[k]
    cdef int number = 1 if cnp.PyArray_TYPE(first) == cnp.NPY_DOUBLE else 0
    cdef void *a = cnp.PyArray_DATA(first)
    cdef void *b = cnp.PyArray_DATA(second)
    cdef void *r = cnp.PyArray_DATA(out)
    if outer * n * inner >= RELEASE_GIL_FROM:
        with nogil:
            kernels.apply_rows(form, number, a, b, r, outer, n, inner)
    else:
        kernels.apply_rows(form, number, a, b, r, outer, n, inner)


cdef object run(str name, int form, object x, object second, object axis, object out):
    """Plain arrays at once, anything else by way of plain copies. `second` is x where a form has one input."""
    cdef cnp.ndarray result
    cdef int ndim
    if (is_plain(<PyObject *>x) and is_like(<PyObject *>second, x)
            and (out is None or (is_like(<PyObject *>out, x) and cnp.PyArray_ISWRITEABLE(out)
                                 and not may_overlap(x, out) and not may_overlap(second, out)))):
        ndim = cnp.PyArray_NDIM(x)
        axis = normalize_axis_index(axis, ndim)
        result = cnp.PyArray_EMPTY(ndim, cnp.PyArray_DIMS(x), cnp.PyArray_TYPE(x), 0) if out is None else out
        run_plain(form, x, second, axis, result)
        return result
    return run_any(name, form, [x] if form == 0 else [x, second], axis, out)


def run_any(name, form, values, axis, out):
    """Convert to plain arrays, run, and convert the result."""
    arrays = [np.asarray(value) for value in values]
    dtype = np.result_type(*arrays)
    if dtype.kind in "biu":
        dtype = np.result_type(dtype, np.float16)
    if dtype not in (np.float16, np.float32, np.float64):
        raise TypeError(f"fastact.{name} does not support {dtype}: it takes float16, float32, float64, and "
                        "integers or booleans")
    dtype = dtype.newbyteorder("=")
    shape = arrays[0].shape
    if arrays[-1].shape != shape:
        raise ValueError(f"fastact.{name}: the arrays have different shapes, {shape} and {arrays[-1].shape}")
    if out is not None:
        if not isinstance(out, np.ndarray) or out.shape != shape:
            raise ValueError(f"fastact.{name}: out must be an array of shape {shape}")
        if not out.flags.writeable:
            raise ValueError(f"fastact.{name}: out is read-only")
        if not np.can_cast(dtype, out.dtype, "same_kind"):
            raise TypeError(f"fastact.{name}: a {dtype} result cannot be written into out of {out.dtype}")
    axis = normalize_axis_index(axis, max(len(shape), 1))
    work = np.float64 if dtype == np.float64 else np.float32
    plain = [np.atleast_1d(np.ascontiguousarray(array, work)) for array in arrays]
    result = np.empty(plain[0].shape, work)
    run_plain(form, plain[0], plain[-1], axis, result)
    result = result.reshape(shape).astype(dtype, copy=False)
    if out is not None:
        out[...] = result
        return out
    return result if shape else result[()]


class RowActivation:
    """A function of whole rows. ``axis`` is any one axis of the array, the last by default.

    Results have the dtype of the input (integers become floats as by numpy.tanh) and its shape; float16 is
    computed in float32 and rounded once. The same row gives the same bits whatever the axis, the layout,
    the threads and the instruction set.
    """

    def __init__(self, info):
        self.info = info
        self.name = info.name
        self.__name__ = info.name
        self.__doc__ = f"{info.name}(x, axis=-1, out=None) = {info.formula}\n\n" + RowActivation.__call__.__doc__

    def __call__(self, x, axis=-1, out=None):
        """softmax of the rows along an axis.

        Parameters
        ----------
        x : array_like
            float16, float32, float64 or integers, of any shape.
        axis : int, default -1
        out : ndarray, optional
            Where to write; may be x, and any overlap is safe.

        Returns
        -------
        ndarray
            Each row sums to 1. A -inf gives exactly 0; a row with a NaN or +inf, or of -inf alone, is NaN.

        Raises
        ------
        TypeError
            For complex, longdouble and object input.
        numpy.exceptions.AxisError
            For an axis that x does not have.
        """
        return run(self.name, 0, x, x, axis, out)

    def backward(self, grad, x, axis=-1, out=None):
        """Gradient with respect to x: y * (grad - sum(grad * y)), y = softmax(x); shapes of x."""
        return run(f"{self.name}.backward", 1, grad, x, axis, out)

    def backward_from_output(self, grad, y, axis=-1, out=None):
        """The same from y = softmax(x), without computing it again."""
        return run(f"{self.name}.backward_from_output", 2, grad, y, axis, out)

    def jacobian(self, x, axis=-1):
        """d y_i / d x_j = y_i (delta_ij - y_j), of shape ``x.shape`` without the axis, then (n, n)."""
        y = np.moveaxis(np.atleast_1d(self(x, axis)), axis, -1)
        result = -y[..., :, None] * y[..., None, :]
        diagonal = np.arange(y.shape[-1])
        result[..., diagonal, diagonal] = y * (1 - y)
        return result

    def __repr__(self):
        return f"<fastact.{self.name}(x, axis=-1, out=None)>"

    def __reduce__(self):
        return self.name


softmax = RowActivation(registry.ROWS[0])
