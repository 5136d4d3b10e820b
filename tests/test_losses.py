"""Losses against closed forms, their limits, finite differences and torch."""
import copy
import inspect
import math
import pickle

import numpy as np
import pytest

import fastact as fa
from axes import Each
from fastact import losses
from fastact.accuracy import losses as exact_losses
from fastact.losses import (binary_cross_entropy, binary_cross_entropy_with_logits, cross_entropy,
                            gaussian_nll_loss, huber_loss, kl_div, l1_loss, mse_loss, nll_loss, poisson_nll_loss,
                            smooth_l1_loss)

INF, NAN = math.inf, math.nan
LOSSES = [getattr(losses, name) for name in losses.__all__ if name != "Loss"]
ELEMENTWISE = [loss for loss in LOSSES if loss not in (cross_entropy, nll_loss)]
REQUIRED = {gaussian_nll_loss: {"var": 0.5}}  # options without a default
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
    for loss in (mse_loss, l1_loss, huber_loss):
        yield loss, x, t, {"weight": t[::-1].copy()}
    for loss in (l1_loss, smooth_l1_loss, huber_loss):
        yield loss, x, t, {}
    for size in (0.3, 2.0):
        yield smooth_l1_loss, x, t, {"beta": size}
        yield huber_loss, x, t, {"delta": size}
    yield smooth_l1_loss, x, t, {"beta": 0}
    yield binary_cross_entropy, t, t[::-1].copy(), {}
    yield binary_cross_entropy, t, (t[::-1] > 0.5) * 1.0, {"weight": t[:, :1]}
    yield kl_div, x, t, {}
    yield kl_div, x, np.log(t), {"log_target": True}
    for full in (False, True):
        yield poisson_nll_loss, x, np.floor(9 * t), {"full": full}
        yield poisson_nll_loss, t, np.floor(9 * t[::-1]), {"full": full, "log_input": False, "eps": 0.01}
        for var in (t, t[:, 0], t[:, :1], t[:1], 0.5):
            yield gaussian_nll_loss, x, t, {"var": var, "full": full}
    yield poisson_nll_loss, x[0, 0], np.float64(3), {"full": True}
    yield gaussian_nll_loss, x[0], t[0], {"var": t[1], "eps": 0.4}
    long = rng.standard_normal(1100), rng.uniform(size=1100)
    yield mse_loss, *long, {}
    yield poisson_nll_loss, *long, {"full": True}
    yield binary_cross_entropy_with_logits, *long, {"weight": long[1], "pos_weight": long[1][::-1].copy()}
    yield binary_cross_entropy_with_logits, 3 * x, t, {}
    yield binary_cross_entropy_with_logits, x, (t > 0.5) * 1.0, dict(weight=t[0], pos_weight=t[1])
    share = t / t.sum(axis=1, keepdims=True)
    index = np.array([2, 0, -100, 1])
    for options in ({}, {"label_smoothing": 0.2}, {"weight": t[0]}, {"weight": t[0], "label_smoothing": 0.2}):
        yield cross_entropy, 3 * x, index, options
        yield cross_entropy, 3 * x, share, options
        yield cross_entropy, x[0], np.int64(2), options
        yield cross_entropy, x[0], share[0], options
        if "label_smoothing" not in options:
            yield nll_loss, x, index, options
            yield nll_loss, x[0], np.int64(2), options
    wide = rng.standard_normal((3, 150))
    yield cross_entropy, wide, np.array([5, 149, 0]), {"label_smoothing": 0.1}
    yield cross_entropy, wide, np.array([5, 149, 0]), {}
    yield cross_entropy, wide, np.exp(wide[::-1]) / np.exp(wide[::-1]).sum(axis=1, keepdims=True), {}
    images = rng.standard_normal((2, 3, 2, 2))
    yield nll_loss, images, rng.integers(0, 3, (2, 2, 2)), {"ignore_index": 1}
    yield cross_entropy, images, rng.integers(0, 3, (2, 2, 2)), {"ignore_index": 1}
    yield cross_entropy, images, rng.uniform(size=images.shape), {}


