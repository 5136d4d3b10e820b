"""Measures the error of the kernels over sets of inputs, for the accuracy tool and the tests.

Errors are in ULP, as in ulp.py. Forms that promise no relative error are measured absolutely, in eps max(1, |exact|); for
the second derivative it is the largest of |f''| in place of 1.

The exact value is mpmath's, of the registry's formula at parameters rounded to the dtype. Each sweep first asks an oracle
of polynomials for candidates; mpmath then confirms the worst of them.
"""
import bisect
import functools
from dataclasses import dataclass, replace
from typing import Tuple

import numpy as np

from fastact import registry
from fastact.accuracy import formulas, sample_points, ulp
from fastact.accuracy.oracle import CHUNK, Formula, Oracle

ABSOLUTE = ("second_derivative", "backward_from_output")
SLACK = {"float64": 2.0**-7}  # a candidate's error, by the oracle, exceeds the worst known by more than this
CONFIRMATIONS = 1000          # of one batch
SHORT_WAVES = 2.0**8          # of parameter times x: beyond it the formula is computed at each point,
FEWER = 64                    # so only every 64th point of a sweep is measured there


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
    """The worst error of a sweep, where it happened, and how many inputs were measured."""

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
        entry, half = registry.by_name()[case.name], case.dtype in ulp.HALF
        self.case, self.entry, self.type, self.limits = case, entry, ulp.type_of(case.dtype), ulp.limits_of(case.dtype)
        self.called = fastact.activations[case.name]
        self.form = self.called if case.form == "value" else getattr(self.called, case.form)
        # Half types take parameters in double precision. Rounded to float32 they are the same number in all computations.
        seen = np.float32 if half else self.type
        self.values = tuple(float(v if p.exact and v == p.default and half else seen(v))
                            for p, v in zip(entry.parameters, case.parameters))
        exact = [formulas.number(p.exact) if p.exact and v == default else formulas.context().mpf(w)
                 for p, default, v, w in zip(entry.parameters, entry.defaults, case.parameters, self.values)]
        self.formula = registry.FORMS[case.form].outputs[case.output].formula
        self.want = Formula(getattr(entry, self.formula), [p.name for p in entry.parameters], exact)
        # A half type's numbers are float32's too, and so are the parameters: what is known of these need not be found again.
        self.oracle = measured_of(replace(case, dtype="float32")).oracle if half else Oracle(
            self.want, self.type, absolute=1 if case.form in ABSOLUTE else 0, kinks=sample_points.kinks(entry, self.values))
        self.steepness = max(abs(self.values[0]), 1e-300) if entry.waves_to < np.inf else 0
        self.furthest = entry.waves_to / self.steepness if self.steepness else np.inf
        self.slack = SLACK.get(case.dtype, 1e-5)
        self.largest = 1.0
        if case.form == "second_derivative" and case.dtype == "float64":  # whose parameters are nearly float32's
            self.largest = measured_of(replace(case, dtype="float32")).largest
        elif case.form == "second_derivative":
            some = sample_points.float32_points(0, sample_points.FINITE, 65521)
            most = max(float(np.abs(want).max()) for part in some for known in self.known(part)
                       for _, want in self.oracle.values(known))
            self.largest = most if 1 < most < float(self.limits.max) else 1.0  # exp has no largest
        # Within `near` of a zero of the derivative an absolute error of eps / 8 (2^-26, 2^-55) is accepted: within 0.01 both
        # in x and in parameter * x, where there is one parameter, and farther for derivative_fast.
        scale = 1 / self.values[0] if len(self.values) == 1 and self.values[0] else 1.0
        fast = entry.derivative_fast and case.form in ("backward", "gated_backward", "biased_backward")
        self.near = (0.25 if fast else 0.01) * min(1.0, abs(scale))
        has_zeros = self.formula == "derivative" and self.values != (0,)
        self.derivative_zeros = sample_points.derivative_zeros(entry, self.values) if has_zeros else ()

    def known(self, part, fewer=FEWER):
        """What is measured of a sequence of points, as an oracle takes them: sequences, which end at the furthest wave."""
        if self.furthest == np.inf:
            return [part]
        middle, end = (bisect.bisect_right(range(len(part)), end / self.steepness, key=lambda k: abs(float(part[k])))
                       for end in (SHORT_WAVES, self.entry.waves_to))
        if isinstance(part, sample_points.Float32s):
            return [part.part(0, middle), part.part(middle, end, fewer)]
        return [part[:middle], part[middle:end:fewer]]

    def got(self, x):
        """What the kernel returns; gradients and `up` are 1, a bias is half of the sum."""
        inputs, one = registry.FORMS[self.case.form].inputs, np.ones_like(x)
        given = {"x": x, "grad": one, "gate": x, "up": one}
        if "y" in inputs:
            given["y"] = self.called(x, *self.values)
        if "bias" in inputs:
            given["x"] = x * self.type(0.5)
            given["bias"] = x - given["x"]
        with np.errstate(over="ignore"):  # results beyond the largest number are inf
            result = self.form(*(given[name] for name in inputs), *self.values)
        return result[self.case.output] if isinstance(result, tuple) else result

    def claim(self, got, want):
        """The errors by the oracle's values."""
        if self.case.form not in ABSOLUTE:
            return ulp.error_in_ulp(got, want, self.case.dtype)
        end = float(self.limits.max)  # infinite results count as the largest number
        got, want = np.clip(got.astype(want.dtype), -end, end), np.clip(want, -end, end)
        error = np.abs(got - want) / (float(self.limits.eps) * np.maximum(self.largest, np.abs(want)))
        error[np.isnan(error)] = np.inf
        return error

    def error(self, got, want):
        """The error of one result by mpmath's value."""
        if self.case.form not in ABSOLUTE:
            return ulp.exact_error(got, want, self.case.dtype)
        return float(self.claim(np.array([got]), np.array([self.oracle.number(self.oracle.limited(want))]))[0])

    def accepted(self, x, got, want):
        """Where x is so near a zero of the derivative that its absolute error is accepted."""
        near = np.zeros(x.shape, bool)
        for zero in self.derivative_zeros:
            near |= np.abs(x.astype(want.dtype) - zero) < self.near
        if self.furthest < np.inf and self.formula == "derivative":  # next to the zeros of waves
            near |= np.abs(want) < 1e-4
        return near & (np.abs(got - want) <= float(self.limits.eps) / 8) if near.any() else near

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
        worst, pieces, size = Worst(), [], 0
        for piece in (piece for part in parts for known in self.known(part) for piece in self.oracle.values(known)):
            pieces.append(piece)
            size += piece[0].size
            if size >= CHUNK:
                worst, pieces, size = self.worst(*_joined(pieces), worst), [], 0
        return self.worst(*_joined(pieces), worst) if pieces else worst


