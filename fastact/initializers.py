"""Initial weights of shape (fan_in, fan_out).

Every initialiser is ``make(shape, rng=None, dtype=numpy.float32, **options)``. Numbers are drawn in
float64 and rounded to ``dtype``, so a seed gives the same weights in float32 and float64, except for the rounding.
The definitions and the names ``kaiming_*`` and ``xavier_*`` are torch's. Each ``*_truncated_normal`` is what Keras
and JAX call ``*_normal``: numbers beyond two standard deviations are drawn again. The normal distribution that is truncated
has a larger standard deviation, so that the weights have the stated one.

He et al. 2015, arXiv:1502.01852; Glorot and Bengio 2010; LeCun et al. 1998, Efficient BackProp;
Klambauer et al. 2017, arXiv:1706.02515 (LeCun's for selu); Saxe et al. 2013, arXiv:1312.6120 (orthogonal).
"""
from __future__ import annotations

import functools
import math
from typing import Any, Callable, List, Sequence, Tuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from fastact._core.activation import Activation, lookup
from fastact._core.number_arguments import generator

__all__ = [
    "auto", "calculate_gain", "constant", "glorot_normal", "glorot_truncated_normal", "glorot_uniform",
    "he_normal", "he_truncated_normal", "he_uniform", "kaiming_normal", "kaiming_uniform", "lecun_normal",
    "lecun_truncated_normal", "lecun_uniform", "normal", "ones", "orthogonal", "truncated_normal",
    "uniform", "xavier_normal", "xavier_uniform", "zeros",
]

Array = NDArray[Any]
Shape = Sequence[int]
Initializer = Callable[..., Array]

_F32 = np.float32
_POINTS = 1 << 15  # at which a mean over a normal distribution is computed; a jump of f makes a relative error of a few 1e-4
_DEVIATION_WITHIN_2 = 0.87962566103423978  # of a standard normal variable that is truncated to [-2, 2]


def normal(shape: Shape, rng: Any = None, dtype: DTypeLike = _F32, mean: float = 0, std: float = 0.05) -> Array:
    """Normal numbers.

    Parameters
    ----------
    shape : sequence of int
        Any shape.
    rng : seed or numpy.random.Generator, optional
        Without one, every call differs.
    dtype : dtype
        float32 or float64.
    mean, std : float
        Mean and standard deviation.

    Returns
    -------
    ndarray of ``shape`` and ``dtype``
    """
    return (mean + std * generator("fastact.initializers: rng", rng).standard_normal(shape)).astype(dtype)


def uniform(shape: Shape, rng: Any = None, dtype: DTypeLike = _F32, a: float = -0.05, b: float = 0.05) -> Array:
    """Numbers of a uniform distribution over ``[a, b)``; other arguments and result as for `normal`."""
    return generator("fastact.initializers: rng", rng).uniform(a, b, shape).astype(dtype)


def truncated_normal(shape: Shape, rng: Any = None, dtype: DTypeLike = _F32, mean: float = 0, std: float = 0.05) -> Array:
    """Normal numbers, drawn again if more than ``2 * std`` from ``mean``; arguments and result as for `normal`."""
    random = generator("fastact.initializers: rng", rng)
    z = random.standard_normal(shape)
    while (outside := np.abs(z) > 2).any():
        z[outside] = random.standard_normal(np.count_nonzero(outside))
    return (mean + std * z).astype(dtype)


def constant(shape: Shape, rng: Any = None, dtype: DTypeLike = _F32, value: float = 0) -> Array:
    """``value`` everywhere, in any shape; ``rng`` is not used. Units of equal weights stay equal."""
    return np.full(shape, value, dtype)


def zeros(shape: Shape, rng: Any = None, dtype: DTypeLike = _F32) -> Array:
    """Zeros, of any shape; ``rng`` is not used."""
    return np.zeros(shape, dtype)


def ones(shape: Shape, rng: Any = None, dtype: DTypeLike = _F32) -> Array:
    """Ones, of any shape; ``rng`` is not used."""
    return np.ones(shape, dtype)


def he_normal(shape: Shape, rng: Any = None, dtype: DTypeLike = _F32, negative_slope: float = 0, mode: str = "fan_in") -> Array:
    """Normal weights with standard deviation ``sqrt(2 / fan_in)``, for relu and the like.

    Parameters
    ----------
    shape : (fan_in, fan_out)
    rng : seed or numpy.random.Generator, optional
        Without one, every call differs.
    dtype : dtype
        float32 or float64.
    negative_slope : float
        The parameter of leaky_relu, with which the 2 becomes ``2 / (1 + negative_slope**2)``.
    mode : {"fan_in", "fan_out"}
        "fan_in" keeps the variance of the outputs from layer to layer, "fan_out" that of the gradients.

    Returns
    -------
    ndarray of ``shape`` and ``dtype``

    Raises
    ------
    ValueError
        If ``shape`` is not two positive sizes, or ``mode`` is unknown.
    """
    return normal(shape, rng, dtype, std=_he("he_normal", shape, negative_slope, mode))


