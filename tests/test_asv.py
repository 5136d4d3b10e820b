"""The asv suite: it has a row for every function, and every benchmark runs."""
import html
import importlib
import itertools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import fastact as fa
from fastact import registry
from fastact.bench import contenders

ROOT = Path(__file__).parent.parent / "asv_bench"
FILES = ("elementwise", "forms", "memory", "overhead", "rows", "threads", "tracked", "training")
LARGEST = 4096
LATER = ("float64", "float16", "bfloat16")  # in test_other_dtypes_run

pytestmark = pytest.mark.skipif(not ROOT.exists(), reason="not a source tree")


def module(name):
    """One file of the suite."""
    sys.path.insert(0, str(ROOT))
    try:
        return importlib.import_module(f"benchmarks.{name}")
    finally:
        sys.path.remove(str(ROOT))


def benchmarks():
    """Every benchmark class."""
    return [pytest.param(case, id=f"{name}.{case.__name__}") for name in FILES for case in vars(module(name)).values()
            if isinstance(case, type) and timed(case)]


def timed(case):
    """The names of the methods that asv measures."""
    return [name for name in dir(case) if name.startswith(("time_", "timeraw_", "peakmem_", "track_"))]


def combinations(case):
    """The benchmark's parameters, with small sizes only."""
    params = getattr(case, "params", ())
    axes = params if isinstance(params, tuple) else (params,)
    small = [[min(value, LARGEST) if isinstance(value, int) else value for value in axis] for axis in axes]
    small[1:] = [[value for value in axis if value not in LATER] for axis in small[1:]]
    return sorted(set(itertools.product(*small)))


def test_the_config_names_this_project():
    config = json.loads((ROOT / "asv.conf.json").read_text())
    assert config["project"] == "fastact" and config["repo"] == ".."
    assert (ROOT / config["benchmark_dir"]).is_dir()
    assert {"numpy", "torch", "cython", "setuptools"} <= set(config["matrix"]["req"])
    assert config["launch_method"] == "forkserver"  # otherwise each row imports torch again


def test_every_file_is_tested():
    assert {path.stem for path in (ROOT / "benchmarks").glob("*.py")} == {"__init__", "common", *FILES}


@pytest.mark.thorough
def test_asv_accepts_the_suite():
    pytest.importorskip("asv")
    environment = {**os.environ, "ASV_PYTHONPATH": str(Path(fa.__file__).parent.parent)}
    run = subprocess.run([sys.executable, "-m", "asv", "check", "-E", f"existing:{sys.executable}"], cwd=ROOT,
                         env=environment, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stdout + run.stderr


def test_every_function_has_its_rows():
    elementwise = module("elementwise")
    for case in (elementwise.Sizes, elementwise.Forms, elementwise.Place, module("overhead").Call, module("forms").Fused,
                 module("threads").Threads, module("memory").Peak, module("training").TrainStep):
        assert {entry.name for entry in registry.ACTIVATIONS} <= set(case.params[0]), case
    assert {entry.name for entry in registry.ROWS} <= set(module("rows").Rows.params[0])


@pytest.mark.parametrize("case", benchmarks())
def test_every_benchmark_runs(case, monkeypatch):
    monkeypatch.setattr(module("memory"), "N", LARGEST)
    ran = set()
    for values in combinations(case):
        benchmark = case()
        try:
            getattr(benchmark, "setup", lambda *values: None)(*values)
        except NotImplementedError:
            lacking = any(v in registry.FORMS and not contenders.has_form(contenders.ENTRIES[values[0]], v) for v in values)
            assert "fastact" not in values or lacking, values
            benchmark.teardown(*values)
            continue
        for method in timed(case):
            getattr(benchmark, method)(*values)
        if hasattr(benchmark, "teardown"):
            benchmark.teardown(*values)
        ran.add(values)
    assert ran


@pytest.mark.parametrize("dtype", LATER)
def test_other_dtypes_run(dtype):
    if dtype == "bfloat16":
        pytest.importorskip("ml_dtypes")
    benchmark = module("elementwise").Forms()
    for name, library, form in itertools.product(("relu", "gelu", "mish"), ("fastact", "numpy"), ("value", "backward")):
        benchmark.setup(name, library, form, dtype)
        assert np.asarray(benchmark.call()).dtype == dtype
        benchmark.teardown()


@pytest.mark.thorough
def test_the_quick_suite_is_a_part_of_the_whole(tmp_path):
    count = "\n".join([
        "import importlib, math", f"names = {FILES!r}",
        "cases = {c for n in names for c in vars(importlib.import_module('benchmarks.' + n)).values()",
        "         if isinstance(c, type) and any(m.startswith(('time_', 'peakmem_')) for m in dir(c))}",
        "axes = [c.params if isinstance(c.params, tuple) else (c.params,) for c in cases]",
        "print(sum(math.prod(map(len, each)) for each in axes))"])

    def rows(**extra):
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]), **extra}
        run = subprocess.run([sys.executable, "-c", count], env=environment, capture_output=True, text=True, check=True)
        return int(run.stdout)

    assert 0 < 5 * rows(FASTACT_BENCH="quick") < rows(FASTACT_BENCH="")


