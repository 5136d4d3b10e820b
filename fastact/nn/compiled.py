"""A network bound to a batch size: inference in fixed buffers."""
from __future__ import annotations

from functools import partial
from typing import Any, Callable, List, Sequence

import numpy as np

from fastact._core.array_like import plain
from fastact._core.number_arguments import integer
from fastact.nn.layers import Array
from fastact.nn.network import Network


class Compiled:
    """The outputs of a network for batches of one size; made by `fastact.MLP.compile`.

    Attributes
    ----------
    output : array, shape (batch, outputs)
        What a call returns; each call overwrites it.
    """

    def __init__(self, network: Network, sizes: Sequence[int], dtype: Any, batch: int) -> None:
        self._shape = integer("MLP.compile: batch", batch), sizes[0]
        self._dtype: Any = np.dtype(dtype)
        buffers = [np.empty((batch, size), dtype) for size in sizes[1:]]
        self.output: Array = buffers[-1]
        self._weight: Array = network.layers[0].weight
        self._z: Array = buffers[0]
        self._calls: List[Callable[[], Any]] = []  # after the first product
        for layer, below, z in zip(network.layers, [None, *buffers], buffers):
            if below is not None:
                self._calls.append(partial(below.dot, layer.weight, z))
            self._calls.append(layer.bind_finish(z))

    def __call__(self, X: Array) -> Array:
        """The outputs (batch, outputs) for ``X`` (batch, inputs). An array of the network's dtype is fastest."""
        x = X if type(X) is np.ndarray and X.dtype is self._dtype else np.asarray(plain("MLP", "X", X), self._dtype)
        if x.shape != self._shape:
            raise ValueError(f"MLP.compile: X has shape {x.shape}; this function takes {self._shape}")
        x.dot(self._weight, self._z)
        for call in self._calls:
            call()
        return self.output
