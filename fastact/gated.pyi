from dataclasses import dataclass
from typing import Any, Literal, Protocol

from numpy.typing import ArrayLike

from fastact.activations import Activation
from fastact.bound import Bound

@dataclass(frozen=True)
class Info:
    name: str
    activation: str
    reference: str
    @property
    def formula(self) -> str: ...

class _Backward(Protocol):
    def __call__(
        self,
        grad: ArrayLike,
        x: ArrayLike,
        axis: int | str = -1,
        gate: Literal["last", "first"] = "last",
        out: Any = None,
    ) -> Any: ...
    def bind(
        self, grad: Any, x: Any, out: Any, axis: int | str = -1, gate: Literal["last", "first"] = "last"
    ) -> Bound: ...

class GatedLinearUnit:
    info: Info
    name: str
    backward: _Backward
    def __init__(self, info: Info) -> None: ...
    @property
    def activation(self) -> Activation: ...
    def __call__(
        self, x: ArrayLike, axis: int | str = -1, gate: Literal["last", "first"] = "last", out: Any = None
    ) -> Any: ...
    def bind(self, x: Any, out: Any, axis: int | str = -1, gate: Literal["last", "first"] = "last") -> Bound: ...

glu: GatedLinearUnit
reglu: GatedLinearUnit
geglu: GatedLinearUnit
swiglu: GatedLinearUnit
