# cython: language_level=3, freethreading_compatible=True
"""Functions of whole rows, along one axis or several: softmax and its kin."""
from cpython.object cimport PyObject

cimport numpy as cnp

from fastact._core.capi cimport FA_ERROR_MEMORY, FA_LOGSUMEXP, FA_LOGSUMEXP_BACKWARD, fa_dtype, fa_row_form, fa_status, library, no_memory_for_rows
from fastact._core.result_memory cimport new_array
from fastact._core.fast_path cimport PyThreadState, is_direct, is_like, may_overlap, overlaps_shifted, release_gil, take_gil
from fastact._core.form cimport PyTypeObject, dtype_of, fastact_refuse_new

import functools
import inspect
from operator import index

import numpy as np

from fastact import registry
from fastact._build import docstrings
from fastact._core import containers
from fastact._core.array_like import asarray
from fastact._core.binding import Bindable, bind_row_form, explain_calls
from fastact._core.arguments import Rows, checked_mask, check_out, checked_temperature, common_dtype, contiguous

cnp.import_array()

cdef int call_kernel(int form, cnp.ndarray first, cnp.ndarray second, cnp.ndarray out, Py_ssize_t outer, Py_ssize_t n,
                   Py_ssize_t inner, object mask, double temperature) except -1:
    """Contiguous arrays of one dtype, as rows of n elements that are `inner` apart."""
    cdef void *a = cnp.PyArray_DATA(first)
    cdef void *b = cnp.PyArray_DATA(second)
    cdef void *r = cnp.PyArray_DATA(out)
    cdef unsigned char *m = NULL if mask is None else <unsigned char *>cnp.PyArray_DATA(<cnp.ndarray>mask)
    cdef fa_dtype dtype = <fa_dtype>dtype_of(first)
    cdef PyThreadState *state = release_gil(outer * n * inner)
    cdef fa_status status = library.rows_where(<fa_row_form>form, dtype, a, b, r, outer, n, inner, m, temperature)
    take_gil(state)
    if status == FA_ERROR_MEMORY:
        no_memory_for_rows(<fa_row_form>form, temperature, outer * inner, n)
    return 0


cdef object call_into_new(int form, first, second, shape, out_shape, mask, double temperature):
    """The same for arrays of the shape (outer, n, inner), into a new one."""
    out = np.empty(out_shape, first.dtype)
    call_kernel(form, first, second, out, shape[0], shape[1], shape[2], mask, temperature)
    return out


cdef class Core:
    """What a call needs to know of its function."""
    cdef str name
    cdef int forms[3]      # fa_row_form: of the value, of the backward, of that from the output
    cdef readonly int sign  # -1 where it is another function of -x

    def __init__(self, info):
        self.name, self.sign = info.name, -1 if info.negates else 1
        for k, number in enumerate(registry.row_form_numbers(info)):
            self.forms[k] = number


cdef object call_row_form(Core core, int which, object first, object second, object axis, object out, object mask, object temperature):
    """Plain arrays at once, anything else by way of plain copies: the value, 1 the backward, 2 that from the output.
    `second` is x where a form has one input.
    """
    cdef cnp.ndarray result
    cdef Py_ssize_t outer = 1, inner = 1, n
    cdef cnp.npy_intp *shape
    cdef int k, ndim
    cdef long at
    if (mask is None and type(temperature) is float and <double>temperature == 1 and type(axis) is int
            and is_direct(<PyObject *>first) and is_like(<PyObject *>second, first) and dtype_of(first) >= 0
            and (out is None or (is_like(<PyObject *>out, first) and cnp.PyArray_ISWRITEABLE(out)
                                 and not overlaps_shifted(first, out) and not overlaps_shifted(second, out)))):
        ndim = cnp.PyArray_NDIM(first)
        at = axis if -ndim <= axis < ndim else ndim
        at += ndim if at < 0 else 0
        if at < ndim:
            shape = cnp.PyArray_DIMS(first)
            for k in range(ndim):
                if k < at:
                    outer *= shape[k]
                elif k > at:
                    inner *= shape[k]
            result = new_array(ndim, shape, cnp.PyArray_TYPE(first)) if out is None else out
            call_kernel(core.forms[which], first, second, result, outer, shape[at], inner, None, core.sign)
            return result
    return run_any(core.name + ("", ".backward", ".backward_from_output")[which], core.forms[which],
                   [first] if first is second else [first, second], axis, out, mask, temperature, core.sign)


def run_any(str name, int form, list values, axis, out, mask, temperature, int sign):
    """Convert to plain arrays, run, and convert the result."""
    if any([type(value) is not np.ndarray for value in values]) or mask is not None and type(mask) is not np.ndarray:
        roles = ["x", "mask"] if len(values) == 1 else ["whole", "x", "mask"]
        result = containers.apply(containers.Call(
            "fastact." + name, functools.partial(block, name, form, temperature, sign), [*values, mask], roles, ["x"], axis, out))
        if result is not None:
            return result
    arrays = [asarray(value) for value in values]
    dtype = common_dtype(name, arrays)
    shape = arrays[-1].shape
    if arrays[0].shape != shape:
        raise ValueError(f"fastact.{name}: the arrays have different shapes, {arrays[0].shape} and {shape}")
    check_out(name, out, shape, dtype)
    divisor = checked_temperature(name, temperature)
    rows = Rows(name, axis, shape)
    keep = checked_mask(name, mask, shape, rows)
    plain = [rows.plain(array, dtype) for array in arrays]
    return write_or_return(rows.back(call_into_new(form, plain[0], plain[-1], rows.shape, rows.shape, keep, sign * divisor)), out)


