"""``python -m fastact accuracy``: the worst error of each function, measured against mpmath.

ULP is the total error |got - exact| / ulp(exact), subnormal results included; 0.5 is correctly rounded.
"""
import argparse
import concurrent.futures
import importlib.util
import math
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import threading
import time

from fastact import registry
from fastact._build import readme
from fastact.accuracy import formulas
from fastact._build.command_line import positive

FORMS = ("value", "derivative")
MORE_FORMS = tuple(form for form in registry.FORMS if form not in FORMS)
DTYPES = ("float32", "float64", "float16", "bfloat16")
STRIDE = 251   # prime, so that every bit of the mantissa varies
PIECES = 64    # of an exhaustive sweep
MANY = 600     # float64 points an exponent in an exhaustive sweep: more than 10^7


def main(argv=None):
    """Run the tool; returns the exit code."""
    options = _parse(argv)
    if options.isa:
        return _again(options.isa, list(sys.argv[1:] if argv is None else argv))
    import fastact
    wanted = os.environ.get("FASTACT_ISA", fastact.isa())
    if wanted != fastact.isa():
        print(f"this processor has no {wanted}: it would run {fastact.isa()}", file=sys.stderr)
        return 1
    if options.digest:
        from fastact.accuracy import digest
        return digest.main(options.against)
    try:
        formulas.context()
    except ImportError as error:
        print(error, file=sys.stderr)
        return 1
    taken = "of every float32 input" if options.exhaustive else "of a sample of the inputs (--exhaustive takes every float32)"
    print(f"fastact {fastact.__version__}, {fastact.isa()}: error in ULP, the largest {taken}; beside it the bound in "
          "fastact/registry.py, that of an exhaustive sweep, which the tests enforce", flush=True)
    start = time.perf_counter()
    worst = measure(options)
    print(f"{time.perf_counter() - start:.0f} s")
    if options.write:
        write(worst)
    return 0


def _parse(argv):
    parser = argparse.ArgumentParser(prog="python -m fastact accuracy", description=__doc__)
    parser.add_argument("names", nargs="*", help="functions or aliases (all)")
    parser.add_argument("--form", choices=FORMS + MORE_FORMS, help="only this form (value and derivative)")
    parser.add_argument("--dtype", choices=DTYPES, help="only this dtype (all four)")
    parser.add_argument("--isa", choices=("baseline", "avx2", "avx512", "neon"), help="measure this instruction set")
    parser.add_argument("--stride", type=positive, default=STRIDE, metavar="N",
                        help=f"take every N-th float32 input ({STRIDE})")
    parser.add_argument("--exhaustive", action="store_true",
                        help="take every float32 input and ten million float64 ones, at the default parameters")
    parser.add_argument("--processes", type=positive, default=2, metavar="N",
                        help="work in N processes, or as many as there are processors (2)")
    parser.add_argument("--write", action="store_true",
                        help="write the bounds into registry.py and README.md of the source tree")
    parser.add_argument("--digest", action="store_true",
                        help="print a hash of every function's results instead, as JSON; needs NumPy alone")
    parser.add_argument("--against", metavar="FILE",
                        help="with --digest: list what differs from the digests in FILE; the exit code is 1 where something does")
    options = parser.parse_args(argv)
    if options.against and not options.digest:
        parser.error("--against needs --digest")
    known, names = [*registry.by_name(), *(row.name for row in registry.ROWS)], registry.aliases()
    options.names = [names.get(name, name) for name in options.names] or known
    unknown = sorted(set(options.names) - set(known))
    if unknown:
        parser.error(f"no activation {', '.join(unknown)}; there are {', '.join(known)}")
    if options.write and (options.form or options.dtype):
        parser.error("--write needs all forms and dtypes")
    if options.dtype == "bfloat16" and not importlib.util.find_spec("ml_dtypes"):
        parser.error("bfloat16 needs ml_dtypes: pip install ml_dtypes")
    return options


def _again(isa, arguments):
    """The same command under another instruction set, which is chosen when fastact is loaded."""
    at = next(k for k, argument in enumerate(arguments) if argument.split("=")[0] == "--isa")
    del arguments[at:at + (1 if "=" in arguments[at] else 2)]
    environment = {**os.environ, "FASTACT_ISA": isa}
    return subprocess.run([sys.executable, "-m", "fastact", "accuracy", *arguments], env=environment).returncode


def dtypes(form):
    """Those in which a form is measured here: bfloat16 needs ml_dtypes, and an absolute error a wide dtype."""
    from fastact.accuracy import sweeps
    there = DTYPES if importlib.util.find_spec("ml_dtypes") else DTYPES[:-1]
    return DTYPES[:2] if form in sweeps.ABSOLUTE else there


def _pieces(options):
    """What the processes do, one row after the other: (row, function, arguments)."""
    from fastact.accuracy import rows
    for name in options.names:
        entry = registry.by_name().get(name)
        for form in [options.form] if options.form else FORMS:
            for dtype in [options.dtype] if options.dtype else dtypes(form):
                row = (name, form, dtype)
                if entry is None:
                    if rows.has(name, form, dtype):
                        yield row, rows.sweep, row
                elif form not in registry.FORMS or form in entry.forms:
                    yield from ((row, *piece) for piece in _sweeps(entry, form, dtype, options))


