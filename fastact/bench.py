"""``python -m fastact bench``: this library beside NumPy and torch, in one process, on this machine."""
from __future__ import annotations

import argparse
import contextlib
import json
import math
import platform
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence

from fastact import config, registry
from fastact.peers import ENTRIES, PEERS, equal_terms, has_form, sample

Row = Dict[str, Any]
FORMS = ("value", "derivative", "backward", "backward_from_output")
SAMPLE_NS = 100_000        # a sample calls a short function so often that the clock's steps do not show
ENOUGH_SECONDS = 4.0       # of one function's samples, once there are a few
FEW = 7
MEMORY_N = 1 << 24
BEGIN, END = "<!-- speed:begin -->", "<!-- speed:end -->"


def compare(
    names: Optional[Sequence[str]] = None, n: int = 65536, dtype: Any = "float32", form: str = "value",
    repeat: int = 300, peers: Sequence[str] = ("numpy", "torch"), threads: int = 1, progress: bool = False,
) -> List[Row]:
    """Time functions of this library and of its peers on the same arrays.

    The sides take turns, sample by sample, so that a change of the clock or a busy neighbour meets them
    all; the quickest of `repeat` samples counts. Everybody writes into an output that exists, where the
    library has such a form, and torch uses the same number of threads (NumPy has one).

    Parameters
    ----------
    names : sequence of str, optional
        Names or aliases; all by default. Those that lack the form are left out.
    n, dtype, form
        Elements, dtype, and "value", "derivative", "backward" or "backward_from_output".
    repeat : int
        Samples of each side; fewer where they take more than a few seconds.
    peers : sequence of {"numpy", "torch", "copy"}
        "copy" is a streaming copy of the input: what memory allows.
    threads : int
    progress : bool
        Name the function at work on stderr.

    Returns
    -------
    list of dict
        ``name``, ``fastact_ns`` and one ``<peer>_ns`` a peer: nanoseconds an element, None where the
        peer is not installed or lacks the function.

    Raises
    ------
    ValueError
        For an unknown name, form or peer.
    """
    aliases = registry.aliases()
    names = [aliases.get(name, name) for name in names or ENTRIES]
    for given, known in ((names, ENTRIES), ([form], FORMS), (peers, PEERS)):
        for name in given:
            if name not in known:
                raise ValueError(f"the benchmark does not know {name!r}; it knows {', '.join(known)}")
    rows = []
    with equal_terms(threads, "torch" in peers):
        for entry in (ENTRIES[name] for name in names if has_form(ENTRIES[name], form)):
            if progress:
                print(f"\r\033[K{entry.name}, {form}, {n} {dtype}", end="", file=sys.stderr, flush=True)
            inputs, out = sample(entry, form, n, dtype)
            row: Row = {"name": entry.name}
            calls = {}
            for side in ("fastact", *peers):
                calls[side] = PEERS[side](entry, form, inputs, out)
                row[f"{side}_ns"] = None
            for side, best in _best(calls, repeat).items():
                row[f"{side}_ns"] = best / inputs[-1].size
            rows.append(row)
    if progress:
        print("\r\033[K", end="", file=sys.stderr, flush=True)
    return rows


def _best(sides: Dict[str, Optional[Callable[[], Any]]], repeat: int) -> Dict[str, float]:
    """The quickest nanoseconds a call of each side that has one, sampled in turns."""
    clock = time.perf_counter_ns
    best = {}
    calls = {side: call for side, call in sides.items() if call is not None}
    for side, call in calls.items():
        call()
        start = clock()
        call()
        best[side] = float(clock() - start)
    numbers = {side: max(1, math.ceil(SAMPLE_NS / max(first, 1))) for side, first in best.items()}
    until = clock() + ENOUGH_SECONDS * 1e9
    for done in range(max(1, repeat)):
        if done >= FEW and clock() > until:
            break
        for side, call in calls.items():
            turns = range(numbers[side])
            start = clock()
            for _ in turns:
                call()
            best[side] = min(best[side], (clock() - start) / numbers[side])
    return best


