"""What the arguments of `MLP` mean: names become objects, and what does not fit raises."""
from __future__ import annotations

import functools
from numbers import Integral, Real
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from fastact import initializers, losses, optimizers, pairing
from fastact.activations import lookup
from fastact.containers import plain
from fastact.loss_base import scaled
from fastact.rows import RowActivation, functions

_LOSSES = {
    "bce": losses.binary_cross_entropy_with_logits,
    "mse": losses.mse_loss,
    "l1": losses.l1_loss,
    "smooth_l1": losses.smooth_l1_loss,
    "huber": losses.huber_loss,
    **{name: getattr(losses, name) for name in losses.__all__ if name != "Loss"},
}
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
_PRELU_SLOPE = 0.25  # where training starts, as in torch and in He et al. 2015, arXiv:1502.01852

Chosen = Tuple[Any, Tuple[float, ...]]  # an activation and its parameters


def sizes(layers: Sequence[int]) -> List[int]:
    """The sizes of the layers, at least two, positive."""
    result = list(layers)
    if len(result) < 2 or not all(isinstance(n, Integral) and n > 0 for n in result):
        raise ValueError(f"MLP: layers must be positive sizes from inputs to outputs, as [64, 32, 10]; got {result}")
    return [int(n) for n in result]


def dtype(value: DTypeLike) -> Any:
    """float32 or float64."""
    result = np.dtype(value)
    if result not in (np.float32, np.float64):
        raise ValueError(f"MLP: dtype must be float32 or float64, got {result}")
    return result


def loss(value: Any, outputs: int) -> Any:
    """The loss, where it goes with so many outputs."""
    found = _named("loss", value, _LOSSES)
    if not hasattr(found, "value_and_grad"):
        raise TypeError(f"MLP: loss {value!r} has no value_and_grad(output, target)")
    if found in _CLASSES and outputs < 2:
        raise ValueError(f'MLP: {found.__name__} needs an output a class; for one output use loss="bce"')
    return found


def activations(hidden: Any, output: Any, layers: int, loss: Any) -> List[Chosen]:
    """Activation and parameters of each layer; None for an output that stays as it is."""
    each = list(hidden) if isinstance(hidden, list) else [hidden] * (layers - 1)
    if len(each) != layers - 1:
        raise ValueError(f"MLP: {len(each)} activations for {layers - 1} hidden layers")
    return [_activation(value) for value in each] + [_output(output, loss)]


def _output(value: Any, loss: Any) -> Chosen:
    if value is None:
        value = pairing.pairing(loss).output
        if value is None:
            return None, ()
    found: Any = functions.get(value, value) if isinstance(value, str) else value
    chosen = (found, ()) if isinstance(found, RowActivation) else _activation(value)
    pairing.check(loss, getattr(chosen[0], "name", repr(chosen[0])))
    return chosen


def _activation(value: Any) -> Chosen:
    name, chosen = value if isinstance(value, tuple) else (value, {})
    if name in functions if isinstance(name, str) else isinstance(name, RowActivation):
        raise ValueError(f"MLP: {getattr(name, 'name', name)} is no activation of a hidden layer: it takes whole rows")
    found = lookup(name) if isinstance(name, str) else name
    if not hasattr(found, "backward") or not hasattr(found, "derivative"):
        raise TypeError(f"MLP: activation {value!r} is not a name, an Activation or (name, dict of parameters)")
    if getattr(found, "name", None) == "prelu" and not chosen:
        return found, (_PRELU_SLOPE,)
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


def dropout(value: Any, hidden: int) -> List[float]:
    """The rate of each hidden layer."""
    rates = [value] * hidden if isinstance(value, Real) else list(value)
    if len(rates) != hidden or not all(isinstance(rate, Real) and 0 <= float(rate) < 1 for rate in rates):
        raise ValueError(f"MLP: dropout must be a rate in [0, 1), or one each of {hidden} hidden layers; got {value!r}")
    return [float(rate) for rate in rates]


def l2(value: Any) -> float:
    """A factor that is not negative."""
    if not isinstance(value, Real) or not 0 <= float(value) < np.inf:
        raise ValueError(f"MLP: l2 must be a number that is not negative, got {value!r}")
    return float(value)


def initializer(value: Any, activation: Any) -> Any:
    """The initialiser of a layer with this activation."""
    if isinstance(value, str) and value == "auto":
        elementwise = activation is not None and not isinstance(activation, RowActivation)
        return initializers.auto(activation.name if elementwise else "identity")
    name, options = value if isinstance(value, tuple) else (value, {})
    return functools.partial(_named("init", name, _INITIALIZERS, "auto"), **options)


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
    return np.ascontiguousarray(x, dtype)


def targets(y: ArrayLike, samples: int, outputs: int, loss: Any, dtype: Any) -> np.ndarray:
    """``y`` with a row a sample, which for a single output may be a number a sample; as the loss takes it."""
    target = plain("MLP", "y", y)
    if target.shape[:1] != (samples,):
        raise ValueError(f"MLP: y has shape {target.shape} for {samples} samples")
    if samples == 0:
        raise ValueError("MLP: there are no samples")
    if loss in _CLASSES:
        if target.dtype.kind not in "fiub":
            raise TypeError(f"MLP: y has dtype {target.dtype}; loss {loss.__name__} takes integers from 0 on: "
                            "classes, y = numpy.unique(y, return_inverse=True)")
        return target
    if loss in _BINARY:
        if target.dtype.kind not in "fiub" or not ((target >= 0) & (target <= 1)).all():
            raise ValueError(f"MLP: loss {loss.__name__} takes labels 0 and 1, or probabilities between them")
    if isinstance(loss, losses.Loss) and target.dtype.kind in "fiub":
        target = np.ascontiguousarray(target, dtype)
    return target[:, None] if target.ndim == 1 and outputs == 1 else target


def weights(sample_weight: Optional[ArrayLike], samples: int, loss: Any, dtype: Any) -> Optional[np.ndarray]:
    """A weight a sample, scaled for means, or None."""
    if sample_weight is None:
        return None
    if not isinstance(loss, losses.Loss):
        raise TypeError("MLP: sample_weight needs a loss of fastact.losses, which tells the loss of each sample")
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
