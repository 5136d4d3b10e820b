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
