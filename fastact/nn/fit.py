"""The training loop: shuffled mini-batches, validation, early stopping, the history."""
from __future__ import annotations

import functools
import warnings
from numbers import Integral, Real
from typing import Any, Dict, List, Optional, Tuple

import numpy as np

from fastact import diagnostics
from fastact.optimizers import schedules
from fastact.nn.callbacks import EarlyStopping
from fastact.nn.layers import Array
from fastact.nn.output_layers import Metric, Objective
from fastact.nn.progress import Progress

Data = Tuple[Array, Array, Optional[Array]]  # inputs, targets, weights


def count_for_validation(data: Data, fraction: float) -> int:
    """How many samples `_split` sets aside."""
    if not isinstance(fraction, Real) or not 0 <= fraction < 1:
        raise ValueError(f"MLP.fit: validation_split must be in [0, 1), got {fraction!r}")
    samples, weight = len(data[0]), data[2]
    count = round(samples * fraction)
    if fraction and not 0 < count < samples:
        raise ValueError(f"MLP.fit: validation_split={fraction} of {samples} samples leaves one part without any")
    if fraction and weight is not None and np.count_nonzero(weight) < 2:
        raise ValueError("MLP.fit: validation_split needs at least 2 samples whose sample_weight is not 0, one a part")
    return count


def _split(data: Data, count: int, rng: np.random.Generator) -> Tuple[Data, Data]:
    """Set samples, drawn at random, aside for validation. Each part has a sample whose weight is not 0."""
    order, weight = rng.permutation(len(data[0])), data[2]
    if weight is not None:
        for lacking, other in ((order[:count], order[count:]), (order[count:], order[:count])):
            if not weight[lacking].any():
                k = np.flatnonzero(weight[other])[0]
                lacking[0], other[k] = other[k], lacking[0]
    return _rows(data, order[count:]), _rows(data, order[:count])


def stopper(value: Any) -> Optional[EarlyStopping]:
    """What `fit`'s ``early_stopping`` means."""
    if value is None or value is False:
        return None
    if value is True:
        return EarlyStopping()
    if isinstance(value, Integral):
        return EarlyStopping(int(value))
    if isinstance(value, EarlyStopping):
        return value
    raise TypeError(f"MLP.fit: early_stopping is {value!r}; expected a patience or an EarlyStopping")


def watching(callbacks: Any) -> List[Any]:
    """The callables that `fit`'s ``callbacks`` means: several, one, or None."""
    each = [] if callbacks is None else [callbacks] if callable(callbacks) else callbacks
    if isinstance(each, (str, bytes)) or not hasattr(each, "__iter__"):
        raise TypeError(f"MLP.fit: callbacks is {callbacks!r}; expected a list of callables callback(epoch, logs)")
    each = [*each]
    for watcher in each:
        if not callable(watcher) or isinstance(watcher, type):
            raise TypeError(f"MLP.fit: callback {watcher!r} must be an object that is called as callback(epoch, logs)")
    return each


def fit(
    net: Any,
    data: Data,
    validation: Optional[Data],
    epochs: int,
    batch_size: int,
    *,
    split: float = 0.0,
    rng: np.random.Generator,
    shuffle: bool = True,
    progress: Any = True,
    schedule: Any = None,
    early_stopping: Any = None,
    callbacks: Any = (),
    clip: Tuple[Optional[float], Optional[float]] = (None, None),
) -> None:
    """Train; fills ``net.history`` epoch by epoch, so that it is there however the training ends."""
    # Whatever raises ValueError or TypeError comes before anything changes, the generator's state included.
    for option, given in (("epochs", epochs), ("batch_size", batch_size)):
        if not isinstance(given, Integral) or given < 1:
            raise ValueError(f"MLP.fit: {option} must be a positive integer, got {given!r}")
    own = stopper(early_stopping)
    watchers = watching(callbacks) + ([own] if own is not None else [])
    schedules.check(schedule, net.optimizer)
    stoppers = [watcher for watcher in watchers if isinstance(watcher, EarlyStopping)]
    kinds = ["loss"] + [name for name in [Metric(net.loss).name] if name]
    keys = kinds + [f"val_{kind}" for kind in kinds if split or validation is not None]
    for each in stoppers:
        if each.monitor not in (None, *keys):
            raise ValueError(f"EarlyStopping: there is no {each.monitor!r} to monitor; there are {', '.join(keys)}")
    aside = count_for_validation(data, split) if validation is None else 0
    bounds = _bounds(len(data[0]) - aside, batch_size, least=2 if net._network.buffers else 1)
    if aside:
        data, validation = _split(data, aside, rng)
    for each in stoppers:
        each.begin(net._network)
    step = net._step if clip == (None, None) else functools.partial(net._step, clip=clip)
    history: Dict[str, List[float]] = {}
    net.history = history
    line = Progress(progress, epochs, len(bounds))
    warned, last = False, False
    logs: Dict[str, float] = {}
    try:
        for epoch in range(1, epochs + 1):
            order = rng.permutation(len(data[0])) if shuffle else np.arange(len(data[0]))
            logs = _epoch(net, data, order, epoch, bounds, step, line, logs.get("loss", np.nan))
            if validation is not None:
                logs.update((f"val_{key}", value) for key, value in _scores(net, validation).items())
            for key, value in logs.items():
                history.setdefault(key, []).append(value)
            if schedule is not None:
                schedule.step(logs["loss"])
            line.epoch(epoch, _figures(logs))
            last = _call(watchers, epoch, logs) or epoch == epochs
            if not warned and (last or epoch & (epoch - 1) == 0):  # after 1, 2, 4, 8 ... epochs
                warned = _warn_of_dead_units(net, data[0], line)
            if last:
                break
    finally:
        for each in stoppers:
            each.restore()
        line.close()


