"""What a call costs besides its arithmetic: 100 calls on 16 float32, so that asv's own call does not count."""
from functools import partial

import numpy as np

from .common import ACTIVATIONS, FRESH, LIBRARIES, OUT, ROWS, SideBySide, contenders

CALLS = range(100)


class Call(SideBySide):
    """A fresh output or one that exists; "negative" is NumPy's cheapest ufunc."""

    params = (ACTIVATIONS + ROWS, [*LIBRARIES, "negative"], [FRESH, OUT])
    param_names = ["name", "library", "place"]

    def setup(self, name, library, place):
        self.prepare(name, library, "value", 16, "float32", place)

    def time_100_calls(self, name, library, place):
        call = self.call
        for _ in CALLS:
            call()


class Bound(SideBySide):
    """The call whose arrays are fixed beforehand."""

    params = ACTIVATIONS
    param_names = ["name"]

    def setup(self, name):
        if contenders is None or name not in contenders.ENTRIES:
            raise NotImplementedError(f"fastact has no {name}")
        entry = contenders.ENTRIES[name]
        inputs, out = contenders.sample(entry, "value", 16, "float32")
        self.step = contenders.contender("fastact", entry, "value", inputs, out, contenders.BIND)

    def time_100_calls(self, name):
        step = self.step
        for _ in CALLS:
            step()


class Ufunc:
    """NumPy's cheapest ufunc and its tanh, for comparison."""

    params = (["negative", "tanh"], [FRESH, OUT])
    param_names = ["ufunc", "place"]

    def setup(self, ufunc, place):
        x = np.random.default_rng(0).standard_normal(16, np.float32)
        out = {"out": np.ones_like(x)} if place == OUT else {}
        self.call = partial(getattr(np, ufunc), x, **out)

    def time_100_calls(self, ufunc, place):
        call = self.call
        for _ in CALLS:
            call()
