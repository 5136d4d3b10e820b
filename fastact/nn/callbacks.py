"""Callbacks of a training: `MLP.fit` calls ``callback(epoch, logs)`` after every epoch.

``logs`` is a dict with the epoch's "loss", "accuracy" or "r2", and with validation data "val_loss" and
"val_accuracy" or "val_r2". A callback ends the training by returning True or raising StopIteration.
"""
from __future__ import annotations

import math
from typing import Any, Collection, Dict, List, Optional

from fastact._core.number_arguments import UP_TO_INFINITY, integer, number

__all__ = ["EarlyStopping"]


class EarlyStopping:
    """End a training that no longer improves, and restore the best weights.

    The best weights are restored however the training ends: here, after the last epoch, by another
    callback, by an error or by Ctrl-C.

    Parameters
    ----------
    patience : int, positive
        Epochs without an improvement after which the training ends.
    monitor : str, optional
        A key of the logs. The default is "val_loss", or "loss" where there is no validation data.
        The largest "accuracy" and "r2" are the best, of anything else the smallest.
    min_delta : float, not negative
        A value is an improvement if it is better than the best one by more than this, in the unit of the value.

    Attributes
    ----------
    best : float
        The best value, NaN before there is one.
    best_epoch, stopped_epoch : int
        The epoch of the best value, and the epoch after which this callback ended the training; each 0 if there is none.

    Raises
    ------
    ValueError
        If an option is not in its range; in a training, if ``monitor`` is not a key of the logs.
    """

    def __init__(self, patience: int = 10, monitor: Optional[str] = None, min_delta: float = 0.0) -> None:
        self.patience = integer("EarlyStopping: patience", patience)
        self.monitor: Optional[str] = monitor
        self.min_delta = number("EarlyStopping: min_delta", min_delta, UP_TO_INFINITY, ValueError)
        self.begin(None)

    def begin(self, network: Any) -> None:
        """Start anew, with the network whose best weights are kept."""
        self.best, self.best_epoch, self.stopped_epoch = math.nan, 0, 0
        self._network = network
        self._weights: Any = None

    def __call__(self, epoch: int, logs: Dict[str, float]) -> bool:
        """Compare an epoch with the best; whether to stop."""
        monitor = self.monitored(logs)
        value = logs[monitor]
        sign = -1 if monitor.endswith(("accuracy", "r2")) else 1
        if sign * value < sign * self.best - self.min_delta or math.isnan(self.best) and not math.isnan(value):
            self.best, self.best_epoch = value, epoch
            if self._network is not None:
                self._weights = [array.copy() for array in (self._network.flat, *self._network.buffers)]
        if epoch - self.best_epoch >= self.patience:
            self.stopped_epoch = epoch
        return self.stopped_epoch > 0

    def monitored(self, keys: Collection[str]) -> str:
        """Which of these keys of the logs is monitored."""
        found = self.monitor or ("val_loss" if "val_loss" in keys else "loss")
        if found not in keys:
            raise ValueError(f"EarlyStopping: there is no {found!r} to monitor; there are {', '.join(keys)}")
        return found

    def restore(self) -> None:
        """Restore the best weights, if there are any, and drop the reference to the network."""
        if self._weights is not None:
            for array, best in zip((self._network.flat, *self._network.buffers), self._weights):
                array[...] = best
        self._network = self._weights = None


def __dir__() -> List[str]:
    return __all__
