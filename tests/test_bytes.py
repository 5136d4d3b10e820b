"""8-bit types: float8 and quantised integers are exact arithmetic, rounded once, on all 256 inputs."""
import functools
import os
import pickle
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import fastact as fa
from axes import outputs
from fastact import registry
from fastact._core import byte_tables, exact
from fastact.accuracy import formulas
from fastact.accuracy.oracle import Formula

ml_dtypes = pytest.importorskip("ml_dtypes")
ALL = np.arange(256, dtype=np.uint8)
E4M3 = ml_dtypes.float8_e4m3fn
FLOAT8 = [getattr(ml_dtypes, name) for name in byte_tables._FLOAT8 if hasattr(ml_dtypes, name)]
ONE_INPUT = [(name, form) for name, f in fa.activations.items() for form in ("value", "derivative", "second_derivative")
             if form in f.info.forms]
thorough = pytest.mark.thorough


@pytest.fixture(params=[pytest.param(dtype, marks=() if dtype is E4M3 else thorough, id=dtype.__name__) for dtype in FLOAT8])
def float8(request):
    return request.param


def form_of(name, form):
    return fa.activations[name] if form == "value" else getattr(fa.activations[name], form)


BITS = 1328  # 400 digits, as the tables have: what they do not tell from a tie counts as one


def exact_function(entry, form, parameters):
    """The exact value as a function of x; a default that stands for a fraction is that fraction."""
    mp = formulas.context()
    values = [formulas.number(p.exact) if p.exact and v == p.default else mp.mpf(v) for p, v in zip(entry.parameters, parameters)]
    formula = Formula(getattr(entry, registry.FORMS[form].outputs[0].formula), [p.name for p in entry.parameters], values)
    return lambda x: formula.settled(x)[0] if mp.prec == formulas.PRECISION else formula(x)


def nearest(y, dtype):
    """A number of mpmath, rounded to float8."""
    mp, limits = formulas.context(), ml_dtypes.finfo(dtype)
    unit = mp.ldexp(float(limits.eps), mp.mag(max(abs(y), float(limits.smallest_normal))) - 1)
    with np.errstate(all="ignore"):
        return np.float64(float(mp.nint(y / unit) * unit)).astype(np.float32).astype(dtype)


def same_numbers(got, want):
    return np.array_equal(got.astype(float), want.astype(float), equal_nan=True)


# ---- float8 ----

@pytest.mark.parametrize("name, form", ONE_INPUT)
def test_float8_is_rounded_correctly(name, form, float8):
    entry, x = fa.activations[name].info, ALL.view(float8)
    for parameters in {entry.defaults, tuple(p.example or 0.7 for p in entry.parameters)}:
        got = form_of(name, form)(x, *parameters)
        function = exact_function(entry, form, parameters)
        limits = form_of(name, form)(x.astype(float), *parameters)  # for infinities and NaN
        with formulas.context().workprec(BITS if name == "softcap" else formulas.context().prec):  # cap - 2^-1180 is no tie
            want = np.array([nearest(function(float(v)) if np.isfinite(float(v)) else formulas.context().mpf(limit), float8)
                             if np.isfinite(limit) else np.float32(limit).astype(float8) for v, limit in zip(x, limits)])
        assert got.dtype == float8
        different = np.flatnonzero(~((got.astype(float) == want.astype(float)) | np.isnan(got.astype(float))
                                     & np.isnan(want.astype(float))))
        assert different.size == 0, f"{parameters}: {x[different]}: {got[different]}, exactly {want[different]}"


def test_the_sign_of_what_is_rounded_to_0():
    x = np.array([-57344, -0.0, 0.0, 57344]).astype(ml_dtypes.float8_e5m2)
    for f, negative in ((fa.silu, [1, 1, 0, 0]), (fa.log_sigmoid, [1, 1, 1, 1]), (fa.softplus, [0, 0, 0, 0])):
        assert list(np.signbit(f(x).astype(float))) == negative, f


