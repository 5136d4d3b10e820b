# cython: language_level=3
"""Calls whose arrays are fixed: see binding.pyx."""
from cpython.object cimport PyObject

from fastact._core.capi cimport fa_bound, fa_row_options
from fastact._core.form cimport vectorcallfunc

cdef enum:
    MAX_HELD = 6  # arrays


cdef class BoundCall:
    cdef vectorcallfunc vectorcall
    cdef fa_bound call
    cdef PyObject *held[MAX_HELD]  # the arrays, and where their data was when they were bound
    cdef void *places[MAX_HELD]
    cdef int count, inputs  # of the arrays; the outputs come last
    cdef readonly object result
    cdef str name
    cdef object arrays, guards
    cdef object options  # kept alive: the parameters of a form, or mask, sinks and biases of a function of rows
    cdef int hold(self, str name, list arrays, result) except -1
    cdef bint stale(self) noexcept
    cdef str fault(self)


cdef fa_row_options all_row_options(mask, double temperature, attention) except *
