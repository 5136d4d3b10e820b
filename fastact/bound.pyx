# cython: language_level=3, boundscheck=False, wraparound=False, freethreading_compatible=True
"""Calls whose arrays are fixed: ``step = fa.sigmoid.bind(x, out)``, then ``step()``."""
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF

cimport numpy as cnp

from fastact cimport kernels
from fastact.forms cimport (BIASED, Form, MAX_ARGUMENTS, MAX_PARAMETERS, PyTypeObject,
                            PyVectorcall_NARGS, RELEASE_GIL_FROM, dtype_of, fastact_use_vectorcall, vectorcallfunc)
from fastact.plain cimport is_like, is_row, is_simple, may_overlap, overlaps

import numpy as np

cnp.import_array()


cdef class Bound:
    """A call whose arrays are fixed; made by ``Form.bind``."""
    cdef vectorcallfunc vectorcall
    cdef const void *activation
    cdef int form, dtype
    cdef char *data[MAX_ARGUMENTS]
    cdef Py_ssize_t steps[MAX_ARGUMENTS]
    cdef double wide[MAX_PARAMETERS]
    cdef float narrow[MAX_PARAMETERS]
    cdef Py_ssize_t n, columns  # columns is 0 but for a bias of one row
    cdef readonly object result
    cdef Form call
    cdef object arrays, buffers

    def __init__(self, Form form, tuple args):
        cdef int k, at, given = len(args) - form.inputs - form.outputs
        if given != form.parameters and (given != 0 or form.required):
            raise TypeError(f"fastact.{form.__name__}.bind takes {', '.join(form.names)} and "
                            f"{form.outputs} output(s), {len(args)} arguments were given")
        arrays = args[:form.inputs] + args[len(args) - form.outputs:]
        values = args[form.inputs:form.inputs + given] or form.info.defaults
        cdef cnp.ndarray first, array
        cdef bint row = False
        for k, value in enumerate(arrays):
            if not is_simple(<PyObject *>value) or dtype_of(value) < 0:
                raise TypeError(f"fastact.{form.__name__}.bind needs C-contiguous ndarrays of floats, "
                                f"argument {k} is {_describe(value)}")
            if form.form == BIASED and k == 1 and is_row(<PyObject *>value, <cnp.ndarray>arrays[0]):
                row = True
            elif not is_like(<PyObject *>value, <cnp.ndarray>arrays[0]):
                raise ValueError(f"fastact.{form.__name__}.bind needs arrays of one dtype and shape, got "
                                 f"{_describe(arrays[0])} and {_describe(value)}")
        for k in range(form.inputs, len(arrays)):
            array = arrays[k]
            if not cnp.PyArray_ISWRITEABLE(array):
                raise ValueError(f"fastact.{form.__name__}.bind: the output is read-only")
            for at in range(k):
                first = arrays[at]
                if may_overlap(first, array) if at >= form.inputs or row and at == 1 else overlaps(first, array):
                    raise ValueError(f"fastact.{form.__name__}.bind: the output overlaps an argument")
        first = arrays[0]
        self.vectorcall = call_bound
        self.call = form
        self.activation = form.activation
        self.form = form.form
        self.dtype = dtype_of(first)
        self.n = cnp.PyArray_SIZE(first)
        self.columns = cnp.PyArray_DIMS(first)[cnp.PyArray_NDIM(first) - 1] if row and self.n else 0
        self.arrays = arrays
        # A resize is refused while these live. (ml_dtypes gives no buffers, but a view is as good.)
        self.buffers = [array.view(np.uint16) if self.dtype == 3 else memoryview(array) for array in arrays]
        for k in range(form.parameters):
            self.wide[k] = self.narrow[k] = values[k]
            self.wide[k] = values[k]
            self.data[form.inputs + k] = <char *>&self.wide[k] if self.dtype else <char *>&self.narrow[k]
            self.steps[form.inputs + k] = 0
            if self.wide[k] < form.least[k]:
                raise ValueError(f"fastact.{form.__name__}.bind needs {form.names[form.inputs + k]} >= 0")
        for k in range(len(arrays)):
            at = k if k < form.inputs else k + form.parameters
            array = arrays[k]
            self.data[at] = <char *>cnp.PyArray_DATA(array)
            self.steps[at] = cnp.PyArray_ITEMSIZE(array)
        outputs = arrays[form.inputs:]
        self.result = outputs[0] if len(outputs) == 1 else outputs

    def __call__(self):  # replaced by call_bound
        self.run()
        return self.result

    cdef void run(self) noexcept:
        if self.n < RELEASE_GIL_FROM and self.columns == 0:
            kernels.apply_apart(self.activation, self.form, self.dtype, self.data, self.steps, self.n)
        else:
            self.call.run_long(self.dtype, self.data, self.steps, self.n, self.columns)


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


cdef void _enable():
    cdef Bound bound = Bound.__new__(Bound)
    fastact_use_vectorcall(<PyTypeObject *>Bound, <char *>&bound.vectorcall - <char *><PyObject *>bound)


_enable()