def test_rounding_is_that_of_ml_dtypes(float8):
    """Where a cast does not round twice: of float32 numbers, ties and overflow among them."""
    x = np.unique(ALL.view(float8).astype(float))
    x = x[np.isfinite(x)]
    ties = np.concatenate([(x[1:] + x[:-1]) / 2, [1.5 * x[-1] - x[-2] / 2, 2 * x[-1] - x[-2], 1e30, np.inf, np.nan]])
    numbers = np.concatenate([x, ties, -ties[:-1], np.random.default_rng(0).normal(0, 50, 1000).astype(np.float32)])
    with np.errstate(all="ignore"):
        assert byte_tables.round_float8(numbers, float8).tobytes() == numbers.astype(np.float32).astype(float8).tobytes()
    close = ties[:len(x) - 1]
    assert same_numbers(byte_tables.round_float8(np.nextafter(close, 1e9), float8), x[1:])
    assert same_numbers(byte_tables.round_float8(np.nextafter(close, -1e9), float8), x[:-1])


def test_pairs_are_value_and_derivative(activation, float8):
    x, parameters = ALL.view(float8), activation.info.defaults
    for got, want in zip(activation.value_and_derivative(x, *parameters),
                         (activation(x, *parameters), activation.derivative(x, *parameters)), strict=True):
        assert got.dtype == float8 and got.tobytes() == want.tobytes()


@pytest.mark.contract
@pytest.mark.parametrize("form", ["backward", "backward_from_output", "gated", "gated_backward", "biased"])
def test_forms_of_several_inputs_are_rounded_once(activation, form, float8):
    if form not in activation.info.forms:
        with pytest.raises(TypeError, match="does not determine"):
            activation.backward_from_output(ALL.view(float8), ALL.view(float8))
        return
    function = getattr(activation, form)
    x = ALL.view(float8)
    first, second = (np.repeat(x, 256), np.tile(x, 256)) if form != "backward_from_output" else (x, activation(
        x, *activation.info.required))
    arrays = (first, second, np.roll(second, 9))[:len(registry.FORMS[form].inputs)]
    wide = [array.astype(float) for array in arrays]
    with np.errstate(all="ignore"):
        if form == "biased":
            wide = [byte_tables.round_float8(sum(wide), float8).astype(float), np.zeros(1)]
        got = outputs(function(*arrays, *activation.info.required))
        want = outputs(function(*wide, *activation.info.required))
    for one, other in zip(got, want, strict=True):
        assert one.dtype == float8 and same_numbers(one, byte_tables.round_float8(other, float8))


def test_ways_of_calling(rng):
    x = ALL.view(E4M3).reshape(16, 16)
    want, out = fa.gelu(x), np.empty_like(x)
    assert fa.gelu(x, out=out) is out and fa.gelu(x, out) is out and fa.gelu(x, out=(out,)) is out
    assert out.tobytes() == want.tobytes()
    assert fa.gelu(x.T).flags.f_contiguous and fa.gelu(x.T).tobytes() == want.T.tobytes()
    assert same_numbers(fa.gelu(x[::-2, 1::3]), want[::-2, 1::3])
    assert type(fa.gelu(E4M3(1))) is E4M3 and fa.gelu(np.array(1, E4M3)) == fa.gelu(E4M3(1)) == want.flat[0x38]
    assert fa.gelu(x[:0]).shape == (0, 16) and fa.gelu(np.broadcast_to(E4M3(1), (3, 2))).tolist() == [[fa.gelu(E4M3(1))] * 2] * 3
    assert type(fa.tanh.backward(E4M3(1), E4M3(2))) is E4M3 and fa.tanh.backward(1.0, x).dtype == E4M3
    assert fa.tanh.backward(np.ones(256, np.float32).reshape(x.shape), x).dtype == fa.gelu.ufunc(x).dtype == np.float32
    assert fa.gelu(x, dtype=np.float32).dtype == np.float32
    filled = np.full_like(x, 7)
    fa.gelu(x, out=filled, where=x.astype(float) > 1)
    assert same_numbers(filled, np.where(x.astype(float) > 1, want.astype(float), 7.0))
    wide = np.empty(x.shape, np.float32)
    assert same_numbers(fa.gelu(x, out=wide), want)
    steps = np.array([[0.1], [2.0]])
    assert same_numbers(fa.elu(x[:2], steps), np.stack([fa.elu(x[0], 0.1), fa.elu(x[1], 2.0)]))
    assert same_numbers(fa.gelu(x, approximate="tanh"), fa.gelu_tanh(x))
    row = x.reshape(-1).copy()
    fa.gelu(row[:-1], out=row[1:])
    assert row[1:].tobytes() == want.tobytes()[:-1]
    value, slope = fa.gelu.value_and_derivative(x, out=(out, None))
    assert value is out and same_numbers(slope, fa.gelu.derivative(x))


