from dataclasses import dataclass
from typing import Any, Literal

from numpy.typing import ArrayLike

from fastact.activations import Activation

@dataclass(frozen=True)
class Info:
    name: str
    activation: str
    reference: str
    @property
    def formula(self) -> str: ...

class GatedLinearUnit:
    info: Info
    name: str
    def __init__(self, info: Info) -> None: ...
    @property
    def activation(self) -> Activation: ...
    def __call__(
        self, x: ArrayLike, axis: int = -1, gate: Literal["last", "first"] = "last", out: Any = None
    ) -> Any: ...
    def backward(
        self,
        grad: ArrayLike,
        x: ArrayLike,
        axis: int = -1,
        gate: Literal["last", "first"] = "last",
        out: Any = None,
    ) -> Any: ...

glu: GatedLinearUnit
reglu: GatedLinearUnit
geglu: GatedLinearUnit
swiglu: GatedLinearUnit
