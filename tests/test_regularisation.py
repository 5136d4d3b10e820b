"""Dropout, L2, batch normalisation, and prelu's trained slope."""
import copy
import pickle

import numpy as np
import pytest

import fastact as fa
from fastact.nn.mlp import MLP

RNG = np.random.default_rng(0)
X = RNG.standard_normal((20, 4))
Y = RNG.integers(0, 3, 20)


def check_gradients(make):
    """Every partial derivative against central differences; each loss is that of a new network."""
    net = make()
    grads = net.gradients(X, Y)[1]
    for k, grad in enumerate(grads):
        for index in np.ndindex(grad.shape):
            losses = []
            for step in (1e-6, -1e-6):
                other = make()
                other.parameters[k][index] += step
                losses.append(other.gradients(X, Y)[0])
            assert grad[index] == pytest.approx((losses[0] - losses[1]) / 2e-6, rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("options", [
    {"dropout": 0.5}, {"dropout": [0.0, 0.3]}, {"l2": 0.1}, {"batch_norm": True}, {"activation": "prelu"},
    {"activation": ["prelu", "tanh"], "batch_norm": True, "dropout": [0.2, 0.4], "l2": 0.05},
])
def test_gradients(options):
    options = {"activation": "tanh", **options}
    check_gradients(lambda: MLP([4, 6, 5, 3], dtype="float64", random_state=3, **options))  # with the same dropout


def test_dropout_leaves_out_units_and_keeps_the_mean():
    net = MLP([1, 4000, 1], "identity", loss="mse", dropout=0.25, optimizer="sgd", init="ones", random_state=0)
    x, y = np.ones((1, 1)), np.zeros((1, 1))
    net.gradients(x, y)
    hidden = net._network.gradients[2].ravel()  # in proportion to the second layer's inputs
    off = hidden == 0
    assert off.mean() == pytest.approx(0.25, abs=0.03)
    assert len(np.unique(hidden[~off])) == 1
    sums = [np.sqrt(net.gradients(x, y)[0]) for _ in range(20)]
    assert np.mean(sums) == pytest.approx(4000, rel=0.01) and len(set(sums)) > 10
    assert net.forward(x) == 4000  # predictions leave nothing out


def test_dropout_by_layer_and_by_seed():
    def same(shape, rng, dtype):
        return fa.initializers.he_normal(shape, 7, dtype)

    def loss(seed, dropout):
        return MLP([4, 30, 30, 3], "tanh", dropout=dropout, init=same, random_state=seed).gradients(X, Y)[0]

    assert loss(0, 0.5) == loss(0, [0.5, 0.5]) != loss(1, 0.5)
    assert loss(0, 0.0) == loss(0, [0.0, 0]) == loss(1, 0.0)


def test_l2_adds_half_the_squared_weights_and_spares_the_biases():
    plain, net = (MLP([4, 6, 3], l2=l2, dtype="float64", random_state=0) for l2 in (0.0, 0.1))
    for each in (plain, net):
        each.parameters[1][...] = 1
    (loss, grads), (penalised, shrinking) = plain.gradients(X, Y), net.gradients(X, Y)
    w0, _, w1, _ = net.parameters
    assert penalised - loss == pytest.approx(0.05 * ((w0**2).sum() + (w1**2).sum()))
    assert net.evaluate(X, Y)["loss"] == pytest.approx(penalised)
    for p, with_l2, without in zip((w0, 0, w1, 0), shrinking, grads):
        np.testing.assert_allclose(with_l2, without + 0.1 * p)
    for each in (plain, net):
        each.fit(X, Y, epochs=200, progress=False, batch_size=20)
    assert np.square(net.parameters[0]).sum() < np.square(plain.parameters[0]).sum()


def test_batch_norm_normalises_each_batch():
    net = MLP([4, 6, 3], "identity", batch_norm=True, dtype="float64", random_state=0)
    _, bias, scale, *_ = net.parameters
    bias[...], scale[...] = 3, 2
    net.gradients(X * 100 + 7, Y)
    z = net._network.layers[0]._saved[1]
    np.testing.assert_allclose(z.mean(axis=0), 3, rtol=1e-12)
    np.testing.assert_allclose(z.std(axis=0), 2, rtol=1e-6)


def test_batch_norm_predicts_by_running_means():
    net = MLP([4, 6, 3], "identity", batch_norm=True, dtype="float64", optimizer="sgd", lr=0.0, random_state=0)
    before = net.forward(X)
    for _ in range(400):
        net.train_step(X, Y)
    z = X @ net.parameters[0]
    normal = (z - z.mean(axis=0)) / np.sqrt(z.var(axis=0, ddof=1) + 1e-5)
    np.testing.assert_allclose(net.forward(X), normal @ net.parameters[3], rtol=1e-9)
    assert not np.allclose(before, net.forward(X))
    np.testing.assert_allclose(net.forward(X[:1]), net.forward(X)[:1], rtol=1e-12)  # whatever else is in a batch
    weight, bias = net._network.layers[0].folded()
    np.testing.assert_allclose((X @ weight + bias) @ net.parameters[3], net.forward(X), rtol=1e-9)


def test_batch_norm_is_that_of_torch():
    torch = pytest.importorskip("torch")
    net = MLP([4, 6, 3], "tanh", batch_norm=True, dtype="float64", optimizer="sgd", lr=0.1, random_state=0)
    theirs = torch.nn.Sequential(torch.nn.Linear(4, 6, bias=False), torch.nn.BatchNorm1d(6), torch.nn.Tanh(),
                                 torch.nn.Linear(6, 3)).double()
    w0, b0, scale, w1, b1 = net.parameters
    with torch.no_grad():
        for parameter, value in zip(theirs.parameters(), (w0.T, scale, b0, w1.T, b1)):
            parameter[...] = torch.from_numpy(value.copy())
    sgd = torch.optim.SGD(theirs.parameters(), lr=0.1)
    for _ in range(5):
        sgd.zero_grad()
        loss = torch.nn.functional.cross_entropy(theirs(torch.from_numpy(X)), torch.from_numpy(Y))
        loss.backward()
        sgd.step()
        assert net.train_step(X, Y) == pytest.approx(loss.item(), rel=1e-9)
    np.testing.assert_allclose(net.forward(X), theirs.eval()(torch.from_numpy(X)).detach().numpy(), rtol=1e-8)


def test_prelu_trains_one_slope_a_layer():
    net = MLP([4, 6, 5, 3], ["prelu", ("prelu", {"weight": 0.5})], random_state=0)
    assert [p.shape for p in net.parameters] == [(4, 6), (6,), (1,), (6, 5), (5,), (1,), (5, 3), (3,)]
    slopes = [layer.activation_parameters for layer in net._network.layers[:-1]]
    assert slopes == [(0.25,), (0.5,)]
    net.fit(X, Y, epochs=5, progress=False)
    after = [layer.activation_parameters for layer in net._network.layers[:-1]]
    assert after != slopes and net.parameters[2][0] == after[0][0]
    net.parameters[2][...] = 1  # the identity
    x = X.astype("f")
    np.testing.assert_array_equal(net._network.layers[0].predict(x), x @ net.parameters[0] + net.parameters[1])


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_copies_go_on_alike(clone):
    net = MLP([4, 6, 5, 3], "prelu", dropout=0.3, l2=0.01, batch_norm=True, random_state=0)
    net.fit(X, Y, epochs=2, progress=False)
    twin = clone(net)
    np.testing.assert_array_equal(net.forward(X), twin.forward(X))
    assert net.fit(X, Y, epochs=2, progress=False).history == twin.fit(X, Y, epochs=2, progress=False).history
    np.testing.assert_array_equal(net.forward(X), twin.forward(X))


def test_early_stopping_restores_the_running_means():
    net = MLP([4, 6, 3], "tanh", batch_norm=True, lr=0.05, init="glorot_uniform", random_state=0)
    unseen = X + 1, Y
    net.fit(X, Y, epochs=40, validation_data=unseen, early_stopping=1000, progress=False)
    assert net.evaluate(*unseen)["loss"] == min(net.history["val_loss"]) < net.history["val_loss"][-1]


@pytest.mark.parametrize("options, words", [
    ({"dropout": 1.0}, "dropout"), ({"dropout": [0.1, 0.2]}, "1 hidden"), ({"dropout": -0.1}, "dropout"),
    ({"l2": -1}, "l2"), ({"l2": "a"}, "l2"), ({"l2": np.inf}, "l2"),
])
def test_clear_errors(options, words):
    with pytest.raises(ValueError, match=words):
        MLP([4, 6, 3], **options)
