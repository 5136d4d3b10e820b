"""The comparison with other libraries: complete, and everybody computes the same function."""
import json
import math
import sys

import numpy as np
import pytest

import fastact as fa
from fastact import bench, peers

TINY = {"n": 64, "repeat": 1}


@pytest.mark.parametrize("form", bench.FORMS)
def test_every_function_has_a_row(form):
    rows = bench.compare(form=form, peers=("numpy", "torch", "copy"), **TINY)
    assert [row["name"] for row in rows] == [
        name for name, entry in peers.ENTRIES.items() if peers.has_form(entry, form)]
    for row in rows:
        assert list(row) == ["name", "fastact_ns", "numpy_ns", "torch_ns", "copy_ns"]
        assert math.isfinite(row["fastact_ns"]) and row["fastact_ns"] > 0
        if form != "backward_from_output":
            assert (row["name"], form) == ("logsumexp", "backward") or row["numpy_ns"] > 0, row["name"]


def test_the_rows_follow_the_registry():
    rows = bench.compare(peers=(), **TINY)
    assert [row["name"] for row in rows] == list(peers.ENTRIES)


@pytest.mark.parametrize("form", bench.FORMS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_everybody_computes_the_same_function(form, dtype):
    tolerance = {"rtol": 1e-4, "atol": 1e-6} if dtype == "float32" else {"rtol": 1e-11, "atol": 1e-14}
    for name, entry in peers.ENTRIES.items():
        if not peers.has_form(entry, form):
            continue
        with peers.equal_terms(1, True):
            for place in ("out", "fresh"):
                inputs, out = peers.sample(entry, form, 4000, dtype)
                expected = np.array(peers.PEERS["fastact"](entry, form, inputs, None)())
                for peer in ("fastact", "numpy", "torch"):
                    out[...] = np.nan
                    call = peers.PEERS[peer](entry, form, inputs, out if place == "out" else None)
                    if call is None or (name, peer, dtype) == ("hard_sigmoid", "torch", "float64"):
                        continue  # torch's 1 / 6 is a float's there
                    result = np.asarray(call())
                    if name != "relu" or form != "derivative" or peer != "numpy":  # True and False will do there
                        assert result.dtype == dtype, (name, peer, place)
                    np.testing.assert_allclose(result, expected, **tolerance, err_msg=f"{name} {peer} {place}")


def test_torch_is_compared_where_it_has_the_function():
    pytest.importorskip("torch")
    rows = {form: {row["name"]: row["torch_ns"] for row in bench.compare(form=form, **TINY)} for form in bench.FORMS}
    for name in ("sigmoid", "tanh", "relu", "leaky_relu", "elu", "silu", "softmax"):
        assert rows["value"][name] is not None, name
    for name in ("relu", "leaky_relu", "elu", "silu"):
        assert rows["backward"][name] is not None, name
    for name in ("sigmoid", "tanh", "relu", "leaky_relu", "elu", "softmax"):
        assert rows["backward_from_output"][name] is not None, name
    assert rows["value"]["swish"] is None


def test_without_torch_its_column_is_empty(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    rows = bench.compare(["sigmoid", "softmax"], **TINY)
    assert [row["torch_ns"] for row in rows] == [None, None]
    assert bench.format_table(rows).splitlines()[1].endswith("-")


def test_threads_are_restored():
    torch = pytest.importorskip("torch")
    before = fa.get_num_threads(), torch.get_num_threads()
    bench.compare(["relu"], threads=1, **TINY)
    assert (fa.get_num_threads(), torch.get_num_threads()) == before
    assert not torch.is_inference_mode_enabled()


def test_names_may_be_aliases_and_unknown_ones_are_named():
    assert [row["name"] for row in bench.compare(["expit"], peers=(), **TINY)] == ["sigmoid"]
    for wrong in ({"names": ["sigmoit"]}, {"form": "forward"}, {"peers": ["nympy"]}):
        with pytest.raises(ValueError, match="sigmoit|forward|nympy"):
            bench.compare(**{**TINY, **wrong})


def test_the_table_shows_ratios_and_their_geometric_mean():
    rows = [{"name": "a", "fastact_ns": 0.5, "numpy_ns": 1.0, "torch_ns": None},
            {"name": "b", "fastact_ns": 0.1, "numpy_ns": 0.8, "torch_ns": None}]
    assert bench.format_table(rows).splitlines() == [
        "ns per element  fastact          numpy  torch",
        "a                 0.500  1.000 (2.00x)      -",
        "b                 0.100  0.800 (8.00x)      -",
        "geometric mean                   4.00x      -"]
    assert bench.format_table(rows, markdown=True).splitlines()[:3] == [
        "| ns per element | fastact | numpy | torch |", "| --- | ---: | ---: | ---: |",
        "| a | 0.500 | 1.000 (2.00x) | - |"]


def test_command_line(tmp_path, capsys):
    file = tmp_path / "speed.json"
    assert bench.main(["sigmoid", "relu", "--n", "16", "64", "--form", "backward", "--dtype", "float64",
                       "--repeat", "1", "--json", str(file)]) == 0
    shown = capsys.readouterr().out
    assert fa.isa() in shown and "backward, 64 float64" in shown and "geometric mean" in shown
    saved = json.loads(file.read_text())
    assert saved["threads"] == 1 and saved["versions"]["numpy"] == np.__version__
    assert [result["n"] for result in saved["results"]] == [16, 64]
    with pytest.raises(SystemExit):
        bench.main(["nothing", "--repeat", "1"])
    assert "nothing" in capsys.readouterr().err


def test_memory_adds_a_copy(monkeypatch, capsys):
    monkeypatch.setattr(bench, "MEMORY_N", 4096)
    bench.main(["relu", "--memory", "--repeat", "1", "--peers", "numpy"])
    assert capsys.readouterr().out.splitlines()[3].split() == ["ns", "per", "element", "fastact", "numpy", "copy"]


def test_readme_is_written_between_its_markers(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{bench.BEGIN}\nstale\n{bench.END}\nafter\n")
    bench.write_readme(readme, repeat=1)
    text = readme.read_text()
    assert text.startswith(f"before\n{bench.BEGIN}\n") and text.endswith(f"{bench.END}\nafter\n")
    assert "stale" not in text and fa.isa() in text
    for name in fa.activations:
        assert f"| {name} |" in text
    readme.write_text("no markers")
    with pytest.raises(ValueError, match="markers"):
        bench.write_readme(readme, repeat=1)
