"""Initial weights of shape (fan_in, fan_out).

Every initialiser is ``make(shape, rng=None, dtype=numpy.float32, **options)``. Numbers are drawn in
float64 and rounded to ``dtype``, so that a seed gives float32 weights that are the float64 ones,
rounded. Definitions are torch's, and so are the names ``kaiming_*`` and ``xavier_*``; the
``*_truncated_normal`` are what Keras and JAX call ``*_normal``: redrawn beyond two deviations, and
widened so that the deviation is as stated.

He et al. 2015, arXiv:1502.01852; Glorot and Bengio 2010; LeCun et al. 1998, Efficient BackProp;
Klambauer et al. 2017, arXiv:1706.02515 (LeCun's for selu); Saxe et al. 2013, arXiv:1312.6120 (orthogonal).
"""
from __future__ import annotations

import math
from typing import Any, Callable, Optional, Sequence, Tuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from fastact.activations import lookup
from fastact.distributions import constant, normal, ones, truncated_normal, uniform, zeros

__all__ = [
    "auto", "calculate_gain", "constant", "glorot_normal", "glorot_truncated_normal", "glorot_uniform",
    "he_normal", "he_truncated_normal", "he_uniform", "kaiming_normal", "kaiming_uniform", "lecun_normal",
    "lecun_truncated_normal", "lecun_uniform", "normal", "ones", "orthogonal", "truncated_normal",
    "uniform", "xavier_normal", "xavier_uniform", "zeros",
]  # fmt: skip

Array = NDArray[Any]
Shape = Sequence[int]
Initializer = Callable[..., Array]

_F32 = np.float32
_DEVIATION_WITHIN_2 = 0.87962566103423978  # of a standard normal cut off at -2 and 2


def he_normal(
    shape: Shape, rng: Any = None, dtype: DTypeLike = _F32, negative_slope: float = 0, mode: str = "fan_in"
) -> Array:
    """Normal weights with standard deviation sqrt(2 / fan_in), for relu and its kin.

    Parameters
    ----------
    shape : (fan_in, fan_out)
    rng : seed or numpy.random.Generator, optional
        Without one, every call differs.
    dtype : dtype
        float32 or float64.
    negative_slope : float
        Of leaky_relu: the 2 becomes ``2 / (1 + negative_slope**2)``.
    mode : {"fan_in", "fan_out"}
        Which variance is kept: of the outputs, or of the gradients.

    Returns
    -------
    ndarray of ``shape`` and ``dtype``

    Raises
    ------
    ValueError
        If ``shape`` is not two positive sizes, or ``mode`` is unknown.
    """
    return normal(shape, rng, dtype, std=_he("he_normal", shape, negative_slope, mode))


def he_uniform(shape: Shape, rng: Any = None, dtype: DTypeLike = _F32, negative_slope: float = 0,
               mode: str = "fan_in") -> Array:
    """Uniform weights within sqrt(6 / fan_in) of 0; arguments as for `he_normal`."""
    return _uniform(_he("he_uniform", shape, negative_slope, mode), shape, rng, dtype)


def he_truncated_normal(shape: Shape, rng: Any = None, dtype: DTypeLike = _F32, negative_slope: float = 0,
                        mode: str = "fan_in") -> Array:
    """As `he_normal`, truncated."""
    return _truncated(_he("he_truncated_normal", shape, negative_slope, mode), shape, rng, dtype)


def glorot_normal(shape: Shape, rng: Any = None, dtype: DTypeLike = _F32, gain: float = 1) -> Array:
    """Normal weights with deviation ``gain * sqrt(2 / (fan_in + fan_out))``; else as `he_normal`."""
    return normal(shape, rng, dtype, std=_glorot("glorot_normal", shape, gain))


def glorot_uniform(shape: Shape, rng: Any = None, dtype: DTypeLike = _F32, gain: float = 1) -> Array:
    """Uniform weights within ``gain * sqrt(6 / (fan_in + fan_out))`` of 0; else as `he_normal`."""
    return _uniform(_glorot("glorot_uniform", shape, gain), shape, rng, dtype)


def glorot_truncated_normal(shape: Shape, rng: Any = None, dtype: DTypeLike = _F32, gain: float = 1) -> Array:
    """As `glorot_normal`, truncated."""
    return _truncated(_glorot("glorot_truncated_normal", shape, gain), shape, rng, dtype)


