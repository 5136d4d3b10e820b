"""Gated linear units of one array: ``glu``, ``reglu``, ``geglu`` and ``swiglu``.

The array holds two halves [a, b] along an axis, as a linear layer of twice the width makes them. For gate and
up in arrays of their own there is ``fastact.silu.gated(gate, up)``.
"""
import math
from functools import partial

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from fastact import registry
from fastact._core import result_memory
from fastact._core.activation import activations
from fastact._core.matrix import call_matrices, call_split
from fastact._core.array_like import asarray
from fastact._core.containers import Call, apply
from fastact._core.arguments import check_even, check_out, common_dtype
from fastact._core.binding import Bindable, bind_matrices, check_array, check_output, describe, explain_calls

_DOC = """{name}(x, axis=-1, gate="last", out=None) = a * {activation}(b), x = [a, b]

Parameters
----------
x : array_like
    float16, bfloat16, float32, float64 or integers, promoted as by numpy.tanh; of even size along the axis.
axis : int, default -1
    Where x consists of two halves; of xarray a name too.
gate : {{"last", "first"}}, default "last"
    Which half the activation takes: a * {activation}(b), as torch's glu, or {activation}(a) * b.
out : ndarray, optional
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
    For an odd size along the axis, another `gate`, or an out of another shape or read-only.
numpy.exceptions.AxisError
    For an axis that x does not have.

See Also
--------
fastact.{name}.backward
fastact.{name}.bind
fastact.{activation}.gated : for gate and up in arrays of their own

Notes
-----
``{name}.backward(grad, x, axis=-1, gate="last", out=None)`` is the gradient with respect to x, both halves of
it. Each is one pass: the halves are read and written where they are. Results are those of
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


class GatedLinearUnit(Bindable):
    """A gated linear unit of two halves of one array; see ``help(fastact.swiglu)`` for its arguments."""

    __module__ = "fastact"  # where users find its objects, and pickles too

    def __init__(self, info):
        self.info = info
        self.name = self.__name__ = info.name
        self.__doc__ = _DOC.format(name=info.name, activation=info.activation, reference=info.reference)
        self.add_forms(backward=self._backward)

    @property
    def activation(self):
        """The activation that the gate goes through."""
        return activations[self.info.activation]

    def __call__(self, x, axis=-1, gate="last", out=None):
        form = self.activation.gated
        result = call_split(form, x, axis, gate, out)
        if result is not None:
            return result
        if type(x) is not np.ndarray:
            result = apply(Call(f"fastact.{self.name}", partial(_inside, self, gate), [x], ["x"], ["half"], axis, out))
            if result is not None:
                return result
        x = asarray(x)
        axis, shape = _check(self.name, x, axis, gate)
        dtype = common_dtype(self.name, [x])
        check_out(self.name, out, shape, dtype)
        result = result_memory.empty(shape, dtype) if out is None else out
        form(*_split(x, axis, gate), out=result)
        return result

    def _backward(self, grad, x, axis=-1, gate="last", out=None):
        """The gradient with respect to x, of its shape, from that with respect to the result."""
        name, form = f"{self.name}.backward", self.activation.gated_backward
        if type(x) is not np.ndarray or type(grad) is not np.ndarray:
            result = apply(Call(f"fastact.{name}", partial(_inside, self.backward, gate), [grad, x], ["half", "x"], ["x"],
                                axis, out))
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
        if _plain(x, grad, result):
            call_matrices(form, [_matrix(grad, axis), *_split_matrix(x, axis, gate)], form.info.defaults,
                          _split_matrix(result, axis, gate))
        else:
            form(grad, *_split(x, axis, gate), out=_split(result, axis, gate))
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
        return f'<fastact.{self.name}(x, axis=-1, gate="last", out=None)>'

    def __reduce__(self):
        return self.name


def _inside(form, gate, values, axis, out):
    """A form of what containers hold."""
    return form(*values, axis, gate, out)


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


def _split(x, axis, gate):
    """The gate and the other half, as views."""
    half, whole = x.shape[axis] // 2, (slice(None),) * axis
    first, last = x[(*whole, slice(None, half))], x[(*whole, slice(half, None))]
    return (last, first) if gate == "last" else (first, last)


def _split_matrix(x, axis, gate):
    """The same as matrices, for a contiguous array."""
    return list(_split(_matrix(x, axis), 1, gate))


explain_calls(GatedLinearUnit)
glu, reglu, geglu, swiglu = map(GatedLinearUnit, registry.GATED)
