"""Which output activation goes with which loss, what outputs then mean, and the bound form of a network."""
import tracemalloc

import numpy as np
import pytest

import fastact as fa
from fastact.nn.mlp import MLP

RNG = np.random.default_rng(0)
X = RNG.standard_normal((12, 4))
CLASSES = RNG.integers(0, 3, 12)
SHARES = RNG.dirichlet(np.ones(3), 12)
FLAGS = RNG.integers(0, 2, (12, 3))


@pytest.mark.parametrize("loss, y, output", [
    ("cross_entropy", CLASSES, lambda z: z),
    ("cross_entropy", SHARES, lambda z: z),
    ("nll_loss", CLASSES, fa.log_softmax),
    ("kl_div", SHARES, fa.log_softmax),
    ("binary_cross_entropy", FLAGS, fa.sigmoid),
    ("binary_cross_entropy_with_logits", FLAGS, lambda z: z),
    ("mse_loss", SHARES, lambda z: z), ("l1_loss", SHARES, lambda z: z),
    ("huber_loss", SHARES, lambda z: z), ("smooth_l1_loss", SHARES, lambda z: z),
])
def test_every_loss_by_name_with_the_output_that_it_takes(loss, y, output):
    net = MLP([4, 5, 3], "tanh", loss=loss, dtype="float64", random_state=0)
    assert net.loss is getattr(fa.losses, loss)
    w0, b0, w1, b1 = net.parameters
    expected = output(np.tanh(X @ w0 + b0) @ w1 + b1)
    np.testing.assert_allclose(net.forward(X), expected, rtol=1e-12)
    assert net.gradients(X, y)[0] == pytest.approx(net.loss(expected, y), rel=1e-12)
    losses = net.fit(X, y, epochs=30, progress=False).history["loss"]
    assert losses[-1] < losses[0]


def test_probabilities_are_the_same_whichever_loss_takes_them():
    nets = {loss: MLP([4, 5, 3], "tanh", loss=loss, dtype="float64", random_state=0) for loss in
            ("cross_entropy", "nll_loss", "kl_div", "bce", "binary_cross_entropy")}
    for first, *others in (("cross_entropy", "nll_loss", "kl_div"), ("bce", "binary_cross_entropy")):
        for other in others:
            np.testing.assert_allclose(nets[first].predict_proba(X), nets[other].predict_proba(X), rtol=1e-12)
            np.testing.assert_array_equal(nets[first].predict(X), nets[other].predict(X))
    np.testing.assert_allclose(nets["nll_loss"].predict_proba(X).sum(axis=1), 1)
    assert nets["cross_entropy"].gradients(X, CLASSES)[0] == pytest.approx(nets["nll_loss"].gradients(X, CLASSES)[0])
    scores = [nets[loss].evaluate(X, FLAGS) for loss in ("bce", "binary_cross_entropy")]
    assert scores[0] == pytest.approx(scores[1])


@pytest.mark.parametrize("loss, output, words", [
    ("cross_entropy", "softmax", "logits and applies softmax itself.*squashed twice.*None; predict_proba"),
    ("cross_entropy", fa.log_softmax, "logits"),
    ("bce", "sigmoid", "applies sigmoid itself"),
    ("nll_loss", "softmax", "logarithms.*softmax does not.*stands for log_softmax"),
    ("nll_loss", "identity", "log_softmax"),
    ("kl_div", "sigmoid", "log_softmax"),
    ("binary_cross_entropy", "tanh", "probabilities.*stands for sigmoid"),
])
def test_a_wrong_pair_warns_and_says_why(loss, output, words):
    with pytest.warns(UserWarning, match=words) as caught:
        net = MLP([4, 3], output_activation=output, loss=loss, random_state=0)
    assert [warning.filename for warning in caught] == [__file__]
    assert net.forward(X).shape == (12, 3)  # as it was asked for


