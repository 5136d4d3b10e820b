# cython: language_level=3, freethreading_compatible=True
"""Functions along an axis with their arrays fixed: ``fa.softmax.bind`` and ``fa.softmax.backward.bind``."""
from cpython.object cimport PyObject

from fastact._core.form cimport PyTypeObject, fastact_refuse_new, fastact_use_vectorcall, vectorcallfunc

import inspect
from functools import partial

import numpy as np

from fastact._core.containers import asarray
from fastact.registry import row_form_numbers
from fastact._core.arguments import Rows, checked_mask, checked_temperature

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
    """What gives a function of rows, and its forms, a `bind`."""

    def add_forms(self):
        for name in ("backward", "backward_from_output"):
            setattr(self, name, row_form(self, name, getattr(self, name), partial(bound, self, name)))

    def bind(self, *args, **kwargs):
        """Fix the arrays and options of a call: ``step = fa.softmax.bind(x, out, axis=-1)``, then ``step()``.

        Parameters
        ----------
        x, out : ndarray
            C-contiguous, of one float dtype and shape (out of logsumexp: of the result's shape). out may be x, and
            must not overlap it in any other way.
        axis, mask, temperature, keepdims
            As in the call, after out or by name. The axes must be neighbours. The mask is copied.

        Returns
        -------
        Bound
            A callable without arguments that returns out; it keeps the arrays alive and unresized.

        Raises
        ------
        TypeError
            For anything but plain float arrays, and for options that the function does not have.
        ValueError
            For arrays that do not fit each other, overlap, or cannot be written.
        """
        return bound(self, "value", *args, **kwargs)


def bound(function, kind, /, *args, **options):
    """A bound call of a form of a function of rows."""
    from fastact._core.binding import bind_rows, check_array, check_output, describe
    number = {"value": 0, "backward": 1, "backward_from_output": 2}[kind]
    name = f"fastact.{function.name}{'' if kind == 'value' else '.' + kind}.bind"
    reduces = function.info.reduces
    if number and not function.info.saved_for_backward or number == 2 and reduces:
        getattr(function, kind)()
    inputs = (["x"], ["grad", "x"], ["grad", "y"])[number]
    parameters = inspect.signature(function.__call__).parameters
    defaults = {key: parameter.default for key, parameter in parameters.items() if key not in ("x", "out")}
    names = [*inputs, "out", *defaults]
    if len(args) > len(names) or not {*options} <= {*names[len(args):]} or len(args) + len({*options} & {
            *inputs, "out"}) < len(inputs) + 1:
        raise TypeError(f"{name} takes {', '.join([*inputs, 'out', *[f'{k}={v}' for k, v in defaults.items()]])}; got "
                        f"{len(args)} arguments" + "".join([f", {key}=" for key in options]))
    values = {**defaults, **dict(zip(names, args)), **options}
    arrays = {key: values[key] for key in (*inputs, "out")}
    for key, array in arrays.items():
        if not (reduces and isinstance(array, np.ndarray) and array.ndim == 0 and array.flags.carray):  # one number
            check_array(name, array, key)
    first, last, out = arrays[inputs[0]], arrays[inputs[-1]], arrays["out"]
    rows = Rows(name.removeprefix("fastact."), values["axis"], last.shape)
    shape = rows.reduced(values.get("keepdims", False)) if reduces else last.shape
    for key, array in arrays.items():
        wanted = shape if key == "grad" or key == "out" and not number else last.shape
        kept = key == "grad" and reduces and array.shape in (rows.reduced(False), rows.reduced(True))
        if array.dtype != last.dtype or array.shape != wanted and not kept:
            raise ValueError(f"{name} needs {key} of {last.dtype}{list(wanted)}, got {describe(array)}")
    if rows.moved:
        raise ValueError(f"{name} needs axes that are neighbours, got {values['axis']}")
    for array in (first, last):
        check_output(name, out, array, not reduces or number and array is last)
    mask = values["mask"]
    if mask is not None:
        mask = mask.filled(False) if isinstance(mask, np.ma.MaskedArray) else asarray(mask)
    mask = checked_mask(function.name + ".bind", mask, last.shape, rows)
    scale = checked_temperature(function.name + ".bind", values.get("temperature", 1.0)) * function._core.sign
    return bind_rows(name, row_form_numbers(function.info)[number], first, last, out, rows.shape, None if mask is None else mask.copy(),
                     scale)


cdef PyObject *call_method(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *names) except NULL:
    return fastact_or_explain(PyObject_Vectorcall(<PyObject *>(<RowForm>callable).method, args, nargsf, names), callable, names)


cdef PyObject *explain(PyObject *callable, PyObject *named) except NULL:
    """Raise what was raised by a call with keywords, in other words where these are wrong."""
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
    """Let calls of this class's objects name the function where a keyword is wrong; a call that is right loses no time."""
    fastact_replace_call(<PyTypeObject *>function)


cdef void _enable():
    global fastact_explain
    fastact_explain = explain
    cdef RowForm form = RowForm.__new__(RowForm)
    fastact_use_vectorcall(<PyTypeObject *>RowForm, <char *>&form.vectorcall - <char *><PyObject *>form)
    fastact_refuse_new(<PyTypeObject *>RowForm)


_enable()
