from typing import Any, Dict, NoReturn, Sequence

from fastact.registry import RowEntry

Axis = int | Sequence[int] | None

class RowFunction:
    name: str
    info: RowEntry

class RowActivation(RowFunction):
    def __call__(
        self, x: Any, axis: Axis = -1, out: Any = None, mask: Any = None, temperature: float = 1.0
    ) -> Any: ...
    def backward(
        self, grad: Any, x: Any, axis: Axis = -1, out: Any = None, mask: Any = None, temperature: float = 1.0
    ) -> Any: ...
    def backward_from_output(
        self, grad: Any, y: Any, axis: Axis = -1, out: Any = None, mask: Any = None, temperature: float = 1.0
    ) -> Any: ...
    def jacobian(self, x: Any, axis: int = -1, mask: Any = None, temperature: float = 1.0) -> Any: ...

class Hardmax(RowFunction):
    def __call__(self, x: Any, axis: Axis = -1, out: Any = None, mask: Any = None) -> Any: ...
    def backward(self, *args: Any, **kwargs: Any) -> NoReturn: ...
    def backward_from_output(self, *args: Any, **kwargs: Any) -> NoReturn: ...
    def jacobian(self, *args: Any, **kwargs: Any) -> NoReturn: ...

class LogSumExp(RowFunction):
    def __call__(
        self, x: Any, axis: Axis = None, keepdims: bool = False, out: Any = None, mask: Any = None
    ) -> Any: ...
    def backward(
        self, grad: Any, x: Any, axis: Axis = None, keepdims: bool = False, out: Any = None, mask: Any = None
    ) -> Any: ...
    def backward_from_output(self, *args: Any, **kwargs: Any) -> NoReturn: ...
    def jacobian(self, *args: Any, **kwargs: Any) -> NoReturn: ...

functions: Dict[str, RowFunction]
softmax: RowActivation
softmin: RowActivation
log_softmax: RowActivation
logsumexp: LogSumExp
hardmax: Hardmax
sparsemax: RowActivation
