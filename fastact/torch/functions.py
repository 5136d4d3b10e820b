"""The activations as functions of torch tensors: values and gradients by fastact's kernels, without copies.

The kernels compute strided floating tensors in main memory. torch.compile, torch.export, torch.jit.trace and dispatch modes
see operators such as torch.ops.fastact.activation. torch's own operators compute the same function of any other tensor, under
torch.func and in forward mode. torch.fx records a call of ours.

Other calls go through the autograd classes, not through the operators: on 64 x 50 float32 gelu's operator took 2.3 times as long
as its class, with the backward pass 2.2 times, and 5 times as long as the kernel where no gradient is needed.
"""
from __future__ import annotations

import functools
import importlib.util
import math
from typing import Any, Callable, Dict, Tuple

import numpy as np

from fastact import registry
from fastact._core import gated as gated_units, rows
from fastact._core.activation import activations
from fastact._core.activation_arguments import bind_parameters
from fastact._core.arguments import checked_temperature
from fastact._core.optional import optional

with optional("torch", "fastact.torch needs PyTorch", '"fastact[torch]"'):
    import torch
    from torch._subclasses.fake_tensor import FakeTensor
    from torch._subclasses.functional_tensor import FunctionalTensor

nn = torch.nn
Tensor = torch.Tensor
_TYPES = {Tensor, torch.nn.Parameter}
KERNEL_DTYPES = {torch.float32, torch.float64, torch.float16, torch.bfloat16}
_is_compiling: Callable[[], bool] = torch.compiler.is_compiling
_is_tracing: Callable[[], bool] = torch._C._is_tracing  # of torch.jit
_HAS_BFLOAT16 = importlib.util.find_spec("ml_dtypes") is not None
# A batch of gradients, which torch.autograd.functional.jacobian(vectorize=True) makes, has no memory that NumPy can read.
_is_batch: Callable[[Tensor], bool] = getattr(torch._C._functorch, "is_legacy_batchedtensor", lambda x: False)
_transforms_active: Callable[[], bool] = getattr(torch._C, "_are_functorch_transforms_active", lambda: False)
_forward_mode: Any = torch.autograd.forward_ad
# A dispatch mode, such as that of make_fx, sees torch's operators only: it would take a kernel's result for a constant.
_modes: Callable[[], int] = getattr(torch._C, "_len_torch_dispatch_stack", lambda: 0)


def is_ours(x: Any) -> bool:
    """Whether the kernels can read this tensor."""
    return (
        type(x) in _TYPES
        and x.dtype in KERNEL_DTYPES
        and x.is_cpu
        and x.layout is torch.strided
        and not x.is_nested
        and not _is_compiling()
        and not _is_tracing()
        and not _transforms_active()
        and not _is_batch(x)
        and not _modes()
        and getattr(_forward_mode, "_current_level", 0) < 0  # tensors carry no tangents
    )


def is_graphed(x: Any) -> bool:
    """Whether this is a tensor for the kernels in a call that becomes part of a graph, other than one of ONNX."""
    return (
        (type(x) in _TYPES or isinstance(x, (FakeTensor, FunctionalTensor)))
        and x.dtype in KERNEL_DTYPES
        and x.device.type == "cpu"
        and x.layout is torch.strided
        and not x.is_nested
        and not _transforms_active()
        and (_is_compiling() or (_is_tracing() or _modes() > 0) and not _is_batch(x))
        and not torch.onnx.is_in_onnx_export()
    )


def is_recorded(*values: Any) -> bool:
    """Whether torch.fx.symbolic_trace records the operations on these."""
    return any(isinstance(value, torch.fx.Proxy) for value in values)


def to_array(x: Tensor) -> np.ndarray:
    """A view of the tensor; bfloat16 without ml_dtypes becomes float32."""
    if x.requires_grad:
        x = x.detach()
    if x.dtype is torch.bfloat16:
        return _bfloat16_to_array(x)
    try:
        return x.numpy()
    except RuntimeError:  # lazily negated tensors and zero tensors without memory
        return x.numpy(force=True)


def _bfloat16_to_array(x: Tensor) -> np.ndarray:
    if not _HAS_BFLOAT16:
        return x.float().numpy()
    import ml_dtypes

    if x.is_neg() or x._is_zerotensor():
        x = x.resolve_neg().clone()  # which has its numbers in memory
    return x.view(torch.int16).numpy().view(ml_dtypes.bfloat16)


