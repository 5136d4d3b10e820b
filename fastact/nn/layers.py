"""The layers of a network: fully connected with an activation, batch normalisation inside, dropout between.

Each has `forward` and `backward` for a training step. `forward` saves what `backward` reads. Shapes stand beside the arrays.
"""
from __future__ import annotations

from functools import partial
from typing import Any, Callable, Dict, List, Optional, Tuple

import numpy as np
from numpy.typing import NDArray

from fastact._core.activation import lookup

Array = NDArray[Any]

_add_bias = lookup("identity").biased  # takes a quarter of numpy.add's time for a small batch
_MOST_WORKSPACES = 4  # batch sizes whose arrays a layer keeps; `fit` has two, the full batch and the last one
_EPSILON, _MOMENTUM = 1e-5, 0.1  # torch's, of batch normalisation


class Dense:
    """Computes ``h = activation(z, *parameters)`` of ``z = x @ weight + bias``.

    Parameters
    ----------
    weight, weight_grad : array, shape (fan_in, fan_out)
        Views of the network's flat arrays, as all arrays here; without training a gradient may be None.
    bias, bias_grad : array, shape (fan_out,)
    activation : Activation, RowActivation, CustomActivation or None
        None leaves z as it is.
    parameters : tuple of float
        Arguments of the activation after z.
    """

    norm: Optional[BatchNorm] = None  # normalises x @ weight, and adds the bias
    propagates = True  # whether `backward` computes the gradient of x, which the first layer does not need

    def __init__(self, weight: Array, weight_grad: Any, bias: Array, bias_grad: Any, activation: Any,
                 parameters: Tuple[float, ...]) -> None:
        self.weight, self.weight_grad = weight, weight_grad
        self.bias, self.bias_grad = bias, bias_grad
        self.activation, self._activation_parameters = activation, parameters
        self._biased = _add_bias if activation is None else getattr(activation, "biased", None)
        self._workspaces: Dict[int, Tuple[Array, Array, Array]] = {}

    @property
    def activation_parameters(self) -> Tuple[float, ...]:
        """Arguments of the activation after z."""
        return self._activation_parameters

    @property
    def trained(self) -> List[Tuple[Array, Array]]:
        """Each trained array with its gradient."""
        norm = [] if self.norm is None else [(self.norm.scale, self.norm.scale_grad)]
        return [(self.weight, self.weight_grad), (self.bias, self.bias_grad), *norm]

    def forward(self, x: Array) -> Array:
        """h of a training step, in a buffer of the layer."""
        z, h, ones = self._workspaces.get(len(x)) or self._new_workspace(len(x))  # (batch, fan_out) twice, (batch,)
        x.dot(self.weight, z)  # (batch, fan_in) @ (fan_in, fan_out)
        if self.norm is None:
            _add_bias(z, self.bias, z)  # (batch, fan_out) + (fan_out,)
        else:
            self.norm.forward(z, self.bias)
        self._saved = x, z, h, ones
        if self.activation is not None:
            self.activation(z, *self.activation_parameters, out=h)
        return h  # which is z without an activation

    def backward(self, grad: Array) -> Optional[Array]:
        """Write the gradients of the parameters; return that of x, or None where the layer does not propagate.

        `grad` is the gradient of h, C-contiguous, (batch, fan_out). The gradient of x overwrites x, the buffer of the layer
        below, and h is overwritten too. So call `backward` once after each `forward`.
        """
        x, z, h, ones = self._saved  # (batch, fan_in), (batch, fan_out) twice, (batch,)
        if self.activation is not None:
            grad = self.activation.backward(grad, z, *self.activation_parameters, out=h)  # that of z, (batch, fan_out)
        ones.dot(grad, self.bias_grad)  # the sums over the batch, (fan_out,)
        if self.norm is not None:
            grad = self.norm.backward(grad)
        x.T.dot(grad, self.weight_grad)  # (fan_in, batch) @ (batch, fan_out)
        return grad.dot(self.weight.T, x) if self.propagates else None  # (batch, fan_out) @ (fan_out, fan_in)

    def predict(self, x: Array) -> Array:
        """h in predictions, in a new array."""
        return self.finish(x.dot(self.weight))  # faster than numpy.matmul for small arrays

    def linear(self, x: Array) -> Array:
        """z in predictions, in a new array."""
        z: Array = x.dot(self.weight)
        self._normalize_and_add_bias(z)
        return z

    def activate(self, z: Array, out: Array) -> Array:
        """h of z, in `out`, which may be z."""
        if self.activation is not None:
            self.activation(z, *self.activation_parameters, out=out)
        return out

    def finish(self, z: Array) -> Array:
        """h in predictions from ``x @ weight``, in place."""
        if self._biased is not None and self.norm is None:
            self._biased(z, self.bias, *self.activation_parameters, out=z)  # in one pass
            return z
        self._normalize_and_add_bias(z)
        return self.activate(z, out=z)

    def bind_finish(self, z: Array) -> Callable[[], Any]:
        """`finish` of this array as a function without arguments. It reads the parameters anew in each call."""
        if self._biased is not None and self.norm is None and type(self) is Dense:
            bound: Callable[[], Any] = self._biased.bind(z, self.bias, *self.activation_parameters, z)
            return bound
        return partial(self.finish, z)

    def folded(self) -> Tuple[Array, Array]:
        """Weight and bias of predictions, with batch normalisation multiplied into them."""
        if self.norm is None:
            return self.weight, self.bias
        factor, bias = self.norm.folded(self.bias)
        return self.weight * factor, bias

    def _normalize_and_add_bias(self, z: Array) -> None:
        """z in predictions from ``x @ weight``, in place."""
        if self.norm is None:
            _add_bias(z, self.bias, z)
        else:
            factor, bias = self.norm.folded(self.bias)
            z *= factor
            z += bias

    def _new_workspace(self, batch: int) -> Tuple[Array, Array, Array]:
        """Arrays for z and h, and ones, whose product with a gradient is its sum over the batch."""
        if len(self._workspaces) == _MOST_WORKSPACES:
            self._workspaces.clear()
        z = np.empty((batch, len(self.bias)), self.bias.dtype)
        h = z if self.activation is None else np.empty_like(z)
        self._workspaces[batch] = z, h, np.ones(batch, z.dtype)
        return self._workspaces[batch]


