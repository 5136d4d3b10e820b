"""``python -m fastact plot``: curves of activations and their derivatives, and the gallery.

matplotlib's global state (pyplot's figures, rcParams) stays as it was.
"""
from __future__ import annotations

import sys
from typing import Any, Dict, List, NamedTuple, Optional, Tuple, Union

import numpy as np

import fastact
from fastact import registry
from fastact._tools import command_line, pages
from fastact._core.activation import Activation, activations, lookup
from fastact._core.activation_arguments import resolve
from fastact._core.figures import drawing, new_figure, pyplot, save_figure
from fastact.accuracy import formulas

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")  # Okabe and Ito's
DASHES = (0, (3, 1.5))
POINTS = 601
ROW = (0.0, 1.0)  # what stands beside x in the plot of a function of rows

# The gallery: panels of one scale, with room for the slopes 1 of identity and relu.
GALLERY = "docs/gallery.svg"
GALLERY_POINTS, COLUMNS = 161, 5
GALLERY_X, GALLERY_Y = (-4.0, 4.0), (-2.0, 3.0)

Subject = Union[str, Activation, Tuple[Union[str, Activation], Dict[str, float]]]


class Curve(NamedTuple):
    """An activation over a range; NaN where value or derivative jump, so that no line crosses the gap."""

    label: str
    x: Any
    value: Any
    derivative: Any
    beyond: Tuple[float, ...] = ()  # kinks outside the range


def plot(*names: Subject, derivative: bool = True, range: Optional[Tuple[float, float]] = None, ax: Any = None,
         show: bool = False) -> Any:
    """Draw activations, solid, and their derivatives, dashed.

    Parameters
    ----------
    *names : str, Activation, or (name, dict of parameters)
        ``plot("elu", ("elu", {"alpha": 2}))``. Parameters that are left out have their defaults; a required one has
        a moderate value, which the legend shows. For a function of rows, such as "softmax", the outputs for the row
        (x, 0, 1) are drawn, without derivatives.
    derivative : bool
        Whether to draw the derivatives.
    range : (float, float), optional
        The range of x: by default from -6 to 6, and further to show a kink beyond 4 or where both ends saturate.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default in a new figure.
    show : bool
        Whether to open a window with ``matplotlib.pyplot.show()``. Otherwise pyplot is not used.

    Returns
    -------
    matplotlib.figure.Figure, or ``ax`` where it was given

    Raises
    ------
    ImportError
        If matplotlib is not installed; the message names the extra to install.
    ValueError
        If a name or a parameter is unknown, there are no names, or the range is empty.
    """
    if not names:
        raise ValueError(f"plot: name at least one activation of {', '.join(activations)}")
    rows = [entry.name for entry in registry.ROWS]
    plain_names = (registry.canonical(getattr(subject, "name", subject)) for subject in names)
    chosen = [name if name in rows else resolved(subject) for name, subject in zip(plain_names, names)]
    if range is None:
        end = max((_end(subject) for subject in chosen if not isinstance(subject, str)), default=6)
        range = (-end, end)
    low, high = range
    if not -np.inf < low < high < np.inf:
        raise ValueError(f"plot: range must be two finite numbers, the smaller first; got {range}")
    figure = None
    if ax is None:
        figure = new_figure((6.4, 4.2), show)
        ax = figure.add_subplot()
        ax.set_prop_cycle(color=COLOURS)
    for subject in chosen:
        if isinstance(subject, str):
            _draw_row(ax, subject, range)
            continue
        drawn = curve(subject, range)
        (line,) = ax.plot(drawn.x, drawn.value, label=drawn.label)
        if derivative:
            ax.plot(drawn.x, drawn.derivative, linestyle=DASHES, color=line.get_color(), label=f"{drawn.label}'")
    ax.set_xlabel(f"x, in the row (x, {ROW[0]:g}, {ROW[1]:g})" if any(isinstance(subject, str) for subject in chosen) else "x")
    ax.grid(alpha=0.3)
    ax.legend()
    if show:
        pyplot().show()
    return ax if figure is None else figure


class Resolved(NamedTuple):
    """An activation with its parameters' values, a label that tells those that were given, and its kinks."""

    activation: Activation
    values: Tuple[float, ...]
    label: str
    kinks: Tuple[float, ...]


def resolved(subject: Subject) -> Resolved:
    """What a subject names; ValueError where there is no such activation or parameter."""
    name, given = subject if isinstance(subject, tuple) else (subject, {})
    activation = lookup(name)
    entry = activation.info
    given = {**{p.name: p.example for p in entry.parameters if p.default is None}, **given}
    values = resolve("plot", (activation, given), 0, float)[1] or entry.defaults
    names = [p.name for p in entry.parameters]
    told = [f"{name}={value:g}" for name, value in zip(names, values) if name in given]
    kinks = tuple(float(formulas.numpy_function(kink.at, names)(0, *values)) for kink in entry.kinks)
    return Resolved(activation, values, f"{entry.name}({', '.join(told)})" if told else entry.name, kinks)


def _end(subject: Resolved) -> float:
    """Where a plot ends: at 6, or further to show a kink beyond 4 or the saturation at both ends."""
    kink = max(map(abs, subject.kinks), default=0)
    end = 1.5 * kink if kink > 4 else 6.0
    if subject.activation.info.saturates == "both":
        while end < 1000 and subject.activation.derivative(end, *subject.values) > 0.1:
            end *= 1.5
    return end


def _draw_row(ax: Any, name: str, range: Tuple[float, float]) -> None:
    """The outputs of a function of rows for the row (x, 0, 1)."""
    x = np.linspace(*range, POINTS)
    rows = np.stack([x, *(np.full_like(x, other) for other in ROW)], axis=1)
    outputs = getattr(fastact, name)(rows, axis=-1).reshape(len(x), -1)  # (points, 3), or (points, 1)
    for k, y in enumerate(outputs.T):
        ax.plot(x, y, label=name if outputs.shape[1] == 1 else f"{name}[{k}]")


