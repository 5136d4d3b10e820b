"""float16 and ml_dtypes.bfloat16: rounded once, and the same from everywhere."""
import numpy as np
import pytest

import fastact as fa
from axes import ALL_FORMS, arrays_in, each_activation, each_form, each_loop, empty_outputs, inputs, kind, outputs
from fastact import registry
from fastact.accuracy import sample_points
from halves import HALVES, assert_same, at_defaults, bits, every, half, is_nan, ml_dtypes, rounded  # noqa: F401

ROUNDED_ONCE = ("value", "derivative", "backward", "value_and_derivative", "backward_from_output", "gated", "biased")


# ---- one rounding ----

def test_forms_agree(activation, half):
    x = every(half)
    for values in sample_points.grid(activation.info):
        slope = activation.derivative(x, *values)
        assert_same(activation.value_and_derivative(x, *values), (activation(x, *values), slope))
        assert_same(activation.backward(np.ones_like(x), x, *values), slope)


@each_activation(lambda info: info.second_derivative == "0")
def test_straight_slopes(activation, half):
    """The gradient times a slope is rounded once, of every gradient, although no lane is computed in double."""
    grad = every(half, "finite")
    for x in (-2.0, -0.25, 0.25, 2.0):
        slope = at_defaults(activation.derivative, np.float64(x))
        got = at_defaults(activation.backward, grad, np.full_like(grad, x))
        assert_same(got, rounded(grad.astype(np.float64) * slope, half), f"at {x}")


@each_form(form for form in ALL_FORMS if kind(form) in ROUNDED_ONCE)
def test_as_float64_rounded(form, half):
    """The results of the float64 kernel, rounded: next to a tie alone may these two differ. 0.1 is no half and no float32."""
    arrays = inputs(form, every(half, "finite"))
    doubles = [a.astype(np.float64) for a in arrays]
    for parameters in (form.info.defaults, (0.1,) * len(form.info.parameters)):
        for got, want in zip(outputs(form(*arrays, *parameters)), outputs(form(*doubles, *parameters))):
            low, high = (rounded(want * end, half) for end in (1 - 2.0**-40, 1 + 2.0**-40))
            sure = bits(low) == bits(high)
            assert sure.mean() > 0.75
            np.testing.assert_array_equal(got[sure], low[sure])
            assert ((got == low) | (got == high)).all()


@pytest.mark.parametrize("name", [name for name, activation in fa.activations.items() if activation.info.parameters])
def test_parameters_as_arrays_of_doubles(name, half):
    f, x = fa.activations[name], every(half, "finite")
    parameters = [0.1] * len(f.info.parameters)
    assert_same(f(x, *(np.full(x.shape, p) for p in parameters)), f(x, *parameters))


def test_a_bend_beyond_float64(half):
    """silu(x) = x / 2 + x^2 / 4: of the smallest number a little more than the tie, of its opposite less."""
    smallest = np.array([1, 3, 0x8001, 0x8003], np.uint16).view(half)
    want = np.array([1, 2, 0x8000, 0x8001], np.uint16).view(half)
    assert_same(fa.silu(smallest), want)
    assert_same(fa.silu.value_and_derivative(smallest)[0], want)


def test_many_ties(half):
    """Each is computed again, however many there are and wherever they lie."""
    words = np.tile(np.array([0x8001, 0x8003, 0x8005, 0x8007], np.uint16), 1500)
    ties, want = words.view(half), np.tile(np.array([0x8000, 0x8002, 0x8002, 0x8004], np.uint16), 1500).view(half)
    for n in (1, 31, 32, 33, 63, 64, 65, 100, 128, 129, 2047, 2048, 2049, 6000):
        assert_same(fa.leaky_relu(ties[:n], 0.5), want[:n], f"{n}")
        assert_same(fa.leaky_relu(np.repeat(ties, 2)[::2][:n], 0.5), want[:n], f"{n} apart")
        out = np.zeros(2 * n, half)[::2]
        assert_same(fa.leaky_relu(ties[:n], 0.5, out=out), want[:n], f"{n} to places apart")


def test_limits_and_nan(form, half):
    x = np.array([np.inf, -np.inf, np.nan, -np.nan, 0.0, -0.0], half)
    arrays = inputs(form, x)
    with np.errstate(all="ignore"):
        wide = at_defaults(form, *(a.astype(np.float32) for a in arrays))
    assert_same(at_defaults(form, *arrays), tuple(w.astype(half) for w in outputs(wide)))


def test_every_nan_stays_nan(form, half):
    """Signalling ones too, without a warning; but identity's slope is 1 there."""
    x = every(half, "nan")
    with np.errstate(all="raise"):
        found = outputs(at_defaults(form, *(x.copy() for _ in range(arrays_in(form)))))
    for output, result in zip(registry.FORMS[kind(form)].outputs, found):
        assert is_nan(result).all() or form.info.name == "identity" and output.name in ("d", "d2")


