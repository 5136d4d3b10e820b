from typing import Any

import numpy as np

from fastact.bound import Bound
from fastact.registry import Entry

class Form:
    info: Entry
    ufunc: np.ufunc
    __name__: str
    def __call__(self, *args: Any, out: Any = None, **kwargs: Any) -> Any: ...
    def bind(self, *args: Any) -> Bound: ...