def _warn_of_dead_units(net: Any, X: Array, line: Progress) -> bool:
    message = diagnostics.too_many_dead(net, X)
    if message:
        line.close()
        try:
            warnings.warn(message, diagnostics.DeadUnitsWarning, stacklevel=4)
        except Warning:  # filters make errors of warnings
            raise
        except Exception:  # stderr cannot be written
            pass
    return message != ""


def _call(watchers: List[Any], epoch: int, logs: Dict[str, float]) -> bool:
    """Call all of them; whether one wants to stop."""
    stop = False
    for watcher in watchers:
        try:
            stop = bool(watcher(epoch, dict(logs))) or stop
        except StopIteration:
            stop = True
    return stop


def _bounds(samples: int, size: int, least: int) -> List[Tuple[int, int]]:
    """Where each batch begins and ends; a last one of fewer samples than `least` joins the one before."""
    if min(samples, size) < least:
        what = "batch_size=1" if samples >= least else "1 sample to train with"
        raise ValueError(f"MLP.fit: {what} is too few for batch_norm, which needs a deviation; a batch needs at least {least}")
    starts = list(range(0, samples, size))
    if samples - starts[-1] < least:
        del starts[-1]
    return list(zip(starts, [*starts[1:], samples]))


def _epoch(
    net: Any, data: Data, order: Array, epoch: int, bounds: List[Tuple[int, int]], step: Any, line: Progress, loss: float
) -> Dict[str, float]:
    """One pass over the data; returns the mean loss of its samples, and the metric, as training saw them.

    ``loss`` is the last one before.
    """
    X, y, weight = data
    metric = Metric(net.loss)
    objective = Objective(net.loss, metric)
    total, count = 0.0, 0.0
    for batch, (start, stop) in enumerate(bounds, 1):
        rows = order[start:stop]
        samples: float = len(rows)
        if weight is not None:
            objective.weight = weight[rows]
            samples = float(objective.weight.sum())
            if samples == 0:
                continue  # nothing to learn from
        try:
            loss = step(X[rows], y[rows], objective)
        except FloatingPointError as error:
            before = f"the last finite loss was {loss:.6g}" if np.isfinite(loss) else "no loss was finite before"
            raise FloatingPointError(f"MLP.fit, epoch {epoch}, batch {batch}: {error}; {before}") from None
        total += loss * samples
        count += samples
        if line.due:
            line.batch(epoch, batch, _figures(_logs(total / count, metric)))
    if not np.isfinite(net._network.flat).all():
        raise FloatingPointError(f"MLP.fit, epoch {epoch}: {net._network.blame(X[:1])}; the last loss was {loss:.6g}")
    return _logs(total / count, metric)


def _logs(loss: float, metric: Metric) -> Dict[str, float]:
    return {"loss": loss, **({metric.name: metric.result()} if metric.name else {})}


def _figures(logs: Dict[str, float]) -> str:
    return "  ".join(f"{key} {value:.4f}" for key, value in logs.items())


def _scores(net: Any, validation: Data) -> Dict[str, float]:
    scores: Dict[str, float] = net.evaluate(*validation)
    return scores


def _rows(data: Data, rows: Array) -> Data:
    X, y, weight = data
    return X[rows], y[rows], None if weight is None else weight[rows]
