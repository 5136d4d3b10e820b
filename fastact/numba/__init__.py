"""fastact inside functions that numba compiles: the same kernels, with the bits of a call from Python.

    @njit(parallel=True)
    def forward(x, weight):
        h = np.empty((len(x), len(weight)), x.dtype)
        for i in prange(len(x)):
            fa.gelu(weight @ x[i], out=h[i])
        return fa.softmax(h)

Nothing but `fastact` has to be imported: numba finds this module by its entry point. Compiled code may call every activation
and its forms but the biased ones, and the functions of rows whose result has the shape of x, under the names that they have in
Python: ``fa.elu.backward(grad, x, alpha=0.5)``. It may also take them as arguments.

Arrays and numbers may be float32 and float64. Integers are promoted as in Python; integers of 8 bits and booleans are refused,
because numba has no float16. The arrays of a call have one shape; only numbers broadcast, and beside an array they do not
change the dtype. Parameters are numbers, by position or by name. An array that is not contiguous or not aligned is copied
first. `out` has the dtype of the result, and is written through a copy if it is not contiguous or not aligned. There is no
where=. Functions of rows take out=, mask=, temperature= and an integer axis=; softmax's sink=, bias= and causal= are for calls
from Python.

A call runs on the thread that makes it, in ``prange`` or not, whatever fastact's number of threads. It needs no GIL. Functions
with ``cache=True`` find the kernels by name in the next process. numba sees that a function's own file has changed, not that a
library has: after an update of fastact delete the cache (``__pycache__/*.nbi`` and ``*.nbc``), or calls may crash.

In this folder `calls` emits the calls of C, and `overloads` has what is compiled for the arguments of a call. Here our
functions get their types.
"""
from __future__ import annotations

import functools
from typing import Any, List

from fastact import registry
from fastact._core import rows
from fastact._core.activation import activations
from fastact._core.capi import addresses
from fastact._core.form import Form
from fastact._core.optional import optional

with optional("numba", "fastact.numba needs numba", '"fastact[numba]"'):
    from numba.core import types
    from numba.core.errors import NumbaTypeError
    from numba.core.imputils import lower_constant, lower_getattr_generic
    from numba.core.typing.templates import AttributeTemplate, infer_getattr, make_overload_template
    from numba.extending import NativeValue, models, register_model, typeof_impl, unbox
    from llvmlite import binding  # after numba, so that the error for a missing numba names numba

from fastact.numba import overloads

__all__: List[str] = []


def _init() -> None:
    """What numba calls before it compiles a function, or loads one from its cache."""
    for name, address in addresses().items():
        binding.add_symbol(f"fastact_{name}", address)


class _Function(types.Function):  # type: ignore[misc]
    """The type of one of our functions, "gelu" or "gelu.derivative"."""

    def __init__(self, name: str) -> None:
        self.own_name, (base, _, kind) = name, name.partition(".")
        self.owner = activations[base] if base in activations else rows.functions[base]
        make = overloads.of_form if base in activations else overloads.of_rows
        super().__init__(make_overload_template(f"fastact.{name}", make(self.owner.info, kind or "value"), {}, True, "never"))
        self.name = f"fastact.{name}"

    @property
    def key(self) -> Any:
        return "fastact", self.own_name

    def __reduce__(self) -> Any:
        return _type_of, (self.own_name,)


_type_of = functools.cache(_Function)
register_model(_Function)(models.OpaqueModel)
typeof_impl.register(Form)(lambda form, context: _type_of(form.__name__))
typeof_impl.register(rows.RowFunction)(lambda function, context: _type_of(function.name))


@infer_getattr
class _Attributes(AttributeTemplate):  # type: ignore[misc]
    """``fa.gelu.derivative`` and the like."""

    key = _Function

    def generic_resolve(self, function: Any, name: str) -> Any:
        if name not in registry.FORMS or "." in function.own_name:
            return None
        if name in function.owner.info.forms:
            return _type_of(f"{function.own_name}.{name}")
        try:
            getattr(function.owner, name)()  # which says why it is absent
        except (AttributeError, TypeError) as reason:
            raise NumbaTypeError(str(reason)) from None


def _nothing(context: Any, *_: Any) -> Any:
    """The value of a function, whose type says all."""
    return context.get_dummy_value()


lower_getattr_generic(_Function)(_nothing)
lower_constant(_Function)(_nothing)
unbox(_Function)(lambda function, value, c: NativeValue(c.context.get_dummy_value()))
