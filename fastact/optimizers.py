"""Optimisers with torch's rules and keyword names, updating NumPy arrays in place.

``opt = Adam(params, lr=1e-3)``, then ``opt.step(grads)`` after each gradient. The options are plain
attributes, so that a schedule sets ``opt.lr``. A step allocates no array.
"""
from __future__ import annotations

import math
from typing import Iterable, Tuple

import numpy as np

from fastact.optimizer_base import Array, Optimizer

__all__ = ["Adam", "Optimizer", "SGD"]


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum.

    With momentum, a buffer is the first gradient, then ``momentum * buffer + (1 - dampening) * grad``,
    and the step is ``lr * buffer`` (Nesterov: ``lr * (grad + momentum * buffer)``).

    Parameters
    ----------
    params : iterable of float arrays
        Updated in place.
    lr : float
        Learning rate.
    momentum, dampening, weight_decay : float
        ``weight_decay * param`` is added to the gradient.
    nesterov : bool
        Needs a momentum and no dampening.
    maximize : bool
        Ascend instead.

    Raises
    ------
    TypeError
        If a parameter is no float array, or an option no number or unknown.
    ValueError
        If an option is out of range.
    """

    def __init__(
        self,
        params: Iterable[Array],
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, weight_decay, maximize)
        self.momentum = self._not_negative("momentum", momentum)
        self.dampening = dampening
        self.nesterov = nesterov
        if nesterov and (self.momentum == 0 or dampening != 0):
            raise ValueError("SGD: nesterov needs a momentum above 0 and dampening 0")
        self._buffers = self._like_params()

    def _update(self, i: int, p: Array, g: Array, a: Array, b: Array) -> None:
        if self.momentum:
            buffer = self._buffers[i]
            if self.steps == 1:
                buffer[...] = g
            else:
                buffer *= self.momentum
                buffer += np.multiply(g, 1 - self.dampening, out=b)
            if self.nesterov:
                g = np.add(g, np.multiply(buffer, self.momentum, out=b), out=a)
            else:
                g = buffer
        p -= np.multiply(g, self.lr, out=b)


class Adam(Optimizer):
    """Adam: steps along the running mean of the gradient over the root of that of its square.

    ``param -= lr * m_hat / (sqrt(v_hat) + eps)``, both means corrected for their start at 0.

    Parameters
    ----------
    params : iterable of float arrays
        Updated in place.
    lr : float
        Learning rate.
    betas : pair of float in [0, 1)
        Decay of the running means of the gradient and of its square.
    eps : float
        Added to the corrected root.
    weight_decay : float
        ``weight_decay * param`` is added to the gradient.
    amsgrad : bool
        Divide by the largest mean square so far.
    maximize : bool
        Ascend instead.

    Raises
    ------
    TypeError
        If a parameter is no float array, or an option no number or unknown.
    ValueError
        If an option is out of range.
    """

    def __init__(
        self,
        params: Iterable[Array],
        lr: float = 1e-3,
        betas: Tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, weight_decay, maximize)
        beta1, beta2 = betas
        self.betas = (
            self._not_negative("betas[0]", beta1, below=1),
            self._not_negative("betas[1]", beta2, below=1),
        )
        self.eps = self._not_negative("eps", eps)
        self.amsgrad = amsgrad
        self._means, self._squares = self._like_params(), self._like_params()
        self._largest = self._like_params() if amsgrad else self._squares

    def _update(self, i: int, p: Array, g: Array, a: Array, b: Array) -> None:
        beta1, beta2 = self.betas
        mean, square, largest = self._means[i], self._squares[i], self._largest[i]
        mean += np.multiply(np.subtract(g, mean, out=b), 1 - beta1, out=b)
        square *= beta2
        square += np.multiply(np.multiply(g, g, out=b), 1 - beta2, out=b)
        if self.amsgrad:
            np.maximum(largest, square, out=largest)
        # The factor 1 / sqrt(1 - beta2**t) of the root is moved to eps and to the step.
        root = math.sqrt(1 - beta2**self.steps)
        denominator = np.add(np.sqrt(largest, out=b), self.eps * root, out=b)
        step = np.divide(mean, denominator, out=b)
        p -= np.multiply(step, self.lr * root / (1 - beta1**self.steps), out=b)
