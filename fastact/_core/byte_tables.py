"""Functions of 8-bit types as tables of their 256 results: float8 of ml_dtypes, and quantised integers.

Each result is that of exact arithmetic, rounded once, ties to even. It comes from the float64 kernel if all numbers within the
kernel's error are rounded to one result. Otherwise a tie is among them, and it comes from decimal arithmetic (`exact`). The last
KEPT tables of each kind are kept.
"""
import functools
import math
import struct
import sys

import numpy as np

from fastact import registry
from fastact._core import ufuncs
from fastact._core.number_arguments import POSITIVE, number

KEPT = 1024
ERROR = 2.0**-40  # of the float64 kernels: far more than their bounds, of the result and, for derivatives, of 1
SUBNORMAL = 2e-323  # the same of subnormal results
ARGUMENTS = ("x", "scale", "zero_point", "out_scale", "out_zero_point", "dtype", "out")  # of `Activation.quantized`
QUANTIZED = (np.dtype(np.uint8), np.dtype(np.int8))
_FLOAT8 = ("float8_e3m4", "float8_e4m3", "float8_e4m3b11fnuz", "float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2",
           "float8_e5m2fnuz")
_ENTRIES = registry.by_name()


def _table(name, form, output, points, steps, unit, parameters, divisor, code):
    """The results of one output of a form over `divisor`, rounded by `code`, as bytes.

    The 256 arguments are steps * unit. `points` are the floats next to them: one each, or three.
    """
    entry, facts = _ENTRIES[name], registry.FORMS[form]

    def evaluate(x):
        y = getattr(ufuncs, name + facts.suffix)(x, *parameters)
        return y[output] if len(facts.outputs) > 1 else y

    with np.errstate(all="ignore"):
        y = evaluate(points)
        overflows = (~np.isfinite(y) | ~np.isfinite(points)).any(axis=0) & np.isfinite(np.array(steps, float))
        y = np.where(y == 0, np.copysign(y, evaluate(np.clip(points, -700, 700))), y) / divisor  # the sign of what underflows
        size, least = np.abs(y), 0 if form == "value" else ERROR
        error = np.maximum(ERROR * size, SUBNORMAL / divisor) + least
        error = np.where(np.isfinite(points) & np.isfinite(y) & ((y != 0) | (error > 0.25)), error, 0)
        ends = np.copysign([np.maximum(size - error, 0), size + error], y)
        results, others = code(ends.min(axis=(0, 1))), code(ends.max(axis=(0, 1)))
        near_ties = np.flatnonzero((results != others) | overflows)
        if near_ties.size:
            from fastact._core import exact  # which takes milliseconds to import
            values = {p.name: p.exact if p.exact and value == p.default else value
                      for p, value in zip(entry.parameters, parameters)}
        for k in near_ties:
            results[k] = exact.rounded(getattr(entry, facts.outputs[output].formula), steps[k], unit, values, divisor,
                                       lambda value: code(np.array([value]))[0])
    return results.tobytes()


def _unpack(parameters):
    return struct.unpack(f"{len(parameters) // 8}d", parameters)


# ---- float8 ----

@functools.cache
def _known(ml_dtypes):
    return frozenset(getattr(ml_dtypes, name) for name in _FLOAT8 if hasattr(ml_dtypes, name))


def is_float8(dtype):
    """Whether a numpy.dtype is one of the float8 that have a sign."""
    return dtype.itemsize == 1 and dtype.type in _known(sys.modules.get("ml_dtypes"))


def holds_float8(container):
    """Whether this is a container of float8: a Dataset with one such variable, or a DataFrame with no other columns."""
    if "ml_dtypes" not in sys.modules or isinstance(container, np.generic) or type(container) in (np.ndarray, np.memmap, float):
        return False
    dtypes = getattr(container, "dtypes", None) if not hasattr(container, "dtype") else [container.dtype]
    if dtypes is None:
        return False
    among, dtypes = (any, dtypes.values()) if callable(getattr(dtypes, "values", None)) else (all, list(dtypes))
    return bool(dtypes) and among([isinstance(dtype, np.dtype) and is_float8(dtype) for dtype in dtypes])


def round_float8(values, dtype):
    """float64 numbers rounded once, NaN to the positive one. A cast would round to float32 first."""
    limits = sys.modules["ml_dtypes"].finfo(dtype)
    with np.errstate(all="ignore"):
        size = np.maximum(np.abs(values), float(limits.smallest_normal))
        unit = np.ldexp(float(limits.eps), np.frexp(size)[1] - 1)
        nearest = np.where(np.isfinite(values), np.copysign(np.rint(values / unit) * unit, values), values)
        return np.where(np.isnan(values), np.nan, nearest).astype(np.float32).astype(dtype)


@functools.lru_cache(KEPT)
def float8(name, form, output, dtype, parameters):
    """The table of one output of a form with one input. `parameters` are the bytes of doubles: 0.0 and -0.0 differ."""
    x = np.arange(256, dtype=np.uint8).view(dtype).astype(float)
    return _table(name, form, output, x[None], x.tolist(), 1.0, _unpack(parameters), 1.0,
                  lambda values: round_float8(values, dtype).view(np.uint8))


# ---- quantised integers ----

@functools.lru_cache(KEPT, typed=True)
def quantized(name, parameters, scale, zero_point, out_scale, out_zero_point, dtype, out_dtype):
    """The table of an activation between quantised integers of two dtypes; raises for arguments that have no meaning.

    `parameters` are the bytes of doubles.
    """
    owner = f"fastact.{name}.quantized"
    limits = np.iinfo(out_dtype)
    for what, value, limit in (("zero_point", zero_point, np.iinfo(dtype)), ("out_zero_point", out_zero_point, limits)):
        if not isinstance(value, (int, np.integer)) or isinstance(value, bool):
            raise TypeError(f"{owner}: {what} must be an integer, got {value!r}")
        if not limit.min <= value <= limit.max:
            raise ValueError(f"{owner}: {what} must be from {limit.min} to {limit.max} for {limit.dtype}, got {value}")
    scale, out_scale = number(f"{owner}: scale", scale, POSITIVE), number(f"{owner}: out_scale", out_scale, POSITIVE)
    steps = [int(q) - int(zero_point) for q in np.arange(256, dtype=np.uint8).view(dtype)]

    def code(values):
        if np.isnan(values).any():
            raise ValueError(f"{owner}: with these parameters it is NaN, which no integer stands for: {_unpack(parameters)}")
        return np.clip(np.rint(values) + int(out_zero_point), limits.min, limits.max).astype(out_dtype).view(np.uint8)

    with np.errstate(all="ignore"):
        x = np.array(steps) * scale  # rounded, so the exact product is between the floats next to it
        points = np.stack([np.nextafter(x, -math.inf), x, np.nextafter(x, math.inf)])
    return _table(name, "value", 0, points, steps, scale, _unpack(parameters), out_scale, code)
