"""How activations are called: everything that a numpy.ufunc accepts, with the same rules."""
import inspect
import os

import numpy as np
import pytest

import fastact as fa
from axes import ALL_FORMS, arrays_in, assert_same_bits, call, each_form, empty_outputs, inputs, kind, outputs, sample

PARAMETRIC = [form for form in ALL_FORMS if form.info.parameters]


# ---- arguments by position and by name ----

@pytest.mark.contract
def test_outputs_by_position_and_keyword(form, dtype):
    arrays = inputs(form, sample(dtype, 3, 11))
    want = call(form, arrays)
    made = outputs(empty_outputs(form, arrays[0]))
    result = form(*arrays, *form.info.defaults, *made)
    assert all(one is other for one, other in zip(outputs(result), made))
    assert_same_bits(made, want)
    made = outputs(empty_outputs(form, arrays[0]))
    result = call(form, arrays, out=made)  # a tuple, as NumPy allows
    assert all(one is other for one, other in zip(outputs(result), made))
    assert_same_bits(made, want)
    assert_same_bits(call(form, arrays, out=None), want)
    if form.ufunc.nout == 2:
        first = np.empty_like(arrays[0])
        result = form(*arrays, *form.info.defaults, first)
        assert result[0] is first
        assert_same_bits(result, want)
        assert_same_bits(call(form, arrays, out=(None, first)), want)


@pytest.mark.contract
def test_inputs_by_name(form):
    names = list(inspect.signature(form).parameters)[:arrays_in(form)]
    arrays = inputs(form, sample(np.float32, 9))
    want = call(form, arrays)
    required = {p.name: p.example for p in form.info.parameters if p.default is None}
    assert_same_bits(form(**dict(zip(names, arrays)), **required), want)
    assert_same_bits(form(*arrays[:1], **dict(zip(names[1:], arrays[1:])), **required), want)


@pytest.mark.contract
@each_form(PARAMETRIC)
def test_parameters(form, dtype):
    """By position, by keyword, integers; a number does not widen the result, an array broadcasts."""
    name, *other_names = form.info.names_in(form.__name__.partition(".")[2] or "value")
    rest = form.info.defaults[1:]
    others = dict(zip(other_names, rest))
    x = sample(dtype, 4, 3)
    if kind(form) == "backward_from_output":
        x = abs(x)
    arrays = (x,) * arrays_in(form)
    for value in (0.25, 2):
        want = form.ufunc(*arrays, dtype(value), *map(dtype, rest))
        turned = outputs(form(*(a[::-1] for a in arrays), value, *rest))
        for got in (form(*arrays, value, *rest), form(*arrays, **{name: value}, **others),
                    form(*arrays, np.full(3, value, dtype), *rest), tuple(one[::-1] for one in turned)):
            assert_same_bits(got, want)
    channels = np.array([0.1, 0.5, 2], dtype)
    for got in (form(*arrays, channels, *rest), form(*arrays, **{name: channels}, **others)):
        for k, value in enumerate(channels):
            assert_same_bits(tuple(g[:, k].copy() for g in outputs(got)),
                             form(*(a[:, k].copy() for a in arrays), value, *rest))
    whole = form(*arrays, np.full((4, 3), 0.5, dtype), *rest)
    assert_same_bits(whole, form(*arrays, 0.5, *rest))
    column = form(*(a[:, :1] for a in arrays), channels, *rest)
    assert outputs(column)[0].shape == (4, 3)


@pytest.mark.contract
@each_form(PARAMETRIC)
def test_parameters_promote_as_numpy_does(form):
    x = np.ones(3, np.float32)
    arrays, rest = (x,) * arrays_in(form), form.info.defaults[1:]
    assert outputs(form(*arrays, 0.5, *rest))[0].dtype == np.float32
    assert outputs(form(*arrays, np.float64(0.5), *rest))[0].dtype == np.float64
    assert outputs(form(*arrays, np.full(3, 0.5), *rest))[0].dtype == np.float64
    halves = tuple(a.astype(np.float16) for a in arrays)
    assert outputs(form(*halves, 0.5, *rest))[0].dtype == np.float16


