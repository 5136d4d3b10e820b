from inspect import Signature
from typing import Any

import numpy as np
from typing_extensions import disjoint_base

from fastact.bound import Bound
from fastact.registry import Entry

FORMS: tuple[str, ...]

@disjoint_base
class Form:
    info: Entry
    __name__: str
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...
    def __call__(self, *args: Any, out: Any = None, **kwargs: Any) -> Any: ...
    def bind(self, *args: Any) -> Bound: ...
    @property
    def ufunc(self) -> np.ufunc: ...
    @property
    def __qualname__(self) -> str: ...
    @property
    def __signature__(self) -> Signature: ...
