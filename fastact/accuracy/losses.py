"""Measures the error of the losses and their gradients against mpmath.

A loss is a sum of terms, and terms of both signs may cancel. So the error is in ULP of the largest of the result and its
terms. Cross-entropies of single labels and of logits, mse_loss and kl_div of logarithms have one term, or terms of one sign:
their error is in ULP of the result.
"""
from typing import Any, Callable, Mapping, NamedTuple, Tuple

import numpy as np

from fastact import losses
from fastact.accuracy import formulas, sweeps, ulp


class Exact(NamedTuple):
    """A loss of single elements: its terms, those of its gradient, and the bounds of both in ULP, of either dtype."""

    name: str
    value: Callable     # f(mp, x, t, **options) -> the terms
    gradient: Callable
    bounds: Tuple[float, float]
    inputs: str = "logits"  # what x is: logits, probabilities, means (of counts) or logarithms of means
    options: Mapping[str, Any] = {}  # with numbers that a float32 holds


def _binary(mp, p, t):
    logs = [max(f(x), mp.mpf(-100)) if end else mp.mpf(-100) for f, x, end in ((mp.log, p, p), (mp.log1p, -p, 1 - p))]
    return [-t * logs[0], -(1 - t) * logs[1]]


def _stirling(mp, t, full):
    return [t * mp.log(t), -t, mp.log(2 * mp.pi * t) / 2] if full and t > 1 else []


def _smooth_l1(mp, x, t, beta):
    d = abs(x - t)
    return [d * d / (2 * beta)] if d < beta else [d, -beta / 2]


def _huber(mp, x, t, delta):
    d = abs(x - t)
    return [d * d / 2] if d <= delta else [delta * d, -delta * delta / 2]


def _limited(mp, d, end):
    return [min(max(d, -end), end)]


LOSSES = (
    Exact("mse_loss", lambda mp, x, t: [(x - t)**2], lambda mp, x, t: [2 * (x - t)], (2, 0.5)),
    Exact("l1_loss", lambda mp, x, t: [abs(x - t)], lambda mp, x, t: [mp.sign(x - t)], (0.5, 0)),
    Exact("smooth_l1_loss", _smooth_l1, lambda mp, x, t, beta: _limited(mp, (x - t) / beta, 1), (2.6, 1),
          options={"beta": 0.75}),
    Exact("huber_loss", _huber, lambda mp, x, t, delta: _limited(mp, x - t, delta), (2, 0.5), options={"delta": 0.75}),
    Exact("binary_cross_entropy", _binary,
          lambda mp, p, t: [end / max(p * (1 - p), mp.mpf("1e-12")) for end in (p, -t)], (2.1, 2.5), "probabilities"),
    Exact("binary_cross_entropy_with_logits",
          lambda mp, x, t, pos_weight: [(1 - t) * mp.log1p(mp.exp(x)), pos_weight * t * mp.log1p(mp.exp(-x))],
          lambda mp, x, t, pos_weight: [(1 - t) / (1 + mp.exp(-x)), -pos_weight * t / (1 + mp.exp(x))], (3, 3),
          options={"pos_weight": 2.5}),
    Exact("kl_div", lambda mp, x, t: [t * mp.log(t), -t * x] if t else [mp.zero], lambda mp, x, t: [-t], (3.1, 0)),
    Exact("kl_div", lambda mp, x, t, log_target: [mp.exp(t) * (t - x)], lambda mp, x, t, log_target: [-mp.exp(t)], (2.3, 1.1),
          options={"log_target": True}),
    *(Exact("poisson_nll_loss", lambda mp, x, t, full=False: [mp.exp(x), -t * x, *_stirling(mp, t, full)],
            lambda mp, x, t, full=False: [mp.exp(x), -t], (1.9 if options else 1.1, 1.1), "logarithms", options)
      for options in ({}, {"full": True})),
    *(Exact("poisson_nll_loss",  # t, -t: x + eps is rounded before its logarithm, which t multiplies
            lambda mp, x, t, log_input, eps, full=False: [x, -t * mp.log(x + eps), t, -t, *_stirling(mp, t, full)],
            lambda mp, x, t, log_input, eps, full=False: [mp.one, -t / (x + eps)], (2.3, 2.3), "means",
            {"log_input": False, "eps": 0.25, **options}) for options in ({}, {"full": True})),
    *(Exact("gaussian_nll_loss",
            lambda mp, x, t, var, full=False: [mp.log(var) / 2, (x - t)**2 / (2 * var), *[mp.log(2 * mp.pi) / 2] * full],
            lambda mp, x, t, var, full=False: [(x - t) / var], (3.1 if options else 2.7, 1),
            options={"var": 0.375, **options}) for options in ({}, {"full": True})),
)
# By kind of target of cross_entropy: the bounds of value and gradient. For labels they are in ULP of the result.
CLASSES = {"labels": (3.5, 4.1), "smoothed labels": (4.1, 7.5), "shares": (2.6, 4)}


