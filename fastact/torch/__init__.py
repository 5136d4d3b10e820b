"""fastact's activations for PyTorch: functions, modules, and a swap of those of a whole model.

    import fastact.torch as ft
    y = ft.gelu(x)                            # torch tensors in and out, with gradients
    layer = ft.LeakyReLU(0.2)                 # a torch.nn.Module, named as torch's where it has one
    count = ft.replace_activations(model)     # nn.ReLU, Hugging Face's NewGELUActivation ... become ours

Every activation of `fastact.activations` is here under its name and its aliases, with its parameters,
and ``softmax``, ``log_softmax``, ``softmin``, ``sparsemax``, ``entmax15``, ``hardmax``, ``logsumexp``,
``glu``, ``reglu``, ``geglu`` and ``swiglu`` with ``dim=``; softmax takes ``mask=``, ``temperature=``, ``sink=``,
``bias=`` and ``causal=``, too. CPU tensors of float32, float64 and float16 are
neither copied in nor out, nor are those of bfloat16 where ml_dtypes is installed. Strides are free.
torch.compile, torch.export and torch.jit.trace record operators that call the kernels, such as
torch.ops.fastact.activation, and torch.fx.symbolic_trace calls of these functions. For other tensors, in
forward mode and under torch.func and torch.onnx, torch's own operators do the work.
`modules` maps the names to the module classes. Needs PyTorch: ``pip install "fastact[torch]"``.

In this folder `functions` has the functions and their gradients, `nn` the modules and which of torch's equal them,
`replace` the swap, and `convert` takes an `MLP` to ``torch.nn.Sequential`` and back. `operators` and the compiled `native`
put the kernels under torch's own operators: `kernels`.
"""
from __future__ import annotations

from typing import Any, List

from fastact import registry
from fastact.torch import functions  # first, for its error where there is no torch
from fastact.torch.nn import Activation, OfRows, TrainedXielu, modules  # noqa: F401
from fastact.torch.operators import kernels
from fastact.torch.replace import replace_activations

__all__ = ["kernels", "modules", "replace_activations", *functions.FUNCTIONS, *(own.__name__ for own in modules.values())]
globals().update(functions.FUNCTIONS)
globals().update({own.__name__: own for own in modules.values()})
for _alias, _name in registry.aliases().items():
    if _name in functions.FUNCTIONS:
        globals()[_alias] = functions.FUNCTIONS[_name]
        __all__.append(_alias)


def __getattr__(name: str) -> Any:  # for type checkers: the functions and classes above are made by a loop
    raise AttributeError(f"module 'fastact.torch' has no attribute {name!r}")


def __dir__() -> List[str]:
    return __all__
