"""Threads: how many, whose, and what happens around fork, other libraries and Python threads."""
import asyncio
import functools
import os
import shutil
import subprocess
import sys
import threading

import numpy as np
import pytest

import fastact as fa
from axes import assert_same_bits, call, each_loop, inputs, outputs

LONG = "import os, numpy as np, fastact as fa\nx = np.linspace(-5, 5, 1 << 22, dtype=np.float32)\n"


def run(code, prefix=(), timeout=60, **environment):
    """What a fresh Python prints, with these environment variables and no others about threads; warnings are errors."""
    env = {name: value for name, value in os.environ.items()
           if name not in ("OMP_NUM_THREADS", "FASTACT_NUM_THREADS", "OMP_THREAD_LIMIT")}
    done = subprocess.run([*prefix, sys.executable, "-W", "error", "-c", code], env={**env, **environment}, capture_output=True,
                          text=True, timeout=timeout)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_setting_and_context():
    default = fa.get_num_threads()
    assert default >= 1
    assert fa.set_num_threads(3) == 0 and fa.get_num_threads() == 3
    with fa.num_threads(2):
        assert fa.get_num_threads() == 2
        with fa.num_threads(1):
            assert fa.get_num_threads() == 1
        assert fa.get_num_threads() == 2
    assert fa.get_num_threads() == 3
    with pytest.raises(KeyError):
        with fa.num_threads(1):
            raise KeyError
    assert fa.set_num_threads(0) == 3 and fa.get_num_threads() == default


COUNT = "import fastact; print(fastact.get_num_threads())"


@functools.cache
def default_count():
    """The threads of a fresh process."""
    return int(run(COUNT))


@pytest.mark.parametrize("name", ["OMP_NUM_THREADS", "FASTACT_NUM_THREADS"])
def test_environment(name):
    assert run(COUNT, **{name: "3"}) == "3"
    assert run(COUNT, **{name: "1"}) == "1"


def warned(name, text):
    """The import's warnings about an environment variable, in one text."""
    return run("import warnings\nwith warnings.catch_warnings(record=True) as seen:\n    warnings.simplefilter('always')\n"
               "    import fastact\nprint(fastact.get_num_threads(), fastact.isa(), *(w.message for w in seen))", **{name: text})


def test_environment_may_have_spaces():
    assert run(COUNT, FASTACT_NUM_THREADS=" 3 ") == "3"
    assert int(run(COUNT, FASTACT_NUM_THREADS="0")) >= 1


@pytest.mark.parametrize("name, text", [
    *(("FASTACT_NUM_THREADS", text) for text in ("", "  ", "many", "-2", "2.5", "1e3", "3x", "65536", "99999999999")),
    ("OMP_NUM_THREADS", "40000"), ("FASTACT_ISA", ""), ("FASTACT_ISA", "avx1024"), ("FASTACT_CACHE_MB", ""),
    ("FASTACT_CACHE_MB", "many"), ("FASTACT_CACHE_MB", "-1"), ("FASTACT_CACHE_MB", "nan"), ("FASTACT_CACHE_MB", "1e300")])
def test_senseless_environment(name, text):
    """A warning that names the variable and its value, and the default."""
    threads, isa, said = warned(name, text).split(maxsplit=2)
    assert f"{name}={text!r}" in said and isa == fa.isa()
    assert int(threads) == (64 if name == "OMP_NUM_THREADS" else default_count()) or os.cpu_count() > 16


def test_the_setter_refuses():
    most = max(64, 4 * os.cpu_count())
    fa.set_num_threads(3)
    for wrong, error in ((-1, ValueError), (most + 1, ValueError), (40_000, ValueError), (10**30, ValueError),
                         (1.5, TypeError), ("2", TypeError), (None, TypeError)):
        with pytest.raises(error, match=r"fastact\.set_num_threads takes .*" + (str(most) if error is ValueError else "number")):
            fa.set_num_threads(wrong)
        with pytest.raises(error, match=r"fastact\.num_threads takes"):
            with fa.num_threads(wrong):
                pass
    assert fa.get_num_threads() == 3 and fa.set_num_threads(np.int64(most)) == 3 and fa.get_num_threads() == most


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits the address space as Linux does")
def test_threads_that_cannot_be_started():
    """libgomp ends a process that cannot start a thread; here the call is one thread's."""
    code = LONG + """
import resource
out = np.empty_like(x)
want = fa.tanh(x)
fa.set_num_threads(64)
size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (size + (40 << 20), -1))
for _ in range(2):
    assert (fa.tanh(x, out) == want).all()
print("good")
"""
    assert run(code, OMP_NUM_THREADS="1") == "good"


