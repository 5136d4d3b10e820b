"""The losses of the scikit-learn estimators, by scikit-learn's definitions, for `Network.backpropagate`.

Outputs, their gradients and labels are (batch, outputs), except classes, which are (batch,).
"""
from __future__ import annotations

import math
from functools import partial
from typing import Any, Callable, Dict, Optional, Tuple

import numpy as np
from scipy.special import xlogy

from fastact import losses
from fastact._core.arguments import contiguous
from fastact.losses.loss_arguments import bare, checked_results, is_own, resolve, takes_reduction
from fastact.nn.layers import Array
from fastact.nn.network import chunks
from fastact.nn.output_layers import pairing

# Labels of a batch, the weights of its samples (batch,), and what the sum over the samples is divided by.
Target = Tuple[Array, Optional[Array], float]

_SKLEARN_NAMES = {"absolute_error": losses.l1_loss, "huber": losses.huber_loss}


class Objective:
    """Base class of the losses: a weighted mean over samples. Subclasses define `terms`.

    scikit-learn continues after an infinite loss; `Network` would raise. So `value_and_grad` returns 0 as the loss, and
    the true loss is in `value`.
    """

    value = 0.0

    def __init__(self, dtype: Any) -> None:
        self.dtype = np.dtype(dtype)

    def labels(self, y: Array) -> Array:
        """The targets (samples, outputs) as `terms` takes them."""
        return contiguous(y, self.dtype)

    def check(self, y: Array) -> None:
        """Raise for targets that the loss does not take."""
        self.labels(y)

    def terms(self, output: Array, labels: Array) -> Tuple[Array, Array]:
        """The loss of each sample, (batch,) or (batch, outputs), and the gradient of their sum."""
        raise NotImplementedError

    def value_and_grad(self, output: Array, target: Target) -> Tuple[float, Array]:
        labels, weights, total = target
        values, grad = self.terms(output, labels)
        if weights is None:
            self.value = float(np.add.reduce(values, axis=None, dtype=np.float64)) / total
            grad *= 1 / total
        else:
            each = values if values.ndim == 1 else values.sum(axis=1)  # (batch,)
            self.value = float(weights.dot(each)) / total
            grad *= (weights / total)[:, None]
        return 0.0, grad


class LogLoss(Objective):
    """A cross-entropy of `fastact.losses`, with probabilities clipped to [eps, 1 - eps] as in scikit-learn."""

    def __init__(self, dtype: Any, loss: Any) -> None:
        super().__init__(dtype)
        self._loss, eps = loss, float(np.finfo(self.dtype).eps)
        self._least, self._most = self.dtype.type(-math.log1p(-eps)), self.dtype.type(-math.log(eps))

    def labels(self, y: Array) -> Array:
        return np.asarray(y.argmax(axis=1)) if self._loss is losses.cross_entropy else super().labels(y)

    def terms(self, output: Array, labels: Array) -> Tuple[Array, Array]:
        values, grad = self._loss.value_and_grad(output, labels, reduction="none")
        np.maximum(values, self._least, out=values)
        np.minimum(values, self._most, out=values)
        return values, grad


class SquaredError(Objective):
    """Half the square, averaged over the outputs; scikit-learn's gradient, however, is that of their sum."""

    def terms(self, output: Array, labels: Array) -> Tuple[Array, Array]:
        grad = output - labels
        return np.square(grad) * self.dtype.type(0.5 / grad.shape[1]), grad


class Poisson(Objective):
    """Half the deviance of ``exp(output)``."""

    def labels(self, y: Array) -> Array:
        if (y < 0).any():
            raise ValueError("MLPRegressor: loss='poisson' takes values y that are not negative")
        return super().labels(y)

    def terms(self, output: Array, labels: Array) -> Tuple[Array, Array]:
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            predicted = np.exp(output)
            grad = predicted - labels
            return xlogy(labels, labels / predicted) + grad, grad


class Chosen(Objective):
    """A loss of `fastact.losses`, or one of the user's, summed over the outputs."""

    def __init__(self, dtype: Any, owner: str, loss: Any) -> None:
        super().__init__(dtype)
        self._owner, self._loss = owner, loss

    def check(self, y: Array) -> None:
        if is_own(self._loss):
            for labels in chunks(self.labels(y)):
                self.terms(np.zeros_like(labels), labels)

    def terms(self, output: Array, labels: Array) -> Tuple[Array, Array]:
        results = self._loss.value_and_grad(output, labels, reduction="none")
        return results if is_own(self._loss) else checked_results(self._owner, self._loss, results, output, True)


def chosen(owner: str, loss: Any, classifies: bool) -> Any:
    """The loss of `fastact.losses`, or one of the user's, that an estimator's parameter `loss` means; else None.

    None is for what scikit-learn defines, by the estimator: "log_loss", "squared_error" and "poisson".
    """
    own = ("log_loss",) if classifies else ("squared_error", "poisson")
    if isinstance(loss, str) and loss in own:
        return None
    names = {**losses.BY_NAME, **_SKLEARN_NAMES}
    found = resolve(owner, loss, names, list(dict.fromkeys([*own, *_SKLEARN_NAMES, *losses.BY_NAME])))
    if not takes_reduction(found):
        raise TypeError(
            f'{owner}: loss {loss!r} must have value_and_grad(output, target, reduction="none"), which gives the loss of '
            "each sample"
        )
    no_logs = pairing(found).means is None
    if bare(found) is losses.poisson_nll_loss and (classifies or no_logs):
        what = "log_input=False needs outputs that are not negative" if no_logs else "it is for counts"
        raise ValueError(f"{owner}: loss poisson_nll_loss: {what}")
    return found


def objective(owner: str, loss: Any, out_activation: str, dtype: Any) -> Objective:
    """What an estimator minimises, by its parameter `loss`.

    Raises
    ------
    ValueError
        If the name is unknown, or the loss does not go with the outputs.
    TypeError
        If it is no loss at all.
    """
    own: Dict[Tuple[str, str], Callable[[Any], Objective]] = {
        ("log_loss", "softmax"): partial(LogLoss, loss=losses.cross_entropy),
        ("log_loss", "logistic"): partial(LogLoss, loss=losses.binary_cross_entropy_with_logits),
        ("squared_error", "identity"): SquaredError,
        ("poisson", "exp"): Poisson,
    }
    if isinstance(loss, str) and (loss, out_activation) in own:
        return own[loss, out_activation](dtype)
    classifies = out_activation in ("softmax", "logistic")
    found = chosen(owner, loss, classifies)
    if found is None or (pairing(found).means is not None) != (out_activation == "exp"):
        raise ValueError(f"{owner}: loss {loss!r} does not go with the network trained so far, whose output activation is "
                         f"{out_activation!r}; set warm_start=False and fit anew")
    if bare(found) is losses.cross_entropy and out_activation != "softmax":
        what = "three classes and more; here use 'binary_cross_entropy_with_logits'" if classifies else "classes"
        raise ValueError(f"{owner}: loss 'cross_entropy' is for {what}")
    return Chosen(dtype, owner, found)
