"""README's speed section and the plot, from asv's results.

    asv run && python report.py

reads the newest results in .asv/results, writes the tables between README's markers and docs/speed.png.
A full run has every figure; what a shorter one lacks is left out.
"""
from __future__ import annotations

import argparse
import ast
import itertools
import json
import math
import time
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

from fastact import config, registry
from fastact.bench import cases, plot as bench_plot
from fastact.bench.tables import readme_section, write_section
from fastact.bench.contenders import BIND, ENTRIES, FRESH, OUT

ROOT = Path(__file__).resolve().parent
LIBRARIES = ("numpy", "torch")
ROWS = {entry.name for entry in registry.ROWS}
CALLS_PER_BENCHMARK = 100
Times = Dict[Tuple[Any, ...], float]  # (benchmark, *parameters) -> seconds


def newest(folder: Path) -> Path:
    """The newest results of any machine.

    Raises
    ------
    FileNotFoundError
        Where asv has not run yet.
    """
    found = [path for path in folder.glob("*/*.json") if path.name not in ("machine.json", "benchmarks.json")]
    if not found:
        raise FileNotFoundError(f"no results in {folder}: run asv first")
    return max(found, key=lambda path: path.stat().st_mtime)


def read(path: Path) -> Tuple[Times, Dict[str, Any]]:
    """Every figure of one file of asv's, and the file itself; benchmarks without a figure are left out."""
    saved = json.loads(path.read_text(encoding="utf-8"))
    columns = saved["result_columns"]
    times: Times = {}
    for benchmark, values in saved["results"].items():
        row = dict(zip(columns, values))
        parameters = [[_parameter(text) for text in axis] for axis in row["params"]]
        for key, figure in zip(itertools.product(*parameters), row["result"] or ()):
            if figure is not None and not math.isnan(figure):
                times[(benchmark.rpartition(".")[0], *key)] = figure
    return times, saved


def _parameter(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return text


def rows(case: cases.Run, times: Times) -> List[Dict[str, Any]]:
    """One table, with rows as those of ``fastact.bench.compare``; functions that asv lacks are left out."""
    made = []
    sides = ("fastact", *LIBRARIES, *case.yardsticks)
    for name in case.options["names"]:
        figures = {f"{side}_ns": _figure(case, name, side, times) for side in sides}
        if figures["fastact_ns"] is not None:
            unit = {"calls": "ns per call", "mlp": "us per step"}.get(case.what, "ns per element")
            made.append({"name": name, **figures, "unit": unit})
    return made


def _figure(case: cases.Run, name: str, side: str, times: Times) -> Optional[float]:
    key, per = _key(case, name, side)
    seconds = times.get(key)
    return None if seconds is None else seconds * 1e9 / per


def _key(case: cases.Run, name: str, side: str) -> Tuple[Tuple[Any, ...], int]:
    """Where the figure stands in asv's results, and by what to divide it."""
    options = case.options
    form, dtype, n, place = (options.get(word) for word in ("form", "dtype", "n", "place"))
    if case.what == "mlp":
        return ("training.TrainStep", name, side), 1
    if case.what == "calls":
        bound = place == BIND and side == "fastact"
        key = ("overhead.Bound", name) if bound else ("overhead.Call", name, side, FRESH if place == FRESH else OUT)
        return key, CALLS_PER_BENCHMARK
    if case.what == "forms":
        return ("forms.Fused", name, side, form, n), n
    if side == "copy":  # measured in float32 only
        return ("elementwise.Sizes" if dtype == "float32" else "", name, "copy", n), n if isinstance(n, int) else 1
    if name in ROWS:
        layout = next((label for label, of in cases.LAYOUTS.items() if of == (n, options.get("axis"))), "rows of 1000")
        elements = math.prod(cases.LAYOUTS[layout][0])
        return ("rows.Rows", name, side, form, layout if case.what != "memory" else "", dtype), elements
    if case.what == "memory":
        return ("elementwise.Place", name, side, place, n), n
    if form in _CLASSES:
        return (_CLASSES[form], name, side, dtype), n
    return ("elementwise.Forms", name, side, form, dtype), n


_CLASSES = {"derivative": "elementwise.Derivative", "backward_from_output": "elementwise.FromOutput"}


def panels(times: Times) -> Dict[str, Dict[str, List[Tuple[int, float]]]]:
    """Time an element over the size, by function and library."""
    drawn: Dict[str, Dict[str, List[Tuple[int, float]]]] = {}
    for (benchmark, *key), seconds in times.items():
        if benchmark == "elementwise.Sizes" and key[0] in cases.PLOTTED and key[0] in ENTRIES:
            drawn.setdefault(key[0], {}).setdefault(key[1], []).append((key[2], seconds * 1e9 / key[2]))
    return {name: drawn[name] for name in cases.PLOTTED if name in drawn}


def describe(saved: Dict[str, Any]) -> str:
    """Processor, Python, commit and day of these results."""
    cpu = saved.get("params", {}).get("cpu", "")
    isa = f", {config.isa()}" if cpu == config.cpu_name() else ""  # asv does not save it
    day = time.strftime("%Y-%m-%d", time.gmtime(saved.get("date", 0) / 1000))
    return f"{cpu}{isa}, Python {saved.get('python', '')}, commit {saved.get('commit_hash', '')[:8]} of {day}"


def main(argv: Optional[List[str]] = None) -> int:
    """Write what is asked for; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--file", type=Path, help="one of asv's result files (the newest)")
    parser.add_argument("--readme", type=Path, default=ROOT.parent / "README.md", help="(the source tree's)")
    parser.add_argument("--plot", type=Path, default=ROOT.parent / "docs" / "speed.png", help="(docs/speed.png)")
    options = parser.parse_args(argv)
    try:
        times, saved = read(options.file or newest(ROOT / ".asv" / "results"))
        groups = {case.label: rows(case, times) for case in cases.readme_runs()}
        if not next(iter(groups.values())):
            raise ValueError("these results lack elementwise.Forms, which the tables begin with")
        source = f"Measured with asv on {describe(saved)}; written by `python asv_bench/report.py`."
        write_section(options.readme, readme_section(groups, source))
        print(f"wrote {options.readme}")
        drawn = panels(times)
        if drawn:
            bench_plot.draw(drawn, options.plot, f"{describe(saved)}; one thread")
            print(f"wrote {options.plot}")
    except (ImportError, OSError, ValueError) as error:
        parser.error(str(error))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