def test_no_warnings_of_arithmetic(float8):
    """Whatever numpy.seterr says, as for half types."""
    x = ALL.view(float8)
    byte_tables.float8.cache_clear()
    byte_tables.quantized.cache_clear()
    with np.errstate(all="raise"):
        for f in (fa.exponential, fa.relu_squared, fa.silu, fa.squareplus):
            for form in (f, f.derivative, f.second_derivative):
                form(x)
            f.backward(x, x), f.gated(x[::-1], x), f.biased(x, -x[::-1]), f.gated_backward(x, x, x)
            f.quantized(ALL, 1e308, 100, 1e-308, 3), f.quantized(ALL, 5e-324, 100, 1e308, 3)


@pytest.mark.parametrize("call, error, message", [
    (lambda x: fa.gelu(x, out=np.empty(3, E4M3)), ValueError, r"gelu: out must be an array of shape \(256,\), got \(3,\)"),
    (lambda x: fa.gelu(x, out=np.empty(256, np.uint8)), TypeError, "float8_e4m3fn result cannot be written into out of uint8"),
    (lambda x: fa.gelu(x, casting="no"), TypeError, "takes where= and out=, .*got casting"),
    (lambda x: fa.gelu(x, out=(x, x)), TypeError, "an array for each output, got 2 for 1"),
    (lambda x: fa.gelu.biased_backward(x, x, x), TypeError, "does not support float8_e4m3fn: it takes float16"),
    (lambda x: fa.gelu(np.broadcast_to(x, (2, 256)), out=np.broadcast_to(x, (2, 256))), ValueError, "out is read-only"),
    (lambda x: fa.elu(x, "a"), ValueError, "fastact.elu: could not convert"),
    (lambda x: fa.elu(x, 1j), TypeError, "fastact.elu: "),
    (lambda x: fa.elu(x, 10**400), OverflowError, "fastact.elu: alpha must be a number that a float holds"),
    (lambda x: fa.elu.backward(x, x[:3]), ValueError, "fastact.elu.backward: operands could not be broadcast"),
    (lambda x: fa.softplus.backward_from_output(x, x, beta=np.array(-1.0)), None, ""),
])
def test_bad_calls(call, error, message):
    x = ALL.view(E4M3)
    if error is None:
        assert call(x).dtype == E4M3
    else:
        with pytest.raises(error, match=message):
            call(x)


class Subclass(np.ndarray):
    pass


def contained(kind, array):
    """An array in a container, labelled in the order of its elements."""
    if kind in ("Series", "DataFrame"):
        pandas = pytest.importorskip("pandas")
        return pandas.DataFrame(array) if kind == "DataFrame" else pandas.Series(array[0])
    if kind in ("DataArray", "Variable", "Dataset"):
        xarray = pytest.importorskip("xarray")
        variable = xarray.Variable(("a", "b"), array)
        return {"DataArray": xarray.DataArray(variable), "Variable": variable, "Dataset": xarray.Dataset({"v": variable})}[kind]
    if kind == "dask":
        return pytest.importorskip("dask.array").from_array(array, chunks=(2, 3))
    return {"masked": np.ma.masked_array(array, array.astype(float) > 2), "subclass": array.view(Subclass),
            "list": list(array[0])}[kind]


@pytest.mark.parametrize("kind", ["Series", "DataFrame", "DataArray", "Variable", "Dataset", "dask", "masked", "subclass",
                                  "list"])
@pytest.mark.parametrize("form", ["value", "derivative", "second_derivative", "value_and_derivative", "backward",
                                  "backward_from_output", "gated", "gated_backward", "biased"])
