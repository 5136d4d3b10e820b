"""Measures the error of the kernels over sets of inputs, for the accuracy tool and the tests.

Error is in ULP, as in ulp.py. Forms for which no relative error is promised are measured absolutely, in
eps max(1, |exact|); for the second derivative it is the largest of |f''|.

The exact value is mpmath's, of the registry's formula at parameters rounded to the dtype. Each sweep asks
an oracle of polynomials for candidates first; mpmath then has the last word on the worst of them.
"""
import functools
from dataclasses import dataclass, replace
from typing import Tuple

import numpy as np

from fastact import registry
from fastact.accuracy import formulas, oracle as oracles, sample_points, ulp

ABSOLUTE = ("second_derivative", "backward_from_output")
SLACK = {"float64": 2.0**-7}  # a candidate promises so much more ULP than the worst known
CONFIRMATIONS = 1000          # of one batch


@dataclass(frozen=True)
class Case:
    """What is measured: an output of a form of an activation, in one dtype, at given parameters."""

    name: str
    form: str
    dtype: str
    parameters: Tuple[float, ...] = ()
    output: int = 0


@dataclass(frozen=True)
class Worst:
    """The worst error of a sweep, where it happened, and how many inputs were looked at."""

    error: float = 0.0
    x: float = 0.0
    got: float = 0.0
    want: float = 0.0
    parameters: Tuple[float, ...] = ()
    inputs: int = 0
    misrounded: int = 0  # counted for half types only
    unit: str = ""       # of the error where it is not ULP
    note: str = ""

    def merge(self, other):
        """The worst of two sweeps of one row."""
        worst = other if other.error > self.error or not self.inputs else self
        return replace(worst, inputs=self.inputs + other.inputs, misrounded=self.misrounded + other.misrounded)


def cases(entry, form, dtype):
    """A case for each output and each point of the parameters' grid, the defaults first."""
    def determined(parameters):  # a negative slope or threshold gives one output to two inputs
        return all(value >= 0 or default < 0 for value, default in zip(parameters, entry.defaults))

    return [Case(entry.name, form, dtype, parameters, output) for parameters in sample_points.grid(entry)
            if form != "backward_from_output" or determined(parameters) for output in range(len(registry.FORMS[form].outputs))]


class Measured:
    """The kernel of a case and the exact function."""

    def __init__(self, case):
        import fastact
        entry = registry.by_name()[case.name]
        self.case, self.entry, self.type, self.limits = case, entry, ulp.type_of(case.dtype), ulp.limits_of(case.dtype)
        self.called = fastact.activations[case.name]
        self.form = self.called if case.form == "value" else getattr(self.called, case.form)
        # beside half types a parameter is a double; a float32 says what it is to all computations
        seen = np.float32 if case.dtype in ulp.HALF else self.type
        self.values = tuple(float(v if p.exact and v == p.default and case.dtype in ulp.HALF else seen(v))
                            for p, v in zip(self.entry.parameters, case.parameters))
        exact = [formulas.number(p.exact) if p.exact and v == default else formulas.context().mpf(w)
                 for p, default, v, w in zip(entry.parameters, entry.defaults, case.parameters, self.values)]
        self.formula = registry.FORMS[case.form].outputs[case.output].formula
        expression = getattr(entry, self.formula)
        self.want = oracles.Formula(expression, [p.name for p in entry.parameters], exact)
        judged = np.float32 if case.dtype in ulp.HALF else self.type
        self.oracle = oracles.Oracle(self.want, judged, absolute=1 if case.form in ABSOLUTE else 0,
                                     kinks=sample_points.kinks(entry, self.values))
        self.slack = SLACK.get(case.dtype, 1e-5)
        self.largest = 1.0
        if case.form == "second_derivative":
            some = sample_points.float32_points(0, sample_points.FINITE, 65521)
            most = max(float(np.abs(want).max()) for part in some for _, want in self.oracle.values(part))
            self.largest = most if 1 < most < float(self.limits.max) else 1.0  # exp has no largest
        self._set_crossings()

    def _set_crossings(self):
        """Where an absolute error of eps / 8 (2^-26, 2^-55) will do, and how near; silu's quicker slope asks for more.

        Near is 0.01 both in x and in parameter * x.
        """
        scale = 1 / self.values[0] if self.values and self.values[0] else 1.0
        quick = self.entry.derivative_fast and self.case.form in ("backward", "gated_backward", "biased_backward")
        self.near = (0.25 if quick else 0.01) * min(1.0, abs(scale))
        slope = self.formula == "derivative" and self.values != (0,)
        self.derivative_zeros = sample_points.derivative_zeros(self.entry, self.values) if slope else ()

    def got(self, x):
        """What the kernel returns; gradients and gates are 1, a bias is half of the sum."""
        form, one = self.case.form, np.ones_like(x)
        if form in ("value", "derivative", "second_derivative", "value_and_derivative"):
            arrays = (x,)
        elif form == "backward":
            arrays = (one, x)
        elif form == "backward_from_output":
            arrays = (one, self.called(x, *self.values))
        elif form == "gated":
            arrays = (x, one)
        elif form == "gated_backward":
            arrays = (one, x, one)
        else:
            half = x * self.type(0.5)
            arrays = (half, x - half) if form == "biased" else (one, half, x - half)
        with np.errstate(over="ignore"):  # results beyond the largest number are inf
            result = self.form(*arrays, *self.values)
        return result[self.case.output] if isinstance(result, tuple) else result

    def claim(self, got, want):
        """The error by the oracle's values."""
        if self.case.form not in ABSOLUTE:
            return ulp.error_in_ulp(got, want, self.case.dtype)
        end = float(self.limits.max)  # infinite results count as the largest number
        got, want = np.clip(got.astype(want.dtype), -end, end), np.clip(want, -end, end)
        error = np.abs(got - want) / (float(self.limits.eps) * np.maximum(self.largest, np.abs(want)))
        error[np.isnan(error)] = np.inf
        return error

    def error(self, got, want):
        """The error by mpmath's value."""
        if self.case.form not in ABSOLUTE:
            return ulp.exact_error(got, want, self.case.dtype)
        if np.isnan(float(got)):
            return np.inf
        end = float(self.limits.max)
        got, want = np.clip(float(got), -end, end), min(max(want, -end), end)
        return float(abs(got - want) / (float(self.limits.eps) * max(self.largest, abs(want))))

    def accepted(self, x, got, want):
        """Where the derivative is so near its zero that its absolute error will do."""
        if not self.derivative_zeros:
            return np.zeros(x.shape, bool)
        near = np.zeros(x.shape, bool)
        for zero in self.derivative_zeros:
            near |= np.abs(x.astype(want.dtype) - zero) < self.near
        return near & (np.abs(got - want) <= float(self.limits.eps) / 8)

    def worst(self, x, want, before=Worst()):
        """`before` merged with the worst of these inputs, confirmed by mpmath."""
        got = self.got(x)
        claim, worst = self.claim(got, want), replace(before, inputs=before.inputs + x.size)
        if claim.max() <= worst.error + self.slack:
            return worst
        candidates = np.flatnonzero(claim > worst.error + self.slack)
        candidates = candidates[~self.accepted(x[candidates], got[candidates], want[candidates])]
        if candidates.size > CONFIRMATIONS:
            candidates = candidates[np.argpartition(claim[candidates], -CONFIRMATIONS)[-CONFIRMATIONS:]]
        for i in candidates[np.argsort(claim[candidates])[::-1]]:
            if claim[i] <= worst.error + self.slack:
                break
            exact = self.want(float(x[i]))
            error = self.error(got[i], exact)
            if error > worst.error:
                worst = replace(worst, error=error, x=float(x[i]), got=float(got[i]), want=float(exact),
                                parameters=self.values, unit=" eps" if self.case.form in ABSOLUTE else "")
        return worst

    def sweep(self, parts):
        """The worst over sequences of points, as an oracle takes them."""
        worst, waiting, size = Worst(), [], 0
        for part in parts:
            for piece in self.oracle.values(part):
                waiting.append(piece)
                size += piece[0].size
                if size >= oracles.CHUNK:
                    worst, waiting, size = self._take(waiting, worst), [], 0
        return self._take(waiting, worst) if waiting else worst

    def _take(self, pieces, worst):
        x, want = pieces[0] if len(pieces) == 1 else map(np.concatenate, zip(*pieces))
        return self.worst(x, want, worst)