CASES = [pytest.param(*case, id=f"{case[0].__name__}-{i}") for i, case in enumerate(cases())]


@pytest.mark.parametrize("reduction", [Each(["mean", "sum", "none"])], ids=["reductions"])
@pytest.mark.parametrize("loss, x, target, options", CASES)
def test_gradient_is_that_of_the_value(loss, x, target, options, reduction):
    options = dict(options, reduction=reduction)
    value, grad = loss.value_and_grad(x, target, **options)
    np.testing.assert_array_equal(value, loss(x, target, **options))
    assert np.shape(grad) == np.shape(x)
    if np.size(x) > 100:  # a part of it
        return
    expected = numeric_gradient(lambda x: np.sum(loss(x, target, **options)), np.asarray(x))
    np.testing.assert_allclose(grad, expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("reduction", [Each(["mean", "sum", "none"])], ids=["reductions"])
@pytest.mark.parametrize("loss, x, target, options", CASES)
@pytest.mark.filterwarnings("ignore:reduction. 'mean' divides")
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
    np.testing.assert_allclose(grad, tx.grad.numpy(), rtol=1e-8 if loss is binary_cross_entropy else rtol, atol=rtol)
    assert np.shape(value) == tuple(expected.shape)


def test_batchmean_is_the_divergence():
    rng = np.random.default_rng(5)
    p, q = (rng.dirichlet(np.ones(6), 4) for _ in range(2))
    value, grad = kl_div.value_and_grad(np.log(q), p, reduction="batchmean")
    assert value == pytest.approx((p * np.log(p / q)).sum() / 4)
    np.testing.assert_allclose(grad, -p / 4)
    assert kl_div(0.0, 0.5, reduction="batchmean") == pytest.approx(-0.5 * math.log(2))
    assert kl_div(np.log(q), np.log(p), "batchmean", True) == pytest.approx(value)
    np.testing.assert_allclose(nll_loss(np.log(q), [0, 1, 2, 3]), cross_entropy(np.log(q), [0, 1, 2, 3]))


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
def test_limits_of_bce_with_logits(x, t, value, slope, dtype):
    got = binary_cross_entropy_with_logits.value_and_grad(np.array([x], dtype), [t])
    np.testing.assert_array_equal(got[0], dtype(value))
    np.testing.assert_array_equal(got[1], np.array([slope], dtype))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("loss, x, t, value, slope", [
    (binary_cross_entropy, 0, 0, 0, 0), (binary_cross_entropy, 1, 1, 0, 0),
    (binary_cross_entropy, 0, 1, 100, -1e12), (binary_cross_entropy, 1, 0, 100, 1e12),
    (binary_cross_entropy, NAN, 1, NAN, NAN),
    (kl_div, -INF, 0, 0, -0.0), (kl_div, -INF, 0.5, INF, -0.5), (kl_div, 0, 0, 0, -0.0), (kl_div, NAN, 0, NAN, -0.0),
    (l1_loss, 2, 2, 0, 0), (l1_loss, INF, 2, INF, 1), (l1_loss, 2, INF, INF, -1),
    (smooth_l1_loss, 3, 2, 0.5, 1), (smooth_l1_loss, INF, 2, INF, 1), (smooth_l1_loss, -INF, 2, INF, -1),
    (huber_loss, 3, 2, 0.5, 1), (huber_loss, INF, 2, INF, 1), (huber_loss, 1e30, 0, 1e30, 1),
    (mse_loss, INF, 2, INF, INF), (mse_loss, NAN, 2, NAN, NAN),
    (poisson_nll_loss, INF, 3, INF, INF), (poisson_nll_loss, INF, 0, INF, INF), (poisson_nll_loss, -INF, 3, INF, -3),
    (poisson_nll_loss, -INF, 0, 0, 0), (poisson_nll_loss, 1, INF, -INF, -INF), (poisson_nll_loss, NAN, 0, NAN, NAN),
    (poisson_nll_loss, 1, NAN, NAN, NAN), (poisson_nll_loss, 1000, 3, INF, INF), (poisson_nll_loss, -1000, 3, 3000, -3),
])
def test_limits_of_elements(loss, x, t, value, slope, dtype):
    for n in (1, 16, 17):  # the whole lanes and the rest
        got = loss.value_and_grad(np.full(n, x, dtype), np.full(n, t, dtype), reduction="none")
        np.testing.assert_array_equal(got[0], np.full(n, value, dtype))
        np.testing.assert_array_equal(got[1], np.full(n, slope, dtype))


@pytest.mark.parametrize("x, t, value, slope", [
    (0, 0, 0, 1), (0, 2, INF, -INF), (INF, 2, INF, 1), (INF, 0, INF, 1), (NAN, 0, NAN, 1), (5, 5, 5 - 5 * math.log(5), 0),
])
def test_limits_of_poisson_of_means(x, t, value, slope):
    got = poisson_nll_loss.value_and_grad([x], [t], log_input=False, eps=0, reduction="none")
    np.testing.assert_allclose(got, [[value], [slope]], rtol=1e-15)


@pytest.mark.parametrize("x, t, var, value, slope", [
    (INF, 0, 1, INF, INF), (0, INF, 1, INF, -INF), (1, 1, 0, -INF, 0), (2, 1, 0, INF, INF), (1, 2, 0, INF, -INF),
    (1, 2, INF, INF, 0), (1, NAN, 1, NAN, NAN), (1, 2, NAN, NAN, NAN), (1e200, 0, 1e300, 5e99, 1e-100),
])
def test_limits_of_gaussian(x, t, var, value, slope):
    got = gaussian_nll_loss.value_and_grad([x], [t], var, eps=0, reduction="none")
    np.testing.assert_allclose(got, [[value], [slope]], rtol=1e-15)


@pytest.mark.parametrize("count", [250, pytest.param(1000, marks=pytest.mark.thorough)])
@pytest.mark.parametrize("exact", exact_losses.LOSSES, ids=lambda exact: f"{exact.name}-{','.join(exact.options)}")
def test_errors_of_values_and_gradients(exact, count, dtype):
    for worst, bound in zip(exact_losses.sweep(exact, np.dtype(dtype).name, count), exact.bounds, strict=True):
        assert worst.inputs == count and worst.error <= bound, worst


@pytest.mark.parametrize("shape", [(50, 3), (20, 40), (3, 300), pytest.param((200, 3), marks=pytest.mark.thorough),
                                   pytest.param((100, 10), marks=pytest.mark.thorough)])
@pytest.mark.parametrize("kind", exact_losses.CLASSES)
def test_errors_of_cross_entropy(kind, shape, dtype):
    found = exact_losses.sweep_classes(kind, np.dtype(dtype).name, shape)
    for worst, bound in zip(found, exact_losses.CLASSES[kind], strict=True):
        assert worst.inputs and worst.error <= bound, worst


def test_every_loss_has_a_bound():
    assert {exact.name for exact in exact_losses.LOSSES} == {loss.__name__ for loss in ELEMENTWISE}


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.__name__)
def test_sums_are_rounded_once(loss, dtype):
    """Of many elements, of which a plain sum would lose digits."""
    rng = np.random.default_rng(4)
    x, target = rng.uniform(0, 1, (2, 100_000)).astype(dtype)
    if loss not in ELEMENTWISE:
        x, target = x.reshape(-1, 4), rng.integers(0, 4, 25_000)
    options = REQUIRED.get(loss, {})
    total = math.fsum(loss(x, target, reduction="none", **options).tolist())
    assert abs(float(loss(x, target, reduction="sum", **options)) - total) <= np.spacing(dtype(abs(total)))


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_likelihoods_of_masked_arrays(full, reduction):
    rng = np.random.default_rng(0)
    x, t, hidden = rng.standard_normal((4, 4)), np.floor(rng.uniform(0, 9, (4, 4))), rng.uniform(size=(4, 4)) < 0.3
    masked, options, kept = np.ma.array(x, mask=hidden), {"full": full, "reduction": reduction}, ~hidden
    assert poisson_nll_loss(masked, t, **options) == pytest.approx(poisson_nll_loss(x[kept], t[kept], **options))
    for var in (x**2, x[:, 0] ** 2, 0.5):  # one each row, where NumPy would broadcast it over the columns
        each = np.broadcast_to(var[:, None] if np.ndim(var) == 1 else var, x.shape)[kept]
        assert gaussian_nll_loss(masked, t, var, **options) == pytest.approx(gaussian_nll_loss(x[kept], t[kept], each, **options))


