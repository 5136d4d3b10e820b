"""The scikit-learn estimators: scikit-learn's checks and tests of its own, its numbers, and what we add."""
import copy
import importlib.util
import inspect
import pickle
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("sklearn", "1.6")
pytest.importorskip("scipy")

import scipy.sparse
import sklearn.neural_network as theirs
from sklearn.base import clone
from sklearn.datasets import load_digits, make_multilabel_classification, make_regression
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.utils.estimator_checks import check_estimator

from threadpoolctl import threadpool_limits

import fastact as fa
import fastact.sklearn as ours

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
BOTH = pytest.mark.parametrize("name", ["MLPClassifier", "MLPRegressor"])

_PRIVATE = {"test_gradient": "calls scikit-learn's private function for the gradient; see test_gradients"}


def _scikit_learns_tests():
    """The functions of its test_mlp.py, in which the estimators are ours."""
    spec = importlib.util.find_spec("sklearn.neural_network.tests.test_mlp")
    if spec is None:  # some distributions leave the tests out
        return {}
    names = "MLPClassifier", "MLPRegressor"
    before = [getattr(theirs, name) for name in names]
    module = importlib.util.module_from_spec(spec)
    try:
        for name in names:
            setattr(theirs, name, getattr(ours, name))
        spec.loader.exec_module(module)
    finally:
        for name, value in zip(names, before):
            setattr(theirs, name, value)
    return {name: value for name, value in vars(module).items() if name.startswith("test_")}


class TestScikitLearns:
    """scikit-learn's own tests of its estimators."""


for _name, _test in _scikit_learns_tests().items():
    if _name in _PRIVATE:
        _test = pytest.mark.skip(reason=_PRIVATE[_name])(_test)
    setattr(TestScikitLearns, _name, staticmethod(_test))


@pytest.fixture(autouse=True)
def one_blas_thread():
    """Matrices as small as these are no quicker with more, and much slower on a machine that is busy."""
    with threadpool_limits(1, "blas"):
        yield


@pytest.fixture
def global_random_seed():
    return 42


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X[:300] / 16, y[:300]


def data(name, digits):
    X, y = digits
    return (X, y) if name == "MLPClassifier" else (X, y / 4.0)


@BOTH
def test_check_estimator(name):
    results = check_estimator(getattr(ours, name)(), on_skip=None, on_fail=None)
    assert [r for r in results if r["status"] == "failed"] == []
    assert len(results) > 50


@BOTH
def test_parameters_are_scikit_learns_and_then_ours(name):
    def parameters(module):
        given = inspect.signature(getattr(module, name).__init__).parameters.values()
        return [(p.name, p.default, p.kind) for p in given]

    wanted = parameters(theirs)
    assert parameters(ours)[: len(wanted)] == wanted


OPTIONS = [
    {},
    {"solver": "sgd", "learning_rate_init": 0.05},
    {"solver": "sgd", "learning_rate_init": 0.05, "nesterovs_momentum": False},
    {"solver": "sgd", "learning_rate_init": 0.05, "momentum": 0},
    {"solver": "sgd", "learning_rate_init": 0.5, "learning_rate": "invscaling", "power_t": 0.2},
    {"solver": "sgd", "learning_rate_init": 0.1, "learning_rate": "adaptive", "tol": 0.02, "n_iter_no_change": 2},
    {"solver": "lbfgs"},
    {"activation": "logistic", "alpha": 1.0},
    {"activation": "tanh", "hidden_layer_sizes": (20, 10), "beta_1": 0.8, "beta_2": 0.9, "epsilon": 0.01},
    {"activation": "identity", "batch_size": 64, "shuffle": False},
    {"early_stopping": True, "n_iter_no_change": 3},
]


