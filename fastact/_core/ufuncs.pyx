# cython: language_level=3, freethreading_compatible=True
"""Real numpy.ufunc objects, one for each activation and form.

They are what gives fastact NumPy's whole protocol: broadcasting, out=, where=, dtype=, casting=, order=,
overlap, subclasses, and dispatch of pandas, xarray and dask. ``fastact.sigmoid.ufunc`` is
``fastact._core.ufuncs.sigmoid``, ``fastact.sigmoid.backward.ufunc`` is ``fastact._core.ufuncs.sigmoid_backward``.
Each has loops for float16, float32 and float64; other types are promoted as by ``numpy.tanh``. Loops for
``ml_dtypes.bfloat16`` are added by ``meet_bfloat16`` once somebody has imported ml_dtypes.
"""
from libc.stdlib cimport malloc

cimport numpy as cnp

from fastact cimport kernels

import threading

import numpy as np

from fastact import registry
from fastact._build import docstrings
from fastact._core import half_dtypes
from fastact.registry import FORMS

cnp.import_array()
cnp.import_ufunc()

cdef enum:
    FLOAT32 = 0
    FLOAT64 = 1
    FLOAT16 = 2
    BFLOAT16 = 3
    MAX_ARGUMENTS = 8

# What a loop needs to know, carried by the ufunc as its data pointer.
ctypedef struct Loop:
    const void *activation
    int form
    int dtype
    int arguments


cdef void run(char **args, const cnp.npy_intp *dimensions, const cnp.npy_intp *steps, void *data) noexcept nogil:
    """The one inner loop. The caller's args are not advanced: NumPy uses them again under where=."""
    cdef Loop *loop = <Loop *>data
    cdef Py_ssize_t own_steps[MAX_ARGUMENTS]
    cdef int k
    for k in range(loop.arguments):
        own_steps[k] = steps[k]
    kernels.apply_strided(loop.activation, loop.form, loop.dtype, args, own_steps, dimensions[0])


cdef object make(entry, int form):
    """The ufunc of one form; its loops live as long as the process."""
    cdef bytes name = (entry.name + ("" if form == 0 else "_" + FORMS[form])).encode()
    cdef bytes activation = entry.name.encode()
    cdef bytes doc = docstrings.ufunc(entry, FORMS[form]).encode()
    cdef int data_inputs = len(docstrings.INPUTS[FORMS[form]])
    cdef int inputs = data_inputs + len(entry.parameters)
    cdef int outputs = len(docstrings.OUTPUTS[FORMS[form]])
    cdef int dtypes[3]
    cdef int numbers[3]
    cdef cnp.PyUFuncGenericFunction *functions = <cnp.PyUFuncGenericFunction *>malloc(3 * sizeof(void *))
    cdef void **data = <void **>malloc(3 * sizeof(void *))
    cdef char *types = <char *>malloc(3 * (inputs + outputs))
    cdef Loop *loops = <Loop *>malloc(3 * sizeof(Loop))
    cdef int k, j
    if functions == NULL or data == NULL or types == NULL or loops == NULL:
        raise MemoryError()
    dtypes[0], dtypes[1], dtypes[2] = FLOAT16, FLOAT32, FLOAT64  # narrow to wide, as promotion searches
    numbers[0], numbers[1], numbers[2] = cnp.NPY_FLOAT16, cnp.NPY_FLOAT, cnp.NPY_DOUBLE
    for k in range(3):
        loops[k].activation = kernels.find(activation)
        loops[k].form = form
        loops[k].dtype = dtypes[k]
        loops[k].arguments = inputs + outputs
        functions[k] = <cnp.PyUFuncGenericFunction>run
        data[k] = &loops[k]
        for j in range(inputs + outputs):
            # Half's parameters are double: 0.01 is no half, and a result shows it.
            types[k * (inputs + outputs) + j] = <char>(
                cnp.NPY_DOUBLE if k == 0 and data_inputs <= j < inputs else numbers[k])
    _keep.append((name, doc))
    return cnp.PyUFunc_FromFuncAndData(functions, data, types, 3, inputs, outputs, -1, name, doc, 0)


_keep = []


def _make_all():
    made = {}
    for entry in registry.ACTIVATIONS:
        for form in entry.forms:
            ufunc = make(entry, FORMS.index(form))
            made[ufunc.__name__] = ufunc
    return made


cdef void add_bfloat16(entry, int form, int number) except *:
    """Give one ufunc a loop for bfloat16, NumPy's type of that number; as for float16, parameters are double."""
    cdef object ufunc = _made[entry.name + ("" if form == 0 else "_" + FORMS[form])]
    cdef bytes activation = entry.name.encode()
    cdef int types[MAX_ARGUMENTS]
    cdef int k, data_inputs = len(docstrings.INPUTS[FORMS[form]])
    cdef Loop *loop = <Loop *>malloc(sizeof(Loop))
    if loop == NULL:
        raise MemoryError()
    loop.activation = kernels.find(activation)
    loop.form = form
    loop.dtype = BFLOAT16
    loop.arguments = ufunc.nargs
    for k in range(ufunc.nargs):
        types[k] = cnp.NPY_DOUBLE if data_inputs <= k < ufunc.nin else number
    if cnp.PyUFunc_RegisterLoopForType(ufunc, number, <cnp.PyUFuncGenericFunction>run, types, loop) < 0:
        raise TypeError(f"NumPy accepts no bfloat16 loop for {ufunc.__name__}")


_bfloat16 = None  # the dtype, once it has been met
_meeting = threading.Lock()


def meet_bfloat16():
    """Add loops for ml_dtypes.bfloat16 if somebody has imported it; returns its dtype, or None."""
    global _bfloat16
    if _bfloat16 is None and half_dtypes.bfloat16() is not None:
        with _meeting:
            dtype = np.dtype(half_dtypes.bfloat16())
            for entry in registry.ACTIVATIONS if _bfloat16 is None else ():
                for form in entry.forms:
                    add_bfloat16(entry, FORMS.index(form), dtype.num)
            _bfloat16 = dtype
    return _bfloat16


_made = _make_all()
globals().update(_made)
__all__ = list(_made)
meet_bfloat16()
