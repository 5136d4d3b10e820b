"""The comparison with other libraries is complete, and all of them compute the same function."""
import dataclasses
import importlib.util
import json
import math
import subprocess
import sys

import numpy as np
import pytest

import fastact as fa
from fastact import bench, registry
from fastact._tools import pages
from fastact.bench import cases, contenders, machine, mlp, plot, timing

TINY = {"n": 64, "repeat": 1}
LIBRARIES = ("numpy", "torch", "onnxruntime", "jax", "numexpr", "scipy")
SINGLE = {  # computed with a float's constants or steps there, in float64 too
    ("hard_sigmoid", "torch"), ("gelu_tanh", "onnxruntime"), ("quick_gelu", "onnxruntime"),
}


@pytest.mark.parametrize("form", bench.FORMS)
def test_every_function_has_a_row(form):
    rows = bench.compare(form=form, peers=("numpy", "torch", "copy"), **TINY)
    assert [row["name"] for row in rows] == [
        name for name, entry in contenders.ENTRIES.items() if contenders.has_form(entry, form)]
    for row in rows:
        assert list(row) == ["name", "fastact_ns", "numpy_ns", "torch_ns", "copy_ns", "unit", "raw"]
        assert math.isfinite(row["fastact_ns"]) and row["fastact_ns"] > 0
        if form != "backward_from_output":
            assert (row["name"], form) == ("logsumexp", "backward") or row["numpy_ns"] > 0, row["name"]


def test_new_entries_are_measured(monkeypatch):
    """What is in the registry, without a line in the benchmarks."""
    trial = dataclasses.replace(registry.ACTIVATIONS[0], name="trial")
    monkeypatch.setitem(contenders.ENTRIES, "trial", trial)
    monkeypatch.setattr(registry, "ROWS", (*registry.ROWS, dataclasses.replace(registry.ROWS[0], name="trial_row")))
    for what in cases.WHAT:
        for case in cases.cases(what):
            assert ("trial_row" if what == "rows" else "trial") in case.options["names"], what


def results_of(call):
    """The results as NumPy arrays."""
    result = call()
    result = result if isinstance(result, (tuple, list)) else (result,)
    return [np.asarray(part) for part in result]


@pytest.mark.parametrize("peer", [*LIBRARIES, "two_calls"])
@pytest.mark.parametrize("dtype", ["float32", pytest.param("float64", marks=pytest.mark.thorough)])
def test_everybody_computes_the_same_function(peer, dtype):
    if peer not in ("numpy", "two_calls"):
        pytest.importorskip(peer)
    tolerance = {"rtol": 1e-4, "atol": 1e-6} if dtype == "float32" else {"rtol": 1e-11, "atol": 1e-13}
    compared = 0
    with contenders.equal_terms(1, [peer]):
        for form in bench.FORMS:
            for name, entry in contenders.ENTRIES.items():
                if not contenders.has_form(entry, form):
                    continue
                inputs, out = contenders.sample(entry, form, 2000, dtype)
                expected = results_of(contenders.fastact_call(entry, form, inputs, None))
                for place in ("fresh",) if peer == "jax" else ("out", "fresh"):  # JAX makes fresh results always
                    call = contenders.contender(peer, entry, form, inputs, out, place)
                    if call is None or dtype == "float64" and (name, peer) in SINGLE:
                        continue
                    for result, exact in zip(results_of(call), expected, strict=True):
                        if (name, form, peer) != ("relu", "derivative", "numpy"):  # True and False will do there
                            assert result.dtype == dtype, (name, form, place)
                        scale = len(inputs[0]) if exact.shape != expected[0].shape else 1  # a sum of so many
                        np.testing.assert_allclose(result, exact, tolerance["rtol"], tolerance["atol"] * scale,
                                                   err_msg=f"{name} {form} {peer} {place}")
                    compared += 1
    assert compared > 10


@pytest.mark.parametrize("form", bench.FORMS)
def test_our_own_calls_agree_wherever_the_result_goes(form):
    for name, entry in contenders.ENTRIES.items():
        if not contenders.has_form(entry, form):
            continue
        inputs, out = contenders.sample(entry, form, 100, "float32")
        expected = results_of(contenders.contender("fastact", entry, form, inputs, out, "fresh"))
        for place in ("out", "bind"):
            for part in out if isinstance(out, tuple) else (out,):
                part[...] = np.nan
            call = contenders.contender("fastact", entry, form, inputs, out, place)
            if call is not None:
                call()
                for part, exact in zip(out if isinstance(out, tuple) else (out,), expected, strict=True):
                    np.testing.assert_array_equal(part, exact, err_msg=f"{name} {place}")


