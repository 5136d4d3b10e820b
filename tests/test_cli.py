"""``python -m fastact``: its commands, their help and what they answer to mistakes."""
import argparse
import os
import re
import signal
import subprocess
import sys
import time

import pytest

import fastact as fa
from fastact import __main__ as cli
from fastact import accuracy
from fastact._tools import pages
from fastact.accuracy import sweeps, writing


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
    text = capsys.readouterr().out
    assert ended.value.code == 0 and text.count(f"\n  python -m fastact {command}") >= 2  # examples


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_examples_of_the_help_are_valid(command, monkeypatch, capsys):
    """Each is parsed without an error; what it would do is left out."""
    with pytest.raises(SystemExit):
        cli.main([command, "--help"])
    examples = re.findall(rf"^  python -m fastact {command}(.*)$", capsys.readouterr().out, re.MULTILINE)

    class Parsed(Exception):
        pass

    def parse(parser, arguments=None, namespace=None):
        _, rest = argparse.ArgumentParser.parse_known_args(parser, arguments, namespace)
        raise Parsed(rest)

    for name in ("parse_args", "parse_intermixed_args"):
        monkeypatch.setattr(argparse.ArgumentParser, name, parse)
    for example in examples:
        with pytest.raises(Parsed) as parsed:
            cli.main([command, *example.split()])
        assert parsed.value.args == ([],)


def test_mistaken_choices_and_options_name_the_nearest(capsys):
    for arguments, near in ((["bench", "--what", "memroy"], "memory"), (["bench", "--repat", "3"], "--repeat"),
                            (["demo", "--epohcs=3"], "--epochs"), (["plot", "gelu", "--ragne", "-2", "2"], "--range")):
        with pytest.raises(SystemExit):
            cli.main(arguments)
        assert f"did you mean {near!r}?" in capsys.readouterr().err


def test_unknown_command(capsys):
    assert cli.main(["dmeo"]) == 2
    error = capsys.readouterr().err
    assert "no command 'dmeo'; did you mean 'demo'?" in error and "accuracy" in error


def test_as_a_process():
    assert "softmax" in run("table").stdout
    wrong = run("nonsense")
    assert wrong.returncode == 2 and not wrong.stdout


@pytest.mark.parametrize("arguments", [
    ("demo", "--epochs", "0"), ("demo", "--epochs", "many"), ("demo", "more"),
    ("bench", "--n", "0"), ("bench", "--peers", "numpy", "--n", "9" * 20), ("bench", "--n", "-3"), ("bench", "--repeat", "0"),
    ("bench", "--threads", "0"), ("bench", "--peers", "torsch"), ("bench", "gleu"), ("bench", "--what", "nothing"),
    ("bench", "--json", "/none/speed.json"), ("bench", "--json", "/"), ("bench", "--plot", "/none/speed.png"),
    ("bench", "hard_silu", "--form", "backward_from_output", "--repeat", "1"),
    ("table", "gelu"), ("table", "--format", "csv"), ("info", "gleu"), ("info", "gelu", "silu"),
    ("accuracy", "gleu"), ("accuracy", "--stride", "1e3"), ("accuracy", "--processes", "-1"), ("accuracy", "--isa", "sse"),
    ("accuracy", "--against", "a.json"), ("accuracy", "--digest", "--against", "/none/a.json"),
    ("accuracy", "--form", "gated_forward"), ("accuracy", "--dtype", "float128"),
    ("recommend", "middle"), ("recommend", "output"), ("recommend", "--depth", "0"), ("recommend", "--depth", "-1"),
    ("recommend", "--task", "chess"), ("recommend", "output", "binary", "--task", "binary"),
    ("recommend", "hidden", "binary", "mlp", "2", "dying", "more"),
    ("plot",), ("plot", "gelu", "--all"), ("plot", "gleu"), ("plot", "gelu", "--range", "2", "1"),
    ("plot", "gelu", "--range", "nan", "1"), ("plot", "gelu", "--range", "a", "1"), ("plot", "gelu", "--output", "/none/x.png"),
    ("plot", "gelu", "--output", "curve.nonsense"),
], ids=" ".join)
def test_bad_values(arguments, capsys):
    """Exit code 1 or 2 and a message that is no traceback."""
    try:
        code = cli.main(list(arguments))
    except SystemExit as ended:
        code = ended.code
    printed = capsys.readouterr()
    assert code in (1, 2) and printed.err.strip() and "Traceback" not in printed.err


