"""The argument ``activation`` of `MLP` and the estimators: a name, an Activation, one with parameters, or a user's object."""
from __future__ import annotations

from numbers import Real
from typing import Any, Dict, List, Optional, Tuple

import numpy as np
from numpy.typing import NDArray

from fastact._core.activation import Activation, lookup
from fastact._core.number_arguments import is_real

Array = NDArray[Any]
Chosen = Tuple[Any, Tuple[float, ...]]  # an activation and its parameters

_METHODS = {"__call__": "__call__(x, out=None)", "backward": "backward(grad, x, out=None)", "derivative": "derivative(x)"}
_PROTOCOL = ", ".join(_METHODS.values())


class CustomActivation:
    """An activation of the user's, as the layers of a network call it.

    The methods are called without ``out``, and their results are copied to the layer's arrays. So an object works
    whether it supports ``out`` or not, and never reads an array that it has overwritten.
    """

    def __init__(self, wrapped: Any) -> None:
        self.wrapped = wrapped

    @property
    def name(self) -> str:
        return str(getattr(self.wrapped, "name", type(self.wrapped).__name__))

    def __call__(self, x: Array, out: Optional[Array] = None) -> Array:
        return self._result("__call__", self.wrapped(x), x, out)

    def backward(self, grad: Array, x: Array, out: Optional[Array] = None) -> Array:
        return self._result("backward", self.wrapped.backward(grad, x), x, out)

    def derivative(self, x: Array) -> Array:
        return self._result("derivative", self.wrapped.derivative(x), x, None)

    def _result(self, method: str, result: Any, x: Array, out: Optional[Array]) -> Array:
        array = np.asarray(result)
        if array.shape != x.shape or not is_real(array):
            what = f"{array.dtype} of shape {array.shape}" if result is not None else "None"
            raise ValueError(
                f"activation {self.name}: {_METHODS[method]} returned {what} for x of shape {x.shape}; expected real "
                "numbers of that shape"
            )
        if out is None:
            return array
        np.copyto(out, array, casting="same_kind")
        return out

    def __eq__(self, other: Any) -> bool:
        return type(other) is CustomActivation and other.wrapped is self.wrapped

    def __hash__(self) -> int:
        return id(self.wrapped)

    def __repr__(self) -> str:
        return repr(self.wrapped)


def per_layer(owner: str, value: Any, layers: int) -> List[Any]:
    """The activation and its parameters of each of the hidden layers."""
    each = list(value) if isinstance(value, list) or isinstance(value, tuple) and not _is_pair(value) else [value] * layers
    if len(each) != layers:
        raise ValueError(
            f"{owner}: {len(each)} activations for {layers} hidden layers, {value!r}; one with parameters is (name, dict)"
        )
    return each


def resolve(owner: str, value: Any, width: int, dtype: Any, **started: Dict[str, float]) -> Chosen:
    """An activation and its parameters. A user's object is called once for a layer of this width, unless the width is 0.

    Parameters
    ----------
    started
        The parameters from which training starts, by the name of the activation.

    Raises
    ------
    TypeError, ValueError
        If it is not an activation, or its parameters do not fit. The message begins with the owner.
    """
    name, chosen = value if _is_pair(value) else (value, {})
    if not isinstance(name, (str, Activation)):
        custom = _custom(owner, name, width, dtype) if width else CustomActivation(name)
        if chosen:
            raise TypeError(f"{owner}: activation {custom.name} takes no dict of parameters: set them on the object")
        return custom, ()
    try:
        found = lookup(name)
    except ValueError as error:
        raise ValueError(f"{owner}: {error}") from None
    known = {p.name: p.default for p in found.info.parameters}
    chosen = {**started.get(found.name, {}), **chosen}
    if not set(chosen) <= set(known):
        raise ValueError(f"{owner}: activation {found.name} has parameters {list(known)}, got {list(chosen)}")
    values = {**known, **chosen}
    missing = [p for p in known if values[p] is None and p not in chosen]
    if missing:
        raise ValueError(f"{owner}: activation {found.name} needs {', '.join(missing)}; pass ({found.name!r}, {{...}})")
    return found, tuple(_number(owner, found.name, *item) for item in values.items()) if chosen else ()


def _is_pair(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], dict)


def _number(owner: str, name: str, parameter: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise TypeError(
            f"{owner}: parameter {parameter} of activation {name} must be a number, got {value!r:.60} ({error})"
        ) from None


def _custom(owner: str, value: Any, width: int, dtype: Any) -> CustomActivation:
    """A user's object as a CustomActivation, after it has been called once as a check."""
    lacking = [text for method, text in _METHODS.items() if not callable(getattr(value, method, None))]
    if lacking or isinstance(value, type):
        hint = f"it is a class: pass {value.__name__}()" if isinstance(value, type) else f"it lacks {', '.join(lacking)}"
        raise TypeError(
            f"{owner}: activation {value!r} is not a name, an Activation, (name, dict of parameters) or an object with "
            f"{_PROTOCOL}: {hint}"
        )
    found = CustomActivation(value)
    x = np.linspace(-3, 3, 2 * width, dtype=dtype).reshape(2, width)
    before, grad = x.copy(), np.ones_like(x)
    for method, arguments in (("__call__", (x,)), ("backward", (grad, x)), ("derivative", (x,))):
        try:
            with np.errstate(all="ignore"):
                getattr(found, method)(*arguments)
        except Exception as error:
            raise TypeError(f"{owner}: activation {found.name} failed in {_METHODS[method]}: {error}") from error
        if (x != before).any() or (grad != 1).any():
            raise ValueError(f"{owner}: activation {found.name} changes its arguments in {_METHODS[method]}")
    return found


def bind_parameters(owner: str, activation: Any, values: Tuple[Any, ...], named: Dict[str, Any],
                    number: str = "a number") -> Chosen:
    """An activation and its parameters from the arguments of a call after x; without arguments the parameters are ().

    Parameters
    ----------
    owner : str
        The beginning of error messages.
    values, named
        The positional and the keyword arguments. The keyword ``approximate`` chooses another activation, such as gelu_tanh.
    number : str
        What a parameter must be, for error messages.

    Raises
    ------
    TypeError, ValueError
        If the activation does not have such a parameter, or a value does not fit.
    """
    if activation.info.approximate and "approximate" in named:
        variants, chosen = dict(activation.info.approximate), named["approximate"]
        if chosen not in variants:
            raise ValueError(f"{owner}: approximate must be {' or '.join(map(repr, variants))}")
        activation, named = lookup(variants[chosen]), {name: named[name] for name in named if name != "approximate"}
    known = {p.name: p.default for p in activation.info.parameters}
    given = dict(zip(known, values))
    if len(values) > len(known) or not set(named) <= set(known) - set(given):
        raise TypeError(f"{owner} takes x and {', '.join(known) or 'no parameters'}, each once")
    given.update(named)
    missing = [name for name, default in known.items() if default is None and name not in given]
    if missing:
        raise TypeError(f"{owner} needs {', '.join(missing)}")
    for name, value in given.items():
        if not isinstance(value, Real):
            raise TypeError(f"{owner}: {name} must be {number}, got {type(value).__name__}")
    return activation, tuple(float(value) for value in {**known, **given}.values()) if given else ()
