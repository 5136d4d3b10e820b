"""What ``python -m fastact bench`` can measure: the arguments of each comparison."""
from __future__ import annotations

import importlib.util
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from fastact import registry
from fastact.bench import contenders, fused as bench_fused

CACHE_N, MEMORY_N, BEYOND_N, CALL_N = 1 << 16, 1 << 24, 1 << 20, 16
PLOT_SIZES = tuple(4 ** power for power in range(2, 14))  # 16 to 64 Mi
PLOTTED = ("relu", "silu", "gelu", "tanh", "softplus", "mish")
LAYOUTS: Dict[str, Tuple[Tuple[int, ...], int]] = {
    "rows of 16": ((4096, 16), -1), "rows of 64": ((1024, 64), -1), "rows of 1000": ((64, 1000), -1),
    "rows of 32000": ((2, 32000), -1), "axis 0 of 64 x 1024": ((64, 1024), 0),
    "axis 1 of 16 x 64 x 64": ((16, 64, 64), 1),
}
WHAT = ("elementwise", "rows", "calls", "memory", "forms", "dtypes", "mlp")


def readable(n: float) -> str:
    """16, 4 Ki, 1 Mi."""
    for power, unit in ((20, " Mi"), (10, " Ki")):
        if n >= 1 << power and n % (1 << power - 6) == 0:
            return f"{n / (1 << power):g}{unit}"
    return f"{n:g}"


class Run(NamedTuple):
    """One table: arguments of ``bench.compare``, or of ``bench_mlp.compare`` where `what` is "mlp"."""

    what: str
    label: str
    options: Dict[str, Any]
    yardsticks: Tuple[str, ...] = ()


def runs(
    what: str, form: Optional[str] = None, dtype: Optional[str] = None, n: Optional[Sequence[int]] = None
) -> List[Run]:
    """The tables of one of `WHAT`; form, dtype and n where that leaves them open."""
    rows, every = [entry.name for entry in registry.ROWS], list(contenders.ENTRIES)
    of_form, of_dtype = form or "value", dtype or "float32"
    common = {"form": of_form, "dtype": of_dtype}
    if what == "elementwise":
        return [Run(what, f"{of_form}, {readable(size)} {of_dtype}", {**common, "names": every, "n": size}, ("copy",))
                for size in n or [CACHE_N]]
    if what == "rows":
        return [Run(what, f"{of_form}, {layout}, {of_dtype}", {**common, "names": rows, "n": shape, "axis": axis},
                    ("copy",)) for layout, (shape, axis) in LAYOUTS.items()]
    if what == "calls":
        return [Run(what, f"{of_form}, a call on {CALL_N} {of_dtype}, {_PLACE[place]}",
                    {**common, "names": every, "n": CALL_N, "place": place, "per": "call"}, ("negative",))
                for place in (contenders.FRESH, contenders.OUT, contenders.BIND)]
    if what == "memory":
        return [Run(what, f"{of_form}, {readable(size)} {of_dtype}, {_PLACE[place]}",
                    {**common, "names": every, "n": size, "place": place}, ("copy",))
                for size in n or [MEMORY_N] for place in (contenders.OUT, contenders.FRESH, contenders.READ)]
    if what == "forms":
        chosen = [form] if form in bench_fused.FORMS else list(bench_fused.FORMS)
        return [Run(what, f"{fused}, {readable(size)} {of_dtype}",
                    {"names": every, "form": fused, "dtype": of_dtype, "n": size}, ("two_calls",))
                for fused in chosen for size in n or [CACHE_N, BEYOND_N]]
    if what == "dtypes":
        return [Run(what, f"{of_form}, {readable(size)} {each}", {**common, "names": every, "dtype": each, "n": size}, ("copy",))
                for each in ([dtype] if dtype else _other_dtypes()) for size in n or [CACHE_N]]
    return [Run(what, "a training step of 64-32-10, batch 32, Adam", {"names": every})]


def _other_dtypes() -> List[str]:
    """All but float32; bfloat16 where ml_dtypes is installed."""
    return ["float64", "float16"] + ["bfloat16"] * (importlib.util.find_spec("ml_dtypes") is not None)


_PLACE = {contenders.OUT: "into an output", contenders.FRESH: "a fresh output", contenders.BIND: "bound",
          contenders.READ: "an output that is read next"}


def readme_runs() -> List[Run]:
    """The tables behind README's section: value, backward, backward_from_output, then what is summarised."""
    first = [run for form in ("value", "backward", "backward_from_output") for run in runs("elementwise", form)]
    return [*first, *(run for what in ("memory", "rows", "dtypes", "calls", "forms", "mlp") for run in runs(what))]
