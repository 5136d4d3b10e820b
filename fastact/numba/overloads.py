"""What numba compiles for a call: for the types of its arguments, a function that prepares them and calls C."""
from __future__ import annotations

from math import inf
from typing import Any, Callable, Dict, List

import numpy as np
from numba.core import types
from numba.core.errors import NumbaTypeError
from numba.np.numpy_support import as_dtype

from fastact import registry
from fastact.numba import calls


def _refuse(name: str, reason: str) -> None:
    raise NumbaTypeError(f"fastact.{name} in compiled code: {reason}")


def _is_none(kind: Any) -> bool:
    """Whether an argument was not given, or is None."""
    return kind is None or kind == types.none or isinstance(kind, types.Omitted)


def _result_dtype(name: str, inputs: Dict[str, Any]) -> Any:
    """The dtype of the arrays, or of the numbers where there are no arrays, promoted as by numpy.tanh."""
    elements = {argument: kind.dtype if isinstance(kind, types.Array) else kind for argument, kind in inputs.items()}
    for argument, element in elements.items():
        if not isinstance(element, (types.Integer, types.Float, types.Boolean)):
            _refuse(name, f"{argument} must be a real number or an array of them, got {inputs[argument]}")
    arrays = [argument for argument, kind in inputs.items() if isinstance(kind, types.Array)]
    given = [as_dtype(elements[argument]) for argument in arrays or inputs]
    dtype = np.result_type(*given, np.float16)
    if dtype not in calls.DTYPES:
        _refuse(name, f"{', '.join(map(str, inputs.values()))} would give {dtype}, which numba does not have; convert to float32")
    return dtype


def _contiguous(argument: str, kind: Any, dtype: Any, transposed: bool) -> str:
    """An array as C takes it, as an expression: the array itself where it is C-contiguous, aligned and of the dtype."""
    text = f"{argument}.T" if transposed else argument
    if as_dtype(kind.dtype) != dtype:
        return f"{text}.astype(dtype)"
    return text if kind.layout == ("F" if transposed else "C") and kind.aligned else f"{text}.copy()"


def _into(name: str, out: Any, count: int, inputs: List[str], call: str, dtype: Any, ndim: int, transposed: bool) -> List[str]:
    """Lines that make a call, which writes to out0, out1 ...: to new arrays of the inputs' shape, or to `out`.

    An `out` of another dtype or dimension is refused. One that is not as C takes it, or that overlaps an input shifted, is
    written from new arrays.
    """
    layout, turn = ("F", ".T") if transposed else ("C", "")
    new = [f"out{k} = np.empty({inputs[0]}.shape, dtype)" for k in range(count)]
    if _is_none(out):
        return [*new, call]
    kinds = list(out) if isinstance(out, types.BaseTuple) else [out]
    for kind in kinds:
        if len(kinds) != count or not (isinstance(kind, types.Array) and as_dtype(kind.dtype) == dtype and kind.ndim == ndim
                                       and kind.mutable):
            _refuse(name, f"out must be {'a tuple of two' if count == 2 else 'one'} writeable array({dtype}, {ndim}d), got {out}")
    given = [f"given{k}" for k in range(count)]
    checked = [*(f"{each} = out{f'[{k}]' * isinstance(out, types.BaseTuple)}{turn}" for k, each in enumerate(given)),
               *_same_shape(name, inputs[0], given)]
    written = [f"{each}[...] = out{k}" for k, each in enumerate(given)]
    if any(kind.layout != layout or not kind.aligned for kind in kinds):
        return [*checked, *new, call, *written]
    overlaps = " or ".join(f"0 < abs(np.intp({x}.ctypes.data) - np.intp({each}.ctypes.data)) < {x}.nbytes"
                           for x in inputs for each in given)
    return [*checked, *(f"out{k} = {each}" for k, each in enumerate(given)), f"overlap = {overlaps}",
            "if overlap:", *(f"    {line}" for line in new), call, "if overlap:", *(f"    {line}" for line in written)]


def _same_shape(name: str, first: str, others: List[str]) -> List[str]:
    """Lines that raise unless arrays have the shape of the first."""
    return [line for each in others for line in (f"if {each}.shape != {first}.shape:",
                                                 f"    raise ValueError('fastact.{name}: the arrays have different shapes')")]


def _tuple(elements: Any) -> str:
    return f"({''.join(f'{each}, ' for each in elements)})"


def _define(signature: str, lines: List[str], **names: Any) -> Any:
    """The function of these lines, which may use the names."""
    space: Dict[str, Any] = {"np": np, "inf": inf, **names}
    exec("\n    ".join([f"def implementation({signature}):", *lines]), space)
    return space["implementation"]


