"""bind: arrays fixed once, then calls without arguments."""
import inspect
import pickle
import platform
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import fastact as fa
import native
from axes import arrays_in, assert_same_bits, call, empty_outputs, inputs, outputs, sample
from fastact._core import rows


@pytest.mark.contract
def test_bind_follows_its_buffers(form, dtype):
    arrays = [a.copy() for a in inputs(form, sample(dtype, 50))]
    made = outputs(empty_outputs(form, arrays[0]))
    step = form.bind(*arrays, *form.info.required, *made)
    result = step()
    assert all(one is other for one, other in zip(outputs(result), made))
    assert_same_bits(made, call(form, arrays))
    arrays[-1] *= dtype(0.5)
    step()
    assert_same_bits(made, call(form, arrays))
    want = call(form, arrays)
    del arrays
    assert_same_bits(step(), want)
    for array in made:
        with pytest.raises(ValueError, match="resize"):
            array.resize(10)
    with pytest.raises(TypeError):
        step(1)


@pytest.mark.contract
def test_bind_in_place_and_parameters(activation, dtype):
    x = sample(dtype, 50)
    parameters = [2.0] * len(activation.info.parameters)
    want = activation(x, *parameters)
    activation.bind(x, *parameters, x)()
    assert_same_bits(x, want)


@pytest.mark.contract
def test_bind_by_name(form):
    arrays = inputs(form, sample(np.float32, 20))
    made = empty_outputs(form, arrays[0])
    required = dict(zip([p.name for p in form.info.parameters], form.info.required))
    want = call(form, arrays)
    names = list(inspect.signature(form).parameters)[:len(arrays)]
    for step in (form.bind(*arrays, *outputs(made), **required), form.bind(*arrays, out=made, **required),
                 form.bind(**dict(zip(names, arrays)), out=made, **required)):
        for array in outputs(made):
            array.fill(7)
        assert_same_bits(step(), want)


def test_bind_by_name_refuses():
    x, out = np.ones(4), np.ones(4)
    assert_same_bits(fa.elu.bind(-x, out, alpha=0.5)(), fa.elu(-x, 0.5))
    assert_same_bits(fa.threshold.bind(x, 2.0, out, value=3.0)(), fa.threshold(x, 2.0, 3.0))
    assert_same_bits(fa.gelu.bind(x, out, approximate="tanh")(), fa.gelu_tanh(x))
    for bind, arguments, options in (
            (fa.elu, (x, out), {"beta": 1}), (fa.elu, (x,), {"alpha": 1}), (fa.silu, (x, out), {"out": out}),
            (fa.elu, (x, 1, out), {"alpha": 1}), (fa.silu, (x, out), {"x": x}), (fa.threshold, (x, out), {"value": 1}),
            (fa.gelu.value_and_derivative, (x,), {"out": out}), (fa.silu, (x,), {"out": (out, out)})):
        with pytest.raises(TypeError, match=rf"fastact\.{bind.__name__}\.bind takes x.* output.*got"):
            bind.bind(*arguments, **options)


@pytest.mark.contract
def test_bind_refuses(activation):
    name = rf"{activation.name}\.bind"
    x = np.ones(8, np.float32)
    frozen = x.copy()
    frozen.flags.writeable = False
    for error, arguments in ((TypeError, ([1.0], x)), (TypeError, (x[::2], x[:4])), (TypeError, (x.astype(complex),) * 2),
                             (TypeError, (x.astype(np.int32), x)), (ValueError, (x, np.ones(9, np.float32))),
                             (ValueError, (x, np.ones(8))), (ValueError, (x, np.ones((2, 4), np.float32))),
                             (ValueError, (x.copy(), frozen)), (ValueError, (x[:-1], x[1:])), (TypeError, (x,)),
                             (TypeError, ()), (TypeError, (x, x, x, x, x, x)), (TypeError, (x.view(np.memmap), x))):
        with pytest.raises(error, match=name):
            activation.bind(*arguments[:1], *activation.info.required, *arguments[1:])
    with pytest.raises(TypeError, match=rf"{name} .*\(misaligned\)"):
        activation.bind(np.ndarray(8, np.float32, bytes(33), 1), *activation.info.required, x)
    with pytest.raises(ValueError, match="bind"):
        activation.value_and_derivative.bind(x, *activation.info.required, x[:], x[:])


