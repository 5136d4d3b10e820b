"""Initialisers: deviations, bounds, seeds, and the choice by activation."""
import math

import numpy as np
import pytest

import fastact as fa
from fastact.accuracy import formulas
from fastact import initializers as init
from fastact.nn.mlp import MLP

SHAPE = (300, 200)
DEVIATION = {
    f"{name}_{kind}": deviation
    for name, deviation in (("he", math.sqrt(2 / 300)), ("glorot", math.sqrt(2 / 500)), ("lecun", math.sqrt(1 / 300)))
    for kind in ("normal", "uniform", "truncated_normal")
}


@pytest.mark.parametrize("name, deviation", DEVIATION.items())
def test_distribution(name, deviation):
    w = getattr(init, name)(SHAPE, 0, np.float64)
    assert abs(w.mean()) < 5 * deviation / math.sqrt(w.size)
    assert w.std() == pytest.approx(deviation, rel=0.02)
    largest = np.abs(w).max() / deviation
    if name.endswith("uniform"):  # the bound is sqrt(3) deviations, and nearly reached
        assert 0.999 * math.sqrt(3) < largest <= math.sqrt(3)
    elif name.endswith("truncated_normal"):  # two deviations of what was cut
        assert 2.2 < largest <= 2 / 0.8796
    else:
        assert largest > 3


@pytest.mark.parametrize("name", DEVIATION)
def test_seeds_and_dtypes(name):
    make = getattr(init, name)
    w = make(SHAPE, 0)
    assert w.dtype == np.float32
    np.testing.assert_array_equal(w, make(SHAPE, np.random.default_rng(0)))
    np.testing.assert_array_equal(w, make(SHAPE, 0, np.float64).astype(np.float32))
    assert not np.array_equal(w, make(SHAPE, 1))
    assert not np.array_equal(make(SHAPE), make(SHAPE))


def test_zeros():
    b = init.zeros((3,), dtype=np.float64)
    assert b.dtype == np.float64
    np.testing.assert_array_equal(b, np.zeros(3))


@pytest.mark.parametrize("name", fa.activations)
@pytest.mark.parametrize("fan_in, fan_out", [(400, 400), pytest.param(100, 900, marks=pytest.mark.thorough)])
def test_auto_keeps_the_mean_square(name, fan_in, fan_out):
    """Of the inputs of activations, from one layer to the next."""
    info = fa.activations[name].info
    z = np.random.default_rng(1).standard_normal((500, fan_in))
    h = fa.activations[name](z, *info.required)
    w = init.auto(name, *info.required)((fan_in, fan_out), 0, np.float64)
    glorot = 2 * fan_in / (fan_in + fan_out) if name == "identity" else 1  # between outputs and gradients
    assert np.square(h @ w).mean() == pytest.approx(glorot, rel=0.1)


def test_auto_is_he_for_relu_and_lecun_for_selu():
    assert init.auto("relu") is init.he_normal and init.auto("selu") is init.lecun_normal
    assert init.auto("identity") is init.auto("linear") is init.glorot_uniform
    for activation, parameters, gain in (
        ("leaky_relu", (0.2,), math.sqrt(2 / 1.04)), (fa.leaky_relu, (), math.sqrt(2 / 1.0001)),
        ("prelu", (0.25,), math.sqrt(2 / 1.0625)), ("exponential", (), math.exp(-1)), ("relu_squared", (), 1.5**-0.5),
        (lambda z: z**3, (), 15**-0.5), ("elu", (0.0,), math.sqrt(2)), ("threshold", (50.0, 0.0), 1),
        (lambda z: 1e300 * np.exp(z * z), (), 1), (np.zeros_like, (), 1),
    ):
        w = init.auto(activation, *parameters, width=3)(SHAPE, 0, np.float64)
        np.testing.assert_allclose(w, gain * init.lecun_normal(SHAPE, 0, np.float64), rtol=1e-6)


def test_networks_take_the_parameters_of_the_activation():
    wide = [MLP([300, 200, 2], ("leaky_relu", {"negative_slope": slope}), random_state=0).parameters[0].std() * 300**0.5
            for slope in (0.2, 1.0)]
    assert wide == pytest.approx([math.sqrt(2 / 1.04), 1], rel=0.02)


@pytest.mark.parametrize("name, options, variance", [
    ("he_normal", {"negative_slope": 0.5}, 2 / 1.25 / 300), ("he_uniform", {"mode": "fan_out"}, 2 / 200),
    ("kaiming_normal", {}, 2 / 300), ("xavier_uniform", {"gain": 2.0}, 4 * 2 / 500),
    ("normal", {"std": 0.5}, 0.25), ("uniform", {"a": -3, "b": 3}, 3),
    ("truncated_normal", {"std": 2.0}, 4 * 0.8796**2),
])
def test_options(name, options, variance):
    assert getattr(init, name)(SHAPE, 0, np.float64, **options).var() == pytest.approx(variance, rel=0.02)


