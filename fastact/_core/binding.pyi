from collections.abc import Callable, Iterable
from typing import Any

from typing_extensions import disjoint_base

@disjoint_base
class BoundCall:
    result: Any
    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...

@disjoint_base
class Pipeline:
    steps: tuple[Callable[[], Any], ...]
    result: Any
    def __new__(cls, steps: Iterable[Callable[[], Any]]) -> Pipeline: ...
    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...
    def __len__(self) -> int: ...

class Bindable:
    def bind(self, x: Any, out: Any, *options: Any, **named: Any) -> BoundCall: ...
