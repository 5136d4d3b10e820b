"""NaN, infinities, zeros, subnormals and kinks, in every lane; ranges, monotony and floating-point flags."""
import ctypes
import platform
import threading
from functools import partial

import numpy as np
import pytest

import fastact as fa
import native
from axes import (arrays_in, assert_same_bits, call, each_activation, each_loop, empty_outputs, every_exponent, inputs, kind,
                  outputs, special, wide)
from fastact import registry
from fastact.accuracy import formulas, ulp

LENGTHS = (1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 34, 64, 67)  # about every width of a vector

LN2 = np.log(2)
# f(-inf), f(-0.0), f(0.0), f(inf); then the slopes at -inf, 0 and inf. Zeros count with their sign.
LIMITS = {
    "identity": ((-np.inf, -0.0, 0.0, np.inf), (1, 1, 1)),
    "sigmoid": ((0.0, 0.5, 0.5, 1.0), (0, 0.25, 0)),
    "hard_sigmoid": ((0.0, 0.5, 0.5, 1.0), (0, 1 / 6, 0)),
    "sparse_sigmoid": ((0.0, 0.5, 0.5, 1.0), (0, 0.5, 0)),
    "tanh": ((-1.0, -0.0, 0.0, 1.0), (0, 1, 0)),
    "hard_tanh": ((-1.0, -0.0, 0.0, 1.0), (0, 1, 0)),
    "softsign": ((-1.0, -0.0, 0.0, 1.0), (0, 1, 0)),
    "erf": ((-1.0, -0.0, 0.0, 1.0), (0, 2 / np.sqrt(np.pi), 0)),
    "relu": ((0.0, 0.0, 0.0, np.inf), (0, 0, 1)),
    "relu6": ((0.0, 0.0, 0.0, 6.0), (0, 0, 0)),
    "relu_squared": ((0.0, 0.0, 0.0, np.inf), (0, 0, np.inf)),
    "threshold": ((0.0, 0.0, 0.0, np.inf), (0, 0, 1)),
    "thresholded_relu": ((0.0, 0.0, 0.0, np.inf), (0, 0, 1)),
    "leaky_relu": ((-np.inf, -0.0, 0.0, np.inf), (0.01, 0.01, 1)),
    "prelu": ((-np.inf, -0.0, 0.0, np.inf), (0.25, 0.25, 1)),
    "elu": ((-1.0, -0.0, 0.0, np.inf), (0, 1, 1)),
    "selu": ((-1.7580993408473766, -0.0, 0.0, np.inf), (0, 1.7580993408473766, 1.0507009873554805)),
    "celu": ((-1.0, -0.0, 0.0, np.inf), (0, 1, 1)),
    "silu": ((-0.0, -0.0, 0.0, np.inf), (0, 0.5, 1)),
    "swish": ((-0.0, -0.0, 0.0, np.inf), (0, 0.5, 1)),
    "gelu": ((-0.0, -0.0, 0.0, np.inf), (0, 0.5, 1)),
    "gelu_tanh": ((-0.0, -0.0, 0.0, np.inf), (0, 0.5, 1)),
    "quick_gelu": ((-0.0, -0.0, 0.0, np.inf), (0, 0.5, 1)),
    "hard_silu": ((-0.0, -0.0, 0.0, np.inf), (0, 0.5, 1)),
    "softplus": ((0.0, LN2, LN2, np.inf), (0, 0.5, 1)),
    "squareplus": ((0.0, 1.0, 1.0, np.inf), (0, 0.5, 1)),
    "sparse_plus": ((0.0, 0.25, 0.25, np.inf), (0, 0.5, 1)),
    "log_sigmoid": ((-np.inf, -LN2, -LN2, 0.0), (1, 0.5, 0)),
    "mish": ((-0.0, -0.0, 0.0, np.inf), (0, 0.6, 1)),
    "tanh_shrink": ((-np.inf, -0.0, 0.0, np.inf), (1, 0, 1)),
    "hard_shrink": ((-np.inf, 0.0, 0.0, np.inf), (1, 0, 1)),
    "soft_shrink": ((-np.inf, 0.0, 0.0, np.inf), (1, 0, 1)),
    "exponential": ((0.0, 1.0, 1.0, np.inf), (0, 1, np.inf)),
    "softcap": ((-50.0, -0.0, 0.0, 50.0), (0, 1, 0)),
    "xielu": ((np.inf, 0.8 * np.expm1(-1e-6), 0.8 * np.expm1(-1e-6), np.inf), (-0.3, 0.5, np.inf)),
    "snake_beta": ((-np.inf, 0.0, 0.0, np.inf), (1, 1, 1)),
    "snake": ((-np.inf, 0.0, 0.0, np.inf), (1, 1, 1)),
    "laplace": ((0.0, 0.0060944596179355999, 0.0060944596179355999, 1.0), (0, 0.061113828794725849, 0)),
    "sqrt_softplus": ((0.0, np.sqrt(LN2), np.sqrt(LN2), np.inf), (0, 0.25 / np.sqrt(LN2), 0)),
    "shifted_softplus": ((-LN2, 0.0, 0.0, np.inf), (0, 0.5, 1)),
    "hard_mish": ((-0.0, -0.0, 0.0, np.inf), (0, 1, 1)),
    "star_relu": ((-0.4472, -0.4472, -0.4472, np.inf), (0, 0, np.inf)),
    "clipped_gelu": ((-0.0, -0.0, 0.0, 10.0), (0, 0.5, 0)),
}


