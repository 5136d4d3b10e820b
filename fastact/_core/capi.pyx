# cython: language_level=3, freethreading_compatible=True
"""The C library: the table of its functions that capi.pxd declares, and its settings of threads and instruction set."""
import operator
from contextvars import ContextVar

from fastact import registry

cdef extern from * nogil:
    """
    #define FASTACT_ENTRY(name) .name = fa_##name,
    static const fastact_library fastact_table = {FASTACT_LIBRARY(FASTACT_ENTRY)};
    """
    const fastact_library fastact_table
    int fa_set_num_threads(int threads)
    int fa_get_num_threads()
    int fa_most_threads()
    void fa_count_limits(int change, int (*limit)() noexcept nogil)
    void fa_use_one_thread(int change) noexcept nogil
    int fa_bad_threads, fa_bad_omp_threads, fa_bad_isa
    const char *fa_isa()

library = &fastact_table


cdef int no_memory_for_columns(const fa_activation *activation, Py_ssize_t rows, Py_ssize_t columns) except -1 with gil:
    raise MemoryError(f"fastact.{activation.name.decode()}.biased_backward: memory ran out for the sums of {columns} columns "
                      f"of {rows} rows")


cdef int no_memory_for_rows(fa_row_form form, double temperature, Py_ssize_t rows, Py_ssize_t n) except -1 with gil:
    row, kind = registry.row_forms()[form]
    if temperature < 0:
        row = next(other for other in registry.ROWS if other.negates == row.name)
    name = row.name if kind == "value" else f"{row.name}.{kind}"
    raise MemoryError(f"fastact.{name}: memory ran out for {rows} row(s) of {n} elements")


cdef fa_status apply_on_one_thread(const fa_activation *activation, fa_form form, fa_dtype dtype, char **data,
                                   const Py_ssize_t *steps, Py_ssize_t n) noexcept nogil:
    """fa_apply_strided on the calling thread."""
    fa_use_one_thread(1)
    cdef fa_status status = library.apply_strided(activation, form, dtype, data, steps, n)
    fa_use_one_thread(-1)
    return status


cdef fa_status rows_on_one_thread(fa_row_form form, fa_dtype dtype, const void *first, const void *second, void *out,
                                  Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner, const unsigned char *mask,
                                  double temperature) noexcept nogil:
    """fa_rows_with, with a mask and a temperature, on the calling thread."""
    fa_use_one_thread(1)
    cdef fa_row_options options = row_options(mask, temperature)
    cdef fa_status status = library.rows_with(form, dtype, first, second, out, outer, n, inner, &options)
    fa_use_one_thread(-1)
    return status


def addresses():
    """Addresses of C functions and of activations, by name, for compilers such as numba, which have threads of their own.

    Code that numba keeps on disk calls them by these names, and crashes where one is missing.
    """
    return {"apply_on_one_thread": <size_t>&apply_on_one_thread, "rows_on_one_thread": <size_t>&rows_on_one_thread,
            **{entry.name: <size_t>library.find(entry.name.encode()) for entry in registry.ACTIVATIONS}}


def checked_threads(name, threads):
    """A number of threads that may be set, as an int."""
    try:
        number = operator.index(threads)
    except TypeError:
        raise TypeError(f"fastact.{name} takes a whole number of threads, got {threads!r}") from None
    if not 0 <= number <= fa_most_threads():
        raise ValueError(f"fastact.{name} takes from 1 to {fa_most_threads()} threads on this machine (4 for each processor, or "
                         f"64), or 0 for the default; got {number}")
    return number


def set_num_threads(threads):
    """Use this many threads for this library's loops, in the whole process; 0 restores the default.

    Other libraries' threads do not change, and blocks of `num_threads` keep their own number.

    Parameters
    ----------
    threads : int
        From 1 to the largest number, which is 4 for each processor of the machine, at least 64; or 0.

    Returns
    -------
    int
        The number that was set before, 0 for the default.

    Raises
    ------
    TypeError
        If ``threads`` is not an integer.
    ValueError
        If it is negative or too large. The setting does not change then.
    """
    return fa_set_num_threads(checked_threads("set_num_threads", threads))


def get_num_threads():
    """The number of threads that a long loop would use now and here."""
    return fa_get_num_threads()


# The blocks of num_threads that are open in a context, the innermost last: lists of one number, -1 after a block's end.
limits = ContextVar("fastact.num_threads", default=())


cdef int limit_here() noexcept with gil:
    """The number of the innermost block that is open in the caller's context, -1 outside of any."""
    for limit in reversed(limits.get()):
        if limit[0] >= 0:
            return limit[0]
    return -1


def count_limits(int change):
    """Count a block more (1) or less (-1): C asks for the limit only if there are any."""
    fa_count_limits(change, limit_here)


def bad_environment():
    """Environment variables with unusable values: their names, and what is done instead."""
    most = fa_most_threads()
    return [(name, text) for bad, name, text in (
        (fa_bad_threads, "FASTACT_NUM_THREADS", f"no number of threads from 1 to {most}: the default is used"),
        (fa_bad_omp_threads, "OMP_NUM_THREADS", f"more threads than fastact uses: it uses at most {most}"),
        (fa_bad_isa, "FASTACT_ISA", f"no instruction set of this processor: {isa()} is used")) if bad]


def isa():
    """The instruction set in use: "baseline", "avx2", "avx512" or "neon"."""
    return fa_isa().decode()


for _function in (set_num_threads, get_num_threads, isa):
    _function.__module__ = "fastact"  # where users find them, and pickles too
