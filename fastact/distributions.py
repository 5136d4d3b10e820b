"""Weights that do not depend on the layer's size; `fastact.initializers` offers them.

Numbers are drawn in float64 and rounded to ``dtype``. ``rng`` is a seed, a numpy.random.Generator, or
None, with which every call differs.
"""
from __future__ import annotations

from typing import Any, Sequence

import numpy as np
from numpy.typing import DTypeLike, NDArray

_F32 = np.float32


def normal(
    shape: Sequence[int], rng: Any = None, dtype: DTypeLike = _F32, mean: float = 0, std: float = 0.05
) -> NDArray[Any]:
    """Normal numbers, of any shape."""
    return (mean + std * np.random.default_rng(rng).standard_normal(shape)).astype(dtype)


def uniform(
    shape: Sequence[int], rng: Any = None, dtype: DTypeLike = _F32, a: float = -0.05, b: float = 0.05
) -> NDArray[Any]:
    """Numbers spread evenly over ``[a, b)``, of any shape."""
    return np.random.default_rng(rng).uniform(a, b, shape).astype(dtype)


def truncated_normal(
    shape: Sequence[int], rng: Any = None, dtype: DTypeLike = _F32, mean: float = 0, std: float = 0.05
) -> NDArray[Any]:
    """Normal numbers, of any shape, drawn anew where they are more than ``2 * std`` from ``mean``."""
    generator = np.random.default_rng(rng)
    z = generator.standard_normal(shape)
    while (outside := np.abs(z) > 2).any():
        z[outside] = generator.standard_normal(np.count_nonzero(outside))
    return (mean + std * z).astype(dtype)


def constant(shape: Sequence[int], rng: Any = None, dtype: DTypeLike = _F32, value: float = 0) -> NDArray[Any]:
    """``value`` everywhere, in any shape; ``rng`` is not used. Units of equal weights stay equal."""
    return np.full(shape, value, dtype)


def zeros(shape: Sequence[int], rng: Any = None, dtype: DTypeLike = _F32) -> NDArray[Any]:
    """Zeros of any shape, as biases start; ``rng`` is not used."""
    return np.zeros(shape, dtype)


def ones(shape: Sequence[int], rng: Any = None, dtype: DTypeLike = _F32) -> NDArray[Any]:
    """Ones of any shape; ``rng`` is not used."""
    return np.ones(shape, dtype)
