"""fastact: neural-network activation functions for CPUs, with NumPy's API.

Each activation is callable like a ufunc and carries its other forms: ``fa.silu(x)``,
``fa.silu.derivative(x)``, ``fa.silu.backward(grad, x)``, ``fa.silu.value_and_derivative(x)``.
"""
import sys
from importlib import import_module

from fastact import registry
from fastact._core import moved

try:
    from fastact._core.activation import Activation, activations, _aliases
except ModuleNotFoundError as error:
    if error.name != "fastact._core.activation":
        raise
    raise ImportError(f"fastact is not built in {__path__[0]}, where Python finds it first: run Python in a folder without the "
                      "sources, or build it there by pip install -e .") from None
from fastact._core.gated import geglu, glu, reglu, swiglu
from fastact._core.gumbel import gumbel_softmax
from fastact._core.result_memory import empty_cache
from fastact._core.rows import entmax15, hardmax, log_softmax, logsumexp, softmax, softmin, sparsemax
from fastact.config import (get_include, get_library_dir, get_num_threads, isa, num_threads, set_num_threads,
                            show_config)

__version__ = "0.1.0"

moved.enable()
globals().update(activations)
globals().update({alias: activations[name] for alias, name in _aliases.items()})
_LAZY = {  # imported when first asked for
    "MLP": "fastact.nn.mlp",
    "Pipeline": "fastact._core.binding",
    "callbacks": "fastact.nn.callbacks",
    **{name: f"fastact.{name}" for name in ("diagnostics", "initializers", "kernels", "losses", "optimizers")},
    "plot": "fastact.guide.plotting",
    "recommend": "fastact.guide.recommend",
}

__all__ = [*activations, *_aliases, "entmax15", "geglu", "get", "glu", "gumbel_softmax", "hardmax", "log_softmax", "logsumexp",
           "reglu", "softmax", "softmin", "sparsemax", "swiglu", "Activation", "MLP", "Pipeline", "activations", "callbacks",
           "diagnostics", "empty_cache", "get_include", "get_library_dir", "get_num_threads", "initializers", "isa", "losses",
           "num_threads", "optimizers", "plot", "recommend", "set_num_threads", "show_config"]


def get(name):
    """The function that a name stands for in any library.

    Parameters
    ----------
    name : str or Activation
        One of ours or an alias, or what torch ("LeakyReLU", "hardswish"), Hugging Face ("gelu_new", "XIELUActivation"), timm,
        Keras, JAX, ONNX ("HardSwish") or SciPy call it. Case, "_", "-" and " " do not matter. An Activation is returned as it is.

    Returns
    -------
    Activation, or a function of rows or gated linear unit such as `softmax` and `swiglu`
        Its parameters have our defaults, also where the library has others: the slope of ``get("HardSigmoid")`` is 1/6, that
        of ONNX 0.2. ``get(name).info.elsewhere.defaults`` lists the library's defaults. A name that is ours too keeps our
        meaning: "gelu" is the formula with erf; JAX's default is `gelu_tanh`.

    Raises
    ------
    TypeError
        If ``name`` is neither a str nor an Activation.
    ValueError
        If the name is unknown; the message suggests the nearest ones.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.get("gelu_new") is fa.gelu_tanh and fa.get("LogSoftmax") is fa.log_softmax
    True
    """
    if isinstance(name, Activation):
        return name
    if not isinstance(name, str):
        raise TypeError(f"fastact.get takes a name or an Activation, got {type(name).__name__}")
    if registry.bare_name(name) == "gumbelsoftmax":  # random, and so no entry of the registry
        return gumbel_softmax
    return globals()[registry.find(name).name]


def __getattr__(name):
    if name in ("jax", "numba", "sklearn", "torch"):  # not in dir(): a tool that reads every name would import them
        return import_module(f"fastact.{name}")
    if name not in _LAZY:
        raise AttributeError(f"module 'fastact' has no attribute {name!r}", name=name, obj=sys.modules[__name__])
    module = import_module(_LAZY[name])
    value = globals()[name] = getattr(module, name, module)
    return value


def __dir__():
    return sorted([*__all__, "__version__"])