def test_limits_of_kl_div_of_logarithms():
    value, grad = kl_div.value_and_grad([-INF, -5.0, -INF], [-INF, -INF, 0.0], "none", log_target=True)
    np.testing.assert_array_equal(value, [0, 0, INF])
    np.testing.assert_array_equal(grad, [0, 0, -1])


def test_a_small_difference_keeps_its_digits():
    """The gradient and the loss of a right and confident answer."""
    value, grad = cross_entropy.value_and_grad(np.float32([[30, 0, 0], [0, 0, 40]]), [0, 2], reduction="none")
    np.testing.assert_allclose(value, [2 * math.exp(-30), 2 * math.exp(-40)], rtol=1e-6)
    np.testing.assert_allclose(grad[0], np.exp(-30) * np.array([-2, 1, 1]), rtol=1e-6)


def test_a_finite_mean_of_huge_values():
    assert mse_loss(np.full(1000, 1e19, np.float32), np.zeros(1000, np.float32)) == np.float32(1e38)


@pytest.mark.parametrize("threads", [2, 3])
@pytest.mark.parametrize("dtype", DTYPES)
def test_threads_change_no_bit(dtype, threads):
    rng = np.random.default_rng(6)
    p, t = rng.uniform(size=(2, 200_003)).astype(dtype)
    calls = [(loss, p, t, REQUIRED.get(loss, {})) for loss in ELEMENTWISE]
    for rows, classes in ((30_000, 7), (700, 300), (3, 70_000)):
        x = (5 * rng.standard_normal((rows, classes))).astype(dtype)
        calls += [(cross_entropy, x, rng.integers(0, classes, rows), {}), (cross_entropy, x, abs(x), {}),
                  (nll_loss, x, rng.integers(0, classes, rows), {})]
    for loss, x, target, options in calls:
        with fa.num_threads(1):
            alone = loss.value_and_grad(x, target, **options)
        with fa.num_threads(threads):
            together = loss.value_and_grad(x, target, **options)
        for a, b in zip(alone, together):
            assert a.tobytes() == b.tobytes(), loss


