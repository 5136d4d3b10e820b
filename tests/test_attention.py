"""softmax with a sink, a bias and causal rows; gumbel_softmax."""
import itertools
import pickle

import numpy as np
import pytest

import fastact as fa
from axes import assert_same_bits
from fastact.accuracy import formulas

HEADS, QUERIES = 3, 5
RNG = np.random.default_rng(4)
SINKS = {"no sink": None, "0": 0, "heads": RNG.normal(0, 3, (HEADS, 1)), "kept axis": RNG.normal(0, 3, (2, 1, QUERIES, 1))}
OPTIONS = [dict(temperature=t, causal=c) for t, c in ((1.0, False), (1.0, True), (0.7, True), (8.0, False))]


def biases(n, rng):
    """Arrays that broadcast to (2, HEADS, QUERIES, n)."""
    shapes = ((n,), (HEADS, QUERIES, n), (2, 1, 1, n), (2, 1, QUERIES, 1), (HEADS, 1, 1), (), (2, HEADS, QUERIES, n))
    return [None, *(rng.normal(0, 3, shape) for shape in shapes), np.where(rng.random((2, 1, 1, n)) < 0.3, -np.inf, 0)]


def exact(x, temperature=1.0, sink=None, bias=0, causal=False, mask=True):
    """softmax by its definition, in longdouble."""
    z = x.astype(np.longdouble) / temperature + (0 if bias is None else bias)
    z = np.where(mask & (np.tri(*z.shape[-2:], dtype=bool) if causal else True), z, -np.inf)
    sink = np.full(z.shape[:-1], -np.inf) if sink is None else np.asarray(sink, np.longdouble)
    sink = np.broadcast_to(sink if sink.ndim == z.ndim else sink[..., None], (*z.shape[:-1], 1))
    top = np.maximum(z.max(axis=-1, keepdims=True), sink)
    top[np.isinf(top)] = 0
    total = np.exp(z - top).sum(axis=-1, keepdims=True) + np.exp(sink - top)
    return np.exp(z - top) / np.where(total == 0, 1, total)


@pytest.mark.parametrize("sink", SINKS.values(), ids=SINKS)
@pytest.mark.parametrize("n", [1, 3, 16, 17, 64, 300])
def test_definition(n, sink, dtype, rng):
    """At most 6 ULP: one more than without a bias is lost to the rounding errors of the sum, which are a factor."""
    x = rng.normal(0, 3, (2, HEADS, QUERIES, n)).astype(dtype)
    sink = sink if sink is None or type(sink) is int else sink.astype(dtype)
    for bias, options, mask in itertools.product(biases(n, rng), OPTIONS, (True, rng.random((QUERIES, n)) < 0.7)):
        bias = bias if bias is None else bias.astype(dtype)
        got = fa.softmax(x, sink=sink, bias=bias, mask=mask, **options)
        want = exact(x, sink=sink, bias=bias, mask=mask, **options)
        assert got.dtype == dtype
        assert (np.abs(got - want) <= 6 * np.spacing(np.abs(want).astype(dtype))).all()


def test_by_mpmath():
    mp = formulas.context()
    x, bias, sink = np.array([5.0, -3.0, 700.0, -2.0**-40]), np.array([0.25, 3.0, -701.0, -0.5]), 1.5
    terms = [mp.exp(mp.mpf(a) / mp.mpf(0.75) + mp.mpf(b)) for a, b in zip(x, bias)]
    total = mp.fsum(terms) + mp.exp(sink)
    got = fa.softmax(x, temperature=0.75, bias=bias, sink=sink)
    np.testing.assert_allclose(got, [float(term / total) for term in terms], rtol=1e-15)


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.float16])
def test_the_same_in_other_words(kind, rng):
    """Bits do not depend on how a bias broadcasts, on the axis, the layout, threads, or on whether a mask or -inf hides."""
    for n in (3, 40, 300):
        x, full = (rng.normal(0, 3, (2, HEADS, 30, n)).astype(kind) for _ in range(2))
        sink = rng.normal(0, 3, (HEADS, 1)).astype(kind)
        for bias in (full[0], full[:, :1, :1], full[0, 0, 0], full[:, :1]):
            whole = np.broadcast_to(bias, x.shape).copy()
            for temperature in (1.0, 0.7):
                options = dict(sink=sink, temperature=temperature)
                want = fa.softmax(x, bias=bias, **options)
                assert_same_bits(fa.softmax(x, bias=whole, **options), want)
                turned = fa.softmax(np.moveaxis(x, -1, 1), axis=1, bias=np.moveaxis(whole, -1, 1), **options)
                assert_same_bits(np.moveaxis(turned, 1, -1), want)
                assert_same_bits(fa.softmax(np.asfortranarray(x), bias=bias, **options), want)
                out = x.copy()
                assert fa.softmax(out, bias=bias, out=out, **options) is out
                assert_same_bits(out, want)
                with fa.num_threads(3):
                    assert_same_bits(fa.softmax(x, bias=bias, **options), want)
        causal = fa.softmax(x, causal=True, sink=sink)
        lower = np.tri(30, n, dtype=bool)
        assert_same_bits(fa.softmax(x, mask=lower, sink=sink), causal)
        np.testing.assert_allclose(fa.softmax(x, bias=np.where(lower, 0, -np.inf).astype(kind), sink=sink), causal, rtol=1e-3)
        assert_same_bits(fa.softmax(x, sink=np.full((HEADS, 1), -np.inf, kind)), fa.softmax(x))
        assert_same_bits(fa.softmax(np.moveaxis(x, -1, 0), axis=0, sink=sink), np.moveaxis(fa.softmax(x, sink=sink), -1, 0))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
