"""Arrays of other libraries, for what is no ufunc: functions of rows, gated units, gradients of a bias, losses.

A ufunc hands pandas, xarray, dask and masked arrays back as what they are. For these functions `apply` does the same: it
takes one kind of container off after the other, aligned by its labels, until a plain array is left, and puts each
result into a container of that kind.
"""
from __future__ import annotations

import functools
import operator
import sys
from dataclasses import dataclass, replace
from typing import Any, Callable, Iterator, List, Optional, Protocol, Sequence, Tuple, TypeVar, Union

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from fastact._core.arguments import broadcast_mask, check_even, checked_axes, check_out

Item = TypeVar("Item", covariant=True)


class SupportsArray(Protocol):
    """An array of NumPy's or of another library."""

    def __array__(self) -> np.ndarray[Any, Any]: ...


class SupportsDLPack(Protocol):
    """An array of a library that need not know NumPy."""

    def __dlpack__(self) -> Any: ...


class NestedSequence(Protocol[Item]):
    """A list or tuple, or such of such. A string is none: its `in` takes strings alone."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> Union[Item, NestedSequence[Item]]: ...
    def __contains__(self, item: object, /) -> bool: ...
    def __iter__(self) -> Iterator[Union[Item, NestedSequence[Item]]]: ...


# Real numbers in any form that a call takes: numpy.typing.ArrayLike without complex numbers and strings.
ArrayLike = Union[float, SupportsArray, SupportsDLPack, NestedSequence[Union[float, SupportsArray, SupportsDLPack]]]


_BARE = (np.ndarray, list, tuple, float, int, np.float64, np.float32, type(None))  # the usual types that are no containers


def asarray(value: Any) -> np.ndarray:
    """``numpy.asarray``, which does not know DLPack, and makes objects of some columns of pandas."""
    if type(value) in _BARE:
        return np.asarray(value)
    if hasattr(value, "__dlpack__") and not _is_known(value):
        return np.from_dlpack(value)
    pandas = _is(value, "pandas", "Series", "DataFrame", "Index") or _is(value, "pandas.api.extensions", "ExtensionArray")
    return _numbers(value) if pandas else np.asarray(value)


def _is_known(value: Any) -> bool:
    return any(hasattr(value, name) for name in ("__array__", "__array_interface__", "__array_struct__"))


def converted(values: List[Any]) -> Optional[List[Any]]:
    """The arguments, with those as arrays that only speak DLPack or are arrays of pandas; None where there are none."""
    arrays = [asarray(value) if hasattr(value, "__dlpack__") and not _is_known(value)
              or _is(value, "pandas.api.extensions", "ExtensionArray") else value for value in values]
    return arrays if any(array is not value for array, value in zip(arrays, values)) else None


def _is(value: Any, module: str, *names: str) -> bool:
    """Whether a value is of one of these classes of a module that somebody has imported."""
    found = sys.modules.get(module)
    return found is not None and isinstance(value, tuple(getattr(found, name) for name in names if hasattr(found, name)))


def _is_wrapped(value: Any) -> bool:
    """Whether this is of a subclass of ndarray, or of another class that wraps arrays as one."""
    return (type(value) is not np.ndarray and not isinstance(value, np.generic) and hasattr(value, "__array_wrap__")
            and not isinstance(value, type))


def refuse(name: str, values: Sequence[Any], hint: str = "", frames: bool = True) -> None:
    """Raise TypeError for scipy's sparse matrices and, where `frames`, for those of dask: neither are arrays."""
    issparse = getattr(sys.modules.get("scipy.sparse"), "issparse", None)
    for value in values:
        if issparse is not None and issparse(value):
            raise TypeError(f"{name} takes dense arrays, got a {type(value).__name__} of scipy.sparse: x.toarray() is dense"
                            + hint)
        if frames and _is(value, "dask.dataframe", "DataFrame", "Series", "Index"):
            raise TypeError(f"{name} takes no {type(value).__name__} of dask, whose partitions have lengths that are not known: "
                            "use x.map_partitions(function), or x.to_dask_array(lengths=True)")


