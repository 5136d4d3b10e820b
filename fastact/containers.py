"""Arrays of other libraries, for what is no ufunc: functions of rows and gated units.

A ufunc hands pandas, xarray, dask and masked arrays back as what they are. These functions do the same
by hand: the container is taken off, its array computed, and the result put into one of the same kind.
"""
from __future__ import annotations

import functools
import sys
from typing import Any, Callable, List, Optional

import numpy as np


def asarray(value: Any) -> np.ndarray:
    """``numpy.asarray``, which does not know DLPack."""
    if type(value) is not np.ndarray and hasattr(value, "__dlpack__") and not _is_known(value):
        return np.from_dlpack(value)
    return np.asarray(value)


def _is_known(value: Any) -> bool:
    return any(hasattr(value, name) for name in ("__array__", "__array_interface__", "__array_struct__"))


def from_dlpack(values: List[Any]) -> Optional[List[Any]]:
    """The arguments with those that only speak DLPack as arrays; None where there are none."""
    arrays = [asarray(value) if hasattr(value, "__dlpack__") and not _is_known(value) else value for value in values]
    return arrays if any(array is not value for array, value in zip(arrays, values)) else None


def _dask(values: List[Any]) -> Any:
    """dask.array, where one of the values is of it; else None."""
    array = sys.modules.get("dask.array")
    return array if array is not None and any(isinstance(value, array.Array) for value in values) else None


def _refuse_out(name: str, out: Any) -> None:
    if out is not None:
        raise TypeError(f"fastact.{name}: a dask array is computed later, so that there can be no out")


def of_rows(
    name: str, compute: Callable[..., Any], values: List[Any], axis: Any, out: Any, mask: Any, keepdims: Optional[bool] = None
) -> Any:
    """A function of rows of containers; None where there are none, or `out` is given.

    Parameters
    ----------
    name : str
        For messages.
    compute : callable
        ``compute(arrays, axis, mask)``, the function of arrays; with a last argument `keepdims` where
        it makes one number of a row.
    values : list
        The arguments; the last one decides what the result is.
    axis, out, mask
        The function's.
    keepdims : bool, optional
        Of a function that makes one number of a row.
    """
    x = values[-1]
    array, xarray = _dask(values), sys.modules.get("xarray")
    if xarray is not None and isinstance(x, xarray.DataArray):
        if isinstance(axis, str):
            axis = x.get_axis_num(axis)
        inner = [value.data if isinstance(value, xarray.DataArray) else value for value in values]
        result = of_rows(name, compute, inner, axis, out, mask, keepdims)
        if result is None and out is None:
            result = compute(inner, axis, mask, *([] if keepdims is None else [keepdims]))
        if result is None or keepdims is None or len(values) == 2:
            return result if result is None else x.copy(data=result)
        return _reduced(xarray, x, result, axis, keepdims)
    if xarray is not None and isinstance(x, xarray.Dataset) and len(values) == 1:
        return x.map(lambda each: of_rows(name, compute, [each], axis, out, mask, keepdims))
    if array is not None:
        _refuse_out(name, out)
        return _lazy(array, compute, values, axis, mask, keepdims)
    if out is not None:
        return None
    if isinstance(x, np.ma.MaskedArray):
        hidden = np.ma.getmaskarray(x)
        keep = ~hidden if mask is None else ~hidden & mask
        result = compute([np.ma.getdata(value) for value in values], axis, keep, *([] if keepdims is None else [keepdims]))
        return result if keepdims is not None and len(values) == 1 else np.ma.masked_array(result, hidden)
    wrap = _pandas(x) or getattr(x, "__array_wrap__", None)
    if type(x) is np.ndarray or isinstance(x, np.generic) or wrap is None or keepdims is not None:
        return None
    return wrap(compute([asarray(value) for value in values], axis, mask))


def _reduced(xarray: Any, x: Any, result: Any, axis: Any, keepdims: bool) -> Any:
    """One number of each row of x, with the names and coordinates of what is left."""
    axes = range(x.ndim) if axis is None else np.lib.array_utils.normalize_axis_tuple(axis, x.ndim)
    gone = {x.dims[k] for k in axes}
    fit = {key: value for key, value in x.coords.items() if not gone.intersection(value.dims)}
    return xarray.DataArray(result, fit, [d for d in x.dims if keepdims or d not in gone], x.name, x.attrs)


def of_pairs(form: Callable[..., Any], values: List[Any], count: int) -> Any:
    """A form with two results of dask arrays, alone or in xarray's, which know only ufuncs with one: lazily; None where
    there are none. The first `count` values are inputs, the others parameters.
    """
    xarray, inputs = sys.modules.get("xarray"), values[:count]
    array = _dask(inputs)
    blocks = functools.partial(_with_parameters, form, tuple(values[count:]))
    if "dask.array" in sys.modules and xarray is not None and any(isinstance(value, xarray.DataArray) for value in inputs):
        return xarray.apply_ufunc(blocks, *inputs, output_core_dims=[[], []], dask="allowed")
    if array is None:
        return None
    inputs = array.broadcast_arrays(*map(array.asarray, inputs))
    dtypes = [result.dtype for result in blocks(*(np.ones(1, value.dtype) for value in inputs))]
    return array.apply_gufunc(blocks, ",".join(["()"] * len(inputs)) + "->(),()", *inputs, output_dtypes=dtypes)


