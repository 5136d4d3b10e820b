"""Converts and checks the arguments of `MLP`: names become objects, arrays get their dtype, and errors name the argument."""
from __future__ import annotations

import functools
import inspect
from numbers import Integral, Real
from typing import Any, Dict, List, Optional, Sequence

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from fastact import initializers, losses, optimizers, registry
from fastact._core.activation_arguments import Chosen, per_layer, resolve
from fastact._core.arguments import contiguous
from fastact._core.array_like import plain
from fastact._core.number_arguments import BELOW_1, UP_TO_INFINITY, is_real, number
from fastact._core.rows import RowActivation, functions
from fastact.losses import loss_arguments
from fastact.losses.base import scaled
from fastact.losses.loss_arguments import bare, is_own
from fastact.nn import output_layers
from fastact.nn.network import GradientLimits

_BINARY = (losses.binary_cross_entropy_with_logits, losses.binary_cross_entropy)
_CLASSES = (losses.cross_entropy, losses.nll_loss)
_OPTIMIZERS = {name.lower(): getattr(optimizers, name) for name in ("Adam", "AdamW", "SGD", "RMSprop", "Adagrad")}
_INITIALIZERS = {name: getattr(initializers, name) for name in initializers.__all__ if name not in ("auto", "calculate_gain")}
_PRELU = {"weight": 0.25}  # the initial slope, as in torch and in He et al. 2015, arXiv:1502.01852


def sizes(layers: Sequence[int]) -> List[int]:
    """The sizes of the layers: at least two, positive."""
    result = list(layers) if np.iterable(layers) and not isinstance(layers, (str, bytes, dict)) else []
    if len(result) < 2 or not all(isinstance(n, Integral) and n > 0 for n in result):
        raise ValueError(f"MLP: layers must be positive sizes from inputs to outputs, as [64, 32, 10]; got {layers!r}")
    return [int(n) for n in result]


def dtype(value: DTypeLike) -> Any:
    """float32 or float64."""
    try:
        result = np.dtype(value)
    except TypeError:
        raise TypeError(f"MLP: dtype must be float32 or float64, got {value!r}") from None
    if result not in (np.float32, np.float64):
        raise ValueError(f"MLP: dtype must be float32 or float64, got {result}")
    return result


def loss(value: Any, outputs: int) -> Any:
    """The loss of a network with so many outputs."""
    found = loss_arguments.resolve("MLP", value, losses.BY_NAME)
    classes, options = bare(found) in _CLASSES, loss_arguments.options_of(found)
    if classes and outputs < 2:
        raise ValueError(f'MLP: {found.__name__} needs an output a class; for one output use loss="bce"')
    if options and is_own(found):  # a call, for the loss to say which value does not fit
        found(np.zeros((2, outputs)), np.zeros(2, int) if classes else np.zeros((2, outputs)))
    return found


def activations(hidden: Any, output: Any, sizes: Sequence[int], loss: Any, dtype: Any) -> List[Chosen]:
    """Activation and parameters of each layer; the activation is None for outputs that stay as they are."""
    each = per_layer("MLP", hidden, len(sizes) - 2)
    found = [_activation(value, width, dtype) for value, width in zip(each, sizes[1:])]
    return [*found, _output(output, sizes[-1], loss, dtype)]


def _output(value: Any, width: int, loss: Any, dtype: Any) -> Chosen:
    if value is None:
        value = output_layers.pairing(loss).output
        if value is None:
            return None, ()
    found: Any = functions.get(registry.canonical(value), value)
    chosen = (found, ()) if isinstance(found, RowActivation) else _activation(value, width, dtype)
    output_layers.check(loss, chosen[0].name)
    return chosen


def _activation(value: Any, width: int, dtype: Any) -> Chosen:
    given = value[0] if isinstance(value, tuple) and value else value
    name = given.name if isinstance(given, RowActivation) else registry.canonical(given)
    if name in functions:
        raise ValueError(f"MLP: {name} is no activation of a hidden layer: it takes whole rows")
    return resolve("MLP", value, width, dtype, prelu=_PRELU)


def dropout(value: Any, hidden: int) -> List[float]:
    """The rate of each hidden layer."""
    rates = [value] * hidden if isinstance(value, Real) else list(value) if np.iterable(value) else [value]
    if len(rates) != hidden or not all(isinstance(rate, Real) and float(rate) in BELOW_1 for rate in rates):
        raise ValueError(f"MLP: dropout must be a rate in [0, 1), or one each of {hidden} hidden layers; got {value!r}")
    return [float(rate) for rate in rates]


def limits(clip_norm: Optional[float], clip_value: Optional[float]) -> GradientLimits:
    """The limits of the gradient's norm and of its elements."""
    for name, limit in (("clip_norm", clip_norm), ("clip_value", clip_value)):
        if limit is not None:
            number(f"MLP: {name}", limit, UP_TO_INFINITY, ValueError)
    return GradientLimits(clip_norm, clip_value)


