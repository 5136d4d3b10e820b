"""Functions of whole rows, such as softmax: short and long rows, along the last axis and others."""
from .common import DTYPES, LIBRARIES, ROWS, SideBySide

# shape and axis by the name that the pages show
LAYOUTS = {
    "4096 rows of 16": ((4096, 16), -1),
    "1024 rows of 64": ((1024, 64), -1),
    "64 rows of 1000": ((64, 1000), -1),
    "2 rows of 32000": ((2, 32000), -1),
    "axis 0 of 64 x 1024": ((64, 1024), 0),
    "axis 1 of 16 x 64 x 64": ((16, 64, 64), 1),
}


class Rows(SideBySide):
    """Into an output that exists."""

    params = (ROWS, LIBRARIES, ["value", "backward", "backward_from_output"], list(LAYOUTS), DTYPES)
    param_names = ["name", "library", "form", "layout", "dtype"]

    def setup(self, name, library, form, layout, dtype):
        shape, axis = LAYOUTS[layout]
        self.prepare(name, library, form, shape, dtype, axis=axis)

    def time_out(self, name, library, form, layout, dtype):
        self.call()