@pytest.mark.contract
def test_gradient_broadcasts(activation):
    x, grad = sample(np.float32, 5, 7), sample(np.float32, 7)
    whole, backward = np.broadcast_to(grad, x.shape).copy(), activation.backward
    assert_same_bits(call(backward, (grad, x)), call(backward, (whole, x)))
    assert_same_bits(call(backward, (2.0, x)), call(backward, (np.full_like(x, 2), x)))
    assert call(backward, (grad.astype(np.float64), x)).dtype == np.float64


# ---- dtypes ----

@pytest.mark.contract
def test_promotion_is_that_of_tanh(form):
    for dtype in (bool, np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64, np.float16,
                  np.float32, np.float64, ">f4", ">f8", "<f2", ">i4"):
        x = np.array([0, 1, 1], dtype)
        want = np.tanh(x).dtype
        for array in (x, x[::2], x[0]):
            for result in outputs(call(form, (array,) * arrays_in(form))):
                assert result.dtype == want and result.dtype.isnative, dtype
    for value in ([False, True], [0, 1], [0.5, 1], 1, True, 0.5):
        expected = np.tanh(value).dtype
        for result in outputs(call(form, (value,) * arrays_in(form))):
            assert result.dtype == expected, value


@pytest.mark.contract
def test_dtype_and_casting(form):
    x = sample(np.float64, 20_000)  # longer than NumPy's buffer
    arrays = inputs(form, x)
    singles = tuple(a.astype(np.float32) for a in arrays)
    assert_same_bits(call(form, arrays, dtype=np.float32, casting="same_kind"), call(form, singles))
    assert outputs(call(form, singles, dtype=np.float64))[0].dtype == np.float64
    out = empty_outputs(form, x.astype(np.float32))
    call(form, arrays, out=out, casting="same_kind")
    want = tuple(w.astype(np.float32) for w in outputs(call(form, arrays)))
    assert_same_bits(out, want)
    with pytest.raises(TypeError, match=form.info.name):
        call(form, arrays, out=empty_outputs(form, x.astype(np.int64)))
    with pytest.raises(TypeError, match=form.info.name):
        call(form, arrays, out=empty_outputs(form, x.astype(np.float32)), casting="safe")


# ---- shapes, order, memory ----

@pytest.mark.contract
def test_scalars_and_lists(form):
    """A scalar or 0-d array gives a NumPy scalar, a list an array."""
    many = call(form, inputs(form, np.array([0.5, -2.0])))
    for value in (0.5, np.float64(0.5), np.array(0.5)):
        for got, want in zip(outputs(call(form, inputs(form, np.asarray(value)[()]))), outputs(many)):
            assert isinstance(got, np.float64) and got == want[0]
    assert isinstance(outputs(call(form, inputs(form, np.float32(0.5))))[0], np.float32)
    lists = tuple(a.tolist() for a in inputs(form, np.array([0.5, -2.0])))
    assert_same_bits(call(form, lists), many)
    assert_same_bits(call(form, (tuple(a) for a in lists)), many)
    out = empty_outputs(form, np.array(0.0))
    assert_same_bits(call(form, inputs(form, np.array(0.5)), out=out), tuple(np.array(w[0]) for w in outputs(many)))


@pytest.mark.contract
def test_empty(form, dtype):
    for shape in ((0,), (0, 3), (3, 0), (2, 0, 4)):
        x = np.empty(shape, dtype)
        for array in (x, np.asfortranarray(x), x[::-1], x.tolist() if shape == (0,) else x):
            for result in outputs(call(form, (array,) * arrays_in(form))):
                assert result.shape == shape
        for result in outputs(call(form, inputs(form, x), out=empty_outputs(form, x))):
            assert result.shape == shape and result.dtype == dtype


@pytest.mark.contract
def test_order(form):
    x = sample(np.float32, 6, 5)
    fortran = tuple(np.asfortranarray(a) for a in inputs(form, x))
    plain = inputs(form, x)
    for order, arrays, f_ordered in (("K", fortran, True), ("K", plain, False), ("A", fortran, True), ("C", fortran, False),
                                     ("F", plain, True)):
        for result, want in zip(outputs(call(form, arrays, order=order)), outputs(call(form, plain))):
            assert result.flags.f_contiguous == f_ordered and result.flags.c_contiguous != f_ordered
            assert_same_bits(np.ascontiguousarray(result), want)
    assert outputs(call(form, fortran))[0].flags.f_contiguous


