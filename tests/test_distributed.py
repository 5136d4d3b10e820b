"""dask.distributed: functions and training on worker processes give what they give here, bit for bit."""
import copy
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import fastact as fa
from axes import assert_same_bits, sample

distributed = pytest.importorskip("distributed")
da = pytest.importorskip("dask.array")
pytest.importorskip("sklearn")
EXAMPLE = Path(__file__).parents[1] / "docs" / "distributed_example.py"
SETTINGS = {"FASTACT_NUM_THREADS": "3", "FASTACT_CACHE_MB": "32"}


@pytest.fixture(scope="module")
def client():
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, memory_limit="512MiB", dashboard_address=":0",
                                  host="127.0.0.1", env=SETTINGS) as cluster, distributed.Client(cluster) as client:
        yield client


@pytest.mark.parametrize("name", ["gelu", "leaky_relu", "tanh"])
def test_elementwise(client, name):
    function, x = fa.activations[name], sample(np.float32, 40, 30)
    lazy = da.from_array(x, chunks=(10, 20))
    results = function(lazy), function.derivative(lazy), function.backward(lazy, lazy)
    for got, want in zip(client.gather(client.compute(results)), (function(x), function.derivative(x), function.backward(x, x))):
        assert_same_bits(got, want)


@pytest.mark.parametrize("axis", [-1, 0, None])
def test_rows(client, axis):
    """Along an axis in chunks (0) too: dask first joins them."""
    x, mask = sample(np.float32, 40, 30), np.arange(30) > 3
    lazy = da.from_array(x, chunks=(10, 30))
    pairs = [(function(lazy, axis=axis), function(x, axis=axis))
             for function in (fa.softmax, fa.log_softmax, fa.softmin, fa.sparsemax, fa.hardmax, fa.logsumexp)]
    pairs.append((fa.softmax(lazy, axis=axis, mask=mask, temperature=2), fa.softmax(x, axis=axis, mask=mask, temperature=2)))
    pairs.append((fa.softmax.backward(lazy, lazy, axis=axis), fa.softmax.backward(x, x, axis=axis)))
    for got, (_, want) in zip(client.gather(client.compute([pair[0] for pair in pairs])), pairs):
        assert_same_bits(np.asarray(got), np.asarray(want))


def test_functions_travel(client):
    """Every form, by name: a worker has its own copy of the library."""
    x = sample(np.float32, 6, 8)
    calls = [(fa.silu, x), (fa.silu.ufunc, x), (fa.silu.derivative, x), (fa.elu.backward, x, x, 0.5), (fa.silu.gated, x, x),
             (fa.relu.biased, x, x[0]), (fa.gelu.value_and_derivative, x), (fa.softmax, x, 0), (fa.softmax.backward, x, x),
             (fa.logsumexp, x, 1), (fa.swiglu, x)]
    for got, (function, *arguments) in zip(client.gather([client.submit(*call) for call in calls]), calls):
        want = function(*arguments)
        for one, other in zip(got, want) if isinstance(want, tuple) else [(got, want)]:
            assert_same_bits(one, other)


def test_threads_of_workers(client):
    """The environment of their processes holds in tasks, and so does a setting that client.run makes."""
    ask = lambda: {*client.gather([client.submit(fa.get_num_threads, workers=[worker], pure=False)
                                   for worker in client.scheduler_info()["workers"]])}
    assert {*client.run(fa.get_num_threads).values()} == ask() == {3}
    client.run(fa.set_num_threads, 1)
    assert ask() == {1}
    client.run(fa.set_num_threads, 0)
    assert ask() == {3}


def test_threads_of_dask_and_of_the_library():
    """Tasks in several threads of one process, each with threads of its own."""
    x = sample(np.float32, 8, 1 << 17)
    with fa.num_threads(2):
        got = fa.softmax(fa.gelu(da.from_array(x, chunks=(1, -1))), axis=-1).compute(scheduler="threads", num_workers=4)
    assert_same_bits(got, fa.softmax(fa.gelu(x), axis=-1))


def chunks(k):
    X = np.random.default_rng(k).standard_normal((300, 20), np.float32)
    return X, (X[:, :5].sum(axis=1) > 0).astype(int)


def train(model, data):
    return copy.deepcopy(model).partial_fit(*data, classes=[0, 1])


@pytest.fixture(scope="module")
def trained():
    """The network after 6 chunks, in order, with BLAS in one thread as on the workers."""
    from threadpoolctl import threadpool_limits

    from fastact.sklearn import MLPClassifier
    model = MLPClassifier((16, 8), "silu", random_state=0)
    with threadpool_limits(1):
        for k in range(6):
            model.partial_fit(*chunks(k), classes=[0, 1])
    return model


def assert_same_network(got, want):
    for one, other in zip(got.coefs_ + got.intercepts_, want.coefs_ + want.intercepts_):
        assert_same_bits(one, other)
    assert got.t_ == want.t_ == 1800


def test_training(client, trained):
    from fastact.sklearn import MLPClassifier
    model = MLPClassifier((16, 8), "silu", random_state=0)
    workers = [*client.scheduler_info()["workers"]]
    for k in range(6):  # from one worker to the other
        model = client.submit(train, model, client.submit(chunks, k), workers=[workers[k % 2]], pure=False)
    assert_same_network(model.result(), trained)


def test_incremental_of_dask_ml(client, trained):
    wrappers = pytest.importorskip("dask_ml.wrappers")
    from fastact.sklearn import MLPClassifier
    X, y = (da.concatenate([da.from_array(chunks(k)[i], chunks=-1) for k in range(6)]) for i in (0, 1))
    model = wrappers.Incremental(MLPClassifier((16, 8), "silu", random_state=0), shuffle_blocks=False)
    assert_same_network(model.fit(X, y, classes=[0, 1]).estimator_, trained)


@pytest.mark.thorough
@pytest.mark.skipif(not EXAMPLE.exists(), reason="needs the source tree")
def test_the_example():
    """Its array is larger than a worker's memory; its mean is that of NumPy, chunk by chunk."""
    path = os.pathsep.join([str(Path(fa.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run([sys.executable, str(EXAMPLE)], capture_output=True, text=True, timeout=150,
                          env={**os.environ, "PYTHONPATH": path})
    assert done.returncode == 0, done.stderr
    threads, mean, accuracy = done.stdout.splitlines()
    assert threads == "threads of each worker: [1, 1]"
    size, got = re.fullmatch(r"(\d+) MiB, mean of the largest probability: (\S+)", mean).groups()
    limit = int(re.search(r'memory_limit="(\d+)MiB"', EXAMPLE.read_text()).group(1))
    assert int(size) > limit
    largest = []
    for k in range(int(size) // 16):
        x = np.random.default_rng(k).standard_normal((4096, 1024), np.float32)
        h = fa.gelu(x)
        e = np.exp(h - h.max(axis=1, keepdims=True))
        largest.append((e.max(axis=1) / e.sum(axis=1)).mean())
    assert abs(float(got) - np.mean(largest)) < 2e-6
    assert float(accuracy.rpartition(" ")[2]) > 0.85
