"""softmax: any axis, the same bits for a row wherever it lies, infinities, dtypes, out= and errors."""
import pickle

import numpy as np
import pytest

import fastact as fa
from axes import assert_same_bits, bits


@pytest.mark.parametrize("shape", [(4,), (5, 3), (3, 40), (7, 16, 5), (2, 33, 17), (2, 3, 4, 5), (1, 64), (20, 1)])
def test_every_axis(shape, dtype, rng):
    """Along an axis, the bits of each row alone, of a transposed copy, and of a strided view."""
    x, grad = rng.normal(0, 3, (2, *shape)).astype(dtype)
    for axis in range(-len(shape), len(shape)):
        for form, arrays in ((fa.softmax, (x,)), (fa.softmax.backward, (grad, x)),
                             (fa.softmax.backward_from_output, (grad, fa.softmax(x, axis)))):
            got = form(*arrays, axis=axis)
            assert got.shape == shape and got.dtype == dtype
            want = np.empty_like(x)
            for index in np.ndindex(*np.delete(shape, axis)):
                at = list(index)
                at.insert(axis % len(shape), slice(None))
                want[tuple(at)] = form(*(a[tuple(at)].copy() for a in arrays))
            assert_same_bits(got, want, f"axis {axis} of {shape}")
            turned = form(*(np.moveaxis(a, axis, -1).copy() for a in arrays))
            assert_same_bits(np.moveaxis(turned, -1, axis), want)
            flipped = form(*(np.asfortranarray(a) for a in arrays), axis=axis)
            assert_same_bits(flipped, want)