def test_a_sink_of_minus_infinity_is_none(dtype, rng):
    """Its gradient is 0, also in a row that the mask leaves out, and the gradients of others are what they are without it."""
    x, grad = rng.normal(0, 1, (2, 3, 5)).astype(dtype)
    mask = np.array([[True], [False], [True]])
    for sink, expected in ((-np.inf, 0), (np.full(3, -np.inf, dtype), np.zeros(3)), (np.full((3, 1), -np.inf, dtype), 0)):
        for form, of in ((fa.softmax.backward, x), (fa.softmax.backward_from_output, fa.softmax(x, sink=sink, mask=mask))):
            to_x, to_sink = form(grad, of, sink=sink, mask=mask, wrt=("x", "sink"))
            assert np.shape(to_sink) == np.shape(sink) and (np.asarray(to_sink) == expected).all()
            np.testing.assert_allclose(to_x, form(grad, of, mask=mask), rtol=2e-3, atol=1e-3)


@pytest.mark.parametrize("sink", SINKS.values(), ids=SINKS)
def test_gradients(sink, rng):
    """Of x, sink and bias, by differences of the function itself."""
    x, grad = rng.normal(0, 1, (2, 2, HEADS, QUERIES, 7))
    for bias, options, mask in itertools.product(biases(7, rng)[:-1], OPTIONS, (None, rng.random((QUERIES, 7)) < 0.7)):
        given = {name: value for name, value in (("x", x), ("sink", sink), ("bias", bias)) if value is not None}
        options = dict(options, mask=mask)
        call = lambda values: fa.softmax(values.pop("x"), **values, **options)
        rest = {name: value for name, value in given.items() if name != "x"}
        found = fa.softmax.backward(grad, x, wrt=(*given,), **rest, **options)
        from_output = fa.softmax.backward_from_output(grad, call({**given}), wrt=(*given,), **rest, **options)
        for (name, value), gradient, other in zip(given.items(), found, from_output, strict=True):
            assert np.shape(gradient) == np.shape(value)
            np.testing.assert_allclose(gradient, other, atol=1e-14)
            direction = rng.normal(0, 1, np.shape(value))
            above, below = (call({**given, name: value + step * direction}) for step in (1e-6, -1e-6))
            np.testing.assert_allclose((gradient * direction).sum(), ((above - below) * grad).sum() / 2e-6, rtol=1e-7, atol=1e-8)
        assert_same_bits(fa.softmax.backward(grad, x, **rest, **options), found[0])
        out = np.empty_like(x)
        assert_same_bits(fa.softmax.backward.bind(grad, x, out, **rest, **options)(), found[0])
        assert_same_bits(fa.softmax.bind(x, out, **rest, **options)(), call({**given}))


