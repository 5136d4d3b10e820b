"""What ``loss`` means to `MLP` and the estimators: a name, a loss, one with options, or an object of the user's."""
from __future__ import annotations

import inspect
from typing import Any, Dict, Mapping, Sequence, Tuple

import numpy as np

from fastact._core.number_arguments import is_real
from fastact.losses.base import Array, Loss


class LossWithOptions:
    """A loss and options of its calls, as ``("bce", {"pos_weight": 19})``."""

    def __init__(self, loss: Any, options: Dict[str, Any]) -> None:
        self.loss, self.options = loss, options

    @property
    def __name__(self) -> str:
        return name_of(self.loss)

    def __call__(self, input: Any, target: Any, **more: Any) -> Any:
        return self.loss(input, target, **self.options, **more)

    def value_and_grad(self, output: Any, target: Any, **more: Any) -> Any:
        return self.loss.value_and_grad(output, target, **self.options, **more)

    def __repr__(self) -> str:
        return f"({self.__name__!r}, {self.options!r})"


def resolve(owner: str, value: Any, names: Mapping[str, Any], known: Sequence[str] = ()) -> Any:
    """The loss or `LossWithOptions` that `value` means.

    Parameters
    ----------
    owner : str
        Whose argument it is, for messages.
    names : mapping
        The losses by name.
    known : sequence of str, optional
        The names that a message lists, if others than these.

    Raises
    ------
    TypeError, ValueError
        If it is no loss, or the options are not those of the loss.
    """
    name, options = value if isinstance(value, tuple) and len(value) == 2 else (value, {})
    if isinstance(name, str) and name not in names:
        raise ValueError(f"{owner}: unknown loss {name!r}; known: {', '.join(known or names)}")
    loss = names[name] if isinstance(name, str) else name
    if isinstance(loss, type) or not callable(getattr(loss, "value_and_grad", None)):
        raise TypeError(
            f"{owner}: loss {value!r} is no name, no object with value_and_grad(output, target), and no (loss, dict of options)"
        )
    if not isinstance(options, dict):
        raise TypeError(f"{owner}: the options of loss {name_of(loss)} must be a dict, got {options!r}")
    if "reduction" in options:
        raise ValueError(f"{owner}: loss {name_of(loss)} takes no reduction here: training minimises the mean")
    if isinstance(loss, Loss):
        known_options = {name: p for name, p in [*inspect.signature(loss).parameters.items()][2:] if name != "reduction"}
        if not set(options) <= set(known_options):
            raise TypeError(f"{owner}: loss {loss.__name__} has options {list(known_options)}, got {list(options)}")
        missing = [name for name, p in known_options.items() if p.default is p.empty and name not in options]
        if missing:
            example = f'("{loss.__name__}", {{"{missing[0]}": ...}})'
            raise TypeError(f"{owner}: loss {loss.__name__} needs {', '.join(missing)}; pass {example}")
    return LossWithOptions(loss, options) if options else loss


def name_of(loss: Any) -> str:
    """What messages call a loss."""
    return str(getattr(loss, "__name__", type(loss).__name__))


def bare(loss: Any) -> Any:
    """A loss without its options."""
    return loss.loss if isinstance(loss, LossWithOptions) else loss


def options_of(loss: Any) -> Dict[str, Any]:
    """The options of a loss."""
    return loss.options if isinstance(loss, LossWithOptions) else {}


def is_own(loss: Any) -> bool:
    """Whether a loss is one of `fastact.losses`, with or without options."""
    return isinstance(bare(loss), Loss)


def takes_reduction(loss: Any) -> bool:
    """Whether a loss can return the loss of each sample, by ``reduction="none"``."""
    if is_own(loss):
        return True
    try:
        parameters = inspect.signature(bare(loss).value_and_grad).parameters
    except (TypeError, ValueError):  # a function of C without a signature may
        return True
    return "reduction" in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())


def checked_results(owner: str, loss: Any, results: Any, output: Array, each: bool) -> Tuple[Any, Array]:
    """The value and a copy of the gradient that a loss of the user's returned.

    `each` says whether it was asked for the loss of each sample, (samples,) or (samples, outputs), or for the mean.
    """
    call = f"{owner}: loss {name_of(loss)}: value_and_grad(output, target{', reduction=' + repr('none') if each else ''})"
    if not isinstance(results, (tuple, list)) or len(results) != 2:
        raise TypeError(f"{call} must return (value, gradient), got {type(results).__name__}")
    value, grad = np.asarray(results[0]), np.array(results[1])
    if grad.shape != output.shape or not is_real(grad):
        raise ValueError(f"{call} gave a gradient of {grad.dtype} of shape {grad.shape} for an output of shape {output.shape}; "
                         "expected real numbers of that shape")
    wanted = ((len(output),), output.shape) if each else ((), (1,))
    if value.shape not in wanted or not is_real(value):
        expected = f"a loss each, of shape {' or '.join(map(str, wanted))}" if each else "one number"
        raise ValueError(f"{call} gave a value of {value.dtype} of shape {value.shape}; expected {expected}")
    return value if each else float(value.reshape(())), grad.astype(output.dtype, copy=False)
