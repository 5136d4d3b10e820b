"""What ``python -m fastact bench`` can measure: the arguments of each comparison."""
import importlib.util
from typing import Any, Dict, NamedTuple, Tuple

from fastact import registry
from fastact.bench import fused
from fastact.bench.contenders import BIND, ENTRIES, FRESH, OUT, READ

CACHE_N, MEMORY_N, BEYOND_N, CALL_N = 1 << 16, 1 << 24, 1 << 20, 16
PLOT_SIZES = tuple(4 ** power for power in range(2, 14))  # 16 to 64 Mi
PLOTTED = ("relu", "silu", "gelu", "tanh", "softplus", "mish")
LAYOUTS = {  # shape and axis
    "rows of 16": ((4096, 16), -1), "rows of 64": ((1024, 64), -1), "rows of 1000": ((64, 1000), -1),
    "rows of 32000": ((2, 32000), -1), "axis 0 of 64 x 1024": ((64, 1024), 0),
    "axis 1 of 16 x 64 x 64": ((16, 64, 64), 1),
}
WHAT = ("elementwise", "rows", "calls", "memory", "forms", "dtypes", "mlp")
_PLACE = {OUT: "into an output", FRESH: "a fresh output", BIND: "bound", READ: "an output that is read next"}


def readable(n):
    """16, 4 Ki, 1 Mi."""
    for power, unit in ((20, " Mi"), (10, " Ki")):
        if n >= 1 << power and n % (1 << power - 6) == 0:
            return f"{n / (1 << power):g}{unit}"
    return f"{n:g}"


class Case(NamedTuple):
    """One table: arguments of ``bench.compare``, or of ``bench.mlp.compare`` where `what` is "mlp"."""

    what: str
    label: str
    options: Dict[str, Any]
    yardsticks: Tuple[str, ...] = ()


def cases(what, form=None, dtype=None, n=None):
    """The tables of one of `WHAT`; form, dtype and n where that leaves them open."""
    rows, every = [entry.name for entry in registry.ROWS], list(ENTRIES)
    of_form, of_dtype = form or "value", dtype or "float32"
    common = {"form": of_form, "dtype": of_dtype}
    if what == "elementwise":
        return [Case(what, f"{of_form}, {readable(size)} {of_dtype}", {**common, "names": every, "n": size}, ("copy",))
                for size in n or [CACHE_N]]
    if what == "rows":
        return [Case(what, f"{of_form}, {layout}, {of_dtype}", {**common, "names": rows, "n": shape, "axis": axis},
                     ("copy",)) for layout, (shape, axis) in LAYOUTS.items()]
    if what == "calls":
        return [Case(what, f"{of_form}, a call on {CALL_N} {of_dtype}, {_PLACE[place]}",
                     {**common, "names": every, "n": CALL_N, "place": place, "per": "call"}, ("negative",))
                for place in (FRESH, OUT, BIND)]
    if what == "memory":
        return [Case(what, f"{of_form}, {readable(size)} {of_dtype}, {_PLACE[place]}",
                     {**common, "names": every, "n": size, "place": place}, ("copy",))
                for size in n or [MEMORY_N] for place in (OUT, FRESH, READ)]
    if what == "forms":
        chosen = [form] if form in fused.FORMS else list(fused.FORMS)
        return [Case(what, f"{each}, {readable(size)} {of_dtype}",
                     {"names": every, "form": each, "dtype": of_dtype, "n": size}, ("two_calls",))
                for each in chosen for size in n or [CACHE_N, BEYOND_N]]
    if what == "dtypes":
        others = ["float64", "float16"] + ["bfloat16"] * (importlib.util.find_spec("ml_dtypes") is not None)
        return [Case(what, f"{of_form}, {readable(size)} {each}", {**common, "names": every, "dtype": each, "n": size}, ("copy",))
                for each in ([dtype] if dtype else others) for size in n or [CACHE_N]]
    return [Case(what, "a training step of 64-32-10, batch 32, Adam", {"names": every})]


def page_cases():
    """The tables of docs/benchmarks.md: value, backward, backward_from_output, then what is summarised."""
    first = [case for form in ("value", "backward", "backward_from_output") for case in cases("elementwise", form)]
    return [*first, *(case for what in ("memory", "rows", "dtypes", "calls", "forms", "mlp") for case in cases(what))]
