"""Activations inside functions that numba compiles: on rows in parallel, and on single numbers."""
import math

import fastact as fa
import numpy as np
from numba import njit, prange
from timing import ratio


@njit(parallel=True, cache=True)
def ours(x, scale):
    """gelu(x * scale); the thread that has written a row computes it."""
    y = np.empty_like(x)
    for i in prange(len(x)):
        y[i] = x[i] * scale
        fa.gelu(y[i], out=y[i])
    return y


@njit(parallel=True, cache=True)
def theirs(x, scale):
    """The same by numba's own math."""
    y = np.empty_like(x)
    for i in prange(len(x)):
        for k in range(x.shape[1]):
            z = x[i, k] * scale
            y[i, k] = z / 2 * math.erfc(-z * math.sqrt(0.5))
    return y


@njit(cache=True)
def our_sum(x):
    total = 0.0
    for value in x.flat:
        total += fa.gelu(value)
    return total


@njit(cache=True)
def their_sum(x):
    total = 0.0
    for value in x.flat:
        total += value / 2 * math.erfc(-value * math.sqrt(0.5))
    return total


x = np.random.default_rng(0).standard_normal((64, 4096), np.float32)
scale = np.float32(1.5)
np.testing.assert_allclose(ours(x, scale), theirs(x, scale), atol=1e-6)
assert (ours(x, scale) == fa.gelu(x * scale)).all()
print(f"rows, 64 x 4096: {ratio(lambda: theirs(x, scale), lambda: ours(x, scale)):.2f} times as quick")
print(f"numbers, one by one: {ratio(lambda: their_sum(x), lambda: our_sum(x)):.2f} times as quick")
