"""Functions of whole rows: accuracy, masks, temperatures, several axes, and what they are by definition."""
import itertools
import subprocess
import sys

import numpy as np
import pytest

import fastact as fa
from axes import assert_same_bits
from fastact import registry
from fastact.accuracy import rows as exact_rows

ROWS = [getattr(fa, entry.name) for entry in registry.ROWS]
SHAPED = [f for f in ROWS if not f.info.reduces]                      # a result of x's shape
SLOPED = [f for f in ROWS if f.info.saved_for_backward]
WARM = [f for f in SHAPED if f is not fa.hardmax]                     # with a temperature
FORMS = [(f, form) for f in ROWS for form in f.info.forms]
NAMES = [f"{f.name}.{form}" for f, form in FORMS]
each = pytest.mark.parametrize("function", ROWS, ids=lambda f: f.name)
each_form = pytest.mark.parametrize("function, form", FORMS, ids=NAMES)
shaped = pytest.mark.parametrize("function", SHAPED, ids=lambda f: f.name)
sloped = pytest.mark.parametrize("function", SLOPED, ids=lambda f: f.name)
warm = pytest.mark.parametrize("function", WARM, ids=lambda f: f.name)


def arrays_of(function, form, x, rng, **keywords):
    """The arrays that a form takes, for rows x along the last axis."""
    if form == "value":
        return (x,)
    keywords.pop("mask", None)
    y = function(x, axis=-1, **keywords)
    grad = np.asarray(rng.normal(0, 1, np.shape(y))).astype(x.dtype)
    return grad, x if form == "backward" else y


def called(function, form):
    """The form itself."""
    return function if form == "value" else getattr(function, form)


def outside(function, form="value"):
    """What a masked element gets."""
    return -np.inf if function is fa.log_softmax and form == "value" else 0


# ---- accuracy ----

@pytest.mark.parametrize("name, form", [(f.name, form) for f, form in FORMS], ids=NAMES)
def test_accuracy(name, form, dtype):
    """At most 4 ULP an entry up to 100,000 elements, or 4 eps of the terms of a difference; sums within 4 eps of 1."""
    worst = exact_rows.sweep(name, form, np.dtype(dtype).name)
    assert worst.inputs > 1e6
    assert worst.error <= 4, worst


def test_sums(dtype):
    for x in exact_rows.rows(np.dtype(dtype).name):
        for function in (fa.softmax, fa.softmin):
            y = function(np.where(np.isfinite(x), x, 0), axis=-1)
            assert y.min() >= 0 and y.max() <= 1
            assert np.abs(y.astype(np.longdouble).sum(axis=-1) - 1).max() <= 4 * np.finfo(dtype).eps


def test_equal_entries_of_a_long_row():
    """Their share is known exactly."""
    for at in (1e4, -3.5):
        y = fa.softmax(np.full(100_000, at))
        assert abs(y[0] - 1e-5) <= np.spacing(1e-5) and (y == y[0]).all()


# ---- masks ----

@each_form
def test_mask_is_the_row_without_the_rest(function, form, dtype, rng):
    for n in (1, 2, 5, 16, 17, 40, 300):
        x = rng.normal(0, 3, (12, n)).astype(dtype)
        mask = rng.random(x.shape) < 0.6
        mask[:, 0] = True
        arrays = arrays_of(function, form, x, rng)
        if form == "backward_from_output":
            arrays = arrays[0], function(x, axis=-1, mask=mask)
        got = called(function, form)(*arrays, axis=-1, mask=mask)
        for k, keep in enumerate(mask):
            row = [a[k] if np.ndim(a) == 1 else a[k][keep] for a in arrays]
            alone = called(function, form)(*row, axis=-1)
            if np.ndim(got) == 1:
                assert abs(got[k] - alone) <= 4 * np.finfo(dtype).eps * (1 + abs(alone))
                continue
            assert (np.abs(got[k][keep] - alone) <= 8 * np.finfo(dtype).eps * (1 + np.abs(alone))).all()
            assert (got[k][~keep] == outside(function, form)).all()


