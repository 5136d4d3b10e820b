"""Initialisers: deviations, bounds, seeds, and the choice by activation."""
import math

import numpy as np
import pytest

import fastact as fa
from fastact import initializers as init

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


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "elu", "silu", "swish"])
def test_auto_chooses_he(name):
    assert init.auto(name) is init.he_normal


def test_auto_chooses_lecun_for_selu_and_he_for_relu6():
    assert init.auto("selu") is init.lecun_normal
    assert init.auto("relu6") is init.he_normal


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "identity", "linear", "expit"])
def test_auto_chooses_glorot(name):
    assert init.auto(name) is init.glorot_uniform


@pytest.mark.parametrize("name", fa.activations)
def test_auto_knows_every_activation(name):
    assert init.auto(name) in (init.he_normal, init.glorot_uniform, init.lecun_normal)


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
    with pytest.raises(ValueError, match="'gelu'.*leaky_relu"):
        init.calculate_gain("gelu")


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
