"""fastact's activations for JAX on the CPU: values and derivatives by our kernels, under every transformation.

    import fastact.jax as fj
    y = fj.gelu(x)                            # JAX arrays in and out; parameters are static numbers
    dx = jax.grad(lambda x: fj.elu(x, alpha=0.5).sum())(x)
    p = jax.jit(jax.vmap(fj.softmax))(x)

Every activation of `fastact.activations` is here under its name and its aliases, and ``softmax`` and ``log_softmax``
with ``axis=`` (softmax with ``mask=``, ``temperature=``, ``sink=``, ``bias=`` and ``causal=``, too), for float16,
bfloat16, float32 and float64 and under jit, grad, jvp, vmap, jacfwd, jacrev and hessian.
Values, gradients (the fused backward passes) and second derivatives are those of `fastact`, bit for bit; third derivatives
and those beyond are XLA's, of the formula of the second. The defaults are fastact's: `gelu` is exact unless
``approximate="tanh"``, or True as in jax.nn, where that is the default.

XLA calls the kernels through `jax.ffi`, on the CPU only. Nothing is copied, but XLA cannot fuse them with the operations
around them, and a call takes 4 us more than a fused function: they are faster from some thousand elements on.
Needs JAX 0.5: ``pip install "fastact[jax]"``.

In this folder `ffi` makes a kernel callable by XLA, without anything compiled, and `linear` has the primitive whose
transpose is a backward pass. The functions themselves are made here.
"""
from __future__ import annotations

import functools
import math
from inspect import Parameter, Signature
from typing import Any, Callable, List, Tuple

from fastact import registry
from fastact._core import rows
from fastact._core.activation import activations
from fastact._core.activation_arguments import bind_parameters
from fastact._core.arguments import checked_temperature
from fastact.jax import ffi  # before jax, for its error where there is no JAX
from fastact.jax.linear import Linear

import jax
import jax.numpy as jnp

__all__ = ["log_softmax", "softmax"]
Values = Tuple[float, ...]

_FLOATS = ("float16", "bfloat16", "float32", "float64")


def _array(name: str, x: Any) -> jax.Array:
    """x in a dtype that the kernels have: integers become JAX's default float, as in jnp.tanh."""
    if not isinstance(x, jax.Array):
        try:
            x = jnp.asarray(x)
        except (TypeError, ValueError) as error:
            raise TypeError(f"fastact.jax.{name} takes an array of numbers, got {type(x).__name__}") from error
    if x.dtype.name not in _FLOATS:
        if not (jnp.issubdtype(x.dtype, jnp.integer) or x.dtype == bool):
            raise TypeError(f"fastact.jax.{name} takes {', '.join(_FLOATS)} or integers, got {x.dtype.name}")
        x = x.astype(float)
    return x


# What formulas call: see `registry.FUNCTIONS`.
_FORMULA = {
    **{name: getattr(jnp, name) for name in ("exp", "expm1", "log1p", "tanh", "cosh", "sin", "cos", "sqrt", "abs", "sign",
                                             "minimum", "maximum", "where")},
    "sigmoid": jax.nn.sigmoid, "erf": jax.scipy.special.erf, "erfc": jax.scipy.special.erfc, "pi": math.pi,
}


def _third(x: jax.Array, info: Any, values: Values) -> jax.Array:
    """f'''(x) by XLA, from the formula of f''. Where the formula overflows far out, the result is 0, the limit."""
    names = ", ".join(["x", *(p.name for p in info.parameters)])
    formula = eval(f"lambda {names}: 0 * x + ({info.second_derivative})", dict(_FORMULA))

    def slope(x: jax.Array) -> jax.Array:
        found: jax.Array = jax.jvp(lambda x: formula(x, *(values or info.defaults)), (x,), (jnp.ones_like(x),))[1]
        return found

    wide = x.astype(jnp.promote_types(x.dtype, jnp.float32))
    lost = jnp.isnan(slope(wide)) & ~jnp.isnan(wide)
    return jnp.where(lost, 0, slope(jnp.where(lost, 0, wide))).astype(x.dtype)


def _form(activation: Any, form: str, values: Values) -> Callable[..., Any]:
    """A form of an activation as a function of JAX's arrays."""
    own = activation if form == "value" else getattr(activation, form)
    name = ".".join(["fastact", activation.name, form]) + "".join(f"_{value!r}" for value in values)
    return functools.partial(ffi.call, name, lambda *arrays, out: own(*arrays, *values, out=out))


