"""Batch normalisation, Ioffe and Szegedy 2015, arXiv:1502.03167."""
from __future__ import annotations

from typing import Any, Tuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

EPSILON, MOMENTUM = 1e-5, 0.1  # torch's


class BatchNorm:
    """Gives each unit's inputs to its activation a trained deviation, and the layer's bias as their mean.

    In training mean and deviation are measured on the batch; for predictions, which must not depend
    on the rest of a batch, running means of both stand in.

    Parameters
    ----------
    scale, scale_grad : array, shape (units,)
        The trained deviation and its gradient.
    mean, variance : array, shape (units,)
        The running means; `commit` updates them in place.
    """

    def __init__(self, scale: Array, scale_grad: Array, mean: Array, variance: Array) -> None:
        self.scale, self.scale_grad, self.mean, self.variance = scale, scale_grad, mean, variance

    def forward(self, z: Array, bias: Array) -> None:
        """Normalise a batch of at least 2 (samples, units) in place; keeps what `backward` and `commit` need."""
        n = len(z)
        mean, variance = z.mean(axis=0), z.var(axis=0)
        self._deviation = np.sqrt(variance + EPSILON)
        self._normal = (z - mean) / self._deviation
        np.multiply(self._normal, self.scale, out=z)
        z += bias
        self.batch = mean, variance * (n / (n - 1))

    def commit(self) -> None:
        """Let the running means take in the batch of the last `forward`, once its step is completed."""
        mean, variance = self.batch
        self.mean += MOMENTUM * (mean - self.mean)
        self.variance += MOMENTUM * (variance - self.variance)

    def backward(self, grad: Array) -> Array:
        """The gradient with respect to what `forward` was given, in the place of that to its result."""
        self.scale_grad[...] = np.einsum("ij,ij->j", grad, self._normal)
        # The batch's own mean and deviation follow each sample: what only moves them changes nothing.
        grad -= grad.mean(axis=0)
        self._normal *= self.scale_grad / len(grad)
        grad -= self._normal
        grad *= self.scale / self._deviation
        return grad

    def predict(self, z: Array, bias: Array) -> None:
        """Normalise in place, by the running means."""
        factor, shift = self.folded(bias)
        z *= factor
        z += shift

    def folded(self, bias: Array) -> Tuple[Array, Array]:
        """What multiplies each unit in predictions, and what is then added."""
        factor: Array = self.scale / np.sqrt(self.variance + EPSILON)
        return factor, bias - factor * self.mean
