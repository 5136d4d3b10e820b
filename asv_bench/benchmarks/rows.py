"""Functions of whole rows, such as softmax: short and long rows, along the last axis and others."""
from .common import DTYPES, LIBRARIES, ROWS, SideBySide, cases

LAYOUTS = cases.LAYOUTS if cases else {}  # shape and axis by the name that the pages show


class Rows(SideBySide):
    """Into an output that exists."""

    params = (ROWS, LIBRARIES, ["value", "backward", "backward_from_output"], list(LAYOUTS), DTYPES[:2])
    param_names = ["name", "library", "form", "layout", "dtype"]

    def setup(self, name, library, form, layout, dtype):
        shape, axis = LAYOUTS[layout]
        self.prepare(name, library, form, shape, dtype, axis=axis)

    def time_out(self, name, library, form, layout, dtype):
        self.call()
