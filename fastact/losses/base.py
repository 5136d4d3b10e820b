"""What the losses share: their type, the checks of their arguments, and the reductions."""
from __future__ import annotations

import functools
import inspect
import math
from numbers import Real
from typing import Any, Callable, Dict, Generic, List, Literal, Optional, ParamSpec, Sequence, Tuple, Union, overload

import numpy as np
from numpy.typing import NDArray

from fastact._core import containers
from fastact.losses import kernels
from fastact._core.containers import ArrayLike
from fastact._core.arguments import contiguous

P = ParamSpec("P")
Array = NDArray[np.floating[Any]]  # of float32 or float64
Value = Union[np.floating[Any], Array]  # an array for reduction="none"
Reduction = Literal["mean", "sum", "none"]
# A kernel and its arguments, but for the last: whether the gradient is wanted, which is None otherwise.
Prepared = Tuple[Callable[..., Tuple[Value, Any]], Tuple[Any, ...]]


_NOTES = """
    Notes
    -----
    ``loss, grad = fastact.losses.{name}.value_and_grad(input, target)``, with the same options, gives the
    gradient with respect to ``input`` as well, an array of its shape, from one pass. Both have the dtype of
    ``input``, float32 or float64.

    Arguments of xarray are aligned by names and coordinates, those of pandas by index and columns: their labels must
    be the same, in any order. What is masked in one argument counts nothing, and is masked in the results; a mean over
    nothing but masked elements is ``numpy.ma.masked``.
    """


class Loss(Generic[P]):
    """A loss function that also knows its gradient.

    It wraps a function that checks the arguments and says what computes both of them.
    """

    __name__: str

    def __init__(self, function: Callable[P, Prepared]) -> None:
        self._function = function
        functools.update_wrapper(self, function)
        self.__doc__ = f"{function.__doc__ or ''}{_NOTES.format(name=self.__name__)}"
        function.__annotations__["return"] = "np.floating | NDArray"  # of a call, as help shows it

    @overload
    def __call__(
        self, input: ArrayLike, target: ArrayLike, *, reduction: Literal["none"], **options: Any
    ) -> Array: ...
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
        """The loss, and its gradient with respect to ``input`` (an array of ``input``'s shape).

        Takes the arguments of the loss. With ``reduction="none"`` the gradient is that of the sum.
        """
        kernel, arguments = self._function(*args, **kwargs)
        return kernel(*arguments, True)

    def __repr__(self) -> str:
        parameters = inspect.signature(self).parameters.values()
        shown = ", ".join(p.name if p.default is p.empty else f"{p.name}={p.default!r}" for p in parameters)
        return f"<fastact.losses.{self.__name__}({shown})>"

    def __reduce__(self) -> str:  # pickled by name, like a function
        return self.__name__


class LossWithOptions:
    """A loss and options of its calls, as ``("bce", {"pos_weight": 19})`` in `MLP` and the estimators."""

    def __init__(self, loss: Any, options: Dict[str, Any]) -> None:
        self.loss, self.options = loss, options

    @property
    def __name__(self) -> str:
        return name_of(self.loss)

    def __call__(self, input: Any, target: Any, **more: Any) -> Any:
        return self.loss(input, target, **self.options, **more)

    def value_and_grad(self, output: Any, target: Any, **more: Any) -> Any:
        return self.loss.value_and_grad(output, target, **self.options, **more)

    def __repr__(self) -> str:
        return f"({self.__name__!r}, {self.options!r})"


def with_options(owner: str, loss: Any, options: Any) -> Any:
    """A loss with options, of which the names are checked; the loss itself where there are none."""
    if not isinstance(options, dict):
        raise TypeError(f"{owner}: the options of loss {name_of(loss)} must be a dict, got {options!r}")
    if "reduction" in options:
        raise ValueError(f"{owner}: loss {name_of(loss)} takes no reduction here: training minimises the mean")
    if isinstance(loss, Loss):
        known = {name: p for name, p in [*inspect.signature(loss).parameters.items()][2:] if name != "reduction"}
        if not set(options) <= set(known):
            raise TypeError(f"{owner}: loss {loss.__name__} has options {list(known)}, got {list(options)}")
        missing = [name for name, p in known.items() if p.default is p.empty and name not in options]
        if missing:
            example = f'("{loss.__name__}", {{"{missing[0]}": ...}})'
            raise TypeError(f"{owner}: loss {loss.__name__} needs {', '.join(missing)}; pass {example}")
    return LossWithOptions(loss, options) if options else loss


def name_of(loss: Any) -> str:
    """What messages call a loss."""
    return str(getattr(loss, "__name__", type(loss).__name__))


def bare(loss: Any) -> Any:
    """A loss without its options."""
    return loss.loss if isinstance(loss, LossWithOptions) else loss


