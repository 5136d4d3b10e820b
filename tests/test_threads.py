"""Threads: how many, whose, and what happens around fork, other libraries and Python threads."""
import os
import shutil
import subprocess
import sys
import threading

import numpy as np
import pytest

import fastact as fa
from axes import assert_same_bits

LONG = "import os, numpy as np, fastact as fa\nx = np.linspace(-5, 5, 1 << 22, dtype=np.float32)\n"


def run(code, prefix=(), timeout=60, **environment):
    """What a fresh Python prints, with these environment variables and no others about threads."""
    env = {name: value for name, value in os.environ.items()
           if name not in ("OMP_NUM_THREADS", "FASTACT_NUM_THREADS", "OMP_THREAD_LIMIT")}
    done = subprocess.run([*prefix, sys.executable, "-c", code], env={**env, **environment}, capture_output=True,
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


@pytest.mark.parametrize("name", ["OMP_NUM_THREADS", "FASTACT_NUM_THREADS"])
def test_environment(name):
    assert run(COUNT, **{name: "3"}) == "3"
    assert run(COUNT, **{name: "1"}) == "1"


def test_senseless_environment_counts_as_none():
    for text in ("", "0", "-2", "many"):
        assert int(run(COUNT, FASTACT_NUM_THREADS=text)) >= 1


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


def test_many_python_threads(form):
    """Long and short calls from eight threads at once, while the setting changes."""
    from axes import call, inputs, outputs

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