def test_zero_weight_counts_for_nothing():
    value, grad = binary_cross_entropy_with_logits.value_and_grad(
        [INF, 0.0], [0, 1], weight=[0, 1], reduction="sum"
    )
    assert value == pytest.approx(math.log(2))
    np.testing.assert_array_equal(grad, [0, -0.5])
    value, grad = mse_loss.value_and_grad([INF, 1.0], [0, 0], weight=[0, 2])
    assert value == 1
    np.testing.assert_array_equal(grad, [0, 2])
    assert np.isnan(mse_loss([1.0], [0.0], weight=[0]))
    value, grad = cross_entropy.value_and_grad([[-INF, 0.0], [0.0, 0.0]], [0, 1], weight=[0, 1])
    assert value == pytest.approx(math.log(2))
    np.testing.assert_array_equal(grad, [[0, 0], [0.5, -0.5]])


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
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("more", [0, 20])  # short rows and long ones are computed each in their way
def test_limits_of_cross_entropy(row, target, value, grad, more, dtype):
    target = np.array([target + [0] * more if isinstance(target, list) else target])
    got = cross_entropy.value_and_grad(np.array([row + [-INF] * more], dtype), target)
    np.testing.assert_allclose(got[0], value, rtol=1e-6)
    if grad is not None:
        np.testing.assert_allclose(got[1], [grad + [0] * more])


