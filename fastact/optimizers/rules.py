"""The rules of the optimisers: options, state, and what a step asks of the C library."""
from __future__ import annotations

import math
from typing import Any, Iterable, Tuple

from fastact.optimizers import kernels
from fastact.optimizers.base import (
    Array, Optimizer, Option, State, at_most_1, finite, not_negative,
)  # fmt: skip



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

    momentum: float = Option(not_negative)  # type: ignore[assignment]
    dampening: float = Option(finite)  # type: ignore[assignment]
    _parts = {"momentum_buffer": "_buffers"}

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
        self.momentum = momentum
        self.dampening = dampening
        self.nesterov = nesterov
        if nesterov and (self.momentum == 0 or self.dampening != 0):
            raise ValueError("SGD: nesterov needs a momentum above 0 and dampening 0")
        self._buffers = self._like_params()

    def _rule(self) -> kernels.Rule:
        gain = 1 if self.steps == 1 else 1 - self.dampening
        return kernels.Rule(
            kernels.SGD, self.lr, self.weight_decay, self.maximize,
            momentum=self.momentum, gain=gain, nesterov=self.nesterov,
        )  # fmt: skip

    def _state(self, i: int) -> State:
        return self._buffers[i] if self.momentum else None, None, None


def _betas(what: str, value: Any) -> Tuple[float, float]:
    """The check of Adam's pair."""
    try:
        beta1, beta2 = value
    except (TypeError, ValueError) as error:
        raise type(error)(f"{what} must be a pair of numbers, got {value!r}") from None
    return not_negative(f"{what}[0]", beta1, below=1), not_negative(f"{what}[1]", beta2, below=1)


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

    betas: Tuple[float, float] = Option(_betas)  # type: ignore[assignment]
    eps: float = Option(not_negative)  # type: ignore[assignment]
    _parts = {"exp_avg": "_means", "exp_avg_sq": "_squares", "max_exp_avg_sq": "_largest"}
    _decoupled = False

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
        self.betas = betas
        self.eps = eps
        self.amsgrad = amsgrad
        self._means, self._squares = self._like_params(), self._like_params()
        self._largest = self._like_params() if amsgrad else [None] * len(self.params)

    def _rule(self) -> kernels.Rule:
        beta1, beta2 = self.betas
        # The factor 1 / sqrt(1 - beta2**t) of the root is moved to eps and to the step.
        root = math.sqrt(1 - beta2**self.steps)
        decay, shrink = self.weight_decay, 1.0
        if self._decoupled:
            decay, shrink = 0, 1 - self.lr * self.weight_decay
        return kernels.Rule(
            kernels.ADAM, self.lr * root / (1 - beta1**self.steps), decay, self.maximize,
            shrink=shrink, beta1=beta1, beta2=beta2, eps=self.eps * root,
        )  # fmt: skip

    def _state(self, i: int) -> State:
        return self._means[i], self._squares[i], self._largest[i]


class AdamW(Adam):
    """Adam whose weight decay is apart from the gradient: first ``param -= lr * weight_decay * param``.

    Parameters and errors are those of `Adam`.
    """

    _decoupled = True

    def __init__(
        self,
        params: Iterable[Array],
        lr: float = 1e-3,
        betas: Tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize)


class RMSprop(Optimizer):
    """Steps along the gradient over the root of the running mean of its square.

    Parameters
    ----------
    params : iterable of float arrays
        Updated in place.
    lr : float
        Learning rate.
    alpha : float in [0, 1]
        Decay of the running mean.
    eps : float
        Added to the root.
    weight_decay : float
        ``weight_decay * param`` is added to the gradient.
    momentum : float
        The steps gather in a buffer, ``momentum * buffer + step``.
    centered : bool
        Divide by the running standard deviation of the gradient instead.
    maximize : bool
        Ascend instead.

    Raises
    ------
    TypeError
        If a parameter is no float array, or an option no number or unknown.
    ValueError
        If an option is out of range.
    """

    alpha: float = Option(at_most_1)  # type: ignore[assignment]
    eps: float = Option(not_negative)  # type: ignore[assignment]
    momentum: float = Option(not_negative)  # type: ignore[assignment]
    _parts = {"square_avg": "_squares", "momentum_buffer": "_buffers", "grad_avg": "_means"}

    def __init__(
        self,
        params: Iterable[Array],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, weight_decay, maximize)
        self.alpha = alpha
        self.eps = eps
        self.momentum = momentum
        self.centered = centered
        self._squares, self._buffers = self._like_params(), self._like_params()
        self._means = self._like_params() if centered else [None] * len(self.params)

    def _rule(self) -> kernels.Rule:
        return kernels.Rule(
            kernels.RMSPROP, self.lr, self.weight_decay, self.maximize,
            beta2=self.alpha, eps=self.eps, momentum=self.momentum,
        )  # fmt: skip

    def _state(self, i: int) -> State:
        return self._squares[i], self._buffers[i] if self.momentum else None, self._means[i]


class Adagrad(Optimizer):
    """Steps along the gradient over the root of the sum of all its squares so far.

    Parameters
    ----------
    params : iterable of float arrays
        Updated in place.
    lr : float
        Learning rate; in step t it is ``lr / (1 + (t - 1) * lr_decay)``.
    lr_decay, weight_decay : float
        ``weight_decay * param`` is added to the gradient.
    initial_accumulator_value : float
        Where the sum begins.
    eps : float
        Added to the root.
    maximize : bool
        Ascend instead.

    Raises
    ------
    TypeError
        If a parameter is no float array, or an option no number or unknown.
    ValueError
        If an option is out of range.
    """

    lr_decay: float = Option(not_negative)  # type: ignore[assignment]
    eps: float = Option(not_negative)  # type: ignore[assignment]
    initial_accumulator_value: float = Option(not_negative)  # type: ignore[assignment]
    _parts = {"sum": "_sums"}

    def __init__(
        self,
        params: Iterable[Array],
        lr: float = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, weight_decay, maximize)
        self.lr_decay = lr_decay
        self.eps = eps
        self.initial_accumulator_value = initial_accumulator_value
        self._sums = self._like_params(self.initial_accumulator_value)

    def _rule(self) -> kernels.Rule:
        lr = self.lr / (1 + (self.steps - 1) * self.lr_decay)
        return kernels.Rule(kernels.ADAGRAD, lr, self.weight_decay, self.maximize, eps=self.eps)

    def _state(self, i: int) -> State:
        return self._sums[i], None, None