def test_row_position(dtype, rng):
    """A row among others, at any offset in memory, gives the bits that it gives alone."""
    row = rng.normal(0, 3, 37).astype(dtype)
    alone = fa.softmax(row)
    for count in (1, 2, 5, 40):
        for at in {0, count // 2, count - 1}:
            block = rng.normal(0, 3, (count, 37)).astype(dtype)
            block[at] = row
            assert_same_bits(fa.softmax(block)[at], alone)
            assert_same_bits(fa.softmax(np.ascontiguousarray(block.T), axis=0)[:, at], alone)
    for offset in range(17):
        line = np.zeros(64, dtype)
        line[offset:offset + 37] = row
        assert_same_bits(fa.softmax(line[offset:offset + 37]), alone)


@pytest.mark.parametrize("shape, axis", [((4096, 100), 1), ((100, 4096), 0), ((3, 200_000), 1), ((2, 300, 700), 1),
                                         ((1, 500_000), 1), ((300_000, 3), 1), ((3, 300_000), 0)])
def test_threads(shape, axis, dtype, rng):
    x, grad = rng.normal(0, 3, (2, *shape)).astype(dtype)
    results = []
    for threads in (1, 2, 3):
        with fa.num_threads(threads):
            y = fa.softmax(x, axis)
            results.append((y, fa.softmax.backward(grad, x, axis), fa.softmax.backward_from_output(grad, y, axis)))
    for other in results[1:]:
        assert_same_bits(other, results[0])


def test_infinities_and_nan(dtype):
    inf, nan = np.inf, np.nan
    assert_same_bits(fa.softmax(np.array([0, -inf], dtype)), np.array([1, 0], dtype))
    assert_same_bits(fa.softmax(np.array([-inf, 7, -inf, 7], dtype)), np.array([0, 0.5, 0, 0.5], dtype))
    for n in (1, 2, 3, 15, 16, 17, 33, 50):
        for at in range(n):
            for value in (nan, inf):
                row = np.zeros(n, dtype)
                row[at] = value
                assert np.isnan(fa.softmax(row)).all(), (n, at, value)
                block = np.zeros((3, n, 2), dtype)
                block[1, at, 1] = value
                got = np.isnan(fa.softmax(block, axis=1))
                assert got[1, :, 1].all() and got.sum() == n, (n, at, value)
            row = np.full(n, -inf, dtype)
            row[at] = -4
            want = np.zeros(n, dtype)
            want[at] = 1
            assert_same_bits(fa.softmax(row), want)
        assert np.isnan(fa.softmax(np.full(n, -inf, dtype))).all()
    largest = np.finfo(dtype).max
    assert_same_bits(fa.softmax(np.array([largest, -largest, largest], dtype)), np.array([0.5, 0, 0.5], dtype))


def test_shapes_and_dtypes():
    assert fa.softmax(3.0) == 1.0 and isinstance(fa.softmax(np.float32(3)), np.float32)
    assert fa.softmax(np.array(3.0)).shape == ()
    for shape, axis in (((0,), 0), ((0, 3), 0), ((0, 3), 1), ((3, 0), 1), ((3, 0), 0), ((2, 0, 3), 1)):
        for form in (fa.softmax, lambda a, axis: fa.softmax.backward(a, a, axis)):
            got = form(np.zeros(shape, np.float32), axis)
            assert got.shape == shape and got.dtype == np.float32
    for dtype in (bool, np.int8, np.uint8, np.int16, np.uint16, np.int32, np.int64, np.uint64, np.float16, ">f4", ">f8"):
        got = fa.softmax(np.array([0, 1, 1], dtype))
        assert got.dtype == np.tanh(np.zeros(1, dtype)).dtype, dtype
        np.testing.assert_allclose(got, np.array([1, np.e, np.e]) / (1 + 2 * np.e), rtol=1e-3)
    np.testing.assert_array_equal(fa.softmax([[0, 0], [0, 0]]), [[0.5, 0.5], [0.5, 0.5]])


def test_half_precision(rng):
    """Computed in float32 and rounded once."""
    x = rng.normal(0, 4, (50, 33)).astype(np.float16)
    for axis in (0, 1):
        assert_same_bits(fa.softmax(x, axis), fa.softmax(x.astype(np.float32), axis).astype(np.float16))


def test_out(dtype, rng):
    x, grad = rng.normal(0, 3, (2, 9, 21)).astype(dtype)
    for axis in (0, 1):
        y = fa.softmax(x, axis)
        dx = fa.softmax.backward(grad, x, axis)
        for form, arrays, want in ((fa.softmax, (x,), y), (fa.softmax.backward, (grad, x), dx),
                                   (fa.softmax.backward_from_output, (grad, y),
                                    fa.softmax.backward_from_output(grad, y, axis))):
            out = np.full_like(x, 7)
            assert form(*arrays, axis=axis, out=out) is out
            assert_same_bits(out, want)
            for which in range(len(arrays)):  # in place of each argument
                copies = [a.copy() for a in arrays]
                assert form(*copies, axis=axis, out=copies[which]) is copies[which]
                assert_same_bits(copies[which], want, f"in place of argument {which}")
            spread = np.full((9, 42), 7, dtype)
            form(*arrays, axis=axis, out=spread[:, ::2])
            assert_same_bits(spread[:, ::2].copy(), want)
            assert (spread[:, 1::2] == 7).all()
            form(*arrays, axis=axis, out=np.asfortranarray(out))
    line = rng.normal(0, 3, 40).astype(dtype)
    want = fa.softmax(line[:-1].copy())
    fa.softmax(line[:-1], out=line[1:])
    assert_same_bits(line[1:], want)
    read_only = x.copy()
    read_only.flags.writeable = False
    assert_same_bits(fa.softmax(read_only), fa.softmax(x))


@pytest.mark.parametrize("dtype", [complex, np.longdouble, object, str])
def test_refused_dtypes(dtype):
    x = np.array([1, 2, 3]).astype(dtype)
    for call in (lambda: fa.softmax(x), lambda: fa.softmax.backward(x, x)):
        with pytest.raises(TypeError, match=r"softmax.*(complex|longdouble|float128|object|<U)"):
            call()


def test_errors_name_the_function():
    x = np.ones((2, 3), np.float32)
    frozen, wrong = np.zeros_like(x), np.full((3, 2), 7, np.float32)
    frozen.flags.writeable = False
    whole = np.full((2, 3), 7)
    for error, pattern, call in (
            (np.exceptions.AxisError, "axis 2", lambda: fa.softmax(x, axis=2)),
            (np.exceptions.AxisError, "axis 1", lambda: fa.softmax(np.float32(1), axis=1)),
            (ValueError, "softmax.*read-only", lambda: fa.softmax(x, out=frozen)),
            (ValueError, "softmax.*shape", lambda: fa.softmax(x, out=wrong)),
            (TypeError, "softmax.*int", lambda: fa.softmax(x, out=whole)),
            (ValueError, "softmax.backward.*shape", lambda: fa.softmax.backward(x, x.T)),
            (ValueError, "softmax.backward_from_output.*shape", lambda: fa.softmax.backward_from_output(x, x[0])),
            (TypeError, "temperatures", lambda: fa.softmax(x, temperatures=2))):
        with pytest.raises(error, match=pattern):
            call()
    assert (frozen == 0).all() and (wrong == 7).all() and (whole == 7).all()


def test_object():
    assert pickle.loads(pickle.dumps(fa.softmax)) is fa.softmax
    assert "softmax" in repr(fa.softmax) and "axis" in fa.softmax.__doc__
    assert bits(fa.softmax(np.float64(2))) == bits(np.float64(1))