@functools.cache
def _function(activation: Any, values: Values) -> Callable[[jax.Array], jax.Array]:
    """f of x alone, with its derivatives."""
    value = jax.custom_jvp(_form(activation, "value", values))
    second = jax.custom_jvp(_form(activation, "second_derivative", values))

    def bend(dx: Any, t: Any, x: Any) -> Any:
        curve = second(x)
        if activation.info.masks_second_gradient:  # where a selection makes f'' 0, the result is 0 for every t and dx
            dx, t = jnp.where(curve == 0, 0, dx), jnp.where(curve == 0, 0, t)
        return t * curve * dx

    product = Linear(_form(activation, "backward", values), bend)

    @value.defjvp
    def _(primals: Any, tangents: Any) -> Any:
        return value(*primals), product(*tangents, *primals)

    @second.defjvp
    def _(primals: Any, tangents: Any) -> Any:
        return second(*primals), tangents[0] * _third(*primals, activation.info, values)

    return jax.jit(value)


def _elementwise(activation: Any) -> Callable[..., jax.Array]:
    """The function of one activation."""
    info, kind = activation.info, Parameter.POSITIONAL_OR_KEYWORD
    named = [Parameter(p.name, kind, default=Parameter.empty if p.default is None else p.default) for p in info.parameters]
    if info.approximate:
        named.append(Parameter("approximate", Parameter.KEYWORD_ONLY, default=info.approximate[0][0]))
    plain = None if info.required else _function(activation, ())

    def function(x: Any, /, *values: Any, **keywords: Any) -> jax.Array:
        if plain is not None and not values and not keywords:
            return plain(_array(info.name, x))
        if isinstance(keywords.get("approximate"), bool):
            keywords["approximate"] = "tanh" if keywords["approximate"] else "none"
        bound = bind_parameters(f"fastact.jax.{info.name}", activation, values, keywords,
                                "a number that is known before the function is traced")
        return _function(*bound)(_array(info.name, x))

    function.__name__ = function.__qualname__ = info.name
    function.__signature__ = Signature([Parameter("x", Parameter.POSITIONAL_ONLY), *named])  # type: ignore[attr-defined]
    function.__doc__ = f"""{info.name}{function.__signature__}: {info.formula}.

    Elementwise, of an array; differentiable any number of times in x. Parameters are numbers. See ``fastact.{info.name}``.
    """
    return function


@functools.cache
def _attention(axes: Tuple[int, ...], temperature: float, causal: bool, given: Tuple[str, ...]) -> Callable[..., jax.Array]:
    """softmax of the options that are given, and x, in the shape of x; a sink has one number for each row."""
    own, name = rows.softmax, f"fastact.softmax{axes}_{temperature!r}_{causal}_{'_'.join(given)}"
    options = dict(axis=axes, temperature=temperature, causal=causal)
    total = functools.partial(jnp.sum, axis=axes, keepdims=True)
    value = jax.custom_jvp(functools.partial(
        ffi.call, name, lambda *arrays, out: own(arrays[-1], **dict(zip(given, arrays)), **options, out=out)))
    back = functools.partial(ffi.call, f"fastact.softmax.backward{axes}_{temperature!r}", lambda grad, y, out:
                             own.backward_from_output(grad, y, axis=axes, temperature=temperature, out=out))
    product = Linear(back, lambda dy, t, y: (dy * (t - total(y * t)) - y * total(dy * t)) / temperature)

    @value.defjvp
    def _(primals: Any, tangents: Any) -> Any:
        y, by_name, x = value(*primals), dict(zip(given, tangents)), primals[-1]
        others = dict(zip(given, primals))
        # y is exp(z) / (exp(sink) + sum(exp(z))), z = x / temperature + bias: a step of the sink is one of all z, negative
        dz = tangents[-1] + temperature * (by_name.get("bias", 0) - by_name.get("sink", 0))
        inside = jnp.tri(*x.shape[-2:], dtype=bool) if causal else True
        inside = inside & others.get("mask", True) & (others["bias"] > -jnp.inf if "bias" in others else True)
        if inside is True:
            return y, product(dz, y)
        return y, jnp.where(inside, product(jnp.where(inside, dz, 0), y), 0)

    return jax.jit(value)


