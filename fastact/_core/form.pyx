# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, freethreading_compatible=True
"""The forms of an activation: ``fastact.sigmoid``, ``fastact.sigmoid.backward`` and the like.

There are three ways. A call with C-contiguous ndarrays of one dtype goes straight to C (`call_form`). A call with float8 goes to
`call_float8`, which uses tables. Any other call goes to the form's ufunc (`Form.call_ufunc`), whose loop calls the same kernel.
"""
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF

cimport numpy as cnp

from fastact._core.capi cimport (FA_ERROR_MEMORY, FA_FLOAT32, FA_FLOAT64, FA_MAX_ARGUMENTS, FA_MAX_OUTPUTS, FA_MAX_PARAMETERS,
                                 fa_dtype, fa_status, library, no_memory_for_columns)
from fastact._core.result_memory cimport new_array
from fastact._core.fast_path cimport (RELEASE_GIL_FROM, PyThreadState, is_direct, is_like, is_row_of, may_overlap,
                                      overlaps_shifted, release_gil, size_of, take_gil)

import functools
import struct

import numpy as np

from fastact import registry
from fastact._build import docstrings
from fastact._core import array_like, byte_tables, half_dtypes, ufuncs
from fastact._core.arguments import check_out

cnp.import_array()

cdef extern from *:
    """
    #include <stdatomic.h>
    static atomic_int fastact_bfloat16 = -1;  /* its type number in NumPy; -1 until an array of a user's dtype was passed */
    """
    int _bfloat16 "fastact_bfloat16"
    int PyFloat_CheckExact(PyObject *)
    int PyLong_CheckExact(PyObject *)
    int PyTuple_CheckExact(PyObject *)
    double PyFloat_AS_DOUBLE(PyObject *)
    Py_ssize_t PyTuple_GET_SIZE(PyObject *)
    PyObject *PyTuple_GET_ITEM(PyObject *, Py_ssize_t)
    int PyUnicode_CompareWithASCIIString(PyObject *, const char *)


