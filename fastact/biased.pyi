from typing import Any

import numpy as np

from fastact.forms import Form


class BiasedBackward(Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...
    def __call__(self, *args: Any, out: Any = None, **kwargs: Any) -> tuple[Any, Any]: ...
    def call_any(self, values: Any, out: Any) -> tuple[Any, Any]: ...
    def gradients(self, arrays: Any, shape: Any, work: Any) -> Any: ...
    def write(self, results: Any, out: Any, dtype: Any) -> Any: ...

def run_matrix(
    form: Form,
    arrays: list[np.ndarray[Any, Any]],
    parameters: tuple[float, ...],
    outputs: list[np.ndarray[Any, Any]],
    dbias: np.ndarray[Any, Any] | None = None,
) -> None: ...
