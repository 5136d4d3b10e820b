"""Initial weights of shape (fan_in, fan_out): He for units of the relu kind, Glorot for the others.

Numbers are drawn in float64 and rounded to ``dtype``, so that a seed gives float32 weights that are
the float64 ones, rounded.

He et al. 2015, arXiv:1502.01852; Glorot and Bengio 2010.
"""
from __future__ import annotations

import math
from typing import Any, Callable, Sequence, Tuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from fastact.activations import lookup

__all__ = ["auto", "glorot_normal", "glorot_uniform", "he_normal", "he_uniform", "zeros"]

Initializer = Callable[..., NDArray[Any]]


def he_normal(shape: Sequence[int], rng: Any = None, dtype: DTypeLike = np.float32) -> NDArray[Any]:
    """Normal weights with standard deviation sqrt(2 / fan_in).

    Parameters
    ----------
    shape : (fan_in, fan_out)
    rng : seed or numpy.random.Generator, optional
        Without one, every call differs.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    ndarray of ``shape`` and ``dtype``

    Raises
    ------
    ValueError
        If ``shape`` is not two positive sizes.
    """
    fan_in, _ = _fans("he_normal", shape)
    return _normal(math.sqrt(2 / fan_in), shape, rng, dtype)


def he_uniform(shape: Sequence[int], rng: Any = None, dtype: DTypeLike = np.float32) -> NDArray[Any]:
    """Uniform weights within sqrt(6 / fan_in) of 0; arguments as for `he_normal`."""
    fan_in, _ = _fans("he_uniform", shape)
    return _uniform(math.sqrt(6 / fan_in), shape, rng, dtype)


def glorot_normal(shape: Sequence[int], rng: Any = None, dtype: DTypeLike = np.float32) -> NDArray[Any]:
    """Normal weights with standard deviation sqrt(2 / (fan_in + fan_out)); arguments as for `he_normal`."""
    return _normal(math.sqrt(2 / sum(_fans("glorot_normal", shape))), shape, rng, dtype)


def glorot_uniform(shape: Sequence[int], rng: Any = None, dtype: DTypeLike = np.float32) -> NDArray[Any]:
    """Uniform weights within sqrt(6 / (fan_in + fan_out)) of 0; arguments as for `he_normal`."""
    return _uniform(math.sqrt(6 / sum(_fans("glorot_uniform", shape))), shape, rng, dtype)


def zeros(shape: Sequence[int], rng: Any = None, dtype: DTypeLike = np.float32) -> NDArray[Any]:
    """Zeros of any shape, as biases start; ``rng`` is not used."""
    return np.zeros(shape, dtype)


def auto(activation: str) -> Initializer:
    """The initialiser that suits a layer whose outputs go through ``activation``.

    Glorot keeps the variance for functions of slope near 1 around 0 (identity, and those that
    saturate at both ends, such as tanh); He makes up for the half that relu and its kin remove.

    Parameters
    ----------
    activation : str
        Name or alias of an activation.

    Returns
    -------
    callable
        `glorot_uniform` or `he_normal`.

    Raises
    ------
    ValueError
        If the name is unknown.
    """
    info = lookup(activation).info
    return glorot_uniform if info.saturates == "both" or info.derivative == "1" else he_normal


def _fans(name: str, shape: Sequence[int]) -> Tuple[int, int]:
    if len(shape) != 2 or min(shape) < 1:
        raise ValueError(f"{name}: shape must be (fan_in, fan_out), both positive; got {tuple(shape)}")
    return shape[0], shape[1]


def _normal(deviation: float, shape: Sequence[int], rng: Any, dtype: DTypeLike) -> NDArray[Any]:
    return (np.random.default_rng(rng).standard_normal(shape) * deviation).astype(dtype)


def _uniform(bound: float, shape: Sequence[int], rng: Any, dtype: DTypeLike) -> NDArray[Any]:
    return np.random.default_rng(rng).uniform(-bound, bound, shape).astype(dtype)