def test_no_warnings(form, half):
    """Results beyond the largest number are infinite; no finite input makes a NaN."""
    arrays = inputs(form, every(half, "finite"))
    with np.errstate(all="raise"):
        for result in outputs(at_defaults(form, *arrays)):
            assert not is_nan(result).any()


def test_beyond_the_largest(half):
    large = np.full(40, ml_dtypes.finfo(half).max, half)
    with np.errstate(all="raise"):
        assert (fa.leaky_relu(-large, 3.0) == -np.inf).all()
        assert (fa.relu.backward(large, large) == large).all()
        assert (fa.leaky_relu.backward(large, -large, 2.0) == np.inf).all()


# ---- the same from everywhere ----

def test_lengths_offsets_and_strides(form, half):
    x = every(half)[:30_000:17].copy()
    np.random.default_rng(1).shuffle(x)
    arrays = inputs(form, x)
    whole = outputs(at_defaults(form, *arrays))
    for n in (*range(1, 70), 1023, 1024, 1025):
        for at in (0, 1, 13):
            here = slice(at, at + n)
            got = at_defaults(form, *(a[here] for a in arrays))
            assert_same(got, tuple(w[here] for w in whole), f"{n} from {at}")
    for step in (2, 3, -1, -2):
        assert_same(at_defaults(form, *(a[::step] for a in arrays)), tuple(w[::step] for w in whole), f"step {step}")


@pytest.mark.contract
def test_layouts(form, half):
    x = every(half)[20_000:20_000 + 6 * 35].reshape(6, 35)
    arrays = inputs(form, x)
    whole = outputs(at_defaults(form, *arrays))
    for change in (np.asfortranarray, lambda a: a.T, lambda a: a[1:5, 3:30:2], lambda a: a[::-1], lambda a: a[2, 3]):
        assert_same(at_defaults(form, *map(change, arrays)), tuple(map(change, whole)))
    assert_same(at_defaults(form, *(list(a[0]) for a in arrays)), tuple(w[0] for w in whole), "lists of scalars")

    def misaligned(a):
        raw = np.zeros(a.nbytes + 1, np.uint8)[1:].view(a.dtype).reshape(a.shape)
        raw[...] = a
        return raw

    assert_same(at_defaults(form, *map(misaligned, arrays)), whole, "misaligned")
    assert_same(at_defaults(form, *arrays, out=tuple(misaligned(w) for w in whole)), whole, "misaligned out")


@pytest.mark.contract
@each_loop
def test_ways_in(form, half):
    """out, in place, where, the ufunc, threads, a parameter as an array, a subclass."""
    x = every(half)[5_000:25_000].copy()
    arrays, defaults = inputs(form, x), form.info.defaults
    whole = at_defaults(form, *arrays)
    out = empty_outputs(form, x)
    at_defaults(form, *arrays, out=out)
    assert_same(out, whole, "out=")
    assert_same(form(*arrays, *defaults, *outputs(empty_outputs(form, x))), whole, "out by position")
    assert_same(form.ufunc(*arrays, *defaults), whole, "ufunc")
    assert_same(form(*arrays, *(np.full(x.shape, p) for p in defaults)), whole, "arrays of parameters")
    assert_same(at_defaults(form, *(a.view(np.memmap) for a in arrays)), whole, "subclass")
    for which in range(arrays_in(form)):
        copies = [a.copy() for a in arrays]
        extra = () if form.ufunc.nout == 1 else (np.empty_like(x),)
        assert_same(form(*copies, *defaults, copies[which], *extra), whole, f"in place of argument {which}")
    shifted = [np.concatenate([a, a[:1]]) for a in arrays]
    moved = at_defaults(form, *(a[1:] for a in shifted), out=tuple(np.empty_like(x) for _ in range(form.ufunc.nout)))
    if form.ufunc.nout == 1:
        at_defaults(form, *(a[1:] for a in shifted), out=shifted[0][:-1])
        assert_same(shifted[0][:-1], moved, "over the input's neighbour")
    out = empty_outputs(form, x)
    at_defaults(form, *arrays, out=out, where=np.arange(x.size) % 3 == 0)
    for got, want in zip(outputs(out), outputs(whole)):
        assert_same(got[::3], want[::3].copy(), "where")
        assert (got[1::3] == half(77)).all()
    many = [np.tile(a, 40) for a in arrays]
    for threads in (1, 2, 3):
        with fa.num_threads(threads):
            assert_same(at_defaults(form, *many), tuple(np.tile(w, 40) for w in outputs(whole)), f"{threads} threads")


@pytest.mark.parametrize("threads", [1, 2])
def test_past_the_caches(half, threads):
    """Results larger than the caches are written by streaming stores, to any address; laplace's in double."""
    size = 24 << 20
    x = np.tile(every(half), size >> 16)
    out = np.empty(size + 3, half)[3:]
    with fa.num_threads(threads):
        for form in (fa.silu, fa.relu, fa.laplace):
            form(x, out=out)
            assert (out.view(np.uint16).reshape(-1, 1 << 16) == at_defaults(form, every(half)).view(np.uint16)).all()
