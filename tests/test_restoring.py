"""Networks, estimators and optimisers that come back from pickle, joblib, a mapped file or a copy train as the original."""
import copy
import io
import pickle

import numpy as np
import pytest

import fastact as fa
from fastact import optimizers
from fastact.callbacks import EarlyStopping
from fastact.optimizers import SGD, Adagrad, Adam, AdamW, RMSprop

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4))
Y = (X[:, 0] > 0).astype(int)


def out_of_band(kind):
    def way(value, tmp_path):
        buffers = []
        data = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
        kept = [bytes(buffer.raw()) for buffer in buffers]
        given = [kind(part) for part in kept]
        way.unchanged = lambda: [bytes(part) for part in given] == kept
        return pickle.loads(data, buffers=given)

    way.unchanged = lambda: True
    return way


def through_joblib(mode=None, compress=0):
    def way(value, tmp_path):
        joblib = pytest.importorskip("joblib")
        joblib.dump(value, tmp_path / "file", compress=compress)
        before = (tmp_path / "file").read_bytes()
        way.unchanged = lambda: (tmp_path / "file").read_bytes() == before
        return joblib.load(tmp_path / "file", mmap_mode=mode)

    way.unchanged = lambda: True
    return way


def through_memory(value, tmp_path):
    memory = pytest.importorskip("joblib").Memory(tmp_path, verbose=0, mmap_mode="r")
    cached = memory.cache(copy.deepcopy, ignore=["memo"])
    cached(value)
    return cached(value)


def through_cloudpickle(value, tmp_path):
    cloudpickle = pytest.importorskip("cloudpickle")
    return cloudpickle.loads(cloudpickle.dumps(value))


def through_dask(value, tmp_path):
    protocol = pytest.importorskip("distributed.protocol")
    header, frames = protocol.serialize(value)
    return protocol.deserialize(header, [bytes(frame) for frame in frames])


WAYS = {
    **{f"pickle {p}": lambda value, _, p=p: pickle.loads(pickle.dumps(value, p)) for p in range(6)},
    "bytes": out_of_band(bytes), "bytearray": out_of_band(bytearray),
    "joblib": through_joblib(), "compressed": through_joblib(compress=3),
    **{f"mmap {mode}": through_joblib(mode) for mode in ("r", "r+", "c")},
    "deepcopy": lambda value, _: copy.deepcopy(value), "copy": lambda value, _: copy.copy(value),
    "Memory": through_memory, "cloudpickle": through_cloudpickle, "dask": through_dask,
}  # fmt: skip
ANY_WAY = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)


@ANY_WAY
@pytest.mark.parametrize("options", [
    {}, {"optimizer": "sgd", "momentum": 0.9}, {"activation": "prelu", "dropout": 0.2, "batch_norm": True, "l2": 0.01},
], ids=str)  # fmt: skip
def test_networks(way, options, tmp_path):
    net = fa.MLP([4, 8, 6, 2], random_state=0, **options).fit(X, Y, epochs=2, progress=False)
    schedule = optimizers.StepLR(net.optimizer, 1, gamma=0.5)
    other = way(net, tmp_path)
    outputs = net.forward(X)
    np.testing.assert_array_equal(other.forward(X), outputs)
    other.fit(X, Y, epochs=2, progress=False, schedule=optimizers.StepLR(other.optimizer, 1, gamma=0.5))
    np.testing.assert_array_equal(net.forward(X), outputs)  # nothing is shared
    assert getattr(way, "unchanged", lambda: True)()
    assert net.fit(X, Y, epochs=2, progress=False, schedule=schedule).history == other.history
    np.testing.assert_array_equal(net.forward(X), other.forward(X))
    assert other.optimizer.params[0] is other._network.flat


@ANY_WAY
@pytest.mark.parametrize("name, options", [
    ("MLPClassifier", {}), ("MLPClassifier", {"solver": "sgd", "dropout": 0.2}), ("MLPRegressor", {"early_stopping": True}),
])  # fmt: skip
def test_estimators(way, name, options, tmp_path):
    sklearn = pytest.importorskip("fastact.sklearn")
    model = getattr(sklearn, name)(hidden_layer_sizes=(8, 6), random_state=0, max_iter=3, tol=0, **options)
    with pytest.warns(match="Maximum iterations"):
        model.fit(X, Y)
    model.early_stopping = False
    other = way(model, tmp_path)
    kept = copy.deepcopy(model.coefs_)
    for _ in range(2):
        other.partial_fit(X, Y)
    assert getattr(way, "unchanged", lambda: True)()
    for now, before in zip(model.coefs_, kept):
        np.testing.assert_array_equal(now, before)
    for _ in range(2):
        model.partial_fit(X, Y)
    for mine, theirs in zip(model.coefs_ + model.intercepts_, other.coefs_ + other.intercepts_):
        np.testing.assert_array_equal(mine, theirs)
    assert model.loss_curve_ == other.loss_curve_


