# cython: language_level=3, boundscheck=False, wraparound=False, freethreading_compatible=True
"""Calls whose arrays are fixed: ``step = fa.sigmoid.bind(x, out)``, then ``step()``; and fixed lists of such calls."""
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF
from libc.stdlib cimport calloc, free

cimport numpy as cnp

from fastact._core.capi cimport fa_bound, fa_dtype, fa_row_form, fa_status, library
from fastact._core.form cimport (Form, PyTypeObject, PyVectorcall_NARGS, RELEASE_GIL_FROM, dtype_of, fastact_refuse_new,
                                 fastact_use_vectorcall)
from fastact._core.fast_path cimport is_like, is_row, is_simple, may_overlap, overlaps

import inspect
import weakref

import numpy as np

cnp.import_array()

cdef inline bint differs(Bound bound, int k) noexcept:
    """Whether an array has other memory than when it was bound, or is an output that has become read-only."""
    cdef cnp.ndarray array = <cnp.ndarray>bound.held[k]
    return cnp.PyArray_DATA(array) != bound.places[k] or k >= bound.inputs and not cnp.PyArray_ISWRITEABLE(array)


cdef class Bound:
    """A call whose arrays are fixed; made by ``bind``, and called without arguments.

    Attributes
    ----------
    result : ndarray or tuple of ndarray
        The output or outputs, which each call overwrites and returns.
    """

    cdef int hold(self, str name, list arrays, result) except -1:
        """Keep the arrays, and refuse that they be resized."""
        cdef int k
        self.vectorcall = call_bound
        self.name, self.result, self.arrays = name, result, arrays
        self.count = len(arrays)
        self.inputs = self.count - (len(result) if type(result) is tuple else 1)
        # NumPy resizes no array that a weak reference is to, not even for refcheck=False; nor one with a buffer taken.
        self.guards = []
        for k, array in enumerate(arrays):
            self.held[k] = <PyObject *>array
            self.places[k] = cnp.PyArray_DATA(<cnp.ndarray>array)
            while isinstance(array, np.ndarray):
                self.guards.append(weakref.ref(array))
                array = array.base
        return 0

    cdef bint stale(self) noexcept:
        """Whether a call would write where it must not, or read what is not there any more."""
        cdef int k
        for k in range(self.count):
            if differs(self, k):
                return True
        return False

    cdef str fault(self):
        """What an error says of a call that is stale."""
        if all([array.flags.writeable for array in self.arrays[self.inputs:]]):
            return f"{self.name}: the memory of an array was replaced after it was bound; bind it again"
        return f"{self.name}: an output has become read-only after it was bound"

    def __call__(self):  # replaced by call_bound
        return self.result

    def __repr__(self):
        return f"<{self.name}({', '.join([describe(array) for array in self.arrays])})>"


cdef tuple arguments(str name, Form form, tuple args, dict named, int outputs):
    """The inputs, parameters and outputs of a bound call, by position or by name; parameters by default too."""
    cdef int left = len(args)
    out = named.get("out")
    outs = [] if out is None else [*out] if type(out) is tuple else [out]
    names = [key for key in form.names if key not in named]
    inputs = [key for key in names if key in form.names[:form.inputs]]
    parameters = names[len(inputs):]
    by_default = [key for key in parameters if key not in form.names[form.inputs:form.inputs + form.required]]
    left -= len(inputs) + (0 if outs else outputs)
    if left == 0 and by_default == parameters:
        parameters = []
    if left != len(parameters) or (outs and len(outs) != outputs) or not {*named} <= {*form.names, "out"}:
        raise TypeError(f"{name} takes {', '.join(form.names)} and {outputs} output(s) (or out={'()' if outputs > 1 else ''}); "
                        f"got {len(args)} arguments" + "".join([f", {key}=" for key in named]))
    given = dict(zip(inputs + parameters, args))
    values = {**dict(zip(form.names[form.inputs:], form.info.defaults)), **given, **named}
    values = [values[key] for key in form.names]
    return values[:form.inputs], values[form.inputs:], outs or [*args[len(args) - outputs:]]


