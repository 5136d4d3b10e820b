"""Losses against closed forms, their limits, finite differences and torch."""
import copy
import inspect
import math
import pickle

import numpy as np
import pytest

from fastact.losses import binary_cross_entropy_with_logits, cross_entropy, mse_loss

INF, NAN = math.inf, math.nan
LOSSES = [mse_loss, binary_cross_entropy_with_logits, cross_entropy]
DTYPES = [np.float32, np.float64]


def numeric_gradient(f, x, step=1e-6):
    grad = np.empty_like(x)
    for i in np.ndindex(x.shape):
        above, below = x.copy(), x.copy()
        above[i] += step
        below[i] -= step
        grad[i] = (f(above) - f(below)) / (2 * step)
    return grad


def cases():
    """(loss, input, target, options) in float64, one for every kind of target and option."""
    rng = np.random.default_rng(1)
    x, t = rng.standard_normal((4, 3)), rng.uniform(size=(4, 3))
    yield mse_loss, x, t, {}
    yield mse_loss, x[0, 0], t[0, 0], {}
    yield binary_cross_entropy_with_logits, 3 * x, t, {}
    yield binary_cross_entropy_with_logits, x, (t > 0.5) * 1.0, dict(weight=t[0], pos_weight=t[1])
    share = t / t.sum(axis=1, keepdims=True)
    index = np.array([2, 0, -100, 1])
    for options in ({}, {"label_smoothing": 0.2}, {"weight": t[0]}, {"weight": t[0], "label_smoothing": 0.2}):
        yield cross_entropy, 3 * x, index, options
        yield cross_entropy, 3 * x, share, options
        yield cross_entropy, x[0], np.int64(2), options
        yield cross_entropy, x[0], share[0], options
    images = rng.standard_normal((2, 3, 2, 2))
    yield cross_entropy, images, rng.integers(0, 3, (2, 2, 2)), {"ignore_index": 1}
    yield cross_entropy, images, rng.uniform(size=images.shape), {}


