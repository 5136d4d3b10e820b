"""``python -m fastact demo``: activations on real data, how relu units die, and the speed."""
from __future__ import annotations

import sys
import textwrap
import time
import warnings
from typing import Any, List, NamedTuple, Optional

import numpy as np

import fastact as fa
from fastact._tools import command_line, pages
from fastact._core.optional import optional
from fastact.bench import compare, format_table
from fastact.config import cpu_name

LAYERS = [64, 128, 10]
SEED = 0
BATCH = 32
TESTED = 360  # of the 1797 digits
SHOWN = ("identity", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "selu", "softplus", "silu", "gelu", "mish", "hard_silu")


class _Digits(NamedTuple):
    train_x: Any
    train_y: Any
    test_x: Any
    test_y: Any


def main(argv: Optional[List[str]] = None) -> int:
    """Run the demo; returns the exit code."""
    parser = command_line.parser("demo", __doc__, ["", "--epochs 10"])
    parser.add_argument("--epochs", type=command_line.positive, default=60, help="epochs of each training (60)")
    options = parser.parse_args(argv)
    try:
        with optional("sklearn", "The demo reads its data from scikit-learn", '"fastact[demo]"'):
            from sklearn.datasets import load_digits
    except ImportError as error:
        print(error, file=sys.stderr)
        return 1
    pixels, labels = load_digits(return_X_y=True)
    pixels = (pixels / 16).astype(np.float32)
    order = np.random.default_rng(SEED).permutation(len(pixels))
    test, train = order[:TESTED], order[TESTED:]
    digits = _Digits(pixels[train], labels[train], pixels[test], labels[test])

    _compare_activations(digits, options.epochs)
    _show_dying_units(digits, options.epochs)
    _compare_speed()
    return 0


def _compare_activations(digits: _Digits, epochs: int) -> None:
    print(f"Handwritten digits, {len(digits.train_x)} for training and {TESTED} for the test; "
          f"MLP({LAYERS}), Adam, {epochs} epochs", flush=True)
    _print_table([_train(digits, name, epochs) for name in SHOWN])
    print("accuracy: the fraction of test digits that are recognised. identity makes the network linear: what the others gain\n"
          "over it is what an activation is for. dead units: hidden units with slope 0 on every training digit.", flush=True)


def _show_dying_units(digits: _Digits, epochs: int) -> None:
    print("\nDying relu: at learning rate 1.0 the first steps push units below 0 for every digit, where "
          "the slope is 0,\nand they never come back. leaky_relu keeps a slope there:", flush=True)
    _print_table([_train(digits, name, epochs, lr=1.0) for name in ("relu", "leaky_relu")])


def _compare_speed() -> None:
    print(f"\nSpeed on {cpu_name()}, {fa.isa()}, one thread, 64 Ki float32 in cache:", flush=True)
    print(format_table(compare(n=65536, dtype="float32", progress=sys.stderr.isatty())))
    print("\nIn brackets: how many times as long NumPy and torch take, - where they have no such function or are not installed.\n"
          "Next: python -m fastact recommend hidden, python -m fastact info gelu, python -m fastact plot gelu silu")


def _train(digits: _Digits, name: str, epochs: int, **options: Any) -> List[str]:
    """Train one network; returns its row of the table."""
    net = fa.MLP(LAYERS, activation=name, random_state=SEED, **options)
    start = time.perf_counter()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", fa.diagnostics.DeadUnitsWarning)  # the table counts them
            net.fit(digits.train_x, digits.train_y, epochs, BATCH, progress=f"{name:16}")
    except FloatingPointError:
        return [name, "diverged", "-", "-"]
    seconds = time.perf_counter() - start
    accuracy = net.evaluate(digits.test_x, digits.test_y)["accuracy"]
    dead = round(net.dead_units(digits.train_x)[0] * LAYERS[1])
    return [name, f"{accuracy:.3f}", f"{seconds:.2f}", f"{dead} of {LAYERS[1]}"]


def _print_table(rows: List[List[str]]) -> None:
    table = pages.plain(["activation", "accuracy", "seconds", "dead units"], rows, numbers=True)
    print(textwrap.indent(table, "  "), flush=True)
