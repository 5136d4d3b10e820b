"""The benchmarks' clock: sides that take turns, minima and medians, and a progress bar."""
import math
import statistics
import sys
import time
from functools import partial

SAMPLE_NS = 100_000        # a sample calls a short function so often that the clock's resolution does not matter
ENOUGH_SECONDS = 2.0       # of one function's samples, once there are a few
FEW = 7
WIDTH = 30                 # of the bar


def call_of(function, *arguments, **keywords):
    """``partial(function, *arguments, **keywords)``; keywords, which cost partial 50 ns, are passed as if typed."""
    if not keywords:
        return partial(function, *arguments)
    given = {f"a{k}": argument for k, argument in enumerate(arguments)}
    text = ", ".join([*given, *(f"{name}={name}" for name in keywords)])
    return eval(f"lambda: function({text})", {"function": function, **given, **keywords})


def measure(sides, repeat):
    """Time the sides, sample by sample in turns; those without a call are left out.

    Returns, for each, ``min_ns`` and ``median_ns`` of a call, over ``samples`` samples of
    ``calls_per_sample`` calls.
    """
    clock = time.perf_counter_ns
    calls = {side: call for side, call in sides.items() if call is not None}
    numbers, times = {}, {side: [] for side in calls}
    for side, call in calls.items():
        call()
        start = clock()
        call()
        numbers[side] = max(1, math.ceil(SAMPLE_NS / max(clock() - start, 1)))
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
    """A bar on stderr with what is being measured and the time left; nothing where `shown` is false."""

    def __init__(self, total, shown=True):
        self.total, self.shown, self.done, self.start = total, shown, 0, time.monotonic()

    def step(self, label):
        """Say what begins now."""
        if self.shown:
            full = WIDTH * self.done // max(1, self.total)
            left = ""
            if self.done:
                seconds = round((time.monotonic() - self.start) / self.done * (self.total - self.done))
                left = f"{seconds // 60}:{seconds % 60:02} left  "
            print(f"\r\033[K[{'#' * full}{'.' * (WIDTH - full)}] {left}{label}", end="", file=sys.stderr, flush=True)
        self.done += 1

    def clear(self):
        """Remove the bar, to print something else."""
        if self.shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
