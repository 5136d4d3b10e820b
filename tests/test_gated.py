"""gated and biased forms: rows with a bias, the gradient of the bias, and results that no cache holds.

What every form has to do as a function of elements is tested with the other forms, all but biased_backward.
"""
import inspect
import pickle

import numpy as np
import pytest

import fastact as fa
from axes import Each, assert_same_bits, call, outputs, sample, special, wide
from fastact import kernels

FEW = pytest.mark.parametrize("f", [fa.relu, fa.silu, fa.elu, fa.threshold], ids=lambda f: f.name)
SHAPES = [(1, 7), (7, 1), (3, 10), (100, 10), (333, 3), (9, 64), (33, 257), (5, 1000), (4, 1025), (2, 3000), (2, 3, 17),
          (70, 100)]


def made(dtype, *shape):
    """grad, x and a bias of one row."""
    rng = np.random.default_rng(sum(shape))
    return [rng.normal(0, 3, s).astype(dtype) for s in (shape, shape, shape[-1:])]


def layouts(x):
    """The same numbers, otherwise in memory."""
    spread = np.zeros((*x.shape[:-1], 2 * x.shape[-1] + 1), x.dtype)
    spread[..., 1::2] = x
    return [np.asfortranarray(x), spread[..., 1::2], x[::-1].copy()[::-1], x[..., ::-1].copy()[..., ::-1],
            x.astype(x.dtype.newbyteorder())]


# ---- the bias as one row ----

@FEW
@pytest.mark.parametrize("shape", SHAPES)
def test_biased_rows(f, shape, dtype):
    _, x, bias = made(dtype, *shape)
    want = call(f, (x + bias,))
    assert_same_bits(call(f.biased, (x, bias)), want, "direct")
    for other in layouts(x):
        assert_same_bits(call(f.biased, (other, bias)), want, "layout")
    assert_same_bits(call(f.biased, (x, bias[::-1].copy()[::-1])), want, "strided bias")
    assert_same_bits(call(f.biased, (x, bias[None])), want, "bias of two dimensions")
    out = np.empty_like(x)
    assert call(f.biased, (x, bias), out=out) is out
    assert_same_bits(out, want, "out=")
    step = f.biased.bind(x, bias, *f.info.defaults, out)
    out.fill(0)
    assert_same_bits(step(), want, "bind")
    flat = np.empty(x.size, dtype)
    getattr(kernels, f.name + "_biased")(x.ravel(), bias, *f.info.defaults, flat)
    assert_same_bits(flat.reshape(x.shape), want, "kernels")
    assert call(f.biased, (x, bias), out=x) is x
    assert_same_bits(x, want, "in place")


def test_biased_over_special_values(activation, dtype):
    """Each value meets each, in every lane of short rows."""
    values = special(dtype)
    values = values[~np.isnan(values)]
    with np.errstate(all="ignore"):
        x = np.stack([values] * 3)
        for bias in (values, values[::-1].copy(), np.full_like(values, -0.0)):
            assert_same_bits(call(activation.biased, (x, bias)), call(activation, (x + bias,)))


@FEW
def test_biased_with_any_bias_that_broadcasts(f, dtype):
    x = sample(dtype, 4, 5, 6)
    for shape in ((), (1,), (5, 1), (5, 6), (4, 1, 1), (1, 1, 6), (3, 1, 1, 1), (4, 5, 6)):
        bias = sample(dtype, *shape)
        assert_same_bits(call(f.biased, (x, bias)), call(f, (x + bias,)))
    assert_same_bits(call(f.biased, (x, 0.5)), call(f, (x + dtype(0.5),)))


def test_bias_and_output_in_one_array():
    """The bias is read for every row: an output over it is written from a copy."""
    for start in (0, 3, 25, 30, 40):
        base = sample(np.float32, 60)
        x, bias, out = sample(np.float32, 5, 6), base[30:36], base[start:start + 30 if start < 31 else 60]
        if out.size < 30:
            continue
        want = fa.silu(x + bias)
        fa.silu.biased(x, bias, out=out[:30].reshape(5, 6))
        assert_same_bits(out[:30].reshape(5, 6).copy(), want)
    x = sample(np.float32, 5, 6)
    want = fa.silu(x + x[2])
    fa.silu.biased(x, x[2], out=x)
    assert_same_bits(x, want)