def _joined(pieces):
    return pieces[0] if len(pieces) == 1 else map(np.concatenate, zip(*pieces))


@functools.lru_cache(maxsize=8)
def measured_of(case):
    """Measured(case), kept for the next sweep of the case."""
    return Measured(case)


def sweep_float32(case, start=0, stop=sample_points.FINITE, stride=1):
    """Every stride-th of the float32 numbers from index `start` to `stop`; if the stride is above 1, landmarks too."""
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


def sweep_half(case, fewer=1):
    """All numbers of a half type, with the count of those not correctly rounded; every `fewer`-th where waves are short."""
    measured = measured_of(case)
    mantissa = int(measured.limits.nmant)
    x = np.arange((2**(15 - mantissa) - 1) << mantissa, dtype=np.uint16).view(measured.type)
    worst, wrong = Worst(), 0
    for part in (x, -x):
        # the numbers in ascending magnitude from the oracle, in batches
        for some, want in (piece for known in measured.known(part, fewer) for piece in measured.oracle.values(known)):
            worst = measured.worst(some, want, worst)
            wrong += _misrounded(measured, some, want)
    return replace(worst, misrounded=wrong)


def _misrounded(measured, x, want):
    got, slack = measured.got(x).astype(np.float64), np.abs(want) * 2.0**-40 + 2.0**-170
    below, above = (ulp.rounded(want + s, measured.limits) for s in (-slack, slack))
    wrong = got != below

    def near(exact, middle):
        """So near a tie that a double cannot tell the side, which is accepted at parameters other than the defaults."""
        return measured.case.parameters != measured.entry.defaults and abs(exact / middle - 1) < 2.0**-42

    for i in np.flatnonzero(below != above):  # a tie, to within the oracle's error
        bits, end = measured.want.settled(float(x[i]))[1], 2.0**int(measured.limits.maxexp)
        # silu(x) may be only 2^-134 x from a tie; x - tanh(x) is as near as possible to x - 1, which may be one
        exact, = measured.want.rounded([float(x[i])], max(bits, 300))
        middle = (np.clip(below[i], -end, end) + np.clip(above[i], -end, end)) / 2
        even = ulp.rounded(np.array([middle]), measured.limits)[0]
        nearest = min(below[i], above[i]) if exact < middle else max(below[i], above[i]) if exact > middle else even
        wrong[i] = got[i] != nearest and (exact == middle or not near(exact, middle))
    return int(np.sum(wrong))
