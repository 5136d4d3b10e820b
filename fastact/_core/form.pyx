# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, freethreading_compatible=True
"""The forms of an activation: ``fastact.sigmoid``, ``fastact.sigmoid.backward`` and the like.

A call goes one of two ways, both thin. Plain C-contiguous ndarrays without further keywords go straight to
the kernel. Everything else goes to the form's ufunc, whose loop calls the same kernel.
"""
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF

cimport numpy as cnp

from fastact._core.capi cimport FA_MAX_ARGUMENTS, FA_MAX_OUTPUTS, FA_MAX_PARAMETERS, fa_dtype, fa_form, library
from fastact._core.result_memory cimport new_array
from fastact._core.fast_path cimport is_like, is_row, is_simple, may_overlap, overlaps

import numpy as np

from fastact import registry
from fastact._build import docstrings
from fastact._core import containers, half_dtypes, ufuncs

cnp.import_array()

cdef extern from *:
    """
    #include <stdatomic.h>
    static atomic_int fastact_bfloat16 = -1;  /* NumPy's number of it, once it has been met, by whichever thread */
    """
    int _bfloat16 "fastact_bfloat16"
    int PyFloat_CheckExact(PyObject *)
    int PyLong_CheckExact(PyObject *)
    double PyFloat_AS_DOUBLE(PyObject *)
    Py_ssize_t PyTuple_GET_SIZE(PyObject *)
    PyObject *PyTuple_GET_ITEM(PyObject *, Py_ssize_t)
    int PyUnicode_CompareWithASCIIString(PyObject *, const char *)


cdef int dtype_of(cnp.ndarray array) except -2:
    """The dtype as src_c/fastact.h counts them, -1 for any other."""
    global _bfloat16
    cdef int number = cnp.PyArray_TYPE(array)
    if number >= 256 and _bfloat16 < 0 and ufuncs.register_bfloat16_loops():  # other people's types begin there
        _bfloat16 = ufuncs.register_bfloat16_loops().num
    if number == cnp.NPY_FLOAT:
        return 0
    if number == cnp.NPY_DOUBLE:
        return 1
    return 2 if number == cnp.NPY_FLOAT16 else 3 if number == _bfloat16 else -1


