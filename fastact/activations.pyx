# cython: language_level=3, boundscheck=False, wraparound=False, freethreading_compatible=True
"""The Activation objects: ``fastact.sigmoid`` and its siblings.

A call goes one of two ways, both thin. Plain C-contiguous float32 or float64 ndarrays without further
keywords go straight to the kernel. Everything else goes to the activation's ufunc, whose loop calls the
same kernel.
"""
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF

cimport numpy as cnp

from fastact cimport kernels
from fastact.plain cimport is_like, is_plain, overlaps

import inspect
from types import MappingProxyType

import numpy as np

from fastact import docs, registry, ufuncs
from fastact.registry import FORMS

cnp.import_array()

cdef extern from *:
    """
    /* Cython gives extension types tp_call; a vectorcall saves a tuple and a dict a call. */
    static void fastact_use_vectorcall(PyTypeObject *type, Py_ssize_t offset)
    {
        type->tp_vectorcall_offset = offset;
        type->tp_call = PyVectorcall_Call;
        type->tp_flags |= Py_TPFLAGS_HAVE_VECTORCALL;
        PyType_Modified(type);
    }
    """
    ctypedef struct PyTypeObject:
        pass
    ctypedef PyObject *(*vectorcallfunc)(PyObject *, PyObject *const *, size_t, PyObject *) except NULL
    void fastact_use_vectorcall(PyTypeObject *type, Py_ssize_t offset)
    Py_ssize_t PyVectorcall_NARGS(size_t)
    int PyFloat_CheckExact(PyObject *)
    int PyLong_CheckExact(PyObject *)
    double PyFloat_AS_DOUBLE(PyObject *)
    double PyLong_AsDouble(PyObject *) except? -1.0
    Py_ssize_t PyTuple_GET_SIZE(PyObject *)
    PyObject *PyTuple_GET_ITEM(PyObject *, Py_ssize_t)
    int PyUnicode_CompareWithASCIIString(PyObject *, const char *)

cdef enum:
    MAX_INPUTS = 2
    MAX_PARAMETERS = 3
    MAX_OUTPUTS = 2
    MAX_ARGUMENTS = MAX_INPUTS + MAX_PARAMETERS + MAX_OUTPUTS
    RELEASE_GIL_FROM = 16384  # elements; giving the GIL away and back costs more than a shorter loop

cdef str _SUPPORTED = "it takes float16, float32, float64, and integers or booleans, promoted as by numpy.tanh"


