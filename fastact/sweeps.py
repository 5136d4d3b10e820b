"""Measures the error of the kernels over sets of inputs, for the accuracy tool and the tests.

Error is in ULP of the exact result and total, so that 0.5 is correctly rounded:
|got - exact| / ulp(exact), where ulp(exact) is the spacing of the dtype's numbers from the power of two
at or below |exact| on, and never below the smallest subnormal. An infinite result counts as the power of
two that follows the largest number.

The exact value is mpmath's, of the registry's formula at parameters rounded to the dtype (float32 for
float16), as the kernel sees them. Each sweep asks a faster evaluation of the formula for candidates
first: float64 for float32 and float16, longdouble for float64. mpmath then has the last word on the
worst of them.
"""
import itertools
from dataclasses import dataclass, replace
from typing import Tuple

import numpy as np

from fastact import formulas, registry
from fastact.points import FINITE, float32_patterns, float64_points

CHUNK = 1 << 13          # elements that stay in cache through all steps
CONFIRMATIONS = 1000     # of one chunk
SLACK = 1e-6             # a candidate promises so much more than the worst known; float64 errs by less
GRID = {"beta": (1e-3, 0.1, 0.7, 1.7, 3.3, 1e3, -1.0), "alpha": (0.01, 0.3, 1.67, 10.0),
        "negative_slope": (0.01, 0.2, 1 / 3, 10.0)}


@dataclass(frozen=True)
class Case:
    """What is measured: one form of an activation in one dtype at given parameters."""

    name: str
    form: str
    dtype: str
    parameters: Tuple[float, ...]


@dataclass(frozen=True)
class Worst:
    """The worst error of a sweep, where it happened, and how many inputs were looked at."""

    error: float = 0.0
    x: float = 0.0
    got: float = 0.0
    want: float = 0.0
    parameters: Tuple[float, ...] = ()
    inputs: int = 0
    misrounded: int = 0  # counted for float16 only

    def merge(self, other):
        """The worst of two sweeps of one row."""
        worst = other if other.error > self.error or not self.inputs else self
        return replace(worst, inputs=self.inputs + other.inputs, misrounded=self.misrounded + other.misrounded)


def cases(entry, form, dtype):
    """One case at the defaults and one for each other point of the parameters' grid."""
    axes = [GRID.get(p.name, (0.1, 0.7, 1.7, 10.0)) for p in entry.parameters]
    others = [point for point in itertools.product(*axes) if point != entry.defaults] if axes else []
    return [Case(entry.name, form, dtype, point) for point in [entry.defaults, *others]]


def error_in_ulp(got, want, dtype):
    """The error for arrays; `want` in a wider dtype, NaN in either gives inf."""
    limits, wide = np.finfo(dtype), want.dtype.type
    size = np.abs(want)
    if not (size.max() <= limits.max and np.isfinite(got).all()):
        end = np.ldexp(wide(1), limits.maxexp)
        want, got = np.clip(want, -end, end), np.clip(got.astype(wide), -end, end)
        size = np.abs(want)
    exponent = np.frexp(np.maximum(size, wide(limits.tiny), out=size))[1]
    error = got - want
    np.abs(error, out=error)
    error /= np.ldexp(wide(limits.eps) / 2, exponent)
    error[np.isnan(error)] = np.inf
    return error


def exact_error(got, want, dtype):
    """The error for one number; `want` from mpmath."""
    mp, limits = formulas.context(), np.finfo(dtype)
    if np.isnan(got):
        return np.inf
    end = mp.ldexp(1, int(limits.maxexp))
    want, got = min(max(want, -end), end), min(max(mp.mpf(float(got)), -end), end)
    exponent = mp.mag(max(abs(want), mp.mpf(float(limits.tiny)))) - 1
    return float(abs(got - want) / mp.ldexp(mp.mpf(float(limits.eps)), exponent))


