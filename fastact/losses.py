"""Losses with torch's definitions, and their gradients.

``loss(input, target, ...)`` is the value; ``loss.value_and_grad(input, target, ...)`` is the value
and the gradient with respect to ``input``. float32 input is computed and returned as float32,
float64 as float64; other real types are first promoted as NumPy promotes them with float32.

Where infinities make torch's formula NaN and a limit exists, the limit is returned.
"""
from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from fastact.activations import lookup
from fastact.loss_base import Loss, broadcast, pair, reduce, times
from fastact.softmax_loss import cross_entropy

__all__ = ["Loss", "binary_cross_entropy_with_logits", "cross_entropy", "mse_loss"]

_sigmoid = lookup("sigmoid")


@Loss
def mse_loss(input: ArrayLike, target: ArrayLike, reduction: str = "mean") -> Any:
    """Squared error, ``(input - target)**2``.

    Parameters
    ----------
    input, target : array_like
        Predictions and true values, of one shape.
    reduction : {"mean", "sum", "none"}
        What is returned: the mean over all elements, their sum, or every element.

    Returns
    -------
    scalar, or an array of ``input``'s shape for ``reduction="none"``

    Raises
    ------
    TypeError
        If ``input`` or ``target`` is not real (complex, longdouble, object, text).
    ValueError
        If the shapes differ, or ``reduction`` is unknown.
    """
    x, t = pair("mse_loss", input, target)
    difference = x - t
    value, scale = reduce("mse_loss", difference * difference, reduction, x.size)
    return value, lambda: difference * (2 * scale)


@Loss
def binary_cross_entropy_with_logits(
    input: ArrayLike,
    target: ArrayLike,
    weight: ArrayLike | None = None,
    reduction: str = "mean",
    pos_weight: ArrayLike | None = None,
) -> Any:
    """Cross-entropy of ``sigmoid(input)`` against targets in [0, 1], from raw outputs (logits).

    Computed as ``(1 - t) softplus(x) + pos_weight t softplus(-x)``, in which nothing cancels.

    Parameters
    ----------
    input, target : array_like
        Logits, and the probability of the positive class for each; of one shape.
    weight : array_like, optional
        Factor of each element; broadcast to ``input``.
    reduction : {"mean", "sum", "none"}
        The mean divides by the number of elements, whatever the weights.
    pos_weight : array_like, optional
        Factor of the positive term, such as one per column; broadcast to ``input``.

    Returns
    -------
    scalar, or an array of ``input``'s shape for ``reduction="none"``

    Raises
    ------
    TypeError
        If an argument is not real (complex, longdouble, object, text).
    ValueError
        If shapes do not fit, or ``reduction`` is unknown.
    """
    name = "binary_cross_entropy_with_logits"
    x, t = pair(name, input, target)
    negative, positive = 1 - t, t
    if pos_weight is not None:
        positive = t * broadcast(name, "pos_weight", pos_weight, x)
    if weight is not None:
        factor = broadcast(name, "weight", weight, x)
        negative, positive = negative * factor, positive * factor
    tail = np.log1p(np.exp(-np.abs(x)))  # shared by softplus(x) and softplus(-x)
    values = times(negative, np.maximum(x, 0) + tail) + times(positive, np.maximum(-x, 0) + tail)
    value, scale = reduce(name, values, reduction, x.size)
    return value, lambda: (negative * _sigmoid(x) - positive * _sigmoid(-x)) * scale
