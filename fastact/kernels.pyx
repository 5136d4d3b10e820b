# cython: language_level=3, boundscheck=False, wraparound=False, freethreading_compatible=True
"""The C library and its typed-memoryview face: see kernels.pxd for the functions.

From Python the same names work with any buffers of float32 or float64, for experiments and tests:
``kernels.sigmoid(x, out)``, ``kernels.elu_backward(grad, x, 1.0, out)``.
"""
from cython cimport floating

cdef extern from "internal.h" nogil:
    ctypedef struct fa_activation:
        pass
    ctypedef enum fa_dtype:
        FA_FLOAT32
        FA_FLOAT64
    ctypedef enum fa_form:
        FA_VALUE
        FA_DERIVATIVE
        FA_BACKWARD
        FA_VALUE_AND_DERIVATIVE
        FA_BACKWARD_FROM_OUTPUT
        FA_SECOND_DERIVATIVE
    ctypedef enum fa_status:
        FA_ERROR_MEMORY
    ctypedef enum fa_row_form:
        FA_SOFTMAX
        FA_SOFTMAX_BACKWARD
        FA_SOFTMAX_BACKWARD_FROM_OUTPUT
    const fa_activation *fa_find(const char *name)
    int fa_parameter_count(const fa_activation *activation)
    int fa_apply(const fa_activation *activation, fa_form form, fa_dtype dtype, const void **inputs,
                 void **outputs, Py_ssize_t n, const void *parameters)
    int fa_apply_strided(const fa_activation *activation, fa_form form, fa_dtype dtype, char **data,
                         const Py_ssize_t *steps, Py_ssize_t n)
    int fa_apply_apart(const fa_activation *activation, fa_form form, fa_dtype dtype, char **data,
                       const Py_ssize_t *steps, Py_ssize_t n)
    int fa_rows(fa_row_form form, fa_dtype dtype, const void *first, const void *second, void *out,
                Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner)
    int fa_set_num_threads(int threads)
    int fa_get_num_threads()
    const char *fa_isa()


cdef int wrong_lengths(const char *name) except -1 with gil:
    raise ValueError(f"fastact.kernels.{name.decode()}: the arrays differ in length")


cdef int out_of_memory() except -1 with gil:
    raise MemoryError()


include "activations_def.pxi"  # one function an activation and form, written by setup.py


cdef int rows(fa_row_form form, const char *name, const floating[:, :, ::1] first,
              const floating[:, :, ::1] second, floating[:, :, ::1] out) except -1 nogil:
    cdef int axis
    cdef fa_dtype dtype = FA_FLOAT32 if floating is float else FA_FLOAT64
    for axis in range(3):
        if first.shape[axis] != out.shape[axis] or second.shape[axis] != out.shape[axis]:
            wrong_lengths(name)
    if out.shape[0] and out.shape[1] and out.shape[2]:
        if fa_rows(form, dtype, &first[0, 0, 0], &second[0, 0, 0], &out[0, 0, 0],
                   out.shape[0], out.shape[1], out.shape[2]) == FA_ERROR_MEMORY:
            out_of_memory()
    return 0


cdef int softmax(const floating[:, :, ::1] x, floating[:, :, ::1] out) except -1 nogil:
    return rows(FA_SOFTMAX, b"softmax", x, x, out)


cdef int softmax_backward(const floating[:, :, ::1] grad, const floating[:, :, ::1] x,
                          floating[:, :, ::1] out) except -1 nogil:
    return rows(FA_SOFTMAX_BACKWARD, b"softmax_backward", grad, x, out)


cdef int softmax_backward_from_output(const floating[:, :, ::1] grad, const floating[:, :, ::1] y,
                                      floating[:, :, ::1] out) except -1 nogil:
    return rows(FA_SOFTMAX_BACKWARD_FROM_OUTPUT, b"softmax_backward_from_output", grad, y, out)


cdef const void *find(const char *name) noexcept nogil:
    return fa_find(name)


cdef int apply_strided(const void *activation, int form, int dtype, char **data, const Py_ssize_t *steps,
                       Py_ssize_t n) noexcept nogil:
    return fa_apply_strided(<const fa_activation *>activation, <fa_form>form, <fa_dtype>dtype, data, steps, n)


cdef int apply_apart(const void *activation, int form, int dtype, char **data, const Py_ssize_t *steps,
                     Py_ssize_t n) noexcept nogil:
    return fa_apply_apart(<const fa_activation *>activation, <fa_form>form, <fa_dtype>dtype, data, steps, n)


cdef int apply_rows(int form, int dtype, const void *first, const void *second, void *out,
                    Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner) noexcept nogil:
    return fa_rows(<fa_row_form>form, <fa_dtype>dtype, first, second, out, outer, n, inner)


def set_num_threads(int threads):
    """Use this many threads for this library's loops; 0 restores the default.

    Other libraries' threads are not touched. Returns what was set before, 0 for the default.
    """
    return fa_set_num_threads(threads)


def get_num_threads():
    """The number of threads that a long loop would use now."""
    return fa_get_num_threads()


def isa():
    """The instruction set in use: "baseline", "avx2", "avx512" or "neon"."""
    return fa_isa().decode()


def _call(str name, arrays, parameters, int inputs):
    """Run the function `name` on one-dimensional buffers: inputs, then outputs."""
    return _call_typed(name, arrays[0], arrays, parameters, inputs)


def _call_typed(str name, const floating[::1] first, arrays, parameters, int inputs):
    cdef const floating[::1] view
    cdef floating[::1] target
    cdef const void *pointers[2]
    cdef void *outputs[2]
    cdef floating scalars[3]
    cdef int k
    activation, form = _FORMS[name]
    cdef bytes encoded = activation.encode()
    cdef int form_index = form
    cdef const fa_activation *found = fa_find(encoded)
    for k, value in enumerate(parameters):
        scalars[k] = value
    for k in range(len(arrays)):
        if k < inputs:
            view = arrays[k]
            pointers[k] = &view[0] if view.shape[0] else NULL
            size = view.shape[0]
        else:
            target = arrays[k]
            outputs[k - inputs] = &target[0] if target.shape[0] else NULL
            size = target.shape[0]
        if size != first.shape[0]:
            raise ValueError(f"fastact.kernels.{name}: the arrays differ in length")
    cdef Py_ssize_t n = first.shape[0]
    if n:
        with nogil:
            fa_apply(found, <fa_form>form_index, FA_FLOAT32 if floating is float else FA_FLOAT64,
                     pointers, outputs, n, scalars)


def __getattr__(str name):
    if name not in _FORMS:
        raise AttributeError(f"module 'fastact.kernels' has no attribute {name!r}")
    cdef int inputs = 1 if _FORMS[name][1] in (FA_VALUE, FA_DERIVATIVE, FA_VALUE_AND_DERIVATIVE, FA_SECOND_DERIVATIVE) else 2
    cdef int parameters = fa_parameter_count(fa_find(_FORMS[name][0].encode()))

    cdef int outputs = 2 if _FORMS[name][1] == FA_VALUE_AND_DERIVATIVE else 1

    def function(*arguments):
        if len(arguments) != inputs + parameters + outputs:
            raise TypeError(f"fastact.kernels.{name} takes {inputs} inputs, {parameters} parameters and {outputs} "
                            f"outputs, {len(arguments)} arguments were given")
        arrays = arguments[:inputs] + arguments[inputs + parameters:]
        return _call(name, arrays, arguments[inputs:inputs + parameters], inputs)

    function.__name__ = name
    return function
