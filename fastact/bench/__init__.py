"""``python -m fastact bench``: this library beside NumPy, torch and others, in one process, on this machine.

Without options it measures every function on 65536 float32 in cache, with one thread and an existing output, beside NumPy,
torch and a copy. The libraries take turns sample by sample and the fastest sample counts, so ratios are reliable on a busy
machine too. ``--isa avx2`` makes NumPy, torch, oneDNN, MKL and JAX use AVX2 as well, by environment variables.

In this folder `cases` lists what can be measured. `contenders` has how each library computes it, with `numpy_rows`, `torch`,
`onnx`, `others` (SciPy, numexpr, JAX), `fused` and `mlp`. `timing` measures, `machine` describes the computer, `tables` and
`plot` show the figures. `write_pages` writes the speed tables of docs/benchmarks.md and README.md, with `fastact._tools.pages`.
asv's benchmarks in asv_bench/ use the same contenders.
"""
from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

import numpy as np

from fastact import config, registry
from fastact._tools import command_line, pages
from fastact._core.optional import optional
from fastact.bench import cases, mlp, others
from fastact.bench.contenders import ENTRIES, FORMS, OUT, PEERS, PLACES, YARDSTICKS, contender, equal_terms, has_form, sample
from fastact.bench.machine import HELD, describe, environment, held_environment, is_held
from fastact.bench.tables import format_table, speed_section, summary
from fastact.bench.timing import Progress, measure

__all__ = ["FORMS", "compare", "format_table", "main", "summary"]

LIBRARIES = tuple(side for side in PEERS if side != "fastact" and side not in YARDSTICKS)


