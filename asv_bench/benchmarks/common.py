"""What the benchmarks share: names from the registry, libraries side by side, arrays and threads.

The files can be imported with any version of the package. What a version or a library lacks shows as
n/a, because `prepare` raises NotImplementedError.

FASTACT_BENCH=quick in the environment keeps five activations, two functions of rows and the ends of the
scales, for figures within minutes; the full suite has every function.
"""
import contextlib
import importlib
import os

import numpy as np

try:
    from fastact import registry
    from fastact.bench import cases, contenders

    ACTIVATIONS = [entry.name for entry in registry.ACTIVATIONS]
    ROWS = [entry.name for entry in registry.ROWS]
except ImportError:
    cases = contenders = registry = None
    ACTIVATIONS, ROWS = [], []

for library in ("numpy.random", "ml_dtypes", "scipy.special", "torch"):  # once, before asv forks for each row
    with contextlib.suppress(ImportError):
        importlib.import_module(library)

QUICK = os.environ.get("FASTACT_BENCH") == "quick"
if QUICK:
    ACTIVATIONS = [name for name in ("relu", "tanh", "silu", "gelu", "mish") if name in ACTIVATIONS]
    ROWS = [name for name in ("softmax", "logsumexp") if name in ROWS]
LIBRARIES = ["fastact", "numpy", "torch"]
DTYPES = ["float32", "float64", "float16", "bfloat16"]
IN_PLACE, OUT, FRESH, READ = PLACES = ["in place", "out", "fresh", "read"]
CACHE, MEMORY = 1 << 16, 1 << 24


def has_form(name, form):
    """Whether this version of fastact has it."""
    return contenders is not None and name in contenders.ENTRIES and contenders.has_form(contenders.ENTRIES[name], form)


def short(values):
    """These, or the first and the last of them in the quick suite."""
    values = list(values)
    return [values[0], values[-1]] if QUICK else values


class SideBySide:
    """A benchmark that calls one function of one library; a subclass sets `params`.

    There are thousands of rows, so each takes a fraction of a second: the whole suite less than an hour.
    """

    rounds = 1
    repeat = (3, 10, 0.1) if QUICK else (3, 12, 0.3)
    warmup_time = 0.02
    threads = 1

    def prepare(self, name, library, form, n, dtype, place=OUT, axis=-1):
        """Make the arrays and `self.call`, or raise NotImplementedError where there is no such function."""
        if not has_form(name, form):
            raise NotImplementedError(f"fastact has no {form} of {name}")
        entry = contenders.ENTRIES[name]
        self.terms = contenders.equal_terms(self.threads, [library])
        self.terms.__enter__()
        try:
            inputs, out = contenders.sample(entry, form, n, dtype, axis)
            out = inputs[0] if place == IN_PLACE else out
            self.call = contenders.contender(library, entry, form, inputs, out, OUT if place == IN_PLACE else place, axis)
        except ImportError as error:  # a dtype that needs ml_dtypes
            self.call = None
            raise NotImplementedError(str(error)) from error
        finally:
            if getattr(self, "call", None) is None:
                self.teardown()
        if self.call is None:
            raise NotImplementedError(f"{library} is not installed or has no {form} of {name} in {dtype}")
        self.errors = np.seterr(all="ignore")  # formulas of NumPy's that overflow on the way

    def teardown(self, *params):
        """Give the libraries their threads back."""
        terms, self.terms = getattr(self, "terms", None), None
        errors, self.errors = getattr(self, "errors", None), None
        if errors is not None:
            np.seterr(**errors)
        if terms is not None:
            terms.__exit__(None, None, None)
