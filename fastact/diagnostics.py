"""What goes wrong inside a network: dead units, saturation, vanishing and exploding gradients.

For an `MLP`: `dead_units`, `saturation`, `gradient_norms`, and `report`, which shows all three. For
activations of any other framework, as arrays: `dead_fraction` and `saturated_fraction`.
"""
from __future__ import annotations

import math
from typing import Any, Iterable, Iterator, List, NamedTuple, Optional, Tuple, Union

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastact._core.activation import lookup
from fastact._core.containers import asarray, refuse

__all__ = [
    "DeadUnitsWarning", "Layer", "Report", "dead_fraction", "dead_units", "gradient_norms", "report",
    "saturated_fraction", "saturation",
]  # fmt: skip

Array = NDArray[Any]
Batches = Union[ArrayLike, Iterable[Any]]

NEARLY_FLAT = 0.04  # of the largest slope: tanh beyond 0.98, sigmoid below 0.01 and above 0.99
_GRID = np.linspace(-8, 8, 3201)
_MANY = 0.3  # of a layer's units: more dead ones are worth a warning
_TOO_FEW = 10  # samples: to be off for all of so few, such as xor's four, says little about a unit
_A_LOOK = 1024  # samples, which clear most layers: a unit that one of them moves is not dead


class DeadUnitsWarning(UserWarning):
    """`MLP.fit` leaves many units that give the same for every sample and no longer learn."""


def dead_units(net: Any, X: Batches, batch_size: int = 1024, tolerance: float = 0.0) -> List[float]:
    """For each hidden layer of an `MLP`, the fraction of units whose slope is 0 for every sample.

    Parameters
    ----------
    net : MLP
    X : array_like, shape (samples, inputs), or iterable of such
        Of batches that are tuples, such as (X, y), the first part counts.
    batch_size : int
        Samples at a time, for an array.
    tolerance : float
        Slopes up to this size count as 0.

    Raises
    ------
    ValueError
        If there are no samples.
    """
    alive = [np.zeros(layer.bias.shape, bool) for layer in _layers(net, "dead_units")[:-1]]
    for slopes in _slopes(net, X, batch_size, "dead_units"):
        for units, slope in zip(alive, slopes):
            units |= (np.abs(slope) > tolerance).any(axis=0)
    return [float((~units).mean()) for units in alive]


def saturation(net: Any, X: Batches, batch_size: int = 1024) -> List[float]:
    """For each hidden layer of an `MLP`, the fraction of values at which its activation is nearly flat.

    That is where the slope is below 4 % of the activation's largest: tanh beyond 0.98, sigmoid below
    0.01 and above 0.99. For relu it is the fraction of zeros. Arguments are those of `dead_units`.
    """
    largest = [largest_slope(layer.activation, layer.parameters) for layer in _layers(net, "saturation")[:-1]]
    flat, count = np.zeros(len(largest)), 0
    for slopes in _slopes(net, X, batch_size, "saturation"):
        count += len(slopes[0]) if slopes else 0
        flat += [(np.abs(slope) < NEARLY_FLAT * top).mean(axis=1).sum() for slope, top in zip(slopes, largest)]
    return [float(value / count) for value in flat]


def gradient_norms(net: Any, X: ArrayLike, y: ArrayLike) -> List[float]:
    """For each layer of an `MLP`, the Euclidean norm of the loss's gradient in its parameters.

    Norms that fall from layer to layer towards the inputs tell of vanishing gradients, norms that
    rise of exploding ones.
    """
    layers, random = _layers(net, "gradient_norms"), net._rng.bit_generator
    state = random.state
    net.gradients(X, y)
    random.state = state  # to look is to change nothing, dropout's numbers included
    return [math.sqrt(sum(float(np.vdot(grad, grad)) for _, grad in layer.trained)) for layer in layers]


class Layer(NamedTuple):
    """A layer in a `Report`. The output layer has no `dead` and no `saturated`."""

    name: str
    dead: Optional[float]
    saturated: Optional[float]
    gradient: Optional[float]


class Report(List[Layer]):
    """A `Layer` each; prints as a table."""

    def __repr__(self) -> str:
        rows = [("layer", "dead", "saturated", "gradient norm")]
        for name, dead, saturated, gradient in self:
            shares = ["" if share is None else f"{share:.1%}" for share in (dead, saturated)]
            rows.append((name, *shares, "" if gradient is None else f"{gradient:.3g}"))  # type: ignore[arg-type]
        width = max(len(row[0]) for row in rows)
        return "\n".join(f"{row[0]:<{width}}  {row[1]:>6}  {row[2]:>9}  {row[3]:>13}".rstrip() for row in rows)


def report(net: Any, X: ArrayLike, y: Optional[ArrayLike] = None) -> Report:
    """`dead_units` and `saturation` of each layer of an `MLP`, and with ``y`` its `gradient_norms`."""
    layers = _layers(net, "report")
    hidden = len(layers) - 1
    dead = [*dead_units(net, X), None] if hidden else [None]
    saturated = [*saturation(net, X), None] if hidden else [None]
    norms: Any = [None] * len(layers) if y is None else gradient_norms(net, X, y)
    names = [
        f"{k} ({n} -> {m}{'' if layer.activation is None else ' ' + layer.activation.name})"
        for k, layer in enumerate(layers, 1) for n, m in [layer.weight.shape]
    ]  # fmt: skip
    return Report(map(Layer, names, dead, saturated, norms))


def too_many_dead(net: Any, X: Array) -> str:
    """What to say where a hidden layer has more than 30 % dead units; empty where none has."""
    if len(net._network.layers) < 2 or len(X) < _TOO_FEW or max(dead_units(net, X[:_A_LOOK])) <= _MANY:
        return ""
    dead = dead_units(net, X)
    bad = [f"layer {k} {share:.0%}" for k, share in enumerate(dead, 1) if share > _MANY]
    return "" if not bad else (
        f"MLP.fit: many units are dead ({', '.join(bad)}): their slope is 0 for every sample, and they no longer "
        'learn. Try activation="leaky_relu" or "elu", a smaller learning rate, He initialisation (init="auto"), '
        "or inputs scaled to mean 0; net.dead_units(X) counts them"
    )


def _layers(net: Any, name: str) -> List[Any]:
    network = getattr(net, "_network", None)
    if network is None or not hasattr(net, "_inputs"):
        raise TypeError(
            f"{name}: expected a fastact.MLP, got {type(net).__name__}; for networks of other frameworks, pass the values "
            "of each layer to fastact.diagnostics.dead_fraction or saturated_fraction"
        )
    return network.layers


def _slopes(net: Any, X: Batches, batch_size: int, name: str) -> Iterator[List[Array]]:
    """The slopes of the hidden layers' activations, batch by batch."""
    samples = 0
    for batch in batches(X, batch_size):
        h = net._inputs(batch)
        samples += len(h)
        slopes = []
        for layer in _layers(net, name)[:-1]:
            z = layer.linear(h)
            slopes.append(layer.activation.derivative(z, *layer.parameters))
            h = layer.activate(z, out=z)
        yield slopes
    if samples == 0:
        raise ValueError(f"{name}: there are no samples")


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


for _name in __all__:  # where users find them, and pickles too
    globals()[_name].__module__ = __name__
