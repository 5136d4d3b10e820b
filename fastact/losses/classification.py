"""Losses against classes: from logits, with the softmax inside, or from logarithms of probabilities."""
from __future__ import annotations

import functools
from typing import Any, Optional, Tuple

import numpy as np
from numpy.typing import NDArray

from fastact._core.arguments import contiguous
from fastact._core.array_like import ArrayLike, asarray
from fastact._core.containers import Call
from fastact.losses import kernels
from fastact.losses.base import (
    Loss, Prepared, Reduction, Value, as_masked, divisor, in_containers, number, real, run_unmasked, scaled, spread,
)


@Loss
def cross_entropy(input: ArrayLike, target: ArrayLike, weight: Optional[ArrayLike] = None, ignore_index: int = -100,
                  reduction: Reduction = "mean", label_smoothing: float = 0.0) -> Prepared:
    """Cross-entropy of ``softmax(input)`` against a class or a distribution, from logits.

    ``-log(softmax(input)[target])`` for a class, ``-sum(target * log(softmax(input)))`` for a distribution. If all targets
    are left out, the mean is NaN and its gradient 0.

    Parameters
    ----------
    input : array_like, shape (C,), (N, C) or (N, C, d1, ...)
        Logits of C classes.
    target : array_like
        Either integer classes from 0 to C - 1, in the shape of ``input`` without C, or floating-point probabilities in the
        shape of ``input``.
    weight : array_like, shape (C,), optional
        Factor of each class. With integer targets the mean is divided by the sum of the factors.
    ignore_index : int
        Integer targets of this value are left out.
    reduction : {"mean", "sum", "none"}
        What is returned: the mean over the targets that are not left out, their sum, or the loss of each target.
    label_smoothing : float in [0, 1]
        Share of each target that is spread evenly over the classes (Szegedy et al. 2016, arXiv:1512.00567).
    """
    by = divisor("cross_entropy", reduction, 0)
    if weight is None and label_smoothing == 0:  # the usual calls, in few steps
        if kernels.rows_and_classes(input, target):
            return kernels.classes, (False, input, target, None, None, ignore_index, by)
        if kernels.rows_and_probs(input, target):
            return kernels.classes, (False, input, None, None, target, ignore_index, by)
    label_smoothing = number("cross_entropy", "label_smoothing", label_smoothing)
    inside = _in_containers(lambda x, t, w: cross_entropy._function(x, t, w, ignore_index, reduction, label_smoothing),
                            "cross_entropy", input, target, weight, reduction, label_smoothing)
    if inside is not None:
        return inside
    if label_smoothing > 1:
        raise ValueError(f"cross_entropy: label_smoothing must be in [0, 1], got {label_smoothing}")
    rows = _Rows("cross_entropy", input)
    target = asarray(target)
    if target.shape != rows.x.shape or target.dtype.kind != "f":
        classes, class_weights = rows.checked_classes(target), rows.class_weights(weight, averaged=by == 0)
        target_probs = rows.smoothed(classes, class_weights, label_smoothing) if label_smoothing else None
        return rows.prepared(False, classes, class_weights, target_probs, ignore_index, by)
    target_probs = rows.of(real("cross_entropy", "target", target))
    if label_smoothing:
        target_probs = target_probs * (1 - label_smoothing) + label_smoothing / rows.count
    if weight is not None:
        target_probs = target_probs * rows.class_weights(weight)
    return rows.prepared(False, None, None, contiguous(target_probs, rows.x.dtype), 0, by)


@Loss
def nll_loss(input: ArrayLike, target: ArrayLike, weight: Optional[ArrayLike] = None, ignore_index: int = -100,
             reduction: Reduction = "mean") -> Prepared:
    """Negative log-likelihood of classes, ``-input[target]``, from logarithms of probabilities.

    ``nll_loss(log_softmax(x), target)`` equals ``cross_entropy(x, target)``, which is faster.
    If all targets are left out, the mean is NaN and its gradient 0.

    Parameters
    ----------
    input : array_like, shape (C,), (N, C) or (N, C, d1, ...)
        Logarithms of the probabilities of C classes.
    target : array_like of int
        Classes from 0 to C - 1, in the shape of ``input`` without C.
    weight : array_like, shape (C,), optional
        Factor of each class. The mean is divided by the sum of the targets' factors.
    ignore_index : int
        Targets of this value are left out.
    reduction : {"mean", "sum", "none"}
        What is returned: the mean over the targets that are not left out, their sum, or the loss of each target.
    """
    by = divisor("nll_loss", reduction, 0)
    if weight is None and kernels.rows_and_classes(input, target):
        return kernels.classes, (True, input, target, None, None, ignore_index, by)
    inside = _in_containers(
        lambda x, t, w: nll_loss._function(x, t, w, ignore_index, reduction), "nll_loss", input, target, weight, reduction
    )
    if inside is not None:
        return inside
    rows = _Rows("nll_loss", input)
    return rows.prepared(True, rows.checked_classes(asarray(target)), rows.class_weights(weight, by == 0), None, ignore_index, by)


