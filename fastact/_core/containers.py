"""Arrays of other libraries in calls that are no ufunc: functions of rows, gated units, gradients of a bias, losses.

A ufunc of a container of pandas, xarray or dask, or of a masked array, returns such a container. `apply` does this for the
other functions. It aligns the containers of one library (xarray, dask, pandas, masked arrays, subclasses of ndarray, in this
order) by their labels, calls the function with their contents, and puts each result into a container. The contents may be
containers of the next library, for which the function calls `apply` again. `labels` handles labels, `blocks` dask's blocks;
masked arrays and subclasses are handled here.
"""
from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, Callable, List, Optional, Sequence, Tuple

import numpy as np

from fastact._core.arguments import broadcast_mask, check_out, checked_axes
from fastact._core.array_like import BARE, asarray, is_instance, is_pandas, is_wrapper, refuse


@dataclass(frozen=True)
class Call:
    """A call of a function with its arguments.

    Attributes
    ----------
    name : str
        For messages.
    run : callable
        ``run(values, axis, out)``, the function of values that have one kind of container less. Picklable, for dask.
    values, roles : sequence
        The array arguments, or None, and how the shape of each follows from that of the argument whose role is "x":
        "whole" is x's shape, "reduced" is x's without the axes (or with length 1), "along" has these axes alone,
        "half" has half of the axis, "broadcast" and x broadcast to each other, "bias" broadcasts to x, "mask" does so and is
        boolean, "sink" broadcasts to "reduced".
    results : sequence
        The same of each result; "broadcast", "bias" and "sink" are of the shape of the first such argument, "matrix" has the
        axis twice, at the end, and no labels, None is a number.
    axis
        The axes whose elements depend on each other, as the caller gave them. Labels along them must be the same in
        all containers, in any order; along other axes xarray's own rule ("arithmetic_join") holds, except for losses.
    out : ndarray or tuple of ndarray, optional
    keepdims : bool
        Of a "reduced" result.
    joined : tuple of int
        Further axes of x, of which a block of dask has all.
    interleaved : bool
        Whether the elements of the two halves of an axis alternate.
    """

    name: str
    run: Any
    values: Sequence[Any]
    roles: Sequence[str]
    results: Sequence[Optional[str]]
    axis: Any = None
    out: Any = None
    keepdims: bool = False
    joined: Tuple[int, ...] = ()
    interleaved: bool = False

    @property
    def at(self) -> int:
        """Where x is."""
        return self.roles.index("x")

    def error(self, text: str) -> ValueError:
        return ValueError(f"{self.name}: {text}")

    def axes(self, ndim: int) -> Tuple[int, ...]:
        """The axes as sorted numbers; none of a single number, which may be taken for a row."""
        return tuple(sorted(checked_axes(self.name, self.axis, max(ndim, 1)))) if ndim else ()

    def halves(self, array: Any, axis: int) -> List[Any]:
        """The two halves of an array along the axis."""
        if not self.interleaved:
            return np.split(array, 2, axis)
        return [array[(slice(None),) * axis + (slice(k, None, 2),)] for k in (0, 1)]

    def template(self, *kinds: Any) -> Any:
        """The argument of these classes that says what results are: x, or one of its shape; None where there is none."""
        shape = getattr(self.values[self.at], "shape", None)
        like = [value for value, role in zip(self.values, self.roles)
                if role == "x" or role == "whole" and getattr(value, "shape", None) == shape]
        return next((value for value in [self.values[self.at], *like] if isinstance(value, kinds)), None)

    def wrapped(self, result: Any, wrap: Callable[[Optional[str], Any], Any]) -> Any:
        """Each result in its container."""
        if len(self.results) == 1:
            return wrap(self.results[0], result)
        return tuple(wrap(role, one) for role, one in zip(self.results, result, strict=True))


def apply(call: Call, masked: Optional[Callable[[Call], Any]] = None) -> Any:
    """The results of a call with containers; None if there are none.

    Parameters
    ----------
    call : Call
    masked : callable, optional
        What computes masked arrays, for a function that takes no mask.
    """
    if all(type(value) in BARE for value in call.values):
        return None
    refuse(call.name, call.values)
    from fastact._core import blocks, labels  # which import this module
    for layer in (labels.apply_xarray, blocks.apply_dask, labels.apply_pandas, masked or _masked, _subclass):
        result = layer(call)
        if result is not None:
            return result
    return None


def is_container(value: Any) -> bool:
    """Whether `apply` does something for this value."""
    return type(value) is not np.ndarray and (
        is_wrapper(value) or is_pandas(value) or is_instance(value, "xarray", "DataArray", "Dataset", "Variable")
        or is_instance(value, "scipy.sparse", "sparray", "spmatrix"))


def written(call: Call, results: Any) -> Any:
    """The results, or `out` with the results in it."""
    if call.out is None:
        return results
    outs, results = (call.out,) if len(call.results) == 1 else call.out, results if isinstance(results, tuple) else (results,)
    if not isinstance(outs, tuple) or len(outs) != len(results):
        raise TypeError(f"{call.name} takes out=, a tuple of {len(results)} arrays")
    pairs = [(out, one if isinstance(one, np.ma.MaskedArray) else asarray(one)) for out, one in zip(outs, results)]
    for out, result in pairs:
        check_out(call.name.removeprefix("fastact."), out, np.shape(result), result.dtype)
    for out, result in pairs:
        out[...] = result if isinstance(out, np.ma.MaskedArray) else np.ma.getdata(result)
    return call.out


