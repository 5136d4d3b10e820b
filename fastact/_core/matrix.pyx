# cython: language_level=3, freethreading_compatible=True
"""``fastact.gelu.biased_backward``, and forms over matrices for it and for fastact.glu."""
from cpython.object cimport PyObject

cimport numpy as cnp

from fastact._core.capi cimport (FA_ERROR_MEMORY, FA_FLOAT32, FA_FLOAT64, FA_MAX_ARGUMENTS, fa_dtype, fa_status, library,
                                   no_memory_for_columns)
from fastact._core.result_memory cimport new_array
from fastact._core.form cimport Form, RELEASE_GIL_FROM
from fastact._core.fast_path cimport is_like, is_plain, is_row, may_overlap, overlaps

import functools

import numpy as np

from fastact._build import docstrings
from fastact._core import containers, half_dtypes
from fastact._core.result_memory import empty

cnp.import_array()


cdef class BiasedBackward(Form):
    """Gradients of f(x + bias): ``dx, dbias = fastact.gelu.biased_backward(grad, x, bias)``.

    Attributes
    ----------
    ufunc : numpy.ufunc
        dx alone, with all parameters positional and required.
    """

    def __init__(self, entry):
        super().__init__(entry, "biased_backward")

    @property
    def __doc__(self):  # the class's own text would hide Form's property
        return docstrings.form(self.info, self.facts.name)

    def __call__(self, *args, out=None, **named):
        if "approximate" in named and self.info.approximate:
            from fastact._core.activation import _variant
            return _variant(self, named.pop("approximate"))(*args, out=out, **named)
        values = self.fill(args, named)
        if named or len(args) > len(self.names):
            raise TypeError(f"fastact.{self.__name__} takes {', '.join(self.names)} and out, not "
                            f"{', '.join(named) or f'{len(args)} arguments'}")
        if is_plain(<PyObject *>values[1]) and is_like(<PyObject *>values[0], values[1]) and is_row(
                <PyObject *>values[2], values[1]) and all(type(value) in (float, int) for value in values[3:]):
            x = values[1]
            columns = x.shape[-1]
            if out is None:
                dx, dbias = empty(x.shape, x.dtype), np.empty_like(values[2])
            elif fits(out, values):
                dx, dbias = out
            else:
                return self.call_any(values, out)
            if x.size:
                run_matrix(self, [a.reshape(-1, columns) for a in (values[0], x)]
                           + [np.broadcast_to(values[2], (x.size // columns, columns))], values[3:],
                           [dx.reshape(-1, columns)], dbias)
            else:
                dbias.fill(0)
            return (dx, dbias) if out is None else out
        return self.call_any(values, out)

    def call_any(self, values, out):
        """Anything array-like: by way of matrices where the bias is one row, else of the ufunc."""
        if any([type(value) is not np.ndarray for value in values[:3]]):
            from fastact._core.activation import activations
            result = containers.apply(containers.Call(
                "fastact." + self.__name__, functools.partial(inside, activations[self.info.name]), values,
                ["whole", "x"] + ["broadcast"] * (len(values) - 2), ["x", "broadcast"], None, out))
            if result is not None:
                return result
        arrays = [containers.asarray(value) for value in values]
        dtype = half_dtypes.result_type(*([a for a, value in zip(arrays, values) if type(value) not in (int, float)] or [0.0]))
        if dtype.kind in "biu":
            dtype = np.result_type(dtype, np.float16)
        if dtype not in (np.float16, np.float32, np.float64) and not half_dtypes.is_bfloat16(dtype):
            raise TypeError(f"fastact.{self.__name__} does not support {dtype}: it takes float16, bfloat16, float32, "
                            "float64, and integers or booleans, promoted as by numpy.tanh")
        work = np.float64 if dtype == np.float64 else np.float32
        try:
            shape = np.broadcast_shapes(*(a.shape for a in arrays))
        except ValueError as error:
            raise ValueError(f"fastact.{self.__name__}: {error}") from None
        results = self.gradients([np.require(a, work, "A") for a in arrays], shape, work)
        if out is None:
            return tuple(r.astype(dtype, copy=False)[() if r.ndim == 0 else ...] for r in results)
        return self.write(results, out, dtype)

    def write(self, results, out, dtype):
        """Copy the results to out, where that can take them."""
        if not isinstance(out, tuple) or len(out) != 2:
            raise TypeError(f"fastact.{self.__name__} takes out=(dx, dbias), a tuple of two arrays")
        for target, result in zip(out, results):
            if not isinstance(target, np.ndarray) or target.shape != result.shape:
                raise ValueError(f"fastact.{self.__name__}: out must be arrays of shapes {results[0].shape} and "
                                 f"{results[1].shape}")
            if not target.flags.writeable:
                raise ValueError(f"fastact.{self.__name__}: out is read-only")
            if not np.can_cast(dtype, target.dtype, "same_kind"):
                raise TypeError(f"fastact.{self.__name__}: a {dtype} result cannot be written into out of "
                                f"{target.dtype}")
        for target, result in zip(out, results):
            target[...] = result
        return out

    def gradients(self, arrays, shape, work):
        """dx and dbias in the working dtype."""
        bias, whole = arrays[2], np.empty(shape, work)
        columns = shape[-1] if shape else 1
        if bias.size == columns == (bias.shape[-1] if bias.ndim else 1):
            sums = np.zeros(columns, work)
            if whole.size:
                matrices = [np.broadcast_to(a, shape).reshape(-1, columns) for a in arrays]
                run_matrix(self, matrices, (), [whole.reshape(-1, columns)], sums)
            return whole, sums.reshape(bias.shape)
        self.ufunc(*arrays, out=whole)
        axes = tuple(k for k in range(whole.ndim) if k < whole.ndim - bias.ndim
                     or bias.shape[k - whole.ndim + bias.ndim] == 1)
        return whole, whole.sum(axes, dtype=np.float64).astype(work).reshape(bias.shape)


def inside(activation, values, axis, out):
    """biased_backward of what containers hold."""
    return activation.biased_backward(*values, out=out)


cdef bint fits(out, list values) except -1:
    """Whether out is (dx, dbias) as plain as the inputs, and apart from them but for element on element."""
    if type(out) is not tuple or len(out) != 2 or not is_like(<PyObject *>out[0], values[1]) or not is_like(
            <PyObject *>out[1], values[2]):
        return False
    cdef cnp.ndarray dx = out[0], dbias = out[1]
    if not (cnp.PyArray_ISWRITEABLE(dx) and cnp.PyArray_ISWRITEABLE(dbias)) or may_overlap(dx, dbias):
        return False
    return not (overlaps(values[0], dx) or overlaps(values[1], dx) or may_overlap(values[2], dx)
                or any([may_overlap(value, dbias) for value in values[:3]]))


def run_matrix(Form form, list arrays, parameters, list outputs, dbias=None):
    """Run a form over matrices of one float dtype and shape, with any strides, outputs apart from inputs or
    element on element. Parameters are numbers, or matrices at the end of `arrays`. With `dbias`, the gradient of
    the bias goes there.
    """
    cdef cnp.ndarray matrix = outputs[0]
    cdef fa_dtype dtype = FA_FLOAT32 if cnp.PyArray_TYPE(matrix) == cnp.NPY_FLOAT else FA_FLOAT64
    cdef Py_ssize_t rows = cnp.PyArray_DIMS(matrix)[0], columns = cnp.PyArray_DIMS(matrix)[1]
    cdef char *data[FA_MAX_ARGUMENTS]
    cdef Py_ssize_t steps[FA_MAX_ARGUMENTS]
    cdef Py_ssize_t row_steps[FA_MAX_ARGUMENTS]
    cdef void *sums
    cdef fa_status status
    cdef int k
    scalars = [np.broadcast_to(np.array(value, matrix.dtype), (1, 1)) for value in parameters]
    for k, matrix in enumerate([*arrays, *scalars, *outputs]):
        data[k] = <char *>cnp.PyArray_DATA(matrix)
        row_steps[k] = cnp.PyArray_STRIDE(matrix, 0)
        steps[k] = cnp.PyArray_STRIDE(matrix, 1)
    for k in range(len(arrays), len(arrays) + len(scalars)):
        steps[k] = row_steps[k] = 0
    if dbias is not None:
        sums = cnp.PyArray_DATA(<cnp.ndarray>dbias)
        if rows * columns >= RELEASE_GIL_FROM:
            with nogil:
                status = library.biased_backward(form.activation, dtype, data, steps, row_steps, rows, columns, sums)
        else:
            status = library.biased_backward(form.activation, dtype, data, steps, row_steps, rows, columns, sums)
        if status == FA_ERROR_MEMORY:
            no_memory_for_columns(form.activation, rows, columns)
    else:
        with nogil:
            library.apply_matrix(form.activation, form.form, dtype, data, steps, row_steps, rows, columns)


def run_halves(Form form, x, axis, gate, out):
    """A gated form of the halves of a plain array along an axis, in `out` or a new array; None where this is not so
    simple, or wrong.
    """
    if not is_plain(<PyObject *>x) or type(axis) is not int or gate not in ("last", "first") or form.parameters:
        return None
    cdef cnp.ndarray array = x, result
    cdef int k, ndim = cnp.PyArray_NDIM(array), number = cnp.PyArray_TYPE(array), along = ndim
    cdef Py_ssize_t rows = 1, size = cnp.PyArray_ITEMSIZE(array), columns
    cdef cnp.npy_intp shape[64]
    if -ndim <= axis < ndim:
        along = axis % ndim
    if along == ndim or cnp.PyArray_DIMS(array)[along] % 2 or not cnp.PyArray_SIZE(array):
        return None
    for k in range(ndim):
        shape[k] = cnp.PyArray_DIMS(array)[k]
        rows *= shape[k] if k < along else 1
    shape[along] //= 2
    columns = cnp.PyArray_SIZE(array) // 2 // rows
    if out is None:
        result = new_array(ndim, shape, number)
    else:
        if not is_plain(<PyObject *>out):
            return None
        result = out
        if cnp.PyArray_TYPE(result) != number or cnp.PyArray_NDIM(result) != ndim or not cnp.PyArray_ISWRITEABLE(
                result) or may_overlap(array, result):
            return None
        for k in range(ndim):
            if cnp.PyArray_DIMS(result)[k] != shape[k]:
                return None
    cdef fa_dtype dtype = FA_FLOAT32 if number == cnp.NPY_FLOAT else FA_FLOAT64
    cdef char *first = <char *>cnp.PyArray_DATA(array)
    cdef char *second = first + columns * size
    cdef char *data[3]
    cdef Py_ssize_t steps[3]
    cdef Py_ssize_t row_steps[3]
    data[0] = second if gate == "last" else first
    data[1] = first if gate == "last" else second
    data[2] = <char *>cnp.PyArray_DATA(result)
    for k in range(3):
        steps[k] = size
        row_steps[k] = columns * size * (2 if k < 2 else 1)
    if rows * columns >= RELEASE_GIL_FROM:
        with nogil:
            library.apply_matrix(form.activation, form.form, dtype, data, steps, row_steps, rows, columns)
    else:
        library.apply_matrix(form.activation, form.form, dtype, data, steps, row_steps, rows, columns)
    return result
