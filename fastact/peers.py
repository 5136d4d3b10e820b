"""How each library computes the same function, for benchmarks that set them side by side.

A contender is a function without arguments that computes one form of one registry entry for given
arrays, with what the library has that is quickest and public; None where it has no such function.
Those that write into a given ``out`` make no other large array if their library can do without.
A new elementwise activation needs no line here: NumPy evaluates the entry's formula, torch's function
is found by the name in the entry, and its backward is called with the arguments that it declares.
"""
from __future__ import annotations

import contextlib
import importlib
import timeit
from functools import partial
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple, Union

import numpy as np

from fastact import config, registry, row_peers, rows
from fastact.activations import activations
from fastact.formulas import numpy_function

Call = Callable[[], Any]
AnyEntry = Union[registry.Entry, registry.RowEntry]
ENTRIES: Dict[str, AnyEntry] = {entry.name: entry for entry in (*registry.ACTIVATIONS, *registry.ROWS)}
ROW_LENGTH = 1000


def has_form(entry: AnyEntry, form: str) -> bool:
    """Whether fastact itself has this form of the function."""
    return form in entry.forms


def sample(
    entry: AnyEntry, form: str, n: Union[int, Tuple[int, ...]], dtype: Any, axis: int = -1
) -> Tuple[List[Any], Any]:
    """Normally distributed inputs of this form, and an output whose pages exist.

    n is a shape, or a number of elements, which functions of rows take as rows of 1000.
    """
    if isinstance(n, int):
        n = (max(1, n // ROW_LENGTH), min(n, ROW_LENGTH)) if isinstance(entry, registry.RowEntry) else (n,)
    shapes = [n, n, n]  # grad, x, out
    if isinstance(entry, registry.RowEntry) and entry.reduces:
        shapes[2 if form == "value" else 0] = tuple(np.delete(n, axis))
    rng = np.random.default_rng(0)
    grad, x = (_aligned(rng.standard_normal(shape, np.float32), dtype) for shape in shapes[:2])
    out = _aligned(np.ones(shapes[2]), dtype)
    if form in ("value", "derivative"):
        return [x], out
    if form == "backward_from_output":
        x[...] = _ours(entry)(x, axis=axis) if isinstance(entry, registry.RowEntry) else _ours(entry)(x)
    return [grad, x], out


def _aligned(values: Any, dtype: Any) -> Any:
    """A copy that begins with a cache line, as torch's own arrays do: else a fifth of relu's time is chance."""
    memory = np.empty(values.size * np.dtype(dtype).itemsize + 64, np.uint8)
    begin = -memory.ctypes.data % 64
    array = memory[begin:begin + len(memory) - 64].view(dtype).reshape(values.shape)
    array[...] = values
    return array


@contextlib.contextmanager
def equal_terms(threads: int, with_torch: bool) -> Iterator[None]:
    """The same number of threads for everybody, and torch without its gradient bookkeeping."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(config.num_threads(threads))
        if with_torch:
            with contextlib.suppress(ImportError):
                torch = importlib.import_module("torch")
                stack.callback(torch.set_num_threads, torch.get_num_threads())
                torch.set_num_threads(threads)
                stack.enter_context(torch.inference_mode())
        yield


def fastact_call(entry: AnyEntry, form: str, inputs: List[Any], out: Any, axis: int = -1) -> Optional[Call]:
    """The library's own function. Here and below, ``out=None`` asks for a fresh result; axis is of rows."""
    function = _ours(entry) if form == "value" else getattr(_ours(entry), form)
    keywords: Dict[str, Any] = {}
    if isinstance(entry, registry.RowEntry) and (axis != -1 or entry.reduces):
        keywords = {"axis": axis}
    inputs = [*inputs, *getattr(entry, "required", ())]
    return partial(function, *inputs, **keywords) if out is None else partial(function, *inputs, out=out, **keywords)


def numpy_call(entry: AnyEntry, form: str, inputs: List[Any], out: Any, axis: int = -1) -> Optional[Call]:
    """The entry's formula, or its better form for NumPy, with the parameters' defaults."""
    if isinstance(entry, registry.RowEntry):
        return row_peers.call(entry, form, inputs, out, axis)
    if form == "backward_from_output":
        return None  # the registry has no formula in terms of the output
    if form == "value":
        expression = entry.numpy or entry.formula
    else:
        expression = _DERIVATIVES.get(entry.name, entry.derivative)
    x = inputs[-1]
    if expression in _ONE_UFUNC:
        ufunc, *constants = _ONE_UFUNC[expression]
        return partial(ufunc, x, *constants, out=out)
    function = partial(numpy_function(expression, [p.name for p in entry.parameters], x.dtype), x, *entry.defaults)
    return (lambda: np.multiply(inputs[0], function(), out=out)) if form == "backward" else function


_ONE_UFUNC: Dict[str, Tuple[Any, ...]] = {  # formulas that can write into out; the others make a new array
    "tanh(x)": (np.tanh,), "maximum(x, 0)": (np.maximum, 0), "x + 0": (np.add, 0),
}
_DERIVATIVES = {  # np.where branches on every sign, which takes 3.6 ns an element where signs are random
    "relu": "x > 0",
    "leaky_relu": "negative_slope + (1 - negative_slope) * (x > 0)",
    "elu": "alpha * exp(minimum(x, 0)) + (1 - alpha) * (x > 0)",
}


def torch_call(entry: AnyEntry, form: str, inputs: List[Any], out: Any, axis: int = -1) -> Optional[Call]:
    """The function that the entry names, or its backward in aten; to be called in inference mode."""
    try:
        torch = importlib.import_module("torch")
    except ImportError:
        return None
    if not entry.torch or form == "derivative":
        return None
    tensors = [torch.from_numpy(array) for array in inputs]
    target = None if out is None else torch.from_numpy(out)
    if entry.torch.endswith(".identity"):  # torch's module of this name returns its argument itself
        return tensors[0].clone if out is None else partial(target.copy_, tensors[0])
    if form == "value":
        if isinstance(entry, registry.RowEntry):
            return _torch_value(torch, entry.torch, (tensors[0], axis), {}, target)
        arguments, keywords = torch_arguments(torch, entry, tensors[0].dtype)
        return _torch_value(torch, entry.torch, (tensors[0], *arguments), keywords, target)
    values = {"grad_output": tensors[0], "self_or_result": tensors[1], "scale": 1.0, "input_scale": 1.0,
              "threshold": 0.0, "dim": axis, "input_dtype": tensors[0].dtype}
    if isinstance(entry, registry.Entry):
        values.update(zip((p.name for p in entry.parameters), entry.defaults))
        values["threshold"] = 20.0 if entry.name == "softplus" else values["threshold"]
        values["approximate"] = _TORCH_KEYWORDS.get(entry.name, {}).get("approximate", "none")
    values["is_result"] = values["self_is_result"] = form == "backward_from_output"
    values["output" if form == "backward_from_output" else "self"] = tensors[1]
    if entry.name in ("relu", "leaky_relu"):
        values["self"] = tensors[1]  # for them self may be the output as well
    return _torch_backward(torch, entry, values, target)


_TORCH_KEYWORDS: Dict[str, Dict[str, Any]] = {"gelu_tanh": {"approximate": "tanh"}}


def torch_arguments(torch: Any, entry: registry.Entry, dtype: Any) -> Tuple[Tuple[Any, ...], Dict[str, Any]]:
    """What torch's function takes after x."""
    keywords = _TORCH_KEYWORDS.get(entry.name, {})
    if entry.name == "hard_sigmoid":  # there without our parameters
        return (), keywords
    if entry.name == "prelu":
        return (torch.full((1,), entry.defaults[0], dtype=dtype),), keywords
    return entry.defaults, keywords


def torch_function(torch: Any, path: str) -> Optional[Callable[..., Any]]:
    """The function of this path in torch, such as "nn.functional.elu"; None where there is none."""
    for part in path.split("."):
        torch = getattr(torch, part, None)
    return torch if callable(torch) else None


def _torch_value(torch: Any, path: str, arguments: Tuple[Any, ...], keywords: Dict[str, Any], out: Any) -> Optional[Call]:
    name = path.rpartition(".")[2]
    if out is not None:
        ways = [getattr(torch._C._nn, name, None), getattr(torch, name, None)]
        ways += [partial(torch.clamp_min, min=0)] if name == "relu" else []
        for way in ways:
            try:
                way(*arguments, out=out, **keywords)
            except (TypeError, RuntimeError):
                continue  # this one takes no out, or is not there
            return partial(way, *arguments, out=out, **keywords)
    function = torch_function(torch, path)
    return function and partial(function, *arguments, **keywords)


def _torch_backward(torch: Any, entry: AnyEntry, values: Dict[str, Any], out: Any) -> Optional[Call]:
    name = {"relu": "threshold_backward", "softmax": "_softmax_backward_data", "log_softmax": "_log_softmax_backward_data"}.get(
        entry.name, entry.torch.rpartition(".")[2] + "_backward")
    packet = getattr(torch.ops.aten, name, None)
    if packet is None:
        return None
    overloads = [] if out is None else [o for o in ("grad_input", "out") if o in packet.overloads()]
    operator = getattr(packet, (overloads or ["default"])[0])
    declared = [argument.name for argument in operator._schema.arguments]
    keywords = {declared.pop(): out} if overloads else {}
    if any(argument not in values for argument in declared):
        return None  # torch computes this one from what the form does not have
    named = {argument.name for argument in operator._schema.arguments if argument.kwarg_only}
    keywords.update({argument: values[argument] for argument in declared if argument in named})
    quick = getattr(operator, "_op", operator)  # without the Python layer, which takes a microsecond
    return partial(quick, *[values[argument] for argument in declared if argument not in named], **keywords)


def copy_call(entry: AnyEntry, form: str, inputs: List[Any], out: Any, axis: int = -1) -> Optional[Call]:
    """A copy of one input to the output, streamed past the caches where that is quicker: memory's limit."""
    if out.shape != inputs[-1].shape:
        return None
    ways = [partial(np.copyto, out, inputs[-1]), partial(activations["identity"], inputs[-1], out=out)]
    return min(ways, key=lambda way: min(timeit.repeat(way, number=1, repeat=25)))


PEERS: Dict[str, Callable[..., Optional[Call]]] = {
    "fastact": fastact_call, "numpy": numpy_call, "torch": torch_call, "copy": copy_call,
}


def _ours(entry: AnyEntry) -> Any:
    return getattr(rows, entry.name) if isinstance(entry, registry.RowEntry) else activations[entry.name]