def is_own(loss: Any) -> bool:
    """Whether a loss is one of `fastact.losses`, with or without options."""
    return isinstance(bare(loss), Loss)


def takes_reduction(loss: Any) -> bool:
    """Whether a loss tells the loss of each sample, by ``reduction="none"``."""
    if is_own(loss):
        return True
    try:
        parameters = inspect.signature(bare(loss).value_and_grad).parameters
    except (TypeError, ValueError):  # a function of C without a signature may
        return True
    return "reduction" in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())


def checked(owner: str, loss: Any, results: Any, output: Array, each: bool) -> Tuple[Any, Array]:
    """The value and a copy of the gradient that a loss of the user's returned, for all samples or for `each`."""
    call = f"{owner}: loss {name_of(loss)}: value_and_grad(output, target{', reduction=' + repr('none') if each else ''})"
    if not isinstance(results, (tuple, list)) or len(results) != 2:
        raise TypeError(f"{call} must return (value, gradient), got {type(results).__name__}")
    value, grad = np.asarray(results[0]), np.array(results[1])
    if grad.shape != output.shape or grad.dtype.kind not in "fiub":
        raise ValueError(
            f"{call} gave a gradient of {grad.dtype} of shape {grad.shape} for an output of shape {output.shape}; "
            "expected real numbers of that shape"
        )
    wanted = ((len(output),), output.shape) if each else ((), (1,))
    if value.shape not in wanted or value.dtype.kind not in "fiub":
        expected = f"a loss each, of shape {' or '.join(map(str, wanted))}" if each else "one number"
        raise ValueError(f"{call} gave a value of {value.dtype} of shape {value.shape}; expected {expected}")
    return value if each else float(value.reshape(())), grad.astype(output.dtype, copy=False)


def elementwise(
    name: str,
    loss: int,
    input: ArrayLike,
    target: ArrayLike,
    reduction: str,
    weight: Optional[ArrayLike] = None,
    option: float = 1.0,
    pos_weight: Optional[ArrayLike] = None,
    weighted_mean: bool = False,
    batchmean: bool = False,
    variance: Optional[ArrayLike] = None,
    eps: float = 0.0,
) -> Prepared:
    """A loss of single elements; a variance is at least `eps`.

    A weighted mean is divided by the sum of the weights, a sum for `batchmean` by the length of the first axis.
    """
    x: Any = input
    t: Any = target
    plain = kernels.alike(x, t)
    each = variance if pos_weight is None else pos_weight  # an option each element
    if not plain or weight is not None or each is not None:
        inside = in_containers(
            name,
            lambda x, t, w, p: elementwise(
                name, loss, x, t, reduction, w, option, weighted_mean=weighted_mean, batchmean=batchmean,
                **({"pos_weight": p} if variance is None else {"variance": p, "eps": eps}),
            ),
            [input, target, weight, each], ["x", "whole", "broadcast", "broadcast"], "x" if reduction == "none" else None,
            functools.partial(_masked_elements, batchmean),
        )  # fmt: skip
        if inside is not None:
            return inside
    if not plain:
        x, t = pair(name, x, t)
    averaged = weighted_mean and weight is not None and reduction == "mean"
    w = None if weight is None else broadcast(name, "weight", scaled(name, weight) if averaged else weight, x)
    p = None if pos_weight is None else broadcast(name, "pos_weight", pos_weight, x)
    if variance is not None:
        p = _variance(name, variance, x, eps)
    by = divisor(name, reduction, x.size)
    if batchmean:
        by = x.shape[0] if x.ndim else 1
    if averaged and w is not None:
        by = w.sum(dtype=np.float64)
    return kernels.elements, (loss, x, t, w, option, p, by)


def _variance(name: str, value: ArrayLike, x: NDArray[Any], eps: float) -> NDArray[Any]:
    array = real(name, "var", value)
    if (array < 0).any():
        raise ValueError(f"{name}: var must not be negative, got {array[array < 0].flat[0]}")
    if array.ndim not in (0, x.ndim):  # one each row is an axis of length 1: broadcasting would make it one each column
        raise ValueError(
            f"{name}: var has shape {array.shape}; for input of shape {x.shape} expected one number, {x.shape} or "
            f"{x.shape[:-1]}"
        )
    return contiguous(np.maximum(broadcast(name, "var", array, x), x.dtype.type(eps)), x.dtype)


def in_containers(
    name: str,
    prepare: Callable[..., Prepared],
    values: List[Any],
    roles: List[str],
    result: Optional[str],
    masked: Callable[[containers.Call], Any],
    axis: Any = None,
) -> Optional[Prepared]:
    """A loss of arguments that are containers; None where none is. The arguments are those of `containers.Call`."""
    if not any(value is not None and containers.is_container(value) for value in values):
        return None

    def kernel(wants_gradient: bool) -> Tuple[Value, Any]:
        def run(inner: Sequence[Any], *_: Any) -> Any:
            again, arguments = prepare(*inner)
            both = again(*arguments, wants_gradient)
            return both if wants_gradient else both[0]

        results = [result, "x"] if wants_gradient else [result]
        computed = containers.apply(containers.Call(name, run, values, roles, results, axis), masked)
        return computed if wants_gradient else (computed, None)

    return kernel, ()


