"""Errors against mpmath: never above the registry's bounds, which are never above 2 ULP."""
import dataclasses
import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

import fastact as fa
from fastact import accuracy, registry
from fastact._tools import pages
from fastact.accuracy import formulas, rows, sample_points, sweeps, ulp, writing
from fastact.accuracy.oracle import Formula, Oracle

ROOT = Path(__file__).parent.parent
LIMIT = 2
STRIDE = 16 * accuracy.STRIDE  # some of the inputs that the bounds were measured on
EACH = pytest.mark.parametrize("name, form", [(name, form) for name in fa.activations for form in accuracy.FORMS])


def cases(name, form, dtype):
    return sweeps.cases(registry.by_name()[name], form, np.dtype(dtype).name)


def every_case(*forms):
    """Each form at the defaults and, thorough, at other parameters, of which each has some random points by default."""
    made = []
    for name, entry in registry.by_name().items():
        for form in forms:
            if form in entry.forms:
                for k, case in enumerate(cases(name, form, "float64")):
                    ident = "-".join([name, form, *map("{:g}".format, case.parameters)])
                    made.append(pytest.param(case, id=ident, marks=[pytest.mark.thorough] if k else []))
    return pytest.mark.parametrize("case", made)


def bound(case, dtype):
    """The registry's bound, 2 at most."""
    bounds = getattr(registry.by_name()[case.name], dtype)
    assert bounds is not None, f"{case.name} has no {dtype} bounds: python -m fastact accuracy {case.name} --write"
    value = getattr(bounds, case.form)
    assert value <= LIMIT, f"{case.name}: the {dtype} bound of the {case.form} is {value} ULP; a kernel must be within {LIMIT}"
    return value


@every_case("value", "derivative")
def test_float32_and_half_types(case):
    """Strided float32 within the bounds; all finite numbers of the half types correctly rounded, judged by the formula: mpmath
    decides where a result is next to a tie. In one test, since the types share what the oracle has found. Of short waves, which
    the oracle cannot help with, every 16th number; all of them are in the next test."""
    worst = sweeps.sweep_float32(dataclasses.replace(case, dtype="float32"), stride=STRIDE)
    assert worst.inputs > 5 * 10**5
    assert worst.error <= bound(case, "float32"), worst
    for half, finite in {"float16": 63488, "bfloat16": 65280}.items():
        if half == "float16" or importlib.util.find_spec("ml_dtypes"):
            worst = sweeps.sweep_half(dataclasses.replace(case, dtype=half), fewer=16)
            assert worst.inputs == finite or sweeps.measured_of(case).furthest < 2.0**128
            assert worst.misrounded == 0 and worst.error <= 0.5 + 1e-6, (half, worst)


@pytest.mark.thorough
@pytest.mark.parametrize("name", [entry.name for entry in registry.ACTIVATIONS if entry.waves_to < np.inf])
@pytest.mark.parametrize("form", accuracy.FORMS)
@pytest.mark.parametrize("half", ["float16", "bfloat16"])
def test_half_types_of_short_waves(name, form, half):
    if half == "bfloat16":
        pytest.importorskip("ml_dtypes")
    for case in cases(name, form, half):
        worst = sweeps.sweep_half(case)
        assert worst.inputs > 10**4 and worst.misrounded == 0 and worst.error <= 0.5 + 1e-6, worst


@every_case("value", "derivative")
def test_float64_stratified(case):
    """Fewer points at the defaults, which have more in the next test."""
    default = case == cases(case.name, case.form, "float64")[0]
    worst = sweeps.sweep_float64(case, 1 if default else 16)
    assert worst.inputs > (10**4 if default else 10**5)
    assert worst.error <= bound(case, "float64"), worst


@pytest.mark.thorough
@EACH
def test_float64_densely(name, form):
    case = cases(name, form, "float64")[0]
    worst = sweeps.sweep_float64(case)
    assert worst.inputs > 10**5
    assert worst.error <= bound(case, "float64"), worst


@pytest.mark.parametrize("name", [entry.name for entry in registry.ACTIVATIONS if entry.derivative_fast])
def test_a_quicker_slope_of_backward(name, dtype):
    """Below 4 ULP; the slope of other backward passes has the bits of the derivative, says test_same_bits.py."""
    case, = cases(name, "backward", dtype)
    worst = sweeps.sweep_float64(case, 1) if dtype == np.float64 else sweeps.sweep_float32(case, stride=37 * STRIDE)
    assert worst.inputs > 10**4 and worst.error <= 4, worst


