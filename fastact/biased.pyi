from typing import Any

import numpy as np

from fastact.forms import Form

class BiasedBackward(Form):
    def __call__(self, *args: Any, out: Any = None, **kwargs: Any) -> tuple[Any, Any]: ...

def run_matrix(
    form: Form,
    arrays: list[np.ndarray[Any, Any]],
    parameters: tuple[float, ...],
    outputs: list[np.ndarray[Any, Any]],
    dbias: np.ndarray[Any, Any] | None = None,
) -> None: ...