@pytest.mark.parametrize("name", LIMITS)
def test_limits(name, dtype):
    values, slopes = LIMITS[name]
    f, x = fa.activations[name], np.array([-np.inf, -0.0, 0.0, np.inf], dtype)
    got, slopes = call(f, (x,)), np.array([slopes[0], slopes[1], *slopes[1:]], dtype)
    if name in ("laplace", "xielu"):  # whose parameters are rounded to float32
        assert (np.signbit(got) == np.signbit(values)).all()
        np.testing.assert_allclose(got, values, rtol=20 * np.finfo(dtype).eps)
        np.testing.assert_allclose(call(f.derivative, (x,)), slopes, rtol=20 * np.finfo(dtype).eps)
        return
    assert_same_bits(got, np.array(values, dtype), name)
    np.testing.assert_array_equal(call(f.derivative, (x,)), slopes)


def test_limits_of_every_activation():
    assert sorted(LIMITS) == sorted(fa.activations)


INF, NAN, E = np.inf, np.nan, np.exp(1)
# Parameters at their limits: name, parameters, x, values, slopes; "tiny" and "largest" are the dtype's.
EXTREMES = [
    ("celu", (-1,), (-3, -1, 0, 2, -INF), (1 - E**3, 1 - E, 0, 2, -INF), (E**3, E, 1, 1, INF)),
    ("celu", (0,), (-3, 0, 2, -INF), (0, 0, 2, 0), (0, 1, 1, 0)),
    ("celu", ("tiny",), (-3, 0, 2, -INF), (0, 0, 2, 0), (0, 1, 1, 0)),
    ("celu", (INF,), (-3, 0, 2), (-3, 0, 2), (1, 1, 1)),
    ("celu", (-INF,), (-3, 0, 2), (-3, 0, 2), (1, 1, 1)),
    ("celu", ("largest",), (-3, -INF), (-3, "-largest"), (1, 0)),
    ("celu", (NAN,), (-3, NAN), (NAN, NAN), (NAN, NAN)),
    ("softplus", (1e-37,), (-INF, INF), (0, INF), (0, 1)),
    ("softplus", ("tiny",), (-INF, INF), (0, INF), (0, 1)),
    ("softplus", (0,), (-INF, 0, INF), (INF, INF, INF), (0.5, 0.5, 0.5)),
    ("softplus", (INF,), (-INF, -1, 0, 1, INF), (0, 0, 0, 1, INF), (0, 0, 0.5, 1, 1)),
    ("softplus", (-1e-37,), (-INF, INF), (-INF, 0), (1, 0)),
    ("swish", (0,), (-INF, -2, INF), (-INF, -1, INF), (0.5, 0.5, 0.5)),
    ("swish", (1e-37,), (-INF, INF), (0, INF), (0, 1)),
    ("swish", ("tiny",), (-INF, INF), (0, INF), (0, 1)),
    ("swish", (INF,), (-INF, -2, 0, 2, INF), (0, 0, 0, 2, INF), (0, 0, 0.5, 1, 1)),
    ("swish", (-INF,), (-INF, -2, 0, 2, INF), (-INF, -2, 0, 0, 0), (1, 1, 0.5, 0, 0)),
    ("swish", (NAN,), (-INF, 1), (NAN, NAN), (NAN, NAN)),
    ("hard_tanh", (NAN, 1), (-5, 0, 5), (NAN, NAN, NAN), (NAN, NAN, NAN)),
    ("hard_tanh", (-1, NAN), (-5, 0, 5), (NAN, NAN, NAN), (NAN, NAN, NAN)),
    ("hard_sigmoid", (INF, 0.5), (-2, 0, 2), (0, 0.5, 1), (0, 0, 0)),
    ("hard_sigmoid", (NAN, 0.5), (-2, 0, INF), (NAN, NAN, NAN), (NAN, NAN, NAN)),
    ("hard_sigmoid", (0.2, NAN), (-2, 0, INF), (NAN, NAN, NAN), (NAN, NAN, NAN)),
    ("soft_shrink", (-1,), (-1, 0, 1), (-2, 0, 2), (1, 1, 1)),
    ("squareplus", (-1,), (-3, 0, 3), (-3 / 2 + 2**0.5, NAN, 3 / 2 + 2**0.5), (0.5 - 0.75 / 2**0.5, NAN, 0.5 + 0.75 / 2**0.5)),
    ("squareplus", (-1,), (-INF, "largest", INF), (0, "largest", INF), (0, 1, 1)),
    ("elu", (1e30,), (-2, -1, 0, 1), (1e30 / E**2 - 1e30, 1e30 / E - 1e30, 0, 1), (1e30 / E**2, 1e30 / E, 1e30, 1)),
    ("elu", (INF,), (-INF, -3, -1e-3, 1), (-INF, -INF, -INF, 1), (INF, INF, INF, 1)),
    ("elu", (-INF,), (-INF, -3, -1e-3, 1), (INF, INF, INF, 1), (-INF, -INF, -INF, 1)),
    ("squareplus", (INF,), (-1, 0, 1), (INF, INF, INF), (0.5, 0.5, 0.5)),
    ("softcap", (INF,), (-3, 0, 2), (-3, 0, 2), (1, 1, 1)),
    ("softcap", (0,), (-INF, -3, 0, 2), (0, 0, 0, 0), (0, 0, 1, 0)),
    ("softcap", (-2,), (-2, 0, INF), (2 / np.cosh(1) * -np.sinh(1), 0, 2), (1 / np.cosh(1)**2, 1, 0)),
    ("xielu", (0.5, 0.5, 0.5, -1), (-INF, -3, INF), (-0.5, 0.5 / E**3 - 0.5, INF), (0, 0.5 / E**3, INF)),
    ("xielu", (0, 0.25, 0.5, -1), (-INF, "-largest", INF), (-INF, "-quarter", INF), (0.25, 0.25, 0.5)),
    ("snake", (0,), (-INF, -2, 0, 2), (-INF, -2, 0, 2), (1, 1, 1, 1)),
    ("snake_beta", (1, INF), (-2, 0, 2), (-2, 0, 2), (1, 1, 1)),
    ("laplace", (1, 0), (-INF, 0, 2, INF), (0, 0, 1, 1), (0, 0, 0, 0)),
    ("star_relu", (0, 2), (-1, 1, INF), (2, 2, 2), (0, 0, 0)),
    ("star_relu", (-1, 2), (-1, 2, INF), (2, -2, -INF), (0, -4, -INF)),
    ("clipped_gelu", (NAN, 1), (-5, 0, 5), (NAN, NAN, NAN), (NAN, NAN, NAN)),
]


