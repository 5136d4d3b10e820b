"""The training loop: shuffled mini-batches, validation, the history and the progress line."""
from __future__ import annotations

import sys
import time
from numbers import Integral
from typing import Any, Dict, List, Optional, Tuple, Union

import numpy as np

from fastact.losses import binary_cross_entropy_with_logits, cross_entropy


def fit(
    net: Any,
    X: Any,
    y: Any,
    rng: np.random.Generator,
    epochs: int,
    batch_size: int,
    validation_data: Optional[Tuple[Any, Any]],
    progress: Union[bool, str],
    schedule: Any = None,
) -> Dict[str, List[float]]:
    """Call ``net.train_step`` on every batch of every epoch; returns the history."""
    for option, given in (("epochs", epochs), ("batch_size", batch_size)):
        if not isinstance(given, Integral) or given < 1:
            raise ValueError(f"MLP.fit: {option} must be a positive integer, got {given!r}")
    history: Dict[str, List[float]] = {}
    line = _Line(progress)
    start = time.perf_counter()
    try:
        for epoch in range(1, epochs + 1):
            logs = {"loss": _epoch(net, X, y, rng, epoch, batch_size)}
            if validation_data is not None:
                for key, value in net.evaluate(*validation_data).items():
                    logs[f"val_{key}"] = value
            for key, value in logs.items():
                history.setdefault(key, []).append(value)
            if schedule is not None:
                schedule.step(logs["loss"])
            figures = "  ".join(f"{key} {value:.4f}" for key, value in logs.items())
            line.show(f"epoch {epoch}/{epochs}  {figures}  {time.perf_counter() - start:.1f} s")
    finally:
        line.close()
    return history


def _epoch(net: Any, X: Any, y: Any, rng: np.random.Generator, epoch: int, batch_size: int) -> float:
    """One pass over the shuffled data; returns the mean loss of its samples."""
    order = rng.permutation(len(X))
    total = 0.0
    for batch, start in enumerate(range(0, len(X), batch_size), 1):
        rows = order[start : start + batch_size]
        try:
            total += net.train_step(X[rows], y[rows]) * len(rows)
        except FloatingPointError as error:
            raise FloatingPointError(f"MLP.fit, epoch {epoch}, batch {batch}: {error}") from None
    return total / len(X)


def evaluate(loss: Any, output: Any, target: Any) -> Dict[str, float]:
    """The loss and, for classifiers, the accuracy."""
    result = {"loss": float(loss.value_and_grad(output, target)[0])}
    if loss is cross_entropy:
        classes = target if target.ndim == 1 else target.argmax(axis=1)
        result["accuracy"] = float(np.mean(output.argmax(axis=1) == classes))
    elif loss is binary_cross_entropy_with_logits:
        result["accuracy"] = float(np.mean((output > 0) == (target > 0.5)))
    return result


class _Line:
    """A line on stderr: rewritten in place on a terminal, elsewhere written anew every 10 seconds."""

    def __init__(self, progress: Union[bool, str]) -> None:
        self._wanted = bool(progress)
        self._label = f"{progress}  " if isinstance(progress, str) else ""
        self._terminal = self._wanted and sys.stderr.isatty()
        self._text, self._written = "", time.perf_counter()

    def show(self, text: str) -> None:
        text, width = self._label + text, len(self._text)
        self._text = text
        if self._terminal:
            sys.stderr.write(f"\r{text:<{width}}")
            sys.stderr.flush()
        elif time.perf_counter() - self._written > 10:
            self.close()

    def close(self) -> None:
        if self._wanted and self._text:
            sys.stderr.write("\n" if self._terminal else self._text + "\n")
            self._text, self._written = "", time.perf_counter()
