"""What a time depends on: the processor, the instruction set, threads, limits and versions."""
from __future__ import annotations

import contextlib
import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Dict, Optional, Sequence

from fastact import config

PACKAGES = ("fastact", "numpy", "torch", "onnxruntime", "jax", "jaxlib", "numexpr", "scipy", "ml_dtypes")


def environment(threads: int, packages: Sequence[str] = PACKAGES) -> Dict[str, Any]:
    """Everything that the benchmarks' JSON says of the machine; versions of what is installed.

    ``import_order`` has those of the packages that have been imported, in that order: the first that
    brings an OpenMP or BLAS library decides for all.
    """
    versions = {"Python": platform.python_version()}
    for package in packages:
        with contextlib.suppress(PackageNotFoundError):
            versions[package] = version(package)
    return {
        "cpu": config.cpu_name(), "isa": config.isa(), "threads": threads,
        "default_threads": config.get_num_threads(), "cpus": _affinity(), "cgroup_quota": cgroup_quota(),
        "caches": caches(), "system": platform.platform(), "versions": versions,
        "import_order": [module for module in sys.modules if module in PACKAGES],
        "settings": {name: value for name, value in os.environ.items() if name.startswith(("OMP_", "FASTACT_", "KMP_"))},
    }


def describe(where: Dict[str, Any], packages: Sequence[str] = PACKAGES) -> str:
    """One line of `environment`, with the versions of these packages."""
    quota = "" if where.get("cgroup_quota") is None else f", limited to {where['cgroup_quota']:g} CPUs"
    versions = ", ".join(f"{package} {number}" for package, number in where["versions"].items()
                         if package in ("Python", "fastact", *packages))
    return f"{where['cpu']}, {where['isa']}, {where['threads']} thread(s){quota}; {versions}"


def cgroup_quota(root: str = "/sys/fs/cgroup") -> Optional[float]:
    """CPUs that the container may use, from cgroup's second or first version; None without a limit."""
    with contextlib.suppress(OSError, ValueError):
        quota, period = Path(root, "cpu.max").read_text().split()
        return None if quota == "max" else int(quota) / int(period)
    with contextlib.suppress(OSError, ValueError):
        numbers = [int(Path(root, "cpu", f"cpu.cfs_{name}_us").read_text()) for name in ("quota", "period")]
        return None if numbers[0] <= 0 else numbers[0] / numbers[1]
    return None


def caches() -> Dict[str, str]:
    """Sizes of the first processor's caches by level and kind, where Linux tells."""
    found = {}
    for folder in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        with contextlib.suppress(OSError):
            level, kind, size = ((folder / name).read_text().strip() for name in ("level", "type", "size"))
            found[f"L{level} {kind}"] = size
    return found


def _affinity() -> int:
    """Processors that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