@pytest.mark.contract
def test_bind_refuses_other_memory(form):
    """A bound array cannot be resized, and a bound call notices replaced memory before it writes."""
    arrays = [a.copy() for a in inputs(form, sample(np.float32, 48))]
    made = outputs(empty_outputs(form, arrays[0]))
    step = form.bind(*arrays, *form.info.required, *made)
    for array in (*arrays, *made):
        for keywords in ({}, {"refcheck": False}):
            with pytest.raises(ValueError, match="resize"):
                array.resize(100000, **keywords)
    before = [array.copy() for array in made]
    arrays[0].__setstate__(np.ones(100000, np.float32).__reduce__()[2])  # new memory in the same object
    with pytest.raises(ValueError, match=rf"fastact\.{form.__name__}\.bind: .*bind it again"):
        step()
    assert_same_bits(tuple(made), tuple(before))


def test_bind_guards_what_a_view_is_of():
    base = np.ones(32, np.float32)
    step = fa.relu.bind(base[:16], base[16:])
    with pytest.raises(ValueError, match="resize"):
        base.resize(100000, refcheck=False)
    assert (step() == 1).all()


def test_bind_wants_numbers_as_parameters():
    x = np.ones(4, np.float32)
    with pytest.raises(TypeError, match=r"elu\.bind needs one number for each of alpha"):
        fa.elu.bind(x, np.ones(4), x)
    assert (fa.threshold.bind(-x, 1e300, 1e300, x)() == np.inf).all()


def test_short_calls_leave_the_flags_as_they_were(form, dtype):
    """For ordinary elements the library does not save and restore the flags, so no loop may raise one."""
    libm = native.libm()
    quiet = {"x86_64": 1 | 16, "aarch64": 1 | 8}.get(platform.machine())  # invalid and underflow
    if not quiet:
        pytest.skip("knows the flags of x86-64 and aarch64")
    rng = np.random.default_rng(3)
    ordinary = np.exp2(rng.uniform(-20, 3, (400, 16))) * rng.choice([-1, 1], (400, 16))
    ordinary[rng.random((400, 16)) < 0.1] = 0
    ordinary[0, :4], ordinary[0, 4:8] = 2.0**-20, 8
    strange = np.tile([np.nan, 1e-40, -1e-40, -30, 1e30, -np.inf, 1e-310, 2], (4, 2))
    with np.errstate(over="ignore", under="ignore"):
        rows = np.concatenate([ordinary, strange, ordinary[:1]]).astype(dtype)
    held = [np.ones(16, dtype) for _ in range(arrays_in(form))]
    made = outputs(empty_outputs(form, held[0]))
    step = form.bind(*held, *form.info.required, *made)
    rows = np.stack([np.roll(rows, k, axis=1) for k in range(len(held))], axis=1)

    def flags_after(before, rows):
        libm.feclearexcept(quiet)
        libm.feraiseexcept(before)
        for row in rows:
            for array, numbers in zip(held, row):
                array[:] = numbers
            step()
        return libm.fetestexcept(quiet)

    for before in (0, quiet):
        if flags_after(before, rows) != before:
            raise AssertionError(f"of {[row for row in rows if flags_after(before, [row]) != before]}, before {before}")


