"""Optimisers against steps computed by hand and against torch."""
import math
import pickle
import tracemalloc

import numpy as np
import pytest

import fastact as fa
from fastact import MLP
from fastact.optimizers import (SGD, Adagrad, Adam, AdamW, AdaptiveLR, ConstantLR, CosineAnnealingLR,
                                InverseScalingLR, RMSprop, StepLR, clip_grad_norm, clip_grad_value)

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
    (AdamW, {}),
    (AdamW, dict(lr=0.1, weight_decay=0.5, amsgrad=True)),
    (AdamW, dict(lr=0.1, betas=(0.5, 0.9), eps=0.1, maximize=True)),
    (RMSprop, {}),
    (RMSprop, dict(lr=0.1, alpha=0.5, weight_decay=0.1)),
    (RMSprop, dict(lr=0.1, momentum=0.9)),
    (RMSprop, dict(lr=0.1, centered=True, eps=0.01)),
    (RMSprop, dict(lr=0.1, centered=True, momentum=0.5, eps=0.01, maximize=True)),
    (Adagrad, {}),
    (Adagrad, dict(lr=0.1, lr_decay=0.1, weight_decay=0.1)),
    (Adagrad, dict(lr=0.1, initial_accumulator_value=0.5, eps=0.1, maximize=True)),
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


@pytest.mark.parametrize("kind, options", CONFIGURATIONS, ids=IDS)
def test_every_layout_is_updated_alike(kind, options):
    params, grads = problem(np.float32)
    plain, gradient = params[0].copy(), grads[0][0]
    opt = kind([plain], **options)
    opt.step([gradient])
    opt.step([gradient])
    for layout in (lambda a: np.asfortranarray(a), lambda a: a.astype(">f4"), lambda a: np.repeat(a, 2, axis=1)[:, ::2]):
        p = layout(params[0])
        opt = kind([p], **options)
        opt.step([gradient])
        opt.step([np.asfortranarray(gradient).astype(np.float64)])
        np.testing.assert_array_equal(p, plain)
    half = params[0].astype(np.float16)
    opt = kind([half], **options)
    opt.step([gradient])
    assert half.dtype == np.float16 and not np.array_equal(half, params[0].astype(np.float16))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind, options", CONFIGURATIONS, ids=IDS)
def test_threads_change_no_bit(kind, options, dtype):
    rng = np.random.default_rng(1)
    start, grad = rng.standard_normal((2, 300_001)).astype(dtype)
    results = []
    for threads in (1, 2):
        p = start.copy()
        with fa.num_threads(threads):
            opt = kind([p], **options)
            opt.step([grad])
            opt.step([grad])
        results.append(p.tobytes())
    assert results[0] == results[1]


def test_centered_rmsprop_takes_no_root_of_rounding():
    """A constant gradient has no spread but what rounding leaves, which may be below 0."""
    for value in np.linspace(0.1, 1, 50, dtype=np.float32):
        p = np.ones(3, np.float32)
        opt = RMSprop([p], alpha=0.1, centered=True)
        for _ in range(40):
            opt.step([np.full(3, value)])
        assert np.isfinite(p).all()


def test_lr_is_an_attribute():
    p = np.zeros(1)
    opt = SGD([p], lr=1.0)
    opt.lr = 0.25
    opt.step([np.ones(1)])
    assert p[0] == -0.25


def test_a_momentum_that_comes_later():
    p = np.zeros(1)
    opt = SGD([p], lr=1.0)
    opt.step([np.ones(1)])
    opt.momentum = 0.5
    opt.step([np.ones(1)])
    opt.step([np.ones(1)])
    assert p[0] == -1 - 1 - 1.5


def test_clip_grad_norm():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(2)
    for limit in (0.5, 100.0):
        grads = [rng.standard_normal((4, 3)), rng.standard_normal(3).astype(np.float32), np.array(2.0)]
        theirs = [torch.nn.Parameter(torch.zeros(g.shape)) for g in grads]
        for p, g in zip(theirs, grads):
            p.grad = torch.tensor(g.astype(np.float32))
        expected = torch.nn.utils.clip_grad_norm_(theirs, limit)
        assert clip_grad_norm(grads, limit) == pytest.approx(float(expected))
        for p, g in zip(theirs, grads):
            np.testing.assert_allclose(g, p.grad.numpy(), rtol=1e-6)
    one = np.array([3e30, 4e30], np.float32)
    assert clip_grad_norm(one, 1.0) == pytest.approx(5e30)
    np.testing.assert_allclose(one, [0.6, 0.8], rtol=1e-6)