def format_table(rows: Sequence[Row], markdown: bool = False) -> str:
    """The rows as text: ns an element, how many times fastact's time each peer takes, geometric means."""
    peers = [key for key in (rows[0] if rows else ()) if key not in ("name", "fastact_ns")]
    lines = [["ns per element", "fastact"] + [peer[:-3] for peer in peers]]
    logs: Dict[str, List[float]] = {peer: [] for peer in peers}
    for row in rows:
        lines.append([row["name"], f"{row['fastact_ns']:.3f}"])
        for peer in peers:
            ratio = row[peer] and row[peer] / row["fastact_ns"]
            lines[-1].append(f"{row[peer]:.3f} ({ratio:.2f}x)" if ratio else "-")
            logs[peer] += [math.log(ratio)] if ratio else []
    means = [f"{math.exp(sum(of) / len(of)):.2f}x" if of else "-" for of in logs.values()]
    lines.append(["geometric mean", "", *means])
    if markdown:
        lines.insert(1, ["---"] + ["---:"] * (len(peers) + 1))
        return "\n".join("| " + " | ".join(line) + " |" for line in lines)
    widths = [max(map(len, column)) for column in zip(*lines)]
    padded = [[line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])] for line in lines]
    return "\n".join("  ".join(line).rstrip() for line in padded)


def environment(threads: int) -> Dict[str, Any]:
    """What a time depends on: processor, instruction set, threads and versions."""
    versions = {"Python": platform.python_version()}
    for package in ("fastact", "numpy", "torch"):
        with contextlib.suppress(PackageNotFoundError):
            versions[package] = version(package)
    return {"cpu": config.cpu_name(), "isa": config.isa(), "threads": threads, "versions": versions}


def _describe(where: Dict[str, Any]) -> str:
    versions = ", ".join(f"{package} {number}" for package, number in where["versions"].items())
    return f"{where['cpu']}, {where['isa']}, {where['threads']} thread(s); {versions}"


def write_readme(path: Path, repeat: int = 300) -> None:
    """Measure what README's speed section shows and put it between its markers."""
    text = path.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        raise ValueError(f"{path} lacks the markers {BEGIN} and {END}")
    parts = ["65536 float32 in cache, one thread, into an existing output; in brackets, how many times fastact's time:"]
    for form in ("value", "backward", "backward_from_output"):
        table = format_table(compare(form=form, repeat=repeat, progress=sys.stderr.isatty()), markdown=True)
        parts.append(table.replace("ns per element", f"{form}, ns per element"))
    parts.append(f"Measured with `python -m fastact bench --write` on {_describe(environment(1))}.")
    before, after = text[:text.index(BEGIN) + len(BEGIN)], text[text.index(END):]
    path.write_text(before + "\n" + "\n\n".join(parts) + "\n" + after, encoding="utf-8")


def main(argv: Optional[List[str]] = None) -> int:
    """Run the comparison; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m fastact bench", description=__doc__)
    parser.add_argument("names", nargs="*", help="functions (all)")
    parser.add_argument("--n", nargs="+", type=int, default=[65536], help="elements (65536)")
    parser.add_argument("--dtype", default="float32", help="float16, float32 or float64 (float32)")
    parser.add_argument("--form", choices=FORMS, default="value")
    parser.add_argument("--peers", default="numpy,torch", help=f"of {', '.join(PEERS)} (numpy,torch)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=300, help="samples of each side (300)")
    parser.add_argument("--memory", action="store_true", help=f"{MEMORY_N} elements, beside a streaming copy")
    parser.add_argument("--json", metavar="FILE", help="write the figures there as well")
    parser.add_argument("--write", action="store_true", help="update the table in README.md of a source tree")
    options = parser.parse_args(argv)
    peers = [peer for peer in options.peers.split(",") if peer] + ["copy"] * options.memory
    where = environment(options.threads)
    results = []
    try:
        if options.write:
            write_readme(Path(__file__).parent.parent / "README.md", options.repeat)
            return 0
        print(_describe(where))
        for n in [MEMORY_N] if options.memory else options.n:
            rows = compare(options.names or None, n, options.dtype, options.form, options.repeat, peers,
                           options.threads, progress=sys.stderr.isatty())
            results.append({"n": n, "dtype": options.dtype, "form": options.form, "rows": rows})
            print(f"\n{options.form}, {n} {options.dtype}\n{format_table(rows)}", flush=True)
        if options.json:
            Path(options.json).write_text(json.dumps({**where, "results": results}, indent=1), encoding="utf-8")
    except (OSError, ValueError) as error:
        parser.error(str(error))
    return 0
