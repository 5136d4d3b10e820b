# cython: language_level=3, boundscheck=False, wraparound=False, freethreading_compatible=True
"""Calls whose arrays are fixed: ``step = fa.sigmoid.bind(x, out)``, then ``step()``; and lists of such calls.

A function of rows or a gated linear unit is a `Bindable`, which has `bind`. Its other forms, such as ``fa.softmax.backward``,
also have `bind`: they are `RowForm` objects.
"""
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF
from libc.stdlib cimport calloc, free

cimport numpy as cnp

from fastact._core.capi cimport fa_bound, fa_clamp, fa_dtype, fa_row_options, fa_status, library, row_options
from fastact._core.fast_path cimport (PyThreadState, data_of, is_direct, is_like, is_row_of, may_overlap, overlaps_shifted,
                                      release_gil, take_gil)
from fastact._core.form cimport (Form, PyTypeObject, PyVectorcall_NARGS, dtype_of, fastact_refuse_new, fastact_use_vectorcall,
                                 vectorcallfunc)

import inspect
import weakref
from dataclasses import replace
from functools import partial

import numpy as np

from fastact import registry
from fastact._core.arguments import Rows, checked_attention, checked_mask, checked_temperature
from fastact._core.array_like import asarray

cnp.import_array()


cdef inline bint differs(BoundCall bound, int k) noexcept:
    """Whether array k has other memory than when it was bound, or is an output that has become read-only."""
    cdef cnp.ndarray array = <cnp.ndarray>bound.held[k]
    return cnp.PyArray_DATA(array) != bound.places[k] or k >= bound.inputs and not cnp.PyArray_ISWRITEABLE(array)


cdef class BoundCall:
    """A call whose arrays are fixed; made by ``bind``, and called without arguments.

    Attributes
    ----------
    result : ndarray or tuple of ndarray
        The output or outputs, which each call overwrites and returns.
    """

    cdef int hold(self, str name, list arrays, result) except -1:
        """Keep the arrays, and prevent their resizing."""
        cdef int k
        self.vectorcall = call_bound
        self.name, self.result, self.arrays = name, result, arrays
        self.count = len(arrays)
        self.inputs = self.count - (len(result) if type(result) is tuple else 1)
        # NumPy does not resize an array that has a weak reference, not even for refcheck=False.
        self.guards = []
        for k, array in enumerate(arrays):
            self.held[k] = <PyObject *>array
            self.places[k] = cnp.PyArray_DATA(<cnp.ndarray>array)
            while isinstance(array, np.ndarray):
                self.guards.append(weakref.ref(array))
                array = array.base
        return 0

    cdef bint stale(self) noexcept:
        """Whether an array has changed since it was bound, so that a call must raise."""
        cdef int k
        for k in range(self.count):
            if differs(self, k):
                return True
        return False

    cdef str fault(self):
        """Which array has changed, for an error."""
        if all([array.flags.writeable for array in self.arrays[self.inputs:]]):
            return f"{self.name}: the memory of an array was replaced after it was bound; bind it again"
        return f"{self.name}: an output has become read-only after it was bound"

    def __call__(self):  # replaced by call_bound
        return self.result

    def __repr__(self):
        return f"<{self.name}({', '.join([describe(array) for array in self.arrays])})>"


