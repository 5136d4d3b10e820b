# cython: language_level=3, freethreading_compatible=True
"""Forms over matrices: ``fastact.gelu.biased_backward``, and gated forms of the two halves of an array for fastact.glu."""
from cpython.object cimport PyObject
from libc.math cimport INFINITY

cimport numpy as cnp

from fastact._core.capi cimport (FA_ERROR_MEMORY, FA_MAX_ARGUMENTS, FA_MAX_PARAMETERS, fa_clamp, fa_dtype, fa_status, library,
                                 no_memory_for_columns)
from fastact._core.fast_path cimport PyThreadState, is_direct, may_overlap, release_gil, take_gil
from fastact._core.form cimport Form, dtype_of, use_vectorcall
from fastact._core.result_memory cimport new_array

import functools

import numpy as np

from fastact import registry
from fastact._build import docstrings
from fastact._core import containers
from fastact._core.arguments import check_out, common_dtype
from fastact._core.array_like import asarray

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
        return docstrings.form(self.info, "biased_backward")

    cdef object call_ufunc(self, tuple args, dict kwargs):
        """Any array-like arguments."""
        form = self.variant(kwargs)
        if form is not self:
            return form(*args, **kwargs)
        out = kwargs.pop("out", None)
        values = self.fill(args, kwargs)
        if kwargs or len(args) > len(self.names):
            raise TypeError(f"fastact.{self.__name__} takes {', '.join(self.names)} and out, not "
                            f"{', '.join(kwargs) or f'{len(args)} arguments'}")
        if any([type(value) is not np.ndarray for value in values[:3]]):
            from fastact._core.activation import activations
            result = containers.apply(containers.Call(
                "fastact." + self.__name__, functools.partial(inside, activations[self.info.name]), values,
                ["whole", "x"] + ["broadcast"] * (len(values) - 2), ["x", "broadcast"], None, out))
            if result is not None:
                return result
        arrays = [asarray(value) for value in values]
        dtype = common_dtype(self.__name__, [array for array, value in zip(arrays, values) if type(value) not in (int, float)]
                             or [0.0])
        work = np.float64 if dtype == np.float64 else np.float32
        try:
            shape = np.broadcast_shapes(*(a.shape for a in arrays))
        except ValueError as error:
            raise ValueError(f"fastact.{self.__name__}: {error}") from None
        results = self.gradients([np.require(a, work, "A") for a in arrays], shape, work)
        if out is None:
            return tuple(r.astype(dtype, copy=False)[() if r.ndim == 0 else ...] for r in results)
        if not isinstance(out, tuple) or len(out) != 2 or not all([isinstance(target, np.ndarray) for target in out]):
            raise TypeError(f"fastact.{self.__name__} takes out=(dx, dbias), a tuple of two arrays")
        for target, result in zip(out, results):
            check_out(self.__name__, target, result.shape, dtype)
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
                call_matrices(self, matrices, (), [whole.reshape(-1, columns)], dbias=sums)
            return whole, sums.reshape(bias.shape)
        self.ufunc(*arrays, out=whole)
        axes = tuple(k for k in range(whole.ndim) if k < whole.ndim - bias.ndim
                     or bias.shape[k - whole.ndim + bias.ndim] == 1)
        return whole, whole.sum(axes, dtype=np.float64).astype(work).reshape(bias.shape)


use_vectorcall(BiasedBackward, Form(registry.ACTIVATIONS[0], "value"))


def inside(activation, values, axis, out):
    """biased_backward of what containers hold."""
    return activation.biased_backward(*values, out=out)


cdef struct Matrices:
    # The arguments of a call over matrices, in the order of the form's inputs, parameters and outputs.
    char *data[FA_MAX_ARGUMENTS]
    Py_ssize_t steps[FA_MAX_ARGUMENTS]
    Py_ssize_t row_steps[FA_MAX_ARGUMENTS]


cdef int run_matrices(Form form, fa_dtype dtype, Matrices *matrices, Py_ssize_t rows, Py_ssize_t columns,
                      const fa_clamp *clamp, void *dbias) except -1:
    """Run a gated form over matrices, with limits; or biased_backward where `dbias`, for the bias's gradient, is not NULL."""
    cdef fa_status status
    cdef PyThreadState *state = release_gil(rows * columns)
    if dbias == NULL:
        status = library.apply_clamped(form.activation, form.form, dtype, matrices.data, matrices.steps, matrices.row_steps,
                                       rows, columns, clamp)
    else:
        status = library.biased_backward(form.activation, dtype, matrices.data, matrices.steps, matrices.row_steps,
                                         rows, columns, dbias)
    take_gil(state)
    if status == FA_ERROR_MEMORY:
        no_memory_for_columns(form.activation, rows, columns)
    return 0


