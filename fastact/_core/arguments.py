"""Checks of arguments: dtypes and outputs of any function; axes, masks, temperatures and sinks of functions of rows."""
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from fastact._core import half_dtypes


def checked_axes(name, axis, ndim):
    """The numbers, counted from the front, of the axes that the argument ``axis`` names: one, several, or None for all."""
    try:
        return range(ndim) if axis is None else normalize_axis_tuple(axis, ndim, name)
    except TypeError:
        raise TypeError(f"{name}: axis must be an integer, several, or None, got {axis!r}; names are those of xarray") from None


def contiguous(array: Any, dtype: Any) -> np.ndarray:
    """`array` if it is C-contiguous, aligned and of this dtype, else a copy that is."""
    return np.require(array, dtype, "CA")


class Rows:
    """The rows of an array along one axis, several axes, or all of them (None).

    `shape` is (outer, n, inner), as the C library takes it: a row has n elements, which are ``inner`` elements apart. Axes
    that are not next to each other are moved to the end first; with `last`, so are all axes that are not at the end.
    """

    def __init__(self, name, axis, shape, last=False):
        ndim = max(len(shape), 1)
        self.full, self.axes = shape, sorted(checked_axes(f"fastact.{name}", axis, ndim))
        lengths = shape or (1,)
        first, count = self.axes[0] if self.axes else ndim, len(self.axes)
        self.moved = self.axes != list(range(first, first + count)) or last and first + count < ndim
        if self.moved:
            lengths = [n for k, n in enumerate(lengths) if k not in self.axes] + [lengths[k] for k in self.axes]
            first = ndim - count
        self.lengths = tuple(lengths)
        self.shape = tuple(math.prod(part) for part in (
            lengths[:first], lengths[first:first + count], lengths[first + count:]))

    def to_3d(self, array, dtype):
        """A contiguous, aligned array of `dtype` and of the shape (outer, n, inner)."""
        if self.moved:
            array = np.moveaxis(array, self.axes, range(-len(self.axes), 0))
        return contiguous(array, dtype).reshape(self.shape)

    def from_3d(self, result):
        """A result of shape (outer, n, inner) in the shape of the array."""
        if not self.moved:
            return result.reshape(self.full)
        return np.ascontiguousarray(np.moveaxis(result.reshape(self.lengths), range(-len(self.axes), 0), self.axes))

    def reduced(self, keepdims):
        """The shape of an output with one number for each row."""
        if keepdims:
            return tuple(1 if k in self.axes else n for k, n in enumerate(self.full))
        return tuple(n for k, n in enumerate(self.full) if k not in self.axes)


@dataclass(frozen=True)
class Attention:
    """The arguments sink, bias and causal of softmax, checked, in the form that the C library takes.

    `sinks` has a number for each row. Row r of x has row r // `repeats` % len(`biases`) of the biases. If `queries` is not 0,
    row r is query r % `queries` of causal attention: the keys after its own are ignored.
    """

    sinks: Any = None
    biases: Any = None
    repeats: int = 1
    queries: int = 0


def checked_attention(name, rows, sink, bias, causal, dtype):
    """The Attention of a call for these rows, with arrays of a dtype of C."""
    if causal not in (True, False):
        raise TypeError(f"fastact.{name}: causal must be True or False, got {causal!r}")
    ndim = len(rows.full)
    if causal and (ndim < 2 or rows.axes != [ndim - 1]):
        raise ValueError(f"fastact.{name}: causal=True needs axis=-1 of x of shape (..., queries, keys), got axes {rows.axes} of "
                         f"shape {rows.full}")
    sinks, biases, repeats = None, None, 1
    if sink is not None:
        sink, shape = np.asarray(sink), rows.reduced(False)
        if 0 < sink.ndim == ndim and all(sink.shape[k] == 1 for k in rows.axes):
            sink = sink.reshape([n for k, n in enumerate(sink.shape) if k not in rows.axes])
        sinks = contiguous(_broadcast(f"fastact.{name}", "sink", sink, shape, ", x without the axis"), dtype)
    if bias is not None:
        bias = np.asarray(bias)
        if bias.dtype == bool:
            raise TypeError(f"fastact.{name}: bias must be numbers, got booleans: mask= takes these, True for what counts")
        _broadcast(f"fastact.{name}", "bias", bias, rows.full)
        count, outer = len(rows.axes), len(rows.lengths) - len(rows.axes)
        bias = bias.reshape((1,) * (len(rows.lengths) - bias.ndim) + bias.shape)
        if rows.moved:
            bias = np.moveaxis(bias, rows.axes, range(-count, 0))
        varies = [k for k in range(outer) if bias.shape[k] != 1]
        first, end = (varies[0], varies[-1] + 1) if varies else (0, 0)
        repeats = math.prod(rows.lengths[end:outer])
        biases = np.broadcast_to(bias[(0,) * first], (*rows.lengths[first:end], *(1,) * (outer - end), *rows.lengths[outer:]))
        biases = contiguous(biases, dtype).reshape(-1, rows.shape[1]) if biases.size else None
    return Attention(sinks, biases, max(repeats, 1), rows.full[-2] if causal else 0)