def inputs(exact, dtype, count):
    """x and the target."""
    rng = np.random.default_rng(13)
    x = rng.normal(0, rng.choice([0.01, 1, 8], count))
    t = rng.choice([0, 1, 0.5, 1e-3], count) if exact.name.startswith("binary") else rng.uniform(0, 1, count)
    if exact.inputs == "probabilities":
        x = 1 / (1 + np.exp(-3 * x))
    elif exact.inputs in ("means", "logarithms"):
        x, t = rng.uniform(-20, 20, count), np.floor(np.exp(rng.uniform(-1, 12, count)))
        x = np.exp(x) if exact.inputs == "means" else x
    elif exact.options.get("log_target"):
        t = rng.uniform(-30, 0, count)
    return x.astype(dtype), t.astype(dtype)


def sweep(exact, dtype, count):
    """The worst errors of the value and of the gradient."""
    mp, x_and_target = formulas.context(), inputs(exact, dtype, count)
    results = getattr(losses, exact.name).value_and_grad(*x_and_target, reduction="none", **exact.options)
    worst = [sweeps.Worst(), sweeps.Worst()]
    for x, t, *got in zip(*x_and_target, *results):
        numbers = mp.mpf(float(x)), mp.mpf(float(t))
        for k, terms in enumerate((exact.value, exact.gradient)):
            worst[k] = worst[k].merge(judged(got[k], terms(mp, *numbers, **exact.options), dtype, x))
    return worst


def judged(got, terms, dtype, x):
    """The error of a sum of these terms."""
    mp = formulas.context()
    want = mp.fsum(terms)
    error = ulp.exact_error(got, want, dtype, max(map(abs, terms)))
    return sweeps.Worst(error, float(x), float(got), float(want), inputs=1)


def sweep_classes(kind, dtype, shape, seed=0):
    """The worst errors of cross_entropy and of its gradient over rows of logits, for one kind of target."""
    rng, (rows, classes) = np.random.default_rng(seed), shape
    x = (rng.choice([0.1, 2, 20], (rows, 1)) * rng.standard_normal(shape)).astype(dtype)
    labels, smoothing = rng.integers(0, classes, rows), 0.125 if kind == "smoothed labels" else 0
    share = rng.uniform(size=shape).astype(dtype)
    got = losses.cross_entropy.value_and_grad(x, share if kind == "shares" else labels, reduction="none",
                                              label_smoothing=smoothing)
    mp, worst = formulas.context(), [sweeps.Worst(), sweeps.Worst()]
    for row, label, given, value, grad in zip(x, labels, share, *got):
        powers = [mp.exp(mp.mpf(float(v)) - float(row.max())) for v in row]
        total, highest = mp.fsum(powers), mp.mpf(float(row.max()))
        part = [mp.mpf(float(s)) for s in given] if kind == "shares" else [
            (1 - smoothing) * int(k == label) + mp.mpf(smoothing) / classes for k in range(classes)]
        log_sum = mp.log1p(mp.fsum(sorted(powers)[:-1]))  # the largest is 1
        logs = [log_sum + (highest - float(v)) for v in row]
        worst[0] = worst[0].merge(judged(value, [p * log for p, log in zip(part, logs)], dtype, row[label]))
        for k, one in enumerate(grad):
            terms = [powers[k] * mp.fsum(part) / total, -part[k]]
            if kind == "labels":
                others = mp.fsum(power for j, power in enumerate(powers) if j != k)
                terms = [-others / total] if k == label else terms[:1]
            worst[1] = worst[1].merge(judged(one, terms, dtype, row[k]))
    return worst
