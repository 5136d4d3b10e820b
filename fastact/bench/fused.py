"""Gated and biased forms for the benchmarks: their arrays, and the same computed by two calls and more.

Other libraries have no such forms, and neither has a user who does not know ours: he calls the activation
and multiplies, or adds and calls the activation, through an array in between.
"""
from __future__ import annotations

import importlib
from functools import partial
from typing import Any, Callable, List, NamedTuple, Optional, Tuple, Union

import numpy as np

from fastact import registry
from fastact.bench import torch as bench_torch

FORMS = tuple(name for name, form in registry.FORMS.items() if form.composed_of)
COLUMNS = 1024  # of the bias
Shape = Tuple[int, ...]


class Arithmetic(NamedTuple):
    """A library's own: how it takes an array, a product and a sum of two into `out`, and a sum of rows."""

    take: Callable[[Any], Any]
    multiply: Callable[..., Any]
    add: Callable[..., Any]
    sum_rows: Callable[..., Any]


NUMPY = Arithmetic(lambda array: array, np.multiply, np.add, partial(np.sum, axis=0))


def torch() -> Optional[Arithmetic]:
    """torch's, where it is installed."""
    try:
        module = importlib.import_module("torch")
    except ImportError:
        return None
    return Arithmetic(partial(bench_torch.tensor, module), module.mul, module.add, partial(module.sum, dim=0))


def shapes(form: str, n: Union[int, Shape]) -> Tuple[List[Shape], List[Shape]]:
    """Of the inputs and of the outputs."""
    facts = registry.FORMS[form]
    if isinstance(n, int):
        n = (max(1, n // COLUMNS), min(n, COLUMNS)) if facts.bias_row else (n,)
    inputs = [n[-1:] if name == facts.bias_row else n for name in facts.inputs]
    return inputs, [n[-1:] if output == facts.bias_gradient else n for output in facts.all_outputs]


def apart(
    library: Optional[Arithmetic], make: Callable[..., Any], entry: Any, form: str, inputs: List[Any], out: Any
) -> Optional[Callable[[], Any]]:
    """The form by the library's activation, which make(entry, form, inputs, out) gives, and its arithmetic.

    The array in between exists beforehand, where the library can write into one; with out=None it is fresh,
    and so are the results.
    """
    if library is None:
        return None
    between = np.ones_like(inputs[-2] if form == "biased_backward" else inputs[0])
    first, second = out if isinstance(out, tuple) else (out, None)
    if form == "gated":
        value = make(entry, "value", inputs[:1], None if out is None else between)
        return value and _gated(library, value, inputs, first)
    if form == "gated_backward":
        value = make(entry, "value", inputs[1:2], None if out is None else np.ones_like(between))
        slope = make(entry, "backward", [between, inputs[1]], first)
        return value and slope and _gated_backward(library, value, slope, inputs, between, second)
    if form == "biased":
        value = make(entry, "value", [between], first)
        return value and _biased(library, value, inputs, between)
    slope = make(entry, "backward", [inputs[0], between], first)
    return slope and _biased_backward(library, slope, inputs, between, second)


def _take(library: Arithmetic, *arrays: Any) -> List[Any]:
    return [None if array is None else library.take(array) for array in arrays]


def _gated(library: Arithmetic, value: Any, inputs: List[Any], out: Any) -> Callable[[], Any]:
    up, out = _take(library, inputs[1], out)
    return lambda: library.multiply(value(), up, out=out)


def _gated_backward(
    library: Arithmetic, value: Any, slope: Any, inputs: List[Any], between: Any, dup: Any
) -> Callable[[], Any]:
    grad, up, between, dup = _take(library, inputs[0], inputs[2], between, dup)

    def call() -> Any:
        library.multiply(grad, up, out=between)
        return slope(), library.multiply(grad, value(), out=dup)

    return call


def _biased(library: Arithmetic, value: Any, inputs: List[Any], between: Any) -> Callable[[], Any]:
    x, bias, between = _take(library, *inputs, between)

    def call() -> Any:
        library.add(x, bias, out=between)
        return value()

    return call


def _biased_backward(library: Arithmetic, slope: Any, inputs: List[Any], between: Any, dbias: Any) -> Callable[[], Any]:
    x, bias, between, dbias = _take(library, *inputs[1:], between, dbias)

    def call() -> Any:
        library.add(x, bias, out=between)
        dx = slope()
        return dx, library.sum_rows(dx, out=dbias)

    return call
