"""Text tables, and writing them between markers into the project's pages.

A section that a script writes stands between ``<!-- NAME:begin -->`` and ``<!-- NAME:end -->``.
"""
from pathlib import Path

from fastact import registry

ROOT = Path(__file__).resolve().parents[2]
PAGES = {"summary": "README.md", "table": "docs/choosing.md", "accuracy": "docs/accuracy.md", "speed": "docs/benchmarks.md"}
SUMMARY = ("relu", "sigmoid", "tanh", "silu", "gelu", "elu", "softplus", "mish")  # the functions of README's table


def project_file(name):
    """A file of the source tree.

    Raises
    ------
    FileNotFoundError
        Where fastact was installed without its sources.
    """
    path = ROOT / name
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist: only a source checkout of fastact can be written to")
    return path


def _bounds(text, name):
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(end) < text.index(begin):
        raise ValueError(f"{PAGES[name]} needs the markers {begin} and {end}, once each and in this order")
    return text.index(begin) + len(begin), text.index(end)


def read_section(name):
    """What the page of a section has between its markers, without the blank lines around it."""
    text = project_file(PAGES[name]).read_text(encoding="utf-8")
    start, stop = _bounds(text, name)
    return text[start:stop].strip()


def write_section(name, content):
    """Replace what a page has between a section's markers by a text, or by what a function returns.

    The function is called once the markers have been found.
    """
    path = project_file(PAGES[name])
    text = path.read_text(encoding="utf-8")
    start, stop = _bounds(text, name)
    content = content() if callable(content) else content
    path.write_text(f"{text[:start]}\n{content.strip()}\n{text[stop:]}", encoding="utf-8")


def tables(text):
    """The tables of a Markdown text: for each its rows of cells, the head first, without marks of code and emphasis."""
    for block in text.split("\n\n"):
        lines = [line.strip().strip("|").split("|") for line in block.splitlines() if line.startswith("|")]
        if lines:
            yield [[cell.strip(" `*\\") for cell in cells] for k, cells in enumerate(lines) if k != 1]


def readme_table():
    """README's table: bounds of the registry, and speed from the first table of the section "speed"."""
    text = read_section("speed")
    head, *rows = next(tables(text))
    speed, entries = {row[0]: dict(zip(enumerate(head), row)) for row in rows}, registry.by_name()
    columns = [(1, "value"), (3, "torch"), (2, "numpy"), (4, "backward"), (6, "torch")]
    lines = [[f"`{name}`", f"{entries[name].float32.value:g}", f"{entries[name].float32.derivative:g}",
              *(speed[name][column].partition(" (")[2].rstrip(")") or speed[name][column] for column in columns)]
             for name in SUMMARY]
    table = markdown(["", "ULP", "f' ULP", "ns", "torch", "NumPy", "backward ns", "torch"], lines, numbers=True)
    source = text.splitlines()[-1].replace("Measured", "Largest error, and nanoseconds an element of float32 in cache; measured")
    return f"{table}\n\n{source}\n\n{_where_peers_are_quicker(rows)}"


def _where_peers_are_quicker(rows):
    """A sentence on the rows of the speed table: the functions on which a peer takes less than .97 of fastact's time."""
    found = []
    for name, *cells in rows[:-1]:  # the last row has the means
        for column, form, peer in ((1, "", "NumPy"), (2, "", "torch"), (4, "'s backward", "NumPy"), (5, "'s backward", "torch")):
            ratio = cells[column].partition(" (")[2].rstrip("x)")
            if ratio and float(ratio) < 0.97:
                found.append(f"`{name}`{form} ({peer} {ratio}x)")
    if not found:
        return "In that run neither torch nor NumPy was quicker on any of these functions, or on any other, in float32."
    more = "other dtypes and forms: [docs/benchmarks.md](docs/benchmarks.md)."
    return f"In that run a peer was quicker on {', '.join(found)}; {more}"


def markdown(head, rows, numbers=False):
    """A Markdown table of strings; with `numbers`, all columns but the first are aligned on the right."""
    def line(cells):
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    rule = "|---|" + ("---:|" if numbers else "---|") * (len(head) - 1)
    return "\n".join([line(head), rule, *map(line, rows)])


def plain(head, rows, numbers=False):
    """A text table of strings, aligned on the left below a rule; with `numbers`, as `markdown` aligns them and without it."""
    widths = [max(map(len, column)) for column in zip(head, *rows)]
    align = [str.ljust, *[str.rjust if numbers else str.ljust] * (len(widths) - 1)]
    lines = ["  ".join(put(cell, width) for put, cell, width in zip(align, row, widths)).rstrip() for row in [head, *rows]]
    return "\n".join(lines if numbers else [lines[0], "  ".join("-" * width for width in widths), *lines[1:]])
