"""The network: gradients by finite differences, learning, reproducibility, dead units, errors."""
import copy
import math
import pickle
import warnings

import numpy as np
import pytest

import fastact as fa
from axes import REPRESENTATIVES
from fastact.nn.mlp import MLP

LOSSES = ["cross_entropy", "bce", "mse"]


def batch(loss, outputs=3, samples=5, dtype=np.float64):
    rng = np.random.default_rng(3)
    X = rng.standard_normal((samples, 4)).astype(dtype)
    if loss == "cross_entropy":
        return X, rng.integers(0, outputs, samples)
    y = rng.uniform(size=(samples, outputs))
    return X, (y > 0.5).astype(dtype) if loss == "bce" else y.astype(dtype)


def blobs(samples=300, seed=0):
    """Three classes on two rings: a line does not separate them."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, samples)
    angle = rng.uniform(0, 2 * np.pi, samples)
    radius = y + rng.normal(0, 0.1, samples)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1), y


def loss_at(net, parameter, index, value, X, y):
    old = parameter[index]
    parameter[index] = value
    loss = net.gradients(X, y)[0]
    parameter[index] = old
    return loss


def check_gradients(net, X, y):
    """Every partial derivative against central differences."""
    step = 1e-6
    loss, grads = net.gradients(X, y)
    noise = max(2e-8, 1e-9 * loss)  # of the difference of two large losses
    for parameter, grad in zip(net.parameters, grads):
        assert grad.shape == parameter.shape
        for index in np.ndindex(parameter.shape):
            at = parameter[index]
            above, below = (loss_at(net, parameter, index, at + d, X, y) for d in (step, -step))
            assert grad[index] == pytest.approx((above - below) / (2 * step), rel=2e-6, abs=noise)


def with_random_biases(net):
    rng = np.random.default_rng(4)
    for bias in net.parameters[1::2]:
        bias[...] = rng.uniform(0.05, 0.3, bias.shape)
    return net


@pytest.mark.parametrize("name, loss", [
    pytest.param(name, loss, marks=[pytest.mark.thorough] * (loss != LOSSES[0] and name not in REPRESENTATIVES))
    for name in fa.activations for loss in LOSSES])
def test_gradients(name, loss):
    X, y = batch(loss)
    info = fa.activations[name].info
    required = {p.name: p.example for p in info.parameters if p.default is None}
    net = MLP([4, 6, 5, 3], activation=(name, required), loss=loss, dtype="float64", random_state=5)
    check_gradients(with_random_biases(net), X, y)


@pytest.mark.parametrize("loss", ["l1", "smooth_l1", "huber", fa.losses.mse_loss])
def test_gradients_of_other_losses(loss):
    X, y = batch(loss)
    net = MLP([4, 6, 3], activation="tanh", loss=loss, dtype="float64", random_state=5)
    check_gradients(with_random_biases(net), X, y)


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd", "rmsprop", "adagrad"])
def test_optimizers_by_name(optimizer):
    X, y = blobs()
    net = MLP([2, 8, 3], optimizer=optimizer, learning_rate=0.01, random_state=0)
    history = net.fit(X, y, epochs=3, progress=False).history["loss"]
    assert history[-1] < history[0]


@pytest.mark.parametrize("options", [
    dict(activation=["tanh", ("leaky_relu", {"negative_slope": 0.3})]),
    dict(activation=fa.activations["silu"], output_activation="tanh", loss="mse"),
    dict(output_activation=("elu", {"alpha": 0.5}), loss="mse"),
])
def test_gradients_of_mixed_and_parametrised_activations(options):
    X, y = batch(options.get("loss", "cross_entropy"))
    net = MLP([4, 6, 5, 3], dtype="float64", random_state=5, **options)
    check_gradients(with_random_biases(net), X, y)


def test_gradients_with_probabilities_and_a_network_without_hidden_layer():
    X, _ = batch("mse")
    y = np.full((5, 3), [0.2, 0.5, 0.3])
    check_gradients(MLP([4, 3], dtype="float64", random_state=5), X, y)


class RootLoss:
    """The sum of the roots of the outputs, whose gradient at 0 is infinite."""

    def value_and_grad(self, outputs, target):
        with np.errstate(divide="ignore"):
            return np.sqrt(outputs).sum(), 0.5 / np.sqrt(outputs)


def test_an_infinite_gradient_stops_where_relu_is_zero():
    """As in torch. prelu's weight has no gradient where the input is positive."""
    net = MLP([2, 2, 2], "relu", "relu", loss=RootLoss(), init="ones")
    net.parameters[3][...] = [0, -9]
    net.gradients(np.ones((5, 2)), np.zeros((5, 2)))
    assert all(np.isfinite(grad).all() for grad in net._network.gradients)
    layer = MLP([1, 2, 2], ("prelu", {"weight": 0.5}), init="ones")._network.layers[0]
    layer.forward(np.ones((1, 1), layer.weight.dtype))
    layer.backward(np.full((1, 2), np.inf, layer.weight.dtype))
    assert layer.slope_grad == 0