def to_tensor(array: Any, dtype: torch.dtype) -> Tensor:
    """A tensor of this dtype on the memory of an array that is like `to_array`'s."""
    if not isinstance(array, np.ndarray):  # the scalar result for a tensor without dimensions
        array = np.asarray(array)
    if dtype is torch.bfloat16 and array.dtype.itemsize == 2:
        array = array.view(np.int16)
        return torch.from_numpy(array).view(dtype)
    made = torch.from_numpy(array)
    return made if made.dtype is dtype else made.to(dtype)


def run(form: Callable[..., Any], *arguments: Any, **keywords: Any) -> Tensor:
    """A form of fastact, called with tensors and with numbers after them."""
    arrays = [to_array(value) if type(value) in _TYPES else value for value in arguments]  # isinstance is slow here
    return to_tensor(form(*arrays, **keywords), arguments[0].dtype)


class Value(torch.autograd.Function):
    """f(x)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, activation: Any, parameters: Tuple[float, ...]) -> Tensor:
        ctx.activation, ctx.parameters = activation, parameters
        ctx.save_for_backward(x)
        return run(activation, x, *parameters)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        (x,) = ctx.saved_tensors
        return product(grad, x, ctx.activation, ctx.parameters), None, None


class Product(torch.autograd.Function):
    """grad * f'(x), the fused backward pass, which can be differentiated again."""

    @staticmethod
    def forward(ctx: Any, grad: Tensor, x: Tensor, activation: Any, parameters: Tuple[float, ...]) -> Tensor:
        ctx.activation, ctx.parameters = activation, parameters
        ctx.save_for_backward(grad, x)
        return run(activation.backward, grad, x, *parameters)

    @staticmethod
    def backward(ctx: Any, again: Tensor) -> Any:
        grad, x = ctx.saved_tensors
        to_grad = to_x = None
        if ctx.needs_input_grad[0]:
            to_grad = product(again, x, ctx.activation, ctx.parameters)
        if ctx.needs_input_grad[1]:
            to_x = _curved(again, grad, _second(x, ctx.activation, ctx.parameters), ctx.activation.info)
        return to_grad, to_x, None, None