def call_matrices(Form form, list arrays, tuple parameters, list outputs, double limit=INFINITY, double offset=0, dbias=None):
    """Run a form over matrices of one dtype and shape, with any strides. Outputs do not overlap inputs, except element by
    element. Parameters are numbers, or matrices at the end of `arrays`; limit and offset are those of a gated form.
    """
    cdef cnp.ndarray matrix = outputs[0]
    cdef int k, dtype = dtype_of(matrix)
    cdef Py_ssize_t rows = cnp.PyArray_DIMS(matrix)[0], columns = cnp.PyArray_DIMS(matrix)[1]
    cdef Matrices matrices
    cdef fa_clamp clamp
    clamp.limit, clamp.offset = limit, offset
    numbers = [np.broadcast_to(np.array(value, "d" if dtype else "f"), (rows, columns)) for value in parameters]  # strides of 0
    for k, matrix in enumerate([*arrays, *numbers, *outputs]):
        matrices.data[k] = <char *>cnp.PyArray_DATA(matrix)
        matrices.row_steps[k] = cnp.PyArray_STRIDE(matrix, 0)
        matrices.steps[k] = cnp.PyArray_STRIDE(matrix, 1)
    run_matrices(form, <fa_dtype>dtype, &matrices, rows, columns, &clamp,
                 NULL if dbias is None else cnp.PyArray_DATA(<cnp.ndarray>dbias))


def call_split(Form form, x, axis, gate, out, tuple parameters=(), double limit=INFINITY, double offset=0,
               bint interleaved=False):
    """A gated form of the two halves of an array along an axis, in `out` or a new array; None if an argument is not as C
    takes it, or is wrong. The parameters are floats.
    """
    if not is_direct(<PyObject *>x) or type(axis) is not int or gate not in ("last", "first"):
        return None
    cdef cnp.ndarray array = x, result
    cdef int k, ndim = cnp.PyArray_NDIM(array), dtype = dtype_of(array), along = ndim
    cdef Py_ssize_t rows = 1, size = cnp.PyArray_ITEMSIZE(array), columns, step = size, apart
    cdef cnp.npy_intp shape[64]
    cdef double wide[FA_MAX_PARAMETERS]
    cdef float narrow[FA_MAX_PARAMETERS]
    cdef Matrices matrices
    cdef fa_clamp clamp
    if -ndim <= axis < ndim:
        along = axis % ndim
    if dtype < 0 or along == ndim or cnp.PyArray_DIMS(array)[along] % 2 or not cnp.PyArray_SIZE(array):
        return None
    for k in range(ndim):
        shape[k] = cnp.PyArray_DIMS(array)[k]
        rows *= shape[k] if k < along else 1
    shape[along] //= 2
    if out is None:
        result = new_array(ndim, shape, cnp.PyArray_TYPE(array))
    else:
        if not is_direct(<PyObject *>out):
            return None
        result = out
        if cnp.PyArray_TYPE(result) != cnp.PyArray_TYPE(array) or cnp.PyArray_NDIM(result) != ndim or not cnp.PyArray_ISWRITEABLE(
                result) or may_overlap(array, result):
            return None
        for k in range(ndim):
            if cnp.PyArray_DIMS(result)[k] != shape[k]:
                return None
    rows *= shape[along] if interleaved else 1
    columns = cnp.PyArray_SIZE(result) // rows
    apart = columns * size  # from one half to the other
    if interleaved and columns == 1:
        rows, columns, step = 1, rows, 2 * size
    cdef int inputs = form.inputs + form.parameters
    for k in range(form.parameters):
        wide[k] = parameters[k]
        narrow[k] = <float>wide[k]
        matrices.data[form.inputs + k] = <char *>&wide[k] if dtype else <char *>&narrow[k]
        matrices.steps[form.inputs + k] = matrices.row_steps[form.inputs + k] = 0
    matrices.steps[0] = matrices.steps[1] = step
    matrices.row_steps[0] = matrices.row_steps[1] = 2 * columns * size
    matrices.steps[inputs], matrices.row_steps[inputs] = size, columns * size
    k = gate == "last"  # which half is the gate
    matrices.data[0] = <char *>cnp.PyArray_DATA(array) + apart * k
    matrices.data[1] = <char *>cnp.PyArray_DATA(array) + apart * (1 - k)
    matrices.data[inputs] = <char *>cnp.PyArray_DATA(result)
    clamp.limit, clamp.offset = limit, offset
    run_matrices(form, <fa_dtype>dtype, &matrices, rows, columns, &clamp, NULL)
    return result
