"""What the registry says of each activation, checked by numbers."""
import dataclasses
import functools
import inspect
import itertools
import re

import numpy as np
import pytest

import fastact as fa
from fastact import registry
from fastact.accuracy import formulas, sample_points

mp = formulas.context()
OTHER = {"alpha": 0.75, "negative_slope": 0.2, "beta": 1.7, "weight": 0.1, "slope": 0.25, "offset": 0.375, "min_val": -0.5,
         "max_val": 2.0, "threshold": 0.7, "value": 0.2, "theta": 0.6, "b": 1.5, "lambd": 0.8}  # a second value of each
POINTS = [mp.mpf(k) / 32 for k in range(-1920, 1921) if abs(k) <= 256 or k % 16 == 0]  # apart 1/32 up to 8, and 1/2 up to 60
FAR = mp.mpf(10) ** 9


def defaults(entry):
    """The parameters' defaults, fractions as they are meant."""
    return tuple(formulas.number(p.exact) if p.exact else value for p, value in zip(entry.parameters, entry.defaults))


def others(entry):
    """Parameters besides the defaults: the registry's examples where they are others."""
    return tuple(p.example if p.example and p.default is not None else OTHER.get(p.name, 0.75 * default or 0.75)
                 for p, default in zip(entry.parameters, entry.defaults))


EVERY = [pytest.param(entry, values, id=f"{entry.name}-{values}") for entry in registry.ACTIVATIONS
         for values in dict.fromkeys([defaults(entry), others(entry)])]
EACH = pytest.mark.parametrize("entry, values", EVERY)
SOFTMAX = registry.ROWS[0]


@functools.cache
def functions(entry, values):
    """The formula and the derivative as functions of x alone, exact. Values are cached, since several tests ask at the POINTS."""
    names = [p.name for p in entry.parameters]
    return [functools.cache(lambda x, f=formulas.mpmath_function(text, names): f(x, *values))
            for text in (entry.formula, entry.derivative)]


def number(text, entry, values):
    """A number of the registry's prose, such as -0.2785/beta."""
    if text.endswith("inf"):
        return float(text)
    return +formulas.mpmath_function(text, [p.name for p in getattr(entry, "parameters", ())])(mp.mpf(0), *values)


def interval(entry, values):
    """The range: its ends, and whether each belongs to it."""
    opens, low, high, closes = re.match(r"([\[(])(.+), (.+?)([\])])(?:,|$)", entry.range).groups()
    return number(low, entry, values), number(high, entry, values), opens == "[", closes == "]"


def check_end(end, belongs, nearest, beyond, rim, far, inner):
    """One end of a range.

    `nearest` is the value next to it, `beyond` tells what is outside, `rim` holds the values at the last
    points and `far` those far out. An end that belongs to the range is attained, before the rim unless exactly.
    """
    if abs(end) == np.inf:
        assert not belongs, f"{end} cannot belong to the range"
        assert max(value * np.copysign(1, end) for value in far) > 10**4, f"values at 1e9 and -1e9 are {far}, not near {end}"
    elif belongs:
        assert abs(nearest - end) <= 5e-5 * max(1, abs(end)) and not beyond(nearest), f"the range ends at {nearest}, not at {end}"
        assert nearest == end or nearest not in rim, f"{end} does not belong to the range: it is approached at the rim"
    else:
        assert not beyond(nearest), f"the range ends at {nearest}, not at {end}"
        assert end not in inner, f"{end} belongs to the range"
        assert min(abs(value - end) for value in (nearest, *far)) < 1e-6, f"the range ends at {nearest}, not at {end}"


@pytest.mark.parametrize("entry, values", [case for case in EVERY if case.values[1] == defaults(case.values[0])
                                           or not case.values[0].range.endswith("at the defaults")])  # there is no formula
def test_range(entry, values):
    f, _ = functions(entry, values)
    low, high, has_low, has_high = interval(entry, values)
    far = [f(-FAR), f(FAR)]
    among = [POINTS[0], *sample_points.derivative_zeros(entry, tuple(map(float, values))), *POINTS[1:]]  # the extrema too
    found = [f(x) for x in among]
    rim = found[0], found[-1]
    near = 2 if entry.name == "laplace" else 8  # at 60 erf is 1 in any precision, and laplace's at 8
    inner = [value for x, value in zip(among, found) if abs(x) <= near]
    check_end(low, has_low, min(found), lambda value: value < low, rim, far, inner)
    check_end(high, has_high, max(found), lambda value: value > high, rim, far, inner)


