"""dask arrays: the function of each block, lazily."""
from __future__ import annotations

import functools
import operator
import sys
from typing import Any, Callable, List, Sequence, Tuple

import numpy as np

from fastact._core.array_like import asarray, is_pandas
from fastact._core.arguments import check_even
from fastact._core.containers import Call


def _dask_array(values: Sequence[Any]) -> Any:
    """The module dask.array if one of the values is a dask array, else None."""
    array = sys.modules.get("dask.array")
    return array if array is not None and any(isinstance(value, array.Array) for value in values) else None


def _as_dask(array: Any, value: Any) -> Any:
    """Any array as a dask array, without labels."""
    return array.asanyarray(asarray(value) if is_pandas(value) else value)


def apply_dask(call: Call) -> Any:
    """Apply the function to each block of dask arrays, lazily; arrays are rechunked so that a block has whole rows."""
    array = _dask_array(call.values)
    if array is None or {None, "matrix", "bias", "sink"} & {*call.results}:  # computed at once
        return None
    if call.out is not None:
        raise TypeError(f"{call.name}: a dask array is computed later, so that there can be no out")
    if "broadcast" in call.results:
        return _bias_gradient(array, call)
    given: List[Any] = [value if value is None else _as_dask(array, value) for value in call.values]
    x = given[call.at]
    axes = call.axes(x.ndim)
    halves = "half" in (*call.roles, *call.results)
    if halves:
        check_even(call.name, x.shape, axes[0])
    joined = {*axes, *(x.ndim + k for k in call.joined if x.ndim + k >= 0)}
    for k in joined:
        if x.numblocks[k] > 1 and np.isnan(x.shape[k]):
            raise call.error(f"the lengths of the chunks along axis {k} are not known, and the function needs whole rows: "
                             "call x.compute_chunk_sizes() first")
    x = given[call.at] = x.rechunk({k: -1 for k in joined if x.numblocks[k] > 1})
    chunks = {"x": x.chunks, "whole": x.chunks, "reduced": tuple((1,) if k in axes else own for k, own in enumerate(x.chunks)),
              "half": tuple((own[0] // 2,) if k in axes else own for k, own in enumerate(x.chunks))}
    given = [value if value is None or k == call.at else _like_x(call, value, role, x, axes, chunks.get(role))
             for k, (value, role) in enumerate(zip(given, call.roles))]
    present = [value is not None for value in given]
    arrays = [value for value in given if value is not None]
    block = functools.partial(_block, call.run, present, None if call.axis is None else axes[0] if len(axes) == 1 else axes)
    row = 2 if halves else 1
    tiny = [np.ones_like(value._meta, shape=[row if k in axes and value is x else 1 for k in range(value.ndim)])
            for value in arrays]
    meta = block(*tiny)  # what the function makes of these dtypes
    role = call.results[0]
    if role == "reduced" and not call.keepdims:
        return array.map_blocks(block, *arrays, dtype=np.asarray(meta).dtype, drop_axis=list(axes))
    return array.map_blocks(block, *arrays, dtype=meta.dtype, meta=meta[(slice(0, 0),) * meta.ndim], chunks=chunks[role])


def _like_x(call: Call, value: Any, role: str, x: Any, axes: Tuple[int, ...], chunks: Any) -> Any:
    """A dask array in blocks that belong to those of x."""
    if chunks is None:  # it broadcasts
        if role == "sink" and value.ndim + len(axes) <= x.ndim:  # with length 1 along the axes
            value = value[(None,) * (x.ndim - len(axes) - value.ndim)]
            value = value[tuple(None if k in axes else slice(None) for k in range(x.ndim))]
        value = value[(None,) * (x.ndim - value.ndim)]
        chunks = tuple((1,) if n == 1 else own for n, own in zip(value.shape, x.chunks))
        what = role
    else:
        if role == "reduced" and value.ndim < x.ndim:
            value = value[tuple(None if k in axes else slice(None) for k in range(x.ndim))]
        what = "grad"
    wanted = tuple(sum(own) for own in chunks)
    if len(wanted) != value.ndim or any(n != m and not np.isnan(n + m) for n, m in zip(wanted, value.shape)):
        raise call.error(f"{what} must have the shape {wanted}, not {value.shape}")
    value = value.rechunk({k: own for k, own in enumerate(chunks) if not np.isnan(sum(own) + value.shape[k])})
    if value.numblocks != tuple(map(len, chunks)):
        raise call.error(f"{what} has {value.numblocks} chunks of lengths that are not known, where {tuple(map(len, chunks))} "
                         "are needed: call compute_chunk_sizes() of it and of x first")
    return value


def _block(run: Callable[..., Any], present: List[bool], axis: Any, *arrays: Any) -> Any:
    left = list(arrays)
    return run([left.pop(0) if given else None for given in present], axis, None)


def _bias_gradient(array: Any, call: Call) -> Any:
    """The gradients of an activation of x + bias; values: grad, x, bias, parameters."""
    grad, x, bias = (_as_dask(array, value) for value in call.values[:3])
    dx = call.run.args[0].backward(grad, x + bias, *call.values[3:])
    own = (1,) * (dx.ndim - bias.ndim) + bias.shape
    sums = dx.sum(tuple(k for k in range(dx.ndim) if own[k] == 1), dtype=np.float64)
    return dx, sums.astype(dx.dtype).reshape(bias.shape)


def of_pairs(form: Callable[..., Any], values: List[Any], count: int) -> Any:
    """A form with two results of dask arrays, alone or in xarray's, which know only ufuncs with one: lazily; None where
    there are none. The first `count` values are inputs, the others parameters.
    """
    xarray, inputs = sys.modules.get("xarray"), values[:count]
    array = _dask_array(inputs)
    blocks = functools.partial(_with_parameters, form, tuple(values[count:]))
    if "dask.array" in sys.modules and xarray is not None and any(isinstance(value, xarray.DataArray) for value in inputs):
        return xarray.apply_ufunc(blocks, *inputs, output_core_dims=[[], []], dask="allowed",
                                  join=xarray.get_options()["arithmetic_join"], keep_attrs=True)
    if array is None:
        return None
    inputs = [array.asanyarray(value) for value in inputs]
    if not any(np.isnan(n) for value in inputs for n in value.shape):  # otherwise dask compares the numbers of blocks
        inputs = array.broadcast_arrays(*inputs)
    metas = blocks(*(value._meta for value in inputs))
    pairs = array.map_blocks(blocks, *inputs, meta=metas[0])
    return tuple(array.map_blocks(operator.itemgetter(k), pairs, dtype=meta.dtype, meta=meta) for k, meta in enumerate(metas))


def _with_parameters(form: Callable[..., Any], parameters: Any, *inputs: Any) -> Any:
    return form(*inputs, *parameters)