@each_form
def test_mask_broadcasts(function, form, dtype, rng):
    x = rng.normal(0, 3, (4, 3, 20)).astype(dtype)
    arrays = arrays_of(function, form, x, rng)
    for shape in ((20,), (1, 20), (3, 20), (4, 1, 20), (4, 3, 1), (), (4, 3, 20)):
        mask = rng.random(shape) < 0.6
        whole = np.broadcast_to(mask, x.shape)
        got = called(function, form)(*arrays, axis=-1, mask=mask)
        assert_same_bits(got, called(function, form)(*arrays, axis=-1, mask=whole))
        assert_same_bits(got, called(function, form)(*arrays, axis=-1, mask=mask.tolist()))
    assert_same_bits(called(function, form)(*arrays, axis=-1, mask=np.ones(20, bool)),
                     called(function, form)(*arrays, axis=-1))


@each_form
def test_mask_of_rows_side_by_side(function, form, dtype, rng):
    """A mask along the first axis gives the bits of the same mask along the last one."""
    for count in (16, 64, 67, 200):
        x = rng.normal(0, 3, (count, 40)).astype(dtype)
        mask = rng.random(x.shape) < 0.6
        mask[::5] = False
        arrays = arrays_of(function, form, x, rng)
        want = called(function, form)(*arrays, axis=-1, mask=mask)
        turned = [np.ascontiguousarray(a.T) for a in arrays]
        got = called(function, form)(*turned, axis=0, mask=np.ascontiguousarray(mask.T))
        assert_same_bits(got.T.copy(), want)


@each
def test_rows_masked_as_a_whole(function, dtype):
    """0 (the logarithm of it for log_softmax and logsumexp), and no warning; neighbours are as ever."""
    for n in (1, 2, 3, 15, 16, 17, 64):
        x = np.linspace(-3, 3, 3 * n, dtype=dtype).reshape(3, n)
        mask = np.ones((3, n), bool)
        mask[1] = False
        with np.errstate(all="raise"):
            got = function(x, axis=-1, mask=mask)
        assert (got[1] == (-np.inf if function in (fa.log_softmax, fa.logsumexp) else 0)).all()
        assert_same_bits(got[[0, 2]], function(x, axis=-1)[[0, 2]])
        if function.info.saved_for_backward:
            grad = np.ones_like(got)
            assert (function.backward(grad, x, axis=-1, mask=mask)[1] == 0).all()


@each
def test_no_mask_hides_a_nan(function, dtype):
    x = np.array([[1, np.nan, 3], [1, 2, 3]], dtype)
    got = function(x, axis=-1, mask=[True, False, True])
    assert np.isnan(got[0]).all() and not np.isnan(got[1]).any()


@shaped
def test_mask_beside_infinities(function, dtype):
    """What is masked has no part, however large; -inf that counts is no masked element."""
    sign = -1 if function is fa.softmin else 1
    x = sign * np.array([[np.inf, 1, 1], [1, -np.inf, -np.inf], [np.inf, -np.inf, 2]], dtype)
    got = function(x, axis=-1, mask=[False, True, True])
    assert (got[[0, 2], 0] == outside(function)).all()
    if function is fa.hardmax:
        np.testing.assert_array_equal(got, [[0, 1, 0], [0, 1, 0], [0, 0, 1]])
    else:
        assert got[0, 1] == got[0, 2] and np.isfinite(got[0, 1]) and np.isnan(got[1]).all()
        assert got[2, 2] == pytest.approx(0 if function is fa.log_softmax else 1)


# ---- temperature ----

@warm
def test_temperature(function, dtype, rng):
    """x / T without rounding in between, which a power of two shows; gradients are divided by it."""
    eps = np.finfo(dtype).eps
    for n in (1, 3, 16, 33):
        x = rng.normal(0, 3, (6, n)).astype(dtype)
        for power in (0.25, 0.5, 2.0, 8.0):
            scaled = x / dtype(power)
            y = function(x, temperature=power)
            np.testing.assert_allclose(y, function(scaled), rtol=8 * eps, atol=eps)
            grad = rng.normal(0, 1, x.shape).astype(dtype)
            want = function.backward(grad, scaled) / power
            atol = 8 * eps * n / power * np.abs(grad).max()
            np.testing.assert_allclose(function.backward(grad, x, temperature=power), want, rtol=0, atol=atol)
            np.testing.assert_allclose(function.backward_from_output(grad, y, temperature=power), want, rtol=0, atol=atol)
        for other in (0.1, 0.7, 3.0):
            exact = exact_rows.VALUES[function.name](x.astype(np.longdouble) / other)
            np.testing.assert_allclose(function(x, temperature=other), exact.astype(float), rtol=8 * eps, atol=eps)