@pytest.mark.parametrize("of, name, parameters, x, values, slopes", [
    (of, *case) for of in (np.float16, np.float32, np.float64) for case in EXTREMES
    if of != np.float16 or not {"tiny", 1e-37, -1e-37, 1e30} & {*case[1]}])  # the parameters of halves are doubles
def test_extreme_parameters(of, name, parameters, x, values, slopes):
    """The limit where there is one; NaN only where the formula has none."""
    f, limits = fa.activations[name], np.finfo(of)
    named = {"tiny": float(limits.smallest_subnormal), "largest": float(limits.max), "-largest": -float(limits.max),
             "-quarter": -float(limits.max) / 4}
    parameters, x, values, slopes = ([named.get(v, v) for v in each] for each in (parameters, x, values, slopes))
    x, tolerance = np.array(x, of), 20 * limits.eps
    arrays = [np.full(x.shape, p, of) for p in parameters]
    with np.errstate(all="ignore"):
        found = [(f(x, *parameters), f.derivative(x, *parameters)), f.value_and_derivative(x, *parameters),
                 (f(x, *arrays), f.backward(np.ones_like(x), x, *arrays))]
    for got, slope in found:
        np.testing.assert_allclose(got.astype(float), values, rtol=tolerance, atol=named["tiny"])
        np.testing.assert_allclose(slope.astype(float), slopes, rtol=tolerance, atol=named["tiny"])


