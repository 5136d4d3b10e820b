"""Learning-rate schedules. ``schedule.step(loss)`` after each epoch sets ``optimizer.lr``.

`MLP.fit` takes one as ``schedule``. Names and formulas are torch's where torch has them.
"""
from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any, Optional


class Schedule:
    """Base: `lr_after` gives the learning rate after a number of epochs."""

    def __init__(self, optimizer: Any) -> None:
        if isinstance(optimizer, type) or not hasattr(optimizer, "lr"):
            raise TypeError(
                f"{type(self).__name__}: optimizer must be an optimiser such as net.optimizer, got {optimizer!r}"
            )
        self.optimizer = optimizer
        self.base_lr: float = optimizer.lr
        self.epochs = 0

    def step(self, loss: Optional[float] = None) -> None:
        """Count an epoch, whose training loss only `AdaptiveLR` needs, and set the optimiser's ``lr``."""
        self.epochs += 1
        self.optimizer.lr = self.lr_after(self.epochs)

    def lr_after(self, epochs: int) -> float:
        raise NotImplementedError(f"{type(self).__name__}: a schedule defines lr_after(epochs), or step(loss)")

    def _checked(self, option: str, value: Any, wanted: str, kind: Any = Real, least: float = 0.0) -> Any:
        """`value`, a finite number of this kind that is at least `least`."""
        if isinstance(value, bool) or not isinstance(value, kind) or not least <= float(value) < math.inf:
            error = ValueError if isinstance(value, Real) else TypeError
            raise error(f"{type(self).__name__}: {option} must be {wanted}, got {value!r}")
        return value


class ConstantLR(Schedule):
    """The learning rate stays. (torch's ConstantLR is a warm-up.)"""

    def lr_after(self, epochs: int) -> float:
        return self.base_lr


class StepLR(Schedule):
    """Times ``gamma`` every ``step_size`` epochs."""

    def __init__(self, optimizer: Any, step_size: int, gamma: float = 0.1) -> None:
        super().__init__(optimizer)
        self.step_size = self._checked("step_size", step_size, "a positive integer", Integral, 1)
        self.gamma = self._checked("gamma", gamma, "a number that is not negative")

    def lr_after(self, epochs: int) -> float:
        return self.base_lr * float(self.gamma ** (epochs // self.step_size))


class CosineAnnealingLR(Schedule):
    """Half a cosine, from the learning rate to ``eta_min`` in ``T_max`` epochs, and back in as many."""

    def __init__(self, optimizer: Any, T_max: int, eta_min: float = 0.0) -> None:
        super().__init__(optimizer)
        self.T_max = self._checked("T_max", T_max, "a positive integer", Integral, 1)
        self.eta_min = self._checked("eta_min", eta_min, "a number that is not negative")

    def lr_after(self, epochs: int) -> float:
        cosine = math.cos(math.pi * epochs / self.T_max)
        return float(self.eta_min + (self.base_lr - self.eta_min) * (1 + cosine) / 2)


class InverseScalingLR(Schedule):
    """Divided by ``(epochs + 1)**power_t``; scikit-learn's "invscaling", by epochs."""

    def __init__(self, optimizer: Any, power_t: float = 0.5) -> None:
        super().__init__(optimizer)
        self.power_t = self._checked("power_t", power_t, "a number that is not negative")

    def lr_after(self, epochs: int) -> float:
        return self.base_lr * float((epochs + 1) ** -self.power_t)


class AdaptiveLR(Schedule):
    """Times ``factor`` whenever more than ``patience`` epochs in a row have not lowered the best loss by ``tol``.

    This is scikit-learn's "adaptive", whose factor is 1/5.
    """

    def __init__(
        self, optimizer: Any, factor: float = 0.2, patience: int = 10, tol: float = 1e-4, min_lr: float = 1e-6
    ) -> None:
        super().__init__(optimizer)
        self.factor = self._checked("factor", factor, "a number that is not negative")
        self.patience = self._checked("patience", patience, "an integer that is not negative", Integral)
        self.tol = self._checked("tol", tol, "a number that is not negative")
        self.min_lr = self._checked("min_lr", min_lr, "a number that is not negative")
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
        raise ValueError(
            "MLP.fit: schedule sets the learning rate of another optimiser; make it of this network's, "
            f"{type(schedule).__name__}(net.optimizer, ...)"
        )