def test_rows_without_elements_and_infinities(dtype):
    inf, nan = np.inf, np.nan
    x, grad = np.ones((2, 3), dtype), np.full((2, 3), inf, dtype)
    for hidden in (dict(bias=np.full(3, -inf, dtype)), dict(mask=False, bias=np.zeros(3, dtype))):
        for sink in (None, 1.0):
            assert_same_bits(fa.softmax(x, sink=sink, **hidden), np.zeros_like(x))
            assert_same_bits(fa.softmax.backward(grad, x, sink=sink, **hidden), np.zeros_like(x))
        assert fa.softmax.backward(grad, x, sink=1.0, **hidden, wrt="sink") == 0
        assert_same_bits(fa.softmax.backward(grad, x, **hidden, wrt="bias"), np.zeros(3, dtype))
    assert_same_bits(fa.softmax(np.array([-inf, -inf], dtype), sink=0), np.zeros(2, dtype))
    assert np.isnan(fa.softmax(np.array([-inf, -inf], dtype), sink=-inf)).all()
    assert_same_bits(fa.softmax(np.array([inf, 1], dtype), bias=np.array([-inf, 0], dtype)), np.array([0, 1], dtype))
    for x, options in (([nan, 1], dict(bias=[-inf, 0])), ([1, 2], dict(bias=[nan, 0])), ([1, 2], dict(bias=[inf, 0])),
                       ([1, 2], dict(sink=nan)), ([1, 2], dict(sink=inf)), ([inf, 1], dict(sink=0))):
        assert np.isnan(fa.softmax(np.array(x, dtype), **options)).all()
    far = np.array([1e4, -1e4], dtype)
    assert fa.softmax(far, bias=-far, sink=0).tolist() == pytest.approx([1 / 3] * 2)
    np.testing.assert_allclose(fa.softmax(np.array([-100, 0], dtype), sink=300), np.exp([-400.0, -300]).astype(dtype), rtol=1e-12)


def test_shapes_and_dtypes():
    x = np.zeros((2, 3), np.float32)
    assert fa.softmax(3.0, sink=3.0) == 0.5 and fa.softmax(np.float32(3), sink=3, bias=0.0).dtype == np.float32
    assert fa.softmax(x, sink=0.0, bias=1).dtype == np.float32 and fa.softmax(x, sink=np.zeros(2)).dtype == np.float64
    assert fa.softmax(x.astype(np.float16), bias=x).dtype == np.float32
    for shape in ((0, 3), (3, 0), (0,)):
        empty = np.zeros(shape)
        got = fa.softmax.backward(empty, empty, sink=np.zeros(shape[:-1]), bias=empty, wrt=("x", "sink", "bias"))
        assert [np.shape(each) for each in got] == [shape, shape[:-1], shape]
    half = np.linspace(-3, 3, 40).reshape(4, 10).astype(np.float16)
    for got, want in zip(*(fa.softmax.backward(a, a, sink=a[:, 0], bias=a[0], wrt=("x", "sink", "bias"))
                           for a in (half, half.astype(np.float32)))):
        assert_same_bits(got, want.astype(np.float16))
    bfloat16 = pytest.importorskip("ml_dtypes").bfloat16
    x = half.astype(bfloat16)
    wide = fa.softmax(x.astype(np.float32), sink=0.5, bias=x[0].astype(np.float32))
    assert (fa.softmax(x, sink=0.5, bias=x[0]) == wide.astype(bfloat16)).all()


def test_errors():
    x = np.ones((4, 5, 6))
    for error, pattern, options in (
            (ValueError, r"sink of shape \(3,\) does not broadcast to \(4, 5\)", dict(sink=np.zeros(3))),
            (ValueError, r"bias of shape \(2, 6\) does not broadcast", dict(bias=np.zeros((2, 6)))),
            (ValueError, "does not broadcast", dict(bias=np.zeros((2, 4, 5, 6)))),
            (TypeError, "bias must be numbers.*mask=", dict(bias=np.ones(6, bool))),
            (TypeError, "complex", dict(bias=1j)),
            (ValueError, r"causal=True needs axis=-1 .*\(4, 5, 6\)", dict(causal=True, axis=1)),
            (TypeError, "causal must be True or False, got 2", dict(causal=2))):
        for call in (fa.softmax, lambda x, **options: fa.softmax.backward(x, x, **options)):
            with pytest.raises(error, match=rf"^fastact\.softmax.*{pattern}"):
                call(x, **options)
    for error, pattern, options in (
            (ValueError, "wrt='bias' without bias=", dict(wrt="bias")), (ValueError, "wrt must be.*got 'y'", dict(wrt="y")),
            (ValueError, "wrt must be", dict(wrt=())), (TypeError, "out= is for", dict(wrt="bias", bias=1.0, out=x.copy()))):
        with pytest.raises(error, match=pattern):
            fa.softmax.backward(x, x, **options)
    with pytest.raises(ValueError, match="the last, got 0"):
        fa.softmax.bind(x, x.copy(), axis=0, bias=0.0)
    with pytest.raises(ValueError, match="causal=True"):
        fa.softmax(np.ones(3), causal=True)
    with pytest.raises(TypeError, match="takes x, axis, out, mask, temperature, not sink"):
        fa.softmin(x, sink=0)


