"""torch's functions for the benchmarks; see ``fastact.bench.contenders``."""
from __future__ import annotations

import contextlib
import importlib
from functools import partial
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple, Union

import numpy as np

from fastact import registry
from fastact.bench.timing import call_of

Call = Callable[[], Any]
AnyEntry = Union[registry.Entry, registry.RowEntry]
_KEYWORDS: Dict[str, Dict[str, Any]] = {"gelu_tanh": {"approximate": "tanh"}}


@contextlib.contextmanager
def terms(threads: int) -> Iterator[None]:
    """This many threads, and inference mode."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(ImportError):
            torch = importlib.import_module("torch")
            stack.callback(torch.set_num_threads, torch.get_num_threads())
            torch.set_num_threads(threads)
            stack.enter_context(torch.inference_mode())
        yield


def tensor(torch: Any, array: Any) -> Any:
    """A tensor of the array's memory."""
    if array.dtype.name == "bfloat16":  # NumPy's is not torch's
        return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(array)


def call(entry: AnyEntry, form: str, inputs: List[Any], out: Any, axis: int = -1) -> Optional[Call]:
    """The function that the entry names, or its backward in aten; to be called in inference mode."""
    try:
        torch = importlib.import_module("torch")
    except ImportError:
        return None
    if not entry.torch or form == "derivative":
        return None
    tensors = [tensor(torch, array) for array in inputs]
    target = None if out is None else tensor(torch, out)
    if entry.torch.endswith(".identity"):  # torch's module of this name returns its argument itself
        source = tensors[0]
        return source.clone if target is None else call_of(target.copy_, source)
    if form == "value":
        if isinstance(entry, registry.RowEntry):
            return _value(torch, entry.torch, (tensors[0], axis), {}, target)
        values, keywords = arguments(torch, entry, tensors[0].dtype)
        return _value(torch, entry.torch, (tensors[0], *values), keywords, target)
    known = {"grad_output": tensors[0], "self_or_result": tensors[1], "scale": 1.0, "input_scale": 1.0,
             "threshold": 0.0, "dim": axis, "input_dtype": tensors[0].dtype}
    if isinstance(entry, registry.Entry):
        known.update(zip((p.name for p in entry.parameters), entry.defaults))
        known["threshold"] = 20.0 if entry.name == "softplus" else known["threshold"]
        known["approximate"] = _KEYWORDS.get(entry.name, {}).get("approximate", "none")
    known["is_result"] = known["self_is_result"] = form == "backward_from_output"
    known["output" if form == "backward_from_output" else "self"] = tensors[1]
    if entry.name in ("relu", "leaky_relu"):
        known["self"] = tensors[1]  # for them self may be the output as well
    return _backward(torch, entry, known, target)


def arguments(torch: Any, entry: registry.Entry, dtype: Any) -> Tuple[Tuple[Any, ...], Dict[str, Any]]:
    """What torch's function takes after x."""
    keywords = _KEYWORDS.get(entry.name, {})
    if entry.name == "hard_sigmoid":  # there without our parameters
        return (), keywords
    if entry.name == "prelu":
        return (torch.full((1,), entry.defaults[0], dtype=dtype),), keywords
    return entry.defaults, keywords


def function(torch: Any, path: str) -> Optional[Callable[..., Any]]:
    """The function of this path in torch, such as "nn.functional.elu"; None where there is none."""
    for part in path.split("."):
        torch = getattr(torch, part, None)
    return torch if callable(torch) else None


def _value(torch: Any, path: str, values: Tuple[Any, ...], keywords: Dict[str, Any], out: Any) -> Optional[Call]:
    name = path.rpartition(".")[2]
    if out is not None:
        ways: List[Any] = [getattr(torch._C._nn, name, None), getattr(torch, name, None)]
        ways += [partial(torch.clamp_min, min=0)] if name == "relu" else []
        for way in filter(None, ways):
            try:
                way(*values, out=out, **keywords)
            except (TypeError, RuntimeError):
                continue  # this one takes no out, or is not there
            return call_of(way, *values, out=out, **keywords)
    found = function(torch, path)
    return found and call_of(found, *values, **keywords)


def _backward(torch: Any, entry: AnyEntry, known: Dict[str, Any], out: Any) -> Optional[Call]:
    special = {"relu": "threshold_backward", "softmax": "_softmax_backward_data",
               "log_softmax": "_log_softmax_backward_data"}
    packet = getattr(torch.ops.aten, special.get(entry.name, entry.torch.rpartition(".")[2] + "_backward"), None)
    if packet is None:
        return None
    overloads = [] if out is None else [o for o in ("grad_input", "out") if o in packet.overloads()]
    operator = getattr(packet, (overloads or ["default"])[0])
    declared = [argument.name for argument in operator._schema.arguments]
    keywords = {declared.pop(): out} if overloads else {}
    if any(argument not in known for argument in declared):
        return None  # torch computes this one from what the form does not have
    named = {argument.name for argument in operator._schema.arguments if argument.kwarg_only}
    keywords.update({argument: known[argument] for argument in declared if argument in named})
    quick = getattr(operator, "_op", operator)  # without the Python layer, which takes a microsecond
    return call_of(quick, *[known[argument] for argument in declared if argument not in named], **keywords)