def bind_form(Form form, tuple args, dict named):
    """A bound call of a form: what `Form.bind` returns."""
    cdef bint sums = form.facts.bias_gradient is not None
    cdef int k, at
    name = f"fastact.{form.__name__}.bind"
    inputs, values, outs = arguments(name, form, args, named, form.outputs + sums)
    arrays = [*inputs, *outs]
    cdef int bias = form.bias_row
    cdef bint row = False
    for k, value in enumerate(arrays):
        check_array(name, value, form.names[k] if k < form.inputs else "an output")
        if (k == bias or sums and k == form.inputs + 1) and is_row(<PyObject *>value, <cnp.ndarray>arrays[0]):
            row = True
        elif not is_like(<PyObject *>value, <cnp.ndarray>arrays[0]) or sums and k >= bias and k != form.inputs:
            raise ValueError(f"{name} needs arrays of one dtype and shape" + (", and a bias of one row" if bias > 0 else "")
                             + f", got {describe(arrays[0])} and {describe(value)}")
    cdef cnp.ndarray first = arrays[0]
    cdef int dtype = dtype_of(first)
    if sums and dtype > 1:
        raise TypeError(f"{name} takes float32 and float64, got {first.dtype}: the sums of halves are not worth having")
    for k in range(form.inputs, len(arrays)):
        for at in range(k):  # of biased_backward, the second output is one row
            check_output(name, arrays[k], arrays[at],
                         at < form.inputs and not (row and at == bias) and not (sums and k > form.inputs))
    try:
        wide = [float(value) for value in values]
    except (TypeError, ValueError, OverflowError):
        raise TypeError(f"{name} needs one number for each of {', '.join(form.names[form.inputs:])}, got {values}") from None
    for k in range(form.parameters):
        if wide[k] < form.least[k]:
            raise ValueError(f"{name} needs {form.names[form.inputs + k]} >= 0")
    cdef Bound bound = Bound.__new__(Bound)
    with np.errstate(over="ignore"):
        bound.numbers = np.array([*wide, 0], np.float64 if dtype else np.float32)  # never empty
    cdef void *places[MAX_HELD]
    for k, value in enumerate(arrays):
        places[k] = cnp.PyArray_DATA(<cnp.ndarray>value)
    library.bind(&bound.call, form.activation, form.form, <fa_dtype>dtype, places, cnp.PyArray_DATA(<cnp.ndarray>bound.numbers),
                 cnp.PyArray_SIZE(first), cnp.PyArray_DIMS(first)[cnp.PyArray_NDIM(first) - 1] if row else 0)
    bound.hold(name, arrays, outs[0] if len(outs) == 1 else tuple(outs))
    return bound


cdef PyObject *call_bound(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *names) except NULL:
    cdef int status, k
    if PyVectorcall_NARGS(nargsf) or names != NULL:
        raise TypeError(f"{(<Bound>callable).name}: a bound call takes no arguments")
    for k in range((<Bound>callable).count):
        if differs(<Bound>callable, k):
            raise ValueError((<Bound>callable).fault())
    if (<Bound>callable).call.n < RELEASE_GIL_FROM:
        status = (<Bound>callable).call.run(&(<Bound>callable).call)
    else:
        status = run_long(&(<Bound>callable).call)
    if status:
        raise MemoryError(no_memory(<Bound>callable))
    Py_INCREF((<Bound>callable).result)
    return <PyObject *>(<Bound>callable).result


cdef int run_long(const fa_bound *call) noexcept:
    cdef int status
    with nogil:
        status = call.run(call)
    return status


cdef str no_memory(Bound bound):
    """What an error says of a call that found no memory to work in."""
    return f"{bound.name}: memory ran out for {', '.join([describe(array) for array in bound.arrays])}"