def test_parameters_of_an_activation_matter():
    X, _ = batch("mse")
    slopes = [MLP([4, 6, 3], activation=a, random_state=0).forward(X) for a in
              ("leaky_relu", ("leaky_relu", {}), ("leaky_relu", {"negative_slope": 0.5}))]
    np.testing.assert_array_equal(slopes[0], slopes[1])
    assert not np.allclose(slopes[0], slopes[2])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_forward_is_the_formula(dtype):
    X, _ = batch("mse")
    net = MLP([4, 6, 3], activation="tanh", dtype=dtype, random_state=0)
    w0, b0, w1, b1 = net.parameters
    b0[...], b1[...] = 0.5, -0.25
    expected = np.tanh(X.astype(dtype) @ w0 + b0) @ w1 + b1
    np.testing.assert_allclose(net.forward(X), expected, rtol=1e-5 if dtype == "float32" else 1e-13)
    np.testing.assert_array_equal(net.forward(X), net.forward(X.tolist()))


@pytest.mark.parametrize("optimizer", ["adam", "sgd", fa.optimizers.Adam])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dtype_is_kept(dtype, optimizer):
    X, y = batch("cross_entropy")
    net = MLP([4, 6, 3], dtype=dtype, optimizer=optimizer, random_state=0)
    net.fit(X, y, epochs=2, progress=False)
    assert isinstance(net.train_step(X, y), float)
    assert {p.dtype for p in net.parameters} == {np.dtype(dtype)}
    assert {g.dtype for g in net.gradients(X, y)[1]} == {np.dtype(dtype)}
    assert net.forward(X).dtype == net.predict_proba(X).dtype == dtype


def test_train_step_is_a_step_of_the_optimizer():
    X, y = batch("cross_entropy")
    net = MLP([4, 6, 3], optimizer="sgd", learning_rate=0.5, dtype="float64", random_state=0)
    before = [p.copy() for p in net.parameters]
    loss, grads = net.gradients(X, y)
    assert net.train_step(X, y) == loss
    for p, old, g in zip(net.parameters, before, grads):
        np.testing.assert_allclose(p, old - 0.5 * g, rtol=1e-13)
    assert net.gradients(X, y)[0] < loss


def test_options_reach_the_optimizer():
    net = MLP([4, 3], optimizer="sgd", lr=0.5, momentum=0.9)
    assert (net.optimizer.lr, net.optimizer.momentum) == (0.5, 0.9)
    assert MLP([4, 3], learning_rate=0.25).optimizer.lr == 0.25
    made = MLP([4, 3], optimizer=lambda params: fa.optimizers.SGD(params, lr=2.0))
    assert made.optimizer.lr == 2