def test_recommend_takes_words_as_in_python(capsys):
    for arguments, want in ((["output", "--task", "multilabel"], fa.recommend("output", "multilabel")),
                            (["output", "binary"], fa.recommend("output", "binary")),
                            (["hidden", "--symptom", "dying"], fa.recommend("hidden", symptom="dying"))):
        assert cli.main(["recommend", *arguments]) == 0 and capsys.readouterr().out == f"{want}\n"


@pytest.mark.skipif(os.name == "nt", reason="pipes and signals of Unix")
@pytest.mark.parametrize("arguments", ["table", "info", "info gelu", "recommend", "--help",
                                       "bench relu --peers numpy --repeat 1"])
def test_a_pipe_that_nobody_reads(arguments):
    """The command prints no error and ends with 141, the exit code of a shell."""
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as output:
        ended = subprocess.run([sys.executable, "-m", "fastact", *arguments.split()], stdout=output, stderr=subprocess.PIPE)
    assert ended.returncode == 141 and ended.stderr == b""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device of Linux")
def test_a_full_disk():
    with open("/dev/full", "wb") as output:
        ended = subprocess.run([sys.executable, "-m", "fastact", "table"], stdout=output, stderr=subprocess.PIPE, text=True)
    assert ended.returncode == 1 and ended.stderr == "python -m fastact table: [Errno 28] No space left on device\n"


def test_without_standard_output(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    assert cli.main(["table"]) == cli.main(["info", "gelu"]) == 0


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
def test_ctrl_c():
    """accuracy ends quietly, and so do its processes."""
    code = ("import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL)\n"  # a job in the background ignores it
            "os.execv(sys.executable, [sys.executable, '-m', 'fastact', 'accuracy'])")
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               start_new_session=True)
    process.stdout.readline()
    time.sleep(1)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and errors == b""
    with pytest.raises(ProcessLookupError):
        for _ in range(50):
            os.killpg(process.pid, 0)
            time.sleep(0.1)