@warm
def test_extreme_temperatures(function, dtype):
    """A tiny temperature gives hardmax, a huge one equal entries; nothing overflows."""
    x = np.array([3, -2, 2.5, 0], dtype)
    sign = -1 if function is fa.softmin else 1
    decided = fa.hardmax(sign * x)
    cold, hot = function(x, temperature=1e-30), function(x, temperature=1e30)
    if function is fa.log_softmax:
        assert cold[0] == 0 and (cold[1:] < -1e28).all()
        np.testing.assert_allclose(hot, -np.log(4), rtol=1e-6)
    else:
        assert_same_bits(cold, decided)
        np.testing.assert_allclose(hot, 0.25, rtol=1e-6)


# ---- axes ----

@each_form
def test_several_axes(function, form, dtype, rng):
    """Several axes are one axis after a reshape; None is all of them."""
    x = rng.normal(0, 3, (3, 4, 5, 6)).astype(dtype)
    for count in (1, 2, 3, 4):
        for axes in itertools.combinations(range(4), count):
            rest = [k for k in range(4) if k not in axes]
            rows = np.transpose(x, (*rest, *axes)).reshape(*(x.shape[k] for k in rest), -1)
            arrays = arrays_of(function, form, rows, np.random.default_rng(1))
            want = called(function, form)(*arrays, axis=-1)

            def back(array):
                if np.shape(array) != rows.shape:
                    return array
                whole = array.reshape([x.shape[k] for k in (*rest, *axes)])
                return np.transpose(whole, np.argsort((*rest, *axes)))

            given = [back(a) for a in arrays]
            for axis in (axes, axes[::-1], tuple(k - 4 for k in axes)) + ((None,) if count == 4 else ()):
                assert_same_bits(called(function, form)(*given, axis=axis), back(want), f"axis {axis}")


@each
def test_axis_errors(function):
    x = np.ones((2, 3))
    for axis in (2, -3, (0, 2)):
        with pytest.raises(np.exceptions.AxisError):
            function(x, axis=axis)
    with pytest.raises(ValueError, match="repeated"):
        function(x, axis=(0, 0))


@each_form
def test_threads_layouts_and_out(function, form, dtype, rng):
    """The same bits whatever the threads, the layout and the place of the result."""
    x = rng.normal(0, 3, (700, 90)).astype(dtype)
    arrays = arrays_of(function, form, x, rng)
    with fa.num_threads(1):
        want = called(function, form)(*arrays, axis=-1)
    for threads in (2, 3):
        with fa.num_threads(threads):
            assert_same_bits(called(function, form)(*arrays, axis=-1), want)
            turned = [np.ascontiguousarray(a.T) for a in arrays]
            assert_same_bits(called(function, form)(*turned, axis=0).T.copy(), want)
    assert_same_bits(called(function, form)(*(np.asfortranarray(a) for a in arrays), axis=-1), want)
    out = np.empty(tuple(2 * n for n in want.shape), dtype)[tuple(slice(None, None, 2) for _ in want.shape)]
    assert called(function, form)(*arrays, axis=-1, out=out) is out
    assert_same_bits(out, want)
    if want.shape == x.shape:
        copies = [a.copy() for a in arrays]
        called(function, form)(*copies, axis=-1, out=copies[-1])
        assert_same_bits(copies[-1], want)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
@each_form
def test_the_sign_of_zero(function, form, kind, rng):
    """It too does not depend on the axis: neither on what is added to a sum, nor on the order."""
    for n in (1, 2, 5, 16, 17, 70, 200):
        x, grad = rng.choice([0.0, -0.0, 1, -np.inf], (2, 40, n), p=[0.4, 0.4, 0.1, 0.1]).astype(kind)
        x[:, 0] = 0
        arrays = arrays_of(function, form, x, rng)
        if form != "value":
            grad[np.isinf(grad)] = 1
            arrays[0][...] = grad[:, 0] if arrays[0].ndim == 1 else grad
        want = called(function, form)(*arrays, axis=-1)
        assert_same_bits(called(function, form)(*(np.ascontiguousarray(a.T) for a in arrays), axis=0).T.copy(), want)