@pytest.mark.parametrize("name", [entry.name for entry in registry.ACTIVATIONS if entry.from_output])
def test_slope_from_the_output(name, dtype):
    """Within 2 eps of what it was at x."""
    case = cases(name, "backward_from_output", dtype)[0]
    worst = sweeps.sweep_float64(case, 1) if dtype == np.float64 else sweeps.sweep_float32(case, stride=37 * STRIDE)
    assert worst.inputs > 10**4 and worst.error <= 2, worst


@pytest.mark.exhaustive
@EACH
def test_float32_exhaustive(name, form):
    case = cases(name, form, "float32")[0]
    worst = sweeps.sweep_float32(case)
    assert worst.inputs == sample_points.FINITE
    assert worst.error <= bound(case, "float32"), worst


@every_case("second_derivative")
def test_second_derivatives(case, dtype):
    """8 eps of the largest of |f''|, or of 1; the limits at infinity are exact."""
    case = dataclasses.replace(case, dtype=np.dtype(dtype).name)
    worst = sweeps.sweep_float64(case, 1) if dtype == np.float64 else sweeps.sweep_float32(case, stride=37 * STRIDE)
    assert worst.inputs > 10**4 and worst.error <= 8, worst
    measured = sweeps.measured_of(case)
    if measured.furthest < np.inf:
        return
    far = np.array([1e30, -1e30], dtype)
    got = measured.got(np.copysign(np.inf, far).astype(dtype))
    # where the exact function has come so near its limit that nothing else is left
    limits = np.array([float(measured.want(float(x))) for x in far], dtype)
    np.testing.assert_array_equal(got, np.where(np.abs(limits) < 1e-20, 0, limits), str(case))


@pytest.mark.parametrize("entry", [entry for entry in registry.ACTIVATIONS if entry.second_derivative], ids=lambda e: e.name)
def test_second_derivatives_next_to_0(entry, dtype):
    """They keep their digits where they cross 0, as tanh''(x) = -2x does."""
    x = np.geomspace(1e-30, 1e-3, 28, dtype=dtype)
    x = np.concatenate([-x, x])
    exact = formulas.mpmath_function(entry.second_derivative, [p.name for p in entry.parameters])
    got = getattr(fa, entry.name).second_derivative(x, *entry.required)
    want = [float(exact(float(each), *entry.defaults)) for each in x]
    np.testing.assert_allclose(got, want, rtol=16 * np.finfo(dtype).eps, atol=0)