@functools.lru_cache(maxsize=4)
def measured_of(case):
    """Measured(case), kept for the next sweep of the case."""
    return Measured(case)


def sweep_float32(case, start=0, stop=sample_points.FINITE, stride=1):
    """Every stride-th of the float32 numbers from index `start` to `stop`, and where it skips some, landmarks."""
    measured = measured_of(case)
    worst = measured.sweep(sample_points.float32_points(start, stop, stride))
    if stride > 1:
        marks = sample_points.near(sample_points.landmarks(measured.entry, measured.values), np.float32, 64)
        worst = worst.merge(measured.sweep(sample_points.both_signs(marks)))
    return worst


def sweep_float64(case, count=16, seed=0):
    """The stratified points; `count` makes them denser."""
    measured = measured_of(case)
    return measured.sweep(sample_points.both_signs(sample_points.float64_points(measured.entry, measured.values, count, seed)))


def sweep_half(case):
    """All numbers of a half type, with the count of those not correctly rounded."""
    measured = measured_of(case)
    mantissa = int(measured.limits.nmant)
    x = np.arange((2**(15 - mantissa) - 1) << mantissa, dtype=np.uint16).view(measured.type)
    worst, wrong = Worst(), 0
    for part in (x, -x):
        # the numbers in ascending magnitude from the oracle, in batches
        for some, want in measured.oracle.values(part):
            worst = measured.worst(some, want, worst)
            wrong += _misrounded(measured, some, want)
    return replace(worst, misrounded=wrong)


def _misrounded(measured, x, want):
    got, slack = measured.got(x).astype(np.float64), np.abs(want) * 2.0**-40 + 2.0**-170
    below, above = (ulp.rounded(want + s, measured.limits) for s in (-slack, slack))
    wrong = got != below

    def near(exact, middle):
        """So near a tie that a double cannot be sure, which is forgiven at parameters other than the defaults."""
        return measured.case.parameters != measured.entry.defaults and abs(exact / middle - 1) < 2.0**-42

    for i in np.flatnonzero(below != above):  # a tie, to within the oracle's error
        bits, end = measured.want.settled(float(x[i]))[1], 2.0**int(measured.limits.maxexp)
        # silu(x) may be only 2^-134 x from one; x - tanh(x) is as good as x - 1, which may be one
        exact = measured.want.rounded([float(x[i])], max(bits, 300))[0]
        middle = (np.clip(below[i], -end, end) + np.clip(above[i], -end, end)) / 2
        even = ulp.rounded(np.array([middle]), measured.limits)[0]
        nearest = min(below[i], above[i]) if exact < middle else max(below[i], above[i]) if exact > middle else even
        wrong[i] = got[i] != nearest and (exact == middle or not near(exact, middle))
    return int(np.sum(wrong))