@pytest.mark.parametrize("norm_type", [2, 1, 0.5, 3.0, 0, -1, math.inf, -math.inf, "inf"])
def test_clip_grad_norm_of_other_types_is_torchs(norm_type):
    torch = pytest.importorskip("torch")
    grads = [np.array([[0.0, -3.0], [1.0, 2.0]]), np.array([-0.5, 4.0])]
    theirs = [torch.nn.Parameter(torch.zeros(g.shape, dtype=torch.float64)) for g in grads]
    for p, g in zip(theirs, grads):
        p.grad = torch.tensor(g)
    expected = torch.nn.utils.clip_grad_norm_(theirs, 0.5, norm_type)
    assert clip_grad_norm(grads, 0.5, norm_type) == pytest.approx(float(expected), rel=1e-12)
    for p, g in zip(theirs, grads):
        np.testing.assert_allclose(g, p.grad.numpy(), rtol=1e-12)


@pytest.mark.parametrize("call, error, words", [
    (lambda g: clip_grad_norm(g, -1), ValueError, "clip_grad_norm: max_norm .*-1"),
    (lambda g: clip_grad_norm(g, math.nan), ValueError, "max_norm"),
    (lambda g: clip_grad_norm(g, "1"), ValueError, "max_norm"),
    (lambda g: clip_grad_norm(g, 1, math.nan), ValueError, "norm_type"),
    (lambda g: clip_grad_norm(g, 1, "infinite"), ValueError, "norm_type"),
    (lambda g: clip_grad_norm([g, np.array([np.inf])], 1, error_if_nonfinite=True), ValueError, "norm .* is inf"),
    (lambda g: clip_grad_norm([g, np.array([np.nan])], 1, 1, error_if_nonfinite=True), ValueError, "norm .* is nan"),
    (lambda g: clip_grad_norm([g, np.broadcast_to(g, (2, 2))], 1), ValueError, "gradient 1 is read-only"),
    (lambda g: clip_grad_norm([g, [1.0]], 1), TypeError, "gradient 1 .*list"),
    (lambda g: clip_grad_norm([g, np.ones(2, int)], 1), TypeError, "gradient 1 .*int64"),
    (lambda g: clip_grad_value(g, -1), ValueError, "clip_grad_value: clip_value .*-1"),
    (lambda g: clip_grad_value(g, math.nan), ValueError, "clip_value"),
    (lambda g: clip_grad_value([g, np.broadcast_to(g, (2, 2))], 1), ValueError, "gradient 1 is read-only"),
])
def test_clipping_that_does_not_fit_changes_nothing(call, error, words):
    g = np.array([3.0, 4.0])
    with pytest.raises(error, match=words):
        call(g)
    np.testing.assert_array_equal(g, [3.0, 4.0])


def test_clip_grad_norm_without_a_limit_and_without_gradients():
    g = np.array([3.0, 4.0])
    assert clip_grad_norm(g, math.inf) == 5 and g.tolist() == [3, 4]
    half = np.array([3.0, 4.0], pytest.importorskip("ml_dtypes").bfloat16)
    assert clip_grad_norm(half, 2.5) == 5 and half.tolist() == [1.5, 2.0]
    assert clip_grad_norm([], 1) == clip_grad_norm([np.zeros(0)], 1, math.inf) == 0


@pytest.mark.parametrize("option, values", [
    ("lr", (-1e-9, math.nan, math.inf, "fast", 10**400)), ("weight_decay", (-1, math.nan)), ("eps", (-1, math.nan)),
    ("betas", ((0.9, 1.5), (math.nan, 0.9), (0.9,), 0.9)),
])
def test_options_are_checked_whenever_they_are_set(option, values):
    opt = Adam([np.ones(2)])
    before = repr(opt)
    for value in values:
        with pytest.raises((ValueError, TypeError), match=f"Adam: {option}"):
            setattr(opt, option, value)
    assert repr(opt) == before


@pytest.mark.parametrize("kind, option, values", [
    (SGD, "dampening", (math.nan, "a")), (RMSprop, "alpha", (1.01, -0.1, math.nan)),
])  # fmt: skip
def test_options_of_one_optimizer_are_checked(kind, option, values):
    for value in values:
        with pytest.raises((ValueError, TypeError), match=f"{kind.__name__}: {option} must be"):
            kind([np.ones(2)], **{option: value})


def test_a_schedule_that_makes_a_negative_rate_is_refused():
    schedule = CosineAnnealingLR(SGD([np.ones(1)], lr=0.5), 4)
    schedule.lr_after = lambda epochs: -0.1
    with pytest.raises(ValueError, match="SGD: lr must be a number in .*-0.1"):
        schedule.step()
    assert schedule.optimizer.lr == 0.5
    with pytest.raises(NotImplementedError, match=r"Mine: a schedule defines lr_after\(epochs\), or step\(loss\)"):
        type("Mine", (ConstantLR.__base__,), {})(schedule.optimizer).step()


def test_clip_grad_value():
    grads = [np.array([-3.0, 0.5, np.nan]), np.array([2.0], np.float32)]
    clip_grad_value(grads, 1.0)
    np.testing.assert_array_equal(grads[0], [-1, 0.5, np.nan])
    np.testing.assert_array_equal(grads[1], [1])


