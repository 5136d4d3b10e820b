"""The activations of a torch model, replaced by fastact's.

torch's modules are known by their classes. Modules of other libraries are known by what their ``forward`` computes, since
names change: a copy is called on numbers, and its values and slopes are compared with the kernels'.
"""
from __future__ import annotations

import copy
import functools
import inspect
from typing import Any, Dict, Optional, Tuple

import numpy as np
import torch
from torch import nn

from fastact import registry
from fastact._core.activation import activations
from fastact.torch.functions import FUNCTIONS
from fastact.torch.nn import TORCH_CLASSES, PReLU, TrainedXielu, described, modules, torch_class

_Found = Optional[Tuple[str, Tuple[float, ...], bool]]  # our name, the parameters and whether it works in place

# Where modules are compared: where functions bend and beyond any threshold, not at kinks.
_SIZES = np.geomspace(12.345, 1e60, 50)
_POINTS = np.concatenate([np.linspace(-12.34, 11.87, 300), _SIZES, -_SIZES, 1 / _SIZES, -1 / _SIZES])
_TOLERANCE = {np.dtype("f8"): 5e-9, np.dtype("f4"): 3e-6}  # Bloom's gelu has a constant of eight digits
_CANDIDATES = [activation for name, activation in activations.items() if name not in ("identity", "prelu")]
_COMMON = set(vars(nn.Module()))
# Functions of torch that stand as attributes in models, and ours.
_FUNCTIONS: Dict[Any, Any] = {
    getattr(module, name): FUNCTIONS[own] for name, (own, _) in registry.names_elsewhere("torch").items()
    for module in (torch, nn.functional) if own in activations and own not in ("identity", "prelu") and hasattr(module, name)}


def _equivalent(module: Any, known: Dict[Any, _Found]) -> Optional[nn.Module]:
    """Our module that computes what a module does; None where there is none. `known` is filled with what was compared."""
    kind, own = torch_class(module), type(module)
    if _is_xielu(module):
        return TrainedXielu(module)
    if not _adds_nothing(module, kind or (nn.PReLU if isinstance(module, nn.PReLU) else nn.Module)):
        return None
    if kind is nn.PReLU or kind is None and isinstance(module, nn.PReLU) and _is_prelu(module):
        made: Any = PReLU(module.num_parameters)
        made.weight = module.weight
        return made  # type: ignore[no-any-return]
    if kind is not None:
        name, named = described(module) or ("", {})
        found: _Found = (name, tuple(named.values()), getattr(module, "inplace", False)) if name else None
    elif own.__module__.partition(".")[0] in ("torch", "fastact") or isinstance(module, TORCH_CLASSES):
        return None
    else:
        key = own, repr(sorted((name, repr(value)) for name, value in _attributes(module).items()))
        if key not in known:
            known[key] = _compared(module)
        found = known[key]
    if found is None:
        return None
    name, values, inplace = found
    return modules[name](*values, **({"inplace": inplace} if name in activations else {}))


def _attributes(module: Any) -> Dict[str, Any]:
    """What a module has beyond any nn.Module and beyond marks such as Hugging Face's _is_hf_initialized."""
    return {name: value for name, value in vars(module).items() if name not in _COMMON and name[:1] != "_"}


def _adds_nothing(module: Any, base: Any, trained: bool = False) -> bool:
    """Whether a module may have what its base class has and in `forward` one tensor, and nothing that a new one would lack."""
    own = type(module)
    if own is base:
        return True
    derived = own.__mro__[:own.__mro__.index(base)]
    methods = {name for each in derived for name, value in vars(each).items() if callable(value) and name[:1] != "_"}
    arguments = inspect.signature(base.__init__).parameters
    attributes = {name: value for name, value in _attributes(module).items() if name not in arguments}
    return (
        own.__call__ is nn.Module.__call__
        and methods <= {"forward", "extra_repr"}
        and not module._modules and (trained or not module._buffers and (base is nn.PReLU or not module._parameters))
        and all(isinstance(value, (int, float, str, type(None), functools.partial)) or inspect.isroutine(value)
                for value in attributes.values())
        and (_takes_one(own.forward) if base is nn.Module else not attributes)
    )


