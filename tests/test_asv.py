"""The asv suite: it has a row for every function, and every benchmark runs."""
import importlib
import itertools
import json
import sys
from pathlib import Path

import pytest

import fastact as fa
from fastact import peers, registry

ROOT = Path(__file__).parent.parent / "asv_bench"
FILES = ("elementwise", "overhead", "rows", "training")
LARGEST = 4096

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
    """The names of the methods that asv times."""
    return [name for name in dir(case) if name.startswith("time_")]


def combinations(case):
    """The benchmark's parameters, with small sizes only."""
    axes = case.params if isinstance(case.params, tuple) else (case.params,)
    small = [[min(value, LARGEST) if isinstance(value, int) else value for value in axis] for axis in axes]
    return sorted(set(itertools.product(*small)))


def test_the_config_names_this_project():
    config = json.loads((ROOT / "asv.conf.json").read_text())
    assert config["project"] == "fastact" and config["repo"] == ".."
    assert (ROOT / config["benchmark_dir"]).is_dir()
    assert {"numpy", "cython", "setuptools"} <= set(config["matrix"]["req"])


def test_every_file_is_tested():
    assert {path.stem for path in (ROOT / "benchmarks").glob("*.py")} == {"__init__", "common", *FILES}


@pytest.mark.parametrize("name", [entry.name for entry in registry.ACTIVATIONS])
def test_every_activation_has_its_rows(name):
    elementwise = module("elementwise")
    assert name in elementwise.Elementwise.params[0], f"{name} has no row in asv_bench/benchmarks/elementwise.py"
    assert name in elementwise.Place.params[0], f"{name} has no row in asv_bench/benchmarks/elementwise.py"
    assert name in module("overhead").Call.params[0], f"{name} has no row in asv_bench/benchmarks/overhead.py"


@pytest.mark.parametrize("name", [entry.name for entry in registry.ROWS])
def test_every_row_function_has_its_rows(name):
    assert name in module("rows").Rows.params[0], f"{name} has no row in asv_bench/benchmarks/rows.py"


@pytest.mark.parametrize("case", benchmarks())
def test_every_benchmark_runs(case):
    ran = set()
    for values in combinations(case):
        benchmark = case()
        try:
            benchmark.setup(*values)
        except NotImplementedError:
            entry = peers.ENTRIES[values[0]]
            lacking = case.__name__ == "FromOutput" or any(v in registry.FORMS and not peers.has_form(entry, v) for v in values)
            assert "fastact" not in values or lacking, values
            continue
        for method in timed(case):
            getattr(benchmark, method)(*values)
        if hasattr(benchmark, "teardown"):
            benchmark.teardown(*values)
        ran.add(values)
    assert ran


def test_any_version_of_the_package_will_do(monkeypatch):
    common = module("common")
    monkeypatch.setattr(common, "peers", None)
    with pytest.raises(NotImplementedError):
        module("elementwise").Elementwise().setup("sigmoid", "fastact", "value", 16, "float32")


def test_threads_are_restored():
    before = fa.get_num_threads()
    for case, values in ((module("elementwise").Elementwise, ("relu", "fastact", "value", 16, "float32")),
                         (module("training").TrainStep, ("relu", "fastact"))):
        benchmark = case()
        benchmark.setup(*values)
        assert fa.get_num_threads() == 1
        benchmark.teardown(*values)
        assert fa.get_num_threads() == before
