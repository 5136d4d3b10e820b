"""What the optimisers share: the parameters, the checks, the loop over the parameters, and clipping."""
from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from numbers import Real
from typing import Any, Callable, Dict, Iterable, List, Optional, Sequence, Tuple, Union

import numpy as np
from numpy.typing import NDArray

from fastact.optimizers.kernels import Rule, are_ready, is_ready, run

Array = NDArray[Any]
State = Tuple[Optional[Array], Optional[Array], Optional[Array]]


class Option:
    """An attribute whose value is checked whenever it is set: ``check(what, value)`` returns it or raises."""

    # There is no __get__, so that reading takes no time: the value is in the instance's __dict__.
    def __init__(self, check: Callable[[str, Any], Any]) -> None:
        self.check = check

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __set__(self, instance: Any, value: Any) -> None:
        vars(instance)[self.name] = self.check(f"{type(instance).__name__}: {self.name}", value)


def not_negative(what: str, value: Any, below: float = math.inf) -> float:
    """The check of a number in [0, below)."""
    return _in_range(what, value, lambda number: 0 <= number < below, f"in [0, {below})")


def at_most_1(what: str, value: Any) -> float:
    """The check of a number in [0, 1]."""
    return _in_range(what, value, lambda number: 0 <= number <= 1, "in [0, 1]")


def finite(what: str, value: Any) -> float:
    """The check of a number that is neither infinite nor NaN."""
    return _in_range(what, value, math.isfinite, "finite")


def _in_range(what: str, value: Any, fits: Callable[[float], bool], range_: str) -> float:
    if not isinstance(value, Real):
        raise TypeError(f"{what} must be a number, got {value!r}")
    if not fits(_float(value)):
        raise ValueError(f"{what} must be {range_}, got {value}")
    return float(value)


def _float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:  # an int above the largest float
        return math.inf if value > 0 else -math.inf


def _arrays(what: str, value: Any) -> List[Array]:
    """The check of parameters."""
    if isinstance(value, np.ndarray):
        raise TypeError(f"{what} is one array; pass a list of arrays, as [array]")
    params: List[Array] = list(value)
    if not params:
        raise ValueError(f"{what} is empty; pass the arrays to update")
    for i, p in enumerate(params):
        which = f"{what.split(':')[0]}: parameter {i}"
        if not isinstance(p, np.ndarray) or p.dtype.kind != "f" or p.dtype.itemsize > 8:
            kind = f"array of {p.dtype}" if isinstance(p, np.ndarray) else type(p).__name__
            raise TypeError(f"{which} is of type {kind}; expected an array of float16, float32 or float64")
        if not p.flags.writeable:
            raise ValueError(f"{which} is read-only, it cannot be updated in place")
    return params


