"""bind: arrays fixed once, then calls without arguments."""
import numpy as np
import pytest

from axes import assert_same_bits, call, empty_outputs, inputs, outputs, sample


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


def test_bind_in_place_and_parameters(activation, dtype):
    x = sample(dtype, 50)
    parameters = [2.0] * len(activation.info.parameters)
    want = activation(x, *parameters)
    activation.bind(x, *parameters, x)()
    assert_same_bits(x, want)


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
    with pytest.raises(ValueError, match="bind"):
        activation.value_and_derivative.bind(x, *activation.info.required, x[:], x[:])