cdef tuple arguments(str name, Form form, tuple args, dict named):
    """The inputs, parameters and outputs of a bound call, by position or by name; parameters by default too."""
    cdef int left = len(args), outputs = form.outputs
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
    cdef bint sums = form.bias_gradient >= 0
    cdef int k, at
    name = f"fastact.{form.__name__}.bind"
    inputs, values, outs = arguments(name, form, args, named)
    arrays = [*inputs, *outs]
    cdef int bias = form.bias_row
    cdef bint row = False
    for k, value in enumerate(arrays):
        check_array(name, value, form.names[k] if k < form.inputs else "an output")
        if (k == bias or sums and k == form.inputs + 1) and is_row_of(<PyObject *>value, <cnp.ndarray>arrays[0]):
            row = True
        elif not is_like(<PyObject *>value, <cnp.ndarray>arrays[0]) or sums and k >= bias and k != form.inputs:
            raise ValueError(f"{name} needs arrays of one dtype and shape" + (", and a bias of one row" if bias > 0 else "")
                             + f", got {describe(arrays[0])} and {describe(value)}")
    cdef cnp.ndarray first = arrays[0]
    cdef int dtype = dtype_of(first)
    if sums and dtype > 1:
        raise TypeError(f"{name} takes float32 and float64, got {first.dtype}: half types are not summed")
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
    cdef BoundCall bound = BoundCall.__new__(BoundCall)
    with np.errstate(over="ignore"):
        bound.options = np.array([*wide, 0], np.float64 if dtype else np.float32)  # never empty
    cdef void *places[MAX_HELD]
    for k, value in enumerate(arrays):
        places[k] = cnp.PyArray_DATA(<cnp.ndarray>value)
    library.bind(&bound.call, form.activation, form.form, <fa_dtype>dtype, places, cnp.PyArray_DATA(<cnp.ndarray>bound.options),
                 cnp.PyArray_SIZE(first), cnp.PyArray_DIMS(first)[cnp.PyArray_NDIM(first) - 1] if row else 0)
    bound.hold(name, arrays, outs[0] if len(outs) == 1 else tuple(outs))
    return bound


cdef PyObject *call_bound(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *names) except NULL:
    cdef fa_status status
    cdef PyThreadState *state
    cdef int k
    if PyVectorcall_NARGS(nargsf) or names != NULL:
        raise TypeError(f"{(<BoundCall>callable).name}: a bound call takes no arguments")
    for k in range((<BoundCall>callable).count):
        if differs(<BoundCall>callable, k):
            raise ValueError((<BoundCall>callable).fault())
    state = release_gil((<BoundCall>callable).call.n)
    status = (<BoundCall>callable).call.run(&(<BoundCall>callable).call)
    take_gil(state)
    if status:
        raise MemoryError(no_memory(<BoundCall>callable))
    Py_INCREF((<BoundCall>callable).result)
    return <PyObject *>(<BoundCall>callable).result


cdef str no_memory(BoundCall bound):
    """The message of the error for a call that found no memory to work in."""
    return f"{bound.name}: memory ran out for {', '.join([describe(array) for array in bound.arrays])}"


def check_array(name, value, what):
    """Raise unless this is an array as bind takes it."""
    if not is_direct(<PyObject *>value) or dtype_of(value) < 0:
        hint = f": numpy.asarray({what}) shares its memory" if isinstance(value, np.ndarray) and type(value) is not np.ndarray else ""
        raise TypeError(f"{name} needs C-contiguous, aligned ndarrays of floats, {what} is {describe(value)}{hint}")


def check_output(name, cnp.ndarray out, cnp.ndarray other, bint may_be_same):
    """Raise if the output cannot be written, or overlaps another array; `may_be_same`: except element by element."""
    if not cnp.PyArray_ISWRITEABLE(out):
        raise ValueError(f"{name}: the output is read-only")
    if overlaps_shifted(other, out) if may_be_same else may_overlap(other, out):
        raise ValueError(f"{name}: the output overlaps an argument")


cdef fa_row_options all_row_options(mask, double temperature, attention) except *:
    """The options of a call of a function of rows: the mask as bytes or None, and an `Attention`, which must both stay alive."""
    cdef fa_row_options options = row_options(<unsigned char *>data_of(mask), temperature)
    options.sink, options.bias = data_of(attention.sinks), data_of(attention.biases)
    options.bias_rows = 0 if attention.biases is None else len(attention.biases)
    options.bias_repeats, options.queries = attention.repeats, attention.queries
    return options