def test_initial_parameters():
    net = MLP([400, 300, 3], activation="relu", random_state=0)
    assert net.parameters[0].std() == pytest.approx(math.sqrt(2 / 400), rel=0.02)
    assert not any(b.any() for b in net.parameters[1::2])
    net = MLP([400, 300, 3], activation="tanh", random_state=0)
    assert net.parameters[0].std() == pytest.approx(1.5925 / math.sqrt(400), rel=0.02)
    assert net.parameters[2].std() == pytest.approx(math.sqrt(2 / 303), rel=0.05)
    net = MLP([400, 300, 3], activation="tanh", init="he_normal", random_state=0)
    assert net.parameters[0].std() == pytest.approx(math.sqrt(2 / 400), rel=0.02)
    net = MLP([4, 3], init=lambda shape, rng, dtype: np.full(shape, 7, dtype))
    assert (net.parameters[0] == 7).all()


@pytest.mark.parametrize("loss, outputs", [("cross_entropy", 2), ("bce", 1), ("mse", 1)])
def test_learns_xor(loss, outputs):
    X, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])
    net = MLP([2, 16, outputs], activation="tanh", loss=loss, lr=0.05, random_state=0)
    net.fit(X, y, epochs=200, progress=False)
    assert net.history["loss"][-1] < 0.02 < net.history["loss"][0]
    np.testing.assert_array_equal(np.round(net.predict(X)), y)
    assert net.predict(X).shape == (4,)


@pytest.mark.parametrize("name", ["tanh", "relu", "leaky_relu", "elu", "silu"])
def test_learns_rings(name):
    X, y = blobs()
    unseen, labels = blobs(seed=1)
    net = MLP([2, 32, 3], activation=name, lr=0.01, random_state=0)
    net.fit(X, y, epochs=80, batch_size=32, validation_data=(unseen, labels), progress=False)
    assert (net.predict(unseen) == labels).mean() > 0.95
    assert net.history["val_accuracy"][-1] == (net.predict(unseen) == labels).mean()
    assert [len(curve) for curve in net.history.values()] == [80] * 4
    assert net.history["val_loss"][-1] == net.evaluate(unseen, labels)["loss"]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_same_seed_same_bits(dtype):
    X, y = blobs()

    def trained(seed):
        net = MLP([2, 32, 3], dtype=dtype, random_state=seed).fit(X, y, epochs=3, progress=False)
        return net.history["loss"], net.forward(X)

    first, second, other = trained(0), trained(0), trained(1)
    assert first[0] == second[0] != other[0]
    np.testing.assert_array_equal(first[1], second[1])


def test_fit_shuffles_and_uses_every_sample_once_an_epoch(monkeypatch):
    X = np.arange(10.0)[:, None]
    net, seen = MLP([1, 1], loss=Absolute(), random_state=0), []
    monkeypatch.setattr(net._network, "train_step", lambda x, y, *_: seen.append((x.ravel(), y.ravel())) or x.mean())
    net.fit(X, -X[:, 0], epochs=2, batch_size=4, progress=False)
    assert net.history["loss"] == pytest.approx([4.5, 4.5])  # the mean of the samples, not of the batches
    assert [len(x) for x, _ in seen] == [4, 4, 2] * 2
    epochs = [np.concatenate([x for x, _ in seen[i : i + 3]]) for i in (0, 3)]
    for order in epochs:
        np.testing.assert_array_equal(np.sort(order), X[:, 0])
    assert not np.array_equal(*epochs)
    assert all((x == -y).all() for x, y in seen)


def test_a_second_fit_goes_on():
    X, y = blobs()
    net = MLP([2, 32, 3], random_state=0)
    first = net.fit(X, y, epochs=5, progress=False).history["loss"]
    second = net.fit(X, y, epochs=5, progress=False).history["loss"]
    assert second[0] < first[-1]


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_copies_go_on_with_the_same_bits_and_on_their_own(clone):
    X, y = blobs()
    net = MLP([2, 32, 3], random_state=0).fit(X, y, epochs=2, progress=False)
    twin, before = clone(net), net.forward(X)
    twin.fit(X, y, epochs=2, progress=False)
    np.testing.assert_array_equal(net.forward(X), before)
    net.fit(X, y, epochs=2, progress=False)
    assert net.history == twin.history
    np.testing.assert_array_equal(net.forward(X), twin.forward(X))