def test_no_warning_from_infinities_and_empty_means():
    with np.errstate(all="raise"):
        cross_entropy.value_and_grad([[INF, 0], [INF, INF]], [0, 1])
        binary_cross_entropy_with_logits.value_and_grad([INF, 1e30], [1, 0])
        for loss in ELEMENTWISE:
            options = REQUIRED.get(loss, {})
            value, grad = loss.value_and_grad(np.empty((0, 3)), np.empty((0, 3)), **options)
            assert np.isnan(value) and grad.shape == (0, 3)
            assert loss(np.empty(0), np.empty(0), reduction="sum", **options) == 0
        for loss in (cross_entropy, nll_loss):
            assert np.isnan(loss(np.empty((0, 3)), np.empty(0, int)))
        assert np.isnan(cross_entropy(np.empty((0, 3)), np.empty((0, 3))))


def test_ignored_targets():
    x = np.array([[1.0, 2.0], [NAN, NAN]])
    value, grad = cross_entropy.value_and_grad(x, [0, 7], ignore_index=7)
    assert value == cross_entropy(x[:1], [0])
    np.testing.assert_array_equal(grad[1], 0)
    value, grad = cross_entropy.value_and_grad(x, [7, 7], ignore_index=7)
    assert np.isnan(value)
    np.testing.assert_array_equal(grad, 0)
    value, grad = cross_entropy.value_and_grad(x, [7, 7], ignore_index=7, label_smoothing=0.5)
    assert np.isnan(value)
    np.testing.assert_array_equal(grad, 0)
    value, grad = nll_loss.value_and_grad(x, [0, 7], ignore_index=7)
    assert value == -1
    np.testing.assert_array_equal(grad, [[-1, 0], [0, 0]])
    assert np.isnan(nll_loss(x, [7, 7], ignore_index=7))
    np.testing.assert_array_equal(nll_loss(x, [7, 0], ignore_index=7, reduction="none"), [0, NAN])


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
    (lambda: cross_entropy([[1.0, 2.0]], [0], reduction="batchmean"), ValueError, "cross_entropy.*batchmean"),
    (lambda: nll_loss([[1.0, 2.0]], [2]), ValueError, "nll_loss: class 2 .* 0 to 1"),
    (lambda: nll_loss([[1.0, 2.0]], [[0.5, 0.5]]), ValueError, "nll_loss"),
    (lambda: nll_loss([[1.0, 2.0]], [0.0]), TypeError, "nll_loss: .*integers"),
    (lambda: smooth_l1_loss([1.0], [1.0], beta=-1), ValueError, "smooth_l1_loss: beta.*-1"),
    (lambda: huber_loss([1.0], [1.0], delta=0), ValueError, "huber_loss: delta.*0"),
    (lambda: huber_loss([1.0], [1.0], delta="a"), TypeError, "huber_loss: delta must be a number in .*, got 'a'"),
    (lambda: huber_loss([1.0], [1.0], delta=NAN), ValueError, "huber_loss: delta.*nan"),
    (lambda: huber_loss([1.0], [1.0], delta=10**400), ValueError, "huber_loss: delta.*a float holds"),
    (lambda: smooth_l1_loss([1.0], [1.0], beta=None), TypeError, "smooth_l1_loss: beta.*None"),
    (lambda: smooth_l1_loss([1.0], [1.0], beta=[1.0, 2.0]), TypeError, "smooth_l1_loss: beta"),
    (lambda: cross_entropy([[1.0, 2.0]], [0], label_smoothing="a"), TypeError, "cross_entropy: label_smoothing.*'a'"),
    (lambda: poisson_nll_loss([1.0], [-1.0]), ValueError, "poisson_nll_loss: target must not be negative, got -1"),
    (lambda: poisson_nll_loss([-1.0], [1.0], False), ValueError, "poisson_nll_loss: input.*-1.*log_input=True"),
    (lambda: poisson_nll_loss([1.0], [1.0], eps=-1), ValueError, "poisson_nll_loss: eps.*-1"),
    (lambda: poisson_nll_loss([1.0], [[1.0]]), ValueError, "poisson_nll_loss: input has shape"),
    (lambda: gaussian_nll_loss([1.0], [1.0], -1.0), ValueError, "gaussian_nll_loss: var must not be negative, got -1"),
    (lambda: gaussian_nll_loss([1.0], [1.0]), TypeError, "var"),
    (lambda: gaussian_nll_loss(np.ones((2, 3)), np.ones((2, 3)), np.ones(3)), ValueError, r"var has shape \(3,\).*\(2,\)"),
    (lambda: gaussian_nll_loss(np.ones((2, 3)), np.ones((2, 3)), np.ones((2, 2))), ValueError, "var of shape"),
    (lambda: gaussian_nll_loss([1.0], [1.0], "a"), TypeError, "gaussian_nll_loss: var"),
    (lambda: gaussian_nll_loss([1.0], [1.0], None), TypeError, "gaussian_nll_loss: var must be real numbers, got None"),
    (lambda: binary_cross_entropy([1.5], [1.0]), ValueError, "binary_cross_entropy: input.*1.5.*with_logits"),
    (lambda: binary_cross_entropy([-0.5], [0.0], reduction="none"), ValueError, "input.*-0.5"),
    (lambda: binary_cross_entropy([0.5], [2.0]), ValueError, "target.*2"),
    (lambda: cross_entropy(1.0, 0), ValueError, "no classes"),
    (lambda: cross_entropy(np.empty((2, 0)), [0, 0]), ValueError, "no classes"),
])
def test_clear_errors(call, error, words):
    with pytest.raises(error, match=words):
        call()


