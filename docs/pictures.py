"""Pictures of speed and accuracy, from measurements and from the registry's bounds.

``python docs/pictures.py`` measures this machine, which takes about ten minutes and wants AVX-512, and writes speed.json, from
which a build of the site draws its page, and README's pictures, speed-light.svg, speed-dark.svg and badges.svg. With files of
``python -m fastact bench --json`` as arguments it takes their figures instead.
"""
import json
import re
import subprocess
import sys
import tempfile
from importlib.metadata import metadata
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from fastact import registry
from fastact.bench import cases, plot, tables
from fastact.bench.machine import describe
from generate import code, list_table, title

HERE = Path(__file__).parent
MEASURED = HERE / "speed.json"
BADGES = HERE / "badges.svg"
WIDTHS = {"m": 10.5, "-": 4.5, "t": 4.5, **dict.fromkeys("il .", 3.5)}  # of letters that are not about 7 wide at this size
SHOWN = ("relu", "sigmoid", "tanh", "silu", "gelu", "elu", "softplus", "mish")  # in README
CACHE, MEMORY = cases.CACHE_N, cases.MEMORY_N
SIZES = [n for n in cases.PLOT_SIZES if n <= MEMORY]
RUNS = [run.split(" ") for run in (  # options of bench; "--peers=" measures beside a copy only
    f"--n {CACHE}", "--form backward", "--form backward_from_output", f"--n {MEMORY} --peers=",
    f"--dtype float16 --n {CACHE} {MEMORY} --peers=", f"{' '.join(cases.PLOTTED)} --n {' '.join(map(str, SIZES))}",
    f"--isa avx2 --n {CACHE}", f"--isa avx2 --n {MEMORY} --peers=")]
PEERS = ("torch", "numpy")
NAMES = {"torch": "torch", "numpy": "NumPy", "avx512": "AVX-512", "avx2": "AVX2"}
COLOURS = {side: style[0] for side, style in plot.STYLES.items()}
SCHEMES = {"light": ("#1f2328", "#d0d7de"), "dark": ("#e6edf3", "#3d444d")}  # text and grid


# ---- measurements ----

def measured(files):
    """What files of ``bench --json`` say, by instruction set: the machine, and rows by case and function.

    If several files have the same case of a function, the first of them counts.
    """
    found = {}
    for file in files:
        run = json.loads(Path(file).read_text(encoding="utf-8"))
        kept = ("cpu", "isa", "threads", "default_threads", "cpus", "versions")
        machine = found.setdefault(run["isa"], {**{key: run[key] for key in kept}, "cases": {}})
        for result in run["results"]:
            for row in result["rows"]:
                times = {key: float(f"{ns:.4g}") for key, ns in row.items() if key.endswith("_ns") and ns is not None}
                machine["cases"].setdefault(result["label"], {}).setdefault(row["name"], times)
    return found


def measure(folder):
    """Run the benchmarks one after the other; their files."""
    for k, options in enumerate(RUNS):
        file = Path(folder, f"{k}.json")
        subprocess.run([sys.executable, "-m", "fastact", "bench", *options, "--json", str(file)], check=True)
        yield file


def case(found, isa, n=CACHE, dtype="float32", form="value"):
    """Times by function and side."""
    return found.get(isa, {}).get("cases", {}).get(f"{form}, {cases.readable(n)} {dtype}", {})


def backward(found, isa):
    """Times of backward; where torch's takes the output, and only there, so does fastact's, and the name has a star."""
    from_output = case(found, isa, form="backward_from_output")
    stars = {name for name, row in case(found, isa, form="backward").items()
             if "torch_ns" not in row and "torch_ns" in from_output.get(name, {})}
    return {f"{name} *" if name in stars else name: from_output[name] if name in stars else row
            for name, row in case(found, isa, form="backward").items()}


def caption(found, *isas):
    """The machine, its threads and the versions."""
    return describe({**found[isas[0]], "isa": " and ".join(NAMES.get(isa, isa) for isa in isas)}, PEERS)


# ---- pictures ----

