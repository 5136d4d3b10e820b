"""Gated and biased forms beside the two calls, or more, that they replace; float32, one thread."""
from .common import ACTIVATIONS, CACHE, SideBySide

FUSED = ["gated", "gated_backward", "biased", "biased_backward"]
BEYOND_L2 = 1 << 20


class Fused(SideBySide):
    """Into outputs that exist. "two_calls" is this library's own function and NumPy's product or sum."""

    params = (ACTIVATIONS, ["fastact", "two_calls", "torch"], FUSED, [CACHE, BEYOND_L2])
    param_names = ["name", "library", "form", "n"]

    def setup(self, name, library, form, n):
        self.prepare(name, library, form, n, "float32")

    def time_out(self, name, library, form, n):
        self.call()
