# cython: language_level=3
"""Calls whose arrays are fixed: see binding.pyx."""
from cpython.object cimport PyObject

from fastact._core.form cimport vectorcallfunc

cdef extern from "api/bound.h":
    ctypedef struct fa_bound:
        int (*run)(const fa_bound *) noexcept nogil
        Py_ssize_t n

cdef enum:
    MAX_HELD = 6  # arrays


cdef class Bound:
    cdef vectorcallfunc vectorcall
    cdef fa_bound call
    cdef PyObject *held[MAX_HELD]  # the arrays, and where their data was when they were bound
    cdef void *places[MAX_HELD]
    cdef int count, inputs  # of the arrays; the outputs come last
    cdef readonly object result
    cdef str name
    cdef object arrays, guards, numbers
    cdef int hold(self, str name, list arrays, result) except -1
    cdef bint stale(self) noexcept
    cdef str fault(self)
