"""``python -m fastact bench``: this library beside NumPy, torch and others, in one process, on this machine.

Without options: every function in cache, 65536 float32, one thread, into an existing output, beside NumPy,
torch and a copy. The sides take turns sample by sample and the quickest sample counts, so ratios hold on a
busy machine too.
"""
from __future__ import annotations

import argparse
import importlib
import json
import sys
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

import numpy as np

from fastact import registry
from fastact.bench import cases as bench_cases, mlp as bench_mlp, others as bench_peers
from fastact.bench.machine import describe, environment
from fastact.bench.tables import BEGIN, END, format_table, readme_section, summary, write_section
from fastact.bench.timing import Progress, measure
from fastact._build.command_line import new_file, positive
from fastact._core.optional import optional
from fastact.bench.contenders import ENTRIES, FORMS, OUT, PEERS, PLACES, YARDSTICKS, contender, equal_terms, has_form, sample

__all__ = ["BEGIN", "END", "FORMS", "compare", "format_table", "main", "summary"]

Row = Dict[str, Any]
LIBRARIES = tuple(side for side in PEERS if side != "fastact" and side not in YARDSTICKS)


def compare(
    names: Optional[Sequence[str]] = None, n: Union[int, Tuple[int, ...]] = 65536, dtype: Any = "float32",
    form: str = "value", repeat: int = 300, peers: Sequence[str] = ("numpy", "torch"), threads: int = 1,
    progress: Union[bool, Progress] = False, place: str = OUT, axis: int = -1, per: str = "element",
) -> List[Row]:
    """Time functions of this library and of its peers on the same arrays.

    The sides take turns, sample by sample, so that a change of the clock or a busy neighbour meets them
    all; the quickest of `repeat` samples counts. Everybody writes into an output that exists, where the
    library has such a form, and everybody uses the same number of threads (NumPy and SciPy have one).

    Parameters
    ----------
    names : sequence of str, optional
        Names or aliases; all by default. Those that lack the form are left out.
    n : int or tuple of int
        Elements, or the arrays' shape.
    dtype : dtype or "bfloat16"
    form : str
        "value", "derivative", "backward", "backward_from_output", or "gated", "biased" and their backwards.
    repeat : int
        Samples of each side; fewer where they take more than a few seconds.
    peers : sequence of str
        Of numpy, torch, onnxruntime, jax, numexpr, scipy; and of "copy", a streaming copy of the input,
        "negative", np.negative, and "two_calls", a gated or biased form by our function and NumPy's product
        or sum.
    threads : int
    progress : bool
        Show a bar on stderr.
    place : {"out", "fresh", "bind", "read"}
        Into an existing output, a fresh one, fastact's bound call beside the others' into an output, or into an
        existing output that NumPy's maximum reads next.
    axis : int
        Of functions of rows.
    per : {"element", "call"}

    Returns
    -------
    list of dict
        ``name``, ``fastact_ns`` and one ``<peer>_ns`` a peer: nanoseconds an element or a call, None where the
        peer is not installed or lacks the function; ``unit``; and ``raw``, with minimum and median of a call.

    Raises
    ------
    ValueError
        For an unknown name, form, peer or place.
    ImportError
        For bfloat16 without ml_dtypes.
    """
    chosen = _known(names, form, peers, place)
    bar = progress if isinstance(progress, Progress) else Progress(len(chosen), progress)
    rows = []
    with equal_terms(threads, peers):
        for entry in chosen:
            bar.step(f"{entry.name}, {form}, {n} {dtype}")
            inputs, out = sample(entry, form, n, dtype, axis)
            sides = ("fastact", *peers)
            with np.errstate(all="ignore"):  # formulas of NumPy's that overflow on the way
                raw = measure({side: contender(side, entry, form, inputs, out, place, axis) for side in sides}, repeat)
            if "fastact" not in raw:
                continue
            elements = max(array.size for array in inputs) if per == "element" else 1
            row: Row = {"name": entry.name}
            row.update({f"{side}_ns": raw[side]["min_ns"] / elements if side in raw else None for side in sides})
            rows.append({**row, "unit": f"ns per {per}", "raw": raw})
    if bar is not progress:
        bar.clear()
    return rows


def _known(names: Optional[Sequence[str]], form: str, peers: Sequence[str], place: str) -> List[Any]:
    """The entries that have the form; ValueError for what the benchmark does not know."""
    aliases = registry.aliases()
    names = [aliases.get(name, name) for name in names or ENTRIES]
    for given, known in ((names, ENTRIES), ([form], FORMS), (peers, PEERS), ([place], PLACES)):
        for name in given:
            if name not in known:
                raise ValueError(f"the benchmark does not know {name!r}; it knows {', '.join(known)}")
    return [ENTRIES[name] for name in names if has_form(ENTRIES[name], form)]


def run(
    cases: Sequence[bench_cases.Run], names: Sequence[str], peers: Sequence[str], repeat: int, threads: int,
    show: Any = lambda case, rows: None, progress: bool = False,
) -> Dict[str, List[Row]]:
    """Measure these cases, for some names or all (empty), and tell show(case, rows) of each; rows by label."""
    aliases = registry.aliases()
    wanted = [aliases.get(name, name) for name in names]
    _known(wanted, "value", peers, OUT)
    options = [{**case.options, "names": [n for n in case.options["names"] if not wanted or n in wanted]} for case in cases]
    bar = Progress(sum(len(each["names"]) for each in options), progress)
    groups = {}
    for case, each in zip(cases, options):
        if not each["names"]:
            continue
        if case.what == "mlp":
            rows = bench_mlp.compare(each["names"], peers, repeat, threads, bar)
        else:
            rows = compare(**each, repeat=repeat, threads=threads, progress=bar, peers=(*peers, *case.yardsticks))
        bar.clear()
        if rows:
            groups[case.label] = rows
            show(case, rows)
    return groups


