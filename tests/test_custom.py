"""A user's own activations and losses in `MLP` and the estimators, and the options of losses."""
import copy
import pickle

import numpy as np
import pytest

import fastact as fa
from fastact.nn.mlp import MLP

RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 4))
Y = (X[:, 0] > 0).astype(int)


class Tanh:
    """tanh, in the ways in which a user may write it."""

    def __call__(self, x, out=None):
        return np.tanh(x)

    def backward(self, grad, x, out=None):
        return grad * self.derivative(x)

    def derivative(self, x):
        return 1 - np.tanh(x) ** 2


class InPlace(Tanh):
    name = "in_place"

    def __call__(self, x, out=None):
        out = np.empty_like(x) if out is None else out
        np.exp(-2 * x, out=out)  # wrong, were out x itself
        out[...] = (1 - out) / (1 + out) + 0 * x
        return out

    def backward(self, grad, x, out=None):
        return np.multiply(grad, self.derivative(x), out=out)


class WithoutOut(Tanh):
    def __call__(self, x):
        return np.tanh(x.astype(np.float64))

    def backward(self, grad, x):
        return (grad * self.derivative(x)).tolist()


class Prelu(Tanh):
    name = "prelu"  # of the library, which it is not


def trained(activation, dtype="float64", **options):
    net = MLP([4, 6, 5, 2], activation, dtype=dtype, init="he_normal", random_state=0, **options)
    return net.fit(X, Y, epochs=5, progress=False)


@pytest.mark.parametrize("own", [Tanh, InPlace, WithoutOut, Prelu])
@pytest.mark.parametrize("options", [{}, {"batch_norm": True, "dropout": 0.2}, {"dtype": "float32"}], ids=str)
def test_own_activations_learn_as_the_library_s(own, options):
    net, expected = trained(own(), **options), trained("tanh", **options)
    close = {"rtol": 1e-3 if options.get("dtype") else 1e-9, "atol": 1e-5 if options.get("dtype") else 1e-9}
    np.testing.assert_allclose(net.forward(X), expected.forward(X), **close)
    np.testing.assert_allclose(net.compile(60)(X), expected.forward(X), **close)
    np.testing.assert_allclose(net.history["loss"], expected.history["loss"], rtol=1e-4)
    assert f"6 {getattr(own, 'name', own.__name__)}" in repr(net)
    for twin in (pickle.loads(pickle.dumps(net)), copy.deepcopy(net)):
        np.testing.assert_array_equal(twin.fit(X, Y, epochs=1, progress=False).forward(X),
                                      copy.deepcopy(net).fit(X, Y, epochs=1, progress=False).forward(X))
    assert fa.diagnostics.dead_units(net, X) == [0, 0]
    with pytest.raises(TypeError, match="none of fastact's; pickle"):
        net.save("nowhere.npz")


def test_own_activations_in_lists_at_the_output_and_with_automatic_weights():
    net = MLP([4, 6, 5, 2], ["relu", Tanh()], output_activation=Tanh(), loss="mse", random_state=0)
    same = MLP([4, 6, 5, 2], ("relu", "tanh"), output_activation="tanh", loss="mse", random_state=0)
    for array, other in zip(net.parameters, same.parameters):
        np.testing.assert_allclose(array, other, rtol=1e-5)
    np.testing.assert_allclose(net.forward(X), same.forward(X), rtol=1e-4, atol=1e-6)


class PerUnit(Tanh):
    """A slope each unit, so that the width matters."""

    def __init__(self, slopes):
        self.slopes = np.array(slopes)

    def __call__(self, x, out=None):
        return x * self.slopes

    def derivative(self, x):
        return np.broadcast_to(self.slopes, x.shape)


def test_own_activations_are_tried_on_the_width_of_their_layer():
    MLP([4, 3, 2], PerUnit([1, 2, 3]))
    with pytest.raises(TypeError, match=r"activation PerUnit failed in __call__\(x, out=None\): .*broadcast"):
        MLP([4, 5, 2], PerUnit([1, 2, 3]))


def broken(**methods):
    return type("Mine", (Tanh,), {name: staticmethod(method) for name, method in methods.items()})()


def scaled_in_place(x, out=None):
    x *= 2
    return x