def check_array(name, value, what):
    """Raise unless this is an array as bind takes it."""
    if not is_simple(<PyObject *>value) or dtype_of(value) < 0:
        hint = f": numpy.asarray({what}) shares its memory" if isinstance(value, np.ndarray) and type(value) is not np.ndarray else ""
        raise TypeError(f"{name} needs C-contiguous, aligned ndarrays of floats, {what} is {describe(value)}{hint}")


def check_output(name, cnp.ndarray out, cnp.ndarray other, bint may_be_same):
    """Raise where the output cannot be written, or overlaps another array in a way that it must not."""
    if not cnp.PyArray_ISWRITEABLE(out):
        raise ValueError(f"{name}: the output is read-only")
    if overlaps(other, out) if may_be_same else may_overlap(other, out):
        raise ValueError(f"{name}: the output overlaps an argument")


def bind_rows(str name, int form, cnp.ndarray first, cnp.ndarray second, cnp.ndarray out, shape, mask, double temperature):
    """A bound function of rows of arrays of the shape (outer, n, inner), checked by the caller."""
    cdef Bound bound = Bound.__new__(Bound)
    library.bind_rows(&bound.call, <fa_row_form>form, <fa_dtype>dtype_of(first), cnp.PyArray_DATA(first), cnp.PyArray_DATA(second),
                      cnp.PyArray_DATA(out), shape[0], shape[1], shape[2],
                      NULL if mask is None else <unsigned char *>cnp.PyArray_DATA(<cnp.ndarray>mask), temperature)
    bound.numbers = mask
    bound.hold(name, [first, out] if first is second else [first, second, out], out)
    return bound


def bind_matrices(str name, Form form, list arrays, list matrices, result):
    """A bound form over matrices that are views of the arrays, inputs before outputs, checked by the caller."""
    cdef Bound bound = Bound.__new__(Bound)
    cdef cnp.ndarray matrix = matrices[0]
    cdef int k, dtype = dtype_of(matrix)
    cdef void *places[MAX_HELD]
    cdef Py_ssize_t row_steps[MAX_HELD]
    cdef Py_ssize_t rows = cnp.PyArray_DIMS(matrix)[0], columns = cnp.PyArray_DIMS(matrix)[1]
    for k, matrix in enumerate(matrices):
        places[k] = cnp.PyArray_DATA(matrix)
        row_steps[k] = cnp.PyArray_STRIDE(matrix, 0)
    bound.numbers = np.array([*form.info.defaults, 0], np.float64 if dtype else np.float32)
    library.bind_matrix(&bound.call, form.activation, form.form, <fa_dtype>dtype, places, row_steps,
                        cnp.PyArray_DATA(<cnp.ndarray>bound.numbers), rows, columns)
    bound.hold(name, arrays, result)
    return bound


def describe(value):
    """The dtype and shape of an array, or the type of anything else."""
    if isinstance(value, np.ndarray):
        kind = "" if type(value) is np.ndarray else f"a {type(value).__name__} of "
        lacks = " (misaligned)" if not value.flags.aligned else "" if value.flags.c_contiguous else " (not C-contiguous)"
        return f"{kind}{value.dtype}{list(value.shape)}{lacks}"
    return type(value).__name__