@pytest.mark.contract
def test_bind_biased_backward(activation, dtype):
    rng = np.random.default_rng(5)
    for shape in ((7, 5), (3, 4, 16), (40, 600), (11,), (0, 3)):
        grad, x = rng.normal(0, 2, (2, *shape)).astype(dtype)
        bias = rng.normal(0, 1, shape[-1]).astype(dtype)
        want = activation.biased_backward(grad, x, bias, *activation.info.required)
        dx, dbias = np.full_like(x, 7), np.full_like(bias, 7)
        step = activation.biased_backward.bind(grad, x, bias, *activation.info.required, dx, dbias)
        got = step()
        assert got[0] is dx and got[1] is dbias
        assert_same_bits(got, want)
        activation.biased_backward.bind(grad, x, bias, *activation.info.required, x, dbias)()  # in place
        assert_same_bits((x, dbias), want)


def test_bind_biased_backward_refuses():
    name = r"gelu\.biased_backward\.bind"
    grad, x, bias, dx, dbias = np.ones((4, 3)), np.ones((4, 3)), np.ones(3), np.ones((4, 3)), np.ones(3)
    half = [a.astype(np.float16) for a in (grad, x, bias, dx, dbias)]
    for error, arguments in ((ValueError, (grad, x, x.copy(), dx, dbias)), (ValueError, (grad, x, bias, dx, dx)),
                             (ValueError, (grad, x, bias, dx, bias)), (ValueError, (grad, x, bias, dx, x[0])),
                             (ValueError, (grad, x, bias[:2].copy(), dx, dbias)), (TypeError, (grad, x, bias, dx)),
                             (TypeError, half), (ValueError, (grad, x, x[0], x, dbias))):
        with pytest.raises(error, match=name):
            fa.gelu.biased_backward.bind(*arguments)


ROWS = [(function, kind) for function in rows.functions.values() for kind in ("value", "backward", "backward_from_output")
        if kind == "value" or function.info.saved_for_backward and not (function.info.reduces and kind == "backward_from_output")]


@pytest.mark.parametrize("function, kind", ROWS, ids=lambda value: getattr(value, "name", value))
def test_bind_rows(function, kind, dtype):
    """The bits of the call, for every axis, with a mask and a temperature, and again after the arrays change."""
    rng = np.random.default_rng(6)
    form = function if kind == "value" else getattr(function, kind)
    for shape, axis in (((5, 7), -1), ((5, 7), 0), ((3, 4, 5), 1), ((3, 4, 5), (1, 2)), ((3, 4, 5), None), ((64, 300), 1)):
        for masked in (False, True):
            options = {"axis": axis}
            if masked:
                options["mask"] = rng.random(shape) < 0.7
                if function.name not in ("logsumexp", "hardmax"):
                    options["temperature"] = 0.7
            x = rng.normal(0, 2, shape).astype(dtype)
            x[0, 0] = -np.inf
            y = np.asarray(function(x, **options), dtype)
            first = rng.normal(0, 1, y.shape).astype(dtype)
            held = {"value": [x], "backward": [first, x], "backward_from_output": [first, y]}[kind]
            out = np.full(y.shape if kind == "value" else shape, 7, dtype)
            step = form.bind(*held, out, **options)
            for _ in range(2):
                assert step() is out
                assert_same_bits(out, np.asarray(form(*held, **options)))
                held[0] *= dtype(0.5)
            if "mask" in options:
                options["mask"][:] = ~options["mask"]  # the bound call has its own
                held[0] *= dtype(1)
                step()
            if not function.info.reduces:
                want = form(*held, axis=axis)
                assert form.bind(*held, held[-1], axis=axis)() is held[-1]
                assert_same_bits(held[-1], want)


