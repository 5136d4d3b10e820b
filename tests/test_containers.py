"""Functions of rows and DLPack: containers of other libraries, which come back as what they were."""
import numpy as np
import pytest

import fastact as fa
from axes import ALL_FORMS, arrays_in, assert_same_bits, call, inputs, outputs, sample


class Metres(np.ndarray):
    pass


class OnlyDlpack:
    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **keywords):
        return self.array.__dlpack__(**keywords)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


@pytest.mark.contract
def test_dlpack(form):
    arrays = inputs(form, sample(np.float32, 2, 5))
    for result, want in zip(outputs(call(form, map(OnlyDlpack, arrays))), outputs(call(form, arrays))):
        assert type(result) is np.ndarray
        assert_same_bits(result, want)


OF_ROWS = [fa.softmax, fa.log_softmax, fa.softmin, fa.sparsemax, fa.entmax15, fa.hardmax]


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


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_masked_arrays_of_gated_units(unit):
    """A result is hidden where either of its halves is, and gradients are those of the activation's gated_backward."""
    x = np.ma.masked_array(sample(np.float64, 3, 4), [[1, 0, 0, 0], [0, 0, 0, 1], [0, 1, 0, 0]])
    result = unit(x)
    assert result.mask.tolist() == [[True, False], [False, True], [False, True]]
    np.testing.assert_array_equal(result.data, unit(x.data))
    slope, (db, da) = unit.backward(result, x), unit.activation.gated_backward(result, x[:, 2:], x[:, :2])
    for got, want in ((slope[:, :2], da), (slope[:, 2:], db)):
        np.testing.assert_array_equal(got.mask, want.mask)
        np.testing.assert_array_equal(got.filled(0), want.filled(0))


# ---- labels ----

def shuffled(array):
    """The same labelled values: dimensions and labels in another order."""
    rng = np.random.default_rng(3)
    return array.isel({d: rng.permutation(array.sizes[d]) for d in array.indexes}).transpose(*array.dims[::-1])


def labelled(xarray, seed=0):
    values = np.random.default_rng(seed).normal(0, 3, (3, 4))
    return xarray.DataArray(values, dims=("row", "k"), coords={"row": list("abc"), "k": [3, 1, 2, 0]}, name="speed")


@pytest.mark.parametrize("axis, number", [("k", 1), ("row", 0), (("k", "row"), (0, 1)), (None, None), (-1, -1)])
@pytest.mark.parametrize("function", OF_ROWS[:-1], ids=lambda function: function.name)
def test_xarray_of_rows_is_aligned_by_names(function, axis, number):
    xarray = pytest.importorskip("xarray")
    x, grad = labelled(xarray), labelled(xarray, 1)
    y = function(x, axis=axis)
    for form, given, want in ((function.backward, x, function.backward(grad.values, x.values, number)),
                              (function.backward_from_output, y, function.backward_from_output(grad.values, y.values, number))):
        for one in (grad, shuffled(grad), grad.values):
            result = form(one, given, axis=axis)
            assert result.identical(x.copy(data=want))
        out = np.empty(x.shape)
        assert form(shuffled(grad), given, axis=axis, out=out) is out
        np.testing.assert_array_equal(out, want)
    for mask in (x > 0, x.isel(row=0, drop=True) > 0, x.isel(k=0, drop=True) < 0):
        plain = np.broadcast_to(mask.values[:, None] if mask.dims == ("row",) else mask.values, x.shape)
        np.testing.assert_array_equal(function(x, axis=axis, mask=shuffled(mask)), function(x.values, number, mask=plain))


def test_xarray_of_a_grad_that_lacks_a_dimension():
    xarray = pytest.importorskip("xarray")
    x = labelled(xarray)
    grad = x.isel(row=0, drop=True)
    assert fa.softmax.backward(grad, x, axis="k").equals(fa.softmax.backward(np.tile(grad.values, (3, 1)), x, axis="k"))
    more = fa.softmax.backward(x, grad, axis="k")  # a gradient for each row
    assert more.dims == ("row", "k")
    np.testing.assert_array_equal(more, fa.softmax.backward(x.values, np.tile(grad.values, (3, 1))))


@pytest.mark.parametrize("axis", ["k", "row", ("row", "k"), None])
@pytest.mark.parametrize("keepdims", [False, True])
def test_xarray_logsumexp_backward_is_aligned(axis, keepdims):
    xarray = pytest.importorskip("xarray")
    x = labelled(xarray)
    grad = fa.logsumexp(x, axis=axis, keepdims=keepdims)
    want = fa.logsumexp.backward(grad.values, x, axis=axis)
    for keep in (False, True):
        assert fa.logsumexp.backward(shuffled(grad), x, axis=axis, keepdims=keep).identical(want)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_xarray_gradients_of_gated_units_are_aligned(unit):
    xarray = pytest.importorskip("xarray")
    x = labelled(xarray)
    grad = unit(x, axis="k")
    assert unit.backward(shuffled(grad), x, axis="k").identical(unit.backward(grad.values, x, axis="k"))
    out = np.empty(grad.shape)
    assert unit(x, axis="k", out=out) is out and (out == grad).all()