def sample(dtype, count=150):
    """Random numbers: everyday, in the tails, of every exponent and subnormal."""
    random, limits = np.random.default_rng(7), np.finfo(dtype)
    tail = 110 if dtype == np.float32 else 750
    bits = random.integers(0, 2**limits.bits, count, np.uint64).astype(f"u{limits.bits // 8}").view(dtype)
    subnormal = random.uniform(-1, 1, count // 3) * float(limits.tiny)
    parts = [random.normal(0, 4, count), random.uniform(-tail, tail, count), subnormal, bits[np.isfinite(bits)]]
    return np.concatenate([part.astype(dtype) for part in parts])


@EACH
def test_random_points_by_mpmath_alone(name, form, dtype):
    """The same bounds without the oracle in between, and at other points."""
    for case in cases(name, form, dtype):
        measured = sweeps.measured_of(case)
        x = sample(dtype, 150 if case == cases(name, form, dtype)[0] else 30)
        x = x[abs(x) <= measured.furthest]
        got = measured.got(x)
        exact = [measured.want(float(at)) for at in x]
        near = measured.accepted(x, got, np.array([float(value) for value in exact], measured.oracle.wide))
        for at, value, want in zip(x[~near], got[~near], (e for e, skip in zip(exact, near) if not skip)):
            error = ulp.exact_error(value, want, case.dtype)
            assert error <= bound(case, case.dtype) + 0.02, f"{case} at {float(at).hex()}: {value!r}"


def mpmath_alone(oracle, x):
    """mpmath's value, as an oracle returns it."""
    return oracle.number(oracle.limited(oracle.formula(float(x))))


@pytest.mark.contract
@EACH
def test_the_oracle_gives_what_mpmath_gives(name, form, dtype):
    """Its values are right within what the choice of candidates allows for."""
    for case in cases(name, form, dtype)[:2]:
        measured = sweeps.Measured(case)
        if dtype == np.float32:
            parts = sample_points.float32_points(0, sample_points.FINITE, 65521)
        else:
            parts = sample_points.both_signs(sample_points.float64_points(measured.entry, measured.values, 1))
        random = np.random.default_rng(3)
        for part in parts:
            for x, want in (piece for known in measured.known(part) for piece in measured.oracle.values(known)):
                at = random.integers(x.size)
                exact = mpmath_alone(measured.oracle, x[at])
                error = ulp.error_in_ulp(want[at:at + 1], np.array([exact]), case.dtype)
                assert error <= measured.slack, f"{case} at {float(x[at]).hex()}: {want[at]!r}, exact {exact!r}"


@pytest.mark.parametrize("name", list(fa.activations))
def test_mpfr_gives_what_mpmath_gives(name):
    """Every formula at every parameter; beyond MPFR's exponents and at zeros there is mpmath alone."""
    pytest.importorskip("gmpy2")
    x = [float(at) for at in sample(np.float64, 9)] + [0.0, -2.5, 1e-300, -1e300]
    for form in {"value", "derivative", "second_derivative"} & set(fa.activations[name].info.forms):
        for case in cases(name, form, np.float64):
            formula, known = sweeps.Measured(case).want, 0
            for at in x:
                exact, found = formula(at), formula.mpfr.settled(at)
                if found:
                    known += 1
                    assert abs(found[0] - exact) <= abs(exact) * 2.0**-99 and 256 <= found[1] <= 4096, (case, at)
                    value = formula.mpfr.rounded(at, found[1])
                    assert abs(value - exact) <= abs(exact) * 2.0**-99, (case, at)
            assert known > 5 or form != "value"


HARD = ["x - tanh(x)", "(x + sqrt(x**2 + 4)) / 2", "x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3)))",
        "where(abs(x) > 0.3, x, 0)", "1 / (1 + abs(x))**2", "erf(x)",
        "erfc(-x / sqrt(2)) / 2 + x * exp(-x**2 / 2) / sqrt(2 * pi)"]


@pytest.mark.parametrize("formula", HARD)
def test_the_oracle_masters_cancellation_kinks_and_tails(formula, dtype):
    oracle = Oracle(Formula(formula), dtype)
    x = np.sort(np.abs(sample(dtype, 3000)))
    for part in (x, -x):
        for some, want in oracle.values(part):
            for at in {0, some.size // 3, some.size - 1}:
                exact = np.array([mpmath_alone(oracle, some[at])])
                assert ulp.error_in_ulp(want[at:at + 1], exact, np.dtype(dtype).name) <= 2.0**-7


def test_numbers_in_formulas_are_exact():
    mp = formulas.context()
    assert formulas.mpmath_function("0.1 * x")(1) * 10 == 1
    assert formulas.mpmath_function("x + 1 / 3")(0) * 3 == 1
    third = formulas.number("1/3")
    with mp.workprec(500):
        assert abs(formulas.mpmath_function("x - y", ("y",))(mp.mpf(1) / 3, third)) < mp.mpf(2)**-480


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
    exact = ulp.exact_error(np.float32(got), formulas.context().mpf(want), "float32")
    for wide in (np.float64, np.longdouble):
        fast = ulp.error_in_ulp(np.array([got], np.float32), np.array([want], wide), "float32")[0]
        assert fast == error
    assert np.isnan(want) or exact == error


@pytest.mark.parametrize("wrong_by", [3, 10**6])
def test_a_single_wrong_result_is_found(wrong_by):
    measured = sweeps.Measured(sweeps.Case("sigmoid", "value", "float32"))
    right, place = measured.form, []

    def wrong(x):
        y = right(x)
        if not place and x.max() > 1 > x.min():
            place.append((x[-5], y[-5]))
            y[-5:-4].view(np.int32)[0] += wrong_by
        return y

    measured.form = wrong
    worst = measured.sweep(sample_points.float32_points(0, sample_points.FINITE, 65537))
    assert [worst.x] == [x for x, _ in place] and worst.got != place[0][1]
    assert worst.error == ulp.exact_error(worst.got, measured.want(worst.x), "float32") > wrong_by - LIMIT


def test_float32_points_are_all_finite_numbers_once():
    half = sample_points.FINITE // 2
    largest = np.finfo(np.float32).max
    around = np.concatenate([part[0:len(part)] for part in sample_points.float32_points(half - 1, half + 2)])
    assert list(around) == [largest, 0, -(2**-149)] and np.signbit(around[1])
    assert list(sample_points.Float32s(0, 3)[0:3]) == [0, 2**-149, 2**-148]
    assert sample_points.Float32s(sample_points.FINITE - 3, sample_points.FINITE)[2] == -largest
    for start, stop, stride in ((0, sample_points.FINITE, 4093), (0, sample_points.FINITE, 65537), (half - 9, half + 9, 4)):
        parts = [part[0:len(part)] for part in sample_points.float32_points(start, stop, stride) if len(part)]
        x = np.concatenate(parts)
        assert np.isfinite(x).all() and np.unique(x.view(np.uint32)).size == x.size == -(-(stop - start) // stride)
        assert all((np.diff(np.abs(part)) > 0).all() for part in parts)


def exact_rows(mp):
    """By function, its values for a row as mpmath gives them; a projection by its threshold."""
    def powers(row, sign=1):
        return [mp.exp(sign * mp.mpf(v)) if np.isfinite(v) else mp.zero for v in row]

    def softmax(row, sign=1):
        return [p / mp.fsum(powers(row, sign)) for p in powers(row, sign)]

    def sparsemax(row):
        for count in range(len(row), 0, -1):
            largest = sorted((mp.mpf(v) for v in row if np.isfinite(v)), reverse=True)[:count]
            threshold = (mp.fsum(largest) - 1) / len(largest)
            if largest[-1] > threshold:
                return [max(mp.mpf(v) - threshold, 0) if np.isfinite(v) else mp.zero for v in row]

    def entmax15(row):
        def total(t):
            return mp.fsum(max(mp.mpf(v) / 2 - t, 0) ** 2 for v in row if np.isfinite(v)) - 1

        threshold = mp.findroot(total, (mp.mpf(row.max()) / 2 - 1, mp.mpf(row.max()) / 2), solver="anderson")
        return [max(mp.mpf(v) / 2 - threshold, 0) ** 2 if np.isfinite(v) else mp.zero for v in row]

    return {"entmax15": entmax15, "softmax": softmax, "softmin": lambda row: softmax(-row), "sparsemax": sparsemax,
            "log_softmax": lambda row: [mp.log(p) if p else mp.ninf for p in softmax(row)],
            "logsumexp": lambda row: [mp.log(mp.fsum(powers(row)))],
            "hardmax": lambda row: [mp.mpf(int(k == row.argmax())) for k in range(len(row))]}


@pytest.mark.parametrize("name", [row.name for row in registry.ROWS])
def test_exact_rows(name):
    """The longdouble evaluations of row functions, against mpmath's."""
    x = np.array([[-1.5, 3.25, 3.0, -700.0, 2.0**-60], [0.25, 0.25, -np.inf, -2.0, 0.0]])
    x = -x if name == "softmin" else x  # where -inf would be all that counts
    exact = exact_rows(formulas.context())[name]
    for row, values in zip(x, rows.VALUES[name](x.astype(np.longdouble)), strict=True):
        for value, want in zip(values, exact(row), strict=True):
            assert float(value) == pytest.approx(float(want), rel=1e-15)


@pytest.mark.skipif(not (ROOT / "docs").is_dir(), reason="needs the source tree")
def test_pages_have_the_registry_s_bounds():
    assert pages.read_section("accuracy") == writing.table(), "python -m fastact accuracy --write"


@pytest.mark.skipif(not (ROOT / "src_c").is_dir(), reason="needs the source tree")
@EACH
def test_headers_state_the_worst_error_and_its_input(name, form):
    """The line that accuracy --write puts above a kernel: within the bounds, and true at the input that it names."""
    code = (ROOT / "src_c" / "activations" / f"{name}.h").read_text(encoding="utf-8")
    function = name if form == "value" else f"{name}_{form}"
    found = re.search(rf"/\* Error in ULP: ([^/]*)\*/\nINLINE REAL FN\({function}\)\(", code)
    assert found, f"{function}: python -m fastact accuracy {name} --write"
    parts = re.findall(r"(\S+?)(?: at (\S+?)(?:, ([^(]*?))?)? \([^)]* (float32|float64)\)", found.group(1))
    assert [dtype for *_, dtype in parts] == ["float32", "float64"]
    for error, x, parameters, dtype in parts:
        assert float(error) <= bound(cases(name, form, dtype)[0], dtype)
        if x:
            values = [float(part.split()[1]) for part in parameters.split(", ")] if parameters else []
            case = next(case for case in cases(name, form, dtype) if np.allclose(case.parameters, values, rtol=1e-6, atol=0))
            measured, at = sweeps.Measured(case), np.array([float.fromhex(x)], dtype)
            here = measured.error(measured.got(at)[0], measured.want(float(at[0])))
            assert float(error) - 0.01 < here <= float(error)