cdef class Pipeline:
    """Bound calls that follow each other, as one: ``run = fa.Pipeline([a, b, c])``, then ``run()``.

    Steps share arrays where the output of one is the input of the next. The GIL is released once for bound calls that
    follow each other (not where all of them have less than 16384 elements, which takes less time than to release it).

    Parameters
    ----------
    steps : sequence of Bound or callable
        In order, at least one: what ``bind`` returns, or anything else that can be called without arguments, such as
        ``lambda: np.matmul(h, weight, out=z)``.

    Attributes
    ----------
    steps : tuple
    result : ndarray or tuple of ndarray
        The output of the last step, which a call returns; None before the first call where that is no bound call.

    Raises
    ------
    TypeError
        For a step that cannot be called without arguments.
    ValueError
        For no steps; when called, where a step's array has other memory than when it was bound, or its output has
        become read-only. Nothing has been written then by the bound calls up to the next other callable.
    MemoryError
        When called, where memory runs out in a step. The error names the step.

    Examples
    --------
    >>> import numpy as np, fastact as fa
    >>> x, h, p = np.array([0.0, 1.0, -1.0]), np.empty(3), np.empty(3)
    >>> run = fa.Pipeline([fa.relu.bind(x, h), lambda: np.negative(h, out=h), fa.softmin.bind(h, p)])
    >>> run()
    array([0.21194156, 0.57611688, 0.21194156])
    """
    cdef readonly tuple steps
    cdef readonly object result
    cdef fa_bound **calls  # NULL for a step that is no bound call

    def __cinit__(self, *steps):
        self.calls = NULL
        if len(steps) != 1:
            raise TypeError(f"fastact.Pipeline takes one list of steps, as Pipeline([a, b]); got {len(steps)} arguments")
        try:
            self.steps = tuple(steps[0])
        except TypeError:
            raise TypeError(f"fastact.Pipeline takes a list of steps, as Pipeline([a, b]); got {type(steps[0]).__name__}"
                            ) from None
        if not self.steps:
            raise ValueError("fastact.Pipeline needs at least one step")
        for k, step in enumerate(self.steps):
            if type(step) is not Bound and not _needs_no_arguments(step):
                raise TypeError(f"fastact.Pipeline: step {k} is {_name(step)}; a step is what bind returns, such as "
                                "fastact.gelu.bind(x, out), or a callable without arguments")
        self.calls = <fa_bound **>calloc(len(self.steps), sizeof(fa_bound *))
        if self.calls == NULL:
            raise MemoryError("fastact.Pipeline: memory ran out")
        for k, step in enumerate(self.steps):
            self.calls[k] = &(<Bound>step).call if type(step) is Bound else NULL
        self.result = (<Bound>step).result if type(step) is Bound else None

    def __dealloc__(self):
        free(self.calls)

    def __call__(self):
        cdef Py_ssize_t at = 0, count = len(self.steps)
        while at < count:
            if self.calls[at] != NULL:
                at = self.run_from(at, count)
                continue
            result = self.steps[at]()
            at += 1
            if at == count:
                self.result = result
                return result
        return self.result

    cdef Py_ssize_t run_from(self, Py_ssize_t first, Py_ssize_t count) except -1:
        """Run the bound calls that follow each other from the step `first` on; returns the step after them."""
        cdef Py_ssize_t k = first, at = 0, elements = 0
        cdef int status
        while k < count and self.calls[k] != NULL:
            if (<Bound>self.steps[k]).stale():
                raise ValueError(f"fastact.Pipeline: step {k}, {(<Bound>self.steps[k]).fault()}")
            elements += self.calls[k].n
            k += 1
        if elements < RELEASE_GIL_FROM:
            status = library.run_bound(self.calls + first, k - first, &at)
        else:
            with nogil:
                status = library.run_bound(self.calls + first, k - first, &at)
        if status:
            raise MemoryError(f"fastact.Pipeline: step {first + at}, {no_memory(<Bound>self.steps[first + at])}")
        return k

    def __len__(self):
        return len(self.steps)

    def __repr__(self):
        return f"<fastact.Pipeline of {', '.join([(<Bound>s).name if type(s) is Bound else _name(s) for s in self.steps])}>"


def _needs_no_arguments(step):
    """Whether this can be called without arguments, as far as it tells."""
    if not callable(step) or isinstance(step, np.ufunc):
        return False
    try:
        inspect.signature(step).bind()
    except TypeError:
        return False
    except ValueError:  # a built-in function without a signature
        pass
    return True


def _name(step):
    """What an error and a pipeline call a step that is no bound call."""
    return repr(step) if callable(step) and hasattr(step, "bind") else getattr(step, "__name__", type(step).__name__)


cdef void _enable():
    cdef Bound bound = Bound.__new__(Bound)
    fastact_use_vectorcall(<PyTypeObject *>Bound, <char *>&bound.vectorcall - <char *><PyObject *>bound)
    fastact_refuse_new(<PyTypeObject *>Bound)


_enable()
