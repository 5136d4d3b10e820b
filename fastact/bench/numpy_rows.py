"""Functions of whole rows in NumPy, as a user would write them, for benchmarks."""
from functools import partial

import numpy as np


def call(entry, form, inputs, out, axis):
    """One form for given arrays, without arguments; results go to ``out``, or are fresh where it is None."""
    value, from_output = _VALUES[entry.name], _BACKWARD.get(entry.name)
    if form == "value":
        return partial(value, *inputs, out, axis)
    if from_output is None or form == "backward_from_output":
        return from_output and partial(from_output, *inputs, out, axis)
    grad, x = inputs
    return lambda: from_output(grad, value(x, None, axis), out, axis)


def _softmax(x, out, axis):
    out = np.subtract(x, x.max(axis, keepdims=True), out=out)
    np.exp(out, out=out)
    return np.divide(out, out.sum(axis, keepdims=True), out=out)


def _log_softmax(x, out, axis):
    out = np.subtract(x, x.max(axis, keepdims=True), out=out)
    return np.subtract(out, np.log(np.exp(out).sum(axis, keepdims=True)), out=out)


def _logsumexp(x, out, axis):
    top = x.max(axis, keepdims=True)
    return np.add(np.log(np.exp(x - top).sum(axis)), top.squeeze(axis), out=out)


def _hardmax(x, out, axis):
    out = np.zeros_like(x) if out is None else out
    out[...] = 0
    np.put_along_axis(out, np.expand_dims(x.argmax(axis), axis), 1, axis)
    return out


def _sparsemax(x, out, axis):
    x = np.moveaxis(x, axis, -1)
    down = -np.sort(-x, axis=-1)
    sums = np.cumsum(down, axis=-1) - 1
    count = (down * np.arange(1, x.shape[-1] + 1) > sums).sum(axis=-1, keepdims=True)
    threshold = (np.take_along_axis(sums, count - 1, -1) / count).astype(x.dtype)
    y = np.moveaxis(np.maximum(x - threshold, 0), -1, axis)
    if out is None:
        return y
    np.copyto(out, y)
    return out


def _entmax15(x, out, axis):
    x = np.moveaxis(x, axis, -1)
    x = (x - x.max(axis=-1, keepdims=True)) / 2
    down, count = -np.sort(-x, axis=-1), np.arange(1, x.shape[-1] + 1)
    mean = np.cumsum(down, axis=-1) / count
    spread = np.cumsum(down * down, axis=-1) - count * mean * mean
    thresholds = mean - np.sqrt(np.maximum(1 - spread, 0) / count)
    size = (thresholds <= down).sum(axis=-1, keepdims=True)
    y = np.maximum(x - np.take_along_axis(thresholds, size - 1, -1).astype(x.dtype), 0)
    return np.multiply(*[np.moveaxis(y, -1, axis)] * 2, out=out)


def _softmax_backward(grad, y, out, axis):
    return np.multiply(grad - (grad * y).sum(axis, keepdims=True), y, out=out)


def _log_softmax_backward(grad, y, out, axis):
    return np.subtract(grad, np.exp(y) * grad.sum(axis, keepdims=True), out=out)


def _softmin_backward(grad, y, out, axis):
    return np.negative(_softmax_backward(grad, y, out, axis), out=out)


def _sparsemax_backward(grad, y, out, axis):
    inside = y > 0
    mean = (grad * inside).sum(axis, keepdims=True) / inside.sum(axis, keepdims=True, dtype=grad.dtype)
    return np.multiply(grad - mean, inside, out=out)


def _entmax15_backward(grad, y, out, axis):
    s = np.sqrt(y)
    mean = (grad * s).sum(axis, keepdims=True) / s.sum(axis, keepdims=True)
    return np.multiply(grad - mean, s, out=out)


_VALUES = {"softmax": _softmax, "softmin": lambda x, out, axis: _softmax(-x, out, axis), "log_softmax": _log_softmax,
           "logsumexp": _logsumexp, "hardmax": _hardmax, "sparsemax": _sparsemax, "entmax15": _entmax15}
_BACKWARD = {"softmax": _softmax_backward, "softmin": _softmin_backward, "log_softmax": _log_softmax_backward,
             "sparsemax": _sparsemax_backward, "entmax15": _entmax15_backward}