@pytest.mark.parametrize("along", ["row", "k"])
def test_xarray_bias_gradients_are_aligned(along):
    xarray = pytest.importorskip("xarray")
    x, grad = labelled(xarray), labelled(xarray, 1)
    bias = x.isel({"k" if along == "row" else "row": 1}, drop=True)
    plain = bias.values[:, None] if along == "row" else bias.values
    want = fa.silu.biased_backward(grad.values, x.values, plain)
    given = shuffled(bias)
    dx, dbias = fa.silu.biased_backward(shuffled(grad), x, given)
    assert dx.identical(x.copy(data=want[0]))
    np.testing.assert_array_equal(dbias[along], given[along])
    np.testing.assert_array_equal(dbias.sel({along: bias[along]}), want[1].ravel())
    assert fa.silu.biased(x, given).transpose(*x.dims).equals(x.copy(data=fa.silu.biased(x.values, plain)))


def test_xarray_partial_overlap():
    """Rows that one argument lacks are dropped as by xarray's operators; elements of a row must all be there."""
    xarray = pytest.importorskip("xarray")
    x, grad = labelled(xarray), labelled(xarray, 1).sel(row=["c", "a"])
    both = ["a", "c"]
    assert fa.softmax.backward(grad, x, axis="k").equals(fa.softmax.backward(grad.sel(row=both), x.sel(row=both), axis="k"))
    with xarray.set_options(arithmetic_join="exact"), pytest.raises(ValueError, match="softmax.backward"):
        fa.softmax.backward(grad, x, axis="k")
    for call in (lambda: fa.softmax.backward(grad, x, axis="row"), lambda: fa.softmax(x, axis="row", mask=grad > 0),
                 lambda: fa.silu.biased_backward(grad, x, np.ones(4)), lambda: fa.losses.mse_loss(x, grad)):
        with pytest.raises(ValueError, match="labels along 'row'"):
            call()


def test_xarray_messages():
    xarray = pytest.importorskip("xarray")
    x = labelled(xarray)
    for axis in ("time", ("k", "time")):
        with pytest.raises(ValueError, match="softmax: x has no dimension 'time', it has 'row', 'k'"):
            fa.softmax(x, axis=axis)
    with pytest.raises(ValueError, match="twice"):
        fa.softmax(x, axis=("k", 1))
    with pytest.raises(ValueError, match=r"softmax: out must be an array of shape \(3, 4\), got DataArray"):
        fa.softmax(x, axis="k", out=x.copy())
    with pytest.raises(ValueError, match="grad has dimensions"):
        fa.logsumexp.backward(x, x, axis="k")
    with pytest.raises(ValueError, match="target has dimensions"):
        fa.losses.cross_entropy(x.T, xarray.DataArray([0, 1, 0], dims="row"))
    with pytest.raises(TypeError, match="softmax.jacobian takes no Dataset"):
        fa.softmax.jacobian(xarray.Dataset({"u": x}), axis="k")
    for function in (fa.softmax, fa.logsumexp, fa.swiglu):
        with pytest.raises(TypeError, match=f"fastact.{function.name}: axis must be an integer.*got 'k'"):
            function(x.values, axis="k")


def test_xarray_of_no_elements_and_of_a_number():
    xarray = pytest.importorskip("xarray")
    for shape in ((0, 4), (3, 0)):
        x = np.empty(shape)
        for axis, name in enumerate(("row", "k")):
            for function in (*OF_ROWS, fa.logsumexp, fa.swiglu):
                result = function(xarray.DataArray(x, dims=("row", "k")), axis=name) if x.shape[axis] % 2 == 0 else x
                want = function(x, axis=axis) if x.shape[axis] % 2 == 0 else x
                np.testing.assert_array_equal(np.asarray(result), want, strict=True)
    for axis in (-1, None):
        assert fa.softmax(xarray.DataArray(2.0), axis=axis) == 1 and fa.logsumexp(xarray.DataArray(2.0), axis=axis) == 2


def test_xarray_leaves_out_coordinates_along_a_reduced_axis():
    xarray = pytest.importorskip("xarray")
    x = labelled(xarray)
    x = x.assign_coords(place=(("row", "k"), x.values), height=("row", [1.0, 2.0, 3.0]))
    assert set(fa.logsumexp(x, axis="k").coords) == set(x.sum("k").coords)  # no value of the first element of each row
    assert set(fa.swiglu(x, axis="k").coords) == set(x.sum("k").coords)
    assert set(fa.softmax(x, axis="k").coords) == set(x.coords)


def test_xarray_datasets_and_variables():
    xarray = pytest.importorskip("xarray")
    x, grad = labelled(xarray), labelled(xarray, 1)
    both, gradients = xarray.Dataset({"u": x, "v": 2 * x}), xarray.Dataset({"v": shuffled(grad), "u": grad})
    result = fa.softmax.backward(gradients, both, axis="k")
    for name in "uv":
        np.testing.assert_array_equal(result[name], fa.softmax.backward(grad.values, both[name].values))
    with pytest.raises(ValueError, match="different variables"):
        fa.softmax.backward(gradients[["u"]], both)
    assert fa.softmax.backward(grad.variable.T, x.variable, axis="k").equals(fa.softmax.backward(grad, x, axis="k").variable)


def test_xarray_of_dask_is_aligned_and_lazy():
    xarray = pytest.importorskip("xarray")
    pytest.importorskip("dask.array")
    x, grad = labelled(xarray), labelled(xarray, 1)
    lazy, h = x.chunk(2), fa.swiglu(x, axis="k")
    for result, want in ((fa.softmax.backward(shuffled(grad), lazy, axis="k"), fa.softmax.backward(grad, x, axis="k")),
                         (fa.softmax(lazy, axis="row", mask=shuffled(x > 0)), fa.softmax(x, axis="row", mask=x > 0)),
                         (fa.swiglu.backward(shuffled(h), lazy, axis="k"), fa.swiglu.backward(h, x, axis="k")),
                         (fa.silu.biased_backward(grad, lazy, shuffled(x[0]))[0], fa.silu.biased_backward(grad, x, x[0])[0])):
        assert result.chunks is not None
        np.testing.assert_array_equal(result, want)


