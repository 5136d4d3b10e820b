"""Fully connected layers: forward pass, backpropagation, and the buffers that both reuse."""
from __future__ import annotations

from functools import partial
from typing import Any, Callable, Dict, List, Optional, Tuple

import numpy as np
from numpy.typing import NDArray

from fastact._core.activation import lookup
from fastact.nn.normalisation import BatchNorm

_add_bias = lookup("identity").biased  # a quarter of the time of numpy.add for a small batch

Array = NDArray[Any]

# A fit needs two: full batches and the last one.
_MOST_BUFFERS = 4


class Dense:
    """``activation(x @ weight + bias, *parameters)``; an activation of None is left out.

    The arrays are views of the network's flat parameters and gradient:
    weight (fan_in, fan_out), bias (fan_out,), and their gradients. `norm` may normalise the
    activation's input.
    """

    norm: Optional[BatchNorm] = None
    propagates = True  # whether `backward` goes on to the layer's input; the first layer's need not

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
        self.activation, self._parameters = activation, parameters
        self._biased = _add_bias if activation is None else getattr(activation, "biased", None)
        self._buffers: Dict[int, Tuple[Array, Array, Array]] = {}

    @property
    def parameters(self) -> Tuple[float, ...]:
        """What the activation is called with, after its input."""
        return self._parameters

    @property
    def trained(self) -> List[Tuple[Array, Array]]:
        """Each trained array with its gradient."""
        norm = [] if self.norm is None else [(self.norm.scale, self.norm.scale_grad)]
        return [(self.weight, self.weight_grad), (self.bias, self.bias_grad), *norm]

    def folded(self) -> Tuple[Array, Array]:
        """Weight and bias of predictions: those of the layer, with the normalisation in them."""
        if self.norm is None:
            return self.weight, self.bias
        factor, bias = self.norm.folded(self.bias)
        return self.weight * factor, bias

    def linear(self, x: Array) -> Array:
        """The activation's input in predictions, ``x @ weight + bias``, shape (samples, fan_out)."""
        z: Array = x.dot(self.weight)
        self._shift(z)
        return z

    def activate(self, z: Array, out: Array) -> Array:
        """The activation of ``z``, in ``out``."""
        if self.activation is not None:
            self.activation(z, *self.parameters, out=out)
        return out

    def predict(self, x: Array) -> Array:
        """The layer's output, in a new array."""
        return self.finish(x.dot(self.weight))  # for small arrays quicker than numpy.matmul

    def finish(self, z: Array) -> Array:
        """The layer's output in predictions from ``x @ weight``, in its place."""
        if self._biased is not None and self.norm is None:
            self._biased(z, self.bias, *self.parameters, out=z)  # in one pass
            return z
        self._shift(z)
        return self.activate(z, out=z)

    def bound_finish(self, z: Array) -> Callable[[], Any]:
        """`finish` as a function of nothing, which follows the parameters as they change."""
        if self._biased is not None and self.norm is None and type(self) is Dense:
            bound: Callable[[], Any] = self._biased.bind(z, self.bias, *self.parameters, z)
            return bound
        return partial(self.finish, z)

    def _shift(self, z: Array) -> None:
        if self.norm is None:
            _add_bias(z, self.bias, z)
        else:
            self.norm.predict(z, self.bias)

    def forward(self, x: Array) -> Array:
        """The layer's output, in a buffer of the layer; keeps what `backward` needs."""
        z, h, ones = self._buffers_for(len(x))
        x.dot(self.weight, z)
        if self.norm is None:
            _add_bias(z, self.bias, z)
        else:
            self.norm.forward(z, self.bias)
        self._kept = x, z, h, ones
        return self.activate(z, out=h)

    def backward(self, grad: Array) -> Optional[Array]:
        """Backpropagate after `forward`.

        Parameters
        ----------
        grad : array, shape (samples, fan_out)
            The gradient of the loss with respect to the layer's output; C-contiguous.

        Returns
        -------
        array, shape (samples, fan_in), or None where the layer does not propagate
            The gradient with respect to the layer's input. It overwrites that input: the buffer
            of the layer below, which nobody reads any more.
        """
        x, z, h, ones = self._kept
        if self.activation is not None:
            grad = self.activation.backward(grad, z, *self.parameters, out=h)
        ones.dot(grad, self.bias_grad)
        if self.norm is not None:
            grad = self.norm.backward(grad)
        x.T.dot(grad, self.weight_grad)
        return grad.dot(self.weight.T, x) if self.propagates else None

    def _buffers_for(self, samples: int) -> Tuple[Array, Array, Array]:
        """For z, the output, and ones for the sums over the samples."""
        if samples not in self._buffers:
            if len(self._buffers) == _MOST_BUFFERS:
                self._buffers.clear()
            z = np.empty((samples, len(self.bias)), self.bias.dtype)
            h = z if self.activation is None else np.empty_like(z)
            self._buffers[samples] = z, h, np.ones(samples, z.dtype)
        return self._buffers[samples]


class PReLUDense(Dense):
    """A layer with prelu, whose slope for negative values, one for the layer, is trained as well."""

    def __init__(self, *arguments: Any) -> None:
        *arguments_of_dense, self.slope, self.slope_grad = arguments
        super().__init__(*arguments_of_dense)

    @property
    def parameters(self) -> Tuple[float, ...]:
        return (float(self.slope[0]),)

    @property
    def trained(self) -> List[Tuple[Array, Array]]:
        return [*super().trained, (self.slope, self.slope_grad)]

    def backward(self, grad: Array) -> Optional[Array]:
        z = self._kept[1]
        self.slope_grad[0] = np.vdot(np.where(z > 0, 0, grad), np.minimum(z, 0))  # 0 for every grad where z > 0
        return super().backward(grad)


class Dropout:
    """Sets each value to 0 with probability ``rate`` in training, and makes up for it with the others.

    Srivastava et al. 2014, JMLR 15. Both passes work in place.
    """

    def __init__(self, rate: float, rng: np.random.Generator) -> None:
        self.rate, self.rng = rate, rng

    def forward(self, h: Array) -> Array:
        self._factors = self.rng.random(h.shape, h.dtype)
        np.greater_equal(self._factors, self.rate, out=self._factors)
        self._factors *= 1 / (1 - self.rate)
        h *= self._factors
        return h

    def backward(self, grad: Array) -> Array:
        grad *= self._factors
        return grad