def test_containers_of_float8(form, kind, rng):
    """The container and the dtype are kept, and the numbers are those of arrays."""
    function = form_of("tanh", form)
    array = rng.normal(0, 1, (4, 6)).astype(E4M3)
    row = kind in ("Series", "list")
    inside = [array[0] if row else array] * len(registry.FORMS[form].inputs)
    want = outputs(function(*inside))
    for others in ("containers", "arrays"):
        given = [contained(kind, array)] * len(inside)
        if others == "arrays" and kind != "Dataset":
            given[1:] = inside[1:]
        got = outputs(function(*given))
        for one, other in zip(got, want, strict=True):
            assert type(one) is (np.ndarray if kind == "list" else type(given[0]))
            one = one["v"] if kind == "Dataset" else one
            values = np.asarray(one)
            shown = ~np.ma.getmaskarray(one) if kind == "masked" else np.ones(other.shape, bool)
            assert values.dtype == E4M3 and same_numbers(values[shown], other[shown])
            assert kind != "masked" or (one.mask == given[0].mask).all()
    if kind not in ("Dataset", "dask"):
        outs = tuple(np.zeros_like(one) for one in want)
        function(*given, out=outs if len(outs) > 1 else outs[0])
        assert all(same_numbers(one, other) or kind == "masked" for one, other in zip(outs, want))


def test_labels_of_float8(rng):
    pandas, xarray = pytest.importorskip("pandas"), pytest.importorskip("xarray")
    array, slopes = rng.normal(0, 1, (3, 4)).astype(E4M3), np.array([[0.5], [1.0], [2.0]])
    frame = pandas.DataFrame(array, index=list("abc"))
    got = fa.gelu.backward(frame[::-1], frame)
    assert same_numbers(got.to_numpy()[[got.index.get_loc(label) for label in "abc"]], fa.gelu.backward(array, array))
    assert same_numbers(fa.elu(frame, slopes).to_numpy(), fa.elu(array, slopes))
    labelled = xarray.DataArray(array, dims=("a", "b"), coords={"a": [0, 1, 2]}, name="x")
    got = fa.gelu.backward(labelled.T, labelled)
    assert got.dims == ("b", "a") and got.name == "x" and same_numbers(got.values.T, fa.gelu.backward(array, array))
    assert fa.gelu.backward(labelled[:2], labelled).shape == (2, 4)  # xarray's inner join
    mixed = frame.assign(more=np.float32(1))
    assert fa.gelu(mixed).dtypes.tolist() == [np.float32] * 5
    for container in (frame, labelled, np.ma.masked_array(array)):
        with pytest.raises(TypeError, match="fastact.gelu of float8 in a container takes out=, got where"):
            fa.gelu(container, where=array.astype(float) > 0)


# ---- quantised integers ----

def table(f, scale, zero_point, out_scale, out_zero_point, dtype=np.uint8, out_dtype=None, **parameters):
    return f.quantized(ALL.view(dtype), scale, zero_point, out_scale, out_zero_point, out_dtype, **parameters)


def expected(f, scale, zero_point, out_scale, out_zero_point, dtype, out_dtype, parameters):
    """The least and the largest result that is right for each input.

    They are two where 380 digits do not tell a number from a tie, unless it is that of a rational function.
    """
    mp, limits = formulas.context(), np.iinfo(out_dtype)
    function, rational = exact_function(f.info, "value", parameters), not re.search("exp|tanh|erf|sigm|sqrt", f.info.formula)

    def at(q, bits, digits):
        with mp.workprec(bits):
            y = function((int(q) - zero_point) * mp.mpf(float(scale))) / mp.mpf(float(out_scale))
            ends = [int(mp.nint(y * (1 + sign * mp.mpf(10)**-digits))) + out_zero_point for sign in (-1, 1)]
        if ends[0] != ends[1] and bits < 1400:  # silu(89.5) is 89.5 - 1e-37
            return at(q, 1400, 380)
        if rational:
            ends = [int(mp.nint(y)) + out_zero_point]
        return [min(max(end, limits.min), limits.max) for end in (min(ends), max(ends))]

    return np.array([at(q, mp.prec, 25) for q in ALL.view(dtype)]).T


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=thorough) for seed in range(1, 12))])
def test_quantized_is_exact(activation, seed):
    """With scales that are powers of two, which give ties, float32 and float64; each dtype; any zero points."""
    rng, entry = np.random.default_rng(seed), activation.info
    for make in (lambda: 2.0 ** rng.integers(-8, 2), lambda: np.float32(10 ** rng.uniform(-3, 0)),
                 lambda: 10 ** rng.uniform(-3, 0)):
        dtype, out_dtype = rng.choice([np.uint8, np.int8], 2)
        zeros = [int(rng.integers(np.iinfo(kind).min, np.iinfo(kind).max, endpoint=True)) for kind in (dtype, out_dtype)]
        arguments = (make(), zeros[0], make(), zeros[1], dtype, out_dtype)
        parameters = entry.defaults if rng.random() < 0.5 else tuple(p.example or 0.7 for p in entry.parameters)
        got = table(activation, *arguments, **dict(zip(entry.names_beside(byte_tables.ARGUMENTS), parameters)))
        assert got.dtype == out_dtype
        least, largest = expected(activation, *arguments, parameters)
        assert ((least <= got) & (got <= largest)).all(), f"{arguments}, {parameters}"


