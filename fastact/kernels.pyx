# cython: language_level=3, boundscheck=False, wraparound=False, freethreading_compatible=True
"""The C library and its typed-memoryview face: see kernels.pxd for the functions.

From Python the same names work with any buffers of float32 or float64, for experiments and tests:
``kernels.sigmoid(x, out)``, ``kernels.elu_backward(grad, x, 1.0, out)``.
"""
from cython cimport floating
from libc.stdint cimport uintptr_t

import operator
from contextvars import ContextVar

# With void for the structures and int for the enumerations of C: kernels.pxd needs no header so.
cdef extern from "internal.h" nogil:
    enum:
        FA_FLOAT32, FA_FLOAT64
    enum:
        FA_VALUE, FA_DERIVATIVE, FA_BACKWARD, FA_VALUE_AND_DERIVATIVE, FA_BACKWARD_FROM_OUTPUT, FA_SECOND_DERIVATIVE
        FA_GATED, FA_GATED_BACKWARD, FA_BIASED, FA_BIASED_BACKWARD
    enum:
        FA_SOFTMAX, FA_SOFTMAX_BACKWARD, FA_SOFTMAX_BACKWARD_FROM_OUTPUT
        FA_LOG_SOFTMAX, FA_LOG_SOFTMAX_BACKWARD, FA_LOG_SOFTMAX_BACKWARD_FROM_OUTPUT
        FA_LOGSUMEXP, FA_LOGSUMEXP_BACKWARD, FA_HARDMAX
        FA_SPARSEMAX, FA_SPARSEMAX_BACKWARD, FA_SPARSEMAX_BACKWARD_FROM_OUTPUT
    enum:
        FA_ERROR_MEMORY
    const void *fa_find(const char *name)
    const void *fa_activation_by_index(int index)
    int fa_parameter_count(const void *activation)
    int fa_apply(const void *activation, int form, int dtype, const void **inputs, void **outputs, Py_ssize_t n,
                 const void *parameters)
    int fa_apply_strided(const void *activation, int form, int dtype, char **data, const Py_ssize_t *steps, Py_ssize_t n)
    int fa_apply_no_overlap(const void *activation, int form, int dtype, char **data, const Py_ssize_t *steps, Py_ssize_t n)
    int fa_apply_matrix(const void *activation, int form, int dtype, char **data, const Py_ssize_t *steps,
                        const Py_ssize_t *row_steps, Py_ssize_t rows, Py_ssize_t columns)
    int fa_biased_backward(const void *activation, int dtype, char **data, const Py_ssize_t *steps,
                           const Py_ssize_t *row_steps, Py_ssize_t rows, Py_ssize_t columns, void *dbias)
    int fa_rows(int form, int dtype, const void *first, const void *second, void *out, Py_ssize_t outer, Py_ssize_t n,
                Py_ssize_t inner)
    int fa_rows_where(int form, int dtype, const void *first, const void *second, void *out, Py_ssize_t outer,
                      Py_ssize_t n, Py_ssize_t inner, const void *mask, double temperature)
    int fa_apply_loss(const void *call)
    int fa_apply_class_loss(const void *call)
    int fa_apply_step(const void *call)
    int fa_set_num_threads(int threads)
    int fa_get_num_threads()
    int fa_most_threads()
    void fa_count_limits(int change, int (*limit)() noexcept nogil)
    int fa_bad_threads, fa_bad_omp_threads, fa_bad_isa
    const char *fa_name(const void *activation)
    const char *fa_isa()

cdef extern from "api/bound.h" nogil:
    void fa_bind(void *bound, const void *activation, int form, int dtype, void **arrays, const void *parameters,
                 Py_ssize_t n, Py_ssize_t columns)
    void fa_bind_matrix(void *bound, const void *activation, int form, int dtype, void **arrays,
                        const Py_ssize_t *row_steps, const void *parameters, Py_ssize_t rows, Py_ssize_t columns)
    void fa_bind_rows(void *bound, int form, int dtype, const void *first, const void *second, void *out,
                      Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner, const void *mask, double temperature)
    int fa_run_bound(void *steps, Py_ssize_t count, Py_ssize_t *at)


cdef enum:
    MAX_ARRAYS = 5
    MAX_PARAMETERS = 3


cdef int wrong_lengths(const char *name) except -1 with gil:
    raise ValueError(f"fastact.kernels.{name.decode()}: the arrays differ in length")


cdef int misaligned(const char *name) except -1 with gil:
    raise ValueError(f"fastact.kernels.{name.decode()}: an array does not begin at a multiple of its elements' size; copy it, "
                     "as by numpy.require(array, requirements='A')")