def he_uniform(shape: Shape, rng: Any = None, dtype: DTypeLike = _F32, negative_slope: float = 0, mode: str = "fan_in") -> Array:
    """Uniform weights between -b and b, ``b = sqrt(6 / fan_in)``. Arguments, result and errors are those of `he_normal`."""
    return _uniform(_he("he_uniform", shape, negative_slope, mode), shape, rng, dtype)


def he_truncated_normal(
    shape: Shape, rng: Any = None, dtype: DTypeLike = _F32, negative_slope: float = 0, mode: str = "fan_in"
) -> Array:
    """Truncated normal weights with the standard deviation, arguments, result and errors of `he_normal`."""
    return _truncated(_he("he_truncated_normal", shape, negative_slope, mode), shape, rng, dtype)


def glorot_normal(shape: Shape, rng: Any = None, dtype: DTypeLike = _F32, gain: float = 1) -> Array:
    """Normal weights with standard deviation ``gain * sqrt(2 / (fan_in + fan_out))``; all else as for `he_normal`."""
    return normal(shape, rng, dtype, std=_glorot("glorot_normal", shape, gain))


def glorot_uniform(shape: Shape, rng: Any = None, dtype: DTypeLike = _F32, gain: float = 1) -> Array:
    """Uniform weights between -b and b, ``b = gain * sqrt(6 / (fan_in + fan_out))``; all else as for `he_normal`."""
    return _uniform(_glorot("glorot_uniform", shape, gain), shape, rng, dtype)


def glorot_truncated_normal(shape: Shape, rng: Any = None, dtype: DTypeLike = _F32, gain: float = 1) -> Array:
    """Truncated normal weights with the standard deviation of `glorot_normal`; all else as for `he_normal`."""
    return _truncated(_glorot("glorot_truncated_normal", shape, gain), shape, rng, dtype)


def lecun_normal(shape: Shape, rng: Any = None, dtype: DTypeLike = _F32, gain: float = 1) -> Array:
    """Normal weights with standard deviation ``gain * sqrt(1 / fan_in)``, for selu; all else as for `he_normal`."""
    return normal(shape, rng, dtype, std=_lecun("lecun_normal", shape, gain))


def lecun_uniform(shape: Shape, rng: Any = None, dtype: DTypeLike = _F32, gain: float = 1) -> Array:
    """Uniform weights between -b and b, ``b = gain * sqrt(3 / fan_in)``; all else as for `he_normal`."""
    return _uniform(_lecun("lecun_uniform", shape, gain), shape, rng, dtype)


def lecun_truncated_normal(shape: Shape, rng: Any = None, dtype: DTypeLike = _F32, gain: float = 1) -> Array:
    """Truncated normal weights with the standard deviation of `lecun_normal`; all else as for `he_normal`."""
    return _truncated(_lecun("lecun_truncated_normal", shape, gain), shape, rng, dtype)


