"""Losses that treat each element by itself."""
from __future__ import annotations

from typing import Literal, Optional

from fastact.losses import kernels
from fastact._core.containers import ArrayLike, asarray, is_container
from fastact.losses.base import Loss, Prepared, Reduction, elementwise, number


@Loss
def mse_loss(
    input: ArrayLike, target: ArrayLike, reduction: Reduction = "mean", weight: Optional[ArrayLike] = None
) -> Prepared:
    """Squared error, ``(input - target)**2``.

    Parameters
    ----------
    input, target : array_like
        Predictions and true values, of one shape.
    reduction : {"mean", "sum", "none"}
        What is returned: the mean over all elements, their sum, or every element.
    weight : array_like, optional
        Factor of each element; broadcast to ``input``. The mean is divided by the sum of the factors.

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
    return elementwise("mse_loss", kernels.MSE_LOSS, input, target, reduction, weight, weighted_mean=True)


@Loss
def l1_loss(
    input: ArrayLike, target: ArrayLike, reduction: Reduction = "mean", weight: Optional[ArrayLike] = None
) -> Prepared:
    """Absolute error, ``abs(input - target)``, with slope 0 at 0.

    Parameters, results and errors are those of `mse_loss`.

    Parameters
    ----------
    input, target : array_like
    reduction : {"mean", "sum", "none"}
    weight : array_like, optional
    """
    return elementwise("l1_loss", kernels.L1_LOSS, input, target, reduction, weight, weighted_mean=True)


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
        Where the parabola ends; 0 makes it `l1_loss`.

    Returns
    -------
    scalar, or an array of ``input``'s shape for ``reduction="none"``

    Raises
    ------
    TypeError
        If ``input`` or ``target`` is not real (complex, longdouble, object, text).
    ValueError
        If the shapes differ, ``beta`` is negative, or ``reduction`` is unknown.
    """
    beta = number("smooth_l1_loss", "beta", beta)
    loss = kernels.SMOOTH_L1_LOSS if beta > 1e-37 else kernels.L1_LOSS  # 0 in float32
    return elementwise("smooth_l1_loss", loss, input, target, reduction, option=beta)


@Loss
def huber_loss(
    input: ArrayLike,
    target: ArrayLike,
    reduction: Reduction = "mean",
    delta: float = 1.0,
    weight: Optional[ArrayLike] = None,
) -> Prepared:
    """``d**2 / 2`` where ``d = abs(input - target)`` is at most ``delta``, else ``delta (d - delta / 2)``.

    Parameters
    ----------
    input, target : array_like
        Predictions and true values, of one shape.
    reduction : {"mean", "sum", "none"}
        What is returned: the mean over all elements, their sum, or every element.
    delta : float, positive
        Where the parabola ends.
    weight : array_like, optional
        Factor of each element; broadcast to ``input``. The mean divides by the number of elements.

    Returns
    -------
    scalar, or an array of ``input``'s shape for ``reduction="none"``

    Raises
    ------
    TypeError
        If an argument is not real (complex, longdouble, object, text).
    ValueError
        If shapes do not fit, ``delta`` is not positive, or ``reduction`` is unknown.
    """
    delta = number("huber_loss", "delta", delta, positive=True)
    return elementwise("huber_loss", kernels.HUBER_LOSS, input, target, reduction, weight, delta)


@Loss
def binary_cross_entropy(
    input: ArrayLike, target: ArrayLike, weight: Optional[ArrayLike] = None, reduction: Reduction = "mean"
) -> Prepared:
    """Cross-entropy of probabilities, ``-(t log(p) + (1 - t) log(1 - p))``.

    As in torch no logarithm is below -100, and the gradient divides by ``p (1 - p)`` or 1e-12,
    whichever is larger. From logits, `binary_cross_entropy_with_logits` is more accurate.

    Parameters
    ----------
    input, target : array_like
        The predicted and the true probability of the positive class, in [0, 1]; of one shape.
    weight : array_like, optional
        Factor of each element; broadcast to ``input``.
    reduction : {"mean", "sum", "none"}
        The mean divides by the number of elements, whatever the weights.

    Returns
    -------
    scalar, or an array of ``input``'s shape for ``reduction="none"``

    Raises
    ------
    TypeError
        If an argument is not real (complex, longdouble, object, text).
    ValueError
        If shapes do not fit, a probability is not in [0, 1], or ``reduction`` is unknown.
    """
    return elementwise(
        "binary_cross_entropy", kernels.BINARY_CROSS_ENTROPY, input, target, reduction, weight
    )


