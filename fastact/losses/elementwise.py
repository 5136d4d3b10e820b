"""Losses that treat each element by itself."""
from __future__ import annotations

import functools
from typing import Any, List, Literal, Optional

import numpy as np
from numpy.typing import NDArray

from fastact._core.arguments import contiguous
from fastact._core.array_like import ArrayLike, asarray
from fastact._core.containers import Call, is_container
from fastact.losses import kernels
from fastact.losses.base import (
    POSITIVE, Loss, Prepared, Reduction, as_masked, broadcast, divisor, in_containers, number, pair, real, run_unmasked,
    scaled, spread,
)


@Loss
def mse_loss(input: ArrayLike, target: ArrayLike, reduction: Reduction = "mean", weight: Optional[ArrayLike] = None) -> Prepared:
    """Squared error, ``(input - target)**2``.

    Parameters
    ----------
    input, target : array_like
        Predictions and true values, of one shape.
    reduction : {"mean", "sum", "none"}
        What is returned: the mean over all elements, their sum, or every element.
    weight : array_like, optional
        Factor of each element; broadcast to ``input``. The mean is divided by the sum of the factors.
    """
    return _elements("mse_loss", kernels.MSE_LOSS, input, target, reduction, weight, weighted_mean=True)


@Loss
def l1_loss(input: ArrayLike, target: ArrayLike, reduction: Reduction = "mean", weight: Optional[ArrayLike] = None) -> Prepared:
    """Absolute error, ``abs(input - target)``, with derivative 0 at 0.

    Parameters
    ----------
    input, target : array_like
        Predictions and true values, of one shape.
    reduction : {"mean", "sum", "none"}
        What is returned: the mean over all elements, their sum, or every element.
    weight : array_like, optional
        Factor of each element; broadcast to ``input``. The mean is divided by the sum of the factors.
    """
    return _elements("l1_loss", kernels.L1_LOSS, input, target, reduction, weight, weighted_mean=True)


@Loss
def smooth_l1_loss(input: ArrayLike, target: ArrayLike, reduction: Reduction = "mean", beta: float = 1.0) -> Prepared:
    """``d**2 / (2 beta)`` where ``d = abs(input - target)`` is below ``beta``, else ``d - beta / 2``.

    Parameters
    ----------
    input, target : array_like
        Predictions and true values, of one shape.
    reduction : {"mean", "sum", "none"}
        What is returned: the mean over all elements, their sum, or every element.
    beta : float, not negative
        Where the parabola ends, in the unit of ``input``; 0 makes it `l1_loss`.
    """
    beta = number("smooth_l1_loss", "beta", beta)
    loss = kernels.SMOOTH_L1_LOSS if beta > 1e-37 else kernels.L1_LOSS  # a smaller beta is 0 in float32
    return _elements("smooth_l1_loss", loss, input, target, reduction, option=beta)


@Loss
def huber_loss(input: ArrayLike, target: ArrayLike, reduction: Reduction = "mean", delta: float = 1.0,
               weight: Optional[ArrayLike] = None) -> Prepared:
    """``d**2 / 2`` where ``d = abs(input - target)`` is at most ``delta``, else ``delta (d - delta / 2)``.

    Huber 1964, Robust estimation of a location parameter.

    Parameters
    ----------
    input, target : array_like
        Predictions and true values, of one shape.
    reduction : {"mean", "sum", "none"}
        What is returned: the mean over all elements, their sum, or every element.
    delta : float, positive
        Where the parabola ends, in the unit of ``input``.
    weight : array_like, optional
        Factor of each element; broadcast to ``input``. The mean is divided by the number of elements.
    """
    delta = number("huber_loss", "delta", delta, POSITIVE)
    return _elements("huber_loss", kernels.HUBER_LOSS, input, target, reduction, weight, delta)


@Loss
def binary_cross_entropy(
    input: ArrayLike, target: ArrayLike, weight: Optional[ArrayLike] = None, reduction: Reduction = "mean"
) -> Prepared:
    """Cross-entropy of probabilities, ``-(t log(p) + (1 - t) log(1 - p))``.

    As in torch a logarithm is at least -100, and the gradient is divided by ``p (1 - p)`` or 1e-12,
    whichever is larger. From logits, `binary_cross_entropy_with_logits` is more accurate.

    Parameters
    ----------
    input, target : array_like
        The predicted and the true probability of the positive class, in [0, 1]; of one shape.
    weight : array_like, optional
        Factor of each element; broadcast to ``input``.
    reduction : {"mean", "sum", "none"}
        What is returned: the mean over all elements, whatever the weights, their sum, or every element.
    """
    return _elements("binary_cross_entropy", kernels.BINARY_CROSS_ENTROPY, input, target, reduction, weight)


