"""A fully connected layer: forward pass, backpropagation, and the buffers that both reuse."""
from __future__ import annotations

from typing import Any, Dict, Optional, Tuple

import numpy as np
from numpy.typing import NDArray

from fastact.activations import lookup

_add_bias = lookup("identity").biased  # a quarter of the time of numpy.add for a small batch

Array = NDArray[Any]

# A fit needs two: full batches and the last one.
_MOST_BUFFERS = 4


class Dense:
    """``activation(x @ weight + bias, *parameters)``; an activation of None is left out.

    The arrays are views of the network's flat parameters and gradient:
    weight (fan_in, fan_out), bias (fan_out,), and their gradients.
    """

    def __init__(
        self,
        weight: Array,
        bias: Array,
        weight_grad: Array,
        bias_grad: Array,
        activation: Any,
        parameters: Tuple[float, ...],
    ) -> None:
        self.weight, self.bias = weight, bias
        self.weight_grad, self.bias_grad = weight_grad, bias_grad
        self.activation, self.parameters = activation, parameters
        self._buffers: Dict[int, Tuple[Array, Array, Array]] = {}

    def linear(self, x: Array) -> Array:
        """``x @ weight + bias``, shape (samples, fan_out)."""
        z: Array = x.dot(self.weight)  # for small arrays quicker than numpy.matmul
        _add_bias(z, self.bias, z)
        return z

    def activate(self, z: Array, out: Array) -> Array:
        """The activation of ``z``, in ``out``."""
        if self.activation is not None:
            self.activation(z, *self.parameters, out=out)
        return out

    def predict(self, x: Array) -> Array:
        """The layer's output, in a new array."""
        z = self.linear(x)
        return self.activate(z, out=z)

    def forward(self, x: Array) -> Array:
        """The layer's output, in a buffer of the layer; keeps what `backward` needs."""
        z, h, ones = self._buffers_for(len(x))
        x.dot(self.weight, z)
        _add_bias(z, self.bias, z)
        self._kept = x, z, h, ones
        return self.activate(z, out=h)

    def backward(self, grad: Array, propagate: bool) -> Optional[Array]:
        """Backpropagate after `forward`.

        Parameters
        ----------
        grad : array, shape (samples, fan_out)
            The gradient of the loss with respect to the layer's output; C-contiguous.
        propagate : bool
            Whether the gradient with respect to the layer's input is wanted. It overwrites that
            input: the buffer of the layer below, which nobody reads any more.

        Returns
        -------
        array, shape (samples, fan_in), or None
        """
        x, z, h, ones = self._kept
        if self.activation is not None:
            grad = self.activation.backward(grad, z, *self.parameters, out=h)
        x.T.dot(grad, self.weight_grad)
        ones.dot(grad, self.bias_grad)
        return grad.dot(self.weight.T, x) if propagate else None

    def _buffers_for(self, samples: int) -> Tuple[Array, Array, Array]:
        """For z, the output, and ones for the sums over the samples."""
        if samples not in self._buffers:
            if len(self._buffers) == _MOST_BUFFERS:
                self._buffers.clear()
            z = np.empty((samples, len(self.bias)), self.bias.dtype)
            h = z if self.activation is None else np.empty_like(z)
            self._buffers[samples] = z, h, np.ones(samples, z.dtype)
        return self._buffers[samples]
