"""scikit-learn's rules of sgd and adam on the library's optimisers, and its schedules of the learning rate."""
from __future__ import annotations

from typing import Any

import numpy as np

from fastact import optimizers
from fastact.nn.layers import Array
from fastact.nn.network import Network
from fastact.optimizers.kernels import are_ready


class Solver:
    """Base class of the solvers, which update the flat array of a network's parameters in place."""

    _rule: Any

    def __init__(self, model: Any) -> None:
        self.learning_rate = float(model.learning_rate_init)

    def attach(self, network: Network) -> bool:
        """Continue with the parameters of a network, as after unpickling; return False if the state does not fit them."""
        self._rule.params = [network.flat]
        return bool(are_ready(None, self._rule.params, [network.flat_grad], [self._rule._state(0)]))

    def step(self, grad: Array) -> None:
        """Update the parameters; the gradient is overwritten."""
        raise NotImplementedError

    def epoch_ends(self, samples: int) -> None:
        """Called after each epoch with the number of samples seen so far."""

    def stops(self, message: str, verbose: bool) -> bool:
        """Whether to stop where the loss no longer improves."""
        if verbose:
            print(message + " Stopping.")
        return True


class SGD(Solver):
    """The velocity is ``momentum * velocity - learning_rate * grad``.

    The velocity contains the learning rate, so a change of the rate does not change earlier steps. Therefore the gradient is
    multiplied by the rate first, and the library's rule gets a rate of 1.
    """

    def __init__(self, model: Any, params: Array) -> None:
        super().__init__(model)
        self._initial, self._schedule, self._power = self.learning_rate, model.learning_rate, model.power_t
        self._rule = optimizers.SGD(
            [params], lr=1.0, momentum=model.momentum, nesterov=bool(model.nesterovs_momentum and model.momentum)
        )

    def step(self, grad: Array) -> None:
        np.multiply(grad, self.learning_rate, out=grad)
        self._rule.step([grad])

    def epoch_ends(self, samples: int) -> None:
        if self._schedule == "invscaling":
            self.learning_rate = self._initial / (samples + 1) ** self._power

    def stops(self, message: str, verbose: bool) -> bool:
        if self._schedule != "adaptive":
            return super().stops(message, verbose)
        if self.learning_rate <= 1e-6:
            return super().stops(message + " Learning rate too small.", verbose)
        self.learning_rate /= 5
        if verbose:
            print(f"{message} Setting learning rate to {self.learning_rate:f}")
        return False


class Adam(Solver):
    """epsilon is added to the root of the uncorrected mean square ("epsilon hat" of the paper)."""

    def __init__(self, model: Any, params: Array) -> None:
        super().__init__(model)
        self._epsilon = model.epsilon
        self._rule = optimizers.Adam([params], lr=self.learning_rate, betas=(model.beta_1, model.beta_2))

    def step(self, grad: Array) -> None:
        rule = self._rule
        rule.eps = self._epsilon / (1 - rule.betas[1] ** (rule.steps + 1)) ** 0.5
        rule.step([grad])
