"""Derivatives against differences; the fused gradients against the derivative and against torch's check."""
import numpy as np
import pytest

from axes import assert_same_bits, call, every_exponent, wide

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
    return [activation.info.defaults] + ([(0.3, 0.7, 1.1)[:count], (1.7, 2.3, 2.9)[:count]] if count else [])


def test_derivative_is_the_limit_of_differences(activation):
    for parameters in settings(activation):
        x = smooth_points(activation, parameters)
        difference = (activation(x + STEP, *parameters) - activation(x - STEP, *parameters)) / (2 * STEP)
        np.testing.assert_allclose(activation.derivative(x, *parameters), difference, rtol=1e-7, atol=2e-9)


def test_second_derivative_is_the_limit_of_differences(activation):
    if not activation.info.second_derivative:
        pytest.skip("has none")
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
    """grad * f'(x), rounded once from the derivative's bits; where the room has a quicker slope, below 4 ulp of
    the slope, and within 2^-26 (2^-55) next to its zero."""
    rng = np.random.default_rng(1)
    for parameters in settings(activation):
        for x in (every_exponent(dtype, 8), wide(dtype, 3001)):
            grad = rng.normal(0, 2, x.size).astype(dtype)
            got, slope = activation.backward(grad, x, *parameters), activation.derivative(x, *parameters)
            if not activation.info.own_backward:
                with np.errstate(over="ignore", invalid="ignore"):
                    assert_same_bits(got, grad * slope)
                continue
            ones = activation.backward(np.ones_like(x), x, *parameters)
            apart = abs(ones.astype(np.longdouble) - slope)
            close = np.any([abs(x - zero) < 0.25 for zero in activation.info.crossings], axis=0)
            bound = np.where(close, np.finfo(dtype).eps / 8, 5 * np.spacing(abs(slope)))
            assert (apart <= bound).all(), x[apart > bound]
            assert_same_bits(got, grad * ones)


def test_backward_from_output_is_close(activation, dtype):
    """To what the output's own rounding allows."""
    if not activation.info.from_output:
        pytest.skip("the output does not determine the slope")
    x = np.random.default_rng(2).normal(0, 3, 5000).astype(dtype)
    grad = np.random.default_rng(3).normal(0, 1, 5000).astype(dtype)
    for parameters in settings(activation):
        got = activation.backward_from_output(grad, activation(x, *parameters), *parameters)
        tolerance = 20 * np.finfo(dtype).eps
        np.testing.assert_allclose(got, activation.backward(grad, x, *parameters), rtol=tolerance, atol=tolerance)


def test_torch_gradcheck(activation):
    torch = pytest.importorskip("torch")
    for parameters in settings(activation):
        class Function(torch.autograd.Function):
            @staticmethod
            def forward(context, x):
                context.save_for_backward(x)
                return torch.from_numpy(activation(x.detach().numpy(), *parameters))

            @staticmethod
            def backward(context, grad):
                x, = context.saved_tensors
                return torch.from_numpy(activation.backward(grad.numpy(), x.detach().numpy(), *parameters))

        x = torch.from_numpy(smooth_points(activation, parameters)[:60].reshape(6, 10)).requires_grad_()
        assert torch.autograd.gradcheck(Function.apply, (x,), eps=1e-6, atol=1e-6)


def test_torch_agrees(activation, dtype):
    torch = pytest.importorskip("torch")
    name = activation.info.torch
    if not name or not hasattr(torch, name.partition(".")[0]):
        pytest.skip("torch lacks it")
    function = torch
    for part in name.split("."):
        function = getattr(function, part, None)
    if function is None:
        pytest.skip("torch lacks it")
    x = np.concatenate([[0.0, -0.0], np.random.default_rng(4).normal(0, 4, 2000)]).astype(dtype)
    tensor = torch.from_numpy(x.copy()).requires_grad_()
    required, keywords = activation.info.required, {"approximate": "tanh"} if activation.name == "gelu_tanh" else {}
    y = function(tensor, *([tensor.new(required)] if activation.name == "prelu" else required), **keywords)
    y.sum().backward()
    eps = np.finfo(np.float32 if activation.name == "hard_sigmoid" else dtype).eps  # torch's slope is float32's 1/6
    tolerance = dict(rtol=30 * eps, atol=30 * eps)
    np.testing.assert_allclose(call(activation, (x,)), y.detach().numpy(), **tolerance)
    np.testing.assert_allclose(call(activation.derivative, (x,)), tensor.grad.numpy(), **tolerance)
