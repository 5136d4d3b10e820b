"""Losses and what they ask of a network: the output activation before them, and what the outputs then mean."""
from __future__ import annotations

import warnings
from typing import Any, Callable, NamedTuple, Optional, Tuple

import numpy as np
from numpy.typing import NDArray

from fastact import losses
from fastact._core.activation import lookup
from fastact.losses.base import bare, checked, is_own
from fastact._core.rows import softmax

Array = NDArray[Any]


class Pairing(NamedTuple):
    """How a network ends whose loss is this one."""

    task: str  # "multiclass", "binary", "regression", or "" where nothing is known
    output: Optional[str] = None  # the output activation; None: the outputs stay as they are
    takes: str = ""
    accepts: Tuple[str, ...] = ()  # output activations, besides `output`
    probabilities: Optional[Callable[..., Any]] = None  # made of outputs
    threshold: float = 0.0  # of an output, for the positive class
    means: Optional[Callable[..., Any]] = None  # of a regression: predictions made of outputs; None: the outputs


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


_COUNTS = {
    True: Pairing(
        "regression", takes="takes logarithms of means and applies exponential itself", means=lookup("exponential")
    ),
    False: Pairing(
        "regression", "exponential", "takes means, which are not negative",
        ("softplus", "squareplus", "sparse_plus", "relu", "sigmoid", "hard_sigmoid", "softmax"),
    ),
}  # fmt: skip


def pairing(loss: Any) -> Pairing:
    """That of a loss; the losses of regressions, and strange ones, take the outputs as they are."""
    if not is_own(loss):
        return Pairing("")
    if bare(loss) is losses.poisson_nll_loss:
        return _COUNTS[bool(getattr(loss, "options", {}).get("log_input", True))]
    return _PAIRINGS.get(bare(loss), Pairing("regression"))


def check(loss: Any, name: str) -> None:
    """Warn where the output activation of this name does not go with the loss."""
    wanted = pairing(loss)
    if not wanted.takes or name == (wanted.output or "identity") or name in wanted.accepts:
        return
    if wanted.output is None:
        why = "the outputs are squashed twice, which gives wrong probabilities and small gradients"
        remedy = "; predict_proba gives probabilities"
        if wanted.means is not None:
            why, remedy = "the outputs are transformed twice", "; predict gives means"
    else:
        why, remedy = f"{name} does not give them", f", which stands for {wanted.output} here"
    # The caller of MLP is above MLP.__init__, arguments.activations and arguments._output.
    warnings.warn(
        f"MLP: loss {loss.__name__} {wanted.takes}: with output_activation={name!r}, {why}. Leave "
        f"output_activation=None{remedy}", stacklevel=5,
    )  # fmt: skip


class Objective:
    """The loss of a batch as training sees it: with a weight for each sample, and a metric looking on.

    What a loss of the user's returns is checked.
    """

    def __init__(self, loss: Any, metric: Optional[Metric] = None, weight: Optional[Array] = None) -> None:
        self.loss, self.metric, self.weight = loss, metric, weight
        self._is_own = is_own(loss)

    def value_and_grad(self, output: Array, target: Array) -> Tuple[float, Array]:
        """The mean loss, to which a sample of weight k counts as k equal ones, and its gradient."""
        if self.metric is not None:
            self.metric.add(output, target, self.weight)
        each = {} if self.weight is None else {"reduction": "none"}
        results = self.loss.value_and_grad(output, target, **each)
        if not self._is_own:
            results = checked("MLP", self.loss, results, output, self.weight is not None)
        values, grad = results
        if self.weight is None:
            return values, grad
        weight = self.weight.reshape(-1, *(1,) * (values.ndim - 1))
        total = (weight * _counts(self.loss, target, values)).sum(dtype=np.float64)
        grad *= (self.weight / total).astype(grad.dtype)[:, None]
        return float((weight * values).sum(dtype=np.float64) / total), grad


def _counts(loss: Any, target: Array, values: Array) -> Array:
    """What each of the values counts in the loss's mean, such as the factor of a sample's class."""
    options, counts = getattr(loss, "options", {}), np.ones(values.shape)
    weight = options.get("weight")
    if bare(loss) in (losses.cross_entropy, losses.nll_loss) and target.ndim == 1:
        counts = counts * (target != _ignored(loss))
        if weight is not None:
            counts *= np.asarray(weight)[np.where(counts > 0, target, 0)]
    elif bare(loss) in (losses.mse_loss, losses.l1_loss) and weight is not None:
        counts = counts * weight
    return counts


def _ignored(loss: Any) -> int:
    """The class that counts for nothing."""
    return int(getattr(loss, "options", {}).get("ignore_index", -100))


class Metric:
    """What is shown beside the loss: accuracy for classifiers, R squared for regressions.

    Collected batch by batch; ``name`` is empty where there is nothing to measure.
    """

    def __init__(self, loss: Any) -> None:
        task, self._means, self._ignored = pairing(loss).task, pairing(loss).means, _ignored(loss)
        self.name = {"multiclass": "accuracy", "binary": "accuracy", "regression": "r2"}.get(task, "")
        self._task, self._threshold = task, pairing(loss).threshold
        self._sums: Any = 0.0
        self._shift: Any = None

    def add(self, output: Array, target: Array, weight: Optional[Array]) -> None:
        if self._task == "multiclass":
            classes = target if target.ndim == 1 else target.argmax(axis=1)
            if (classes == self._ignored).any():
                weight = (classes != self._ignored) * (1.0 if weight is None else weight)
            self._count(output.argmax(axis=1) == classes, weight)
        elif self._task == "binary":
            self._count(((output > self._threshold) == (target > 0.5)).mean(axis=1), weight)
        elif self._task == "regression":
            if self._means is not None:
                output = self._means(output)
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
