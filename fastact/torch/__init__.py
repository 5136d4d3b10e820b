"""fastact's activations for PyTorch: functions, modules, and a swap of those of a whole model.

    import fastact.torch as ft
    y = ft.gelu(x)                            # torch tensors in and out, with gradients
    layer = ft.LeakyReLU(0.2)                 # a torch.nn.Module, named as torch's where it has one
    count = ft.replace_activations(model)     # nn.ReLU, nn.GELU, nn.Softmax ... become ours, in place

Every activation of `fastact.activations` is here under its name and its aliases, with its parameters,
and ``softmax``, ``log_softmax``, ``softmin``, ``sparsemax``, ``hardmax``, ``logsumexp``, ``glu``,
``reglu``, ``geglu`` and ``swiglu`` with ``dim=``. CPU tensors of float32, float64 and float16 are
neither copied in nor out, nor are those of bfloat16 where ml_dtypes is installed. Strides are free.
For other tensors, and under torch.compile, torch.export, torch.jit and torch.func, torch's own operators do
the work; torch.fx.symbolic_trace records calls of these functions.
`modules` maps the names to the module classes. Needs PyTorch: ``pip install "fastact[torch]"``.
"""
from __future__ import annotations

import warnings
from numbers import Real
from typing import Any, Callable, Dict, Optional, Tuple, Type

from fastact import registry
from fastact._core import rows
from fastact.torch import functions# first, for its error where there is no torch
from fastact._core.activation import activations
from fastact.torch.functions import Tensor
from fastact.torch.operators import kernels
from fastact.torch.replace import replace_activations, torch_module

import torch
from torch import nn

_ROWS: Dict[str, Any] = {name: rows.functions[name] for name in ("softmax", "log_softmax", "softmin", "sparsemax", "hardmax")}


def _bound(activation: Any, values: Tuple[Any, ...], named: Dict[str, Any]) -> Tuple[Any, Tuple[float, ...]]:
    """The activation, and its parameters as numbers; () for the defaults."""
    info = activation.info
    if "approximate" in named and info.approximate:
        variants = dict(info.approximate)
        if named["approximate"] not in variants:
            raise ValueError(f"fastact.torch.{info.name}: approximate must be {' or '.join(map(repr, variants))}")
        activation = activations[variants[named.pop("approximate")]]
    given = dict(zip([p.name for p in info.parameters], values))
    known = [p.name for p in info.parameters]
    wrong = [name for name in named if name not in known or name in given]
    if len(values) > len(known) or wrong:
        raise TypeError(f"fastact.torch.{info.name} takes x and {', '.join(known) or 'no parameters'}, each once")
    given.update(named)
    missing = [p.name for p in info.parameters if p.default is None and p.name not in given]
    if missing:
        raise TypeError(f"fastact.torch.{info.name} needs {', '.join(missing)}")
    for name, value in given.items():
        if not isinstance(value, Real):
            raise TypeError(f"fastact.torch.{info.name}: {name} must be a number, got {type(value).__name__}")
    return activation, tuple(float(given.get(p.name, p.default)) for p in info.parameters)


def _checked(name: str, x: Any) -> None:
    if not isinstance(x, Tensor):
        raise TypeError(
            f"fastact.torch.{name} takes a torch.Tensor, got {type(x).__name__}; for arrays there is fastact.{name}"
        )


def _recorded(name: str, x: Any, *values: Any) -> Tensor:
    """A call of the function of that name in the graph that torch.fx makes."""
    call: Tensor = torch.overrides.handle_torch_function(globals()[name], (x, *values), x, *values)
    return call


def _apply(activation: Any, parameters: Tuple[float, ...], x: Tensor) -> Tensor:
    if not functions.is_ours(x):
        if functions.is_recorded(x):
            return _recorded(activation.name, x, *parameters)
        _checked(activation.name, x)
        return functions.by_torch(activation.info, x, parameters)
    if x.requires_grad and torch.is_grad_enabled() or functions.forward_mode():
        return functions.value(x, activation, parameters)
    return functions.run(activation, x, *parameters)