def test_accuracy_prints_a_row_each(capsys):
    assert cli.main(["accuracy", "linear", "tanh", "--stride", "1000003", "--processes", "1"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[1:-1]]
    assert [row[:3] for row in rows] == [
        [name, form, dtype] for name in ("identity", "tanh") for form in accuracy.FORMS for dtype in accuracy.DTYPES]
    assert all(0 <= float(row[3].rstrip(";")) <= 2 for row in rows)
    bound = fa.tanh.info.float64.derivative
    assert rows[-3][4:6] == ["(bound", f"{bound:g})"] and float(rows[-3][3]) <= bound and rows[-1][4] != "(bound"
    assert "0x" in " ".join(rows[-2]) and "exact" in rows[-2]


def test_accuracy_of_another_instruction_set():
    baseline = run("accuracy", "relu", "--dtype", "float16", "--form", "value", "--isa", "baseline")
    assert baseline.returncode == 0 and ", baseline: error in ULP" in baseline.stdout
    other = "neon" if fa.isa() != "neon" else "avx2"
    refused = run("accuracy", "relu", f"--isa={other}")
    assert refused.returncode == 1 and f"this processor has no {other}" in refused.stderr


@pytest.mark.parametrize("arguments, message", [
    (["gleu"], "no activation 'gleu'; the nearest names are glu, gelu"),
    (["--stride", "0"], "no whole number above 0"),
    (["--processes", "1.5"], "no whole number above 0"),
    (["--write", "--form", "value"], "--write needs all forms and dtypes"),
])
def test_accuracy_of_mistakes(arguments, message, capsys):
    with pytest.raises(SystemExit) as ended:
        accuracy.main(arguments)
    assert ended.value.code == 2 and message in capsys.readouterr().err


def test_accuracy_writes_bounds_table_and_lines(tmp_path, monkeypatch):
    copy, header = (tmp_path / name for name in ("fastact/registry.py", "src_c/activations/silu.h"))
    for path in (copy, header):
        path.parent.mkdir(parents=True)
        path.write_text(pages.project_file(path.relative_to(tmp_path)).read_text(encoding="utf-8"), encoding="utf-8")
    code = re.sub(r"/\* Error in ULP: [^/]*\*/\n", "", header.read_text(encoding="utf-8"))
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    (tmp_path / "docs").mkdir()
    for name in ("accuracy", "summary"):
        (tmp_path / pages.PAGES[name]).write_text(f"<!-- {name}:begin -->\n<!-- {name}:end -->\n")
    worst = {("silu", form, dtype): sweeps.Worst(error=error, x=-0.375, inputs=2_345_678) for form, dtype, error in (
        ("value", "float32", 1.2301), ("derivative", "float32", 0.5), ("value", "float64", 1.0),
        ("derivative", "float64", 1.999))}
    for _ in range(2):
        writing.write(worst, 1)
        text, written = copy.read_text(encoding="utf-8"), header.read_text(encoding="utf-8")
        assert text.count("float32=Bounds(1.24, 0.5), float64=Bounds(1.0, 2.0),") == 1
        assert ("/* Error in ULP: 1.24 at -0x1.8p-2 (every float32); 1 at -0x1.8p-2 (2.3e6 float64). */\n"
                "INLINE REAL FN(silu)(REAL x)\n") in written
        assert re.sub(r"/\* Error in ULP: [^/]*\*/\n", "", written) == code and written.count("Error in ULP") == 2
    assert pages.read_section("accuracy") == writing.table()
    assert pages.read_section("summary").startswith("|")
    silu = text[text.index('name="silu"'):text.index('name="swish"')]
    assert "float32=Bounds(1.24" in silu and silu.count("Bounds(") == 2


def test_a_bound_is_only_raised_without_an_exhaustive_sweep():
    entry = fa.silu.info
    text = pages.project_file("fastact/registry.py").read_text(encoding="utf-8")
    errors = {"float32": {"value": 0.1, "derivative": entry.float32.derivative + 1}, "float64": {"value": 0.1, "derivative": 0.1}}
    for exhaustive, value in ((False, entry.float32.value), (True, 0.1)):
        wanted = f"float32=Bounds({value}, {writing._up(entry.float32.derivative + 1)})"
        assert writing.with_bounds(text, "silu", errors, exhaustive).count(wanted) == 1


def test_lines_above_kernels():
    worst = sweeps.Worst(error=1.0001, x=1.5, parameters=(0.1, 0.25), inputs=90_000)
    assert writing.line("hard_sigmoid", sweeps.Worst(inputs=5), worst, 42) == (
        "/* Error in ULP: 0 (every 42nd float32); 1.01 at 0x1.8p+0, slope 0.1, offset 0.25 (90,000 float64). */")
    assert "every 13th float32" in writing.line("silu", worst, worst, 13)
    long = writing.line("hard_tanh", *[sweeps.Worst(1.0, -1 / 3, parameters=(-1 / 3, 1 / 3), inputs=10**7)] * 2, 251)
    assert max(map(len, long.splitlines())) <= 130 and long.count("\n") == 1
    code = "/* What it is. */\nINLINE REAL FN(a)(REAL x) { return x; }\n"
    for comment in (long, "/* Error in ULP: 0. */"):
        code = writing.with_line(code, "a", comment)
        assert code == f"/* What it is. */\n{comment}\nINLINE REAL FN(a)(REAL x) {{ return x; }}\n"
    with pytest.raises(ValueError, match=r"no function FN\(b\)"):
        writing.with_line(code, "b", long)
