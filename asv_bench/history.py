"""``asv publish`` writes history.html besides asv's own pages: regressions and history, without scripts or a network.

asv's menu leads to it. asv imports this file as a plugin, after its own publishers, one of which leaves regressions.json.
"""
import html
import itertools
import json
import math
from pathlib import Path

from asv import util
from asv.publishing import OutputPublisher

WIDTH, HEIGHT = 160, 28  # of a line
STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
div { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.9rem; }
th, td { padding: 0.2rem 0.8rem; text-align: left; border-bottom: 1px solid #8886; white-space: nowrap; }
td:nth-child(n + 2) { font-variant-numeric: tabular-nums; }
summary { cursor: pointer; font-family: monospace; }
svg { vertical-align: middle; stroke: #0072b2; fill: none; stroke-width: 2; }
"""


class History(OutputPublisher):
    """The page."""

    name, button_label, description = "history", "Show history", "Regressions and history on one page without scripts"

    @classmethod
    def publish(cls, conf, repo, benchmarks, graphs, revisions):
        folder, commits = Path(conf.html_dir), {revision: commit[:8] for commit, revision in revisions.items()}
        file = folder / "regressions.json"
        found = json.loads(file.read_text(encoding="utf-8"))["regressions"] if file.exists() else []
        parts = [f"<h1>{html.escape(conf.project)}: history of the benchmarks</h1>", "<h2>Regressions</h2>",
                 regressions(found, benchmarks, commits), "<h2>History</h2>",
                 "<p>A click opens a benchmark: fastact's figures from the first commit to the last, and the last figure divided "
                 "by the best one.</p>"]
        varying = {name for name, values in graphs.get_params().items() if len(values) > 1}
        for name, group in itertools.groupby(sorted((graph for _, graph in graphs if "summary" not in graph.params),
                                                    key=lambda graph: graph.benchmark_name), lambda graph: graph.benchmark_name):
            rows = [row for graph in group for row in history(graph, benchmarks[name], commits, varying)]
            if rows:
                head = "<tr><th></th><th>last</th><th></th><th>commits</th><th></th></tr>"
                parts.append(f"<details><summary>{html.escape(name)}</summary><div><table>{head}{''.join(rows)}</table></div>"
                             "</details>")
        page = f'<!DOCTYPE html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">' \
               f"<title>{html.escape(conf.project)}</title><style>{STYLE}</style>{''.join(parts)}</html>"
        (folder / "history.html").write_text(page, encoding="utf-8")
        index, entry = folder / "index.html", "Regressions</a></li>"
        text = index.read_text(encoding="utf-8").replace(entry, f'{entry}<li><a href="history.html">History</a></li>', 1)
        index.write_text(text, encoding="utf-8")


def regressions(found, benchmarks, commits):
    """The table of what asv found of fastact, the largest first."""
    rows = []
    for name, _, params, place, last, best, jumps in sorted(found, key=lambda each: -factor(each[4], each[5])):
        benchmark = benchmarks[name.partition("(")[0]]
        if is_ours(benchmark, combinations(benchmark)[place or 0]):
            since = [f"{commits[before]}..{commits[after]}" if before else commits[after] for before, after, *_ in jumps]
            rows.append(cells([label(name, params), shown(best, benchmark), shown(last, benchmark), f"{factor(last, best):.2f}x",
                               ", ".join(since)]))
    head = "<tr><th></th><th>best</th><th>last</th><th></th><th>since</th></tr>"
    return f"<div><table>{head}{''.join(rows)}</table></div>" if rows else "<p>None.</p>"


def history(graph, benchmark, commits, varying):
    """A row for each combination of the benchmark's parameters that is of fastact."""
    data = graph.get_data()
    params = {name: value for name, value in graph.params.items() if name in varying}
    for k, values in enumerate(combinations(benchmark)):
        points = [(revision, value if graph.scalar_series else value[k]) for revision, value, _ in data]
        points = [(revision, value) for revision, value in points if not util.is_na(value)]
        if points and is_ours(benchmark, values):
            last, best = points[-1][1], min(value for _, value in points)
            yield cells([label(", ".join(value.strip("'") for value in values), params), shown(last, benchmark),
                         f"{factor(last, best):.2f}x", f"{commits[points[0][0]]} to {commits[points[-1][0]]}"], line(points))


def combinations(benchmark):
    return list(itertools.product(*benchmark["params"]))


def is_ours(benchmark, values):
    return dict(zip(benchmark["param_names"], values)).get("library", "'fastact'") == "'fastact'"


def shown(value, benchmark):
    return util.human_value(value if float(value).is_integer() else float(f"{value:.4g}"), benchmark.get("unit"))


def factor(last, best):
    return last / best if best else math.inf if last else 1


def label(name, params):
    return " ".join(filter(None, [name, *(f"{key}={value}" for key, value in params.items())]))


def cells(texts, drawing=""):
    return f"<tr>{''.join(f'<td>{html.escape(text)}</td>' for text in texts)}<td>{drawing}</td></tr>"


def line(points):
    """Values over commits as SVG, from 0, so that noise looks as small as it is."""
    top, across = 1.1 * max(value for _, value in points) or 1, max(len(points) - 1, 1)
    drawn = " ".join(f"{4 + (WIDTH - 8) * k / across:.1f},{HEIGHT * (1 - value / top):.1f}"
                     for k, (_, value) in enumerate(points))
    return f'<svg width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="commits: {len(points)}">' \
           f'<polyline points="{drawn}"/></svg>'