def test_pickles_leave_the_buffers_out():
    X, y = blobs(5000)
    net = MLP([2, 8, 3], random_state=0).fit(X, y, epochs=1, batch_size=5000, progress=False)
    assert len(pickle.dumps(net)) < 20_000


def test_changing_batch_sizes():
    X, y = blobs()
    net = MLP([2, 8, 3], dtype="float64", random_state=0)
    for n in (1, 2, 3, 4, 5, 6, 7, 300, 3):
        check = MLP([2, 8, 3], dtype="float64", random_state=0)
        assert net.gradients(X[:n], y[:n])[0] == check.gradients(X[:n], y[:n])[0]


def test_predictions_by_loss():
    X, _ = batch("mse")
    net = MLP([4, 3], random_state=0)
    np.testing.assert_array_equal(net.predict(X), net.forward(X).argmax(axis=1))
    np.testing.assert_allclose(net.predict_proba(X).sum(axis=1), 1, rtol=1e-6)
    net = MLP([4, 3], loss="bce", random_state=0)
    np.testing.assert_array_equal(net.predict(X), net.forward(X) > 0)
    np.testing.assert_allclose(net.predict_proba(X), 1 / (1 + np.exp(-net.forward(X))), rtol=1e-6)
    net = MLP([4, 3], loss="mse", random_state=0)
    np.testing.assert_array_equal(net.predict(X), net.forward(X))
    assert MLP([4, 1], loss="bce").predict_proba(X).shape == (5,)
    with pytest.raises(TypeError, match="predict_proba"):
        net.predict_proba(X)


class Absolute:
    def value_and_grad(self, output, target):
        return np.abs(output - target).mean(), np.sign(output - target) / output.size


def test_own_loss():
    X, y = batch("mse")
    net = MLP([4, 6, 3], activation="tanh", loss=Absolute(), dtype="float64", random_state=0)
    check_gradients(net, X, y)
    assert net.evaluate(X, y) == {"loss": net.gradients(X, y)[0]}


@pytest.mark.parametrize("batch_size", [1, 3, 1024])
def test_dead_units_of_a_hand_made_net(batch_size):
    net = MLP([2, 4, 4, 1], activation=["relu", "leaky_relu"], loss="mse", random_state=0)
    w, b = net.parameters[:2]
    w[...] = 0
    # Unit 0 is never on, unit 1 always, unit 2 for one sample alone, unit 3 sits on the kink.
    b[...] = [-1, 1, 0, 0]
    w[0, 2] = 1
    X = np.array([[-1, 0], [-2, 0], [-3, 0], [-4, 0], [5, 0]])
    assert net.dead_units(X, batch_size) == [0.5, 0.0]
    assert net.dead_units(X[:4], batch_size) == [0.75, 0.0]


def test_dead_units_see_the_activation_of_the_layer_below():
    net = MLP([1, 1, 1, 1], loss="mse", random_state=0)
    for parameter, value in zip(net.parameters, [1, -10, 1, 1]):
        parameter[...] = value
    # The first unit gives 0 and not x - 10, so that the second is on.
    assert net.dead_units([[1.0], [2.0]]) == [1.0, 0.0]


def test_a_large_learning_rate_kills_relu_units_and_not_leaky_ones():
    X, y = blobs()
    X = X + 4  # all of one sign, as pixels are: a large step turns a unit off for all of them
    dead = {}
    for name in ("relu", "leaky_relu"):
        net = MLP([2, 32, 3], activation=name, lr=1.0, random_state=0)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            dead[name] = net.fit(X, y, epochs=10, progress=False).dead_units(X)[0]
        assert [w.category for w in caught] == [fa.diagnostics.DeadUnitsWarning] * (name == "relu")
    assert dead["relu"] > 0.5
    assert dead["leaky_relu"] == 0


