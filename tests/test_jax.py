"""fastact.jax: values and derivatives bit for bit, under JAX's transformations."""
import inspect
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

import fastact as fa
from fastact import registry

jax = pytest.importorskip("jax", "0.5")
import fastact.jax as fj  # noqa: E402
from fastact.jax import ffi  # noqa: E402
import jax.numpy as jnp  # noqa: E402

ENTRIES = {entry.name: entry for entry in registry.ACTIVATIONS}
DTYPES = [jnp.float16, jnp.bfloat16, jnp.float32]


def sample(*shape, dtype=np.float32):
    return np.random.default_rng(0).normal(0, 2, shape).astype(dtype)


def functions(entry, *values):
    """The same function of fastact.jax and of fastact."""
    values = values or entry.required
    return lambda x: getattr(fj, entry.name)(x, *values), lambda x: fa.activations[entry.name](x, *values)


def same(got, want):
    assert isinstance(got, jax.Array) and got.dtype == want.dtype and got.shape == want.shape
    np.testing.assert_array_equal(np.asarray(got).view(f"u{want.dtype.itemsize}"), want.view(f"u{want.dtype.itemsize}"))


def flushed(want, got):
    """`want`, with 0 for subnormal numbers that are 0 in `got`: XLA has its threads flush them."""
    subnormal = abs(want.astype(float)) < float(jnp.finfo(want.dtype).tiny)
    return np.where(subnormal & (got == 0), got, want)


@pytest.fixture(params=ENTRIES.values(), ids=ENTRIES)
def entry(request):
    return request.param


def all_of(*functions):
    """One program of several functions of one x, which takes a fraction of the time to compile."""
    return jax.jit(lambda x: [function(x) for function in functions])


def test_values(entry):
    ours, kernel = functions(entry)
    arrays = [sample(*shape, dtype=dtype) for dtype in DTYPES for shape in ((3, 7), (70_000,), (0, 2), ())]
    for got, x in zip(jax.jit(lambda arrays: [*map(ours, arrays)])(arrays), arrays):
        same(got, flushed(np.asarray(kernel(x)), np.asarray(got)))
    same(ours(arrays[0]), kernel(arrays[0]))  # without jit


@pytest.mark.contract
def test_derivatives(entry):
    """By the fused backward pass, forwards and backwards, alone and in a batch, and of second order."""
    ours, _ = functions(entry)
    x, own = sample(4, 3), fa.activations[entry.name]
    slope, twice = own.backward(np.ones_like(x), x, *entry.required), own.backward(2 * x, x, *entry.required)
    bend = own.second_derivative(x, *entry.required)
    grad = jax.grad(lambda x: ours(x).sum())
    program = all_of(grad, lambda x: jax.jvp(ours, (x,), (2 * x,))[1], jax.vmap(jax.vmap(jax.grad(ours))),
                     jax.grad(lambda x: grad(x).sum()), lambda x: jnp.diagonal(jax.jacfwd(grad)(x[0])))
    for got, want in zip(program(x), (slope, twice, slope, bend, bend[0])):
        same(got, want)


@pytest.mark.contract
def test_float64(entry):
    ours, kernel = functions(entry)
    x = sample(4, 5, dtype=np.float64)
    with jax.enable_x64(True) if hasattr(jax, "enable_x64") else jax.experimental.enable_x64():
        value, slope = all_of(ours, jax.grad(lambda x: ours(x).sum()))(x)
    same(value, kernel(x))
    same(slope, fa.activations[entry.name].backward(np.ones_like(x), x, *entry.required))