KINDS = [(SGD, {"momentum": 0.9}), (Adam, {"amsgrad": True}), (AdamW, {}), (RMSprop, {"momentum": 0.9, "centered": True}),
         (Adagrad, {})]  # fmt: skip
EACH_KIND = pytest.mark.parametrize("kind, options", KINDS, ids=[kind.__name__ for kind, _ in KINDS])


def stepped(kind, options, dtype=np.float32):
    params = [RNG.normal(size=shape).astype(dtype) for shape in ((5, 3), (3,))]
    opt = kind(params, **options)
    opt.step([np.cos(p) for p in params])
    return params, opt


@ANY_WAY
def test_optimizers_go_on_or_say_that_their_arrays_are_read_only(way, tmp_path):
    for kind, options in KINDS:
        params, opt = stepped(kind, options)
        kept = copy.deepcopy(params)
        other = way(opt, tmp_path)
        if not other.params[0].flags.writeable:
            with pytest.raises(ValueError, match=f"{kind.__name__}.step: parameter 0 is read-only"):
                other.step([np.cos(p) for p in params])
            other.params = [p.copy() for p in other.params]
        if other.params[0] is params[0]:  # of copy.copy
            opt.step([np.cos(p) for p in kept])
            first = copy.deepcopy(params)
            for p, before in zip(params, kept):
                p[...] = before
        else:
            opt.step([np.cos(p) for p in kept])
            first = params
        other.step([np.cos(p) for p in kept])
        for mine, theirs in zip(first, other.params):
            np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("way", [copy.deepcopy, lambda pair: pickle.loads(pickle.dumps(pair))], ids=["deepcopy", "pickle"])
def test_parameters_and_optimizer_stay_tied(way):
    (p, q), opt = way(stepped(Adam, {}))
    before = p.copy()
    opt.step([np.ones_like(p), np.ones_like(q)])
    assert opt.params[0] is p and not np.array_equal(p, before)


def test_other_peoples_optimizers_are_tied_by_params(tmp_path):
    net = fa.MLP([4, 6, 2], optimizer=Plain, random_state=0)
    for way in ("joblib", "mmap r", "bytes", "deepcopy"):
        other = WAYS[way](net, tmp_path)
        loss = other.train_step(X, Y)
        assert other.train_step(X, Y) < loss


@pytest.mark.parametrize("name", ["Hidden", "Options", "Fixed"])
def test_optimizers_without_params_stay_tied_where_pickle_ties_them(name, tmp_path):
    net = fa.MLP([4, 6, 2], optimizer=globals()[name], random_state=0)
    for way in ("pickle 2", "pickle 5", "deepcopy"):
        other = WAYS[way](net, tmp_path)
        loss = other.train_step(X, Y)
        assert other.train_step(X, Y) < loss
    with pytest.raises(ValueError, match="read-only"):
        WAYS["bytes"](net, tmp_path).train_step(X, Y)


def test_a_stopper_and_a_schedule_stay_those_of_their_network(tmp_path):
    joblib = pytest.importorskip("joblib")
    net = fa.MLP([4, 6, 2], batch_norm=True, random_state=0)
    stopper, schedule = EarlyStopping(5), optimizers.AdaptiveLR(net.optimizer)

    def dump(epoch, logs):
        joblib.dump((stopper, schedule, net), tmp_path / f"{epoch}")

    net.fit(X, Y, epochs=2, early_stopping=stopper, schedule=schedule, callbacks=[dump], progress=False)
    stopper, schedule, net = joblib.load(tmp_path / "2", mmap_mode="r")
    assert stopper._network is net._network and schedule.optimizer is net.optimizer
    stopper.restore()
    net.fit(X, Y, epochs=1, schedule=schedule, early_stopping=stopper, progress=False)


class Hidden:
    """One that keeps its arrays in an attribute of its own."""

    def __init__(self, params):
        (self._array,) = params

    def step(self, grads):
        self._array -= 0.1 * grads[0]


class Options(Hidden):
    """One whose params are no arrays."""

    def __init__(self, params):
        super().__init__(params)
        self.params = {"lr": 0.1}