@Loss
def binary_cross_entropy_with_logits(input: ArrayLike, target: ArrayLike, weight: Optional[ArrayLike] = None,
                                     reduction: Reduction = "mean", pos_weight: Optional[ArrayLike] = None) -> Prepared:
    """Cross-entropy of ``sigmoid(input)`` against targets in [0, 1], from logits.

    Computed as ``(1 - t) softplus(x) + pos_weight t softplus(-x)``, in which nothing cancels.

    Parameters
    ----------
    input, target : array_like
        Logits, and the probability of the positive class for each; of one shape.
    weight : array_like, optional
        Factor of each element; broadcast to ``input``.
    reduction : {"mean", "sum", "none"}
        What is returned: the mean over all elements, whatever the weights, their sum, or every element.
    pos_weight : array_like, optional
        Factor of the positive term, such as one for each column; broadcast to ``input``.
    """
    return _elements(
        "binary_cross_entropy_with_logits", kernels.BINARY_CROSS_ENTROPY_WITH_LOGITS, input, target, reduction, weight,
        pos_weight=pos_weight,
    )


@Loss
def kl_div(input: ArrayLike, target: ArrayLike, reduction: Literal["mean", "batchmean", "sum", "none"] = "mean",
           log_target: bool = False) -> Prepared:
    """Kullback-Leibler divergence of ``target`` from ``exp(input)``, ``t (log(t) - input)``.

    Parameters
    ----------
    input : array_like
        Logarithms of probabilities.
    target : array_like
        Probabilities, or their logarithms; of ``input``'s shape.
    reduction : {"mean", "batchmean", "sum", "none"}
        "batchmean" divides the sum by the length of the first axis, which gives the divergence;
        "mean" divides it by the number of elements.
    log_target : bool
        Whether ``target`` holds logarithms.
    """
    loss = kernels.KL_DIV_LOG_TARGET if log_target else kernels.KL_DIV
    batchmean = reduction == "batchmean"
    return _elements("kl_div", loss, input, target, "sum" if batchmean else reduction, batchmean=batchmean)


@Loss
def poisson_nll_loss(input: ArrayLike, target: ArrayLike, log_input: bool = True, full: bool = False, eps: float = 1e-8,
                     reduction: Reduction = "mean") -> Prepared:
    """Negative log-likelihood of counts under Poisson distributions, ``exp(input) - target * input``.

    A network for counts has no output activation with it: the outputs are logarithms of expected counts.

    Parameters
    ----------
    input : array_like
        Logarithms of the means, or with ``log_input=False`` the means themselves: then the loss is
        ``input - target * log(input + eps)``.
    target : array_like, not negative
        Counts, of ``input``'s shape.
    log_input : bool
        Whether ``input`` holds logarithms.
    full : bool
        Whether to add Stirling's approximation of ``log(target!)`` where ``target`` is above 1. It
        does not change the gradient.
    eps : float, not negative
        Added to ``input`` before its logarithm.
    reduction : {"mean", "sum", "none"}
        What is returned: the mean over all elements, their sum, or every element.
    """
    losses = ((kernels.POISSON_NLL_LOSS_OF_MEANS, kernels.POISSON_NLL_LOSS_OF_MEANS_FULL),
              (kernels.POISSON_NLL_LOSS, kernels.POISSON_NLL_LOSS_FULL))
    eps = number("poisson_nll_loss", "eps", eps)
    return _elements("poisson_nll_loss", losses[bool(log_input)][bool(full)], input, target, reduction, option=eps)


@Loss
def gaussian_nll_loss(input: ArrayLike, target: ArrayLike, var: ArrayLike, full: bool = False, eps: float = 1e-6,
                      reduction: Reduction = "mean") -> Prepared:
    """Negative log-likelihood under normal distributions, ``(log(var) + (input - target)**2 / var) / 2``.

    The gradient is that with respect to ``input``, the means. With respect to ``var`` it is
    ``(1 - (input - target)**2 / var) / (2 * var)``.

    Parameters
    ----------
    input, target : array_like
        Means and true values, of one shape.
    var : array_like, not negative
        Variances: one number, one for each element, or one for each row, of ``input``'s shape without the last
        axis or with a length of 1 in it; any other axis may have length 1, too.
    full : bool
        Whether to add ``log(2 * pi) / 2`` to every element.
    eps : float, not negative
        Smaller variances are replaced by this one.
    reduction : {"mean", "sum", "none"}
        What is returned: the mean over all elements, their sum, or every element.
    """
    if var is None:
        raise TypeError("gaussian_nll_loss: var must be real numbers, got None")
    eps = number("gaussian_nll_loss", "eps", eps)
    if not is_container(var) and asarray(var).ndim and asarray(var).shape == asarray(input).shape[:-1]:
        var = asarray(var)[..., None]
    loss = kernels.GAUSSIAN_NLL_LOSS_FULL if full else kernels.GAUSSIAN_NLL_LOSS
    return _elements("gaussian_nll_loss", loss, input, target, reduction, variance=var, eps=eps)


