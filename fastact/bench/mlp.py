"""A training step of one small network, 64-32-10, a batch of 32, cross-entropy and Adam, in three libraries.

Each of `LIBRARIES` makes the step of an activation: a function without arguments, or None where the library
lacks the activation. All three start from random weights of their own; the arithmetic is the same.
"""
import importlib

import numpy as np

import fastact
from fastact import registry
from fastact.accuracy.formulas import numpy_function
from fastact.bench import contenders, timing
from fastact.bench.torch import arguments

LAYERS, BATCH, RATE = [64, 32, 10], 32, 1e-3


def data():
    """Inputs (32, 64) and classes (32,)."""
    rng = np.random.default_rng(0)
    return rng.standard_normal((BATCH, LAYERS[0]), np.float32), rng.integers(LAYERS[-1], size=BATCH)


def fastact_step(entry):
    """``fastact.MLP.train_step``."""
    x, y = data()
    required = {p.name: p.example for p in entry.parameters if p.default is None}
    net = fastact.MLP(LAYERS, activation=(entry.name, required), random_state=0)
    return lambda: net.train_step(x, y)


def torch_step(entry):
    """Two linear layers, autograd and torch.optim.Adam."""
    try:
        torch = importlib.import_module("torch")
    except ImportError:
        return None
    if not entry.elsewhere.torch:
        return None
    torch.manual_seed(0)
    with torch.inference_mode(False):
        function, values, keywords = arguments(torch, entry, torch.float32)
        function = torch.nn.Identity() if entry.name == "identity" else function
        first, last = torch.nn.Linear(*LAYERS[:2]), torch.nn.Linear(*LAYERS[1:])
        adam = torch.optim.Adam([*first.parameters(), *last.parameters()], lr=RATE)
        x, y = map(torch.from_numpy, data())

    def step():
        with torch.inference_mode(False):
            adam.zero_grad()
            loss = torch.nn.functional.cross_entropy(last(function(first(x), *values, **keywords)), y)
            loss.backward()
            adam.step()
            return loss.item()

    return step


def numpy_step(entry):
    """As one would write it with NumPy alone."""
    x, y = data()
    names = [p.name for p in entry.parameters]
    value = numpy_function(entry.numpy or entry.formula, names, np.float32)
    derivative = numpy_function(entry.derivative, names, np.float32)
    rng = np.random.default_rng(0)
    weights = []
    for fan_in, fan_out in zip(LAYERS, LAYERS[1:]):
        weights += [(rng.standard_normal((fan_in, fan_out)) / fan_in ** 0.5).astype(np.float32),
                    np.zeros(fan_out, np.float32)]
    first, second = [np.zeros_like(w) for w in weights], [np.zeros_like(w) for w in weights]
    rows, count = np.arange(BATCH), 0

    def step():
        nonlocal count
        count += 1
        w1, b1, w2, b2 = weights
        z = x @ w1 + b1
        h = value(z, *entry.defaults)
        logits = h @ w2 + b2
        logits -= logits.max(axis=1, keepdims=True)
        p = np.exp(logits)
        p /= p.sum(axis=1, keepdims=True)
        loss = -np.log(p[rows, y]).mean()
        p[rows, y] -= 1
        p /= np.float32(BATCH)
        dz = p @ w2.T * derivative(z, *entry.defaults)
        grads = [x.T @ dz, dz.sum(axis=0), h.T @ p, p.sum(axis=0)]
        rate = np.float32(RATE * (1 - 0.999 ** count) ** 0.5 / (1 - 0.9 ** count))
        for w, grad, m, v in zip(weights, grads, first, second):
            m *= np.float32(0.9)
            m += np.float32(0.1) * grad
            v *= np.float32(0.999)
            v += np.float32(0.001) * grad * grad
            w -= rate * m / (np.sqrt(v) + np.float32(1e-8))
        return loss

    return step


LIBRARIES = {"fastact": fastact_step, "numpy": numpy_step, "torch": torch_step}


def compare(names, sides, repeat, threads, progress):
    """Rows as those of ``bench.compare``, in nanoseconds a step; sides without a network are None."""
    rows = []
    with contenders.equal_terms(threads, sides):
        for entry in (contenders.ENTRIES[name] for name in names):
            if not isinstance(entry, registry.Entry):
                continue
            progress.step(f"{entry.name}, training")
            steps = {side: LIBRARIES[side](entry) if side in LIBRARIES else None for side in ("fastact", *sides)}
            with np.errstate(all="ignore"):
                raw = timing.measure(steps, repeat)
            times = {f"{side}_ns": raw[side]["min_ns"] if side in raw else None for side in steps}
            rows.append({"name": entry.name, **times, "unit": "us per step", "raw": raw})
    return rows