def few(found):
    """Bars of the time beside the peers, for some functions."""
    figure = Figure((9, 3.4), layout="constrained")
    first, *_ = found
    rows = case(found, first)
    for ax, name in zip(figure.subplots(2, 4).flat, SHOWN):
        sides = [side for side in ("fastact", *PEERS) if f"{side}_ns" in rows[name]]
        times = [rows[name][f"{side}_ns"] for side in sides]
        bars = ax.barh([NAMES.get(side, side) for side in sides], times, color=[COLOURS[side] for side in sides])
        ax.bar_label(bars, [f"{ns:.2f}" if ns < 9.95 else f"{ns:.0f}" for ns in times], padding=3)
        ax.invert_yaxis()
        ax.set_title(name, family="monospace", weight="bold", fontsize=11)
        ax.set(xticks=[], xlim=(0, 1.25 * max(times)))
        ax.spines[:].set_visible(False)
        ax.tick_params(length=0)
    figure.supxlabel(f"nanoseconds an element of float32 in cache: shorter is faster\n{caption(found, first)}", fontsize=9)
    return figure


def bars(rows):
    """The peers' time in multiples of ours, by function."""
    rows = {name: row for name, row in rows.items() if any(tables.ratio(row, peer) for peer in PEERS)}
    figure = Figure((8, 0.27 * len(rows) + 1), layout="constrained")
    ax = figure.add_subplot()
    for k, peer in enumerate(PEERS):
        drawn = {name: tables.ratio(row, peer) for name, row in rows.items() if tables.ratio(row, peer)}
        places = [list(rows).index(name) + 0.2 * (2 * k - 1) for name in drawn]
        ax.barh(places, [value - 1 for value in drawn.values()], 0.38, left=1, color=COLOURS[peer], label=NAMES[peer])
    ax.axvline(1, color=COLOURS["fastact"], linewidth=2, label="fastact")
    ax.set(xscale="log", ylim=(len(rows) - 0.4, -0.6), xlabel="times fastact's time: longer is slower than fastact")
    ax.set_yticks(range(len(rows)), rows, family="monospace")
    round_ticks(ax.xaxis)
    ax.grid(axis="x")
    figure.legend(loc="outside upper center", ncols=3)
    return figure


