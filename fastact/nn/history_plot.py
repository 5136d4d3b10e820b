"""`MLP.plot_history`: the curves of a training."""
from __future__ import annotations

from typing import Any, Dict, List

import numpy as np

from fastact._core.figures import new_figure, pyplot

_NAMES = {"loss": "loss", "accuracy": "accuracy", "r2": "R squared"}
_COLOURS = {"": "#0072b2", "val_": "#d55e00"}


def plot_history(history: Dict[str, List[float]], show: bool = False) -> Any:
    """Draw a panel for the loss and one for the metric, over the epochs; see `fastact.MLP.plot_history`."""
    if not history:
        raise ValueError("MLP.plot_history: there is nothing to draw yet; call fit first")
    panels = [key for key in history if not key.startswith("val_")]
    drawn = new_figure((4.5 * len(panels), 3.4), show)
    for ax, key in zip(drawn.subplots(1, len(panels), squeeze=False)[0], panels):
        _draw(ax, history, key)
    if show:
        pyplot().show()
    return drawn


def _draw(ax: Any, history: Dict[str, List[float]], key: str) -> None:
    """Training and validation curve of one key, and where the latter is best."""
    for prefix, label in (("", "training"), ("val_", "validation")):
        curve = history.get(prefix + key)
        if curve is None:
            continue
        epochs = np.arange(1, len(curve) + 1)
        ax.plot(epochs, curve, color=_COLOURS[prefix], label=label, marker="." if len(curve) < 3 else None)
        if prefix and not np.isnan(curve).all():
            best = int(np.nanargmin(curve) if key == "loss" else np.nanargmax(curve))
            ax.plot(epochs[best], curve[best], "o", color=_COLOURS[prefix],
                    label=f"best: {curve[best]:.4g}, epoch {best + 1}")
    ax.set_xlabel("epoch")
    ax.set_ylabel(_NAMES.get(key, key))
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.grid(alpha=0.3)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False)