def orthogonal(shape: Shape, rng: Any = None, dtype: DTypeLike = _F32, gain: float = 1) -> Array:
    """``gain`` times a matrix with orthonormal columns, or rows if there are fewer rows; all else as for `he_normal`."""
    rows, columns = _fans("orthogonal", shape)
    tall = generator("fastact.initializers: rng", rng).standard_normal((max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(tall)
    q *= np.copysign(gain, np.diag(r))  # without this the signs would be those that qr prefers
    return (q if rows >= columns else q.T).astype(dtype, order="C")


kaiming_normal, kaiming_uniform = he_normal, he_uniform
xavier_normal, xavier_uniform = glorot_normal, glorot_uniform


def auto(activation: Any, *parameters: float, width: int = 1) -> Initializer:
    """The initialiser that suits a layer whose outputs go through ``activation``.

    The weights are normal with standard deviation ``gain / sqrt(fan_in)``. ``gain`` is ``E[f(z)**2] ** -0.5`` for a
    standard normal z, so the inputs of the activations have the mean square 1 in the next layer if they have it in this one
    (He et al. 2015, section 2.2, for relu; Poole et al. 2016, arXiv:1606.05340, for any f). For relu and leaky_relu this is
    He's standard deviation, for selu LeCun's. If the activation is 0 or huge for nearly every z, the gain is 1. The identity,
    the usual activation of outputs, gets Glorot's uniform weights.

    Parameters
    ----------
    activation : str, Activation or callable
    *parameters : float
        The activation's parameters, as in a call; without them its defaults.
    width : int
        The number of units of the layer: a callable is given rows of this length.

    Returns
    -------
    callable
        `glorot_uniform`, `he_normal`, `lecun_normal`, or one of the latter two with an option.

    Raises
    ------
    ValueError
        If the name is unknown, or a parameter without a default is left out.
    """
    found, name = _named(activation)
    if name == "identity":
        return glorot_uniform
    if name == "relu":
        return he_normal
    if name in ("leaky_relu", "prelu"):
        return functools.partial(he_normal, negative_slope=(*parameters, *found.info.defaults)[0])
    gain = _variance_gain(found, parameters, width)
    return lecun_normal if name == "selu" else functools.partial(lecun_normal, gain=gain)


def calculate_gain(nonlinearity: Any, param: Any = None) -> float:
    """The factor by which an activation scales the standard deviation of the weights before it.

    Where torch has one, it is torch's: 1 for "linear", "identity" and "sigmoid", 5/3 for "tanh", sqrt(2)
    for "relu", ``sqrt(2 / (1 + param**2))`` for "leaky_relu", 3/4 for "selu". For every other activation it
    is the gain of `auto`, which keeps the variance. (`auto` uses its own gain for all: 1.85 for sigmoid,
    1.59 for tanh, 1 for selu.)

    Parameters
    ----------
    nonlinearity : str, Activation or callable
    param : float or sequence of float, optional
        The activation's parameters, such as leaky_relu's slope for negative values, 0.01 by default.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the name is unknown, or a parameter without a default is left out.
    """
    parameters = () if param is None else tuple(np.atleast_1d(param).tolist())
    found, name = _named(nonlinearity)
    slope = (*parameters, 0.01)[0]
    gains = {"identity": 1.0, "sigmoid": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2),
             "leaky_relu": math.sqrt(2 / (1 + slope**2)), "selu": 0.75}
    return gains[name] if name in gains else _variance_gain(found, parameters, 1)


def _named(activation: Any) -> Tuple[Any, str]:
    """An activation, and its name in the registry, or "" for one of the user's."""
    found = lookup(activation) if isinstance(activation, str) else activation
    return found, getattr(getattr(found, "info", None), "name", "")


@functools.cache
def _normal_grid() -> Tuple[Array, Array]:
    """Midpoints of intervals that divide [-12, 12], and the standard normal probability of each interval."""
    step = 24 / _POINTS
    z = (np.arange(_POINTS) + 0.5) * step - 12
    return z, lookup("exponential")(-z * z / 2) * (step / math.sqrt(2 * math.pi))  # its bits are the same everywhere


def _variance_gain(activation: Any, parameters: Tuple[float, ...], width: int) -> float:
    compute = _gain if isinstance(activation, Activation) else _gain.__wrapped__  # a callable of the user's may change
    return compute(activation, parameters, width)


@functools.lru_cache
def _gain(activation: Any, parameters: Tuple[float, ...], width: int) -> float:
    """``E[f(z)**2] ** -0.5``, or 1 if that mean is below 1e-4 or above 1e4."""
    z, probability = _normal_grid()
    info = getattr(activation, "info", None)
    if info is not None and len(parameters) < len(info.required):
        names = ", ".join(p.name for p in info.parameters if p.default is None)
        raise ValueError(f"initializers: the gain of {info.name} needs its {names}")
    whole = np.resize(z, (-(-_POINTS // width), width))
    with np.errstate(all="ignore"):
        square = np.square(np.asarray(activation(whole, *parameters), np.float64)).ravel()[:_POINTS]
        mean = math.fsum(square * probability) if np.isfinite(square).all() else math.inf
    return mean**-0.5 if 1e-4 < mean < 1e4 else 1.0


def _fans(name: str, shape: Shape) -> Tuple[int, int]:
    if len(shape) != 2 or min(shape) < 1:
        raise ValueError(f"{name}: shape must be (fan_in, fan_out), both positive; got {tuple(shape)}")
    return shape[0], shape[1]


def _he(name: str, shape: Shape, negative_slope: float, mode: str) -> float:
    """The standard deviation of weights; so `_glorot` and `_lecun`."""
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f'{name}: mode must be "fan_in" or "fan_out", got {mode!r}')
    return math.sqrt(2 / (1 + negative_slope**2) / _fans(name, shape)[mode == "fan_out"])


def _glorot(name: str, shape: Shape, gain: float) -> float:
    return gain * math.sqrt(2 / sum(_fans(name, shape)))


def _lecun(name: str, shape: Shape, gain: float) -> float:
    return gain * math.sqrt(1 / _fans(name, shape)[0])


def _uniform(deviation: float, shape: Shape, rng: Any, dtype: DTypeLike) -> Array:
    end = math.sqrt(3) * deviation
    return uniform(shape, rng, dtype, -end, end)


def _truncated(deviation: float, shape: Shape, rng: Any, dtype: DTypeLike) -> Array:
    return truncated_normal(shape, rng, dtype, std=deviation / _DEVIATION_WITHIN_2)


for _name in __all__:  # where users find them, and pickles too
    globals()[_name].__module__ = __name__


def __dir__() -> List[str]:
    return __all__