def test_blocks_that_overlap_in_threads():
    """A block binds its own thread, whatever ends first, and the setting of the process is left alone."""
    fa.set_num_threads(5)
    seen, entered, leave = {}, [threading.Event() for _ in range(2)], [threading.Event() for _ in range(2)]

    def work(k):
        with fa.num_threads(k + 2):
            entered[k].set()
            leave[k].wait()
            seen[k] = fa.get_num_threads()

    threads = [threading.Thread(target=work, args=(k,)) for k in range(2)]
    for thread, event in zip(threads, entered):
        thread.start()
        event.wait()
        assert fa.get_num_threads() == 5
    for thread, event in zip(threads, leave):
        event.set()
        thread.join()
        assert fa.get_num_threads() == 5
    assert seen == {0: 2, 1: 3}
    with fa.num_threads(2):
        assert fa.set_num_threads(4) == 5 and fa.get_num_threads() == 2
        with fa.num_threads(0):
            assert fa.get_num_threads() == default_count()
    assert fa.get_num_threads() == 4


def test_blocks_of_tasks_and_generators():
    fa.set_num_threads(5)

    async def task(n):
        seen = []
        with fa.num_threads(n):
            for _ in range(3):
                await asyncio.sleep(0)
                seen += [fa.get_num_threads(), await asyncio.to_thread(fa.get_num_threads)]
        return {*seen}, fa.get_num_threads()

    async def all_tasks():
        return await asyncio.gather(*map(task, (1, 2, 3)))

    assert asyncio.run(all_tasks()) == [({1}, 5), ({2}, 5), ({3}, 5)]

    def generator(n):
        with fa.num_threads(n):
            yield fa.get_num_threads()

    first, second = generator(2), generator(3)
    assert (next(first), next(second)) == (2, 3)
    first.close()
    assert fa.get_num_threads() == 3
    thread = threading.Thread(target=second.close)  # in another context than it was begun in
    thread.start()
    thread.join()
    assert fa.get_num_threads() == 5


@pytest.mark.skipif(not os.path.exists("/proc/self/task"), reason="no list of a process's threads")
@pytest.mark.parametrize("call", ["fa.sigmoid(x)", "fa.sigmoid.ufunc(x)", "step()", "fa.softmax(x.reshape(-1, 64))",
                                  "fa.losses.mse_loss(x, x)", "fa.silu.gated(x, x)"])
def test_a_block_binds_every_way_in(call):
    """One thread inside of the block, several outside of it."""
    code = LONG + f"""
step = fa.sigmoid.bind(x, np.empty_like(x))
with fa.num_threads(1):
    {call}
assert len(os.listdir("/proc/self/task")) == 1, "threads in the block"
for _ in range(20):
    {call}
print(len(os.listdir("/proc/self/task")) > 1)
"""
    assert run(code, FASTACT_NUM_THREADS="4", OPENBLAS_NUM_THREADS="1") == "True"


@pytest.mark.parametrize("call", ["fa.losses.cross_entropy.value_and_grad(x, target)",
                                  "fa.losses.cross_entropy.value_and_grad(x, target, label_smoothing=0.1)",
                                  "fa.losses.nll_loss.value_and_grad(x, target, weight)", "fa.hardmax(x)"])
def test_writers_while_c_reads(call):
    """Classes, and elements that are searched for, change between the looks of a call without the GIL."""
    code = f"""
import threading, time, numpy as np, fastact as fa
x = np.random.default_rng(0).normal(size=(20_000, 20)).astype(np.float32)
target, weight, done = np.zeros(20_000, np.int64), np.ones(20, np.float32), threading.Event()

def write():
    while not done.is_set():
        for number in (1 << 40, 0, -1 << 40, 0):
            target[:] = number
        x[:] = x[::-1]

threads = [threading.Thread(target=write) for _ in range(2)]
for thread in threads:
    thread.start()
end, ran = time.monotonic() + 1, 0
while time.monotonic() < end:
    try:
        {call}
        ran += 1
    except (ValueError, IndexError):
        pass
done.set()
print(ran > 0)
"""
    assert run(code) == "True"


