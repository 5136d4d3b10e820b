"""Text tables, and writing them between markers into the project's files.

A section of README.md that a script writes stands between ``<!-- NAME:begin -->`` and
``<!-- NAME:end -->``.
"""
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


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


def _section(text, name):
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(end) < text.index(begin):
        raise ValueError(f"README.md needs the markers {begin} and {end}, once each and in this order")
    return text.index(begin) + len(begin), text.index(end)


def read_section(text, name):
    """What README.md's text has between a section's markers, without the blank lines around it."""
    start, stop = _section(text, name)
    return text[start:stop].strip()


def write_section(name, content):
    """Replace what README.md has between a section's markers by a text, or by what a function returns.

    The function is called once the markers have been found.
    """
    path = project_file("README.md")
    text = path.read_text(encoding="utf-8")
    start, stop = _section(text, name)
    content = content() if callable(content) else content
    path.write_text(f"{text[:start]}\n{content.strip()}\n{text[stop:]}", encoding="utf-8")


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
