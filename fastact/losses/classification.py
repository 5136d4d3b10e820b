"""Losses against classes: from logits, with the softmax inside, or from logarithms of probabilities."""
from __future__ import annotations

import functools
from typing import Any, List, Optional, Tuple

import numpy as np
from numpy.typing import NDArray

from fastact.losses import kernels as loss_kernels
from fastact._core.containers import ArrayLike, Call, asarray
from fastact.losses.base import (
    Loss, Prepared, Reduction, Value, divisor, in_containers, number, real, scaled, spread,
)  # fmt: skip
from fastact._core.arguments import contiguous


@Loss
def cross_entropy(
    input: ArrayLike,
    target: ArrayLike,
    weight: Optional[ArrayLike] = None,
    ignore_index: int = -100,
    reduction: Reduction = "mean",
    label_smoothing: float = 0.0,
) -> Prepared:
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
    by = divisor("cross_entropy", reduction, 0)
    if weight is None and label_smoothing == 0:  # the usual calls, in few steps
        if loss_kernels.rows_and_classes(input, target):
            return loss_kernels.classes, (False, input, target, None, None, ignore_index, by)
        if loss_kernels.rows_and_shares(input, target):
            return loss_kernels.classes, (False, input, None, None, target, ignore_index, by)
    label_smoothing = number("cross_entropy", "label_smoothing", label_smoothing)
    inside = _in_containers(
        lambda x, t, w: cross_entropy._function(x, t, w, ignore_index, reduction, label_smoothing),
        "cross_entropy", input, target, weight, reduction, label_smoothing,
    )  # fmt: skip
    if inside is not None:
        return inside
    if label_smoothing > 1:
        raise ValueError(f"cross_entropy: label_smoothing must be in [0, 1], got {label_smoothing}")
    layout = _Layout("cross_entropy", input)
    target = asarray(target)
    if target.shape != layout.x.shape or target.dtype.kind != "f":
        index, factors = layout.indices(target), layout.factors(weight, averaged=by == 0)
        share = layout.one_hot(index, factors, label_smoothing) if label_smoothing else None
        return layout.prepared(False, index, factors, share, ignore_index, by)
    share = layout.rows_of(real("cross_entropy", "target", target))
    if label_smoothing:
        share = share * (1 - label_smoothing) + label_smoothing / layout.classes
    if weight is not None:
        share = share * layout.factors(weight)
    return layout.prepared(False, None, None, contiguous(share, layout.x.dtype), 0, by)


@Loss
def nll_loss(
    input: ArrayLike,
    target: ArrayLike,
    weight: Optional[ArrayLike] = None,
    ignore_index: int = -100,
    reduction: Reduction = "mean",
) -> Prepared:
    """Negative log-likelihood of classes, ``-input[target]``, from logarithms of probabilities.

    ``nll_loss(log_softmax(x), target)`` is ``cross_entropy(x, target)``, which is quicker.

    Parameters
    ----------
    input : array_like, shape (C,), (N, C) or (N, C, d1, ...)
        Logarithms of the probabilities of C classes.
    target : array_like of int
        Classes, of ``input``'s shape without C.
    weight : array_like, shape (C,), optional
        Factor of each class. The mean is divided by the sum of the targets' factors.
    ignore_index : int
        Targets of this value count for nothing.
    reduction : {"mean", "sum", "none"}
        What is returned: the mean over the targets that count, their sum, or one loss a target.

    Returns
    -------
    scalar, or an array of ``input``'s shape without C for ``reduction="none"``
        A mean over no target at all is NaN, and its gradient 0.

    Raises
    ------
    TypeError
        If ``input`` is not real, or the targets are no integers.
    ValueError
        If shapes do not fit, a class is not in 0..C-1, or ``reduction`` is unknown.
    """
    by = divisor("nll_loss", reduction, 0)
    if weight is None and loss_kernels.rows_and_classes(input, target):
        return loss_kernels.classes, (True, input, target, None, None, ignore_index, by)
    inside = _in_containers(
        lambda x, t, w: nll_loss._function(x, t, w, ignore_index, reduction), "nll_loss", input, target, weight, reduction
    )
    if inside is not None:
        return inside
    layout = _Layout("nll_loss", input)
    return layout.prepared(True, layout.indices(asarray(target)), layout.factors(weight, by == 0), None, ignore_index, by)


def _in_containers(
    prepare: Any, name: str, input: Any, target: Any, weight: Any, reduction: str, smoothing: float = 0.0
) -> Optional[Prepared]:
    """The loss of arguments that are containers; None where none is."""
    ndim = np.ndim(input) if not hasattr(input, "ndim") else input.ndim
    role = "reduced" if ndim > getattr(target, "ndim", -1) else "whole"
    return in_containers(
        name, prepare, [input, target, weight], ["x", role, "along"], "reduced" if reduction == "none" else None,
        functools.partial(_masked_rows, smoothing), max(min(ndim, 2) - 1, 0),
    )  # fmt: skip


