"""The benchmarks' clock: sides that take turns, minima and medians, and a progress bar."""
from __future__ import annotations

import math
import statistics
import sys
import time
from functools import partial
from typing import Any, Callable, Dict, List, Optional

SAMPLE_NS = 100_000        # a sample calls a short function so often that the clock's steps do not show
ENOUGH_SECONDS = 2.0       # of one function's samples, once there are a few
FEW = 7
WIDTH = 30                 # of the bar


def call_of(function: Callable[..., Any], *arguments: Any, **keywords: Any) -> Callable[[], Any]:
    """``partial(function, *arguments, **keywords)``, but keywords, which cost it 50 ns, are as one would type them."""
    if not keywords:
        return partial(function, *arguments)
    given = {f"a{k}": argument for k, argument in enumerate(arguments)}
    text = ", ".join([*given, *(f"{name}={name}" for name in keywords)])
    call: Callable[[], Any] = eval(f"lambda: function({text})", {"function": function, **given, **keywords})
    return call


def measure(sides: Dict[str, Optional[Callable[[], Any]]], repeat: int) -> Dict[str, Dict[str, Any]]:
    """Time the sides, sample by sample in turns; those without a call are left out.

    Returns, for each, ``min_ns`` and ``median_ns`` of a call, over ``samples`` samples of
    ``calls_per_sample`` calls.
    """
    clock = time.perf_counter_ns
    calls = {side: call for side, call in sides.items() if call is not None}
    numbers: Dict[str, int] = {}
    times: Dict[str, List[float]] = {}
    for side, call in calls.items():
        call()
        start = clock()
        call()
        first = clock() - start
        numbers[side] = max(1, math.ceil(SAMPLE_NS / max(first, 1)))
        times[side] = []
    until = clock() + ENOUGH_SECONDS * 1e9
    for done in range(max(1, repeat)):
        if done >= FEW and clock() > until:
            break
        for side, call in calls.items():
            turns = range(numbers[side])
            start = clock()
            for _ in turns:
                call()
            times[side].append((clock() - start) / numbers[side])
    return {side: {"min_ns": min(taken), "median_ns": statistics.median(taken), "samples": len(taken),
                   "calls_per_sample": numbers[side]} for side, taken in times.items()}


class Progress:
    """A bar on stderr with what is at work and the time left; nothing where `shown` is false."""

    def __init__(self, total: int, shown: bool = True) -> None:
        self.total, self.shown, self.done, self.start = total, shown, 0, time.monotonic()

    def step(self, label: str) -> None:
        """Say what begins now."""
        if self.shown:
            full = WIDTH * self.done // max(1, self.total)
            left = ""
            if self.done:
                seconds = round((time.monotonic() - self.start) / self.done * (self.total - self.done))
                left = f"{seconds // 60}:{seconds % 60:02} left  "
            print(f"\r\033[K[{'#' * full}{'.' * (WIDTH - full)}] {left}{label}", end="", file=sys.stderr, flush=True)
        self.done += 1

    def clear(self) -> None:
        """Take the bar away, to print something else."""
        if self.shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
