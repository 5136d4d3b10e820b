"""What the optimisers share: the parameters, the checks, and the loop over the parameters."""
from __future__ import annotations

import math
from numbers import Real
from typing import Any, Iterable, List, Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Optimizer:
    """Base of the optimisers, which add ``_update`` for one parameter."""

    def __init__(self, params: Iterable[Array], lr: float, weight_decay: float, maximize: bool) -> None:
        name = type(self).__name__
        if isinstance(params, np.ndarray):
            raise TypeError(f"{name}: params is one array; pass a list of arrays, as [array]")
        self.params: List[Array] = list(params)
        if not self.params:
            raise ValueError(f"{name}: params is empty; pass the arrays to update")
        for i, p in enumerate(self.params):
            if not isinstance(p, np.ndarray) or p.dtype.kind != "f":
                what = f"array of {p.dtype}" if isinstance(p, np.ndarray) else type(p).__name__
                raise TypeError(f"{name}: parameter {i} is of type {what}; expected a floating-point array")
            if not p.flags.writeable:
                raise ValueError(f"{name}: parameter {i} is read-only, it cannot be updated in place")
        self.lr = self._not_negative("lr", lr)
        self.weight_decay = self._not_negative("weight_decay", weight_decay)
        self.maximize = maximize
        self.steps = 0
        self._scratch = self._like_params(), self._like_params()

    def step(self, grads: Sequence[Array]) -> None:
        """Update the parameters in place.

        Parameters
        ----------
        grads : sequence of array
            One gradient a parameter, of its shape. They are left as they are.

        Raises
        ------
        TypeError, ValueError
            If a gradient is no float array, their number or a shape differs; no parameter has
            been changed then.
        """
        grads = [np.asarray(g) for g in grads]
        shapes, expected = [g.shape for g in grads], [p.shape for p in self.params]
        if shapes != expected:
            raise ValueError(
                f"{type(self).__name__}.step: gradients have shapes {shapes}; expected those of the "
                f"parameters, {expected}"
            )
        for i, g in enumerate(grads):
            if g.dtype.kind != "f":
                raise TypeError(f"{type(self).__name__}.step: gradient {i} has dtype {g.dtype}, not a float")
        self.steps += 1
        for i, (p, g) in enumerate(zip(self.params, grads)):
            a, b = self._scratch[0][i], self._scratch[1][i]
            if self.maximize:
                g = np.negative(g, out=a)
            if self.weight_decay:
                g = np.add(g, np.multiply(p, self.weight_decay, out=b), out=a)
            self._update(i, p, g, a, b)

    def _update(self, i: int, p: Array, g: Array, a: Array, b: Array) -> None:
        """Descend along ``g``, which may be ``a``; ``b`` is free, and ``a`` once ``g`` is used up."""
        raise NotImplementedError

    def _like_params(self) -> List[Array]:
        return [np.zeros(p.shape, p.dtype) for p in self.params]

    def _not_negative(self, option: str, value: float, below: float = math.inf) -> float:
        if not isinstance(value, Real):
            raise TypeError(f"{type(self).__name__}: {option} must be a number, got {value!r}")
        if not 0 <= value < below:
            raise ValueError(f"{type(self).__name__}: {option} must be in [0, {below}), got {value}")
        return float(value)

    def __repr__(self) -> str:
        options = ", ".join(
            f"{key}={value}" for key, value in vars(self).items()
            if not key.startswith("_") and key not in ("params", "steps")
        )
        return f"{type(self).__name__}({options})"