def _broadcast(name, what, array, shape, note=""):
    try:
        return np.broadcast_to(array, shape)
    except ValueError:
        raise ValueError(f"{name}: {what} of shape {array.shape} does not broadcast to {shape}{note}") from None


def checked_wrt(name, wrt, out, **given):
    """The names of the arguments whose gradients are wanted."""
    names = (wrt,) if isinstance(wrt, str) else tuple(wrt) if isinstance(wrt, (tuple, list)) else (None,)
    if not names or not {*names} <= {"x", *given}:
        raise ValueError(f'fastact.{name}: wrt must be "x", "sink" or "bias", or a tuple of these, got {wrt!r}')
    absent = [each for each in names if each != "x" and given[each] is None]
    if absent:
        raise ValueError(f"fastact.{name}: wrt={wrt!r} without {absent[0]}=")
    if out is not None and wrt != "x":
        raise TypeError(f'fastact.{name}: out= is for wrt="x" alone, got wrt={wrt!r}')
    return names


def summed_to(array, shape, dtype, factor=1):
    """`factor` times the sum of an array over the axes along which an argument of this shape was broadcast."""
    lengths = (1,) * (array.ndim - len(shape)) + tuple(shape)
    sums = array.sum(tuple(k for k, n in enumerate(lengths) if n == 1 != array.shape[k]), dtype=np.float64)
    return (factor * sums).astype(dtype).reshape(shape)[()]


def check_even(name, shape, axis):
    """Raise if the length of an axis is odd, so that it has no two halves."""
    if shape[axis] % 2:
        raise ValueError(f"{name} needs an even size along axis {axis}, two halves, and x has shape {shape}")


def common_dtype(name, arrays):
    """The dtype of a function of these arrays: that of numpy.tanh, or bfloat16."""
    dtype = half_dtypes.result_type(*arrays)
    if dtype.kind in "biu":
        dtype = np.result_type(dtype, np.float16)
    if dtype not in (np.float16, np.float32, np.float64) and not half_dtypes.is_bfloat16(dtype):
        raise TypeError(f"fastact.{name} does not support {dtype}: it takes float16, bfloat16, float32, float64, and "
                        "integers or booleans, promoted as by numpy.tanh")
    return dtype if dtype.isnative else dtype.newbyteorder("=")


def check_out(name, out, shape, dtype):
    """Raise if `out` is not None and cannot hold a result of this shape and dtype."""
    if out is None:
        return
    if not isinstance(out, np.ndarray) or out.shape != shape:
        raise ValueError(f"fastact.{name}: out must be an array of shape {shape}, got "
                         f"{out.shape if isinstance(out, np.ndarray) else type(out).__name__}")
    if not out.flags.writeable:
        raise ValueError(f"fastact.{name}: out is read-only")
    if not np.can_cast(dtype, out.dtype, "same_kind"):
        raise TypeError(f"fastact.{name}: a {dtype} result cannot be written into out of {out.dtype}")


def checked_temperature(name, temperature):
    """The temperature as a float; raise unless it is one positive, finite number."""
    try:
        value = float(temperature)
    except (TypeError, ValueError):
        raise TypeError(f"fastact.{name}: temperature must be a number, got {temperature!r}") from None
    except OverflowError:  # of an int
        value = math.inf
    if not 0 < value < math.inf:
        raise ValueError(f"fastact.{name}: temperature must be positive and finite, got {value:g}; its limit "
                         "at 0 is hardmax, where one element is the largest")
    return value


def broadcast_mask(name, mask, shape):
    """The mask as a boolean array of this shape; raise if it is not boolean or does not broadcast."""
    mask = np.asarray(mask)
    if mask.dtype != bool:
        raise TypeError(f"{name}: mask must be boolean, True for the elements that count, got {mask.dtype}")
    return _broadcast(name, "mask", mask, shape)


def checked_mask(name, mask, shape, rows):
    """The mask as bytes of the rows' shape, or None."""
    return None if mask is None else rows.to_3d(broadcast_mask(f"fastact.{name}", mask, shape), bool)
