"""Every elementwise activation: forms, sizes, dtypes, and where the result goes."""
from .common import ACTIVATIONS, DTYPES, FRESH, IN_PLACE, LIBRARIES, OUT, SideBySide

SIZES = [16, 4096, 65536, 1 << 20]


class Elementwise(SideBySide):
    """Into an output that exists."""

    params = (ACTIVATIONS, LIBRARIES, ["value", "backward"], SIZES, DTYPES)
    param_names = ["name", "library", "form", "n", "dtype"]

    def setup(self, name, library, form, n, dtype):
        self.prepare(name, library, form, n, dtype)

    def time_out(self, name, library, form, n, dtype):
        self.call()


class Derivative(SideBySide):
    """Into an output that exists; torch has no function for it."""

    params = (ACTIVATIONS, ["fastact", "numpy"], DTYPES)
    param_names = ["name", "library", "dtype"]

    def setup(self, name, library, dtype):
        self.prepare(name, library, "derivative", 65536, dtype)

    def time_out(self, name, library, dtype):
        self.call()


class FromOutput(SideBySide):
    """Backward from the output, for the activations that keep it."""

    params = (ACTIVATIONS, ["fastact", "torch"], DTYPES)
    param_names = ["name", "library", "dtype"]

    def setup(self, name, library, dtype):
        self.prepare(name, library, "backward_from_output", 65536, dtype)

    def time_backward(self, name, library, dtype):
        self.call()


class Place(SideBySide):
    """Into the input, an output that exists, or a new one, from the cache to the memory.

    A library that has only the last form of a function shows it in all three places.
    """

    params = (ACTIVATIONS, LIBRARIES, [IN_PLACE, OUT, FRESH], [65536, 1 << 24])
    param_names = ["name", "library", "place", "n"]
    # One call a setup: applied again and again in place, leaky_relu would end among the subnormals.
    number = 1
    warmup_time = 0
    repeat = (5, 30, 3.0)

    def setup(self, name, library, place, n):
        self.prepare(name, library, "value", n, "float32", place)

    def time_value(self, name, library, place, n):
        self.call()
