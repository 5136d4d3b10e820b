"""Draws docs/curves.svg, the trainings of README's three examples, by running them."""
import contextlib
import doctest
import io
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure

import fastact as fa
from fastact.nn.history_plot import _draw

ROOT = Path(__file__).parents[1]
TITLES = ("digits", "breast cancer", "diabetes")


def trained():
    """The networks of the examples, in order."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text[text.index("## Networks for tables of data"):text.index("`net.plot_history()`")]
    names, nets = {"np": np, "fa": fa}, []
    for example in doctest.DocTestParser().get_examples(section):
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(example.source, "README.md", "single"), names)
        if "net" in names and names["net"].history and names["net"] not in nets:
            nets.append(names["net"])
    return nets


def main():
    """Write the drawing."""
    matplotlib.rcParams["svg.hashsalt"] = "fastact"
    figure = Figure((12, 3.4), layout="constrained")
    for ax, title, net in zip(figure.subplots(1, len(TITLES)), TITLES, trained(), strict=True):
        _draw(ax, net.history, "loss")
        ax.set_title(title)
    figure.savefig(ROOT / "docs" / "curves.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
