"""MLP.fit: sample weights, validation, early stopping, callbacks, history, progress, divergence."""
import io
import sys
import warnings

import numpy as np
import pytest

import fastact as fa
from fastact.callbacks import EarlyStopping
from fastact.nn.mlp import MLP
from fastact.nn.network import Network


def noise(samples=60, seed=0):
    """Labels that have nothing to do with the inputs: a network learns them by heart, and validation suffers."""
    rng = np.random.default_rng(seed)
    return rng.standard_normal((samples, 5)), rng.integers(0, 2, samples)


def overfit(**options):
    net = MLP([5, 64, 2], "tanh", lr=0.02, random_state=0)
    options = {"epochs": 60, "validation_data": noise(seed=1), "progress": False, **options}
    return net, lambda: net.fit(*noise(), **options)


class Best:
    """Keeps the weights of the epoch with the lowest validation loss, as a callback."""

    def __init__(self, net):
        self.net, self.loss = net, np.inf

    def __call__(self, epoch, logs):
        if logs["val_loss"] < self.loss:
            self.loss, self.epoch = logs["val_loss"], epoch
            self.weights = [p.copy() for p in self.net.parameters]


def check_restored(net, best):
    for p, kept in zip(net.parameters, best.weights):
        np.testing.assert_array_equal(p, kept)
    assert net.evaluate(*noise(seed=1))["loss"] == best.loss
    assert best.loss < net.history["val_loss"][-1]


def test_early_stopping_ends_and_restores_the_best_weights():
    net, fit = overfit(early_stopping=5, callbacks=(callbacks := []), epochs=500)
    callbacks.append(best := Best(net))
    fit()
    assert len(net.history["loss"]) == best.epoch + 5 < 500
    check_restored(net, best)


@pytest.mark.parametrize("end", ["epochs", "callback", "StopIteration", "error", "interrupt"])
def test_the_best_weights_come_back_however_training_ends(end):
    errors = {"error": RuntimeError, "interrupt": KeyboardInterrupt, "StopIteration": StopIteration}

    def ending(epoch, logs):
        if epoch == 25 and end in errors:
            raise errors[end]
        return epoch == 25 and end == "callback"

    stopping = EarlyStopping(patience=1000)
    net, fit = overfit(early_stopping=stopping, callbacks=(callbacks := []), epochs=25 if end == "epochs" else 1000)
    callbacks += [best := Best(net), ending]
    if end in ("error", "interrupt"):
        with pytest.raises(errors[end]):
            fit()
    else:
        fit()
    assert len(net.history["val_loss"]) == 25  # it is there after an error, too
    assert (stopping.best, stopping.best_epoch, stopping.stopped_epoch) == (best.loss, best.epoch, 0)
    check_restored(net, best)


def test_the_best_weights_come_back_after_divergence():
    X, y = noise()
    net = MLP([5, 8, 1], "identity", loss="mse", optimizer="sgd", lr=0.01, random_state=0)
    best = []

    def runaway(epoch, logs):
        best.append((logs["loss"], [p.copy() for p in net.parameters]))
        net.optimizer.lr = 0.01 if epoch < 4 else 1e9

    words = r"epoch \d+.*layer 2 of 2 \(8 -> 1\).*smaller learning rate.*last finite"
    with pytest.raises(FloatingPointError, match=words):
        net.fit(X, y, epochs=50, progress=False, callbacks=[runaway], early_stopping=1000)
    _, weights = min(best, key=lambda pair: pair[0])
    for p, kept in zip(net.parameters, weights):
        np.testing.assert_array_equal(p, kept)


def test_early_stopping_in_callbacks_and_by_accuracy():
    stopping = EarlyStopping(3, monitor="val_accuracy")
    net, fit = overfit(callbacks=[stopping], epochs=500)
    fit()
    curve = net.history["val_accuracy"]
    assert stopping.best == max(curve) and stopping.best_epoch == 1 + curve.index(max(curve))
    assert stopping.stopped_epoch == len(curve) == stopping.best_epoch + 3
    assert net.evaluate(*noise(seed=1))["accuracy"] == max(curve)


def test_min_delta_and_training_loss_without_validation():
    stopping = EarlyStopping(2, min_delta=1e9)
    net, fit = overfit(early_stopping=stopping, validation_data=None)
    fit()
    assert stopping.best_epoch == 1 and len(net.history["loss"]) == 3