def test_range_of_softmax():
    low, high, has_low, has_high = interval(SOFTMAX, ())
    assert (low, high, has_low, has_high) == (0, 1, False, False) and "each row sums to 1" in SOFTMAX.range
    rows = fa.softmax(np.random.default_rng(0).normal(0, 3, (100, 7)))
    assert ((rows > 0) & (rows < 1)).all()
    np.testing.assert_allclose(rows.sum(-1), 1, rtol=1e-15)
    ends = fa.softmax(np.array([-40.0, 0.0, -40.0]))
    assert 0 < ends[0] < 1e-6 and 1 - 1e-6 < ends[1] <= 1


@EACH
def test_zero_centered(entry, values):
    f, _ = functions(entry, values)
    found = [f(x) for x in POINTS]
    assert entry.zero_centered == (min(found) < 0 < max(found)), f"values are from {min(found)} to {max(found)}"


def test_softmax_is_not_zero_centered():
    assert not SOFTMAX.zero_centered and fa.softmax(np.array([-5.0, 0.0, 5.0])).min() > 0


def ends_named(left, right):
    return {(0, 0): "no", (1, 0): "left", (0, 1): "right", (1, 1): "both"}[int(left), int(right)]


@EACH
def test_saturation(entry, values):
    _, slope = functions(entry, values)
    ends = [slope(sign * FAR) for sign in (-1, 1)]
    assert entry.saturates == ends_named(*(abs(end) < 1e-6 for end in ends)), f"slopes at -1e9 and 1e9 are {ends}"


def test_saturation_of_softmax():
    own = [fa.softmax.jacobian(np.array([x, 0.0, 1.0]))[0, 0] for x in (-60, 0, 60)]
    assert own[1] > 0.01 and SOFTMAX.saturates == ends_named(own[0] < 1e-6, own[2] < 1e-6)


@EACH
def test_dying(entry, values):
    """A unit can die where the exact slope is 0 on a whole half-line, far out at least."""
    _, slope = functions(entry, values)
    dead = [all(slope(sign * x) == 0 for x in POINTS if x >= 20) for sign in (-1, 1)]
    assert entry.can_die == any(dead), f"the slope is 0 from -20 on: {dead[0]}, from 20 on: {dead[1]}"
    for sign, dies in zip((-1, 1), dead):
        x = sign * np.array([20.0, 25.0, 30.0]) / (3 if entry.name == "laplace" else 1)  # whose slope rounds to 0 at -20
        assert dies == (not fa.activations[entry.name].derivative(x, *map(float, values)).any())


def test_softmax_cannot_die():
    jacobian = fa.softmax.jacobian(np.array([-300.0, 0.0, 2.0]))
    assert not SOFTMAX.can_die and (jacobian != 0).all()


@EACH
def test_derivative_is_that_of_the_formula(entry, values):
    f, slope = functions(entry, values)
    for x in np.random.default_rng(1).normal(0, 5, 40).tolist():
        assert abs(mp.diff(f, x) - slope(x)) < mp.mpf(2) ** -90, f"at {x} it is {slope(x)}, but the slope {mp.diff(f, x)}"


@EACH
def test_kink(entry, values):
    """The stated slope at each kink; there the function or its slope jumps (elu's at alpha = 1 does not)."""
    f, slope = functions(entry, values)
    step = mp.mpf(2) ** -60
    if not entry.kinks:
        assert abs(slope(step) - slope(-step)) < 2**-50, f"the slope jumps at 0 from {slope(-step)} to {slope(step)}: a kink"
    for kink in entry.kinks:
        at, want = number(kink.at, entry, values), number(kink.derivative, entry, values)
        assert abs(slope(at) - want) < 2**-100, f"the slope at {at} is {slope(at)}, not {want}"
        jumps = max(abs(g(at + step) - g(at - step)) for g in (f, slope))
        assert jumps > 0.1 or entry.name == "elu" and values == (1.0,), f"there is no kink at {at}"
        for dtype in (np.float32, np.float64):
            x = np.array([float(at)], dtype)
            exact = [p.exact or dtype(float(value)) == value for p, value in zip(entry.parameters, values)]
            if x[0] == at and all(exact):  # else the kink is next to x
                assert fa.activations[entry.name].derivative(x, *map(float, values))[0] == dtype(float(want))