@pytest.mark.parametrize("own, error, words", [
    (Tanh, TypeError, r"it is a class: pass Tanh\(\)"),
    (np.tanh, TypeError, r"it lacks backward\(grad, x, out=None\), derivative\(x\)"),
    (None, TypeError, "activation None is not a name"),
    (broken(derivative=lambda x: x.sum()), TypeError, r"Mine failed in derivative\(x\): .*shape \(\) for x of shape \(2, 5\)"),
    (broken(backward=lambda grad, x, out=None: grad[:1]), TypeError, r"Mine failed in backward.*shape \(1, 5\)"),
    (broken(backward=lambda grad: grad), TypeError, r"Mine failed in backward\(grad, x, out=None\): .*argument"),
    (broken(__call__=lambda x, out=None: None), TypeError, r"failed in __call__.*None"),
    (broken(__call__=lambda x, out=None: x * 1j), TypeError, r"failed in __call__.*complex"),
    (broken(__call__=scaled_in_place), ValueError, "Mine changes its arguments in __call__"),
    ((Tanh(), {"alpha": 1}), TypeError, "Tanh takes no dict of parameters"),
])
@pytest.mark.parametrize("owner", ["MLP", "MLPClassifier"])
def test_what_does_not_keep_to_the_protocol_is_named(owner, own, error, words):
    with pytest.raises(error, match=f"{owner}: .*{words}"):
        if owner == "MLP":
            MLP([4, 5, 2], own)
        else:
            pytest.importorskip("sklearn")
            import fastact.sklearn
            fastact.sklearn.MLPClassifier(5, own).fit(X, Y)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_estimators_take_own_activations(solver):
    pytest.importorskip("sklearn")
    from sklearn.base import clone

    from fastact.sklearn import MLPClassifier, MLPRegressor

    for make, y in ((MLPClassifier, Y), (MLPRegressor, X[:, 1])):
        models = [clone(make(hidden_layer_sizes=(6, 5), activation=activation, solver=solver, max_iter=20, random_state=0))
                  for activation in (Tanh(), "tanh", ["tanh", WithoutOut()], ("tanh", InPlace()))]
        predicted = [model.fit(X, y)._forward(X) for model in models]
        for other in predicted[1:]:
            np.testing.assert_allclose(other, predicted[0], rtol=1e-5, atol=1e-7)
        twin = pickle.loads(pickle.dumps(models[0]))
        np.testing.assert_array_equal(twin._forward(X), predicted[0])


class Square:
    """Half the squared error; with `reduction`, of each element."""

    def value_and_grad(self, output, target, reduction="mean"):
        d = output - target
        return (d * d / 2, d) if reduction == "none" else ((d * d / 2).mean(), d / d.size)


class OfSamples(Square):
    def value_and_grad(self, output, target, reduction="mean"):
        value, grad = super().value_and_grad(output, target, reduction)
        return (value.mean(axis=1), grad / grad.shape[1]) if reduction == "none" else (value, grad)


class OnlyMeans:
    def value_and_grad(self, output, target):
        return Square().value_and_grad(output, target)


T = np.stack([X[:, 0], X[:, 1] * X[:, 2]], axis=1)


@pytest.mark.parametrize("own", [Square, OfSamples])
def test_own_losses_take_sample_weights(own):
    k = RNG.integers(0, 4, 60)
    nets = [MLP([4, 6, 2], "tanh", loss=own(), dtype="float64", random_state=0) for _ in range(2)]
    loss, grads = nets[0].gradients(X, T, sample_weight=k)
    expected, expected_grads = nets[1].gradients(np.repeat(X, k, axis=0), np.repeat(T, k, axis=0))
    if own is Square:
        assert loss == pytest.approx(expected)
        for grad, other in zip(grads, expected_grads):
            np.testing.assert_allclose(grad, other, atol=1e-12)
    assert nets[0].fit(X, T, sample_weight=k, epochs=2, progress=False).evaluate(X, T, k)["loss"] < loss


def test_own_losses_without_the_losses_of_samples_say_so():
    with pytest.raises(TypeError, match=r'sample_weight needs .*reduction="none"\), which .*OnlyMeans.* does not take'):
        MLP([4, 2], loss=OnlyMeans()).train_step(X, T, sample_weight=np.ones(60))
    pytest.importorskip("sklearn")
    from fastact.sklearn import MLPRegressor
    with pytest.raises(TypeError, match=r'MLPRegressor: loss .*OnlyMeans.*reduction="none"'):
        MLPRegressor(OnlyMeans()).fit(X, T)
    model = MLPRegressor(Square(), random_state=0, max_iter=300, learning_rate_init=0.01).fit(X, T)
    assert model.score(X, T) > 0.9