CASES = [pytest.param(*case, id=f"{case[0].__name__}-{i}") for i, case in enumerate(cases())]


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("loss, x, target, options", CASES)
def test_gradient_is_that_of_the_value(loss, x, target, options, reduction):
    options = dict(options, reduction=reduction)
    value, grad = loss.value_and_grad(x, target, **options)
    np.testing.assert_array_equal(value, loss(x, target, **options))
    assert np.shape(grad) == np.shape(x)
    expected = numeric_gradient(lambda x: np.sum(loss(x, target, **options)), np.asarray(x))
    np.testing.assert_allclose(grad, expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("loss, x, target, options", CASES)
def test_equals_torch(loss, x, target, options, reduction, dtype):
    torch = pytest.importorskip("torch")
    convert = lambda a: np.asarray(a, dtype if np.asarray(a).dtype.kind == "f" else None)
    x, target = convert(x), convert(target)
    options = {key: convert(v) if isinstance(v, np.ndarray) else v for key, v in options.items()}
    tx = torch.tensor(x, requires_grad=True)
    toptions = {k: torch.tensor(v) if isinstance(v, np.ndarray) else v for k, v in options.items()}
    expected = getattr(torch.nn.functional, loss.__name__)(
        tx, torch.tensor(target), reduction=reduction, **toptions
    )
    expected.sum().backward()
    value, grad = loss.value_and_grad(x, target, reduction=reduction, **options)
    rtol = 2e-6 if dtype == np.float32 else 1e-13
    np.testing.assert_allclose(value, expected.detach().numpy(), rtol=rtol, atol=rtol)
    np.testing.assert_allclose(grad, tx.grad.numpy(), rtol=rtol, atol=rtol)
    assert np.shape(value) == tuple(expected.shape)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("loss, x, target, options", CASES)
def test_dtype_is_kept(loss, x, target, options, dtype):
    for reduction in ("mean", "none"):
        value, grad = loss.value_and_grad(np.asarray(x, dtype), target, reduction=reduction, **options)
        assert value.dtype == dtype
        assert grad.dtype == dtype


def test_other_types_are_promoted_with_float32():
    assert mse_loss(np.float16([1, 2]), [0, 0]).dtype == np.float32
    assert mse_loss(np.array([1, 2], ">f8"), [0, 0]) == 2.5
    assert mse_loss([1, 2], [0, 0]).dtype == np.float64
    assert cross_entropy(np.float32([1, 2]), 0, label_smoothing=np.float64(0.1)).dtype == np.float32


def test_closed_forms():
    assert mse_loss([1.0, 3.0], [0.0, 1.0]) == 2.5
    assert mse_loss([1.0, 3.0], [0.0, 1.0], "sum") == 5
    assert binary_cross_entropy_with_logits([0.0], [1.0]) == pytest.approx(math.log(2))
    assert binary_cross_entropy_with_logits([0.0], [1.0], pos_weight=3.0) == pytest.approx(3 * math.log(2))
    assert cross_entropy(np.zeros((5, 8)), np.arange(5)) == pytest.approx(math.log(8))
    # Weighted mean: (w0 a + w1 b) / (w0 + w1).
    x, weight = np.array([[2.0, 0.0], [2.0, 0.0]]), [1.0, 3.0]
    a, b = math.log1p(math.exp(-2)), 2 + math.log1p(math.exp(-2))
    assert cross_entropy(x, [0, 1], weight) == pytest.approx((a + 3 * b) / 4)


def test_large_logits_do_not_overflow():
    x = np.float32([[1000.0, 0.0, -1000.0]])
    np.testing.assert_array_equal(cross_entropy(x, [0]), 0)
    np.testing.assert_array_equal(cross_entropy(x, [2]), 2000)
    np.testing.assert_array_equal(binary_cross_entropy_with_logits(x, [[0.0, 1, 1]], reduction="sum"),
                                  np.float32(2000 + math.log(2)))
    # Nothing cancels: the loss of a confident and right answer keeps its digits.
    value, grad = binary_cross_entropy_with_logits.value_and_grad(30.0, 1.0)
    assert value == pytest.approx(math.exp(-30), rel=1e-12, abs=0)
    assert grad == pytest.approx(-math.exp(-30), rel=1e-12, abs=0)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("x, t, value, slope", [
    (INF, 1, 0, 0), (-INF, 0, 0, 0), (INF, 0, INF, 1), (-INF, 1, INF, -1), (INF, 0.5, INF, 0.5),
    (NAN, 1, NAN, NAN),
])
def test_limits_of_bce(x, t, value, slope, dtype):
    got = binary_cross_entropy_with_logits.value_and_grad(np.array([x], dtype), [t])
    np.testing.assert_array_equal(got[0], dtype(value))
    np.testing.assert_array_equal(got[1], np.array([slope], dtype))


def test_zero_weight_counts_for_nothing():
    value, grad = binary_cross_entropy_with_logits.value_and_grad(
        [INF, 0.0], [0, 1], weight=[0, 1], reduction="sum"
    )
    assert value == pytest.approx(math.log(2))
    np.testing.assert_array_equal(grad, [0, -0.5])


@pytest.mark.parametrize("row, target, value, grad", [
    ([INF, 0, 1], 0, 0, [0, 0, 0]),
    ([INF, 0, 1], 1, INF, [1, -1, 0]),
    ([INF, -INF, 1], 0, 0, [0, 0, 0]),
    ([-INF, 0, 0], 1, math.log(2), [0, -0.5, 0.5]),
    ([-INF, 0, 0], 0, INF, [-1, 0.5, 0.5]),
    ([-INF, 0, 0], [0, 0.5, 0.5], math.log(2), [0, 0, 0]),
    ([INF, INF, 0], 0, NAN, None),  # no limit
    ([INF, NAN, 0], 0, NAN, None),
])
def test_limits_of_cross_entropy(row, target, value, grad):
    target = np.array([target])
    got = cross_entropy.value_and_grad([row], target)
    np.testing.assert_allclose(got[0], value)
    if grad is not None:
        np.testing.assert_allclose(got[1], [grad])


def test_no_warning_from_infinities_and_empty_means():
    with np.errstate(all="raise"):
        cross_entropy.value_and_grad([[INF, 0], [INF, INF]], [0, 1])
        binary_cross_entropy_with_logits.value_and_grad([INF, 1e30], [1, 0])
        assert np.isnan(mse_loss(np.empty(0), np.empty(0)))
        assert np.isnan(cross_entropy(np.empty((0, 3)), np.empty(0, int)))


def test_ignored_targets():
    x = np.array([[1.0, 2.0], [NAN, NAN]])
    value, grad = cross_entropy.value_and_grad(x, [0, 7], ignore_index=7)
    assert value == cross_entropy(x[:1], [0])
    np.testing.assert_array_equal(grad[1], 0)
    value, grad = cross_entropy.value_and_grad(x, [7, 7], ignore_index=7)
    assert np.isnan(value)
    np.testing.assert_array_equal(grad, 0)


def test_arguments_are_left_alone():
    for loss, x, target, options in cases():
        before = copy.deepcopy((x, target, options))
        for array in (x, target):
            if isinstance(array, np.ndarray):
                array.flags.writeable = False
        loss.value_and_grad(x, target, **options)
        np.testing.assert_equal((x, target, options), before)


def test_non_contiguous_input_gives_the_same_bits():
    rng = np.random.default_rng(2)
    x = rng.standard_normal((6, 5))
    index = rng.integers(0, 5, 6)
    strided = np.asfortranarray(x)
    for a, b in zip(cross_entropy.value_and_grad(x, index), cross_entropy.value_and_grad(strided, index)):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("loss", LOSSES)
def test_is_a_documented_picklable_function(loss):
    assert pickle.loads(pickle.dumps(loss)) is loss
    assert copy.deepcopy(loss) is loss
    assert "Parameters" in loss.__doc__
    assert list(inspect.signature(loss).parameters)[:2] == ["input", "target"]
    assert loss.__name__ in repr(loss)


@pytest.mark.parametrize("call, error, words", [
    (lambda: mse_loss(np.ones(3), np.ones((3, 1))), ValueError, "mse_loss.*(3,).*(3, 1)"),
    (lambda: mse_loss(np.ones(3, complex), np.ones(3)), TypeError, "mse_loss.*complex128"),
    (lambda: mse_loss(np.ones(3, np.longdouble), np.ones(3)), TypeError, "mse_loss"),
    (lambda: mse_loss(["a"], ["b"]), TypeError, "mse_loss: input"),
    (lambda: mse_loss([1.0], [None]), TypeError, "mse_loss: target.*object"),
    (lambda: mse_loss([1.0], [1.0], "average"), ValueError, "mse_loss.*mean.*average"),
    (lambda: binary_cross_entropy_with_logits([1.0], [[1.0]]), ValueError, "logits.*shape"),
    (lambda: binary_cross_entropy_with_logits([1.0], [1.0], weight=[1, 2]), ValueError, "weight.*broadcast"),
    (lambda: binary_cross_entropy_with_logits([1.0], [1.0], pos_weight=[1, 2]), ValueError, "pos_weight"),
    (lambda: cross_entropy([[1.0, 2.0]], [2]), ValueError, "cross_entropy: class 2 .* 0 to 1"),
    (lambda: cross_entropy([[1.0, 2.0]], [-1]), ValueError, "class -1"),
    (lambda: cross_entropy([[1.0, 2.0]], [1.0]), TypeError, "integers.*float64"),
    (lambda: cross_entropy([[1.0, 2.0]], [0, 1]), ValueError, r"\(2,\).*\(1, 2\).*\(1,\)"),
    (lambda: cross_entropy([[1.0, 2.0]], [0], weight=[1.0]), ValueError, "weight"),
    (lambda: cross_entropy([[1.0, 2.0]], [0], label_smoothing=1.5), ValueError, "label_smoothing.*1.5"),
    (lambda: cross_entropy(1.0, 0), ValueError, "no classes"),
    (lambda: cross_entropy(np.empty((2, 0)), [0, 0]), ValueError, "no classes"),
])
def test_clear_errors(call, error, words):
    with pytest.raises(error, match=words):
        call()