cdef int dtype_of(cnp.ndarray array) except -2:
    """The fa_dtype of an array, or -1."""
    global _bfloat16
    cdef int number = cnp.PyArray_TYPE(array)
    if number >= 256 and _bfloat16 < 0 and ufuncs.register_bfloat16_loops():  # dtypes of other packages
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
        self.outputs = len(self.facts.all_outputs)
        self.bias_gradient = self.outputs - 1 if self.facts.bias_gradient else -1
        self.bias_row = self.facts.inputs.index(self.facts.bias_row) if self.facts.bias_row else -1
        self.parameters = len(entry.parameters)
        self.required = sum(parameter.default is None for parameter in entry.parameters)  # they come first
        for k, parameter in enumerate(entry.parameters):
            self.defaults[k] = entry.defaults[k]
            self.least[k] = 0 if form == "backward_from_output" and not parameter.signed else -np.inf
        self.names = (*self.facts.inputs, *entry.names_in(form))
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
        return docstrings.signature_object(self.info, self.facts.name)

    cdef Form variant(self, dict named):
        """This form of the function that approximate= names, which is taken out of `named`; this form without it."""
        if "approximate" not in named or not self.info.approximate:
            return self
        from fastact._core.activation import variant
        return variant(self, named.pop("approximate"))

    cdef list fill(self, tuple args, dict named):
        """The inputs and parameters in order: by position, by name (taken out of `named`) or by default."""
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
        form = self.variant(kwargs)
        if form is not self:
            return form(*args, **kwargs)
        if len(args) > wanted + self.outputs:
            raise TypeError(f"fastact.{self.__name__} takes at most {wanted + self.outputs} positional "
                            f"arguments ({', '.join(self.names)} and outputs), {len(args)} were given")
        values = self.fill(args, kwargs)
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
        if "dtype" not in kwargs and "signature" not in kwargs:
            float8 = self.float8_of(values)
            if float8 is not None:
                return self.call_float8(values, float8, kwargs)
            if any([byte_tables.holds_float8(value) for value in values[:self.inputs]]):
                return self.call_containers(values, kwargs)
        # Beside a Python float NumPy would promote int8 to float64, where tanh promotes it to float16.
        if (self.parameters and "dtype" not in kwargs and "signature" not in kwargs
                and all(type(value) in (int, float) for value in values[self.inputs:])
                and all(isinstance(value, (np.ndarray, np.generic, bool)) and np.asarray(value).dtype.kind in "biu"
                        for value in values[:self.inputs])):
            kwargs["dtype"] = np.result_type(*values[:self.inputs], np.float16)
        ufuncs.register_bfloat16_loops()
        half_dtypes.adapt(values, kwargs, self.inputs, self.parameters, self.outputs)
        try:
            return self.own_ufunc(*values, **kwargs)
        except (TypeError, NotImplementedError, AttributeError) as error:  # the last from pandas
            return self.call_refused(values, kwargs, error)
        except OverflowError:
            for k in range(wanted):
                if isinstance(values[k], int):
                    double_of(self, values[k], k)
            raise ValueError(f"fastact.{self.__name__}: the arguments hold an int beyond the range of floats") from None
        except ValueError as error:
            raise ValueError(f"fastact.{self.__name__}: {error}") from None

    cdef object float8_of(self, list values):
        """The float8 dtype of the inputs, of which some may be numbers; None where there is none, or another one too."""
        cdef int k
        found = None
        for k in range(self.inputs):
            value = values[k]
            if type(value) in (list, tuple):
                value = values[k] = np.asarray(value)
            if isinstance(value, np.generic) or type(value) in (np.ndarray, np.memmap):
                if value.dtype.num < 256 or found is not None and value.dtype != found:  # from 256 on those of other packages
                    return None
                found = value.dtype
            elif type(value) not in (int, float):
                return None
        return found if found is not None and byte_tables.is_float8(found) else None

    cdef object call_float8(self, list values, dtype, dict kwargs):
        """Inputs of float8: by tables if there is one input and the parameters are numbers, else in float64."""
        cdef int k
        out, where = kwargs.pop("out", None), kwargs.pop("where", True)
        outs = out if type(out) is tuple else (out,) * (self.outputs if out is None else 1)
        if kwargs or len(outs) != self.outputs:
            raise TypeError(f"fastact.{self.__name__} of {dtype} takes where= and out=, an array for each output, got "
                            f"{', '.join(kwargs) or f'{len(outs)} for {self.outputs}'}; of x.astype(numpy.float32) it is a ufunc")
        x, parameters = values[0], values[self.inputs:]
        if self.inputs == 1 and all([type(value) in (int, float) for value in parameters]):
            parameters = [double_of(self, value, 1 + k) for k, value in enumerate(parameters)]
            packed = struct.pack(f"{self.parameters}d", *parameters) if parameters else b""
            tables = [byte_tables.float8(self.info.name, self.facts.name, k, dtype, packed) for k in range(self.outputs)]
            if where is True:
                results = [look_up(self.__name__, table, np.asarray(x), dtype, one) for table, one in zip(tables, outs)]
                return tuple(results) if self.outputs > 1 else results[0]
            results = [look_up(self.__name__, table, np.asarray(x), dtype, None) for table in tables]
        else:
            try:
                wide = [np.asarray(value, float) for value in values]
                with np.errstate(all="ignore"):
                    if self.bias_row >= 0:  # the sum is rounded to the dtype
                        wide[:2] = byte_tables.round_float8(wide[0] + wide[1], dtype).astype(float), -0.0
                    made = self.own_ufunc(*wide)
            except (TypeError, ValueError) as error:
                raise type(error)(f"fastact.{self.__name__}: {error}") from None
            results = [byte_tables.round_float8(one, dtype) for one in (made if self.outputs > 1 else (made,))]
        for k, result in enumerate(results):
            if outs[k] is not None:
                check_out(self.__name__, outs[k], result.shape, dtype)
                np.copyto(outs[k], result, "same_kind", where)
                results[k] = outs[k]
            elif result.ndim == 0:
                results[k] = result[()]
        return tuple(results) if self.outputs > 1 else results[0]

    cdef object call_containers(self, list values, dict kwargs):
        """Containers of float8, each without its container: their libraries would call the ufunc, which makes float32 of float8."""
        from fastact._core import blocks, containers
        out = kwargs.pop("out", None)
        if kwargs:
            raise TypeError(f"fastact.{self.__name__} of float8 in a container takes out=, got {', '.join(kwargs)}: numpy.asarray "
                            "of the arguments would do")
        pair = blocks.of_pairs(self, values, self.inputs) if self.outputs == 2 and out is None else None
        if pair is not None:
            return pair
        dimensions = [getattr(value, "ndim", 99) if containers.is_container(value) else -1 for value in values]  # 99: a Dataset
        roles = ["broadcast"] * len(values)
        roles[dimensions.index(max(dimensions))] = "x"
        out = out[0] if type(out) is tuple and len(out) == 1 else out
        return containers.apply(containers.Call(f"fastact.{self.__name__}", functools.partial(without_containers, self), values,
                                                roles, ["x"] * self.outputs, (), out))

    cdef object call_refused(self, list values, dict kwargs, error):
        """Compute a call that the ufunc has refused with this error in another way, or raise an error that says more."""
        from fastact._core import blocks, labels
        name, outs = f"fastact.{self.__name__}", kwargs.get("out")
        array_like.refuse(name, [*values, *(outs if type(outs) is tuple else [outs])],
                          "; where f(0) = 0 it may be applied to the stored values, x.data", "__array_ufunc__" in str(error))
        result = blocks.of_pairs(self, values, self.inputs) if self.outputs == 2 and not kwargs else None
        if result is None and kwargs.keys() <= {"out"}:
            result = labels.of_frames(self, values, self.outputs, outs)
        if result is not None:
            return result
        if isinstance(error, AttributeError):
            raise error
        if isinstance(error, NotImplementedError):
            raise TypeError(f"{name}: {error}; numpy.asarray of the arguments would do") from None
        unknown = str(error).partition("unexpected keyword argument ")[2]
        if unknown:
            raise TypeError(f"{name} takes {', '.join(self.names)}, out and the other keywords of a ufunc, not {unknown}") from None
        if "not supported for the input types" not in str(error):
            raise TypeError(f"{name}: {error}") from None
        arrays = array_like.converted(values)
        if arrays is not None:
            return self.call_ufunc(tuple(arrays), kwargs)
        found = [getattr(value, "dtype", None) or np.asarray(value).dtype for value in values]
        wrong = [f"; {argument} is {value!r:.60}" for argument, value, dtype in zip(self.names, values, found)
                 if dtype.kind in "OSU" and not hasattr(value, "dtype")]
        raise TypeError(f"{name} does not support {', '.join(sorted(set(map(str, found))))}: it takes float16, bfloat16, float32, "
                        f"float64, and integers or booleans, promoted as by numpy.tanh{''.join(wrong)}") from None

    def bind(self, *args, **named):
        """Fix the arrays of a call: ``step = f.bind(x, out)``, then ``step()`` runs it.

        Parameters
        ----------
        *args
            The inputs, then the parameters (numbers; left out, the defaults), then the output arrays. All arrays are
            C-contiguous float ndarrays of one dtype and shape, except that a bias may be one row. An output may be an
            input and must not overlap one in any other way.
        **named
            Any of them by name; the name of the output is `out`, a tuple if there are several. Examples:
            ``f.bind(x, out, alpha=0.5)`` and ``f.bind(x, out=out)``.

        Returns
        -------
        BoundCall
            A callable without arguments that returns the output. It keeps the arrays alive and prevents their resizing.

        Raises
        ------
        TypeError, ValueError
            If an argument is missing or unknown, or an array does not have the form described.
        """
        from fastact._core.binding import bind_form
        return bind_form(self.variant(named), args, named)