def bind_row_form(function, kind, args, options):
    """A bound call of a form of a function of rows."""
    name = f"fastact.{function.name}{'' if kind == 'value' else '.' + kind}.bind"
    info, reduces = function.info, function.info.reduces
    if kind not in info.forms:
        getattr(function, kind)()  # raises
    inputs = registry.FORMS[kind].inputs
    options_of_call = [parameter for key, parameter in inspect.signature(function.__call__).parameters.items()
                       if key not in ("x", "out")]
    signature = inspect.Signature([*(inspect.Parameter(key, inspect.Parameter.POSITIONAL_OR_KEYWORD) for key in (*inputs, "out")),
                                   *options_of_call])
    try:
        given = signature.bind(*args, **options)
    except TypeError:
        raise TypeError(f"{name} takes {str(signature)[1:len(str(signature)) - 1]}; got {len(args)} arguments"
                        + "".join([f", {key}=" for key in options])) from None
    given.apply_defaults()
    values = given.arguments
    arrays = {key: values[key] for key in (*inputs, "out")}
    for key, array in arrays.items():
        if not (reduces and isinstance(array, np.ndarray) and array.ndim == 0 and array.flags.carray):  # one number
            check_array(name, array, key)
    first, last, out = arrays[inputs[0]], arrays[inputs[len(inputs) - 1]], arrays["out"]
    by_row = values.get("bias") is not None or values.get("causal", False)
    rows = Rows(name.removeprefix("fastact."), values["axis"], last.shape, by_row)
    shape = rows.reduced(values.get("keepdims", False)) if reduces else last.shape
    for key, array in arrays.items():
        wanted = shape if key == "grad" or key == "out" and kind == "value" else last.shape
        kept = key == "grad" and reduces and array.shape in (rows.reduced(False), rows.reduced(True))
        if array.dtype != last.dtype or array.shape != wanted and not kept:
            raise ValueError(f"{name} needs {key} of {last.dtype}{list(wanted)}, got {describe(array)}")
    if rows.moved:
        raise ValueError(f"{name} needs axes that are {'the last' if by_row else 'neighbours'}, got {values['axis']}")
    for array in (first, last):
        check_output(name, out, array, not reduces or kind != "value" and array is last)
    mask = values["mask"]
    if mask is not None:
        mask = mask.filled(False) if isinstance(mask, np.ma.MaskedArray) else asarray(mask)
    mask = checked_mask(function.name + ".bind", mask, last.shape, rows)
    attention = checked_attention(function.name + ".bind", rows, values.get("sink"), values.get("bias"), values.get("causal", False),
                                  np.float64 if last.dtype == np.float64 else np.float32)
    scale = checked_temperature(function.name + ".bind", values.get("temperature", 1.0)) * (-1 if info.negates else 1)
    cdef cnp.ndarray a = first, b = last, result = out
    mask, sinks, biases = [None if array is None else array.copy() for array in (mask, attention.sinks, attention.biases)]
    attention = replace(attention, sinks=sinks, biases=biases)
    cdef fa_row_options c_options = all_row_options(mask, scale, attention)
    cdef BoundCall bound = BoundCall.__new__(BoundCall)
    number = registry.row_form_numbers(info)[info.forms.index(kind)]
    library.bind_rows(&bound.call, number, <fa_dtype>dtype_of(a), cnp.PyArray_DATA(a), cnp.PyArray_DATA(b),
                      cnp.PyArray_DATA(result), rows.shape[0], rows.shape[1], rows.shape[2], &c_options)
    bound.options = mask, attention
    bound.hold(name, [first, out] if first is last else [first, last, out], out)
    return bound


