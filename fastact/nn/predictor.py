"""What a network does without changing itself: outputs, predictions, probabilities, scores."""
from __future__ import annotations

from typing import Any, Dict, Iterable, List, Optional, Union

import numpy as np
from numpy.typing import ArrayLike

from fastact.nn import arguments
from fastact.nn.layers import Array
from fastact.nn.network import Network
from fastact.nn.output_layers import Metric, Objective, pairing


class Predictor:
    """The half of `MLP` that only reads the parameters."""

    layers: List[int]
    loss: Any
    dtype: Any
    _network: Network

    @property
    def parameters(self) -> List[Array]:
        """The trained arrays layer by layer, which share their memory with the network."""
        return self._network.parameters

    def forward(self, X: ArrayLike) -> Array:
        """The last layer's outputs (logits, where the loss takes logits), shape (samples, outputs)."""
        return self._network.forward(self._inputs(X))

    def predict(self, X: ArrayLike) -> Array:
        """Class indices (samples,) for losses of classes; 0 or 1 for binary ones; else the outputs.

        Where the outputs are logarithms of means, as for poisson_nll_loss, the means.
        The latter two are of shape (samples,) for a single output, otherwise (samples, outputs).
        """
        output, pair = self.forward(X), pairing(self.loss)
        if pair.task == "multiclass":
            classes: Array = np.argmax(output, axis=1)
            return classes
        if pair.task == "binary":
            output = (output > pair.threshold).astype(np.intp)
        if pair.means is not None:
            pair.means(output, out=output)
        return output[:, 0] if self.layers[-1] == 1 else output

    def predict_proba(self, X: ArrayLike) -> Array:
        """Probabilities of the classes, (samples, classes); or of 1 for binary losses, shaped as `predict`'s."""
        output, pair = self.forward(X), pairing(self.loss)
        if pair.task not in ("multiclass", "binary"):
            raise TypeError('MLP.predict_proba: only for losses of classes, as "cross_entropy" and "bce"; use predict')
        if pair.probabilities is not None:
            pair.probabilities(output, out=output)
        return output[:, 0] if self.layers[-1] == 1 else output

    def evaluate(
        self, X: ArrayLike, y: ArrayLike, sample_weight: Optional[ArrayLike] = None
    ) -> Dict[str, float]:
        """Scores on labelled data.

        Returns
        -------
        dict
            "loss", with the penalty of ``l2``, and "accuracy" for classifiers or "r2" for regressions.
        """
        output = self.forward(X)
        n = len(output)
        metric = Metric(self.loss)
        weight = arguments.weights(sample_weight, n, self.loss, self.dtype)
        objective = Objective(self.loss, metric, weight)
        loss = objective.value_and_grad(output, self._targets(y, n))[0]
        scores = {"loss": float(loss) + self._network.penalty()}
        return {**scores, metric.name: metric.result()} if metric.name else scores

    def compile(self, batch: int) -> Any:
        """A function of one batch of exactly this size, as quick as can be.

        ``run = net.compile(32)``; ``run(X)`` is ``net.forward(X)``, in an array that the next call
        overwrites. It allocates nothing, and follows the parameters as they change.

        Parameters
        ----------
        batch : int
            Samples in each call.

        Returns
        -------
        fastact.nn.compiled.Compiled
        """
        from fastact.nn.compiled import Compiled

        return Compiled(self._network, self.layers, self.dtype, batch)

    def dead_units(self, X: Union[ArrayLike, Iterable[Any]], batch_size: int = 1024) -> List[float]:
        """For each hidden layer, the fraction of units whose slope is 0 for every sample.

        Parameters
        ----------
        X : array_like, shape (samples, inputs), or iterable of such
            Of batches that are tuples, such as (X, y), the first part counts.
        batch_size : int
            Samples at a time, for an array.
        """
        from fastact import diagnostics

        return diagnostics.dead_units(self, X, batch_size)

    def _inputs(self, X: ArrayLike) -> Array:
        return arguments.inputs(X, self.layers[0], self.dtype)

    def _targets(self, y: ArrayLike, n: int) -> Array:
        return arguments.targets(y, n, self.layers[-1], self.loss, self.dtype)
