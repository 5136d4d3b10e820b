"""The activations as torch modules, and which of torch's modules compute the same."""
from __future__ import annotations

import warnings
from typing import Any, Dict, List, Optional, Tuple, Type

import torch
from torch import nn

from fastact import registry
from fastact._core.activation import activations
from fastact._core.activation_arguments import bind_parameters
from fastact.torch import functions
from fastact.torch.functions import Tensor


class _Scriptable(nn.Module):
    def as_torch(self) -> Optional[nn.Module]:
        """torch's module that computes the same; None where there is none."""
        raise NotImplementedError

    def __prepare_scriptable__(self) -> nn.Module:
        """What torch.jit.script compiles, and leaves in the model, in place of this."""
        own: Any = self.as_torch()
        if own is None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that torch.jit is old, and about sizes, which do not matter here
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
        own = type(self).activation
        self.activation, self.values = bind_parameters(f"fastact.torch.{own.name}", own, values, named)
        self.values = self.values or self.activation.info.defaults
        self.inplace = inplace

    def forward(self, x: Tensor) -> Tensor:
        if not self.inplace:
            return functions.apply(self.activation, self.values, x)
        if isinstance(x, Tensor) and not functions.is_ours(x):
            return functions.by_torch(self.activation.info, x, self.values, inplace=True)
        if functions.is_recorded(x) or x.requires_grad and torch.is_grad_enabled():
            return x.copy_(functions.apply(self.activation, self.values, x.clone()))  # backward needs the input
        return x.copy_(functions.apply(self.activation, self.values, x))

    def extra_repr(self) -> str:
        pairs = zip([p.name for p in self.activation.info.parameters], self.values)
        changed = self.activation is not type(self).activation
        shown = [f"{name}={value:g}" for name, value in pairs] + [repr(self.activation.name)] * changed
        return ", ".join(shown + ["inplace=True"] * self.inplace)

    def as_torch(self) -> Optional[nn.Module]:
        made: Any = made_by_torch(self.activation.info, dict(zip([p.name for p in self.activation.info.parameters], self.values)))
        if self.inplace and made is not None:
            if not hasattr(made, "inplace"):
                return None
            made.inplace = True
        return made  # type: ignore[no-any-return]


class PReLU(_Scriptable):
    """prelu with a trained weight, one or one for each channel, as torch.nn.PReLU."""

    def __init__(self, num_parameters: int = 1, init: float = 0.25) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((num_parameters,), init))

    def forward(self, x: Tensor) -> Tensor:
        return functions.prelu(x, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.weight.numel()}"

    def as_torch(self) -> nn.Module:
        made = nn.PReLU(self.weight.numel())
        made.weight = self.weight
        return made


class TrainedXielu(_Scriptable):
    """xielu as Hugging Face trains it, with the parameters and buffers of such a module.

    Its alpha_p is softplus of the parameter of this name, its alpha_n is beta plus softplus of the other.
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self._parameters.update(module._parameters)
        self._buffers.update(module._buffers)
        self._non_persistent_buffers_set.update(module._non_persistent_buffers_set)

    def forward(self, x: Tensor) -> Tensor:
        alpha_p, alpha_n = nn.functional.softplus(self.alpha_p), self.beta + nn.functional.softplus(self.alpha_n)
        return functions.trained_xielu(x, alpha_p, alpha_n, self.beta, self.eps)

    def as_torch(self) -> Optional[nn.Module]:
        return None


class OfRows(_Scriptable):
    """Base of the modules of rows and of gated units: ``Softmax(dim=-1)``."""

    entry: Any
    function: Any

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = type(self).function(x, self.dim)
        return result

    def extra_repr(self) -> str:
        return f"dim={self.dim}"

    def as_torch(self) -> Optional[nn.Module]:
        return made_by_torch(type(self).entry, {"axis": self.dim})


_TORCHS = {ours: own for own, (ours, _) in registry.names_elsewhere("torch_nn").items()}


def _module(entry: Any, base: type, **attributes: Any) -> Type[nn.Module]:
    """The class of a function, named as torch's where it has one, such as LeakyReLU; else as QuickGelu."""
    name = _TORCHS.get(entry.name) or "".join(part.capitalize() for part in entry.name.split("_"))
    doc = f"``{entry.name}`` as a torch.nn.Module: {base.__doc__}"
    return type(name, (base,), {"__doc__": doc, "__module__": "fastact.torch", "entry": entry, **attributes})


_OF_ROWS = [entry for entry in (*registry.ROWS, *registry.GATED) if not getattr(entry, "reduces", False)]
modules: Dict[str, Type[nn.Module]] = {
    "prelu": PReLU,
    **{name: _module(own.info, Activation, activation=own) for name, own in activations.items() if name != "prelu"},
    **{entry.name: _module(entry, OfRows, function=staticmethod(functions.FUNCTIONS[entry.name])) for entry in _OF_ROWS},
}  # fmt: skip


# ---- torch's modules ----

_KNOWN: Dict[Any, List[Tuple[Any, Dict[str, Any]]]] = {}  # torch's class: entries, and its attributes by our parameters
for _entry in (*registry.ACTIVATIONS, *_OF_ROWS):
    for _call in registry.calls(_entry, "torch_nn"):
        _KNOWN.setdefault(getattr(nn, _call.path), []).append((_entry, _call.keywords))


TORCH_CLASSES = (*_KNOWN, nn.PReLU, nn.Softmax2d)


def torch_class(module: Any) -> Any:
    """The class of torch whose forward a module has, one that is derived from it too; None for any other module."""
    kind = next((kind for kind in type(module).__mro__ if kind in TORCH_CLASSES), None)
    return kind if kind and type(module).forward is kind.forward else None


def described(module: Any) -> Optional[Tuple[str, Dict[str, Any]]]:
    """Our name and parameters, or axis, of one of torch's modules; None where none of our functions equals it."""
    kind = torch_class(module)
    if kind is nn.PReLU:
        return ("prelu", {"weight": module.weight.item()}) if module.num_parameters == 1 else None
    if kind is nn.Softmax2d:
        return "softmax", {"axis": -3}
    # Beyond its threshold torch's softplus is x. From a threshold of 20 on the difference cannot be seen.
    if kind is nn.Identity or kind is nn.Softplus and module.threshold < 20 or getattr(module, "dim", -1) is None:
        return None
    for entry, keywords in _KNOWN.get(kind, ()):
        if all(isinstance(value, registry.Ours) or getattr(module, key) == value for key, value in keywords.items()):
            return entry.name, {str(value): getattr(module, key) for key, value in keywords.items()
                                if isinstance(value, registry.Ours)}
    return None


def made_by_torch(entry: Any, values: Dict[str, Any]) -> Optional[nn.Module]:
    """torch's module of a function with these parameters, or this axis; None where torch has no such module."""
    call = registry.call(entry, "torch_nn")
    if call is None or entry.name == "softplus" and values["beta"] <= 0:
        return None
    if any(values[p.name] != p.default for p in getattr(entry, "parameters", ()) if p.name not in call.passed):
        return None
    made: nn.Module = getattr(nn, call.path)(**call.arguments(values)[1])
    return made


for _own in (Activation, PReLU, TrainedXielu, OfRows):
    _own.__module__ = "fastact.torch"  # where users find them, and pickles too
