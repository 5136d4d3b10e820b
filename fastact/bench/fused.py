"""Gated and biased forms for the benchmarks: their arrays, and the same computed by two calls and more.

Other libraries have no such forms. There a user calls the activation and multiplies, or adds and calls the activation,
through an array in between.
"""
import importlib
from functools import partial
from typing import Any, Callable, NamedTuple

import numpy as np

from fastact import registry
from fastact.bench.torch import tensor

FORMS = tuple(name for name, form in registry.FORMS.items() if form.composed_of)
COLUMNS = 1024  # of the bias


class Arithmetic(NamedTuple):
    """How a library takes an array, multiplies and adds two arrays into `out`, and sums rows."""

    take: Callable[[Any], Any]
    multiply: Callable[..., Any]
    add: Callable[..., Any]
    sum_rows: Callable[..., Any]


NUMPY = Arithmetic(lambda array: array, np.multiply, np.add, partial(np.sum, axis=0))


def torch():
    """torch's arithmetic; None where torch is not installed."""
    try:
        module = importlib.import_module("torch")
    except ImportError:
        return None
    return Arithmetic(partial(tensor, module), module.mul, module.add, partial(module.sum, dim=0))


def shapes(form, n):
    """The shapes of the inputs and of the outputs, for n elements or a shape of x."""
    facts = registry.FORMS[form]
    if isinstance(n, int):
        n = (max(1, n // COLUMNS), min(n, COLUMNS)) if facts.bias_row else (n,)
    inputs = [n[-1:] if name == facts.bias_row else n for name in facts.inputs]
    return inputs, [n[-1:] if output == facts.bias_gradient else n for output in facts.all_outputs]


def in_two_calls(library, make, entry, form, inputs, out):
    """The form by the library's activation, which make(entry, form, inputs, out) gives, and its arithmetic.

    The array in between exists beforehand, where the library can write into one; with out=None it is fresh,
    and so are the results. None where the library lacks the activation.
    """
    if library is None or form not in FORMS:
        return None
    between = np.ones_like(inputs[-2] if form == "biased_backward" else inputs[0])
    first, second = out if isinstance(out, tuple) else (out, None)

    def take(*arrays):
        return [None if array is None else library.take(array) for array in arrays]

    if form == "gated":
        value = make(entry, "value", inputs[:1], None if out is None else between)
        up, target = take(inputs[1], first)
        return value and (lambda: library.multiply(value(), up, out=target))
    if form == "gated_backward":
        value = make(entry, "value", inputs[1:2], None if out is None else np.ones_like(between))
        backward = make(entry, "backward", [between, inputs[1]], first)
        grad, up, product, dup = take(inputs[0], inputs[2], between, second)

        def gated_backward():
            library.multiply(grad, up, out=product)
            return backward(), library.multiply(grad, value(), out=dup)

        return value and backward and gated_backward
    call = make(entry, "value", [between], first) if form == "biased" else make(entry, "backward", [inputs[0], between], first)
    x, bias, total, dbias = take(*inputs[-2:], between, second)

    def biased():
        library.add(x, bias, out=total)
        return call()

    def biased_backward():
        dx = biased()
        return dx, library.sum_rows(dx, out=dbias)

    return call and (biased if form == "biased" else biased_backward)
