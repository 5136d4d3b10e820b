"""Derivatives against differences; the fused gradients against the derivative; values and derivatives against torch."""
import numpy as np
import pytest

import fastact as fa
from fastact import registry
from axes import assert_same_bits, call, each_activation, every_exponent, wide

STEP = 1e-6


def kinks(activation, parameters):
    """Where the registry says that the derivative does not exist."""
    names = {"__builtins__": {}, **{p.name: value for p, value in zip(activation.info.parameters, parameters)}}
    return [eval(kink.at, names) for kink in activation.info.kinks]


def smooth_points(activation, parameters):
    """Points away from the kinks."""
    x = np.random.default_rng(0).uniform(-6, 6, 4000)
    return x[np.all([abs(x - at) > 1e-3 for at in kinks(activation, parameters)], axis=0) | np.zeros(x.size, bool)]


def settings(activation):
    """The defaults and two other values of the parameters."""
    count = len(activation.info.parameters)
    return [activation.info.defaults] + ([(0.3, 0.7, 1.1, 0.2)[:count], (1.7, 2.3, 2.9, 0.4)[:count]] if count else [])


def test_derivative_is_the_limit_of_differences(activation):
    for parameters in settings(activation):
        x = smooth_points(activation, parameters)
        difference = (activation(x + STEP, *parameters) - activation(x - STEP, *parameters)) / (2 * STEP)
        np.testing.assert_allclose(activation.derivative(x, *parameters), difference, rtol=1e-7, atol=2e-9)


@each_activation(lambda info: info.second_derivative)
def test_second_derivative_is_the_limit_of_differences(activation):
    for parameters in settings(activation):
        x = smooth_points(activation, parameters)
        curve, ahead, behind = (activation.second_derivative(x + step, *parameters) for step in (0, 2e-3, -2e-3))
        x, curve = (a[abs(ahead - behind) < 0.05 * (1 + abs(curve))] for a in (x, curve))  # no jump in between
        assert x.size > 3000
        steps = activation.derivative(x + STEP, *parameters) - activation.derivative(x - STEP, *parameters)
        np.testing.assert_allclose(curve, steps / (2 * STEP), rtol=1e-6, atol=5e-9)


def test_one_slope_at_zeros_of_either_sign(activation, dtype):
    for parameters in settings(activation):
        at = activation.derivative(np.array([0.0, -0.0], dtype), *parameters)
        assert at[0] == at[1]


def test_backward_is_the_product(activation, dtype):
    """grad * f'(x), rounded once from the derivative's bits; where the header has a faster derivative, below 4 ulp of
    the slope, and within 2^-26 (2^-55) next to its zero."""
    rng = np.random.default_rng(1)
    for parameters in settings(activation):
        for x in (every_exponent(dtype, 8), wide(dtype, 3001)):
            grad = rng.normal(0, 2, x.size).astype(dtype)
            got, slope = activation.backward(grad, x, *parameters), activation.derivative(x, *parameters)
            if not activation.info.derivative_fast:
                with np.errstate(over="ignore", invalid="ignore"):
                    assert_same_bits(got, grad * slope)
                continue
            ones = activation.backward(np.ones_like(x), x, *parameters)
            apart = abs(ones.astype(np.longdouble) - slope)
            close = np.any([abs(x - zero) < 0.25 for zero in activation.info.derivative_zeros], axis=0)
            bound = np.where(close, np.finfo(dtype).eps / 8, 5 * np.spacing(abs(slope)))
            assert (apart <= bound).all(), x[apart > bound]
            assert_same_bits(got, grad * ones)