def test_bind_of_a_row_refuses():
    x, bias = sample(np.float32, 5, 6), sample(np.float32, 6)
    for wrong in (bias[:5], bias.astype(np.float64), bias[None], x[:2]):
        with pytest.raises(ValueError, match=r"silu\.biased\.bind"):
            fa.silu.biased.bind(x, wrong, np.empty_like(x))
    with pytest.raises(ValueError, match="overlaps"):
        fa.silu.biased.bind(x, x[0], x)
    with pytest.raises(TypeError, match=r"silu\.biased_backward"):
        fa.silu.biased_backward.bind(x, x, bias, x)


def test_typed_functions_refuse_other_lengths():
    x, bias = np.ones(12, np.float32), np.ones(5, np.float32)
    for arrays in ((x, bias, x), (x, bias[:0], x), (x, bias[:4], x[:8])):
        with pytest.raises(ValueError, match=r"kernels\.silu_biased: .*length"):
            kernels.silu_biased(*arrays)
    with pytest.raises(ValueError, match=r"kernels\.silu_biased_backward: .*length"):
        kernels.silu_biased_backward(x, x, bias[:4], x, bias[:3])
    kernels.silu_biased(x[:0], bias, x[:0])
    kernels.silu_biased(x[:0], bias[:0], x[:0])


# ---- the gradient of the bias ----

def check_gradients(f, grad, x, bias, got, what=""):
    """dx to the bit; dbias as exact as sums of 32 and then of doubles."""
    dx, dbias = got
    want = call(f.backward, (grad, x + bias))
    assert_same_bits(dx, want, what)
    assert dbias.shape == bias.shape and dbias.dtype == bias.dtype
    exact = want.reshape(-1, bias.size).astype(np.longdouble)
    apart = abs(dbias - exact.sum(0))
    assert (apart <= 4 * np.finfo(x.dtype).eps * abs(exact).sum(0)).all(), what


@pytest.mark.parametrize("shape", [Each(SHAPES)], ids=["shapes"])
def test_biased_backward(activation, shape, dtype):
    grad, x, bias = made(dtype, *shape)
    got = call(activation.biased_backward, (grad, x, bias))
    check_gradients(activation, grad, x, bias, got)


@FEW
@pytest.mark.parametrize("shape", SHAPES)
def test_biased_backward_has_the_same_bits_everywhere(f, shape, dtype):
    grad, x, bias = made(dtype, *shape)
    want = call(f.biased_backward, (grad, x, bias))
    for a, b in zip(layouts(grad), reversed(layouts(x))):
        assert_same_bits(call(f.biased_backward, (a, b, bias)), want, "layout")
    assert_same_bits(call(f.biased_backward, (grad, x, bias[::-1].copy()[::-1])), want, "strided bias")
    arrays = tuple(np.full(x.shape[-k:], p, dtype) for k, p in enumerate(f.info.defaults, 1))
    assert_same_bits(f.biased_backward(grad, x, bias, *arrays), want, "parameters as arrays")
    by_name = dict(zip([p.name for p in f.info.parameters], f.info.required))
    assert_same_bits(f.biased_backward(grad, x, bias=bias, **by_name), want, "by name")
    out = np.empty_like(x), np.empty_like(bias)
    assert call(f.biased_backward, (grad, x, bias), out=out) is out
    assert_same_bits(out, want, "out=")
    out = np.empty(x.size, dtype), np.empty_like(bias)
    getattr(kernels, f.name + "_biased_backward")(grad.ravel(), x.ravel(), bias, *f.info.defaults, *out)
    assert_same_bits((out[0].reshape(x.shape), out[1]), want, "kernels")
    assert_same_bits(f.biased_backward.ufunc(grad, x, bias, *map(dtype, f.info.defaults)), want[0], "ufunc")
    got = call(f.biased_backward, (grad, x, bias), out=(x, bias))
    assert_same_bits((got[0].copy(), got[1].copy()), want, "over the inputs")