@pytest.mark.parametrize("scale", [1e-320, 1e-50, 1e38, 1e308])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_weighted_means_do_not_depend_on_the_scale_of_the_weights(scale, dtype):
    x, weight = np.array([[1.0, 2.0, -1.0], [0.0, 3.0, 1.0]], dtype), np.array([0.25, 0.5, 1.0])
    calls = [(losses.mse_loss, np.zeros_like(x), {}), (losses.l1_loss, np.zeros_like(x), {})]
    calls += [(losses.cross_entropy, np.array([0, 2]), {"label_smoothing": s}) for s in (0.0, 0.1)]
    calls += [(losses.nll_loss, np.array([0, 2]), {})]
    for loss, target, options in calls:
        value, grad = loss.value_and_grad(x, target, weight=weight, **options)
        scaled, scaled_grad = loss.value_and_grad(x, target, weight=weight * scale, **options)
        np.testing.assert_allclose(scaled, value, rtol=1e-4 if scale < 1e-300 else 1e-6)
        np.testing.assert_allclose(scaled_grad, grad, rtol=1e-4 if scale < 1e-300 else 1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_huber_loss_without_an_end(dtype):
    """delta = inf: half the squared error."""
    x = np.array([-3, 0, 0.5, 1e15], dtype)
    value, grad = losses.huber_loss.value_and_grad(x, np.zeros_like(x), delta=np.inf, reduction="none")
    np.testing.assert_allclose(value, x * x / 2)
    np.testing.assert_array_equal(grad, x)
    assert np.isinf(losses.huber_loss(np.array([np.inf], dtype), np.zeros(1, dtype), delta=np.inf))