@each_form
def test_sums_that_cancel(function, form, dtype, rng):
    """What is left of a sum near 0 is its rounding, which does not depend on the axis either."""
    for n in (64, 129, 200):
        x, grad = rng.choice([0, 1, -1, 2, 50, -200], (2000, n)).astype(dtype), rng.integers(-1, 2, (2000, n)).astype(dtype)
        arrays = arrays_of(function, form, x, rng)
        if form != "value":
            arrays[0][...] = grad[:, 0] if arrays[0].ndim == 1 else grad
        want = called(function, form)(*arrays, axis=-1)
        assert_same_bits(called(function, form)(*(np.ascontiguousarray(a.T) for a in arrays), axis=0).T.copy(), want)


@each_form
def test_misaligned(function, form, dtype, rng):
    """Arrays at odd addresses, as those of a packed record: inputs, results and masks."""
    def misaligned(a):
        made = np.ndarray(a.shape, a.dtype, np.zeros(a.nbytes + 1, np.uint8), 1)
        made[...] = a
        return made

    arrays = arrays_of(function, form, rng.normal(0, 3, (5, 24)).astype(dtype), rng)
    for axis in (-1, 0) if not function.info.reduces or form == "value" else (-1,):
        for mask in (None, misaligned(rng.random((5, 24)) < 0.7)):
            want = called(function, form)(*arrays, axis=axis, mask=mask)
            given, out = [misaligned(a) for a in arrays], misaligned(np.zeros_like(want))
            assert not given[0].flags.aligned
            assert_same_bits(called(function, form)(*given, axis=axis, mask=mask, out=out), want)
            with pytest.raises(TypeError, match="bind"):
                called(function, form).bind(*given, out)


def test_a_function_of_rows_without_memory():
    code = """
import resource, numpy as np, fastact as fa
x, out = np.ones((1, 1 << 21)), np.ones((1, 1 << 21))
step = fa.sparsemax.bind(x, out)
fa.set_num_threads(1)
size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (size + (4 << 20), -1))
for call in (lambda: fa.sparsemax(x, out=out), step):
    try:
        call()
    except MemoryError as error:
        print(error)
"""
    if not sys.platform.startswith("linux"):
        pytest.skip("limits the address space as Linux does")
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.splitlines()
    assert said == ["fastact.sparsemax: memory ran out for 1 row(s) of 2097152 elements",
                    "fastact.sparsemax.bind: memory ran out for float64[1, 2097152], float64[1, 2097152]"]


def test_torch_keywords():
    x = np.ones((2, 4))
    for function in (*ROWS, fa.glu, fa.swiglu):
        with pytest.raises(TypeError, match=rf"^fastact\.{function.name} takes x, axis, .*, not dim; use axis=$"):
            function(x, dim=-1)
        with pytest.raises(TypeError, match=rf"^fastact\.{function.name} takes x, .*, not size$"):
            function(x, size=-1)
    with pytest.raises(TypeError, match=r"^fastact\.softmax\.backward takes grad, x, axis, .*, not dim; use axis=$"):
        fa.softmax.backward(x, x, dim=-1)
    with pytest.raises(TypeError, match=r"keepdim; use keepdims=$"):
        fa.logsumexp(x, keepdim=True)


# ---- definitions ----

