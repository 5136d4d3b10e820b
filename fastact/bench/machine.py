"""What a time depends on: the processor, the instruction set, threads and versions."""
import contextlib
import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from fastact import config

PACKAGES = ("fastact", "numpy", "torch", "onnxruntime", "jax", "jaxlib", "numexpr", "scipy", "ml_dtypes")


def environment(threads, packages=PACKAGES):
    """Everything that the benchmarks' JSON says of the machine; versions of what is installed.

    ``default_threads`` is what affinity, the container's CPU quota and the environment leave. ``import_order`` has the
    packages that have been imported, in that order: the first that brings an OpenMP or BLAS library decides for all.
    """
    versions = {"Python": platform.python_version()}
    for package in packages:
        with contextlib.suppress(PackageNotFoundError):
            versions[package] = version(package)
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return {
        "cpu": config.cpu_name(), "isa": config.isa(), "threads": threads, "default_threads": config.get_num_threads(),
        "cpus": cpus, "caches": caches(), "system": platform.platform(), "versions": versions,
        "import_order": [module for module in sys.modules if module in PACKAGES],
        "settings": {name: value for name, value in os.environ.items() if name.startswith(("OMP_", "FASTACT_", "KMP_"))},
    }


def describe(where, packages=PACKAGES):
    """One line of `environment`, with the versions of these packages."""
    limit = f", limited to {where['default_threads']} of {where['cpus']} CPUs" if where["default_threads"] < where["cpus"] else ""
    versions = ", ".join(f"{package} {number}" for package, number in where["versions"].items()
                         if package in ("Python", "fastact", *packages))
    return f"{where['cpu']}, {where['isa']}, {where['threads']} thread(s){limit}; {versions}"


def caches():
    """Sizes of the first processor's caches by level and kind, where Linux tells."""
    found = {}
    for folder in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        with contextlib.suppress(OSError):
            level, kind, size = ((folder / name).read_text().strip() for name in ("level", "type", "size"))
            found[f"L{level} {kind}"] = size
    return found