def test_next_to_a_tie():
    """sigmoid is 1/2 at 0 and next to it a little more or less, of which float64 sees nothing."""
    got = table(fa.sigmoid, 1e-30, 128, 1.0, 0)
    assert got.tolist() == [0] * 129 + [1] * 127
    assert table(fa.relu, 1.0, 0, 2.0, 0)[:8].tolist() == [0, 0, 1, 2, 2, 2, 3, 4]
    assert table(fa.hard_silu, 1.0, 128, 2.0, 0)[126:132].tolist() == [0, 0, 0, 0, 1, 2]  # 2/3 / 2, 5/3 / 2, 3 / 2
    tie = float(np.float32(0.5)) * 3
    just_below = np.nextafter(tie, 0)
    assert table(fa.threshold, 0.5, 0, 1.0, 0, threshold=just_below, value=0.0)[3] == 2
    assert table(fa.threshold, 0.5, 0, 1.0, 0, threshold=tie, value=0.0)[3] == 0


def test_scales_at_the_limits_of_float64():
    """Arguments, and results before they are divided, may be beyond float64, or subnormal."""
    largest, q = 1.7e308, np.arange(-128, 128)
    for f, want in ((fa.relu, q.clip(0)), (fa.log_sigmoid, q.clip(None, 0)), (fa.softplus, q.clip(0)), (fa.silu, q.clip(0)),
                    (fa.mish, q.clip(0)), (fa.identity, q), (fa.tanh, q * 0), (fa.snake, q), (fa.softcap, q * 0)):
        got = table(f, largest, 0, largest, 0, np.int8)
        assert sorted(got.tolist()) == sorted(want.tolist()), f
    assert table(fa.relu_squared, 1e154, 0, 1e308, 0)[10:18].tolist() == [100, 121, 144, 169, 196, 225, 255, 255]
    assert table(fa.exponential, 10.0, 0, largest, 0)[69:73].tolist() == [0, 0, 1, 255]  # exp(710) is beyond
    assert table(fa.exponential, 1e20, 3, 1e300, 0)[:6].tolist() == [0, 0, 0, 0, 255, 255]
    assert table(fa.softplus, 1e20, 0, 2e20, 0)[:6].tolist() == [0, 0, 1, 2, 2, 2]
    assert table(fa.snake, 1e100, 0, 2e100, 0)[:6].tolist() == [0, 1, 1, 2, 2, 3]  # by the square of a sine more than a tie
    mp = formulas.context()
    want = [int(mp.nint(mp.exp(-q) / mp.mpf(5e-324))) for q in range(740, 747)]
    got = [int(table(fa.exponential, float(q), 1, 5e-324, 0)[0]) for q in range(740, 747)]
    assert got == want and max(want) > 50


def test_rounding_that_decimal_arithmetic_decides(monkeypatch):
    """Every result, though float64 knows nearly all of them, and what is so little off a tie that 100 digits miss it."""
    points, code = np.linspace(-3, 3, 256), lambda values: np.rint(values).clip(-128, 127).astype(np.int8).view(np.uint8)
    for name in ("gelu", "mish", "tanh_shrink", "erf", "squareplus", "elu", "hard_sigmoid", "gelu_tanh", "softsign"):
        arguments = (name, "value", 0, points[None], points.tolist(), 1.0, fa.activations[name].info.defaults, 0.05, code)
        want = byte_tables._table(*arguments)
        with monkeypatch.context() as patch:
            patch.setattr(byte_tables, "ERROR", 1e3)
            assert byte_tables._table(*arguments) == want, name
    for sign in (-1, 0, 1):
        assert exact.rounded("1 / 2 + x", sign, 1e-150, {}, 1.0, np.rint) == (sign > 0)


