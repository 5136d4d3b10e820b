from inspect import Signature
from typing import Any, TypeVar, overload

import numpy as np
from numpy.typing import NDArray
from typing_extensions import disjoint_base

from fastact._core.binding import BoundCall
from fastact._core.array_like import ArrayLike, NestedSequence
from fastact.registry import Entry

_F = TypeVar("_F", bound=np.floating[Any])
_Promoted = NDArray[np.integer[Any] | np.bool] | NestedSequence[float]

FORMS: tuple[str, ...]

@disjoint_base
class Form:
    info: Entry
    __name__: str
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...
    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...
    def bind(self, *args: Any, **named: Any) -> BoundCall: ...
    @property
    def ufunc(self) -> np.ufunc: ...
    @property
    def __qualname__(self) -> str: ...
    @property
    def __signature__(self) -> Signature: ...

# The calls of a form by its inputs and outputs. Arrays of one dtype keep it, beside Python numbers too. What promotes,
# other libraries' containers, outputs by position and the keywords of a ufunc give Any.

class _OneInput(Form):
    @overload
    def __call__(self, x: NDArray[_F], /, *parameters: float, **named: float) -> NDArray[_F]: ...
    @overload
    def __call__(self, x: _F, /, *parameters: float, **named: float) -> _F: ...
    @overload
    def __call__(self, x: float, /, *parameters: float, **named: float) -> np.floating[Any]: ...
    @overload
    def __call__(self, x: _Promoted, /, *parameters: float, **named: float) -> NDArray[np.floating[Any]]: ...
    @overload
    def __call__(self, *args: ArrayLike, out: NDArray[_F], **options: Any) -> NDArray[_F]: ...
    @overload
    def __call__(self, *args: ArrayLike, out: tuple[NDArray[Any]] | None = None, **options: Any) -> Any: ...

class _TwoInputs(Form):
    @overload
    def __call__(self, a: NDArray[_F], b: NDArray[_F] | float, /, *parameters: float, **named: float) -> NDArray[_F]: ...
    @overload
    def __call__(self, a: float, b: NDArray[_F], /, *parameters: float, **named: float) -> NDArray[_F]: ...
    @overload
    def __call__(self, a: float, b: float, /, *parameters: float, **named: float) -> np.floating[Any]: ...
    @overload
    def __call__(self, *args: ArrayLike, out: NDArray[_F], **options: Any) -> NDArray[_F]: ...
    @overload
    def __call__(self, *args: ArrayLike, out: tuple[NDArray[Any]] | None = None, **options: Any) -> Any: ...

class _ValueAndDerivative(Form):
    @overload
    def __call__(self, x: NDArray[_F], /, *parameters: float, **named: float) -> tuple[NDArray[_F], NDArray[_F]]: ...
    @overload
    def __call__(self, x: float, /, *parameters: float, **named: float) -> tuple[np.floating[Any], np.floating[Any]]: ...
    @overload
    def __call__(self, *args: ArrayLike, out: tuple[Any, Any] | None = None, **options: Any) -> tuple[Any, Any]: ...

class _GatedBackward(Form):
    @overload
    def __call__(
        self, grad: NDArray[_F] | float, gate: NDArray[_F], up: NDArray[_F] | float, /, *parameters: float, **named: float
    ) -> tuple[NDArray[_F], NDArray[_F]]: ...
    @overload
    def __call__(self, *args: ArrayLike, out: tuple[Any, Any] | None = None, **options: Any) -> tuple[Any, Any]: ...
