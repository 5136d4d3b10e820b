"""The benchmarks' plot: time an element over the size, one panel a function, with the time of a copy as the limit."""
import math

from fastact._core.figures import drawing, save_figure
from fastact.bench.cases import readable

STYLES = {  # Okabe and Ito's colours
    "fastact": ("#d55e00", "-", "o"), "torch": ("#0072b2", "-", "s"), "numpy": ("#009e73", "-", "^"),
    "onnxruntime": ("#cc79a7", "-", "D"), "jax": ("#56b4e9", "-", "v"), "numexpr": ("#e69f00", "-", "P"),
    "scipy": ("#000000", "-", "x"), "copy": ("#777777", (0, (4, 2)), ""),
}
NAMES = {"numpy": "NumPy", "copy": "a copy: the limit", "jax": "JAX", "scipy": "SciPy"}
COLUMNS = 3


def draw(panels, path, caption=""):
    """Write the figure as PNG or whatever the file's ending says."""
    save_figure(figure(panels, caption), path, dpi=150)


def figure(panels, caption=""):
    """The plot, log-log, as matplotlib's Figure.

    Parameters
    ----------
    panels : mapping
        Function -> library -> list of (elements, nanoseconds an element). "copy" is drawn as the limit.
    caption : str
        Below the panels: the machine and the threads.

    Raises
    ------
    ImportError
        Where matplotlib is not installed, naming the extra to install.
    """
    with drawing():
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
        from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator
    columns = min(COLUMNS, len(panels))
    rows = math.ceil(len(panels) / columns)
    drawn = Figure(figsize=(3.4 * columns, 2.6 * rows + 0.9), layout="constrained")
    FigureCanvasAgg(drawn)
    axes = drawn.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    sizes = sorted({n for libraries in panels.values() for points in libraries.values() for n, _ in points})
    handles = {}
    for ax, (name, libraries) in zip(axes.flat, panels.items()):
        for library in sorted(libraries, key=list(STYLES).index):
            colour, dashes, marker = STYLES[library]
            (handles[library],) = ax.plot(
                *zip(*sorted(libraries[library])), color=colour, linestyle=dashes, marker=marker, markersize=3.5,
                linewidth=2 if library == "fastact" else 1.3, zorder=3 if library == "fastact" else 2)
        ax.set(xscale="log", yscale="log")
        ax.set_title(name, fontsize=10, fontfamily="monospace")
        ax.grid(alpha=0.3, which="major")
        ax.xaxis.set_major_locator(FixedLocator(sizes[::2] if len(sizes) > 7 else sizes))
        ax.xaxis.set_minor_locator(NullLocator())
        ax.xaxis.set_major_formatter(FuncFormatter(lambda n, _: readable(round(n))))
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        ax.yaxis.set_minor_formatter(NullFormatter())
        ax.tick_params(labelsize=8)
    for ax in axes.flat[len(panels):]:
        ax.set_visible(False)
    drawn.supylabel("nanoseconds an element", fontsize=9)
    drawn.supxlabel("elements, float32, into an existing output" + (f"\n{caption}" if caption else ""), fontsize=9)
    drawn.legend(handles.values(), [NAMES.get(side, side) for side in handles], loc="outside upper center",
                  ncols=len(handles), fontsize=9, frameon=False)
    return drawn