def test_limits_follow_the_formula(activation, dtype):
    """Far out a formula has reached its limit, or keeps growing to an infinity."""
    info, largest = activation.info, float(np.finfo(dtype).max)
    names = [p.name for p in info.parameters]
    for f, formula in ((activation, info.formula), (activation.derivative, info.derivative)):
        exact = formulas.mpmath_function(formula, names)
        for sign in (1, -1):
            far = [exact(sign * k * 10 ** 400, *info.defaults) for k in (1, 3)]
            limit, other = (float(y) if abs(y) < 100 else np.inf if y > 0 else -np.inf for y in far)
            if limit != other:  # there is none, as for a sine
                continue
            assert call(f, (dtype(sign * np.inf),)) == dtype(limit), f"{f.__name__} at {sign} * inf"
            with np.errstate(over="ignore"):
                want = dtype(float(exact(sign * largest, *info.defaults)))
                assert call(f, (dtype(sign * largest),)) == pytest.approx(want, rel=1e-6)


def is_slope(form, k):
    """Whether output k is the slope, or a product with it."""
    return registry.FORMS[kind(form)].outputs[k].formula != "formula"


def passes_nan(form, which, k, clean, x):
    """Whether a NaN in an argument reaches output k, which would be `clean` with a gradient of 1."""
    argument, slope = registry.FORMS[kind(form)].inputs[which], is_slope(form, k)
    if slope and argument in ("grad", "up"):
        return not (form.info.masks_gradient and clean == 0 and x not in form.info.derivative_zeros)
    if argument == "up":  # dup has no up in it
        return kind(form) != "gated_backward"
    return not (slope and form.info.name == "identity")