def test_hardmax(dtype, rng):
    x = rng.integers(-3, 3, (56, 37)).astype(dtype)  # ties
    want = np.zeros_like(x)
    np.put_along_axis(want, x.argmax(axis=1)[:, None], 1, axis=1)
    x[3], x[4], x[5, 7] = -np.inf, np.nan, np.nan  # -inf alone, NaN alone, one NaN
    want[3:6] = 0
    want[3, 0], want[4:6] = 1, np.nan
    assert_same_bits(fa.hardmax(x), want)
    for rows in (x, np.tile(x, (2, 1))):  # side by side: with a remainder, and without
        turned, there = np.ascontiguousarray(rows.T), np.tile(want, (len(rows) // len(x), 1))
        assert_same_bits(fa.hardmax(turned, axis=0).T.copy(), there)
        assert_same_bits(fa.hardmax(turned, axis=0, out=turned).T.copy(), there)
    for missing in (fa.hardmax.backward, fa.hardmax.backward_from_output, fa.hardmax.jacobian):
        with pytest.raises(TypeError, match="constant except for jumps"):
            missing(x, x)


def test_sparsemax_is_the_projection(dtype, rng):
    """Of the simplex's points the nearest: one threshold below all that is positive, above all that is not."""
    for n in (1, 2, 3, 16, 100, 3000):
        x = rng.normal(0, 1, (10, n)).astype(dtype)
        y = fa.sparsemax(x).astype(np.float64)
        np.testing.assert_allclose(y.sum(axis=1), 1, atol=4 * np.finfo(dtype).eps * np.sqrt(n))
        assert (y >= 0).all()
        for row, point in zip(x.astype(np.float64), y):
            threshold = (row - point)[point > 0]
            np.testing.assert_allclose(threshold, threshold[0], atol=8 * np.finfo(dtype).eps)
            assert (row[point == 0] <= threshold.max() + 8 * np.finfo(dtype).eps).all()


def test_entmax15_is_the_maximum_of_its_objective(dtype, rng):
    """s = sqrt(y) is x / 2 less one threshold where y > 0, and the threshold is below all that is positive, above all else."""
    for n in (1, 2, 3, 16, 100, 3000, 40_000):
        for x in (rng.normal(0, 1, (5, n)), rng.normal(0, 0.01, (5, n)), rng.integers(-2, 3, (5, n)), np.full((5, n), -7.0)):
            x = x.astype(dtype)
            y = fa.entmax15(x).astype(np.float64)
            np.testing.assert_allclose(y.sum(axis=1), 1, atol=8 * np.finfo(dtype).eps)
            for row, point in zip(x.astype(np.float64) / 2, y):
                thresholds = (row - np.sqrt(point))[point > 0]
                near = 8 * np.finfo(dtype).eps * np.maximum(1, np.abs(row).max())
                np.testing.assert_allclose(thresholds, thresholds[0], atol=near)
                assert (row[point == 0] <= thresholds.max() + near).all()


def test_log_softmax_keeps_its_digits(dtype):
    assert fa.log_softmax(np.array([50, 0], dtype))[0] == pytest.approx(-np.exp(-50.0), rel=1e-6)
    assert fa.log_softmax(np.array([0, -np.inf], dtype)).tolist() == [0, -np.inf]


@pytest.mark.parametrize("n", [2, 3, 15, 16, 17, 32, 64, 65, 100, 128, 191, 192, 300])
def test_log_softmax_beside_a_large_term(n, rng):
    """One largest element or equal ones, and the others farther and farther below: every digit, in every layout."""
    gaps = np.concatenate([np.arange(0, 30, 0.5), np.arange(30, 110, 5)])
    x = rng.normal(0, rng.choice([0.1, 1, 3], (2 * gaps.size, 1)), (2 * gaps.size, n)) - np.repeat(gaps, 2)[:, None]
    for row, ties in zip(x, itertools.cycle((1, 2))):
        row[rng.choice(n, ties, replace=False)] = rng.choice([0, 3.5, -7]) + 2
    x = x.astype(np.float32)
    y = fa.log_softmax(x)
    wide = x.astype(np.longdouble)
    top = wide.max(axis=1, keepdims=True)
    others = np.exp(wide - top)
    np.put_along_axis(others, wide.argmax(axis=1)[:, None], 0, axis=1)
    want = (wide - top) - np.log1p(others.sum(axis=1, keepdims=True))
    assert (np.abs(y - want) <= 2 * np.spacing(np.abs(want).astype(np.float32))).all()
    assert_same_bits(fa.log_softmax(np.ascontiguousarray(x.T), axis=0).T, y)
    assert_same_bits(fa.log_softmax(np.stack([x.T] * 3), axis=1)[1].T, y)
    assert_same_bits(fa.log_softmax(x[7:9]), y[7:9])


@sloped
@pytest.mark.parametrize("masked", [False, True])
def test_gradients(function, masked, rng):
    """Differences of the function itself, with a mask and a temperature where it takes one."""
    x = rng.normal(0, 1, (5, 7))
    keywords = {"axis": -1}
    if masked:
        keywords["mask"] = rng.random(x.shape) < 0.7
        keywords["mask"][:, 0] = True
    if function in WARM:
        keywords["temperature"] = 0.8
    y = function(x, **keywords)
    grad = rng.normal(0, 1, y.shape)
    weighted = lambda at: np.where(np.isfinite(at), at, 0) * grad
    numerical, step = np.zeros_like(x), 1e-6
    for index in np.ndindex(x.shape):
        shifted = x.copy()
        shifted[index] += step
        above = weighted(function(shifted, **keywords))
        shifted[index] -= 2 * step
        numerical[index] = (above - weighted(function(shifted, **keywords))).sum() / (2 * step)
    dx = function.backward(grad, x, **keywords)
    np.testing.assert_allclose(dx, numerical, atol=1e-8)
    if "backward_from_output" in function.info.forms:
        np.testing.assert_allclose(function.backward_from_output(grad, y, **keywords), dx, atol=1e-14)
    if function in WARM:
        by_matrix = np.einsum("...ij,...i->...j", function.jacobian(x, **keywords), grad)
        np.testing.assert_allclose(by_matrix, dx, atol=1e-14)


def test_logsumexp_shapes(dtype, rng):
    x = rng.normal(0, 1, (2, 3, 4)).astype(dtype)
    assert fa.logsumexp(x).shape == () and isinstance(fa.logsumexp(x), dtype)
    for axis in (None, 0, 1, 2, -1, (0, 1), (0, 2), (0, 1, 2), ()):
        for keepdims in (False, True):
            want = x.sum(axis=axis, keepdims=keepdims)
            got = fa.logsumexp(x, axis=axis, keepdims=keepdims)
            assert np.shape(got) == want.shape and got.dtype == dtype
            out = np.empty(want.shape, dtype)
            assert fa.logsumexp(x, axis=axis, keepdims=keepdims, out=out) is out
            assert_same_bits(out[()], got)
            np.testing.assert_allclose(got, np.log(np.exp(x.astype(float)).sum(axis=axis, keepdims=keepdims)),
                                       rtol=1e-6, atol=1e-7)
    with pytest.raises(ValueError, match=r"grad has the shape \(3,\), the output \(2,\)"):
        fa.logsumexp.backward(np.ones(3), np.ones((2, 3)), axis=1)
    assert fa.logsumexp(np.array([], dtype)) == -np.inf


# ---- errors ----

@each
def test_bad_masks_and_temperatures(function):
    x = np.ones((2, 3), np.float32)
    out = np.full_like(x, 7)
    axis = {"axis": -1}
    for error, pattern, keywords in (
            (TypeError, "mask must be boolean.*int64", {"mask": np.ones(3, int)}),
            (ValueError, r"mask of shape \(2,\) does not broadcast to \(2, 3\)", {"mask": np.ones(2, bool)})):
        with pytest.raises(error, match=f"{function.name}.*{pattern}"):
            function(x, **axis, **keywords)
    if function in WARM:
        for error, value in ((ValueError, 0), (ValueError, -1.0), (ValueError, np.inf), (ValueError, np.nan),
                             (TypeError, "warm"), (TypeError, None), (TypeError, [1.0, 2.0])):
            with pytest.raises(error, match=f"{function.name}.*temperature"):
                function(x, out=out, temperature=value)
        assert (out == 7).all()
    else:
        with pytest.raises(TypeError, match="temperature"):
            function(x, temperature=1.0)


@pytest.mark.parametrize("axis", [0, -1, (0, 2), None])
def test_logsumexp_backward_takes_kept_axes_without_being_told(axis):
    x = np.random.default_rng(0).normal(size=(3, 4, 5))
    grad = fa.logsumexp(x, axis=axis, keepdims=True)
    want = fa.logsumexp.backward(fa.logsumexp(x, axis=axis), x, axis=axis)
    for keepdims in (False, True):
        for one in (grad, fa.logsumexp(x, axis=axis)):
            assert_same_bits(fa.logsumexp.backward(one, x, axis=axis, keepdims=keepdims), want)
    if axis in (0, -1):
        out = np.empty_like(x)
        assert_same_bits(fa.logsumexp.backward.bind(grad, x, out, axis=axis)(), want)
        with pytest.raises(ValueError, match="grad has the shape"):
            fa.logsumexp.backward(grad.T, x, axis=axis)


@pytest.mark.parametrize("function", [fa.softmax, fa.softmin, fa.log_softmax, fa.sparsemax, fa.entmax15], ids=lambda f: f.name)
def test_jacobian_of_a_row_that_is_masked_as_a_whole(function):
    x, mask = np.ones((2, 3), np.float32), np.array([[True, False, True], [False] * 3])
    result = function.jacobian(x, mask=mask)
    np.testing.assert_array_equal(result[1], np.zeros((3, 3)))
    assert result[0].any() and result.dtype == np.float32
