"""The most memory that a process needs for one call on 4 Mi float32, 16 MiB an array.

Into an output that exists or a fresh one, fastact should need little more than the floor.
"""
from .common import ACTIVATIONS, FRESH, LIBRARIES, OUT, SideBySide

N = 1 << 22
FORMS = ["value", "backward"]


class Peak(SideBySide):
    """A call of each library."""

    params = (ACTIVATIONS, LIBRARIES, FORMS, [OUT, FRESH])
    param_names = ["name", "library", "form", "place"]

    def setup(self, name, library, form, place):
        self.prepare(name, library, form, N, "float32", place)

    def peakmem_call(self, name, library, form, place):
        self.call()


class Floor(SideBySide):
    """The libraries, the inputs and an output, between which something is copied."""

    params = FORMS
    param_names = ["form"]

    def setup(self, form):
        self.prepare("identity", "copy", form, N, "float32")

    def peakmem_call(self, form):
        self.call()