def plain(name: str, argument: str, value: Any) -> np.ndarray:
    """An argument of a network as an array; NA is NaN. Raises for sparse matrices, dask frames and masked entries."""
    if type(value) is np.ndarray:
        return value
    refuse(name, [value], "; the estimators of fastact.sklearn take sparse X")
    refuse_masked(name, **{argument: value})
    return asarray(value)


def refuse_masked(name: str, **arguments: Any) -> None:
    """Raise ValueError for masked entries in an argument of a network."""
    for argument, value in arguments.items():
        if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
            raise ValueError(f"{name}: {argument} has masked entries, which a network cannot leave out: fill them, as by "
                             f"{argument}.filled(0), or remove these samples")


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
        "half" has half of the axis, "broadcast" broadcasts to x, "mask" does so and is boolean.
    results : sequence
        The same of each result; "broadcast" is of the shape of the first such argument, "matrix" has the axis twice, at
        the end, and no labels, None is a number.
    axis
        The axes whose elements depend on each other, as the caller gave them. Labels along them must be the same in
        all containers, in any order; along other axes xarray's own rule ("arithmetic_join") holds, but for losses.
    out : ndarray or tuple of ndarray, optional
    keepdims : bool
        Of a "reduced" result.
    """

    name: str
    run: Any
    values: Sequence[Any]
    roles: Sequence[str]
    results: Sequence[Optional[str]]
    axis: Any = None
    out: Any = None
    keepdims: bool = False

    @property
    def at(self) -> int:
        """Where x is."""
        return self.roles.index("x")

    def error(self, text: str) -> ValueError:
        return ValueError(f"{self.name}: {text}")

    def axes(self, ndim: int) -> Tuple[int, ...]:
        """The axes as sorted numbers; none of a single number, which may be taken for a row."""
        return tuple(sorted(checked_axes(self.name, self.axis, max(ndim, 1)))) if ndim else ()

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
    """The results of a call with containers; None where there are none.

    Parameters
    ----------
    call : Call
    masked : callable, optional
        What computes masked arrays, for a function that takes no mask.
    """
    if all(type(value) in _BARE for value in call.values):
        return None
    refuse(call.name, call.values)
    for layer in (_xarray, _dask, _pandas, masked or _masked, _subclass):
        result = layer(call)
        if result is not None:
            return result
    return None


def is_container(value: Any) -> bool:
    """Whether `apply` does something for this value."""
    return type(value) is not np.ndarray and (
        _is_wrapped(value) or isinstance(value, np.ma.MaskedArray) or _is(value, "pandas", "Series", "DataFrame")
        or _is(value, "xarray", "DataArray", "Dataset", "Variable") or _is(value, "scipy.sparse", "sparray", "spmatrix"))


def _places(call: Call, labels: Any, wanted: Any, dimension: Any) -> Any:
    """Where labels, of a pandas.Index, have to be taken from to be in the wanted order; None where they are."""
    if labels.equals(wanted):
        return None
    if len(labels) == len(wanted) and labels.is_unique and wanted.is_unique:
        places = labels.get_indexer(wanted)
        if (places >= 0).all():
            return places
    raise call.error(f"the labels along {dimension!r} are not those of the other argument, in any order: reindex one of them")


# ---- xarray ----

def _xarray(call: Call) -> Any:
    """DataArrays, Variables and Datasets, aligned by the names of dimensions and by coordinates."""
    xarray = sys.modules.get("xarray")
    if xarray is None or not any(_is(value, "xarray", "DataArray", "Dataset", "Variable") for value in call.values):
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
    arrays = {}
    for k, (value, role) in enumerate(zip(values, call.roles)):
        if not isinstance(value, xarray.DataArray):
            if role not in ("x", "whole") or np.shape(value) != template.shape:
                continue  # by position
            value = template.copy(data=value) if role == "x" else xarray.DataArray(value, dims=template.dims)
        if role == "whole" and k > call.at and set(value.dims) != set(template.dims):  # of a loss, whose shapes must be equal
            raise call.error(f"target has dimensions {value.dims}, and input {template.dims}: broadcasting would compare every "
                             "value with every other")
        arrays[k] = _in_order(call, value, role, template, core, half)
    arrays = {call.at: arrays.pop(call.at), **arrays}  # whose order of labels counts
    try:
        join = xarray.get_options()["arithmetic_join"]
        arrays = dict(zip(arrays, xarray.align(*arrays.values(), join=join, copy=False, exclude=half)))
        x = arrays[call.at]
        full = xarray.broadcast(*arrays.values(), exclude=half)[0]
    except ValueError as error:
        raise call.error(str(error)) from None
    order = [*(d for d in full.dims if d not in x.dims), *x.dims]  # as NumPy broadcasts
    full = full.transpose(*order)
    inner = list(values)
    for k, value in arrays.items():
        role = call.roles[k]
        wanted = [d for d in order if role not in ("reduced", "along") or (d in core) == (role == "along")]
        if role in ("broadcast", "mask"):  # without the leading dimensions that it has not
            wanted = wanted[min((order.index(d) for d in value.dims), default=len(order)):]
        length = 1 if role in ("broadcast", "mask") else None
        inner[k] = value.variable.set_dims({d: value.sizes.get(d, length or full.sizes[d]) for d in wanted}).data
    axis: Any = None if call.axis is None else tuple(order.index(d) for d in core)
    axis = axis[0] if axis and len(axis) == 1 else axis
    if call.out is not None and "broadcast" not in call.results:
        return call.run(inner, axis, call.out)
    result = call.run(inner, axis, None)
    left = {key: own for key, own in full.coords.items() if not set(core) & set(own.dims)}

    def wrap(role: Optional[str], one: Any) -> Any:
        if role == "broadcast":
            k = call.roles.index("broadcast")
            if k not in arrays:
                return one
            own = [d for d in order if d in arrays[k].dims]
            made = arrays[k].transpose(*own).copy(data=one.reshape([arrays[k].sizes[d] for d in own]))
            made = _in_order(call, made.transpose(*values[k].dims), role, values[k], own, [])
        elif role in ("x", "whole"):
            made = full.copy(data=one)
        elif role in ("reduced", "half"):
            dims = [d for d in order if role == "half" or call.keepdims or d not in core]
            made = xarray.DataArray(one, left, dims, full.name, full.attrs)
        else:
            return one
        return made.variable if unnamed else made

    return written(call, call.wrapped(result, wrap))


def _names(call: Call, x: Any) -> List[Any]:
    """The dimensions that an axis, several or None mean, by number or by name."""
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
    if role == "reduced":
        value = value.isel({d: 0 for d in core if value.sizes.get(d) == 1}, drop=True)
        if set(core) & set(value.dims):
            raise call.error(f"{'target' if call.at == 0 else 'grad'} has dimensions {value.dims}, and the result is without "
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


# ---- dask ----

def _has_dask(values: Sequence[Any]) -> Any:
    """dask.array, where one of the values is of it; else None."""
    array = sys.modules.get("dask.array")
    return array if array is not None and any(isinstance(value, array.Array) for value in values) else None


def _as_dask(array: Any, value: Any) -> Any:
    """A dask array, which has no labels, of any array."""
    return array.asanyarray(asarray(value) if _is(value, "pandas", "Series", "DataFrame") else value)


def _dask(call: Call) -> Any:
    """The function of each block of dask arrays, where a block has whole rows; all stays lazy."""
    array = _has_dask(call.values)
    if array is None or call.results[0] in (None, "matrix"):  # computed at once
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
    for k in axes:
        if x.numblocks[k] > 1 and np.isnan(x.shape[k]):
            raise call.error(f"the lengths of the chunks along axis {k} are not known, and the function needs whole rows: "
                             "call x.compute_chunk_sizes() first")
    x = given[call.at] = x.rechunk({k: -1 for k in axes if x.numblocks[k] > 1})
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
    if chunks is None:  # a mask, which broadcasts
        value = value[(None,) * (x.ndim - value.ndim)]
        chunks = tuple((1,) if n == 1 else own for n, own in zip(value.shape, x.chunks))
        what = "mask"
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
    array = _has_dask(inputs)
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


# ---- pandas ----

def of_frames(form: Callable[..., Any], values: List[Any], results: int, out: Any) -> Any:
    """A form of DataFrames and Series that pandas cannot give to a ufunc: both kinds, two results of Arrow's types, columns of
    several extension types. A Series lies along the columns of a DataFrame, as for pandas's operators. None where there are
    neither.
    """
    kinds = [_is(value, "pandas", "Series") + 2 * _is(value, "pandas", "DataFrame") for value in values]
    if not any(kinds):
        return None
    roles = ["broadcast"] * len(values)
    roles[kinds.index(max(kinds))] = "x"
    return apply(Call(f"fastact.{form.__name__}", lambda inner, axis, out: form(*inner, out=out), values, roles, ["x"] * results,
                      None, out))


def _numbers(value: Any) -> Any:
    """The values of an object of pandas; NA of the nullable and the Arrow types is NaN."""
    dtypes = [value.dtype] if value.ndim == 1 else list(value.dtypes)
    plain = [dtype if isinstance(dtype, np.dtype) else getattr(dtype, "numpy_dtype", getattr(dtype, "subtype", None))
             for dtype in dtypes]
    if plain == dtypes and len(set(dtypes)) < 2 or not all(isinstance(p, np.dtype) and p.kind in "fiub" for p in plain):
        return np.asarray(value)
    dtype = np.result_type(*plain)
    if dtype.kind == "f" or not np.asarray(value.isna()).any():
        return value.to_numpy(dtype, na_value=np.nan) if dtype.kind == "f" else value.to_numpy(dtype)
    return value.to_numpy(np.result_type(dtype, np.float16), na_value=np.nan)


def _pandas(call: Call) -> Any:
    """Series and DataFrames, aligned by index and columns."""
    pandas = sys.modules.get("pandas")
    if pandas is None or not any(_is(value, "pandas", "Series", "DataFrame") for value in call.values):
        return None
    kinds = pandas.Series, pandas.DataFrame
    template = call.template(*kinds)

    def by_position(value: Any, role: str) -> Any:
        classes = role == "along" and isinstance(value, pandas.Series) and set(value.index) == set(range(len(value)))
        return asarray(value.sort_index() if classes else value) if isinstance(value, kinds) else value

    if template is None:  # x has no labels: all are taken by position, but for one number a class
        return call.run([by_position(value, role) for value, role in zip(call.values, call.roles)], call.axis, call.out)
    labels, axes = list(template.axes), call.axes(template.ndim)

    def wanted(value: Any, role: Optional[str]) -> List[Any]:
        """The labels that an argument or a result of a role has along each axis; None for any."""
        if role == "reduced" and np.ndim(value) == len(labels) or role == "half":
            return [None if k in axes else own for k, own in enumerate(labels)]
        own = [own for k, own in enumerate(labels) if role not in ("reduced", "along") or (k in axes) == (role == "along")]
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
        source: Any = call.values[call.roles.index("broadcast")] if role == "broadcast" else template
        if role in (None, "matrix") or not isinstance(source, kinds) or not 0 < np.ndim(one) < 3:
            return one
        own = [None if label is None or len(label) != n else label for label, n in zip(wanted(one, role), one.shape)]
        if one.ndim == 2:
            made = pandas.DataFrame(one, *own)
        else:
            made = pandas.Series(one, *own, name=source.name if source.ndim == 1 else None)
        return made.reindex(**dict(zip(made._AXIS_ORDERS, source.axes))) if role == "broadcast" and all(
            label is not None for label in own) else made

    return written(call, call.wrapped(result, wrap))


def _own_places(call: Call, own: Any, want: Any, role: str) -> Any:
    """`_places` of an axis of a Series or DataFrame."""
    if want is None or role in ("broadcast", "mask", "whole") and len(own) == 1 != len(want):
        return None
    if role == "along" and not own.equals(want) and set(own) == set(range(len(want))):  # by the numbers of classes
        return own.argsort()
    return _places(call, own, want, own.name or "the index")


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
    for k, (value, role) in enumerate(zip(inner, call.roles)):
        if role == "mask" and (own.any() or masks[k].any()):
            inner[k] = ~own if value is None else ~own & broadcast_mask(call.name, value, own.shape) & ~masks[k]
        elif not halves and role != "mask":
            gone = hidden if role == "whole" or role == "x" and biased else masks[k]
            inner[k] = np.where(gone, np.asarray(value).dtype.type(0), value) if gone.any() else value
    result = call.run(inner, call.axis, None)

    def wrap(role: Optional[str], one: Any) -> Any:
        gone = hidden
        if role == "half":
            gone = np.split(hidden, 2, axes[0])[0]
        elif role == "reduced":
            gone = hidden.all(axes, keepdims=call.keepdims) & hidden.any(axes, keepdims=call.keepdims)  # not of an empty row
        elif role == "matrix":
            gone = np.moveaxis(hidden, axes[0], -1)
            gone = gone[..., :, None] | gone[..., None, :]
        elif role == "broadcast":
            shape = masks[call.roles.index("broadcast")].shape
            gone = hidden.all(tuple(k for k in range(-hidden.ndim, 0) if k < -len(shape) or shape[k] == 1)).reshape(shape)
        return hide(masked[0], one, gone)

    return written(call, call.wrapped(result, wrap))


def _hidden(call: Call, masks: List[Any], halves: bool) -> Tuple[Any, Tuple[int, ...]]:
    """Where an element of any argument is hidden, in the shape of x with all that broadcasts, and the axes."""
    whole = [mask for mask, role in zip(masks, call.roles) if role not in ("reduced", "half")]
    if "broadcast" not in call.roles and any(mask.shape != masks[call.at].shape
                                             for mask, role in zip(masks, call.roles) if role == "whole"):
        raise ValueError("the arrays have different shapes")
    hidden = functools.reduce(np.logical_or, whole)
    axes = call.axes(hidden.ndim)
    for mask, role in zip(masks, call.roles):
        if role == "reduced":
            hidden = hidden | mask.reshape([1 if k in axes else n for k, n in enumerate(hidden.shape)])
    if halves:  # an element that is hidden in one half has no partner in the other
        half = np.logical_or(*np.split(hidden, 2, axes[0]))
        half = functools.reduce(np.logical_or, [half, *(mask for mask, role in zip(masks, call.roles) if role == "half")])
        hidden = np.concatenate([half, half], axes[0])
    return hidden, axes


def hide(like: Any, result: Any, hidden: Any) -> Any:
    """A result as a masked array, of the class and with the fill value of another."""
    if np.ndim(result) == 0:
        return np.ma.masked if hidden else result
    made = np.ma.masked_array(result) if like is np.ma.masked else like.__array_wrap__(result)
    made.mask = hidden
    return made


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


# ---- subclasses of ndarray ----

def _subclass(call: Call) -> Any:
    """Subclasses of ndarray, and what else has ``__array_wrap__``."""
    candidates = [call.values[call.at], *(value for value, role in zip(call.values, call.roles) if role != "mask")]
    wrapped = [value for value in candidates if _is_wrapped(value)]
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
