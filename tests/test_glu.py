"""glu, reglu, geglu and swiglu: halves of one array, along any axis, in any memory."""
import pickle
import tracemalloc

import numpy as np
import pytest

import fastact as fa
from axes import assert_same_bits, sample, wide

UNITS = {"glu": "sigmoid", "reglu": "relu", "geglu": "gelu", "swiglu": "silu"}
each = pytest.mark.parametrize("unit", [getattr(fa, name) for name in UNITS], ids=list(UNITS))
gates = pytest.mark.parametrize("gate", ["last", "first"])
SHAPES = [(2,), (34,), (3, 20), (5, 2), (2, 4, 6), (70, 514), (3, 4000), (2, 2, 2, 2)]


def parts(unit, x, axis, gate):
    """The activation, its gate and the other half, by NumPy."""
    first, last = np.split(x, 2, axis)
    return (unit.activation, last, first) if gate == "last" else (unit.activation, first, last)


def even_axes(x):
    """The axes of even size, counted from both ends."""
    return [axis for axis in range(-x.ndim, x.ndim) if x.shape[axis] % 2 == 0]


@each
@gates
@pytest.mark.parametrize("shape", SHAPES)
def test_values_and_gradients(unit, gate, shape, dtype):
    x = sample(dtype, *shape)
    for axis in even_axes(x):
        f, gates, ups = parts(unit, x, axis, gate)
        want = ups * f(gates)
        assert_same_bits(unit(x, axis, gate), want)
        grad = sample(dtype, *want.shape)[..., ::-1].copy()
        dgate, dup = f.gated_backward(grad, gates.copy(), ups.copy())
        dx = np.concatenate([dup, dgate] if gate == "last" else [dgate, dup], axis)
        assert_same_bits(unit.backward(grad, x, axis, gate), dx)


@each
def test_defaults(unit):
    x = sample(np.float32, 4, 6)
    assert_same_bits(unit(x), unit(x, axis=1, gate="last"))
    assert_same_bits(unit(x), x[:, :3] * unit.activation(x[:, 3:]))
    grad = np.ones((4, 3), np.float32)
    assert_same_bits(unit.backward(grad, x), unit.backward(grad, x, axis=-1, gate="last"))


@each
@gates
def test_layouts(unit, gate, dtype):
    x, grad = sample(dtype, 6, 10, 8), sample(dtype, 6, 5, 8)
    want, dx = unit(x, 1, gate), unit.backward(grad, x, 1, gate)
    for change in (np.asfortranarray, lambda a: np.repeat(a, 2, -1)[..., ::2], lambda a: a[::-1].copy()[::-1],
                   lambda a: a.astype(a.dtype.newbyteorder()), lambda a: a.swapaxes(0, 2).copy().swapaxes(0, 2)):
        assert_same_bits(unit(change(x), 1, gate), want)
        assert_same_bits(unit.backward(change(grad), change(x), 1, gate), dx)
        assert_same_bits(unit.backward(grad, change(x), 1, gate), dx)
    assert_same_bits(unit(x.tolist(), 1, gate).astype(dtype), unit(x.astype(np.float64), 1, gate).astype(dtype))


@each
def test_out(unit, dtype):
    x, grad = sample(dtype, 9, 14), sample(dtype, 9, 7)
    want, dx = unit(x), unit.backward(grad, x)
    for out in (np.empty((9, 7), dtype), np.empty((7, 9), dtype).T, np.empty((9, 14), dtype)[:, ::2]):
        assert unit(x, out=out) is out
        assert_same_bits(out.copy(), want)
    for out in (np.empty((9, 14), dtype), np.empty((14, 9), dtype).T, np.empty((9, 28), dtype)[:, ::2]):
        assert unit.backward(grad, x, out=out) is out
        assert_same_bits(out.copy(), dx)


@each
@gates
def test_out_over_the_input(unit, gate, dtype):
    original, grad = sample(dtype, 9, 14), sample(dtype, 9, 7)
    want, dx = unit(original, gate=gate), unit.backward(grad, original, gate=gate)
    for where in (np.s_[:, :7], np.s_[:, 7:], np.s_[:, 3:10], np.s_[:, ::2], np.s_[::-1, 6::-1]):
        x = original.copy()
        unit(x, gate=gate, out=x[where])
        assert_same_bits(x[where].copy(), want)
    x = original.copy()
    assert unit.backward(grad, x, gate=gate, out=x) is x
    assert_same_bits(x, dx)
    x = original.copy()
    half = x[:, 7:]
    half[...] = grad
    assert_same_bits(unit.backward(half, original, gate=gate, out=x), dx)


