"""What the losses share: their type, the checks of their arguments, and the reductions."""
from __future__ import annotations

import functools
from typing import Any, Callable, Tuple

import numpy as np
from numpy.typing import ArrayLike


class Loss:
    """A loss function that also knows its gradient.

    It wraps a function that returns the loss and another function, which computes the gradient
    from what the loss left behind.
    """

    __name__: str

    def __init__(self, function: Callable[..., Tuple[Any, Callable[[], Any]]]) -> None:
        self._function = function
        functools.update_wrapper(self, function)

    def __call__(self, input: ArrayLike, target: ArrayLike, *args: Any, **kwargs: Any) -> Any:
        with np.errstate(all="ignore"):
            return self._function(input, target, *args, **kwargs)[0]

    def value_and_grad(
        self, input: ArrayLike, target: ArrayLike, *args: Any, **kwargs: Any
    ) -> Tuple[Any, Any]:
        """The loss, and its gradient with respect to ``input`` (an array of ``input``'s shape).

        Takes the arguments of the loss. With ``reduction="none"`` the gradient is that of the sum.
        """
        with np.errstate(all="ignore"):
            value, gradient = self._function(input, target, *args, **kwargs)
            return value, gradient()

    def __repr__(self) -> str:
        return f"<fastact loss {self.__name__}>"

    def __reduce__(self) -> str:  # pickled by name, like a function
        return self.__name__


def real(name: str, argument: str, value: ArrayLike) -> np.ndarray:
    """``value`` as a float32 or float64 array, by NumPy's promotion with float32."""
    array = np.asarray(value)
    if array.dtype.kind in "fiub":
        dtype = np.result_type(array.dtype.newbyteorder("="), np.float32)
        if dtype.itemsize <= 8:
            return array.astype(dtype, copy=False)
    raise TypeError(
        f"{name}: {argument} has dtype {array.dtype}; expected real numbers, "
        "which are computed in float32 or float64"
    )


def pair(name: str, input: ArrayLike, target: ArrayLike) -> Tuple[np.ndarray, np.ndarray]:
    """``input`` as a real array, and ``target`` of its dtype, where the shapes are equal."""
    x = real(name, "input", input)
    t = real(name, "target", target).astype(x.dtype, copy=False)
    if x.shape != t.shape:
        raise ValueError(
            f"{name}: input has shape {x.shape} but target {t.shape}; they must be equal "
            "(reshape one: broadcasting would compare every value with every other)"
        )
    return x, t


def broadcast(name: str, argument: str, value: ArrayLike, x: np.ndarray) -> np.ndarray:
    """``value`` in ``x``'s dtype and shape."""
    array = real(name, argument, value).astype(x.dtype, copy=False)
    try:
        return np.broadcast_to(array, x.shape)
    except ValueError:
        raise ValueError(
            f"{name}: {argument} of shape {array.shape} does not broadcast to input's {x.shape}"
        ) from None


def times(factor: Any, value: Any) -> Any:
    """``factor * value``, where 0 times infinity is 0: what has no weight counts for nothing."""
    return np.where((factor == 0) & np.isinf(value), 0, factor * value).astype(value.dtype)


def reduce(name: str, values: np.ndarray, reduction: str, count: Any) -> Tuple[Any, Any]:
    """The reduction of ``values``, whose mean divides by ``count``, and the factor of its gradient."""
    one = values.dtype.type(1)
    if reduction == "mean":
        return values.sum() / count, one / values.dtype.type(count)
    if reduction == "sum":
        return values.sum(), one
    if reduction == "none":
        return values, one
    raise ValueError(f'{name}: reduction must be "mean", "sum" or "none", got {reduction!r}')