@Loss
def binary_cross_entropy_with_logits(
    input: ArrayLike,
    target: ArrayLike,
    weight: Optional[ArrayLike] = None,
    reduction: Reduction = "mean",
    pos_weight: Optional[ArrayLike] = None,
) -> Prepared:
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
    return elementwise(
        "binary_cross_entropy_with_logits", kernels.BINARY_CROSS_ENTROPY_WITH_LOGITS,
        input, target, reduction, weight, pos_weight=pos_weight,
    )


@Loss
def kl_div(
    input: ArrayLike,
    target: ArrayLike,
    reduction: Literal["mean", "batchmean", "sum", "none"] = "mean",
    log_target: bool = False,
) -> Prepared:
    """Kullback-Leibler divergence of ``target`` from ``exp(input)``, ``t (log(t) - input)``.

    Parameters
    ----------
    input : array_like
        Logarithms of probabilities.
    target : array_like
        Probabilities, or their logarithms; of ``input``'s shape.
    reduction : {"mean", "batchmean", "sum", "none"}
        "batchmean" divides the sum by the length of the first axis, and is the divergence;
        "mean" divides it by the number of elements.
    log_target : bool
        Whether ``target`` holds logarithms.

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
    loss = kernels.KL_DIV_LOG_TARGET if log_target else kernels.KL_DIV
    batchmean = reduction == "batchmean"
    return elementwise("kl_div", loss, input, target, "sum" if batchmean else reduction, batchmean=batchmean)


@Loss
def poisson_nll_loss(
    input: ArrayLike,
    target: ArrayLike,
    log_input: bool = True,
    full: bool = False,
    eps: float = 1e-8,
    reduction: Reduction = "mean",
) -> Prepared:
    """Negative log-likelihood of counts, ``exp(input) - target * input``, for Poisson distributions.

    A network for counts has no output activation with it: the outputs are logarithms of expected counts.

    Parameters
    ----------
    input : array_like
        Logarithms of the means, or with ``log_input=False`` the means themselves: then the loss is
        ``input - target * log(input + eps)``.
    target : array_like, not negative
        Counts, of ``input``'s shape.
    log_input : bool
        What ``input`` is.
    full : bool
        Whether to add Stirling's approximation of ``log(target!)``, where ``target`` is above 1. It
        does not change the gradient.
    eps : float, not negative
        Added to ``input`` before its logarithm.
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
        If the shapes differ, a target, a mean or ``eps`` is negative, or ``reduction`` is unknown.
    """
    losses = (
        (kernels.POISSON_NLL_LOSS_OF_MEANS, kernels.POISSON_NLL_LOSS_OF_MEANS_FULL),
        (kernels.POISSON_NLL_LOSS, kernels.POISSON_NLL_LOSS_FULL),
    )
    eps = number("poisson_nll_loss", "eps", eps)
    return elementwise("poisson_nll_loss", losses[bool(log_input)][bool(full)], input, target, reduction, option=eps)


@Loss
def gaussian_nll_loss(
    input: ArrayLike,
    target: ArrayLike,
    var: ArrayLike,
    full: bool = False,
    eps: float = 1e-6,
    reduction: Reduction = "mean",
) -> Prepared:
    """Negative log-likelihood for normal distributions, ``(log(var) + (input - target)**2 / var) / 2``.

    The gradient is that with respect to ``input``, the means. With respect to ``var`` it is
    ``(1 - (input - target)**2 / var) / (2 * var)``.

    Parameters
    ----------
    input, target : array_like
        Means and true values, of one shape.
    var : array_like, not negative
        Variances: one number, one each element, or one each row, of ``input``'s shape without the last
        axis or with a length of 1 in it; any other axis may have length 1, too.
    full : bool
        Whether to add ``log(2 * pi) / 2`` to every element.
    eps : float, not negative
        Smaller variances count as this one.
    reduction : {"mean", "sum", "none"}
        What is returned: the mean over all elements, their sum, or every element.

    Returns
    -------
    scalar, or an array of ``input``'s shape for ``reduction="none"``

    Raises
    ------
    TypeError
        If an argument is not real (complex, longdouble, object, text).
    ValueError
        If shapes do not fit, a variance or ``eps`` is negative, or ``reduction`` is unknown.
    """
    if var is None:
        raise TypeError("gaussian_nll_loss: var must be real numbers, got None")
    eps = number("gaussian_nll_loss", "eps", eps)
    if not is_container(var) and asarray(var).ndim and asarray(var).shape == asarray(input).shape[:-1]:
        var = asarray(var)[..., None]
    loss = kernels.GAUSSIAN_NLL_LOSS_FULL if full else kernels.GAUSSIAN_NLL_LOSS
    return elementwise("gaussian_nll_loss", loss, input, target, reduction, variance=var, eps=eps)