cdef class Form:
    """One form of an activation, callable like a numpy.ufunc: see ``help(fastact.sigmoid.backward)``.

    Attributes
    ----------
    ufunc : numpy.ufunc
        The same function with all parameters positional and required.
    """
    cdef vectorcallfunc vectorcall
    cdef const void *activation
    cdef int form, inputs, parameters, required, outputs
    cdef double defaults[MAX_PARAMETERS]
    cdef readonly object ufunc
    cdef readonly object info
    cdef readonly str __name__
    cdef object names

    def __init__(self, entry, str form):
        self.vectorcall = call_form
        self.info = entry
        self.form = FORMS.index(form)
        self.activation = kernels.find(entry.name.encode())
        self.inputs = len(docs.INPUTS[form])
        self.outputs = len(docs.OUTPUTS[form])
        self.parameters = len(entry.parameters)
        self.required = sum(parameter.default is None for parameter in entry.parameters)  # they come first
        for k, default in enumerate(entry.defaults):
            self.defaults[k] = default
        self.names = (*docs.INPUTS[form], *(p.name for p in entry.parameters))
        self.ufunc = getattr(ufuncs, entry.name + ("" if form == "value" else "_" + form))
        self.__name__ = entry.name if form == "value" else f"{entry.name}.{form}"

    def __call__(self, *args, **kwargs):  # replaced by call_form for ordinary calls
        return self.call_ufunc(args, kwargs)

    def __repr__(self):
        return f"<fastact.{self.__name__}{docs.signature(self.info, FORMS[self.form])}>"

    def __reduce__(self):
        return _form, (self.info.name, FORMS[self.form])

    @property
    def __doc__(self):
        return docs.form(self.info, FORMS[self.form])

    @property
    def __module__(self):
        return "fastact"

    @property
    def __qualname__(self):
        return self.__name__

    @property
    def __signature__(self):
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        parameters = [inspect.Parameter(name, kind) for name in docs.INPUTS[FORMS[self.form]]]
        parameters += [inspect.Parameter(p.name, kind, default=inspect.Parameter.empty if p.default is None else p.default)
                       for p in self.info.parameters]
        parameters += [inspect.Parameter("out", kind, default=None),
                       inspect.Parameter("ufunc_kwargs", inspect.Parameter.VAR_KEYWORD)]
        return inspect.Signature(parameters)

    cdef object call_ufunc(self, tuple args, dict kwargs):
        """Any call: names and defaults become the ufunc's positional arguments."""
        cdef int wanted = self.inputs + self.parameters
        if len(args) > wanted + self.outputs:
            raise TypeError(f"fastact.{self.__name__} takes at most {wanted + self.outputs} positional "
                            f"arguments ({', '.join(self.names)} and outputs), {len(args)} were given")
        values = list(args[:wanted])
        for k in range(wanted):
            name = self.names[k]
            if name in kwargs:
                if k < len(values):
                    raise TypeError(f"fastact.{self.__name__} got {name!r} twice")
                values.append(kwargs.pop(name))
            elif k >= len(values):
                if k < self.inputs + self.required:
                    raise TypeError(f"fastact.{self.__name__} misses its argument {name!r}: call it as "
                                    f"{self.__name__}{docs.signature(self.info, FORMS[self.form])}")
                values.append(self.defaults[k - self.inputs])
        # Beside a Python float NumPy would promote int8 to float64, where tanh promotes it to float16.
        if (self.parameters and "dtype" not in kwargs and "signature" not in kwargs
                and all(type(value) in (int, float) for value in values[self.inputs:])
                and all(isinstance(value, (np.ndarray, np.generic, bool)) for value in values[:self.inputs])):
            dtype = np.result_type(*values[:self.inputs])
            if dtype.kind in "biu":
                kwargs["dtype"] = np.result_type(dtype, np.float16)
        if len(args) > wanted:
            if kwargs.get("out") is not None:
                raise TypeError(f"fastact.{self.__name__} got out both by position and by keyword")
            kwargs["out"] = tuple(args[wanted:]) + (None,) * (wanted + self.outputs - len(args))
        elif kwargs.get("out", values) is None:
            del kwargs["out"]
        if FORMS[self.form] == "backward_from_output":
            for value in values[self.inputs:]:
                try:
                    negative = np.any(np.less(value, 0))
                except TypeError:
                    negative = False  # no number: the ufunc says so
                if negative:
                    raise ValueError(f"fastact.{self.__name__} needs {self.names[self.inputs]} >= 0: otherwise "
                                     f"the output does not determine the slope; use {self.info.name}.backward")
        try:
            return self.ufunc(*values, **kwargs)
        except TypeError as error:
            if "not supported for the input types" not in str(error):
                raise TypeError(f"fastact.{self.__name__}: {error}") from None
            dtypes = ", ".join(sorted({str(getattr(v, "dtype", None) or np.asarray(v).dtype) for v in values}))
            raise TypeError(f"fastact.{self.__name__} does not support {dtypes}: {_SUPPORTED}") from None
        except ValueError as error:
            raise ValueError(f"fastact.{self.__name__}: {error}") from None

    def bind(self, *args):
        """Fix the arrays of a call: ``step = f.bind(x, out)``, then ``step()`` runs it.

        Parameters
        ----------
        *args
            The inputs, then the parameters (numbers, or none for the defaults), then the output
            arrays: C-contiguous float32 or float64 ndarrays of one dtype and shape. An output may be
            an input and must not overlap one in any other way.

        Returns
        -------
        Bound
            A callable without arguments that returns the output; it keeps the buffers alive and
            unresized.
        """
        return Bound(self, args)


