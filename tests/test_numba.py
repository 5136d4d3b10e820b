"""fastact.numba: calls in compiled code give the bits of the same calls from Python."""
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import fastact as fa
from axes import REPRESENTATIVES, assert_same_bits, sample
from fastact import registry

numba = pytest.importorskip("numba")
from numba import njit, prange  # noqa: E402

FORMS = [name for name, form in registry.FORMS.items() if not form.bias_row]


def some(names, *quick):
    """Names as parameters of a test, thorough except the quick: numba compiles a call for half a second."""
    return [pytest.param(name, marks=[pytest.mark.thorough] * (name not in quick)) for name in names]


def compare(calls, *arguments):
    """Compile a function of calls, as text in x, y and s; its results must be those of Python."""
    function = eval(f"lambda x, y, s: ({''.join(f'{call}, ' for call in calls)})", {"fa": fa})
    for call, got, want in zip(calls, njit(function)(*arguments), function(*arguments), strict=True):
        for one, other in zip(got, want) if isinstance(want, tuple) else [(got, want)]:
            assert np.shape(one) == np.shape(other), call
            if isinstance(one, np.ndarray):
                assert one.dtype == other.dtype, call
            assert_same_bits(np.asarray(one, np.asarray(other).dtype), np.asarray(other))


@pytest.mark.parametrize("name, dtype", [
    pytest.param(name, dtype, marks=[pytest.mark.thorough] * ((name, dtype) != ("elu", "float32")))
    for name in REPRESENTATIVES for dtype in ("float32", "float64")])
def test_every_form(name, dtype):
    """Of arrays and of numbers, for one activation of each signature: compiled code names the activation, which the next test
    has, and passes the form and the dtype as numbers.
    """
    entry = fa.activations[name].info
    calls = []
    for form in set(FORMS) & set(entry.forms):
        function = f"fa.{name}" if form == "value" else f"fa.{name}.{form}"
        for inputs in (("x", "y", "x"), ("s", "s", "s")):
            calls.append(f"{function}({', '.join(map(str, (*inputs[:len(registry.FORMS[form].inputs)], *entry.required)))})")
    x, y = (sample(dtype, 20, 60)[k::2] for k in (0, 1))
    compare(calls, x.copy(), y.copy(), np.dtype(dtype).type(-0.75))


@pytest.mark.contract
def test_every_activation(activation):
    """Their types are made from the registry: a function takes each as an argument."""
    call = CALLS[len(activation.info.required)]
    for number in (np.float64(0.3), np.float32(-2), np.nan, np.inf, -np.inf):
        want = np.asarray(activation(number, *activation.info.required))
        assert_same_bits(np.asarray(call(activation, number, *activation.info.required), want.dtype), want)


CALLS = [njit(lambda f, x: f(x)), njit(lambda f, x, a: f(x, a)), njit(lambda f, x, a, b: f(x, a, b))]


def test_parameters():
    compare(["fa.elu(x, 0.5)", "fa.elu(x, 2)", "fa.elu(x, alpha=s)", "fa.hard_tanh(x, max_val=0.5)", "fa.hard_tanh(s, -2, 0.5)",
             "fa.threshold(x, value=s, threshold=0.25)", "fa.elu.backward(x, y, alpha=0.5)", "fa.linear(x)"],
            sample("float32", 50), sample("float32", 50)[::-1].copy(), 0.3)


@pytest.mark.parametrize("dtype", some(["int16", "uint16", "int32", "int64", "uint64"], "int16"))
def test_integers(dtype):
    values = np.arange(6).astype(dtype)
    compare(["fa.tanh(x)", "fa.silu.gated(x, y)", "fa.tanh(s)", "fa.softmax(x)"], values, values, values[3])