def bind_matrices(str name, Form form, list arrays, list matrices, result, parameters, double limit, double offset):
    """A bound gated form over matrices that are views of the arrays, inputs before outputs, checked by the caller."""
    cdef BoundCall bound = BoundCall.__new__(BoundCall)
    cdef cnp.ndarray matrix = matrices[0]
    cdef int k, dtype = dtype_of(matrix)
    cdef void *places[MAX_HELD]
    cdef Py_ssize_t steps[MAX_HELD]
    cdef Py_ssize_t row_steps[MAX_HELD]
    cdef Py_ssize_t rows = cnp.PyArray_DIMS(matrix)[0], columns = cnp.PyArray_DIMS(matrix)[1]
    cdef fa_clamp clamp
    for k, matrix in enumerate(matrices):
        places[k] = cnp.PyArray_DATA(matrix)
        row_steps[k] = cnp.PyArray_STRIDE(matrix, 0)
        steps[k] = cnp.PyArray_STRIDE(matrix, 1)
    clamp.limit, clamp.offset = limit, offset
    bound.options = np.array([*parameters, 0], np.float64 if dtype else np.float32)
    library.bind_matrix(&bound.call, form.activation, form.form, <fa_dtype>dtype, places, steps, row_steps,
                        cnp.PyArray_DATA(<cnp.ndarray>bound.options), rows, columns, &clamp)
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
    """BoundCall calls that follow each other, as one: ``run = fa.Pipeline([a, b, c])``, then ``run()``.

    The output array of a step may be the input of the next. The GIL is released once for bound calls that follow each other.
    It is not released if all of them have less than 16384 elements, because releasing it would take longer.

    Parameters
    ----------
    steps : sequence of BoundCall or callable
        The steps in order, at least one: results of ``bind``, or other callables without arguments, such as
        ``lambda: np.matmul(h, weight, out=z)``.

    Attributes
    ----------
    steps : tuple
    result : ndarray or tuple of ndarray
        The output of the last step, which a call returns. If the last step is not a bound call, it is None before the first
        call.

    Raises
    ------
    TypeError
        If a step cannot be called without arguments.
    ValueError
        If there are no steps. In a call, if the memory of a step's array is not that of the time when it was bound, or an
        output has become read-only; the bound calls up to the next other callable have written nothing then.
    MemoryError
        In a call, if memory runs out in a step. The error names the step.

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
            if type(step) is not BoundCall and not _needs_no_arguments(step):
                raise TypeError(f"fastact.Pipeline: step {k} is {_name(step)}; a step is what bind returns, such as "
                                "fastact.gelu.bind(x, out), or a callable without arguments")
        self.calls = <fa_bound **>calloc(len(self.steps), sizeof(fa_bound *))
        if self.calls == NULL:
            raise MemoryError("fastact.Pipeline: memory ran out")
        for k, step in enumerate(self.steps):
            self.calls[k] = &(<BoundCall>step).call if type(step) is BoundCall else NULL
        self.result = (<BoundCall>step).result if type(step) is BoundCall else None

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
        cdef fa_status status
        cdef PyThreadState *state
        while k < count and self.calls[k] != NULL:
            if (<BoundCall>self.steps[k]).stale():
                raise ValueError(f"fastact.Pipeline: step {k}, {(<BoundCall>self.steps[k]).fault()}")
            elements += self.calls[k].n
            k += 1
        state = release_gil(elements)
        status = library.run_bound(self.calls + first, k - first, &at)
        take_gil(state)
        if status:
            raise MemoryError(f"fastact.Pipeline: step {first + at}, {no_memory(<BoundCall>self.steps[first + at])}")
        return k

    def __len__(self):
        return len(self.steps)

    def __repr__(self):
        return f"<fastact.Pipeline of {', '.join([(<BoundCall>s).name if type(s) is BoundCall else _name(s) for s in self.steps])}>"


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


# ---- functions of rows and gated linear units ----

cdef extern from "Python.h":
    PyObject *PyObject_Vectorcall(PyObject *, PyObject *const *, size_t, PyObject *)

cdef extern from *:
    """
    static PyObject *(*fastact_explain)(PyObject *, PyObject *);
    static ternaryfunc fastact_own_call; /* what Python puts in the slot of a class with a method __call__ */
    static PyObject *fastact_failed(void) { return NULL; }

    /* In C, since a `try` of Cython costs a call of 16 elements an eighth of its time. */
    static PyObject *fastact_or_explain(PyObject *result, PyObject *callable, PyObject *named)
    {
        return result || !named || !PyErr_ExceptionMatches(PyExc_TypeError) ? result : fastact_explain(callable, named);
    }
    static PyObject *fastact_call(PyObject *callable, PyObject *args, PyObject *named)
    {
        return fastact_or_explain(fastact_own_call(callable, args, named), callable, named);
    }
    static void fastact_replace_call(PyTypeObject *type)
    {
        if (type->tp_call != fastact_call)
            fastact_own_call = type->tp_call;
        type->tp_call = fastact_call;
    }
    """
    PyObject *(*fastact_explain)(PyObject *, PyObject *) except NULL
    PyObject *fastact_failed() except NULL
    PyObject *fastact_or_explain(PyObject *result, PyObject *callable, PyObject *named) except NULL
    void fastact_replace_call(PyTypeObject *type)


cdef class RowForm:
    """A form of a function along an axis, such as ``fastact.softmax.backward``: the method, and its `bind`."""
    cdef vectorcallfunc vectorcall
    cdef object method, fix
    cdef readonly object __self__
    cdef readonly str __name__
    cdef dict __dict__

    def __call__(self, *args, **kwargs):  # replaced by call_method
        return self.method(*args, **kwargs)

    def bind(self, *args, **kwargs):
        """Fix the arrays and options of a call: as the method, but ``out`` follows the inputs and is required.

        ``step = fa.softmax.backward.bind(grad, x, dx, axis=0)``, then ``step()``. See the function's own `bind`, as by
        ``help(fa.softmax.bind)``.
        """
        return self.fix(*args, **kwargs)

    @property
    def __doc__(self):
        return self.method.__doc__

    @property
    def __wrapped__(self):
        return self.method

    def __repr__(self):
        return f"<fastact.{self.__self__.name}.{self.__name__}>"

    def __reduce__(self):
        return getattr, (self.__self__, self.__name__)


def row_form(owner, str name, method, fix):
    """The form `name` of a function, computed by `method`; `fix` is its `bind`."""
    cdef RowForm form = RowForm.__new__(RowForm)
    form.vectorcall = call_method
    form.method, form.fix = method, fix
    form.__self__ = owner
    form.__name__ = name
    return form


class Bindable:
    """A function whose calls, and those of its other forms, can be bound; `bound_call` makes a bound call of a form."""

    def add_forms(self, **methods):
        """Make each method an attribute of its name, with a `bind`."""
        for name, method in methods.items():
            setattr(self, name, row_form(self, name, method, partial(self.bound_call, name)))

    def bind(self, *args, **kwargs):
        """Fix the arrays and options of a call: ``step = fa.softmax.bind(x, out, axis=-1)``, then ``step()`` runs it.

        ``step = fa.softmax.backward.bind(grad, x, dx, axis=-1)`` does so for a gradient.

        Parameters
        ----------
        x, out : ndarray
            C-contiguous, both of one float dtype; out has the shape of the result. out may be x if their shapes are equal, and
            must not overlap it in any other way.
        axis, gate, alpha, limit, offset, layout, keepdims, mask, temperature, sink, bias, causal
            As in a call, after out or by name. Several axes must be next to each other, and with bias or causal be the last
            ones. Arrays among these options are copied.

        Returns
        -------
        BoundCall
            A callable without arguments that returns out. It keeps the arrays alive and prevents their resizing.

        Raises
        ------
        TypeError
            If an array is not a plain float array, or the function does not have an option.
        ValueError
            If arrays do not fit each other, overlap, or cannot be written, or the value of an option is not possible.
        numpy.exceptions.AxisError
            If x does not have the axis.
        """
        return self.bound_call("value", *args, **kwargs)


cdef PyObject *call_method(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *names) except NULL:
    return fastact_or_explain(PyObject_Vectorcall(<PyObject *>(<RowForm>callable).method, args, nargsf, names), callable, names)


cdef PyObject *explain(PyObject *callable, PyObject *named) except NULL:
    """Raise the error of a call with keywords, or a clearer one if a keyword is wrong."""
    try:
        return fastact_failed()
    except TypeError as error:
        function = <object>callable
        if isinstance(function, RowForm):
            better = explained(error, f"{function.__self__.name}.{function.__name__}", function.__wrapped__, <object>named)
        else:
            better = explained(error, function.name, function.__call__, <object>named)
        if better is None:
            raise
        raise better from None


cdef object explained(error, str name, function, given):
    """What to raise instead where a call has a keyword that the function does not; else None."""
    if "unexpected keyword argument" not in str(error):
        return None
    names = [*inspect.signature(function).parameters]
    for key in given:
        if key not in names:
            ours = {"dim": "axis", "keepdim": "keepdims", "input": "x"}.get(key)
            return TypeError(f"fastact.{name} takes {', '.join(names)}, not {key}" + (f"; use {ours}=" if ours in names else ""))
    return None


def explain_calls(type function):
    """Make the error for a wrong keyword name the function, for objects of this class; a correct call takes no longer."""
    fastact_replace_call(<PyTypeObject *>function)


cdef void _enable():
    global fastact_explain
    fastact_explain = explain
    cdef BoundCall bound = BoundCall.__new__(BoundCall)
    cdef RowForm form = RowForm.__new__(RowForm)
    fastact_use_vectorcall(<PyTypeObject *>BoundCall, <char *>&bound.vectorcall - <char *><PyObject *>bound)
    fastact_use_vectorcall(<PyTypeObject *>RowForm, <char *>&form.vectorcall - <char *><PyObject *>form)
    fastact_refuse_new(<PyTypeObject *>BoundCall)
    fastact_refuse_new(<PyTypeObject *>RowForm)


_enable()
