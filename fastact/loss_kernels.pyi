from typing import Any

MSE_LOSS: int
L1_LOSS: int
SMOOTH_L1_LOSS: int
HUBER_LOSS: int
BINARY_CROSS_ENTROPY: int
BINARY_CROSS_ENTROPY_WITH_LOGITS: int
KL_DIV: int
KL_DIV_LOG_TARGET: int

def check_probabilities(x: Any, target: Any) -> None: ...
def alike(x: Any, target: Any) -> bool: ...
def rows_and_classes(x: Any, target: Any) -> bool: ...
def rows_and_shares(x: Any, target: Any) -> bool: ...
def elements(
    loss: int, x: Any, target: Any, weight: Any, option: float, pos_weight: Any, divisor: Any, wants_gradient: bool
) -> tuple[Any, Any]: ...
def classes(
    given_logs: bool, x: Any, target: Any, weight: Any, share: Any, ignore: int, divisor: Any, wants_gradient: bool
) -> tuple[Any, Any]: ...