def test_callbacks_see_the_history_and_can_stop():
    seen = []
    net, fit = overfit(callbacks=[lambda epoch, logs: seen.append((epoch, logs)), lambda epoch, logs: epoch == 7])
    fit()
    assert [epoch for epoch, _ in seen] == list(range(1, 8))
    assert list(net.history) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    for key, curve in net.history.items():
        assert curve == [logs[key] for _, logs in seen]


@pytest.mark.parametrize("loss, weighted_classes", [
    *((name, False) for name in fa.losses.__all__ if name != "Loss"),
    *((name, True) for name in ("cross_entropy", "nll_loss", "mse_loss", "l1_loss", "huber_loss", "binary_cross_entropy")),
])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_weight_of_k_is_k_rows(loss, weighted_classes, dtype):
    rng = np.random.default_rng(2)
    X = rng.standard_normal((40, 5))
    classes = loss in ("cross_entropy", "nll_loss")
    y = rng.integers(0, 3, 40) if classes else rng.uniform(0.01, 0.99, (40, 3))
    k = rng.integers(0, 4, 40)
    options = {"var": 0.5} if loss == "gaussian_nll_loss" else {"weight": [1, 0.5, 3]} if weighted_classes else {}
    loss = (loss, options)
    weighted, repeated = (MLP([5, 7, 3], "tanh", loss=loss, l2=0.01, dtype=dtype, random_state=0) for _ in range(2))
    many = np.repeat(X, k, axis=0), np.repeat(y, k, axis=0)
    loss, grads = weighted.gradients(X, y, sample_weight=k)
    expected, expected_grads = repeated.gradients(*many)
    assert loss == pytest.approx(expected, rel=1e-6)
    for grad, other in zip(grads, expected_grads):
        np.testing.assert_allclose(grad, other, rtol=0, atol=1e-6)
    before, after = weighted.evaluate(X, y, sample_weight=k), repeated.evaluate(*many)
    assert before == pytest.approx(after, rel=1e-5)
    options = dict(epochs=5, batch_size=1000, progress=False)
    weighted.fit(X, y, sample_weight=k, validation_data=(X, y, k), **options)
    repeated.fit(*many, validation_data=many, **options)
    for key, curve in weighted.history.items():
        assert curve == pytest.approx(repeated.history[key], rel=1e-5)
    if dtype == "float64":
        np.testing.assert_allclose(weighted.forward(X), repeated.forward(X), rtol=0, atol=1e-6)


@pytest.mark.parametrize("loss", ["cross_entropy", "nll_loss"])
def test_classes_that_are_ignored_count_for_nothing(loss):
    X, y = noise()
    y[::3] = -100
    net = MLP([5, 4, 2], "tanh", loss=loss, dtype="float64", random_state=0)
    kept = X[y >= 0], y[y >= 0]
    assert net.evaluate(X, y) == pytest.approx(net.evaluate(*kept))
    weight = np.linspace(0, 2, 60)
    assert net.evaluate(X, y, weight) == pytest.approx(net.evaluate(*kept, weight[y >= 0]))
    assert net.gradients(X, y, weight)[0] == pytest.approx(net.gradients(*kept, weight[y >= 0])[0])


def test_batches_without_weight_are_left_out():
    X, y = noise()
    k = np.zeros(60)
    k[:3] = 1, 2, 0.5
    net = MLP([5, 4, 2], "tanh", random_state=0).fit(X, y, epochs=2, batch_size=4, sample_weight=k, progress=False)
    assert np.isfinite(net.history["loss"]).all()
    assert net.optimizer.steps <= 2 * 3


def test_training_curves_are_what_the_batches_gave():
    X, y = noise()
    net = MLP([5, 4, 2], "tanh", optimizer="sgd", lr=0.0, random_state=0)  # the network stays as it is
    net.fit(X, y, epochs=2, batch_size=7, progress=False, validation_data=(X, y))
    scores = net.evaluate(X, y)
    assert scores["accuracy"] == (net.predict(X) == y).mean()
    for key, value in scores.items():
        assert net.history[key] == pytest.approx([value] * 2, rel=1e-6)
        assert net.history[f"val_{key}"] == [value] * 2