class Measured:
    """The kernel of a case and the two evaluations of its formula."""

    def __init__(self, case):
        import fastact
        entry = registry.by_name()[case.name]
        expression = entry.formula if case.form == "value" else entry.derivative
        names = [p.name for p in entry.parameters]
        self.case, self.dtype = case, np.dtype(case.dtype)
        self.form = fastact.activations[case.name]
        self.form = self.form if case.form == "value" else getattr(self.form, case.form)
        seen = np.float32 if self.dtype == np.float16 else self.dtype.type
        self.values = tuple(float(seen(v)) for v in case.parameters)
        self.exact = formulas.mpmath_function(expression, names)
        self.fast = formulas.numpy_function(
            expression, names, np.longdouble if self.dtype == np.float64 else np.float64)
        self.scale = 1 / self.values[0] if self.values and self.values[0] else 1.0
        self.crossings = entry.crossings if case.form == "derivative" and self.values != (0,) else ()

    def got(self, x):
        """What the kernel returns."""
        with np.errstate(over="ignore"):  # results beyond the largest number are inf
            return self.form(x, *self.values)

    def claimed(self, x):
        """What the faster evaluation says."""
        with np.errstate(all="ignore"):
            return self.fast(x, *self.values)

    def want(self, x):
        """The exact value at one input."""
        return self.exact(float(x), *self.values)

    def accepted(self, x, got, want):
        """Where the derivative is so near its zero that an absolute error of eps / 8 (2^-26, 2^-55) will do.

        With a parameter the zero c is at x = c / parameter; near is 0.01 both in x and in parameter * x.
        """
        near = np.zeros(x.shape, bool)
        for crossing in self.crossings:
            near |= np.abs(x.astype(want.dtype) - crossing * self.scale) < 0.01 * min(1.0, abs(self.scale))
        return near & (np.abs(got - want) <= np.finfo(self.dtype).eps / 8)

    def worst(self, x, before=Worst()):
        """`before` merged with the worst of these inputs, confirmed by mpmath."""
        got, want = self.got(x), self.claimed(x)
        with np.errstate(all="ignore"):
            claim = error_in_ulp(got, want, self.dtype)
        worst = replace(before, inputs=before.inputs + x.size)
        candidates = np.flatnonzero(claim > worst.error + SLACK)
        candidates = candidates[~self.accepted(x[candidates], got[candidates], want[candidates])]
        if candidates.size > CONFIRMATIONS:
            candidates = candidates[np.argpartition(claim[candidates], -CONFIRMATIONS)[-CONFIRMATIONS:]]
        for i in candidates[np.argsort(claim[candidates])[::-1]]:
            if claim[i] <= worst.error + SLACK:
                break
            want = self.want(x[i])
            error = exact_error(got[i], want, self.dtype)
            if error > worst.error:
                worst = replace(worst, error=error, x=float(x[i]), got=float(got[i]), want=float(want),
                                parameters=self.values)
        return worst


def sweep_float32(case, start=0, stop=FINITE, stride=1):
    """Every stride-th of the float32 numbers from index `start` to `stop`."""
    measured, worst = Measured(case), Worst()
    for begin in range(start, stop, CHUNK * stride):
        worst = measured.worst(float32_patterns(begin, min(begin + CHUNK * stride, stop), stride), worst)
    return worst


def sweep_float64(case, count=16):
    """The stratified points; `count` makes them denser."""
    return Measured(case).worst(float64_points(case.name, case.parameters, count))


def sweep_float16(case):
    """All float16 numbers, with the count of those not correctly rounded."""
    x = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    x = x[np.isfinite(x)]
    measured = Measured(case)
    worst, got, claim = measured.worst(x), measured.got(x), measured.claimed(x)
    slack = np.abs(claim) * 1e-10 + 1e-14
    with np.errstate(over="ignore"):
        below, above = (claim - slack).astype(np.float16), (claim + slack).astype(np.float16)
    right = got == below
    for i in np.flatnonzero(below != above):
        want = measured.want(x[i])
        right[i] = got[i] == min(below[i], above[i], key=lambda half: (
            exact_error(half, want, np.float16), half.view(np.uint16) & 1))  # a tie goes to the even one
    return replace(worst, misrounded=int(np.sum(~right)))