@pytest.mark.thorough
def test_layouts():
    x, wide = sample("float64", 6, 8), sample("float64", 12, 16)
    calls = ["fa.silu(x)", "fa.silu.gated(x, y)", "fa.silu.value_and_derivative(x)", "fa.softmax(x, 0)", "fa.silu.gated(x, s)"]
    packed = np.zeros(48, [("skipped", "i1"), ("x", "f8")])["x"].reshape(6, 8)  # not aligned
    packed[...] = x
    for first, second in ((x, x), (np.asfortranarray(x), np.asfortranarray(x)), (wide[::2, ::2], x), (x, np.asfortranarray(x)),
                          (packed, x), (x.reshape(2, 3, 8), x.reshape(2, 3, 8)), (x[:0], x[:0])):
        compare(calls, first, second, 0.7)
    compare(calls[:3], np.array(0.5), np.array(2.0), 0.7)
    assert njit(lambda x: fa.silu(x))(np.asfortranarray(x)).flags.f_contiguous


@pytest.mark.thorough
def test_where_results_are_written():
    x, y, d = sample("float32", 4, 5), np.empty((4, 5), np.float32), np.empty((4, 5), np.float32)
    assert_same_bits(njit(lambda x, y: fa.gelu(x, out=y))(x, y), fa.gelu(x))
    assert_same_bits(y, fa.gelu(x))
    njit(lambda x, out: fa.mish.value_and_derivative(x, out=out))(x, (y, d))
    assert_same_bits(d, fa.mish.derivative(x))
    njit(lambda x, y: fa.softmax(x, out=y))(x, y)
    assert_same_bits(y, fa.softmax(x))
    want = fa.relu(x)
    njit(lambda x: fa.relu(x, out=x))(x)
    assert_same_bits(x, want)
    columns = np.zeros((4, 10), np.float32)
    njit(lambda x, out: fa.softmax(x, out=out))(y, columns[:, ::2])
    assert_same_bits(columns[:, ::2], fa.softmax(y))
    long = np.arange(-5, 5, dtype=np.float64)
    want = fa.elu(long[:-1])
    njit(lambda x: fa.elu(x[:-1], out=x[1:]))(long)  # they overlap
    assert_same_bits(long[1:], want)


@pytest.mark.parametrize("name", some([row.name for row in registry.ROWS if not row.reduces], "softmax"))
def test_functions_of_rows(name):
    row = next(row for row in registry.ROWS if row.name == name)
    calls = [f"fa.{name}(x)", f"fa.{name}(x, axis=0)", f"fa.{name}(x, 1, None, y > 0)"]
    calls += [f"fa.{name}(x, temperature=s)"] * row.temperature
    calls += [f"fa.{name}.{form}(x, y, axis=0)" for form in row.forms[1:]]
    compare(calls, sample("float32", 6, 7), sample("float32", 6, 7)[::-1].copy(), 2.5)


@pytest.mark.thorough
def test_loops_in_parallel():
    x = sample("float32", 8, 1000)

    @njit(parallel=True)
    def forward(x):
        h = np.empty_like(x)
        for i in prange(len(x)):
            fa.gelu(x[i], out=h[i])
            h[i, 0] = fa.tanh(x[i, 0])
        return h

    want = fa.gelu(x)
    want[:, 0] = fa.tanh(x[:, 0])
    assert_same_bits(forward(x), want)


THREADS = """
import os
import numpy as np, fastact as fa
from numba import njit
fa.set_num_threads(2)
functions = [njit(lambda x: fa.gelu(x)), njit(lambda x: fa.softmax(x))]
x = np.ones((1000, 1000))
[f(x[:2]) for f in functions]
counts = [len(os.listdir("/proc/self/task"))]
for f in (*functions, fa.gelu):
    f(x)
    counts.append(len(os.listdir("/proc/self/task")))
print(*counts)
"""


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="counts threads as Linux lists them")
def test_compiled_calls_start_no_threads():
    before, gelu, softmax, python = map(int, run(THREADS).split())
    assert before == gelu == softmax < python


