"""What activations, forms and ufuncs are: pickled, shown, documented, and the ufuncs' methods."""
import copy
import importlib
import inspect
import pickle

import numpy as np
import pytest

import fastact as fa
from axes import ALL_FORMS, arrays_in, assert_same_bits, each_form, kind, sample, suffix


@pytest.mark.parametrize("module", ["callbacks", "diagnostics", "initializers", "jax", "losses", "optimizers", "sklearn",
                                    "torch"])
def test_dir_has_what_is_public(module):
    if module in ("jax", "sklearn", "torch"):
        pytest.importorskip(module)
    found = importlib.import_module(f"fastact.{module}")
    assert dir(found) == sorted(found.__all__) and all(hasattr(found, name) for name in found.__all__)


@pytest.mark.contract
def test_pickle_and_copy(form):
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(form, protocol)) is form
        assert pickle.loads(pickle.dumps(form.ufunc, protocol)) is form.ufunc
    assert copy.copy(form) is form and copy.deepcopy(form) is form


def test_repr_signature_and_docstring(form):
    shown = repr(form)
    assert form.__name__ in shown
    names = list(inspect.signature(form).parameters)
    own = form.info.names_in(form.__name__.partition(".")[2] or "value")
    assert tuple(names[:form.ufunc.nin][arrays_in(form):]) == own
    assert "out" in names
    for parameter, name in zip(form.info.parameters, own, strict=True):
        default = inspect.signature(form).parameters[name].default
        if parameter.default is None:
            assert name in shown and default is inspect.Parameter.empty
        else:
            assert f"{name}={parameter.exact or repr(parameter.default)}" in shown
            assert default == parameter.default
    for needed in (*names[:form.ufunc.nin], "out", "Parameters", "Returns", "Raises", form.info.formula):
        assert needed in form.__doc__, f"the docstring does not mention {needed}"


def test_objects_are_not_made_by_hand():
    """Without its pointers an object could not be called; neither are there such subclasses."""
    step = fa.relu.bind(np.ones(2), np.ones(2))
    for one in (step, fa.relu, fa.relu.backward, fa.relu.biased_backward, fa.softmax.backward, fa.softmax._core):
        made = type(one)
        for way in (made, lambda: made.__new__(made), type("Own", (made,), {}), lambda: object.__new__(made),
                    lambda: copy.copy(step), lambda: pickle.dumps(step)):
            with pytest.raises(TypeError):
                way()
    for way in (fa.Pipeline, lambda: fa.Pipeline.__new__(fa.Pipeline)):
        with pytest.raises(TypeError, match="one list of steps"):
            way()


def test_activations_is_a_read_only_mapping():
    assert list(fa.activations) == [activation.name for activation in fa.activations.values()]
    with pytest.raises(TypeError):
        fa.activations["mine"] = fa.relu


def test_ufunc(form):
    ufunc = form.ufunc
    assert isinstance(ufunc, np.ufunc) and ufunc.signature is None
    parameters = len(form.info.parameters)  # of a float16 call they are doubles
    assert ufunc.types == [f"{code * (ufunc.nin - parameters)}{('d' if code == 'e' else code) * parameters}"
                           f"->{code * ufunc.nout}" for code in "efd"]
    assert ufunc.__name__ == form.info.name + suffix(form)
    assert form.info.name in ufunc.__doc__ and all(p.name in ufunc.__doc__ for p in form.info.parameters)


@pytest.mark.contract
@each_form(form for form in ALL_FORMS if form.ufunc.nin == 2 and form.ufunc.nout == 1)
@np.errstate(over="ignore", invalid="ignore")  # forty times e^x
def test_ufunc_methods(form):
    """outer, at, reduce and accumulate take one element after the other, as in NumPy."""
    ufunc, x = form.ufunc, sample(np.float32, 40) / 3
    x = abs(x) if kind(form) == "backward_from_output" else x
    assert_same_bits(ufunc.outer(x, x), ufunc(x[:, None], x[None, :]))
    steps = [x[0]]
    for value in x[1:]:
        steps.append(ufunc(steps[-1], value))
    assert_same_bits(ufunc.accumulate(x), np.array(steps))
    assert_same_bits(np.asarray(ufunc.reduce(x)), np.asarray(steps[-1]))
    target = x.copy()
    ufunc.at(target, [0, 0, 3], np.float32(0.5))
    want = x.copy()
    for k in (0, 0, 3):
        want[k] = ufunc(want[k], np.float32(0.5))
    assert_same_bits(target, want)


@pytest.mark.contract
def test_at(activation):
    if activation.ufunc.nin == 1:
        x = sample(np.float32, 6)
        want = x.copy()
        want[2] = activation(activation(x[2:3]))[0]
        activation.ufunc.at(x, [2, 2])
        assert_same_bits(x, want)