cdef PyObject *call_form(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *names) except NULL:
    """The direct way, or call_ufunc where the arguments are not plain."""
    cdef Form self = <Form>callable
    cdef Py_ssize_t given = PyVectorcall_NARGS(nargsf)
    cdef int wanted = self.inputs + self.parameters
    cdef PyObject *outs[MAX_OUTPUTS]
    cdef cnp.ndarray first, array
    cdef char *data[MAX_ARGUMENTS]
    cdef Py_ssize_t steps[MAX_ARGUMENTS]
    cdef double wide[MAX_PARAMETERS]
    cdef float narrow[MAX_PARAMETERS]
    cdef Py_ssize_t n
    cdef int k, at, number, size
    cdef bint plain = given >= self.inputs + self.required and given <= wanted + self.outputs and is_plain(args[0])
    outs[0] = outs[1] = NULL
    if plain and given > wanted:
        for k in range(<int>given - wanted):
            outs[k] = args[wanted + k]
    if plain and names != NULL:
        plain = (PyTuple_GET_SIZE(names) == 1 and self.outputs == 1 and given <= wanted
                 and PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(names, 0), b"out") == 0)
        if plain and <object>args[given] is not None:
            outs[0] = args[given]
    if plain:
        first = <cnp.ndarray>args[0]
        number = cnp.PyArray_TYPE(first)
        size = 4 if number == cnp.NPY_FLOAT else 8
        for k in range(1, self.inputs):
            plain = plain and is_like(args[k], first)
        for k in range(self.parameters):
            at = self.inputs + k
            if at >= given:
                wide[k] = self.defaults[k]
            elif PyFloat_CheckExact(args[at]):
                wide[k] = PyFloat_AS_DOUBLE(args[at])
            elif PyLong_CheckExact(args[at]):
                wide[k] = PyLong_AsDouble(args[at])
            else:
                plain = False
                break
            narrow[k] = <float>wide[k]
            plain = plain and not (self.form == 4 and wide[k] < 0)
    if plain:
        for k in range(self.outputs):
            if outs[k] == NULL:
                continue
            plain = plain and is_like(outs[k], first) and cnp.PyArray_ISWRITEABLE(<cnp.ndarray>outs[k])
            if plain:
                for at in range(self.inputs):
                    plain = plain and not overlaps(<cnp.ndarray>args[at], <cnp.ndarray>outs[k])
        if plain and self.outputs == 2 and outs[0] != NULL and outs[1] != NULL:
            plain = outs[0] != outs[1] and not overlaps(<cnp.ndarray>outs[0], <cnp.ndarray>outs[1]) and (
                cnp.PyArray_DATA(<cnp.ndarray>outs[0]) != cnp.PyArray_DATA(<cnp.ndarray>outs[1]))
    cdef dict kwargs
    cdef tuple positional
    if not plain:
        positional = tuple([<object>args[k] for k in range(given)])
        kwargs = {}
        if names != NULL:
            for k in range(PyTuple_GET_SIZE(names)):
                kwargs[<object>PyTuple_GET_ITEM(names, k)] = <object>args[given + k]
        result = self.call_ufunc(positional, kwargs)
        Py_INCREF(result)
        return <PyObject *>result

    n = cnp.PyArray_SIZE(first)
    for k in range(self.inputs):
        data[k] = <char *>cnp.PyArray_DATA(<cnp.ndarray>args[k])
        steps[k] = size
    for k in range(self.parameters):
        data[self.inputs + k] = <char *>&narrow[k] if size == 4 else <char *>&wide[k]
        steps[self.inputs + k] = 0
    results = None
    for k in range(self.outputs):
        if outs[k] == NULL:
            array = cnp.PyArray_EMPTY(cnp.PyArray_NDIM(first), cnp.PyArray_DIMS(first), number, 0)
        else:
            array = <cnp.ndarray>outs[k]
        data[wanted + k] = <char *>cnp.PyArray_DATA(array)
        steps[wanted + k] = size
        results = array if k == 0 else (results, array)
    if n >= RELEASE_GIL_FROM:
        with nogil:
            kernels.apply_apart(self.activation, self.form, 0 if size == 4 else 1, data, steps, n)
    else:
        kernels.apply_apart(self.activation, self.form, 0 if size == 4 else 1, data, steps, n)
    Py_INCREF(results)
    return <PyObject *>results