def test_bind_rows_refuses():
    x, grad, out = np.ones((2, 3, 4)), np.ones((2, 3, 4)), np.ones((2, 3, 4))
    frozen = x.copy()
    frozen.flags.writeable = False
    softmax, backward, total = fa.softmax.bind, fa.softmax.backward.bind, fa.logsumexp.bind
    for error, bind, arguments, options in (
            (TypeError, softmax, (x,), {}), (TypeError, softmax, (), {}), (TypeError, softmax, ([1.0], out), {}),
            (TypeError, softmax, (x, out), {"keepdims": True}), (TypeError, softmax, (x, out, 0), {"axis": 1}),
            (TypeError, softmax, (x.astype(int), out), {}), (TypeError, softmax, (x[..., ::2], out), {}),
            (ValueError, softmax, (x, out[:1]), {}), (ValueError, softmax, (x, out.astype("f")), {}),
            (ValueError, softmax, (x, frozen), {}), (ValueError, softmax, (x.reshape(-1)[:-1], x.reshape(-1)[1:]), {}),
            (ValueError, softmax, (x, out), {"axis": (0, 2)}), (ValueError, softmax, (x, out), {"axis": 3}),
            (ValueError, softmax, (x, out), {"temperature": 0}), (TypeError, softmax, (x, out), {"mask": np.ones(4)}),
            (ValueError, softmax, (x, out), {"mask": np.ones(5, bool)}), (TypeError, backward, (x, out), {}),
            (ValueError, backward, (grad[:1], x, out), {}), (ValueError, total, (x, out), {"axis": 1}),
            (ValueError, total, (x[0], x[0, 0]), {"axis": 0}), (TypeError, total, (x, 1.0), {}),
            (TypeError, fa.hardmax.backward.bind, (grad, x, out), {}),
            (TypeError, fa.logsumexp.backward_from_output.bind, (grad, x, out), {})):
        with pytest.raises(error):
            bind(*arguments, **options)
    with pytest.raises(ValueError, match=r"fastact\.softmax\.backward\.bind needs grad of float64\[2, 3, 4\]"):
        backward(grad[:1], x, out)
    step = softmax(x, out)
    with pytest.raises(ValueError, match="resize"):
        x.resize(50, refcheck=False)
    assert step() is out


def test_bind_logsumexp_into_one_number():
    x, out = np.arange(4.0), np.zeros(())
    assert fa.logsumexp.bind(x, out)() is out and out == fa.logsumexp(x)
    kept = np.zeros((1, 4))
    fa.logsumexp.bind(x.reshape(1, 4), kept, axis=0, keepdims=True)()
    assert_same_bits(kept[0], x)


GATED = pytest.mark.parametrize("unit", [fa.glu, fa.reglu, fa.geglu, fa.swiglu], ids=lambda unit: unit.name)
EVERY_FLOAT = pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])


@GATED
@EVERY_FLOAT
@pytest.mark.parametrize("gate", ["last", "first"])
def test_bind_gated_linear_units(unit, kind, gate):
    """The bits of the call, for every axis, again after the arrays change, and with the gradient over x."""
    for shape in ((2,), (64,), (3, 20), (5, 2), (2, 4, 6), (70, 514), (0, 4), (4, 0), (6, 0, 2)):
        for axis in [k for k in range(-len(shape), len(shape)) if shape[k] % 2 == 0]:
            x = sample(kind, *shape)
            out, dx = np.full_like(unit(x, axis, gate), 7), np.full_like(x, 7)
            grad = sample(kind, *out.shape)[..., ::-1].copy()
            step, back = unit.bind(x, out, axis, gate), unit.backward.bind(grad, x, dx, axis=axis, gate=gate)
            for _ in range(2):
                assert step() is out and back() is dx
                assert_same_bits(out, unit(x, axis, gate))
                assert_same_bits(dx, unit.backward(grad, x, axis, gate))
                x *= kind(0.5)
            want = unit.backward(grad, x, axis, gate)
            assert unit.backward.bind(grad, x, x, axis, gate)() is x
            assert_same_bits(x, want)