def _masked_elements(batchmean: bool, call: containers.Call) -> Any:
    """A loss of the elements that are hidden in no argument."""
    if not any(isinstance(value, np.ma.MaskedArray) for value in call.values):
        return None
    data: List[Any] = [value if value is None else np.ma.asarray(value) for value in call.values]
    x = data[0]
    if data[1].shape != x.shape:
        call.run([value if value is None else np.ma.getdata(value) for value in data])  # raises
    hidden: Any = np.zeros(x.shape, bool)
    for value in data:
        if value is not None and value.mask is not np.ma.nomask:
            hidden |= value.mask
    inner: List[Any] = [value if value is None else np.broadcast_to(np.ma.getdata(value), x.shape)[~hidden] for value in data]
    result = call.run(inner)
    if batchmean and x.ndim:  # by the rows that have an element, not by the elements
        factor = x.dtype.type(len(inner[0]) / max((~hidden).reshape(len(x), -1).any(1).sum(), 1))
        result = tuple(part * factor for part in result) if isinstance(result, tuple) else result * factor
    return call.wrapped(result, lambda role, one: spread(role, one, ~hidden, hidden, x))


def spread(role: Optional[str], computed: Any, kept: Any, hidden: Any, like: Any) -> Any:
    """What was computed of the kept elements or rows in its place; a number is masked where nothing was kept."""
    if role is None:
        return computed if kept.any() else np.ma.masked
    whole = np.zeros(hidden.shape, computed.dtype)
    whole[kept] = computed
    return containers.hide(like, whole, hidden)


def divisor(name: str, reduction: str, count: float) -> Optional[float]:
    """What a reduction divides the sum by; None where there is no sum."""
    if reduction == "mean":
        return count
    if reduction == "sum":
        return 1
    if reduction == "none":
        return None
    raise ValueError(f'{name}: reduction must be "mean", "sum" or "none", got {reduction!r}')


def scaled(name: str, weight: ArrayLike) -> NDArray[Any]:
    """Weights of a mean that their sum divides, by a power of two: it stays the same, and no sum overflows or vanishes."""
    array = real(name, "weight", weight)
    largest = np.abs(array).max(initial=0)
    return np.ldexp(array, -np.frexp(largest)[1]) if np.isfinite(largest) else array


def number(name: str, argument: str, value: Any, positive: bool = False) -> float:
    """An option that is a number, not negative or positive; infinity is one."""
    try:
        found = math.nan if isinstance(value, (str, bytes)) else float(value)
    except OverflowError:  # of an int
        raise ValueError(f"{name}: {argument} must be a number that a float holds, got an int beyond 1e308") from None
    except (TypeError, ValueError):
        found = math.nan
    if found != found and not isinstance(value, Real):
        raise TypeError(f"{name}: {argument} must be a number, got {value!r}")
    if not (found > 0 if positive else found >= 0):
        raise ValueError(f"{name}: {argument} must {'be positive' if positive else 'not be negative'}, got {value!r}")
    return found


def real(name: str, argument: str, value: ArrayLike) -> NDArray[Any]:
    """``value`` as a C-contiguous float32 or float64 array, by NumPy's promotion with float32."""
    array = containers.asarray(value)
    if array.dtype.kind in "fiub":
        dtype = np.result_type(array.dtype.newbyteorder("="), np.float32)
        if dtype.itemsize <= 8:
            return contiguous(array, dtype)
    raise TypeError(
        f"{name}: {argument} has dtype {array.dtype}; expected real numbers, "
        "which are computed in float32 or float64"
    )


def pair(name: str, input: ArrayLike, target: ArrayLike) -> Tuple[NDArray[Any], NDArray[Any]]:
    """``input`` as a real array, and ``target`` of its dtype, where the shapes are equal."""
    x = real(name, "input", input)
    t = contiguous(real(name, "target", target), x.dtype)
    if x.shape != t.shape:
        raise ValueError(
            f"{name}: input has shape {x.shape} but target {t.shape}; they must be equal "
            "(reshape one: broadcasting would compare every value with every other)"
        )
    return x, t


def broadcast(name: str, argument: str, value: ArrayLike, x: NDArray[Any]) -> NDArray[Any]:
    """``value`` in ``x``'s dtype and shape."""
    array = real(name, argument, value)
    try:
        return contiguous(np.broadcast_to(array, x.shape), x.dtype)
    except ValueError:
        raise ValueError(
            f"{name}: {argument} of shape {array.shape} does not broadcast to input's {x.shape}"
        ) from None