@EACH
def test_crossings_are_zeros_of_the_derivative(entry, values):
    _, slope = functions(entry, values)
    signs = [(float(x), slope(x) > 0) for x in POINTS if slope(x) != 0]
    changes = [x for (x, one), (_, other) in itertools.pairwise(signs) if one != other]
    zeros = sample_points.derivative_zeros(entry, tuple(map(float, values)))
    assert len(changes) == len(zeros), (
        f"{entry.name}{values}: the derivative changes its sign after {changes}, but the entry's "
        f"derivative_zeros={entry.derivative_zeros} lead to {zeros}; with parameters that give other zeros, name "
        "an example= that gives these")
    for zero in zeros:
        assert abs(slope(zero)) < 1e-15, f"{entry.name}{values}: not 0 at {zero}; the sign changes after {changes}"


@EACH
def test_no_other_zeros_of_the_derivative(entry, values):
    """Between the POINTS: the kernel at every 1/32 up to 60, whose results have the right signs, says test_accuracy.py."""
    slope = fa.activations[entry.name].derivative(np.arange(-1920, 1921) / 32, *map(float, values))
    negative = np.signbit(slope[slope != 0])
    assert (negative[1:] != negative[:-1]).sum() == len(sample_points.derivative_zeros(entry, tuple(map(float, values))))


@EACH
def test_numpy_and_mpmath_agree(entry, values):
    names = [p.name for p in entry.parameters]
    x = np.linspace(-20, 20, 161)
    for text, exact in ((entry.formula, entry.formula), (entry.numpy or entry.formula, entry.formula),
                        (entry.derivative, entry.derivative)):
        want = formulas.mpmath_function(exact, names)
        for dtype, tolerance in ((np.float64, 1e-12), (np.float32, 1e-4)):
            with np.errstate(over="ignore"):
                got = formulas.numpy_function(text, names, dtype)(x, *map(float, values))
            assert got.dtype == dtype and got.shape == x.shape
            np.testing.assert_allclose(got, [float(want(v, *values)) for v in x], rtol=tolerance, atol=tolerance / 100)


@EACH
def test_defaults(entry, values):
    f = fa.activations[entry.name]
    x = np.linspace(-3, 3, 20)
    for form in (f, f.derivative):
        np.testing.assert_array_equal(form(x, *entry.required), form(x, *entry.defaults))
        parameters = list(inspect.signature(form).parameters.values())[1:1 + len(entry.parameters)]
        assert [p.name for p in parameters] == [p.name for p in entry.parameters]
        assert [p.default for p in parameters] == [inspect.Parameter.empty if p.default is None else p.default
                                                   for p in entry.parameters]
    if entry.parameters and values != defaults(entry):
        assert (f(x, *entry.defaults) != f(x, *values)).any()


@pytest.mark.parametrize("alias, name", registry.aliases().items())
def test_aliases(alias, name):
    assert getattr(fa, alias) is getattr(fa, name) and alias in fa.__all__


def test_aliases_are_unique():
    names = [name for entry in (*registry.ACTIVATIONS, *registry.ROWS) for name in (entry.name, *entry.aliases)]
    assert len(names) == len(set(names))


def test_mpmath_is_asked_for_by_name(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "mpmath", None)
    with pytest.raises(ImportError, match=r'pip install "fastact\[accuracy\]"'):
        formulas.context.__wrapped__()


SINLU = dataclasses.replace(
    registry.by_name()["swish"], name="sinlu", formula="(x + a * sin(b * x)) * sigmoid(x)",
    derivative="(1 + a * b * cos(b * x)) * sigmoid(x) + (x + a * sin(b * x)) * sigmoid(x) * sigmoid(-x)",
    range="[-0.4974, inf), at the defaults", derivative_zeros=(-1.082865270894081,),
    parameters=(registry.Parameter("a", 1.0, "", example=0.5, measured=(0.5,)),
                registry.Parameter("b", 1.0, "", measured=(2.0,))))


@pytest.mark.parametrize("values", [defaults(SINLU), others(SINLU)])
@pytest.mark.parametrize("check", [test_zero_centered, test_saturation, test_crossings_are_zeros_of_the_derivative])
def test_an_entry_with_parameters_of_two_scales(check, values):
    """Of a function that is no activation here: its zeros move with both parameters, and its derivative oscillates."""
    assert sample_points.grid(SINLU) == [(1, 1), (1, 2), (0.5, 1), (0.5, 2)]
    test_range(SINLU, defaults(SINLU))
    check(SINLU, values)