# What containers hold goes through these: of the module, since a closure of Cython cannot travel to dask's workers.
def block(str name, int form, temperature, int sign, values, axis, out):
    """A function of rows; the last of the values is the mask."""
    return run_any(name, form, values[:-1], axis, out, values[-1], temperature, sign)


def reduced_block(function, keepdims, values, axis, out):
    """logsumexp or its backward."""
    return function(*values[:-1], axis, keepdims, out, values[-1])


cdef object logsumexp_plain(cnp.ndarray x, int axis, object given):
    """logsumexp of a plain array along an axis, or of all of it (-1); None for an `out` that is not as plain."""
    cdef Py_ssize_t outer = 1, inner = 1, n = cnp.PyArray_SIZE(x)
    cdef cnp.npy_intp shape[64]
    cdef int k, left = 0
    cdef cnp.ndarray out
    for k in range(cnp.PyArray_NDIM(x) if axis >= 0 else 0):
        if k == axis:
            n = cnp.PyArray_DIMS(x)[k]
            continue
        shape[left] = cnp.PyArray_DIMS(x)[k]
        outer *= shape[left] if k < axis else 1
        inner *= shape[left] if k > axis else 1
        left += 1
    if given is not None and not is_direct(<PyObject *>given):
        return None
    out = new_array(left, shape, cnp.PyArray_TYPE(x)) if given is None else given
    if given is not None and (cnp.PyArray_TYPE(out) != cnp.PyArray_TYPE(x) or cnp.PyArray_NDIM(out) != left or may_overlap(x, out)
                              or not cnp.PyArray_ISWRITEABLE(out)
                              or any([cnp.PyArray_DIMS(out)[k] != shape[k] for k in range(left)])):
        return None
    call_kernel(FA_LOGSUMEXP, x, x, out, outer, n, inner, None, 1)
    return out if left else out[()]


def write_or_return(result, out):
    """A result in `out`; or a scalar for no dimensions, as a ufunc gives."""
    if out is not None:
        out[...] = result
        return out
    return result if result.shape else result[()]


class RowFunction(Bindable):
    """A function of whole rows. ``axis`` is one axis or several, whose elements together make a row.

    Results have the dtype of the input (integers become floats as by numpy.tanh); float16 and bfloat16 are
    computed in float32 and rounded once. The same row gives the same bits whatever the axis, the layout,
    the threads and the instruction set.
    """

    def __init__(self, info):
        self.info = info
        self._core = Core(info)
        self.name = self.__name__ = info.name
        self.__doc__ = docstrings.row(info, inspect.signature(self.__call__))
        self.add_forms(backward=self.backward, backward_from_output=self.backward_from_output)

    def bound_call(self, kind, /, *args, **options):
        return bind_row_form(self, kind, args, options)

    def backward(self, *args, **kwargs):
        """Raises TypeError: hardmax has no derivative."""
        raise TypeError(docstrings.row_form_missing(self.info, "backward"))

    def backward_from_output(self, *args, **kwargs):
        """Raises TypeError where the output does not determine the gradient."""
        raise TypeError(docstrings.row_form_missing(self.info, "backward_from_output"))

    def jacobian(self, *args, **kwargs):
        """Raises TypeError where there is none, or the gradient is all of it."""
        raise TypeError(docstrings.row_form_missing(self.info, "jacobian"))

    def __repr__(self):
        return f"<fastact.{self.name}{inspect.signature(self.__call__)}>"

    def __reduce__(self):
        return self.name


