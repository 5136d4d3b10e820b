"""The comparison table and ``info``: all entries, in text and in Markdown, and the same in README."""
import pytest

import fastact as fa
from fastact import registry
from fastact._tools import pages
from fastact.guide import table

ENTRIES = (*registry.ACTIVATIONS, *registry.ROWS)


def test_text(capsys):
    assert table.main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines[:lines.index("")])) <= 120
    for entry in ENTRIES:
        row = next(line for line in lines if line.startswith(f"{entry.name} "))
        assert entry.range.split(", each")[0].split(", the")[0] in row and entry.saturates in row
        at = lines.index(f"{entry.name}: {entry.best_for}")
        assert lines[at + 1] == f"  f(x)  = {entry.formula}" and lines[at + 2].startswith("  f'(x) = ")


def test_markdown(capsys):
    assert table.main(["--markdown"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(ENTRIES) + 2 and {line.count("|") for line in lines} == {len(table.HEAD) + 1}
    for entry, line in zip(ENTRIES, lines[2:]):
        assert line.startswith(f"| `{entry.name}` | `{entry.formula}` |") and entry.best_for in line


def test_costs_are_relative_to_relu():
    costs = {entry.name: float(table.relative_cost(entry)) for entry in ENTRIES}
    assert costs["relu"] == 1 and all(cost > 0 for cost in costs.values()) and costs["tanh"] > costs["relu"]


@pytest.mark.skipif(not (pages.ROOT / "docs").is_dir(), reason="needs the source tree")
def test_table_is_current():
    assert pages.read_section("table") == table.page(), "python -m fastact table --write"
    for entry, line in zip(ENTRIES, table.page().splitlines()[2:]):
        assert line.startswith(f"| [{entry.name}](generated/{entry.name}.rst) | {entry.range} |") and entry.best_for in line


@pytest.mark.skipif(not (pages.ROOT / "docs").is_dir(), reason="needs the source tree")
def test_readme_summarises_the_pages():
    assert pages.read_section("summary") == pages.readme_table(), "written by accuracy --write and bench --write"


def test_writing_between_markers(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    with pytest.raises(FileNotFoundError, match="source checkout"):
        table.main(["--write"])
    page = tmp_path / "docs" / "choosing.md"
    page.parent.mkdir()
    page.write_text("before\n<!-- table:begin -->\nstale\n<!-- table:end -->\nafter\n")
    for _ in range(2):
        assert table.main(["--write"]) == 0
        text = page.read_text()
        assert text.startswith("before\n<!--") and text.endswith("-->\nafter\n") and "stale" not in text
        assert pages.read_section("table") == table.page()
    for broken in ("no markers", "<!-- table:end --><!-- table:begin -->", "<!-- table:begin -->"):
        page.write_text(broken)
        with pytest.raises(ValueError, match="markers"):
            pages.read_section("table")


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_info(entry, capsys):
    for name in (entry.name, *entry.aliases):
        assert table.info([name]) == 0
        text = capsys.readouterr().out
        for fact in (entry.formula, entry.range, entry.best_for, entry.reference, *entry.aliases):
            assert fact in text
        for parameter in getattr(entry, "parameters", ()):
            assert parameter.doc in text and (parameter.exact or repr(parameter.default or "")) in f"{text}''"
        for bounds in (getattr(entry, dtype, None) for dtype in ("float32", "float64")):
            assert bounds is None or f"at most {bounds.value:g} ULP, derivative {bounds.derivative:g}" in text


def test_info_without_a_name_is_the_configuration(capsys):
    assert table.info([]) == 0
    assert fa.isa() in capsys.readouterr().out


def test_info_of_nothing(capsys):
    with pytest.raises(SystemExit) as ended:
        table.info(["sigmiod"])
    assert ended.value.code == 2 and "no activation 'sigmiod'; the nearest names are sigmoid" in capsys.readouterr().err


def test_readme_says_where_a_peer_is_quicker(monkeypatch):
    head = "|  | value | numpy | torch | backward | numpy | torch |\n|---|---:|---:|---:|---:|---:|---:|\n"
    even = "1.000 | 2.000 (2.00x) | 1.100 (1.10x) | 1.000 | 0.980 (0.98x) | -"
    rows = dict.fromkeys(pages.SUMMARY, even)
    for quicker, said in (({}, "neither torch nor NumPy"),
                          ({"tanh": "1.000 | 0.700 (0.70x) | - | 1.000 | 2.000 (2.00x) | 0.600 (0.60x)"},
                           "quicker on `tanh` (NumPy 0.70x), `tanh`'s backward (torch 0.60x); other")):
        lines = [f"| `{name}` | {cells} |" for name, cells in {**rows, **quicker}.items()]
        table = head + "\n".join([*lines, "| geometric mean |  | 1x | 1x |  | 1x | 1x |"]) + "\n\nMeasured with x"
        monkeypatch.setattr(pages, "read_section", lambda name, table=table: table)
        assert said in pages.readme_table()
