from collections.abc import Callable, Mapping
from typing import Any

from fastact.biased import BiasedBackward
from fastact.forms import Form

class Activation(Form):
    name: str
    derivative: Form
    backward: Form
    value_and_derivative: Form
    gated: Form
    gated_backward: Form
    biased: Form
    biased_backward: BiasedBackward
    backward_from_output: Callable[..., Any]
    second_derivative: Callable[..., Any]

activations: Mapping[str, Activation]

def lookup(name: str | Activation) -> Activation: ...