class Optimizer:
    """Base of the optimisers, which add `_rule`, one step's numbers, and `_state` of a parameter.

    `params` may be set to other arrays of the same shapes and dtypes. pickle and `copy.deepcopy` of
    ``(params, optimizer)`` keep the two tied. joblib stores every array apart, so after
    ``params, opt = joblib.load(file)`` set ``opt.params = params``; an `MLP` does so itself. A restored
    optimiser has copies of its own of the running means, and so has one that `copy.copy` made.
    """

    params: List[Array] = Option(_arrays)  # type: ignore[assignment]
    lr: float = Option(not_negative)  # type: ignore[assignment]
    weight_decay: float = Option(not_negative)  # type: ignore[assignment]
    _parts: Dict[str, str] = {}  # torch's name of each list of arrays of the state, and the attribute that holds it

    def __init__(self, params: Iterable[Array], lr: float, weight_decay: float, maximize: bool) -> None:
        self.params = params  # type: ignore[assignment]
        self.lr = lr
        self.weight_decay = weight_decay
        self.maximize = maximize
        self.steps = 0
        self._copies: Dict[int, Array] = {}  # in which strided parameters and those of other types are updated

    def step(self, grads: Iterable[Array]) -> None:
        """Update the parameters in place.

        Parameters
        ----------
        grads : iterable of array
            One gradient a parameter, of its shape. They are left as they are.

        Raises
        ------
        TypeError, ValueError
            If a gradient is no float array, their number or a shape differs, or a parameter or its
            state has become read-only or has another size or dtype than before; no parameter has been
            changed then.
        """
        grads = list(grads)
        self.steps += 1
        try:
            states = [self._state(i) for i in range(len(self.params))]
            if not run(self._rule(), self.params, grads, states):
                self._step_copies(grads, states)
        except Exception as error:
            self.steps -= 1
            if isinstance(error, IndexError):
                raise ValueError(
                    f"{type(self).__name__}.step: params has {len(self.params)} arrays, more than there is a state of"
                ) from None
            raise

    def state_dict(self) -> Dict[str, Any]:
        """Options and state, from which `load_state_dict` goes on with the same bits; without the parameters.

        Returns
        -------
        dict
            "step", every option by its name, and the state's arrays by torch's names and the number of
            the parameter, as "exp_avg.0": copies of its shape, float32 for a float16 parameter. All else
            are numbers, bools, and betas as an array. `numpy.savez` and pickle store such a dict.
        """
        found = {"step": self.steps, **{key: getattr(self, key) for key in self._options()}}
        found = {key: np.array(value, np.float64) if isinstance(value, tuple) else value for key, value in found.items()}
        for name, attribute in self._parts.items():
            found.update((f"{name}.{i}", a.copy()) for i, a in enumerate(getattr(self, attribute)) if a is not None)
        return found

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where the optimiser was from which ``state`` came; its arrays are copied.

        Parameters
        ----------
        state : mapping
            What `state_dict` gave for parameters of the same shapes and dtypes, or what `numpy.load` made
            of it.

        Raises
        ------
        TypeError, ValueError
            If a name is missing or unknown, or a value has another shape or dtype or is out of range;
            nothing has been changed then.
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
                raise ValueError(
                    f"{method}: {key} is {value.dtype} of shape {value.shape}; expected {expected.dtype} of shape "
                    f"{expected.shape}"
                )
            name, _, i = key.rpartition(".")
            if key == "step":
                loaded.steps = int(not_negative(f"{method}: step", value.item()))
            elif name in self._parts:
                getattr(loaded, self._parts[name])[int(i)][...] = value
            else:
                setattr(loaded, key, tuple(value.tolist()) if value.ndim else value.item())
        vars(self).update(vars(loaded))

    # Restored arrays may be read-only, or memory of others: of a mapped file, or of pickle's buffers. The state
    # is copied for that. The parameters are not: somebody else may hold them, as the network does.
    def __getstate__(self) -> Dict[str, Any]:
        return {key: value for key, value in vars(self).items() if key != "_copies"}

    def __setstate__(self, state: Dict[str, Any]) -> None:
        own = {key: _copied(value) for key, value in state.items() if key != "params"}
        vars(self).update(own, params=list(state["params"]), _copies={})

    def _step_copies(self, grads: Sequence[Array], states: List[State]) -> None:
        """A step for arrays that the kernels do not take as they are; raises for those that do not fit."""
        method = f"{type(self).__name__}.step"
        params = _arrays(method, self.params)
        grads = [np.asarray(g) for g in grads]
        shapes, expected = [g.shape for g in grads], [p.shape for p in params]
        if shapes != expected:
            raise ValueError(
                f"{method}: gradients have shapes {shapes}; expected those of the parameters, {expected}"
            )
        for i, g in enumerate(grads):
            if not _is_float(g):
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
        run(rule, params, grads, states)
        for p, updated in zip(self.params, params):
            if p is not updated:
                p[...] = updated

    def _rule(self) -> Rule:
        raise NotImplementedError

    def _state(self, i: int) -> State:
        raise NotImplementedError

    def _like_params(self, value: float = 0) -> List[Array]:
        return [np.full(p.shape, value, _computed_in(p)) for p in self.params]

    def _options(self) -> List[str]:
        return [key for key in vars(self) if not key.startswith("_") and key not in ("params", "steps")]

    def __repr__(self) -> str:
        options = ", ".join(f"{key}={getattr(self, key)}" for key in self._options())
        return f"{type(self).__name__}({options})"


def _computed_in(p: Array) -> Any:
    """float32 for float16; no other byte order."""
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


def clip_grad_norm(
    grads: Union[Array, Iterable[Array]], max_norm: float, norm_type: Union[float, str] = 2.0, error_if_nonfinite: bool = False
) -> float:
    """Scale gradients in place so that the norm of all of them together is at most ``max_norm``.

    Parameters
    ----------
    grads : array or iterable of array
        Of floats, writable.
    max_norm : float, not negative
    norm_type : float or "inf"
        The exponent p of the norm. As in torch, infinity, or "inf", stands for the largest absolute value, and 0
        for the number of arrays that are not 0 throughout.
    error_if_nonfinite : bool
        Whether a norm that is infinite or NaN raises. Otherwise it makes gradients 0 or NaN, as in torch.

    Returns
    -------
    float
        The norm before. As in torch the factor is ``max_norm / (norm + 1e-6)``, or 1.

    Raises
    ------
    TypeError
        If a gradient is no array of floats.
    ValueError
        If an option is out of range, a gradient is read-only, or the norm is not finite and should be;
        nothing has been changed then.
    """
    arrays = _gradients("clip_grad_norm", grads)
    check_limit("clip_grad_norm: max_norm", max_norm)
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

    Raises
    ------
    TypeError
        If a gradient is no array of floats.
    ValueError
        If ``clip_value`` is negative or NaN, or a gradient is read-only; nothing has been changed then.
    """
    check_limit("clip_grad_value: clip_value", clip_value)
    for g in _gradients("clip_grad_value", grads):
        np.clip(g, -clip_value, clip_value, out=g)


def check_limit(what: str, value: Any) -> None:
    """Raise ValueError unless a limit of gradients is a number that is not negative."""
    if not isinstance(value, Real) or not _float(value) >= 0:
        raise ValueError(f"{what} must be a number that is not negative, got {value!r}")


def _is_float(array: Array) -> bool:
    return array.dtype.kind == "f" or array.dtype.name == "bfloat16"


def _gradients(function: str, grads: Union[Array, Iterable[Array]]) -> List[Array]:
    arrays = [grads] if isinstance(grads, np.ndarray) else list(grads)
    for i, g in enumerate(arrays):
        if not isinstance(g, np.ndarray) or not _is_float(g):
            kind = f"an array of {g.dtype}" if isinstance(g, np.ndarray) else f"of type {type(g).__name__}"
            raise TypeError(f"{function}: gradient {i} is {kind}; expected an array of floats")
        if not g.flags.writeable:
            raise ValueError(f"{function}: gradient {i} is read-only, it cannot be scaled in place")
    return arrays