def without_containers(form, values, axis, out):
    """A form of what containers hold. Picklable, for dask's workers."""
    return form(*values) if out is None else form(*values, out=out)


cdef PyObject *call_any(Form self, PyObject *const *args, Py_ssize_t given, PyObject *names) except NULL:
    cdef Py_ssize_t k, named = 0 if names == NULL else PyTuple_GET_SIZE(names)
    cdef dict kwargs = {<object>PyTuple_GET_ITEM(names, k): <object>args[given + k] for k in range(named)}
    result = self.call_ufunc(tuple([<object>args[k] for k in range(given)]), kwargs)
    Py_INCREF(result)
    return <PyObject *>result


cdef object look_up(str name, bytes table, cnp.ndarray x, cnp.dtype dtype, out):
    """table[x] for an array of bytes, as an array of `dtype`, or a scalar; or written to an array `out`, which is returned."""
    cdef cnp.npy_intp n = cnp.PyArray_SIZE(x)
    cdef cnp.ndarray y
    cdef PyThreadState *state
    if not cnp.PyArray_ISONESEGMENT(x):
        x = x.copy(order="K")
    if (out is not None and is_direct(<PyObject *>out) and cnp.PyArray_ISWRITEABLE(<cnp.ndarray>out)
            and cnp.PyArray_TYPE(<cnp.ndarray>out) == dtype.num and cnp.PyArray_SAMESHAPE(<cnp.ndarray>out, x)
            and cnp.PyArray_IS_C_CONTIGUOUS(x) and not overlaps_shifted(x, <cnp.ndarray>out)):
        y = out
    elif cnp.PyArray_IS_C_CONTIGUOUS(x):
        y = new_array(cnp.PyArray_NDIM(x), cnp.PyArray_DIMS(x), dtype.num)
    else:
        y = np.empty_like(x, dtype)
    state = release_gil(n)
    library.look_up_bytes(<const unsigned char *><const char *>table, <const unsigned char *>cnp.PyArray_DATA(x),
                          <unsigned char *>cnp.PyArray_DATA(y), n)
    take_gil(state)
    if out is None:
        return y if cnp.PyArray_NDIM(y) else y[()]
    if out is not y:
        check_out(name, out, (<object>y).shape, dtype)
        np.copyto(out, y, "same_kind")
    return out


