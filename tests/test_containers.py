"""Functions of rows and DLPack: containers of other libraries, handed back as what they are."""
import numpy as np
import pytest

import fastact as fa
from axes import assert_same_bits, call, inputs, outputs, sample


class Metres(np.ndarray):
    pass


class OnlyDlpack:
    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **keywords):
        return self.array.__dlpack__(**keywords)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


def test_dlpack(form):
    arrays = inputs(form, sample(np.float32, 2, 5))
    for result, want in zip(outputs(call(form, map(OnlyDlpack, arrays))), outputs(call(form, arrays))):
        assert type(result) is np.ndarray
        assert_same_bits(result, want)


OF_ROWS = [fa.softmax, fa.log_softmax, fa.softmin, fa.sparsemax, fa.hardmax]


def test_dlpack_of_rows():
    x = sample(np.float32, 4, 6)
    for function in (*OF_ROWS, fa.logsumexp, fa.glu, fa.swiglu):
        assert_same_bits(function(OnlyDlpack(x)), function(x))
    assert_same_bits(fa.softmax.backward(OnlyDlpack(x), OnlyDlpack(x)), fa.softmax.backward(x, x))
    assert_same_bits(fa.gelu.biased_backward(*map(OnlyDlpack, (x, x, x[0]))), fa.gelu.biased_backward(x, x, x[0]))


@pytest.mark.parametrize("function", OF_ROWS, ids=lambda function: function.name)
def test_containers_of_rows(function):
    pandas, xarray = pytest.importorskip("pandas"), pytest.importorskip("xarray")
    x = sample(np.float64, 3, 4)
    frame = function(pandas.DataFrame(x, list("abc"), list("uvwx")), axis=0)
    assert list(frame.index) == list("abc") and list(frame.columns) == list("uvwx")
    np.testing.assert_array_equal(frame.to_numpy(), function(x, axis=0))
    series = function(pandas.Series(x[0], list("abcd")))
    assert list(series.index) == list("abcd")
    named = xarray.DataArray(x, dims=("time", "place"), coords={"time": [7, 8, 9]})
    for axis, number in (("time", 0), ("place", 1), (-1, 1)):
        result = function(named, axis=axis)
        assert result.dims == ("time", "place") and list(result.coords["time"]) == [7, 8, 9]
        np.testing.assert_array_equal(result.values, function(x, axis=number))
    assert type(function(x.view(Metres))) is Metres


def test_backward_of_rows_keeps_the_container():
    pandas = pytest.importorskip("pandas")
    x = sample(np.float64, 5)
    result = fa.softmax.backward(np.ones(5), pandas.Series(x, list("abcde")))
    assert list(result.index) == list("abcde")
    np.testing.assert_array_equal(result, fa.softmax.backward(np.ones(5), x))


@pytest.mark.parametrize("function", OF_ROWS, ids=lambda function: function.name)
def test_masked_arrays_of_rows(function):
    x, hidden = sample(np.float32, 4, 6), np.arange(24).reshape(4, 6) % 5 == 0
    result = function(np.ma.masked_array(x, hidden))
    assert isinstance(result, np.ma.MaskedArray)
    np.testing.assert_array_equal(result.mask, hidden)
    np.testing.assert_array_equal(result.data, function(x, mask=~hidden))
    half = np.arange(6) < 3
    np.testing.assert_array_equal(function(np.ma.masked_array(x, hidden), mask=half).data, function(x, mask=~hidden & half))
    np.testing.assert_array_equal(fa.logsumexp(np.ma.masked_array(x, hidden), axis=0), fa.logsumexp(x, axis=0, mask=~hidden))


@pytest.mark.parametrize("axis", [0, 1, -1, (0, 2), None])
@pytest.mark.parametrize("function", OF_ROWS, ids=lambda function: function.name)
def test_dask_of_rows_stays_lazy(function, axis):
    dask = pytest.importorskip("dask.array")
    x, mask = sample(np.float32, 5, 6, 4), np.arange(6)[:, None] > 2
    lazy = dask.from_array(x, chunks=(2, 3, 4))
    for keywords in ({}, {"mask": mask}):
        result = function(lazy, axis=axis, **keywords)
        assert isinstance(result, dask.Array) and result.dtype == x.dtype and result.shape == x.shape
        np.testing.assert_array_equal(result.compute(scheduler="sync"), function(x, axis=axis, **keywords))
    with pytest.raises(TypeError, match="can be no out"):
        function(lazy, axis=axis, out=np.empty_like(x))


