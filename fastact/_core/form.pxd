# cython: language_level=3
"""One form of an activation: see form.pyx."""
from cpython.object cimport PyObject

cimport numpy as cnp

from fastact._core.capi cimport FA_MAX_PARAMETERS, fa_activation, fa_form

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

    /* Only the package makes objects of this type, from C: others would be without their pointers. */
    static PyObject *fastact_refuse(PyTypeObject *type, PyObject *args, PyObject *kwargs)
    {
        (void)args, (void)kwargs;
        return PyErr_Format(PyExc_TypeError, "%s objects cannot be made by hand", type->tp_name);
    }
    static void fastact_refuse_new(PyTypeObject *type)
    {
        type->tp_new = fastact_refuse;
        type->tp_vectorcall = NULL; /* Cython's, which would call the other */
        PyType_Modified(type);
    }
    """
    ctypedef struct PyTypeObject:
        pass
    ctypedef PyObject *(*vectorcallfunc)(PyObject *, PyObject *const *, size_t, PyObject *) except NULL
    void fastact_use_vectorcall(PyTypeObject *type, Py_ssize_t offset)
    void fastact_refuse_new(PyTypeObject *type)
    Py_ssize_t PyVectorcall_NARGS(size_t)


cdef int dtype_of(cnp.ndarray array) except -2


cdef class Form:
    cdef vectorcallfunc vectorcall
    cdef const fa_activation *activation
    cdef fa_form form
    cdef int inputs, parameters, required, outputs
    cdef int bias_row       # which input may be one row, or -1
    cdef int bias_gradient  # which output is the gradient of that row, or -1
    cdef double defaults[FA_MAX_PARAMETERS]
    cdef double least[FA_MAX_PARAMETERS]
    cdef object facts       # its registry.Form
    cdef object own_ufunc
    cdef readonly object info
    cdef readonly str __name__
    cdef object names
    cdef Form variant(self, dict named)
    cdef list fill(self, tuple args, dict named)
    cdef object call_ufunc(self, tuple args, dict kwargs)
    cdef object float8_of(self, list values)
    cdef object call_float8(self, list values, dtype, dict kwargs)
    cdef object call_containers(self, list values, dict kwargs)
    cdef object call_refused(self, list values, dict kwargs, error)


cdef object look_up(str name, bytes table, cnp.ndarray x, cnp.dtype dtype, out)
cdef void use_vectorcall(type form_type, Form form) noexcept
