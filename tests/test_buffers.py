"""Large results reuse the memory of freed results, never that of a living array, and up to a limit."""
import gc
import os
import subprocess
import sys
import threading
import tracemalloc

import numpy as np
import pytest

import fastact as fa
from axes import assert_same_bits

LARGE = 1 << 20  # float32 elements: 4 MiB, the smallest that is recycled
pytestmark = pytest.mark.skipif(os.name != "posix", reason="recycling is by mmap")


@pytest.fixture(autouse=True)
def empty():
    fa.empty_cache()
    yield
    fa.empty_cache()


def address(array):
    return array.__array_interface__["data"][0]


def handler(array):
    from numpy._core.multiarray import get_handler_name
    return get_handler_name(array)


def test_memory_of_what_is_gone_is_used_again():
    x = np.linspace(-3, 3, LARGE, dtype=np.float32)
    y = fa.tanh(x)
    before, want = address(y), y.copy()
    del y
    z = fa.tanh(x)
    assert address(z) == before
    assert_same_bits(z, want)
    assert handler(z) == "fastact" and address(z) % 64 == 0
    assert handler(fa.tanh(x[:LARGE - 1])) == handler(np.empty(LARGE, np.float32)) == "default_allocator"


@pytest.mark.parametrize("call", [
    fa.silu, lambda x: fa.silu.backward(x, x), lambda x: fa.silu.value_and_derivative(x)[1], lambda x: fa.softmax(x, axis=0),
    lambda x: fa.silu.biased(x.reshape(-1, 64), x[:64]),
    lambda x: fa.silu.biased_backward(x.reshape(-1, 64), x.reshape(-1, 64), x[:64])[0],
    lambda x: fa.glu(np.concatenate([x, x]))])
def test_every_large_result_is_recycled(call):
    x = np.linspace(-3, 3, LARGE, dtype=np.float32)
    first = call(x)
    assert handler(first) == "fastact"
    copy = first.copy()
    others = [call(x) for _ in range(3)]  # while the first is alive
    assert len({address(a) for a in (first, *others)}) == 4
    for other in others:
        assert_same_bits(other, first)
    assert_same_bits(first, copy)


def test_a_view_keeps_the_memory():
    x = np.linspace(-3, 3, LARGE, dtype=np.float32)
    view = fa.tanh(x)[::1000]
    want = view.copy()
    for _ in range(3):
        fa.relu(x)
    assert_same_bits(view, want)


def test_limit_and_empty_cache():
    x = np.zeros(8 << 20, np.float32)
    results = [fa.relu(x) for _ in range(12)]  # 384 MiB
    assert fa.empty_cache() == 0
    del results
    gc.collect()
    kept = fa.empty_cache()
    assert 200 << 20 <= kept <= 258 << 20
    assert fa.empty_cache() == 0


def run(code, **environment):
    return subprocess.run([sys.executable, "-c", code], env={**os.environ, **environment}, capture_output=True, text=True)


@pytest.mark.parametrize("megabytes, kept", [("0", 0), ("7", 6 << 20), ("3", 0)])
def test_environment(megabytes, kept):
    code = ("import numpy as np, fastact as fa; x = np.zeros(1 << 20, np.float32)\n"
            "y = [fa.relu(x), fa.relu(x)]; del y; print(fa.empty_cache())")
    result = run(code, FASTACT_CACHE_MB=megabytes)
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) == kept


def test_tracemalloc_sees_it():
    x = np.zeros(LARGE, np.float32)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        y = fa.relu(x)
        assert tracemalloc.get_traced_memory()[0] - before >= y.nbytes
        del y
        assert tracemalloc.get_traced_memory()[0] - before < x.nbytes // 4
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("elements", [10, LARGE + 1, 3 * LARGE])
def test_resize(elements):
    y = fa.tanh(np.linspace(-3, 3, LARGE, dtype=np.float32))
    want = np.zeros(elements, np.float32)
    want[:LARGE] = y[:elements]
    y.resize(elements, refcheck=False)
    assert_same_bits(y, want)


def test_threads():
    """Each thread sees its own results only."""
    wrong = []

    def work(number):
        x = np.full(LARGE + 1000 * number, number, np.float32)
        for _ in range(30):
            y = fa.relu(x)
            if not (y == number).all():
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_forked_child_has_its_own(tmp_path):
    code = """
import os
import numpy as np, fastact as fa
x = np.arange(1 << 20, dtype=np.float32)
y = fa.relu(x); z = fa.relu(x); del z
child = os.fork()
if child == 0:
    w = fa.relu(-x)
    os._exit(0 if (y == x).all() and not w.any() and fa.empty_cache() >= 0 else 1)
v = fa.relu(x)
assert os.waitpid(child, 0)[1] == 0 and (v == x).all() and (y == x).all()
"""
    result = run(code)
    assert result.returncode == 0, result.stderr