@pytest.mark.skipif(not shutil.which("taskset"), reason="no taskset")
def test_affinity():
    assert run(COUNT, prefix=("taskset", "-c", "0")) == "1"
    assert run(COUNT, prefix=("taskset", "-c", "0"), OMP_NUM_THREADS="2") == "2"


QUOTA = """set -e
mount -t tmpfs none /sys/fs/cgroup
mkdir -p "/sys/fs/cgroup/$3"
for pair in $1; do echo "${pair#*=}" | tr _ ' ' > "/sys/fs/cgroup/$3/${pair%%=*}"; done
echo "$2" > /sys/fs/cgroup/mine
mount --bind /sys/fs/cgroup/mine "/proc/$$/cgroup"
shift 3
exec "$@"
"""


@pytest.mark.skipif(fa.get_num_threads() < 2, reason="needs two processors")
@pytest.mark.parametrize("files, group, folder, expected", [
    ("cpu.max=100000_100000", "0::/", "", 1),
    ("cpu.max=50000_100000", "0::/", "", 1),
    ("cpu.max=110000_100000", "0::/", "", 2),  # a part of a processor counts as one
    ("cpu.max=max_100000", "0::/", "", None),
    ("cpu.max=100000_100000", "0::/system.slice/our.service", "system.slice/our.service", 1),
    ("cpu.max=100000_100000", "0::/system.slice/our.service", "system.slice", 1),
    ("cpu.max=100000_100000", "0::/system.slice/our.service", "other.slice", None),
    ("cpu.cfs_quota_us=100000 cpu.cfs_period_us=100000", "1:cpu:/", "cpu", 1),
    ("cpu.cfs_quota_us=-1 cpu.cfs_period_us=100000", "1:cpu:/", "cpu", None),
    ("cpu.cfs_quota_us=100000 cpu.cfs_period_us=100000", "4:cpuacct,cpu:/ours", "cpu/ours", 1),
    ("cpu.cfs_quota_us=100000 cpu.cfs_period_us=100000", "4:cpuset:/ours", "cpu/ours", None),
])
def test_quota_of_the_container(files, group, folder, expected):
    """The file system of cgroups as a process in such a container would see it."""
    unshare = ("unshare", "-m") if hasattr(os, "geteuid") and os.geteuid() == 0 else ("unshare", "-rm")
    prefix = (*unshare, "bash", "-c", QUOTA, "bash", files, group, folder)
    if not shutil.which("unshare") or subprocess.run([*prefix, "true"], capture_output=True).returncode:
        pytest.skip("no mounts of our own here")
    available = len(os.sched_getaffinity(0))
    assert run(COUNT, prefix=prefix) == str(min(expected or available, available))
    assert run(COUNT, prefix=prefix, OMP_NUM_THREADS="3") == "3"


@pytest.mark.parametrize("environment", [{}, {"FASTACT_NUM_THREADS": "2"}])
def test_threadpoolctl_limits_us(environment):
    pytest.importorskip("threadpoolctl")
    seen = run("import fastact, threadpoolctl\nbefore = fastact.get_num_threads()\n"
               "with threadpoolctl.threadpool_limits(1): print(fastact.get_num_threads())\n"
               "with threadpoolctl.threadpool_limits(1, 'openmp'): print(fastact.get_num_threads())\n"
               "print(fastact.get_num_threads() == before)", **environment)
    assert seen.split() == ["1", "1", "True"]


@pytest.mark.parametrize("order", ["import torch, fastact", "import fastact, torch"])
def test_setter_is_ours_alone(order):
    pytest.importorskip("torch")
    seen = run(f"{order}\nimport numpy as np\nbefore = torch.get_num_threads()\nfastact.set_num_threads(1)\n"
               "x = np.ones(1 << 22, np.float32)\nfastact.sigmoid(x)\nassert torch.get_num_threads() == before\n"
               "fastact.set_num_threads(3)\nfastact.sigmoid(x)\nassert torch.get_num_threads() == before\n"
               "torch.sigmoid(torch.from_numpy(x))\nprint('good')")
    assert seen == "good"