def test_a_warning_is_at_the_users_line_however_deep_it_comes_from():
    torch = pytest.importorskip("torch")
    module = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Sigmoid())
    with pytest.warns(UserWarning, match="applies sigmoid itself") as caught:
        MLP.from_torch(module, loss="bce")
    assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.parametrize("loss, output", [
    ("cross_entropy", "identity"), ("nll_loss", "log_softmax"), ("nll_loss", fa.log_softmax),
    ("binary_cross_entropy", "hard_sigmoid"), ("binary_cross_entropy", "softmax"),
    ("mse", "softmax"), ("mse", "sparsemax"), ("mse", "relu"), ("mse", "softmin"),
])
def test_right_pairs_have_right_gradients(loss, output):
    net = MLP([4, 5, 3], "tanh", loss=loss, output_activation=output, dtype="float64", random_state=0)
    y = CLASSES if loss in ("cross_entropy", "nll_loss") else SHARES
    net.parameters[-1][...] = [0.3, 0.4, 0.5]
    grads = net.gradients(X, y)[1]
    weight, index = net.parameters[0], (1, 2)
    values = []
    for step in (1e-6, -2e-6):
        weight[index] += step
        values.append(net.gradients(X, y)[0])
    assert grads[0][index] == pytest.approx((values[0] - values[1]) / 2e-6, rel=1e-5, abs=1e-9)


@pytest.mark.parametrize("call, error, words", [
    (lambda: MLP([4, 5, 3], "softmax"), ValueError, "softmax is no activation of a hidden layer"),
    (lambda: MLP([4, 3], output_activation="logsumexp", loss="mse"), ValueError, "logsumexp"),
    (lambda: MLP([4, 1], loss="nll_loss"), ValueError, "bce"),
    (lambda: MLP([4, 3], loss="binary_cross_entropy").train_step(X, FLAGS - 1), ValueError, "0 and 1"),
])
def test_clear_errors(call, error, words):
    with pytest.raises(error, match=words):
        call()


@pytest.mark.parametrize("options", [
    {}, {"activation": "prelu", "loss": "nll_loss"}, {"batch_norm": True, "dtype": "float64"},
    {"activation": ["tanh", ("leaky_relu", {"negative_slope": 0.3})], "loss": "bce"}, {"dropout": 0.5},
])
def test_compiled_networks_follow_the_parameters(options):
    net = MLP([4, 6, 5, 3], random_state=0, **options)
    run = net.compile(12)
    y = FLAGS if net.loss is fa.losses.binary_cross_entropy_with_logits else CLASSES
    for _ in range(3):
        np.testing.assert_array_equal(run(X), net.forward(X))
        np.testing.assert_array_equal(run(X.astype(net.dtype)), net.forward(X))
        assert run(X) is run.output
        net.train_step(X, y)
    for wrong in (X[:5], X[:, :3], X[0]):
        with pytest.raises(ValueError, match=r"takes \(12, 4\)"):
            run(wrong)
    with pytest.raises(ValueError, match="batch"):
        net.compile(0)


def peak_of(call):
    """Bytes that are allocated at most at one time, beyond those that stay."""
    for _ in range(3):
        call()
    tracemalloc.start()
    call()
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    for _ in range(20):
        call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak - before


def test_compiled_networks_allocate_no_array():
    x = np.ones((64, 32), np.float32)
    net = MLP([32, 128, 64, 10], random_state=0)
    assert peak_of(lambda: net.forward(x)) > 64 * 64 * 4
    run = net.compile(64)
    assert peak_of(lambda: run(x)) < 1024


def test_predictions_of_many_samples_are_made_in_parts(monkeypatch):
    net = MLP([4, 5, 3], "tanh", dtype="float64", random_state=0)
    whole = net.forward(X)
    monkeypatch.setattr("fastact.nn.network.CHUNK", 5)
    np.testing.assert_allclose(net.forward(X), whole, rtol=1e-14)