cdef int wrong_alignment(const char *name, const void *data, size_t size) except -1 nogil:
    if <uintptr_t>data % size:
        misaligned(name)
    return 0


cdef int out_of_memory(const void *activation, Py_ssize_t rows, Py_ssize_t columns) except -1 with gil:
    raise MemoryError(f"fastact.{fa_name(activation).decode()}.biased_backward: memory ran out for the sums of {columns} columns "
                      f"of {rows} rows")


_ROW_NAMES = ("softmax", "softmax.backward", "softmax.backward_from_output", "log_softmax", "log_softmax.backward",
              "log_softmax.backward_from_output", "logsumexp", "logsumexp.backward", "hardmax", "sparsemax",
              "sparsemax.backward", "sparsemax.backward_from_output")  # in the order of fa_row_form


def row_memory(int form, double temperature, outer, n, inner):
    """What an error says of a function of rows that found no memory to work in."""
    name = _ROW_NAMES[form].replace("softmax", "softmin") if temperature < 0 and form < FA_LOG_SOFTMAX else _ROW_NAMES[form]
    return f"fastact.{name}: memory ran out for {outer * inner} row(s) of {n} elements"


cdef int no_memory_for_rows(int form, double temperature, Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner) except -1 with gil:
    raise MemoryError(row_memory(form, temperature, outer, n, inner))


