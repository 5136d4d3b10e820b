"""What the arguments of `MLP` mean: names become objects, and what does not fit raises."""
from __future__ import annotations

import functools
from numbers import Integral, Real
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from fastact import initializers, losses, optimizers
from fastact.nn import output_layers
from fastact._core.activation_arguments import Chosen, per_layer, resolve
from fastact._core.containers import plain
from fastact.losses.base import bare, is_own, scaled, takes_reduction, with_options
from fastact._core.arguments import contiguous
from fastact._core.rows import RowActivation, functions

_BINARY = (losses.binary_cross_entropy_with_logits, losses.binary_cross_entropy)
_CLASSES = (losses.cross_entropy, losses.nll_loss)
_OPTIMIZERS = {
    "adam": optimizers.Adam,
    "adamw": optimizers.AdamW,
    "sgd": optimizers.SGD,
    "rmsprop": optimizers.RMSprop,
    "adagrad": optimizers.Adagrad,
}
_INITIALIZERS = {
    name: getattr(initializers, name) for name in initializers.__all__ if name not in ("auto", "calculate_gain")
}
_PRELU = {"weight": 0.25}  # where training starts, as in torch and in He et al. 2015, arXiv:1502.01852


def sizes(layers: Sequence[int]) -> List[int]:
    """The sizes of the layers, at least two, positive."""
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
    """The loss, where it goes with so many outputs."""
    name, options = value if isinstance(value, tuple) and len(value) == 2 else (value, {})
    found = _named("loss", name, losses.BY_NAME)
    if isinstance(found, type) or not callable(getattr(found, "value_and_grad", None)):
        raise TypeError(
            f"MLP: loss {value!r} is no name, no object with value_and_grad(output, target), and no (name, dict of options)"
        )
    if found in _CLASSES and outputs < 2:
        raise ValueError(f'MLP: {found.__name__} needs an output a class; for one output use loss="bce"')
    found = with_options("MLP", found, options)
    if options and is_own(found):  # so that the loss itself says which value does not fit
        target = np.zeros(2, int) if bare(found) in _CLASSES else np.zeros((2, outputs))
        found(np.zeros((2, outputs)), target)
    return found


def activations(hidden: Any, output: Any, sizes: Sequence[int], loss: Any, dtype: Any) -> List[Chosen]:
    """Activation and parameters of each layer; None for an output that stays as it is."""
    each = per_layer("MLP", hidden, len(sizes) - 2)
    found = [_activation(value, width, dtype) for value, width in zip(each, sizes[1:])]
    return [*found, _output(output, sizes[-1], loss, dtype)]


def _output(value: Any, width: int, loss: Any, dtype: Any) -> Chosen:
    if value is None:
        value = output_layers.pairing(loss).output
        if value is None:
            return None, ()
    found: Any = functions.get(value, value) if isinstance(value, str) else value
    chosen = (found, ()) if isinstance(found, RowActivation) else _activation(value, width, dtype)
    output_layers.check(loss, chosen[0].name)
    return chosen


def _activation(value: Any, width: int, dtype: Any) -> Chosen:
    name = value[0] if isinstance(value, tuple) and value else value
    if name in functions if isinstance(name, str) else isinstance(name, RowActivation):
        raise ValueError(f"MLP: {getattr(name, 'name', name)} is no activation of a hidden layer: it takes whole rows")
    return resolve("MLP", value, width, dtype, prelu=_PRELU)


def dropout(value: Any, hidden: int) -> List[float]:
    """The rate of each hidden layer."""
    rates = [value] * hidden if isinstance(value, Real) else list(value) if np.iterable(value) else [value]
    if len(rates) != hidden or not all(isinstance(rate, Real) and 0 <= float(rate) < 1 for rate in rates):
        raise ValueError(f"MLP: dropout must be a rate in [0, 1), or one each of {hidden} hidden layers; got {value!r}")
    return [float(rate) for rate in rates]


def l2(value: Any) -> float:
    """A factor that is not negative."""
    if not isinstance(value, Real) or not 0 <= float(value) < np.inf:
        raise ValueError(f"MLP: l2 must be a number that is not negative, got {value!r}")
    return float(value)


def initializer(value: Any, layer: Any, is_last: bool) -> Any:
    """The initialiser of a layer, by its activation unless it is the last."""
    if isinstance(value, str) and value == "auto":
        if is_last:
            return initializers.auto("identity")
        return initializers.auto(layer.activation, *layer.parameters, width=len(layer.bias))
    name, options = value if isinstance(value, tuple) and len(value) == 2 else (value, {})
    found = _named("init", name, _INITIALIZERS, "auto")
    if not callable(found) or not isinstance(options, dict):
        raise TypeError(f'MLP: init {value!r} is not "auto", a name, (name, dict of options) or make(shape, rng, dtype)')
    return functools.partial(found, **options)


