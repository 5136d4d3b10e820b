"""The end of a network: the output activation for each loss, the meaning of the outputs, the loss and the metric."""
from __future__ import annotations

from typing import Any, Callable, NamedTuple, Optional, Tuple

import numpy as np
from numpy.typing import NDArray

from fastact import losses
from fastact._core.activation import lookup
from fastact._core.rows import softmax
from fastact._core.warn import warn
from fastact.losses.loss_arguments import bare, checked_results, is_own, options_of

Array = NDArray[Any]


class Pairing(NamedTuple):
    """How a network with a certain loss ends.

    Attributes
    ----------
    task : str
        "multiclass", "binary", "regression", or "" for a loss of the user's.
    output : str, optional
        The default output activation; None leaves the outputs as they are.
    takes : str
        What the loss takes, for a warning; "" if every output activation is possible.
    accepts : tuple of str
        Other output activations that give no warning.
    probabilities, means : callable, optional
        ``f(outputs, out=outputs)`` computes the probabilities of classes, or the predictions of a regression.
    threshold : float
        Outputs above it mean the positive class.
    """

    task: str
    output: Optional[str] = None
    takes: str = ""
    accepts: Tuple[str, ...] = ()
    probabilities: Optional[Callable[..., Any]] = None
    threshold: float = 0.0
    means: Optional[Callable[..., Any]] = None


_exponential, _sigmoid = lookup("exponential"), lookup("sigmoid")
_LOG_SOFTMAX = Pairing("multiclass", "log_softmax", "takes logarithms of probabilities", probabilities=_exponential)
_PAIRINGS = {
    losses.cross_entropy: Pairing("multiclass", None, "takes logits and applies softmax itself", probabilities=softmax),
    losses.binary_cross_entropy_with_logits: Pairing(
        "binary", None, "takes logits and applies sigmoid itself", probabilities=_sigmoid
    ),
    losses.binary_cross_entropy: Pairing(
        "binary", "sigmoid", "takes probabilities", ("hard_sigmoid", "sparse_sigmoid", "softmax", "sparsemax"), threshold=0.5
    ),
    losses.nll_loss: _LOG_SOFTMAX,
    losses.kl_div: _LOG_SOFTMAX,
}
_POISSON = {  # by log_input
    True: Pairing("regression", None, "takes logarithms of means and applies exponential itself", means=_exponential),
    False: Pairing("regression", "exponential", "takes means, which are not negative",
                   ("softplus", "squareplus", "sparse_plus", "relu", "sigmoid", "hard_sigmoid", "softmax")),
}


def pairing(loss: Any) -> Pairing:
    """How a network with this loss ends."""
    if not is_own(loss):
        return Pairing("")
    if bare(loss) is losses.poisson_nll_loss:
        return _POISSON[bool(options_of(loss).get("log_input", True))]
    return _PAIRINGS.get(bare(loss), Pairing("regression"))


def check(loss: Any, name: str) -> None:
    """Warn if the output activation of this name does not suit the loss."""
    wanted = pairing(loss)
    if not wanted.takes or name == (wanted.output or "identity") or name in wanted.accepts:
        return
    if wanted.output is not None:
        why, remedy = f"{name} does not give them", f", which stands for {wanted.output} here"
    elif wanted.means is not None:
        why, remedy = "the outputs are transformed twice", "; predict gives means"
    else:
        why = "the outputs are squashed twice, which gives wrong probabilities and small gradients"
        remedy = "; predict_proba gives probabilities"
    warn(f"MLP: loss {loss.__name__} {wanted.takes}: with output_activation={name!r}, {why}. Leave "
         f"output_activation=None{remedy}")


class Objective:
    """The loss of a batch with a weight for each sample, (batch,), and a metric that gets each batch; both may be None.

    It checks the results of a loss of the user's.
    """

    def __init__(self, loss: Any, metric: Optional[Metric] = None, weight: Optional[Array] = None) -> None:
        self.loss, self.metric, self.weight = loss, metric, weight
        self._is_own = is_own(loss)

    def value_and_grad(self, output: Array, target: Array) -> Tuple[float, Array]:
        """The mean loss, in which a sample of weight k counts like k equal samples, and its gradient (batch, outputs)."""
        if self.metric is not None:
            self.metric.add(output, target, self.weight)
        each = {} if self.weight is None else {"reduction": "none"}
        results = self.loss.value_and_grad(output, target, **each)
        if not self._is_own:
            results = checked_results("MLP", self.loss, results, output, self.weight is not None)
        values, grad = results
        if self.weight is None:
            return values, grad
        weight = self.weight.reshape(-1, *(1,) * (values.ndim - 1))  # (batch,) or (batch, 1), as values
        total = (weight * _counts(self.loss, target, values)).sum(dtype=np.float64)
        grad *= (self.weight / total).astype(grad.dtype)[:, None]
        return float((weight * values).sum(dtype=np.float64) / total), grad


def _counts(loss: Any, target: Array, values: Array) -> Array:
    """The weight of each value in the loss's own mean, such as that of a sample's class; in the shape of `values`."""
    weight, counts = options_of(loss).get("weight"), np.ones(values.shape)
    if bare(loss) in (losses.cross_entropy, losses.nll_loss) and target.ndim == 1:
        counts = counts * (target != _ignored(loss))
        if weight is not None:
            counts *= np.asarray(weight)[np.where(counts > 0, target, 0)]
    elif bare(loss) in (losses.mse_loss, losses.l1_loss) and weight is not None:
        counts = counts * weight
    return counts


def _ignored(loss: Any) -> int:
    """The class whose samples the loss ignores."""
    return int(options_of(loss).get("ignore_index", -100))


class Metric:
    """Accuracy for losses of classes, R squared for regressions, collected batch by batch.

    `name` is "accuracy", "r2", or "" for a loss of the user's, which has no metric.
    """

    def __init__(self, loss: Any) -> None:
        pair = pairing(loss)
        self.name = {"multiclass": "accuracy", "binary": "accuracy", "regression": "r2"}.get(pair.task, "")
        self._task, self._means, self._threshold, self._ignored = pair.task, pair.means, pair.threshold, _ignored(loss)
        self._sums: Any = 0.0
        self._shift: Any = None

    def add(self, output: Array, target: Array, weight: Optional[Array]) -> None:
        """Add a batch: outputs (batch, outputs), targets as the loss takes them, weights (batch,) or None."""
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
                self._shift = target[0].copy()  # (outputs,); subtracted, so that the sums of squares do not cancel
            t = np.subtract(target, self._shift, dtype=np.float64)
            terms = np.stack([t, t * t, np.subtract(target, output, dtype=np.float64) ** 2])  # (3, batch, outputs)
            w = np.ones(len(t)) if weight is None else weight
            self._sums = self._sums + np.array([w.sum() + 0 * t[0], *np.einsum("i,kij->kj", w, terms)])  # (4, outputs)

    def _count(self, hits: Array, weight: Optional[Array]) -> None:
        """Add the samples of a batch, and those classified right."""
        counted = [len(hits), hits.sum()] if weight is None else [weight.sum(), np.dot(hits, weight)]
        self._sums = self._sums + np.array(counted)

    def result(self) -> float:
        """The metric of all batches; that of a regression is the mean over the outputs."""
        if self._task != "regression":
            total, right = self._sums
            return float(right / total)
        n, s, ss, errors = self._sums  # (outputs,) each
        spread = ss - s * s / n
        with np.errstate(all="ignore"):
            each = np.where(spread > 0, 1 - errors / spread, np.where(errors == 0, 1.0, 0.0))
        return float(each.mean())