def test_environment_of_others_is_left_alone():
    seen = run("import os\nbefore = dict(os.environ)\nimport fastact\nimport ctypes\n"
               "assert dict(os.environ) == before\n"
               "c = ctypes.CDLL(None); c.getenv.restype = ctypes.c_char_p\nprint(c.getenv(b'OMP_WAIT_POLICY'))")
    assert seen == "None"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_fork_after_a_threaded_call():
    """GNU OpenMP alone hangs in the child; here the child computes on one thread."""
    code = LONG + """
import sys, warnings
warnings.simplefilter("ignore")
fa.set_num_threads(2)
want = fa.sigmoid(x)
rows = fa.softmax(x.reshape(-1, 64))
for generation in range(2):
    child = os.fork()
    if child == 0:
        same = (fa.sigmoid(x) == want).all() and (fa.softmax(x.reshape(-1, 64)) == rows).all()
        grandchild = os.fork()
        if grandchild == 0:
            os._exit(0 if (fa.sigmoid(x) == want).all() else 1)
        os._exit(0 if same and os.waitpid(grandchild, 0)[1] == 0 else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert (fa.sigmoid(x) == want).all()
print("good")
"""
    assert run(code, timeout=20) == "good"


def test_multiprocessing_by_fork():
    code = LONG + """
import multiprocessing, warnings
warnings.simplefilter("ignore")
def work(seed):
    return float(fa.tanh(x + np.float32(seed)).sum())
if __name__ == "__main__":
    fa.set_num_threads(2)
    here = [work(seed) for seed in range(4)]
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map(work, range(4)) == here
    print("good")
"""
    assert run(code, timeout=30) == "good"


@pytest.mark.contract
@each_loop
def test_many_python_threads(form):
    """Long and short calls from eight threads at once, while the setting changes."""
    rng = np.random.default_rng(0)
    sizes = (17, 1000, 40_000, 400_000)
    arrays = [inputs(form, rng.normal(0, 3, n).astype(np.float32)) for n in sizes]
    want = [call(form, a) for a in arrays]
    wrong = []

    def work(seed):
        for k in range(6):
            which = (seed + k) % len(sizes)
            if seed == 0:
                fa.set_num_threads(k % 3)
            for one, other in zip(outputs(call(form, arrays[which])), outputs(want[which])):
                if one.tobytes() != other.tobytes():
                    wrong.append((seed, k))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_softmax_from_python_threads():
    x = np.random.default_rng(0).normal(0, 3, (2000, 200))
    want, seen = fa.softmax(x), []
    threads = [threading.Thread(target=lambda: seen.append(fa.softmax(x))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 6
    for result in seen:
        assert_same_bits(result, want)


@pytest.mark.skipif(not os.path.exists("/proc/self/task"), reason="no list of a process's threads")
def test_calls_of_any_length_share_their_threads():
    """OpenMP ends the threads that a smaller team leaves out, and starting new ones takes longer than a call."""
    code = """
import os, numpy as np, fastact as fa
short, long = np.ones(1 << 14, np.float32), np.ones(1 << 22, np.float32)
fa.tanh(long, long)
threads = set(os.listdir("/proc/self/task"))
for k in range(100):
    fa.tanh(short, short), fa.tanh(long, long)
    assert set(os.listdir("/proc/self/task")) <= threads
"""
    run(code, FASTACT_NUM_THREADS="8")


def test_idle_after_the_last_call():
    """Worker threads sleep: a second later the process has used next to no processor time."""
    code = LONG + """
import time
fa.set_num_threads(2)
for _ in range(20):
    fa.sigmoid(x)
start, used = time.monotonic(), time.process_time()
time.sleep(1)
print((time.process_time() - used) / (time.monotonic() - start))
"""
    assert float(run(code)) < 0.2


def test_alternating_with_torch():
    """Two users of OpenMP in turn, in one process: both right."""
    pytest.importorskip("torch")
    seen = run("import torch, fastact as fa, numpy as np\nx = np.linspace(-4, 4, 1 << 20, dtype=np.float32)\n"
               "want = fa.silu(x)\nfor _ in range(5):\n    t = torch.nn.functional.silu(torch.from_numpy(x))\n"
               "    assert (fa.silu(x) == want).all()\nprint(abs(t.numpy() - want).max() < 1e-5)")
    assert seen == "True"
