"""Linear functions for JAX whose transposes are our backward passes.

A rule of `jax.custom_jvp` gets its gradient by transposition, which JAX can do for its own operations only. A rule of
`jax.custom_vjp` has no jvp, and so no hessian. A primitive of our own has both.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Optional, Sequence, Tuple

from fastact.jax import ffi  # noqa: F401  # first, for its error where there is no JAX

import jax
import jax.numpy as jnp
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

_linear = Primitive("fastact_linear")


@dataclass(eq=False)
class Linear:
    """A function of (t, r), linear in t, both and the result of one shape, on any number of leading dimensions.

    Attributes
    ----------
    compute : callable
        ``compute(t, r)``.
    bend : callable
        ``bend(dr, t, r)``, the derivative of ``compute(t, r)`` in r in direction dr, in operations that JAX can differentiate.
    transpose : Linear, optional
        The transpose in t, with the same r; the function itself where this is None.
    """

    compute: Callable[[Any, Any], Any]
    bend: Callable[[Any, Any, Any], Any]
    transpose: Optional[Linear] = None

    def __post_init__(self) -> None:
        self.jitted = jax.jit(self.compute)

    def __call__(self, t: Any, r: Any) -> Any:
        return _linear.bind(t, r, function=self)


def _transpose(grad: Any, t: Any, r: Any, *, function: Linear) -> Tuple[Any, None]:
    if type(grad) is ad.Zero:
        return grad, None
    return (function.transpose or function)(grad, r), None


def _batch(arrays: Sequence[Any], axes: Sequence[Any], *, function: Linear) -> Tuple[Any, int]:
    size = next(array.shape[axis] for array, axis in zip(arrays, axes) if axis is not None)
    t, r = (jnp.broadcast_to(array, (size, *array.shape)) if axis is None else jnp.moveaxis(array, axis, 0)
            for array, axis in zip(arrays, axes))
    return function(t, r), 0


_linear.def_impl(lambda t, r, *, function: function.jitted(t, r))
_linear.def_abstract_eval(lambda t, r, *, function: jax.core.ShapedArray(r.shape, r.dtype))
mlir.register_lowering(_linear, mlir.lower_fun(lambda t, r, *, function: function.compute(t, r), multiple_results=False))
ad.defjvp(_linear, lambda dt, t, r, *, function: function(dt, r), lambda dr, t, r, *, function: function.bend(dr, t, r))
ad.primitive_transposes[_linear] = _transpose
batching.primitive_batchers[_linear] = _batch
