"""The base class of the optimisers: options, parameters, step and state; and functions that clip gradients."""
from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from functools import partial
from numbers import Real
from typing import Any, Callable, Dict, Iterable, List, Optional, Sequence, Tuple, Union

import numpy as np
from numpy.typing import NDArray

from fastact._core.number_arguments import NOT_NEGATIVE, UP_TO_INFINITY, Interval, number
from fastact.optimizers.kernels import Rule, apply_rule, are_ready, is_ready

Array = NDArray[Any]
State = Tuple[Optional[Array], Optional[Array], Optional[Array]]


class Option:
    """An attribute whose value is checked whenever it is set: a number in an interval, or any value that ``check(what, value)``
    accepts, which returns it.

    There is no __get__, so reading takes no time: the value is in the instance's __dict__.
    """

    def __init__(self, check: Union[Interval, Callable[[str, Any], Any]]) -> None:
        self.check = partial(number, interval=check) if isinstance(check, Interval) else check

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __set__(self, instance: Any, value: Any) -> None:
        vars(instance)[self.name] = self.check(f"{type(instance).__name__}: {self.name}", value)


def _parameters(what: str, value: Any) -> List[Array]:
    """The check of parameters."""
    if isinstance(value, np.ndarray):
        raise TypeError(f"{what} is one array; pass a list of arrays, as [array]")
    params: List[Array] = list(value)
    if not params:
        raise ValueError(f"{what} is empty; pass the arrays to update")
    return _writable(f"{what.split(':')[0]}: parameter", params, "float16, float32 or float64",
                     lambda dtype: dtype.kind == "f" and dtype.itemsize <= 8)


def _is_float(dtype: Any) -> bool:
    return bool(dtype.kind == "f" or dtype.name == "bfloat16")


def _writable(what: str, arrays: List[Array], expected: str, fits: Callable[[Any], bool] = _is_float) -> List[Array]:
    """Return the arrays; raise if one is not an array, has a dtype that does not fit, or is read-only."""
    for i, array in enumerate(arrays):
        if not isinstance(array, np.ndarray) or not fits(array.dtype):
            kind = f"an array of {array.dtype}" if isinstance(array, np.ndarray) else f"of type {type(array).__name__}"
            raise TypeError(f"{what} {i} is {kind}; expected an array of {expected}")
        if not array.flags.writeable:
            raise ValueError(f"{what} {i} is read-only, it cannot be changed in place")
    return arrays