def _elementwise(activation: Any) -> Callable[..., Tensor]:
    """The function of one activation."""
    required = bool(activation.info.required)

    def function(x: Tensor, *values: Any, **named: Any) -> Tensor:
        if values or named or required:
            return _apply(*_bound(activation, values, named), x)
        return _apply(activation, (), x)

    parameters = [p.name if p.default is None else f"{p.name}={p.default:g}" for p in activation.info.parameters]
    function.__name__ = function.__qualname__ = activation.name
    function.__doc__ = f"""{activation.name}({', '.join(['x', *parameters])}): {activation.info.formula}.

    Elementwise, of a tensor; twice differentiable in x. Parameters are numbers. See ``fastact.{activation.name}``.
    """
    return function


def prelu(x: Tensor, weight: Any) -> Tensor:
    """x where x > 0, else weight * x.

    Parameters
    ----------
    x : Tensor
    weight : float, or Tensor of 1 element or one for each channel (dimension 1 of x)
        Its gradient is computed too.
    """
    if functions.is_recorded(x, weight):
        return _recorded("prelu", x, weight)
    _checked("prelu", x)
    if not isinstance(weight, Tensor):
        return _apply(*_bound(activations["prelu"], (weight,), {}), x)
    if weight.numel() != 1:
        if x.ndim < 2 or weight.shape != x.shape[1:2]:
            raise ValueError(
                f"fastact.torch.prelu: weight of shape {tuple(weight.shape)} for x of shape {tuple(x.shape)}; "
                "expected 1 element or one for each channel"
            )
    if not functions.is_ours(x) or not functions.is_ours(weight) or torch.is_autocast_enabled("cpu"):
        return nn.functional.prelu(x, weight)
    if weight.numel() != 1:
        weight = weight.reshape(-1, *(1,) * (x.ndim - 2))
    return functions.prelu(x, weight.to(x.dtype))


def _of_rows(row: Any) -> Callable[..., Tensor]:
    def function(x: Tensor, dim: int = -1) -> Tensor:
        if functions.is_ours(x):
            return functions.of_rows(x, row, dim)
        if functions.is_recorded(x):
            return _recorded(row.name, x, dim)
        _checked(row.name, x)
        return functions.rows_by_torch(row, x, dim)

    function.__name__ = function.__qualname__ = row.name
    function.__doc__ = f"{row.name}(x, dim=-1): {row.info.formula}, along a dimension. See ``fastact.{row.name}``."
    return function


def logsumexp(x: Tensor, dim: int = -1, keepdim: bool = False) -> Tensor:
    """log(sum(exp(x))) along a dimension. See ``fastact.logsumexp``."""
    if not functions.is_ours(x):
        if functions.is_recorded(x):
            return _recorded("logsumexp", x, dim, keepdim)
        _checked("logsumexp", x)
        return torch.logsumexp(x, dim, keepdim)
    return functions.logsumexp(x, dim, keepdim)


def _gated(unit: Any) -> Callable[..., Tensor]:
    def function(x: Tensor, dim: int = -1) -> Tensor:
        if functions.is_ours(x):
            return functions.gated(x, unit, dim)
        if functions.is_recorded(x):
            return _recorded(unit.name, x, dim)
        _checked(unit.name, x)
        a, b = x.chunk(2, dim)
        return a * functions.by_torch(unit.activation.info, b, ())

    function.__name__ = function.__qualname__ = unit.name
    formula = f"a * {unit.info.activation}(b), [a, b] the halves of x along a dimension"
    function.__doc__ = f"{unit.name}(x, dim=-1): {formula}. See ``fastact.{unit.name}``."
    return function


