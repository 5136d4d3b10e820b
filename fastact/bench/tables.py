"""The benchmarks' figures as text: one comparison, a summary of many, and README's section."""
from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

Row = Dict[str, Any]
BEGIN, END = "<!-- speed:begin -->", "<!-- speed:end -->"
YARDSTICKS = {"copy": "a copy", "negative": "np.negative", "two_calls": "two calls"}
UNIT = "ns per element"


def sides_of(rows: Sequence[Row]) -> List[str]:
    """What stands beside fastact in these rows."""
    return [key[:-3] for key in (rows[0] if rows else ()) if key.endswith("_ns") and key != "fastact_ns"]


def unit_of(rows: Sequence[Row]) -> str:
    """What the figures are; rows without a word about it have nanoseconds an element."""
    return str(rows[0].get("unit", UNIT)) if rows else UNIT


def ratio(row: Row, side: str) -> Optional[float]:
    """How many times fastact's time the side takes; None where either has no figure."""
    ours, theirs = row.get("fastact_ns"), row.get(f"{side}_ns")
    return theirs / ours if ours and theirs else None


def mean(values: Sequence[float]) -> float:
    """Geometric."""
    return math.exp(math.fsum(map(math.log, values)) / len(values))


def number(nanoseconds: Optional[float], unit: str = UNIT) -> str:
    """A figure of this unit, to three digits or so."""
    if nanoseconds is None:
        return "-"
    value = nanoseconds / 1000 if unit.startswith("us") else nanoseconds
    return f"{value:.3f}" if value < 10 else f"{value:.1f}"


def format_table(rows: Sequence[Row], markdown: bool = False) -> str:
    """The rows as text: fastact's figures, how many times as long each peer takes, geometric means."""
    sides, unit = sides_of(rows), unit_of(rows)
    lines = [[unit, "fastact", *(YARDSTICKS.get(side, side) for side in sides)]]
    for row in rows:
        lines.append([row["name"], number(row["fastact_ns"], unit), *(_cell(row, side, unit) for side in sides)])
    means = [[found for row in rows if (found := ratio(row, side))] for side in sides]
    lines.append(["geometric mean", "", *(f"{mean(of):.2f}x" if of else "-" for of in means)])
    return _markdown(lines) if markdown else _plain(lines)


def summary(groups: Mapping[str, Sequence[Row]], markdown: bool = False) -> str:
    """A line a comparison: geometric means, and beside each the function where fastact does worst."""
    sides = [side for rows in groups.values() for side in sides_of(rows) if side not in YARDSTICKS]
    peers = list(dict.fromkeys(sides))
    lines = [["geometric means", "fastact", *peers, "held against"]]
    for label, rows in groups.items():
        ours = [row["fastact_ns"] for row in rows if row["fastact_ns"]]
        if ours:
            unit = unit_of(rows)
            held = [f"{YARDSTICKS[side]}: {_spread(rows, side)}" for side in sides_of(rows)
                    if side in YARDSTICKS and any(ratio(row, side) for row in rows)]
            lines.append([label, f"{number(mean(ours), unit)} {unit.split()[0]}",
                          *(_spread(rows, peer) for peer in peers), ", ".join(held) or "-"])
    return _markdown(lines) if markdown else _plain(lines)


def readme_section(groups: Mapping[str, Sequence[Row]], source: str) -> str:
    """README's tables from value, backward, backward_from_output, in this order, and more groups; `source` says how."""
    (first, value), (_, backward), (_, from_output), *_ = groups.items()
    size = first.partition(", ")[2]
    intro = (f"Nanoseconds an element of {size} in cache, one thread, into an existing output; in brackets how many "
             "times fastact's time.\nWhere torch's backward takes the output (\\*), so does fastact's beside it. NumPy "
             "computes the formula, with SciPy's erf.")
    rest = "The same in short: geometric means over all functions, and in brackets the function where fastact does worst."
    return "\n\n".join([intro, _markdown(_both(value, backward, from_output)), rest, summary(groups, markdown=True), source])


def write_section(path: Path, section: str) -> None:
    """Put the text between README's markers.

    Raises
    ------
    ValueError
        Where the file lacks the markers.
    """
    text = path.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        raise ValueError(f"{path} lacks the markers {BEGIN} and {END}")
    before, after = text[:text.index(BEGIN) + len(BEGIN)], text[text.index(END):]
    path.write_text(f"{before}\n{section}\n{after}", encoding="utf-8")


def _both(value: Sequence[Row], backward: Sequence[Row], from_output: Sequence[Row]) -> List[List[str]]:
    """Value and backward side by side, a function a line."""
    slopes, outputs = ({row["name"]: row for row in rows} for rows in (backward, from_output))
    peers = [side for side in sides_of(value) if side not in YARDSTICKS]
    lines = [["", "value", *peers, "backward", *peers]]
    ratios: Dict[Tuple[str, str], List[float]] = {}
    for row in value:
        name = row["name"]
        slope, other = slopes.get(name, {}), outputs.get(name, {})
        mark = ""
        if slope.get("torch_ns") is None and other.get("torch_ns") is not None:
            slope, mark = {**slope, **{key: v for key, v in other.items() if v is not None or key not in slope}}, " \\*"
        lines.append([f"`{name}`", number(row["fastact_ns"]), *(_cell(row, peer, UNIT) for peer in peers),
                      number(slope.get("fastact_ns")) + mark, *(_cell(slope, peer, UNIT) for peer in peers)])
        for kind, of in (("value", row), ("backward", slope)):
            for peer in peers:
                found = ratio(of, peer)
                ratios.setdefault((kind, peer), []).extend([found] if found else [])
    cells = {key: f"{mean(of):.2f}x" if of else "-" for key, of in ratios.items()}
    lines.append(["geometric mean", "", *(cells["value", peer] for peer in peers),
                  "", *(cells["backward", peer] for peer in peers)])
    return lines


def _cell(row: Row, side: str, unit: str) -> str:
    found = ratio(row, side)
    theirs = row.get(f"{side}_ns")
    return f"{number(theirs, unit)} ({found:.2f}x)" if found else number(theirs, unit)


def _spread(rows: Sequence[Row], side: str) -> str:
    """The geometric mean of the ratios, and the least one's with its function."""
    found = {row["name"]: value for row in rows if (value := ratio(row, side))}
    if not found:
        return "-"
    worst = min(found, key=lambda name: found[name])
    return f"{mean(list(found.values())):.2f}x" + (f" ({worst} {found[worst]:.2f}x)" if len(found) > 1 else "")


def _markdown(lines: List[List[str]]) -> str:
    head = [lines[0], ["---"] + ["---:"] * (len(lines[0]) - 1)]
    return "\n".join("| " + " | ".join(line) + " |" for line in [*head, *lines[1:]])


def _plain(lines: List[List[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*lines)]
    padded = [[line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])] for line in lines]
    return "\n".join("  ".join(line).rstrip() for line in padded)
