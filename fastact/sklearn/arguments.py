"""What the parameters of the scikit-learn estimators mean: the checks, and names that become objects."""
from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any, Callable, Dict, List, Sequence, Tuple

import numpy as np

from fastact._core.activation_arguments import Chosen, per_layer, resolve
from fastact._core.activation import lookup

_identity, _prelu, _leaky_relu = lookup("identity"), lookup("prelu"), lookup("leaky_relu")

STOCHASTIC = ("sgd", "adam")


def _among(*names: str) -> Tuple[Callable[[Any], bool], str]:
    return lambda v: isinstance(v, str) and v in names, " or ".join(map(repr, names))


def _number(low: float, high: float, ends: str) -> Tuple[Callable[[Any], bool], str]:
    """A number from `low` to `high`, where `ends` are the brackets of the interval."""

    def fits(v: Any) -> bool:
        if not isinstance(v, Real):
            return False
        x = float(v)
        return (x >= low if ends[0] == "[" else x > low) and (x <= high if ends[1] == "]" else x < high)

    return fits, f"a number in {ends[0]}{low}, {high}{ends[1]}"


def _is_count(v: Any) -> bool:
    return isinstance(v, Integral) and not isinstance(v, bool) and int(v) >= 1


_COUNT = _is_count, "an integer of at least 1"
_TRUTH = lambda v: isinstance(v, (bool, np.bool_)), "True or False"

_RULES: Dict[str, Tuple[Callable[[Any], bool], str]] = {
    "solver": _among("adam", "sgd", "lbfgs"),
    "alpha": _number(0, math.inf, "[)"),
    "batch_size": (lambda v: isinstance(v, str) and v == "auto" or _is_count(v), "'auto' or an integer of at least 1"),
    "learning_rate": _among("constant", "invscaling", "adaptive"),
    "learning_rate_init": _number(0, math.inf, "()"),
    "power_t": _number(0, math.inf, "[)"),
    "max_iter": _COUNT,
    "shuffle": _TRUTH,
    "tol": _number(0, math.inf, "[)"),
    "verbose": (
        lambda v: isinstance(v, (Integral, np.bool_)) and int(v) >= 0,
        "True, False or an integer not below 0",
    ),
    "warm_start": _TRUTH,
    "momentum": _number(0, 1, "[]"),
    "nesterovs_momentum": _TRUTH,
    "early_stopping": _TRUTH,
    "validation_fraction": _number(0, 1, "[)"),
    "beta_1": _number(0, 1, "[)"),
    "beta_2": _number(0, 1, "[)"),
    "epsilon": _number(0, math.inf, "()"),
    "n_iter_no_change": (
        lambda v: _is_count(v) or isinstance(v, Real) and float(v) == math.inf,
        "an integer of at least 1, or infinity",
    ),
    "max_fun": _COUNT,
    "dropout": _number(0, 1, "[)"),
}


def check(model: Any) -> None:
    """Raise ValueError for a parameter of the estimator that is not as its docstring says."""
    for parameter, (fits, wanted) in _RULES.items():
        value = getattr(model, parameter)
        if not fits(value):
            raise ValueError(
                f"The {parameter!r} parameter of {type(model).__name__} must be {wanted}. Got {value!r} instead."
            )
    if model.dropout and model.solver == "lbfgs":
        raise ValueError(
            f"{type(model).__name__}: dropout needs solver='adam' or 'sgd'; lbfgs takes a loss without chance in it"
        )


def hidden_sizes(model: Any) -> List[int]:
    """The sizes of the hidden layers."""
    given = model.hidden_layer_sizes
    sizes = list(given) if hasattr(given, "__iter__") and not isinstance(given, str) else [given]
    if not all(isinstance(n, Integral) and int(n) > 0 for n in sizes):
        raise ValueError(
            f"{type(model).__name__}: hidden_layer_sizes must be > 0, and integers, got {given!r}"
        )
    return [int(n) for n in sizes]


def activations(model: Any, layers: int, widths: Sequence[int] = ()) -> List[Chosen]:
    """The activation and its parameters for each of so many hidden layers; None for the identity.

    The user's own are tried where the widths of the layers are given.
    """
    owner = type(model).__name__
    each = per_layer(owner, model.activation, layers)
    return [_activation(owner, value, width) for value, width in zip(each, widths or [0] * layers)]


def _activation(owner: str, value: Any, width: int) -> Chosen:
    found, parameters = resolve(owner, value, width, np.float64)
    if found is _identity:
        return None, ()
    if found is _prelu:  # a network would train the slope, for which these estimators have no attribute
        return _leaky_relu, parameters
    return found, parameters
