from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from fastact.registry import Entry

class Bound:
    result: Any
    def __call__(self) -> Any: ...

class Form:
    info: Entry
    ufunc: np.ufunc
    __name__: str
    def __call__(self, *args: Any, out: Any = None, **kwargs: Any) -> Any: ...
    def bind(self, *args: Any) -> Bound: ...

class Activation(Form):
    name: str
    derivative: Form
    backward: Form
    value_and_derivative: Form
    backward_from_output: Callable[..., Any]

activations: Mapping[str, Activation]

def lookup(name: str | Activation) -> Activation: ...