@pytest.mark.parametrize("name", ["relu", "hard_silu", "hard_shrink", "relu_squared", "identity"])
def test_no_gradient_passes_a_selected_zero(name):
    """In the first derivative, and in the second, of which identity's is 0 too."""
    f, x = getattr(fj, name), jnp.array([-0.0 if name == "hard_shrink" else -4.0])
    first = lambda x, grad: jax.vjp(f, x)[1](grad)[0]
    for grad in (jnp.inf, jnp.nan):
        grad = jnp.array([grad])
        if name != "identity":
            assert first(x, grad) == 0
        assert jax.vjp(first, x, grad)[1](grad)[0] == 0


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_third_derivatives(entry):
    """By mpmath from the second; far out they are 0, not NaN, as a loss of second derivatives in training needs."""
    mpmath = pytest.importorskip("mpmath")
    from fastact.accuracy import formulas
    points = [-5.3, -2.2, -1.1, -0.3, -1e-3, 0.2, 0.7, 1.3, 2.8, 5.1]
    with mpmath.workdps(50):
        second = formulas.mpmath_function(entry.second_derivative, [p.name for p in entry.parameters])
        values = [mpmath.mpf(value) for value in entry.defaults]
        want = [float(mpmath.diff(lambda x: second(x, *values), mpmath.mpf(x), h=mpmath.mpf(10)**-12)) for x in points]
    third = jax.grad(lambda x: jax.grad(jax.grad(functions(entry)[0]))(x))
    far = [-1e4, -200, *((80,) if entry.name == "exponential" else (200, 1e4))]
    got, fourth = jax.vmap(jax.value_and_grad(third))(jnp.array([*points, *far]))  # at once, since it is compiled
    np.testing.assert_allclose(got[:len(points)], want, rtol=2e-4, atol=2e-6)
    assert np.isfinite(got).all() and np.isfinite(fourth).all()


def test_a_network_trained_on_second_derivatives():
    """As one that solves a differential equation."""
    weights = [sample(1, 8), sample(8, 1)]

    def loss(weights, activation):
        u = lambda x: (activation(x[None] @ weights[0]) @ weights[1])[0]
        return sum(jax.grad(jax.grad(u))(x) ** 2 for x in (0.3, -0.8))

    for ours, own in ((fj.tanh, jnp.tanh), (fj.softplus, jax.nn.softplus), (fj.silu, jax.nn.silu)):
        for got, want in zip(jax.grad(loss)(weights, ours), jax.grad(loss)(weights, own)):
            np.testing.assert_allclose(got, want, rtol=2e-3, atol=1e-3)


@pytest.mark.parametrize("name, values, keywords", [
    ("elu", (0.5,), {"alpha": 0.5}), ("leaky_relu", (0.3,), {"negative_slope": 0.3}), ("threshold", (0.5, 2), {"value": 2}),
    ("hard_tanh", (-2, 1), {"min_val": -2}), ("softplus", (np.float32(3),), {"beta": 3}),
])
def test_parameters(name, values, keywords):
    x, own = sample(40), getattr(fj, name)
    rest = values[: len(values) - len(keywords)] if name != "hard_tanh" else ()
    for ours in (lambda x: own(x, *values), jax.jit(lambda x: own(x, *rest, **keywords))):
        same(ours(x), getattr(fa, name)(x, *map(float, values)))
        same(jax.vmap(jax.grad(ours))(x), getattr(fa, name).backward(np.ones_like(x), x, *map(float, values)))
    assert list(inspect.signature(own).parameters)[1:] == [p.name for p in ENTRIES[name].parameters]


def test_names():
    assert fj.swish is not fj.silu and fj.expit is fj.sigmoid and fa.jax is fj
    assert {*fa.activations, *(a for a in registry.aliases() if hasattr(fj, a))} <= {*fj.__all__}
    x = sample(30)
    for which in ("tanh", True):
        same(fj.gelu(x, approximate=which), fa.gelu_tanh(x))
    same(fj.gelu(x, approximate=False), fa.gelu(x))


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_rows(name):
    ours, kernel = getattr(fj, name), getattr(fa, name)
    axes = (-1, 0, 1, (0, 2), None)
    for dtype in DTYPES:
        x = sample(4, 5, 6, dtype=dtype)
        for got, axis in zip(all_of(*(lambda x, axis=axis: ours(x, axis) for axis in axes))(x), axes):
            same(got, kernel(x, axis=axis))


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize("axis", [-1, 0, (0, 2), None])
def test_gradients_and_batches_of_rows(name, axis):
    ours, kernel = getattr(fj, name), getattr(fa, name)
    x, grad = sample(4, 5, 6), np.asarray(sample(6, 5, 4).T)
    back = jax.vjp(lambda x: ours(x, axis), x)[1](grad)[0]
    np.testing.assert_allclose(back, kernel.backward(grad, x, axis=axis), rtol=1e-5, atol=1e-6)
    batch = np.stack([x, x[::-1]], axis=3)
    got = jax.vmap(lambda x: ours(x, axis), in_axes=3)(batch)
    if axis is not None:
        same(got, np.stack([kernel(x, axis=axis), kernel(x[::-1], axis=axis)]))
    np.testing.assert_allclose(got[1], kernel(x[::-1], axis=axis), rtol=1e-6)


