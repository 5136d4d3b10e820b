"""The network: its layers over one flat array of parameters, a training step, and predictions."""
from __future__ import annotations

import math
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from fastact._core.activation import lookup
from fastact._core.arguments import contiguous
from fastact.nn.layers import Array, BatchNorm, Dense, Dropout, PReLUDense
from fastact.optimizers.base import clip_grad_norm, clip_grad_value


class GradientLimits(NamedTuple):
    """The largest norm of the whole gradient, and the largest absolute value of its elements; None: no limit."""

    norm: Optional[float] = None
    value: Optional[float] = None


NO_LIMITS = GradientLimits()

_REMEDIES = ("a smaller learning rate, inputs scaled to about unit variance (for a regression the targets too), "
             'or init="auto"')
_PRELU = lookup("prelu")
CHUNK = 8192  # predictions take so many samples at a time, because the hidden layers of all samples might not fit in memory


class Network:
    """Fully connected layers, with all parameters in one array `flat` and all gradients in `flat_grad`.

    The layers have views of both, so an optimiser updates the network in one pass over one array.

    Parameters
    ----------
    sizes : sequence of int
        From the inputs to the outputs.
    activations : sequence of (activation or None, tuple of parameters)
        One for each layer. The slope of prelu is trained; its parameter is the initial value.
    dtype, dropout, l2, batch_norm
        As for `MLP`, with a dropout rate for each hidden layer or none.
    rng : numpy.random.Generator, optional
        For dropout.
    """

    def __init__(self, sizes: Sequence[int], activations: Sequence[Tuple[Any, Any]], dtype: Any, dropout: Sequence[float] = (),
                 l2: float = 0.0, batch_norm: bool = False, rng: Optional[np.random.Generator] = None) -> None:
        self._sizes, self._activations = sizes, activations
        self._dropout, self.l2, self._rng = dropout, l2, rng or np.random.default_rng()
        units = sizes[1:-1] if batch_norm else ()
        self.buffers = [array for n in units for array in (np.zeros(n, dtype), np.ones(n, dtype))]  # running means
        trained = sum((n + 1) * m for n, m in zip(sizes, sizes[1:])) + sum(units)
        trained += sum(activation is _PRELU for activation, _ in activations)
        self.flat = np.zeros(trained, dtype)[:]  # views, because NumPy refuses to resize them: that would free the layers' memory
        self.flat_grad = np.zeros_like(self.flat)[:]
        self._make_layers()
        for layer, (_, parameters) in zip(self.layers, activations):
            if layer.norm is not None:
                layer.norm.scale[...] = 1
            if isinstance(layer, PReLUDense):
                layer.slope[...] = parameters

    def _make_layers(self) -> None:
        """Make `layers` on views of the flat arrays, and `_stages`, which are the layers with dropout between."""
        start = 0

        def cut(*shape: int) -> Tuple[Array, Array]:
            """The next part of the parameters in this shape, and its gradient."""
            nonlocal start
            part = slice(start, start := start + math.prod(shape))
            return self.flat[part].reshape(shape), self.flat_grad[part].reshape(shape)

        self.layers: List[Dense] = []
        self._stages: List[Any] = []
        for k, (activation, parameters) in enumerate(self._activations):
            n, m = self._sizes[k : k + 2]
            given = *cut(n, m), *cut(m), activation, parameters
            layer = PReLUDense(*given, *cut(1)) if activation is _PRELU else Dense(*given)
            layer.propagates = k > 0
            if 2 * k < len(self.buffers):
                layer.norm = BatchNorm(*cut(m), *self.buffers[2 * k : 2 * k + 2])
            self.layers.append(layer)
            self._stages.append(layer)
            if k < len(self._dropout) and self._dropout[k] > 0:
                self._stages.append(Dropout(self._dropout[k], self._rng))

    # Pickling and deepcopy would copy the values of a view, so they leave the layers out. Restoring makes new layers.
    def __getstate__(self) -> Dict[str, Any]:
        return {key: value for key, value in vars(self).items() if key not in ("layers", "_stages", "flat_grad")}

    def __setstate__(self, state: Dict[str, Any]) -> None:
        vars(self).update(state)
        self.flat_grad = np.zeros(self.flat.shape, self.flat.dtype)[:]
        self._make_layers()
        if not self.flat.flags.writeable:
            self.own()

    def own(self) -> None:
        """Copy the parameters and buffers: restored arrays may be read-only, or in a mapped file or another object's memory."""
        self.flat, *self.buffers = (np.array(array, order="C")[:] for array in (self.flat, *self.buffers))
        self._make_layers()

    @property
    def parameters(self) -> List[Array]:
        """Weight and bias of every layer, each pair followed by what else the layer trains."""
        return [array for layer in self.layers for array, _ in layer.trained]

    @property
    def gradients(self) -> List[Array]:
        """The gradients of `parameters` by the last `backpropagate`."""
        return [grad for layer in self.layers for _, grad in layer.trained]

    def forward(self, x: Array) -> Array:
        """The outputs (samples, outputs) for x (samples, inputs), in a new array."""
        if len(x) > CHUNK:
            return in_chunks(self.forward, x)
        for layer in self.layers:
            x = layer.predict(x)
        return x

    def train_step(self, x: Array, target: Any, loss: Any, optimizer: Any, limits: GradientLimits = NO_LIMITS) -> float:
        """A step of the optimiser; returns the loss before it.

        Raises what `backpropagate` raises, and then changes neither parameters nor running means.
        """
        value = self.backpropagate(x, target, loss)
        if limits.value is not None:
            clip_grad_value(self.flat_grad, limits.value)
        if limits.norm is not None:
            clip_grad_norm(self.flat_grad, limits.norm)
        optimizer.step([self.flat_grad])
        for layer in self.layers if self.buffers else ():
            if layer.norm is not None:
                layer.norm.commit()
        return value

    @np.errstate(over="ignore", invalid="ignore")  # an overflow shows in the loss
    def backpropagate(self, x: Array, target: Any, loss: Any) -> float:
        """The loss of a batch x (batch, inputs) plus the penalty of `l2`. Its gradient is left in `flat_grad`.

        Raises ValueError if batch normalisation is given a single sample, FloatingPointError if the loss is infinite or NaN.
        """
        if self.buffers and len(x) < 2:
            raise ValueError(
                f"MLP: batch_norm expected more than 1 value per channel when training, got a batch of {len(x)} sample; "
                "a batch needs at least 2"
            )
        h = x
        for stage in self._stages:
            h = stage.forward(h)  # (batch, fan_out)
        value, grad = loss.value_and_grad(h, target)
        value = float(value) + self.penalty()
        if not math.isfinite(value):
            raise FloatingPointError(f"the loss became {value}: {self.blame(x)}")
        for k, layer in enumerate(self.layers if self.buffers else (), 1):
            if layer.norm is not None and not np.isfinite(layer.norm.batch_moments).all():
                raise FloatingPointError(f"the variance of a batch overflows in layer {k}'s batch normalisation; try {_REMEDIES}")
        grad = contiguous(grad, self.flat.dtype)  # (batch, outputs)
        for stage in reversed(self._stages):
            grad = stage.backward(grad)  # (batch, fan_in)
        if self.l2:
            for layer in self.layers:
                layer.weight_grad += self.l2 * layer.weight
        return value

    def penalty(self) -> float:
        """``l2 / 2`` times the sum of the squared weights."""
        if not self.l2:
            return 0.0
        return self.l2 / 2 * sum(float(np.vdot(layer.weight, layer.weight)) for layer in self.layers)

    def blame(self, x: Array) -> str:
        """A message why the loss of x is not finite: the first layer that gives NaN or infinity, and what would help."""
        if not np.isfinite(x).all():
            return "X holds NaN or infinity; replace or remove these samples"
        for k, layer in enumerate(self.layers, 1):
            where = f"layer {k} of {len(self.layers)} ({' -> '.join(map(str, layer.weight.shape))})"
            if not all(np.isfinite(array).all() for array, _ in layer.trained):
                return f"an earlier step made parameters of {where} infinite or NaN; try {_REMEDIES}"
            x = layer.predict(x)
            if not np.isfinite(x).all():
                return f"the outputs of {where} overflow; try {_REMEDIES}"
        return (f"the outputs of {where} are finite, up to {float(np.abs(x).max()):.3g}; look for NaN, infinity or huge values "
                f"in the targets, or try {_REMEDIES}")

    def __repr__(self) -> str:
        parts = [str(self._sizes[0])]
        for size, (activation, parameters) in zip(self._sizes[1:], self._activations):
            name = f" {activation.name}{list(parameters) or ''}" if activation is not None else ""
            parts.append(f"{size}{name}")
        return " -> ".join(parts)


def chunks(x: Any) -> Iterator[Any]:
    """Slices of at most `CHUNK` samples."""
    return (x[start : start + CHUNK] for start in range(0, x.shape[0], CHUNK))


def in_chunks(compute: Callable[[Any], Array], x: Any) -> Array:
    """``compute(x)``, computed for `CHUNK` samples at a time."""
    return np.concatenate([compute(part) for part in chunks(x)])
