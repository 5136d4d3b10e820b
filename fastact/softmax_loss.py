"""Cross-entropy of the softmax, its targets given as classes or as probabilities."""
from __future__ import annotations

from typing import Any, Callable, Tuple

import numpy as np
from numpy.typing import ArrayLike

from fastact.loss_base import Loss, real, reduce, times
from fastact.rows import softmax


@Loss
def cross_entropy(
    input: ArrayLike,
    target: ArrayLike,
    weight: ArrayLike | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    """Cross-entropy of ``softmax(input)`` against a class or a distribution, from logits.

    Parameters
    ----------
    input : array_like, shape (C,), (N, C) or (N, C, d1, ...)
        Logits of C classes.
    target : array_like
        Either integer classes, of ``input``'s shape without C, or floating-point probabilities
        of ``input``'s shape.
    weight : array_like, shape (C,), optional
        Factor of each class. With integer targets the mean is divided by the sum of the factors.
    ignore_index : int
        Integer targets of this value count for nothing.
    reduction : {"mean", "sum", "none"}
        What is returned: the mean over the targets that count, their sum, or one loss a target.
    label_smoothing : float in [0, 1]
        Share of each target that is spread evenly over the classes.

    Returns
    -------
    scalar, or an array of ``input``'s shape without C for ``reduction="none"``
        A mean over no target at all is NaN, and its gradient 0.

    Raises
    ------
    TypeError
        If ``input`` is not real, or targets that must be integers are not.
    ValueError
        If shapes do not fit, a class is not in 0..C-1, or an option is out of range.
    """
    x, target = real("cross_entropy", "input", input), np.asarray(target)
    axis = min(x.ndim, 2) - 1
    if axis < 0 or x.shape[axis] == 0:
        raise ValueError(
            f"cross_entropy: input of shape {x.shape} has no classes; expected (C,) or (N, C, ...)"
        )
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"cross_entropy: label_smoothing must be in [0, 1], got {label_smoothing}")
    classes, shape = x.shape[axis], x.shape[:axis] + x.shape[axis + 1 :]
    rows = _last(x, axis).reshape(-1, classes)
    factors = _class_factors(weight, classes, x.dtype)

    if target.shape == x.shape and target.dtype.kind == "f":
        share = _last(target, axis).reshape(-1, classes).astype(x.dtype, copy=False)
        share = (share * (1 - label_smoothing) + label_smoothing / classes) * factors
        count = x.dtype.type(len(rows))
        values, gradient = _against_shares(rows, share)
    else:
        index, kept = _class_indices(target, x.shape, shape, classes, ignore_index)
        rows = rows if kept.all() else np.where(kept[:, None], rows, 0)
        factor = factors[index] * kept
        count = factor.sum()
        if label_smoothing:
            share = np.outer(kept, factors * (label_smoothing / classes))
            share[np.arange(len(rows)), index] += factor * (1 - label_smoothing)
            values, gradient = _against_shares(rows, share)
        else:
            values, gradient = _against_classes(rows, index, factor)
    value, scale = reduce("cross_entropy", values.reshape(shape), reduction, count)
    return value, lambda: _back(gradient(scale).reshape(*shape, classes), axis)


def _last(x: np.ndarray, axis: int) -> np.ndarray:
    """The class axis moved to the end, without the cost of moving it where it stands there."""
    return x if axis == x.ndim - 1 else np.moveaxis(x, axis, -1)


def _back(x: np.ndarray, axis: int) -> np.ndarray:
    """The class axis moved from the end back to its place."""
    return x if axis == x.ndim - 1 else np.ascontiguousarray(np.moveaxis(x, -1, axis))


def _against_classes(
    rows: np.ndarray, index: np.ndarray, factor: np.ndarray
) -> Tuple[np.ndarray, Callable[[Any], np.ndarray]]:
    """-factor log softmax(row)[index] of each row; and its gradient times a scale."""
    rows, shifted, log_sum = _shifted(rows)
    at = np.arange(len(rows)), index

    def gradient(scale: Any) -> np.ndarray:
        grad: np.ndarray = softmax(rows)
        grad[at] -= 1
        grad *= times(factor, scale)[:, None]
        return grad

    return times(factor, log_sum - shifted[at]), gradient


def _against_shares(
    rows: np.ndarray, share: np.ndarray
) -> Tuple[np.ndarray, Callable[[Any], np.ndarray]]:
    """-sum(share log softmax(row)) of each row; and its gradient times a scale."""
    rows, shifted, log_sum = _shifted(rows)

    def gradient(scale: Any) -> np.ndarray:
        grad: np.ndarray = times(softmax(rows) * share.sum(axis=1, keepdims=True) - share, scale)
        return grad

    return times(share, log_sum[:, None] - shifted).sum(axis=1), gradient


def _shifted(rows: np.ndarray) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The rows, the rows less their maxima, and the logarithm of the sum of exponentials of these.

    A single +inf takes all the probability: such a row becomes its limit, 0 there and -inf elsewhere.
    """
    top = rows.max(axis=1, keepdims=True)
    if (top == np.inf).any():
        infinite = rows == np.inf
        single = infinite.sum(axis=1, keepdims=True) == 1
        rows = np.where(single, np.where(infinite, 0, rows - np.inf), rows)
        top = rows.max(axis=1, keepdims=True)
    shifted = rows - top
    return rows, shifted, np.log(np.exp(shifted).sum(axis=1))


def _class_factors(weight: ArrayLike | None, classes: int, dtype: Any) -> np.ndarray:
    """One factor a class, 1 without weights."""
    if weight is None:
        return np.ones(classes, dtype)
    factors = real("cross_entropy", "weight", weight).astype(dtype, copy=False)
    if factors.shape != (classes,):
        raise ValueError(
            f"cross_entropy: weight has shape {factors.shape}; expected one factor a class, ({classes},)"
        )
    return factors


def _class_indices(
    target: np.ndarray, full: Tuple[int, ...], shape: Tuple[int, ...], classes: int, ignore_index: int
) -> Tuple[np.ndarray, np.ndarray]:
    """Flat class indices, and which of them count; the others are 0."""
    if target.shape != shape:
        raise ValueError(
            f"cross_entropy: target has shape {target.shape} and dtype {target.dtype}; for input of "
            f"shape {full} expected integers of shape {shape} or probabilities of shape {full}"
        )
    if target.dtype.kind not in "iu":
        raise TypeError(
            f"cross_entropy: classes must be integers, got dtype {target.dtype}; "
            "convert them, as by target.astype(int)"
        )
    kept = (target != ignore_index).reshape(-1)
    index = np.where(kept, target.reshape(-1), 0)
    if index.size and not 0 <= index.min() <= index.max() < classes:
        wrong = index[(index < 0) | (index >= classes)][0]
        raise ValueError(f"cross_entropy: class {wrong} in target; input has classes 0 to {classes - 1}")
    return index, kept