def compare(
    names: Optional[Sequence[str]] = None, n: Union[int, Tuple[int, ...]] = 65536, dtype: Any = "float32",
    form: str = "value", repeat: int = 300, peers: Sequence[str] = ("numpy", "torch"), threads: int = 1,
    progress: Union[bool, Progress] = False, place: str = OUT, axis: int = -1, per: str = "element",
) -> List[Dict[str, Any]]:
    """Time functions of this library and of its peers on the same arrays.

    The libraries take turns, sample by sample, so that a change of the clock or a busy neighbour affects all of them; the
    fastest of `repeat` samples counts. Each library writes into an existing output, if it can, and uses the same number of
    threads (NumPy and SciPy use one).

    Parameters
    ----------
    names : sequence of str, optional
        In any library; all by default. Those that lack the form are left out.
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
            if "fastact" in raw:
                elements = max(array.size for array in inputs) if per == "element" else 1
                times = {f"{side}_ns": raw[side]["min_ns"] / elements if side in raw else None for side in sides}
                rows.append({"name": entry.name, **times, "unit": f"ns per {per}", "raw": raw})
    if bar is not progress:
        bar.clear()
    return rows


def _known(names: Optional[Sequence[str]], form: str, peers: Sequence[str], place: str) -> List[Any]:
    """The entries that have the form; ValueError for what the benchmark does not know."""
    names = [registry.find(name).name for name in names or ENTRIES]
    for given, known in ((names, ENTRIES), ([form], FORMS), (peers, PEERS), ([place], PLACES)):
        for name in given:
            if name not in known:
                raise ValueError(f"the benchmark does not know {name!r}; it knows {', '.join(known)}")
    return [ENTRIES[name] for name in names if has_form(ENTRIES[name], form)]


def measure_cases(chosen, names, peers, repeat, threads, show=lambda case, rows: None, progress=False):
    """Measure cases, for some names or all (empty), and tell show(case, rows) of each; rows by label."""
    wanted = [entry.name for entry in _known(names, "value", peers, OUT)]
    options = [{**case.options, "names": [name for name in case.options["names"] if name in wanted]} for case in chosen]
    bar = Progress(sum(len(each["names"]) for each in options), progress)
    groups = {}
    for case, each in zip(chosen, options):
        if not each["names"]:
            continue
        if case.what == "mlp":
            rows = mlp.compare(each["names"], peers, repeat, threads, bar)
        else:
            rows = compare(**each, repeat=repeat, threads=threads, progress=bar, peers=(*peers, *case.yardsticks))
        bar.clear()
        if rows:
            groups[case.label] = rows
            show(case, rows)
    return groups


def write_pages(repeat=300, progress=False, peers=("numpy", "torch")):
    """Measure what docs/benchmarks.md shows, and write it there and, in short, into README.md."""
    source = f"Measured with `python -m fastact bench --write` on {describe(environment(1), peers)}."
    pages.write_section("speed", lambda: speed_section(
        measure_cases(cases.page_cases(), (), peers, repeat, 1, progress=progress), source))
    pages.write_section("summary", pages.readme_table)


def _plot(path, names, peers, repeat, threads, progress):
    """Measure sizes from 16 to 64 Mi and draw them."""
    from fastact.bench import plot

    sizes = [case for n in cases.PLOT_SIZES for case in cases.cases("elementwise", n=[n])]
    panels: Dict[str, Dict[str, List[Tuple[int, float]]]] = {}

    def collect(case, rows):
        for row in rows:
            for side in ("fastact", *peers, "copy"):
                if row[f"{side}_ns"] is not None:
                    points = panels.setdefault(row["name"], {}).setdefault(side, [])
                    points.append((case.options["n"], row[f"{side}_ns"]))

    measure_cases(sizes, names or cases.PLOTTED, peers, repeat, threads, collect, progress)
    plot.draw(panels, path, describe(environment(threads)).split(";")[0])


def _parser():
    parser = command_line.parser("bench", __doc__, ["gelu silu", "softmax --what rows", "--what all --json speed.json"])
    parser.add_argument("names", nargs="*", help="functions, by their names in any library; default: all")
    parser.add_argument("--what", choices=[*cases.WHAT, "all"], default="elementwise",
                        help="rows: softmax and other functions of rows, by length and axis; calls: on 16 elements; "
                             "memory: 16 Mi elements; forms: gated and biased forms beside two calls; "
                             "dtypes: float64, float16, bfloat16; mlp: a training step; default: elementwise")
    parser.add_argument("--form", choices=FORMS, help="form of the function; default: value")
    parser.add_argument("--dtype", choices=["float16", "bfloat16", "float32", "float64"], help="default: float32")
    parser.add_argument("--n", nargs="+", type=command_line.positive, help="numbers of elements; default: 65536")
    parser.add_argument("--peers", default="numpy,torch",
                        help=f"libraries to compare with, of {','.join(LIBRARIES)}; default: numpy,torch")
    parser.add_argument("--threads", type=command_line.positive, default=1,
                        help="number of threads of each library; default: 1")
    parser.add_argument("--isa", choices=HELD, help="make fastact and the other libraries, if they can, use this instruction set")
    parser.add_argument("--repeat", type=command_line.positive, default=300, help="samples of each library; default: 300")
    parser.add_argument("--json", type=command_line.new_file, metavar="FILE",
                        help="write the machine and all figures, minima and medians, to this file")
    parser.add_argument("--plot", type=command_line.new_file, metavar="FILE",
                        help="measure sizes from 16 to 64 Mi instead, and draw them (PNG)")
    parser.add_argument("--write", action="store_true", help="update the tables in the pages of a source tree")
    return parser


def _tell_absent(peer, threads):
    try:
        with optional(peer, f"{peer} is not used, its column stays empty", '"fastact[peers]"'):
            importlib.import_module(peer) if peer != "jax" else others.jax(threads)
    except ImportError as error:
        print(error, file=sys.stderr)


def main(argv: Optional[List[str]] = None) -> int:
    """Run the comparison; returns the exit code."""
    parser = _parser()
    options = parser.parse_intermixed_args(argv)
    if options.isa and not is_held():  # the libraries read the environment when they are loaded
        if os.environ.get("FASTACT_ISA") == options.isa != config.isa():
            parser.error(f"this processor has no {options.isa}")
        command = [sys.executable, "-m", "fastact", "bench", *(sys.argv[1:] if argv is None else argv)]
        return subprocess.run(command, env=held_environment(options.isa)).returncode
    peers = [peer for peer in options.peers.split(",") if peer]
    progress = sys.stderr.isatty()
    results = []

    def show(case, rows):
        results.append({"what": case.what, "label": case.label, "options": case.options, "rows": rows})
        print(f"\n{case.label}\n{format_table(rows)}", flush=True)

    try:
        for peer in peers:
            if peer in LIBRARIES:
                _tell_absent(peer, options.threads)
        print(describe(environment(options.threads), peers))
        if options.write:
            write_pages(options.repeat, progress, peers)
        elif options.plot:
            _plot(options.plot, options.names, peers, options.repeat, options.threads, progress)
        else:
            kinds = cases.WHAT if options.what == "all" else [options.what]
            chosen = [case for what in kinds for case in cases.cases(what, options.form, options.dtype, options.n)]
            groups = measure_cases(chosen, options.names, peers, options.repeat, options.threads, show, progress)
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
