"""What ``accuracy --write`` writes: bounds into registry.py, tables of them into the pages, a line above each kernel in C.

The line says the worst error and the input where it happened, of float32 and of float64:
``/* Error in ULP: 1.42 at 0x1.e2p+2 (every 251st float32); 1.37 at -0x1.3cp-3 (2.1e6 float64). */``
"""
import json
import math
import re
import subprocess
import sys

import numpy as np

from fastact import registry
from fastact._tools import pages

FORMS = ("value", "derivative")  # whose bounds stand in the registry
_DTYPES = ("float32", "float64")
_WIDTH = 130                     # of a line of C


def write(worst, stride):
    """Write what sweeps of every stride-th float32 found, {(name, form, dtype): Worst}; stride is 1 of an exhaustive sweep.

    A bound is what an exhaustive sweep finds, so that others only raise it.
    """
    path = pages.project_file("fastact/registry.py")
    text = path.read_text(encoding="utf-8")
    for name in dict.fromkeys(name for name, _, _ in worst if name in registry.by_name()):
        text = with_bounds(text, name, {dtype: {form: worst[name, form, dtype].error for form in FORMS} for dtype in _DTYPES},
                           stride == 1)
        header = pages.project_file(f"src_c/activations/{name}.h")
        code = header.read_text(encoding="utf-8")
        for form, function in zip(FORMS, (name, f"{name}_derivative")):
            code = with_line(code, function, line(name, *(worst[name, form, dtype] for dtype in _DTYPES), stride))
        header.write_text(code, encoding="utf-8")
    path.write_text(text, encoding="utf-8")
    fresh = subprocess.run([sys.executable, "-c", "import json; from fastact._tools import pages; from fastact.accuracy import "
                            "writing; print(json.dumps([writing.table(), pages.readme_table()]))"],
                           capture_output=True, text=True, check=True)
    for section, content in zip(("accuracy", "summary"), json.loads(fresh.stdout)):
        pages.write_section(section, content)


# ---- bounds ----

def table():
    """The registry's bounds as a Markdown table."""
    def cells(entry):
        for bounds in (entry.float32, entry.float64):
            yield from (f"{bounds.value:g}", f"{bounds.derivative:g}") if bounds else ("", "")

    head = ["ULP", "float32", "derivative", "float64", "derivative"]
    return pages.markdown(head, [[f"`{e.name}`", *cells(e)] for e in registry.ACTIVATIONS])


def _up(error):
    """Rounded up to two decimals."""
    return math.ceil(error * 100) / 100


def with_bounds(text, name, errors, exhaustive=True):
    """registry.py's text with the bounds of one entry replaced, or added at its end, from {dtype: {form: error}}."""
    def bound(dtype, form):
        before = getattr(registry.by_name()[name], dtype)
        return max(_up(errors[dtype][form]), getattr(before, form) if before and not exhaustive else 0.0)

    bounds = ", ".join(f"{dtype}=Bounds({', '.join(str(bound(dtype, form)) for form in FORMS)})" for dtype in _DTYPES)
    start = text.index(f'    Entry(\n        name="{name}",')
    stop = text.index("\n    ),\n", start)
    entry = re.sub(r"\n        float32=Bounds\(.*", "", text[start:stop])
    return f"{text[:start]}{entry}\n        {bounds},{text[stop:]}"


# ---- lines above kernels ----

def line(name, float32, float64, stride):
    """The comment for the worst errors of one function."""
    which = {1: "every"}.get(stride) or f"every {stride}{_ordinal(stride)}"
    parts = [f"{_where(name, float32, 'float32')} ({which} float32);",
             f"{_where(name, float64, 'float64')} ({_count(float64.inputs)} float64)."]
    text = f"/* Error in ULP: {' '.join(parts)} */"
    return text if len(text) <= _WIDTH else f"/* Error in ULP: {parts[0]}\n   {parts[1]} */"


def _ordinal(number):
    return "th" if number // 10 % 10 == 1 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def _count(number):
    digits = f"{number:.1e}".replace("+0", "")
    return digits if number >= 1e6 else f"{number:,}"


def _where(name, worst, dtype):
    if not worst.error:
        return "0"
    x = re.sub(r"\.?0*p", "p", worst.x.hex())
    parameters = zip(registry.by_name()[name].parameters, map(np.dtype(dtype).type, worst.parameters))
    return ", ".join([f"{_up(worst.error):g} at {x}", *(f"{p.name} {value!s}" for p, value in parameters)])


def with_line(code, function, comment):
    """A header's text with the comment above a function, in place of an earlier one; ValueError without such a function."""
    pattern = rf"(/\* Error in ULP: [^/]*\*/\n)?(?=INLINE REAL FN\({function}\)\()"
    if not re.search(pattern, code):
        raise ValueError(f"src_c/activations has no function FN({function})")
    return re.sub(pattern, lambda found: comment + "\n", code, count=1)
