"""How each library computes the same function, for benchmarks that set them side by side.

A contender is a function without arguments that computes one form of one registry entry for given
arrays, with what the library has that is fastest and public; None where it has no such function.
Those that write into a given ``out`` make no other large array if their library can do without.
A new elementwise activation needs no line here: NumPy evaluates the entry's formula, the other libraries'
functions are those that the entry names, and torch's backward is called with the arguments that it declares.

In all functions here ``out=None`` asks for a fresh result, and ``axis`` is that of functions of rows.
"""
import contextlib
import timeit
from functools import partial

import numpy as np

from fastact import config, registry
from fastact._core import rows
from fastact._core.activation import activations
from fastact._core.optional import optional
from fastact.accuracy.formulas import numpy_function
from fastact.bench import fused, numpy_rows, onnx, others, torch
from fastact.bench.timing import call_of

ENTRIES = {entry.name: entry for entry in (*registry.ACTIVATIONS, *registry.ROWS)}
FORMS = ("value", "derivative", "backward", "backward_from_output", *fused.FORMS)
PLACES = OUT, FRESH, BIND, READ = ("out", "fresh", "bind", "read")
ROW_LENGTH = 1000
DRAWN = 1 << 18  # random numbers; longer arrays repeat them


def has_form(entry, form):
    """Whether fastact itself has this form of the function."""
    return form in entry.forms


def is_row(entry):
    """Whether it is a function of whole rows."""
    return isinstance(entry, registry.RowEntry)


# ---- arrays ----