def test_torch_s_convention(rng):
    """causal=True and temperature are is_causal and 1 / scale of scaled_dot_product_attention, its attn_mask is a bias."""
    torch = pytest.importorskip("torch")
    q, k, v = (torch.from_numpy(rng.normal(0, 1, (2, HEADS, n, 8))) for n in (5, 7, 7))
    logits = (q @ k.mT).numpy()
    attend = torch.nn.functional.scaled_dot_product_attention
    np.testing.assert_allclose(fa.softmax(logits, temperature=8**0.5, causal=True) @ v.numpy(), attend(q, k, v, is_causal=True))
    bias = rng.normal(0, 1, (HEADS, 5, 7))
    np.testing.assert_allclose(fa.softmax(logits, temperature=2, bias=bias) @ v.numpy(),
                               attend(q, k, v, attn_mask=torch.from_numpy(bias), scale=0.5))


# ---- containers ----

def test_containers(rng):
    xarray, pandas, dask = (pytest.importorskip(name) for name in ("xarray", "pandas", "dask.array"))
    x, grad, bias, sink = (rng.normal(0, 1, shape) for shape in ((2, 3, 4, 5), (2, 3, 4, 5), (3, 4, 5), (3,)))
    options, every = dict(sink=sink[:, None], bias=bias, causal=True), ("x", "sink", "bias")
    want, gradients = fa.softmax(x, **options), fa.softmax.backward(grad, x, wrt=every, **options)

    labelled = xarray.DataArray(x, dims=("batch", "head", "query", "key"), coords={"head": [7, 8, 9], "key": list("abcde")})
    named = dict(sink=labelled[0, :, 0, 0].copy(data=sink)[::-1],
                 bias=labelled[0].copy(data=bias).transpose("query", "head", "key"))
    got = fa.softmax(labelled, axis="key", causal=True, **named)
    assert got.dims == labelled.dims and (got.values == want).all()
    got = fa.softmax.backward(labelled.copy(data=grad), labelled, axis="key", causal=True, wrt=every, **named)
    assert [each.dims for each in got] == [labelled.dims, ("head",), ("query", "head", "key")]
    assert list(got[1]["head"]) == [9, 8, 7]
    np.testing.assert_allclose(got[1].values[::-1], gradients[1][:, 0])
    with pytest.raises(ValueError, match="sink has dimensions"):
        fa.softmax(labelled, axis="key", sink=labelled)

    lazy = dask.from_array(x, chunks=(1, 2, 2, 3))
    for given in (options, dict(options, sink=dask.from_array(sink[:, None], chunks=2), bias=dask.from_array(bias, chunks=3))):
        got = fa.softmax(lazy, **given)
        assert isinstance(got, dask.Array) and (got.compute() == want).all()
    got = fa.softmax.backward(lazy.map_blocks(np.negative), lazy, **options)
    assert (got.compute() == fa.softmax.backward(-x, x, **options)).all()
    got = fa.softmax.backward(dask.from_array(grad, chunks=2), lazy, wrt=every, **options)
    assert all((one == other).all() for one, other in zip(got, gradients))

    frame = pandas.DataFrame(x[0, 0], index=list("wxyz"), columns=list("abcde"))
    series, along = pandas.Series(sink[[0, 1, 2, 0]], index=list("zyxw")), pandas.Series(bias[0, 0], index=list("edcba"))
    got = fa.softmax(frame, sink=series, bias=along)
    assert (got.values == fa.softmax(x[0, 0], sink=series.values[::-1], bias=along.values[::-1])).all()
    got = fa.softmax.backward(frame, frame, sink=series, bias=along, wrt=("sink", "bias"))
    assert [list(each.index) for each in got] == [list("zyxw"), list("edcba")]

    hidden = rng.random(5) < 0.4
    hidden[0] = False
    masked = np.ma.masked_array(x, rng.random(x.shape) < 0.2)
    got = fa.softmax(masked, bias=np.ma.masked_array(bias[0, 0], hidden), sink=np.ma.masked_array(sink, [0, 1, 0])[:, None])
    without = fa.softmax(x, bias=bias[0, 0], sink=np.array([sink[0], -np.inf, sink[2]])[:, None], mask=~masked.mask & ~hidden)
    assert (got.mask == masked.mask | hidden).all() and (got.filled(0) == np.where(got.mask, 0, without)).all()