class _Rows:
    """An input as the kernels take it: rows of its classes.

    Attributes
    ----------
    x : array
    axis, count : int
        The axis of the classes in x, and their number.
    shape : tuple
        The shape of x without that axis.
    """

    def __init__(self, name: str, input: ArrayLike) -> None:
        self.name, self.x = name, real(name, "input", input)
        self.axis = min(self.x.ndim, 2) - 1
        if self.axis < 0 or self.x.shape[self.axis] == 0:
            raise ValueError(f"{name}: input of shape {self.x.shape} has no classes; expected (C,) or (N, C, ...)")
        self.count = self.x.shape[self.axis]
        self.shape = self.x.shape[: self.axis] + self.x.shape[self.axis + 1 :]

    def of(self, array: NDArray[Any]) -> NDArray[Any]:
        """An array of the shape of x as rows, (N, C)."""
        return contiguous(np.moveaxis(array, self.axis, -1).reshape(-1, self.count), array.dtype)

    def checked_classes(self, target: NDArray[Any]) -> NDArray[Any]:
        """The class of each row, (N,)."""
        if target.shape != self.shape:
            raise ValueError(f"{self.name}: target has shape {target.shape} and dtype {target.dtype}; for input of shape "
                             f"{self.x.shape} expected integers of shape {self.shape}"
                             + (f" or probabilities of shape {self.x.shape}" if self.name == "cross_entropy" else ""))
        if target.dtype.kind not in "iu":
            raise TypeError(
                f"{self.name}: classes must be integers, got dtype {target.dtype}; convert them, as by target.astype(int)"
            )
        return contiguous(target.reshape(-1), np.int64)

    def class_weights(self, weight: Optional[ArrayLike], averaged: bool = False) -> Optional[NDArray[Any]]:
        """The weight of each class, (C,), or None. `averaged` says whether a sum of them divides the loss."""
        if weight is None:
            return None
        weights = contiguous(scaled(self.name, weight) if averaged else real(self.name, "weight", weight), self.x.dtype)
        if weights.shape != (self.count,):
            raise ValueError(f"{self.name}: weight has shape {weights.shape}; expected one factor a class, ({self.count},)")
        return weights

    def smoothed(self, classes: NDArray[Any], weights: Optional[NDArray[Any]], smoothing: float) -> NDArray[Any]:
        """Weighted target probabilities (N, C): ``smoothing / C`` for every class, and the rest for the class of the row."""
        if weights is None:
            weights = np.ones(self.count, self.x.dtype)
        target_probs = np.tile(weights * (smoothing / self.count), (len(classes), 1))
        row = np.flatnonzero((classes >= 0) & (classes < self.count))
        target_probs[row, classes[row]] += weights[classes[row]] * (1 - smoothing)
        return contiguous(target_probs, self.x.dtype)

    def prepared(self, given_logs: bool, classes: Any, class_weights: Any, target_probs: Any, ignore: int, by: Any) -> Prepared:
        """A kernel whose results have the layout of the input."""

        def kernel(wants_grad: bool) -> Tuple[Value, Any]:
            value, grad = kernels.classes(
                given_logs, self.of(self.x), classes, class_weights, target_probs, ignore, by, wants_grad
            )
            if by is None:
                value = value.reshape(self.shape)
            if grad is not None:
                grad = np.ascontiguousarray(np.moveaxis(grad.reshape(*self.shape, self.count), -1, self.axis))
            return value, grad

        return kernel, ()


def _in_containers(
    prepare: Any, name: str, input: Any, target: Any, weight: Any, reduction: str, smoothing: float = 0.0
) -> Optional[Prepared]:
    """The loss of arguments that are containers; None where none is."""
    ndim = np.ndim(input) if not hasattr(input, "ndim") else input.ndim
    role = "reduced" if ndim > getattr(target, "ndim", -1) else "whole"
    return in_containers(name, prepare, [input, target, weight], ["x", role, "along"], "reduced" if reduction == "none" else None,
                         functools.partial(_masked, smoothing), max(min(ndim, 2) - 1, 0))


def _masked(smoothing: float, call: Call) -> Any:
    """A loss of masked arrays: without the classes that are masked in a row, and without the rows whose target is masked."""
    arrays = as_masked(call)
    if arrays is None:
        return None
    x, target, weight = arrays
    axis, whole = call.axis, call.roles[1] == "whole"
    shape = x.shape[:axis] + x.shape[axis + 1 :]
    if x.ndim == 0 or target.shape != (x.shape if whole else shape):
        run_unmasked(call, arrays)

    def rows(array: Any) -> Any:
        return np.moveaxis(array, axis, -1).reshape(-1, x.shape[axis])

    data = rows(np.ma.getdata(x))  # (N, C)
    absent = rows(np.ma.getmaskarray(x)) | (False if weight is None else np.ma.getmaskarray(weight))  # (N, C)
    if whole:
        labels, absent = rows(np.ma.getdata(target)), absent | rows(np.ma.getmaskarray(target))
        gone = absent.all(1)  # (N,)
        labels = np.where(absent, labels.dtype.type(0), labels)
    else:
        labels = np.ma.getdata(target).reshape(-1)
        gone = absent.all(1) | np.ma.getmaskarray(target).reshape(-1)
        if labels.dtype.kind in "iu":
            known = np.flatnonzero((labels >= 0) & (labels < data.shape[1]))
            gone[known] |= absent[known, labels[known]]
    if smoothing and (absent & ~gone[:, None]).any():
        raise call.error("label_smoothing spreads targets over all classes; none may be masked in a row that counts")
    data = data if data.dtype.kind == "f" else data.astype(np.result_type(data, np.float32))
    data = np.where(absent, data.dtype.type(-np.inf), data)
    result = call.run([data[~gone], labels[~gone], weight if weight is None else weight.filled(0)])

    def wrap(role: Optional[str], one: Any) -> Any:
        if role is None:
            return spread(role, one, ~gone, gone, x)
        if role == "reduced":
            made = spread(role, one, ~gone, gone, x)
            return made.reshape(shape) if shape else made[0]
        made = spread(role, one, ~gone, absent | gone[:, None], x)
        return np.moveaxis(made.reshape((*shape, x.shape[axis])), -1, axis)

    return call.wrapped(result, wrap)