class _Scriptable(nn.Module):
    def __prepare_scriptable__(self) -> nn.Module:
        """What torch.jit.script compiles, and leaves in the model, in place of this."""
        own: Any = torch_module(self)
        if own is None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that torch.jit is old, and of sizes, which do not enter
                trace: Any = torch.jit.trace
                own = trace(self, torch.zeros(2, 2, 2))
        made: nn.Module = own.train(self.training)
        return made


class Activation(_Scriptable):
    """Base of the elementwise modules: ``ELU(alpha=1.0, inplace=False)`` takes an activation's parameters.

    With ``inplace=True`` the result is written into the input, which is returned.
    """

    activation: Any

    def __init__(self, *values: Any, inplace: bool = False, **named: Any) -> None:
        super().__init__()
        self.activation, self.values = _bound(type(self).activation, values, named)
        self.inplace = inplace

    def forward(self, x: Tensor) -> Tensor:
        if not self.inplace:
            return _apply(self.activation, self.values, x)
        if isinstance(x, Tensor) and not functions.is_ours(x):
            return functions.by_torch(self.activation.info, x, self.values, inplace=True)
        if functions.is_recorded(x) or x.requires_grad and torch.is_grad_enabled():
            return x.copy_(_apply(self.activation, self.values, x.clone()))  # backward needs the input
        return x.copy_(_apply(self.activation, self.values, x))

    def extra_repr(self) -> str:
        pairs = zip([p.name for p in self.activation.info.parameters], self.values)
        changed = self.activation is not type(self).activation
        shown = [f"{name}={value:g}" for name, value in pairs] + [repr(self.activation.name)] * changed
        return ", ".join(shown + ["inplace=True"] * self.inplace)


class PReLU(_Scriptable):
    """prelu with a trained weight, one or one for each channel, as torch.nn.PReLU."""

    def __init__(self, num_parameters: int = 1, init: float = 0.25) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((num_parameters,), init))

    def forward(self, x: Tensor) -> Tensor:
        return prelu(x, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.weight.numel()}"


class OfRows(_Scriptable):
    """Base of the modules of rows and of gated units: ``Softmax(dim=-1)``."""

    function: Any

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = type(self).function(x, self.dim)
        return result

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


def _class_name(name: str, aliases: Tuple[str, ...]) -> str:
    """That of torch's module where it has one, such as LeakyReLU and Hardswish; else as QuickGelu."""
    torchs = {own.lower(): own for own in dir(nn) if own[0].isupper()}
    for each in (name, *aliases):
        if each.replace("_", "") in torchs:
            return torchs[each.replace("_", "")]
    return "".join(part.capitalize() for part in name.split("_"))


modules: Dict[str, Type[nn.Module]] = {"prelu": PReLU}
__all__ = ["PReLU", "kernels", "logsumexp", "modules", "prelu", "replace_activations"]


def _define(name: str, made: Any, base: Optional[type] = None, aliases: Tuple[str, ...] = (), **attributes: Any) -> None:
    globals().update(dict.fromkeys((name, *aliases), made))
    __all__.extend((name, *aliases))
    if base is not None:
        own = _class_name(name, aliases)
        doc = f"``{name}`` as a torch.nn.Module: {base.__doc__}"
        modules[name] = globals()[own] = type(own, (base,), {"__doc__": doc, "__module__": __name__, **attributes})
        __all__.append(own)


replace_activations.__module__ = __name__  # where users find it, and pickles too
for _name, _activation in activations.items():
    if _name != "prelu":
        _own = tuple(alias for alias, name in registry.aliases().items() if name == _name)
        _define(_name, _elementwise(_activation), Activation, _own, activation=_activation)
for _name, _row in _ROWS.items():
    _function = _of_rows(_row)
    _define(_name, _function, OfRows, function=staticmethod(_function))
for _name, _unit in functions.GATED.items():
    _function = _gated(_unit)
    _define(_name, _function, OfRows, function=staticmethod(_function))


def __getattr__(name: str) -> Any:  # for type checkers: the functions and classes above are made by a loop
    raise AttributeError(f"module 'fastact.torch' has no attribute {name!r}")
