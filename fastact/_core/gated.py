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
from fastact._core.arguments import check_even, check_out, common_dtype
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
float32 (float64), which blocks of the arrays go through in cache; float16 and bfloat16 are rounded once, at the end. `bind`
takes neither these nor alpha or layout. """
_BLOCK = 1 << 14  # elements that pass through a clamped call at a time


class Variant(NamedTuple):
    """What a call of swiglu differs in from silu(gate) * up: g * sigmoid(alpha * g) * (u + offset), g and u limited."""

    alpha: float = 1.0
    limit: float = math.inf
    offset: float = 0.0
    interleaved: bool = False

    @classmethod
    def checked(cls, name, alpha, limit, offset, layout):
        """The variant that these arguments describe."""
        if layout not in ("halves", "interleaved"):
            raise ValueError(f'fastact.{name}: layout must be "halves" or "interleaved", not {layout!r}')
        limit = math.inf if limit is None else number(f"fastact.{name}: limit", limit, UP_TO_INFINITY)
        return cls(number(f"fastact.{name}: alpha", alpha, FINITE), limit, number(f"fastact.{name}: offset", offset, FINITE),
                   layout == "interleaved")

    @property
    def clamps(self):
        """Whether more is done than an activation's gated form does."""
        return self.limit < math.inf or self.offset != 0

    def form(self, activation, name):
        """A gated form of the gate's activation, and its parameters."""
        return (getattr(activation, name), ()) if self.alpha == 1 else (getattr(activations["swish"], name), (self.alpha,))

    def clamped(self, gate, up):
        """The gate and the other half as the gated form takes them."""
        if self.limit < math.inf:
            gate, up = np.minimum(gate, self.limit), np.clip(up, -self.limit, self.limit)
        return gate, up + up.dtype.type(self.offset) if self.offset else up

    def value(self, activation, gate, up, out):
        """Write the value."""
        form, parameters = self.form(activation, "gated")
        if not self.clamps:
            form(gate, up, *parameters, out=out)
            return
        for g, u, y in _blocks([gate, up], [out]):
            form(*self.clamped(g, u), *parameters, out=y)

    def gradients(self, activation, grad, gate, up, outs):
        """Write the gradients of the gate and the other half."""
        form, parameters = self.form(activation, "gated_backward")
        if not self.clamps:
            form(grad, gate, up, *parameters, out=outs)
            return
        for each, g, u, dgate, dup in _blocks([grad, gate, up], outs):
            form(each, *self.clamped(g, u), *parameters, out=(dgate, dup))
            dgate[g > self.limit] = 0
            dup[abs(u) > self.limit] = 0


def _blocks(inputs, outputs):
    """Pieces of arrays of one shape as contiguous float32 or float64, half types as float32."""
    dtype = np.float64 if outputs[0].dtype == np.float64 else np.float32
    flags = [["readonly", "contig", "aligned"]] * len(inputs) + [["writeonly", "contig", "aligned"]] * len(outputs)
    with np.nditer([*inputs, *outputs], ["external_loop", "buffered", "copy_if_overlap", "zerosize_ok"], flags,
                   [dtype] * len(flags), casting="unsafe", buffersize=_BLOCK) as pieces:
        yield from pieces


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
        result = call_split(self.activation.gated, x, axis, gate, out)
        return self._value(Variant(), x, axis, gate, out) if result is None else result

    def _value(self, variant, x, axis, gate, out):
        if type(x) is not np.ndarray:
            result = apply(Call(f"fastact.{self.name}", partial(_inside, self._value, variant, gate), [x], ["x"], ["half"],
                                axis, out, interleaved=variant.interleaved))
            if result is not None:
                return result
        x = asarray(x)
        axis, shape = _check(self.name, x, axis, gate)
        dtype = common_dtype(self.name, [x])
        check_out(self.name, out, shape, dtype)
        result = result_memory.empty(shape, dtype) if out is None else out
        variant.value(self.activation, *_split(x, axis, gate, variant.interleaved), result)
        return result

    def _backward(self, grad, x, axis=-1, gate="last", out=None):
        """The gradient with respect to x, of its shape, from that with respect to the result."""
        return self._gradient(Variant(), grad, x, axis, gate, out)

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
        if out is None or np.may_share_memory(out, grad) or np.may_share_memory(out, x):
            result = result_memory.empty(x.shape, dtype)
        else:
            result = out
        if _plain(x, grad, result) and variant == Variant():
            form = self.activation.gated_backward
            call_matrices(form, [_matrix(grad, axis), *_split_matrix(x, axis, gate)], form.info.defaults,
                          _split_matrix(result, axis, gate))
        else:
            variant.gradients(self.activation, grad, *_split(x, axis, gate, variant.interleaved),
                              _split(result, axis, gate, variant.interleaved))
        if out is None or out is result:
            return result
        out[...] = result
        return out

    def bound_call(self, kind, /, *args, **options):
        return (self._bind if kind == "value" else self._bind_backward)(*args, **options)

    def _bind(self, x, out, axis=-1, gate="last"):
        return _bound(f"{self.name}.bind", self.activation.gated, axis, gate, x=x, out=out)

    def _bind_backward(self, grad, x, out, axis=-1, gate="last"):
        return _bound(f"{self.name}.backward.bind", self.activation.gated_backward, axis, gate, grad=grad, x=x, out=out)

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
        plain = limit is None and layout == "halves" and type(alpha) is type(offset) is float
        if plain and alpha == 1 and offset == 0:  # the usual call, quickly
            return super().__call__(x, axis, gate, out)
        return self._value(Variant.checked(self.name, alpha, limit, offset, layout), x, axis, gate, out)

    def _backward(self, grad, x, axis=-1, gate="last", alpha=1.0, limit=None, offset=0.0, layout="halves", out=None):
        """The gradient with respect to x, of its shape, from that with respect to the result."""
        return self._gradient(Variant.checked(f"{self.name}.backward", alpha, limit, offset, layout), grad, x, axis, gate, out)