@functools.cache
def _row_function(name: str, axes: Tuple[int, ...]) -> Callable[[jax.Array], jax.Array]:
    """softmax or log_softmax along axes counted from the end, since vmap adds an axis in front."""
    own: Any = rows.functions[name]
    total = functools.partial(jnp.sum, axis=axes, keepdims=True)
    value = jax.custom_jvp(functools.partial(
        ffi.call, f"fastact.{name}{axes}", lambda x, out: own(x, axis=axes, out=out)))
    back = functools.partial(
        ffi.call, f"fastact.{name}.backward{axes}",
        lambda grad, y, out: own.backward_from_output(grad, y, axis=axes, out=out))
    if name == "softmax":  # its matrix of derivatives is symmetric
        product = Linear(back, lambda dy, t, y: dy * (t - total(y * t)) - y * total(dy * t))
    else:
        gradient = Linear(back, lambda dy, grad, y: -dy * jnp.exp(y) * total(grad))
        product = Linear(
            lambda t, y: t - total(jnp.exp(y) * t), lambda dy, t, y: dy * 0 - total(dy * jnp.exp(y) * t), gradient)
        gradient.transpose = product

    @value.defjvp
    def _(primals: Any, tangents: Any) -> Any:
        y = value(*primals)
        return y, product(*tangents, y)

    return jax.jit(value)


def _axes(name: str, x: jax.Array, axis: Any) -> Tuple[int, ...]:
    """The axes, counted from the end."""
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, (tuple, list)) else (axis,)
    for k in axes:
        if not isinstance(k, int) or not -x.ndim <= k < x.ndim:
            raise ValueError(f"fastact.jax.{name}: axis {axis!r} is out of bounds for an array of {x.ndim} dimensions")
    return tuple(sorted({k % x.ndim - x.ndim for k in axes}))


def softmax(x: Any, axis: Any = -1, mask: Any = None, temperature: float = 1.0, sink: Any = None, bias: Any = None,
            causal: bool = False) -> jax.Array:
    """exp(x) / sum(exp(x)) along an axis, several, or all (None); differentiable any number of times in x, sink and bias.

    temperature is a number. The other options and their shapes are those of ``fastact.softmax``.
    """
    x = _array("softmax", x)
    axes = _axes("softmax", x, axis)
    temperature = checked_temperature("jax.softmax", temperature)
    if mask is None and sink is None and bias is None and temperature == 1 and causal is False:
        return _row_function("softmax", axes)(x)
    if causal not in (True, False) or causal and (axes != (-1,) or x.ndim < 2):
        raise ValueError("fastact.jax.softmax: causal=True needs axis=-1 of x of shape (..., queries, keys), got causal="
                         f"{causal!r} and axes {axes} of shape {x.shape}")
    options = {}
    for name, value in (("mask", mask), ("sink", sink), ("bias", bias)):
        if value is None:
            continue
        array = jnp.asarray(value)
        if (array.dtype == bool) != (name == "mask"):
            raise TypeError(f"fastact.jax.softmax: {name} of dtype {array.dtype}: mask is boolean, True for what counts, "
                            "sink and bias are numbers")
        shape = x.shape if name != "sink" else tuple(1 if k - x.ndim in axes else n for k, n in enumerate(x.shape))
        if name == "sink" and array.ndim + len(axes) <= x.ndim:  # without the axes
            array = array.reshape((1,) * (x.ndim - len(axes) - array.ndim) + array.shape)
            array = jnp.expand_dims(array, axes)
        try:
            options[name] = jnp.broadcast_to(array, shape)
        except ValueError:
            raise ValueError(f"fastact.jax.softmax: {name} of shape {jnp.shape(value)} does not broadcast to {shape}") from None
    numbers = [value for name, value in (("sink", sink), ("bias", bias)) if value is not None]
    dtype = jnp.result_type(x, *numbers)
    arrays = [array if name == "mask" else array.astype(dtype) for name, array in options.items()]
    return _attention(axes, temperature, bool(causal), tuple(options))(*arrays, x.astype(dtype))


def log_softmax(x: Any, axis: Any = -1) -> jax.Array:
    """x - log(sum(exp(x))) along an axis, several, or all (None), as `softmax`. See ``fastact.log_softmax``."""
    x = _array("log_softmax", x)
    return _row_function("log_softmax", _axes("log_softmax", x, axis))(x)


for _name, _activation in activations.items():
    _names = (_name, *(alias for alias, name in registry.aliases().items() if name == _name))
    globals().update(dict.fromkeys(_names, _elementwise(_activation)))
    __all__ += _names


def __getattr__(name: str) -> Any:  # for type checkers: the functions above are made by a loop
    raise AttributeError(f"module 'fastact.jax' has no attribute {name!r}")


def __dir__() -> List[str]:
    return __all__
