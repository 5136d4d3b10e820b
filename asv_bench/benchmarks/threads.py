"""More threads: no size should be slower with them than without; float32 into an output that exists."""
import os

from .common import ACTIVATIONS, SideBySide, short

CPUS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
SIZES = short([1 << 14, 1 << 18, 1 << 22])


class Threads(SideBySide):
    """One thread and as many as there are processors."""

    params = (ACTIVATIONS, ["fastact", "torch"], [1, max(2, CPUS)], SIZES)
    param_names = ["name", "library", "threads", "n"]

    def setup(self, name, library, threads, n):
        self.threads = threads
        self.prepare(name, library, "value", n, "float32")

    def time_out(self, name, library, threads, n):
        self.call()
