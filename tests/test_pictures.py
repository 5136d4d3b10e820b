"""The pictures of speed and accuracy: what bench --json says is what they and the tables behind them show."""
import json
import re
import sys
from pathlib import Path

import pytest

from fastact import registry
from fastact.bench import main

DOCS = Path(__file__).parents[1] / "docs"
pytestmark = pytest.mark.skipif(not (DOCS / "conf.py").exists(), reason="needs the source tree")


@pytest.fixture(scope="module")
def pictures():
    """docs/pictures.py."""
    pytest.importorskip("numpydoc")
    pytest.importorskip("matplotlib")
    sys.path.insert(0, str(DOCS))
    try:
        import pictures
    finally:
        sys.path.remove(str(DOCS))
    return pictures


@pytest.fixture(scope="module")
def found(pictures, tmp_path_factory):
    """A short run of the benchmarks, and one that says another instruction set."""
    folder = tmp_path_factory.mktemp("runs")
    files = []
    for k, options in enumerate(([], ["--form", "backward"], ["--form", "backward_from_output"], ["--n", "16777216"])):
        files.append(folder / f"{k}.json")
        names = ["relu"] if "--n" in options else pictures.SHOWN
        assert main([*names, *options, "--repeat", "1", "--peers", "numpy", "--json", str(files[-1])]) == 0
    files.append(folder / "another.json")
    files[-1].write_text(json.dumps({**json.loads(files[0].read_text()), "isa": "another"}))
    return pictures.measured(files)


def test_measurements_by_instruction_set_case_and_function(pictures, found):
    first, second = found
    assert second == "another" and pictures.case(found, first) == pictures.case(found, second)
    assert list(pictures.case(found, first)) == sorted(pictures.SHOWN, key=list(registry.by_name()).index)
    assert pictures.case(found, first, pictures.MEMORY)["relu"].keys() == {"fastact_ns", "numpy_ns", "copy_ns"}
    assert pictures.case(found, "third") == {}


def test_backward_takes_the_output_where_torch_does(pictures):
    label = "backward{}, 64 Ki float32".format
    rows = {label(""): {"tanh": {"fastact_ns": 2.0}, "relu": {"fastact_ns": 1.0, "torch_ns": 3.0}},
            label("_from_output"): {name: {"fastact_ns": 0.5, "torch_ns": 0.7} for name in ("tanh", "relu")}}
    assert pictures.backward({"avx512": {"cases": rows}}, "avx512") == {
        "tanh *": {"fastact_ns": 0.5, "torch_ns": 0.7}, "relu": {"fastact_ns": 1.0, "torch_ns": 3.0}}


def test_the_page_shows_the_figures(pictures, found, tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "MEASURED", tmp_path / "speed.json")
    pictures.MEASURED.write_text(json.dumps(found))
    pictures.write(tmp_path)
    text = (tmp_path / "pictures.rst").read_text()
    for row in pictures.case(found, next(iter(found))).values():
        assert f"- {pictures.tables.number(row['fastact_ns'])}\n" in text
    images = re.findall(r"image:: (pictures/\S+)\n      :class: only-(light|dark)", text)
    assert len(images) == 2 * text.count("<details>") == 12
    for image, scheme in images:
        assert pictures.SCHEMES[scheme][0] in (tmp_path / image).read_text()


def test_the_badges_are_true(pictures):
    """They say what pyproject.toml says."""
    project = (DOCS.parent / "pyproject.toml").read_text()
    shown = re.findall(r"<text[^>]*>([^<]*)</text>", pictures.BADGES.read_text())
    versions = re.findall(r'Python :: (3\.\d+)"', project)
    assert shown == ["python", f"{versions[0]} to {versions[-1]}", "licence", re.search('license = "(.*)"', project)[1],
                     "depends on", re.search(r'dependencies = \["(\w+)[^",]*"\]', project)[1]]
    assert f'requires-python = ">={versions[0]}"' in project and pictures.badges() == pictures.BADGES.read_text()


def test_the_projects_measurements(pictures):
    found = json.loads(pictures.MEASURED.read_text())
    for isa, machine in found.items():
        assert machine["cpu"] and machine["versions"]["torch"]
        assert set(pictures.SHOWN) <= set(pictures.case(found, isa))
        assert {name for rows in machine["cases"].values() for name in rows} <= {
            entry.name for entry in (*registry.ACTIVATIONS, *registry.ROWS)}
    shown = (DOCS / "speed-light.svg").read_text()
    rows = pictures.case(found, next(iter(found)))
    for name in pictures.SHOWN:
        assert f">{name}<" in shown and f">{rows[name]['fastact_ns']:.2f}<" in shown
