"""Conversion of other libraries' objects to arrays, and errors for those that cannot be converted."""
from __future__ import annotations

import sys
from typing import Any, Iterator, List, Optional, Protocol, Sequence, TypeVar, Union

import numpy as np

Item = TypeVar("Item", covariant=True)


class SupportsArray(Protocol):
    """An array of NumPy's or of another library."""

    def __array__(self) -> np.ndarray[Any, Any]: ...


class SupportsDLPack(Protocol):
    """An array of a library that need not know NumPy."""

    def __dlpack__(self) -> Any: ...


class NestedSequence(Protocol[Item]):
    """A list or tuple of numbers, or of such lists. A str does not match: its `in` accepts only str."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> Union[Item, NestedSequence[Item]]: ...
    def __contains__(self, item: object, /) -> bool: ...
    def __iter__(self) -> Iterator[Union[Item, NestedSequence[Item]]]: ...


# Real numbers in any form that a call takes: numpy.typing.ArrayLike without complex numbers and strings.
ArrayLike = Union[float, SupportsArray, SupportsDLPack, NestedSequence[Union[float, SupportsArray, SupportsDLPack]]]


BARE = (np.ndarray, list, tuple, float, int, np.float64, np.float32, type(None))  # the usual types that are no containers


def is_instance(value: Any, module: str, *names: str) -> bool:
    """Whether a value is an instance of one of these classes of a module, which is not imported for that."""
    found = sys.modules.get(module)
    return found is not None and isinstance(value, tuple(getattr(found, name) for name in names if hasattr(found, name)))


def is_pandas(value: Any) -> bool:
    """Whether this is a Series or a DataFrame."""
    return is_instance(value, "pandas", "Series", "DataFrame")


def is_extension(value: Any) -> bool:
    """Whether this is an extension array of pandas, which is not an ndarray."""
    return is_instance(value, "pandas.api.extensions", "ExtensionArray")


def is_wrapper(value: Any) -> bool:
    """Whether this is of a subclass of ndarray, or of another class that wraps arrays as one."""
    return (type(value) is not np.ndarray and not isinstance(value, np.generic) and hasattr(value, "__array_wrap__")
            and not isinstance(value, type))


def _speaks_only_dlpack(value: Any) -> bool:
    known = ("__array__", "__array_interface__", "__array_struct__")
    return hasattr(value, "__dlpack__") and not any(hasattr(value, name) for name in known)


def asarray(value: Any) -> np.ndarray:
    """``numpy.asarray``, which does not know DLPack, and makes objects of some columns of pandas."""
    if type(value) in BARE:
        return np.asarray(value)
    if _speaks_only_dlpack(value):
        return np.from_dlpack(value)
    pandas = is_pandas(value) or is_instance(value, "pandas", "Index") or is_extension(value)
    return _numbers(value) if pandas else np.asarray(value)


def converted(values: List[Any]) -> Optional[List[Any]]:
    """The arguments, arrays of pandas and what only speaks DLPack as NumPy's arrays; None if there are none of these."""
    foreign = [_speaks_only_dlpack(value) or is_extension(value) for value in values]
    return [asarray(value) if one else value for one, value in zip(foreign, values)] if any(foreign) else None


def refuse(name: str, values: Sequence[Any], hint: str = "", frames: bool = True) -> None:
    """Raise TypeError for SciPy's sparse matrices and, if `frames`, for data frames of dask."""
    issparse = getattr(sys.modules.get("scipy.sparse"), "issparse", None)
    for value in values:
        if issparse is not None and issparse(value):
            raise TypeError(f"{name} takes dense arrays, got a {type(value).__name__} of scipy.sparse: x.toarray() is dense"
                            + hint)
        if frames and is_instance(value, "dask.dataframe", "DataFrame", "Series", "Index"):
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