@pytest.mark.parametrize("axis", [0, 1, None])
@pytest.mark.parametrize("function", OF_ROWS[:-1], ids=lambda function: function.name)
def test_pandas_of_rows_is_aligned(function, axis):
    pandas = pytest.importorskip("pandas")
    x, grad = sample(np.float64, 3, 4), sample(np.float64, 4, 4)[1:]
    frame, other = (pandas.DataFrame(a, list("abc"), list("uvwx")) for a in (x, grad))
    given = other.iloc[::-1, [2, 0, 3, 1]]
    want = pandas.DataFrame(function.backward(grad, x, axis), frame.index, frame.columns)
    pandas.testing.assert_frame_equal(function.backward(given, frame, axis), want)
    pandas.testing.assert_frame_equal(function(frame, axis, mask=(given < 0)), function(frame, axis, mask=grad < 0))
    series = function.backward(given["u"], frame["u"])
    assert list(series.index) == list("abc") and series.name == "u"
    np.testing.assert_array_equal(series, function.backward(grad[:, 0].copy(), x[:, 0].copy()))
    with pytest.raises(ValueError, match="labels along"):
        function.backward(given["u"][:2], frame["u"])


def test_pandas_of_numbers_for_rows_of_units_and_of_a_bias():
    pandas = pytest.importorskip("pandas")
    x = sample(np.float64, 3, 4)
    frame = pandas.DataFrame(x, list("abc"), list("uvwx"))
    for axis, labels in ((1, "abc"), (0, "uvwx")):
        sums = fa.logsumexp(frame, axis)
        pandas.testing.assert_series_equal(sums, pandas.Series(fa.logsumexp(x, axis), list(labels)))
        want = pandas.DataFrame(fa.logsumexp.backward(sums.to_numpy(), x, axis), frame.index, frame.columns)
        pandas.testing.assert_frame_equal(fa.logsumexp.backward(sums[::-1], frame, axis), want)
    half = fa.swiglu(frame)
    assert list(half.index) == list("abc") and half.shape == (3, 2)
    pandas.testing.assert_frame_equal(fa.swiglu.backward(half[::-1], frame), fa.swiglu.backward(half.to_numpy(), frame))
    bias = pandas.Series([1.0, 2, 3, 4], list("xwvu"), name="bias")
    plain = np.array([4.0, 3, 2, 1])
    for got, want in zip(fa.silu.biased_backward(frame[::-1], frame, bias), fa.silu.biased_backward(x, x, plain)):
        np.testing.assert_array_equal(got if got.ndim == 2 else got[::-1], want)
    assert fa.silu.biased(frame, bias).equals(fa.silu.biased(frame, plain))
    repeated = pandas.Series(x[0], list("aabc"))
    assert list(fa.softmax.backward(repeated, repeated).index) == list("aabc")
    with pytest.raises(ValueError, match="labels"):
        fa.softmax.backward(repeated[::-1], repeated)


@pytest.mark.parametrize("dtype", ["Float32", "Int64", "boolean", "double[pyarrow]", "int64[pyarrow]", "bool[pyarrow]"])
def test_nullable_pandas_of_rows(dtype):
    """NA is NaN."""
    pandas = pytest.importorskip("pandas")
    if "pyarrow" in dtype:
        pytest.importorskip("pyarrow")
    x = pandas.Series([1, 0, None, 1], dtype=dtype)
    full, some = x[[0, 1, 3]], pandas.DataFrame({"u": x, "v": x[[1, 1, 1, 1]].set_axis(x.index)})
    plain = full.to_numpy().astype({"Float32": "f4", "boolean": "?", "bool[pyarrow]": "?"}.get(dtype, "f8"))
    for function in (fa.softmax, fa.hardmax):
        assert_same_bits(function(full).to_numpy(), function(plain))
        assert function(x).isna().all() and list(function(some, axis=1).isna().all(axis=1)) == [False, False, True, False]
    assert_same_bits(fa.logsumexp(full), fa.logsumexp(plain))
    assert fa.swiglu(some).isna().to_numpy().ravel().tolist() == [False, False, True, False]
    assert fa.losses.mse_loss(full, [0, 0, 0]) == fa.losses.mse_loss(plain, [0, 0, 0])
    assert np.isnan(fa.losses.mse_loss(x, np.zeros(4)))


# ---- masked arrays ----

def with_nan(values, hidden):
    """A masked array with NaN under its mask, which shows wherever a masked value is used."""
    return np.ma.masked_array(np.where(hidden, values.dtype.type(np.nan), values), hidden)


HIDDEN = (np.arange(24).reshape(4, 6) % 5 == 0) | (np.arange(4) == 2)[:, None]