cdef class Form:
    """One form of an activation, callable like a numpy.ufunc: see ``help(fastact.sigmoid.backward)``.

    Attributes
    ----------
    ufunc : numpy.ufunc
        The same function with all parameters positional and required.
    """

    def __init__(self, entry, str form):
        self.vectorcall = call_form
        self.info = entry
        self.facts = registry.FORMS[form]
        self.form = registry.form_number(form)
        self.activation = library.find(entry.name.encode())
        self.inputs = len(self.facts.inputs)
        self.outputs = len(self.facts.outputs)
        self.bias_row = self.facts.inputs.index(self.facts.bias_row) if self.facts.bias_row else -1
        self.parameters = len(entry.parameters)
        self.required = sum(parameter.default is None for parameter in entry.parameters)  # they come first
        for k, parameter in enumerate(entry.parameters):
            self.defaults[k] = entry.defaults[k]
            self.least[k] = 0 if form == "backward_from_output" and not parameter.signed else -np.inf
        self.names = (*self.facts.inputs, *(p.name for p in entry.parameters))
        self.own_ufunc = getattr(ufuncs, entry.name + self.facts.suffix)
        self.__name__ = entry.name if form == "value" else f"{entry.name}.{form}"

    def __call__(self, *args, **kwargs):  # replaced by call_form for ordinary calls
        return self.call_ufunc(args, kwargs)

    def __repr__(self):
        return f"<fastact.{self.__name__}{docstrings.signature(self.info, self.facts.name)}>"

    @property
    def ufunc(self):
        ufuncs.register_bfloat16_loops()
        return self.own_ufunc

    def __reduce__(self):
        return self.__name__  # pickled by name, like a function

    @property
    def __doc__(self):
        return docstrings.form(self.info, self.facts.name)

    @property
    def __module__(self):
        return "fastact"

    @property
    def __qualname__(self):
        return self.__name__

    @property
    def __signature__(self):
        return docstrings.inspected(self.info, self.facts.name)

    cdef list fill(self, tuple args, dict named):
        """The inputs and parameters in order, by position, by name (which are taken out) or by default."""
        cdef int k, given = len(args), wanted = self.inputs + self.parameters
        values = list(args[:wanted])
        for k in range(given if not named else 0, wanted):
            name = self.names[k]
            if name in named:
                if k < given:
                    raise TypeError(f"fastact.{self.__name__} got {name!r} twice")
                values.append(named.pop(name))
            elif k >= given:
                if k < self.inputs + self.required:
                    raise TypeError(f"fastact.{self.__name__} misses its argument {name!r}: call it as "
                                    f"{self.__name__}{docstrings.signature(self.info, self.facts.name)}")
                values.append(self.defaults[k - self.inputs])
        return values

    cdef object call_ufunc(self, tuple args, dict kwargs):
        """Any call: names and defaults become the ufunc's positional arguments."""
        cdef int wanted = self.inputs + self.parameters
        if "approximate" in kwargs and self.info.approximate:
            from fastact._core.activation import _variant
            return _variant(self, kwargs.pop("approximate"))(*args, **kwargs)
        if len(args) > wanted + self.outputs:
            raise TypeError(f"fastact.{self.__name__} takes at most {wanted + self.outputs} positional "
                            f"arguments ({', '.join(self.names)} and outputs), {len(args)} were given")
        values = self.fill(args, kwargs)
        # Beside a Python float NumPy would promote int8 to float64, where tanh promotes it to float16.
        if (self.parameters and "dtype" not in kwargs and "signature" not in kwargs
                and all(type(value) in (int, float) for value in values[self.inputs:])
                and all(isinstance(value, (np.ndarray, np.generic, bool)) and np.asarray(value).dtype.kind in "biu"
                        for value in values[:self.inputs])):
            kwargs["dtype"] = np.result_type(*values[:self.inputs], np.float16)
        ufuncs.register_bfloat16_loops()
        half_dtypes.adapt(values, kwargs, self.inputs, self.parameters, self.outputs)
        if len(args) > wanted:
            if kwargs.get("out") is not None:
                raise TypeError(f"fastact.{self.__name__} got out both by position and by keyword")
            kwargs["out"] = tuple(args[wanted:]) + (None,) * (wanted + self.outputs - len(args))
        elif kwargs.get("out", values) is None:
            del kwargs["out"]
        for k in range(self.inputs, wanted):
            try:
                negative = self.least[k - self.inputs] == 0 and np.any(np.less(values[k], 0))
            except TypeError:
                negative = False  # no number: the ufunc says so
            if negative:
                raise ValueError(f"fastact.{self.__name__} needs {self.names[k]} >= 0: otherwise the output does not "
                                 f"determine the slope; use {self.info.name}.backward")
        try:
            return self.own_ufunc(*values, **kwargs)
        except (TypeError, NotImplementedError, AttributeError) as error:  # the last from pandas
            outs = kwargs.get("out")
            containers.refuse(f"fastact.{self.__name__}", [*values, *(outs if type(outs) is tuple else [outs])],
                              "; where f(0) = 0 it may be applied to the stored values, x.data", "__array_ufunc__" in str(error))
            pair = containers.of_pairs(self, values, self.inputs) if self.outputs == 2 and not kwargs else None
            if pair is None and kwargs.keys() <= {"out"}:
                pair = containers.of_frames(self, values, self.outputs, kwargs.get("out"))
            if pair is not None:
                return pair
            if isinstance(error, AttributeError):
                raise
            if isinstance(error, NotImplementedError):
                raise TypeError(f"fastact.{self.__name__}: {error}; numpy.asarray of the arguments would do") from None
            if "not supported for the input types" not in str(error):
                raise TypeError(f"fastact.{self.__name__}: {error}") from None
            arrays = containers.converted(values)
            if arrays is not None:
                return self.call_ufunc(tuple(arrays), kwargs)
            found = [getattr(value, "dtype", None) or np.asarray(value).dtype for value in values]
            dtypes = ", ".join(sorted(set(map(str, found))))
            wrong = [f"; {name} is {value!r:.60}" for name, value, dtype in zip(self.names, values, found)
                     if dtype.kind in "OSU" and not hasattr(value, "dtype")]
            raise TypeError(f"fastact.{self.__name__} does not support {dtypes}: it takes float16, bfloat16, float32, float64, "
                            f"and integers or booleans, promoted as by numpy.tanh{''.join(wrong)}") from None
        except OverflowError:
            for k in range(wanted):
                if isinstance(values[k], int):
                    double_of(self, values[k], k)
            raise ValueError(f"fastact.{self.__name__}: the arguments hold an int beyond the range of floats") from None
        except ValueError as error:
            raise ValueError(f"fastact.{self.__name__}: {error}") from None

    cdef void run_long(self, fa_dtype dtype, char **data, Py_ssize_t *steps, Py_ssize_t n, Py_ssize_t columns) noexcept:
        """Many elements of contiguous arrays or, where columns is not 0, of matrices and a bias of one row."""
        cdef Py_ssize_t row_steps[FA_MAX_ARGUMENTS]
        cdef int k
        for k in range(self.inputs + self.parameters + self.outputs):
            row_steps[k] = 0 if k == self.bias_row else columns * steps[k]
        columns = columns or n
        if n < RELEASE_GIL_FROM:
            library.apply_matrix(self.activation, self.form, dtype, data, steps, row_steps, n // columns, columns)
        else:
            with nogil:
                library.apply_matrix(self.activation, self.form, dtype, data, steps, row_steps, n // columns, columns)

    def bind(self, *args, **named):
        """Fix the arrays of a call: ``step = f.bind(x, out)``, then ``step()`` runs it.

        Parameters
        ----------
        *args
            The inputs, then the parameters (numbers, or none for the defaults), then the output
            arrays: C-contiguous float ndarrays of one dtype and shape, but a bias may be one row. An
            output may be an input and must not overlap one in any other way.
        **named
            Any of them by name, the outputs as `out` (several: a tuple), as in
            ``f.bind(x, out, alpha=0.5)`` and ``f.bind(x, out=out)``.

        Returns
        -------
        Bound
            A callable without arguments that returns the output; it keeps the buffers alive and unresized.
        """
        if "approximate" in named and self.info.approximate:
            from fastact._core.activation import _variant
            return _variant(self, named.pop("approximate")).bind(*args, **named)
        from fastact._core.binding import bind_form
        return bind_form(self, args, named)


cdef PyObject *call_any(Form self, PyObject *const *args, Py_ssize_t given, PyObject *names) except NULL:
    cdef Py_ssize_t k, named = 0 if names == NULL else PyTuple_GET_SIZE(names)
    cdef dict kwargs = {<object>PyTuple_GET_ITEM(names, k): <object>args[given + k] for k in range(named)}
    result = self.call_ufunc(tuple([<object>args[k] for k in range(given)]), kwargs)
    Py_INCREF(result)
    return <PyObject *>result


cdef double double_of(Form form, value, int at) except? -1:
    """An int among the arguments."""
    try:
        return <double>value
    except OverflowError:
        raise OverflowError(f"fastact.{form.__name__}: {form.names[at]} must be a number that a float holds, got an int "
                            "beyond 1e308") from None


cdef PyObject *call_form(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *names) except NULL:
    """The direct way, or call_ufunc where the arguments are not plain."""
    cdef Form self = <Form>callable
    cdef Py_ssize_t given = PyVectorcall_NARGS(nargsf)
    cdef int wanted = self.inputs + self.parameters
    cdef PyObject *outs[FA_MAX_OUTPUTS]
    cdef cnp.ndarray first, array
    cdef char *data[FA_MAX_ARGUMENTS]
    cdef Py_ssize_t steps[FA_MAX_ARGUMENTS]
    cdef double wide[FA_MAX_PARAMETERS]
    cdef float narrow[FA_MAX_PARAMETERS]
    cdef Py_ssize_t n, columns = 0
    cdef int k, at, size = 0, dtype = -1
    cdef bint plain = given >= self.inputs + self.required and given <= wanted + self.outputs and is_simple(args[0])
    outs[0] = outs[1] = NULL
    for k in range(<int>given - wanted if plain else 0):
        outs[k] = args[wanted + k]
    if plain and names != NULL:
        plain = (PyTuple_GET_SIZE(names) == 1 and self.outputs == 1 and given <= wanted
                 and PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(names, 0), b"out") == 0)
        if plain and <object>args[given] is not None:
            outs[0] = args[given]
    if plain:
        first = <cnp.ndarray>args[0]
        dtype = dtype_of(first)
        plain = dtype >= 0
        size = cnp.PyArray_ITEMSIZE(first)
        for k in range(1, self.inputs):
            if k == self.bias_row and not is_like(args[k], first):
                plain = plain and is_row(args[k], first)
                columns = cnp.PyArray_DIMS(first)[cnp.PyArray_NDIM(first) - 1]
            else:
                plain = plain and is_like(args[k], first)
        for k in range(self.parameters):
            at = self.inputs + k
            if at >= given:
                wide[k] = self.defaults[k]
            elif PyFloat_CheckExact(args[at]):
                wide[k] = PyFloat_AS_DOUBLE(args[at])
            elif PyLong_CheckExact(args[at]):
                wide[k] = double_of(self, <object>args[at], at)
            else:
                plain = False
                break
            narrow[k] = <float>wide[k]
            plain = plain and wide[k] >= self.least[k]
    if plain:
        for k in range(self.outputs):
            if outs[k] == NULL:
                continue
            plain = plain and is_like(outs[k], first) and cnp.PyArray_ISWRITEABLE(<cnp.ndarray>outs[k])
            if plain:
                for at in range(self.inputs):
                    plain = plain and not overlaps(<cnp.ndarray>args[at], <cnp.ndarray>outs[k])
                plain = plain and not (columns and may_overlap(<cnp.ndarray>args[1], <cnp.ndarray>outs[k]))
        if plain and self.outputs == 2 and outs[0] != NULL and outs[1] != NULL:
            plain = not may_overlap(<cnp.ndarray>outs[0], <cnp.ndarray>outs[1])
    if not plain:
        return call_any(self, args, given, names)
    n = cnp.PyArray_SIZE(first)
    for k in range(self.inputs):
        data[k] = <char *>cnp.PyArray_DATA(<cnp.ndarray>args[k])
        steps[k] = size
    for k in range(self.parameters):
        data[self.inputs + k] = <char *>&narrow[k] if dtype == 0 else <char *>&wide[k]
        steps[self.inputs + k] = 0
    results = None
    for k in range(self.outputs):
        if outs[k] == NULL:
            if n < RELEASE_GIL_FROM:
                array = cnp.PyArray_EMPTY(cnp.PyArray_NDIM(first), cnp.PyArray_DIMS(first), cnp.PyArray_TYPE(first), 0)
            else:
                array = new_array(cnp.PyArray_NDIM(first), cnp.PyArray_DIMS(first), cnp.PyArray_TYPE(first))
        else:
            array = <cnp.ndarray>outs[k]
        data[wanted + k] = <char *>cnp.PyArray_DATA(array)
        steps[wanted + k] = size
        results = array if k == 0 else (results, array)
    if n < RELEASE_GIL_FROM and columns == 0:
        library.apply_no_overlap(self.activation, self.form, <fa_dtype>dtype, data, steps, n)
    else:
        self.run_long(<fa_dtype>dtype, data, steps, n, columns)
    Py_INCREF(results)
    return <PyObject *>results


cdef Form _any = Form(registry.ACTIVATIONS[0], "value")
fastact_use_vectorcall(<PyTypeObject *>Form, <char *>&_any.vectorcall - <char *><PyObject *>_any)
