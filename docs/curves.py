"""Draws three figures of the site by running what they show: ``python docs/curves.py``.

curves.svg has the trainings of the examples in networks.md, vanishing.svg the gradients of deep networks, and dying.svg relu
units that die.
"""
import contextlib
import doctest
import io
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure

import fastact as fa
from fastact.guide.plotting import COLOURS
from fastact.nn.history_plot import _draw

ROOT = Path(__file__).parents[1]
TITLES = ("digits", "breast cancer", "diabetes")


def trained():
    """The networks of the examples, in order."""
    text = (ROOT / "docs" / "networks.md").read_text(encoding="utf-8")
    section = text[:text.index("`net.plot_history()`")]
    names, nets = {"np": np, "fa": fa}, []
    for example in doctest.DocTestParser().get_examples(section):
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(example.source, "networks.md", "single"), names)
        if "net" in names and names["net"].history and names["net"] not in nets:
            nets.append(names["net"])
    return nets


def data():
    """512 samples (512, 8) and their classes (512,): whether the first two inputs have the same sign."""
    X = np.random.default_rng(0).normal(size=(512, 8)).astype(np.float32)
    return X, (X[:, 0] * X[:, 1] > 0).astype(int)


def draw_training(figure):
    for ax, title, net in zip(figure.subplots(1, len(TITLES)), TITLES, trained(), strict=True):
        _draw(ax, net.history, "loss")
        ax.set_title(title)


def draw_vanishing(figure):
    """The norm of the gradient in each of 20 layers before the first step, weights as Glorot's."""
    X, y = data()
    ax = figure.subplots()
    for name, colour in zip(("sigmoid", "tanh", "relu", "silu"), COLOURS, strict=False):
        net = fa.MLP([8, *[64] * 20, 2], name, init="glorot_uniform", random_state=0)
        norms = fa.diagnostics.gradient_norms(net, X, y)
        ax.semilogy(range(1, len(norms) + 1), norms, "o-", color=colour, label=name, markersize=4)
    ax.set(xlabel="layer, from the inputs", ylabel="norm of the gradient", xticks=range(1, 22, 4))
    ax.legend()


def draw_dying(figure):
    """The fraction of dead units of one hidden layer over 50 steps of gradient descent."""
    X, y = data()
    ax = figure.subplots()
    for (name, lr), colour in zip((("relu", 10.0), ("relu", 0.1), ("leaky_relu", 10.0)), COLOURS, strict=False):
        net = fa.MLP([8, 64, 2], name, optimizer="sgd", lr=lr, random_state=0)
        dead = [net.dead_units(X)[0]]
        for _ in range(50):
            net.train_step(X, y)
            dead.append(net.dead_units(X)[0])
        ax.plot(dead, color=colour, label=f"{name}, learning rate {lr:g}", linestyle="--" if name == "leaky_relu" else "-")
    ax.set(xlabel="step", ylabel="dead units", ylim=(-0.03, 1))
    ax.legend()


def main():
    """Write the drawings."""
    matplotlib.rcParams["svg.hashsalt"] = "fastact"
    drawings = (("curves", draw_training, (12, 3.4)), ("vanishing", draw_vanishing, (7, 3.6)), ("dying", draw_dying, (7, 3.6)))
    for name, draw, size in drawings:
        figure = Figure(size, layout="constrained")
        draw(figure)
        figure.savefig(ROOT / "docs" / f"{name}.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