# ---- masked arrays ----

def _masked(call: Call) -> Any:
    """Masked arrays: what is hidden has no part in a result, and is hidden in it."""
    masked = [value for value in (call.values[call.at], *call.values) if isinstance(value, np.ma.MaskedArray)]
    if not masked:
        return None
    masks = [np.ma.getmaskarray(asarray(value) if not isinstance(value, np.ma.MaskedArray) else value) for value in call.values]
    own, biased, halves = masks[call.at], "broadcast" in call.roles, "half" in (*call.roles, *call.results)
    try:
        hidden, axes = _hidden(call, masks, halves)
    except (TypeError, ValueError, IndexError) as error:
        call.run([np.ma.getdata(value) if isinstance(value, np.ma.MaskedArray) else value for value in call.values],
                 call.axis, None)  # which says more of what does not fit
        raise call.error(str(error)) from None
    inner = [np.ma.getdata(value) if isinstance(value, np.ma.MaskedArray) else value for value in call.values]
    absent = functools.reduce(np.logical_or, [mask for mask, role in zip(masks, call.roles) if role == "bias"], own)
    for k, (value, role) in enumerate(zip(inner, call.roles)):
        if role == "mask" and (absent.any() or masks[k].any()):
            inner[k] = ~absent if value is None else ~absent & broadcast_mask(call.name, value, own.shape) & ~masks[k]
        elif role == "sink" and masks[k].any():
            inner[k] = np.where(masks[k], np.asarray(value).dtype.type(-np.inf), value)
        elif not halves and role != "mask":
            gone = hidden if role == "whole" or role == "x" and biased else masks[k]
            inner[k] = np.where(gone, np.asarray(value).dtype.type(0), value) if gone.any() else value
    result = call.run(inner, call.axis, None)

    def wrap(role: Optional[str], one: Any) -> Any:
        gone = hidden
        if role == "half":
            gone = call.halves(hidden, axes[0])[0]
        elif role == "reduced":
            gone = hidden.all(axes, keepdims=call.keepdims) & hidden.any(axes, keepdims=call.keepdims)  # not of an empty row
        elif role == "matrix":
            gone = np.moveaxis(hidden, axes[0], -1)
            gone = gone[..., :, None] | gone[..., None, :]
        elif role == "sink":
            gone = masks[call.roles.index("sink")]
        elif role in ("broadcast", "bias"):
            shape = masks[call.roles.index(role)].shape
            gone = hidden.all(tuple(k for k in range(-hidden.ndim, 0) if k < -len(shape) or shape[k] == 1)).reshape(shape)
        return hide(masked[0], one, gone)

    return written(call, call.wrapped(result, wrap))


def _hidden(call: Call, masks: List[Any], halves: bool) -> Tuple[Any, Tuple[int, ...]]:
    """Where an element of any argument is hidden, in the shape of x with all that broadcasts, and the axes."""
    whole = [mask for mask, role in zip(masks, call.roles) if role not in ("reduced", "half", "sink")]
    if "broadcast" not in call.roles and any(mask.shape != masks[call.at].shape
                                             for mask, role in zip(masks, call.roles) if role == "whole"):
        raise ValueError("the arrays have different shapes")
    hidden = functools.reduce(np.logical_or, whole)
    axes = call.axes(hidden.ndim)
    for mask, role in zip(masks, call.roles):
        if role == "reduced":
            hidden = hidden | mask.reshape([1 if k in axes else n for k, n in enumerate(hidden.shape)])
    if halves:  # an element that is hidden in one half has no partner in the other
        half = np.logical_or(*call.halves(hidden, axes[0]))
        half = functools.reduce(np.logical_or, [half, *(mask for mask, role in zip(masks, call.roles) if role == "half")])
        hidden = np.repeat(half, 2, axes[0]) if call.interleaved else np.concatenate([half, half], axes[0])
    return hidden, axes


def hide(like: Any, result: Any, hidden: Any) -> Any:
    """A result as a masked array, of the class and with the fill value of another."""
    if np.ndim(result) == 0:
        return np.ma.masked if hidden else result
    made = np.ma.masked_array(result) if like is np.ma.masked else like.__array_wrap__(result)
    made.mask = hidden
    return made


# ---- subclasses of ndarray ----

def _subclass(call: Call) -> Any:
    """Subclasses of ndarray, and what else has ``__array_wrap__``."""
    candidates = [call.values[call.at], *(value for value, role in zip(call.values, call.roles) if role != "mask")]
    wrapped = [value for value in candidates if is_wrapper(value)]
    if not wrapped:
        return None
    like = max(wrapped, key=lambda value: getattr(value, "__array_priority__", 0))  # the first of the highest, as for a ufunc
    matrix = isinstance(like, np.matrix) and "reduced" in call.results and call.axis is not None and not call.keepdims
    result = call.run([value if value is None else asarray(value) for value in call.values], call.axis, call.out)
    if call.out is not None:
        return result

    def wrap(role: Optional[str], one: Any) -> Any:
        if role in (None, "matrix") or np.ndim(one) == 0:
            return one
        return like.__array_wrap__(np.expand_dims(one, call.axes(2)) if matrix else one)  # a matrix keeps two axes

    return call.wrapped(result, wrap)
