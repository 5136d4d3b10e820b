"""The class `Loss`, the checks of arguments that the losses share, and losses of containers such as DataFrames."""
from __future__ import annotations

import functools
import inspect
from numbers import Real
from typing import Any, Callable, Generic, List, Literal, Optional, ParamSpec, Sequence, Tuple, Union, overload

import numpy as np
from numpy.typing import NDArray

from fastact._core import containers, number_arguments
from fastact._core.arguments import contiguous
from fastact._core.array_like import ArrayLike, asarray
from fastact._core.number_arguments import Interval

P = ParamSpec("P")
Array = NDArray[np.floating[Any]]  # of float32 or float64
Value = Union[np.floating[Any], Array]  # an array for reduction="none"
Reduction = Literal["mean", "sum", "none"]
Prepared = Tuple[Callable[..., Tuple[Value, Any]], Tuple[Any, ...]]  # kernel, args: kernel(*args, wants_grad) -> (value, grad)

NOT_NEGATIVE, POSITIVE = Interval("[0, inf]"), Interval("(0, inf]")

_SECTIONS = """

    Returns
    -------
    scalar, or an array for ``reduction="none"``
        float64 if ``input`` is float64 or an integer type of 32 bits and more, else float32. The array has the shape of
        ``input``, without the axis of the classes if the loss has one.

    Raises
    ------
    TypeError
        If an argument does not have the type described. Arrays of complex numbers, longdouble, objects or text are refused.
    ValueError
        If shapes do not fit, or a value or an option is not in its range.

    Notes
    -----
    The definition is that of ``torch.nn.functional.{name}``.

    ``loss, grad = fastact.losses.{name}.value_and_grad(input, target)`` takes the same options and computes the gradient
    with respect to ``input`` in the same pass. The gradient has the shape of ``input`` and the dtype of the loss.

    Arguments of xarray are aligned by names and coordinates, those of pandas by index and columns: their labels must
    be the same, in any order. An element that is masked in one argument is left out, and is masked in the results. If all
    elements are masked, the mean is ``numpy.ma.masked``.
    """


class Loss(Generic[P]):
    """A loss function that also knows its gradient.

    It wraps a function that checks the arguments and returns a kernel with its arguments, `Prepared`.
    """

    __name__: str

    def __init__(self, function: Callable[P, Prepared]) -> None:
        self._function = function
        functools.update_wrapper(self, function)
        self.__doc__ = (function.__doc__ or "").rstrip() + _SECTIONS.format(name=self.__name__)
        function.__annotations__["return"] = "np.floating | NDArray"  # of a call, as help shows it

    @overload
    def __call__(self, input: ArrayLike, target: ArrayLike, *, reduction: Literal["none"], **options: Any) -> Array: ...
    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Value: ...
    def __call__(self, *args: Any, **kwargs: Any) -> Value:
        kernel, arguments = self._function(*args, **kwargs)
        return kernel(*arguments, False)[0]

    @overload
    def value_and_grad(
        self, input: ArrayLike, target: ArrayLike, *, reduction: Literal["none"], **options: Any
    ) -> Tuple[Array, Array]: ...
    @overload
    def value_and_grad(self, *args: P.args, **kwargs: P.kwargs) -> Tuple[Value, Array]: ...
    def value_and_grad(self, *args: Any, **kwargs: Any) -> Tuple[Value, Array]:
        """Return the loss and its gradient with respect to ``input``.

        The arguments are those of the loss. The gradient has the shape of ``input`` and the dtype of the loss; with
        ``reduction="none"`` it is the gradient of the sum.
        """
        kernel, arguments = self._function(*args, **kwargs)
        return kernel(*arguments, True)

    def __repr__(self) -> str:
        parameters = inspect.signature(self).parameters.values()
        shown = ", ".join(p.name if p.default is p.empty else f"{p.name}={p.default!r}" for p in parameters)
        return f"<fastact.losses.{self.__name__}({shown})>"

    def __reduce__(self) -> str:  # pickled by name, like a function
        return self.__name__


def divisor(name: str, reduction: str, count: float) -> Optional[float]:
    """The number by which a reduction divides the sum; None where there is no sum."""
    if reduction == "mean":
        return count
    if reduction == "sum":
        return 1
    if reduction == "none":
        return None
    raise ValueError(f'{name}: reduction must be "mean", "sum" or "none", got {reduction!r}')