def test_r2_of_regressions():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((50, 3)), 1e6 + rng.standard_normal((50, 2)) * [1, 10]
    net = MLP([3, 4, 2], "tanh", loss="mse", dtype="float64", random_state=0)
    for bias in net.parameters[-1:]:
        bias[...] = 1e6
    residual, spread = ((y - net.forward(X)) ** 2).sum(axis=0), ((y - y.mean(axis=0)) ** 2).sum(axis=0)
    assert net.evaluate(X, y)["r2"] == pytest.approx((1 - residual / spread).mean(), rel=1e-9)
    assert net.evaluate(X[:1], net.forward(X[:1]))["r2"] == 1


def test_validation_split_and_order_follow_the_seed():
    X, y = noise()

    def curves(seed, **options):
        net = MLP([5, 4, 2], "tanh", init="ones", optimizer="sgd", lr=0.1, random_state=seed)
        return net.fit(X, y, epochs=2, batch_size=8, progress=False, validation_split=0.25, **options).history

    assert curves(0) == curves(0) != curves(1)
    assert curves(0, shuffle=False) == curves(0, shuffle=False) != curves(1, shuffle=False)
    ordered = [MLP([5, 4, 2], "tanh", init="ones", lr=0.1, random_state=seed).fit(
        X, y, epochs=2, batch_size=8, progress=False, shuffle=False).history for seed in (0, 1)]
    assert ordered[0] == ordered[1]


def test_validation_split_trains_on_the_rest():
    X = np.arange(20.0)[:, None]
    seen = []

    class Watching:
        def value_and_grad(self, output, target):
            seen.append(np.sort(target.ravel()))
            return 0.0, np.zeros_like(output)

    MLP([1, 1], loss=Watching(), random_state=0).fit(X, X, epochs=1, progress=False, validation_split=0.25)
    train, validation = seen
    assert (len(train), len(validation)) == (15, 5)
    np.testing.assert_array_equal(np.sort(np.concatenate(seen)), X.ravel())


@pytest.mark.parametrize("options", [{}, {"dropout": 0.3, "batch_norm": True, "l2": 1e-3, "activation": "prelu"}])
def test_same_bits_at_any_number_of_threads(options):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((600, 30)), rng.integers(0, 300, 600)
    outputs = []
    for threads in (1, 2, 4):
        with fa.num_threads(threads):
            net = MLP([30, 300, 300], random_state=0, **options)
            net.fit(X, y, epochs=2, batch_size=300, progress=False)
            outputs.append((net.history, net.forward(X)))
    for history, output in outputs[1:]:
        assert history == outputs[0][0]
        np.testing.assert_array_equal(output, outputs[0][1])