def _inside(form, variant, gate, values, axis, out):
    """A form of what containers hold."""
    return form(variant, *values, axis, gate, out)


def _check(name, x, axis, gate):
    """The axis, counted from the front, and the shape of one half, where the arguments are in order."""
    try:
        axis = normalize_axis_index(axis, x.ndim)
    except TypeError:
        raise TypeError(f"fastact.{name}: axis must be an integer, got {axis!r}; names are those of xarray") from None
    if gate not in ("last", "first"):
        raise ValueError(f'fastact.{name}: gate must be "last" or "first", not {gate!r}')
    check_even(f"fastact.{name}", x.shape, axis)
    return axis, (*x.shape[:axis], x.shape[axis] // 2, *x.shape[axis + 1:])


def _bound(name, form, axis, gate, **arrays):
    """The bound call of a form over arrays by name: grad where there is one, x and out."""
    for key, array in arrays.items():
        check_array(f"fastact.{name}", array, key)
    x, out, halves = arrays["x"], arrays["out"], "out" if form.ufunc.nout == 1 else "grad"
    axis, shape = _check(name, x, axis, gate)
    for key, array in arrays.items():
        wanted = shape if key == halves else x.shape
        if array.dtype != x.dtype or array.shape != wanted:
            raise ValueError(f"fastact.{name} needs {key} of {x.dtype}{list(wanted)}, got {describe(array)}")
    for key in arrays.keys() - {"out"}:
        check_output(f"fastact.{name}", out, arrays[key], key == "x" and halves == "grad")
    matrices = [part for key, array in arrays.items()
                for part in ([_matrix(array, axis)] if key == halves else _split_matrix(array, axis, gate))]
    return bind_matrices(f"fastact.{name}", form, [*arrays.values()], matrices, out)


def _plain(*arrays):
    """Whether these are contiguous arrays of one dtype with kernels of its own, and not empty."""
    dtype = arrays[0].dtype
    return dtype in (np.float32, np.float64) and dtype.isnative and all(
        a.size and a.dtype == dtype and a.flags.carray for a in arrays)


def _matrix(x, axis):
    """A contiguous array as rows from the axis on."""
    return x.reshape(math.prod(x.shape[:axis]), math.prod(x.shape[axis:]))


def _split(x, axis, gate, interleaved=False):
    """The gate and the other half, as views."""
    half, whole = x.shape[axis] // 2, (slice(None),) * axis
    parts = (slice(None, None, 2), slice(1, None, 2)) if interleaved else (slice(None, half), slice(half, None))
    first, last = (x[(*whole, part)] for part in parts)
    return (last, first) if gate == "last" else (first, last)


def _split_matrix(x, axis, gate):
    """The same as matrices, for a contiguous array."""
    return list(_split(_matrix(x, axis), 1, gate))


for _type in (GatedLinearUnit, SwiGLU):
    explain_calls(_type)
glu, reglu, geglu, swiglu = ((SwiGLU if info.name == "swiglu" else GatedLinearUnit)(info) for info in registry.GATED)