def test_nan_in_every_lane(form, dtype):
    """NaN in gives NaN out there and nowhere else, for either sign. A NaN gradient is stopped where a selection makes
    the slope 0, and identity's slope is 1 for NaN too."""
    for n in LENGTHS:
        x = np.linspace(-3, 3, n).astype(dtype)
        plain = inputs(form, x)
        clean = outputs(call(form, plain))
        for at in {0, 1, n // 2, n - 2, n - 1} if n > 34 else range(n):
            for which in range(arrays_in(form)):
                arrays = [a.copy() for a in plain]
                arrays[which][at % n] = np.nan if at % 2 else -np.nan
                for k, (got, want) in enumerate(zip(outputs(call(form, arrays)), clean)):
                    want = want.copy()
                    if passes_nan(form, which, k, want[at % n], x[at % n]):
                        want[at % n] = np.nan
                    elif want[at % n] == 0:  # with the sign of NaN
                        got = np.where(got == 0, want, got)
                    assert_same_bits(got, want, f"{form.__name__}, n = {n}, NaN in argument {which} at {at}")


def test_special_values_in_every_lane(form, dtype):
    """A value's result does not depend on its lane, nor its neighbours on it."""
    x = np.append(special(dtype), dtype(0.75))
    arrays = inputs(form, x)
    single = (outputs(call(form, [a[k:k + 1] for a in arrays])) for k in range(x.size))
    alone = [np.concatenate(results) for results in zip(*single)]
    for shift in range(x.size):  # each value in each lane, among the others
        line, want = [np.roll(a, shift) for a in arrays], [np.roll(one, shift) for one in alone]
        for n in (*LENGTHS[:-2], x.size):
            got = call(form, [a[:n] for a in line])
            assert_same_bits(got, tuple(w[:n] for w in want), f"{form.__name__}, {n} from {shift}")
    for k in range(x.size):  # and among everyday ones
        for n in LENGTHS:
            for at in {k % n, n - 1}:
                order = np.full(n, x.size - 1)
                order[at] = k
                assert_same_bits(call(form, [a[order] for a in arrays]), tuple(one[order] for one in alone),
                                 f"{form.__name__} of value {k} at {at} of {n}")


def test_no_nan_from_finite(form, dtype):
    for x in (every_exponent(dtype), wide(dtype, 50_000)):
        for result in outputs(call(form, inputs(form, x))):
            assert not np.isnan(result).any(), f"{form.__name__}({x[np.isnan(result)][:3]}) is NaN"


def test_range(activation, dtype):
    """No result leaves the registered range, whose open ends rounding may reach."""
    info = activation.info
    names = {"inf": np.inf, **{p.name: value for p, value in zip(info.parameters, info.defaults)}}
    ends = info.range.removesuffix(", at the defaults").strip("[()]").split(",")
    low, high = (dtype(eval(end, {"__builtins__": {}}, names)) for end in ends)
    for x in (every_exponent(dtype), wide(dtype, 200_000), special(dtype)[:-2]):
        y = call(activation, (x,))
        assert y.min() >= low and y.max() <= high, f"[{y.min()}, {y.max()}] is not in {info.range}"


def runs_of_floats(dtype):
    """Consecutive floating-point numbers: 2000 from each of many places, zero among them; ascending."""
    info = np.finfo(dtype)
    starts = np.concatenate([wide(dtype, 300), every_exponent(dtype, 4)[::16], special(dtype)])
    starts = starts[np.isfinite(starts)]
    for start in starts:
        word = int(abs(start).view(f"u{info.bits // 8}"))
        last = int(np.array(np.inf, dtype).view(f"u{info.bits // 8}"))
        run = np.arange(word, min(word + 2000, last + 1), dtype=f"u{info.bits // 8}").view(dtype)
        yield -run[::-1] if np.signbit(start) else run


def never_falls(info):
    formula = formulas.numpy_function(info.formula, [p.name for p in info.parameters], np.float64)
    return not (np.diff(formula(np.linspace(-20, 20, 4001), *info.defaults)) < -1e-9).any()


@each_activation(never_falls)
def test_monotone(activation, dtype):
    """Where the mathematics never falls, the next number never has a smaller value."""
    for x in (*runs_of_floats(dtype), np.sort(wide(dtype, 400_000)), np.sort(every_exponent(dtype))):
        y = call(activation, (x,))
        # in double laplace's argument is a difference, which moves by less than its rounding error next to 0
        loose = activation.name == "laplace" and dtype == np.float64
        drops = np.flatnonzero(y[1:] < y[:-1] - (3 * np.spacing(y[:-1]) if loose else 0))
        assert drops.size == 0, f"{activation.name} falls after {x[drops[0]]!r}"


# ---- flags: as NumPy would warn of them, and as the processor holds them after a direct call ----

def libm():
    library = native.libm()
    if platform.machine() not in ("x86_64", "AMD64"):
        pytest.skip("the values of FE_INVALID and its siblings are x86's")
    return library


def without_overflow(form, x):
    """The points but those, finite, whose results are too large: overflow is what a user should hear of."""
    fine = ~np.isfinite(x)
    for f in (fa.activations[form.info.name], form):
        results = outputs(call(f, inputs(f, x)))
        fine |= np.all([np.isfinite(result) for result in results], axis=0)
    return x[fine]


def test_no_flag_in_ufunc(form, dtype):
    for x in (special(dtype), wide(dtype, 5000), every_exponent(dtype, 4)):
        x = x if kind(form) != "backward_from_output" else x[np.isfinite(x)]
        arrays = inputs(form, without_overflow(form, x))
        with np.errstate(all="raise"):
            for n in LENGTHS:
                form.ufunc(*(a[:n] for a in arrays), *form.info.defaults)
            form.ufunc(*arrays, *form.info.defaults)
            form.ufunc(*(a[::-1] for a in arrays), *form.info.defaults)


def test_no_flag_from_signalling_nan(form):
    for word, dtype in ((0x7fa00000, "u4"), (0x7ff4000000000000, "u8")):
        for n in (1, 15, 16, 17, 40):
            x = np.full(n, word, dtype).view(dtype.replace("u", "f"))
            with np.errstate(all="raise"):
                for k, result in enumerate(outputs(call(form, [x.copy() for _ in range(arrays_in(form))]))):
                    derivative = "derivative" in kind(form) and is_slope(form, k)
                    constant = form.info.name == "identity" and derivative
                    assert np.isnan(result).all() or constant, f"{form.__name__}, result {k}, of NaN is {result}"


def flags_of_direct_calls(form, x, lengths):
    """INVALID, DIVBYZERO and OVERFLOW as plain calls on the first n elements leave them."""
    library, harmful = libm(), 0x01 | 0x04 | 0x08
    for n in lengths:
        arguments = (*inputs(form, x[:n]), *form.info.defaults, *outputs(empty_outputs(form, x[:n])))
        library.feclearexcept(0x3f)
        form(*arguments)
        raised = library.fetestexcept(harmful)
        assert raised == 0, f"{form.__name__} raised {raised:#x} for {n} elements, the last {x[n - 1]!r}"


def test_no_flag_in_direct_call(form, dtype):
    values = special(dtype)
    values = values[np.isfinite(values) if kind(form) == "backward_from_output" else ~np.isnan(values)]
    lines = [without_overflow(form, x) for x in (values, wide(dtype, 3000), every_exponent(dtype, 4))]
    for x in (*lines, *lines[0][:, None]):
        flags_of_direct_calls(form, x, [n for n in (*LENGTHS, x.size) if n <= x.size])


def test_no_flag_from_nan_in_direct_call(form, dtype):
    x = np.ones(67, dtype)
    x[::3] = np.nan
    flags_of_direct_calls(form, x, LENGTHS)


# ---- nothing changes how the process computes ----

def control_word():
    """Rounding mode, masks, flush-to-zero and denormals-are-zero of this thread."""
    environment = (ctypes.c_uint8 * 64)()
    libm().fegetenv(environment)
    return int.from_bytes(bytes(environment)[28:32], "little") & 0xFFC0


@pytest.mark.contract
@each_loop
def test_floating_point_state_is_left_alone(form, dtype):
    here = control_word()
    assert here == 0x1F80, "something else has changed the processor's settings"
    tiny = np.full(1 << 20, np.finfo(dtype).smallest_subnormal)
    call(form, inputs(form, tiny))
    assert control_word() == here
    assert 5e-324 / 1.0 > 0 and 1e-310 * 0.5 > 0


def test_a_caller_that_flushes_subnormals(activation, dtype):
    """XLA's threads flush them, and torch can. Values and slopes far from subnormal numbers do not depend on it."""
    far = np.geomspace(1e-30, 1e30, 500)
    x = np.concatenate([np.linspace(-30, 30, 4001), far, -far]).astype(dtype)
    seen = 0
    for parameters in (activation.info.defaults, tuple(p.example or 0.7 for p in activation.info.parameters)):
        for form in (activation, activation.derivative, partial(activation.backward, np.full_like(x, 0.7))):
            with np.errstate(all="ignore"):
                want = form(x, *parameters)
                environment = (ctypes.c_uint8 * 64)()
                libm().fegetenv(environment)
                flushing = (ctypes.c_uint8 * 64)(*environment)
                flushing[28] |= 0x40  # denormals are zero
                flushing[29] |= 0x80  # flush to zero
                libm().fesetenv(flushing)
                try:
                    got = form(x, *parameters)
                finally:
                    libm().fesetenv(environment)
            regular = np.isfinite(want) & (abs(want) > 16 * np.finfo(dtype).tiny)
            seen += regular.sum()
            np.testing.assert_allclose(got[regular], want[regular], 4 * np.finfo(dtype).eps, 0)
    assert seen > len(x)


def test_threads_keep_subnormals():
    """Worker threads neither flush subnormal numbers nor read them as zero."""
    seen = {}

    def work():
        for dtype in (np.float32, np.float64):
            x = np.full(1 << 22, np.finfo(dtype).smallest_subnormal * dtype(6))
            with fa.num_threads(2):
                seen[dtype] = (fa.leaky_relu(x, 0.5) == x).all() and (fa.leaky_relu(-x, 0.5) == -x / 2).all()

    work()
    assert seen == {np.float32: True, np.float64: True}
    seen.clear()
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == {np.float32: True, np.float64: True}


def test_a_zero_gradient_stays_zero(activation, dtype):
    """With its sign times that of the slope, and never NaN, for infinite x with finite slopes too."""
    x = np.array([-np.inf, -1, -0.0, 0.0, 1, np.inf], dtype)
    slope = call(activation.derivative, (x,))
    x, slope = x[np.isfinite(slope)], slope[np.isfinite(slope)]
    for zero in (0.0, -0.0):
        got = call(activation.backward, (np.full_like(x, zero), x))
        assert_same_bits(got, np.where(np.signbit(slope), dtype(-zero), dtype(zero)))


@pytest.mark.parametrize("name, parameters", [("snake", (0.7,)), ("snake_beta", (3.0, 0.01)), ("xielu", (0.8, 0.8, 0.5, -1e-6))])
def test_sums_keep_their_digits_where_they_cancel(name, parameters, dtype):
    """Next to zeros of the function and of its derivative, and where alpha x is next to multiples of pi/2."""
    activation, mp = fa.activations[name], formulas.context()
    names = [p.name for p in activation.info.parameters]
    parameters = [float(dtype(p)) for p in parameters]
    exact = [formulas.mpmath_function(text, names) for text in (activation.info.formula, activation.info.derivative)]
    points = []
    if name != "xielu":
        count = np.random.default_rng(3).integers(1, (2.0**np.arange(3, 48, 0.5)).astype(np.int64))
        points += [float(k * mp.pi / 2 / parameters[0]) for k in count.tolist()]
    for f in exact:
        x = np.linspace(-6, -0.5, 700)
        y = [f(at, *parameters) for at in x]
        points += [float(mp.findroot(lambda t: f(t, *parameters), (a, b), solver="anderson"))
                   for a, b, one, other in zip(x, x[1:], y, y[1:]) if one * other < 0]
    x = np.array(points).astype(dtype)
    x = x[abs(x * parameters[0]) < 2.0**48]
    if dtype == np.float32:
        x = np.unique(np.concatenate([x, np.nextafter(x, dtype(np.inf)), np.nextafter(x, dtype(-np.inf))]))
    else:  # whose pairs have 75 bits
        x = np.concatenate([x * (1 + 2.0**-20), x * (1 - 2.0**-20)])
    assert x.size > 3
    for form, f in zip((activation, activation.derivative), exact):
        for at, got in zip(x, form(x, *parameters)):
            assert ulp.exact_error(got, f(float(at), *parameters), np.dtype(dtype).name) < 2, (form.__name__, float(at).hex())


def test_snake_far_out(dtype):
    """The means of the waves, which join without a step back."""
    x = np.array([2.0**60, -(2.0**60), np.finfo(dtype).max, np.inf, -np.inf], dtype)
    assert_same_bits(fa.snake(x), x)
    assert (fa.snake.derivative(x) == 1).all() and (fa.snake.second_derivative(x) == 0).all()
    end = dtype(2.0**50)
    around = end + np.spacing(end) * np.arange(-3000, 3000)
    for alpha in (1.0, 0.3, 7.0):
        assert (np.diff(fa.snake((around / dtype(alpha)).astype(dtype), alpha)) >= 0).all()