ATTENTION = [
    dict(temperature=0.7), dict(mask="mask"), dict(sink="sink"), dict(bias="bias"), dict(causal=True), dict(sink=0.5, bias=-1.0),
    dict(sink="kept", bias="row", temperature=2.0, mask="mask"), dict(sink="sink", bias="bias", causal=True, temperature=0.5),
]


def attention_arrays(dtype=np.float32):
    rng = np.random.default_rng(1)
    shapes = dict(x=(2, 3, 4, 5), grad=(2, 3, 4, 5), sink=(3, 1), kept=(2, 1, 1, 1), bias=(3, 1, 5), row=(5,))
    arrays = {name: rng.normal(0, 2, shape).astype(dtype) for name, shape in shapes.items()}
    arrays["bias"][0, 0, 1] = -np.inf
    return {**arrays, "mask": rng.random((4, 5)) < [[0.7]] * 3 + [[0.0]]}


@pytest.mark.parametrize("dtype", [jnp.float32, *(pytest.param(each, marks=pytest.mark.thorough) for each in DTYPES[:2])])
@pytest.mark.parametrize("options", ATTENTION, ids=str)
def test_attention(options, dtype):
    """softmax's mask, temperature, sink, bias and causal, with gradients, alone, in jit and in vmap."""
    arrays = attention_arrays(dtype)
    given = {name: arrays.get(value, value) if isinstance(value, str) else value for name, value in options.items()}
    tensors = {name: value for name, value in given.items() if name in ("sink", "bias") and isinstance(value, np.ndarray)}
    rest = {name: value for name, value in given.items() if name not in tensors}
    x, grad = arrays["x"], arrays["grad"]
    call = lambda x, tensors: fj.softmax(x, **rest, **tensors)
    want = fa.softmax(x, **given)
    same(call(x, tensors), want)
    same(jax.jit(call)(x, tensors), want)
    if rest == given or all(np.ndim(value) < 4 for value in tensors.values()):
        same(jax.vmap(call, (1, None))(np.moveaxis(x, 0, 1), tensors), want)
    y, back = jax.vjp(call, x, tensors)
    same(y, want)
    to_x, others = back(jnp.asarray(grad))
    same(to_x, fa.softmax.backward_from_output(grad, want, **given))
    tolerance = 1e-5 if dtype == np.float32 else 0.2
    for name, value in tensors.items():
        gradient = fa.softmax.backward(*(each.astype(np.float32) for each in (grad, x)), wrt=name, **{
            key: each.astype(np.float32) if key in tensors else each for key, each in given.items()})
        assert others[name].shape == value.shape
        np.testing.assert_allclose(np.asarray(others[name]).astype(float), gradient, rtol=tolerance, atol=tolerance)


def test_attention_is_twice_differentiable():
    """By differences of gradients, in float64; and what is left out has the gradient 0, whatever the gradient of the result."""
    with jax.enable_x64(True):
        arrays = {name: jnp.asarray(value) for name, value in attention_arrays(np.float64).items()}
        options = dict(mask=arrays["mask"], temperature=0.5, causal=True)
        loss = lambda x, sink, bias: (fj.softmax(x, sink=sink, bias=bias, **options)**2 * arrays["grad"]).sum()
        point = arrays["x"], arrays["sink"], arrays["bias"]
        steps = [jnp.asarray(np.random.default_rng(2).normal(0, 1, each.shape)) for each in point]
        gradient = jax.grad(loss, (0, 1, 2))
        turned = jax.jvp(gradient, point, tuple(steps))[1]
        above, below = (gradient(*(each + h * step for each, step in zip(point, steps))) for h in (1e-6, -1e-6))
        for got, a, b in zip(turned, above, below):
            np.testing.assert_allclose(got, (a - b) / 2e-6, rtol=1e-6, atol=1e-8)
        forward = jax.jvp(loss, point, tuple(steps))[1]
        np.testing.assert_allclose(forward, sum((g * step).sum() for g, step in zip(gradient(*point), steps)), rtol=1e-10)
    x = jnp.asarray([1.0, 2.0, 3.0])
    back = jax.vjp(lambda x: fj.softmax(x, mask=jnp.asarray([True, False, True])), x)[1]
    assert back(jnp.asarray([1.0, jnp.inf, 2.0]))[0][1] == 0 and np.isfinite(back(jnp.asarray([1.0, jnp.nan, 2.0]))[0]).all()