@pytest.mark.parametrize("dtype", [np.float64, np.float16, "bfloat16"])
@pytest.mark.parametrize("function", OF_ROWS, ids=lambda function: function.name)
def test_masked_entries_are_absent_from_rows(function, dtype):
    dtype = pytest.importorskip("ml_dtypes").bfloat16 if dtype == "bfloat16" else dtype
    x, grad = sample(np.float64, 4, 6).astype(dtype), sample(np.float64, 5, 6)[1:].astype(dtype)
    hidden, spoilt = with_nan(x, HIDDEN), with_nan(grad, HIDDEN)
    y = function(hidden)
    np.testing.assert_array_equal(y.mask, HIDDEN)
    out, masked_out = np.empty_like(x), np.ma.zeros(x.shape, x.dtype)
    assert function(hidden, out=out) is out and function(hidden, out=masked_out) is masked_out
    np.testing.assert_array_equal(masked_out.mask, HIDDEN)
    keep = [(i, np.flatnonzero(~row)) for i, row in enumerate(HIDDEN) if not row.all()]
    rtol = 1e-12 if dtype is np.float64 else 0.05
    for i, k in keep:
        want = function(x[i, k])
        for got in (y[i].compressed(), out[i, k], masked_out[i].compressed()):
            np.testing.assert_array_equal(got, want)
    if function is fa.hardmax:
        return
    for form, given in ((function.backward, hidden), (function.backward_from_output, y)):
        for one in (spoilt, spoilt.filled(dtype(0)), spoilt.filled(dtype(3))):
            slope = form(one, given)
            np.testing.assert_array_equal(slope.mask, HIDDEN)
            for i, k in keep:
                want = form(grad[i, k], np.asarray(given[i, k]))
                np.testing.assert_allclose(slope[i, k].astype(float), want.astype(float), rtol, rtol)


def test_a_masked_gradient_counts_nothing():
    x, hidden = sample(np.float64, 6), np.arange(6) == 2
    for function in OF_ROWS[:-1]:
        slope = function.backward(with_nan(np.ones(6), hidden), x)
        np.testing.assert_array_equal(slope.compressed(), function.backward(1.0 - hidden, x)[~hidden])


def test_masked_numbers_for_rows():
    x = sample(np.float64, 4, 6)
    hidden = with_nan(x, HIDDEN)
    sums = fa.logsumexp(hidden, axis=1)
    assert sums.mask.tolist() == [False, False, True, False]
    for i in (0, 1, 3):
        assert sums[i] == fa.logsumexp(x[i][~HIDDEN[i]])
    assert fa.logsumexp(hidden, axis=1, keepdims=True).mask.tolist() == [[False], [False], [True], [False]]
    assert fa.logsumexp(np.ma.masked_all(3)) is np.ma.masked and not np.ma.is_masked(fa.logsumexp(hidden))
    slope = fa.logsumexp.backward(sums, hidden, axis=1)
    np.testing.assert_array_equal(slope.mask, HIDDEN)
    np.testing.assert_array_equal(slope.compressed(), (sums[:, None] * fa.softmax(hidden)).compressed())


def test_masked_details():
    """The class, the fill value and a hard mask stay; a mask= may be masked; the constant is taken."""
    class Readings(np.ma.MaskedArray):
        pass

    x = np.ma.masked_array([1.0, 2, 3], [1, 0, 0], hard_mask=True, fill_value=-7).view(Readings)
    for function in (fa.softmax, fa.log_softmax.backward):
        result = function(*[x] * (1 + (function is not fa.softmax)))
        assert type(result) is Readings and result.hardmask and result.fill_value == -7
        assert result.mask.tolist() == [True, False, False]
    assert fa.softmax(np.ma.masked) is np.ma.masked and fa.softmax(np.ma.masked_array([1.0, 2])).mask.tolist() == [False, False]
    assert fa.softmax([1.0, 2], mask=np.ma.masked_array([True, True], [0, 1])).tolist() == [1.0, None]
    for call, message in ((lambda: fa.softmax(x, mask=np.ones(5, bool)), r"mask of shape \(5,\)"),
                          (lambda: fa.softmax.backward(np.ones(2), x), "different shapes"), (lambda: fa.swiglu(x), "even size"),
                          (lambda: fa.softmax(x, out=np.empty(2)), r"out must be an array of shape \(3,\)")):
        with pytest.raises(ValueError, match=f"fastact.*{message}"):
            call()
    with pytest.raises(TypeError, match="softmax does not support"):
        fa.softmax(np.ma.array([(1, 2)], dtype="f4,f4"))


def test_masked_bias_gradients():
    x, grad, bias = sample(np.float32, 4, 6), sample(np.float32, 5, 6)[1:], sample(np.float32, 6)
    hidden = HIDDEN | (np.arange(6) == 3)
    dx, dbias = fa.silu.biased_backward(with_nan(grad, hidden), with_nan(x, hidden), bias)
    want = fa.silu.biased_backward(np.where(hidden, np.float32(0), grad), x, bias)
    np.testing.assert_array_equal(dx.mask, hidden)
    assert dbias.mask.tolist() == [False] * 3 + [True] + [False] * 2
    np.testing.assert_array_equal(dx.compressed(), want[0][~hidden])
    np.testing.assert_array_equal(dbias.compressed(), want[1][[0, 1, 2, 4, 5]])
    dx, dbias = fa.silu.biased_backward(grad, x, with_nan(bias, np.arange(6) == 1))
    np.testing.assert_array_equal(dx.mask, np.broadcast_to(np.arange(6) == 1, x.shape))
    assert dbias.mask.tolist() == [False, True] + [False] * 4
    out = np.empty_like(x), np.empty_like(bias)
    assert fa.silu.biased_backward(with_nan(grad, hidden), x, bias, out=out) is out
    np.testing.assert_array_equal(out[1][[0, 1, 2, 4, 5]], want[1][[0, 1, 2, 4, 5]])


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
def test_subclasses_of_rows_and_units():
    class Wrapping(np.ndarray):
        __array_ufunc__ = None

        def __array_wrap__(self, array, context=None, return_scalar=False):
            return array.view(Wrapping)

    x = sample(np.float64, 3, 4)
    for kind in (Metres, Wrapping):
        v = x.view(kind)
        sums, half = fa.logsumexp(v, axis=1), fa.swiglu(v)
        for result, want in ((sums, fa.logsumexp(x, axis=1)), (half, fa.swiglu(x)),
                             (fa.softmax.backward(v, x), fa.softmax.backward(x, x)),
                             (fa.swiglu.backward(half, v), fa.swiglu.backward(np.asarray(half), x)),
                             (fa.logsumexp.backward(sums, v, axis=1), fa.logsumexp.backward(np.asarray(sums), x, axis=1)),
                             (fa.silu.biased_backward(v, v, v[0])[1], fa.silu.biased_backward(x, x, x[0])[1])):
            assert type(result) is kind
            np.testing.assert_array_equal(result.view(np.ndarray), want)
        assert isinstance(fa.logsumexp(v), np.float64)
    matrix = np.matrix(x)
    assert fa.logsumexp(matrix, axis=1).shape == (3, 1) and fa.logsumexp(matrix, axis=0).shape == (1, 4)
    np.testing.assert_array_equal(fa.logsumexp.backward(fa.logsumexp(matrix, axis=1), matrix, axis=1), fa.logsumexp.backward(
        fa.logsumexp(x, axis=1), x, axis=1))