def test_each_known_loss_is_named_once():
    pytest.importorskip("sklearn")
    from fastact.sklearn import MLPRegressor
    with pytest.raises(ValueError, match="known: ") as raised:
        MLPRegressor("unknown").fit(X, T)
    known = str(raised.value).partition("known: ")[2].split(", ")
    assert len(known) == len(set(known)) > 10


def losing(value, grad):
    class Mine:
        def value_and_grad(self, output, target, reduction="mean"):
            return value(output), grad(output)
    return Mine()


@pytest.mark.parametrize("own, error, words", [
    (losing(np.sum, lambda o: o[:, 0]), ValueError, r"gradient of float32 of shape \(60,\) for an output of shape \(60, 2\)"),
    (losing(np.sum, lambda o: o.T), ValueError, r"shape \(2, 60\)"),
    (losing(np.sum, lambda o: None), ValueError, "gradient of object"),
    (losing(lambda o: o[:, 0], lambda o: o), ValueError, r"value of float32 of shape \(60,\); expected one number"),
    (losing(lambda o: "a", lambda o: o), ValueError, "value of <U1"),
])
def test_what_own_losses_return_is_checked(own, error, words):
    net = MLP([4, 2], loss=own, random_state=0)
    before = net.parameters[0].copy()
    for call in (lambda: net.train_step(X, T), lambda: net.gradients(X, T), lambda: net.evaluate(X, T),
                 lambda: net.fit(X, T, batch_size=60, progress=False)):
        with pytest.raises(error, match=f"MLP: loss Mine: value_and_grad.*{words}"):
            call()
    np.testing.assert_array_equal(net.parameters[0], before)


@pytest.mark.parametrize("value, loss, options, y", [
    (("bce", {"pos_weight": 19}), fa.losses.binary_cross_entropy_with_logits, {"pos_weight": 19}, np.stack([Y, 1 - Y], 1)),
    (("huber", {"delta": 0.1}), fa.losses.huber_loss, {"delta": 0.1}, T),
    (("cross_entropy", {"weight": [1, 9], "ignore_index": 5, "label_smoothing": 0.1}), fa.losses.cross_entropy,
     {"weight": [1, 9], "ignore_index": 5, "label_smoothing": 0.1}, np.where(X[:, 1] > 1, 5, Y)),
    ((fa.losses.gaussian_nll_loss, {"var": [[0.5, 2]]}), fa.losses.gaussian_nll_loss, {"var": [[0.5, 2]]}, T),
    (("poisson", {"log_input": True, "full": True}), fa.losses.poisson_nll_loss, {"full": True}, np.floor(abs(5 * T))),
])
def test_options_of_losses(value, loss, options, y, tmp_path):
    net = MLP([4, 6, 2], "tanh", loss=value, dtype="float64", random_state=0)
    output = net.forward(X)
    assert net.gradients(X, y)[0] == pytest.approx(loss(output, y, **options))
    assert net.evaluate(X, y)["loss"] == pytest.approx(loss(output, y, **options))
    assert net.evaluate(X, y, np.ones(60))["loss"] == pytest.approx(loss(output, y, **options))
    assert loss.__name__ in repr(net)
    net.save(tmp_path / "net.npz")
    for twin in (MLP.load(tmp_path / "net.npz"), pickle.loads(pickle.dumps(net)), copy.deepcopy(net)):
        assert twin.gradients(X, y)[0] == net.gradients(X, y)[0]
        np.testing.assert_array_equal(twin.predict(X), net.predict(X))
    history = net.fit(X, y, epochs=20, progress=False).history
    assert history["loss"][-1] < history["loss"][0]
    assert len({"accuracy", "r2"} & set(history)) == 1