def _masked_rows(smoothing: float, call: Call) -> Any:
    """A loss without the classes that are hidden in a row, and without the rows whose target is."""
    if not any(isinstance(value, np.ma.MaskedArray) for value in call.values):
        return None
    arrays: List[Any] = [value if value is None else np.ma.asarray(value) for value in call.values]
    x, target, weight = arrays
    axis, whole = call.axis, call.roles[1] == "whole"
    if x.ndim == 0 or target.shape != (x.shape if whole else x.shape[:axis] + x.shape[axis + 1 :]):
        call.run([value if value is None else np.ma.getdata(value) for value in arrays])  # raises

    def rows(array: Any) -> Any:
        return np.moveaxis(array, axis, -1).reshape(-1, x.shape[axis])

    data = rows(np.ma.getdata(x))
    absent = rows(np.ma.getmaskarray(x)) | (False if weight is None else np.ma.getmaskarray(weight))
    if whole:
        labels, absent = rows(np.ma.getdata(target)), absent | rows(np.ma.getmaskarray(target))
        gone = absent.all(1)
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
        shape = x.shape[:axis] + x.shape[axis + 1 :]
        if role == "reduced":
            made = spread(role, one, ~gone, gone, x)
            return made.reshape(shape) if shape else made[0]
        made = spread(role, one, ~gone, absent | gone[:, None], x)
        return np.moveaxis(made.reshape((*shape, x.shape[axis])), -1, axis)

    return call.wrapped(result, wrap)


class _Layout:
    """Where the classes are in an input, which for the kernels is rows of classes."""

    def __init__(self, name: str, input: ArrayLike) -> None:
        self.name, self.x = name, real(name, "input", input)
        self.axis = min(self.x.ndim, 2) - 1
        if self.axis < 0 or self.x.shape[self.axis] == 0:
            raise ValueError(
                f"{name}: input of shape {self.x.shape} has no classes; expected (C,) or (N, C, ...)"
            )
        self.classes = self.x.shape[self.axis]
        self.shape = self.x.shape[: self.axis] + self.x.shape[self.axis + 1 :]

    def rows_of(self, array: NDArray[Any]) -> NDArray[Any]:
        """An array of the input's shape as rows of classes."""
        return contiguous(np.moveaxis(array, self.axis, -1).reshape(-1, self.classes), array.dtype)

    def indices(self, target: NDArray[Any]) -> NDArray[Any]:
        """Flat classes."""
        if target.shape != self.shape:
            raise ValueError(
                f"{self.name}: target has shape {target.shape} and dtype {target.dtype}; for input of shape "
                f"{self.x.shape} expected integers of shape {self.shape}"
                + (f" or probabilities of shape {self.x.shape}" if self.name == "cross_entropy" else "")
            )
        if target.dtype.kind not in "iu":
            raise TypeError(
                f"{self.name}: classes must be integers, got dtype {target.dtype}; "
                "convert them, as by target.astype(int)"
            )
        return contiguous(target.reshape(-1), np.int64)

    def factors(self, weight: Optional[ArrayLike], averaged: bool = False) -> Optional[NDArray[Any]]:
        """One factor a class, or None; `averaged` where their sum divides."""
        if weight is None:
            return None
        factors = scaled(self.name, weight) if averaged else real(self.name, "weight", weight)
        factors = contiguous(factors, self.x.dtype)
        if factors.shape != (self.classes,):
            raise ValueError(
                f"{self.name}: weight has shape {factors.shape}; expected one factor a class, ({self.classes},)"
            )
        return factors

    def one_hot(self, index: NDArray[Any], factors: Optional[NDArray[Any]], smoothing: float) -> NDArray[Any]:
        """What each class counts in each row: mostly its own, and a part of all. Others than classes have none."""
        if factors is None:
            factors = np.ones(self.classes, self.x.dtype)
        share = np.tile(factors * (smoothing / self.classes), (len(index), 1))
        row = np.flatnonzero((index >= 0) & (index < self.classes))
        share[row, index[row]] += factors[index[row]] * (1 - smoothing)
        return contiguous(share, self.x.dtype)

    def prepared(self, given_logs: bool, index: Any, factors: Any, share: Any, ignore: int, by: Any) -> Prepared:
        """The kernel's results in the input's layout."""

        def kernel(wants_gradient: bool) -> Tuple[Value, Any]:
            rows = self.rows_of(self.x)
            value, grad = loss_kernels.classes(given_logs, rows, index, factors, share, ignore, by, wants_gradient)
            if by is None:
                value = value.reshape(self.shape)
            if grad is not None:
                grad = np.moveaxis(grad.reshape(*self.shape, self.classes), -1, self.axis)
                grad = np.ascontiguousarray(grad)
            return value, grad

        return kernel, ()