@BOTH
@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("weighted", [False, True])
def test_fit_gives_scikit_learns_numbers(name, options, weighted, digits):
    X, y = data(name, digits)
    weight = {"sample_weight": np.random.default_rng(0).uniform(size=len(X))} if weighted else {}
    options = {"random_state": 0, "max_iter": 12, **options}
    a, b = (getattr(module, name)(**options).fit(X, y, **weight) for module in (ours, theirs))
    assert (a.n_iter_, a.t_, a.n_layers_, a.n_outputs_) == (b.n_iter_, b.t_, b.n_layers_, b.n_outputs_)
    assert a.out_activation_ == b.out_activation_
    np.testing.assert_allclose(a.loss_, b.loss_, rtol=1e-6)
    for mine, other in zip(a.coefs_ + a.intercepts_, b.coefs_ + b.intercepts_):
        np.testing.assert_allclose(mine, other, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(a.predict(X), b.predict(X), rtol=1e-5, atol=1e-6)
    if options.get("solver") != "lbfgs":
        np.testing.assert_allclose(a.loss_curve_, b.loss_curve_, rtol=1e-6)
        for attribute in ("best_loss_", "best_validation_score_", "validation_scores_"):
            assert getattr(a, attribute) == (
                None if getattr(b, attribute) is None else pytest.approx(getattr(b, attribute))
            )


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_other_targets_give_scikit_learns_numbers(solver, digits):
    X, y = digits
    rng = np.random.default_rng(1)
    several = make_multilabel_classification(len(X), random_state=0)[1]
    cases = [
        ("MLPClassifier", {}, y > 4), ("MLPClassifier", {}, several), ("MLPRegressor", {"loss": "poisson"}, y),
        ("MLPRegressor", {}, rng.standard_normal((len(X), 3))),
    ]  # fmt: skip
    for name, options, target in cases:
        options = {"solver": solver, "random_state": 1, "max_iter": 8, **options}
        a, b = (getattr(module, name)(**options).fit(X, target) for module in (ours, theirs))
        np.testing.assert_allclose(a.loss_, b.loss_, rtol=1e-5)
        how = "predict_proba" if name == "MLPClassifier" else "predict"
        np.testing.assert_allclose(getattr(a, how)(X), getattr(b, how)(X), rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(a.score(X, target), b.score(X, target), atol=1e-6)


def test_huge_losses_are_clipped_as_in_scikit_learn(digits):
    X, y = digits
    for labels in (y, y > 4):
        options = {"solver": "sgd", "learning_rate_init": 30.0, "max_iter": 3, "random_state": 0, "activation": "tanh"}
        a, b = (module.MLPClassifier(**options).fit(X, labels) for module in (ours, theirs))
        np.testing.assert_allclose(a.loss_curve_, b.loss_curve_, rtol=1e-5)


def gradients(model, X, y):
    """The gradient of the loss at a model's parameters, from one step of plain descent."""
    before = [a.copy() for a in model.coefs_ + model.intercepts_]
    model.partial_fit(X, y)
    return [a - b for a, b in zip(before, model.coefs_ + model.intercepts_)]


@pytest.mark.parametrize("activation", [
    "gelu", "mish", fa.silu, ("leaky_relu", {"negative_slope": 0.2}), ("prelu", {"weight": 0.1}), ["elu", "tanh"],
], ids=str)  # fmt: skip
@pytest.mark.parametrize("name, loss", [
    ("MLPClassifier", "log_loss"), ("MLPClassifier", ("cross_entropy", {"label_smoothing": 0.1})),
    ("MLPRegressor", "squared_error"), ("MLPRegressor", "poisson"), ("MLPRegressor", ("huber", {"delta": 0.3})),
], ids=str)  # fmt: skip
def test_gradients(name, loss, activation):
    """Against finite differences of `loss_`, with the penalty."""
    rng = np.random.default_rng(5)
    X, y = rng.standard_normal((7, 4)), np.arange(7) % 3
    model = getattr(ours, name)(
        hidden_layer_sizes=(5, 3), activation=activation, loss=loss, solver="sgd", momentum=0,
        learning_rate_init=1.0, alpha=0.1, random_state=3, batch_size=7, shuffle=False,
    ).partial_fit(X, y, **({"classes": [0, 1, 2]} if name == "MLPClassifier" else {}))  # fmt: skip
    grads = gradients(copy.deepcopy(model), X, y)
    for k in range(len(grads)):
        index = tuple(s // 2 for s in grads[k].shape)
        values = []
        for step in (1e-5, -1e-5):
            moved = copy.deepcopy(model)
            (moved.coefs_ + moved.intercepts_)[k][index] += step
            values.append(moved.partial_fit(X, y).loss_)
        assert grads[k][index] == pytest.approx((values[0] - values[1]) / 2e-5, rel=1e-4, abs=1e-7)


def test_activations_by_any_name_learn(digits):
    X, y = digits
    wanted = ours.MLPClassifier(activation="logistic", random_state=0, max_iter=5).fit(X, y).predict_proba(X)
    for same in ("sigmoid", "expit", fa.sigmoid, ("sigmoid", {})):
        model = ours.MLPClassifier(activation=same, random_state=0, max_iter=5).fit(X, y)
        np.testing.assert_array_equal(model.predict_proba(X), wanted)
    assert ours.MLPClassifier(activation="gelu", random_state=0).fit(X, y).score(X, y) > 0.99


def test_dropout(digits):
    X, y = digits
    model = ours.MLPClassifier(dropout=0.3, random_state=0, learning_rate_init=0.01, max_iter=40).fit(X, y)
    again = clone(model).fit(X, y)
    np.testing.assert_array_equal(model.coefs_[0], again.coefs_[0])
    assert model.score(X, y) > 0.95
    np.testing.assert_array_equal(model.predict_proba(X), model.predict_proba(X))
    without = clone(model).set_params(dropout=0).fit(X, y)
    assert model.loss_ > without.loss_
    with pytest.raises(ValueError, match="lbfgs"):
        ours.MLPClassifier(dropout=0.3, solver="lbfgs").fit(X, y)


@BOTH
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_float32_is_kept(name, solver, digits):
    X, y = data(name, digits)
    model = getattr(ours, name)(solver=solver, random_state=0, max_iter=20).fit(X.astype(np.float32), y)
    assert {a.dtype for a in model.coefs_ + model.intercepts_} == {np.dtype(np.float32)}
    if name == "MLPRegressor":
        assert model.predict(X.astype(np.float32)).dtype == np.float32
    wide = getattr(ours, name)(solver=solver, random_state=0, max_iter=20).fit(X, y)
    assert model.loss_ == pytest.approx(wide.loss_, rel=1e-3)


@BOTH
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_sparse(name, solver, digits):
    X, y = data(name, digits)
    options = {"solver": solver, "random_state": 0, "max_iter": 10, "early_stopping": solver == "adam"}
    dense = getattr(ours, name)(**options).fit(X, y)
    for kind in (scipy.sparse.csr_matrix, scipy.sparse.csc_array):
        sparse = getattr(ours, name)(**options).fit(kind(X), y)
        np.testing.assert_allclose(sparse.coefs_[0], dense.coefs_[0], rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(sparse.predict(kind(X)), dense.predict(X), rtol=1e-6)


@BOTH
@pytest.mark.parametrize("how", [lambda m: pickle.loads(pickle.dumps(m)), copy.deepcopy], ids=["pickle", "copy"])
def test_copies_go_on_as_the_original_would(name, how, digits):
    X, y = data(name, digits)
    for options in ({}, {"solver": "sgd"}, {"dropout": 0.2}):
        model = getattr(ours, name)(random_state=0, max_iter=3, **options).fit(X, y)
        other = how(model)
        np.testing.assert_array_equal(model.predict(X), other.predict(X))
        before = model.coefs_[0].copy()
        other.partial_fit(X, y)
        np.testing.assert_array_equal(model.coefs_[0], before)
        np.testing.assert_array_equal(model.partial_fit(X, y).coefs_[0], other.coefs_[0])


def test_a_new_fit_leaves_earlier_arrays_alone(digits):
    X, y = digits
    model = ours.MLPClassifier(random_state=0, max_iter=2).fit(X, y)
    array = model.coefs_[0]
    kept = array.copy()
    model.fit(X, y[::-1])
    np.testing.assert_array_equal(array, kept)


def test_parameters_that_were_set_are_used(digits):
    X, y = digits
    model = ours.MLPClassifier(random_state=0, max_iter=2).fit(X, y)
    other = copy.deepcopy(model)
    model.coefs_[0] = np.zeros_like(model.coefs_[0])
    other.coefs_[0][...] = 0
    np.testing.assert_array_equal(model.predict_proba(X), other.predict_proba(X))
    np.testing.assert_array_equal(model.partial_fit(X, y).coefs_[1], other.partial_fit(X, y).coefs_[1])


def test_partial_fit_in_chunks(digits):
    X, y = digits
    model = ours.MLPClassifier(random_state=0, learning_rate_init=0.01)
    for _ in range(40):
        for part in range(0, len(X), 100):
            model.partial_fit(X[part : part + 100], y[part : part + 100], classes=np.arange(10))
    assert model.score(X, y) > 0.95
    assert model.t_ == 40 * len(X)
    with pytest.raises(ValueError, match="first call"):
        ours.MLPClassifier().partial_fit(X, y)
    with pytest.raises(ValueError, match="not the same as on last call"):
        model.partial_fit(X, y, classes=[1, 2])
    for estimator in (ours.MLPClassifier, ours.MLPRegressor):
        assert not hasattr(estimator(solver="lbfgs"), "partial_fit")


@BOTH
def test_warm_start_with_another_way_of_training(name, digits):
    X, y = data(name, digits)
    model = getattr(ours, name)(solver="lbfgs", warm_start=True, max_iter=5, random_state=0).fit(X, y)
    for options in ({"solver": "adam"}, {"early_stopping": True}, {"early_stopping": False}, {"solver": "lbfgs"}):
        before = model.loss_
        model.set_params(**options).fit(X, y)
        assert model.loss_ < before * 1.5  # it goes on; a new network would start far higher
        assert (model.best_loss_ is None) == model.early_stopping
        assert (model.validation_scores_ is None) != model.early_stopping


def test_other_outputs_than_before_raise_and_change_nothing(digits):
    X, y = data("MLPRegressor", digits)
    model = ours.MLPRegressor(random_state=0, max_iter=2).fit(X, y)
    wanted = model.predict(X)
    with pytest.raises(ValueError, match="2 outputs, but the network trained so far 1"):
        model.partial_fit(X, np.stack([y, y], axis=1))
    np.testing.assert_array_equal(model.predict(X), wanted)


def test_weights_of_zero_are_as_if_left_out(digits):
    X, y = digits
    options = {"random_state": 0, "max_iter": 4, "batch_size": 100, "shuffle": False}
    weight = np.ones(300)
    weight[200:] = 0
    a = ours.MLPRegressor(**options).fit(X, y, sample_weight=weight)
    b = ours.MLPRegressor(**options).fit(X[:200], y[:200])
    np.testing.assert_allclose(a.coefs_[0], b.coefs_[0], rtol=1e-12)


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_the_scale_of_the_weights_does_not_matter_without_a_penalty(solver, digits):
    X, y = digits
    weight = 1.0 + y[:300]
    options = {"solver": solver, "alpha": 0, "max_iter": 3, "random_state": 0}
    fits = [ours.MLPClassifier(**options).fit(X[:300], y[:300], weight * scale) for scale in (1, 1e-300, 1e-50, 1e38, 1e306)]
    for other in fits[1:]:
        np.testing.assert_allclose(other.coefs_[0], fits[0].coefs_[0], rtol=1e-6, atol=1e-9)


def test_early_stopping_needs_a_weight_in_both_parts(digits):
    X, y = digits
    with pytest.raises(ValueError, match="early_stopping leaves one part"):
        ours.MLPRegressor(early_stopping=True, random_state=0).fit(X, y, np.eye(len(y))[0])


def test_targets_that_do_not_fit_change_nothing(digits):
    X, y = digits
    model = ours.MLPRegressor("poisson", random_state=0, max_iter=2).fit(X, y)

    def kept():
        return pickle.dumps([model.coefs_, model.intercepts_, model._optimizer, model.loss_curve_])

    before = kept()
    for train in (model.partial_fit, model.fit):
        with pytest.raises(ValueError, match="not negative"):
            train(X, y - 1.0)
    assert kept() == before


def test_a_fit_that_raises_leaves_an_estimator_as_it_was(digits):
    X, y = digits
    kept = ours.MLPRegressor("poisson", random_state=0, max_iter=1).fit(X, y)
    with pytest.raises(ValueError, match="not negative"):
        kept.fit(X[:, :3], y - 1.0)
    assert kept.predict(X).shape == y.shape  # of as many features as before
    new = ours.MLPClassifier()
    before = set(vars(new))
    for labels in (y + 100, y[:5]):
        with pytest.raises(ValueError):
            new.partial_fit(X, labels, classes=[0, 1])
        assert set(vars(new)) == before
    assert len(new.partial_fit(X, y, classes=range(10)).classes_) == 10


def test_grid_search_with_processes(digits):
    X, y = digits
    grid = {"activation": ["gelu", fa.relu, ("elu", {"alpha": 0.5})], "loss": ["log_loss"]}
    search = GridSearchCV(ours.MLPClassifier(random_state=0, max_iter=60), grid, n_jobs=2, cv=2).fit(X, y)
    assert search.best_score_ > 0.8
    alone = clone(search.best_estimator_).fit(X, y)
    np.testing.assert_array_equal(alone.coefs_[0], search.best_estimator_.coefs_[0])


def test_workers_train_models_that_joblib_maps_read_only():
    joblib = pytest.importorskip("joblib")
    A = np.random.default_rng(0).normal(size=(40, 100))
    model = ours.MLPRegressor(hidden_layer_sizes=(1500,), random_state=0).partial_fit(A, A[:, 0])  # of more than 1 MB
    losses = joblib.Parallel(n_jobs=2)(joblib.delayed(_trained)(model, A) for _ in range(2))
    assert losses == pytest.approx([_trained(model, A)] * 2, rel=1e-9)


def _trained(model, A):
    return model.partial_fit(A, A[:, 0]).loss_


@pytest.mark.parametrize("options, says", [
    ({"alpha": -1}, r"'alpha' parameter of MLPClassifier must be a number in \[0, inf\)\. Got -1"),
    ({"solver": "newton"}, "'adam' or 'sgd' or 'lbfgs'"),
    ({"momentum": 2}, "momentum"), ({"beta_1": 1.0}, "beta_1"), ({"batch_size": 0}, "batch_size"),
    ({"shuffle": "true"}, "shuffle"), ({"dropout": 1}, "dropout"), ({"learning_rate": "x"}, "learning_rate"),
    ({"hidden_layer_sizes": (3, 0)}, "hidden_layer_sizes must be > 0"),
    ({"activation": "cloglog"}, "MLPClassifier: there is no activation 'cloglog'"),
    ({"activation": ("elu", {"beta": 1})}, r"elu has parameters \['alpha'\], got \['beta'\]"),
    ({"activation": "prelu"}, "needs weight"), ({"activation": ["relu", "relu"]}, "2 activations for 1 hidden"),
    ({"loss": "squared"}, "unknown loss 'squared'"),
], ids=str)  # fmt: skip
def test_what_does_not_fit_raises(options, says, digits):
    model = ours.MLPClassifier(**options)
    with pytest.raises(ValueError, match=says):
        model.fit(*digits)
    assert not hasattr(model, "coefs_")


def test_losses_that_do_not_fit_raise(digits):
    X, y = digits
    for labels, loss, error in ((y > 4, "cross_entropy", ValueError), (y, 3, TypeError)):
        with pytest.raises(error, match="loss"):
            ours.MLPClassifier(loss=loss).fit(X, labels)
    with pytest.raises(ValueError, match="not negative"):
        ours.MLPRegressor(loss="poisson").fit(X, y - 5)


@pytest.mark.parametrize("loss", ["absolute_error", fa.losses.huber_loss, ("smooth_l1_loss", {"beta": 0.1})], ids=str)
def test_losses_of_the_library_learn(loss):
    X, y = make_regression(200, 5, random_state=0)
    y /= y.std()
    model = ours.MLPRegressor(loss=loss, random_state=0, learning_rate_init=0.01, max_iter=300).fit(X, y)
    assert model.score(X, y) > 0.97


def test_convergence_is_warned_of(digits):
    for solver in ("adam", "lbfgs"):
        with pytest.warns(ConvergenceWarning) as caught:
            ours.MLPClassifier(solver=solver, max_iter=2).fit(*digits)
        assert caught[0].filename == __file__  # the caller's line
    with pytest.warns(UserWarning, match="clipped") as caught:
        ours.MLPClassifier(batch_size=1000, max_iter=1).fit(*digits)
    assert caught[0].filename == __file__


def test_without_scikit_learn_the_error_says_what_to_install():
    code = (
        "import sys; sys.modules['sklearn'] = None; import fastact\n"
        "try: import fastact.sklearn\n"
        "except ImportError as error: print(error)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 'pip install "fastact[sklearn]"' in run.stdout


def test_the_library_alone_imports_neither():
    code = "import sys, fastact; print([m for m in ('sklearn', 'scipy') if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
