"""Threads, instruction set, and what this build is made of."""
import contextlib
import os
import platform
from collections.abc import Iterator

import numpy as np

from fastact.kernels import get_num_threads, isa, set_num_threads

__all__ = ["get_include", "get_library_dir", "get_num_threads", "isa", "num_threads", "set_num_threads", "show_config"]


@contextlib.contextmanager
def num_threads(threads: int) -> Iterator[None]:
    """Use this many threads inside a ``with`` block, then what was used before.

    The setting is this library's own: BLAS, torch and other OpenMP users keep theirs.
    """
    before = set_num_threads(threads)
    try:
        yield
    finally:
        set_num_threads(before)


def get_include() -> str:
    """The folder of fastact.h, for C programs."""
    return os.path.join(os.path.dirname(__file__), "include")


def get_library_dir() -> str:
    """The folder of the static C library, libfastact.a, and of pkgconfig/fastact.pc."""
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
