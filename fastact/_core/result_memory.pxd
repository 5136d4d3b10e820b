# cython: language_level=3
"""New arrays for results: see result_memory.pyx."""
cimport numpy as cnp

cdef cnp.ndarray new_array(int ndim, cnp.npy_intp *shape, int number)