@pytest.mark.parametrize("shape", [(300_000, 10), (30_000, 100), (3000, 1000), (700, 4096), (3, 1_000_000)])
def test_biased_backward_by_threads(shape, dtype):
    grad, x, bias = made(dtype, *shape)
    for f in (fa.relu, fa.silu):
        with fa.num_threads(1):
            want = f.biased_backward(grad, x, bias)
        check_gradients(f, grad, x, bias, want)
        for threads in (2, 3):
            with fa.num_threads(threads):
                assert_same_bits(f.biased_backward(grad, x, bias), want, f"{threads} threads")


def test_long_sums_lose_nothing(dtype):
    """A million numbers of one sign, of which a plain sum would lose digits."""
    rng = np.random.default_rng(0)
    grad = rng.uniform(0.5, 1, (1_000_000, 3)).astype(dtype)
    _, dbias = fa.identity.biased_backward(grad, np.zeros_like(grad), np.zeros(3, dtype))
    exact = grad.astype(np.longdouble).sum(0)
    assert (abs(dbias - exact) <= 2 * np.finfo(dtype).eps * exact).all()


def test_sums_of_special_values():
    grad = np.ones((100, 5), np.float32)
    grad[40] = [np.nan, np.inf, -np.inf, 0, -1]
    grad[77, 2] = np.inf
    _, dbias = fa.identity.biased_backward(grad, np.ones_like(grad), np.zeros(5, np.float32))
    np.testing.assert_array_equal(dbias, [np.nan, np.inf, np.nan, 99, 98])


@pytest.mark.parametrize("shape", [(), (1,), (6,), (5, 1), (5, 6), (4, 1, 1), (1, 1, 6), (4, 5, 6), (2, 1, 1, 1),
                                   (2, 1, 1, 6)])
def test_dbias_has_the_shape_of_bias(shape, dtype):
    grad, x, bias = sample(dtype, 4, 5, 6), sample(dtype, 4, 5, 6)[::-1], np.asarray(sample(dtype, *shape))
    dx, dbias = fa.silu.biased_backward(grad, x, bias)
    assert_same_bits(dx, fa.silu.backward(grad, x + bias))
    assert dbias.shape == shape and dbias.dtype == dtype
    want = np.zeros(np.broadcast_shapes(bias.shape, dx.shape)) + dx
    while want.ndim > bias.ndim:
        want = want.sum(0)
    for axis, size in enumerate(bias.shape):
        want = want if size > 1 else want.sum(axis, keepdims=True)
    tolerance = 100 * np.finfo(dtype).eps
    np.testing.assert_allclose(dbias, want, rtol=tolerance, atol=tolerance)


def test_dtypes_of_gradients():
    grad, x, bias = made(np.float64, 6, 5)
    f = fa.silu.biased_backward
    for dtypes, want in ((("f4", "f4", "f8"), "f8"), (("f2", "f2", "f2"), "f2"), (("f2", "f4", "f2"), "f4"),
                         (("i1", "i1", "i1"), "f2"), (("f4", "i2", "f4"), "f4"), (("i8", "i8", "?"), "f8")):
        for result in f(*(a.astype(d) for a, d in zip((grad, x, bias), dtypes))):
            assert result.dtype == want, dtypes
    assert f(1.0, x.astype("f4"), bias.astype("f4"))[0].dtype == np.float32
    dx, dbias = f(grad.tolist(), x.tolist(), bias.tolist())
    assert_same_bits((dx, dbias), f(grad, x, bias))
    dx, dbias = f(2.0, 0.5, 0.25)
    assert isinstance(dx, np.float64) and dx == dbias == fa.silu.backward(2.0, 0.75)
    dx, dbias = f(*(a.astype(np.float16) for a in (grad, x, bias)))
    want = f(*(a.astype(np.float16).astype(np.float32) for a in (grad, x, bias)))
    assert_same_bits((dx, dbias), tuple(w.astype(np.float16) for w in want))