def round_ticks(axis):
    """1, 2, 5, 10 ... on a logarithmic axis."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter("")


def sizes(found):
    """Time an element over the size; drawn as ``bench --plot`` does."""
    panels = {}
    for n in SIZES:
        for name, row in case(found, next(iter(found)), n).items():
            if name in cases.PLOTTED:
                for side, ns in row.items():
                    panels.setdefault(name, {}).setdefault(side.removesuffix("_ns"), []).append((n, ns))
    return plot.figure(panels)


def series(found):
    """(instruction set, dtype, bytes of a number) of what the roofline shows."""
    return [*((isa, "float32", 4) for isa in found), (next(iter(found)), "float16", 2)]


def both(found, isa, dtype):
    """(name, times in cache, times from memory) of the activations."""
    inside, outside = case(found, isa, CACHE, dtype), case(found, isa, MEMORY, dtype)
    return [(name, row, outside[name]) for name, row in inside.items() if name in outside and name in registry.by_name()]


def roofline(found):
    """Bytes a nanosecond from memory over those in cache."""
    figure = Figure((8, 5), layout="constrained")
    ax = figure.add_subplot()
    speeds, copies = [], []
    for (isa, dtype, size), marker, side in zip(series(found), "os^", ("fastact", "torch", "numpy")):
        rows = both(found, isa, dtype)
        points = {name: (2 * size / inside["fastact_ns"], 2 * size / outside["fastact_ns"]) for name, inside, outside in rows}
        if not points:
            continue
        ax.scatter(*zip(*points.values()), marker=marker, color=COLOURS[side], s=28, alpha=0.8,
                   label=f"{NAMES.get(isa, isa)}, {dtype}")
        for name in [name for name in ("gelu", "tanh", "silu", "relu") if name in points and not speeds]:
            ax.annotate(name, points[name], (6, -9), textcoords="offset points", fontsize=8, family="monospace")
        speeds += [x for x, _ in points.values()]
        copies += [2 * size / min(outside["copy_ns"] for _, _, outside in rows)]
        ax.axhline(copies[-1], color=COLOURS[side], linestyle=(0, (4, 2)), linewidth=1.2)
    ends = (0.8 * min(speeds), 1.25 * max(speeds))
    ax.plot(ends, ends, color="0.5", linewidth=1.2, label="as fast as in cache")
    ax.plot([], [], color="0.5", linestyle=(0, (4, 2)), label="a copy from memory")
    ax.set(xscale="log", yscale="log", xlim=ends, ylim=(ends[0], 1.5 * max(copies)),
           xlabel="GB/s read and written, in cache", ylabel="GB/s from memory")
    round_ticks(ax.xaxis)
    round_ticks(ax.yaxis)
    ax.grid()
    ax.legend(loc="lower right")
    return figure


def errors():
    """The largest errors of values and derivatives, by function."""
    entries = [entry for entry in registry.ACTIVATIONS if entry.float32]
    figure = Figure((8, 0.22 * len(entries) + 1), layout="constrained")
    ax = figure.add_subplot()
    for k, (dtype, form, marker, side) in enumerate((
            ("float32", "value", "o", "fastact"), ("float32", "derivative", "s", "torch"),
            ("float64", "value", "^", "numpy"), ("float64", "derivative", "D", "onnxruntime"))):
        worst = [getattr(getattr(entry, dtype), form) for entry in entries]
        ax.scatter(worst, [row + 0.12 * (k - 1.5) for row in range(len(entries))], marker=marker, s=18, color=COLOURS[side],
                   label=f"{dtype}, {form}")
    ax.set(ylim=(len(entries) - 0.4, -0.6), xlim=(-0.05, 2.05), xlabel="largest error in units in the last place (ULP)",
           xticks=[0, 0.5, 1, 1.5, 2], xticklabels=["0", "0.5: correctly rounded", "1", "1.5", "2: the bound"])
    ax.set_yticks(range(len(entries)), [entry.name for entry in entries], family="monospace")
    ax.grid()
    figure.legend(loc="outside upper center", ncols=4)
    return figure


def save(draw, path, scheme):
    """Draw for a light or dark page; the same figures give the same bytes."""
    text, grid = SCHEMES[scheme]
    parts = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color", "legend.labelcolor")
    with matplotlib.rc_context({
            **dict.fromkeys(parts, text), "grid.color": grid, "axes.facecolor": "none", "figure.facecolor": "none",
            "font.size": 9, "legend.frameon": False, "axes.axisbelow": True, "svg.hashsalt": "fastact", "svg.fonttype": "none"}):
        draw().savefig(path, format="svg", metadata={"Date": None})


def badges():
    """README's badges as an SVG, from the package's metadata."""
    about = metadata("fastact")
    versions = [text.rpartition(" ")[2] for text in about.get_all("Classifier") if re.search(r":: 3\.\d+$", text)]
    needs = [re.match(r"[\w-]+", text)[0] for text in about.get_all("Requires-Dist") if "extra ==" not in text]
    shown = (("python", f"{versions[0]} to {versions[-1]}"), ("licence", about["License-Expression"]),
             ("depends on", ", ".join(needs)))
    parts, x = [], 0
    for texts in shown:
        for text, colour in zip(texts, ("#555555", "#0067a3")):
            width = 12 + round(sum(WIDTHS.get(letter, 7) for letter in text))
            parts += [f'<rect x="{x}" width="{width}" height="20" fill="{colour}"/>',
                      f'<text x="{x + 6}" y="14" textLength="{width - 12}">{text}</text>']
            x += width
        x += 6
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{x - 6}" height="20" fill="white" font-size="11" '
            'font-family="Verdana, DejaVu Sans, sans-serif">\n' + "\n".join(parts) + "\n</svg>\n")


# ---- the page ----

def write(folder):
    """Write the page of pictures."""
    found = json.loads(MEASURED.read_text(encoding="utf-8"))
    first, *_ = found
    drawn = {f"value-{isa}": lambda isa=isa: bars(case(found, isa)) for isa in found}
    drawn |= {f"backward-{first}": lambda: bars(backward(found, first)), "sizes": lambda: sizes(found),
              "roofline": lambda: roofline(found), "errors": errors}
    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    for name, draw in drawn.items():
        for scheme in SCHEMES:
            save(draw, folder / "pictures" / f"{name}-{scheme}.svg", scheme)
    (folder / "pictures.rst").write_text(page(found), encoding="utf-8")


def page(found):
    """Each picture with what it shows, and the table behind it."""
    first, *_ = found
    lines = [*title("Speed and accuracy in pictures"), "Bars, lines and a roofline of the time beside torch, NumPy and "
             "a copy, and the largest errors; the figures are below each picture. How they are measured: :doc:`/benchmarks`, "
             ":doc:`/accuracy`.", ""]
    for isa in found:
        held = " torch and NumPy are held to AVX2." * (isa == "avx2")
        lines += section(f"Beside torch and NumPy, {NAMES.get(isa, isa)}", f"float32 in cache, into an existing output.{held}",
                         f"value-{isa}", times(case(found, isa)), caption(found, isa))
    lines += section("The backward pass", f"grad * f'(x) in one pass, float32 in cache, {NAMES.get(first, first)}. With a "
                     "star: from the output, which torch's takes.", f"backward-{first}", times(backward(found, first)),
                     caption(found, first))
    lines += section("Sizes", "Time an element, from 16 elements to 16 Mi.", "sizes", times({
        f"{name}, {cases.readable(n)}": case(found, first, n)[name] for name in cases.PLOTTED for n in SIZES
        if name in case(found, first, n)}), caption(found, first))
    lines += section(
        "In cache and from memory", "A roofline: from memory a function takes at least the time of a copy, and at least its own "
        "time in cache. Near the diagonal it computes; near the dashed line it waits for memory.", "roofline",
        (("ns an element", "in cache", "from memory", "a copy from memory"), [
            (f"{name}, {dtype}, {NAMES.get(isa, isa)}", *map(tables.number, (inside["fastact_ns"], outside["fastact_ns"],
                                                                             outside["copy_ns"])))
            for isa, dtype, _ in series(found) for name, inside, outside in both(found, isa, dtype)]), caption(found, *found))
    lines += section(
        "Accuracy", "The bounds that the tests enforce on every instruction set; float32 over all its inputs. float16 and "
        "bfloat16 results are correctly rounded.", "errors",
        (("ULP", "float32 value", "derivative", "float64 value", "derivative"), [
            (entry.name, *(f"{getattr(getattr(entry, dtype), form):g}" for dtype in ("float32", "float64")
                           for form in ("value", "derivative"))) for entry in registry.ACTIVATIONS if entry.float32]))
    return "\n".join(lines)


def times(rows):
    """The table of a case."""
    sides = [side for side in ("fastact", *PEERS, "copy") if any(f"{side}_ns" in row for row in rows.values())]

    def cell(row, side):
        more = f" ({tables.ratio(row, side):.2f}x)" if side in PEERS and tables.ratio(row, side) else ""
        return tables.number(row.get(f"{side}_ns")) + more

    return ("ns an element", *(NAMES.get(side, side) for side in sides)), [
        [name, *(cell(row, side) for side in sides)] for name, row in rows.items()]


def section(heading, text, name, table, measured_on=""):
    """A heading, a sentence, a picture and its table, which opens at a click."""
    lines = [*title(heading, "-"), text, "", ".. container:: picture", ""]
    for scheme in SCHEMES:
        lines += [f"   .. image:: pictures/{name}-{scheme}.svg", f"      :class: only-{scheme}", f"      :alt: {heading}", ""]
    head, rows = table
    rows = [[code(first), *others] for first, *others in rows]
    return [*lines, measured_on, "", *html("<details><summary>The figures</summary>"), *list_table(head, rows), "",
            *html("</details>")]


def html(text):
    return [".. raw:: html", "", f"   {text}", ""]


def main(files):
    """Write speed.json and README's pictures."""
    with tempfile.TemporaryDirectory() as folder:
        found = measured(files or measure(folder))
    text = re.sub(r"\{[^{}]*\}", lambda row: " ".join(row[0].split()), json.dumps(found, indent=1))  # a row a line
    MEASURED.write_text(f"{text}\n", encoding="utf-8")
    for scheme in SCHEMES:
        save(lambda: few(found), HERE / f"speed-{scheme}.svg", scheme)
    BADGES.write_text(badges(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