# ---- gumbel_softmax ----

def test_gumbel_softmax_draws_classes():
    """Its frequencies are those of softmax; soft samples are softmax of the same noise, which tends to the hard sample."""
    logits = np.tile([0.0, 1.0, -1.0, 2.5], (200_000, 1))
    hard = fa.gumbel_softmax(logits, hard=True, random_state=3)
    assert set(np.unique(hard)) == {0, 1} and (hard.sum(axis=1) == 1).all()
    p = fa.softmax(logits[0])
    assert (np.abs(hard.mean(axis=0) - p) < 5 * np.sqrt(p * (1 - p) / len(hard))).all()
    soft = fa.gumbel_softmax(logits, 0.5, random_state=3)
    np.testing.assert_allclose(soft.sum(axis=1), 1)
    np.testing.assert_array_equal(fa.hardmax(soft), hard)
    noise = np.log(fa.gumbel_softmax(np.zeros((400_000, 2)), random_state=1))
    difference = noise[:, 0] - noise[:, 1]  # of two Gumbel variables: logistic
    assert abs(difference.mean()) < 0.02 and difference.std() == pytest.approx(np.pi / 3**0.5, rel=0.01)


def test_gumbel_softmax_gradient(rng):
    x, grad = rng.normal(0, 1, (2, 3, 5))
    y = fa.gumbel_softmax(x, 0.7, random_state=1)
    direction = rng.normal(0, 1, x.shape)
    above, below = (fa.gumbel_softmax(x + step * direction, 0.7, random_state=1) for step in (1e-6, -1e-6))
    dx = fa.softmax.backward_from_output(grad, y, temperature=0.7)
    np.testing.assert_allclose((dx * direction).sum(), ((above - below) * grad).sum() / 2e-6, rtol=1e-7)


def test_gumbel_softmax_arguments(rng):
    x = rng.normal(0, 1, (4, 6)).astype(np.float32)
    assert pickle.loads(pickle.dumps(fa.gumbel_softmax)) is fa.gumbel_softmax
    for kind in (np.float16, np.float32, np.float64, np.int64):
        got = fa.gumbel_softmax(x.astype(kind), random_state=0)
        assert got.dtype == fa.softmax(x.astype(kind)).dtype
        assert_same_bits(got, fa.gumbel_softmax(x.astype(kind), random_state=0))
    random = np.random.default_rng(0)
    first = fa.gumbel_softmax(x, random_state=random)
    assert_same_bits(first, fa.gumbel_softmax(x, random_state=0))
    assert (first != fa.gumbel_softmax(x, random_state=random)).any()
    out = np.empty_like(x)
    assert fa.gumbel_softmax(x, random_state=0, out=out) is out
    assert_same_bits(out, first)
    for hard in (False, True):
        masked = fa.gumbel_softmax(x, hard=hard, mask=[True, False] * 3, random_state=0)
        assert (masked[:, 1::2] == 0).all()
        np.testing.assert_allclose(masked.sum(axis=1), 1, rtol=1e-6)
        assert fa.gumbel_softmax(x, hard=hard, axis=0, random_state=0).sum(axis=0) == pytest.approx(1)
    assert fa.gumbel_softmax(1.0) == pytest.approx(1) and fa.gumbel_softmax([]).shape == (0,)
    assert np.isnan(fa.gumbel_softmax([np.nan, 1.0], hard=True)).all()
    for error, pattern, options in (
            (ValueError, "temperature", dict(temperature=0)), (ValueError, "temperature", dict(temperature=-1, hard=True)),
            (ValueError, "out must be an array of shape", dict(out=out[:2])),
            (TypeError, "random_state", dict(random_state="a")), (TypeError, "random_state", dict(random_state=-1))):
        with pytest.raises(error, match=f"gumbel_softmax.*{pattern}"):
            fa.gumbel_softmax(x, **options)
    pandas, xarray = pytest.importorskip("pandas"), pytest.importorskip("xarray")
    assert isinstance(fa.gumbel_softmax(pandas.DataFrame(x), random_state=0), pandas.DataFrame)
    got = fa.gumbel_softmax(xarray.DataArray(x, dims=("a", "b")), axis="b", random_state=0)
    assert got.dims == ("a", "b")
    assert_same_bits(got.values, first)
