"""Optimisers against steps computed by hand and against torch."""
import pickle
import tracemalloc

import numpy as np
import pytest

from fastact.optimizers import SGD, Adam

CONFIGURATIONS = [
    (SGD, {}),
    (SGD, dict(lr=0.1, momentum=0.9)),
    (SGD, dict(lr=0.1, momentum=0.9, dampening=0.5)),
    (SGD, dict(lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.1)),
    (SGD, dict(lr=0.1, weight_decay=0.1, maximize=True)),
    (SGD, dict(lr=0.1, momentum=0.5, weight_decay=0.1, maximize=True, nesterov=True)),
    (Adam, {}),
    (Adam, dict(lr=0.1, betas=(0.5, 0.9), eps=0.1)),
    (Adam, dict(lr=0.1, betas=(0.0, 0.0))),
    (Adam, dict(lr=0.1, weight_decay=0.1, amsgrad=True)),
    (Adam, dict(lr=0.1, weight_decay=0.1, maximize=True)),
]
IDS = [f"{c.__name__}-{','.join(options) or 'default'}" for c, options in CONFIGURATIONS]


def problem(dtype=np.float64, steps=12):
    """Parameters, and for each step gradients that shrink, so that amsgrad's maximum matters."""
    rng = np.random.default_rng(0)
    shapes = [(4, 3), (3,), ()]
    params = [np.array(rng.standard_normal(s), dtype) for s in shapes]
    grads = [[np.array(rng.standard_normal(s) / (k + 1), dtype) for s in shapes] for k in range(steps)]
    return params, grads


@pytest.mark.parametrize("kind, options", CONFIGURATIONS, ids=IDS)
def test_equals_torch(kind, options):
    torch = pytest.importorskip("torch")
    params, grads = problem()
    theirs = [torch.tensor(p, requires_grad=True) for p in params]
    mine, reference = kind(params, **options), getattr(torch.optim, kind.__name__)(theirs, **options)
    for step in grads:
        mine.step(step)
        for p, g in zip(theirs, step):
            p.grad = torch.tensor(g)
        reference.step()
        for p, q in zip(params, theirs):
            np.testing.assert_allclose(p, q.detach().numpy(), rtol=1e-12, atol=1e-14)


def test_sgd_by_hand():
    p = np.array([1.0])
    opt = SGD([p], lr=0.1, momentum=0.5, dampening=0.25)
    opt.step([np.array([2.0])])  # buffer 2
    assert p[0] == pytest.approx(0.8)
    opt.step([np.array([4.0])])  # buffer 0.5 * 2 + 0.75 * 4 = 4
    assert p[0] == pytest.approx(0.4)


def test_sgd_nesterov_by_hand():
    p = np.array([1.0])
    opt = SGD([p], lr=0.1, momentum=0.5, nesterov=True)
    opt.step([np.array([2.0])])  # 2 + 0.5 * 2
    assert p[0] == pytest.approx(0.7)


def test_adam_by_hand():
    p = np.array([1.0, -1.0])
    opt = Adam([p], lr=0.1, eps=0)
    opt.step([np.array([1e-3, -5.0])])  # the first step is lr, whatever the gradient's size
    np.testing.assert_allclose(p, [0.9, -0.9], rtol=1e-12)
    p = np.array([0.0])
    opt = Adam([p], lr=1.0, betas=(0.5, 0.75), eps=1.0)
    opt.step([np.array([2.0])])  # m_hat 2, v_hat 4
    opt.step([np.array([4.0])])  # m_hat (0.25 * 2 + 0.5 * 4) / 0.75, v_hat (0.1875 * 4 + 0.25 * 16) / 0.4375
    assert p[0] == pytest.approx(-2 / 3 - (2.5 / 0.75) / ((4.75 / 0.4375) ** 0.5 + 1))