class Second(torch.autograd.Function):
    """f''(x), which can be differentiated any number of times."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, activation: Any, parameters: Tuple[float, ...]) -> Tensor:
        ctx.info, ctx.parameters = activation.info, parameters
        ctx.save_for_backward(x)
        return run(activation.second_derivative, x, *parameters)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        return grad * _third(ctx.saved_tensors[0], ctx.info, ctx.parameters), None, None


def _third(x: Tensor, info: Any, parameters: Tuple[float, ...]) -> Tensor:
    """f'''(x) from the formula of f'', in float64 by torch's operators, which can be differentiated again.

    Where a formula overflows, as sinh(x) / cosh(x) does far out, the result is 0, the limit.
    """
    def slope(x: Tensor, again: bool) -> Tensor:
        y = _SECOND_DERIVATIVES[info.name](x, *(parameters or info.defaults))
        if not isinstance(y, Tensor) or not y.requires_grad:  # constant, or constant on each side of a point
            return torch.zeros_like(x)
        (found,) = torch.autograd.grad(y.sum(), x, create_graph=again)
        return found

    with torch.enable_grad():
        lost = slope(x.detach().double().requires_grad_(), False).isnan() & ~x.isnan()
        wide = torch.where(lost, 0, x if x.requires_grad else x.detach().requires_grad_()).double()
        return torch.where(lost, 0, slope(wide, True)).to(x.dtype)


def product(grad: Tensor, x: Tensor, activation: Any, parameters: Tuple[float, ...]) -> Tensor:
    """grad * f'(x), and 0 for every grad where a selection makes f' 0."""
    if not is_ours(grad):
        derivative = run(activation.derivative, x, *parameters)
        return (_masked(grad, derivative) if activation.info.masks_gradient else grad) * derivative
    return _product(grad if grad.dtype is x.dtype else grad.to(x.dtype), x, activation, parameters)


def _curved(again: Tensor, grad: Tensor, second: Tensor, info: Any) -> Tensor:
    """again * grad * f''(x), and 0 for every gradient where a selection makes f'' 0."""
    if info.masks_second_gradient:
        again, grad = _masked(again, second), _masked(grad, second)
    return again * grad * second


def _masked(grad: Tensor, derivative: Tensor) -> Tensor:
    """grad, but 0 where the derivative is 0."""
    return torch.where(derivative == 0, 0, grad)


class PReLU(torch.autograd.Function):
    """prelu with a tensor as its weight, which has a gradient; it is broadcast to x."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        return run(activations["prelu"], x, weight)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        x, weight = ctx.saved_tensors
        if torch.is_grad_enabled() or not is_ours(grad):
            to_x = grad * torch.where(x > 0, 1, weight)
        else:
            to_x = run(activations["prelu"].backward, grad, x, weight)
        return to_x, torch.where(x > 0, 0, grad * x).sum_to_size(weight.shape) if ctx.needs_input_grad[1] else None


def _xielu_by_torch(x: Tensor, alpha_p: Tensor, alpha_n: Tensor, beta: Tensor, eps: Tensor) -> Tensor:
    return torch.where(x > 0, alpha_p * x * x + beta * x, (torch.expm1(torch.min(x, eps)) - x) * alpha_n + beta * x)


class XIELU(torch.autograd.Function):
    """xielu with tensors of one element as parameters, of which alpha_p and alpha_n have gradients."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, alpha_p: Tensor, alpha_n: Tensor, beta: Tensor, eps: Tensor) -> Tensor:
        ctx.save_for_backward(x, alpha_p, alpha_n, beta, eps)
        return run(activations["xielu"], x, *(value.item() for value in (alpha_p, alpha_n, beta, eps)))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        x, alpha_p, alpha_n, beta, eps = ctx.saved_tensors
        if torch.is_grad_enabled() or not is_ours(grad):
            with torch.enable_grad():
                leaves = [value if value.requires_grad else value.detach().requires_grad_() for value in (x, alpha_p, alpha_n)]
                y = _xielu_by_torch(*leaves, beta, eps)
                return *torch.autograd.grad(y, leaves, grad, create_graph=True), None, None
        own, end = activations["xielu"], eps.item()
        to_x = run(own.backward, grad, x, alpha_p.item(), alpha_n.item(), beta.item(), end)
        to_x = torch.where((x > eps) & (x <= 0), grad * (beta - alpha_n).to(x.dtype), to_x)  # where the exponential has ended
        to_parameters = [(grad * run(own, x, *others, 0.0, end)).sum().to(value.dtype).reshape(value.shape)
                         for value, others in ((alpha_p, (1.0, 0.0)), (alpha_n, (0.0, 1.0)))]
        return to_x, *to_parameters, None, None


class Rows(torch.autograd.Function):
    """A function of rows whose gradient follows from its output."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, function: Any, dim: int) -> Tensor:
        y = run(function, x, axis=dim)
        ctx.function, ctx.dim = function, dim
        if function is rows.hardmax:
            ctx.mark_non_differentiable(y)
        else:
            ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        if ctx.function is rows.hardmax:
            return None, None, None
        (y,) = ctx.saved_tensors
        if torch.is_grad_enabled() or not is_ours(grad):
            return _ROW_GRADIENTS[ctx.function.name](grad, y, ctx.dim), None, None
        return run(ctx.function.backward_from_output, grad.to(y.dtype), y, axis=ctx.dim), None, None


def _softmax_gradient(grad: Tensor, y: Tensor, dim: int) -> Tensor:
    return y * (grad - (grad * y).sum(dim, keepdim=True))


def _sparsemax_gradient(grad: Tensor, y: Tensor, dim: int) -> Tensor:
    inside = ~(y <= 0)  # NaN too
    mean = torch.where(inside, grad + (y - y), 0).sum(dim, keepdim=True) / inside.sum(dim, keepdim=True)
    return torch.where(inside, grad - mean, 0)


def _entmax15_gradient(grad: Tensor, y: Tensor, dim: int) -> Tensor:
    s = y.sqrt()
    inside = ~(y <= 0)
    mean = torch.where(inside, grad * s, 0).sum(dim, keepdim=True) / s.sum(dim, keepdim=True)
    return torch.where(inside, s * (grad - mean), 0)


_ROW_GRADIENTS: Dict[str, Callable[..., Tensor]] = {  # by torch's operators, which can be differentiated again
    "softmax": _softmax_gradient,
    "softmin": lambda grad, y, dim: -_softmax_gradient(grad, y, dim),
    "log_softmax": lambda grad, y, dim: grad - y.exp() * grad.sum(dim, keepdim=True),
    "sparsemax": _sparsemax_gradient,
    "entmax15": _entmax15_gradient,
}


class Attention(torch.autograd.Function):
    """softmax with the options of attention; mask, sink and bias are tensors, numbers or None."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, sink: Any, bias: Any, mask: Any, dim: int, temperature: float, causal: bool) -> Tensor:
        given = {"sink": sink, "bias": bias, "mask": mask}
        ctx.options = dict(axis=dim, temperature=temperature, causal=causal)
        ctx.numbers = {name: each for name, each in given.items() if not isinstance(each, Tensor)}
        ctx.names = [name for name in given if name not in ctx.numbers]
        tensors = [given[name] for name in ctx.names]
        y = run(rows.softmax, x, **ctx.numbers, **dict(zip(ctx.names, map(to_array, tensors))), **ctx.options)
        ctx.save_for_backward(x, y, *tensors)
        return y

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        x, y, *tensors = ctx.saved_tensors
        wanted = [name for name, needed in zip(("x", "sink", "bias"), ctx.needs_input_grad) if needed]
        if torch.is_grad_enabled() or not is_ours(grad):
            found = _attention_gradients(grad, y, {**ctx.numbers, **dict(zip(ctx.names, tensors))}, **ctx.options)
        else:  # y has few digits of a small share of the sink
            form, of = (rows.softmax.backward, x) if "sink" in wanted else (rows.softmax.backward_from_output, y)
            made = form(to_array(grad.to(y.dtype)), to_array(of), **ctx.numbers, **dict(zip(ctx.names, map(to_array, tensors))),
                        **ctx.options, wrt=(*wanted,))
            found = {name: to_tensor(one, x.dtype) for name, one in zip(wanted, made)}
        return *(found[name] if name in wanted else None for name in ("x", "sink", "bias")), None, None, None, None


def _left_out(x: Tensor, bias: Any, mask: Any, causal: bool) -> Tensor:
    """Where the options of attention leave out an element."""
    outside = torch.zeros((), dtype=torch.bool, device=x.device)
    if causal:
        outside = torch.ones(x.shape[-2:], dtype=torch.bool, device=x.device).triu(1)
    if mask is not None:
        outside = outside | ~torch.as_tensor(mask, device=x.device)
    if bias is not None:
        outside = outside | (torch.as_tensor(bias, device=x.device) == -math.inf)
    return outside.expand(x.shape)


def _attention_gradients(grad: Tensor, y: Tensor, given: Any, axis: int, temperature: float, causal: bool) -> Any:
    """The gradients by torch's operators, which can be differentiated again."""
    outside = _left_out(y, given["bias"], given["mask"], causal)
    grad = grad.masked_fill(outside, 0)
    mean = (grad * y).sum(axis, keepdim=True)
    to_z = (y * (grad - mean)).masked_fill(outside, 0)
    found, sink = {"x": to_z / temperature}, given["sink"]
    if isinstance(given["bias"], Tensor):
        found["bias"] = to_z.sum_to_size(given["bias"].shape)
    if isinstance(sink, Tensor):
        to_sink = (y.sum(axis, keepdim=True) - 1) * mean
        found["sink"] = (to_sink if 0 < sink.ndim == y.ndim else to_sink.squeeze(axis)).sum_to_size(sink.shape)
    return found


def attention_by_torch(x: Tensor, sink: Any, bias: Any, mask: Any, dim: int, temperature: float, causal: bool) -> Tensor:
    """softmax with the options of attention by torch's operators."""
    z = x / temperature
    if bias is not None:
        z = z + bias
    outside = _left_out(x, bias, mask, causal)
    empty = outside.all(dim, keepdim=True)
    z = z.masked_fill(outside, -math.inf).masked_fill(empty, 0)  # a row of -inf would have gradients of NaN
    if sink is not None:
        sink = torch.as_tensor(sink, dtype=x.dtype, device=x.device)
        if not 0 < sink.ndim == x.ndim:
            sink = sink.expand(empty.squeeze(dim).shape).unsqueeze(dim)
        z = torch.cat([z, sink.expand(empty.shape)], dim)
    return z.softmax(dim).narrow(dim, 0, x.shape[dim]).masked_fill(outside, 0)


class LogSumExp(torch.autograd.Function):
    """logsumexp over one dimension."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, dim: int, keepdim: bool) -> Tensor:
        y = run(rows.logsumexp, x, axis=dim, keepdims=keepdim)
        ctx.dim, ctx.keepdim = dim, keepdim
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        x, y = ctx.saved_tensors
        if torch.is_grad_enabled() or not is_ours(grad):
            grad, y = (t if ctx.keepdim else t.unsqueeze(ctx.dim) for t in (grad, y))
            return grad * (x - y).exp(), None, None
        return run(rows.logsumexp.backward, grad.to(x.dtype), x, axis=ctx.dim, keepdims=ctx.keepdim), None, None


class Gated(torch.autograd.Function):
    """A gated linear unit of the two halves of x."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, unit: Any, dim: int) -> Tensor:
        ctx.unit, ctx.dim = unit, dim
        ctx.save_for_backward(x)
        return run(unit, x, axis=dim)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        (x,) = ctx.saved_tensors
        if torch.is_grad_enabled() or not is_ours(grad):
            a, b = x.chunk(2, ctx.dim)
            f, to_b = value(b, ctx.unit.activation, ()), product(grad * a, b, ctx.unit.activation, ())
            return torch.cat([grad * f, to_b], ctx.dim), None, None
        return run(ctx.unit.backward, grad.to(x.dtype), x, axis=ctx.dim), None, None


_Apply = Callable[..., Tensor]  # bound once, which is faster
value: _Apply = Value.apply
_product: _Apply = Product.apply
_second: _Apply = Second.apply
_prelu: _Apply = PReLU.apply
_xielu: _Apply = XIELU.apply
_of_rows: _Apply = Rows.apply
_attention: _Apply = Attention.apply
_logsumexp: _Apply = LogSumExp.apply
_gated: _Apply = Gated.apply


# ---- operators for graphs ----

def _operator(name: str, schema: str, compute: Callable[..., Tensor]) -> Any:
    """Define torch.ops.fastact.NAME; the result has the shape, the dtype and, as torch has it, the strides of the argument x."""
    position = 1 if schema.startswith("Tensor grad") else 0

    def fake(*values: Any) -> Tensor:
        return torch.empty_like(values[position])

    def real(*values: Any) -> Tensor:
        made, result = fake(*values), compute(*values)
        return result if result.stride() == made.stride() else made.copy_(result)

    made = torch.library.custom_op(f"fastact::{name}", real, mutates_args=(), schema=f"({schema}) -> Tensor")
    made.register_fake(fake)
    return made


def _save(ctx: Any, inputs: Any, output: Tensor) -> None:
    tensors = [each for each in inputs if isinstance(each, Tensor)]
    ctx.others = inputs[len(tensors):]
    ctx.save_for_backward(*tensors, output)


def _value_backward(ctx: Any, grad: Tensor) -> Any:
    return _graph_backward(grad, ctx.saved_tensors[0], *ctx.others), None, None


def _second_backward(ctx: Any, grad: Tensor) -> Any:
    name, parameters = ctx.others
    return grad * _third(ctx.saved_tensors[0], activations[name].info, tuple(parameters)), None, None


def _product_backward(ctx: Any, again: Tensor) -> Any:
    grad, x, _ = ctx.saved_tensors
    to_x = None
    if ctx.needs_input_grad[1]:
        to_x = _curved(again, grad, _graph_second(x, *ctx.others), activations[ctx.others[0]].info)
    return _graph_backward(again, x, *ctx.others), to_x, None, None


def _rows_backward(ctx: Any, grad: Tensor) -> Any:
    name, dim = ctx.others
    return _ROW_GRADIENTS[name](grad, ctx.saved_tensors[1], dim) if name in _ROW_GRADIENTS else None, None, None


_graph_value = _operator("activation", "Tensor x, str name, float[] parameters",
                         lambda x, name, parameters: run(activations[name], x, *parameters))
_graph_backward = _operator("activation_backward", "Tensor grad, Tensor x, str name, float[] parameters",
                            lambda grad, x, name, parameters: run(activations[name].backward, grad.to(x.dtype), x, *parameters))
_graph_second = _operator("activation_second_derivative", "Tensor x, str name, float[] parameters",
                          lambda x, name, parameters: run(activations[name].second_derivative, x, *parameters))
_graph_rows = _operator("rows", "Tensor x, str name, int dim", lambda x, name, dim: run(rows.functions[name], x, axis=dim))
_graph_value.register_autograd(_value_backward, setup_context=_save)
_graph_backward.register_autograd(_product_backward, setup_context=_save)
_graph_second.register_autograd(_second_backward, setup_context=_save)
_graph_rows.register_autograd(_rows_backward, setup_context=_save)


# ---- by torch's operators ----

def by_torch(info: Any, x: Tensor, parameters: Tuple[float, ...], inplace: bool = False) -> Tensor:
    """The same function by torch's operators: its own where torch has it for these parameters, else the formula."""
    if is_graphed(x):
        result: Tensor = _graph_value(x.clone() if inplace else x, info.name, list(parameters))  # backward needs the input
        return x.copy_(result) if inplace else result
    values = parameters or info.defaults
    differs = info.name == "softplus" and values[0] <= 0 or info.name == "hard_sigmoid" and values != info.defaults
    if not inplace:
        return (_COMPOSED if differs else _BY_TORCH)[info.name](x, *values)
    if differs or info.name not in _IN_PLACE:
        return x.copy_(by_torch(info, x.clone(), parameters))
    return _IN_PLACE[info.name](x, *values)


def rows_by_torch(row: Any, x: Tensor, dim: int) -> Tensor:
    """A function of rows by torch's operators."""
    if is_graphed(x):
        result: Tensor = _graph_rows(x, row.name, dim)
        return result
    if row is rows.hardmax:
        return torch.zeros_like(x).scatter(dim, x.argmax(dim, keepdim=True), 1)
    if row is rows.sparsemax:  # max(x - t, 0), where the k largest numbers of a row, whose results are positive, give t
        ordered = x.sort(dim, descending=True).values
        count = torch.ones_like(x).cumsum(dim)
        excess = ordered.cumsum(dim) - 1
        k = (count * ordered > excess).sum(dim, keepdim=True)
        return torch.clamp_min(x - excess.gather(dim, k - 1) / k, 0)
    if row is rows.entmax15:  # max(x / 2 - t, 0)^2, the same
        x = (x - x.amax(dim, keepdim=True)) / 2
        ordered, count = x.sort(dim, descending=True).values, torch.ones_like(x).cumsum(dim)
        mean = ordered.cumsum(dim) / count
        spread = (ordered**2).cumsum(dim) - count * mean**2
        thresholds = mean - torch.clamp_min((1 - spread) / count, 0).sqrt()
        k = (thresholds <= ordered).sum(dim, keepdim=True)
        return torch.clamp_min(x - thresholds.gather(dim, k - 1), 0) ** 2
    return _BY_TORCH[row.name](x, dim)


def gated_by_torch(unit: Any, x: Tensor, dim: int) -> Tensor:
    """A gated linear unit by torch's operators."""
    a, b = x.chunk(2, dim)
    return a * by_torch(unit.activation.info, b, ())


def _where(condition: Tensor, a: Any, b: Any) -> Tensor:
    like = a if isinstance(a, Tensor) else b
    return torch.where(condition, a, b) if isinstance(like, Tensor) else torch.where(condition, float(a), float(b))


def _of_either(name: str) -> Callable[[Any], Any]:
    """A function of a tensor or of a number, such as a parameter."""
    of_tensor, of_number = getattr(torch, name), getattr(math, name)
    return lambda value: of_tensor(value) if isinstance(value, Tensor) else of_number(value)


_FORMULA: Dict[str, Any] = {
    **{name: _of_either(name) for name in ("exp", "expm1", "log1p", "tanh", "cosh", "sin", "cos", "sqrt", "erf", "erfc")},
    "minimum": lambda a, b: torch.where(a >= b, b, a), "maximum": lambda a, b: torch.where(a <= b, b, a),
    "abs": abs, "where": _where, "sigmoid": torch.sigmoid, "sign": torch.sign, "pi": math.pi,
}  # fmt: skip
# f(x, *parameters) or f(x, axis), and f''(x, *parameters), made once, since torch.compile cannot look into eval: from the
# registry's formulas; by torch's own functions, or the formula where torch has none; in place, where torch has that.
_COMPOSED: Dict[str, Callable[..., Tensor]] = {}
_SECOND_DERIVATIVES: Dict[str, Callable[..., Any]] = {}
_BY_TORCH: Dict[str, Callable[..., Tensor]] = {}
_IN_PLACE: Dict[str, Callable[..., Tensor]] = {}


for _entry in registry.ACTIVATIONS:
    _names = ", ".join(["x", *(p.name for p in _entry.parameters)])
    _COMPOSED[_entry.name] = eval(f"lambda {_names}: {_entry.formula}", dict(_FORMULA))
    _SECOND_DERIVATIVES[_entry.name] = eval(f"lambda {_names}: {_entry.second_derivative or '0'}", dict(_FORMULA))
    _torchs = registry.call(_entry, "torch") if _entry.name != "prelu" else None  # whose weight is a tensor there
    _BY_TORCH[_entry.name] = registry.function(_entry, "torch", torch) if _torchs else _COMPOSED[_entry.name]
    _code = getattr(getattr(nn.functional, _torchs.name, None), "__code__", None) if _torchs else None
    if _code and "inplace" in _code.co_varnames:
        _arguments = _entry.elsewhere.torch.partition("(")[2][:-1]
        _IN_PLACE[_entry.name] = eval(f"lambda {_names}: own({_arguments}, inplace=True)", {
            "own": getattr(nn.functional, _torchs.name)})
_BY_TORCH.update({row.name: registry.function(row, "torch", torch) for row in registry.ROWS})


# ---- the public functions ----

def _other(name: str, compute: Callable[..., Tensor], x: Any, *values: Any) -> Tensor:
    """The result for an x that the kernels cannot read: a call that torch.fx records, or what torch's operators compute."""
    if is_recorded(x, *values):
        recorded: Tensor = torch.overrides.handle_torch_function(FUNCTIONS[name], (x, *values), x, *values)
        return recorded
    if not isinstance(x, Tensor):
        raise TypeError(f"fastact.torch.{name} takes a torch.Tensor, got {type(x).__name__}; for arrays there is fastact.{name}")
    return compute(x, *values)


def apply(activation: Any, parameters: Tuple[float, ...], x: Tensor) -> Tensor:
    """An activation with its parameters, () for the defaults, of a tensor."""
    if not is_ours(x):
        return _other(activation.name, lambda x, *values: by_torch(activation.info, x, values), x, *parameters)
    if x.requires_grad and torch.is_grad_enabled():
        return value(x, activation, parameters)
    return run(activation, x, *parameters)


def _elementwise(activation: Any) -> Callable[..., Tensor]:
    """The function of one activation."""
    required = bool(activation.info.required)

    def function(x: Tensor, *values: Any, **named: Any) -> Tensor:
        if named.pop("inplace", False):
            return x.copy_(function(x.clone(), *values, **named))  # backward needs the input
        if values or named or required:
            return apply(*bind_parameters(f"fastact.torch.{activation.name}", activation, values, named), x)
        return apply(activation, (), x)

    parameters = [p.name if p.default is None else f"{p.name}={p.default:g}" for p in activation.info.parameters]
    function.__doc__ = f"""{activation.name}({', '.join(['x', *parameters])}): {activation.info.formula}.

    Elementwise, of a tensor; differentiable any number of times in x. Parameters are numbers. See ``fastact.{activation.name}``.
    """
    return function


def prelu(x: Tensor, weight: Any) -> Tensor:
    """x where x > 0, else weight * x.

    Parameters
    ----------
    x : Tensor
    weight : float, or Tensor of 1 element or one for each channel (dimension 1 of x)
        Its gradient is computed too.
    """
    if is_recorded(x, weight) or not isinstance(x, Tensor):
        return _other("prelu", nn.functional.prelu, x, weight)
    if not isinstance(weight, Tensor):
        return apply(*bind_parameters("fastact.torch.prelu", activations["prelu"], (weight,), {}), x)
    if weight.numel() != 1 and (x.ndim < 2 or weight.shape != x.shape[1:2]):
        raise ValueError(
            f"fastact.torch.prelu: weight of shape {tuple(weight.shape)} for x of shape {tuple(x.shape)}; "
            "expected 1 element or one for each channel"
        )
    if not is_ours(x) or not is_ours(weight) or torch.is_autocast_enabled("cpu"):
        return nn.functional.prelu(x, weight)
    if weight.numel() != 1:
        weight = weight.reshape(-1, *(1,) * (x.ndim - 2))
    return _prelu(x, weight.to(x.dtype))


def softmax(x: Tensor, dim: int = -1, mask: Any = None, temperature: float = 1.0, sink: Any = None, bias: Any = None,
            causal: bool = False) -> Tensor:
    """exp(x) / sum(exp(x)), along a dimension, with the options of ``fastact.softmax``.

    Parameters
    ----------
    x : Tensor
    dim : int
    mask : Tensor of bool, optional
        True for the elements that count; broadcast to x.
    temperature : float
    sink : float or Tensor, optional
        A logit for each row that joins its sum: of a shape that broadcasts to that of x without `dim`, or with length 1 there.
        Its gradient is computed too.
    bias : float or Tensor, optional
        Is added to x / temperature; broadcast to x. Its gradient is computed too.
    causal : bool
        Whether query i, along dimension -2, sees the keys up to i only.
    """
    if mask is None and sink is None and bias is None and causal is False and type(temperature) is float and temperature == 1:
        return _softmax(x, dim)
    if is_recorded(x, mask, sink, bias):
        options = dict(mask=mask, temperature=temperature, sink=sink, bias=bias, causal=causal)
        recorded: Tensor = torch.overrides.handle_torch_function(softmax, (x, mask, sink, bias), x, dim, **options)
        return recorded
    if not isinstance(x, Tensor):
        raise TypeError(f"fastact.torch.softmax takes a torch.Tensor, got {type(x).__name__}")
    temperature = checked_temperature("torch.softmax", temperature)
    if causal not in (True, False) or causal and (x.ndim < 2 or dim not in (-1, x.ndim - 1)):
        raise ValueError("fastact.torch.softmax: causal=True needs dim=-1 of x of shape (..., queries, keys), got "
                         f"causal={causal!r}, dim={dim} and the shape {tuple(x.shape)}")
    if isinstance(mask, Tensor) and mask.dtype is not torch.bool:
        raise TypeError(f"fastact.torch.softmax: mask must be boolean, True for what counts, got {mask.dtype}: bias= is added")
    tensors = [each for each in (x, sink, bias) if isinstance(each, Tensor)]
    dtype = functools.reduce(torch.promote_types, [each.dtype for each in tensors])
    x, sink, bias = (each.to(dtype) if isinstance(each, Tensor) else each for each in (x, sink, bias))
    if not all(is_ours(each) for each in (x, sink, bias) if isinstance(each, Tensor)) or isinstance(mask, Tensor) and (
            type(mask) not in _TYPES or not mask.is_cpu or mask.layout is not torch.strided):
        return attention_by_torch(x, sink, bias, mask, dim, temperature, causal)
    return _attention(x, sink, bias, mask, dim, temperature, causal)


def trained_xielu(x: Tensor, alpha_p: Tensor, alpha_n: Tensor, beta: Tensor, eps: Tensor) -> Tensor:
    """xielu with tensors as parameters, as a model trains them: alpha_p and alpha_n of one element, beta and eps 0-d."""
    tensors = (x, alpha_p, alpha_n, beta, eps)
    if all(map(is_ours, tensors)) and x.ndim and torch.result_type(x, alpha_p) is torch.result_type(x, alpha_n) is x.dtype:
        return _xielu(*tensors)
    return _xielu_by_torch(*tensors)


def logsumexp(x: Tensor, dim: int = -1, keepdim: bool = False) -> Tensor:
    """log(sum(exp(x))) along a dimension. See ``fastact.logsumexp``."""
    return _logsumexp(x, dim, keepdim) if is_ours(x) else _other("logsumexp", torch.logsumexp, x, dim, keepdim)


def _along_dim(own: Any, compute: Callable[..., Tensor], others: Callable[..., Tensor], formula: str) -> Callable[..., Tensor]:
    """The function of a function of rows or of a gated unit."""

    def function(x: Tensor, dim: int = -1) -> Tensor:
        return compute(x, own, dim) if is_ours(x) else _other(own.name, lambda x, dim: others(own, x, dim), x, dim)

    function.__doc__ = f"{own.name}(x, dim=-1): {formula}. See ``fastact.{own.name}``."
    return function


_softmax = _along_dim(rows.softmax, _of_rows, rows_by_torch, "")

FUNCTIONS: Dict[str, Callable[..., Tensor]] = {
    **{name: _elementwise(activation) for name, activation in activations.items()}, "prelu": prelu, "logsumexp": logsumexp,
    **{row.name: _along_dim(row, _of_rows, rows_by_torch, f"{row.info.formula}, along a dimension")
       for row in rows.functions.values() if not row.info.reduces},
    **{entry.name: _along_dim(getattr(gated_units, entry.name), _gated, gated_by_torch,
                              f"{entry.formula}, [a, b] the halves of x along a dimension") for entry in registry.GATED},
    "softmax": softmax,
}  # fmt: skip
for _name, _function in FUNCTIONS.items():
    _function.__name__ = _function.__qualname__ = _name
    _function.__module__ = "fastact.torch"  # where users find it, and pickles too