def lecun_normal(shape: Shape, rng: Any = None, dtype: DTypeLike = _F32) -> Array:
    """Normal weights with deviation sqrt(1 / fan_in), for selu; arguments as for `he_normal`."""
    return normal(shape, rng, dtype, std=_lecun("lecun_normal", shape))


def lecun_uniform(shape: Shape, rng: Any = None, dtype: DTypeLike = _F32) -> Array:
    """Uniform weights within sqrt(3 / fan_in) of 0; arguments as for `he_normal`."""
    return _uniform(_lecun("lecun_uniform", shape), shape, rng, dtype)


def lecun_truncated_normal(shape: Shape, rng: Any = None, dtype: DTypeLike = _F32) -> Array:
    """As `lecun_normal`, truncated."""
    return _truncated(_lecun("lecun_truncated_normal", shape), shape, rng, dtype)


def orthogonal(shape: Shape, rng: Any = None, dtype: DTypeLike = _F32, gain: float = 1) -> Array:
    """``gain`` times orthonormal columns, or rows where there are fewer of them; else as `he_normal`."""
    rows, columns = _fans("orthogonal", shape)
    square = np.random.default_rng(rng).standard_normal((max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(square)
    q *= np.copysign(gain, np.diag(r))  # without the signs, qr's convention would show
    return (q if rows >= columns else q.T).astype(dtype, order="C")


kaiming_normal, kaiming_uniform = he_normal, he_uniform
xavier_normal, xavier_uniform = glorot_normal, glorot_uniform


def auto(activation: str) -> Initializer:
    """The initialiser that suits a layer whose outputs go through ``activation``.

    Glorot keeps the variance for functions of slope near 1 around 0 (identity, and those that
    saturate at both ends, such as tanh); He makes up for the half that relu and its kin remove;
    LeCun is what selu's self-normalisation assumes.

    Parameters
    ----------
    activation : str
        Name or alias of an activation.

    Returns
    -------
    callable
        `glorot_uniform`, `he_normal` or `lecun_normal`.

    Raises
    ------
    ValueError
        If the name is unknown.
    """
    info = lookup(activation).info
    if info.name == "selu":
        return lecun_normal
    between_limits = info.saturates == "both" and info.name != "relu6"  # which is a relu for most inputs
    return glorot_uniform if between_limits or info.derivative == "1" else he_normal


def calculate_gain(nonlinearity: str, param: Optional[float] = None) -> float:
    """torch's factor for the deviation of the weights below an activation.

    Parameters
    ----------
    nonlinearity : {"linear", "identity", "sigmoid", "tanh", "relu", "leaky_relu", "selu"}
    param : float, optional
        leaky_relu's slope for negative values, 0.01 if not given.

    Raises
    ------
    ValueError
        For any other activation: there is no agreed factor.
    """
    slope = 0.01 if param is None else param
    gains = {"linear": 1.0, "identity": 1.0, "sigmoid": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2),
             "leaky_relu": math.sqrt(2 / (1 + slope**2)), "selu": 0.75}  # fmt: skip
    if nonlinearity not in gains:
        raise ValueError(f"calculate_gain: no gain is known for {nonlinearity!r}; known: {', '.join(gains)}")
    return gains[nonlinearity]


def _fans(name: str, shape: Shape) -> Tuple[int, int]:
    if len(shape) != 2 or min(shape) < 1:
        raise ValueError(f"{name}: shape must be (fan_in, fan_out), both positive; got {tuple(shape)}")
    return shape[0], shape[1]


def _he(name: str, shape: Shape, negative_slope: float, mode: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f'{name}: mode must be "fan_in" or "fan_out", got {mode!r}')
    return math.sqrt(2 / (1 + negative_slope**2) / _fans(name, shape)[mode == "fan_out"])


def _glorot(name: str, shape: Shape, gain: float) -> float:
    return gain * math.sqrt(2 / sum(_fans(name, shape)))


def _lecun(name: str, shape: Shape) -> float:
    return math.sqrt(1 / _fans(name, shape)[0])


def _uniform(deviation: float, shape: Shape, rng: Any, dtype: DTypeLike) -> Array:
    bound = math.sqrt(3) * deviation
    return uniform(shape, rng, dtype, -bound, bound)


def _truncated(deviation: float, shape: Shape, rng: Any, dtype: DTypeLike) -> Array:
    return truncated_normal(shape, rng, dtype, std=deviation / _DEVIATION_WITHIN_2)