@pytest.mark.contract
def test_where(form, dtype):
    """Only chosen elements are computed and written, in place too."""
    x = sample(dtype, 20_011)
    arrays = inputs(form, x)
    for mask in (np.arange(x.size) % 3 == 0, np.zeros(x.size, bool), np.arange(x.size) > 9000):
        out = empty_outputs(form, x)
        call(form, arrays, out=out, where=mask)
        for got, want in zip(outputs(out), outputs(call(form, arrays))):
            np.testing.assert_array_equal(got, np.where(mask, want, dtype(77)))
        if form.ufunc.nout == 1:
            copies = [a.copy() for a in arrays]
            call(form, copies, out=copies[-1], where=mask)
            np.testing.assert_array_equal(copies[-1], np.where(mask, call(form, arrays), arrays[-1]))


@pytest.mark.contract
def test_odd_memory(form, dtype):
    """Read-only, byte-swapped, misaligned, memory-mapped, structured-field and broadcast inputs."""
    x = sample(dtype, 67)
    arrays = inputs(form, x)
    want = call(form, arrays)

    def frozen(a):
        a = a.copy()
        a.flags.writeable = False
        return a

    def misaligned(a):
        raw = np.zeros(a.nbytes + 1, np.uint8)[1:]
        raw[:] = a.view(np.uint8)
        view = raw.view(a.dtype)
        assert not view.flags.aligned
        return view

    def field(a):
        record = np.zeros(a.size, [("flag", "u1"), ("x", a.dtype)])
        record["x"] = a
        return record["x"]

    for change in (frozen, misaligned, field, lambda a: a.astype(a.dtype.newbyteorder()), lambda a: a[::-1].copy()[::-1]):
        assert_same_bits(call(form, (change(a) for a in arrays)), want)
    spread = call(form, (np.broadcast_to(a, (3, 67)) for a in arrays))
    for got, one in zip(outputs(spread), outputs(want)):
        assert_same_bits(got, np.stack([one] * 3))
    swapped = tuple(np.empty(67, np.dtype(dtype).newbyteorder()) for _ in range(form.ufunc.nout))
    call(form, arrays, out=swapped)
    assert_same_bits(tuple(s.astype(dtype) for s in swapped), want)
    crooked = tuple(misaligned(np.zeros_like(x)) for _ in range(form.ufunc.nout))
    call(form, arrays, out=crooked)
    assert_same_bits(tuple(c.copy() for c in crooked), want)


@pytest.mark.thorough
def test_more_than_2_to_31_elements():
    count = 2 ** 31 + 7
    try:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        free = 0
    if free < 3 * count:
        pytest.skip("needs 6 GB of free memory")
    out = np.empty(count, np.float16)
    out[:: 2 ** 20] = 7
    out[-9:] = 7
    fa.relu(np.broadcast_to(np.float16(3), count), out=out)
    assert (out[:: 2 ** 20] == 3).all() and (out[-9:] == 3).all()


# ---- torch's keyword for the two kinds of gelu ----

@pytest.mark.contract
def test_approximate_is_for_gelu_alone(form):
    if not form.info.approximate:
        with pytest.raises(TypeError, match="approximate"):
            call(form, inputs(form, sample(np.float32, 5, 7)), approximate="none")


@each_form(form for form in ALL_FORMS if form.info.approximate)
def test_approximate(form, dtype):
    arrays = inputs(form, sample(dtype, 5, 7))
    for value, name in form.info.approximate:
        other = fa.activations[name] if kind(form) == "value" else getattr(fa.activations[name], kind(form))
        assert_same_bits(form(*arrays, approximate=value), other(*arrays))
        lists = [a.tolist() for a in arrays]
        assert_same_bits(form(*lists, approximate=value), other(*lists))
    for wrong in (True, None, "erf"):
        with pytest.raises(ValueError, match=f"{form.__name__}: approximate must be 'none' or 'tanh', got {wrong!r}"):
            form(*arrays, approximate=wrong)