def _elements(name: str, loss: int, input: ArrayLike, target: ArrayLike, reduction: str, weight: Optional[ArrayLike] = None,
              option: float = 1.0, pos_weight: Optional[ArrayLike] = None, weighted_mean: bool = False, batchmean: bool = False,
              variance: Optional[ArrayLike] = None, eps: float = 0.0) -> Prepared:
    """A loss of single elements, with checked arguments.

    Parameters
    ----------
    loss : int
        The loss of the kernels.
    option : float
        beta, delta or eps. `pos_weight` or `variance` is such an option for each element, which the kernels take instead.
    weighted_mean : bool
        Whether a mean is divided by the sum of the weights.
    batchmean : bool
        Whether a sum is divided by the length of the first axis.
    eps : float
        The least variance.
    """
    x: Any = input
    t: Any = target
    direct = kernels.alike(x, t)
    each = variance if pos_weight is None else pos_weight
    if not direct or weight is not None or each is not None:
        inside = in_containers(
            name,
            lambda x, t, w, p: _elements(name, loss, x, t, reduction, w, option, weighted_mean=weighted_mean, batchmean=batchmean,
                                         **({"pos_weight": p} if variance is None else {"variance": p, "eps": eps})),
            [input, target, weight, each], ["x", "whole", "broadcast", "broadcast"], "x" if reduction == "none" else None,
            functools.partial(_masked, batchmean),
        )
        if inside is not None:
            return inside
    if not direct:
        x, t = pair(name, x, t)
    averaged = weighted_mean and weight is not None and reduction == "mean"
    w = None if weight is None else broadcast(name, "weight", scaled(name, weight) if averaged else weight, x)
    p = None if pos_weight is None else broadcast(name, "pos_weight", pos_weight, x)
    if variance is not None:
        p = _variance(name, variance, x, eps)
    by = divisor(name, reduction, x.size)
    if batchmean:
        by = x.shape[0] if x.ndim else 1
    if averaged and w is not None:
        by = w.sum(dtype=np.float64)
    return kernels.elements, (loss, x, t, w, option, p, by)


def _variance(name: str, value: ArrayLike, x: NDArray[Any], eps: float) -> NDArray[Any]:
    """The variance of each element, at least `eps`."""
    array = real(name, "var", value)
    if (array < 0).any():
        raise ValueError(f"{name}: var must not be negative, got {array[array < 0].flat[0]}")
    if array.ndim not in (0, x.ndim):  # broadcasting would take variances of rows, without the last axis, for those of columns
        raise ValueError(f"{name}: var has shape {array.shape}; for input of shape {x.shape} expected one number, {x.shape} or "
                         f"{x.shape[:-1]}")
    return contiguous(np.maximum(broadcast(name, "var", array, x), x.dtype.type(eps)), x.dtype)


def _masked(batchmean: bool, call: Call) -> Any:
    """A loss of masked arrays: of the elements that are masked in no argument."""
    arrays = as_masked(call)
    if arrays is None:
        return None
    x = arrays[0]
    if arrays[1].shape != x.shape:
        run_unmasked(call, arrays)
    hidden: Any = np.zeros(x.shape, bool)
    for array in arrays:
        if array is not None and array.mask is not np.ma.nomask:
            hidden |= array.mask
    inner: List[Any] = [one if one is None else np.broadcast_to(np.ma.getdata(one), x.shape)[~hidden] for one in arrays]
    result = call.run(inner)
    if batchmean and x.ndim:  # the sum was divided by the number of elements, not by that of rows with an element
        factor = x.dtype.type(len(inner[0]) / max((~hidden).reshape(len(x), -1).any(1).sum(), 1))
        result = tuple(part * factor for part in result) if isinstance(result, tuple) else result * factor
    return call.wrapped(result, lambda role, one: spread(role, one, ~hidden, hidden, x))
