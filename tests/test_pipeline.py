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
    for bad, said in ((fa.relu, "step 1 is <fastact.relu.*bind"), (np.tanh, "step 1 is ufunc"), (lambda: x, "step 1 is function"),
                      (None, "step 1 is NoneType"), (fa.Pipeline([good]), "step 1 is Pipeline")):
        with pytest.raises(TypeError, match=rf"fastact\.Pipeline: {said}"):
            fa.Pipeline([good, bad])
    with pytest.raises(ValueError, match="at least one step"):
        fa.Pipeline([])
    for wrong in (good, 3):
        with pytest.raises(TypeError, match="takes a list of bound calls"):
            fa.Pipeline(wrong)
    with pytest.raises(TypeError):
        fa.Pipeline([good])(x)
    with pytest.raises(TypeError):
        fa.Pipeline()


def test_an_error_names_the_step_and_nothing_is_written():
    x, h, out = np.ones(4), np.zeros(4), np.zeros(4)
    run = fa.Pipeline([fa.relu.bind(x, h), fa.tanh.bind(h, out)])
    out.__setstate__(np.full(100000, 5.0).__reduce__()[2])
    with pytest.raises(ValueError, match=r"fastact\.Pipeline: step 1, fastact\.tanh\.bind: .*replaced"):
        run()
    assert (h == 0).all() and (out == 5).all()


def test_the_gil_is_free_while_it_runs():
    """Another thread of Python goes on while one long run is under way."""
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