def initial(make: Any, shape: Tuple[int, int], rng: np.random.Generator, dtype: Any) -> np.ndarray:
    """What an initialiser makes, once it has been checked."""
    made = np.asarray(make(shape, rng, dtype))
    if made.shape != shape or made.dtype.kind not in "fiub":
        raise ValueError(
            f"MLP: init made weights of {made.dtype} of shape {made.shape}; expected real numbers of shape {shape}"
        )
    return made


def optimizer(
    value: Any, params: List[Any], learning_rate: Optional[float], options: Dict[str, Any]
) -> Any:
    """The optimiser of these parameters."""
    make = _named("optimizer", value, _OPTIMIZERS)
    if not callable(make):
        raise TypeError(f"MLP: optimizer {value!r} is neither a name nor a callable such as optimizers.SGD")
    if learning_rate is not None:
        if "lr" in options:
            raise TypeError("MLP: learning_rate and lr are the same; give one")
        options = {"lr": learning_rate, **options}
    return make(params, **options)


def inputs(X: ArrayLike, width: int, dtype: Any) -> np.ndarray:
    """``X`` as a C-contiguous array (samples, width) of ``dtype``."""
    x = plain("MLP", "X", X)
    if x.ndim != 2 or x.shape[1] != width:
        hint = "; for a single sample pass X[None, :]" if x.shape == (width,) else ""
        raise ValueError(f"MLP: X has shape {x.shape}; expected (samples, {width}){hint}")
    if x.dtype.kind not in "fiub":
        raise TypeError(f"MLP: X has dtype {x.dtype}; expected real numbers")
    return contiguous(x, dtype)


def targets(y: ArrayLike, samples: int, outputs: int, loss: Any, dtype: Any) -> np.ndarray:
    """``y`` with a row a sample, which for a single output may be a number a sample; as the loss takes it."""
    target = plain("MLP", "y", y)
    if target.shape[:1] != (samples,):
        raise ValueError(f"MLP: y has shape {target.shape} for {samples} samples")
    if samples == 0:
        raise ValueError("MLP: there are no samples")
    if not is_own(loss):
        return target[:, None] if target.ndim == 1 and outputs == 1 else target
    if bare(loss) in _CLASSES:
        if target.dtype.kind not in "fiub":
            raise TypeError(f"MLP: y has dtype {target.dtype}; loss {loss.__name__} takes integers from 0 on: "
                            "classes, y = numpy.unique(y, return_inverse=True)[1]")
        if target.ndim > 1 and target.shape != (samples, outputs):
            raise ValueError(f"MLP: y has shape {target.shape}; loss {loss.__name__} takes classes of shape ({samples},)"
                             + (", y[:, 0]" if target.shape == (samples, 1) else ""))
        return target
    if bare(loss) in _BINARY:
        if target.dtype.kind not in "fiub" or not ((target >= 0) & (target <= 1)).all():
            raise ValueError(f"MLP: loss {loss.__name__} takes labels 0 and 1, or probabilities between them")
    if target.dtype.kind not in "fiub":
        raise TypeError(f"MLP: y has dtype {target.dtype}; loss {loss.__name__} takes real numbers")
    target = target[:, None] if target.ndim == 1 and outputs == 1 else target
    if target.shape != (samples, outputs):
        hint = ""
        if target.ndim == 1:
            hint = "; for classes use loss=\"cross_entropy\", for one number a sample a last layer of size 1"
        raise ValueError(f"MLP: loss {loss.__name__} with {outputs} outputs takes y of shape ({samples}, {outputs}), "
                         f"got shape {target.shape}{hint}")
    return contiguous(target, dtype)


def weights(sample_weight: Optional[ArrayLike], samples: int, loss: Any, dtype: Any) -> Optional[np.ndarray]:
    """A weight a sample, scaled for means, or None."""
    if sample_weight is None:
        return None
    if not takes_reduction(loss):
        raise TypeError(
            "MLP: sample_weight needs the loss of each sample: a loss of fastact.losses, or one with value_and_grad(output, "
            f'target, reduction="none"), which {loss!r} does not take'
        )
    weight = plain("MLP", "sample_weight", sample_weight)
    if weight.dtype.kind not in "fiub" or weight.shape != (samples,):
        raise ValueError(
            f"MLP: sample_weight is {weight.dtype} of shape {weight.shape}; expected a number a sample, ({samples},)"
        )
    weight = weight.astype(np.float64)
    if not (np.isfinite(weight).all() and (weight >= 0).all() and weight.any()):
        raise ValueError("MLP: sample_weight must be finite and not negative, and not 0 throughout")
    return scaled("MLP", weight)


def _named(argument: str, value: Any, table: Dict[str, Any], *others: str) -> Any:
    if not isinstance(value, str):
        return value
    if value not in table:
        raise ValueError(f"MLP: unknown {argument} {value!r}; known: {', '.join([*others, *table])}")
    return table[value]