cdef class Bound:
    """A call whose arrays are fixed; made by ``Form.bind``."""
    cdef vectorcallfunc vectorcall
    cdef const void *activation
    cdef int form, dtype
    cdef char *data[MAX_ARGUMENTS]
    cdef Py_ssize_t steps[MAX_ARGUMENTS]
    cdef double wide[MAX_PARAMETERS]
    cdef float narrow[MAX_PARAMETERS]
    cdef Py_ssize_t n
    cdef readonly object result
    cdef object arrays, buffers

    def __init__(self, Form form, tuple args):
        cdef int k, at, given = len(args) - form.inputs - form.outputs
        if given != form.parameters and (given != 0 or form.required):
            raise TypeError(f"fastact.{form.__name__}.bind takes {', '.join(form.names)} and "
                            f"{form.outputs} output(s), {len(args)} arguments were given")
        arrays = args[:form.inputs] + args[len(args) - form.outputs:]
        values = args[form.inputs:form.inputs + given] or form.info.defaults
        cdef cnp.ndarray first, array
        for k, value in enumerate(arrays):
            if not is_plain(<PyObject *>value):
                raise TypeError(f"fastact.{form.__name__}.bind needs C-contiguous float32 or float64 ndarrays, "
                                f"argument {k} is {_describe(value)}")
            if not is_like(<PyObject *>value, <cnp.ndarray>arrays[0]):
                raise ValueError(f"fastact.{form.__name__}.bind needs arrays of one dtype and shape, got "
                                 f"{_describe(arrays[0])} and {_describe(value)}")
        for k in range(form.inputs, len(arrays)):
            if not arrays[k].flags.writeable:
                raise ValueError(f"fastact.{form.__name__}.bind: the output is read-only")
            for at in range(k):
                if overlaps(<cnp.ndarray>arrays[at], <cnp.ndarray>arrays[k]) or (
                        at >= form.inputs and cnp.PyArray_DATA(<cnp.ndarray>arrays[at]) == cnp.PyArray_DATA(<cnp.ndarray>arrays[k])):
                    raise ValueError(f"fastact.{form.__name__}.bind: the output overlaps an argument")
        first = arrays[0]
        self.vectorcall = call_bound
        self.activation = form.activation
        self.form = form.form
        self.dtype = 0 if cnp.PyArray_TYPE(first) == cnp.NPY_FLOAT else 1
        self.n = cnp.PyArray_SIZE(first)
        self.arrays = arrays
        self.buffers = [memoryview(array) for array in arrays]  # a resize is refused while these live
        for k in range(form.parameters):
            self.wide[k] = self.narrow[k] = values[k]
            self.wide[k] = values[k]
            self.data[form.inputs + k] = <char *>&self.wide[k] if self.dtype else <char *>&self.narrow[k]
            self.steps[form.inputs + k] = 0
            if FORMS[self.form] == "backward_from_output" and self.wide[k] < 0:
                raise ValueError(f"fastact.{form.__name__}.bind needs {form.names[form.inputs]} >= 0")
        for k in range(len(arrays)):
            at = k if k < form.inputs else k + form.parameters
            array = arrays[k]
            self.data[at] = <char *>cnp.PyArray_DATA(array)
            self.steps[at] = 8 if self.dtype else 4
        outputs = arrays[form.inputs:]
        self.result = outputs[0] if len(outputs) == 1 else outputs

    def __call__(self):  # replaced by call_bound
        self.run()
        return self.result

    cdef void run(self) noexcept:
        if self.n >= RELEASE_GIL_FROM:
            with nogil:
                kernels.apply_apart(self.activation, self.form, self.dtype, self.data, self.steps, self.n)
        else:
            kernels.apply_apart(self.activation, self.form, self.dtype, self.data, self.steps, self.n)


