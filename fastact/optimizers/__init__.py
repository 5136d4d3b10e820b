"""Optimisers with torch's rules and keyword names, updating NumPy arrays in place.

``opt = Adam(params, lr=1e-3)``, then ``opt.step(grads)`` after each gradient. The options are attributes,
so that a schedule sets ``opt.lr``; a value out of range is refused when it is set. A step is one pass
over each parameter and allocates no array. All accept ``maximize=True`` to ascend instead.

A step goes through `base`, which has the parameters, the checks and the state of all optimisers; asks `rules` for the
numbers of the step; and runs `kernels`, the bridge to C. `schedules` has the learning rates by epoch. This folder imports
`fastact._core` only.
"""
from fastact.optimizers.base import Optimizer, clip_grad_norm, clip_grad_value
from fastact.optimizers.rules import SGD, Adagrad, Adam, AdamW, RMSprop
from fastact.optimizers.schedules import AdaptiveLR, ConstantLR, CosineAnnealingLR, InverseScalingLR, StepLR

__all__ = [
    "Adagrad", "Adam", "AdamW", "AdaptiveLR", "ConstantLR", "CosineAnnealingLR", "InverseScalingLR",
    "Optimizer", "RMSprop", "SGD", "StepLR", "clip_grad_norm", "clip_grad_value",
]  # fmt: skip

for _name in __all__:  # where users find them, and pickles too
    globals()[_name].__module__ = __name__


def __dir__() -> "list[str]":
    return __all__