@each
def test_dtypes(unit):
    x = np.arange(-6, 6).reshape(2, 6)
    for given, want in (("i1", "f2"), ("u1", "f2"), ("?", "f2"), ("i2", "f4"), ("i4", "f8"), ("i8", "f8"), ("f2", "f2"),
                        ("f4", "f4"), ("f8", "f8")):
        assert unit(x.astype(given)).dtype == want
        assert unit.backward(np.ones((2, 3), given), x.astype(given)).dtype == want
    assert unit.backward(np.ones((2, 3)), x.astype("f4")).dtype == np.float64
    half = sample(np.float16, 5, 40)
    f, gates, ups = parts(unit, half, -1, "last")
    assert_same_bits(unit(half), f.gated(gates, ups))
    out = np.empty((2, 3), np.float32)
    assert_same_bits(unit(x.astype(float), out=out), unit(x.astype(float)).astype(np.float32))


@each
@pytest.mark.parametrize("shape, axis", [((0, 4), 1), ((4, 0), 1), ((3, 0, 2), 1), ((0,), 0)])
def test_empty(unit, shape, axis, dtype):
    x = np.empty(shape, dtype)
    got = unit(x, axis)
    assert got.shape == tuple(n // 2 if k == axis else n for k, n in enumerate(shape)) and got.dtype == dtype
    assert unit.backward(got, x, axis).shape == shape


@each
def test_threads_and_sizes(unit):
    """Beyond the caches too, where results are written past them."""
    for rows, columns in ((40_000, 6), (4001, 200), (701, 2002), (2100, 5120)):
        x = np.resize(wide(np.float32, 10_007), (rows, columns))
        with np.errstate(all="ignore"):
            f, gates, ups = parts(unit, x, -1, "last")
            want = ups * f(gates.copy())
            grad = np.resize(sample(np.float32, 999), want.shape)
            dgate, dup = f.gated_backward(grad, gates.copy(), ups.copy())
            for threads in (1, 2, 3):
                with fa.num_threads(threads):
                    assert_same_bits(unit(x), want, f"{threads} threads")
                    assert_same_bits(unit.backward(grad, x), np.concatenate([dup, dgate], -1), f"{threads} threads")


@each
def test_no_copies(unit):
    """Nothing but the result is allocated, for a contiguous array."""
    x, grad = np.ones((500, 1000), np.float32), np.ones((500, 500), np.float32)
    for axis, given in ((1, grad), (0, np.ones((250, 1000), np.float32))):
        for function, size in ((lambda: unit(x, axis), x.nbytes / 2), (lambda: unit.backward(given, x, axis), x.nbytes)):
            tracemalloc.start()
            result = function()
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert size <= peak < size + 20_000 and result.nbytes == size


@each
def test_errors(unit):
    x, grad, name = np.ones((4, 6), np.float32), np.ones((4, 3), np.float32), unit.name
    frozen = np.ones((4, 3), np.float32)
    frozen.flags.writeable = False
    for error, match, arguments, keywords in (
            (ValueError, "even", (x[:, :5],), {}), (ValueError, r"\(4, 5\)", (x[:, :5],), {}),
            (ValueError, "gate", (x,), {"gate": "middle"}), (ValueError, "shape", (x,), {"out": np.ones((4, 6))}),
            (ValueError, "array", (x,), {"out": [1.0]}), (ValueError, "read-only", (x,), {"out": frozen}),
            (TypeError, "int64", (x,), {"out": np.ones((4, 3), np.int64)}), (TypeError, "complex64", (x * 1j,), {}),
            (TypeError, "object", (x.astype(object),), {}), (TypeError, "longdouble|float128", (x.astype(np.longdouble),), {})):
        with pytest.raises(error, match=match) as raised:
            unit(*arguments, **keywords)
        assert f"fastact.{name}" in str(raised.value)
    for axis in (2, -3):
        with pytest.raises(np.exceptions.AxisError):
            unit(x, axis)
    with pytest.raises(np.exceptions.AxisError):
        unit(np.float32(1))
    for error, arguments, keywords in (
            (ValueError, (x, x), {}), (ValueError, (grad.T, x), {}), (ValueError, (grad, x[:, :5]), {}),
            (ValueError, (grad, x), {"gate": 1}), (ValueError, (grad, x), {"out": grad}), (TypeError, (grad * 1j, x), {}),
            (TypeError, (grad, x), {"out": x.astype(int)})):
        with pytest.raises(error, match=rf"{name}\.backward"):
            unit.backward(*arguments, **keywords)


@each
def test_as_an_object(unit):
    assert pickle.loads(pickle.dumps(unit)) is unit and getattr(fa, unit.name) is unit and unit.name in fa.__all__
    assert unit.name in repr(unit) and unit.activation is fa.activations[UNITS[unit.name]]
    assert unit.info.activation == UNITS[unit.name] and unit.info.formula == f"a * {UNITS[unit.name]}(b)"
    for needed in ("Parameters", "Returns", "Raises", "axis", "gate", "out", "backward", unit.info.formula, unit.info.reference):
        assert needed in unit.__doc__


def test_torch_agrees(dtype):
    torch = pytest.importorskip("torch")
    x = sample(dtype, 3, 8, 4)
    for axis in (-2, -1):
        tensor = torch.from_numpy(x.copy()).requires_grad_()
        y = torch.nn.functional.glu(tensor, axis)
        grad = sample(dtype, *y.shape)
        y.backward(torch.from_numpy(grad))
        tolerance = dict(rtol=20 * np.finfo(dtype).eps, atol=20 * np.finfo(dtype).eps)
        np.testing.assert_allclose(fa.glu(x, axis), y.detach().numpy(), **tolerance)
        np.testing.assert_allclose(fa.glu.backward(grad, x, axis), tensor.grad.numpy(), **tolerance)


# ---- swiglu's arguments ----

GPT_OSS = dict(gate="first", alpha=1.702, limit=7.0, offset=1.0, layout="interleaved")
VARIANTS = [GPT_OSS, dict(gate="first", limit=10.0), dict(alpha=1.702), dict(offset=1.0), dict(layout="interleaved"),
            dict(alpha=-0.5, limit=2.5, offset=-0.25), dict(limit=0.0)]
variants = pytest.mark.parametrize("options", VARIANTS, ids=map(str, VARIANTS))


def swiglu_by_numpy(x, grad, axis=-1, gate="last", alpha=1.0, limit=np.inf, offset=0.0, layout="halves"):
    """The value and the gradient with respect to x, by the definition, in the dtype of x."""
    x, grad = np.moveaxis(x, axis, -1), np.moveaxis(grad, axis, -1)
    half, dx = x.shape[-1] // 2, np.empty_like(x)
    parts = [np.s_[..., ::2], np.s_[..., 1::2]] if layout == "interleaved" else [np.s_[..., :half], np.s_[..., half:]]
    g_at, u_at = parts if gate == "first" else parts[::-1]
    limited, up = np.minimum(x[g_at], limit), np.clip(x[u_at], -limit, limit) + offset
    s = 1 / (1 + np.exp(-alpha * limited))
    dx[g_at] = np.where(x[g_at] > limit, 0, grad * up * s * (1 + alpha * limited * (1 - s)))
    dx[u_at] = np.where(abs(x[u_at]) > limit, 0, grad * limited * s)
    return np.moveaxis(limited * s * up, -1, axis), np.moveaxis(dx, -1, axis)


@variants
@pytest.mark.parametrize("shape, axis", [((5, 34), -1), ((2, 6, 7), 1), ((4, 3), 0), ((2, 6000), -1)])
def test_swiglu_by_its_definition(options, shape, axis, dtype):
    x = 3 * sample(dtype, *shape)
    grad = sample(dtype, *(n // 2 if k == axis % len(shape) else n for k, n in enumerate(shape)))
    want, dx = swiglu_by_numpy(x.astype(np.longdouble), grad.astype(np.longdouble), axis, **options)
    tolerance = 8 * np.finfo(dtype).eps
    got, back = fa.swiglu(x, axis, **options), fa.swiglu.backward(grad, x, axis, **options)
    assert got.dtype == back.dtype == dtype
    np.testing.assert_allclose(got, want.astype(dtype), rtol=tolerance, atol=tolerance / 100)
    np.testing.assert_allclose(back, dx.astype(dtype), rtol=tolerance, atol=30 * tolerance)
    y, out = np.empty_like(got), np.empty_like(x)
    assert fa.swiglu(x, axis, out=y, **options) is y and fa.swiglu.backward(grad, x, axis, out=out, **options) is out
    assert_same_bits(y, got)
    assert_same_bits(out, back)
    for change in (np.asfortranarray, lambda a: a[::-1].copy()[::-1], lambda a: a.astype(a.dtype.newbyteorder())):
        assert_same_bits(fa.swiglu(change(x), axis, **options), got)
        assert_same_bits(fa.swiglu.backward(change(grad), change(x), axis, **options), back)
    one = fa.swiglu(np.take(x, [1], 1 - axis % 2) if len(shape) == 2 else x, axis, **options)  # where it stands does not matter
    assert_same_bits(one, np.take(got, [1], 1 - axis % 2) if len(shape) == 2 else got)


@variants
def test_swiglu_in_half_types_is_rounded_once(options):
    x = 3 * sample(np.float16, 6, 30)
    grad = sample(np.float16, 6, 15)
    for half in (np.float16, pytest.importorskip("ml_dtypes").bfloat16):
        x, grad = x.astype(half), grad.astype(half)
        wide = [a.astype(np.float64) for a in (x, grad)]
        want, dx = fa.swiglu(wide[0], **options), fa.swiglu.backward(wide[1], wide[0], **options)
        got, back = fa.swiglu(x, **options), fa.swiglu.backward(grad, x, **options)
        assert got.dtype == back.dtype == half
        np.testing.assert_allclose(got.astype(float), want.astype(half).astype(float), rtol=1e-6)
        tolerance = 2.0**-7 if half is not np.float16 else 2.0**-10  # gradients round after each product
        np.testing.assert_allclose(back.astype(float), dx, rtol=tolerance, atol=1e-3)


@variants
@pytest.mark.parametrize("axis", [0, 1])
def test_swiglu_is_its_composed_operations(options, axis, dtype):
    """Bit for bit, any values, and whatever the memory that `out` shares with x."""
    x = np.random.default_rng(1).standard_normal((40, 600)).astype(dtype) * 5
    x[0, :8] = x[:8, 1] = -0.0, 0.0, np.inf, -np.inf, np.nan, 7, -7, 1e-40
    grad = np.asarray(x[:20] if axis == 0 else x[:, :300]).copy()
    gate, up = by_layout(x, axis, **options)
    limit, offset = dtype(options.get("limit", np.inf)), dtype(options.get("offset", 0))
    g, u = np.where(gate > limit, limit, gate), np.where(up > limit, limit, np.where(up < -limit, -limit, up))
    u = u + offset if offset else u
    f, parameters = (fa.swish, (options["alpha"],)) if "alpha" in options else (fa.silu, ())
    want = f.gated(g, u, *parameters)
    dgate, dup = f.gated_backward(grad, g, u, *parameters)
    dx = np.empty_like(x)
    to_gate, to_up = by_layout(dx, axis, **options)
    to_gate[...], to_up[...] = np.where(gate > limit, dtype(0), dgate), np.where(abs(up) > limit, dtype(0), dup)
    assert_same_bits(fa.swiglu(x, axis, **options), want)
    assert_same_bits(fa.swiglu.backward(grad, x, axis, **options), dx)
    shared = x.copy()
    assert_same_bits(fa.swiglu.backward(grad, shared, axis, out=shared, **options), dx)
    shared = x.copy()
    out = shared[5:25] if axis == 0 else shared[:, 100:400]
    assert_same_bits(fa.swiglu(shared, axis, out=out, **options), want)
    wide = np.empty(want.shape, np.float64)
    assert fa.swiglu(x, axis, out=wide, **options) is wide
    assert_same_bits(wide.astype(dtype), want)


def by_layout(x, axis, gate="last", layout="halves", **_):
    """The gate and the other half, as views."""
    x = np.moveaxis(x, axis, -1)
    half = x.shape[-1] // 2
    parts = (x[..., ::2], x[..., 1::2]) if layout == "interleaved" else (x[..., :half], x[..., half:])
    return [np.moveaxis(part, -1, axis) for part in (parts if gate == "first" else parts[::-1])]


def test_swiglu_beyond_its_limits(dtype):
    """The gradient is 0 there for every grad; NaN passes; at the limits it is not 0."""
    x = np.array([[7, 8, 100, np.inf, -np.inf, -9, np.nan, 1, 1, 1, 1, 1, 1, 2],
                  [1, 1, 1, 1, 1, 1, 1, 7, -7, 8, -8, np.inf, -np.inf, np.nan]], dtype).T
    options = dict(gate="first", limit=7, offset=1)
    y = fa.swiglu(x, **options)[:, 0]
    seven = 7 / (1 + np.exp(-7.0))
    np.testing.assert_allclose(y[:6], [2 * seven] * 4 + [0, 2 * -9 / (1 + np.exp(9.0))], rtol=1e-6)
    one = 1 / (1 + np.exp(-1.0))
    np.testing.assert_allclose(y[7:13], one * np.array([8, -6, 8, -6, 8, -6]), rtol=1e-6)
    assert np.isnan(y[[6, 13]]).all()
    for value in (1, np.inf, np.nan):
        dx = fa.swiglu.backward(np.full((14, 1), value, dtype), x, **options)
        assert (dx[1:4, 0] == 0).all() and (dx[9:13, 1] == 0).all()
        if value == 1:
            assert dx[0, 0] != 0 and (dx[7:9, 1] != 0).all() and np.isnan(dx[6]).all()
    step = 1e-6
    x = np.random.default_rng(0).uniform(-10, 10, (200, 2))
    grads = fa.swiglu.backward(np.ones((200, 1)), x, **options)
    for k in range(2):
        shift = step * np.eye(2)[k]
        change = (fa.swiglu(x + shift, **options) - fa.swiglu(x - shift, **options))[:, 0] / (2 * step)
        np.testing.assert_allclose(grads[:, k], change, rtol=1e-7, atol=1e-7)


@variants
def test_swiglu_in_containers(options):
    x, grad = 3 * sample(np.float64, 4, 6), sample(np.float64, 4, 3)
    want, dx = fa.swiglu(x, **options), fa.swiglu.backward(grad, x, **options)
    mask = np.zeros(x.shape, bool)
    mask[1, 0] = mask[2, 5] = True
    y = fa.swiglu(np.ma.masked_array(x, mask), **options)
    back = fa.swiglu.backward(grad, np.ma.masked_array(x, mask), **options)
    hidden = np.zeros((4, 3), bool)
    hidden[1, 0] = hidden[2, 2] = True
    np.testing.assert_array_equal(np.ma.getmaskarray(y), hidden)
    assert_same_bits(y.data[~hidden], want[~hidden])
    partner = ((1, 0, 1), (2, 5, 4)) if options.get("layout") == "interleaved" else ((1, 0, 3), (2, 5, 2))
    assert sorted(zip(*np.nonzero(np.ma.getmaskarray(back)))) == sorted((row, at) for row, *both in partner for at in both)
    assert_same_bits(back.data[~back.mask], dx[~back.mask])
    xarray = pytest.importorskip("xarray")
    labelled = fa.swiglu(xarray.DataArray(x, dims=("row", "column")), "column", **options)
    assert labelled.dims == ("row", "column")
    assert_same_bits(labelled.values, want)


def test_swiglu_with_wrong_arguments():
    x = np.ones((2, 4))
    for options, message in ((dict(layout="alternating"), "layout must be \"halves\" or \"interleaved\", not 'alternating'"),
                             (dict(limit=-1), r"fastact.swiglu: limit must be a number in \[0, inf\], got -1"),
                             (dict(limit=np.nan), "limit must be"), (dict(alpha=np.inf), "alpha must be"),
                             (dict(offset=np.nan), "offset must be"), (dict(gate="middle", limit=1), "gate must be")):
        with pytest.raises(ValueError, match=message):
            fa.swiglu(x, **options)
        with pytest.raises(ValueError, match=message.replace("swiglu:", "swiglu.backward:")):
            fa.swiglu.backward(np.ones((2, 2)), x, **options)
    with pytest.raises(TypeError, match="alpha must be"):
        fa.swiglu(x, alpha="1")
    with pytest.raises(TypeError):
        fa.glu(x, limit=7)
    assert fa.swiglu(np.ones((0, 4)), limit=1).shape == (0, 2) and fa.swiglu(np.ones((3, 0)), offset=1).shape == (3, 0)
