"""Errors in ULP against mpmath: never above the registry's bounds, which are never above 2."""
from pathlib import Path

import numpy as np
import pytest

import fastact as fa
from fastact import accuracy, documents, formulas, points, registry, sweeps

LIMIT = 2
STRIDE = 16 * accuracy.STRIDE  # some of the inputs that the bounds were measured on
EACH = pytest.mark.parametrize("name, slope", [(name, form) for name in fa.activations for form in accuracy.FORMS])


def bound(name, slope, dtype):
    """The registry's bound, 2 at most."""
    bounds = getattr(registry.by_name()[name], dtype)
    assert bounds is not None, f"{name} has no {dtype} bounds: python -m fastact accuracy {name} --write"
    value = getattr(bounds, slope)
    assert value <= LIMIT
    return value


def cases(name, slope, dtype):
    return sweeps.cases(registry.by_name()[name], slope, dtype)


@EACH
def test_float32_strided(name, slope):
    for case in cases(name, slope, "float32"):
        worst = sweeps.sweep_float32(case, stride=STRIDE)
        assert worst.inputs > 10**6
        assert worst.error <= bound(name, slope, "float32"), worst


@EACH
def test_float64_stratified(name, slope):
    for case in cases(name, slope, "float64"):
        worst = sweeps.sweep_float64(case)
        assert worst.inputs > 5 * 10**4
        assert worst.error <= bound(name, slope, "float64"), worst


@EACH
def test_float16_is_correctly_rounded(name, slope):
    for case in cases(name, slope, "float16"):
        worst = sweeps.sweep_float16(case)
        assert worst.inputs == 63488
        assert worst.misrounded == 0, worst


@pytest.mark.exhaustive
@EACH
def test_float32_exhaustive(name, slope):
    worst = sweeps.sweep_float32(cases(name, slope, "float32")[0])
    assert worst.inputs == points.FINITE
    assert worst.error <= bound(name, slope, "float32"), worst


def sample(dtype):
    """Random numbers: everyday, in the tails, of every exponent and subnormal."""
    random, limits = np.random.default_rng(7), np.finfo(dtype)
    tail = 110 if dtype == np.float32 else 750
    bits = random.integers(0, 2**limits.bits, 300, np.uint64).astype(f"u{limits.bits // 8}").view(dtype)
    subnormal = random.uniform(-1, 1, 100) * float(limits.tiny)
    parts = [random.normal(0, 4, 300), random.uniform(-tail, tail, 300), subnormal, bits[np.isfinite(bits)]]
    return np.concatenate([part.astype(dtype) for part in parts])


@EACH
def test_random_points_by_mpmath_alone(name, slope, dtype):
    """The same bounds without the sweeps' faster evaluations in between."""
    x = sample(dtype)
    for case in cases(name, slope, np.dtype(dtype).name):
        measured = sweeps.Measured(case)
        got = measured.got(x)
        for at, value in zip(x, got):
            error = sweeps.exact_error(value, measured.want(at), dtype)
            assert error <= bound(name, slope, np.dtype(dtype).name), f"{case} at {float(at).hex()}: {value!r}"


@EACH
def test_the_fast_evaluation_finds_what_mpmath_finds(name, slope):
    """float64 is exact enough a judge of float32: what it claims is right within a hundredth of an ULP."""
    x = sample(np.float32)
    for case in cases(name, slope, "float32"):
        measured = sweeps.Measured(case)
        got = measured.got(x)
        claimed = sweeps.error_in_ulp(got, measured.claimed(x), np.float32)
        exact = [sweeps.exact_error(value, measured.want(at), np.float32) for at, value in zip(x, got)]
        np.testing.assert_allclose(claimed, exact, rtol=0, atol=0.01)


ERRORS = [  # got, exact, ULP in float32
    (1.0, 1.0, 0.0),
    (1 + 2**-23, 1.0, 1.0),
    (1.0, 1 + 2**-24, 0.5),
    (1.0, 1 - 2**-24, 1.0),                  # the spacing below 1 is half of that above
    (0.0, 2**-149, 1.0), (0.0, 2**-150, 0.5), (0.0, 2**-160, 2**-11),
    (2**-149, 0.0, 1.0), (-(2**-149), 2**-149, 2.0),
    (np.inf, 1e300, 0.0), (-np.inf, 1e300, 2.0**24), (np.inf, 2.0**128 - 2.0**103, 0.5), (np.inf, 0.0, 2.0**277),
    (np.nan, 1.0, np.inf), (1.0, np.nan, np.inf),
]


@pytest.mark.parametrize("got, want, error", ERRORS)
def test_the_definition_of_ulp(got, want, error):
    exact = sweeps.exact_error(np.float32(got), formulas.context().mpf(want), np.float32)
    fast = sweeps.error_in_ulp(np.array([got], np.float32), np.array([want]), np.float32)[0]
    assert fast == error
    assert np.isnan(want) or exact == error


@pytest.mark.parametrize("wrong_by", [3, 10**6])
def test_a_single_wrong_result_is_found(wrong_by):
    measured = sweeps.Measured(sweeps.Case("sigmoid", "value", "float32", ()))
    x = points.float32_patterns(0, points.FINITE, 65537)
    right, at = measured.got(x), 12345
    wrong = right.copy()
    wrong[at:at + 1].view(np.int32)[0] += wrong_by
    measured.got = lambda _: wrong
    worst = measured.worst(x)
    assert worst.x == x[at] and worst.got == wrong[at]
    assert abs(worst.error - wrong_by) < LIMIT


def test_float32_patterns_are_all_finite_numbers_once():
    ends = [points.float32_patterns(*span, 1) for span in ((0, 3), (points.FINITE - 3, points.FINITE))]
    half = points.FINITE // 2
    around = points.float32_patterns(half - 1, half + 2, 1)
    largest = np.finfo(np.float32).max
    assert list(ends[0]) == [0, 2**-149, 2**-148] and ends[1][-1] == -largest
    assert list(around) == [largest, 0, -(2**-149)] and np.signbit(around[1])
    x = points.float32_patterns(0, points.FINITE, 4093)
    assert np.isfinite(x).all() and np.unique(x.view(np.uint32)).size == x.size


def test_readme_has_the_registry_s_bounds():
    text = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    assert documents.read_section(text, "accuracy") == accuracy.table(), "python -m fastact accuracy --write"