def test_dask_gradients_of_rows():
    dask = pytest.importorskip("dask.array")
    x, grad = sample(np.float32, 5, 6), sample(np.float32, 7, 6)[2:]
    lazy = dask.from_array(x, chunks=2)
    for function in (fa.softmax, fa.log_softmax):
        for form in (function.backward, function.backward_from_output):
            result = form(grad, lazy, axis=0)
            assert isinstance(result, dask.Array)
            np.testing.assert_array_equal(result.compute(scheduler="sync"), form(grad, x, axis=0))


@pytest.mark.parametrize("axis", [0, -1, None])
@pytest.mark.parametrize("keepdims", [False, True])
def test_dask_logsumexp(axis, keepdims):
    dask = pytest.importorskip("dask.array")
    x = sample(np.float32, 5, 6)
    lazy, want = dask.from_array(x, chunks=2), fa.logsumexp(x, axis, keepdims)
    result = fa.logsumexp(lazy, axis, keepdims)
    assert isinstance(result, dask.Array) and result.shape == np.shape(want) and result.dtype == x.dtype
    np.testing.assert_array_equal(result.compute(scheduler="sync"), want)
    back = fa.logsumexp.backward(want, lazy, axis, keepdims)
    np.testing.assert_array_equal(back.compute(scheduler="sync"), fa.logsumexp.backward(want, x, axis, keepdims))


def test_dask_of_rows_travels():
    """What a block is computed by must reach other processes, where the array was made here."""
    dask, cloudpickle = pytest.importorskip("dask.array"), pytest.importorskip("cloudpickle")
    x = sample(np.float32, 5, 6)
    lazy = dask.from_array(x, chunks=2)
    for function in (*OF_ROWS, fa.logsumexp):
        backward = [] if function is fa.hardmax else [(function.backward, function(lazy, axis=1), lazy)]
        for form, *arrays in [(function, lazy), *backward]:
            result = cloudpickle.loads(cloudpickle.dumps(form(*arrays, axis=1)))
            want = form(*(array.compute(scheduler="sync") for array in arrays), axis=1)
            np.testing.assert_array_equal(result.compute(scheduler="sync"), want)


def test_dask_in_xarray_stays_lazy():
    dask, xarray = pytest.importorskip("dask.array"), pytest.importorskip("xarray")
    x = sample(np.float32, 5, 6)
    named = xarray.DataArray(dask.from_array(x, chunks=2), dims=("time", "place"))
    result = fa.softmax(named, axis="time")
    assert isinstance(result.data, dask.Array)
    np.testing.assert_array_equal(result.values, fa.softmax(x, axis=0))


UNITS = [fa.glu, fa.reglu, fa.geglu, fa.swiglu]


@pytest.mark.parametrize("axis, gate", [(0, "last"), (-1, "first"), (1, "last")])
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_dask_of_gated_units_stays_lazy(unit, axis, gate):
    dask = pytest.importorskip("dask.array")
    x = sample(np.float32, 8, 6)
    lazy, want = dask.from_array(x, (3, 2)), unit(x, axis, gate)
    result = unit(lazy, axis=axis, gate=gate)
    assert isinstance(result, dask.Array) and result.shape == want.shape and result.dtype == want.dtype
    assert_same_bits(result.compute(), want)
    grad = dask.from_array(want, 2)
    for given in (grad, want):
        result = unit.backward(given, lazy, axis=axis, gate=gate)
        assert isinstance(result, dask.Array) and result.shape == x.shape
        assert_same_bits(result.compute(), unit.backward(want, x, axis, gate))


def test_dask_of_gated_units_raises_at_once():
    dask = pytest.importorskip("dask.array")
    with pytest.raises(ValueError, match=r"even size along axis 1.*\(3, 5\)"):
        fa.swiglu(dask.ones((3, 5)))
    with pytest.raises(ValueError, match="gate must be"):
        fa.swiglu(dask.ones((3, 4)), gate="both")
    with pytest.raises(TypeError, match="complex128"):
        fa.swiglu(dask.ones((3, 4), dtype=complex))
    with pytest.raises(TypeError, match="no out"):
        fa.swiglu(dask.ones((3, 4)), out=np.ones((3, 2)))
    with pytest.raises(ValueError, match=r"\(3, 2\), not \(3, 4\)"):
        fa.swiglu.backward(dask.ones((3, 4)), dask.ones((3, 4)))


