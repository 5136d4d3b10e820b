"""Figures of matplotlib, which is imported when a figure is drawn. pyplot is imported only to open a window."""
from __future__ import annotations

import contextlib
import os
from typing import Any, Tuple

from fastact._core.files import write_whole
from fastact._core.optional import optional


def drawing() -> contextlib.AbstractContextManager[None]:
    """`optional` for matplotlib."""
    return optional("matplotlib", "drawing needs matplotlib", '"fastact[plot]"')


def new_figure(size: Tuple[float, float], show: bool = False) -> Any:
    """A figure of this size in inches; it is made by pyplot only if pyplot is to show it."""
    with drawing():
        from matplotlib.figure import Figure
    return (pyplot().figure if show else Figure)(figsize=size, layout="constrained")


def pyplot() -> Any:
    """matplotlib.pyplot."""
    with drawing():
        import matplotlib.pyplot
    return matplotlib.pyplot


def save_figure(figure: Any, path: Any, **options: Any) -> None:
    """Write a figure in the format that the path's ending names, which is PNG where it has none."""
    ending = os.path.splitext(os.fsdecode(path))[1]
    write_whole(path, lambda stream: figure.savefig(stream, format=ending[1:] or "png", **options))