def initialize(layer: Any, init: Any, is_last: bool, rng: np.random.Generator) -> None:
    """Fill the weights of a layer as ``init`` says; "auto" depends on the layer's activation, unless it is the last."""
    if isinstance(init, str) and init == "auto":
        make: Any = initializers.auto("identity")
        if not is_last:
            make = initializers.auto(layer.activation, *layer.activation_parameters, width=len(layer.bias))
    else:
        name, options = init if isinstance(init, tuple) and len(init) == 2 else (init, {})
        found = _named("init", name, _INITIALIZERS, "auto")
        if not callable(found) or not isinstance(options, dict):
            raise TypeError(f'MLP: init {init!r} is not "auto", a name, (name, dict of options) or make(shape, rng, dtype)')
        make = functools.partial(found, **options)
    weight = layer.weight
    made = np.asarray(make(weight.shape, rng, weight.dtype))
    if made.shape != weight.shape or not is_real(made):
        raise ValueError(
            f"MLP: init made weights of {made.dtype} of shape {made.shape}; expected real numbers of shape {weight.shape}"
        )
    weight[...] = made


def optimizer(value: Any, params: List[Any], learning_rate: Optional[float], options: Dict[str, Any]) -> Any:
    """The optimiser of these parameters."""
    make = _named("optimizer", value, _OPTIMIZERS)
    if not callable(make):
        raise TypeError(f"MLP: optimizer {value!r} is neither a name nor a callable such as optimizers.SGD")
    if learning_rate is not None:
        if "lr" in options:
            raise TypeError("MLP: learning_rate and lr are the same; give one")
        options = {"lr": learning_rate, **options}
    if isinstance(make, type) and issubclass(make, optimizers.Optimizer):
        known = [*inspect.signature(make).parameters][1:]
        for name in options:
            if name not in known:
                raise TypeError(f"MLP has no argument {name!r}, and {make.__name__} no such option; it has {', '.join(known)}")
    return make(params, **options)


def inputs(X: ArrayLike, width: int, dtype: Any) -> np.ndarray:
    """`X` as a C-contiguous array (samples, width) of `dtype`."""
    x = plain("MLP", "X", X)
    if x.ndim != 2 or x.shape[1] != width:
        hint = "; for a single sample pass X[None, :]" if x.shape == (width,) else ""
        raise ValueError(f"MLP: X has shape {x.shape}; expected (samples, {width}){hint}")
    if not is_real(x):
        raise TypeError(f"MLP: X has dtype {x.dtype}; expected real numbers")
    return contiguous(x, dtype)


def targets(y: ArrayLike, samples: int, outputs: int, loss: Any, dtype: Any) -> np.ndarray:
    """`y` as the loss takes it: classes (samples,), or an array (samples, outputs).

    For a single output `y` may be (samples,). A loss of the user's gets an array of any other shape and dtype unchanged.
    """
    target = plain("MLP", "y", y)
    if target.shape[:1] != (samples,):
        raise ValueError(f"MLP: y has shape {target.shape} for {samples} samples")
    if samples == 0:
        raise ValueError("MLP: there are no samples")
    if is_own(loss) and bare(loss) in _CLASSES:
        if not is_real(target):
            raise TypeError(f"MLP: y has dtype {target.dtype}; loss {loss.__name__} takes integers from 0 on: "
                            "classes, y = numpy.unique(y, return_inverse=True)[1]")
        if target.ndim > 1 and target.shape != (samples, outputs):
            hint = ", y[:, 0]" if target.shape == (samples, 1) else ""
            raise ValueError(f"MLP: y has shape {target.shape}; loss {loss.__name__} takes classes of shape ({samples},){hint}")
        return target
    column = target[:, None] if target.ndim == 1 and outputs == 1 else target
    if not is_own(loss):
        return column
    if bare(loss) in _BINARY and not (is_real(target) and ((target >= 0) & (target <= 1)).all()):
        raise ValueError(f"MLP: loss {loss.__name__} takes labels 0 and 1, or probabilities between them")
    if not is_real(target):
        raise TypeError(f"MLP: y has dtype {target.dtype}; loss {loss.__name__} takes real numbers")
    if column.shape != (samples, outputs):
        hint = ""
        if target.ndim == 1:
            hint = '; for classes use loss="cross_entropy", for one number a sample a last layer of size 1'
        raise ValueError(f"MLP: loss {loss.__name__} with {outputs} outputs takes y of shape ({samples}, {outputs}), got shape "
                         f"{column.shape}{hint}")
    return contiguous(column, dtype)


def weights(sample_weight: Optional[ArrayLike], samples: int, loss: Any) -> Optional[np.ndarray]:
    """A weight for each sample in float64, scaled by a power of two, or None."""
    if sample_weight is None:
        return None
    if not loss_arguments.takes_reduction(loss):
        raise TypeError(
            "MLP: sample_weight needs the loss of each sample: a loss of fastact.losses, or one with value_and_grad(output, "
            f'target, reduction="none"), which {loss!r} does not take'
        )
    weight = plain("MLP", "sample_weight", sample_weight)
    if not is_real(weight) or weight.shape != (samples,):
        raise ValueError(
            f"MLP: sample_weight is {weight.dtype} of shape {weight.shape}; expected a number a sample, ({samples},)"
        )
    weight = weight.astype(np.float64)
    if not (np.isfinite(weight).all() and (weight >= 0).all() and weight.any()):
        raise ValueError("MLP: sample_weight must be finite and not negative, and not 0 throughout")
    return scaled("MLP", weight)


def _named(argument: str, value: Any, table: Dict[str, Any], *others: str) -> Any:
    """The object of a name; a value that is no name stays."""
    if not isinstance(value, str):
        return value
    if value not in table:
        raise ValueError(f"MLP: unknown {argument} {value!r}; known: {', '.join([*others, *table])}")
    return table[value]
