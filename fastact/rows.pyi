from typing import Any, Dict, NoReturn, Protocol, Sequence

from typing_extensions import disjoint_base

from fastact.bound import Bound
from fastact.registry import RowEntry
from fastact.row_bind import Bindable

_Axis = int | str | Sequence[int | str] | None  # names are those of xarray

@disjoint_base
class Core:
    form: int
    sign: int
    def __init__(self, name: str, form: int, sign: int) -> None: ...

class RowFunction(Bindable):
    name: str
    info: RowEntry
    backward: Any
    backward_from_output: Any
    def __init__(self, info: RowEntry) -> None: ...
    def jacobian(self, *args: Any, **kwargs: Any) -> Any: ...

class _Backward(Protocol):
    def __call__(
        self, grad: Any, x: Any, axis: _Axis = -1, out: Any = None, mask: Any = None, temperature: float = 1.0
    ) -> Any: ...
    def bind(
        self, grad: Any, x: Any, out: Any, axis: _Axis = -1, mask: Any = None, temperature: float = 1.0
    ) -> Bound: ...

class _BackwardFromOutput(Protocol):
    def __call__(
        self, grad: Any, y: Any, axis: _Axis = -1, out: Any = None, mask: Any = None, temperature: float = 1.0
    ) -> Any: ...
    def bind(
        self, grad: Any, y: Any, out: Any, axis: _Axis = -1, mask: Any = None, temperature: float = 1.0
    ) -> Bound: ...

class _LogSumExpBackward(Protocol):
    def __call__(
        self, grad: Any, x: Any, axis: _Axis = None, keepdims: bool = False, out: Any = None, mask: Any = None
    ) -> Any: ...
    def bind(
        self, grad: Any, x: Any, out: Any, axis: _Axis = None, keepdims: bool = False, mask: Any = None
    ) -> Bound: ...

class _Missing(Protocol):
    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn: ...
    def bind(self, *args: Any, **kwargs: Any) -> NoReturn: ...

class RowActivation(RowFunction):
    def __init__(self, info: RowEntry, form: int, sign: int = 1) -> None: ...
    backward: _Backward
    backward_from_output: _BackwardFromOutput
    def __call__(
        self, x: Any, axis: _Axis = -1, out: Any = None, mask: Any = None, temperature: float = 1.0
    ) -> Any: ...
    def bind(self, x: Any, out: Any, axis: _Axis = -1, mask: Any = None, temperature: float = 1.0) -> Bound: ...
    def jacobian(self, x: Any, axis: int = -1, mask: Any = None, temperature: float = 1.0) -> Any: ...

class Hardmax(RowFunction):
    backward: _Missing
    backward_from_output: _Missing
    def __call__(self, x: Any, axis: _Axis = -1, out: Any = None, mask: Any = None) -> Any: ...
    def bind(self, x: Any, out: Any, axis: _Axis = -1, mask: Any = None) -> Bound: ...
    def jacobian(self, *args: Any, **kwargs: Any) -> NoReturn: ...

class LogSumExp(RowFunction):
    backward: _LogSumExpBackward
    backward_from_output: _Missing
    def __call__(
        self, x: Any, axis: _Axis = None, keepdims: bool = False, out: Any = None, mask: Any = None
    ) -> Any: ...
    def bind(self, x: Any, out: Any, axis: _Axis = None, keepdims: bool = False, mask: Any = None) -> Bound: ...
    def jacobian(self, *args: Any, **kwargs: Any) -> NoReturn: ...

def give(result: Any, out: Any) -> Any: ...
def run_any(
    name: str, form: int, values: list[Any], axis: _Axis, out: Any, mask: Any, temperature: float, sign: int
) -> Any: ...

def block(
    name: str, form: int, temperature: Any, sign: int, values: Sequence[Any], axis: _Axis, out: Any
) -> Any: ...
def reduced_block(function: Any, keepdims: bool, values: Sequence[Any], axis: _Axis, out: Any) -> Any: ...
functions: Dict[str, RowFunction]
softmax: RowActivation
softmin: RowActivation
log_softmax: RowActivation
logsumexp: LogSumExp
hardmax: Hardmax
sparsemax: RowActivation