class RowActivation(RowFunction):
    __doc__ = RowFunction.__doc__

    def __call__(self, x, axis=-1, out=None, mask=None, temperature=1.0):
        """The function of each row; see the object's own documentation."""
        return call_row_form(self._core, 0, x, x, axis, out, mask, temperature)

    def backward(self, grad, x, axis=-1, out=None, mask=None, temperature=1.0):
        """Gradient with respect to x, of x's shape, from grad, that with respect to the output.

        The other arguments are those of the forward pass. It is 0 where ``mask`` is False.
        """
        return call_row_form(self._core, 1, grad, x, axis, out, mask, temperature)

    def backward_from_output(self, grad, y, axis=-1, out=None, mask=None, temperature=1.0):
        """The same from y, the output of the forward pass, which is not computed again."""
        return call_row_form(self._core, 2, grad, y, axis, out, mask, temperature)

    def jacobian(self, x, axis=-1, mask=None, temperature=1.0):
        """d y[i] / d x[j], of shape ``x.shape`` without the axis, then (n, n); without labels, but masked where x is."""
        if type(x) is not np.ndarray or mask is not None and type(mask) is not np.ndarray:
            result = containers.apply(containers.Call(
                f"fastact.{self.name}.jacobian", lambda values, axis, out: self.jacobian(values[0], axis, values[1], temperature),
                [x, mask], ["x", "mask"], ["matrix"], axis))
            if result is not None:
                return result
            x = asarray(x)
        if isinstance(axis, (tuple, list)) or axis is None:
            raise TypeError(f"fastact.{self.name}.jacobian: axis must be one integer, got {axis!r}")
        axis = index(axis)
        y = self(x, axis, None, mask, temperature)
        y = np.moveaxis(np.atleast_1d(y), axis, -1)
        if self.name == "log_softmax":
            result = np.repeat(-np.exp(y)[..., None, :], y.shape[-1], axis=-2)
            slope = result[..., range(y.shape[-1]), range(y.shape[-1])] + 1
        elif self.name == "sparsemax":
            inside = np.where(np.isnan(y), y, y > 0).astype(y.dtype)
            count = np.maximum(inside.sum(-1), 1)  # 0 in a row that is masked as a whole
            result = -inside[..., :, None] * inside[..., None, :] / count[..., None, None]
            slope = result[..., range(y.shape[-1]), range(y.shape[-1])] + inside
        else:
            result = -y[..., :, None] * y[..., None, :]
            slope = y * (1 - y)
        result[..., range(y.shape[-1]), range(y.shape[-1])] = slope
        if self.name == "log_softmax" and mask is not None:
            result[~np.moveaxis(np.broadcast_to(mask, np.shape(x)), axis, -1)] = 0
        return result * result.dtype.type(self._core.sign / checked_temperature(self.name, temperature))


class Hardmax(RowFunction):
    __doc__ = RowFunction.__doc__

    def __call__(self, x, axis=-1, out=None, mask=None):
        """The function of each row; see the object's own documentation."""
        return call_row_form(self._core, 0, x, x, axis, out, mask, 1.0)


class LogSumExp(RowFunction):
    __doc__ = RowFunction.__doc__

    def __call__(self, x, axis=None, keepdims=False, out=None, mask=None):
        """One number for each row; see the object's own documentation."""
        if mask is None and not keepdims and is_direct(<PyObject *>x) and dtype_of(x) >= 0:
            if axis is None or type(axis) is int and -x.ndim <= axis < x.ndim:
                result = logsumexp_plain(x, -1 if axis is None else axis % x.ndim, out)
                if result is not None:
                    return result
        if type(x) is not np.ndarray or mask is not None and type(mask) is not np.ndarray:
            result = containers.apply(containers.Call(
                "fastact." + self.name, functools.partial(reduced_block, self, bool(keepdims)), [x, mask], ["x", "mask"],
                ["reduced"], axis, out, bool(keepdims)))
            if result is not None:
                return result
        x = asarray(x)
        dtype = common_dtype(self.name, [x])
        rows = Rows(self.name, axis, x.shape)
        keep = checked_mask(self.name, mask, x.shape, rows)
        check_out(self.name, out, rows.reduced(keepdims), dtype)
        plain = rows.plain(x, dtype)
        result = call_into_new(FA_LOGSUMEXP, plain, plain, rows.shape, rows.shape[0] * rows.shape[2], keep, 1)
        return write_or_return(result.reshape(rows.reduced(keepdims)), out)

    def backward(self, grad, x, axis=None, keepdims=False, out=None, mask=None):
        """Gradient with respect to x: softmax(x) * grad. ``grad`` has the shape of the output, with or without ``keepdims``."""
        name = self.name + ".backward"
        if type(x) is not np.ndarray or type(grad) is not np.ndarray or mask is not None and type(mask) is not np.ndarray:
            result = containers.apply(containers.Call(
                "fastact." + name, functools.partial(reduced_block, self.backward, bool(keepdims)), [grad, x, mask],
                ["reduced", "x", "mask"], ["x"], axis, out))
            if result is not None:
                return result
        arrays = [asarray(grad), asarray(x)]
        dtype = common_dtype(name, arrays)
        shape = arrays[1].shape
        rows = Rows(name, axis, shape)
        if arrays[0].shape not in (rows.reduced(False), rows.reduced(True)):
            raise ValueError(f"fastact.{name}: grad has the shape {arrays[0].shape}, the output {rows.reduced(keepdims)}")
        keep = checked_mask(name, mask, shape, rows)
        check_out(name, out, shape, dtype)
        given, plain = contiguous(arrays[0], dtype), rows.plain(arrays[1], dtype)
        return write_or_return(rows.back(call_into_new(FA_LOGSUMEXP_BACKWARD, given, plain, rows.shape, rows.shape, keep, 1)), out)


for _type in (RowActivation, Hardmax, LogSumExp):
    _type.__module__ = "fastact"  # where users find their objects, and pickles too
_classes = {"logsumexp": LogSumExp, "hardmax": Hardmax}
functions = {info.name: _classes.get(info.name, RowActivation)(info) for info in registry.ROWS}
globals().update(functions)
fastact_refuse_new(<PyTypeObject *>Core)
for _type in (RowActivation, Hardmax, LogSumExp):
    explain_calls(_type)