@pytest.mark.parametrize("chunks", [None, 2])
def test_xarray_of_gated_units(chunks):
    xarray = pytest.importorskip("xarray")
    x = sample(np.float64, 3, 4)
    named = xarray.DataArray(x, dims=("time", "place"), coords={"time": [7, 8, 9], "place": list("uvwx")}, name="speed")
    if chunks:
        pytest.importorskip("dask")
        named = named.chunk(chunks)
    result = fa.swiglu(named, axis="place")
    assert result.dims == ("time", "place") and result.name == "speed" and list(result.coords["time"]) == [7, 8, 9]
    assert "place" not in result.coords and bool(result.chunks) == bool(chunks)
    assert_same_bits(result.values, fa.swiglu(x))
    slope = fa.swiglu.backward(result, named, axis=-1)
    assert list(slope.coords["place"]) == list("uvwx")
    assert_same_bits(slope.values, fa.swiglu.backward(fa.swiglu(x), x))


def test_dask_of_forms_with_two_results_stays_lazy():
    dask = pytest.importorskip("dask.array")
    x = sample(np.float32, 6, 4)
    lazy, other = dask.from_array(x, (2, 3)), dask.from_array(x[::-1], 3)
    for form, arguments, plain in (
            (fa.silu.value_and_derivative, (lazy,), (x,)), (fa.elu.value_and_derivative, (lazy, 0.5), (x, 0.5)),
            (fa.silu.gated_backward, (lazy, x, other), (x, x, x[::-1])),
            (fa.gelu.gated_backward, (lazy, other, x[0]), (x, x[::-1], x[0]))):
        for result, want in zip(form(*arguments), form(*plain), strict=True):
            assert isinstance(result, dask.Array) and result.dtype == want.dtype
            assert_same_bits(result.compute(), want)
    with pytest.raises(TypeError, match="value_and_derivative"):
        fa.silu.value_and_derivative(lazy, out=(np.empty_like(x), np.empty_like(x)))


@pytest.mark.parametrize("shape", [(4,), (1,), (6, 1), (6, 4)])
def test_dask_of_bias_gradients_stays_lazy(shape):
    dask = pytest.importorskip("dask.array")
    x, grad, bias = sample(np.float32, 6, 4), sample(np.float32, 6, 4)[::-1], np.linspace(-1, 1, int(np.prod(shape)))
    bias = bias.reshape(shape).astype(np.float32)
    dx, dbias = fa.silu.biased_backward(dask.from_array(grad, 3), dask.from_array(x, 2), bias)
    assert isinstance(dx, dask.Array) and isinstance(dbias, dask.Array)
    want = fa.silu.biased_backward(grad, x, bias)
    assert_same_bits(dx.compute(), want[0])
    assert dbias.dtype == np.float32 and dbias.shape == want[1].shape
    np.testing.assert_allclose(dbias.compute(), want[1], rtol=1e-6, atol=1e-6)


def test_xarray_of_two_results_and_of_numbers_for_rows():
    xarray = pytest.importorskip("xarray")
    x = sample(np.float64, 3, 4)
    named = xarray.DataArray(x, dims=("time", "place"), coords={"time": [7, 8, 9], "place": list("uvwx")}, name="speed")
    pytest.importorskip("dask")
    for array in (named, named.chunk(2)):
        for result, want in zip(fa.silu.value_and_derivative(array), fa.silu.value_and_derivative(x), strict=True):
            assert result.dims == named.dims and result.chunks == array.chunks
            assert_same_bits(result.values, want)
        sums = fa.logsumexp(array, axis="place")
        assert sums.dims == ("time",) and [*sums.coords] == ["time"] and sums.name == "speed"
        np.testing.assert_array_equal(sums.values, fa.logsumexp(x, axis=1))
        assert fa.logsumexp(array).dims == () and fa.logsumexp(array, axis=0, keepdims=True).dims == ("time", "place")
    both = fa.softmax(xarray.Dataset({"u": named, "v": 2 * named}), axis="time")
    np.testing.assert_array_equal(both.v.values, fa.softmax(2 * x, axis=0))


def test_masked_arrays_of_gated_units():
    """A result is hidden where either of its halves is, a gradient where x is."""
    x = np.ma.masked_array(sample(np.float64, 3, 4), [[1, 0, 0, 0], [0, 0, 0, 1], [0, 1, 0, 0]])
    result = fa.swiglu(x)
    assert result.mask.tolist() == [[True, False], [False, True], [False, True]]
    np.testing.assert_array_equal(result.data, fa.swiglu(x.data))
    slope = fa.swiglu.backward(result, x)
    np.testing.assert_array_equal(slope.mask, x.mask)
    np.testing.assert_array_equal(slope.data, fa.swiglu.backward(result.data, x.data))
