"""fa.diagnostics: dead units, saturation and gradient norms, of networks and of arrays from anywhere."""
import warnings

import numpy as np
import pytest

import fastact as fa
from fastact import diagnostics
from fastact.nn.mlp import MLP


def half_dead(activation="relu", **options):
    """4 inputs, 6 units of which 3 are always far below 0, 5 units, 2 classes."""
    net = MLP([4, 6, 5, 2], activation, random_state=0, **options)
    net.parameters[1][:3] = -1e3
    return net


X = np.random.default_rng(0).standard_normal((40, 4))
Y = np.random.default_rng(1).integers(0, 2, 40)


class Loader:
    """An iterable that is no sequence, as frameworks' data loaders are; can be read again."""

    def __init__(self, *batches):
        self.batches = batches

    def __iter__(self):
        return iter(self.batches)


@pytest.mark.parametrize("data", [
    X, X.tolist(), [X[:15], X[15:]], (X[:15], X[15:]),
    Loader(X[:15], X[15:].tolist()), Loader((X[:15], Y[:15]), [X[15:], Y[15:]]),
    [(X[:15], Y[:15]), (X[15:], Y[15:])], (X[k : k + 1] for k in range(40)),
], ids=["array", "lists", "list of arrays", "tuple of arrays", "loader", "pairs", "list of pairs", "generator"])
def test_dead_units_of_any_iterable(data):
    net = half_dead()
    expected = net.dead_units(X)
    assert expected[0] == 0.5
    assert net.dead_units(data) == expected


def test_batches_of_torch():
    torch = pytest.importorskip("torch")
    set_ = torch.utils.data.TensorDataset(torch.from_numpy(X.astype(np.float32)), torch.from_numpy(Y))
    net = half_dead()
    assert net.dead_units(torch.utils.data.DataLoader(set_, batch_size=7)) == net.dead_units(X)
    outputs = torch.relu(torch.nn.Linear(4, 9)(set_.tensors[0]) - 1)
    assert diagnostics.dead_fraction(outputs) == pytest.approx(float((outputs <= 0).all(dim=0).double().mean()))
    images = torch.relu(torch.randn(3, 5, 4, 4) + torch.tensor([-99.0, 0, -99, 0, 0])[:, None, None])
    assert diagnostics.dead_fraction([images[:1], images[1:]], axis=1) == pytest.approx(0.4)


def test_units_count_as_dead_by_their_slope_alone():
    # What is 0 is not dead (silu, elu), what is not 0 may be (relu6 at its ceiling).
    net = MLP([2, 2, 1], "relu6", loss="mse")
    net.parameters[0][...], net.parameters[1][...] = 0.1, [100, 1]
    assert net.dead_units(X[:, :2]) == [0.5]
    assert half_dead("leaky_relu").dead_units(X) == [0, 0]
    tiny = half_dead("elu")  # exp(-1000) is 0
    assert tiny.dead_units(X)[0] == 0.5
    assert diagnostics.dead_units(half_dead("leaky_relu"), X, tolerance=0.01)[0] == 0.5


def test_dead_units_are_those_of_predictions():
    plain, noisy = half_dead(), half_dead(dropout=0.9)
    assert noisy.dead_units(X) == plain.dead_units(X)


@pytest.mark.parametrize("name", fa.activations)
def test_every_activation_has_diagnostics(name):
    info = fa.activations[name].info
    net = MLP([4, 6, 2], (name, dict(zip([p.name for p in info.parameters], info.defaults))), random_state=0)
    (dead,), (saturated,) = diagnostics.dead_units(net, X), diagnostics.saturation(net, X)
    assert 0 <= dead <= 1 and 0 <= saturated <= 1
    assert len(diagnostics.gradient_norms(net, X, Y)) == 2


@pytest.mark.parametrize("name, low, high", [("tanh", -0.98, 0.98), ("sigmoid", 0.0101, 0.9899)])
def test_saturation_is_near_the_limits(name, low, high):
    z = np.random.default_rng(0).normal(0, 5, (50, 8))
    y = fa.activations[name](z)
    expected = ((y < low) | (y > high)).mean()
    assert 0.1 < expected < 0.9
    for values, given in ((y, "outputs"), (z, "inputs"), ([y[:9], y[9:]], "outputs")):
        assert diagnostics.saturated_fraction(values, name, given) == pytest.approx(expected, abs=0.005)
    net = MLP([8, 8, 2], name, random_state=0)
    net.parameters[0][...] = np.eye(8)
    assert diagnostics.saturation(net, z) == pytest.approx([expected], abs=0.005)


def test_gradient_norms_and_what_they_leave_alone():
    net = MLP([4, 6, 2], "tanh", dropout=0.5, batch_norm=True, dtype="float64", random_state=0)
    twin = MLP([4, 6, 2], "tanh", dropout=0.5, batch_norm=True, dtype="float64", random_state=0)
    norms = diagnostics.gradient_norms(net, X, Y)
    grads = twin.gradients(X, Y)[1]
    assert norms == pytest.approx([np.sqrt(sum((g**2).sum() for g in part)) for part in (grads[:3], grads[3:])])
    assert diagnostics.gradient_norms(net, X, Y) == norms
    np.testing.assert_array_equal(net.forward(X), MLP(
        [4, 6, 2], "tanh", batch_norm=True, dtype="float64", random_state=0).forward(X))


