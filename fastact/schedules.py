"""Learning-rate schedules. ``schedule.step(loss)`` after each epoch sets ``optimizer.lr``.

`MLP.fit` takes one as ``schedule``. Names and formulas are torch's where torch has them.
"""
from __future__ import annotations

import math
from typing import Any, Optional


class Schedule:
    """Base: `lr_after` gives the learning rate after a number of epochs."""

    def __init__(self, optimizer: Any) -> None:
        self.optimizer = optimizer
        self.base_lr: float = optimizer.lr
        self.epochs = 0

    def step(self, loss: Optional[float] = None) -> None:
        """Count an epoch, whose training loss only `AdaptiveLR` needs, and set the optimiser's ``lr``."""
        self.epochs += 1
        self.optimizer.lr = self.lr_after(self.epochs)

    def lr_after(self, epochs: int) -> float:
        raise NotImplementedError


class ConstantLR(Schedule):
    """The learning rate stays. (torch's ConstantLR is a warm-up.)"""

    def lr_after(self, epochs: int) -> float:
        return self.base_lr


class StepLR(Schedule):
    """Times ``gamma`` every ``step_size`` epochs."""

    def __init__(self, optimizer: Any, step_size: int, gamma: float = 0.1) -> None:
        super().__init__(optimizer)
        if step_size < 1:
            raise ValueError(f"StepLR: step_size must be positive, got {step_size}")
        self.step_size, self.gamma = step_size, gamma

    def lr_after(self, epochs: int) -> float:
        return self.base_lr * float(self.gamma ** (epochs // self.step_size))


class CosineAnnealingLR(Schedule):
    """Half a cosine, from the learning rate to ``eta_min`` in ``T_max`` epochs, and back in as many."""

    def __init__(self, optimizer: Any, T_max: int, eta_min: float = 0.0) -> None:
        super().__init__(optimizer)
        if T_max < 1:
            raise ValueError(f"CosineAnnealingLR: T_max must be positive, got {T_max}")
        self.T_max, self.eta_min = T_max, eta_min

    def lr_after(self, epochs: int) -> float:
        cosine = math.cos(math.pi * epochs / self.T_max)
        return self.eta_min + (self.base_lr - self.eta_min) * (1 + cosine) / 2


class InverseScalingLR(Schedule):
    """Divided by ``(epochs + 1)**power_t``; scikit-learn's "invscaling", by epochs."""

    def __init__(self, optimizer: Any, power_t: float = 0.5) -> None:
        super().__init__(optimizer)
        self.power_t = power_t

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
        self.factor, self.patience, self.tol, self.min_lr = factor, patience, tol, min_lr
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
        return max(lr * self.factor, min(self.min_lr, lr))
