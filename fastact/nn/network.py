"""The layers of a network over one flat array of parameters: forward pass and backpropagation."""
from __future__ import annotations

import math
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from fastact._core.activation import lookup
from fastact.nn.layers import Array, Dense, Dropout, PReLUDense
from fastact.nn.normalisation import BatchNorm
from fastact._core.arguments import contiguous

_REMEDIES = (
    "a smaller learning rate, inputs scaled to about unit variance (for a regression the targets too), "
    'or init="auto"'
)

_PRELU = lookup("prelu")

# Predictions of more samples are made in parts: the hidden layers of all of them might not fit in memory.
_AT_ONCE = 8192


class Network:
    """Fully connected layers, each with its activation.

    All parameters are views of `flat`, all gradients of `flat_grad`: an optimiser then updates the
    network in one pass over one array.

    Parameters
    ----------
    sizes : sequence of int
        From the inputs to the outputs.
    activations : sequence of (Activation or None, tuple of parameters)
        One a layer. prelu's slope is trained; its parameter is where it starts.
    dtype : numpy.dtype
    dropout : sequence of float, optional
        A rate for each hidden layer's output.
    l2 : float
        ``l2 / 2`` times the sum of the squared weights (not the biases) is added to the loss.
    batch_norm : bool
        Whether the hidden layers normalise the inputs of their activations.
    rng : numpy.random.Generator, optional
        For dropout.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activations: Sequence[Tuple[Any, Any]],
        dtype: Any,
        dropout: Sequence[float] = (),
        l2: float = 0.0,
        batch_norm: bool = False,
        rng: Optional[np.random.Generator] = None,
    ) -> None:
        self._sizes, self._activations = sizes, activations
        self._dropout, self.l2, self._rng = dropout, l2, rng or np.random.default_rng()
        units = sizes[1:-1] if batch_norm else ()
        self.buffers = [array for n in units for array in (np.zeros(n, dtype), np.ones(n, dtype))]
        trained = sum((n + 1) * m for n, m in zip(sizes, sizes[1:])) + sum(units)
        trained += sum(_is_prelu(activation) for activation, _ in activations)
        self.flat = np.zeros(trained, dtype)[:]  # NumPy refuses to resize a view, which would free the layers' memory
        self.flat_grad = np.zeros_like(self.flat)[:]
        self._make_layers()
        for layer, (_, parameters) in zip(self.layers, activations):
            if layer.norm is not None:
                layer.norm.scale[...] = 1
            if isinstance(layer, PReLUDense):
                layer.slope[...] = parameters

    def _make_layers(self) -> None:
        """The layers on views of the flat arrays, and the steps of training: them, and dropout between."""
        start = 0

        def cut(*shape: int) -> Tuple[Array, Array]:
            nonlocal start
            part = slice(start, start := start + math.prod(shape))
            return self.flat[part].reshape(shape), self.flat_grad[part].reshape(shape)

        self.layers: List[Dense] = []
        self._steps: List[Any] = []
        for k, (activation, parameters) in enumerate(self._activations):
            n, m = self._sizes[k : k + 2]
            (weight, weight_grad), (bias, bias_grad) = cut(n, m), cut(m)
            given = weight, bias, weight_grad, bias_grad, activation, parameters
            layer = PReLUDense(*given, *cut(1)) if _is_prelu(activation) else Dense(*given)
            layer.propagates = k > 0
            if 2 * k < len(self.buffers):
                layer.norm = BatchNorm(*cut(m), *self.buffers[2 * k : 2 * k + 2])
            self.layers.append(layer)
            self._steps.append(layer)
            if k < len(self._dropout) and self._dropout[k] > 0:
                self._steps.append(Dropout(self._dropout[k], self._rng))

    # A copy of a view is no view: pickling and deepcopy leave the layers out and make them anew.
    def __getstate__(self) -> Dict[str, Any]:
        return {key: value for key, value in vars(self).items() if key not in ("layers", "_steps", "flat_grad")}

    def __setstate__(self, state: Dict[str, Any]) -> None:
        vars(self).update(state)
        self.flat_grad = np.zeros(self.flat.shape, self.flat.dtype)[:]
        self._make_layers()
        if not self.flat.flags.writeable:
            self.own()

    def own(self) -> None:
        """Copy the parameters and buffers: restored ones may be read-only, in a mapped file, or in others' memory."""
        self.flat, *self.buffers = (np.array(array, order="C")[:] for array in (self.flat, *self.buffers))
        self._make_layers()

    @property
    def parameters(self) -> List[Array]:
        """Weight and bias of every layer, and after them what else it trains."""
        return [array for layer in self.layers for array, _ in layer.trained]

    @property
    def gradients(self) -> List[Array]:
        """Their gradients, as the last `backpropagate` left them."""
        return [grad for layer in self.layers for _, grad in layer.trained]

    def forward(self, x: Array) -> Array:
        """The last layer's outputs, in a new array."""
        if len(x) > _AT_ONCE:
            return np.concatenate([self.forward(part) for part in batches(x, _AT_ONCE)])
        for layer in self.layers:
            x = layer.predict(x)
        return x

    @np.errstate(over="ignore", invalid="ignore")  # an overflow shows in the loss
    def backpropagate(self, x: Array, target: Any, loss: Any) -> float:
        """The loss of a batch, the penalty of `l2` with it; its gradient is left in `flat_grad`.

        Batch normalisation's running means stay until `commit`.

        Raises
        ------
        ValueError
            If batch normalisation is given a single sample.
        FloatingPointError
            If the loss is infinite or NaN.
        """
        if self.buffers and len(x) < 2:
            raise ValueError(
                f"MLP: batch_norm expected more than 1 value per channel when training, got a batch of {len(x)} sample; "
                "a batch needs at least 2"
            )
        h = x
        for step in self._steps:
            h = step.forward(h)
        value, grad = loss.value_and_grad(h, target)
        value = float(value) + self.penalty()
        if not math.isfinite(value):
            raise FloatingPointError(f"the loss became {value}: {self.blame(x)}")
        for k, layer in enumerate(self.layers if self.buffers else (), 1):
            if layer.norm is not None and not np.isfinite(layer.norm.batch).all():
                raise FloatingPointError(f"the variance of a batch overflows in layer {k}'s batch normalisation; try {_REMEDIES}")
        grad = contiguous(grad, self.flat.dtype)
        for step in reversed(self._steps):
            grad = step.backward(grad)
        if self.l2:
            for layer in self.layers:
                layer.weight_grad += self.l2 * layer.weight
        return value

    def commit(self) -> None:
        """End a step of training: batch normalisation's running means take in the last batch."""
        for layer in self.layers if self.buffers else ():
            if layer.norm is not None:
                layer.norm.commit()

    def penalty(self) -> float:
        """Half `l2` times the sum of the squared weights."""
        if not self.l2:
            return 0.0
        return self.l2 / 2 * sum(float(np.vdot(layer.weight, layer.weight)) for layer in self.layers)

    def blame(self, x: Array) -> str:
        """Where the forward pass went wrong first, and what would help."""
        if not np.isfinite(x).all():
            return "X holds NaN or infinity; replace or remove these samples"
        count = len(self.layers)
        for k, layer in enumerate(self.layers, 1):
            where = f"layer {k} of {count} ({' -> '.join(map(str, layer.weight.shape))})"
            if not all(np.isfinite(array).all() for array, _ in layer.trained):
                return f"an earlier step made parameters of {where} infinite or NaN; try {_REMEDIES}"
            x = layer.predict(x)
            if not np.isfinite(x).all():
                return f"the outputs of {where} overflow; try {_REMEDIES}"
        largest = float(np.abs(x).max())
        return (
            f"the outputs of {where} are finite, up to {largest:.3g}; look for NaN, infinity or huge values "
            f"in the targets, or try {_REMEDIES}"
        )

    def __repr__(self) -> str:
        parts = [str(self._sizes[0])]
        for size, (activation, parameters) in zip(self._sizes[1:], self._activations):
            name = f" {activation.name}{list(parameters) or ''}" if activation is not None else ""
            parts.append(f"{size}{name}")
        return " -> ".join(parts)


def batches(x: Any, size: int) -> Iterator[Any]:
    """Slices of at most ``size`` samples."""
    return (x[start : start + size] for start in range(0, len(x), size))


def _is_prelu(activation: Any) -> bool:
    return activation is _PRELU