def write_readme(path: Path, repeat: int = 300, progress: bool = False, peers: Sequence[str] = ("numpy", "torch")) -> None:
    """Measure what README's speed section shows and put it between its markers."""
    write_section(path, _read(path) and readme_section(
        run(bench_cases.readme_runs(), (), peers, repeat, 1, progress=progress),
        f"Measured with `python -m fastact bench --write` on {describe(environment(1), peers)}."))


def _read(path: Path) -> str:
    """README's text, checked for its markers before anything is measured."""
    text = path.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        raise ValueError(f"{path} lacks the markers {BEGIN} and {END}")
    return text


def _plot(path: str, names: Sequence[str], peers: Sequence[str], repeat: int, threads: int, progress: bool) -> None:
    """Measure sizes from 16 to 64 Mi and draw them."""
    from fastact.bench import plot as bench_plot

    cases = [case for n in bench_cases.PLOT_SIZES for case in bench_cases.runs("elementwise", n=[n])]
    panels: Dict[str, Dict[str, List[Tuple[int, float]]]] = {}

    def collect(case: bench_cases.Run, rows: List[Row]) -> None:
        for row in rows:
            for side in ("fastact", *peers, "copy"):
                if row[f"{side}_ns"] is not None:
                    points = panels.setdefault(row["name"], {}).setdefault(side, [])
                    points.append((case.options["n"], row[f"{side}_ns"]))

    run(cases, names or bench_cases.PLOTTED, peers, repeat, threads, collect, progress)
    bench_plot.draw(panels, path, describe(environment(threads)).split(";")[0])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m fastact bench", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="functions (all)")
    parser.add_argument("--what", choices=[*bench_cases.WHAT, "all"], default="elementwise",
                        help="rows: softmax and its kind, by length and axis; calls: on 16 elements; memory: 16 Mi; "
                             "forms: gated and biased beside two calls; dtypes: float64, float16, bfloat16; "
                             "mlp: a training step (elementwise)")
    parser.add_argument("--form", choices=FORMS, help="of the function (value)")
    parser.add_argument("--dtype", choices=["float16", "bfloat16", "float32", "float64"], help="(float32)")
    parser.add_argument("--n", nargs="+", type=positive, help="elements (65536)")
    parser.add_argument("--peers", default="numpy,torch", help=f"of {','.join(LIBRARIES)} (numpy,torch)")
    parser.add_argument("--threads", type=positive, default=1, help="of every library that has threads (1)")
    parser.add_argument("--repeat", type=positive, default=300, help="samples of each side (300)")
    parser.add_argument("--json", type=new_file, metavar="FILE",
                        help="write the machine and all figures there, minima and medians")
    parser.add_argument("--plot", type=new_file, metavar="FILE",
                        help="measure sizes from 16 to 64 Mi instead, and draw them (PNG)")
    parser.add_argument("--write", action="store_true", help="update the tables in README.md of a source tree")
    return parser


def _tell_absent(peer: str, threads: int) -> None:
    try:
        with optional(peer, f"{peer} is not used, its column stays empty", '"fastact[peers]"'):
            if peer == "jax":
                bench_peers.jax(threads)
            else:
                importlib.import_module(peer)
    except ImportError as error:
        print(error, file=sys.stderr)


def main(argv: Optional[List[str]] = None) -> int:
    """Run the comparison; returns the exit code."""
    parser = _parser()
    options = parser.parse_intermixed_args(argv)
    peers = [peer for peer in options.peers.split(",") if peer]
    progress = sys.stderr.isatty()
    results: List[Dict[str, Any]] = []

    def show(case: bench_cases.Run, rows: List[Row]) -> None:
        results.append({"what": case.what, "label": case.label, "options": case.options, "rows": rows})
        print(f"\n{case.label}\n{format_table(rows)}", flush=True)

    try:
        for peer in peers:
            if peer in LIBRARIES:
                _tell_absent(peer, options.threads)
        print(describe(environment(options.threads), peers))
        if options.write:
            write_readme(Path(__file__).parents[2] / "README.md", options.repeat, progress, peers)
            return 0
        if options.plot:
            _plot(options.plot, options.names, peers, options.repeat, options.threads, progress)
            return 0
        kinds = bench_cases.WHAT if options.what == "all" else [options.what]
        cases = [case for what in kinds for case in bench_cases.runs(what, options.form, options.dtype, options.n)]
        groups = run(cases, options.names, peers, options.repeat, options.threads, show, progress)
        if not groups:
            raise ValueError(f"none of {', '.join(options.names) or 'the functions'} has {options.form or options.what}")
        if len(groups) > 1:
            print(f"\n{summary(groups)}")
        if options.json:
            text = json.dumps({**environment(options.threads), "results": results}, indent=1)
            Path(options.json).write_text(text, encoding="utf-8")
    except (ImportError, OverflowError, ValueError) as error:
        parser.error(str(error))
    return 0