class Fixed(Hidden):
    """One whose params cannot be set."""

    @property
    def params(self):
        return [self._array]


class Plain:
    """An optimiser that is none of the library's."""

    def __init__(self, params):
        self.params = params

    def step(self, grads):
        for p, g in zip(self.params, grads):
            p -= 0.1 * g


@EACH_KIND
@pytest.mark.parametrize("change", [
    lambda opt, first: opt.params[0].resize((50, 50), refcheck=False),
    lambda opt, first: opt.params[0].resize((1, 2), refcheck=False),
    lambda opt, first: setattr(opt.params[0].flags, "writeable", False),
    lambda opt, first: opt.params.__setitem__(0, opt.params[0].astype(np.float64)),
    lambda opt, first: opt.params.__setitem__(0, np.zeros((5, 4), np.float32)),
    lambda opt, first: opt.params.append(np.zeros(3, np.float32)),
    lambda opt, first: first.resize((1, 2), refcheck=False),
    lambda opt, first: setattr(first.flags, "writeable", False),
    lambda opt, first: opt.__dict__.update({opt.__class__._parts[k]: [np.zeros((5, 3))] * 2 for k in opt._parts}),
    lambda opt, first: opt.__dict__.update({opt.__class__._parts[k]: [np.zeros((5, 6), "f")[:, ::2]] * 2 for k in opt._parts}),
    lambda opt, first: opt.__dict__.update({opt.__class__._parts[k]: [[0.0]] * 2 for k in opt._parts}),
    lambda opt, first: opt.__dict__.update({opt.__class__._parts[k]: [] for k in opt._parts}),
])  # fmt: skip
def test_memory_that_does_not_fit_any_more_is_left_alone(kind, options, change):
    params, opt = stepped(kind, options)
    change(opt, getattr(opt, next(iter(opt._parts.values())))[0])
    before, second = opt.steps, opt.params[1].copy()
    with pytest.raises(ValueError, match=f"{kind.__name__}.step"):
        opt.step([np.ones(p.shape, p.dtype) for p in opt.params])
    assert opt.steps == before
    np.testing.assert_array_equal(opt.params[1], second)


def test_gradients_are_taken_once():
    """Those of a sequence that gives another object the second time, and of a generator."""

    class Fickle(list):
        def __getitem__(self, i):
            return 5

    params, opt = stepped(Adam, {})
    twin = copy.deepcopy(opt)
    grads = [np.cos(p) for p in params]
    opt.step(Fickle(grads))
    twin.step(grad for grad in grads)
    for p, q in zip(params, twin.params):
        np.testing.assert_array_equal(p, q)


@pytest.mark.parametrize("restored", [False, True])
def test_the_flat_arrays_of_a_network_cannot_be_resized(restored):
    net = fa.MLP([4, 6, 2], batch_norm=True)
    net = pickle.loads(pickle.dumps(net)) if restored else net
    for array in (net.optimizer.params[0], net._network.flat_grad, *net.parameters):
        with pytest.raises(ValueError, match="does not own its data"):
            array.resize((3,), refcheck=False)


def test_an_optimizer_of_other_arrays_does_not_train_a_network():
    net, other = fa.MLP([4, 6, 2]), fa.MLP([4, 6, 2])
    net.optimizer = other.optimizer
    for train in (net.train_step, net.fit):
        with pytest.raises(ValueError, match="optimizer Adam updates other arrays than this network's"):
            train(X, Y)
    net.optimizer = SGD([net._network.flat[:]])
    assert net.train_step(X, Y) > net.train_step(X, Y)


@EACH_KIND
def test_the_kernel_checks_what_it_writes_to(kind, options):
    _, opt = stepped(kind, options)
    rule, p, g = opt._rule(), np.zeros(4), np.ones(4)
    good = tuple(np.zeros(4) for _ in range(3))
    rule(p, g, good)
    frozen = np.zeros(4)
    frozen.flags.writeable = False
    for wrong in (np.zeros(3), np.zeros(4, np.float32), np.zeros(8)[::2], np.zeros(4, int)):
        for arguments in ((wrong, g, good), (p, wrong, good), (p, g, (wrong, *good[1:])), (p, g, good[:2])):
            with pytest.raises(ValueError, match="Rule"):
                rule(*arguments)
    for arguments in ((frozen, g, good), (p, g, (frozen, *good[1:])), (p, g, (None, *good[1:]))):
        with pytest.raises(ValueError, match="Rule"):
            rule(*arguments)
    rule(p, frozen, good)