def test_the_bar_on_a_terminal(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stderr", screen := Terminal())
    monkeypatch.setattr("fastact.nn.fit._SECONDS", 0.0)
    X, y = noise()
    MLP([5, 3, 2], "tanh", random_state=0).fit(X, y, epochs=2, batch_size=15, validation_data=(X, y))
    states = screen.getvalue().split("\r")[1:]
    bars = [state for state in states if "epoch 2/2  [==========>.........] 2/4  loss " in state]
    assert len(bars) == 1 and "accuracy" in bars[0]
    assert "val_accuracy" in states[-1] and states[-1].endswith(" s\n")
    assert screen.getvalue().count("\n") == 1


def test_divergence_names_the_layer_that_overflows():
    X, y = noise()
    net = MLP([5, 4, 3, 2], "identity", dtype="float32", random_state=0)
    net.parameters[2][...] = 3e38
    with pytest.raises(FloatingPointError, match=r"layer 2 of 3 \(4 -> 3\) overflow"):
        net.fit(X, y, progress=False)
    net.parameters[0][0, 0] = np.nan
    with pytest.raises(FloatingPointError, match=r"epoch 1, batch 1: .*parameters of layer 1 of 3 \(5 -> 4\)"):
        net.fit(X, y, progress=False)
    with pytest.raises(FloatingPointError, match="X holds NaN"):
        MLP([5, 2]).fit(X * np.nan, y, progress=False)


def test_divergence_in_the_last_step_of_an_epoch():
    X, y = noise()
    net = MLP([5, 8, 1], "tanh", loss="mse", optimizer="sgd", lr=1e300, dtype="float64", random_state=0)
    net.parameters[-2][...] *= 1e10
    with pytest.raises(FloatingPointError, match="epoch 1: .*parameters of layer .*smaller learning rate.*last loss"):
        net.fit(X, y, epochs=1, batch_size=60, progress=False)


def test_plot_history_draws_every_curve():
    matplotlib = pytest.importorskip("matplotlib")
    net, fit = overfit(epochs=4)
    with pytest.raises(ValueError, match="fit first"):
        net.plot_history()
    fit()
    figure = net.plot_history()
    assert isinstance(figure, matplotlib.figure.Figure)
    curves = [line.get_ydata() for ax in figure.axes for line in ax.lines if len(line.get_ydata()) == 4]
    np.testing.assert_array_equal(curves, [net.history[k] for k in ("loss", "val_loss", "accuracy", "val_accuracy")])
    assert [ax.get_ylabel() for ax in figure.axes] == ["loss", "accuracy"]


@pytest.mark.parametrize("options, error, words", [
    ({"sample_weight": np.ones(3)}, ValueError, r"\(3,\); expected .*\(60,\)"),
    ({"sample_weight": np.full(60, -1)}, ValueError, "negative"),
    ({"sample_weight": np.zeros(60)}, ValueError, "not 0 throughout"),
    ({"sample_weight": ["a"] * 60}, ValueError, "a number a sample"),
    ({"validation_split": 1.0}, ValueError, "validation_split"),
    ({"validation_split": 0.001}, ValueError, "leaves one part without any"),
    ({"validation_data": (np.zeros((3, 4)), np.zeros(3, int))}, ValueError, r"\(3, 4\); expected \(samples, 5\)"),
    ({"early_stopping": 0}, ValueError, "patience"),
    ({"early_stopping": "val_loss"}, TypeError, "early_stopping"),
    ({"early_stopping": EarlyStopping(3, monitor="f1")}, ValueError, "'f1' to monitor; there are loss, accuracy"),
    ({"callbacks": [3]}, TypeError, "callback 3"),
    ({"callbacks": 3}, TypeError, r"callbacks is 3; expected a list of callables callback\(epoch, logs\)"),
    ({"callbacks": "loss"}, TypeError, "callbacks is 'loss'"),
    ({"callbacks": EarlyStopping}, TypeError, "EarlyStopping.*object"),
    ({"schedule": "cosine"}, TypeError, "schedule is 'cosine'.*StepLR.*CosineAnnealingLR"),
    ({"schedule": lambda epoch: 0.1}, TypeError, r"schedule is <function.*step\(loss\)"),
    ({"schedule": fa.optimizers.StepLR}, TypeError, "schedule is the class StepLR"),
    ({"schedule": fa.optimizers.ConstantLR(MLP([5, 2]).optimizer)}, ValueError, "another optimiser.*net.optimizer"),
])
def test_clear_errors(options, error, words):
    net = MLP([5, 3, 2], "tanh", random_state=0)
    before = net.parameters[0].copy()
    with pytest.raises(error, match=words):
        net.fit(*noise(), **{"epochs": 2, "progress": False, **options})
    if "early_stopping" not in options:  # whose monitor is looked for after an epoch
        np.testing.assert_array_equal(net.parameters[0], before)


def test_a_single_callback_and_a_schedule_of_somebody_else():
    seen, losses = [], []

    class Own:
        step = staticmethod(losses.append)

    net, fit = overfit(epochs=2, schedule=Own(), callbacks=lambda epoch, logs: seen.append(epoch))
    fit()
    assert seen == [1, 2] and losses == net.history["loss"]
    overfit(epochs=1, callbacks=None)[1]()


class Full(io.StringIO):
    """A stream on a full disk, or of a closed pipe."""

    def write(self, text):
        raise OSError(28, "No space left on device")


class Terminal(Full):
    def isatty(self):
        return True


def closed():
    stream = io.StringIO()
    stream.close()
    return stream


@pytest.mark.parametrize("stream", [None, closed(), Full(), Terminal(), object()], ids=lambda s: type(s).__name__)
def test_training_goes_on_where_stderr_cannot_be_written(stream, monkeypatch):
    X, y = noise()
    net = MLP([5, 4, 2], "relu", random_state=0)
    net.parameters[1][:] = -1e3  # dead units, of which fit warns
    for name in ("_SECONDS", "_PATIENCE"):
        monkeypatch.setattr(f"fastact.nn.fit.{name}", 0.0)
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(warnings, "showwarning", lambda message, *_: sys.stderr and print(message, file=sys.stderr))
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        net.fit(X, y, epochs=3, progress="label")
    assert len(net.history["loss"]) == 3
    with warnings.catch_warnings(), pytest.raises(fa.diagnostics.DeadUnitsWarning):
        warnings.simplefilter("error")
        net.fit(X, y, epochs=3)


def test_weights_need_a_loss_that_tells_each_sample():
    class Own:
        def value_and_grad(self, output, target):
            return 0.0, np.zeros_like(output)

    with pytest.raises(TypeError, match="loss of fastact.losses"):
        MLP([5, 2], loss=Own()).train_step(np.zeros((3, 5)), np.zeros((3, 2)), sample_weight=[1, 2, 3])
    for wrong in ({"patience": 1.5}, {"min_delta": -1}):
        with pytest.raises(ValueError, match="EarlyStopping"):
            EarlyStopping(**wrong)


def everything(net):
    """What a call that raises must leave as it was."""
    arrays = [net._network.flat, *net._network.buffers]
    return repr(([a.tobytes() for a in arrays], net._rng.bit_generator.state, net.history, net.optimizer.state_dict()))


def regularised(**options):
    X, y = noise()
    options = {"dropout": 0.2, "batch_norm": True, **options}
    return MLP([5, 8, 2], random_state=0, **options).fit(X, y, epochs=1, progress=False)


X60, Y60 = noise()
WRONG = np.where(np.arange(60) == 59, 2, Y60)  # the label of the last sample


@pytest.mark.parametrize("call, words", [
    (lambda net: net.fit(X60, WRONG, validation_split=0.2, progress=False), "class 2"),
    (lambda net: net.fit(X60, Y60, validation_data=(X60, WRONG), progress=False), "class 2"),
    (lambda net: net.fit(X60, Y60, validation_data=(X60[:, 1:], Y60), progress=False), "shape"),
    (lambda net: net.fit(X60, Y60, validation_data=(X60, Y60, np.zeros(60)), progress=False), "sample_weight"),
    (lambda net: net.fit(X60, np.full((60, 3), 1 / 3), progress=False), "y has shape"),
    (lambda net: net.fit(X60, Y60, validation_split=0.2, callbacks=[3], progress=False), "callback"),
    (lambda net: net.fit(X60, Y60, validation_split=0.2, early_stopping="a", progress=False), "early_stopping"),
    (lambda net: net.fit(X60, Y60, early_stopping=EarlyStopping(monitor="val_loss"), progress=False), "val_loss"),
    (lambda net: net.fit(X60, Y60, validation_split=0.001, progress=False), "validation_split"),
    (lambda net: net.fit(X60, Y60, np.eye(60)[0], validation_split=0.2, epochs=-1, progress=False), "epochs"),
    (lambda net: net.fit(X60, Y60, sample_weight=np.eye(60)[0], validation_split=0.2, progress=False), "at least 2 samples"),
    (lambda net: net.fit(X60, Y60, batch_size=1, progress=False), "batch_size=1 is too few"),
    (lambda net: net.fit(X60[:1], Y60[:1], progress=False), "1 sample to train with"),
    (lambda net: net.fit(X60[:2], Y60[:2], validation_split=0.5, progress=False), "1 sample to train with"),
    (lambda net: net.fit(X60, Y60, validation_split=0.2, clip_norm=-1, progress=False), "clip_norm"),
    (lambda net: net.train_step(X60, Y60, clip_value=np.nan), "clip_value"),
    (lambda net: net.train_step(X60, WRONG), "class 2"), (lambda net: net.gradients(X60, WRONG), "class 2"),
    (lambda net: net.train_step(X60[:1], Y60[:1]), "more than 1 value per channel"),
    (lambda net: net.gradients(X60[:1], Y60[:1]), "more than 1 value per channel"),
])
def test_a_call_that_does_not_fit_changes_nothing(call, words):
    net = regularised()
    before = everything(net)
    with pytest.raises((ValueError, TypeError), match=words):
        call(net)
    assert everything(net) == before


def test_running_means_change_in_completed_steps_only():
    net = regularised(dropout=0.0)
    before = everything(net)
    net.gradients(X60, Y60)
    assert everything(net) == before
    broken = np.where(np.arange(300).reshape(60, 5) == 7, np.nan, X60)
    with pytest.raises(FloatingPointError):
        net.train_step(broken, Y60)
    assert everything(net) == before
    with pytest.raises(FloatingPointError, match="variance of a batch overflows in layer 1"):
        net.train_step(X60 * 1e30, Y60)
    assert everything(net) == before
    net.optimizer.step = None
    with pytest.raises(TypeError):
        net.train_step(X60, Y60)
    del net.optimizer.step
    assert everything(net) == before
    buffers = [b.copy() for b in net._network.buffers]
    net.train_step(X60, Y60)
    assert not any(np.array_equal(b, old) for b, old in zip(net._network.buffers, buffers))


def test_a_last_batch_of_one_joins_the_one_before(monkeypatch):
    sizes = []
    step = Network.train_step
    monkeypatch.setattr(Network, "train_step", lambda network, x, *rest: sizes.append(len(x)) or step(network, x, *rest))
    for samples, batch_norm, expected in ((65, True, [65]), (65, False, [64, 1]), (66, True, [64, 2]), (129, True, [64, 65])):
        sizes.clear()
        X, y = noise(samples)
        MLP([5, 8, 2], batch_norm=batch_norm, random_state=0).fit(X, y, epochs=1, progress=False)
        assert sizes == expected
    MLP([5, 2], batch_norm=True).fit(X60, Y60, batch_size=1, epochs=1, progress=False)  # there is nothing to normalise


@pytest.mark.parametrize("scale", [1e-320, 1e-50, 1e38, 1e308, np.float32(1e38), np.float32(1e-45)])
@pytest.mark.parametrize("loss", ["cross_entropy", "mse", "bce"])
def test_weighted_means_do_not_depend_on_the_scale_of_the_weights(loss, scale):
    y = Y60 if loss == "cross_entropy" else np.eye(2)[Y60]
    histories = []
    for weight in (Y60.astype(float), np.array(Y60 * scale)):
        net = MLP([5, 8, 2], loss=loss, random_state=0)
        net.fit(X60, y, sample_weight=weight, validation_data=(X60, y, weight), epochs=2, progress=False)
        histories.append([net.history["loss"], net.history["val_loss"], [net.train_step(X60, y, weight)]])
    for one, other in zip(*histories):
        assert one == pytest.approx(other, rel=1e-6)


def test_a_split_leaves_both_parts_something_that_counts():
    weight = np.zeros(60)
    weight[:2] = 1
    for seed in range(30):
        net = MLP([5, 2], random_state=seed)
        net.fit(X60, Y60, sample_weight=weight, validation_split=0.2, epochs=1, progress=False)
        assert np.isfinite(net.history["val_loss"]).all()


def test_clipping_limits_the_gradient_of_every_step():
    seen = []

    class Watching(fa.optimizers.SGD):
        def step(self, grads):
            seen.append(grads[0].copy())
            super().step(grads)

    def trained(**options):
        seen.clear()
        net = MLP([5, 8, 2], optimizer=Watching, learning_rate=0.1, random_state=0)
        net.fit(X60 * 100, Y60, epochs=2, progress=False, **options)
        return np.array([np.linalg.norm(g) for g in seen]), np.abs(seen).max()

    norms, largest = trained()
    assert norms.min() > 1
    assert trained(clip_norm=0.5)[0] == pytest.approx([0.5] * len(norms), rel=1e-5)
    assert trained(clip_value=0.01)[1] == np.float32(0.01)
    norms, largest = trained(clip_norm=0.02, clip_value=0.01)
    assert norms == pytest.approx([0.02] * len(norms), rel=1e-3) and largest <= np.float32(0.01)
    net = MLP([5, 8, 2], optimizer="sgd", learning_rate=1.0, random_state=0)
    before = net._network.flat.copy()
    net.train_step(X60 * 100, Y60, clip_norm=0.5)
    assert np.linalg.norm(net._network.flat - before) == pytest.approx(0.5, rel=1e-4)