cdef PyObject *call_bound(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *names) except NULL:
    cdef Bound self = <Bound>callable
    if PyVectorcall_NARGS(nargsf) or names != NULL:
        raise TypeError("a bound activation takes no arguments")
    self.run()
    result = self.result
    Py_INCREF(result)
    return <PyObject *>result


def _describe(value):
    if isinstance(value, np.ndarray):
        return f"{value.dtype}{list(value.shape)}" + ("" if value.flags.c_contiguous else " (not C-contiguous)")
    return type(value).__name__


cdef class Activation(Form):
    """An activation function: call it for its value; its other forms are attributes.

    Attributes
    ----------
    derivative, backward, value_and_derivative, backward_from_output, second_derivative : Form
        f'(x); grad * f'(x); both f(x) and f'(x); grad * f'(x) from y = f(x), where y determines it; f''(x).
    info : fastact.registry.Entry
        Formula, range, properties, measured error bounds and reference.
    name : str
    """
    cdef readonly Form derivative, backward, value_and_derivative
    cdef readonly object backward_from_output, second_derivative

    def __init__(self, entry):
        super().__init__(entry, "value")
        self.derivative = Form(entry, "derivative")
        self.backward = Form(entry, "backward")
        self.value_and_derivative = Form(entry, "value_and_derivative")
        self.backward_from_output = (Form(entry, "backward_from_output") if entry.from_output
                                     else _Absent(f"fastact.{entry.name}: the output does not determine the slope, so "
                                                  f"there is no backward_from_output; keep x and use "
                                                  f"fastact.{entry.name}.backward(grad, x)"))
        self.second_derivative = (Form(entry, "second_derivative") if entry.second_derivative
                                  else _Absent(f"fastact.{entry.name} has no second derivative"))

    @property
    def __doc__(self):  # the class's own text would hide Form's property
        return docs.form(self.info, "value")

    @property
    def name(self):
        return self.info.name


class _Absent:
    """A form that an activation does not have; calling it says why."""

    def __init__(self, reason):
        self._reason = reason

    def __call__(self, *args, **kwargs):
        raise TypeError(self._reason)


cdef void _enable():
    cdef Form form = Form(registry.ACTIVATIONS[0], "value")
    fastact_use_vectorcall(<PyTypeObject *>Form, <char *>&form.vectorcall - <char *><PyObject *>form)
    fastact_use_vectorcall(<PyTypeObject *>Activation, <char *>&form.vectorcall - <char *><PyObject *>form)
    cdef Bound bound = Bound.__new__(Bound)
    fastact_use_vectorcall(<PyTypeObject *>Bound, <char *>&bound.vectorcall - <char *><PyObject *>bound)


_enable()

activations = MappingProxyType({entry.name: Activation(entry) for entry in registry.ACTIVATIONS})
_aliases = {alias: name for alias, name in registry.aliases().items() if name in activations}


def lookup(name):
    """The Activation of this name or alias; ValueError, with the names there are, for any other."""
    if isinstance(name, Activation):
        return name
    found = activations.get(_aliases.get(name, name))
    if found is None:
        raise ValueError(f"there is no activation {name!r}; there are {', '.join([*activations, *_aliases])}")
    return found


def _form(name, form):
    """Pickle support: the same object in this process."""
    return activations[name] if form == "value" else getattr(activations[name], form)
