"""Optimisers with torch's rules and keyword names, updating NumPy arrays in place.

``opt = Adam(params, lr=1e-3)``, then ``opt.step(grads)`` for each gradient. The options are attributes, which
a schedule may set, such as ``opt.lr``; a value out of range raises when it is set. A step is one pass
over each parameter and allocates no array. With ``maximize=True`` an optimiser maximises instead of minimising.

`base` has the class of all optimisers: parameters, checks and state. In a step it gets the step's numbers from `rules` and
calls `kernels`, the bridge to C. `schedules` has the learning rates by epoch. This folder imports `fastact._core` only.
"""
from fastact.optimizers.base import Optimizer, clip_grad_norm, clip_grad_value
from fastact.optimizers.rules import SGD, Adagrad, Adam, AdamW, RMSprop
from fastact.optimizers.schedules import AdaptiveLR, ConstantLR, CosineAnnealingLR, InverseScalingLR, StepLR

__all__ = [
    "Adagrad", "Adam", "AdamW", "AdaptiveLR", "ConstantLR", "CosineAnnealingLR", "InverseScalingLR",
    "Optimizer", "RMSprop", "SGD", "StepLR", "clip_grad_norm", "clip_grad_value",
]

for _name in __all__:  # where users find them, and pickles too
    globals()[_name].__module__ = __name__


def __dir__() -> "list[str]":
    return __all__
