from collections.abc import Callable, Mapping
from typing import Any

from typing_extensions import disjoint_base

from fastact.biased import BiasedBackward
from fastact.forms import Form

@disjoint_base
class Activation(Form):
    derivative: Form
    backward: Form
    value_and_derivative: Form
    gated: Form
    gated_backward: Form
    biased: Form
    biased_backward: BiasedBackward
    backward_from_output: Callable[..., Any]  # says TypeError where the activation has none
    second_derivative: Callable[..., Any]
    @property
    def name(self) -> str: ...

activations: Mapping[str, Activation]

def lookup(name: str | Activation) -> Activation: ...