@pytest.mark.parametrize("kind, options", CONFIGURATIONS, ids=IDS)
def test_updates_in_place_keeps_dtype_and_the_gradients(kind, options):
    params, grads = problem(np.float32)
    before, kept = [p.copy() for p in params], [g.copy() for g in grads[0]]
    opt = kind(params, **options)
    assert all(a is b for a, b in zip(opt.params, params))
    opt.step(grads[0])
    for p, old in zip(params, before):
        assert p.dtype == np.float32
        assert not np.array_equal(p, old)
    for g, old in zip(grads[0], kept):
        np.testing.assert_array_equal(g, old)


@pytest.mark.parametrize("kind, options", CONFIGURATIONS, ids=IDS)
def test_a_step_allocates_no_array(kind, options):
    params = [np.ones(50_000)]
    grads = [np.ones(50_000)]
    opt = kind(params, **options)
    opt.step(grads)
    tracemalloc.start()
    opt.step(grads)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < params[0].nbytes / 4


def test_views_and_strided_parameters_are_updated():
    base = np.zeros((4, 6))
    SGD([base[::2, ::3]], lr=1.0).step([np.ones((2, 2))])
    assert base.sum() == -4
    assert (base[::2, ::3] == -1).all()


def test_lr_is_an_attribute():
    p = np.zeros(1)
    opt = SGD([p], lr=1.0)
    opt.lr = 0.25
    opt.step([np.ones(1)])
    assert p[0] == -0.25


@pytest.mark.parametrize("kind", [SGD, Adam])
def test_pickled_state_goes_on_with_the_same_bits(kind):
    params, grads = problem()
    options = {"momentum": 0.9} if kind is SGD else {"amsgrad": True}
    opt = kind(params, **options)
    opt.step(grads[0])
    other = pickle.loads(pickle.dumps(opt))
    for o in (opt, other):
        o.step(grads[1])
    for a, b in zip(opt.params, other.params):
        np.testing.assert_array_equal(a, b)


def test_rejected_gradients_change_nothing():
    params, grads = problem()
    before = [p.copy() for p in params]
    opt = Adam(params)
    for wrong in (grads[0][:2], [grads[0][0].T, *grads[0][1:]], [*grads[0][:2], None], []):
        with pytest.raises((ValueError, TypeError)):
            opt.step(wrong)
    for p, old in zip(params, before):
        np.testing.assert_array_equal(p, old)
    assert opt.steps == 0


@pytest.mark.parametrize("call, error, words", [
    (lambda p: SGD([p], learning_rate=1), TypeError, "learning_rate"),
    (lambda p: Adam([p], momentum=1), TypeError, "momentum"),
    (lambda p: SGD(p), TypeError, "list of arrays"),
    (lambda p: SGD([]), ValueError, "empty"),
    (lambda p: SGD([[1.0]]), TypeError, "parameter 0 .*list"),
    (lambda p: SGD([p, np.ones(2, int)]), TypeError, "parameter 1 .*int64"),
    (lambda p: SGD([np.broadcast_to(p, (3, 2))]), ValueError, "read-only"),
    (lambda p: SGD([p], lr=-1), ValueError, "SGD: lr .*-1"),
    (lambda p: SGD([p], lr=float("nan")), ValueError, "lr"),
    (lambda p: SGD([p], lr="fast"), TypeError, "lr .*'fast'"),
    (lambda p: SGD([p], momentum=-0.1), ValueError, "momentum"),
    (lambda p: SGD([p], weight_decay=-0.1), ValueError, "weight_decay"),
    (lambda p: SGD([p], nesterov=True), ValueError, "nesterov"),
    (lambda p: SGD([p], nesterov=True, momentum=0.9, dampening=0.1), ValueError, "nesterov"),
    (lambda p: Adam([p], betas=(0.9, 1.0)), ValueError, r"betas\[1\].*1.0"),
    (lambda p: Adam([p], betas=(-0.1, 0.9)), ValueError, r"betas\[0\]"),
    (lambda p: Adam([p], betas=(0.9,)), ValueError, "unpack"),
    (lambda p: Adam([p], eps=-1e-8), ValueError, "eps"),
])
def test_clear_errors(call, error, words):
    with pytest.raises(error, match=words):
        call(np.ones(2))
