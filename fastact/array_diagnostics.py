"""Dead and saturated units in arrays of activations, from any framework."""
from __future__ import annotations

from typing import Any, Iterable, Iterator, Optional, Tuple, Union

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastact.activations import lookup
from fastact.containers import asarray, refuse

Array = NDArray[Any]
Batches = Union[ArrayLike, Iterable[Any]]

NEARLY_FLAT = 0.04  # of the largest slope: tanh beyond 0.98, sigmoid below 0.01 and above 0.99
_GRID = np.linspace(-8, 8, 3201)


def dead_fraction(
    values: Batches, activation: Any = "relu", given: str = "outputs", axis: int = -1, tolerance: float = 0.0
) -> float:
    """The fraction of units whose slope is 0 for every sample, from arrays of any framework.

    Parameters
    ----------
    values : array_like, or iterable of batches
        Of one layer: samples along the first axis, units along ``axis`` (1 for images as in torch);
        a unit's values at several positions count like several samples. A list of arrays with as many
        samples each could hold layers as well as batches, and raises.
    activation : str or Activation
    given : {"outputs", "inputs"}
        What the values are to the activation. Some, such as gelu, do not tell their slope by the outputs.
    tolerance : float
        Slopes up to this size count as 0.

    Raises
    ------
    ValueError, TypeError
        If there are no values, or they are of several layers, or ``given`` is unknown or does not tell the slope.
    """
    if isinstance(values, (list, tuple)) and len(values) > 1 and all(getattr(part, "ndim", 0) > 1 for part in values):
        shapes = [tuple(part.shape) for part in values]
        if len({shape[0] for shape in shapes}) == 1:
            raise ValueError(
                f"dead_fraction: arrays of the shapes {', '.join(map(str, shapes))} may be layers or batches; for layers call "
                "it for each, for batches of one layer pass numpy.concatenate(values), or an iterator, iter(values)"
            )
    alive: Any = None
    for slope in _slopes_of(values, activation, given, "dead_fraction"):
        moved = (np.abs(slope) > tolerance).any(axis=tuple(k for k in range(slope.ndim) if k != axis % slope.ndim))
        if alive is not None and moved.shape != alive.shape:
            raise ValueError(
                f"dead_fraction: a batch has {moved.size} units, another {alive.size}; for several layers call it for each"
            )
        alive = moved if alive is None else alive | moved
    return float((~alive).mean())


def saturated_fraction(values: Batches, activation: Any = "tanh", given: str = "outputs") -> float:
    """The fraction of values at which the activation is nearly flat, as in `saturation`.

    Arguments are those of `dead_fraction`; where the units are does not matter.
    """
    limit = NEARLY_FLAT * largest_slope(lookup(activation), ())
    flat = count = 0
    for slope in _slopes_of(values, activation, given, "saturated_fraction"):
        flat += int(np.count_nonzero(np.abs(slope) < limit))
        count += slope.size
    return flat / count


def _slopes_of(values: Batches, activation: Any, given: str, name: str) -> Iterator[Array]:
    """The slopes of an activation at values, batch by batch."""
    if given not in ("outputs", "inputs"):
        raise ValueError(f'{name}: given must be "outputs" or "inputs", got {given!r}')
    found, total = lookup(activation), 0
    if given == "outputs" and not found.info.from_output:
        raise TypeError(
            f'{name}: the outputs of {found.name} do not tell its slope; pass its inputs, with given="inputs"'
        )
    for batch in batches(values, None):
        array = np.atleast_1d(batch)
        total += array.size
        if array.size and given == "inputs":
            yield found.derivative(array)
        elif array.size:
            yield found.backward_from_output(np.ones_like(array), array)
    if total == 0:
        raise ValueError(f"{name}: there are no values")


def batches(X: Any, size: Optional[int]) -> Iterator[Any]:
    """The batches of an iterable, the first part of those that are (X, y); an array in parts of ``size`` samples."""
    refuse("diagnostics", [X])
    if hasattr(X, "__array__") or isinstance(X, (list, tuple)) and not _is_pair(X):
        array = _array(X)
        step = size or max(len(array), 1)
        yield from (array[k : k + step] for k in range(0, len(array), step))
    else:
        yield from (_array(batch[0] if _is_pair(batch) else batch) for batch in X)


def _is_pair(batch: Any) -> bool:
    """Whether this holds arrays, and not numbers or rows of numbers."""
    if not isinstance(batch, (list, tuple)) or not batch:
        return False
    return getattr(batch[0], "ndim", 0) > 1 or _is_pair(batch[0]) and not isinstance(batch[0][0], (list, tuple))


def _array(values: Any) -> Array:
    """As an array; a tensor that records gradients has to be detached first."""
    detach = getattr(values, "detach", None)
    if detach is not None:
        values = detach().cpu()
    return asarray(values)


def largest_slope(activation: Any, parameters: Tuple[float, ...]) -> float:
    """The largest absolute value of the derivative, as far as a network goes."""
    return float(np.abs(activation.derivative(_GRID, *parameters)).max())
