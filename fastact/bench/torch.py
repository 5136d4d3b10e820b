"""torch's functions for the benchmarks; see ``fastact.bench.contenders``."""
import contextlib
import importlib
from functools import partial

import numpy as np

from fastact import registry
from fastact.bench.timing import call_of


@contextlib.contextmanager
def terms(threads):
    """This many threads, and inference mode."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(ImportError):
            torch = importlib.import_module("torch")
            stack.callback(torch.set_num_threads, torch.get_num_threads())
            torch.set_num_threads(threads)
            stack.enter_context(torch.inference_mode())
        yield


def tensor(torch, array):
    """A tensor of the array's memory."""
    if array.dtype.name == "bfloat16":  # NumPy's is not torch's
        return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(array)


def arguments(torch, entry, dtype, axis=-1):
    """torch's function of an entry, and what it takes after x."""
    call, function = registry.call(entry, "torch"), torch
    for part in call.path.split("."):
        function = getattr(function, part)
    values = dict(zip((p.name for p in getattr(entry, "parameters", ())), getattr(entry, "defaults", ())))
    if entry.name == "prelu":
        values = {"weight": torch.full((1,), values["weight"], dtype=dtype)}
    (_, *inputs), keywords = call.arguments({"x": None, "axis": axis, **values})
    return function, inputs, keywords


def call(entry, form, inputs, out, axis=-1):
    """The function that the entry names, or its backward in aten; to be called in inference mode."""
    try:
        torch = importlib.import_module("torch")
    except ImportError:
        return None
    if not entry.elsewhere.torch or form == "derivative":
        return None
    tensors = [tensor(torch, array) for array in inputs]
    target = None if out is None else tensor(torch, out)
    if entry.name == "identity":
        return tensors[0].clone if target is None else call_of(target.copy_, tensors[0])
    function, values, keywords = arguments(torch, entry, tensors[0].dtype, axis)
    name = registry.call(entry, "torch").name
    if form == "value":
        return _value(torch, name, function, [tensors[0], *values], keywords, target)
    known = {"grad_output": tensors[0], "self_or_result": tensors[1], "scale": 1.0, "input_scale": 1.0,
             "threshold": 20.0 if name == "softplus" else 0.0, "approximate": keywords.get("approximate", "none"),
             "dim": axis, "input_dtype": tensors[0].dtype}
    known.update(zip((p.name for p in getattr(entry, "parameters", ())), getattr(entry, "defaults", ())))
    known["is_result"] = known["self_is_result"] = form == "backward_from_output"
    known["output" if form == "backward_from_output" else "self"] = tensors[1]
    if name in ("relu", "leaky_relu"):
        known["self"] = tensors[1]  # their backward takes the output as well
    return _backward(torch, name, known, target)


def _value(torch, name, function, values, keywords, out):
    if out is not None:
        ways = [getattr(torch._C._nn, name, None), getattr(torch, name, None)]
        ways += [partial(torch.clamp_min, min=0)] if name == "relu" else []
        for way in filter(None, ways):
            try:
                way(*values, out=out, **keywords)
            except (TypeError, RuntimeError):
                continue  # this one takes no out, or is not there
            return call_of(way, *values, out=out, **keywords)
    return call_of(function, *values, **keywords)


def _backward(torch, name, known, out):
    special = {"relu": "threshold_backward", "softmax": "_softmax_backward_data",
               "log_softmax": "_log_softmax_backward_data"}
    packet = getattr(torch.ops.aten, special.get(name, name + "_backward"), None)
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
