"""The activation modules of a torch model, replaced by fastact's."""
from __future__ import annotations

from typing import Any, Dict, Optional

from torch import nn

from fastact._core.activation import activations
from fastact.torch.nn import PReLU, described, modules


def _equivalent(module: Any) -> Optional[nn.Module]:
    """Our module that computes what torch's does; None where there is none."""
    if type(module) is nn.PReLU:
        made: Any = PReLU(module.num_parameters)
        made.weight = module.weight
        return made  # type: ignore[no-any-return]
    name, values = described(module) or ("", {})
    if not name:
        return None
    return modules[name](*values.values(), **({"inplace": getattr(module, "inplace", False)} if name in activations else {}))


def _is_watched(module: Any) -> bool:
    """Whether a module has hooks, or an attribute ``forward`` of its own, which a new module would lose."""
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
    own = _equivalent(model)
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
                made[id(child)] = _equivalent(child)
            if made[id(child)] is not None:
                parent._modules[name] = made[id(child)].train(child.training)
                count += 1
    return count


replace_activations.__module__ = "fastact.torch"  # where users find it, and pickles too
