"""Gated linear units of one array: ``glu``, ``reglu``, ``geglu`` and ``swiglu``.

The array holds two halves [a, b] along an axis, as a linear layer of twice the width makes them. For gate and
up in arrays of their own there is ``fastact.silu.gated(gate, up)``.
"""
import math
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from fastact import registry
from fastact._core import result_memory
from fastact._core.activation import activations
from fastact._core.matrix import call_matrices, call_split
from fastact._core.array_like import asarray
from fastact._core.containers import Call, apply
from fastact._core.arguments import check_even, check_out, common_dtype, contiguous
from fastact._core.number_arguments import FINITE, UP_TO_INFINITY, number
from fastact._core.binding import Bindable, bind_matrices, check_array, check_output, describe, explain_calls

_DOC = """{name}{signature} = a * {activation}(b), x = [a, b]

Parameters
----------
x : array_like
    float16, bfloat16, float32, float64 or integers, promoted as by numpy.tanh; of even size along the axis.
axis : int, default -1
    Where x consists of two halves; of xarray a name too.
gate : {{"last", "first"}}, default "last"
    Which half the activation takes: a * {activation}(b), as torch's glu, or {activation}(a) * b.
{parameters}out : ndarray, optional
    Where to write; any overlap with x is safe.

Returns
-------
ndarray
    Half as long as x along the axis; float16, bfloat16, float32 and float64 keep their dtype.

Raises
------
TypeError
    For complex, longdouble and object input.
ValueError
    For an odd size along the axis, an argument that is none of these, or an out of another shape or read-only.
numpy.exceptions.AxisError
    For an axis that x does not have.

See Also
--------
fastact.{name}.backward
fastact.{name}.bind
fastact.{activation}.gated : for gate and up in arrays of their own

Notes
-----
``{name}.backward(grad, x, ...)`` with the same further arguments is the gradient with respect to x, both halves of
it. {passes}Each is one pass: the halves are read and written where they are. Results are those of
``fastact.{activation}.gated`` and ``fastact.{activation}.gated_backward``, bit for bit.
``{name}.bind(x, out)`` and ``{name}.backward.bind(grad, x, out)`` fix the arrays of a call.
pandas, xarray, dask and masked arrays come back as such, without labels along the axis; grad is aligned with x by the
other labels, which of pandas must be the same. An element is masked where that of the other half is.
Source: {reference}.

Examples
--------
>>> import fastact as fa
>>> y = fa.{name}([3.0, -1.0, 0.5, 2.0])
>>> dx = fa.{name}.backward([1.0, 1.0], [3.0, -1.0, 0.5, 2.0])
"""


_PARAMETERS = """alpha : float, default 1.0
    Steepness of the gate: g * sigmoid(alpha * g) in place of silu(g).
limit : float, optional
    The gate is limited to min(g, limit) before, and the other half u to [-limit, limit].
offset : float, default 0.0
    Added to the other half after that: g * sigmoid(alpha * g) * (u + offset). gpt-oss has gate="first", alpha=1.702, limit=7,
    offset=1 and layout="interleaved"; DeepSeek-V4 has gate="first" and limit=10.
layout : {"halves", "interleaved"}, default "halves"
    Whether a is the first half of the axis and b the second, or their elements alternate, beginning with a.
"""
_PASSES = """It is 0 beyond a limit, for every grad. With a limit or an offset, results are those of the composed operations in
float32 (float64), limit and offset rounded to it; float16 and bfloat16 are rounded once, at the end. """


class Variant(NamedTuple):
    """What a call of swiglu differs in from silu(gate) * up: g * sigmoid(alpha * g) * (u + offset), g and u limited."""

    alpha: float = 1.0
    limit: float = math.inf
    offset: float = 0.0
    interleaved: bool = False

    @classmethod
    def checked(cls, name, alpha, limit, offset, layout):
        """The variant that these arguments describe."""
        if limit is None and layout == "halves" and type(alpha) is type(offset) is float and alpha == 1 and offset == 0:
            return PLAIN  # the usual call, quickly
        if layout not in ("halves", "interleaved"):
            raise ValueError(f'fastact.{name}: layout must be "halves" or "interleaved", not {layout!r}')
        limit = math.inf if limit is None else number(f"fastact.{name}: limit", limit, UP_TO_INFINITY)
        return cls(number(f"fastact.{name}: alpha", alpha, FINITE), limit, number(f"fastact.{name}: offset", offset, FINITE),
                   layout == "interleaved")

    def form(self, activation, name):
        """A gated form of the gate's activation, and its parameters."""
        return (getattr(activation, name), ()) if self.alpha == 1 else (getattr(activations["swish"], name), (self.alpha,))