def test_torch_is_compared_where_it_has_the_function():
    pytest.importorskip("torch")
    rows = {form: {row["name"]: row["torch_ns"] for row in bench.compare(form=form, **TINY)} for form in bench.FORMS}
    for name in ("sigmoid", "tanh", "relu", "leaky_relu", "elu", "silu", "softmax"):
        assert rows["value"][name] is not None, name
    for name in ("relu", "leaky_relu", "elu", "silu"):
        for form in ("backward", "gated_backward", "biased_backward"):
            assert rows[form][name] is not None, name
    for name in ("sigmoid", "tanh", "relu", "leaky_relu", "elu", "softmax"):
        assert rows["backward_from_output"][name] is not None, name
    assert rows["value"]["swish"] is None and rows["gated"]["swish"] is None


@pytest.mark.parametrize("peer", LIBRARIES[1:])
def test_without_a_library_its_column_is_empty(peer, monkeypatch):
    module = "scipy.special" if peer == "scipy" else peer
    monkeypatch.setitem(sys.modules, module, None)
    rows = bench.compare(["sigmoid", "softmax"], peers=[peer], **TINY)
    assert [row[f"{peer}_ns"] for row in rows] == [None, None]
    assert bench.format_table(rows).splitlines()[1].endswith("-")
    assert mlp.compare(["relu"], [peer], 1, 1, timing.Progress(1, False))[0][f"{peer}_ns"] is None


def test_what_is_missing_is_named(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "numexpr", None)
    bench.main(["relu", "--n", "16", "--repeat", "1", "--peers", "numexpr"])
    assert 'pip install "fastact[' in capsys.readouterr().err


def test_threads_are_restored():
    torch = pytest.importorskip("torch")
    before = fa.get_num_threads(), torch.get_num_threads()
    bench.compare(["relu"], threads=1, **TINY)
    assert (fa.get_num_threads(), torch.get_num_threads()) == before
    assert not torch.is_inference_mode_enabled()


def test_names_may_be_aliases_and_unknown_ones_are_named():
    assert [row["name"] for row in bench.compare(["expit"], peers=(), **TINY)] == ["sigmoid"]
    for wrong in ({"names": ["sigmoit"]}, {"form": "forward"}, {"peers": ["nympy"]}, {"place": "oot"}):
        with pytest.raises(ValueError, match="sigmoit|forward|nympy|oot"):
            bench.compare(**{**TINY, **wrong})


def test_each_side_takes_its_turn():
    order = []
    raw = timing.measure({"a": lambda: order.append("a"), "b": lambda: order.append("b"), "c": None}, 3)
    assert list(raw) == ["a", "b"]
    turns = [side for side, before in zip(order, ["", *order]) if side != before]
    assert turns == ["a", "b"] * 4  # to warm up, and three samples
    for of in raw.values():
        assert 0 < of["min_ns"] <= of["median_ns"] and of["samples"] == 3 and of["calls_per_sample"] >= 1


def test_training_steps_of_the_libraries_learn():
    for library in ("fastact", "numpy", "torch"):
        with contenders.equal_terms(1, [library]):
            step = mlp.LIBRARIES[library](contenders.ENTRIES["silu"])
            if step is not None:
                losses = [float(step()) for _ in range(150)]
                assert losses[-1] < 0.5 * losses[0], library
    (row,) = mlp.compare(["silu", "softmax"], ["numpy"], 1, 1, timing.Progress(1, False))
    assert row["fastact_ns"] > 0 and row["numpy_ns"] > 0 and row["unit"] == "us per step"


def test_the_table_shows_ratios_and_their_geometric_mean():
    rows = [{"name": "a", "fastact_ns": 0.5, "numpy_ns": 1.0, "torch_ns": None},
            {"name": "b", "fastact_ns": 0.1, "numpy_ns": 0.8, "torch_ns": None}]
    assert bench.format_table(rows).splitlines() == [
        "ns per element  fastact          numpy  torch",
        "a                 0.500  1.000 (2.00x)      -",
        "b                 0.100  0.800 (8.00x)      -",
        "geometric mean                   4.00x      -"]
    assert bench.format_table(rows, markdown=True).splitlines()[:3] == [
        "| ns per element | fastact | numpy | torch |", "|---|---:|---:|---:|",
        "| a | 0.500 | 1.000 (2.00x) | - |"]


def test_the_summary_names_the_worst():
    rows = [{"name": "a", "fastact_ns": 2000, "numpy_ns": 4000, "copy_ns": 1000, "unit": "us per step"},
            {"name": "b", "fastact_ns": 2000, "numpy_ns": 1000, "copy_ns": None, "unit": "us per step"}]
    assert bench.summary({"steps": rows}).splitlines()[1].split() == [
        "steps", "2.000", "us", "1.00x", "(b", "0.50x)", "a", "copy:", "0.50x"]


