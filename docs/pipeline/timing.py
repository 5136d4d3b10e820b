"""What the programs of this folder measure with."""
import sys
import time


def ratio(theirs, ours, seconds=2.0):
    """How many times as long `theirs()` takes as `ours()`: the shortest of many calls, in turn.

    The seconds are the first argument of the program, if there is one.
    """
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else seconds
    shortest, until = [float("inf")] * 2, time.perf_counter() + seconds
    while True:
        for k, call in enumerate((theirs, ours)):
            start = time.perf_counter()
            call()
            shortest[k] = min(shortest[k], time.perf_counter() - start)
        if time.perf_counter() > until:
            return shortest[0] / shortest[1]