@pytest.mark.parametrize("name", registry.FUNCTIONS)
def test_functions_in_decimal_arithmetic(name):
    text = f"{name}({'x < 1, x, 1' if name == 'where' else 'x, 0.5' if name in ('minimum', 'maximum') else 'x'})"
    for x in (-30.25, -2.5, -0.3, 0.2, 1.75, 20.125):
        if x > 0 or name not in ("sqrt", "log1p"):
            with exact.localcontext(exact.Context(prec=250)):
                got = exact._evaluate(text, {"x": exact.Fraction(x)})
            want = formulas.mpmath_function(text)(x)
            assert abs(formulas.context().mpf(str(got)) - want) <= abs(want) * 2.0**-95, x


def test_onnxruntime_gives_the_same():
    """On all inputs; where its float32 is within an error of a tie it may differ."""
    onnx, ort = pytest.importorskip("onnx"), pytest.importorskip("onnxruntime")
    helper, rng = onnx.helper, np.random.default_rng(0)
    for operator, f, parameters in (("QLinearSigmoid", fa.sigmoid, {}),
                                    ("QLinearLeakyRelu", fa.leaky_relu, {"negative_slope": float(np.float32(0.1))})):
        for dtype in (np.uint8, np.int8) * 8:
            kind, limits = helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), np.iinfo(dtype)
            scales = [np.float32(10 ** rng.uniform(-3, 0)) for _ in range(2)]
            zeros = [int(rng.integers(limits.min, limits.max, endpoint=True)) for _ in range(2)]
            given = {"s": (1, scales[0]), "z": (kind, zeros[0]), "t": (1, scales[1]), "u": (kind, zeros[1])}
            node = helper.make_node(operator, ["x", *given], ["y"], domain="com.microsoft",
                                    **({"alpha": 0.1} if parameters else {}))
            graph = helper.make_graph([node], "g", [helper.make_tensor_value_info("x", kind, [256])],
                                      [helper.make_tensor_value_info("y", kind, [256])],
                                      [helper.make_tensor(name, kind_, [], [value]) for name, (kind_, value) in given.items()])
            model = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17),
                                                                          helper.make_opsetid("com.microsoft", 1)])
            session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
            want, = session.run(None, {"x": ALL.view(dtype)})
            got = table(f, scales[0], zeros[0], scales[1], zeros[1], dtype, **parameters)
            y = f((ALL.view(dtype).astype(float) - zeros[0]) * float(scales[0]), *parameters.values()) / float(scales[1])
            near_tie = abs(y - np.floor(y) - 0.5) < 1e-5 * np.maximum(abs(y), 1)
            assert ((got == want) | near_tie).all() and (got == want).mean() > 0.95


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor:UserWarning")
@pytest.mark.parametrize("name, call, parameters", [
    ("sigmoid", lambda ops, x, s, z: ops.sigmoid(x, s, z), {}), ("tanh", lambda ops, x, s, z: x.tanh(), {}),
    ("elu", lambda ops, x, s, z: ops.elu(x, s, z, 1.5), {"alpha": 1.5}),
    ("celu", lambda ops, x, s, z: ops.celu(x, s, z, 1.5), {"alpha": 1.5}),
    ("leaky_relu", lambda ops, x, s, z: ops.leaky_relu(x, 0.2, False, s, z), {"negative_slope": 0.2}),
    ("hard_silu", lambda ops, x, s, z: ops.hardswish(x, s, z), {}), ("relu6", lambda ops, x, s, z: ops.relu6(x), {}),
])
def test_torch_gives_the_same(name, call, parameters):
    torch, rng, f = pytest.importorskip("torch"), np.random.default_rng(1), fa.activations[name]
    for _ in range(10):
        scale, out_scale, zeros = 10 ** rng.uniform(-2.5, -1), 10 ** rng.uniform(-2.5, -1), rng.integers(0, 256, 2).tolist()
        x = torch._make_per_tensor_quantized_tensor(torch.from_numpy(ALL.copy()), scale, zeros[0])
        y = call(torch.ops.quantized, x, out_scale, zeros[1])
        got = table(f, scale, zeros[0], y.q_scale(), y.q_zero_point(), **parameters)
        exactly = f((ALL.astype(float) - zeros[0]) * scale, *parameters.values()) / y.q_scale()
        near_tie = abs(exactly - np.floor(exactly) - 0.5) < 1e-4
        same = got == y.int_repr().numpy()
        assert (same | near_tie).all() and same.mean() > 0.95