class PReLUDense(Dense):
    """A layer with prelu, which also trains the slope for negative z: one number, shape (1,)."""

    def __init__(self, *arguments: Any) -> None:
        *arguments_of_dense, self.slope, self.slope_grad = arguments
        super().__init__(*arguments_of_dense)

    @property
    def activation_parameters(self) -> Tuple[float, ...]:
        return (float(self.slope[0]),)

    @property
    def trained(self) -> List[Tuple[Array, Array]]:
        return [*super().trained, (self.slope, self.slope_grad)]

    def backward(self, grad: Array) -> Optional[Array]:
        z = self._saved[1]
        self.slope_grad[0] = np.vdot(np.where(z > 0, 0, grad), np.minimum(z, 0))  # an infinite grad where z > 0 counts 0
        return super().backward(grad)


class BatchNorm:
    """Batch normalisation of Ioffe and Szegedy 2015, arXiv:1502.03167: ``scale * (z - mean) / deviation + bias``.

    Training takes mean and deviation of the batch, and keeps running means of both for predictions, which must not
    depend on the rest of a batch. All arrays here have the shape (units,), batches (batch, units).

    Parameters
    ----------
    scale, scale_grad : array
        The trained factor and its gradient.
    mean, variance : array
        The running means, which `commit` updates in place.
    """

    def __init__(self, scale: Array, scale_grad: Array, mean: Array, variance: Array) -> None:
        self.scale, self.scale_grad, self.mean, self.variance = scale, scale_grad, mean, variance

    def forward(self, z: Array, bias: Array) -> None:
        """Normalise a batch of at least 2 samples in place."""
        n = len(z)
        mean, variance = z.mean(axis=0), z.var(axis=0)
        self._deviation = np.sqrt(variance + _EPSILON)
        self._normal = (z - mean) / self._deviation  # (batch, units)
        np.multiply(self._normal, self.scale, out=z)
        z += bias
        self.batch_moments = mean, variance * (n / (n - 1))

    def backward(self, grad: Array) -> Array:
        """Replace the gradient of the result of `forward` by that of its argument, in place."""
        self.scale_grad[...] = np.einsum("ij,ij->j", grad, self._normal)
        # The parts of the gradient along 1 and along z are subtracted: mean and deviation of the batch cancel their effect.
        grad -= grad.mean(axis=0)
        self._normal *= self.scale_grad / len(grad)
        grad -= self._normal
        grad *= self.scale / self._deviation
        return grad

    def commit(self) -> None:
        """Update the running means by the batch of the last `forward`, once its step is complete."""
        mean, variance = self.batch_moments
        self.mean += _MOMENTUM * (mean - self.mean)
        self.variance += _MOMENTUM * (variance - self.variance)

    def folded(self, bias: Array) -> Tuple[Array, Array]:
        """The factor of each unit in predictions, and what is then added."""
        factor: Array = self.scale / np.sqrt(self.variance + _EPSILON)
        return factor, bias - factor * self.mean


class Dropout:
    """Sets each value to 0 with probability `rate`, and divides the others by ``1 - rate``; both passes work in place.

    Srivastava et al. 2014, JMLR 15. Only training has this step.
    """

    def __init__(self, rate: float, rng: np.random.Generator) -> None:
        self.rate, self.rng = rate, rng

    def forward(self, h: Array) -> Array:
        self._factors = self.rng.random(h.shape, h.dtype)  # (batch, units)
        np.greater_equal(self._factors, self.rate, out=self._factors)
        self._factors *= 1 / (1 - self.rate)
        h *= self._factors
        return h

    def backward(self, grad: Array) -> Array:
        grad *= self._factors
        return grad
