"""What a time depends on: the processor, the instruction set, threads and versions."""
import contextlib
import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from fastact import config

PACKAGES = ("fastact", "numpy", "torch", "onnxruntime", "jax", "jaxlib", "numexpr", "scipy", "ml_dtypes")
SETTINGS = ("OMP_", "FASTACT_", "KMP_", "NPY_", "ATEN_", "ONEDNN_", "MKL_", "XLA_")

# By instruction set, the variables that hold us and others to it: NumPy from 2.4 on and before, torch, oneDNN and
# MKL under torch (MKL computes torch's exp, tanh and erf on Intel's processors), JAX.
# With names that it does not know NumPy keeps AVX-512 without a word. onnxruntime has no such variable.
HELD = {"avx2": {
    "FASTACT_ISA": "avx2", "ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2", "XLA_FLAGS": "--xla_cpu_max_isa=AVX2",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX512_SPR",
}}


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
        "settings": {name: value for name, value in os.environ.items() if name.startswith(SETTINGS)},
    }


def held_environment(isa):
    """A copy of the environment in which libraries that are loaded later use no more than this instruction set."""
    flags = " ".join(filter(None, [os.environ.get("XLA_FLAGS"), HELD[isa]["XLA_FLAGS"]]))
    return {**os.environ, **HELD[isa], "XLA_FLAGS": flags}


def is_held():
    """Whether this process has been started with such an environment for the instruction set in use."""
    wanted = HELD.get(config.isa())
    return wanted is not None and all(value in os.environ.get(name, "") for name, value in wanted.items())


def describe(where, packages=PACKAGES):
    """One line of `environment`, with the versions of these packages."""
    limit = f", limited to {where['default_threads']} of {where['cpus']} CPUs" if where["default_threads"] < where["cpus"] else ""
    versions = ", ".join(f"{package} {number}" for package, number in where["versions"].items()
                         if package in ("Python", "fastact", *packages))
    held = " (NumPy, torch with oneDNN and MKL, and JAX are held to it; onnxruntime cannot be)" if is_held() else ""
    return f"{where['cpu']}, {where['isa']}{held}, {where['threads']} thread(s){limit}; {versions}"


def caches():
    """Sizes of the first processor's caches by level and kind, where Linux tells."""
    found = {}
    for folder in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        with contextlib.suppress(OSError):
            level, kind, size = ((folder / name).read_text().strip() for name in ("level", "type", "size"))
            found[f"L{level} {kind}"] = size
    return found
