"""The line that shows how a training goes."""
from __future__ import annotations

import sys
import time
from typing import Any, Union

_WIDTH = 20
_SECONDS = 0.1  # between two states of the line on a terminal
_PATIENCE = 10.0  # between two lines elsewhere, such as in a log


class Progress:
    """A line on stderr: rewritten in place on a terminal, elsewhere written anew every 10 seconds.

    There is no line where stderr is None or closed, and none after a write that failed: a training does not end
    because a pipe is closed or a disk is full.

    Parameters
    ----------
    wanted : bool or str
        A text precedes the line.
    epochs, batches : int
        How many there will be, and in each epoch.
    """

    def __init__(self, wanted: Union[bool, str], epochs: int, batches: int) -> None:
        self._wanted = bool(wanted)
        self._label = f"{wanted}  " if isinstance(wanted, str) else ""
        self._terminal = self._wanted and _is_terminal(sys.stderr)
        self._epochs, self._batches = epochs, batches
        self._text, self._written, self._start = "", time.perf_counter(), time.perf_counter()
        self._next = self._start + _SECONDS if self._terminal else float("inf")

    @property
    def due(self) -> bool:
        """Whether to show how far an epoch has come."""
        return time.perf_counter() > self._next

    def batch(self, epoch: int, batch: int, figures: str) -> None:
        """After a batch, where this is due: a bar and the figures so far."""
        done = _WIDTH * batch // self._batches
        bar = "=" * done + ">" * (done < _WIDTH) + "." * (_WIDTH - done - 1)
        self._rewrite(f"epoch {epoch}/{self._epochs}  [{bar}] {batch}/{self._batches}  {figures}")

    def epoch(self, epoch: int, figures: str) -> None:
        """After an epoch: its figures."""
        seconds = time.perf_counter() - self._start
        text = f"epoch {epoch}/{self._epochs}  {figures}  {seconds:.1f} s"
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


def _is_terminal(stream: Any) -> bool:
    try:
        return bool(stream.isatty())
    except Exception:  # None and closed files, too
        return False
