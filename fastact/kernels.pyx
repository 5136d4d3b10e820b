# cython: language_level=3, boundscheck=False, wraparound=False, freethreading_compatible=True
"""The typed-memoryview functions of the C library: see kernels.pxd.

From Python the same names work with any buffers of float32 or float64, for experiments and tests:
``kernels.sigmoid(x, out)``, ``kernels.elu_backward(grad, x, 1.0, out)``.
"""
from cython cimport floating
from libc.stdint cimport uintptr_t

from fastact._core.capi cimport *

from fastact import registry
from fastact._core.capi import get_num_threads, isa, set_num_threads  # pickles of version 0.1.0 find them here


cdef struct Shape:
    int inputs, arrays
    int bias, bias_gradient  # which of the arrays is one row, or -1

cdef Shape shapes[FA_FORM_COUNT]  # by fa_form, from registry.FORMS


cdef void set_shapes():
    for k, form in enumerate(registry.FORMS.values()):
        shapes[k].inputs, shapes[k].arrays = len(form.inputs), len(form.inputs) + len(form.all_outputs)
        shapes[k].bias = form.inputs.index(form.bias_row) if form.bias_row else -1
        shapes[k].bias_gradient = shapes[k].arrays - 1 if form.bias_gradient else -1


set_shapes()


cdef int wrong_lengths(const char *name) except -1 with gil:
    raise ValueError(f"fastact.kernels.{name.decode()}: the arrays differ in length")


cdef int misaligned(const char *name) except -1 with gil:
    raise ValueError(f"fastact.kernels.{name.decode()}: an array does not begin at a multiple of its elements' size; copy it, "
                     "as by numpy.require(array, requirements='A')")


cdef int wrong_alignment(const char *name, const void *data, size_t size) except -1 nogil:
    if <uintptr_t>data % size:
        misaligned(name)
    return 0


cdef int call_typed(const char *name, int index, fa_form form, size_t size, const void **arrays, const Py_ssize_t *length,
                    const void *parameters) except -1 nogil:
    """Any typed function of an activation: arrays of one length or, for the biased forms, whole rows of the bias's length."""
    cdef const fa_activation *activation = library.activation_by_index(index)
    cdef fa_dtype dtype = FA_FLOAT32 if size == sizeof(float) else FA_FLOAT64
    cdef Shape shape = shapes[<int>form]
    cdef Py_ssize_t n = length[0], columns = n if shape.bias < 0 else length[shape.bias]
    cdef void **outputs = <void **>(arrays + shape.inputs)
    cdef int k
    for k in range(shape.arrays):
        if length[k] != (columns if k == shape.bias or k == shape.bias_gradient else n):
            wrong_lengths(name)
        wrong_alignment(name, arrays[k], size)
    if columns == 0 and n or columns and n % columns:
        wrong_lengths(name)
    if shape.bias < 0:
        if n:
            library.apply(activation, form, dtype, arrays, outputs, n, parameters)
    elif columns and library.apply_biased(activation, form, dtype, arrays, outputs, n // columns, columns,
                                          parameters) == FA_ERROR_MEMORY:
        no_memory_for_columns(activation, n // columns, columns)
    return 0


include "activations_def.pxi"  # one function an activation and form, written by setup.py


cdef int call_rows(fa_row_form form, const char *name, size_t size, const void *first, const Py_ssize_t *first_shape,
                   const void *second, const Py_ssize_t *second_shape, void *out, const Py_ssize_t *shape,
                   double temperature) except -1 nogil:
    """Any typed function of rows, of arrays of one shape (outer, n, inner)."""
    cdef int axis
    for axis in range(3):
        if first_shape[axis] != shape[axis] or second_shape[axis] != shape[axis]:
            wrong_lengths(name)
    return call_rows_of(form, name, size, first, second, out, shape, temperature)


cdef int call_rows_of(fa_row_form form, const char *name, size_t size, const void *first, const void *second, void *out,
                      const Py_ssize_t *shape, double temperature) except -1 nogil:
    cdef fa_dtype dtype = FA_FLOAT32 if size == sizeof(float) else FA_FLOAT64
    cdef fa_row_options options = row_options(NULL, temperature)
    if shape[0] == 0 or shape[2] == 0 or (shape[1] == 0 and form != FA_LOGSUMEXP):
        return 0
    wrong_alignment(name, first if shape[1] else NULL, size)
    wrong_alignment(name, second if shape[1] else NULL, size)
    wrong_alignment(name, out, size)
    if library.rows_with(form, dtype, first, second, out, shape[0], shape[1], shape[2], &options) == FA_ERROR_MEMORY:
        no_memory_for_rows(form, temperature, shape[0] * shape[2], shape[1])
    return 0


cdef int logsumexp(const floating[:, :, ::1] x, floating[:, ::1] out) except -1 nogil:
    if out.shape[0] != x.shape[0] or out.shape[1] != x.shape[2]:
        wrong_lengths(b"logsumexp")
    return call_rows_of(FA_LOGSUMEXP, b"logsumexp", sizeof(floating), &x[0, 0, 0], NULL, &out[0, 0], x.shape, 1)


cdef int logsumexp_backward(const floating[:, ::1] grad, const floating[:, :, ::1] x,
                            floating[:, :, ::1] out) except -1 nogil:
    if grad.shape[0] != x.shape[0] or grad.shape[1] != x.shape[2]:
        wrong_lengths(b"logsumexp_backward")
    return call_rows(FA_LOGSUMEXP_BACKWARD, b"logsumexp_backward", sizeof(floating), &grad[0, 0], x.shape, &x[0, 0, 0], x.shape,
                     &out[0, 0, 0], out.shape, 1)


def _call(str name, arrays, parameters):
    """Call the function `name` on one-dimensional buffers: inputs, then outputs."""
    return _call_of_dtype(name, arrays[0], arrays, parameters)


def _call_of_dtype(str name, const floating[::1] first, arrays, parameters):
    cdef const floating[::1] view
    cdef floating[::1] target
    cdef const void *data[FA_MAX_ARGUMENTS]
    cdef Py_ssize_t length[FA_MAX_ARGUMENTS]
    cdef floating scalars[FA_MAX_PARAMETERS]
    cdef int k, index, form
    index, form, _ = _FUNCTIONS[name]
    cdef bytes encoded = name.encode()
    cdef const char *text = encoded
    for k, value in enumerate(parameters):
        scalars[k] = value
    for k in range(shapes[form].arrays):
        if k < shapes[form].inputs:
            view = arrays[k]
            data[k], length[k] = &view[0], view.shape[0]
        else:
            target = arrays[k]
            data[k], length[k] = &target[0], target.shape[0]
    with nogil:
        call_typed(text, index, <fa_form>form, sizeof(floating), data, length, scalars)


def __getattr__(str name):
    if name not in _FUNCTIONS:
        raise AttributeError(f"module 'fastact.kernels' has no attribute {name!r}")
    _, form, parameters = _FUNCTIONS[name]
    inputs, outputs = shapes[form].inputs, shapes[form].arrays - shapes[form].inputs

    def function(*arguments):
        if len(arguments) != inputs + parameters + outputs:
            raise TypeError(f"fastact.kernels.{name} takes {inputs} inputs, {parameters} parameters and {outputs} "
                            f"outputs, {len(arguments)} arguments were given")
        arrays = arguments[:inputs] + arguments[inputs + parameters:]
        return _call(name, arrays, arguments[inputs:inputs + parameters])

    function.__name__ = name
    return function
