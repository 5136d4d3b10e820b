"""Losses with torch's definitions, and their gradients.

``loss(input, target, ...)`` returns the value. ``loss.value_and_grad(input, target, ...)`` returns the value and the
gradient with respect to ``input``, from one pass. float32 input is computed in and returned as float32, float64 as
float64; other real dtypes are first promoted as NumPy promotes them with float32.

If torch's formula gives NaN for an infinite argument and a limit exists, the result is the limit.

A call runs a function of `elementwise` or `classification`, which checks the arguments with functions of `base` and
chooses a function of `kernels`, the bridge to C. `loss_arguments` defines what the argument ``loss`` of a network may be.
This folder imports `fastact._core` only.
"""
from fastact.losses.base import Loss
from fastact.losses.classification import cross_entropy, nll_loss
from fastact.losses.elementwise import (
    binary_cross_entropy, binary_cross_entropy_with_logits, gaussian_nll_loss, huber_loss, kl_div, l1_loss,
    mse_loss, poisson_nll_loss, smooth_l1_loss,
)
from fastact.losses.loss_arguments import LossWithOptions

__all__ = [
    "Loss", "binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy", "gaussian_nll_loss",
    "huber_loss", "kl_div", "l1_loss", "mse_loss", "nll_loss", "poisson_nll_loss", "smooth_l1_loss",
]

# The names by which `MLP` and the estimators know the losses.
BY_NAME = {
    "bce": binary_cross_entropy_with_logits,
    "mse": mse_loss,
    "l1": l1_loss,
    "smooth_l1": smooth_l1_loss,
    "huber": huber_loss,
    "poisson": poisson_nll_loss,
    **{name: globals()[name] for name in __all__ if name != "Loss"},
}

for _name in __all__:  # where users find them, and pickles too
    globals()[_name].__module__ = __name__
LossWithOptions.__module__ = __name__  # pickles of networks name it


def __dir__() -> "list[str]":
    return __all__
