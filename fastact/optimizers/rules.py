"""The optimisers: the options and the state of each, and the numbers that a step passes to the C library."""
from __future__ import annotations

import math
from typing import Any, Iterable, Tuple

from fastact._core.number_arguments import BELOW_1, FINITE, NOT_NEGATIVE, UNIT, number
from fastact.optimizers import kernels
from fastact.optimizers.base import Array, Optimizer, Option, State


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum: ``param -= lr * buffer``.

    The buffer is the gradient in the first step, then ``momentum * buffer + (1 - dampening) * grad``. Nesterov's
    step is ``lr * (grad + momentum * buffer)`` (Sutskever et al. 2013).

    Parameters
    ----------
    params : iterable of array
        float16, float32 or float64, of any shapes; updated in place.
    lr : float, not negative
        Learning rate.
    momentum : float, not negative
        Factor of the last step's buffer in the buffer of the next step; with 0 the buffer is the gradient.
    dampening : float
        The factor of a gradient in the buffer is ``1 - dampening``.
    weight_decay : float, not negative
        ``weight_decay * param`` is added to the gradient.
    nesterov : bool
        Whether to take Nesterov's step; it needs a momentum above 0 and a dampening of 0.
    maximize : bool
        Whether to maximise instead of minimising.

    Raises
    ------
    TypeError, ValueError
        If a parameter is not a float array, or an option is unknown, not a number or out of range.
    """

    momentum: float = Option(NOT_NEGATIVE)  # type: ignore[assignment]
    dampening: float = Option(FINITE)  # type: ignore[assignment]
    _parts = {"momentum_buffer": "_buffers"}

    def __init__(self, params: Iterable[Array], lr: float = 1e-3, momentum: float = 0, dampening: float = 0,
                 weight_decay: float = 0, nesterov: bool = False, *, maximize: bool = False) -> None:
        super().__init__(params, lr, weight_decay, maximize)
        self.momentum, self.dampening, self.nesterov = momentum, dampening, nesterov
        if nesterov and (self.momentum == 0 or self.dampening != 0):
            raise ValueError("SGD: nesterov needs a momentum above 0 and dampening 0")
        self._buffers = self._like_params()

    def _rule(self) -> kernels.Rule:
        undamped = 1 if self.steps == 1 else 1 - self.dampening
        return kernels.Rule(kernels.SGD, self.lr, self.weight_decay, self.maximize,
                            momentum=self.momentum, one_minus_dampening=undamped, nesterov=self.nesterov)

    def _state(self, i: int) -> State:
        return self._buffers[i] if self.momentum else None, None, None


def _betas(what: str, value: Any) -> Tuple[float, float]:
    """The check of Adam's pair."""
    try:
        beta1, beta2 = value
    except (TypeError, ValueError) as error:
        raise type(error)(f"{what} must be a pair of numbers, got {value!r}") from None
    return number(f"{what}[0]", beta1, BELOW_1), number(f"{what}[1]", beta2, BELOW_1)


class Adam(Optimizer):
    """Adam: ``param -= lr * m_hat / (sqrt(v_hat) + eps)``, with running means m of the gradient and v of its square.

    The means start at 0; m_hat and v_hat are corrected for that. Source: Kingma and Ba 2015, arXiv:1412.6980.

    Parameters
    ----------
    params, lr, weight_decay, maximize
        As for `SGD`, and so are the errors.
    betas : pair of float in [0, 1)
        Decay of the running means of the gradient and of its square.
    eps : float, not negative
        Added to the corrected root.
    amsgrad : bool
        Whether v_hat is the largest corrected mean so far (Reddi et al. 2018, arXiv:1904.09237).
    """

    betas: Tuple[float, float] = Option(_betas)  # type: ignore[assignment]
    eps: float = Option(NOT_NEGATIVE)  # type: ignore[assignment]
    _parts = {"exp_avg": "_means", "exp_avg_sq": "_squares", "max_exp_avg_sq": "_largest"}
    _decoupled = False

    def __init__(self, params: Iterable[Array], lr: float = 1e-3, betas: Tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
                 weight_decay: float = 0, amsgrad: bool = False, *, maximize: bool = False) -> None:
        super().__init__(params, lr, weight_decay, maximize)
        self.betas, self.eps, self.amsgrad = betas, eps, amsgrad
        self._means, self._squares = self._like_params(), self._like_params()
        self._largest = self._like_params() if amsgrad else [None] * len(self.params)

    def _rule(self) -> kernels.Rule:
        beta1, beta2 = self.betas
        # The factor 1 / sqrt(1 - beta2**t) of the root is moved to eps and to the step.
        root = math.sqrt(1 - beta2**self.steps)
        decay, shrink = self.weight_decay, 1.0
        if self._decoupled:
            decay, shrink = 0, 1 - self.lr * self.weight_decay
        return kernels.Rule(kernels.ADAM, self.lr * root / (1 - beta1**self.steps), decay, self.maximize,
                            shrink=shrink, beta1=beta1, beta2=beta2, eps=self.eps * root)

    def _state(self, i: int) -> State:
        return self._means[i], self._squares[i], self._largest[i]


