"""Threads, instruction set, and what this build is made of."""
import contextlib
import os
import platform
import warnings
from collections.abc import Iterator

import numpy as np

from fastact._core.capi import (bad_environment, checked_threads, count_limits, get_num_threads, isa, limits,
                                 set_num_threads)

__all__ = ["get_include", "get_library_dir", "get_num_threads", "isa", "num_threads", "set_num_threads", "show_config"]


@contextlib.contextmanager
def num_threads(threads: int) -> Iterator[None]:
    """Use this many threads inside a ``with`` block.

    The number applies to the code in the block: to its thread, or to its asyncio task and the tasks that this task starts,
    like a `contextvars.ContextVar`. Other threads and the setting of `set_num_threads` do not change. The number is this
    library's own: BLAS, torch and other users of OpenMP keep theirs.

    Parameters
    ----------
    threads : int
        A number that `set_num_threads` accepts; 0 is the default.

    Raises
    ------
    TypeError, ValueError
        If `set_num_threads` would refuse the number.
    """
    limit = [checked_threads("num_threads", threads)]
    limits.set((*limits.get(), limit))
    count_limits(1)
    try:
        yield
    finally:
        limit[0] = -1  # tasks may have inherited the limit, and a generator may end in another context than it began in
        limits.set(tuple(each for each in limits.get() if each[0] >= 0))
        count_limits(-1)


for _name, _text in bad_environment():
    warnings.warn(f"{_name}={os.environ.get(_name)!r} is {_text}", RuntimeWarning, stacklevel=2)


def get_include() -> str:
    """The folder that contains fastact.h, for C programs."""
    return os.path.join(os.path.dirname(__file__), "include")


def get_library_dir() -> str:
    """The folder that contains libfastact.a, the static C library, pkgconfig/fastact.pc, and cmake/fastact for find_package."""
    return os.path.join(os.path.dirname(__file__), "lib")


def cpu_name() -> str:
    """The processor's name as the system gives it."""
    try:
        with open("/proc/cpuinfo") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def show_config() -> None:
    """Print the versions, the processor, the instruction set and the number of threads."""
    from fastact import __version__
    print(f"fastact {__version__}, NumPy {np.__version__}, Python {platform.python_version()}")
    print(f"{cpu_name()}, instruction set {isa()}, {get_num_threads()} thread(s)")