def _takes_one(forward: Any) -> bool:
    """Whether a method takes one argument, and no other but numbers with defaults; False for one in C, which does not tell."""
    code = getattr(forward, "__code__", None)
    if code is None or code.co_kwonlyargcount or code.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS):
        return False
    numbers: Tuple[Any, ...] = forward.__defaults__ or ()
    return bool(code.co_argcount == 2 + len(numbers)) and all(type(each) in (int, float) for each in numbers)


def _is_prelu(module: Any) -> bool:
    """Whether a module computes what torch.nn.PReLU does with its weight, gradients included."""
    if not _takes_one(type(module).forward):
        return False
    try:
        module = copy.deepcopy(module).float().requires_grad_()
        channels = module.weight.numel()
        x = torch.from_numpy(np.resize(_POINTS[:300], (300 // channels + 1) * channels)).float()
        for training, shape in ((True, (-1, channels)), (False, (1, channels, -1))):
            leaf = x.reshape(shape).requires_grad_()
            results = []
            for y in (module.train(training)(leaf), nn.functional.prelu(leaf, module.weight)):
                results.append((y, *torch.autograd.grad(y.square().sum(), (leaf, module.weight))))
            if not all(map(torch.equal, *results)):
                return False
    except Exception:  # it is no function of such tensors
        return False
    return True


def _is_xielu(module: Any) -> bool:
    """Whether a module computes xielu with parameters as Hugging Face trains them, gradients included."""
    if set(module._parameters) != {"alpha_p", "alpha_n"} or set(module._buffers) != {"beta", "eps"} or (
            isinstance(module, TrainedXielu) or not _adds_nothing(module, nn.Module, trained=True)):
        return False
    try:
        module = copy.deepcopy(module).double().requires_grad_()
        own, results = TrainedXielu(module), []
        for each, training in ((own, True), (module, True), (module, False)):
            leaf = torch.from_numpy(_POINTS[:300]).requires_grad_()
            y = each.train(training)(leaf)
            results.append((y, *torch.autograd.grad(y.square().sum(), (leaf, own.alpha_p, own.alpha_n))))
        near = functools.partial(torch.allclose, rtol=1e-9, atol=1e-9)
        return all(map(near, results[0], results[1])) and all(map(near, results[0], results[2]))
    except Exception:  # it is no function of such tensors
        return False


def _compared(module: Any) -> _Found:
    """Which function a module computes, if it is one of ours at its default parameters or at the module's numbers in order.

    Values are compared in float64 and float32, in training and evaluation and in several shapes, and slopes too. What depends
    on chance, on the state or on other elements, or changes anything, is none of ours.
    """
    try:
        module = copy.deepcopy(module)
        before = _attributes(module)
        with torch.random.fork_rng(devices=[]):
            x, results = torch.from_numpy(_POINTS), []
            for training, each in ((True, x), (False, x), (True, x.flip(0).reshape(2, 5, 5, -1)), (False, x[:300].float()),
                                   (True, x[:300].float().reshape(3, 100)), (False, x[7])):
                given = each.clone()
                y = module.train(training)(given)
                if type(y) is not torch.Tensor or y.dtype is not each.dtype or not (y is given or torch.equal(given, each)):
                    return None
                results.append((each.numpy(), y.detach().numpy()))
            leaf = x.clone().requires_grad_()
            (slope,) = torch.autograd.grad(module(leaf.clone()).sum(), leaf)
        if _attributes(module) != before:
            return None
    except Exception:  # it is no function of such tensors
        return None
    numbers = tuple(float(value) for value in before.values() if isinstance(value, (int, float)) and not isinstance(value, bool))
    code = type(module).forward.__code__
    taken = code.co_varnames[2:code.co_argcount]  # Hugging Face's laplace takes its parameters
    for activation in _CANDIDATES:
        parameters = activation.info.parameters
        if taken and taken != tuple(p.name for p in parameters):
            continue
        for values in (numbers, activation.info.defaults):
            if len(values) == len(parameters) and (values is numbers or not activation.info.required) and _matches(
                    activation, values, results, slope.numpy()):
                return activation.name, values, y is given
    return None


def _matches(activation: Any, values: Tuple[float, ...], results: Any, slope: np.ndarray) -> bool:
    """Whether results of a module, (x, y), and its slope at _POINTS are an activation's, up to rounding errors."""
    try:
        with np.errstate(all="ignore"):
            scale = abs(activation(0.0, *values))
            return all(_near(y, activation(x, *values), np.abs(x) + scale, x) for x, y in results) and _near(
                slope, activation.derivative(_POINTS, *values), 1, _POINTS)
    except ValueError:  # for such parameters
        return False


def _near(got: Any, want: Any, scale: Any, x: Any) -> bool:
    """Whether `got` is `want` up to rounding errors; NaN may stand where a formula overflows."""
    near = np.abs(got - want) <= _TOLERANCE[want.dtype] * (scale + np.abs(want))
    return got.shape == np.shape(want) and bool(np.all(near | (got == want) | np.isnan(got) & (np.abs(x) > 12)))


def _own_function(value: Any) -> Any:
    """Our function in place of a function of torch, or of a functools.partial of one; None for any other value."""
    if not isinstance(value, functools.partial):
        return _FUNCTIONS.get(value) if inspect.isroutine(value) else None
    own = _FUNCTIONS.get(value.func) if inspect.isroutine(value.func) else None
    taken = {"approximate", *(p.name for p in activations[own.__name__].info.parameters)} if own else set()
    return functools.partial(own, **value.keywords) if own and not value.args and set(value.keywords) <= taken else None


def _is_watched(module: Any) -> bool:
    """Whether a module has hooks, or an attribute ``forward`` of its own, which a new module would lose."""
    own = vars(module)
    return "forward" in own or any(value for name, value in own.items() if name.endswith("_hooks"))


@torch.inference_mode(False)
@torch.enable_grad()
def replace_activations(model: Any) -> int:
    """Replace the activations of a model by fastact's, in place.

    Replaced are torch's activation modules and classes derived from them without a ``forward`` of their own; those derived from
    PReLU whose ``forward`` computes the same; modules of any other class, such as Hugging Face's and timm's, without
    parameters, buffers or public methods, if they compute one of our functions for all tensors; Hugging Face's xIELU with its
    trained parameters; and attributes that are functions of torch, such as ``self.act = torch.nn.functional.gelu``.

    The replacements compute the same functions, with gradients; weights and the keys of ``state_dict`` stay. What a model
    calls by name, such as ``torch.relu(x)``, stays too, as do modules with hooks or a ``forward`` of their own,
    ``nn.Softmax(dim=None)``, ``nn.Identity`` and ``nn.Softplus`` with a threshold below 20; `kernels` reaches all of them.

    ``torch.compile``, ``torch.export`` and ``torch.jit.trace`` record operators, such as ``torch.ops.fastact.activation``,
    which exist where fastact.torch is imported; ``torch.fx.symbolic_trace`` records calls of fastact.torch's functions.
    ``torch.func``, forward mode, ``torch.onnx``, nested and sparse tensors and other devices get torch's own operators.
    ``torch.jit.script`` puts torch's modules back into the model that it is given.

    Parameters
    ----------
    model : torch.nn.Module
        Any that holds others, at whatever depth.

    Returns
    -------
    int
        How many modules and attributes were replaced; one that stands in several places counts in each.

    Raises
    ------
    TypeError
        For what is no module, and for an activation itself, which nothing holds.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"fastact.torch.replace_activations takes a torch.nn.Module, got {type(model).__name__}")
    known: Dict[Any, _Found] = {}
    own = _equivalent(model, known)
    if own is not None:
        raise TypeError(
            f"fastact.torch.replace_activations: the model is itself a {type(model).__name__}, which nothing holds; "
            f"use fastact.torch.{type(own).__name__}"
        )
    made: Dict[int, Any] = {}
    count = 0
    for parent in list(model.modules()):
        for name, child in parent._modules.items():
            if child is None or _is_watched(child):
                continue
            if id(child) not in made:
                made[id(child)] = _equivalent(child, known)
            if made[id(child)] is not None:
                parent._modules[name] = made[id(child)].train(child.training)
                count += 1
    for module in model.modules():
        for name, value in vars(module).items():
            function = _own_function(value)
            if function is not None and name != "forward":
                vars(module)[name] = function
                count += 1
    return count


replace_activations.__module__ = "fastact.torch"  # where users find it, and pickles too
