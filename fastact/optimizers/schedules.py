"""Learning-rate schedules. ``schedule.step(loss)`` after each epoch sets ``optimizer.lr``.

The first argument of each is the optimiser, and errors are those of `Schedule`.

`MLP.fit` takes one as ``schedule``. Names and formulas are torch's where torch has them.
"""
from __future__ import annotations

import math
from typing import Any, Optional

from fastact._core.number_arguments import NOT_NEGATIVE, integer, number


class Schedule:
    """Base class of the schedules: a subclass defines `lr_after`, the learning rate after a number of epochs.

    Parameters
    ----------
    optimizer : Optimizer
        The optimiser whose ``lr`` is set, such as ``net.optimizer``. Its present learning rate becomes `base_lr`, the learning
        rate of the first epoch.

    Raises
    ------
    TypeError
        If ``optimizer`` is not an optimiser, or an option is not a number.
    ValueError
        If an option is not in its range.
    """

    def __init__(self, optimizer: Any) -> None:
        if isinstance(optimizer, type) or not hasattr(optimizer, "lr"):
            raise TypeError(f"{type(self).__name__}: optimizer must be an optimiser such as net.optimizer, got {optimizer!r}")
        self.optimizer = optimizer
        self.base_lr: float = optimizer.lr
        self.epochs = 0

    def step(self, loss: Optional[float] = None) -> None:
        """Count an epoch and set the optimiser's ``lr`` for the next one.

        Parameters
        ----------
        loss : float, optional
            The training loss of the epoch, which only `AdaptiveLR` needs.
        """
        self.epochs += 1
        self.optimizer.lr = self.lr_after(self.epochs)

    def lr_after(self, epochs: int) -> float:
        """The learning rate after this number of epochs."""
        raise NotImplementedError(f"{type(self).__name__}: a schedule defines lr_after(epochs), or step(loss)")

    def _number(self, option: str, value: Any) -> Any:
        """Return an option unchanged; raise if it is not a number in [0, inf)."""
        what = f"{type(self).__name__}: {option}"
        if isinstance(value, bool):
            raise ValueError(f"{what} must be {NOT_NEGATIVE}, got {value!r}")
        number(what, value, NOT_NEGATIVE)
        return value

    def _integer(self, option: str, value: Any, least: int = 1) -> int:
        return integer(f"{type(self).__name__}: {option}", value, least, TypeError)


class ConstantLR(Schedule):
    """The learning rate does not change. (torch's ConstantLR is a warm-up.)"""

    def lr_after(self, epochs: int) -> float:
        return self.base_lr


class StepLR(Schedule):
    """The learning rate is multiplied by ``gamma`` every ``step_size`` epochs.

    Parameters
    ----------
    step_size : int, positive
        In epochs.
    gamma : float, not negative
        The factor.
    """

    def __init__(self, optimizer: Any, step_size: int, gamma: float = 0.1) -> None:
        super().__init__(optimizer)
        self.step_size = self._integer("step_size", step_size)
        self.gamma = self._number("gamma", gamma)

    def lr_after(self, epochs: int) -> float:
        return self.base_lr * float(self.gamma ** (epochs // self.step_size))


class CosineAnnealingLR(Schedule):
    """The learning rate follows a cosine: down to ``eta_min`` in ``T_max`` epochs, up again in as many, and so on.

    After t epochs it is ``eta_min + (base_lr - eta_min) * (1 + cos(pi * t / T_max)) / 2``.
    Source: Loshchilov and Hutter 2017, arXiv:1608.03983, without the restarts.

    Parameters
    ----------
    T_max : int, positive
        Epochs until ``eta_min`` is reached.
    eta_min : float, not negative
        The smallest learning rate.
    """

    def __init__(self, optimizer: Any, T_max: int, eta_min: float = 0.0) -> None:
        super().__init__(optimizer)
        self.T_max = self._integer("T_max", T_max)
        self.eta_min = self._number("eta_min", eta_min)

    def lr_after(self, epochs: int) -> float:
        cosine = math.cos(math.pi * epochs / self.T_max)
        return float(self.eta_min + (self.base_lr - self.eta_min) * (1 + cosine) / 2)


class InverseScalingLR(Schedule):
    """After t epochs the learning rate is ``base_lr / (t + 1)**power_t``.

    scikit-learn's "invscaling" counts samples in place of epochs.

    Parameters
    ----------
    power_t : float, not negative
        The exponent.
    """

    def __init__(self, optimizer: Any, power_t: float = 0.5) -> None:
        super().__init__(optimizer)
        self.power_t = self._number("power_t", power_t)

    def lr_after(self, epochs: int) -> float:
        return self.base_lr * float((epochs + 1) ** -self.power_t)


class AdaptiveLR(Schedule):
    """The learning rate is multiplied by ``factor`` after more than ``patience`` epochs in a row without a better loss.

    This is scikit-learn's "adaptive", whose factor is 1/5.

    Parameters
    ----------
    factor : float, not negative
        By which the learning rate is multiplied.
    patience : int, not negative
        In epochs.
    tol : float, not negative
        A loss is better than the best one if it is lower by more than this, in the unit of the loss.
    min_lr : float, not negative
        The learning rate is not made smaller than this.

    Raises
    ------
    TypeError
        In `step`, without a loss.
    """

    def __init__(self, optimizer: Any, factor: float = 0.2, patience: int = 10, tol: float = 1e-4, min_lr: float = 1e-6) -> None:
        super().__init__(optimizer)
        self.factor = self._number("factor", factor)
        self.patience = self._integer("patience", patience, least=0)
        self.tol = self._number("tol", tol)
        self.min_lr = self._number("min_lr", min_lr)
        self.best, self.waited = math.inf, 0

    def step(self, loss: Optional[float] = None) -> None:
        if loss is None:
            raise TypeError("AdaptiveLR.step needs the loss of the epoch")
        self.waited = 0 if loss < self.best - self.tol else self.waited + 1
        self.best = min(self.best, loss)
        super().step(loss)

    def lr_after(self, epochs: int) -> float:
        lr: float = self.optimizer.lr
        if self.waited <= self.patience:
            return lr
        self.waited = 0
        return float(max(lr * self.factor, min(self.min_lr, lr)))


def check(schedule: Any, optimizer: Any) -> None:
    """Raise where `MLP.fit` cannot train with this ``schedule``: it has no ``step``, or sets another optimiser's ``lr``."""
    if schedule is None:
        return
    names = ", ".join(kind.__name__ for kind in Schedule.__subclasses__() if kind.__module__ == ConstantLR.__module__)
    expected = f"expected an object with step(loss), such as fa.optimizers.StepLR(net.optimizer, 10); there are {names}"
    if isinstance(schedule, type):
        raise TypeError(f"MLP.fit: schedule is the class {schedule.__name__}; {expected}")
    if not callable(getattr(schedule, "step", None)):
        raise TypeError(f"MLP.fit: schedule is {schedule!r}; {expected}")
    if getattr(schedule, "optimizer", optimizer) is not optimizer:
        raise ValueError("MLP.fit: schedule sets the learning rate of another optimiser; make it of this network's, "
                         f"{type(schedule).__name__}(net.optimizer, ...)")
