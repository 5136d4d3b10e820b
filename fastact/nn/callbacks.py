"""What can watch a training: `MLP.fit` calls ``callback(epoch, logs)`` after every epoch.

``logs`` has the epoch's "loss", "accuracy" or "r2", and with validation data "val_loss" and
"val_accuracy" or "val_r2". A callback ends the training by returning True or raising StopIteration.
"""
from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any, Dict, Optional

__all__ = ["EarlyStopping"]


class EarlyStopping:
    """End a training that no longer improves, and go back to the best weights.

    The best weights come back however the training ends: here, after the last epoch, by another
    callback, by an error or by Ctrl-C.

    Parameters
    ----------
    patience : int
        Epochs without an improvement after which the training ends.
    monitor : str, optional
        A key of the logs. Without one, "val_loss", or "loss" where there is no validation data.
        The largest "accuracy" and "r2" are the best, of anything else the smallest.
    min_delta : float
        By how much a value must be better to count as an improvement.

    Attributes
    ----------
    best : float
        The best value, NaN before there is one.
    best_epoch, stopped_epoch : int
        Where it was reached, and where the training ended for want of a better one; else 0.

    Raises
    ------
    ValueError
        If ``patience`` is not a positive integer, or ``min_delta`` is negative.
    """

    def __init__(self, patience: int = 10, monitor: Optional[str] = None, min_delta: float = 0.0) -> None:
        if not isinstance(patience, Integral) or patience < 1:
            raise ValueError(f"EarlyStopping: patience must be a positive integer, got {patience!r}")
        if not isinstance(min_delta, Real) or not min_delta >= 0:
            raise ValueError(f"EarlyStopping: min_delta must not be negative, got {min_delta!r}")
        self.patience: int = int(patience)
        self.monitor: Optional[str] = monitor
        self.min_delta: float = float(min_delta)
        self.begin(None)

    def begin(self, network: Any) -> None:
        """Start anew, with a network whose weights are to be kept."""
        self.best, self.best_epoch, self.stopped_epoch = math.nan, 0, 0
        self._network = network
        self._weights: Any = None

    def __call__(self, epoch: int, logs: Dict[str, float]) -> bool:
        """Take note of an epoch; whether to stop."""
        monitor = self.monitor or ("val_loss" if "val_loss" in logs else "loss")
        if monitor not in logs:
            raise ValueError(f"EarlyStopping: there is no {monitor!r} to monitor; there are {', '.join(logs)}")
        value = logs[monitor]
        sign = -1 if monitor.endswith(("accuracy", "r2")) else 1
        if sign * value < sign * self.best - self.min_delta or math.isnan(self.best) and not math.isnan(value):
            self.best, self.best_epoch = value, epoch
            if self._network is not None:
                self._weights = [array.copy() for array in (self._network.flat, *self._network.buffers)]
        if epoch - self.best_epoch >= self.patience:
            self.stopped_epoch = epoch
        return self.stopped_epoch > 0

    def restore(self) -> None:
        """Put the best weights back, where there are any, and let go of the network."""
        if self._weights is not None:
            for array, best in zip((self._network.flat, *self._network.buffers), self._weights):
                array[...] = best
        self._network = self._weights = None