def sample(entry, form, n, dtype, axis=-1):
    """Normally distributed inputs of this form, and an output whose pages exist (two, for two results).

    n is a shape, or a number of elements, which functions of rows take as rows of 1000. ImportError for
    "bfloat16" without ml_dtypes.
    """
    if dtype == "bfloat16":
        with optional("ml_dtypes", "bfloat16 arrays come from ml_dtypes", "ml_dtypes"):
            import ml_dtypes  # noqa: F401  NumPy knows the name from then on
    if form in fused.FORMS:
        shapes, results = fused.shapes(form, n)
        outputs = tuple(_ones(shape, dtype) for shape in results)
        return [_normal(shape, dtype, seed) for seed, shape in enumerate(shapes)], outputs if len(outputs) > 1 else outputs[0]
    if isinstance(n, int):
        n = (max(1, n // ROW_LENGTH), min(n, ROW_LENGTH)) if is_row(entry) else (n,)
    shapes = [n, n, n]  # grad, x, out
    if is_row(entry) and entry.reduces:
        shapes[2 if form == "value" else 0] = tuple(np.delete(n, axis))
    x, out = _normal(shapes[1], dtype, 1), _ones(shapes[2], dtype)
    if form in ("value", "derivative"):
        return [x], out
    if form == "backward_from_output":
        x[...] = _ours(entry, "value")(x, **({"axis": axis} if is_row(entry) else {}))
    return [_normal(shapes[0], dtype, 0), x], out


def _normal(shape, dtype, seed):
    """Of that shape, from DRAWN numbers at most."""
    array = _aligned(shape, dtype)
    flat = array.reshape(-1)
    drawn = np.random.default_rng(seed).standard_normal(min(flat.size, DRAWN), np.float32).astype(dtype)
    whole = flat.size // max(1, drawn.size)
    flat[:whole * drawn.size].reshape(whole, -1)[...] = drawn
    flat[whole * drawn.size:] = drawn[:flat.size - whole * drawn.size]
    return array


def _ones(shape, dtype):
    array = _aligned(shape, dtype)
    array[...] = 1
    return array


def _aligned(shape, dtype):
    """An array that begins with a cache line, as torch's own do: else a fifth of relu's time is chance."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    memory = np.empty(size + 64, np.uint8)
    begin = -memory.ctypes.data % 64
    return memory[begin:begin + size].view(dtype).reshape(shape)


# ---- contenders ----

@contextlib.contextmanager
def equal_terms(threads, sides):
    """The same number of threads for everybody, and torch without its gradient bookkeeping.

    JAX has as many as it was first used with in this process, onnxruntime as fastact has when a call is made.
    Libraries that are not installed have no terms.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(config.num_threads(threads))
        for side in sides:
            if side in TERMS:
                stack.enter_context(TERMS[side](threads))
        yield


def contender(side, entry, form, inputs, out, place=OUT, axis=-1):
    """The call of a library, tried once; None where the library lacks the function for these arrays.

    place is "out", "fresh", "bind", fastact's arrays fixed once, beside which others write into out, or "read":
    into out, which NumPy's maximum reads next.
    """
    if place == READ:
        write = contender(side, entry, form, inputs, out, OUT, axis)
        return write and (lambda: _largest(write(), out))
    if side == "fastact" and place == BIND:
        return _bound(entry, form, inputs, out)
    if side in ("fastact", "copy"):
        return PEERS[side](entry, form, inputs, None if place == FRESH and side == "fastact" else out, axis)
    try:
        call = PEERS[side](entry, form, inputs, None if place == FRESH else out, axis)
        if call is not None and inputs[0].size <= DRAWN:  # what works there works with more
            with np.errstate(all="ignore"):
                call()
        return call
    except (AttributeError, ImportError, NotImplementedError, RuntimeError, TypeError, ValueError):
        return None  # not installed, an old version, or not for this dtype


def _largest(result, out):
    """The largest number of a result, or of the output where the library has not made an array of its own."""
    return np.max(result if isinstance(result, np.ndarray) else out)


def _ours(entry, form):
    function = getattr(rows, entry.name) if is_row(entry) else activations[entry.name]
    return function if form == "value" else getattr(function, form)


def fastact_call(entry, form, inputs, out, axis=-1):
    """The library's own function."""
    keywords = {"axis": axis} if is_row(entry) and (axis != -1 or entry.reduces) else {}
    keywords.update({} if out is None else {"out": out})
    return call_of(_ours(entry, form), *inputs, *getattr(entry, "required", ()), **keywords)


def _bound(entry, form, inputs, out):
    function = _ours(entry, form)
    if is_row(entry) or not hasattr(function, "bind") or form == "biased_backward":
        return None
    return function.bind(*inputs, *entry.required, *(out if isinstance(out, tuple) else (out,)))


def two_calls(entry, form, inputs, out, axis=-1):
    """A gated or biased form as this library's own function before or after NumPy's multiplication or addition."""
    return fused.in_two_calls(fused.NUMPY, fastact_call, entry, form, inputs, out)


def numpy_call(entry, form, inputs, out, axis=-1):
    """The entry's formula, or its better form for NumPy, with the parameters' defaults."""
    if form in fused.FORMS:
        return fused.in_two_calls(fused.NUMPY, numpy_call, entry, form, inputs, out)
    if is_row(entry):
        return numpy_rows.call(entry, form, inputs, out, axis)
    if form == "backward_from_output":
        return None  # the registry has no formula in terms of the output
    expression = entry.numpy or entry.formula if form == "value" else _DERIVATIVES.get(entry.name, entry.derivative)
    expression = expression.replace("x**3", "x * x * x")  # which takes NumPy a tenth of the time
    x = inputs[-1]
    if expression in _ONE_UFUNC:
        ufunc, *constants = _ONE_UFUNC[expression]
        return call_of(ufunc, x, *constants, out=out)
    function = partial(numpy_function(expression, [p.name for p in entry.parameters], x.dtype), x, *entry.defaults)
    return (lambda: np.multiply(inputs[0], function(), out=out)) if form == "backward" else function


_ONE_UFUNC = {  # formulas that can write into out; the others make a new array
    "tanh(x)": (np.tanh,), "maximum(x, 0)": (np.maximum, 0), "x + 0": (np.add, 0),
}
_DERIVATIVES = {  # np.where branches on every sign, which takes 3.6 ns an element where signs are random
    "relu": "x > 0",
    "leaky_relu": "negative_slope + (1 - negative_slope) * (x > 0)",
    "elu": "alpha * exp(minimum(x, 0)) + (1 - alpha) * (x > 0)",
}


def torch_call(entry, form, inputs, out, axis=-1):
    """The function that the entry names, or its backward in aten; to be called in inference mode."""
    if form in fused.FORMS:
        return fused.in_two_calls(fused.torch(), torch.call, entry, form, inputs, out)
    return torch.call(entry, form, inputs, out, axis)


def negative_call(entry, form, inputs, out, axis=-1):
    """NumPy's cheapest ufunc on the same array: what a call costs there."""
    x = inputs[-1]
    return call_of(np.negative, x) if out is None else call_of(np.negative, x, out=np.empty_like(x))


def copy_call(entry, form, inputs, out, axis=-1):
    """A copy of one input to the output, streamed past the caches where that is faster: memory's limit."""
    out = out[0] if isinstance(out, tuple) else out
    x = next((array for array in inputs if array.shape == out.shape), None)
    if x is None:
        return None
    ways = [partial(np.copyto, out, x), partial(activations["identity"], x, out=out)]
    return min(ways, key=lambda way: min(timeit.repeat(way, number=1, repeat=25)))


PEERS = {
    "fastact": fastact_call, "numpy": numpy_call, "torch": torch_call, "onnxruntime": onnx.call, "jax": others.jax_call,
    "numexpr": others.numexpr_call, "scipy": others.scipy_call, "copy": copy_call, "negative": negative_call,
    "two_calls": two_calls,
}
YARDSTICKS = ("copy", "negative", "two_calls")  # not libraries, but what a figure is to be held against
TERMS = {"torch": torch.terms, "jax": others.jax_terms, "numexpr": others.numexpr_terms}
