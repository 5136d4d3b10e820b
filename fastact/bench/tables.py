"""The benchmarks' figures as text: one comparison, a summary of many, and the page's section."""
import math

from fastact._tools import pages

YARDSTICKS = {"copy": "a copy", "negative": "np.negative", "two_calls": "two calls"}
UNIT = "ns per element"


def sides_of(rows):
    """What stands beside fastact in these rows."""
    return [key[:-3] for key in (rows[0] if rows else ()) if key.endswith("_ns") and key != "fastact_ns"]


def unit_of(rows):
    """What the figures are; rows that do not say it have nanoseconds an element."""
    return rows[0].get("unit", UNIT) if rows else UNIT


def ratio(row, side):
    """How many times fastact's time the side takes; None where either has no figure."""
    ours, theirs = row.get("fastact_ns"), row.get(f"{side}_ns")
    return theirs / ours if ours and theirs else None


def ratios(rows, side):
    """The ratios of a side by function, where both have figures."""
    return {row["name"]: found for row in rows if (found := ratio(row, side))}


def mean(values):
    """The geometric mean."""
    return math.exp(math.fsum(map(math.log, values)) / len(values))


def number(nanoseconds, unit=UNIT):
    """A figure of this unit, to three digits or so."""
    if nanoseconds is None:
        return "-"
    value = nanoseconds / 1000 if unit.startswith("us") else nanoseconds
    return f"{value:.3f}" if value < 10 else f"{value:.1f}"


def _cell(row, side, unit=UNIT):
    found, theirs = ratio(row, side), row.get(f"{side}_ns")
    return f"{number(theirs, unit)} ({found:.2f}x)" if found else number(theirs, unit)


def _mean_cell(rows, side):
    found = ratios(rows, side)
    return f"{mean(found.values()):.2f}x" if found else "-"


def _spread(rows, side):
    """The geometric mean of the ratios, and the least one's with its function."""
    found = ratios(rows, side)
    if len(found) < 2:
        return _mean_cell(rows, side)
    worst = min(found, key=found.get)
    return f"{mean(found.values()):.2f}x ({worst} {found[worst]:.2f}x)"


def format_table(rows, markdown=False):
    """The rows as text: fastact's figures, how many times as long each peer takes, geometric means."""
    sides, unit = sides_of(rows), unit_of(rows)
    head = [unit, "fastact", *(YARDSTICKS.get(side, side) for side in sides)]
    lines = [[row["name"], number(row["fastact_ns"], unit), *(_cell(row, side, unit) for side in sides)] for row in rows]
    lines.append(["geometric mean", "", *(_mean_cell(rows, side) for side in sides)])
    return (pages.markdown if markdown else pages.plain)(head, lines, numbers=True)


def summary(groups, markdown=False):
    """A line a comparison: geometric means, and beside each the function where fastact does worst."""
    peers = list(dict.fromkeys(side for rows in groups.values() for side in sides_of(rows) if side not in YARDSTICKS))
    lines = []
    for label, rows in groups.items():
        ours = [row["fastact_ns"] for row in rows if row["fastact_ns"]]
        if ours:
            unit = unit_of(rows)
            held = [f"{YARDSTICKS[side]}: {_spread(rows, side)}" for side in sides_of(rows)
                    if side in YARDSTICKS and ratios(rows, side)]
            lines.append([label, f"{number(mean(ours), unit)} {unit.split()[0]}",
                          *(_spread(rows, peer) for peer in peers), ", ".join(held) or "-"])
    return (pages.markdown if markdown else pages.plain)(["geometric means", "fastact", *peers, "held against"], lines,
                                                           numbers=True)


def speed_section(groups, source):
    """The tables of docs/benchmarks.md: value, backward, backward_from_output, in this order, then the rest."""
    (first, value), (_, backward), (_, from_output), *_ = groups.items()
    size = first.partition(", ")[2]
    intro = (f"Nanoseconds an element of {size} in cache, one thread, into an existing output; in brackets how many "
             "times fastact's time.\nWhere torch's backward takes the output (\\*), so does fastact's beside it. NumPy "
             "computes the formula, with SciPy's erf.")
    rest = "The same in short: geometric means over all functions, and in brackets the function where fastact does worst."
    return "\n\n".join([intro, _side_by_side(value, backward, from_output), rest, summary(groups, markdown=True), source])


def _side_by_side(value, backward, from_output):
    """Value and backward of each function on one line."""
    backwards, outputs = ({row["name"]: row for row in rows} for rows in (backward, from_output))
    peers = [side for side in sides_of(value) if side not in YARDSTICKS]
    lines, chosen = [], []
    for row in value:
        name = row["name"]
        back, other, mark = backwards.get(name, {}), outputs.get(name, {}), ""
        if back.get("torch_ns") is None and other.get("torch_ns") is not None:
            back, mark = {**back, **{key: v for key, v in other.items() if v is not None or key not in back}}, " \\*"
        chosen.append({**back, "name": name})
        lines.append([f"`{name}`", number(row["fastact_ns"]), *(_cell(row, peer) for peer in peers),
                      number(back.get("fastact_ns")) + mark, *(_cell(back, peer) for peer in peers)])
    lines.append(["geometric mean", "", *(_mean_cell(value, peer) for peer in peers),
                  "", *(_mean_cell(chosen, peer) for peer in peers)])
    return pages.markdown(["", "value", *peers, "backward", *peers], lines, numbers=True)
