from typing import Any, Literal, Protocol, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from fastact._core.activation import Activation
from fastact._core.array_like import ArrayLike, SupportsArray
from fastact._core.binding import Bindable, BoundCall
from fastact.registry import GatedEntry

_F = TypeVar("_F", bound=np.floating[Any])
_Gate = Literal["last", "first"]
_Layout = Literal["halves", "interleaved"]

class _Backward(Protocol):
    @overload
    def __call__(self, grad: NDArray[_F], x: NDArray[_F], axis: int | str = -1, gate: _Gate = "last",
                 out: NDArray[_F] | None = None) -> NDArray[_F]: ...
    @overload
    def __call__(self, grad: ArrayLike, x: ArrayLike, axis: int | str = -1, gate: _Gate = "last",
                 out: SupportsArray | None = None) -> Any: ...
    def bind(self, grad: Any, x: Any, out: Any, axis: int | str = -1, gate: _Gate = "last") -> BoundCall: ...

class GatedLinearUnit(Bindable):
    info: GatedEntry
    name: str
    backward: _Backward
    def __init__(self, info: GatedEntry) -> None: ...
    @property
    def activation(self) -> Activation: ...
    @overload
    def __call__(
        self, x: NDArray[_F], axis: int | str = -1, gate: _Gate = "last", out: NDArray[_F] | None = None
    ) -> NDArray[_F]: ...
    @overload
    def __call__(self, x: ArrayLike, axis: int | str = -1, gate: _Gate = "last", out: SupportsArray | None = None) -> Any: ...

class _SwiGLUBackward(_Backward, Protocol):
    @overload  # type: ignore[override]
    def __call__(
        self, grad: NDArray[_F], x: NDArray[_F], axis: int | str = -1, gate: _Gate = "last", alpha: float = 1.0,
        limit: float | None = None, offset: float = 0.0, layout: _Layout = "halves", out: NDArray[_F] | None = None
    ) -> NDArray[_F]: ...
    @overload
    def __call__(
        self, grad: ArrayLike, x: ArrayLike, axis: int | str = -1, gate: _Gate = "last", alpha: float = 1.0,
        limit: float | None = None, offset: float = 0.0, layout: _Layout = "halves", out: SupportsArray | None = None
    ) -> Any: ...
    def bind(self, grad: Any, x: Any, out: Any, axis: int | str = -1, gate: _Gate = "last", alpha: float = 1.0,
             limit: float | None = None, offset: float = 0.0, layout: _Layout = "halves") -> BoundCall: ...

class SwiGLU(GatedLinearUnit):
    backward: _SwiGLUBackward
    @overload  # type: ignore[override]
    def __call__(
        self, x: NDArray[_F], axis: int | str = -1, gate: _Gate = "last", alpha: float = 1.0, limit: float | None = None,
        offset: float = 0.0, layout: _Layout = "halves", out: NDArray[_F] | None = None
    ) -> NDArray[_F]: ...
    @overload
    def __call__(self, x: ArrayLike, axis: int | str = -1, gate: _Gate = "last", alpha: float = 1.0, limit: float | None = None,
                 offset: float = 0.0, layout: _Layout = "halves", out: SupportsArray | None = None) -> Any: ...

glu: GatedLinearUnit
reglu: GatedLinearUnit
geglu: GatedLinearUnit
swiglu: SwiGLU
