"""The activation modules of a torch model, replaced by fastact's."""
from __future__ import annotations

from typing import Any, Dict, Optional, Tuple

from torch import nn

from fastact._core.activation import activations

# torch's class -> our name, and its attributes that are our parameters
_ELEMENTWISE: Dict[Any, Tuple[str, Tuple[str, ...]]] = {
    nn.CELU: ("celu", ("alpha",)), nn.ELU: ("elu", ("alpha",)), nn.Hardshrink: ("hard_shrink", ("lambd",)),
    nn.Hardsigmoid: ("hard_sigmoid", ()), nn.Hardswish: ("hard_silu", ()),
    nn.Hardtanh: ("hard_tanh", ("min_val", "max_val")), nn.LeakyReLU: ("leaky_relu", ("negative_slope",)),
    nn.LogSigmoid: ("log_sigmoid", ()), nn.Mish: ("mish", ()), nn.ReLU: ("relu", ()), nn.ReLU6: ("relu6", ()),
    nn.SELU: ("selu", ()), nn.SiLU: ("silu", ()), nn.Sigmoid: ("sigmoid", ()), nn.Softplus: ("softplus", ("beta",)),
    nn.Softshrink: ("soft_shrink", ("lambd",)), nn.Softsign: ("softsign", ()), nn.Tanh: ("tanh", ()),
    nn.Tanhshrink: ("tanh_shrink", ()), nn.Threshold: ("threshold", ("threshold", "value")),
}  # fmt: skip
_OF_ROWS = {nn.Softmax: "softmax", nn.LogSoftmax: "log_softmax", nn.Softmin: "softmin", nn.GLU: "glu"}


def described(module: Any) -> Optional[Tuple[str, Tuple[float, ...]]]:
    """Our name and parameters of an elementwise torch module; None where there is none that equals it."""
    if type(module) is nn.GELU:
        return ("gelu_tanh" if module.approximate == "tanh" else "gelu"), ()
    # Beyond its threshold torch's softplus is x, which from 20 on is no visible difference.
    if type(module) not in _ELEMENTWISE or type(module) is nn.Softplus and module.threshold < 20:
        return None
    name, attributes = _ELEMENTWISE[type(module)]
    return name, tuple(float(getattr(module, attribute)) for attribute in attributes)


def made_by_torch(name: str, values: Tuple[float, ...]) -> Any:
    """torch's module of an elementwise activation with all its parameters; None where torch has no such one."""
    if name in ("gelu", "gelu_tanh"):
        return nn.GELU("tanh" if name == "gelu_tanh" else "none")
    if name == "identity":
        return nn.Identity()
    if name == "hard_sigmoid" and values != activations[name].info.defaults or name == "softplus" and values[0] <= 0:
        return None
    own = next((own for own, (ours, _) in _ELEMENTWISE.items() if ours == name), None)
    return own and own(**dict(zip(_ELEMENTWISE[own][1], values)))


def torch_module(module: Any) -> Any:
    """The reverse of `_equivalent`: torch's module that does what ours does; None where there is none."""
    from fastact import torch as ours

    if isinstance(module, ours.Activation):
        made = made_by_torch(module.activation.name, module.values or module.activation.info.defaults)
        if module.inplace and made is not None:
            if not hasattr(made, "inplace"):
                return None
            made.inplace = True
        return made
    if isinstance(module, ours.PReLU):
        made = nn.PReLU(module.weight.numel())
        made.weight = module.weight
        return made
    own = next((own for own, name in _OF_ROWS.items() if ours.modules[name] is type(module)), None)
    return own and own(module.dim)


def _equivalent(module: Any) -> Any:
    """Our module that does what torch's does; None where there is none."""
    from fastact import torch as ours

    found = described(module)
    if found is not None:
        return ours.modules[found[0]](*found[1], inplace=getattr(module, "inplace", False))
    if type(module) in _OF_ROWS and module.dim is not None:
        return ours.modules[_OF_ROWS[type(module)]](module.dim)
    if type(module) is nn.Softmax2d:
        return ours.modules["softmax"](-3)
    if type(module) is nn.PReLU:
        made: Any = ours.PReLU(module.num_parameters)
        made.weight = module.weight
        return made
    return None


def _is_watched(module: Any) -> bool:
    """Whether somebody has hooks on a module, or has replaced its forward, which a new module would lose."""
    own = vars(module)
    return "forward" in own or any(value for name, value in own.items() if name.endswith("_hooks"))


def replace_activations(model: Any) -> int:
    """Replace the activation modules of a model by fastact's, in place.

    They compute the same functions, with gradients; weights and the keys of ``state_dict`` stay. What
    a model calls as functions, such as ``torch.relu(x)``, stays too, as do modules with hooks or a
    ``forward`` of their own, subclasses of torch's, ``nn.Softmax(dim=None)`` and ``nn.Softplus`` with a
    threshold below 20.

    ``torch.compile``, ``torch.export``, ``torch.func`` and ``torch.jit.trace`` see torch's own operators in
    their place, nested and sparse tensors go to these too, and ``torch.fx.symbolic_trace`` records calls of
    fastact.torch's functions. ``torch.jit.script`` puts torch's modules back into the model that it is given.

    Parameters
    ----------
    model : torch.nn.Module
        Any that holds others, at whatever depth.

    Returns
    -------
    int
        How many modules were replaced; one that stands in several places counts in each.

    Raises
    ------
    TypeError
        For what is no module, and for an activation itself, which nothing holds.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"fastact.torch.replace_activations takes a torch.nn.Module, got {type(model).__name__}")
    if _equivalent(model) is not None:
        raise TypeError(
            f"fastact.torch.replace_activations: the model is itself a {type(model).__name__}, which nothing holds; "
            f"use fastact.torch.{type(_equivalent(model)).__name__}"
        )
    made: Dict[int, Any] = {}
    count = 0
    for parent in list(model.modules()):
        for name, child in parent._modules.items():
            if child is None or _is_watched(child):
                continue
            if id(child) not in made:
                made[id(child)] = _equivalent(child)
            if made[id(child)] is not None:
                parent._modules[name] = made[id(child)].train(child.training)
                count += 1
    return count
