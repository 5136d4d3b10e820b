"""Initialisers: deviations, bounds, seeds, and the choice by activation."""
import math

import numpy as np
import pytest

import fastact as fa
from fastact import initializers as init

SHAPE = (300, 200)
DEVIATION = {
    "he_normal": math.sqrt(2 / 300), "he_uniform": math.sqrt(2 / 300),
    "glorot_normal": math.sqrt(2 / 500), "glorot_uniform": math.sqrt(2 / 500),
}


@pytest.mark.parametrize("name, deviation", DEVIATION.items())
def test_distribution(name, deviation):
    w = getattr(init, name)(SHAPE, 0, np.float64)
    assert abs(w.mean()) < 5 * deviation / math.sqrt(w.size)
    assert w.std() == pytest.approx(deviation, rel=0.02)
    largest = np.abs(w).max() / deviation
    if name.endswith("uniform"):  # the bound is sqrt(3) deviations, and nearly reached
        assert 0.999 * math.sqrt(3) < largest <= math.sqrt(3)
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


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "identity", "linear", "expit"])
def test_auto_chooses_glorot(name):
    assert init.auto(name) is init.glorot_uniform


@pytest.mark.parametrize("name", fa.activations)
def test_auto_knows_every_activation(name):
    assert init.auto(name) in (init.he_normal, init.glorot_uniform)


def test_clear_errors():
    for shape in ((3,), (0, 2), (1, 2, 3)):
        with pytest.raises(ValueError, match="he_normal.*fan_in"):
            init.he_normal(shape)
    with pytest.raises(ValueError, match="no_such"):
        init.auto("no_such")
