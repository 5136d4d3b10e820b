"""Other array types through the ufuncs: subclasses, masked arrays, pandas, xarray, dask."""
import array
import mmap

import numpy as np
import pytest

import fastact as fa
from axes import arrays_in, assert_same_bits, call, inputs, outputs, sample


class Metres(np.ndarray):
    pass


@pytest.mark.contract
def test_subclasses(form):
    x = sample(np.float32, 2, 5)
    arrays = inputs(form, x)
    views = [a.view(Metres) for a in arrays]
    for result, want in zip(outputs(call(form, views)), outputs(call(form, arrays))):
        assert type(result) is Metres
        assert_same_bits(result.view(np.ndarray), want)
    assert type(outputs(call(form, views, subok=False))[0]) is np.ndarray


@pytest.mark.contract
def test_array_ufunc_protocol(form):
    class Logged(np.lib.mixins.NDArrayOperatorsMixin):
        def __array_ufunc__(self, ufunc, method, *arguments, **keywords):
            return ufunc, method, len(arguments), keywords

    result = call(form, (Logged() for _ in range(arrays_in(form))))
    assert result == (form.ufunc, "__call__", form.ufunc.nin, {})


@pytest.mark.contract
def test_masked_arrays(activation):
    x = np.ma.masked_array(sample(np.float32, 12), mask=np.arange(12) % 3 == 0)
    for form in (activation, activation.derivative):
        result = call(form, (x,))
        assert isinstance(result, np.ma.MaskedArray)
        np.testing.assert_array_equal(np.ma.getmaskarray(result), x.mask)
        assert_same_bits(result.compressed(), call(form, (x.compressed(),)))


@pytest.mark.contract
def test_pandas(form):
    pandas = pytest.importorskip("pandas")
    x = sample(np.float64, 6)
    arrays, want = inputs(form, x), outputs(call(form, inputs(form, x)))
    index = list("abcdef")
    for result, one in zip(outputs(call(form, (pandas.Series(a, index) for a in arrays))), want):
        assert isinstance(result, pandas.Series) and list(result.index) == index
        np.testing.assert_array_equal(result.to_numpy(), one)
    frames = (pandas.DataFrame({"u": a, "v": a}, index) for a in arrays)
    for result, one in zip(outputs(call(form, frames)), want):
        assert isinstance(result, pandas.DataFrame) and list(result.columns) == ["u", "v"]
        np.testing.assert_array_equal(result["v"].to_numpy(), one)


@pytest.mark.contract
def test_xarray(form):
    xarray = pytest.importorskip("xarray")
    arrays = inputs(form, sample(np.float64, 2, 3))
    named = (xarray.DataArray(a, dims=("time", "place"), coords={"time": [7, 8]}) for a in arrays)
    for result, want in zip(outputs(call(form, named)), outputs(call(form, arrays))):
        assert result.dims == ("time", "place") and list(result.coords["time"]) == [7, 8]
        np.testing.assert_array_equal(result.values, want)


@pytest.mark.contract
def test_dask_stays_lazy(form):
    dask = pytest.importorskip("dask.array")
    arrays = inputs(form, sample(np.float64, 40))
    lazy = call(form, (dask.from_array(a, chunks=16) for a in arrays))
    for result, want in zip(outputs(lazy), outputs(call(form, arrays))):
        assert isinstance(result, dask.Array)
        np.testing.assert_array_equal(result.compute(), want)


def producers(x):
    """Objects that hold x and are no ndarray."""
    memory = mmap.mmap(-1, x.nbytes)
    memory[:] = x.tobytes()

    class Interface:
        __array_interface__ = x.__array_interface__

    class Struct:
        __array_struct__ = x.__array_struct__

    class Array:
        def __array__(self, dtype=None, copy=None):
            return np.array(x, dtype, copy=copy)

    return {"__array_interface__": Interface(), "__array_struct__": Struct(), "__array__": Array(), "memoryview": memoryview(x),
            "array.array": array.array("f", x), "mmap": memoryview(memory).cast("f"), "list": x.tolist(), "tuple": tuple(x)}


@pytest.mark.parametrize("kind", producers(np.ones(1, np.float32)))
def test_producers(kind):
    x = sample(np.float32, 8)
    held = producers(x)[kind]
    x = x if kind != "list" else x.astype(np.float64)
    for activation in fa.activations.values():
        for form in (activation, activation.derivative):
            assert_same_bits(call(form, (held,)), call(form, (x,)))
    for function in (fa.softmax, fa.log_softmax, fa.logsumexp, fa.sparsemax, fa.glu):
        assert_same_bits(function(held), function(x))
    assert_same_bits(fa.gelu.backward(held, held), fa.gelu.backward(x, x))
    assert fa.losses.mse_loss(held, np.zeros(8)) == fa.losses.mse_loss(x, np.zeros(8))


@pytest.mark.contract
def test_a_mapped_file(tmp_path, form):
    x = sample(np.float32, 40)
    np.save(tmp_path / "x.npy", x)
    for mode in ("r", "c"):  # read-only, and copied where written
        mapped = np.load(tmp_path / "x.npy", mmap_mode=mode)
        for result, want in zip(outputs(call(form, inputs(form, mapped))), outputs(call(form, inputs(form, x)))):
            assert_same_bits(np.asarray(result), want)


def test_writing_into_a_mapped_file(tmp_path):
    x = sample(np.float32, 40)
    mapped = np.memmap(tmp_path / "y", np.float32, "w+", shape=40)
    assert fa.silu(x, out=mapped) is mapped
    mapped.flush()
    assert_same_bits(np.fromfile(tmp_path / "y", np.float32), fa.silu(x))


@pytest.mark.contract
def test_nullable_pandas(activation):
    pandas = pytest.importorskip("pandas")
    x = pandas.Series([1.5, None, -2.0], list("abc"), dtype="Float32")
    result = call(activation, (x,))
    assert str(result.dtype) == "Float32" and list(result.isna()) == [False, True, False]
    assert_same_bits(result.to_numpy(np.float32, na_value=0)[[0, 2]], call(activation, (np.float32([1.5, -2.0]),)))


@pytest.mark.contract
@pytest.mark.filterwarnings("ignore:__array_wrap__ must accept:DeprecationWarning")  # torch's
def test_torch_tensors(activation):
    torch = pytest.importorskip("torch")
    x = sample(np.float32, 3, 4)
    for tensor, same in ((torch.from_numpy(x), x), (torch.from_numpy(x).T, x.T)):
        result = call(activation, (tensor,))
        assert isinstance(result, torch.Tensor)
        assert_same_bits(result.numpy(), call(activation, (same,)))


@pytest.mark.contract
def test_dask_in_xarray(activation):
    dask, xarray = pytest.importorskip("dask.array"), pytest.importorskip("xarray")
    x = sample(np.float32, 5, 6)
    result = call(activation, (xarray.DataArray(dask.from_array(x, chunks=2), dims=("time", "place")),))
    assert result.dims == ("time", "place") and isinstance(result.data, dask.Array)
    np.testing.assert_array_equal(result.values, call(activation, (x,)))


def test_networks_take_containers():
    pandas = pytest.importorskip("pandas")
    x = sample(np.float32, 6, 3)
    net = fa.MLP([3, 4, 2], random_state=0)
    for held in (pandas.DataFrame(x), memoryview(x), x.tolist(), np.asfortranarray(x)):
        assert_same_bits(net.forward(held), net.forward(x))