def test_command_line(tmp_path, capsys):
    file = tmp_path / "speed.json"
    assert bench.main(["sigmoid", "relu", "--n", "16", "64", "--form", "backward", "--dtype", "float64",
                       "--repeat", "1", "--json", str(file)]) == 0
    shown = capsys.readouterr().out
    assert fa.isa() in shown and "backward, 64 float64" in shown and "geometric mean" in shown and "a copy" in shown
    saved = json.loads(file.read_text())
    assert saved["threads"] == 1 and saved["isa"] == fa.isa() and saved["versions"]["numpy"] == np.__version__
    assert {"cpu", "default_threads", "cpus", "caches"} <= set(saved)
    assert {"numpy", "fastact"} <= set(saved["import_order"])
    assert [result["options"]["n"] for result in saved["results"]] == [16, 64]
    raw = saved["results"][0]["rows"][0]["raw"]["fastact"]
    assert 0 < raw["min_ns"] <= raw["median_ns"]
    with pytest.raises(SystemExit):
        bench.main(["nothing", "--repeat", "1"])
    assert "nothing" in capsys.readouterr().err


needs_avx2 = pytest.mark.skipif(fa.isa() not in ("avx2", "avx512"), reason="needs AVX2")


@needs_avx2
def test_the_libraries_are_held_to_an_instruction_set():
    options = ["relu", "--n", "16", "--repeat", "1", "--peers", "numpy", "--isa", "avx2"]
    command = [sys.executable, "-m", "fastact", "bench", *options]
    header = subprocess.run(command, capture_output=True, text=True, check=True).stdout.partition("\n")[0]
    assert ", avx2 (NumPy, torch with oneDNN and MKL, and JAX are held to it" in header
    assert "held" not in machine.describe(machine.environment(1))


@needs_avx2
@pytest.mark.parametrize("library", ["numpy", pytest.param("torch", marks=pytest.mark.thorough)])
def test_the_variables_hold_them(library):
    pytest.importorskip(library)
    script = {"numpy": "from numpy.lib.introspect import opt_func_info as info\n"
                       "print(info('^tanh')['tanh']['ff']['current'] in ('X86_V3', 'AVX2', 'FMA3__AVX2', 'AVX2 FMA3'))",
              "torch": "import torch; print(torch.backends.cpu.get_cpu_capability() == 'AVX2')"}[library]
    done = subprocess.run([sys.executable, "-c", script], env=machine.held_environment("avx2"), capture_output=True, text=True)
    assert done.stdout.strip() == "True", done.stderr


def test_all_tables(capsys, monkeypatch):
    monkeypatch.setattr(cases, "MEMORY_N", 4096)
    monkeypatch.setattr(cases, "BEYOND_N", 8192)
    pytest.importorskip("ml_dtypes")
    assert bench.main(["relu", "softmax", "--what", "all", "--repeat", "1", "--peers", "numpy"]) == 0
    shown = capsys.readouterr().out
    for word in ("rows of 16", "a call on 16 float32, bound", "np.negative", "4 Ki float32, a fresh output", "gated_backward",
                 "two calls", "bfloat16", "us per step", "geometric means"):
        assert word in shown, word
    with pytest.raises(SystemExit):
        bench.main(["relu", "--what", "rows"])
    assert "relu" in capsys.readouterr().err


def test_plot(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    monkeypatch.setattr(cases, "PLOT_SIZES", (16, 64))
    file = tmp_path / "speed.png"
    assert bench.main(["relu", "tanh", "--plot", str(file), "--repeat", "1"]) == 0
    assert file.read_bytes().startswith(b"\x89PNG")
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"fastact\[plot\]"):
        plot.draw({"relu": {"fastact": [(16, 1.0)]}}, file)


def test_the_description_tells_of_a_limit():
    where = {**machine.environment(1), "cpus": 8}
    with fa.num_threads(3):
        assert machine.environment(1)["default_threads"] == 3
    assert "limited to 3 of 8 CPUs" in machine.describe({**where, "default_threads": 3})
    assert "limited" not in machine.describe({**where, "default_threads": 8})


def test_pages_are_written_between_their_markers(tmp_path, monkeypatch):
    monkeypatch.setattr(cases, "MEMORY_N", 4096)
    monkeypatch.setattr(cases, "BEYOND_N", 8192)
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    file, readme = tmp_path / "docs" / "benchmarks.md", tmp_path / "README.md"
    file.parent.mkdir()
    readme.write_text("<!-- summary:begin -->\n<!-- summary:end -->\n")
    file.write_text("before\n<!-- speed:begin -->\nstale\n<!-- speed:end -->\nafter\n")
    bench.write_pages(repeat=1)
    text = file.read_text()
    assert text.startswith("before\n<!-- speed:begin -->\n") and text.endswith("<!-- speed:end -->\nafter\n")
    assert "stale" not in text and fa.isa() in text
    for name in contenders.ENTRIES:
        assert f"| `{name}` |" in text
    tables = [part.splitlines() for part in text.split("\n\n") if part.startswith("|")]
    assert all(len({line.count("|") for line in table}) == 1 for table in tables)
    ratios = 3 if importlib.util.find_spec("torch") else 1  # in a row: of NumPy, and of torch's value and backward
    assert readme.read_text().count("x |") >= ratios * len(pages.SUMMARY) and fa.isa() in readme.read_text()
    file.write_text("no markers")
    monkeypatch.setattr(bench, "measure_cases", None)  # nothing is measured then
    with pytest.raises(ValueError, match="markers"):
        bench.write_pages(repeat=1)
