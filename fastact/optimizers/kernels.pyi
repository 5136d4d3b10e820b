from typing import Any

from typing_extensions import disjoint_base

SGD: int
ADAM: int
RMSPROP: int
ADAGRAD: int

@disjoint_base
class Rule:
    def __init__(
        self,
        rule: int,
        lr: float,
        weight_decay: float = 0,
        maximize: bool = False,
        *,
        shrink: float = 1,
        momentum: float = 0,
        gain: float = 1,
        beta1: float = 0,
        beta2: float = 0,
        eps: float = 0,
        nesterov: bool = False,
    ) -> None: ...
    def __call__(self, parameter: Any, grad: Any, state: tuple[Any, Any, Any]) -> None: ...

def is_ready(array: Any) -> bool: ...
def are_ready(rule: Rule | None, params: list[Any], grads: Any, states: list[tuple[Any, ...]]) -> bool: ...
def run(rule: Rule, params: list[Any], grads: Any, states: list[tuple[Any, ...]]) -> bool: ...
