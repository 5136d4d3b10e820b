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
from fastact._core.array_like import asarray, refuse

__all__ = [
    "DeadUnitsWarning", "Layer", "Report", "dead_fraction", "dead_units", "gradient_norms", "report",
    "saturated_fraction", "saturation",
]

Array = NDArray[Any]
Batches = Union[ArrayLike, Iterable[Any]]

_NEARLY_FLAT = 0.04  # of the largest derivative: tanh beyond 0.98, sigmoid below 0.01 and above 0.99
_GRID = np.linspace(-8, 8, 3201)  # where the largest derivative is looked for
# `MLP.fit` warns if more than this fraction of a layer's units is dead ...
_MANY = 0.3
_FEWEST = 10  # ... of at least so many samples: a unit may well be off for all of xor's four
_FIRST = 1024  # ... and looks at so many first: a unit that one of them moves is not dead


class DeadUnitsWarning(UserWarning):
    """`MLP.fit` has left more than 30 % of a layer's units dead: their slope is 0 for every sample, so they learn no more."""


def dead_units(net: Any, X: Batches, batch_size: int = 1024, tolerance: float = 0.0) -> List[float]:
    """For each hidden layer of an `MLP`, the fraction of units whose derivative is 0 for every sample.

    Parameters
    ----------
    net : MLP
    X : array_like, shape (samples, inputs), or iterable of batches
        A batch is such an array, or a tuple whose first part is one, such as (X, y). Numbers are converted to the network's
        dtype.
    batch_size : int
        Number of samples that are computed at a time if X is an array.
    tolerance : float
        Derivatives whose absolute value is at most this count as 0.

    Returns
    -------
    list of float in [0, 1]
        One number for each hidden layer, from the inputs to the outputs.

    Raises
    ------
    TypeError
        If ``net`` is not an `MLP`.
    ValueError
        If there are no samples.
    """
    alive = [np.zeros(layer.bias.shape, bool) for layer in _layers(net, "dead_units")[:-1]]
    for derivatives in _derivatives(net, X, batch_size, "dead_units"):
        for units, derivative in zip(alive, derivatives):
            units |= (np.abs(derivative) > tolerance).any(axis=0)
    return [float((~units).mean()) for units in alive]


def saturation(net: Any, X: Batches, batch_size: int = 1024) -> List[float]:
    """For each hidden layer of an `MLP`, the fraction of values at which its activation is nearly flat.

    Nearly flat means that the derivative is below 4 % of the activation's largest derivative: tanh beyond 0.98, sigmoid
    below 0.01 and above 0.99. For relu it is the fraction of zeros.

    Parameters
    ----------
    net, X, batch_size
        As for `dead_units`.

    Returns
    -------
    list of float in [0, 1]
        One number for each hidden layer, over all samples and units of the layer.

    Raises
    ------
    TypeError, ValueError
        As for `dead_units`.
    """
    largest = [_largest_derivative(layer.activation, layer.activation_parameters) for layer in _layers(net, "saturation")[:-1]]
    flat, count = np.zeros(len(largest)), 0
    for derivatives in _derivatives(net, X, batch_size, "saturation"):
        count += len(derivatives[0]) if derivatives else 0
        flat += [(np.abs(d) < _NEARLY_FLAT * top).mean(axis=1).sum() for d, top in zip(derivatives, largest)]
    return [float(value / count) for value in flat]


def gradient_norms(net: Any, X: ArrayLike, y: ArrayLike) -> List[float]:
    """For each layer of an `MLP`, the Euclidean norm of the loss's gradient with respect to its parameters.

    Norms that fall from layer to layer towards the inputs are a sign of vanishing gradients, norms that
    rise of exploding ones. The network does not change.

    Parameters
    ----------
    net : MLP
    X, y : array_like
        Inputs (samples, inputs) and targets, as for `MLP.train_step`.

    Returns
    -------
    list of float
        One norm for each layer, from the inputs to the outputs, in the unit of the loss per unit of the parameters.

    Raises
    ------
    TypeError, ValueError, FloatingPointError
        As `MLP.train_step`; TypeError also if ``net`` is not an `MLP`.
    """
    layers, random = _layers(net, "gradient_norms"), net._rng.bit_generator
    state = random.state
    net.gradients(X, y)
    random.state = state  # from which dropout has drawn
    return [math.sqrt(sum(float(np.vdot(grad, grad)) for _, grad in layer.trained)) for layer in layers]


class Layer(NamedTuple):
    """A layer in a `Report`: its `dead_units`, `saturation` and `gradient_norms`.

    ``dead`` and ``saturated`` are None for the output layer, ``gradient`` is None if the report was made without ``y``.
    """

    name: str
    dead: Optional[float]
    saturated: Optional[float]
    gradient: Optional[float]


class Report(List[Layer]):
    """A `Layer` for each layer; prints as a table."""

    def __repr__(self) -> str:
        rows = [("layer", "dead", "saturated", "gradient norm")]
        for name, dead, saturated, gradient in self:
            fractions = ["" if fraction is None else f"{fraction:.1%}" for fraction in (dead, saturated)]
            rows.append((name, *fractions, "" if gradient is None else f"{gradient:.3g}"))  # type: ignore[arg-type]
        width = max(len(row[0]) for row in rows)
        return "\n".join(f"{row[0]:<{width}}  {row[1]:>6}  {row[2]:>9}  {row[3]:>13}".rstrip() for row in rows)