@pytest.mark.parametrize("shape", [(0, 4), (4, 0), (0,), (2, 0, 3)])
def test_no_elements(shape, dtype):
    x = np.ones(shape, dtype)
    bias = np.ones(shape[-1:], dtype)
    for arrays in ((x, x, bias), (np.asfortranarray(x), x, bias)):
        dx, dbias = fa.silu.biased_backward(*arrays)
        assert dx.shape == shape and dbias.shape == bias.shape and not dbias.any()
    assert fa.silu.biased(x, bias).shape == shape
    dbias = np.full_like(bias, 7)
    kernels.silu_biased_backward(x.ravel(), x.ravel(), bias, x.ravel(), dbias)
    assert not dbias.any()


def test_errors_of_biased_backward():
    f, (grad, x, bias) = fa.elu.biased_backward, made(np.float32, 4, 5)
    frozen = np.zeros_like(bias)
    frozen.flags.writeable = False
    for error, arguments, keywords in (
            (TypeError, (grad, x), {}), (TypeError, (), {}), (TypeError, (grad, x, bias, 1.0, 2.0), {}),
            (TypeError, (grad, x, bias, 1.0), {"alpha": 1.0}), (TypeError, (grad, x, bias), {"beta": 1.0}),
            (TypeError, (grad.astype(complex), x, bias), {}), (TypeError, (grad, x, bias.astype(np.longdouble)), {}),
            (TypeError, (grad, x, "bias"), {}), (TypeError, (grad, x, None), {}), (ValueError, (grad, x, bias[:4]), {}),
            (ValueError, (grad.T, x, bias), {}), (TypeError, (grad, x, bias), {"out": grad}),
            (ValueError, (grad, x, bias), {"out": (grad.copy(), frozen)}),
            (ValueError, (grad, x, bias), {"out": (grad[:3].copy(), bias.copy())}),
            (TypeError, (grad, x, bias), {"out": (grad.astype(int), bias.copy())})):
        with pytest.raises(error, match=r"elu\.biased_backward"):
            f(*arguments, **keywords)


def test_biased_backward_as_an_object(activation):
    form = activation.biased_backward
    assert pickle.loads(pickle.dumps(form)) is form
    assert form.__name__ == f"{activation.name}.biased_backward" and form.__name__ in repr(form)
    names = activation.info.names_in("biased_backward")
    assert list(inspect.signature(form).parameters)[:3 + len(names)] == ["grad", "x", "bias", *names]
    for needed in ("grad", "x", "bias", "dx", "dbias", "out", "Parameters", "Returns", "Raises", *names):
        assert needed in form.__doc__
    assert form.ufunc.__name__ == f"{activation.name}_biased_backward" and form.ufunc.nout == 1


# ---- beyond the caches, and by threads ----

@FEW
@pytest.mark.parametrize("form", ["gated", "gated_backward", "biased"])
def test_results_that_no_cache_holds(f, form):
    """Where that is quicker they are written past the caches; from any address, by one thread or more."""
    size, period = 5 << 20, 1 << 14
    form = getattr(f, form)
    count = form.ufunc.nin - len(f.info.parameters)
    short = [wide(np.float32, period, seed=k) for k in range(count)]
    with np.errstate(all="ignore"):
        want = outputs(call(form, short))
        long = [np.tile(a, size // period) for a in short]
        for threads in (1, 2):
            for shift in (0, 1, 4):
                out = tuple(np.empty(size + shift, np.float32)[shift:] for _ in want)
                with fa.num_threads(threads):
                    call(form, long, out=out)
                for got, one in zip(out, want):
                    rows = got.reshape(-1, period)
                    assert_same_bits(rows, np.broadcast_to(one, rows.shape), f"{threads} threads, shift {shift}")


@pytest.mark.parametrize("columns", [10, 100, 1000, 4096])
def test_long_biased_rows(columns):
    x = np.resize(sample(np.float32, 10_007), (5 << 20) // columns * columns).reshape(-1, columns)
    bias = sample(np.float32, columns)
    want = fa.silu(x + bias)
    for threads in (1, 2, 3):
        with fa.num_threads(threads):
            assert_same_bits(fa.silu.biased(x, bias), want, f"{threads} threads")