@pytest.mark.parametrize("value, error, words", [
    (("bce", {"pos": 1}), TypeError, r"binary_cross_entropy_with_logits has options \['weight', 'pos_weight'\], got \['pos'\]"),
    (("huber", {"delta": "a"}), TypeError, "huber_loss: delta must be a number in .*, got 'a'"),
    (("cross_entropy", {"weight": [1, 2, 3]}), ValueError, r"weight has shape \(3,\)"),
    (("mse", {"reduction": "sum"}), ValueError, "takes no reduction here"),
    (("mse", 3), TypeError, "must be a dict, got 3"),
    ("gaussian_nll_loss", TypeError, r'needs var; pass \("gaussian_nll_loss", {"var": ...}\)'),
    ("Loss", ValueError, "unknown loss 'Loss'; known: (?!.*Loss)"), (fa.losses.Loss, TypeError, "is no name"),
])
def test_wrong_options_of_losses(value, error, words):
    with pytest.raises(error, match=words):
        MLP([4, 2], loss=value)


def test_counts_are_predicted_by_their_means():
    counts = RNG.poisson(np.exp(1 + X[:, 0]))
    log = MLP([4, 16, 1], loss="poisson_nll_loss", lr=0.02, random_state=0)
    log.fit(X, counts, epochs=60, batch_size=20, progress=False)
    np.testing.assert_allclose(log.predict(X), np.exp(log.forward(X)[:, 0]), rtol=1e-6)
    residual = ((counts - log.predict(X)) ** 2).sum() / ((counts - counts.mean()) ** 2).sum()
    assert log.evaluate(X, counts)["r2"] == pytest.approx(1 - residual, rel=1e-5) and residual < 0.3
    means = MLP([4, 16, 1], loss=("poisson", {"log_input": False}), lr=0.02, random_state=0)
    means.fit(X, counts, epochs=60, batch_size=20, progress=False)
    np.testing.assert_array_equal(means.predict(X), means.forward(X)[:, 0])
    assert means.evaluate(X, counts)["r2"] > 0.6
    MLP([4, 1], loss=("poisson", {"log_input": False}), output_activation="softplus")
    with pytest.warns(UserWarning, match="poisson_nll_loss takes logarithms of means.*twice.*predict gives means"):
        MLP([4, 1], loss="poisson", output_activation="exponential")
    with pytest.raises(ValueError, match="target must not be negative"):
        log.fit(X, -1 - counts, progress=False)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_estimators_names_of_losses():
    pytest.importorskip("sklearn")
    from fastact.sklearn import MLPClassifier, MLPRegressor

    counts = RNG.poisson(np.exp(1 + X[:, 0]))
    options = {"hidden_layer_sizes": 8, "random_state": 0, "max_iter": 400, "learning_rate_init": 0.02}
    own = MLPRegressor("poisson_nll_loss", **options).fit(X, counts)
    assert own.out_activation_ == "exp" and own.score(X, counts) > 0.6
    assert MLPRegressor(("poisson_nll_loss", {"full": True}), **options).fit(X, counts).score(X, counts) > 0.6
    for short, name in (("mse", "mse_loss"), ("l1", "absolute_error"), (("huber", {"delta": 2}), ("huber_loss", {"delta": 2}))):
        pair = [MLPRegressor(loss, **options).fit(X, T).predict(X) for loss in (short, name)]
        np.testing.assert_array_equal(*pair)
    pair = [MLPClassifier(loss=loss, **options).fit(X, Y).predict_proba(X) for loss in ("bce", fa.losses.BY_NAME["bce"])]
    np.testing.assert_array_equal(*pair)
    for make, loss, y, words in (
        (MLPClassifier, "Loss", Y, "MLPClassifier: unknown loss 'Loss'; known: log_loss, (?!.*Loss)"),
        (MLPRegressor, "no", T, "MLPRegressor: unknown loss 'no'; known: squared_error, poisson"),
        (MLPClassifier, "poisson", Y, "it is for counts"), (MLPRegressor, ("mse", {"reduction": "sum"}), T, "no reduction"),
        (MLPRegressor, ("poisson_nll_loss", {"log_input": False}), counts, "log_input=False"),
        (MLPRegressor, "poisson_nll_loss", -counts - 1, "negative"),
    ):
        model = make(loss=loss)
        with pytest.raises(ValueError, match=words):
            model.fit(X, y)
    model = MLPRegressor("mse", warm_start=True, **{**options, "max_iter": 1})
    model.fit(X, counts)
    with pytest.raises(ValueError, match="output activation is 'identity'; set warm_start=False"):
        model.set_params(loss="poisson_nll_loss").fit(X, counts)
