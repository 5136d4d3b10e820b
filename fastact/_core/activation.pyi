from collections.abc import Mapping

from typing import Any

import numpy as np
from numpy.typing import NDArray
from typing_extensions import disjoint_base

from fastact._core.matrix import BiasedBackward
from fastact._core.form import _GatedBackward, _OneInput, _TwoInputs, _ValueAndDerivative

_Bytes = NDArray[np.uint8] | NDArray[np.int8] | np.uint8 | np.int8

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
    def quantized(self, x: _Bytes, scale: float, zero_point: int, out_scale: float, out_zero_point: int, dtype: Any = None,
                  out: NDArray[Any] | None = None, **parameters: Any) -> Any: ...

activations: Mapping[str, Activation]

def lookup(name: str | Activation) -> Activation: ...
