"""Other array types, by way of the ufuncs: subclasses, masked arrays, pandas, xarray, dask."""
import numpy as np
import pytest

from axes import arrays_in, assert_same_bits, call, inputs, outputs, sample


class Metres(np.ndarray):
    pass


def test_subclasses(form):
    x = sample(np.float32, 2, 5)
    arrays = inputs(form, x)
    views = [a.view(Metres) for a in arrays]
    for result, want in zip(outputs(call(form, views)), outputs(call(form, arrays))):
        assert type(result) is Metres
        assert_same_bits(result.view(np.ndarray), want)
    assert type(outputs(call(form, views, subok=False))[0]) is np.ndarray


def test_array_ufunc_protocol(form):
    class Logged(np.lib.mixins.NDArrayOperatorsMixin):
        def __array_ufunc__(self, ufunc, method, *arguments, **keywords):
            return ufunc, method, len(arguments), keywords

    result = call(form, (Logged() for _ in range(arrays_in(form))))
    assert result == (form.ufunc, "__call__", form.ufunc.nin, {})


def test_masked_arrays(activation):
    x = np.ma.masked_array(sample(np.float32, 12), mask=np.arange(12) % 3 == 0)
    for form in (activation, activation.derivative):
        result = call(form, (x,))
        assert isinstance(result, np.ma.MaskedArray)
        np.testing.assert_array_equal(np.ma.getmaskarray(result), x.mask)
        assert_same_bits(result.compressed(), call(form, (x.compressed(),)))


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


def test_xarray(form):
    xarray = pytest.importorskip("xarray")
    arrays = inputs(form, sample(np.float64, 2, 3))
    named = (xarray.DataArray(a, dims=("time", "place"), coords={"time": [7, 8]}) for a in arrays)
    for result, want in zip(outputs(call(form, named)), outputs(call(form, arrays))):
        assert result.dims == ("time", "place") and list(result.coords["time"]) == [7, 8]
        np.testing.assert_array_equal(result.values, want)


def test_dask_stays_lazy(form):
    dask = pytest.importorskip("dask.array")
    arrays = inputs(form, sample(np.float64, 40))
    if form.ufunc.nout == 2:  # dask computes no ufunc of two outputs
        with pytest.raises(TypeError, match=form.__name__):
            call(form, map(dask.from_array, arrays))
        return
    lazy = call(form, (dask.from_array(a, chunks=16) for a in arrays))
    for result, want in zip(outputs(lazy), outputs(call(form, arrays))):
        assert isinstance(result, dask.Array)
        np.testing.assert_array_equal(result.compute(), want)
