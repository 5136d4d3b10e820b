"""The containers with labels: xarray's and pandas's, whose arguments are aligned before a call."""
from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any, Callable, List, Optional, Tuple

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from fastact._core.array_like import asarray, is_instance, is_pandas
from fastact._core.containers import Call, apply, written

SPREAD = ("broadcast", "bias", "mask", "sink")  # roles of arguments that broadcast


def _places(call: Call, labels: Any, wanted: Any, dimension: Any) -> Any:
    """The places to take labels (a pandas.Index) from, to get the wanted order; None if they are in that order."""
    if labels.equals(wanted):
        return None
    if len(labels) == len(wanted) and labels.is_unique and wanted.is_unique:
        places = labels.get_indexer(wanted)
        if (places >= 0).all():
            return places
    raise call.error(f"the labels along {dimension!r} are not those of the other argument, in any order: reindex one of them")


# ---- xarray ----

def apply_xarray(call: Call) -> Any:
    """DataArrays, Variables and Datasets, aligned by the names of dimensions and by coordinates."""
    xarray = sys.modules.get("xarray")
    if xarray is None or not any(is_instance(value, "xarray", "DataArray", "Dataset", "Variable") for value in call.values):
        return None
    if any(isinstance(value, xarray.Dataset) for value in call.values):
        return _datasets(xarray, call)
    unnamed = not any(isinstance(value, xarray.DataArray) for value in call.values)
    values = [xarray.DataArray(value) if isinstance(value, xarray.Variable) else value for value in call.values]
    template = replace(call, values=values).template(xarray.DataArray)
    if template is None:  # x has no names: all are taken by position
        return call.run([getattr(value, "values", value) for value in values], call.axis, call.out)
    core = _names(call, template)
    half = core[:1] if "half" in (*call.roles, *call.results) else []
    arrays, full = _aligned(xarray, call, values, template, core, half)
    order = list(full.dims)
    inner = list(values)
    for k, value in arrays.items():
        role = call.roles[k]
        wanted = [d for d in order if role not in ("reduced", "along", "sink") or (d in core) == (role == "along")]
        if role in SPREAD:  # without leading dimensions that it does not have
            wanted = wanted[min((order.index(d) for d in value.dims), default=len(order)):]
        length = 1 if role in SPREAD else None
        inner[k] = value.variable.set_dims({d: value.sizes.get(d, length or full.sizes[d]) for d in wanted}).data
    axis: Any = None if call.axis is None else tuple(order.index(d) for d in core)
    axis = axis[0] if axis and len(axis) == 1 else axis
    if call.out is not None and "broadcast" not in call.results:
        return call.run(inner, axis, call.out)
    result = call.run(inner, axis, None)
    left = {key: own for key, own in full.coords.items() if not set(core) & set(own.dims)}

    def wrap(role: Optional[str], one: Any) -> Any:
        if role in SPREAD:
            k = call.roles.index(role)
            if k not in arrays:
                return one
            own = [d for d in order if d in arrays[k].dims]
            made = arrays[k].transpose(*own).copy(data=one.reshape([arrays[k].sizes[d] for d in own]))
            made = _in_order(call, made.transpose(*values[k].dims), "broadcast", values[k], own, [])
        elif role in ("x", "whole"):
            made = full.copy(data=one)
        elif role in ("reduced", "half"):
            dims = [d for d in order if role == "half" or call.keepdims or d not in core]
            made = xarray.DataArray(one, left, dims, full.name, full.attrs)
        else:
            return one
        return made.variable if unnamed else made

    return written(call, call.wrapped(result, wrap))


def _aligned(xarray: Any, call: Call, values: List[Any], template: Any, core: List[Any], half: List[Any]) -> Tuple[Any, Any]:
    """The DataArrays by their places, aligned by labels, x first; and x broadcast with all others, in NumPy's order of
    dimensions. Arguments without names are taken by position; of these x and those of its shape become DataArrays.
    """
    arrays = {}
    for k, (value, role) in enumerate(zip(values, call.roles)):
        if not isinstance(value, xarray.DataArray):
            if role not in ("x", "whole") or np.shape(value) != template.shape:
                continue
            value = template.copy(data=value) if role == "x" else xarray.DataArray(value, dims=template.dims)
        if role == "whole" and k > call.at and set(value.dims) != set(template.dims):  # of a loss, whose shapes must be equal
            raise call.error(f"target has dimensions {value.dims}, and input {template.dims}: broadcasting would compare every "
                             "value with every other")
        arrays[k] = _in_order(call, value, role, template, core, half)
    arrays = {call.at: arrays.pop(call.at), **arrays}  # the order of x's labels counts
    try:
        join = xarray.get_options()["arithmetic_join"]
        arrays = dict(zip(arrays, xarray.align(*arrays.values(), join=join, copy=False, exclude=half)))
        full = xarray.broadcast(*arrays.values(), exclude=half)[0]
    except ValueError as error:
        raise call.error(str(error)) from None
    x = arrays[call.at]
    return arrays, full.transpose(*(d for d in full.dims if d not in x.dims), *x.dims)


def _names(call: Call, x: Any) -> List[Any]:
    """The dimensions that an axis, several axes or None mean, by number or by name."""
    given = x.dims if call.axis is None else call.axis if isinstance(call.axis, (tuple, list)) else [call.axis]
    names = []
    for one in given:
        if one not in x.dims:
            try:
                place = normalize_axis_tuple(one, max(x.ndim, 1))[0]
            except TypeError:
                raise call.error(f"x has no dimension {one!r}, it has {', '.join(map(repr, x.dims))}") from None
            if not x.dims:
                continue  # a single number, which is a row of its own
            one = x.dims[place]
        names.append(one)
    if len(set(names)) < len(names):
        raise call.error(f"axis={call.axis!r} names a dimension twice")
    return names