def test_progress_is_on_stderr(capsys):
    X, y = blobs()
    net = MLP([2, 3], random_state=0)
    net.fit(X, y, epochs=3, validation_data=(X, y), progress="rings")
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("rings  epoch 3/3  loss ") and "val_accuracy" in err
    net.fit(X, y, epochs=3, progress=False)
    assert capsys.readouterr() == ("", "")


def test_repr_reads_as_the_architecture():
    net = MLP([64, 32, 16, 10], activation=["relu", ("leaky_relu", {"negative_slope": 0.2})])
    assert "64 -> 32 relu -> 16 leaky_relu[0.2] -> 10" in repr(net)
    assert "cross_entropy" in repr(net) and "Adam" in repr(net)


def test_divergence_is_reported_and_leaves_the_parameters():
    X, y = blobs()
    net = MLP([2, 8, 1], loss="mse", optimizer="sgd", lr=1e6, random_state=0)
    with pytest.raises(FloatingPointError, match=r"epoch \d+, batch \d+: .* smaller learning rate"):
        net.fit(X, y, epochs=50, batch_size=32, progress=False)
    net = MLP([2, 8, 3], random_state=0)
    before = [p.copy() for p in net.parameters]
    with pytest.raises(FloatingPointError, match="X holds NaN"):
        net.train_step(np.full((3, 2), np.nan), [0, 1, 2])
    for p, old in zip(net.parameters, before):
        np.testing.assert_array_equal(p, old)


@pytest.mark.parametrize("call, error, words", [
    (lambda: MLP([4]), ValueError, "layers"),
    (lambda: MLP([4, 0, 2]), ValueError, "layers"),
    (lambda: MLP([4, 2.5]), ValueError, "layers"),
    (lambda: MLP([4, 5, 2], activation="no_such"), ValueError, "no_such"),
    (lambda: MLP([4, 5, 2], activation=["relu", "relu"]), ValueError, "2 activations for 1 hidden"),
    (lambda: MLP([4, 5, 2], activation=np.tanh), TypeError, "activation"),
    (lambda: MLP([4, 5, 2], activation=("elu", {"slope": 1})), ValueError, r"elu has .*alpha.*slope"),
    (lambda: MLP([4, 2], loss="no_such"), ValueError, "loss 'no_such'.*cross_entropy"),
    (lambda: MLP([4, 2], loss=np.tanh), TypeError, "value_and_grad"),
    (lambda: MLP([4, 1]), ValueError, "bce"),
    (lambda: MLP([4, 2], optimizer="no_such"), ValueError, "optimizer 'no_such'.*adam"),
    (lambda: MLP([4, 2], optimizer=3), TypeError, "optimizer"),
    (lambda: MLP([4, 2], mometum=0.9), TypeError, "mometum"),
    (lambda: MLP([4, 2], lr=1.0, learning_rate=1.0), TypeError, "give one"),
    (lambda: MLP([4, 2], init="no_such"), ValueError, "init 'no_such'.*auto"),
    (lambda: MLP([4, 2], dtype="float16"), ValueError, "float16"),
    (lambda: MLP([4, 2], dtype="foo"), TypeError, "dtype must be float32 or float64, got 'foo'"),
    (lambda: MLP(5), ValueError, "layers must be .*; got 5"),
    (lambda: MLP([4, 5, 2], dropout=None), ValueError, "dropout must be .*; got None"),
    (lambda: MLP([4, 5, 2], dropout="a"), ValueError, "dropout must be .*; got 'a'"),
    (lambda: MLP([4, 2], random_state="a"), TypeError, "MLP: random_state must be an int that is not negative, .* got 'a'"),
    (lambda: MLP([4, 5, 2], l2=None), ValueError, "l2 must be .*got None"),
    (lambda: MLP([4, 5, 2], init=None), TypeError, 'init None is not "auto"'),
    *((lambda make=make: MLP([4, 5, 2], init=lambda shape, rng, dtype: make(shape)), ValueError,
       r"init made weights of .*; expected real numbers of shape \(4, 5\)")
      for make in (lambda shape: np.ones(shape[1]), lambda shape: np.ones(shape) * 1j, lambda shape: 3.0, lambda shape: None)),
    (lambda: MLP([4, 5, 2], activation=("softplus", {"beta": "a"})), TypeError, "beta of activation softplus .*got 'a'"),
    (lambda: MLP([4, 5, 2], activation=("relu", "tanh")), ValueError, "2 activations for 1 hidden layers"),
])
def test_clear_errors_of_arguments(call, error, words):
    with pytest.raises(error, match=words):
        call()