def test_parameters_may_be_replaced_by_others_like_them():
    params, opt = stepped(Adam, {})
    twin = copy.deepcopy(opt)
    old = [p.copy() for p in params]
    opt.params = [p.copy() for p in params]
    for each in (opt, twin):
        each.step([np.ones((5, 3), "f"), np.ones(3, "f")])
    for p, q in zip(opt.params, twin.params):
        np.testing.assert_array_equal(p, q)
    for p, q in zip(params, old):
        np.testing.assert_array_equal(p, q)
    with pytest.raises(TypeError, match="Adam: params is one array"):
        opt.params = np.zeros(3)


def test_state_of_another_size_or_dtype_begins_anew():
    sklearn = pytest.importorskip("fastact.sklearn")
    A, t = RNG.normal(size=(100, 20)), RNG.normal(size=100)
    for first in ((A[:, :5], t), (A.astype(np.float32), t.astype(np.float32))):
        model = sklearn.MLPRegressor(hidden_layer_sizes=(20,), max_iter=5, random_state=0).partial_fit(*first)
        with pytest.warns(match="lbfgs"):
            model.set_params(solver="lbfgs").fit(A, t)
        model.set_params(solver="adam").partial_fit(A, t)
        assert [c.dtype for c in model.coefs_] == [np.float64] * 2
    model.coefs_ = [c.astype(np.float32) for c in model.coefs_]
    assert model.partial_fit(A, t).coefs_[0].dtype == np.float32
    model.coefs_ = (np.ones((20, 7)), np.ones((7, 1)))
    with pytest.raises(ValueError, match=r"MLPRegressor: coefs_ have the shapes .*\(20, 7\)"):
        model.partial_fit(A, t)
    model.intercepts_ = [np.ones(7), np.ones(1)]
    assert model.partial_fit(A, t).coefs_[0].shape == (20, 7)


@EACH_KIND
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_state_dict_goes_on_with_the_same_bits(kind, options, dtype):
    params, opt = stepped(kind, options, dtype)
    opt.lr *= 0.7
    state = opt.state_dict()
    file = io.BytesIO()
    np.savez(file, **state)
    file.seek(0)
    for stored in (state, pickle.loads(pickle.dumps(state)), np.load(file)):
        other = kind([p.copy() for p in params], **{k: v for k, v in options.items() if k != "momentum"})
        other.load_state_dict(stored)
        assert repr(other) == repr(opt) and other.steps == opt.steps
        twin = copy.deepcopy(opt)
        for each in (other, twin):
            each.step([np.sin(p) for p in params])
        for p, q in zip(other.params, twin.params):
            np.testing.assert_array_equal(p, q)
    assert all(isinstance(value, (int, float, np.ndarray)) for value in state.values())
    for value in state.values():  # all of them are copies
        if isinstance(value, np.ndarray):
            value[...] = 0.5
    assert repr(other.state_dict()) == repr(twin.state_dict())


@pytest.mark.parametrize("change, words", [
    (lambda state: state.pop("exp_avg.1"), r"missing names \['exp_avg.1'\]"),
    (lambda state: state.update(momentum=0.1), r"unknown names \['momentum'\]"),
    (lambda state: state.update({"exp_avg.0": np.zeros((3, 5), "f")}), r"exp_avg.0 is float32 of shape \(3, 5\)"),
    (lambda state: state.update({"exp_avg.0": np.zeros((5, 3))}), "exp_avg.0 is float64.*expected float32"),
    (lambda state: state.update(lr=-1.0), "lr must be a number in"), (lambda state: state.update(lr="fast"), "lr is <U4"),
    (lambda state: state.update(step=-1), "step must be a number in"), (lambda state: state.update(step=1.5), "step is float64"),
    (lambda state: state.update(betas=(0.9, 1.5)), r"betas\[1\]"), (lambda state: state.update(amsgrad=3), "amsgrad is int"),
])  # fmt: skip
def test_a_state_dict_that_does_not_fit_changes_nothing(change, words):
    _, opt = stepped(Adam, {})
    state, before = opt.state_dict(), opt.state_dict()
    change(state)
    with pytest.raises(ValueError, match=words):
        opt.load_state_dict(state)
    after = opt.state_dict()
    assert all(np.array_equal(after[key], before[key]) for key in before)
    with pytest.raises(TypeError, match="state is of type NoneType"):
        opt.load_state_dict(None)