PLAIN = Variant()


class GatedLinearUnit(Bindable):
    """A gated linear unit of two halves of one array; see ``help(fastact.swiglu)`` for its arguments."""

    __module__ = "fastact"  # where users find its objects, and pickles too
    signature = '(x, axis=-1, gate="last", out=None)'
    _parameters = _passes = ""  # parts of the docstring

    def __init__(self, info):
        self.info = info
        self.name = self.__name__ = info.name
        self.__doc__ = _DOC.format(name=info.name, activation=info.activation, reference=info.reference, signature=self.signature,
                                   parameters=self._parameters, passes=self._passes)
        self.add_forms(backward=self._backward)

    @property
    def activation(self):
        """The activation that the gate goes through."""
        return activations[self.info.activation]

    def __call__(self, x, axis=-1, gate="last", out=None):
        return self._value(PLAIN, x, axis, gate, out)

    def _value(self, variant, x, axis, gate, out):
        form, parameters = variant.form(self.activation, "gated")
        result = call_split(form, x, axis, gate, out, parameters, *variant[1:])
        if result is not None:
            return result
        if type(x) is not np.ndarray:
            result = apply(Call(f"fastact.{self.name}", partial(_inside, self._value, variant, gate), [x], ["x"], ["half"],
                                axis, out, interleaved=variant.interleaved))
            if result is not None:
                return result
        x = asarray(x)
        axis, shape = _check(self.name, x, axis, gate)
        dtype = common_dtype(self.name, [x])
        check_out(self.name, out, shape, dtype)
        result = _result(shape, dtype, out, x)
        if result.size:
            call_split(form, contiguous(x, dtype), axis, gate, result, parameters, *variant[1:])
        return _written(result, out)

    def _backward(self, grad, x, axis=-1, gate="last", out=None):
        """The gradient with respect to x, of its shape, from that with respect to the result."""
        return self._gradient(PLAIN, grad, x, axis, gate, out)

    def _gradient(self, variant, grad, x, axis, gate, out):
        name = f"{self.name}.backward"
        if type(x) is not np.ndarray or type(grad) is not np.ndarray:
            result = apply(Call(f"fastact.{name}", partial(_inside, self._gradient, variant, gate), [grad, x], ["half", "x"],
                                ["x"], axis, out, interleaved=variant.interleaved))
            if result is not None:
                return result
        grad, x = asarray(grad), asarray(x)
        axis, shape = _check(name, x, axis, gate)
        dtype = common_dtype(name, [grad, x])
        if grad.shape != shape:
            raise ValueError(f"fastact.{name}: grad must have the result's shape {shape}, not {grad.shape}")
        check_out(name, out, x.shape, dtype)
        result = _result(x.shape, dtype, out, grad, x)
        if result.size:
            form, parameters = variant.form(self.activation, "gated_backward")
            matrix, halves = _as_matrices(x.shape, axis, gate, variant.interleaved)
            arrays = [matrix(contiguous(grad, dtype)), *halves(contiguous(x, dtype))]
            call_matrices(form, arrays, parameters, halves(result), variant.limit, variant.offset)
        return _written(result, out)

    def bound_call(self, kind, /, *args, **options):
        return (self._bind if kind == "value" else self._bind_backward)(*args, **options)

    def _bind(self, x, out, axis=-1, gate="last"):
        return self._bound(PLAIN, "bind", "gated", axis, gate, x=x, out=out)

    def _bind_backward(self, grad, x, out, axis=-1, gate="last"):
        return self._bound(PLAIN, "backward.bind", "gated_backward", axis, gate, grad=grad, x=x, out=out)

    def _bound(self, variant, method, form, axis, gate, **arrays):
        """The bound call of a form over arrays by name: grad where there is one, x and out."""
        name = f"fastact.{self.name}.{method}"
        for key, array in arrays.items():
            check_array(name, array, key)
        x, out, of_a_half = arrays["x"], arrays["out"], "grad" if "grad" in arrays else "out"
        axis, shape = _check(f"{self.name}.{method}", x, axis, gate)
        for key, array in arrays.items():
            wanted = shape if key == of_a_half else x.shape
            if array.dtype != x.dtype or array.shape != wanted:
                raise ValueError(f"{name} needs {key} of {x.dtype}{list(wanted)}, got {describe(array)}")
        for key in arrays.keys() - {"out"}:
            check_output(name, out, arrays[key], key == "x" and of_a_half == "grad")
        matrix, halves = _as_matrices(x.shape, axis, gate, variant.interleaved)
        matrices = [part for key, array in arrays.items()
                    for part in ([matrix(array)] if key == of_a_half else halves(array))]
        form, parameters = variant.form(self.activation, form)
        return bind_matrices(name, form, [*arrays.values()], matrices, out, parameters, variant.limit, variant.offset)

    def __repr__(self):
        return f"<fastact.{self.name}{self.signature}>"

    def __reduce__(self):
        return self.name