CACHED = """
import sys
import numpy as np, fastact as fa
from numba import njit
assert "fastact.numba" not in sys.modules

@njit(cache=True)
def layer(x):
    return fa.softmax(fa.elu.derivative(x, alpha=0.5) + fa.gelu(1.5))

x = np.linspace(-2, 2, 12).reshape(3, 4)
assert (layer(x) == layer.py_func(x)).all()
print(sum(layer.stats.cache_hits.values()))
"""


def run(text, *arguments, **environment):
    ended = subprocess.run([sys.executable, *(arguments or ("-c", text))], capture_output=True, text=True,
                           env={**os.environ, **environment})
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_the_cache_of_another_process(tmp_path):
    """Where the kernels have other addresses."""
    program = Path(tmp_path / "program.py")
    program.write_text(CACHED)
    assert [run("", str(program), NUMBA_CACHE_DIR=str(tmp_path)).strip() for _ in range(2)] == ["0", "1"]


X = np.ones((3, 4))


@pytest.mark.parametrize("call, arguments, said", [
    ("fa.gelu(x)", (X.astype(np.int8),), r"fastact\.gelu .*int8.* would give float16, which numba does not have"),
    ("fa.gelu(x)", (1j,), "x must be a real number or an array of them, got complex128"),
    ("fa.gelu([x, x])", (1.0,), "x must be a real number or an array of them, got list"),
    ("fa.gelu(x)", ((1.0, 2.0),), "x must be a real number or an array of them, got UniTuple"),
    ("fa.gelu.biased(x, x)", (X,), r"fastact\.gelu\.biased .*add the bias first, and call gelu or gelu\.backward"),
    ("fa.gelu.backward_from_output(x, x)", (X,), r"use fastact\.gelu\.backward\(grad, x\)"),
    ("fa.hardmax.backward(x, x)", (X,), "hardmax is constant except for jumps"),
    ("fa.gelu.slope(x)", (X,), r"Unknown attribute 'slope' of type fastact\.gelu"),
    ("fa.elu(x, x)", (X,), r"fastact\.elu in compiled code: alpha must be a number, got array\(float64, 2d, C\)"),
    ("fa.elu(x, beta=2)", (X,), "unexpected keyword argument 'beta'"),
    ("fa.threshold(x)", (X,), "missing a required argument: 'threshold'"),
    ("fa.gelu(x, out=x)", (X.astype(int),), r"out must be one writeable array\(float64, 2d\), got array\(int64, 2d, C\)"),
    ("fa.gelu(x, out=x)", (1.0,), "out is for arrays"),
    ("fa.silu.value_and_derivative(x, out=x)", (X,), "out must be a tuple of two"),
    ("fa.silu.gated(x, x[0])", (X,), "the arrays must have one shape"),
    ("fa.silu.gated(x, x[:1])", (X,), r"fastact\.silu\.gated: the arrays have different shapes"),
    ("fa.silu(x, out=x[:1])", (X,), r"fastact\.silu: the arrays have different shapes"),
    ("fa.elu.backward_from_output(x, x, -1.0)", (X,), r"needs alpha >= 0; use elu\.backward"),
    ("fa.logsumexp(x)", (X,), "its result has another shape than x"),
    ("fa.softmax(x)", (1.0,), "takes arrays of one shape and at least one dimension, got float64"),
    ("fa.softmax(x, axis=2)", (X,), "axis is out of bounds for 2 dimensions"),
    ("fa.softmax(x, axis=(0, 1))", (X,), "axis must be an integer"),
    ("fa.softmax(x, mask=x)", (X,), "mask must be an array of booleans"),
    ("fa.softmax(x, mask=x[:1] > 0)", (X,), r"fastact\.softmax: the arrays have different shapes"),
    ("fa.softmax(x, temperature=0)", (X,), "temperature must be positive and finite"),
])
def test_refused(call, arguments, said):
    with pytest.raises((numba.TypingError, ValueError), match=said):
        njit(eval(f"lambda x: {call}", {"fa": fa}))(*arguments)
