"""float16 and ml_dtypes.bfloat16 among other types; fastact does not import ml_dtypes."""
import pickle
import subprocess
import sys

import numpy as np
import pytest

import fastact as fa
from axes import inputs, outputs
from fastact._core import ufuncs
from halves import HALVES, assert_same, at_defaults, half, ml_dtypes  # noqa: F401


# ---- types ----

@pytest.mark.contract
def test_dtype_is_kept(form, half):
    x = np.linspace(-6, 6, 97).astype(half)
    arrays = inputs(form, x)
    for change in (lambda a: a, lambda a: a[::2], lambda a: a.reshape(1, -1).T, lambda a: a[5],
                   lambda a: a[5:6].reshape(()), lambda a: a[:0]):
        for result in outputs(at_defaults(form, *map(change, arrays))):
            assert result.dtype == half and np.shape(result) == change(x).shape
    scalar = outputs(at_defaults(form, *(a[5] for a in arrays)))[0]
    assert type(scalar) is half


@pytest.mark.parametrize("other, wanted", [(np.float32, np.float32), (np.float64, np.float64), (bool, None),
                                           (np.int8, None)])
def test_mixed_dtypes(half, other, wanted):
    """As NumPy promotes: a wider float wins, small integers and booleans give way."""
    x, grad = np.linspace(-3, 3, 40).astype(half), np.arange(40).astype(other)
    for result in (fa.silu.backward(grad, x), fa.silu.backward(x, grad), fa.elu.backward(grad, x)):
        assert result.dtype == (wanted or half)
    want = fa.silu.backward(grad.astype(wanted or half), x.astype(wanted or half))
    np.testing.assert_array_equal(fa.silu.backward(grad, x), want)


def test_numbers_do_not_widen(half):
    x = np.linspace(-3, 3, 40).astype(half)
    for grad in (2, 2.0, half(2)):
        for f in (fa.silu, fa.elu):
            assert_same(f.backward(grad, x), f.backward(np.full_like(x, 2), x))
    for slope in (0.25, half(0.25), np.float32(0.25)):
        assert_same(fa.leaky_relu(x, slope), fa.leaky_relu(x, 0.25))
        assert_same(fa.leaky_relu(x, negative_slope=slope), fa.leaky_relu(x, 0.25))
    assert fa.leaky_relu(x.astype(np.float32), half(0.25)).dtype == np.float32


@pytest.mark.parametrize("dtype", [bool, np.int8, np.int16, np.int32, np.int64, np.float16])
def test_arrays_beside_bfloat16(dtype):
    """Functions of rows and the biased gradient promote as ufuncs do, where NumPy has no common dtype too."""
    x, grad = np.linspace(-3, 3, 40).astype(ml_dtypes.bfloat16), np.arange(40).astype(dtype)
    wanted = fa.silu.backward(grad, x).dtype
    for result in (fa.softmax.backward(grad, x), fa.logsumexp.backward(grad[0], x), *fa.silu.biased_backward(grad, x, x)):
        assert result.dtype == wanted
    np.testing.assert_array_equal(fa.softmax.backward(grad, x), fa.softmax.backward(grad.astype(wanted), x.astype(wanted)))


def test_a_number_too_large(half):
    with pytest.raises(OverflowError):
        fa.silu.backward(10 ** 400, np.ones(3, half))


def test_the_two_halves_meet_in_float32():
    a, b = (np.linspace(-3, 3, 40).astype(half) for half in HALVES)
    for f in (fa.silu, fa.elu):
        result = f.backward(a, b)
        assert result.dtype == np.float32
        np.testing.assert_array_equal(result, f.backward(a.astype(np.float32), b.astype(np.float32)))


def test_dtype_and_casting(half):
    x = np.linspace(-3, 3, 9_999).astype(np.float32)
    for f, arguments in ((fa.silu, ()), (fa.leaky_relu, (0.1,)), (fa.elu, ())):
        want = f(x.astype(half), *arguments)
        assert_same(f(x, *arguments, dtype=half, casting="same_kind"), want)
        assert_same(f(x.astype(half), *arguments, dtype=half), want)
        np.testing.assert_array_equal(f(x.astype(half), *arguments, dtype=np.float32),
                                      f(x.astype(half).astype(np.float32), *arguments), strict=True)
        out = np.empty(x.shape, half)
        assert f(x, *arguments, out=out) is out
        assert_same(out, f(x, *arguments).astype(half))
        out = np.empty(x.shape, np.float32)
        f(x.astype(half), *arguments, out=out)
        np.testing.assert_array_equal(out, want.astype(np.float32))


def test_other_types_are_as_before():
    """The loops for bfloat16 do not change the promotion of other types."""
    assert ufuncs.register_bfloat16_loops() == ml_dtypes.bfloat16
    for dtype in (bool, np.int8, np.uint8, np.int16, np.int32, np.int64, np.float16, np.float32, np.float64):
        x = np.array([0, 1], dtype)
        for f in (fa.silu, fa.elu, fa.leaky_relu):
            assert f(x).dtype == np.tanh(x).dtype
    for bad in (np.ones(2, complex), np.ones(2, np.longdouble), np.array(["a"]), np.array([None])):
        with pytest.raises(TypeError, match="fastact.elu"):
            fa.elu(bad)


def test_pickles(half):
    x = np.ones(3, half)
    assert_same(pickle.loads(pickle.dumps(fa.silu))(x), fa.silu(x))


# ---- ml_dtypes is optional ----

def run(program):
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_ml_dtypes_is_not_imported():
    program = """
import sys, numpy as np, fastact as fa
fa.silu(np.ones(3, np.float16)), fa.elu([1, 2]), fa.silu.ufunc(np.ones(3))
print("ml_dtypes" in sys.modules)
import ml_dtypes
x = np.ones(3, ml_dtypes.bfloat16)
for y in (fa.leaky_relu.ufunc(x, 0.1), fa.silu(x), fa.silu.ufunc(x), fa.elu(x[0]), fa.tanh([x[0]])):
    print(y.dtype)
"""
    assert run(program) == ["False", *["bfloat16"] * 5]


def test_ml_dtypes_may_come_first():
    program = """
import ml_dtypes, numpy as np
from fastact._core.ufuncs import silu
import fastact as fa
x = np.ones(3, ml_dtypes.bfloat16)
print(silu(x).dtype, fa.elu.backward(x, x).dtype)
"""
    assert run(program) == ["bfloat16"] * 2
