"""``python -m fastact``: its commands, their help and what they answer to mistakes."""
import os
import subprocess
import sys

import pytest

import fastact as fa
from fastact import __main__ as cli
from fastact import accuracy, documents, sweeps


def run(*arguments, **environment):
    return subprocess.run([sys.executable, "-m", "fastact", *arguments], capture_output=True, text=True,
                          env={**os.environ, **environment})


@pytest.mark.parametrize("arguments", [(), ("-h",), ("--help",)])
def test_help_names_every_command(arguments, capsys):
    assert cli.main(list(arguments)) == 0
    text = capsys.readouterr().out
    assert all(f"\n  {command} " in text for command in ("demo", "bench", "table", "accuracy", "info"))


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_help_of_a_command(command, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main([command, "--help"])
    assert ended.value.code == 0 and f"python -m fastact {command}" in capsys.readouterr().out


def test_unknown_command(capsys):
    assert cli.main(["dmeo"]) == 2
    error = capsys.readouterr().err
    assert "no command 'dmeo'" in error and "accuracy" in error


def test_as_a_process():
    assert "softmax" in run("table").stdout
    wrong = run("nonsense")
    assert wrong.returncode == 2 and not wrong.stdout


def test_accuracy_prints_a_row_each(capsys):
    assert cli.main(["accuracy", "linear", "tanh", "--stride", "1000003", "--processes", "1"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[1:-1]]
    assert [row[:3] for row in rows] == [
        [name, form, dtype] for name in ("identity", "tanh") for form in accuracy.FORMS for dtype in accuracy.DTYPES]
    assert all(0 <= float(row[3].rstrip(";")) <= 2 for row in rows)
    assert "0x" in " ".join(rows[-2]) and "exact" in rows[-2]


def test_accuracy_of_another_instruction_set():
    baseline = run("accuracy", "relu", "--dtype", "float16", "--form", "value", "--isa", "baseline")
    assert baseline.returncode == 0 and ", baseline: error in ULP" in baseline.stdout
    other = "neon" if fa.isa() != "neon" else "avx2"
    refused = run("accuracy", "relu", f"--isa={other}")
    assert refused.returncode == 1 and f"this processor has no {other}" in refused.stderr


@pytest.mark.parametrize("arguments, message", [
    (["gleu"], "no activation gleu; there are identity"),
    (["--stride", "0"], "positive numbers"),
    (["--write", "--form", "value"], "--write needs all forms and dtypes"),
])
def test_accuracy_of_mistakes(arguments, message, capsys):
    with pytest.raises(SystemExit) as ended:
        accuracy.main(arguments)
    assert ended.value.code == 2 and message in capsys.readouterr().err


def test_accuracy_writes_bounds_and_table(tmp_path, monkeypatch):
    original = documents.project_file("fastact/registry.py").read_text(encoding="utf-8")
    monkeypatch.setattr(documents, "ROOT", tmp_path)
    (tmp_path / "fastact").mkdir()
    copy, readme = tmp_path / "fastact" / "registry.py", tmp_path / "README.md"
    copy.write_text(original, encoding="utf-8")
    readme.write_text("<!-- accuracy:begin -->\n<!-- accuracy:end -->\n")
    worst = {("silu", form, dtype): sweeps.Worst(error=error) for form, dtype, error in (
        ("value", "float32", 1.2301), ("derivative", "float32", 0.5), ("value", "float64", 1.0),
        ("derivative", "float64", 1.999))}
    for _ in range(2):
        accuracy.write(worst)
        text = copy.read_text(encoding="utf-8")
        assert text.count("float32=Bounds(1.24, 0.5), float64=Bounds(1.0, 2.0),") == 1
    assert documents.read_section(readme.read_text(), "accuracy") == accuracy.table()
    silu = text[text.index('name="silu"'):text.index('name="swish"')]
    assert "float32=Bounds(1.24" in silu and silu.count("Bounds(") == 2
