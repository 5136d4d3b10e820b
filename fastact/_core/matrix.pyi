from typing import Any, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from fastact._core.array_like import ArrayLike
from fastact._core.form import Form

_F = TypeVar("_F", bound=np.floating[Any])

class BiasedBackward(Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...
    @overload
    def __call__(
        self, grad: NDArray[_F] | float, x: NDArray[_F], bias: NDArray[_F], /, *parameters: float, **named: float
    ) -> tuple[NDArray[_F], NDArray[_F]]: ...
    @overload
    def __call__(self, *args: ArrayLike, out: tuple[Any, Any] | None = None, **named: ArrayLike) -> tuple[Any, Any]: ...