# ---- losses ----

@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("name", ["mse_loss", "huber_loss", "kl_div", "binary_cross_entropy_with_logits"])
def test_losses_of_masked_elements(name, reduction):
    loss = getattr(fa.losses, name)
    x, target, weight = sample(np.float32, 4, 6), abs(sample(np.float32, 5, 6)[1:]), np.linspace(1, 2, 6, dtype=np.float32)
    options = {} if name == "kl_div" else {"weight": weight}
    kept = {key: np.broadcast_to(value, x.shape)[~HIDDEN] for key, value in options.items()}
    want = loss.value_and_grad(x[~HIDDEN], target[~HIDDEN], reduction=reduction, **kept)
    for given in ((with_nan(x, HIDDEN), target), (x, with_nan(target, HIDDEN)), (with_nan(x, HIDDEN), with_nan(target, HIDDEN))):
        value, grad = loss.value_and_grad(*given, reduction=reduction, **options)
        np.testing.assert_array_equal(value.compressed() if reduction == "none" else value, want[0])
        np.testing.assert_array_equal(grad.compressed(), want[1])
        np.testing.assert_array_equal(grad.mask, HIDDEN)
        np.testing.assert_array_equal(loss(*given, reduction=reduction, **options), value)
    masked = np.ma.masked_array(weight, np.arange(6) == 0)
    if options:
        assert loss(x, target, weight=masked, reduction="mean") == loss(x[:, 1:].copy(), target[:, 1:].copy(), weight=weight[1:])
    assert reduction == "none" or loss(np.ma.masked_all(2), np.zeros(2), reduction=reduction) is np.ma.masked


def test_batchmean_of_masked_elements_is_over_rows():
    x, target = sample(np.float64, 4, 6), abs(sample(np.float64, 4, 6))
    got = fa.losses.kl_div(with_nan(x, HIDDEN), target, reduction="batchmean")
    np.testing.assert_allclose(got, fa.losses.kl_div(x[~HIDDEN], target[~HIDDEN], reduction="sum") / 3)


@pytest.mark.parametrize("weight", [None, np.array([1.0, 2, 3, 4, 5, 6])])
@pytest.mark.parametrize("name", ["cross_entropy", "nll_loss"])
def test_losses_of_masked_classes(name, weight):
    """A class that is hidden in a row is none there; a row whose target is hidden counts nothing."""
    loss, x, target = getattr(fa.losses, name), sample(np.float64, 4, 6), np.array([3, 4, 0, 0])
    options, rows = {} if weight is None else {"weight": weight}, []
    for i, (row, label) in enumerate(zip(HIDDEN, target)):
        k = np.flatnonzero(~row)
        if label in k:
            kept = {key: value[k] for key, value in options.items()}
            rows.append((i, k, *loss.value_and_grad(x[i, k], np.searchsorted(k, label), reduction="sum", **kept)))
    assert [i for i, *_ in rows] == [0, 3]
    value, grad = loss.value_and_grad(with_nan(x, HIDDEN), target, reduction="none", **options)
    assert value.mask.tolist() == [False, True, True, False]
    for i, _, one, slope in rows:
        np.testing.assert_allclose([value[i], *grad[i].compressed()], [one, *slope])
    count = 2 if weight is None else weight[target[[0, 3]]].sum()
    np.testing.assert_allclose(loss(with_nan(x, HIDDEN), target, **options), value.sum() / count)
    hidden = np.arange(4) == 1
    value, grad = loss.value_and_grad(x, np.ma.masked_array(target, hidden), **options)
    np.testing.assert_array_equal([value], loss(x[~hidden], target[~hidden], **options))
    np.testing.assert_array_equal(grad.mask, np.broadcast_to(hidden[:, None], x.shape))
    images = np.stack([x.T, x.T])  # (N, C, 4)
    many = loss(images, np.ma.masked_array([target, target], [hidden, ~hidden]), reduction="none", **options)
    np.testing.assert_array_equal(many.mask, [hidden, ~hidden])
    np.testing.assert_array_equal(many.compressed(), loss(x, target, reduction="none", **options)[[0, 2, 3, 1]])
    with pytest.raises(ValueError, match="label_smoothing"):
        fa.losses.cross_entropy(with_nan(x, HIDDEN), target, label_smoothing=0.1)