def test_report_is_a_table():
    net = half_dead()
    report = diagnostics.report(net, X, Y)
    assert [layer.dead for layer in report] == [*net.dead_units(X), None]
    assert [layer.gradient for layer in report] == diagnostics.gradient_norms(net, X, Y)
    lines = repr(report).splitlines()
    assert len(lines) == 4 and "50.0%" in lines[1] and "1 (4 -> 6 relu)" in lines[1]
    assert "gradient" not in repr(diagnostics.report(net, X)).splitlines()[1]
    assert len(diagnostics.report(MLP([4, 2]), X, Y)) == 1


def fit(net, X=X, Y=Y, **options):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        net.fit(X, Y, progress=False, **{"epochs": 5, **options})
    return [warning for warning in caught if issubclass(warning.category, diagnostics.DeadUnitsWarning)]


def test_fit_warns_once_with_the_remedies():
    (warning,) = fit(half_dead())
    for words in ("layer 1 50%", "leaky_relu", "elu", "smaller learning rate", "He initialisation"):
        assert words in str(warning.message)
    assert warning.filename == __file__
    assert len(fit(half_dead())) == 1  # again for another network


def test_fit_does_not_warn_of_few_dead_units_or_of_other_activations():
    wide = MLP([4, 10, 2], random_state=0)
    wide.parameters[1][:] = [-1e3] * 2 + [5.0] * 8
    assert wide.dead_units(X) == [0.2] and fit(wide) == []
    assert fit(half_dead("leaky_relu")) == []
    assert fit(MLP([4, 2])) == []
    assert fit(half_dead(), X[:4], Y[:4]) == [] != fit(half_dead(), X[:10], Y[:10])


def test_fit_does_not_warn_of_units_that_the_last_samples_move():
    many = np.zeros((3000, 4))
    many[-1] = 1
    net = MLP([4, 3, 2], optimizer="sgd", lr=0.0, init="ones")
    net.parameters[1][:] = -1
    assert fit(net, many, np.zeros(3000, int), epochs=1) == []
    assert len(fit(net, many[:-1], np.zeros(2999, int), epochs=1)) == 1


@pytest.mark.parametrize("call, error, words", [
    (lambda: half_dead().dead_units(iter([])), ValueError, "no samples"),
    (lambda: diagnostics.saturation(half_dead(), X[:0]), ValueError, "no samples"),
    (lambda: half_dead().dead_units([X[:, :3]]), ValueError, r"expected \(samples, 4\)"),
    (lambda: diagnostics.dead_fraction([]), ValueError, "no values"),
    (lambda: diagnostics.dead_fraction(X, "gelu"), TypeError, "gelu do not determine its derivative.*given"),
    (lambda: diagnostics.dead_fraction(X, given="both"), ValueError, "outputs.*inputs.*both"),
    (lambda: diagnostics.saturated_fraction(X, "no_such"), ValueError, "no_such"),
    (lambda: diagnostics.dead_fraction([X, X]), ValueError, r"\(40, 4\), \(40, 4\) may be layers or batches.*concatenate"),
    (lambda: diagnostics.dead_fraction((X, X[:, :3])), ValueError, "for layers call it for each"),
    (lambda: diagnostics.dead_fraction([X, X[:9, :1]]), ValueError, "a batch has 1 units, another 4"),
    (lambda: diagnostics.dead_fraction(iter([X, X[:, :3]])), ValueError, "a batch has 3 units, another 4"),
    (lambda: diagnostics.dead_units(object(), X), TypeError, "dead_units: expected a fastact.MLP, got object.*dead_fraction"),
    (lambda: diagnostics.saturation(None, X), TypeError, "saturation: expected a fastact.MLP, got NoneType"),
    (lambda: diagnostics.gradient_norms([], X, Y), TypeError, "gradient_norms: expected a fastact.MLP, got list"),
    (lambda: diagnostics.report(np.tanh, X), TypeError, "report: expected a fastact.MLP, got ufunc"),
])
def test_clear_errors(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_networks_of_others_say_what_to_call():
    torch = pytest.importorskip("torch")
    pytest.importorskip("sklearn")
    from fastact.sklearn import MLPClassifier

    model = MLPClassifier(5, max_iter=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X, Y)
    for net in (torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU()), model):
        with pytest.raises(TypeError, match="expected a fastact.MLP, got .*dead_fraction"):
            diagnostics.dead_units(net, X)


def test_equal_batches_of_one_layer():
    parts = [X[:20], X[20:]]
    expected = diagnostics.dead_fraction(X - 1)
    assert diagnostics.dead_fraction(iter(part - 1 for part in parts)) == expected
    assert diagnostics.dead_fraction(Loader(*(part - 1 for part in parts))) == expected


def test_values_of_any_float_type_and_the_slope_by_inputs():
    z = np.array([[-1.0, 2, -3], [-4, -5, -6]])
    assert diagnostics.dead_fraction(np.maximum(z, 0)) == pytest.approx(2 / 3)
    assert diagnostics.dead_fraction(np.maximum(z, 0).astype(np.float16)) == pytest.approx(2 / 3)
    assert diagnostics.dead_fraction(np.maximum(z, 0).astype(int).tolist()) == pytest.approx(2 / 3)
    images = np.ones((2, 5, 3, 3)) * np.array([0, 1, 0, 1, 1])[:, None, None]
    images[1, 0, 2, 1] = 1  # one position of one sample keeps a channel alive
    assert diagnostics.dead_fraction(images, axis=1) == pytest.approx(0.2)
    assert diagnostics.dead_fraction(z, "relu", given="inputs") == pytest.approx(2 / 3)
    assert diagnostics.dead_fraction(z, "gelu", given="inputs") == 0
