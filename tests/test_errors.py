"""Wrong input gets one clear error that names the function, and no output is touched."""
import numpy as np
import pytest

import fastact as fa
from axes import ALL_FORMS, arrays_in, call, each_form, empty_outputs, inputs, kind, outputs
from fastact import registry

X = np.ones((2, 3), np.float32)


def refuses(form, error, pattern, *arguments, **keywords):
    """The call raises this error, whose message names the form."""
    with pytest.raises(error, match=pattern) as raised:
        form(*arguments, **keywords)
    assert form.__name__ in str(raised.value), f"the message does not name {form.__name__}: {raised.value}"
    assert raised.value.__cause__ is None and (raised.value.__context__ is None or raised.value.__suppress_context__)


def test_a_wrong_name_leads_python_to_the_nearest():
    with pytest.raises(AttributeError, match="module 'fastact' has no attribute 'gelo'") as raised:
        fa.gelo
    assert raised.value.name == "gelo" and raised.value.obj is fa  # from which a traceback's "Did you mean" is made


@pytest.mark.contract
@pytest.mark.parametrize("dtype", ["complex64", "complex128", "longdouble", "clongdouble", "object", "U3", "S3",
                                   "datetime64[s]", "timedelta64[s]"])
def test_dtypes(form, dtype):
    x = np.zeros(3, dtype)
    shown = x.dtype.name if dtype in ("longdouble", "clongdouble") else x.dtype.str.lstrip("<>|=") if dtype in ("U3", "S3") \
        else dtype
    refuses(form, TypeError, "support", *(x,) * arrays_in(form), *form.info.required)
    refuses(form, TypeError, shown.replace("[", r"\["), *(x,) * arrays_in(form), *form.info.required)
    refuses(form, TypeError, "float32", *(x[0:0],) * arrays_in(form), *form.info.required)


@pytest.mark.contract
def test_values_that_are_no_arrays(form):
    for value in ("text", None, {"a": 1}, object(), 1j):
        refuses(form, TypeError, "support", *(value,) * arrays_in(form), *form.info.required)
    with pytest.raises(ValueError):
        call(form, ([[1, 2], [3]],) * arrays_in(form))


@pytest.mark.parametrize("call, error, words", [
    (lambda: fa.swish(X, beta="a"), TypeError, "fastact.swish does not support .*; beta is 'a'"),
    (lambda: fa.leaky_relu(X, slope=1), TypeError, "fastact.leaky_relu takes x, negative_slope, out and .* not 'slope'"),
    (lambda: fa.gelu.backward(X, X, alpha=1), TypeError, "fastact.gelu.backward takes grad, x, out and .* not 'alpha'"),
    (lambda: fa.softmax(X, axis=2), np.exceptions.AxisError, "fastact.softmax: axis 2 is out of bounds"),
    (lambda: fa.swiglu(X, axis=2), np.exceptions.AxisError, "fastact.swiglu: axis 2 is out of bounds"),
    (lambda: fa.swiglu(X, axis=2, limit=7.0), np.exceptions.AxisError, "fastact.swiglu: axis 2 is out of bounds"),
    (lambda: fa.glu.backward(X, X, axis=-3), np.exceptions.AxisError, "fastact.glu.*: axis -3 is out of bounds"),
    (lambda: fa.geglu.bind(X, X, axis=2), np.exceptions.AxisError, "fastact.geglu.*: axis 2 is out of bounds"),
    (lambda: fa.gumbel_softmax(X, axis=2), np.exceptions.AxisError, "fastact.gumbel_softmax: axis 2 is out of bounds"),
    (lambda: fa.MLP([4, 2], dropot=0.1), TypeError, "MLP has no argument 'dropot', and Adam no such option; it has lr, betas"),
    (lambda: fa.elu.backward(X, X, None), TypeError, "fastact.elu.backward does not support .*; alpha is None"),
    (lambda: fa.elu(X, 10**400), OverflowError, "fastact.elu: alpha must be a number that a float holds"),
    (lambda: fa.elu.derivative(X, 10**400), OverflowError, "fastact.elu.derivative: alpha"),
    (lambda: fa.hard_tanh(X, -1, 10**400), OverflowError, "fastact.hard_tanh: max_val"),
    (lambda: fa.elu([1.0], 10**400), OverflowError, "fastact.elu: alpha must be a number that a float holds"),
    (lambda: fa.elu(10**400), OverflowError, "fastact.elu: x must be a number that a float holds"),
    (lambda: fa.swish(X, beta=10**400), OverflowError, "fastact.swish: beta must be a number that a float holds"),
    (lambda: fa.elu.bind(X, 10**400, X), TypeError, "fastact.elu.bind needs one number for each of alpha"),
    (lambda: fa.softmax(X, temperature=10**400), ValueError, "fastact.softmax: temperature must be positive and finite"),
    (lambda: fa.softmax(X, temperature="a"), TypeError, "fastact.softmax: temperature must be a number, got 'a'"),
])
def test_parameters_that_are_no_numbers_are_named(call, error, words):
    with pytest.raises(error, match=words):
        call()


