"""fa.Pipeline: a fixed list of bound calls as one."""
import threading

import numpy as np
import pytest

import fastact as fa
from axes import assert_same_bits


def attention(dtype, rows=6, columns=40):
    """Steps of every kind over arrays that follow each other, and what each array is to hold."""
    rng = np.random.default_rng(0)
    x, up, bias = rng.normal(0, 2, (rows, columns)), rng.normal(0, 1, (rows, columns)), rng.normal(0, 1, columns)
    x, up, bias = x.astype(dtype), up.astype(dtype), bias.astype(dtype)
    h, g, p, dx, dh = (np.empty_like(x) for _ in range(5))
    db, last, half = np.empty_like(bias), np.empty(rows, dtype), np.empty((rows, columns // 2), dtype)
    steps = [fa.gelu.biased.bind(x, bias, h), fa.silu.gated.bind(h, up, g), fa.softmax.bind(g, p, axis=1),
             fa.softmax.backward.bind(up, g, g, axis=1), fa.gelu.biased_backward.bind(g, x, bias, dx, db),
             fa.elu.bind(dx, 0.5, dx), fa.swiglu.bind(dx, half), fa.swiglu.backward.bind(half, dx, dh, gate="first"),
             fa.logsumexp.bind(dh, last, axis=1)]

    def expected():
        a = fa.gelu.biased(x, bias)
        b = fa.silu.gated(a, up)
        c = fa.softmax.backward(up, b, axis=1)
        d, e = fa.gelu.biased_backward(c, x, bias)
        d = fa.elu(d, 0.5)
        f = fa.swiglu(d)
        g = fa.swiglu.backward(f, d, gate="first")
        return a, c, fa.softmax(b, axis=1), d, e, f, g, fa.logsumexp(g, axis=1)

    return steps, (h, g, p, dx, db, half, dh, last), expected, x


@pytest.mark.parametrize("rows", [6, 2000])  # with the GIL and without
def test_every_kind_of_step(dtype, rows):
    steps, arrays, expected, x = attention(dtype, rows)
    run = fa.Pipeline(steps)
    for _ in range(2):
        assert run() is arrays[-1] is run.result
        for got, want in zip(arrays, expected(), strict=True):
            assert_same_bits(got, want)
        x *= dtype(0.5)
    assert run.steps == tuple(steps) and len(run) == 9
    assert "gelu.biased.bind" in repr(run)


def test_it_keeps_everything_alive():
    x, out = np.linspace(-1, 1, 8), np.empty(8)
    run = fa.Pipeline(step for step in [fa.relu.bind(x, out)])
    want = fa.relu(x)
    del x, out
    assert_same_bits(run(), want)


def test_refuses_other_steps():
    x = np.ones(4)
    good = fa.relu.bind(x, x)
    for bad, said in ((fa.relu, "step 1 is <fastact.relu.*bind"), (np.tanh, "step 1 is tanh"),
                      (lambda x: x, "step 1 is <lambda>"), (None, "step 1 is NoneType"), (len, "step 1 is len")):
        with pytest.raises(TypeError, match=rf"fastact\.Pipeline: {said}"):
            fa.Pipeline([good, bad])
    with pytest.raises(ValueError, match="at least one step"):
        fa.Pipeline([])
    for wrong in (good, 3):
        with pytest.raises(TypeError, match=r"takes a list of steps, as Pipeline\(\[a, b\]\); got (BoundCall|int)"):
            fa.Pipeline(wrong)
    with pytest.raises(TypeError, match=r"takes one list of steps, as Pipeline\(\[a, b\]\); got 2 arguments"):
        fa.Pipeline(good, good)
    with pytest.raises(TypeError):
        fa.Pipeline([good])(x)
    with pytest.raises(TypeError):
        fa.Pipeline()


@pytest.mark.parametrize("rows", [3, 2000])
def test_other_callables_between_bound_calls(rows):
    x, weight = np.random.default_rng(0).normal(0, 1, (rows, 30)), np.random.default_rng(1).normal(0, 1, (30, 10))
    h, z, p = np.empty((rows, 30)), np.empty((rows, 10)), np.empty((rows, 10))
    run = fa.Pipeline([fa.relu.bind(x, h), lambda: np.matmul(h, weight, out=z), fa.gelu.bind(z, z), fa.softmax.bind(z, p)])
    assert run() is p
    assert_same_bits(p, fa.softmax(fa.gelu(fa.relu(x) @ weight)))
    assert "<lambda>" in repr(run)
    outer = fa.Pipeline([lambda: x.fill(2), run, lambda: p.sum()])
    assert outer.result is None
    assert outer() == pytest.approx(rows) and outer.result == pytest.approx(rows) and (h == 2).all()

    def fail():
        raise KeyError("mine")

    last = np.zeros_like(p)
    with pytest.raises(KeyError, match="mine"):
        fa.Pipeline([run, fail, fa.relu.bind(p, last)])()
    assert (last == 0).all()


def test_an_error_names_the_step_and_nothing_is_written():
    x, h, out = np.ones(4), np.zeros(4), np.zeros(4)
    run = fa.Pipeline([fa.relu.bind(x, h), fa.tanh.bind(h, out)])
    out.__setstate__(np.full(100000, 5.0).__reduce__()[2])
    with pytest.raises(ValueError, match=r"fastact\.Pipeline: step 1, fastact\.tanh\.bind: .*replaced"):
        run()
    assert (h == 0).all() and (out == 5).all()


def test_the_gil_is_free_while_it_runs():
    """Another Python thread runs while one long call is under way."""
    x = np.random.default_rng(0).normal(0, 1, (2000, 2000)).astype(np.float32)
    run = fa.Pipeline([fa.sparsemax.bind(x, np.empty_like(x)) for _ in range(20)])
    counted, done = [0], threading.Event()

    def count():
        while not done.is_set():
            counted[0] += 1

    thread = threading.Thread(target=count)
    thread.start()
    try:
        before = counted[0]
        run()
        during = counted[0] - before
    finally:
        done.set()
        thread.join()
    assert during > 1000