def number(name: str, argument: str, value: Any, interval: Interval = NOT_NEGATIVE) -> float:
    """An option as a float; anything that float() converts is accepted, such as an array of one element."""
    if type(value) is float and interval.low <= value <= interval.high:  # the usual case, quickly
        return value
    if not isinstance(value, (Real, str, bytes)):
        try:
            value = float(value)
        except (TypeError, ValueError):
            pass
    return number_arguments.number(f"{name}: {argument}", value, interval)


def real(name: str, argument: str, value: ArrayLike) -> NDArray[Any]:
    """`value` as a C-contiguous float32 or float64 array, by NumPy's promotion with float32."""
    array = asarray(value)
    if number_arguments.is_real(array):
        dtype = np.result_type(array.dtype.newbyteorder("="), np.float32)
        if dtype.itemsize <= 8:
            return contiguous(array, dtype)
    raise TypeError(f"{name}: {argument} has dtype {array.dtype}; expected real numbers, for float32 or float64")


def pair(name: str, input: ArrayLike, target: ArrayLike) -> Tuple[NDArray[Any], NDArray[Any]]:
    """`input` as a real array, and `target` in its dtype; raise unless the shapes are equal."""
    x = real(name, "input", input)
    t = contiguous(real(name, "target", target), x.dtype)
    if x.shape != t.shape:
        raise ValueError(f"{name}: input has shape {x.shape} but target {t.shape}; they must be equal "
                         "(reshape one: broadcasting would compare every value with every other)")
    return x, t


def broadcast(name: str, argument: str, value: ArrayLike, x: NDArray[Any]) -> NDArray[Any]:
    """`value` in the dtype and shape of `x`."""
    array = real(name, argument, value)
    try:
        return contiguous(np.broadcast_to(array, x.shape), x.dtype)
    except ValueError:
        raise ValueError(f"{name}: {argument} of shape {array.shape} does not broadcast to input's {x.shape}") from None


def scaled(name: str, weight: ArrayLike) -> NDArray[Any]:
    """Weights times a power of two that brings the largest to [1/2, 1).

    A mean that is divided by the sum of the weights stays the same, and no sum overflows or vanishes.
    """
    array = real(name, "weight", weight)
    largest = np.abs(array).max(initial=0)
    return np.ldexp(array, -np.frexp(largest)[1]) if np.isfinite(largest) else array


def in_containers(name: str, prepare: Callable[..., Prepared], values: List[Any], roles: List[str], result: Optional[str],
                  masked: Callable[[containers.Call], Any], axis: Any = None) -> Optional[Prepared]:
    """A loss of arguments that are containers; None where none is. The arguments are those of `containers.Call`."""
    if not any(value is not None and containers.is_container(value) for value in values):
        return None

    def kernel(wants_grad: bool) -> Tuple[Value, Any]:
        def run(inner: Sequence[Any], *_: Any) -> Any:
            again, arguments = prepare(*inner)
            both = again(*arguments, wants_grad)
            return both if wants_grad else both[0]

        results = [result, "x"] if wants_grad else [result]
        computed = containers.apply(containers.Call(name, run, values, roles, results, axis), masked)
        return computed if wants_grad else (computed, None)

    return kernel, ()


def as_masked(call: containers.Call) -> Optional[List[Any]]:
    """The arguments as masked arrays; None where no argument is one."""
    if not any(isinstance(value, np.ma.MaskedArray) for value in call.values):
        return None
    return [value if value is None else np.ma.asarray(value) for value in call.values]


def run_unmasked(call: containers.Call, arrays: List[Any]) -> None:
    """Call the loss without the masks, to raise what it raises for shapes that do not fit."""
    call.run([value if value is None else np.ma.getdata(value) for value in arrays])


def spread(role: Optional[str], computed: Any, kept: Any, hidden: Any, like: Any) -> Any:
    """A result of the kept elements or rows, in an array of all of them; a scalar is masked where nothing was kept."""
    if role is None:
        return computed if kept.any() else np.ma.masked
    whole = np.zeros(hidden.shape, computed.dtype)
    whole[kept] = computed
    return containers.hide(like, whole, hidden)
