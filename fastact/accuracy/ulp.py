"""Errors in units in the last place.

Error is total, so that 0.5 is correctly rounded: |got - exact| / ulp(exact), where ulp(exact) is the spacing
of the dtype's numbers from the power of two at or below |exact| on, and never below the smallest
subnormal. An infinite result counts as the power of two that follows the largest number.
"""
import numpy as np

from fastact.accuracy import formulas

HALF = ("float16", "bfloat16")


def type_of(dtype):
    """NumPy's type of that name, or ml_dtypes' bfloat16."""
    if dtype != "bfloat16":
        return np.dtype(dtype).type
    import ml_dtypes
    return ml_dtypes.bfloat16


def limits_of(dtype):
    """As numpy.finfo, of bfloat16 too."""
    if dtype != "bfloat16":
        return np.finfo(dtype)
    import ml_dtypes
    return ml_dtypes.finfo(dtype)


def error_in_ulp(got, want, dtype):
    """The error for arrays; `want` is float64, or longdouble to judge float64. NaN in either gives inf."""
    limits, wide = limits_of(dtype), want.dtype.type
    with np.errstate(all="ignore"):
        error = np.subtract(got, want)
        np.abs(error, out=error)
        error /= _unit(want, limits, wide)
        if error.size and not error.max() < 1 / limits.eps:  # something is infinite, NaN or far beyond the largest
            end = np.ldexp(wide(1), int(limits.maxexp))
            got, want = np.clip(got.astype(wide), -end, end), np.clip(want, -end, end)
            error = np.abs(got - want) / _unit(want, limits, wide)
            error[np.isnan(error)] = np.inf
    return error


def _unit(want, limits, wide):
    """The spacing of the dtype's numbers at `want`."""
    if wide is np.longdouble:
        exponent = np.frexp(np.maximum(np.abs(want), wide(limits.tiny)))[1] - 1
        return np.ldexp(wide(limits.eps), exponent)
    bits = want.view(np.int64) & np.int64(0x7ff << 52)
    least = np.int64((1023 + int(limits.minexp)) << 52)
    if bits.size and bits.min() < least:
        np.maximum(bits, least, out=bits)
    bits -= np.int64(int(limits.nmant) << 52)
    return bits.view(np.float64)


def exact_error(got, want, dtype, size=0):
    """The error for one number; `want` from mpmath. Where a larger `size` is given, in units of its last place."""
    mp, limits = formulas.context(), limits_of(dtype)
    got = float(got)
    if np.isnan(got):
        return np.inf
    end = mp.ldexp(1, int(limits.maxexp))
    want, got = min(max(want, -end), end), min(max(mp.mpf(got), -end), end)
    size = max(abs(want), size)
    exponent = max(mp.mag(size) - 1 if size else mp.ninf, int(limits.minexp))
    return float(abs(got - want) / mp.ldexp(1, exponent - int(limits.nmant)))


def rounded(want, limits):
    """float64 numbers rounded to a half type's, ties to even, as float64 numbers."""
    unit = _unit(want, limits, np.float64)
    nearest = np.rint(want / unit) * unit
    return np.where(np.abs(nearest) > float(limits.max), np.copysign(np.inf, want), nearest)