class AdamW(Adam):
    """Adam with decoupled weight decay: first ``param -= lr * weight_decay * param``, then a step without decay.

    Parameters and errors are those of `Adam`, but the default of ``weight_decay`` is 0.01.
    Source: Loshchilov and Hutter 2019, arXiv:1711.05101.
    """

    _decoupled = True

    def __init__(self, params: Iterable[Array], lr: float = 1e-3, betas: Tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
                 weight_decay: float = 1e-2, amsgrad: bool = False, *, maximize: bool = False) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize)


class RMSprop(Optimizer):
    """RMSprop: ``param -= lr * grad / (sqrt(v) + eps)``, with a running mean v of the gradient's square.

    Source: Tieleman and Hinton 2012, lecture 6.5 of Neural networks for machine learning.

    Parameters
    ----------
    params, lr, weight_decay, maximize
        As for `SGD`, and so are the errors.
    alpha : float in [0, 1]
        Decay of the running mean.
    eps : float, not negative
        Added to the root.
    momentum : float, not negative
        With a momentum the step is ``lr * buffer``, with ``buffer = momentum * buffer + grad / (sqrt(v) + eps)``.
    centered : bool
        Whether v is the running variance of the gradient: the running mean of the square less the squared running mean.
    """

    alpha: float = Option(UNIT)  # type: ignore[assignment]
    eps: float = Option(NOT_NEGATIVE)  # type: ignore[assignment]
    momentum: float = Option(NOT_NEGATIVE)  # type: ignore[assignment]
    _parts = {"square_avg": "_squares", "momentum_buffer": "_buffers", "grad_avg": "_means"}

    def __init__(self, params: Iterable[Array], lr: float = 1e-2, alpha: float = 0.99, eps: float = 1e-8,
                 weight_decay: float = 0, momentum: float = 0, centered: bool = False, *, maximize: bool = False) -> None:
        super().__init__(params, lr, weight_decay, maximize)
        self.alpha, self.eps, self.momentum, self.centered = alpha, eps, momentum, centered
        self._squares, self._buffers = self._like_params(), self._like_params()
        self._means = self._like_params() if centered else [None] * len(self.params)

    def _rule(self) -> kernels.Rule:
        return kernels.Rule(kernels.RMSPROP, self.lr, self.weight_decay, self.maximize,
                            beta2=self.alpha, eps=self.eps, momentum=self.momentum)

    def _state(self, i: int) -> State:
        return self._squares[i], self._buffers[i] if self.momentum else None, self._means[i]


class Adagrad(Optimizer):
    """Adagrad: ``param -= lr * grad / (sqrt(s) + eps)``, with the sum s of the squared gradients so far.

    Source: Duchi, Hazan and Singer 2011, JMLR 12.

    Parameters
    ----------
    params, lr, weight_decay, maximize
        As for `SGD`, and so are the errors.
    lr_decay : float, not negative
        The learning rate of step t = 1, 2, ... is ``lr / (1 + (t - 1) * lr_decay)``.
    initial_accumulator_value : float, not negative
        s before the first step.
    eps : float, not negative
        Added to the root.
    """

    lr_decay: float = Option(NOT_NEGATIVE)  # type: ignore[assignment]
    eps: float = Option(NOT_NEGATIVE)  # type: ignore[assignment]
    initial_accumulator_value: float = Option(NOT_NEGATIVE)  # type: ignore[assignment]
    _parts = {"sum": "_sums"}

    def __init__(self, params: Iterable[Array], lr: float = 1e-2, lr_decay: float = 0, weight_decay: float = 0,
                 initial_accumulator_value: float = 0, eps: float = 1e-10, *, maximize: bool = False) -> None:
        super().__init__(params, lr, weight_decay, maximize)
        self.lr_decay, self.eps = lr_decay, eps
        self.initial_accumulator_value = initial_accumulator_value
        self._sums = self._like_params(self.initial_accumulator_value)

    def _rule(self) -> kernels.Rule:
        lr = self.lr / (1 + (self.steps - 1) * self.lr_decay)
        return kernels.Rule(kernels.ADAGRAD, lr, self.weight_decay, self.maximize, eps=self.eps)

    def _state(self, i: int) -> State:
        return self._sums[i], None, None
