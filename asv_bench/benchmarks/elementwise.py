"""Every elementwise activation: sizes, forms, dtypes, and where the result goes; one thread."""
import numpy as np

from .common import (ACTIVATIONS, CACHE, DTYPES, FRESH, IN_PLACE, LIBRARIES, MEMORY, OUT, QUICK, READ, SideBySide, contenders,
                     has_form)

SIZES = [4 ** power for power in range(2, 13, 2)]  # 16 to 16 Mi


class Sizes(SideBySide):
    """float32 into an output that exists; "copy" is a copy of the input, streamed where that is quicker."""

    params = (ACTIVATIONS, [*LIBRARIES, "copy"], SIZES)
    param_names = ["name", "library", "n"]

    def setup(self, name, library, n):
        self.prepare(name, library, "value", n, "float32")

    def time_out(self, name, library, n):
        self.call()


class Forms(SideBySide):
    """In cache, into an output that exists. torch has the backward of some only from the output."""

    params = (ACTIVATIONS, LIBRARIES, ["value", "backward"], DTYPES)
    param_names = ["name", "library", "form", "dtype"]

    def setup(self, name, library, form, dtype):
        self.prepare(name, library, form, CACHE, dtype)

    def time_out(self, name, library, form, dtype):
        self.call()


class EightBits:
    """gelu of float8 and of quantised integers, by table, and a copy of as many bytes, into an output that exists."""

    params = (["float8", "quantized", "copy"], SIZES)
    param_names = ["kind", "n"]

    def setup(self, kind, n):
        if not hasattr(getattr(contenders, "activations", {}).get("gelu"), "quantized"):
            raise NotImplementedError("fastact has no tables of 8-bit types")
        gelu, x = contenders.activations["gelu"], np.random.default_rng(0).integers(0, 256, n).astype(np.uint8)
        out = np.empty_like(x)
        if kind == "float8":
            import ml_dtypes

            x, out = x.view(ml_dtypes.float8_e4m3fn), out.view(ml_dtypes.float8_e4m3fn)
        self.call = {"float8": lambda: gelu(x, out=out), "copy": lambda: np.copyto(out, x),
                     "quantized": lambda: gelu.quantized(x, 0.05, 128, 0.05, 128, out=out)}[kind]

    def time_out(self, kind, n):
        self.call()


class Derivative(SideBySide):
    """In cache, into an output that exists; torch has no function for it."""

    params = (ACTIVATIONS, ["fastact", "numpy"], DTYPES)
    param_names = ["name", "library", "dtype"]

    def setup(self, name, library, dtype):
        self.prepare(name, library, "derivative", CACHE, dtype)

    def time_out(self, name, library, dtype):
        self.call()


class FromOutput(SideBySide):
    """Backward from the output, for the activations that keep it."""

    params = ([name for name in ACTIVATIONS if has_form(name, "backward_from_output")], ["fastact", "torch"], DTYPES)
    param_names = ["name", "library", "dtype"]

    def setup(self, name, library, dtype):
        self.prepare(name, library, "backward_from_output", CACHE, dtype)

    def time_out(self, name, library, dtype):
        self.call()


class Place(SideBySide):
    """Into the input, an output that exists, a new one, or one that is read next, in the cache and from memory.

    A library that has only the third form of a function shows it in all places.
    """

    params = (ACTIVATIONS, LIBRARIES, [IN_PLACE, OUT, FRESH, READ], [CACHE, MEMORY])
    param_names = ["name", "library", "place", "n"]
    # One call a setup: applied again and again in place, leaky_relu would end among the subnormals.
    number = 1
    warmup_time = 0
    repeat = (5, 20, 0.3) if QUICK else (5, 20, 1.0)

    def setup(self, name, library, place, n):
        self.prepare(name, library, "value", n, "float32", place)

    def time_value(self, name, library, place, n):
        self.call()
