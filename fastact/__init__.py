"""fastact: neural-network activation functions for CPUs, with NumPy's API.

Each activation is callable like a ufunc and carries its other forms: ``fa.silu(x)``,
``fa.silu.derivative(x)``, ``fa.silu.backward(grad, x)``, ``fa.silu.value_and_derivative(x)``.
"""
from fastact.activations import Activation, activations, _aliases
from fastact.config import (get_include, get_num_threads, isa, num_threads, set_num_threads,
                            show_config)
from fastact.rows import softmax
from fastact import initializers, losses, optimizers
from fastact.mlp import MLP

__version__ = "0.1.0"

globals().update(activations)
globals().update({alias: activations[name] for alias, name in _aliases.items()})

__all__ = [*activations, *_aliases, "softmax", "Activation", "MLP", "activations", "get_include", "get_num_threads",
           "initializers", "isa", "losses", "num_threads", "optimizers", "set_num_threads", "show_config"]
