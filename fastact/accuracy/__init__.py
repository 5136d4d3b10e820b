"""``python -m fastact accuracy``: the worst error of each function, measured against mpmath.

ULP is the total error |got - exact| / ulp(exact), subnormal results included; 0.5 is correctly rounded.

In this folder `formulas` evaluates the registry's formulas with NumPy, mpmath and MPFR. `sample_points` chooses millions of
points, and `oracle` computes the exact values there. `sweeps` measures the kernels of activations, `rows` the functions of
rows, `losses` the losses; `ulp` defines the unit. `writing` writes the errors into registry.py, README.md and the kernel
headers. `digest` hashes results, to compare builds bit by bit.
"""
import concurrent.futures
import importlib.util
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time

from fastact import registry
from fastact._tools import command_line
from fastact.accuracy import formulas, rows, sample_points, sweeps, ulp, writing
from fastact.accuracy.writing import FORMS

MORE_FORMS = tuple(form for form in registry.FORMS if form not in FORMS)
DTYPES = ("float32", "float64", "float16", "bfloat16")
STRIDE = 251   # prime, so that every bit of the mantissa varies
PIECES = 64    # of an exhaustive sweep
MANY = 600     # float64 points an exponent in an exhaustive sweep: more than 10^7


def main(argv=None):
    """Run the tool; returns the exit code."""
    options = _parse(argv)
    if options.isa not in (None, os.environ.get("FASTACT_ISA")):  # the instruction set is chosen when fastact is loaded
        command = [sys.executable, "-m", "fastact", "accuracy", *(sys.argv[1:] if argv is None else argv)]
        return subprocess.run(command, env={**os.environ, "FASTACT_ISA": options.isa}).returncode
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
        writing.write(worst, 1 if options.exhaustive else options.stride)
    return 0


def _parse(argv):
    parser = command_line.parser("accuracy", __doc__, ["gelu", "gelu --form backward --dtype float16 --isa avx2", "--digest"])
    parser.add_argument("names", nargs="*", type=command_line.function, help="functions, by their names in any library (all)")
    parser.add_argument("--form", choices=FORMS + MORE_FORMS, help="only this form (value and derivative)")
    parser.add_argument("--dtype", choices=DTYPES, help="only this dtype (all four)")
    parser.add_argument("--isa", choices=("baseline", "avx2", "avx512", "neon"), help="measure this instruction set")
    parser.add_argument("--stride", type=command_line.positive, default=STRIDE, metavar="N",
                        help=f"take every N-th float32 input ({STRIDE})")
    parser.add_argument("--exhaustive", action="store_true",
                        help="take every float32 input and ten million float64 ones, at the default parameters")
    parser.add_argument("--processes", type=command_line.positive, default=2, metavar="N",
                        help="work in N processes, or as many as there are processors (2)")
    parser.add_argument("--write", action="store_true",
                        help="write what was measured into a source tree: bounds into registry.py and README.md, which are only "
                             "raised without --exhaustive, and the worst input above each kernel in src_c/activations")
    parser.add_argument("--digest", action="store_true",
                        help="print a hash of every function's results instead, as JSON; needs NumPy alone")
    parser.add_argument("--against", metavar="FILE",
                        help="with --digest: list what differs from the digests in FILE; the exit code is 1 where something does")
    options = parser.parse_args(argv)
    if options.against and not options.digest:
        parser.error("--against needs --digest")
    known = [*registry.by_name(), *(row.name for row in registry.ROWS)]
    options.names = options.names or known
    unmeasured = sorted(set(options.names) - set(known))
    if unmeasured:
        parser.error(f"{', '.join(unmeasured)}: measure the activation that it multiplies by")
    if options.write and (options.form or options.dtype):
        parser.error("--write needs all forms and dtypes")
    if options.dtype == "bfloat16" and not importlib.util.find_spec("ml_dtypes"):
        parser.error("bfloat16 needs ml_dtypes: pip install ml_dtypes")
    return options


def _pieces(options):
    """What the processes do, one row of the output after the other: (row, function, arguments)."""
    there = DTYPES if importlib.util.find_spec("ml_dtypes") else DTYPES[:-1]
    for name in options.names:
        entry = registry.by_name().get(name)
        for form in [options.form] if options.form else FORMS:
            for dtype in [options.dtype] if options.dtype else DTYPES[:2] if form in sweeps.ABSOLUTE else there:
                row = (name, form, dtype)
                if entry is None:
                    if rows.has(name, form, dtype):
                        yield row, rows.sweep, row
                elif form in entry.forms:
                    yield from ((row, *piece) for piece in _sweeps(entry, form, dtype, options))


def _sweeps(entry, form, dtype, options):
    for case in sweeps.cases(entry, form, dtype):
        every = options.exhaustive and case.parameters == entry.defaults
        if dtype in ulp.HALF:
            yield sweeps.sweep_half, (case,)
        elif dtype == "float64":
            yield sweeps.sweep_float64, (case,)  # the tests' points among them
            if every:
                yield sweeps.sweep_float64, (case, MANY, 1)
        elif every:
            piece = sample_points.FINITE // PIECES
            yield from ((sweeps.sweep_float32, (case, k * piece, (k + 1) * piece)) for k in range(PIECES))
        else:
            yield sweeps.sweep_float32, (case, 0, sample_points.FINITE, options.stride)


def measure(options):
    """Run the sweeps and print each row when it is done; returns {(name, form, dtype): Worst}."""
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
    name, form, dtype = row
    entry = registry.by_name().get(name)
    bounds = getattr(entry, dtype, None) if form in FORMS else None
    text = f"{name:<16} {form:<10} {dtype:<8}  {worst.error:6.4f}{worst.unit}"
    text += f" (bound {getattr(bounds, form):g})" if bounds else ""
    if worst.error:
        text += f" at x = {worst.x.hex()} ({worst.x:.9g}): {worst.got:.9g}, exact {worst.want:.9g}"
        text += "".join(f", {p.name} {v:.9g}" for p, v in zip(getattr(entry, "parameters", ()), worst.parameters))
    text += f"; {worst.inputs} inputs"
    return text + (f", {worst.misrounded} misrounded" if dtype in ulp.HALF and entry else "") + worst.note