def test_losses_of_labels_are_aligned():
    pandas, xarray = pytest.importorskip("pandas"), pytest.importorskip("xarray")
    x, grad = labelled(xarray), labelled(xarray, 1)
    classes, weight = xarray.DataArray([0, 2, 1], dims="row", coords={"row": list("abc")}), np.array([1.0, 2, 3, 4])
    value, slope = fa.losses.mse_loss.value_and_grad(x, shuffled(grad))
    assert value == fa.losses.mse_loss(x.values, grad.values) and slope.dims == x.dims
    each = fa.losses.cross_entropy(x, shuffled(classes), weight=weight, reduction="none")
    assert each.dims == ("row",)
    np.testing.assert_array_equal(each, fa.losses.cross_entropy(x.values, classes.values, weight=weight, reduction="none"))
    frame, labels = pandas.DataFrame(x.values, list("abc"), list("stuv")), classes.to_pandas()
    for factors in (pandas.Series(weight), pandas.Series(weight, frame.columns)):  # of classes by number, by name
        got = fa.losses.cross_entropy(frame, labels[::-1], weight=factors[::-1], reduction="none")
        pandas.testing.assert_series_equal(got, each.to_pandas(), check_names=False)


# ---- what is no array, or not yet one ----

def test_dask_of_unknown_chunks():
    dask = pytest.importorskip("dask.array")
    x = np.arange(12.0).reshape(6, 2)
    lazy, x = dask.from_array(x, 2)[dask.from_array(x, 2)[:, 0] > 2], x[x[:, 0] > 2]
    assert np.isnan(lazy.shape[0])
    sums = fa.logsumexp(lazy, axis=1)
    for result, want in ((fa.swiglu.backward(fa.swiglu(lazy), lazy), fa.swiglu.backward(fa.swiglu(x), x)),
                         (fa.softmax(lazy, mask=lazy > 5), fa.softmax(x, mask=x > 5)),
                         (fa.softmax(lazy, mask=np.array([True, False])), fa.softmax(x, mask=np.array([True, False]))),
                         (fa.softmax.backward(lazy, lazy), fa.softmax.backward(x, x)),
                         (fa.logsumexp.backward(sums, lazy, axis=1), fa.logsumexp.backward(fa.logsumexp(x, axis=1), x, axis=1)),
                         (fa.silu.biased_backward(lazy, lazy, np.ones(2))[1], fa.silu.biased_backward(x, x, np.ones(2))[1]),
                         *zip(fa.silu.gated_backward(lazy, lazy, lazy), fa.silu.gated_backward(x, x, x))):
        assert isinstance(result, dask.Array)
        np.testing.assert_allclose(result.compute(), want)
    for function in (fa.softmax, fa.logsumexp):
        with pytest.raises(ValueError, match=f"{function.name}: the lengths of the chunks along axis 0 .*compute_chunk_sizes"):
            function(lazy, axis=0)
    with pytest.raises(ValueError, match=r"grad must have the shape \(nan, 1\), not \(nan, 2\)"):
        fa.swiglu.backward(lazy, lazy)


def test_dask_of_masked_arrays():
    dask = pytest.importorskip("dask.array")
    x = with_nan(sample(np.float64, 4, 6), HIDDEN)
    lazy = dask.from_array(x, 2)
    for function in (*OF_ROWS, fa.swiglu, fa.logsumexp):
        result = function(lazy, axis=1)
        assert isinstance(result, dask.Array)
        np.testing.assert_array_equal(result.compute(scheduler="sync").filled(7), function(x, axis=1).filled(7))


@pytest.mark.parametrize("kind", ["csr_matrix", "csr_array", "csc_array", "coo_array", "dok_array", "lil_array", "dia_array",
                                  "bsr_array"])
def test_sparse_matrices_are_refused(kind):
    sparse = pytest.importorskip("scipy.sparse")
    x, net = np.eye(3), fa.MLP([3, 4, 3], random_state=0)
    s = getattr(sparse, kind)(x)
    calls = [lambda f=f: call(f, (s,) * arrays_in(f)) for f in ALL_FORMS if f.info.name in ("relu", "elu")]
    calls += [lambda: fa.relu(x, out=s), lambda: fa.elu(x, s), lambda: fa.relu.biased_backward(x, s, x[0]), lambda: fa.softmax(s),
              lambda: fa.softmax(x, mask=s), lambda: fa.softmax.backward(s, x), lambda: fa.softmax.jacobian(s),
              lambda: fa.logsumexp(s), lambda: fa.logsumexp.backward(x[0], s, axis=0), lambda: fa.swiglu(s),
              lambda: fa.swiglu.backward(x, s),
              lambda: fa.losses.mse_loss(s, x), lambda: fa.losses.cross_entropy.value_and_grad(x, s), lambda: net.forward(s),
              lambda: net.fit(s, [0, 1, 2], progress=False), lambda: net.fit(x, s, progress=False), lambda: net.dead_units(s),
              lambda: net.compile(3)(s)]
    for each in calls:
        with pytest.raises(TypeError, match=rf"takes dense arrays, got a {kind} of scipy.sparse: x.toarray\(\) is dense"):
            each()


def test_dask_frames_are_refused():
    dask, pandas = pytest.importorskip("dask.dataframe"), pytest.importorskip("pandas")
    frame = dask.from_pandas(pandas.DataFrame({"u": [1.0, 2], "v": [3.0, 4]}), 2)
    for each in (lambda: fa.softmax(frame), lambda: fa.logsumexp(frame.u), lambda: fa.swiglu(frame),
                 lambda: fa.silu.value_and_derivative(frame), lambda: fa.silu.biased_backward(frame, frame, np.ones(2)),
                 lambda: fa.losses.mse_loss(frame, frame), lambda: fa.MLP([2, 2, 2]).forward(frame)):
        with pytest.raises(TypeError, match="takes no (DataFrame|Series) of dask.*map_partitions"):
            each()
    want = fa.softmax(np.array([[1.0, 3], [2, 4]]))
    np.testing.assert_array_equal(frame.map_partitions(fa.softmax).compute(scheduler="sync"), want)


