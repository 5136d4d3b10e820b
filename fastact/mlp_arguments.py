"""What the arguments of `MLP` mean: names become objects, and what does not fit raises."""
from __future__ import annotations

from numbers import Integral
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from fastact import initializers, losses, optimizers
from fastact.activations import lookup

_LOSSES = {
    "cross_entropy": losses.cross_entropy,
    "bce": losses.binary_cross_entropy_with_logits,
    "binary_cross_entropy_with_logits": losses.binary_cross_entropy_with_logits,
    "mse": losses.mse_loss,
    "mse_loss": losses.mse_loss,
    "l1": losses.l1_loss,
    "l1_loss": losses.l1_loss,
    "smooth_l1": losses.smooth_l1_loss,
    "smooth_l1_loss": losses.smooth_l1_loss,
    "huber": losses.huber_loss,
    "huber_loss": losses.huber_loss,
}
_TAKE_LOGITS = {losses.cross_entropy: "softmax", losses.binary_cross_entropy_with_logits: "sigmoid"}
_OPTIMIZERS = {
    "adam": optimizers.Adam,
    "adamw": optimizers.AdamW,
    "sgd": optimizers.SGD,
    "rmsprop": optimizers.RMSprop,
    "adagrad": optimizers.Adagrad,
}
_INITIALIZERS = {name: getattr(initializers, name) for name in initializers.__all__ if name != "auto"}


def sizes(layers: Sequence[int]) -> List[int]:
    """The sizes of the layers, at least two, positive."""
    result = list(layers)
    if len(result) < 2 or not all(isinstance(n, Integral) and n > 0 for n in result):
        raise ValueError(
            "MLP: layers must be positive sizes from the inputs to the outputs, as [64, 32, 10]; "
            f"got {result}"
        )
    return [int(n) for n in result]


def dtype(value: DTypeLike) -> Any:
    """float32 or float64."""
    result = np.dtype(value)
    if result not in (np.float32, np.float64):
        raise ValueError(f"MLP: dtype must be float32 or float64, got {result}")
    return result


def loss(value: Any, outputs: int, output_activation: Any) -> Any:
    """The loss, where it goes with the output layer."""
    found = _named("loss", value, _LOSSES)
    if not hasattr(found, "value_and_grad"):
        raise TypeError(f"MLP: loss {value!r} has no value_and_grad(output, target)")
    own = _TAKE_LOGITS.get(found)
    if own is not None and output_activation is not None:
        raise ValueError(
            f"MLP: loss {found.__name__} takes logits, as it applies {own} itself: leave "
            "output_activation=None; predict_proba returns probabilities"
        )
    if found is losses.cross_entropy and outputs < 2:
        raise ValueError(
            'MLP: cross_entropy needs an output a class; for one output use loss="bce"'
        )
    return found


def activations(hidden: Any, output: Any, layers: int) -> List[Tuple[Any, Tuple[float, ...]]]:
    """Activation and parameters of each layer; None for an output that stays as it is."""
    each = list(hidden) if isinstance(hidden, list) else [hidden] * (layers - 1)
    if len(each) != layers - 1:
        raise ValueError(f"MLP: {len(each)} activations for {layers - 1} hidden layers")
    last = (None, ()) if output is None else _activation(output)
    return [_activation(value) for value in each] + [last]


def _activation(value: Any) -> Tuple[Any, Tuple[float, ...]]:
    name, chosen = value if isinstance(value, tuple) else (value, {})
    found = lookup(name) if isinstance(name, str) else name
    if not hasattr(found, "backward") or not hasattr(found, "derivative"):
        raise TypeError(
            f"MLP: activation {value!r} is not a name, an Activation or (name, dict of parameters)"
        )
    parameters = found.info.parameters if chosen or isinstance(name, str) else ()
    known = [p.name for p in parameters]
    missing = [p.name for p in parameters if p.default is None and p.name not in chosen]
    if missing:
        raise ValueError(f"MLP: activation {found.name} needs {', '.join(missing)}; pass ({found.name!r}, {{...}})")
    if not chosen:
        return found, ()
    if not set(chosen) <= set(known):
        raise ValueError(f"MLP: activation {found.name} has parameters {known}, got {sorted(chosen)}")
    return found, tuple(float(chosen.get(p.name, p.default)) for p in found.info.parameters)


def initializer(value: Any, activation: Any) -> Any:
    """The initialiser of a layer with this activation."""
    if isinstance(value, str) and value == "auto":
        return initializers.auto(activation.name if activation is not None else "identity")
    return _named("init", value, _INITIALIZERS, "auto")


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
    x = np.asarray(X)
    if x.ndim != 2 or x.shape[1] != width:
        hint = "; for a single sample pass X[None, :]" if x.shape == (width,) else ""
        raise ValueError(f"MLP: X has shape {x.shape}; expected (samples, {width}){hint}")
    if x.dtype.kind not in "fiub":
        raise TypeError(f"MLP: X has dtype {x.dtype}; expected real numbers")
    return np.ascontiguousarray(x, dtype)


def targets(y: ArrayLike, samples: int, outputs: int, loss: Any, dtype: Any) -> np.ndarray:
    """``y`` with a row a sample, which for a single output may be a number a sample; as the loss takes it."""
    target = np.asarray(y)
    if target.shape[:1] != (samples,):
        raise ValueError(f"MLP: y has shape {target.shape} for {samples} samples")
    if samples == 0:
        raise ValueError("MLP: there are no samples")
    if loss is losses.cross_entropy:
        return target
    if loss is losses.binary_cross_entropy_with_logits:
        if target.dtype.kind not in "fiub" or not ((target >= 0) & (target <= 1)).all():
            raise ValueError('MLP: loss="bce" takes labels 0 and 1, or probabilities between them')
    if isinstance(loss, losses.Loss) and target.dtype.kind in "fiub":
        target = np.ascontiguousarray(target, dtype)
    return target[:, None] if target.ndim == 1 and outputs == 1 else target


def _named(argument: str, value: Any, table: Dict[str, Any], *others: str) -> Any:
    if not isinstance(value, str):
        return value
    if value not in table:
        raise ValueError(f"MLP: unknown {argument} {value!r}; known: {', '.join([*others, *table])}")
    return table[value]