cdef double double_of(Form form, value, int at) except? -1:
    """An int among the arguments."""
    try:
        return <double>value
    except OverflowError:
        raise OverflowError(f"fastact.{form.__name__}: {form.names[at]} must be a number that a float holds, got an int "
                            "beyond 1e308") from None


cdef inline bint can_be_output(Form self, int k, PyObject *out, PyObject *const *args, cnp.ndarray first, Py_ssize_t columns) noexcept:
    """Whether output k can be written here by C: over an input element by element, or nowhere over one."""
    cdef bint row = k == self.bias_gradient
    cdef int at
    if not (is_row_of(out, first) if row else is_like(out, first)) or not cnp.PyArray_ISWRITEABLE(<cnp.ndarray>out):
        return False
    for at in range(self.inputs):
        if row or columns and at == self.bias_row:
            if may_overlap(<cnp.ndarray>args[at], <cnp.ndarray>out):
                return False
        elif overlaps_shifted(<cnp.ndarray>args[at], <cnp.ndarray>out):
            return False
    return True


cdef PyObject *call_form(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *names) except NULL:
    """Call C, or call_ufunc if C cannot take an argument."""
    cdef Form self = <Form>callable
    cdef Py_ssize_t given = PyVectorcall_NARGS(nargsf)
    cdef int wanted = self.inputs + self.parameters
    cdef PyObject *outs[FA_MAX_OUTPUTS]
    cdef cnp.ndarray first, array
    cdef char *data[FA_MAX_ARGUMENTS]
    cdef double wide[FA_MAX_PARAMETERS]
    cdef float narrow[FA_MAX_PARAMETERS]
    cdef cnp.npy_intp n, columns = 0
    cdef int k, at, dtype = -1
    cdef PyThreadState *state
    cdef bint direct = given >= self.inputs + self.required and given <= wanted + self.outputs and is_direct(args[0])
    outs[0] = outs[1] = NULL
    for k in range(<int>given - wanted if direct else 0):
        outs[k] = args[wanted + k]
    if direct and names != NULL:
        direct = (PyTuple_GET_SIZE(names) == 1 and given <= wanted
                  and PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(names, 0), b"out") == 0)
        if direct and self.outputs > 1:
            direct = PyTuple_CheckExact(args[given]) and PyTuple_GET_SIZE(args[given]) == self.outputs
            for k in range(self.outputs if direct else 0):
                outs[k] = PyTuple_GET_ITEM(args[given], k)
        elif direct and <object>args[given] is not None:
            outs[0] = args[given]
    if direct:
        first = <cnp.ndarray>args[0]
        dtype = dtype_of(first)
        direct = dtype >= 0
        for k in range(1, self.inputs):
            if k == self.bias_row and (self.bias_gradient >= 0 or not is_like(args[k], first)):
                direct = direct and is_row_of(args[k], first)
                columns = cnp.PyArray_DIMS(first)[cnp.PyArray_NDIM(first) - 1]
            else:
                direct = direct and is_like(args[k], first)
        for k in range(self.parameters):
            at = self.inputs + k
            if at >= given:
                wide[k] = self.defaults[k]
            elif PyFloat_CheckExact(args[at]):
                wide[k] = PyFloat_AS_DOUBLE(args[at])
            elif PyLong_CheckExact(args[at]):
                wide[k] = double_of(self, <object>args[at], at)
            else:
                direct = False
                break
            narrow[k] = <float>wide[k]
            direct = direct and wide[k] >= self.least[k]
    if direct:
        for k in range(self.outputs):
            if outs[k] != NULL:
                direct = direct and can_be_output(self, k, outs[k], args, first, columns)
        if direct and self.outputs == 2 and outs[0] != NULL and outs[1] != NULL:
            direct = not may_overlap(<cnp.ndarray>outs[0], <cnp.ndarray>outs[1])
        if self.bias_gradient >= 0:  # sums of half types are not supported by C
            direct = direct and dtype <= FA_FLOAT64 and columns > 0 and given <= wanted
    if not direct:
        return call_any(self, args, given, names)
    n = size_of(first)
    for k in range(self.inputs):
        data[k] = <char *>cnp.PyArray_DATA(<cnp.ndarray>args[k])
    for k in range(self.parameters):
        data[self.inputs + k] = <char *>&narrow[k] if dtype == FA_FLOAT32 else <char *>&wide[k]
    results = None
    for k in range(self.outputs):
        if outs[k] != NULL:
            array = <cnp.ndarray>outs[k]
        elif k == self.bias_gradient:
            array = cnp.PyArray_EMPTY(1, &columns, cnp.PyArray_TYPE(first), 0)
        elif n < RELEASE_GIL_FROM:
            array = cnp.PyArray_EMPTY(cnp.PyArray_NDIM(first), cnp.PyArray_DIMS(first), cnp.PyArray_TYPE(first), 0)
        else:
            array = new_array(cnp.PyArray_NDIM(first), cnp.PyArray_DIMS(first), cnp.PyArray_TYPE(first))
        data[wanted + k] = <char *>cnp.PyArray_DATA(array)
        results = array if k == 0 else (results, array)
    if columns == 0:
        state = release_gil(n)
        library.apply_no_overlap(self.activation, self.form, <fa_dtype>dtype, data, NULL, n)
        take_gil(state)
    else:
        call_biased(self, <fa_dtype>dtype, data, n // columns, columns,
                    <void *>narrow if dtype == FA_FLOAT32 else <void *>wide)
        if names != NULL and self.outputs > 1:
            results = <object>args[given]
    Py_INCREF(results)
    return <PyObject *>results


cdef int call_biased(Form self, fa_dtype dtype, char **data, Py_ssize_t rows, Py_ssize_t columns,
                     const void *parameters) except -1:
    """Matrices of whole rows and a bias of one row."""
    cdef PyThreadState *state = release_gil(rows * columns)
    cdef fa_status status = library.apply_biased(self.activation, self.form, dtype, <const void **>data,
                                                 <void **>data + self.inputs + self.parameters, rows, columns, parameters)
    take_gil(state)
    if status == FA_ERROR_MEMORY:
        no_memory_for_columns(self.activation, rows, columns)
    return 0


cdef void use_vectorcall(type form_type, Form form) noexcept:
    """Let calls of objects of this type go to Form.vectorcall; `form` is any form."""
    fastact_use_vectorcall(<PyTypeObject *>form_type, <char *>&form.vectorcall - <char *><PyObject *>form)


use_vectorcall(Form, Form(registry.ACTIVATIONS[0], "value"))
