"""Losses and what they ask of a network: the output activation before them, and what the outputs then mean."""
from __future__ import annotations

import warnings
from typing import Any, Callable, NamedTuple, Optional, Tuple

import numpy as np
from numpy.typing import NDArray

from fastact import losses
from fastact.activations import lookup
from fastact.rows import softmax

Array = NDArray[Any]

_IGNORED = -100  # a class that counts for nothing, cross_entropy's and nll_loss's ignore_index


class Pairing(NamedTuple):
    """How a network ends whose loss is this one."""

    task: str  # "multiclass", "binary", "regression", or "" where nothing is known
    output: Optional[str] = None  # the output activation; None: the outputs stay as they are
    takes: str = ""
    accepts: Tuple[str, ...] = ()  # output activations, besides `output`
    probabilities: Optional[Callable[..., Any]] = None  # made of outputs
    threshold: float = 0.0  # of an output, for the positive class


_LOGARITHMS = dict(
    output="log_softmax", takes="takes logarithms of probabilities", probabilities=lookup("exponential")
)
_PAIRINGS = {
    losses.cross_entropy: Pairing(
        "multiclass", takes="takes logits and applies softmax itself", probabilities=softmax
    ),
    losses.binary_cross_entropy_with_logits: Pairing(
        "binary", takes="takes logits and applies sigmoid itself", probabilities=lookup("sigmoid")
    ),
    losses.binary_cross_entropy: Pairing(
        "binary", "sigmoid", "takes probabilities", ("hard_sigmoid", "sparse_sigmoid", "softmax", "sparsemax"),
        threshold=0.5,
    ),
    losses.nll_loss: Pairing("multiclass", **_LOGARITHMS),  # type: ignore[arg-type]
    losses.kl_div: Pairing("multiclass", **_LOGARITHMS),  # type: ignore[arg-type]
}  # fmt: skip


def pairing(loss: Any) -> Pairing:
    """That of a loss; the losses of regressions, and strange ones, take the outputs as they are."""
    if not isinstance(loss, losses.Loss):
        return Pairing("")
    return _PAIRINGS.get(loss, Pairing("regression"))


def check(loss: Any, name: str) -> None:
    """Warn where the output activation of this name does not go with the loss."""
    wanted = pairing(loss)
    if not wanted.takes or name == (wanted.output or "identity") or name in wanted.accepts:
        return
    if wanted.output is None:
        why = "the outputs are squashed twice, which gives wrong probabilities and small gradients"
        remedy = "; predict_proba gives probabilities"
    else:
        why, remedy = f"{name} does not give them", f", which stands for {wanted.output} here"
    # The caller of MLP is above MLP.__init__, arguments.activations and arguments._output.
    warnings.warn(
        f"MLP: loss {loss.__name__} {wanted.takes}: with output_activation={name!r}, {why}. Leave "
        f"output_activation=None{remedy}", stacklevel=5,
    )  # fmt: skip


class Objective:
    """The loss of a batch as training sees it: with a weight for each sample, and a metric looking on."""

    def __init__(self, loss: Any, metric: Optional[Metric] = None, weight: Optional[Array] = None) -> None:
        self.loss, self.metric, self.weight = loss, metric, weight

    def value_and_grad(self, output: Array, target: Array) -> Tuple[float, Array]:
        """The mean loss, to which a sample of weight k counts as k equal ones, and its gradient."""
        if self.metric is not None:
            self.metric.add(output, target, self.weight)
        if self.weight is None:
            value, grad = self.loss.value_and_grad(output, target)
            return value, grad
        values, grad = self.loss.value_and_grad(output, target, reduction="none")
        weight = self.weight
        if values.ndim == 1:
            if target.ndim == 1:
                weight = weight * (target != _IGNORED)
            total = weight.sum(dtype=np.float64)
        else:
            total = weight.sum(dtype=np.float64) * values.shape[1]
        grad *= (weight / total).astype(grad.dtype)[:, None]
        return float(np.dot(weight, values).sum(dtype=np.float64) / total), grad


class Metric:
    """What is shown beside the loss: accuracy for classifiers, R squared for regressions.

    Collected batch by batch; ``name`` is empty where there is nothing to measure.
    """

    def __init__(self, loss: Any) -> None:
        task = pairing(loss).task
        self.name = {"multiclass": "accuracy", "binary": "accuracy", "regression": "r2"}.get(task, "")
        self._task, self._threshold = task, pairing(loss).threshold
        self._sums: Any = 0.0
        self._shift: Any = None

    def add(self, output: Array, target: Array, weight: Optional[Array]) -> None:
        if self._task == "multiclass":
            classes = target if target.ndim == 1 else target.argmax(axis=1)
            if (classes == _IGNORED).any():
                weight = (classes != _IGNORED) * (1.0 if weight is None else weight)
            self._count(output.argmax(axis=1) == classes, weight)
        elif self._task == "binary":
            self._count(((output > self._threshold) == (target > 0.5)).mean(axis=1), weight)
        elif self._task == "regression":
            if self._shift is None:
                self._shift = target[0].copy()  # so that the squares below do not cancel
            t = np.subtract(target, self._shift, dtype=np.float64)
            squares = np.stack([t, t * t, np.subtract(target, output, dtype=np.float64) ** 2])
            w = np.ones(len(t)) if weight is None else weight
            self._sums = self._sums + np.array([w.sum() + 0 * t[0], *np.einsum("i,kij->kj", w, squares)])

    def _count(self, hits: Array, weight: Optional[Array]) -> None:
        if weight is None:
            self._sums = self._sums + np.array([len(hits), hits.sum()])
        else:
            self._sums = self._sums + np.array([weight.sum(), np.dot(hits, weight)])

    def result(self) -> float:
        """Of everything added; a regression's is the mean over its outputs."""
        if self._task != "regression":
            total, right = self._sums
            return float(right / total)
        n, s, ss, errors = self._sums
        spread = ss - s * s / n
        with np.errstate(all="ignore"):
            each = np.where(spread > 0, 1 - errors / spread, np.where(errors == 0, 1.0, 0.0))
        return float(each.mean())