X = np.zeros(4, np.uint8)


@pytest.mark.parametrize("arguments, named, error, message", [
    ((X, 0, 0, 1, 0), {}, ValueError, r"gelu.quantized: scale must be a number in \(0, inf\), got 0"),
    ((X, 1, 0, float("nan"), 0), {}, ValueError, "out_scale must be a number in .*got nan"),
    ((X, 1, 256, 1, 0), {}, ValueError, "zero_point must be from 0 to 255 for uint8, got 256"),
    ((X, 1, 0, 1, 128, np.int8), {}, ValueError, "out_zero_point must be from -128 to 127 for int8, got 128"),
    ((X, 1, 0.0, 1, 0), {}, TypeError, "zero_point must be an integer, got 0.0"),
    ((X, "1", 0, 1, 0), {}, TypeError, "scale must be a number"),
    ((X, [1.0], 0, 1, 0), {}, TypeError, "one scale and one zero point for the array"),
    (([1, 2], 1, 0, 1, 0), {}, TypeError, "takes an array of uint8 or int8, got a list"),
    ((X.astype(np.int64), 1, 0, 1, 0), {}, TypeError, "got int64 ndarray: numpy.asarray"),
    ((np.ma.array(X), 1, 0, 1, 0), {}, TypeError, "got uint8 MaskedArray"),
    ((X, 1, 0, 1, 0, np.int16), {}, TypeError, "the result is uint8 or int8"),
    ((X, 1, 0, 1, 0), {"out": np.empty(4, np.int8)}, TypeError, "out is int8"),
    ((X, 1, 0, 1, 0), {"out": np.empty(3, np.uint8)}, ValueError, r"out must be an array of shape \(4,\)"),
    ((X, 1, 0, 1, 0), {"out": np.broadcast_to(np.uint8(0), 4)}, ValueError, "out is read-only"),
    ((X, 1, 0, 1, 0), {"alpha": 1}, TypeError, "got 'alpha': gelu has the parameters none"),
])
def test_bad_quantized_calls(arguments, named, error, message):
    with pytest.raises(error, match=message):
        fa.gelu.quantized(*arguments, **named)


def test_parameters_of_quantized():
    with pytest.raises(TypeError, match="got 'negative_slop': leaky_relu has 'negative_slope'"):
        fa.leaky_relu.quantized(X, 1, 0, 1, 0, negative_slop=0.1)
    with pytest.raises(TypeError, match="misses its argument 'weight'"):
        fa.prelu.quantized(X, 1, 0, 1, 0)
    with pytest.raises(TypeError, match="parameters must be numbers"):
        fa.prelu.quantized(X, 1, 0, 1, 0, weight=[1.0])
    with pytest.raises(ValueError, match="with these parameters it is NaN"):
        fa.elu.quantized(X, 1, 0, 1, 0, alpha=np.nan)
    assert table(fa.gelu, 0.1, 128, 0.1, 128, approximate="tanh").tolist() == table(fa.gelu_tanh, 0.1, 128, 0.1, 128).tolist()
    assert pickle.loads(pickle.dumps(fa.gelu.quantized)) == fa.gelu.quantized