def _in_order(call: Call, value: Any, role: str, template: Any, core: List[Any], half: List[Any]) -> Any:
    """A DataArray with the template's order of labels along the core dimensions, without those that it has as length 1."""
    if role == "half":  # a half has no labels of its own
        return value.drop_vars([key for key, own in value.coords.items() if set(half) & set(own.dims)])
    if role in ("reduced", "sink"):
        value = value.isel({d: 0 for d in core if value.sizes.get(d) == 1}, drop=True)
        if set(core) & set(value.dims):
            what = "sink" if role == "sink" else "target" if call.at == 0 else "grad"
            raise call.error(f"{what} has dimensions {value.dims}, and the result is without "
                             + ", ".join(map(repr, core)))
    for d in template.dims if "along" in call.roles else core:  # a loss of classes leaves out no target
        if d in value.indexes and d in template.indexes and d not in half:
            places = _places(call, value.indexes[d], template.indexes[d], d)
            value = value if places is None else value.isel({d: places})
    return value


def _datasets(xarray: Any, call: Call) -> Any:
    """The function of each variable of Datasets."""
    if call.out is not None:
        raise TypeError(f"{call.name}: there can be no out for the variables of a Dataset")
    if "matrix" in call.results:
        raise TypeError(f"{call.name} takes no Dataset: call it of each of the variables")
    sets = [value for value in call.values if isinstance(value, xarray.Dataset)]
    names = list(sets[-1].data_vars)
    if any(set(each.data_vars) != set(names) for each in sets):
        raise call.error("the Datasets have different variables: " + " and ".join(str(list(each.data_vars)) for each in sets))
    results = {name: call.run([value[name] if isinstance(value, xarray.Dataset) else value for value in call.values],
                              call.axis, None) for name in names}
    if len(call.results) == 1:
        return xarray.Dataset(results, attrs=sets[-1].attrs)
    return tuple(xarray.Dataset({name: each[k] for name, each in results.items()}) for k in range(len(call.results)))


# ---- pandas ----

def of_frames(form: Callable[..., Any], values: List[Any], results: int, out: Any) -> Any:
    """A form of DataFrames and Series that pandas cannot give to a ufunc: both kinds, two results of Arrow's types, columns of
    several extension types. A Series lies along the columns of a DataFrame, as for pandas's operators. None where there are
    neither.
    """
    kinds = [is_instance(value, "pandas", "Series") + 2 * is_instance(value, "pandas", "DataFrame") for value in values]
    if not any(kinds):
        return None
    roles = ["broadcast"] * len(values)
    roles[kinds.index(max(kinds))] = "x"
    return apply(Call(f"fastact.{form.__name__}", lambda inner, axis, out: form(*inner, out=out), values, roles, ["x"] * results,
                      None, out))


def apply_pandas(call: Call) -> Any:
    """Series and DataFrames, aligned by index and columns."""
    pandas = sys.modules.get("pandas")
    if pandas is None or not any(is_pandas(value) for value in call.values):
        return None
    kinds = pandas.Series, pandas.DataFrame
    template = call.template(*kinds)

    def by_position(value: Any, role: str) -> Any:
        classes = role == "along" and isinstance(value, pandas.Series) and set(value.index) == set(range(len(value)))
        return asarray(value.sort_index() if classes else value) if isinstance(value, kinds) else value

    if template is None:  # x has no labels: all are taken by position, except a Series of one number for each class
        return call.run([by_position(value, role) for value, role in zip(call.values, call.roles)], call.axis, call.out)
    labels, axes = list(template.axes), call.axes(template.ndim)

    def wanted(value: Any, role: Optional[str]) -> List[Any]:
        """The labels that an argument or a result of a role has along each axis; None for any."""
        if role == "reduced" and np.ndim(value) == len(labels) or role == "half":
            return [None if k in axes else own for k, own in enumerate(labels)]
        own = [own for k, own in enumerate(labels)
               if role not in ("reduced", "along", "sink") or (k in axes) == (role == "along")]
        return own[max(len(own) - np.ndim(value), 0):]

    def aligned(value: Any, role: str) -> Any:
        if not isinstance(value, kinds):
            return value
        array = asarray(value)
        for k, (own, want) in enumerate(zip(value.axes, wanted(value, role))):
            places = _own_places(call, own, want, role)
            array = array if places is None else array.take(places, k)
        return array

    inner = [aligned(value, role) for value, role in zip(call.values, call.roles)]
    if call.out is not None and "broadcast" not in call.results:
        return call.run(inner, call.axis, call.out)
    result = call.run(inner, call.axis, None)

    def wrap(role: Optional[str], one: Any) -> Any:
        source: Any = call.values[call.roles.index(role)] if role in SPREAD else template
        if role in (None, "matrix") or not isinstance(source, kinds) or not 0 < np.ndim(one) < 3:
            return one
        own = [None if label is None or len(label) != n else label for label, n in zip(wanted(one, role), one.shape)]
        if one.ndim == 2:
            made = pandas.DataFrame(one, *own)
        else:
            made = pandas.Series(one, *own, name=source.name if source.ndim == 1 else None)
        return made.reindex(**dict(zip(made._AXIS_ORDERS, source.axes))) if role in SPREAD and all(
            label is not None for label in own) else made

    return written(call, call.wrapped(result, wrap))


def _own_places(call: Call, own: Any, want: Any, role: str) -> Any:
    """`_places` of an axis of a Series or DataFrame."""
    if want is None or role in (*SPREAD, "whole") and len(own) == 1 != len(want):
        return None
    if role == "along" and not own.equals(want) and set(own) == set(range(len(want))):  # by the numbers of classes
        return own.argsort()
    return _places(call, own, want, own.name or "the index")
