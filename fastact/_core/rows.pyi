from typing import Any, Literal, NoReturn, Protocol, Sequence, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from fastact._core.array_like import ArrayLike, SupportsArray
from fastact._core.binding import Bindable, BoundCall
from fastact.registry import RowEntry

_Axis = int | str | Sequence[int | str] | None  # names are those of xarray
_F = TypeVar("_F", bound=np.floating[Any])
_Mask = ArrayLike | None
_Out = SupportsArray | None

class RowFunction(Bindable):
    name: str
    info: RowEntry
    backward: Any
    backward_from_output: Any
    def __init__(self, info: RowEntry) -> None: ...
    def jacobian(self, *args: Any, **kwargs: Any) -> Any: ...

class _Backward(Protocol):
    @overload
    def __call__(self, grad: NDArray[_F], x: NDArray[_F], axis: _Axis = -1, out: NDArray[_F] | None = None, mask: _Mask = None,
                 temperature: float = 1.0) -> NDArray[_F]: ...
    @overload
    def __call__(self, grad: ArrayLike, x: ArrayLike, axis: _Axis = -1, out: _Out = None, mask: _Mask = None,
                 temperature: float = 1.0) -> Any: ...
    def bind(self, *args: Any, **options: Any) -> BoundCall: ...

class _BackwardFromOutput(Protocol):
    @overload
    def __call__(self, grad: NDArray[_F], y: NDArray[_F], axis: _Axis = -1, out: NDArray[_F] | None = None, mask: _Mask = None,
                 temperature: float = 1.0) -> NDArray[_F]: ...
    @overload
    def __call__(self, grad: ArrayLike, y: ArrayLike, axis: _Axis = -1, out: _Out = None, mask: _Mask = None,
                 temperature: float = 1.0) -> Any: ...
    def bind(self, *args: Any, **options: Any) -> BoundCall: ...

class _LogSumExpBackward(Protocol):
    @overload
    def __call__(self, grad: NDArray[_F] | _F, x: NDArray[_F], axis: _Axis = None, keepdims: bool = False,
                 out: NDArray[_F] | None = None, mask: _Mask = None) -> NDArray[_F]: ...
    @overload
    def __call__(self, grad: ArrayLike, x: ArrayLike, axis: _Axis = None, keepdims: bool = False, out: _Out = None,
                 mask: _Mask = None) -> Any: ...
    def bind(self, *args: Any, **options: Any) -> BoundCall: ...

class _Missing(Protocol):
    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn: ...
    def bind(self, *args: Any, **kwargs: Any) -> NoReturn: ...

class RowActivation(RowFunction):
    backward: _Backward
    backward_from_output: _BackwardFromOutput
    @overload
    def __call__(self, x: NDArray[_F], axis: _Axis = -1, out: NDArray[_F] | None = None, mask: _Mask = None,
                 temperature: float = 1.0) -> NDArray[_F]: ...
    @overload
    def __call__(self, x: ArrayLike, axis: _Axis = -1, out: _Out = None, mask: _Mask = None, temperature: float = 1.0) -> Any: ...
    def jacobian(
        self, x: ArrayLike, axis: int = -1, mask: _Mask = None, temperature: float = 1.0
    ) -> NDArray[np.floating[Any]]: ...

_Argument = Literal["x", "sink", "bias"]

class _SoftmaxBackward(Protocol):
    @overload
    def __call__(self, grad: NDArray[_F], x: NDArray[_F], axis: _Axis = -1, out: NDArray[_F] | None = None, mask: _Mask = None,
                 temperature: float = 1.0) -> NDArray[_F]: ...
    @overload
    def __call__(self, grad: ArrayLike, x: ArrayLike, axis: _Axis = -1, out: _Out = None, mask: _Mask = None,
                 temperature: float = 1.0, sink: ArrayLike | None = None, bias: ArrayLike | None = None, causal: bool = False,
                 wrt: _Argument | Sequence[_Argument] = "x") -> Any: ...
    def bind(self, *args: Any, **options: Any) -> BoundCall: ...

class _SoftmaxBackwardFromOutput(Protocol):
    @overload
    def __call__(self, grad: NDArray[_F], y: NDArray[_F], axis: _Axis = -1, out: NDArray[_F] | None = None, mask: _Mask = None,
                 temperature: float = 1.0) -> NDArray[_F]: ...
    @overload
    def __call__(self, grad: ArrayLike, y: ArrayLike, axis: _Axis = -1, out: _Out = None, mask: _Mask = None,
                 temperature: float = 1.0, sink: ArrayLike | None = None, bias: ArrayLike | None = None, causal: bool = False,
                 wrt: _Argument | Sequence[_Argument] = "x") -> Any: ...
    def bind(self, *args: Any, **options: Any) -> BoundCall: ...

class Softmax(RowFunction):
    backward: _SoftmaxBackward
    backward_from_output: _SoftmaxBackwardFromOutput
    @overload
    def __call__(
        self, x: NDArray[_F], axis: _Axis = -1, out: NDArray[_F] | None = None, mask: _Mask = None, temperature: float = 1.0,
        sink: float | None = None, bias: float | None = None, causal: bool = False
    ) -> NDArray[_F]: ...
    @overload
    def __call__(self, x: ArrayLike, axis: _Axis = -1, out: _Out = None, mask: _Mask = None, temperature: float = 1.0,
                 sink: ArrayLike | None = None, bias: ArrayLike | None = None, causal: bool = False) -> Any: ...
    def jacobian(
        self, x: ArrayLike, axis: int = -1, mask: _Mask = None, temperature: float = 1.0
    ) -> NDArray[np.floating[Any]]: ...

class Hardmax(RowFunction):
    backward: _Missing
    backward_from_output: _Missing
    @overload
    def __call__(self, x: NDArray[_F], axis: _Axis = -1, out: NDArray[_F] | None = None, mask: _Mask = None) -> NDArray[_F]: ...
    @overload
    def __call__(self, x: ArrayLike, axis: _Axis = -1, out: _Out = None, mask: _Mask = None) -> Any: ...
    def jacobian(self, *args: Any, **kwargs: Any) -> NoReturn: ...

class LogSumExp(RowFunction):
    backward: _LogSumExpBackward
    backward_from_output: _Missing
    @overload
    def __call__(
        self, x: NDArray[_F], axis: None = None, keepdims: Literal[False] = False, out: None = None, mask: _Mask = None
    ) -> _F: ...
    @overload
    def __call__(self, x: ArrayLike, axis: _Axis = None, keepdims: bool = False, out: _Out = None, mask: _Mask = None) -> Any: ...
    def jacobian(self, *args: Any, **kwargs: Any) -> NoReturn: ...

softmax: Softmax
softmin: RowActivation
log_softmax: RowActivation
logsumexp: LogSumExp
hardmax: Hardmax
sparsemax: RowActivation
entmax15: RowActivation
