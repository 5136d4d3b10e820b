"""`MLP.fit`: epochs of shuffled mini-batches, validation, early stopping, the history, and the line that shows progress."""
from __future__ import annotations

import contextlib
import sys
import time
from numbers import Integral
from typing import Any, Dict, List, Optional, Tuple, Union

import numpy as np

from fastact import diagnostics
from fastact._core.number_arguments import BELOW_1, integer, number
from fastact._core.warn import warn
from fastact.nn.callbacks import EarlyStopping
from fastact.nn.layers import Array
from fastact.nn.network import GradientLimits
from fastact.nn.output_layers import Metric, Objective
from fastact.optimizers import schedules

Data = Tuple[Array, Array, Optional[Array]]  # inputs (samples, inputs), targets as the loss takes them, weights (samples,)

_WIDTH = 20  # of the bar
_SECONDS = 0.1  # between two states of the line on a terminal
_PATIENCE = 10.0  # seconds between two lines elsewhere, such as in a log


def fit(net: Any, data: Data, validation: Optional[Data], epochs: int, batch_size: int, *, split: float, shuffle: bool,
        progress: Any, schedule: Any, early_stopping: Any, callbacks: Any, limits: GradientLimits) -> None:
    """Train; fills ``net.history`` epoch by epoch, so that it is there however the training ends."""
    # All checks that raise ValueError or TypeError come before the first change, also of the generator's state.
    integer("MLP.fit: epochs", epochs)
    integer("MLP.fit: batch_size", batch_size)
    watchers = _watchers(callbacks, early_stopping)
    schedules.check(schedule, net.optimizer)
    metric = Metric(net.loss).name
    kinds = ["loss", metric] if metric else ["loss"]
    keys = kinds + [f"val_{kind}" for kind in kinds if split or validation is not None]
    stoppers = [watcher for watcher in watchers if isinstance(watcher, EarlyStopping)]
    for stopper in stoppers:
        stopper.monitored(keys)  # raises if there will be no such key
    aside = _count_aside(data, split) if validation is None else 0
    batches = _batches(len(data[0]) - aside, batch_size, least=2 if net._network.buffers else 1)
    rng = net._rng
    if aside:
        data, validation = _split(data, aside, rng)
    for stopper in stoppers:
        stopper.begin(net._network)
    history: Dict[str, List[float]] = {}
    net.history = history
    line = Progress(progress, epochs, len(batches))
    warned, last = False, False
    logs: Dict[str, float] = {}
    try:
        for epoch in range(1, epochs + 1):
            order = rng.permutation(len(data[0])) if shuffle else np.arange(len(data[0]))
            logs = _epoch(net, data, order, epoch, batches, limits, line, logs.get("loss", np.nan))
            if validation is not None:
                logs.update((f"val_{key}", value) for key, value in net.evaluate(*validation).items())
            for key, value in logs.items():
                history.setdefault(key, []).append(value)
            if schedule is not None:
                schedule.step(logs["loss"])
            line.epoch(epoch, logs)
            wishes = [_wants_to_stop(watcher, epoch, logs) for watcher in watchers]  # each of them is called
            last = any(wishes) or epoch == epochs
            if not warned and (last or epoch & (epoch - 1) == 0):  # after 1, 2, 4, 8 ... epochs
                warned = _warn_of_dead_units(net, data[0], line)
            if last:
                break
    finally:
        for stopper in stoppers:
            stopper.restore()
        line.close()


def _watchers(callbacks: Any, early_stopping: Any) -> List[Any]:
    """The callables of ``callbacks``, which may be one, several or None, followed by the callable of ``early_stopping``."""
    each = [] if callbacks is None else [callbacks] if callable(callbacks) else callbacks
    if isinstance(each, (str, bytes)) or not hasattr(each, "__iter__"):
        raise TypeError(f"MLP.fit: callbacks is {callbacks!r}; expected a list of callables callback(epoch, logs)")
    each = [*each]
    for watcher in each:
        if not callable(watcher) or isinstance(watcher, type):
            raise TypeError(f"MLP.fit: callback {watcher!r} must be an object that is called as callback(epoch, logs)")
    if early_stopping is None or early_stopping is False:
        return each
    if isinstance(early_stopping, EarlyStopping):
        return [*each, early_stopping]
    if isinstance(early_stopping, Integral):
        return [*each, EarlyStopping() if early_stopping is True else EarlyStopping(int(early_stopping))]
    raise TypeError(f"MLP.fit: early_stopping is {early_stopping!r}; expected a patience or an EarlyStopping")


def _count_aside(data: Data, fraction: float) -> int:
    """The number of validation samples that `_split` draws."""
    number("MLP.fit: validation_split", fraction, BELOW_1, ValueError)
    samples, weight = len(data[0]), data[2]
    count = round(samples * fraction)
    if fraction and not 0 < count < samples:
        raise ValueError(f"MLP.fit: validation_split={fraction} of {samples} samples leaves one part without any")
    if fraction and weight is not None and np.count_nonzero(weight) < 2:
        raise ValueError("MLP.fit: validation_split needs at least 2 samples whose sample_weight is not 0, one a part")
    return count


def _split(data: Data, count: int, rng: np.random.Generator) -> Tuple[Data, Data]:
    """Draw samples at random for validation. Each part gets a sample whose weight is not 0."""
    X, y, weight = data
    order = rng.permutation(len(X))
    if weight is not None:
        for lacking, other in ((order[:count], order[count:]), (order[count:], order[:count])):
            if not weight[lacking].any():
                k = np.flatnonzero(weight[other])[0]
                lacking[0], other[k] = other[k], lacking[0]
    kept, aside = ((X[rows], y[rows], None if weight is None else weight[rows]) for rows in (order[count:], order[:count]))
    return kept, aside


