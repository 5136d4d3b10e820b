"""What the property tests run over: every form of every activation, and inputs that find faults."""
import numpy as np
import pytest

import fastact as fa
from fastact import registry
from fastact.accuracy.digest import bits, every_exponent, special, wide  # noqa: F401

DTYPES = (np.float32, np.float64)
# biased_backward is no function of elements alone: test_gated.py has its tests.
ALL_FORMS = [getattr(activation, form) if form != "value" else activation for activation in fa.activations.values()
             for form in activation.info.forms if form != "biased_backward"]
# One activation of each signature: no parameter, one, two, four, one or two without a default. All forms are among theirs.
REPRESENTATIVES = ("sigmoid", "elu", "hard_tanh", "xielu", "prelu", "threshold")
# These, and one activation of each kind of loops that the others have: values by pieces, a slope of backward, half types.
EVERY_LOOP = (*REPRESENTATIVES, "identity", "tanh", "erf", "tanh_shrink", "silu", "mish", "exponential",
              "gelu", "gelu_tanh", "quick_gelu", "softplus")


class Each(tuple):
    """Values of an argument that one test item goes through, in a loop of conftest.py."""


def forms_by_activation(forms=ALL_FORMS):
    """The forms of each activation as Each, and the activations' names."""
    grouped = {}
    for form in forms:
        grouped.setdefault(form.info.name, []).append(form)
    return list(map(Each, grouped.values())), list(grouped)


def each_form(forms):
    """Parametrizes a test by these forms, one item for each activation."""
    values, names = forms_by_activation(forms)
    return pytest.mark.parametrize("form", values, ids=names)


def each_activation(condition):
    """Parametrizes a test by the activations for which this is true."""
    found = [activation for activation in fa.activations.values() if condition(activation.info)]
    return pytest.mark.parametrize("activation", found, ids=[activation.name for activation in found])


each_loop = each_form([form for form in ALL_FORMS if form.info.name in EVERY_LOOP])


def shown(value):
    """The name of a form or type, or what the value prints."""
    return getattr(value, "__name__", value)


def is_representative(value):
    """Whether the parameter of a test belongs to a representative, or to no activation at all."""
    value = value[0] if isinstance(value, Each) else value
    name = value if isinstance(value, str) else getattr(getattr(value, "info", value), "name", None)
    return name not in fa.activations or name in REPRESENTATIVES


def kind(form):
    """The form's name in the registry: "value", "backward" ..."""
    return form.__name__.partition(".")[2] or "value"


def suffix(form):
    """The suffix of the names of the form's ufunc and typed function."""
    return "" if kind(form) == "value" else "_" + kind(form)


def arrays_in(form):
    """How many arrays the form takes, without the parameters."""
    return form.ufunc.nin - len(form.info.parameters)


def inputs(form, x, grad=None):
    """The form's array arguments where the activation's is x.

    Gradients and factors are 1 and biases -0.0, which leave any x as it is, unless `grad` is given.
    """
    made = {"x": x, "gate": x}
    if kind(form) == "backward_from_output":
        made["y"] = call(fa.activations[form.info.name], (x,))
    made["grad"] = made["up"] = np.ones_like(x) if grad is None else grad
    made["bias"] = np.full_like(x, -0.0) if grad is None else grad
    if kind(form) == "gated_backward" and grad is not None:
        made["up"] = np.roll(grad, 1)
    return tuple(made[name] for name in registry.FORMS[kind(form)].inputs)


def call(form, arrays, *outputs, **keywords):
    """The form of these arrays, with the examples of the parameters that have no default."""
    return form(*arrays, *form.info.required, *outputs, **keywords)


def outputs(result):
    """The results as a tuple, whether one or two."""
    return result if isinstance(result, tuple) else (result,)


def empty_outputs(form, like):
    """Outputs to hand in as out=."""
    made = tuple(np.full_like(like, 77) for _ in range(form.ufunc.nout))
    return made if len(made) > 1 else made[0]


def assert_same_bits(got, want, what=""):
    """Equal shape, dtype and bits, the results of a form with two outputs included."""
    for one, other in zip(outputs(got), outputs(want), strict=True):
        assert one.dtype == other.dtype and one.shape == other.shape, what
        if one.size < 1000 and one.tobytes() == other.tobytes():
            continue  # quicker than what follows, and so for nearly all
        different = bits(one) != bits(other)
        if different.any():
            at = tuple(np.argwhere(different)[0])
            raise AssertionError(f"{what}: {different.sum()} of {different.size} differ, first at {at}: "
                                 f"{one[at]!r} and {other[at]!r}")


def sample(dtype, *shape):
    """Everyday values, the same ones each time."""
    return np.random.default_rng(0).normal(0, 3, shape).astype(dtype)
