"""Networks to and from ``torch.nn.Sequential``: the parameters are copied, predictions stay."""
from __future__ import annotations

from typing import Any, Dict, Iterator, List, Tuple

import numpy as np

from fastact._core.optional import optional
from fastact.nn.serialization import registered

with optional("torch", "MLP.from_torch and MLP.to_torch need PyTorch", '"fastact[torch]"'):
    import torch
from fastact import initializers, torch as ours
from fastact.torch.nn import described, made_by_torch

nn = torch.nn
_ROWS = ("softmax", "log_softmax", "softmin", "sparsemax", "entmax15")  # of the output layer
_SUPPORTED = (
    "a Sequential of Linear, each followed by at most one activation, and after the hidden ones' by at most "
    "one Dropout"
)


def from_torch(cls: Any, module: Any, loss: Any = "mse", **options: Any) -> Any:
    """A network from a module; see `fastact.MLP.from_torch`."""
    if isinstance(module, nn.Linear):
        module = nn.Sequential(module)
    if not isinstance(module, nn.Sequential):
        raise TypeError(f"MLP.from_torch takes {_SUPPORTED}; got {type(module).__name__}")
    linears, activations, rates = _read(list(_flat(module)))
    for one, two in zip(linears, linears[1:]):
        if one.out_features != two.in_features:
            raise ValueError(f"MLP.from_torch: a layer has {one.out_features} outputs and the next {two.in_features} inputs")
    dtypes = {parameter.dtype for linear in linears for parameter in linear.parameters()}
    if len(dtypes) > 1 or not dtypes <= {torch.float32, torch.float64}:
        raise TypeError(f"MLP.from_torch: parameters of {', '.join(map(str, dtypes))}; expected float32 or float64")
    last = activations.pop()
    options = {"dropout": rates[:-1], **options, "loss": loss, "dtype": str(*dtypes).rpartition(".")[2]}
    options.update(activation=[each or "identity" for each in activations], output_activation=last)
    net = cls([linears[0].in_features, *(linear.out_features for linear in linears)], init=initializers.zeros, **options)
    for layer, linear in zip(net._network.layers, linears):
        layer.weight[...] = linear.weight.detach().cpu().numpy().T
        layer.bias[...] = 0 if linear.bias is None else linear.bias.detach().cpu().numpy()
    return net


def _flat(module: Any) -> Iterator[Any]:
    """The modules of Sequentials within Sequentials, in order, without those that do nothing."""
    for child in module:
        if isinstance(child, nn.Sequential):
            yield from _flat(child)
        elif type(child) is not nn.Identity:
            yield child


def _read(modules: List[Any]) -> Tuple[List[Any], List[Any], List[float]]:
    """The linear layers, and for each its activation, as `MLP` takes it, and the rate of its dropout."""
    linears: List[Any] = []
    activations: List[Any] = []
    rates: List[float] = []
    for place, module in enumerate(modules):
        activation, after = _activation(module), modules[place - 1] if place else None
        if type(module) is nn.Linear:
            linears.append(module)
            activations.append(None)
            rates.append(0.0)
        elif activation is not None and type(after) is nn.Linear:
            activations[-1] = activation
            if activation in _ROWS and place < len(modules) - 1:
                raise _unsupported(module, "before the end")
        elif type(module) is nn.Dropout and linears and place < len(modules) - 1 and type(after) is not nn.Dropout:
            rates[-1] = float(module.p)
        else:
            raise _unsupported(module, "there" if activation is not None else "")
    if not linears:
        raise TypeError(f"MLP.from_torch takes {_SUPPORTED}; there is no Linear")
    return linears, activations, rates


def _unsupported(module: Any, where: str) -> TypeError:
    hint = "; fuse it into its layer with torch.nn.utils.fusion.fuse_linear_bn_eval" if type(module) is nn.BatchNorm1d else ""
    return TypeError(f"MLP.from_torch cannot take {module} {where}".rstrip() + f"{hint}. It takes {_SUPPORTED}")


def _activation(module: Any) -> Any:
    """A torch module as `MLP` takes it; None for what is no activation."""
    if isinstance(module, ours.Activation):
        name, values = module.activation.name, dict(zip([p.name for p in module.activation.info.parameters], module.values))
    elif isinstance(module, ours.OfRows):
        name, values = type(module).entry.name, {"axis": module.dim}
    else:
        name, values = described(module.as_torch() if type(module) is ours.PReLU else module) or ("", {})
    if "axis" in values:
        return name if name in _ROWS and values["axis"] in (-1, 1) else None
    return (name, values) if values else name or None


def to_torch(net: Any) -> Any:
    """A module from a network; see `fastact.MLP.to_torch`."""
    modules: List[Any] = []
    rates = [*net.dropout, 0.0]
    for layer, rate in zip(net._network.layers, rates):
        norm = layer.norm
        linear = nn.Linear(len(layer.weight), len(layer.bias), bias=norm is None)
        copies: Dict[str, Any] = {"weight": layer.weight.T}
        if norm is None:
            copies["bias"] = layer.bias
        modules.append(_filled(linear, copies))
        if norm is not None:
            copies = {"weight": norm.scale, "bias": layer.bias, "running_mean": norm.mean, "running_var": norm.variance}
            modules.append(_filled(nn.BatchNorm1d(len(layer.bias)), copies))
        if layer.activation is not None:
            modules.append(_made(layer.activation, layer.activation_parameters, net.dtype))
        if rate:
            modules.append(nn.Dropout(rate))
    return nn.Sequential(*modules).eval()


def _filled(module: Any, arrays: Dict[str, np.ndarray]) -> Any:
    """The module with these parameters and buffers, copied, and in their dtype."""
    module.to(torch.from_numpy(np.array(next(iter(arrays.values())))).dtype)
    with torch.no_grad():
        for name, array in arrays.items():
            getattr(module, name).copy_(torch.from_numpy(np.array(array)))
    return module


def _made(activation: Any, parameters: Tuple[float, ...], dtype: Any) -> Any:
    """torch's module of an activation where it has the same one; else fastact's."""
    name = registered(activation)
    if not name:
        raise TypeError(f"MLP.to_torch: activation {activation!r} is none of fastact's")
    if name == "prelu":
        return _filled(nn.PReLU(1), {"weight": np.array(parameters, dtype)})
    values = parameters or getattr(activation.info, "defaults", ())
    names = [p.name for p in getattr(activation.info, "parameters", ())]
    return made_by_torch(activation.info, {"axis": -1, **dict(zip(names, values))}) or ours.modules[name](*values)