def report(net: Any, X: ArrayLike, y: Optional[ArrayLike] = None) -> Report:
    """`dead_units` and `saturation` of each layer of an `MLP`, and with ``y`` its `gradient_norms`.

    Parameters
    ----------
    net : MLP
    X : array_like, shape (samples, inputs)
    y : array_like, optional
        Targets, as for `MLP.train_step`.

    Returns
    -------
    Report
        A list with a `Layer` for each layer, which prints as a table.

    Raises
    ------
    TypeError, ValueError, FloatingPointError
        As the three functions.
    """
    layers = _layers(net, "report")
    hidden = len(layers) > 1
    dead = [*dead_units(net, X), None] if hidden else [None]
    saturated = [*saturation(net, X), None] if hidden else [None]
    norms: Any = [None] * len(layers) if y is None else gradient_norms(net, X, y)
    names = [
        f"{k} ({n} -> {m}{'' if layer.activation is None else ' ' + layer.activation.name})"
        for k, layer in enumerate(layers, 1) for n, m in [layer.weight.shape]
    ]
    return Report(map(Layer, names, dead, saturated, norms))


def too_many_dead(net: Any, X: Array) -> str:
    """The warning where a hidden layer has more than 30 % dead units; "" where none has."""
    if len(net._network.layers) < 2 or len(X) < _FEWEST or max(dead_units(net, X[:_FIRST])) <= _MANY:
        return ""
    bad = [f"layer {k} {dead:.0%}" for k, dead in enumerate(dead_units(net, X), 1) if dead > _MANY]
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
    layers: List[Any] = network.layers
    return layers


def _derivatives(net: Any, X: Batches, batch_size: int, name: str) -> Iterator[List[Array]]:
    """For each batch the derivatives of the hidden layers' activations, (batch, units) each."""
    samples = 0
    for batch in batches(X, batch_size):
        h = net._inputs(batch)  # (batch, fan_in)
        samples += len(h)
        derivatives = []
        for layer in _layers(net, name)[:-1]:
            z = layer.linear(h)
            derivatives.append(layer.activation.derivative(z, *layer.activation_parameters))
            h = layer.activate(z, out=z)
        yield derivatives
    if samples == 0:
        raise ValueError(f"{name}: there are no samples")


def dead_fraction(
    values: Batches, activation: Any = "relu", given: str = "outputs", axis: int = -1, tolerance: float = 0.0
) -> float:
    """The fraction of units whose derivative is 0 for every sample, from arrays of any framework.

    Parameters
    ----------
    values : array_like, or iterable of batches
        The values of one layer, of shape (samples, ..., units, ...). The values of a unit at several positions count like
        several samples. A list of arrays with equal numbers of samples raises, because it might be layers or batches.
    activation : str or Activation
    given : {"outputs", "inputs"}
        Whether the values are outputs or inputs of the activation. The outputs of some activations, such as gelu, do not
        determine the derivative.
    axis : int
        The axis of the units: 1 for images as in torch.
    tolerance : float
        Derivatives whose absolute value is at most this count as 0.

    Returns
    -------
    float in [0, 1]

    Raises
    ------
    ValueError, TypeError
        If there are no values, or they are of several layers, or ``given`` is unknown or does not determine the derivative.
    """
    if isinstance(values, (list, tuple)) and len(values) > 1 and all(getattr(part, "ndim", 0) > 1 for part in values):
        shapes = [tuple(part.shape) for part in values]
        if len({shape[0] for shape in shapes}) == 1:
            raise ValueError(
                f"dead_fraction: arrays of the shapes {', '.join(map(str, shapes))} may be layers or batches; for layers call "
                "it for each, for batches of one layer pass numpy.concatenate(values), or an iterator, iter(values)"
            )
    alive: Any = None  # (units,)
    for derivative in _derivatives_at(values, activation, given, "dead_fraction"):
        others = tuple(k for k in range(derivative.ndim) if k != axis % derivative.ndim)
        moved = (np.abs(derivative) > tolerance).any(axis=others)
        if alive is not None and moved.shape != alive.shape:
            raise ValueError(
                f"dead_fraction: a batch has {moved.size} units, another {alive.size}; for several layers call it for each"
            )
        alive = moved if alive is None else alive | moved
    return float((~alive).mean())


def saturated_fraction(values: Batches, activation: Any = "tanh", given: str = "outputs") -> float:
    """The fraction of values at which the activation is nearly flat, as in `saturation`, from arrays of any framework.

    Parameters
    ----------
    values : array_like, or iterable of batches
        Values of any shape.
    activation, given
        As for `dead_fraction`.

    Returns
    -------
    float in [0, 1]

    Raises
    ------
    TypeError, ValueError
        As `dead_fraction`; values of several layers are not refused.
    """
    limit = _NEARLY_FLAT * _largest_derivative(lookup(activation), ())
    flat = count = 0
    for derivative in _derivatives_at(values, activation, given, "saturated_fraction"):
        flat += int(np.count_nonzero(np.abs(derivative) < limit))
        count += derivative.size
    return flat / count


def _derivatives_at(values: Batches, activation: Any, given: str, name: str) -> Iterator[Array]:
    """For each batch the derivatives of an activation at its values."""
    if given not in ("outputs", "inputs"):
        raise ValueError(f'{name}: given must be "outputs" or "inputs", got {given!r}')
    found, total = lookup(activation), 0
    if given == "outputs" and not found.info.from_output:
        raise TypeError(
            f'{name}: the outputs of {found.name} do not determine its derivative; pass its inputs, with given="inputs"'
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
    """Yield the batches of an iterable (of a batch (X, y) only X), or of an array in parts of `size` samples."""
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


def _largest_derivative(activation: Any, parameters: Tuple[float, ...]) -> float:
    """The largest absolute value of the derivative between -8 and 8."""
    return float(np.abs(activation.derivative(_GRID, *parameters)).max())


for _name in __all__:  # where users find them, and pickles too
    globals()[_name].__module__ = __name__


def __dir__() -> List[str]:
    return __all__
