# cython: language_level=3, freethreading_compatible=True
"""New arrays for results. The memory of large ones is that of earlier results, if any is kept.

NumPy gets the memory through a handler (NEP 49) that is set only while the array is allocated.
"""
cimport numpy as cnp

import os
import warnings

cnp.import_array()

cdef extern from "numpy/arrayobject.h":
    object PyDataMem_SetHandler(object handler)  # NumPy's declarations for Cython have it from 2.2 on

cdef extern from "runtime/result_memory.h":
    size_t fa_result_memory_limit(size_t)
    size_t fa_result_memory_clear()

cdef extern from *:
    """
    #include <stdatomic.h>
    #include <string.h>
    #include "runtime/result_memory.h"
    static atomic_int fastact_recycling;
    static void *fastact_malloc(void *ctx, size_t n) { (void)ctx; return fa_result_acquire(n); }
    static void *fastact_calloc(void *ctx, size_t k, size_t n)
    {
        void *p = n && k > SIZE_MAX / n ? NULL : fa_result_acquire(k * n);
        (void)ctx;
        return p ? memset(p, 0, k * n) : NULL;
    }
    static void *fastact_realloc(void *ctx, void *p, size_t n)
    {
        (void)ctx;
        return p ? fa_result_resize(p, n) : fa_result_acquire(n);
    }
    static void fastact_free(void *ctx, void *p, size_t n) { (void)ctx; (void)n; if (p) fa_result_release(p); }
    static PyDataMem_Handler fastact_handler = {
        "fastact", 1, {NULL, fastact_malloc, fastact_calloc, fastact_realloc, fastact_free}};
    static PyObject *fastact_new_handler(void) { return PyCapsule_New(&fastact_handler, "mem_handler", NULL); }
    """
    object fastact_new_handler()
    bint _recycling "fastact_recycling"

cdef enum:
    LARGE = 1 << 22  # bytes; below, malloc keeps pages that were touched before

cdef object _handler = fastact_new_handler()


cdef cnp.ndarray new_array(int ndim, cnp.npy_intp *shape, int number):
    """An uninitialised C-contiguous array of a dtype by its number."""
    cdef cnp.npy_intp elements = 1
    cdef int k
    if _recycling:
        for k in range(ndim):
            elements *= shape[k]
        if elements >= LARGE // 8 and elements * cnp.PyArray_DescrFromType(number).itemsize >= LARGE:
            return _large(ndim, shape, number)
    return cnp.PyArray_EMPTY(ndim, shape, number, 0)


cdef cnp.ndarray _large(int ndim, cnp.npy_intp *shape, int number):
    before = PyDataMem_SetHandler(_handler)
    try:
        return cnp.PyArray_EMPTY(ndim, shape, number, 0)
    finally:
        PyDataMem_SetHandler(before)


def empty(tuple shape, cnp.dtype dtype not None):
    """An uninitialised C-contiguous array, as numpy.empty, of a float dtype."""
    cdef cnp.npy_intp lengths[64]  # NumPy's most
    cdef int k
    for k, n in enumerate(shape[:64]):
        lengths[k] = n
    return new_array(len(shape), lengths, dtype.num)


def set_limit(megabytes):
    """Set the limit, in megabytes, of the memory of deleted results that is kept for later ones; 0 keeps none."""
    global _recycling
    _recycling = megabytes > 0
    fa_result_memory_limit(<size_t>(megabytes * (1 << 20)))


def empty_cache():
    """Give the memory kept for later results back to the system; returns the number of bytes.

    Results of 4 MiB and more reuse the memory of earlier results. At most ``FASTACT_CACHE_MB`` megabytes are kept (256;
    0 switches this off).
    """
    return fa_result_memory_clear()


def _limit_of_environment():
    text = os.environ.get("FASTACT_CACHE_MB", "256")
    try:
        megabytes = float(text)
    except ValueError:
        megabytes = -1
    if 0 <= megabytes < 1 << 40:
        return megabytes
    warnings.warn(f"FASTACT_CACHE_MB={text!r} is no number of megabytes, 0 for no cache: the default of 256 is used",
                  RuntimeWarning, stacklevel=2)
    return 256


if os.name == "posix":
    set_limit(_limit_of_environment())