cdef int run(const char *name, int index, int form, int inputs, int arrays, size_t size, const void **data,
             const Py_ssize_t *length, const void *parameters) except -1 nogil:
    """Any typed function: arrays of one length or, for the biased forms, whole rows of the bias's length."""
    cdef const void *activation = fa_activation_by_index(index)
    cdef int dtype = FA_FLOAT32 if size == sizeof(float) else FA_FLOAT64
    cdef bint sums = form == FA_BIASED_BACKWARD
    cdef int bias = inputs - 1 if sums or form == FA_BIASED else -1
    cdef Py_ssize_t n = length[0], columns = n if bias < 0 else length[bias]
    cdef int count = fa_parameter_count(activation), k, at
    cdef char *pointers[MAX_ARRAYS + MAX_PARAMETERS]
    cdef Py_ssize_t steps[MAX_ARRAYS + MAX_PARAMETERS]
    cdef Py_ssize_t row_steps[MAX_ARRAYS + MAX_PARAMETERS]
    for k in range(arrays):
        if length[k] != (columns if k == bias or (sums and k == arrays - 1) else n):
            wrong_lengths(name)
        wrong_alignment(name, data[k], size)
    if columns == 0 and n or columns and n % columns:
        wrong_lengths(name)
    if bias < 0:
        if n:
            fa_apply(activation, form, dtype, data, <void **>(data + inputs), n, parameters)
        return 0
    for k in range(arrays - sums):
        at = k if k < inputs else k + count
        pointers[at] = <char *>data[k]
        steps[at] = size
        row_steps[at] = 0 if k == bias else columns * size
    for k in range(count):
        pointers[inputs + k] = <char *>parameters + k * size
        steps[inputs + k] = row_steps[inputs + k] = 0
    if columns == 0:
        return 0
    if not sums:
        fa_apply_matrix(activation, form, dtype, pointers, steps, row_steps, n // columns, columns)
    elif fa_biased_backward(activation, dtype, pointers, steps, row_steps, n // columns, columns,
                            <void *>data[arrays - 1]) == FA_ERROR_MEMORY:
        out_of_memory(activation, n // columns, columns)
    return 0


include "activations_def.pxi"  # one function an activation and form, written by setup.py


cdef int rows(int form, const char *name, const floating[:, :, ::1] first,
              const floating[:, :, ::1] second, floating[:, :, ::1] out, double temperature) except -1 nogil:
    cdef int axis
    for axis in range(3):
        if first.shape[axis] != out.shape[axis] or second.shape[axis] != out.shape[axis]:
            wrong_lengths(name)
    if out.shape[0] and out.shape[1] and out.shape[2]:
        wrong_alignment(name, &first[0, 0, 0], sizeof(floating))
        wrong_alignment(name, &second[0, 0, 0], sizeof(floating))
        wrong_alignment(name, &out[0, 0, 0], sizeof(floating))
        apply_rows(form, FA_FLOAT32 if floating is float else FA_FLOAT64, &first[0, 0, 0], &second[0, 0, 0], &out[0, 0, 0],
                   out.shape[0], out.shape[1], out.shape[2], NULL, temperature)
    return 0


cdef int reduced(int form, const char *name, const floating[:, ::1] numbers, const floating[:, :, ::1] x,
                 floating *out) except -1 nogil:
    if numbers.shape[0] != x.shape[0] or numbers.shape[1] != x.shape[2]:
        wrong_lengths(name)
    if x.shape[0] and x.shape[2]:
        wrong_alignment(name, &numbers[0, 0], sizeof(floating))
        wrong_alignment(name, &x[0, 0, 0] if x.shape[1] else NULL, sizeof(floating))
        wrong_alignment(name, out, sizeof(floating))
        apply_rows(form, FA_FLOAT32 if floating is float else FA_FLOAT64,
                   <const void *>&x[0, 0, 0] if form == FA_LOGSUMEXP else &numbers[0, 0], &x[0, 0, 0], out,
                   x.shape[0], x.shape[1], x.shape[2], NULL, 1)
    return 0


cdef int logsumexp(const floating[:, :, ::1] x, floating[:, ::1] out) except -1 nogil:
    return reduced(FA_LOGSUMEXP, b"logsumexp", out, x, &out[0, 0] if out.shape[0] and out.shape[1] else NULL)


cdef int logsumexp_backward(const floating[:, ::1] grad, const floating[:, :, ::1] x,
                            floating[:, :, ::1] out) except -1 nogil:
    cdef int axis
    for axis in range(3):
        if x.shape[axis] != out.shape[axis]:
            wrong_lengths(b"logsumexp_backward")
    if out.shape[0] and out.shape[1] and out.shape[2]:
        reduced(FA_LOGSUMEXP_BACKWARD, b"logsumexp_backward", grad, x, &out[0, 0, 0])
    return 0


cdef const void *find(const char *name) noexcept nogil:
    return fa_find(name)


cdef int apply_strided(const void *activation, int form, int dtype, char **data, const Py_ssize_t *steps,
                       Py_ssize_t n) noexcept nogil:
    return fa_apply_strided(activation, form, dtype, data, steps, n)


cdef int apply_apart(const void *activation, int form, int dtype, char **data, const Py_ssize_t *steps,
                     Py_ssize_t n) noexcept nogil:
    return fa_apply_no_overlap(activation, form, dtype, data, steps, n)


cdef int apply_matrix(const void *activation, int form, int dtype, char **data, const Py_ssize_t *steps,
                      const Py_ssize_t *row_steps, Py_ssize_t rows, Py_ssize_t columns) noexcept nogil:
    return fa_apply_matrix(activation, form, dtype, data, steps, row_steps,
                           rows, columns)


cdef int apply_biased_backward(const void *activation, int dtype, char **data, const Py_ssize_t *steps,
                               const Py_ssize_t *row_steps, Py_ssize_t rows, Py_ssize_t columns,
                               void *dbias) except -1 nogil:
    if fa_biased_backward(activation, dtype, data, steps, row_steps, rows, columns,
                          dbias) == FA_ERROR_MEMORY:
        out_of_memory(activation, rows, columns)
    return 0


cdef int apply_loss(const void *call) noexcept nogil:
    return fa_apply_loss(call)


cdef int apply_class_loss(const void *call) noexcept nogil:
    return fa_apply_class_loss(call)


cdef int apply_step(const void *call) noexcept nogil:
    return fa_apply_step(call)


cdef int apply_rows(int form, int dtype, const void *first, const void *second, void *out, Py_ssize_t outer,
                    Py_ssize_t n, Py_ssize_t inner, const void *mask, double temperature) except -1 nogil:
    if fa_rows_where(form, dtype, first, second, out, outer, n, inner,
                     mask, temperature) == FA_ERROR_MEMORY:
        no_memory_for_rows(form, temperature, outer, n, inner)
    return 0


cdef void bind(void *bound, const void *activation, int form, int dtype, void **arrays, const void *parameters,
               Py_ssize_t n, Py_ssize_t columns) noexcept nogil:
    fa_bind(bound, activation, form, dtype, arrays, parameters, n,
            columns)


cdef void bind_matrix(void *bound, const void *activation, int form, int dtype, void **arrays, const Py_ssize_t *row_steps,
                      const void *parameters, Py_ssize_t rows, Py_ssize_t columns) noexcept nogil:
    fa_bind_matrix(bound, activation, form, dtype, arrays, row_steps,
                   parameters, rows, columns)


cdef void bind_rows(void *bound, int form, int dtype, const void *first, const void *second, void *out, Py_ssize_t outer,
                    Py_ssize_t n, Py_ssize_t inner, const void *mask, double temperature) noexcept nogil:
    fa_bind_rows(bound, form, dtype, first, second, out, outer, n, inner,
                 mask, temperature)


cdef int run_bound(void **steps, Py_ssize_t count, Py_ssize_t *at) noexcept nogil:
    return fa_run_bound(<void *>steps, count, at)


def checked_threads(name, threads):
    """A number of threads that may be set, as an int."""
    try:
        number = operator.index(threads)
    except TypeError:
        raise TypeError(f"fastact.{name} takes a whole number of threads, got {threads!r}") from None
    if not 0 <= number <= fa_most_threads():
        raise ValueError(f"fastact.{name} takes from 1 to {fa_most_threads()} threads on this machine (4 for each processor, or "
                         f"64), or 0 for the default; got {number}")
    return number


def set_num_threads(threads):
    """Use this many threads for this library's loops, in the whole process; 0 restores the default.

    Other libraries' threads are not touched, and blocks of `num_threads` keep their own number.

    Parameters
    ----------
    threads : int
        From 1 to 4 for each processor of the machine (or to 64 where these are more), or 0.

    Returns
    -------
    int
        What was set before, 0 for the default.

    Raises
    ------
    TypeError, ValueError
        For anything else; the setting stays as it was.
    """
    return fa_set_num_threads(checked_threads("set_num_threads", threads))


def get_num_threads():
    """The number of threads that a long loop would use now and here."""
    return fa_get_num_threads()


# The blocks of num_threads that are open in a context, the innermost last: lists of one number, -1 after a block's end.
limits = ContextVar("fastact.num_threads", default=())


cdef int limit_here() noexcept with gil:
    """The number of the innermost block that is open in the caller's context, -1 outside of any."""
    for limit in reversed(limits.get()):
        if limit[0] >= 0:
            return limit[0]
    return -1


def count_limits(int change):
    """Count a block more, or less: without any, C does not ask."""
    fa_count_limits(change, limit_here)


def bad_environment():
    """Variables of the environment that say nothing, or too much: their names, and what is done instead."""
    most = fa_most_threads()
    return [(name, text) for bad, name, text in (
        (fa_bad_threads, "FASTACT_NUM_THREADS", f"no number of threads from 1 to {most}: the default is used"),
        (fa_bad_omp_threads, "OMP_NUM_THREADS", f"more threads than fastact uses: it uses at most {most}"),
        (fa_bad_isa, "FASTACT_ISA", f"no instruction set of this processor: {isa()} is used")) if bad]


def addresses():
    """The addresses of C functions of fastact.h by name, for the package's modules that call them from other languages."""
    return {"fa_find": <uintptr_t>&fa_find, "fa_apply": <uintptr_t>&fa_apply, "fa_rows": <uintptr_t>&fa_rows}


def isa():
    """The instruction set in use: "baseline", "avx2", "avx512" or "neon"."""
    return fa_isa().decode()


def _call(str name, arrays, parameters):
    """Run the function `name` on one-dimensional buffers: inputs, then outputs."""
    return _call_typed(name, arrays[0], arrays, parameters)


def _call_typed(str name, const floating[::1] first, arrays, parameters):
    cdef const floating[::1] view
    cdef floating[::1] target
    cdef const void *data[MAX_ARRAYS]
    cdef Py_ssize_t length[MAX_ARRAYS]
    cdef floating scalars[MAX_PARAMETERS]
    cdef int k, index, inputs, count = len(arrays)
    cdef int form
    index, form, inputs = _FORMS[name][:3]
    cdef bytes encoded = name.encode()
    cdef const char *text = encoded
    for k, value in enumerate(parameters):
        scalars[k] = value
    for k in range(count):
        if k < inputs:
            view = arrays[k]
            data[k], length[k] = &view[0], view.shape[0]
        else:
            target = arrays[k]
            data[k], length[k] = &target[0], target.shape[0]
    with nogil:
        run(text, index, form, inputs, count, sizeof(floating), data, length, scalars)


def __getattr__(str name):
    if name not in _FORMS:
        raise AttributeError(f"module 'fastact.kernels' has no attribute {name!r}")
    inputs, parameters, outputs = _FORMS[name][2:]

    def function(*arguments):
        if len(arguments) != inputs + parameters + outputs:
            raise TypeError(f"fastact.kernels.{name} takes {inputs} inputs, {parameters} parameters and {outputs} "
                            f"outputs, {len(arguments)} arguments were given")
        arrays = arguments[:inputs] + arguments[inputs + parameters:]
        return _call(name, arrays, arguments[inputs:inputs + parameters])

    function.__name__ = name
    return function