def _with_parameters(form: Callable[..., Any], parameters: Any, *inputs: Any) -> Any:
    return form(*inputs, *parameters)


def of_bias(name: str, values: List[Any]) -> Any:
    """The gradients of an activation of x + bias of dask arrays, lazily; None where there are none. values: grad, x, bias,
    parameters.
    """
    array = _dask(values[:3])
    if array is None:
        return None
    from fastact.activations import activations
    grad, x, bias = map(array.asarray, values[:3])
    dx = activations[name].backward(grad, x + bias, *values[3:])
    own = (1,) * (dx.ndim - bias.ndim) + bias.shape
    sums = dx.sum(tuple(k for k in range(dx.ndim) if own[k] == 1), dtype=np.float64)
    return dx, sums.astype(dx.dtype).reshape(bias.shape)


def of_halves(name: str, compute: Callable[..., Any], check: Callable[..., Any], values: List[Any], axis: Any, gate: str,
              out: Any) -> Any:
    """A gated unit of one array, or its backward, ``compute(*values, axis, gate)``, of containers; None where there are none.

    dask arrays stay lazy, an axis that is cut is joined first; xarray keeps names, and coordinates that still fit.
    ``check(name, x, axis, gate)`` gives the axis, counted from the front, and the shape of one half, or raises.
    """
    x = values[-1]
    array, xarray = _dask(values), sys.modules.get("xarray")
    if xarray is not None and isinstance(x, xarray.DataArray) and out is None:
        axis = x.get_axis_num(axis) if isinstance(axis, str) else axis
        result = compute(*(value.data if isinstance(value, xarray.DataArray) else value for value in values), axis, gate)
        fit = {key: value for key, value in x.coords.items() if result.shape == x.shape or x.dims[axis] not in value.dims}
        return xarray.DataArray(result, fit, x.dims, x.name, x.attrs)
    if isinstance(x, np.ma.MaskedArray) and out is None:
        result, hidden = compute(*map(np.ma.getdata, values), axis, gate), np.ma.getmaskarray(x)
        return np.ma.masked_array(result, hidden if len(values) == 2 else np.logical_or(*np.split(hidden, 2, axis)))
    if array is None:
        return None
    _refuse_out(name, out)
    values = [array.asarray(value) for value in values]
    axis, shape = check(name, values[-1], axis, gate)
    whole = values[-1].rechunk({axis: -1})
    half = tuple((shape[axis],) if k == axis else own for k, own in enumerate(whole.chunks))
    if len(values) == 2 and values[0].shape != shape:
        raise ValueError(f"fastact.{name}: grad must have the result's shape {shape}, not {values[0].shape}")
    values = [whole] if len(values) == 1 else [values[0].rechunk(half), whole]
    tiny = [np.ones([2 if k == axis and value is whole else 1 for k in range(whole.ndim)], value.dtype) for value in values]
    return array.map_blocks(compute, *values, axis=axis, gate=gate, dtype=compute(*tiny, axis, gate).dtype,
                            chunks=half if len(values) == 1 else whole.chunks)


def _pandas(x: Any) -> Any:
    """What makes a result like x, where that is of pandas."""
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(x, pandas.Series):
        return functools.partial(pandas.Series, index=x.index, name=x.name)
    if pandas is not None and isinstance(x, pandas.DataFrame):
        return functools.partial(pandas.DataFrame, index=x.index, columns=x.columns)
    return None


def _lazy(array: Any, compute: Callable[..., Any], values: List[Any], axis: Any, mask: Any, keepdims: Optional[bool]) -> Any:
    """The function of each block of dask arrays, where a block has whole rows."""
    values = [array.asarray(value) for value in values]
    x = values[-1]
    axes = range(x.ndim) if axis is None else np.lib.array_utils.normalize_axis_tuple(axis, x.ndim)
    whole = x.rechunk(dict.fromkeys(axes, -1))
    if keepdims is None:
        values = [value.rechunk(whole.chunks) for value in values]
    elif len(values) == 2:  # the gradient of one number a row
        shape = [1 if k in axes else n for k, n in enumerate(x.shape)]
        chunks = tuple((1,) if k in axes else own for k, own in enumerate(whole.chunks))
        values, keepdims = [values[0].reshape(shape).rechunk(chunks), whole], True
    else:
        values = [whole]
    same = keepdims is None or len(values) == 2
    if mask is not None:
        values.append(array.broadcast_to(array.asarray(mask), x.shape).rechunk(whole.chunks))

    def block(*arrays: Any) -> Any:
        given = list(arrays)
        keep = given.pop() if mask is not None else None
        return compute(given, tuple(axes), keep, *([] if keepdims is None else [keepdims]))

    tiny = [np.ones((1,) * value.ndim, value.dtype) for value in values]
    dtype = np.asarray(block(*tiny)).dtype  # what the function makes of these dtypes
    if same:
        return array.map_blocks(block, *values, dtype=dtype, meta=np.empty((0,) * x.ndim, dtype))
    if keepdims:
        chunks = tuple((1,) if k in axes else own for k, own in enumerate(whole.chunks))
        return array.map_blocks(block, *values, dtype=dtype, chunks=chunks)
    return array.map_blocks(block, *values, dtype=dtype, drop_axis=list(axes))
