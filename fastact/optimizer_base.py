"""What the optimisers share: the parameters, the checks, the loop over the parameters, and clipping."""
from __future__ import annotations

import math
from numbers import Real
from typing import Any, Iterable, List, Optional, Sequence, Tuple, Union

import numpy as np
from numpy.typing import NDArray

from fastact.optimizer_kernels import Rule, is_ready

Array = NDArray[Any]
State = Tuple[Optional[Array], Optional[Array], Optional[Array]]


class Optimizer:
    """Base of the optimisers, which add `_rule`, one step's numbers, and `_state` of a parameter."""

    def __init__(self, params: Iterable[Array], lr: float, weight_decay: float, maximize: bool) -> None:
        name = type(self).__name__
        if isinstance(params, np.ndarray):
            raise TypeError(f"{name}: params is one array; pass a list of arrays, as [array]")
        self.params: List[Array] = list(params)
        if not self.params:
            raise ValueError(f"{name}: params is empty; pass the arrays to update")
        for i, p in enumerate(self.params):
            if not isinstance(p, np.ndarray) or p.dtype.kind != "f" or p.dtype.itemsize > 8:
                what = f"array of {p.dtype}" if isinstance(p, np.ndarray) else type(p).__name__
                raise TypeError(
                    f"{name}: parameter {i} is of type {what}; expected an array of float16, float32 or float64"
                )
            if not p.flags.writeable:
                raise ValueError(f"{name}: parameter {i} is read-only, it cannot be updated in place")
        self.lr = self._not_negative("lr", lr)
        self.weight_decay = self._not_negative("weight_decay", weight_decay)
        self.maximize = maximize
        self.steps = 0
        # Parameters that are strided or of another type are updated in a copy.
        self._work = [p if is_ready(p) else np.array(p, _computed_in(p), order="C") for p in self.params]

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
        work = self._work
        if len(grads) != len(work) or not all(map(is_ready, grads, work)):
            grads = self._prepared(grads)
        self.steps += 1
        rule = self._rule()
        for i, p in enumerate(self.params):
            if work[i] is p:
                rule(p, grads[i], self._state(i))
            else:
                work[i][...] = p
                rule(work[i], grads[i], self._state(i))
                p[...] = work[i]

    def _prepared(self, grads: Sequence[Array]) -> List[Array]:
        """The gradients as the kernels take them."""
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
        return [np.array(g, w.dtype, order="C") for g, w in zip(grads, self._work)]

    def _rule(self) -> Rule:
        raise NotImplementedError

    def _state(self, i: int) -> State:
        raise NotImplementedError

    def _like_params(self, value: float = 0) -> List[Array]:
        return [np.full(w.shape, value, w.dtype) for w in self._work]

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


def _computed_in(p: Array) -> Any:
    """float32 for float16; no other byte order."""
    return np.float64 if p.dtype.itemsize == 8 else np.float32


def clip_grad_norm(grads: Union[Array, Iterable[Array]], max_norm: float) -> float:
    """Scale gradients in place so that the norm of all of them together is at most ``max_norm``.

    Returns the norm before. As in torch the factor is ``max_norm / (norm + 1e-6)``, or 1.
    """
    arrays = [grads] if isinstance(grads, np.ndarray) else list(grads)
    with np.errstate(all="ignore"):
        norm = math.sqrt(sum(float(np.square(g, dtype=np.float64).sum()) for g in arrays))
        factor = max_norm / (norm + 1e-6)
        if not factor >= 1:
            for g in arrays:
                g *= factor
    return norm


def clip_grad_value(grads: Union[Array, Iterable[Array]], clip_value: float) -> None:
    """Limit every element of the gradients, in place, to ``[-clip_value, clip_value]``."""
    for g in [grads] if isinstance(grads, np.ndarray) else grads:
        np.clip(g, -clip_value, clip_value, out=g)