def _sweeps(entry, form, dtype, options):
    from fastact.accuracy import sample_points, sweeps, ulp
    for case in sweeps.cases(entry, form, dtype):
        every = options.exhaustive and case.parameters == entry.defaults
        if dtype in ulp.HALF:
            yield sweeps.sweep_half, (case,)
        elif dtype == "float64":
            yield sweeps.sweep_float64, (case,)  # the tests' points among them
            if every:
                yield sweeps.sweep_float64, (case, MANY, 1)
        elif every:
            for k in range(PIECES):
                piece = sample_points.FINITE // PIECES
                yield sweeps.sweep_float32, (case, k * piece, (k + 1) * piece)
        else:
            yield sweeps.sweep_float32, (case, 0, sample_points.FINITE, options.stride)


def measure(options):
    """Run the sweeps and print each row when it is done; returns {(name, form, dtype): Worst}."""
    from fastact.accuracy import sweeps
    pieces = list(_pieces(options))
    worst = {row: sweeps.Worst() for row, _, _ in pieces}
    start, spawn = time.perf_counter(), multiprocessing.get_context("spawn")
    processes, others = min(options.processes, len(pieces), os.cpu_count() or 1), multiprocessing.active_children()
    with concurrent.futures.ProcessPoolExecutor(processes, spawn, _start_process) as pool:
        try:
            before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # which processes inherit: the parent answers to Ctrl-C
            try:
                futures = [pool.submit(function, *arguments) for _, function, arguments in pieces]
            finally:
                signal.signal(signal.SIGINT, before)
            for k, (row, _, _) in enumerate(pieces):
                worst[row] = worst[row].merge(futures[k].result())
                _progress(f"{k + 1} of {len(pieces)} pieces, {time.perf_counter() - start:.0f} s")
                if k + 1 == len(pieces) or pieces[k + 1][0] != row:
                    _progress("")
                    print(_line(row, worst[row]), flush=True)
        except BaseException:  # Ctrl-C above all: a piece takes seconds, and the pool would wait for it
            for process in set(multiprocessing.active_children()) - set(others):
                process.terminate()
            raise
    return worst


def _progress(text):
    """Rewrite the terminal's last line."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def _start_process():
    import fastact
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # again, for Windows
    threading.Thread(target=_end_with_parent, daemon=True).start()
    fastact.set_num_threads(1)


def _end_with_parent():
    multiprocessing.parent_process().join()
    os._exit(1)


def _line(row, worst):
    from fastact.accuracy import ulp
    name, form, dtype = row
    bounds = getattr(registry.by_name().get(name), dtype, None) if form in FORMS else None
    text = f"{name:<16} {form:<10} {dtype:<8}  {worst.error:6.4f}{worst.unit}"
    text += f" (bound {getattr(bounds, form):g})" if bounds else ""
    if worst.error:
        text += f" at x = {worst.x.hex()} ({worst.x:.9g}): {worst.got:.9g}, exact {worst.want:.9g}"
        parameters = getattr(registry.by_name().get(name), "parameters", ())
        text += "".join(f", {p.name} {v:.9g}" for p, v in zip(parameters, worst.parameters))
    text += f"; {worst.inputs} inputs"
    counted = dtype in ulp.HALF and name in registry.by_name()
    return text + (f", {worst.misrounded} misrounded" if counted else "") + worst.note


def table():
    """The registry's bounds as a Markdown table."""
    def cells(entry):
        for bounds in (entry.float32, entry.float64):
            yield from (f"{bounds.value:g}", f"{bounds.derivative:g}") if bounds else ("", "")

    head = ["ULP", "float32", "derivative", "float64", "derivative"]
    return readme.markdown(head, [[f"`{e.name}`", *cells(e)] for e in registry.ACTIVATIONS])


def write(worst):
    """Write measured bounds, rounded up, into registry.py, and the table of all bounds into README.md."""
    path = readme.project_file("fastact/registry.py")
    text = path.read_text(encoding="utf-8")
    for name in dict.fromkeys(name for name, _, _ in worst if name in registry.by_name()):
        bounds = ", ".join(f"{dtype}=Bounds({', '.join(str(_up(worst[name, form, dtype].error)) for form in FORMS)})"
                           for dtype in DTYPES[:2])
        text = with_bounds(text, name, bounds)
    path.write_text(text, encoding="utf-8")
    fresh = subprocess.run([sys.executable, "-c", "from fastact import accuracy; print(accuracy.table())"],
                           capture_output=True, text=True, check=True)
    readme.write_section("accuracy", fresh.stdout)


def _up(error):
    """Rounded up to two decimals."""
    return math.ceil(error * 100) / 100


def with_bounds(text, name, bounds):
    """registry.py's text with the bounds of one entry replaced, or added at its end."""
    start = text.index(f'    Entry(\n        name="{name}",')
    stop = text.index("\n    ),\n", start)
    entry = re.sub(r"\n        float32=Bounds\(.*", "", text[start:stop])
    return f"{text[:start]}{entry}\n        {bounds},{text[stop:]}"
