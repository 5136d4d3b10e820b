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
    """Replace what README.md has between a section's markers."""
    path = project_file("README.md")
    text = path.read_text(encoding="utf-8")
    start, stop = _section(text, name)
    path.write_text(f"{text[:start]}\n{content.strip()}\n{text[stop:]}", encoding="utf-8")


def markdown(head, rows):
    """A Markdown table of strings."""
    def line(cells):
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    return "\n".join([line(head), "|" + "---|" * len(head), *map(line, rows)])


def plain(head, rows):
    """A text table of strings, columns aligned on the left."""
    widths = [max(map(len, column)) for column in zip(head, *rows)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in [head, *rows]]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])
