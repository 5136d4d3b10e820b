"""Measures the error of functions of a whole row, such as softmax, for the accuracy tool and the tests.

Rows have 1 to 100,000 numbers: normally distributed, far apart, all equal, one far above the others, and with some
-inf. Exact values are computed in longdouble; mpmath confirms the worst error of each function.

In softmax, softmin, log_softmax and hardmax nothing cancels, so their error is in ULP of the exact entry. The other functions
and the gradients are differences that may be arbitrarily small. The unit of their error is eps times the larger of 1 and the
entry or, for a gradient, eps times the size of the terms that are subtracted.
"""
import dataclasses

import numpy as np

from fastact import registry
from fastact.accuracy import formulas, sweeps, ulp

LENGTHS = (1, 2, 3, 7, 16, 64, 1000, 4099, 100_000)
ELEMENTS = 30_000  # of each length and kind
RELATIVE = ("softmax", "softmin", "log_softmax", "hardmax")


def has(name, form, dtype):
    """Whether there is such a form of a row function, and an exact value for the dtype."""
    return dtype != "bfloat16" and any(form in row.forms for row in registry.ROWS if row.name == name)


def rows(dtype):
    """The rows, as matrices."""
    random = np.random.default_rng(11)
    for length in LENGTHS:
        shape = (max(1, ELEMENTS // length), length)
        for x in (random.normal(0, 1, shape), random.normal(0, 30, shape), random.uniform(-1e4, 1e4, shape),
                  np.zeros(shape), random.normal(0, 0.01, shape) + 80 * (np.arange(length) == length // 2),
                  np.where(random.random(shape) < 0.3, -np.inf, random.normal(0, 3, shape))):
            yield x[np.isfinite(x).any(axis=1)].astype(dtype)


def shifted_exp(x):
    """e^(x - max) by rows in longdouble, corrected for the rounding error of the difference."""
    top = x.max(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore"):
        difference = x - top
        back = difference - x
        lost = (x - (difference - back)) - (top + back)
        return np.exp(difference) * np.where(np.isfinite(lost), 1 + lost, 1)


def softmax(x):
    """The exact softmax, of rows of longdouble."""
    e = shifted_exp(x)
    return e / e.sum(axis=-1, keepdims=True)


def logsumexp(x):
    """The exact logsumexp, as a column."""
    e, top = shifted_exp(x), x.max(axis=-1, keepdims=True)
    at = np.expand_dims(x.argmax(axis=-1), -1)
    np.put_along_axis(e, at, 0, -1)  # the largest is 1; log1p takes the sum of the others
    return top + np.log1p(e.sum(axis=-1, keepdims=True))


def log_softmax(x):
    """The exact log_softmax: x - max is subtracted first, because max and the logarithm may cancel."""
    top = x.max(axis=-1, keepdims=True)
    return (x - top) - (logsumexp(x - top))


def sparsemax(x):
    """The exact sparsemax: the nearest point of the simplex."""
    ordered = -np.sort(-x, axis=-1)
    finite = np.where(np.isfinite(ordered), ordered, 0)
    top = finite[..., :1]
    sums = np.cumsum(finite - top, axis=-1)
    count = np.arange(1, x.shape[-1] + 1)
    inside = np.isfinite(ordered) & (1 + count * (finite - top) > sums)
    size = inside.sum(axis=-1, keepdims=True)
    threshold = (np.take_along_axis(sums, size - 1, -1) - 1) / size
    return np.maximum((x - top) - threshold, 0)


def entmax15(x):
    """The exact entmax15: the first k of the ordered elements for which their threshold is below all of them."""
    top = x.max(axis=-1, keepdims=True)
    ordered = -np.sort(-(x - top), axis=-1) / 2
    finite = np.where(np.isfinite(ordered), ordered, 0)
    count = np.arange(1, x.shape[-1] + 1)
    mean = np.cumsum(finite, axis=-1) / count
    spread = np.cumsum(finite**2, axis=-1) - count * mean**2
    thresholds = mean - np.sqrt(np.maximum(1 - spread, 0) / count)
    size = (np.isfinite(ordered) & (thresholds <= finite)).sum(axis=-1, keepdims=True)
    return np.maximum((x - top) / 2 - np.take_along_axis(thresholds, size - 1, -1), 0) ** 2


def hardmax(x):
    """1 at the first of the largest, else 0."""
    return (np.arange(x.shape[-1]) == x.argmax(axis=-1)[..., None]).astype(x.dtype)


VALUES = {"softmax": softmax, "softmin": lambda x: softmax(-x), "log_softmax": log_softmax,
          "logsumexp": logsumexp, "sparsemax": sparsemax, "entmax15": entmax15, "hardmax": hardmax}


def gradient(name, grad, x):
    """The exact gradient, and the size of the terms that it is the difference of."""
    total = grad.sum(axis=-1, keepdims=True)
    size = np.abs(grad).sum(axis=-1, keepdims=True)
    if name == "log_softmax":
        p = softmax(x)
        return grad - p * total, np.abs(grad) + p * size
    if name == "logsumexp":
        return softmax(x) * grad, softmax(x) * np.abs(grad)
    if name == "sparsemax":
        inside = sparsemax(x) > 0
        count = inside.sum(axis=-1, keepdims=True)
        mean = np.where(inside, grad, 0).sum(axis=-1, keepdims=True) / count
        return np.where(inside, grad - mean, 0), np.abs(grad).max(axis=-1, keepdims=True) + 0 * grad
    if name == "entmax15":
        s = np.sqrt(entmax15(x))
        mean = (s * grad).sum(axis=-1, keepdims=True) / s.sum(axis=-1, keepdims=True)
        return s * (grad - mean), np.abs(grad).max(axis=-1, keepdims=True) + 0 * grad
    p, sign = (softmax(x), 1) if name == "softmax" else (softmax(-x), -1)
    mean, spread = (p * grad).sum(axis=-1, keepdims=True), (p * np.abs(grad)).sum(axis=-1, keepdims=True)
    return sign * p * (grad - mean), p * (np.abs(grad) + spread)


def sweep(name, form, dtype):
    """The worst error of a form, and for softmax how far sums are from 1."""
    import fastact
    function = getattr(fastact, name)
    worst, sums = sweeps.Worst(), 0.0
    eps = float(np.finfo(dtype).eps)
    for x in rows(dtype):
        x = -x if name == "softmin" else x  # otherwise a single -inf would have the whole weight
        wide = x.astype(np.longdouble)
        if form == "value":
            got, want = function(x, axis=-1), VALUES[name](wide)
            got = got.reshape(want.shape)
            if name in RELATIVE:
                judge = np.longdouble if dtype == "float64" else np.float64
                error = ulp.error_in_ulp(got.ravel(), want.ravel().astype(judge), dtype).reshape(want.shape)
            else:
                error = _absolute(got, want, np.maximum(1, np.abs(want)) * eps)
            if name in ("softmax", "softmin"):
                sums = max(sums, float(np.abs(got.astype(np.longdouble).sum(axis=-1) - 1).max()) / eps)
        else:
            grad = np.random.default_rng(12).normal(0, 1, (len(x), 1 if name == "logsumexp" else x.shape[-1]))
            grad = grad.astype(dtype)
            given = grad[:, 0] if name == "logsumexp" else grad
            last = function(x, axis=-1) if form == "backward_from_output" else x
            got = getattr(function, form)(given, last, axis=-1)
            want, size = gradient(name, grad.astype(np.longdouble), wide)
            error = _absolute(got, want, np.maximum(size, float(np.finfo(dtype).tiny)) * eps)
        k = np.unravel_index(error.argmax(), error.shape)
        here = sweeps.Worst(float(error[k]), float(x[k[0], min(k[1], x.shape[1] - 1)]), float(got[k]), float(want[k]),
                            inputs=x.size, note=f", in a row of {x.shape[1]}",
                            unit="" if form == "value" and name in RELATIVE else " eps")
        if here.error > worst.error or not worst.inputs:
            place = x[k[0]], k[1]
        worst = worst.merge(here)
    worst = _confirmed(worst, *place, name, form, dtype)
    note = f"; |sum - 1| {sums:.2f} eps" if sums else ""
    return dataclasses.replace(worst, note=worst.note + note)


def _absolute(got, want, unit):
    with np.errstate(invalid="ignore"):
        error = np.abs(got - want) / unit
    error[(got == want) | (np.isneginf(got) & np.isneginf(want))] = 0
    error[np.isnan(error)] = np.inf
    return error


def _confirmed(worst, row, at, name, form, dtype):
    """The worst of a function that is judged in ULP, by mpmath."""
    if form != "value" or name not in RELATIVE or name == "hardmax":
        return worst
    mp, sign = formulas.context(), -1 if name == "softmin" else 1
    others = mp.fsum(mp.exp(sign * (mp.mpf(float(v)) - mp.mpf(float(row[at]))))
                     for k, v in enumerate(row) if k != at and np.isfinite(v))
    want = -mp.log1p(others) if name == "log_softmax" else 1 / (1 + others)
    return dataclasses.replace(worst, want=float(want), error=ulp.exact_error(worst.got, want, dtype))