@pytest.mark.parametrize("options, error, message", [
    (dict(sink=np.zeros(3)), ValueError, r"sink of shape \(3,\) does not broadcast"),
    (dict(bias=np.zeros((2, 6))), ValueError, r"bias of shape \(2, 6\) does not broadcast"),
    (dict(bias=np.ones(5, bool)), TypeError, "bias of dtype bool: mask is boolean"),
    (dict(mask=np.ones(5)), TypeError, "mask of dtype float32"),
    (dict(causal=True, axis=0), ValueError, "causal=True needs axis=-1"),
    (dict(temperature=0), ValueError, "jax.softmax: temperature must be positive"),
])
def test_bad_attention(options, error, message):
    with pytest.raises(error, match=message):
        fj.softmax(sample(4, 5), **options)


def test_rows_are_twice_differentiable():
    """hessian takes jvps of gradients, forwards over backwards."""
    x, weight = sample(6), sample(7)[1:]
    for name in ("softmax", "log_softmax"):
        got, want = (jax.hessian(lambda x: (getattr(own, name)(x) * weight).sum())(x) for own in (fj, jax.nn))
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-6)


def test_a_network_in_jit():
    """Kernels between matrix products in a loop, and their gradient."""
    x, w = sample(700, 300), sample(300, 300) / 40

    def network(gelu):
        loss = lambda w: jax.lax.scan(lambda x, _: (gelu(x @ w), None), x, length=4)[0].sum()
        return jax.jit(jax.value_and_grad(loss))(w)

    for got, want in zip(network(fj.gelu), network(lambda x: jax.nn.gelu(x, approximate=False))):
        np.testing.assert_allclose(got, want, rtol=1e-3, atol=1e-2)


def test_integers_and_lists():
    for x in ([0, 1, -2], np.array([0, 1, -2]), np.array([True, False])):
        same(fj.tanh(x), fa.tanh(np.asarray(x, np.float32)))
    same(fj.softmax([1, 2]), fa.softmax(np.array([1, 2], np.float32)))


def test_errors():
    x = sample(3)
    with pytest.raises(TypeError, match=r"jax.gelu takes an array of numbers, got str"):
        fj.gelu("x")
    with pytest.raises(TypeError, match=r"jax.tanh takes float16, .* got complex64"):
        fj.tanh(x * 1j)
    with pytest.raises(TypeError, match="jax.elu takes x and alpha, each once"):
        fj.elu(x, slope=1)
    with pytest.raises(TypeError, match="jax.threshold needs threshold, value"):
        fj.threshold(x)
    with pytest.raises(TypeError, match="jax.elu: alpha must be a number that is known before .* traced"):
        jax.jit(fj.elu)(x, 0.5)
    with pytest.raises(ValueError, match="jax.gelu: approximate must be 'none' or 'tanh'"):
        fj.gelu(x, approximate="erf")
    with pytest.raises(ValueError, match="jax.softmax: axis 1 is out of bounds for an array of 1 dimensions"):
        fj.softmax(x, 1)


def test_what_fails_in_a_kernel_is_an_error_of_xla():
    def fails(x, out):
        raise MemoryError("no row")

    with pytest.raises(Exception, match="fastact.test_fails: MemoryError: no row"):
        ffi.call("fastact.test_fails", fails, jnp.ones(3)).block_until_ready()


@pytest.mark.skipif(not shutil.which("taskset"), reason="no taskset")
def test_one_core():
    """XLA has a single thread there."""
    code = ("import jax, jax.numpy as jnp, fastact.jax as fj\n"
            "f = jax.jit(lambda x: fj.gelu(fj.gelu(x @ x) @ x).sum())\n"
            "x = jnp.ones((1000, 1000)) / 1000\n"
            "for i in range(20): y = f(x + i)\n"
            "print(float(y) > 0)")
    done = subprocess.run(["taskset", "-c", "0", sys.executable, "-c", code], capture_output=True, text=True, timeout=120,
                          env={**os.environ, "JAX_PLATFORMS": "cpu"})
    assert done.stdout.strip() == "True", done.stderr


def test_without_jax():
    code = "import sys; sys.modules['jax'] = None; import fastact as fa; fa.gelu([1.0]); import fastact.jax"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert 'ImportError: fastact.jax needs JAX 0.5: pip install "fastact[jax]"' in done.stderr
