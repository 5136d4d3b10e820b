from typing import Any

import numpy as np
from numpy.typing import NDArray

_Array = NDArray[Any]
_Results = tuple[np.floating[Any] | NDArray[np.floating[Any]], NDArray[np.floating[Any]] | None]

MSE_LOSS: int
L1_LOSS: int
SMOOTH_L1_LOSS: int
HUBER_LOSS: int
BINARY_CROSS_ENTROPY: int
BINARY_CROSS_ENTROPY_WITH_LOGITS: int
KL_DIV: int
KL_DIV_LOG_TARGET: int
POISSON_NLL_LOSS: int
POISSON_NLL_LOSS_FULL: int
POISSON_NLL_LOSS_OF_MEANS: int
POISSON_NLL_LOSS_OF_MEANS_FULL: int
GAUSSIAN_NLL_LOSS: int
GAUSSIAN_NLL_LOSS_FULL: int

def check_probabilities(x: _Array, target: _Array) -> None: ...
def check_counts(x: _Array, target: _Array, x_is_mean: bool) -> None: ...
def alike(x: object, target: object) -> bool: ...
def rows_and_classes(x: object, target: object) -> bool: ...
def rows_and_shares(x: object, target: object) -> bool: ...
def elements(
    loss: int,
    x: _Array,
    target: _Array,
    weight: _Array | None,
    option: float,
    pos_weight: _Array | None,
    divisor: float | None,
    wants_gradient: bool,
) -> _Results: ...
def classes(
    given_logs: bool,
    x: _Array,
    target: _Array | None,
    weight: _Array | None,
    share: _Array | None,
    ignore: int,
    divisor: float | None,
    wants_gradient: bool,
) -> _Results: ...