class SwiGLU(GatedLinearUnit):
    """swiglu, with a steeper, limited or interleaved gate; see ``help(fastact.swiglu)`` for its arguments."""

    __module__ = "fastact"
    signature = '(x, axis=-1, gate="last", alpha=1.0, limit=None, offset=0.0, layout="halves", out=None)'
    _parameters, _passes = _PARAMETERS, _PASSES

    def __call__(self, x, axis=-1, gate="last", alpha=1.0, limit=None, offset=0.0, layout="halves", out=None):
        return self._value(Variant.checked(self.name, alpha, limit, offset, layout), x, axis, gate, out)

    def _backward(self, grad, x, axis=-1, gate="last", alpha=1.0, limit=None, offset=0.0, layout="halves", out=None):
        """The gradient with respect to x, of its shape, from that with respect to the result."""
        return self._gradient(Variant.checked(f"{self.name}.backward", alpha, limit, offset, layout), grad, x, axis, gate, out)

    def _bind(self, x, out, axis=-1, gate="last", alpha=1.0, limit=None, offset=0.0, layout="halves"):
        variant = Variant.checked(f"{self.name}.bind", alpha, limit, offset, layout)
        return self._bound(variant, "bind", "gated", axis, gate, x=x, out=out)

    def _bind_backward(self, grad, x, out, axis=-1, gate="last", alpha=1.0, limit=None, offset=0.0, layout="halves"):
        variant = Variant.checked(f"{self.name}.backward.bind", alpha, limit, offset, layout)
        return self._bound(variant, "backward.bind", "gated_backward", axis, gate, grad=grad, x=x, out=out)


def _inside(form, variant, gate, values, axis, out):
    """A form of what containers hold."""
    return form(variant, *values, axis, gate, out)


def _check(name, x, axis, gate):
    """The axis, counted from the front, and the shape of one half, where the arguments are in order."""
    try:
        axis = normalize_axis_index(axis, x.ndim, f"fastact.{name}")
    except TypeError:
        raise TypeError(f"fastact.{name}: axis must be an integer, got {axis!r}; names are those of xarray") from None
    if gate not in ("last", "first"):
        raise ValueError(f'fastact.{name}: gate must be "last" or "first", not {gate!r}')
    check_even(f"fastact.{name}", x.shape, axis)
    return axis, (*x.shape[:axis], x.shape[axis] // 2, *x.shape[axis + 1:])


def _result(shape, dtype, out, *arrays):
    """`out` where C can write there, none of the arrays being in its memory; else a new array, for `_written` to copy."""
    if (type(out) is np.ndarray and out.dtype == dtype and out.flags.carray and out.dtype.isnative
            and not any(np.may_share_memory(out, array) for array in arrays)):
        return out
    return result_memory.empty(shape, dtype)


def _written(result, out):
    """A result where the caller wants it."""
    if out is None or out is result:
        return result
    out[...] = result
    return out


def _as_matrices(shape, axis, gate, interleaved):
    """How contiguous arrays become matrices, as views: one of the shape of a half of x, and one of the shape of x, of which the
    gate's half comes first.
    """
    before, half, after = math.prod(shape[:axis]), shape[axis] // 2, math.prod(shape[axis + 1:])
    order = (1, 0) if gate == "last" else (0, 1)
    if interleaved and after == 1:  # one row, with a step of two elements
        return lambda a: a.reshape(1, -1), lambda a: [a.reshape(1, -1, 2)[..., k] for k in order]
    rows, columns = (before * half, after) if interleaved else (before, half * after)
    return lambda a: a.reshape(rows, columns), lambda a: [a.reshape(rows, 2, columns)[:, k] for k in order]


for _type in (GatedLinearUnit, SwiGLU):
    explain_calls(_type)
glu, reglu, geglu, swiglu = ((SwiGLU if info.name == "swiglu" else GatedLinearUnit)(info) for info in registry.GATED)