def _batches(samples: int, size: int, least: int) -> List[Tuple[int, int]]:
    """Start and end of each batch; a last batch of fewer samples than `least` joins the one before."""
    if min(samples, size) < least:
        what = "batch_size=1" if samples >= least else "1 sample to train with"
        raise ValueError(f"MLP.fit: {what} is too few for batch_norm, which needs a deviation; a batch needs at least {least}")
    starts = list(range(0, samples, size))
    if samples - starts[-1] < least:
        del starts[-1]
    return list(zip(starts, [*starts[1:], samples]))


def _epoch(net: Any, data: Data, order: Array, epoch: int, batches: List[Tuple[int, int]], limits: GradientLimits,
           line: Progress, loss: float) -> Dict[str, float]:
    """One pass over the data; returns the mean loss of its samples, and the metric, as training saw them.

    ``loss`` is that of the epoch before.
    """
    X, y, weight = data
    metric = Metric(net.loss)
    objective = Objective(net.loss, metric)
    total, count = 0.0, 0.0

    def logs() -> Dict[str, float]:
        return {"loss": total / count, **({metric.name: metric.result()} if metric.name else {})}

    for batch, (start, stop) in enumerate(batches, 1):
        rows = order[start:stop]
        samples: float = len(rows)
        if weight is not None:
            objective.weight = weight[rows]
            samples = float(objective.weight.sum())
            if samples == 0:
                continue  # nothing to learn from
        try:
            loss = net._network.train_step(X[rows], y[rows], objective, net.optimizer, limits)
        except FloatingPointError as error:
            before = f"the last finite loss was {loss:.6g}" if np.isfinite(loss) else "no loss was finite before"
            raise FloatingPointError(f"MLP.fit, epoch {epoch}, batch {batch}: {error}; {before}") from None
        total += loss * samples
        count += samples
        if line.due:
            line.batch(epoch, batch, logs())
    if not np.isfinite(net._network.flat).all():
        raise FloatingPointError(f"MLP.fit, epoch {epoch}: {net._network.blame(X[:1])}; the last loss was {loss:.6g}")
    return logs()


def _wants_to_stop(watcher: Any, epoch: int, logs: Dict[str, float]) -> bool:
    try:
        return bool(watcher(epoch, dict(logs)))
    except StopIteration:
        return True


def _warn_of_dead_units(net: Any, X: Array, line: Progress) -> bool:
    """Warn if many units are dead; whether there are."""
    message = diagnostics.too_many_dead(net, X)
    if message:
        line.close()
        try:
            warn(message, diagnostics.DeadUnitsWarning)
        except Warning:  # filters make errors of warnings
            raise
        except Exception:  # stderr cannot be written
            pass
    return message != ""


class Progress:
    """A line on stderr: rewritten in place on a terminal, elsewhere written anew every 10 seconds.

    If `wanted` is a str, the line begins with it. There is no line where stderr is None or closed, and none after a write
    that failed: a training does not end because a pipe is closed or a disk is full.
    """

    def __init__(self, wanted: Union[bool, str], epochs: int, batches: int) -> None:
        self._wanted, self._terminal = bool(wanted), False
        self._label = f"{wanted}  " if isinstance(wanted, str) else ""
        with contextlib.suppress(Exception):  # stderr may be None, closed, or anything
            self._terminal = self._wanted and bool(sys.stderr.isatty())
        self._epochs, self._batches = epochs, batches
        self._text, self._written, self._start = "", time.perf_counter(), time.perf_counter()
        self._next = self._start + _SECONDS if self._terminal else float("inf")

    @property
    def due(self) -> bool:
        """Whether to call `batch` now."""
        return time.perf_counter() > self._next

    def batch(self, epoch: int, batch: int, logs: Dict[str, float]) -> None:
        """Show a bar, and the figures of the epoch so far."""
        done = _WIDTH * batch // self._batches
        bar = "=" * done + ">" * (done < _WIDTH) + "." * (_WIDTH - done - 1)
        self._rewrite(f"epoch {epoch}/{self._epochs}  [{bar}] {batch}/{self._batches}  {_figures(logs)}")

    def epoch(self, epoch: int, logs: Dict[str, float]) -> None:
        """Show the figures of an epoch."""
        seconds = time.perf_counter() - self._start
        text = f"epoch {epoch}/{self._epochs}  {_figures(logs)}  {seconds:.1f} s"
        if self._terminal:
            self._rewrite(text)
        else:
            self._text = self._label + text
            if time.perf_counter() - self._written > _PATIENCE:
                self.close()

    def _rewrite(self, text: str) -> None:
        text, width = self._label + text, len(self._text)
        self._write(f"\r{text:<{width}}")
        self._text, self._next = text, time.perf_counter() + _SECONDS

    def close(self) -> None:
        """End the line; also before something else is written."""
        if self._wanted and self._text:
            self._write("\n" if self._terminal else self._text + "\n")
            self._text, self._written = "", time.perf_counter()

    def _write(self, text: str) -> None:
        if not self._wanted:
            return
        try:
            sys.stderr.write(text)
            sys.stderr.flush()
        except Exception:  # of whatever stands in for stderr: None, a closed file, a closed pipe, a full disk
            self._wanted, self._next = False, float("inf")


def _figures(logs: Dict[str, float]) -> str:
    return "  ".join(f"{key} {value:.4f}" for key, value in logs.items())