def rates(schedule, losses):
    found = []
    for loss in losses:
        schedule.step(loss)
        found.append(schedule.optimizer.lr)
    return found


def test_schedules():
    new = lambda: SGD([np.zeros(1)], lr=0.5)
    assert rates(ConstantLR(new()), [1] * 3) == [0.5] * 3
    assert rates(StepLR(new(), 2, gamma=0.5), [1] * 5) == [0.5, 0.25, 0.25, 0.125, 0.125]
    assert rates(CosineAnnealingLR(new(), 4, eta_min=0.1), [1] * 4) == pytest.approx(
        [0.1 + 0.2 * (1 + math.cos(math.pi * k / 4)) for k in (1, 2, 3, 4)])
    assert rates(InverseScalingLR(new()), [1] * 3) == pytest.approx([0.5 / math.sqrt(k) for k in (2, 3, 4)])
    losses = [3, 2, 2, 2, 2, 1.99995, 1.9, 2, 2, 2]
    assert rates(AdaptiveLR(new(), patience=2, factor=0.5), losses) == [0.5] * 4 + [0.25] * 4 + [0.25, 0.125]
    assert rates(AdaptiveLR(new(), patience=0, factor=0.1, min_lr=0.2), [1, 1, 1]) == [0.5, 0.2, 0.2]
    with pytest.raises(TypeError, match="AdaptiveLR.*loss"):
        AdaptiveLR(new()).step()
    for make, error, words in (
        (lambda: StepLR(new(), 0), ValueError, "StepLR: step_size must be a positive integer, got 0"),
        (lambda: StepLR(new(), "a"), TypeError, "StepLR: step_size"),
        (lambda: StepLR(new(), 1, gamma=-1), ValueError, "StepLR: gamma"),
        (lambda: CosineAnnealingLR(new(), 0), ValueError, "T_max"),
        (lambda: CosineAnnealingLR(new(), 5, eta_min=math.nan), ValueError, "eta_min.*nan"),
        (lambda: InverseScalingLR(new(), None), TypeError, "power_t.*None"),
        (lambda: AdaptiveLR(new(), patience=1.5), ValueError, "patience"),
        (lambda: AdaptiveLR(new(), factor=-1), ValueError, "factor"),
        (lambda: StepLR(MLP([2, 2]), 1), TypeError, "StepLR: optimizer must be .*net.optimizer, got <MLP"),
        (lambda: StepLR(SGD, 1), TypeError, "optimizer"),
    ):
        with pytest.raises(error, match=words):
            make()


@pytest.mark.parametrize("make, theirs", [
    (lambda o: StepLR(o, 3, gamma=0.3), lambda t, o: t.StepLR(o, 3, gamma=0.3)),
    (lambda o: CosineAnnealingLR(o, 5, 0.01), lambda t, o: t.CosineAnnealingLR(o, 5, 0.01)),
])
def test_schedules_equal_torch(make, theirs):
    torch = pytest.importorskip("torch")
    reference = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    other = theirs(torch.optim.lr_scheduler, reference)
    expected = []
    for _ in range(12):
        reference.step()
        other.step()
        expected.append(reference.param_groups[0]["lr"])
    assert rates(make(SGD([np.zeros(1)], lr=0.1)), [1] * 12) == pytest.approx(expected, rel=1e-12)


def test_fit_follows_a_schedule():
    net = MLP([2, 2], lr=0.1, random_state=0)
    net.fit(np.zeros((4, 2)), [0, 1, 0, 1], epochs=3, progress=False, schedule=StepLR(net.optimizer, 1))
    assert net.optimizer.lr == pytest.approx(1e-4)


@pytest.mark.parametrize("kind", [SGD, Adam, AdamW, RMSprop, Adagrad])
def test_pickled_state_goes_on_with_the_same_bits(kind):
    params, grads = problem()
    options = {SGD: {"momentum": 0.9}, RMSprop: {"momentum": 0.9, "centered": True}, Adagrad: {}}.get(kind, {"amsgrad": True})
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
    (lambda p: Adam([p], betas=(0.9,)), ValueError, "Adam: betas must be a pair of numbers"),
    (lambda p: Adam([p], eps=-1e-8), ValueError, "eps"),
    (lambda p: SGD([p.astype(np.longdouble)]), TypeError, "SGD: parameter 0 .*float64"),
    (lambda p: RMSprop([p], alpha=-1), ValueError, "RMSprop: alpha"),
    (lambda p: Adagrad([p], lr_decay=-1), ValueError, "Adagrad: lr_decay"),
    (lambda p: Adagrad([p], initial_accumulator_value=-1), ValueError, "initial_accumulator_value"),
    (lambda p: AdamW([p], momentum=0.9), TypeError, "momentum"),
])
def test_clear_errors(call, error, words):
    with pytest.raises(error, match=words):
        call(np.ones(2))
