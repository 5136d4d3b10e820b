"""The parameters of the scikit-learn estimators: their checks, and the objects that names stand for."""
from __future__ import annotations

from numbers import Integral, Real
from typing import Any, Callable, Dict, List, Sequence, Tuple, Union

import numpy as np

from fastact._core.activation import lookup
from fastact._core.activation_arguments import Chosen, per_layer, resolve
from fastact._core.number_arguments import BELOW_1, NOT_NEGATIVE, POSITIVE, UNIT, Interval

_identity, _prelu, _leaky_relu = lookup("identity"), lookup("prelu"), lookup("leaky_relu")

STOCHASTIC = ("sgd", "adam")


def _is_count(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= 1


_COUNT = _is_count, "an integer of at least 1"
_BOOL = lambda v: isinstance(v, (bool, np.bool_)), "True or False"

# What each parameter must be: one of several names, a number in an interval, or a value that a function accepts: (function,
# description).
_RULES: Dict[str, Union[List[str], Interval, Tuple[Callable[[Any], bool], str]]] = {
    "solver": ["adam", "sgd", "lbfgs"],
    "alpha": NOT_NEGATIVE,
    "batch_size": (lambda v: isinstance(v, str) and v == "auto" or _is_count(v), "'auto' or an integer of at least 1"),
    "learning_rate": ["constant", "invscaling", "adaptive"],
    "learning_rate_init": POSITIVE,
    "power_t": NOT_NEGATIVE,
    "max_iter": _COUNT,
    "shuffle": _BOOL,
    "tol": NOT_NEGATIVE,
    "verbose": (lambda v: isinstance(v, (Integral, np.bool_)) and int(v) >= 0, "True, False or an integer not below 0"),
    "warm_start": _BOOL,
    "momentum": UNIT,
    "nesterovs_momentum": _BOOL,
    "early_stopping": _BOOL,
    "validation_fraction": BELOW_1,
    "beta_1": BELOW_1,
    "beta_2": BELOW_1,
    "epsilon": POSITIVE,
    "n_iter_no_change": (
        lambda v: _is_count(v) or isinstance(v, Real) and float(v) == np.inf, "an integer of at least 1, or infinity"
    ),
    "max_fun": _COUNT,
    "dropout": BELOW_1,
}


def check(model: Any) -> None:
    """Raise ValueError for a parameter of the estimator that is not as its docstring says."""
    for parameter, rule in _RULES.items():
        value = getattr(model, parameter)
        if isinstance(rule, Interval):
            fits, wanted = isinstance(value, Real) and float(value) in rule, str(rule)
        elif isinstance(rule, list):
            fits, wanted = isinstance(value, str) and value in rule, " or ".join(map(repr, rule))
        else:
            fits, wanted = rule[0](value), rule[1]
        if not fits:
            raise ValueError(f"The {parameter!r} parameter of {type(model).__name__} must be {wanted}. Got {value!r} instead.")
    if model.dropout and model.solver == "lbfgs":
        raise ValueError(f"{type(model).__name__}: dropout needs solver='adam' or 'sgd'; lbfgs takes a loss without chance in it")


def hidden_sizes(model: Any) -> List[int]:
    """The sizes of the hidden layers."""
    given = model.hidden_layer_sizes
    sizes = list(given) if hasattr(given, "__iter__") and not isinstance(given, str) else [given]
    if not all(isinstance(n, Integral) and int(n) > 0 for n in sizes):
        raise ValueError(f"{type(model).__name__}: hidden_layer_sizes must be > 0, and integers, got {given!r}")
    return [int(n) for n in sizes]


def activations(model: Any, layers: int, widths: Sequence[int] = ()) -> List[Chosen]:
    """The activation and its parameters for each of so many hidden layers; the activation is None for the identity.

    An object of the user's is tried if the widths of the layers are given.
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