def test_means_and_limits():
    assert init.normal((100, 100), 0, mean=5).mean() == pytest.approx(5, abs=0.01)
    w = init.truncated_normal((100, 100), 0, np.float64, mean=5, std=0.1)
    assert 4.8 <= w.min() < 4.81 and 5.19 < w.max() <= 5.2
    w = init.uniform((100, 100), 0, np.float64, 1, 2)
    assert 1 <= w.min() < 1.01 and 1.99 < w.max() < 2
    assert (init.ones((2, 3)) == 1).all() and (init.constant((2, 3), value=7) == 7).all()


@pytest.mark.parametrize("shape", [(5, 5), (7, 3), (3, 7), (1, 4)])
def test_orthogonal(shape):
    w = init.orthogonal(shape, 0, np.float64, gain=2)
    assert w.shape == shape and w.flags.c_contiguous
    small = w @ w.T if shape[0] < shape[1] else w.T @ w
    np.testing.assert_allclose(small, 4 * np.eye(min(shape)), atol=1e-12)
    assert (init.orthogonal(shape, 0) == (w / 2).astype(np.float32)).all()
    signs = [np.sign(init.orthogonal((3, 3), seed)[0, 0]) for seed in range(20)]
    assert len(set(signs)) == 2


def test_calculate_gain_is_that_of_torch():
    torch = pytest.importorskip("torch")
    for name, param in (("linear", None), ("sigmoid", None), ("tanh", None), ("relu", None), ("leaky_relu", None),
                        ("leaky_relu", 0.3), ("selu", None)):
        assert init.calculate_gain(name, param) == torch.nn.init.calculate_gain(name, param)


@pytest.mark.parametrize("name", fa.activations)
def test_calculate_gain_of_all_others_keeps_the_mean_square(name):
    """Against SciPy's adaptive quadrature of the registry's formula."""
    integrate = pytest.importorskip("scipy.integrate")
    info = fa.activations[name].info
    f = formulas.numpy_function(info.formula, [p.name for p in info.parameters])
    ends = [-12, *np.arange(-3, 3.5, 0.5), 6, 12]
    mean = sum(integrate.quad(lambda z: f(z, *info.defaults) ** 2 * math.exp(-z * z / 2), a, b)[0]
               for a, b in zip(ends, ends[1:])) / math.sqrt(2 * math.pi)
    torch_has = {"sigmoid": 1.0, "tanh": 5 / 3, "selu": 0.75}
    expected = torch_has.get(name, mean**-0.5)
    assert init.calculate_gain(name, info.required or None) == pytest.approx(expected, rel=3e-4)
    assert init.calculate_gain(fa.activations[name], info.required or None) == init.calculate_gain(name, info.required or None)


@pytest.mark.parametrize("rng", ["a", -1, 0.5])
def test_bad_seeds(rng):
    with pytest.raises(TypeError, match=f"fastact.initializers: rng must be an int that is not negative, .* got {rng!r}"):
        init.normal((2, 3), rng)


def test_calculate_gain_of_parameters_and_functions():
    assert init.calculate_gain("elu", 0.5) != init.calculate_gain("elu") == init.calculate_gain("elu", 1.0)
    assert init.calculate_gain("hard_tanh", (-1e9, 1e9)) == pytest.approx(1)
    assert init.calculate_gain(np.tanh) == pytest.approx(1.5925, rel=1e-4)
    with pytest.raises(ValueError, match="no_such"):
        init.calculate_gain("no_such")
    with pytest.raises(ValueError, match="threshold needs its threshold, value"):
        init.calculate_gain("threshold")


@pytest.mark.parametrize("name", [name for name in init.__all__ if name not in ("auto", "calculate_gain")])
def test_every_initialiser_by_name_in_a_network(name):
    net = fa.MLP([6, 5, 4], init=name, random_state=3)
    expected = getattr(init, name)((6, 5), 3)
    np.testing.assert_array_equal(net.parameters[0], expected)
    assert expected.dtype == np.float32 and expected.shape == (6, 5)
    wide = fa.MLP([6, 5, 4], init=("normal", {"std": 1000.0}), random_state=3)
    assert wide.parameters[0].std() > 100


def test_clear_errors():
    with pytest.raises(ValueError, match="he_uniform.*fan_avg"):
        init.he_uniform((3, 4), mode="fan_avg")
    for shape in ((3,), (0, 2), (1, 2, 3)):
        with pytest.raises(ValueError, match="he_normal.*fan_in"):
            init.he_normal(shape)
    with pytest.raises(ValueError, match="no_such"):
        init.auto("no_such")