def test_ways_of_calling_quantized():
    call = functools.partial(fa.silu.quantized, scale=0.05, zero_point=100, out_scale=0.03, out_zero_point=9)
    x = ALL.reshape(16, 16)
    want, out = call(x), np.empty_like(x)
    assert call(x, out=out) is out and out.tolist() == want.tolist()
    assert call(x.T).tolist() == want.T.tolist() and call(x[::-2, 1::3]).tolist() == want[::-2, 1::3].tolist()
    assert type(call(np.uint8(3))) is np.uint8 and call(np.array(3, np.uint8)) == want.flat[3] and call(x[:0]).shape == (0, 16)
    assert call(x, dtype=np.int8).dtype == np.int8 and call(x, scale=np.array(0.05)).tolist() == want.tolist()
    wide = np.zeros((16, 32), np.uint8)
    assert call(x, out=wide[:, ::2]) is not None and wide[:, ::2].tolist() == want.tolist() and not wide[:, 1::2].any()
    for shift in (-1, 0, 1):
        row = ALL.copy()
        call(row[1:-1], out=row[1 + shift:255 + shift])
        assert row[1 + shift:255 + shift].tolist() == want.ravel()[1:-1].tolist()
    x.flags.writeable = False
    assert call(x).tolist() == want.tolist()


def test_tables_are_kept_and_bounded():
    def call(k):
        return fa.tanh.quantized(ALL, 0.01 + k * 1e-4, 128, 1 / 127, 128)

    first = call(0)
    before = byte_tables.quantized.cache_info()
    assert call(0).tolist() == first.tolist() and byte_tables.quantized.cache_info().misses == before.misses
    with ThreadPoolExecutor(8) as pool:
        many = list(pool.map(call, [*range(40)] * 4))
    assert all(got.tolist() == call(k % 40).tolist() for k, got in enumerate(many))
    assert byte_tables.quantized.cache_info().maxsize == byte_tables.float8.cache_info().maxsize == byte_tables.KEPT
    zeros = [fa.leaky_relu(np.array([-1.0]).astype(E4M3), slope).astype(float) for slope in (0.0, -0.0)]
    assert list(np.signbit(zeros)) == [True, False]  # equal keys of a dictionary would give one table


# ---- the loop ----

def test_every_length_and_offset(rng):
    call = functools.partial(fa.mish.quantized, scale=0.05, zero_point=90, out_scale=0.04, out_zero_point=20)
    want = call(ALL)
    x = rng.integers(0, 256, 4500).astype(np.uint8)
    out = np.full(x.size + 200, 7, np.uint8)
    for n in (*range(200), 4096, 4097, 4400):
        for start in (0, 1, 31, 64):
            out[:] = 7
            assert call(x[start:start + n], out=out[start + 3:start + 3 + n]).tobytes() == want[x[start:start + n]].tobytes()
            assert (out[:start + 3] == 7).all() and (out[start + 3 + n:] == 7).all()


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_threads(rng, threads):
    x = rng.integers(0, 256, 3_000_001).astype(np.uint8)
    with fa.num_threads(threads):
        got = fa.gelu.quantized(x, 0.05, 128, 0.05, 128)
        assert (got == fa.gelu.quantized(ALL, 0.05, 128, 0.05, 128)[x]).all()
        assert (fa.gelu.quantized(x, 0.05, 128, 0.05, 128, out=x) == got).all()


@pytest.mark.parametrize("threads", [1, 2])
def test_past_the_caches(threads):
    """Results larger than the caches are written by streaming stores, to any address."""
    want = fa.gelu.quantized(ALL, 0.05, 128, 0.05, 128)
    x = np.tile(ALL, 48 << 12)
    out = np.zeros(x.size + 3, np.uint8)[3:]
    with fa.num_threads(threads):
        assert fa.gelu.quantized(x, 0.05, 128, 0.05, 128, out=out) is out
    assert (out.reshape(-1, 256) == want).all()


@pytest.mark.parametrize("isa", ["baseline", "avx2", "avx512", "neon"])
def test_every_instruction_set(isa):
    """The loop is compared with NumPy's indices under each, of those that this processor has."""
    text = ("import numpy as np, fastact as fa\nx = np.random.default_rng(0).integers(0, 256, 100_001).astype(np.uint8)\n"
            "t = fa.gelu.quantized(np.arange(256, dtype=np.uint8), .05, 128, .05, 128)\n"
            "assert len(set(t.tolist())) > 99 and (fa.gelu.quantized(x, .05, 128, .05, 128) == t[x]).all()\n"
            "print(t.tobytes().hex())")
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", text], env={**os.environ, "FASTACT_ISA": isa},
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == fa.gelu.quantized(ALL, .05, 128, .05, 128).tobytes().hex()