@pytest.mark.parametrize("name", ["tanh", "gelu", "hard_silu", "threshold"])
def test_tracked_errors_and_bits(name, monkeypatch):
    """The tracked error is within the bound and sees a wrong result; the checksum sees a changed bit."""
    results = module("tracked").Results()
    results.setup(name, "value")
    error, bits = results.track_worst_error(name, "value"), results.track_bits(name, "value")
    assert error <= fa.activations[name].info.float32.value
    right = results.call
    results.call = lambda x, *more: np.nextafter(right(x, *more), x.dtype.type(np.inf)) if x.dtype == "f4" else right(x, *more)
    assert results.track_worst_error(name, "value") > error and results.track_bits(name, "value") != bits


def test_any_version_of_the_package_will_do(monkeypatch):
    common = module("common")
    monkeypatch.setattr(common, "contenders", None)
    with pytest.raises(NotImplementedError):
        module("elementwise").Sizes().setup("sigmoid", "fastact", 16)


def test_threads_are_restored():
    before = fa.get_num_threads()
    for case, values in ((module("elementwise").Sizes, ("relu", "fastact", 16)),
                         (module("training").TrainStep, ("relu", "fastact"))):
        benchmark = case()
        benchmark.setup(*values)
        assert fa.get_num_threads() == 1
        benchmark.teardown(*values)
        assert fa.get_num_threads() == before


def test_the_page_of_history(tmp_path):
    """Regressions and the history of fastact's own rows, without anything from elsewhere."""
    asv = pytest.importorskip("asv")
    from asv.graph import GraphSet

    sys.path.insert(0, str(ROOT))
    try:
        import history
    finally:
        sys.path.remove(str(ROOT))
    benchmarks = {"call": {"name": "call", "unit": "seconds", "param_names": ["name", "library"],
                           "params": [["'relu'", "'tanh'"], ["'fastact'", "'torch'"]]},
                  "size": {"name": "size", "unit": "bytes", "param_names": [], "params": []}}
    graphs, commits = GraphSet(), {f"{k}" * 40: k for k in (1, 2, 3)}
    for k, times in enumerate(([2e-6, 3e-6, 4e-6, 5e-6], [2e-6, 3e-6, float("nan"), 5e-6], [3e-6, 9e-6, 4e-6, 5e-6]), 1):
        graphs.get_graph("call", {"machine": "<here>"}).add_data_point(k, times)
    graphs.get_graph("size", {"machine": "<there>"}).add_data_point(3, 1000)
    found = [["call('relu', 'fastact')", "", {}, 0, 3e-6, 2e-6, [[None, 3, 2e-6, 3e-6]]],
             ["call('relu', 'torch')", "", {}, 1, 9e-6, 3e-6, [[2, 3, 3e-6, 9e-6]]]]
    shutil.copy(Path(asv.__file__).parent / "www" / "index.html", tmp_path)
    (tmp_path / "regressions.json").write_text(json.dumps({"regressions": found}))
    history.History.publish(SimpleNamespace(html_dir=str(tmp_path), project="a & b"), None, benchmarks, graphs, commits)
    page = (tmp_path / "history.html").read_text()
    above, below = html.unescape(page).split("<h2>History</h2>")
    assert "<td>call('relu', 'fastact')</td><td>2.00\u03bcs</td><td>3.00\u03bcs</td><td>1.50x</td><td>33333333</td>" in above
    assert "<td>relu, fastact machine=<here></td><td>3.00\u03bcs</td><td>1.50x</td><td>11111111 to 33333333</td>" in below
    assert "<td>tanh, fastact machine=<here></td><td>4.00\u03bcs</td><td>1.00x</td>" in below
    assert "<td>machine=<there></td><td>1k</td>" in below
    assert "torch" not in page and "<script" not in page and "://" not in page and "a &amp; b" in page and "&lt;here&gt;" in page
    assert 'href="history.html"' in (tmp_path / "index.html").read_text()