def curve(subject: Union[Subject, Resolved], range: Tuple[float, float], points: int = POINTS) -> Curve:
    """Value and derivative over a range; x has every kink and a point on either side of it."""
    subject = subject if isinstance(subject, Resolved) else resolved(subject)
    low, high = range
    inside = np.array([kink for kink in subject.kinks if low <= kink <= high])
    beyond = tuple(kink for kink in subject.kinks if not low <= kink <= high)
    # Both sides of a kink, at a distance that cannot be seen and is larger than the rounding error of the kink itself.
    near = 1e-9 * (high - low)
    left, right = np.maximum(inside - near, low), np.minimum(inside + near, high)
    x = np.linspace(low, high, points)
    x = x[(abs(x[:, None] - inside) > near).all(axis=1)]
    x = np.unique(np.concatenate([x, left, inside, right]))
    with np.errstate(over="ignore"):
        y, slope = subject.activation.value_and_derivative(x, *subject.values)
    for ordinate in (y, slope):
        before, after = ordinate[np.searchsorted(x, left)], ordinate[np.searchsorted(x, right)]
        ordinate[np.searchsorted(x, inside[abs(after - before) > 1e-6])] = np.nan
    return Curve(subject.label, x, y, slope, beyond)


def _for_gallery(name: str) -> Tuple[Curve, str]:
    """The curve of an activation, and a note: with a bound of 2 where the bound of its default is far outside the panels."""
    subject, note = resolved(name), ""
    info = subject.activation.info
    if info.parameters and info.saturates == "both" and subject.activation.derivative(GALLERY_X[1], *subject.values) > 0.5:
        bound = info.parameters[-1].name
        subject, note = resolved((name, {bound: 2})), f"{bound} = 2"
    drawn = curve(subject, GALLERY_X, GALLERY_POINTS)._replace(label=name)
    return drawn, f"kink at {', '.join(f'{kink:g}' for kink in drawn.beyond)}" if drawn.beyond and not note else note


def gallery() -> Any:
    """All activations, a panel each; returns the Figure."""
    curves = [_for_gallery(name) for name in activations]
    rows = -(-len(curves) // COLUMNS)
    figure = new_figure((10, 1.42 * rows + 0.5))
    panels = figure.subplots(rows, COLUMNS, sharex=True, sharey=True, squeeze=False).ravel()
    lines = []
    for k, (ax, (drawn, note)) in enumerate(zip(panels, curves)):
        ax.set_title(drawn.label, fontsize=10, pad=3, family="monospace", weight="bold")
        ax.set_aspect("equal")
        ax.set(xlim=GALLERY_X, ylim=GALLERY_Y, xticks=[-4, -2, 0, 2, 4], yticks=[-2, -1, 0, 1, 2, 3])
        ax.tick_params(labelsize=7, length=0, labelbottom=k + COLUMNS >= len(curves))
        ax.grid(color="0.9", linewidth=0.6)
        ax.axhline(0, color="0.6", linewidth=0.6)
        ax.axvline(0, color="0.6", linewidth=0.6)
        ax.text(3.9, -1.8, note, size=7, ha="right")
        for spine in ax.spines.values():
            spine.set_visible(False)
        lines = [ax.plot(drawn.x, drawn.value, color=COLOURS[0], linewidth=1.8, label="f(x)"),
                 ax.plot(drawn.x, drawn.derivative, color=COLOURS[1], linewidth=1.3, linestyle=DASHES,
                         label="f'(x)")]
    for ax in panels[len(curves):]:
        ax.set_axis_off()
    figure.legend(handles=[line for (line,) in lines], loc="outside upper center", ncols=2, frameon=False)
    return figure


def save_gallery(path: Any) -> None:
    """Write the gallery; the same curves give the same bytes, with one version of matplotlib."""
    with drawing():
        import matplotlib.style

    with matplotlib.style.context("default"), matplotlib.rc_context({"svg.hashsalt": "fastact"}):
        metadata = {"Creator": "fastact", "Date": None, "Keywords": list(activations)}
        save_figure(gallery(), path, dpi=150, metadata=metadata if str(path).endswith(".svg") else None)


def main(argv: Optional[List[str]] = None) -> int:
    """Draw, into a window or a file; returns the exit code."""
    parser = command_line.parser("plot", "Draw activations, solid, and their derivatives, dashed.",
                                 ["gelu silu", "relu6 --range -2 8 --output relu6.svg", "softmax"])
    parser.add_argument("names", nargs="*", help="functions, by their names in any library; a window opens")
    parser.add_argument("--output", type=command_line.new_file, metavar="FILE",
                        help="write this file instead: .svg, .png, .pdf ...")
    parser.add_argument("--range", nargs=2, type=float, metavar=("LOW", "HIGH"),
                        help="the range of x; default: -6 6, or wider to show kinks")
    parser.add_argument("--no-derivative", action="store_true", help="draw the values only")
    parser.add_argument("--all", action="store_true",
                        help=f"all activations, a panel each; without --output, into {GALLERY} of the source tree")
    options = parser.parse_args(argv)
    if options.all == bool(options.names):
        parser.error("name activations, or give --all")
    try:
        if options.all:
            save_gallery(options.output or pages.project_file(GALLERY))
        else:
            figure = plot(*options.names, derivative=not options.no_derivative, range=options.range and tuple(options.range),
                          show=options.output is None)
            if options.output:
                save_figure(figure, options.output)
    except (ImportError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


plot.__module__ = "fastact"  # where users find it, and pickles too