@GATED
def test_bind_long_gated_linear_units(unit, dtype):
    """With threads, without the GIL, and beyond the caches."""
    for rows, columns in ((30_000, 6), (600, 1200), (1500, 4000)):
        x = np.resize(sample(dtype, 10_007), (rows, columns))
        grad, out, dx = x[:, columns // 2:].copy(), np.empty((rows, columns // 2), dtype), np.empty_like(x)
        assert_same_bits(unit.bind(x, out)(), unit(x))
        assert_same_bits(unit.backward.bind(grad, x, dx)(), unit.backward(grad, x))
        want = dx.copy()
        assert_same_bits(unit.backward.bind(grad, x, x)(), want)


GPT_OSS = {"alpha": 1.702, "limit": 7.0, "offset": 1.0, "layout": "interleaved"}
VARIANTS = pytest.mark.parametrize(
    "options", [GPT_OSS, {"limit": 10.0}, {"layout": "interleaved"}, {"alpha": -0.5, "offset": 0.1}], ids=str)


@VARIANTS
@EVERY_FLOAT
def test_bind_swiglu_with_options(options, kind):
    for shape, axis in (((2,), 0), ((3, 20), 1), ((4, 6, 5), 1), ((6, 0, 2), 2), ((5, 514), -1)):
        x = 4 * sample(kind, *shape)
        out, dx = np.full_like(fa.swiglu(x, axis, **options), 7), np.full_like(x, 7)
        grad = sample(kind, *out.shape)
        step = fa.swiglu.bind(x, out, axis, gate="first", **options)
        back = fa.swiglu.backward.bind(grad, x, dx, axis, "first", **options)
        for _ in range(2):
            assert step() is out and back() is dx
            assert_same_bits(out, fa.swiglu(x, axis, "first", **options))
            assert_same_bits(dx, fa.swiglu.backward(grad, x, axis, "first", **options))
            x *= kind(-0.5)
        want = fa.swiglu.backward(grad, x, axis, "first", **options)
        assert fa.swiglu.backward.bind(grad, x, x, axis, "first", **options)() is x
        assert_same_bits(x, want)
    with pytest.raises(ValueError, match=r"fastact\.swiglu\.bind: limit must be"):
        fa.swiglu.bind(np.ones(2), np.ones(1), limit=-1)
    with pytest.raises(ValueError, match=r"fastact\.swiglu\.backward\.bind: layout must be"):
        fa.swiglu.backward.bind(np.ones(1), np.ones(2), np.ones(2), layout="other")


@VARIANTS
def test_bind_long_swiglu_with_options(options, dtype):
    """With threads, without the GIL, beyond the caches, and in place."""
    for rows, columns in ((30_000, 6), (1500, 4000)):
        x = np.resize(4 * sample(dtype, 10_007), (rows, columns))
        some = x[:3].copy()
        grad, out, dx = x[:, columns // 2:].copy(), np.empty((rows, columns // 2), dtype), np.empty_like(x)
        y, back = fa.swiglu(some, **options), fa.swiglu.backward(grad[:3], some, **options)
        assert_same_bits(fa.swiglu.bind(x, out, **options)()[:3], y)
        assert_same_bits(out, fa.swiglu(x, **options))
        assert_same_bits(fa.swiglu.backward.bind(grad, x, dx, **options)()[:3], back)
        assert_same_bits(fa.swiglu.backward.bind(grad, x, x, **options)(), dx)


@GATED
def test_bind_gated_linear_units_refuses(unit):
    x, grad, out, dx = np.ones((4, 6)), np.ones((4, 3)), np.ones((4, 3)), np.ones((4, 6))
    frozen, long = out.copy(), np.ones(12)
    frozen.flags.writeable = False
    for error, arguments, options in (
            (TypeError, ([1.0, 2.0], out), {}), (TypeError, (x, out.tolist()), {}), (TypeError, (x.astype(int), out), {}),
            (TypeError, (x.T, out.T), {"axis": 0}), (TypeError, (x * 1j, out * 1j), {}), (TypeError, (x, out[::2]), {}),
            (ValueError, (x, dx), {}), (ValueError, (x, out.astype("f")), {}), (ValueError, (x, out), {"axis": 0}),
            (ValueError, (np.ones((4, 5)), out), {}), (ValueError, (x, out), {"gate": "both"}), (ValueError, (x, frozen), {}),
            (ValueError, (long, long[:6]), {}), (ValueError, (long, long[3:9]), {})):
        with pytest.raises(error, match=rf"fastact\.{unit.name}\.bind"):
            unit.bind(*arguments, **options)
    for error, arguments, options in (
            (TypeError, (grad.tolist(), x, dx), {}), (TypeError, (grad, x, dx.astype(complex)), {}), (ValueError, (x, x, dx), {}),
            (ValueError, (grad.astype("f"), x, dx), {}), (ValueError, (grad, x, out), {}),
            (ValueError, (grad, x, dx), {"gate": 1}), (ValueError, (dx.reshape(-1)[:12].reshape(4, 3), x, dx), {})):
        with pytest.raises(error, match=rf"fastact\.{unit.name}\.backward\.bind"):
            unit.backward.bind(*arguments, **options)
    whole = np.ones((5, 6))
    with pytest.raises(ValueError, match=rf"{unit.name}\.backward\.bind: the output overlaps"):
        unit.backward.bind(grad, whole[:4], whole[1:])
    for axis in (2, -3):
        with pytest.raises(np.exceptions.AxisError):
            unit.bind(x, out, axis)
    for wrong in ((x,), (x, out, -1, "last", *[None] * 5)):
        with pytest.raises(TypeError):
            unit.bind(*wrong)
    step, back = unit.bind(x, out), unit.backward.bind(grad, x, dx)
    for array in (x, grad, out, dx):
        with pytest.raises(ValueError, match="resize"):
            array.resize(50, refcheck=False)
    x.__setstate__(np.zeros(1000).__reduce__()[2])
    for stale in (step, back):
        with pytest.raises(ValueError, match="bind it again"):
            stale()
    assert (out == 1).all() and (dx == 1).all()


def test_gated_backward_is_an_object():
    """With its name, help and signature, as a form of a row function has them."""
    form = fa.swiglu.backward
    assert form is fa.swiglu.backward and pickle.loads(pickle.dumps(form)) is form
    assert list(inspect.signature(form).parameters) == [
        "grad", "x", "axis", "gate", "alpha", "limit", "offset", "layout", "out"]
    assert "gradient" in form.__doc__ and "swiglu.backward" in repr(form)


def test_row_forms_are_objects():
    """A form of a row function has its method's name, help and signature, and can be pickled."""
    form = fa.softmax.backward
    assert form is fa.softmax.backward and pickle.loads(pickle.dumps(form)) is form
    assert list(inspect.signature(form).parameters) == [
        "grad", "x", "axis", "out", "mask", "temperature", "sink", "bias", "causal", "wrt"]
    assert form.__name__ == "backward" and "Gradient" in form.__doc__ and "softmax.backward" in repr(form)


def test_bind_long_calls_release_the_gil():
    x = np.ones((300, 1000), np.float32)
    step = fa.softmax.bind(x, np.empty_like(x))
    with ThreadPoolExecutor(4) as pool:
        for result in pool.map(lambda _: step(), range(16)):
            np.testing.assert_allclose(result, 0.001, rtol=1e-6)


def test_an_output_that_has_become_read_only_is_not_written_to():
    x, y = np.full((3, 4), 0.5), np.full((3, 4), 0.5)
    for bound in (fa.gelu.bind(x, np.zeros((3, 4))), fa.gelu.bind(y, y), fa.softmax.bind(x, np.zeros((3, 4))),
                  fa.gelu.biased_backward.bind(x, x, np.ones(4), np.zeros((3, 4)), np.zeros(4)),
                  fa.gelu.value_and_derivative.bind(x, np.zeros((3, 4)), np.zeros((3, 4)))):
        results = bound.result if isinstance(bound.result, tuple) else (bound.result,)
        for out in results:
            before = [each.copy() for each in results]
            out.flags.writeable = False
            for call in (bound, fa.Pipeline([bound])):
                with pytest.raises(ValueError, match=r"\.bind.* an output has become read-only"):
                    call()
            for each, kept in zip(results, before):
                np.testing.assert_array_equal(each, kept)
            out.flags.writeable = True
        x.flags.writeable = False  # an input may be
        bound()
        x.flags.writeable = True