class Optimizer:
    """Base class of the optimisers. A subclass defines `_rule`, the numbers of a step, and `_state`, the state of a parameter.

    The options are attributes: ``opt.lr = 1e-4``. A value out of range raises when it is set.

    `params` may be set to other arrays of the same shapes and dtypes. After pickle or `copy.deepcopy` of
    ``(params, optimizer)`` the optimiser still updates these params. joblib stores every array separately, so after
    ``params, opt = joblib.load(file)`` set ``opt.params = params``; an `MLP` does so itself. An optimiser that was
    restored, or made by `copy.copy`, has its own copies of the state.
    """

    params: List[Array] = Option(_parameters)  # type: ignore[assignment]
    lr: float = Option(NOT_NEGATIVE)  # type: ignore[assignment]
    weight_decay: float = Option(NOT_NEGATIVE)  # type: ignore[assignment]
    _parts: Dict[str, str] = {}  # torch's name of each list of arrays of the state, and the attribute that holds it

    def __init__(self, params: Iterable[Array], lr: float, weight_decay: float, maximize: bool) -> None:
        self.params = params  # type: ignore[assignment]
        self.lr, self.weight_decay, self.maximize = lr, weight_decay, maximize
        self.steps = 0
        self._copies: Dict[int, Array] = {}  # by number, of parameters that the kernels do not take as they are

    def step(self, grads: Iterable[Array]) -> None:
        """Update the parameters in place.

        Parameters
        ----------
        grads : iterable of array
            The gradient of each parameter, in the shape of the parameter and any float dtype. They do not change.

        Raises
        ------
        TypeError, ValueError
            If a gradient is not a float array, the number of gradients or a shape is wrong, or a parameter or its
            state has become read-only or has got another size or dtype. No parameter has changed then.
        """
        grads = list(grads)
        self.steps += 1
        try:
            states = [self._state(i) for i in range(len(self.params))]
            if not apply_rule(self._rule(), self.params, grads, states):
                self._step_copies(grads, states)
        except Exception as error:
            self.steps -= 1
            if isinstance(error, IndexError):
                raise ValueError(
                    f"{type(self).__name__}.step: params has {len(self.params)} arrays, more than there is a state of"
                ) from None
            raise

    def state_dict(self) -> Dict[str, Any]:
        """Options and state, without the parameters. After `load_state_dict` of it, steps give the same bits as here.

        Returns
        -------
        dict
            "step", the number of steps so far; every option by its name; and copies of the state's arrays, in the shape and
            dtype of the parameter (float32 for float16). Their names are torch's with the index of the parameter, such
            as "exp_avg.0". Options are numbers and bools, betas an array. `numpy.savez` and pickle can store the dict.
        """
        found = {"step": self.steps, **{key: getattr(self, key) for key in self._options()}}
        found = {key: np.array(value, np.float64) if isinstance(value, tuple) else value for key, value in found.items()}
        for name, attribute in self._parts.items():
            found.update((f"{name}.{i}", a.copy()) for i, a in enumerate(getattr(self, attribute)) if a is not None)
        return found

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Set options and state to those in ``state``; its arrays are copied.

        Parameters
        ----------
        state : mapping
            What `state_dict` of an optimiser of this class returned, for parameters of the same shapes and dtypes, or
            what `numpy.load` read from a file of it.

        Raises
        ------
        TypeError, ValueError
            If a name is missing or unknown, or a value has another shape or dtype or is out of range.
            The optimiser has not changed then.
        """
        method = f"{type(self).__name__}.load_state_dict"
        if not isinstance(state, Mapping):
            raise TypeError(f"{method}: state is of type {type(state).__name__}; expected what state_dict gave")
        own, given = self.state_dict(), {key: np.asarray(state[key]) for key in state}
        if set(own) != set(given):
            missing, unknown = sorted(set(own) - set(given)), sorted(set(given) - set(own))
            raise ValueError(f"{method}: missing names {missing}, unknown names {unknown}")
        loaded = copy.copy(self)
        for key, mine in own.items():
            value, expected = given[key], np.asarray(mine)
            if isinstance(mine, np.ndarray):
                fits = value.dtype.newbyteorder("=") == mine.dtype
            else:
                fits = value.dtype.kind in ("b" if isinstance(mine, bool) else "iu" if key == "step" else "fiu")
            if not fits or value.shape != expected.shape:
                raise ValueError(f"{method}: {key} is {value.dtype} of shape {value.shape}; expected {expected.dtype} of shape "
                                 f"{expected.shape}")
            name, _, i = key.rpartition(".")
            if key == "step":
                loaded.steps = int(number(f"{method}: step", value.item(), NOT_NEGATIVE))
            elif name in self._parts:
                getattr(loaded, self._parts[name])[int(i)][...] = value
            else:
                setattr(loaded, key, tuple(value.tolist()) if value.ndim else value.item())
        vars(self).update(vars(loaded))

    # The state is copied, because restored arrays may be read-only, or in the memory of a mapped file or of pickle's
    # buffers. The parameters are not copied, because another object, such as a network, may hold the same arrays.
    def __getstate__(self) -> Dict[str, Any]:
        return {key: value for key, value in vars(self).items() if key != "_copies"}

    def __setstate__(self, state: Dict[str, Any]) -> None:
        own = {key: _copied(value) for key, value in state.items() if key != "params"}
        vars(self).update(own, params=list(state["params"]), _copies={})

    def _step_copies(self, grads: Sequence[Array], states: List[State]) -> None:
        """A step for arrays that the kernels do not take as they are; raises for those that do not fit."""
        method = f"{type(self).__name__}.step"
        params = _parameters(method, self.params)
        grads = [np.asarray(g) for g in grads]
        shapes, expected = [g.shape for g in grads], [p.shape for p in params]
        if shapes != expected:
            raise ValueError(f"{method}: gradients have shapes {shapes}; expected those of the parameters, {expected}")
        for i, g in enumerate(grads):
            if not _is_float(g.dtype):
                raise TypeError(f"{method}: gradient {i} has dtype {g.dtype}, not a float")
        for i, p in enumerate(params):
            if is_ready(p):
                continue
            if i not in self._copies or self._copies[i].shape != p.shape or self._copies[i].dtype != _computed_in(p):
                self._copies[i] = np.empty(p.shape, _computed_in(p))
            params[i] = self._copies[i]
            params[i][...] = p
        grads = [np.array(g, p.dtype, order="C") for p, g in zip(params, grads)]
        rule = self._rule()
        for i, (p, g, state) in enumerate(zip(params, grads, states)):
            if not are_ready(rule, [p], [g], [state]):
                raise ValueError(
                    f"{method}: the state of parameter {i} is {', '.join(map(_described, state))}; expected writable "
                    f"C-contiguous arrays of {p.dtype} {p.shape}, as the parameter is now; make a new {type(self).__name__}"
                )
        apply_rule(rule, params, grads, states)
        for p, updated in zip(self.params, params):
            if p is not updated:
                p[...] = updated

    def _rule(self) -> Rule:
        """The numbers of step `self.steps`."""
        raise NotImplementedError

    def _state(self, i: int) -> State:
        """The arrays of parameter i, in the order of src_c/fastact.h."""
        raise NotImplementedError

    def _like_params(self, value: float = 0) -> List[Array]:
        """Arrays of the state, one for each parameter."""
        return [np.full(p.shape, value, _computed_in(p)) for p in self.params]

    def _options(self) -> List[str]:
        return [key for key in vars(self) if not key.startswith("_") and key not in ("params", "steps")]

    def __repr__(self) -> str:
        options = ", ".join(f"{key}={getattr(self, key)}" for key in self._options())
        return f"{type(self).__name__}({options})"


def _computed_in(p: Array) -> Any:
    """The dtype of a step: float32 for float16, in native byte order."""
    return np.float64 if p.dtype.itemsize == 8 else np.float32


def _copied(value: Any) -> Any:
    """Arrays, also those in a list or dict, as new arrays of the base class."""
    if isinstance(value, np.ndarray):
        return np.array(value, order="C")
    if type(value) is list:
        return [_copied(each) for each in value]
    return {key: _copied(each) for key, each in value.items()} if type(value) is dict else value


def _described(array: Any) -> str:
    if not isinstance(array, np.ndarray):
        return type(array).__name__
    faults = [""] + ["strided"] * (not array.flags.c_contiguous) + ["read-only"] * (not array.flags.writeable)
    return f"{array.dtype} {array.shape}{' '.join(faults)}"


def clip_grad_norm(grads: Union[Array, Iterable[Array]], max_norm: float, norm_type: Union[float, str] = 2.0,
                   error_if_nonfinite: bool = False) -> float:
    """Scale gradients in place so that the norm of all of them together is at most ``max_norm``.

    As in ``torch.nn.utils.clip_grad_norm_`` the factor is ``max_norm / (norm + 1e-6)``, or 1.

    Parameters
    ----------
    grads : array or iterable of array
        Writable float arrays of any shapes.
    max_norm : float, not negative
        In the unit of the gradients.
    norm_type : float or "inf"
        The exponent p of the norm. Infinity, or "inf", gives the largest absolute value, and 0 the number of arrays with
        an element that is not 0.
    error_if_nonfinite : bool
        Whether a norm that is infinite or NaN raises. Otherwise it makes the gradients 0 or NaN.

    Returns
    -------
    float
        The norm before the scaling.

    Raises
    ------
    TypeError
        If a gradient is not a float array.
    ValueError
        If an option is out of range, a gradient is read-only, or ``error_if_nonfinite`` is True and the norm is not finite.
        No gradient has changed then.
    """
    arrays = _gradients("clip_grad_norm", grads)
    number("clip_grad_norm: max_norm", max_norm, UP_TO_INFINITY, ValueError)
    p = math.inf if isinstance(norm_type, str) and norm_type == "inf" else norm_type
    if not isinstance(p, Real) or math.isnan(p):
        raise ValueError(f"clip_grad_norm: norm_type must be a number such as 2 or math.inf, got {norm_type!r}")
    with np.errstate(all="ignore"):
        if p == 2:
            norm = math.sqrt(sum(float(np.square(g, dtype=np.float64).sum()) for g in arrays))
        else:
            each = [np.linalg.norm(np.asarray(g, np.float64).ravel(), p) for g in arrays if g.size]
            norm = float(np.linalg.norm(each, p)) if each else 0.0
        if error_if_nonfinite and not math.isfinite(norm):
            raise ValueError(f"clip_grad_norm: the norm of the gradients is {norm}; see where it became so")
        factor = max_norm / (norm + 1e-6)
        if not factor >= 1:
            for g in arrays:
                g *= factor
    return norm


def clip_grad_value(grads: Union[Array, Iterable[Array]], clip_value: float) -> None:
    """Limit every element of the gradients, in place, to ``[-clip_value, clip_value]``.

    Parameters
    ----------
    grads : array or iterable of array
        Writable float arrays of any shapes.
    clip_value : float, not negative
        In the unit of the gradients.

    Raises
    ------
    TypeError
        If a gradient is not a float array.
    ValueError
        If ``clip_value`` is negative or NaN, or a gradient is read-only. No gradient has changed then.
    """
    number("clip_grad_value: clip_value", clip_value, UP_TO_INFINITY, ValueError)
    for g in _gradients("clip_grad_value", grads):
        np.clip(g, -clip_value, clip_value, out=g)


def _gradients(function: str, grads: Union[Array, Iterable[Array]]) -> List[Array]:
    return _writable(f"{function}: gradient", [grads] if isinstance(grads, np.ndarray) else list(grads), "floats")
