"""The layers of a network over one flat array of parameters: forward pass and backpropagation."""
from __future__ import annotations

import math
from typing import Any, Dict, List, Sequence, Tuple

import numpy as np

from fastact.layers import Array, Dense


class Network:
    """Fully connected layers, each with its activation.

    All parameters are views of `flat`, all gradients of `flat_grad`: an optimiser then updates the
    network in one pass over one array.

    Parameters
    ----------
    sizes : sequence of int
        From the inputs to the outputs.
    activations : sequence of (Activation or None, tuple of parameters)
        One a layer.
    dtype : numpy.dtype
    """

    def __init__(self, sizes: Sequence[int], activations: Sequence[Tuple[Any, Any]], dtype: Any) -> None:
        self._sizes, self._activations = sizes, activations
        self.flat = np.zeros(sum((n + 1) * m for n, m in zip(sizes, sizes[1:])), dtype)
        self.flat_grad = np.zeros_like(self.flat)
        self.layers = self._views()

    def _views(self) -> List[Dense]:
        layers, start = [], 0
        for n, m, (activation, parameters) in zip(self._sizes, self._sizes[1:], self._activations):
            middle, stop = start + n * m, start + (n + 1) * m
            weight, weight_grad = (a[start:middle].reshape(n, m) for a in (self.flat, self.flat_grad))
            bias, bias_grad = (a[middle:stop] for a in (self.flat, self.flat_grad))
            layers.append(Dense(weight, bias, weight_grad, bias_grad, activation, parameters))
            start = stop
        return layers

    # A copy of a view is no view: pickling and deepcopy leave the layers out and make them anew.
    def __getstate__(self) -> Dict[str, Any]:
        return {key: value for key, value in vars(self).items() if key != "layers"}

    def __setstate__(self, state: Dict[str, Any]) -> None:
        vars(self).update(state)
        self.layers = self._views()

    @property
    def parameters(self) -> List[Array]:
        """Weight and bias of every layer."""
        return [array for layer in self.layers for array in (layer.weight, layer.bias)]

    @property
    def gradients(self) -> List[Array]:
        """Their gradients, as the last `backpropagate` left them."""
        return [array for layer in self.layers for array in (layer.weight_grad, layer.bias_grad)]

    def forward(self, x: Array) -> Array:
        """The last layer's outputs, in a new array."""
        for layer in self.layers:
            x = layer.predict(x)
        return x

    @np.errstate(over="ignore", invalid="ignore")  # an overflow shows in the loss
    def backpropagate(self, x: Array, target: Any, loss: Any) -> float:
        """The loss of a batch; its gradient is left in `flat_grad`.

        Raises
        ------
        FloatingPointError
            If the loss is infinite or NaN.
        """
        h = x
        for layer in self.layers:
            h = layer.forward(h)
        value, grad = loss.value_and_grad(h, target)
        if not math.isfinite(value):
            raise FloatingPointError(f"the loss became {float(value)}; {self._blame(x)}")
        grad = np.ascontiguousarray(grad, self.flat.dtype)
        for layer in reversed(self.layers):
            grad = layer.backward(grad, propagate=layer is not self.layers[0])
        return float(value)

    def _blame(self, x: Array) -> str:
        if not np.isfinite(x).all():
            return "X holds NaN or infinity"
        if not np.isfinite(self.flat).all():
            return "the last step made parameters infinite or NaN: try a smaller learning rate"
        return (
            "try a smaller learning rate, inputs scaled to about unit variance, and He or Glorot "
            "initial weights; look for NaN, infinity or huge values in the targets"
        )

    def dead_units(self, x: Array, batch_size: int) -> List[float]:
        """For each hidden layer, the fraction of units whose slope is 0 for every sample."""
        if len(x) == 0:
            raise ValueError("dead_units: there are no samples")
        alive = [np.zeros(len(layer.bias), bool) for layer in self.layers[:-1]]
        for start in range(0, len(x), batch_size):
            h = x[start : start + batch_size]
            for layer, units in zip(self.layers, alive):
                z = layer.linear(h)
                units |= (layer.activation.derivative(z, *layer.parameters) != 0).any(axis=0)
                h = layer.activate(z, out=z)
        return [float(1 - units.mean()) for units in alive]

    def __repr__(self) -> str:
        parts = [str(self._sizes[0])]
        for size, (activation, parameters) in zip(self._sizes[1:], self._activations):
            name = f" {activation.name}{list(parameters) or ''}" if activation is not None else ""
            parts.append(f"{size}{name}")
        return " -> ".join(parts)
