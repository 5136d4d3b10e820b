"""asv's results become README's tables and the plot."""
import importlib.util
import itertools
import json
import math
from pathlib import Path

import pytest

from fastact.bench import cases, contenders, tables as bench_tables

SCRIPT = Path(__file__).parent.parent / "asv_bench" / "report.py"

pytestmark = pytest.mark.skipif(not SCRIPT.exists(), reason="not a source tree")


@pytest.fixture
def report():
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("report", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def saved(**benchmarks):
    """A file of asv's: for each benchmark, its axes and a function from parameters to seconds."""
    results = {}
    for name, (axes, seconds) in benchmarks.items():
        figures = [seconds(*key) for key in itertools.product(*axes)]
        results[name.replace("__", ".")] = [figures, [[repr(value) for value in axis] for axis in axes], "version"]
    return {"commit_hash": "0123456789", "date": 0, "python": "3.12", "params": {"cpu": "a processor"},
            "result_columns": ["result", "params", "version"], "results": results}


@pytest.fixture
def folder(tmp_path):
    """Results in which NumPy takes twice fastact's time, torch three times, and tanh lacks torch."""
    factor = {"fastact": 1, "numpy": 2, "torch": 3, "copy": 0.5}
    names = ["relu", "tanh"]

    def forms(name, library, form, dtype):
        lacking = (name, library) == ("tanh", "torch")
        return math.nan if lacking else None if form == "other" else 65536e-9 * factor[library]

    def sizes(name, library, n):
        return n * 1e-9 * factor[library]

    content = saved(
        elementwise__Forms__time_out=(
            (names, ["fastact", "numpy", "torch"], ["value", "other", "backward"], ["float32"]), forms),
        elementwise__Sizes__time_out=((names, ["fastact", "copy"], [16, 65536]), sizes),
        overhead__Call__time_100_calls=(
            (["relu"], ["fastact", "numpy"], ["out", "fresh"]), lambda *key: 100 * 50e-9),
        overhead__Bound__time_100_calls=((["relu"],), lambda name: 100 * 20e-9),
        rows__Rows__time_out=((["softmax"], ["fastact", "numpy"], ["value"], ["rows of 1000", "rows of 16"], ["float32"]),
                              lambda name, library, form, layout, dtype: 64000e-9 * factor[library]),
    )
    file = tmp_path / "results" / "machine" / "abc.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(content))
    (file.parent / "machine.json").write_text("{}")
    return tmp_path


def test_tables(report, folder):
    times, content = report.read(report.newest(folder / "results"))
    groups = {case.label: report.rows(case, times) for case in cases.readme_runs()}
    value = {row["name"]: row for row in groups["value, 64 Ki float32"]}
    assert list(value) == ["tanh", "relu", "softmax"]  # in registry order
    assert value["relu"]["fastact_ns"] == pytest.approx(1) and value["relu"]["copy_ns"] == pytest.approx(0.5)
    assert value["tanh"]["numpy_ns"] == pytest.approx(2) and value["tanh"]["torch_ns"] is None
    assert value["softmax"]["fastact_ns"] == pytest.approx(64000 / 64000)
    calls = {label: rows[0] for label, rows in groups.items() if "a call on" in label and rows}
    assert [row["fastact_ns"] for row in calls.values()] == pytest.approx([50, 50, 20])
    assert [row["numpy_ns"] for row in calls.values()] == pytest.approx([50, 50, 50])
    assert "commit 01234567 of 1970-01-01" in report.describe(content)


def test_every_benchmark_that_the_tables_need_is_in_the_suite(report, monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    for case in cases.readme_runs():
        for name in case.options["names"]:
            entry = contenders.ENTRIES[name]
            if name in report.ROWS and case.what in ("memory", "forms", "mlp", "dtypes") or not contenders.has_form(
                    entry, case.options.get("form", "value")):
                continue
            for side in ("fastact", *case.yardsticks):
                (benchmark, *key), _ = report._key(case, name, side)
                if not benchmark or side == "copy" and name in report.ROWS or (
                        name in report.ROWS and benchmark == "overhead.Bound"):
                    continue
                file, class_name = benchmark.split(".")
                axes = getattr(importlib.import_module(f"benchmarks.{file}"), class_name).params
                axes = axes if isinstance(axes, tuple) else (axes,)
                assert all(value in axis for value, axis in zip(key, axes, strict=True)), (case.label, benchmark, key)


def test_readme_and_plot_are_written(report, folder, capsys):
    pytest.importorskip("matplotlib")
    readme, plot = folder / "README.md", folder / "speed.png"
    readme.write_text(f"before\n{bench_tables.BEGIN}\nstale\n{bench_tables.END}\nafter\n")
    assert report.main(["--file", str(report.newest(folder / "results")), "--readme", str(readme), "--plot", str(plot)]) == 0
    text = readme.read_text()
    assert text.startswith("before\n") and text.endswith("after\n") and "stale" not in text
    assert "| `relu` | 1.000 | 2.000 (2.00x) | 3.000 (3.00x) | 1.000 |" in text
    assert "a processor" in text
    assert plot.read_bytes().startswith(b"\x89PNG")
    readme.write_text("no markers")
    with pytest.raises(SystemExit):
        report.main(["--file", str(report.newest(folder / "results")), "--readme", str(readme), "--plot", str(plot)])
    assert "markers" in capsys.readouterr().err


def test_without_results_it_says_so(report, tmp_path):
    with pytest.raises(FileNotFoundError, match="asv"):
        report.newest(tmp_path)