X5 = np.zeros((5, 4))


@pytest.mark.parametrize("loss, call, error, words", [
    ("mse", lambda net: net.forward(np.zeros((5, 3))), ValueError, r"\(5, 3\); expected \(samples, 4\)"),
    ("mse", lambda net: net.predict(np.zeros(4)), ValueError, r"X\[None, :\]"),
    ("mse", lambda net: net.predict(X5 * 1j), TypeError, "complex"),
    ("mse", lambda net: net.predict([["a"] * 4]), TypeError, "real"),
    ("mse", lambda net: net.train_step(X5, np.zeros((4, 2))), ValueError, "5 samples"),
    ("mse", lambda net: net.train_step(X5, np.zeros(5)), ValueError, "mse_loss.*shape"),
    ("mse", lambda net: net.train_step(X5, np.zeros((5, 2, 1))), ValueError, r"y of shape \(5, 2\), got shape \(5, 2, 1\)"),
    ("mse", lambda net: net.train_step(X5, [["a", "b"]] * 5), TypeError, "y has dtype <U1; loss mse_loss takes real numbers"),
    ("mse", lambda net: net.train_step(X5, np.full((5, 2), None)), TypeError, "y has dtype object"),
    ("bce", lambda net: net.train_step(X5, np.zeros(5)), ValueError, r"2 outputs takes y of shape \(5, 2\).*cross_entropy"),
    ("cross_entropy", lambda net: net.train_step(X5, np.zeros((5, 1), int)), ValueError, r"classes of shape \(5,\), y\[:, 0\]"),
    ("cross_entropy", lambda net: net.fit(X5, np.zeros(5, int), validation_data=(X5,)), TypeError, "a tuple of 1"),
    ("cross_entropy", lambda net: net.fit(X5, np.zeros(5, int), validation_data=X5), TypeError, "got a ndarray"),
    ("mse", lambda net: net.train_step(X5[:0], np.zeros((0, 2))), ValueError, "no samples"),
    ("mse", lambda net: net.fit(X5[:0], np.zeros((0, 2))), ValueError, "no samples"),
    ("mse", lambda net: net.dead_units(X5[:0]), ValueError, "no samples"),
    ("bce", lambda net: net.train_step(X5, np.full((5, 2), -1)), ValueError, "0 and 1"),
    ("bce", lambda net: net.train_step(X5, [["a", "b"]] * 5), ValueError, "0 and 1"),
    ("cross_entropy", lambda net: net.train_step(X5, np.full(5, 2)), ValueError, "class 2 .*0 to 1"),
    ("cross_entropy", lambda net: net.train_step(X5, np.zeros(5)), TypeError, "integers"),
    ("cross_entropy", lambda net: net.train_step(X5, ["a"] * 5), TypeError, "integers"),
    ("cross_entropy", lambda net: net.fit(X5, np.zeros(5, int), epochs=0), ValueError, "epochs"),
    ("cross_entropy", lambda net: net.fit(X5, np.zeros(5, int), batch_size=2.5), ValueError, "batch_size"),
])
def test_clear_errors_of_data(loss, call, error, words):
    with pytest.raises(error, match=words):
        call(MLP([4, 3, 2], loss=loss, random_state=0))
