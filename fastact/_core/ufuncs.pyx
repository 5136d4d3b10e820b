# cython: language_level=3, freethreading_compatible=True
"""Real numpy.ufunc objects, one for each activation and form.

They are what gives fastact NumPy's whole protocol: broadcasting, out=, where=, dtype=, casting=, order=,
overlap, subclasses, and dispatch of pandas, xarray and dask. ``fastact.sigmoid.ufunc`` is
``fastact._core.ufuncs.sigmoid``, ``fastact.sigmoid.backward.ufunc`` is ``fastact._core.ufuncs.sigmoid_backward``.
Each has loops for float16, float32 and float64; other types are promoted as by ``numpy.tanh``. Loops for
``ml_dtypes.bfloat16`` are added by ``register_bfloat16_loops`` once somebody has imported ml_dtypes.
"""
from libc.stdlib cimport malloc

cimport numpy as cnp

from fastact._core.capi cimport (FA_BFLOAT16, FA_FLOAT16, FA_FLOAT32, FA_FLOAT64, FA_MAX_ARGUMENTS, fa_activation, fa_dtype,
                                 fa_form, library)

import threading

import numpy as np

from fastact import registry
from fastact._build import docstrings
from fastact._core import half_dtypes

cnp.import_array()
cnp.import_ufunc()

# What a loop needs to know, carried by the ufunc as its data pointer.
ctypedef struct Loop:
    const fa_activation *activation
    fa_form form
    fa_dtype dtype
    int arguments


cdef void inner_loop(char **args, const cnp.npy_intp *dimensions, const cnp.npy_intp *steps, void *data) noexcept nogil:
    """The one inner loop. The caller's args are not advanced: NumPy uses them again under where=."""
    cdef Loop *loop = <Loop *>data
    cdef Py_ssize_t own_steps[FA_MAX_ARGUMENTS]
    cdef int k
    for k in range(loop.arguments):
        own_steps[k] = steps[k]
    library.apply_strided(loop.activation, loop.form, loop.dtype, args, own_steps, dimensions[0])


cdef object make_ufunc(entry, form):
    """The ufunc of one form; its loops live as long as the process."""
    cdef bytes name = (entry.name + form.suffix).encode()
    cdef bytes activation = entry.name.encode()
    cdef bytes doc = docstrings.ufunc(entry, form.name).encode()
    cdef int number = registry.form_number(form.name), data_inputs = len(form.inputs)
    cdef int inputs = data_inputs + len(entry.parameters)
    cdef int outputs = len(form.outputs)
    cdef fa_dtype dtypes[3]
    cdef int numbers[3]
    cdef cnp.PyUFuncGenericFunction *functions = <cnp.PyUFuncGenericFunction *>malloc(3 * sizeof(void *))
    cdef void **data = <void **>malloc(3 * sizeof(void *))
    cdef char *types = <char *>malloc(3 * (inputs + outputs))
    cdef Loop *loops = <Loop *>malloc(3 * sizeof(Loop))
    cdef int k, j
    if functions == NULL or data == NULL or types == NULL or loops == NULL:
        raise MemoryError()
    dtypes[0], dtypes[1], dtypes[2] = FA_FLOAT16, FA_FLOAT32, FA_FLOAT64  # narrow to wide, as promotion searches
    numbers[0], numbers[1], numbers[2] = cnp.NPY_FLOAT16, cnp.NPY_FLOAT, cnp.NPY_DOUBLE
    for k in range(3):
        loops[k].activation = library.find(activation)
        loops[k].form = <fa_form>number
        loops[k].dtype = dtypes[k]
        loops[k].arguments = inputs + outputs
        functions[k] = <cnp.PyUFuncGenericFunction>inner_loop
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
            ufunc = make_ufunc(entry, registry.FORMS[form])
            made[ufunc.__name__] = ufunc
    return made


cdef void add_bfloat16(entry, form, int type_number) except *:
    """Give one ufunc a loop for bfloat16, NumPy's type of this number; as for float16, parameters are double."""
    cdef object ufunc = _made[entry.name + form.suffix]
    cdef bytes activation = entry.name.encode()
    cdef int types[FA_MAX_ARGUMENTS]
    cdef int k, data_inputs = len(form.inputs)
    cdef Loop *loop = <Loop *>malloc(sizeof(Loop))
    if loop == NULL:
        raise MemoryError()
    loop.activation = library.find(activation)
    loop.form = registry.form_number(form.name)
    loop.dtype = FA_BFLOAT16
    loop.arguments = ufunc.nargs
    for k in range(ufunc.nargs):
        types[k] = cnp.NPY_DOUBLE if data_inputs <= k < ufunc.nin else type_number
    if cnp.PyUFunc_RegisterLoopForType(ufunc, type_number, <cnp.PyUFuncGenericFunction>inner_loop, types, loop) < 0:
        raise TypeError(f"NumPy accepts no bfloat16 loop for {ufunc.__name__}")


_bfloat16 = None  # the dtype, once it has been met
_meeting = threading.Lock()


def register_bfloat16_loops():
    """Add loops for ml_dtypes.bfloat16 if somebody has imported it; returns its dtype, or None."""
    global _bfloat16
    if _bfloat16 is None and half_dtypes.bfloat16() is not None:
        with _meeting:
            dtype = np.dtype(half_dtypes.bfloat16())
            for entry in registry.ACTIVATIONS if _bfloat16 is None else ():
                for form in entry.forms:
                    add_bfloat16(entry, registry.FORMS[form], dtype.num)
            _bfloat16 = dtype
    return _bfloat16


_made = _make_all()
globals().update(_made)
__all__ = list(_made)
register_bfloat16_loops()
