"""Calls of C as numba's intrinsics: functions that emit LLVM's code for a call inside a compiled function."""
from __future__ import annotations

from typing import Any, List, Tuple

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic
from numba.np.numpy_support import from_dtype

from fastact import registry

DTYPES = {np.dtype(np.float32): 0, np.dtype(np.float64): 1}  # fa_dtype


def _call(builder: Any, name: str, *arguments: Any) -> Any:
    """A call of a C function that returns fa_status; ints are enums."""
    values = [ir.IntType(32)(value) if isinstance(value, int) else value for value in arguments]
    function = ir.FunctionType(ir.IntType(32), [value.type for value in values])
    return builder.call(cgutils.get_or_insert_function(builder.module, function, f"fastact_{name}"), values)


def _elements(builder: Any, kinds: Any, values: Any) -> List[Tuple[Any, Any]]:
    """The elements of tuples, with their types."""
    return [(kind, builder.extract_value(value, k)) for each, value in zip(kinds, values) for k, kind in enumerate(each.types)]


def _apply(context: Any, builder: Any, entry: Any, kind: str, dtype: Any, operands: List[Tuple[Any, Any]], n: Any) -> List[Any]:
    """A form of n elements; the addresses of its operands: inputs, parameters and outputs, as (type, value).

    An operand is an array, a number, or (None, None) for a number that C writes.
    """
    byte, size, number = ir.IntType(8).as_pointer(), context.get_value_type(types.intp), from_dtype(dtype)
    data, steps = (cgutils.alloca_once(builder, each, len(operands)) for each in (byte, size))
    addresses = []
    for k, (operand, value) in enumerate(operands):
        if isinstance(operand, types.Array):
            address = context.make_array(operand)(context, builder, value).data
        elif operand is None:
            address = cgutils.alloca_once(builder, context.get_value_type(number))
        else:
            address = cgutils.alloca_once_value(builder, context.cast(builder, value, operand, number))
        builder.store(builder.bitcast(address, byte), cgutils.gep(builder, data, k))
        builder.store(size(dtype.itemsize if isinstance(operand, types.Array) else 0), cgutils.gep(builder, steps, k))
        addresses.append(address)
    symbol = f"fastact_{entry.name}"
    activation = builder.module.globals.get(symbol) or ir.GlobalVariable(builder.module, ir.IntType(8), symbol)
    _call(builder, "apply_on_one_thread", activation, registry.form_number(kind), DTYPES[dtype], data, steps, n)
    return addresses


def of_numbers(entry: Any, kind: str, dtype: Any) -> Any:
    """``call(inputs, parameters)``: a form of numbers."""
    outputs = len(registry.FORMS[kind].outputs)

    @intrinsic  # type: ignore[untyped-decorator]
    def call(typing: Any, inputs: Any, parameters: Any) -> Any:
        result = from_dtype(dtype) if outputs == 1 else types.UniTuple(from_dtype(dtype), outputs)

        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            operands = [*_elements(builder, signature.args, values), *[(None, None)] * outputs]
            addresses = _apply(context, builder, entry, kind, dtype, operands, context.get_constant(types.intp, 1))
            numbers = [builder.load(address) for address in addresses[-outputs:]]
            return numbers[0] if outputs == 1 else context.make_tuple(builder, result, numbers)

        return result(inputs, parameters), generate

    return call


def of_arrays(entry: Any, kind: str, dtype: Any) -> Any:
    """``call(inputs, parameters, outputs, n)``: a form of contiguous arrays, and numbers, of n elements."""

    @intrinsic  # type: ignore[untyped-decorator]
    def call(typing: Any, inputs: Any, parameters: Any, outputs: Any, n: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            _apply(context, builder, entry, kind, dtype, _elements(builder, signature.args[:3], values), values[3])
            return context.get_dummy_value()

        return types.none(inputs, parameters, outputs, types.intp), generate

    return call


def of_rows(number: int, dtype: Any) -> Any:
    """``call(first, second, out, outer, n, inner, mask, temperature)``: rows_on_one_thread of contiguous arrays."""

    @intrinsic  # type: ignore[untyped-decorator]
    def call(typing: Any, first: Any, second: Any, out: Any, outer: Any, n: Any, inner: Any, mask: Any, temperature: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            byte = ir.IntType(8).as_pointer()
            arguments = [builder.bitcast(context.make_array(kind)(context, builder, value).data, byte)
                         if isinstance(kind, types.Array) else value for kind, value in zip(signature.args, values)]
            if not isinstance(mask, types.Array):
                arguments[6] = byte(None)
            return _call(builder, "rows_on_one_thread", number, DTYPES[dtype], *arguments)

        return types.intc(first, second, out, types.intp, types.intp, types.intp, mask, types.float64), generate

    return call
