from collections.abc import Mapping

from typing_extensions import disjoint_base

from fastact._core.matrix import BiasedBackward
from fastact._core.form import _GatedBackward, _OneInput, _TwoInputs, _ValueAndDerivative

@disjoint_base
class Activation(_OneInput):
    derivative: _OneInput
    backward: _TwoInputs
    value_and_derivative: _ValueAndDerivative
    gated: _TwoInputs
    gated_backward: _GatedBackward
    biased: _TwoInputs
    biased_backward: BiasedBackward
    backward_from_output: _TwoInputs  # a function that raises TypeError where the activation has none
    second_derivative: _OneInput
    @property
    def name(self) -> str: ...

activations: Mapping[str, Activation]

def lookup(name: str | Activation) -> Activation: ...