@pytest.mark.contract
def test_shapes(form, dtype):
    out = empty_outputs(form, np.zeros((3, 2), dtype))
    arrays = inputs(form, X.astype(dtype))
    refuses(form, ValueError, "shape", *arrays, *form.info.required, out=out)
    if arrays_in(form) > 1:
        refuses(form, ValueError, "shape", *arrays[:-1], arrays[-1].T, *form.info.required)
        refuses(form, ValueError, "shape", *arrays[:-1], arrays[-1][:, :2], *form.info.required)
    if form.info.parameters:
        refuses(form, ValueError, "shape", *arrays, np.ones(5, dtype), *form.info.defaults[1:])
    assert all((array == 77).all() for array in outputs(out))


@pytest.mark.contract
def test_out(form, dtype):
    x = X.astype(dtype)
    arrays = inputs(form, x)
    frozen = outputs(empty_outputs(form, x))
    for array in frozen:
        array.flags.writeable = False
    refuses(form, ValueError, "read-only", *arrays, *form.info.required, out=frozen)
    refuses(form, ValueError, "read-only", *arrays, *form.info.defaults, *frozen)
    whole = tuple(np.full(x.shape, 77) for _ in frozen)
    refuses(form, TypeError, "int64", *arrays, *form.info.required, out=whole)
    refuses(form, TypeError, "int64", *arrays, *form.info.defaults, *whole)
    refuses(form, TypeError, "out|array", *arrays, *form.info.required, out=[1, 2])
    refuses(form, (TypeError, ValueError), "out", *arrays, *form.info.required, out=(frozen[0],) * (form.ufunc.nout + 1))
    assert all((array == 77).all() for array in (*frozen, *whole))


@pytest.mark.contract
def test_arguments(form):
    arrays = inputs(form, X)
    made = outputs(empty_outputs(form, X))
    parameters = form.info.defaults
    refuses(form, TypeError, "missing|misses")
    refuses(form, TypeError, "at most", *arrays, *parameters, *made, X)
    refuses(form, TypeError, "sloppe", *arrays, *form.info.required, sloppe=2)
    refuses(form, TypeError, "out", *arrays, *parameters, *made, out=made)
    refuses(form, TypeError, "casting", *arrays, *form.info.required, casting=3)
    if arrays_in(form) > 1:
        refuses(form, TypeError, f"'{registry.FORMS[kind(form)].inputs[1]}'", X)
    for k, parameter in enumerate(form.info.parameters):
        refuses(form, TypeError, parameter.name, *arrays, *parameters, **{parameter.name: 1.0})
        refuses(form, TypeError, "support", *arrays, *parameters[:k], "steep", *parameters[k + 1:])
        refuses(form, TypeError, "support", *arrays, *parameters[:k], 1j, *parameters[k + 1:])
        if parameter.default is None:
            refuses(form, TypeError, f"'{parameter.name}'", *arrays, *parameters[:k])
    assert all((array == 77).all() for array in made)


def test_output_that_does_not_determine_the_slope(activation):
    if activation.info.from_output:
        assert call(activation.backward_from_output, (X, call(activation, (X,)))).shape == X.shape
        return
    for arguments in ((X, X), (X, X, X), ()):
        with pytest.raises(TypeError, match=rf"{activation.name}\.backward\b"):
            activation.backward_from_output(*arguments)


SLOPED = [form for form in ALL_FORMS if kind(form) == "backward_from_output"
          and any(not p.signed for p in form.info.parameters)]


@each_form(SLOPED)
def test_negative_slope_from_output(form):
    """With a negative slope two inputs have one output: refused on every way in, and nothing is written."""
    name, = (p.name for p in form.info.parameters)
    for value in (-0.5, -1, np.float32(-0.5), np.array([1, -0.5, 1], np.float32), [1, -0.5, 1]):
        out = np.full_like(X, 77)
        refuses(form, ValueError, "backward", X, X, value)
        refuses(form, ValueError, name, X, X, **{name: value})
        refuses(form, ValueError, name, X[:, ::-1], X, value, out=out)
        assert (out == 77).all()
    with pytest.raises(ValueError, match=rf"{form.__name__}\.bind"):
        form.bind(X, X, -0.5, np.empty_like(X))
    assert form(X, X, 0.0).shape == X.shape


def test_unknown_names():
    with pytest.raises(AttributeError, match="sigmoidal"):
        fa.sigmoidal
    with pytest.raises(KeyError):
        fa.activations["sigmoidal"]
    with pytest.raises(AttributeError):
        fa.sigmoid.third_derivative