def of_form(entry: Any, kind: str) -> Callable[..., Any]:
    """The overload of a form of an activation: from the types of its arguments to what is compiled."""
    name, facts = entry.name if kind == "value" else f"{entry.name}.{kind}", registry.FORMS[kind]
    parameters = entry.names_in(kind)
    defaults = [name if p.default is None else f"{name}={p.default!r}" for name, p in zip(parameters, entry.parameters)]
    signature = ", ".join([*facts.inputs, *defaults, "out=None"])
    checks = [line for p in entry.parameters if kind == "backward_from_output" and not p.signed for line in (
        f"if {p.name} < 0:", f"    raise ValueError('fastact.{name} needs {p.name} >= 0; use {entry.name}.backward')")]
    outs = [f"out{k}" for k in range(len(facts.outputs))]

    def overload(inputs: Dict[str, Any], given: Dict[str, Any], out: Any) -> Any:
        if facts.bias_row:
            _refuse(name, f"there are no biased forms; add the bias first, and call {entry.name} or {entry.name}.backward")
        for parameter, number in given.items():
            if isinstance(number, types.Type) and not isinstance(number, (types.Number, types.Boolean, types.Omitted)):
                _refuse(name, f"{parameter} must be a number, got {number}")
        dtype = _result_dtype(name, inputs)
        arrays = {argument: array for argument, array in inputs.items() if isinstance(array, types.Array)}
        if not arrays:
            if not _is_none(out):
                _refuse(name, "out is for arrays")
            lines = [*checks, f"return call({_tuple(inputs)}, {_tuple(parameters)})"]
            return _define(signature, lines, call=calls.of_numbers(entry, kind, dtype))
        ndims = {array.ndim for array in arrays.values()}
        if len(ndims) > 1:
            _refuse(name, f"the arrays must have one shape, got {', '.join(map(str, arrays.values()))}")
        (ndim,), prepared = ndims, [f"c_{argument}" for argument in arrays]
        transposed = ndim > 1 and all(array.layout == "F" for array in arrays.values())
        result = ", ".join(f"{each}[()]" if not ndim else f"{each}.T" if transposed else each for each in outs)
        operands = _tuple(f"c_{each}" if each in arrays else each for each in inputs)
        call = f"call({operands}, {_tuple(parameters)}, {_tuple(outs)}, {prepared[0]}.size)"
        lines = [*checks,
                 *(f"c_{argument} = {_contiguous(argument, array, dtype, transposed)}" for argument, array in arrays.items()),
                 *_same_shape(name, prepared[0], prepared[1:]),
                 *_into(name, out, len(outs), prepared, call, dtype, ndim, transposed),
                 f"return {result if _is_none(out) else 'out'}"]
        return _define(signature, lines, call=calls.of_arrays(entry, kind, dtype), dtype=dtype.type)

    def named(names: Any) -> str:
        return "{" + ", ".join(f"{each!r}: {each}" for each in names) + "}"

    return _define(signature, [f"return overload({named(facts.inputs)}, {named(parameters)}, out)"], overload=overload)


def of_rows(entry: Any, kind: str) -> Callable[..., Any]:
    """The overload of a form of a function of rows."""
    name, sign = entry.name if kind == "value" else f"{entry.name}.{kind}", -1 if entry.negates else 1
    number, inputs = registry.row_form_numbers(entry)[entry.forms.index(kind)], registry.FORMS[kind].inputs
    signature = f"{', '.join(inputs)}, axis=-1, out=None, mask=None" + ", temperature=1.0" * entry.temperature

    def overload(*given: Any) -> Any:
        arrays, (axis, out, mask) = dict(zip(inputs, given)), given[len(inputs):len(inputs) + 3]
        if entry.reduces:
            _refuse(name, "its result has another shape than x, which compiled code does not support")
        ndims = {getattr(array, "ndim", 0) for array in arrays.values()}
        if len(ndims) > 1 or 0 in ndims:
            _refuse(name, f"takes arrays of one shape and at least one dimension, got {', '.join(map(str, arrays.values()))}")
        if isinstance(axis, types.Type) and not isinstance(axis, (types.Integer, types.Omitted)):
            _refuse(name, f"axis must be an integer, got {axis}")
        if not _is_none(mask) and not (isinstance(mask, types.Array) and mask.dtype == types.bool_ and mask.ndim in ndims):
            _refuse(name, f"mask must be an array of booleans of the shape of x, got {mask}")
        dtype, (ndim,), c_mask = _result_dtype(name, arrays), ndims, "mask" if _is_none(mask) else "c_mask"
        first, last = f"c_{inputs[0]}", f"c_{inputs[-1]}"
        call = (f"failed = call({first}, {last}, out0, outer, {first}.shape[axis], inner, {c_mask}, {sign}.0"
                f"{' * temperature' * entry.temperature})")
        lines = [*(f"c_{each} = {_contiguous(each, array, dtype, False)}" for each, array in arrays.items()),
                 *([] if _is_none(mask) else [f"c_mask = {_contiguous('mask', mask, np.dtype(bool), False)}"]),
                 *_same_shape(name, first, [last, c_mask][:2 - _is_none(mask)]),
                 f"if not -{ndim} <= axis < {ndim}:",
                 f"    raise ValueError('fastact.{name}: axis is out of bounds for {ndim} dimensions')",
                 "outer, inner = 1, 1",
                 f"for k in range({ndim}):",
                 f"    outer *= {first}.shape[k] if k < axis % {ndim} else 1",
                 f"    inner *= {first}.shape[k] if k > axis % {ndim} else 1",
                 *(["if not 0 < temperature < inf:",
                    f"    raise ValueError('fastact.{name}: temperature must be positive and finite')"] * entry.temperature),
                 *_into(name, out, 1, [first, last][:len(inputs)], call, dtype, ndim, False),
                 "if failed:",
                 f"    raise MemoryError('fastact.{name}: memory ran out')",
                 "return out0" if _is_none(out) else "return out"]
        return _define(signature, lines, call=calls.of_rows(number, dtype), dtype=dtype.type)

    given = ", ".join(each.partition("=")[0] for each in signature.split(", "))
    return _define(signature, [f"return overload({given})"], overload=overload)