def stopped_points(activation, parameters, dtype):
    """Points of both kinds and kinks; where a selection makes the slope 0."""
    x = np.array([*np.linspace(-12.1, 12.1, 55), 0, -0.0, np.inf, -np.inf, *kinks(activation, parameters)]).astype(dtype)
    x = x[x > -4] if activation.name == "clipped_gelu" else x  # below, gelu's slope rounds to 0 without a selection
    return x, activation.derivative(x, *parameters) == 0


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("name", [name for name, activation in fa.activations.items() if activation.info.masks_gradient])
def test_no_gradient_passes_a_selected_zero(name, dtype):
    """Every form gives 0 there, for an infinite grad and for NaN, without a floating-point flag of inf * 0."""
    activation, wide = fa.activations[name], dtype in ("float32", "float64")
    dtype = np.dtype(pytest.importorskip("ml_dtypes").bfloat16 if dtype == "bfloat16" else dtype)
    for parameters in settings(activation)[: None if wide else 1]:
        x, stops = stopped_points(activation, parameters, dtype)
        assert stops.sum() > 2
        slope, value = activation.derivative(x, *parameters), activation(x, *parameters)
        for grad in (np.inf, -np.inf, np.nan, 2, -2):
            grads, ones, zeros = np.full_like(x, grad), np.ones_like(x), np.full_like(x, -0.0)
            with np.errstate(invalid="ignore"):
                want = np.where(stops, np.copysign(0, grad), (grads * slope).astype(float))
            got = [activation.backward(grads, x, *parameters),
                   activation.backward(grads[::-1], x[::-1], *parameters)[::-1],
                   activation.gated_backward(grads, x, ones, *parameters)[0],
                   activation.gated_backward(ones, x, grads, *parameters)[0],
                   activation.biased_backward(grads, x, zeros, *parameters)[0]]
            if activation.info.from_output:
                got.append(activation.backward_from_output(grads, value, *parameters))
            if dtype.name in ("float32", "float64"):
                got += [activation.backward.bind(grads, x, *parameters, np.empty_like(x))(),
                        activation.backward(grads, x, *(np.full(x.shape, p, dtype) for p in parameters))]
            for each in got:
                np.testing.assert_array_equal(each.astype(float), want)
                if np.isfinite(grad):
                    assert (np.signbit(each[stops]) == (grad < 0)).all()
            with np.errstate(all="raise"):
                activation.backward.ufunc(grads[stops], x[stops], *parameters)


def test_identity_copies_the_gradient(dtype):
    x, grad = np.array([np.nan, 1, np.inf, -np.inf], dtype), np.array([1, np.nan, -np.inf, -0.0], dtype)
    for got in (fa.identity.backward(grad, x), fa.identity.backward_from_output(grad, x),
                fa.identity.gated_backward(grad, x, np.ones_like(x))[0], fa.identity.biased_backward(grad, x, x)[0],
                fa.identity.backward(grad.astype(np.float16), x.astype(np.float16)).astype(dtype)):
        assert_same_bits(got, grad)
    assert (fa.identity.derivative(x) == 1).all() and (fa.identity.second_derivative(x) == 0).all()


def test_slope_zero_that_is_not_selected():
    """hard_silu's slope crosses 0 at -1.5, and sigmoid's underflows: inf * 0 is NaN there, as in torch."""
    assert np.isnan(fa.hard_silu.backward(np.array([np.inf]), np.array([-1.5]))).all()
    assert np.isnan(fa.sigmoid.backward(np.array([np.inf]), np.array([1000.0]))).all()


@each_activation(lambda info: info.from_output)
def test_backward_from_output_is_close(activation, dtype):
    """To what the output's own rounding allows."""
    x = np.random.default_rng(2).normal(0, 3, 5000).astype(dtype)
    grad = np.random.default_rng(3).normal(0, 1, 5000).astype(dtype)
    for parameters in settings(activation):
        got = activation.backward_from_output(grad, activation(x, *parameters), *parameters)
        tolerance = 20 * np.finfo(dtype).eps
        np.testing.assert_allclose(got, activation.backward(grad, x, *parameters), rtol=tolerance, atol=tolerance)


@each_activation(lambda info: info.elsewhere.torch)
def test_torch_agrees(activation, dtype):
    torch = pytest.importorskip("torch")
    function = registry.function(activation.info, "torch", torch)
    x = np.concatenate([[0.0, -0.0], np.random.default_rng(4).normal(0, 4, 2000)]).astype(dtype)
    tensor = torch.from_numpy(x.copy()).requires_grad_()
    y = function(tensor, *([tensor.new([0.25])] if activation.name == "prelu" else activation.info.defaults))
    y.sum().backward()
    eps = np.finfo(np.float32 if activation.name == "hard_sigmoid" else dtype).eps  # torch's slope is float32's 1/6
    tolerance = dict(rtol=30 * eps, atol=30 * eps)
    np.testing.assert_allclose(call(activation, (x,)), y.detach().numpy(), **tolerance)
    np.testing.assert_allclose(call(activation.derivative, (x,)), tensor.grad.numpy(), **tolerance)