def test_polars():
    polars = pytest.importorskip("polars")
    x = polars.Series([1.0, -2, 0.5])
    assert fa.relu(x).to_list() == [1, 0, 0.5]
    np.testing.assert_array_equal(fa.softmax(x), fa.softmax(x.to_numpy()))
    with pytest.raises(TypeError, match="relu.value_and_derivative: .*numpy.asarray"):
        fa.relu.value_and_derivative(x)


def test_bind_names_a_subclass(tmp_path):
    mapped = np.memmap(tmp_path / "x", np.float32, "w+", shape=3)
    for bind in (fa.relu.bind, fa.softmax.bind):
        with pytest.raises(TypeError, match=r"is a memmap of float32\[3\].*numpy.asarray"):
            bind(mapped, mapped)


def test_jacobian_of_containers():
    with pytest.raises(TypeError, match="softmax.jacobian: axis must be one integer"):
        fa.softmax.jacobian(np.eye(3), axis=(0, 1))
    pandas, xarray = pytest.importorskip("pandas"), pytest.importorskip("xarray")
    x = labelled(xarray)
    for function in OF_ROWS[:-1]:
        want = function.jacobian(x.values, 0, mask=(x > 0).values)
        assert_same_bits(function.jacobian(x, "row", mask=shuffled(x > 0)), want)
        assert_same_bits(function.jacobian(pandas.DataFrame(x.values), 0, mask=(x > 0).values), want)
        hidden = function.jacobian(with_nan(x.values, (x <= 0).values), 0)
        assert_same_bits(hidden.filled(0), np.where(hidden.mask, 0, want))


def test_networks_take_nullable_pandas():
    """NA is NaN; what is masked has no place in a network."""
    pandas = pytest.importorskip("pandas")
    x, y = sample(np.float64, 40, 3), np.arange(40) % 2
    frame = pandas.DataFrame({"u": pandas.array(x[:, 0], "Float64"), "v": x[:, 1], "w": pandas.array(x[:, 2], "Float64")})
    trained = [fa.MLP([3, 4, 2], random_state=0, dtype=np.float64).fit(a, b, 2, sample_weight=c, progress=False).forward(a)
               for a, b, c in ((x, y, y + 1.0), (frame, pandas.Series(y, dtype="Int64"), pandas.Series(y + 1, dtype="Float32")))]
    assert_same_bits(*trained)
    net = fa.MLP([3, 4, 2], random_state=0)
    frame.loc[0, "u"] = pandas.NA
    assert np.isnan(net.forward(frame)[0]).all() and np.isfinite(net.forward(frame)[1:]).all()
    assert len(net.dead_units(frame)) == 1
    masked = np.ma.masked_greater(x, 1)
    for each in (lambda: net.forward(masked), lambda: net.fit(x, np.ma.masked_less(y, 1), progress=False)):
        with pytest.raises(ValueError, match="masked entries.*fill"):
            each()
    assert_same_bits(net.forward(np.ma.masked_array(x)), net.forward(x))


@pytest.mark.filterwarnings("ignore:lbfgs failed to converge")
def test_estimators_take_nullable_pandas():
    pandas, sklearn = pytest.importorskip("pandas"), pytest.importorskip("fastact.sklearn")
    x, y = sample(np.float64, 40, 3), np.arange(40) % 2
    frame, masked = pandas.DataFrame(x, columns=list("uvw")).astype("Float64"), np.ma.masked_greater(x, 1)
    for kind in (sklearn.MLPClassifier, sklearn.MLPRegressor):
        model = kind(hidden_layer_sizes=(4,), random_state=0, solver="lbfgs", max_iter=9)
        want = model.fit(x, y).predict(x)
        np.testing.assert_array_equal(model.fit(frame, pandas.Series(y, dtype="Int64")).predict(frame), want)
        for each in (lambda: model.fit(masked, y), lambda: model.fit(x, np.ma.masked_less(y, 1)), lambda: model.predict(masked)):
            with pytest.raises(ValueError, match="masked entries"):
                each()


@pytest.mark.parametrize("dtype", ["double[pyarrow]", "bool[pyarrow]", "Float64"])
def test_frames_that_pandas_cannot_give_to_a_ufunc(dtype):
    pandas = pytest.importorskip("pandas")
    if "pyarrow" in dtype:
        pytest.importorskip("pyarrow")
    series = pandas.Series(pandas.array([1, 0, None, 1], dtype="Float64"), list("abcd")).astype(dtype)
    frame = pandas.DataFrame({"u": series, "v": [1.0, 2.0, 3.0, 4.0]}, series.index)
    for labelled in (series, frame):
        plain = labelled.to_numpy(float, na_value=np.nan)
        for result, want in (
            (fa.relu(labelled), fa.relu(plain)),
            (fa.relu.backward(labelled, labelled), fa.relu.backward(plain, plain)),
            (fa.silu.value_and_derivative(labelled)[1], fa.silu.derivative(plain)),
            (fa.silu.gated_backward(labelled, labelled, labelled)[0], fa.silu.gated_backward(plain, plain, plain)[0]),
        ):
            assert type(result) is type(labelled) and result.index.equals(series.index)
            np.testing.assert_allclose(result.to_numpy(float, na_value=np.nan), want, rtol=2e-3)  # float16 of booleans
    np.testing.assert_array_equal(np.asarray(fa.relu(series.array), float), fa.relu(series.to_numpy(float, na_value=np.nan)))


def test_masked_arguments_of_other_shapes_are_refused():
    x, grad = sample(np.float64, 3, 4), sample(np.float64, 4)
    for hidden in (np.ma.nomask, x > 0):  # the mask changes nothing
        masked = np.ma.array(x, mask=hidden)
        for call_ in (lambda: fa.softmax.backward(grad, masked), lambda: fa.softmax.backward(x, masked[0])):
            with pytest.raises(ValueError, match="softmax.backward: the arrays have different shapes"):
                call_()
    with pytest.raises(np.exceptions.AxisError):
        fa.swiglu(np.ma.array(1.0, mask=True))
    empty = fa.logsumexp(np.ma.array(np.empty((2, 0))), axis=1)
    assert not np.ma.is_masked(empty) and (empty == -np.inf).all()


def test_dask_of_unknown_chunks_in_forms_with_two_inputs():
    array = pytest.importorskip("dask.array")

    def unknown(values, length):
        return array.from_array(values, (length, 4))[array.ones(len(values), dtype=bool, chunks=length)]

    x, grad = sample(np.float64, 6, 4), sample(np.float64, 6, 4)[::-1]
    for result, want in zip(fa.silu.gated_backward(unknown(grad, 2), unknown(x, 2), unknown(x, 2)),
                            fa.silu.gated_backward(grad, x, x)):
        assert_same_bits(result.compute(), want)
    for call_ in (lambda: fa.softmax.backward(unknown(grad, 3), unknown(x, 2)),
                  lambda: fa.softmax(unknown(x, 2), mask=unknown(grad, 3) > 0)):
        with pytest.raises(ValueError, match=r"softmax.*has \(2, 1\) chunks.*\(3, 1\) are needed: call compute_chunk_sizes"):
            call_()


def test_the_subclass_of_the_highest_priority_wins():
    class Loud(np.ndarray):
        __array_priority__ = 50

    x = sample(np.float64, 3, 4)
    for arguments in ((x.view(Loud), x.view(Metres)), (x.view(Metres), x.view(Loud))):
        for backward in (fa.relu.backward, fa.softmax.backward):
            assert type(backward(*arguments)) is Loud


def test_weights_by_the_numbers_of_classes():
    pandas = pytest.importorskip("pandas")
    x, target, weight = sample(np.float64, 5, 3), np.array([2, 2, 0, 2, 1]), np.array([1.0, 2.0, 5.0])
    counts = pandas.Series(weight).sort_values(ascending=False)  # as value_counts gives them
    for loss in (fa.losses.cross_entropy, fa.losses.nll_loss):
        for logits in (x, x.tolist(), pandas.DataFrame(x)):
            assert loss(logits, target, weight=counts) == loss(x, target, weight=weight)


def test_dask_beside_pandas():
    pandas, array = pytest.importorskip("pandas"), pytest.importorskip("dask.array")
    x, grad = sample(np.float64, 4, 4), sample(np.float64, 4, 4)[::-1]
    for arguments in ((pandas.DataFrame(grad), array.from_array(x, 2)), (array.from_array(grad, 2), pandas.DataFrame(x))):
        assert_same_bits(fa.softmax.backward(*arguments).compute(), fa.softmax.backward(grad, x))
    bias = fa.gelu.biased_backward(pandas.DataFrame(grad), array.from_array(x, 2), pandas.Series(x[0]))[1].compute()
    np.testing.assert_allclose(bias, fa.gelu.biased_backward(grad, x, x[0])[1])


def test_masks_of_other_kinds_for_bind_and_jacobian():
    pandas = pytest.importorskip("pandas")
    x = sample(np.float64, 3, 4)
    hidden = np.arange(12).reshape(3, 4) % 5 == 0
    masks = np.ma.array(x > -1, mask=hidden), pandas.DataFrame((x > -1) & ~hidden).astype("boolean")
    for mask in masks:
        assert_same_bits(fa.softmax.bind(x, np.empty((3, 4)), mask=mask)(), fa.softmax(x, mask=(x > -1) & ~hidden))
        for function in (fa.softmax, fa.log_softmax, fa.sparsemax):
            result = function.jacobian(x, mask=mask)
            np.testing.assert_array_equal(np.ma.filled(result, 0), function.jacobian(x, mask=(x > -1) & ~hidden))


def test_xarray_losses_leave_out_and_repeat_nothing():
    xarray = pytest.importorskip("xarray")
    x, y = labelled(xarray), xarray.DataArray([1, 0, 3], dims="row", coords={"row": labelled(xarray).coords["row"]})
    want = fa.losses.cross_entropy(x.values, y.values)
    assert fa.losses.cross_entropy(x, y[::-1]) == fa.losses.cross_entropy(x, y.values) == want
    for loss, target in ((fa.losses.cross_entropy, y[:2]), (fa.losses.nll_loss, y[:2]), (fa.losses.mse_loss, x[:2])):
        with pytest.raises(ValueError, match=f"{loss.__name__}: the labels along 'row' are not those"):
            loss(x, target)
    for target in (x.isel(k=0, drop=True), x.rename(row="line"), xarray.concat([x, x], "twice")):
        for loss in (fa.losses.mse_loss, fa.losses.huber_loss):
            with pytest.raises(ValueError, match=f"{loss.__name__}: target has dimensions"):
                loss.value_and_grad(x, target)
