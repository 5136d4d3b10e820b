"""The multilayer perceptron: `MLP` and what it consists of.

A training step: `mlp` checks the arrays, `network` runs the layers forwards and backwards, `layers` computes each layer,
and the optimiser of `fastact.optimizers` updates the parameters in place. `fit` repeats steps over epochs,
`serialization` saves and loads. This folder imports `_core`, `losses`, `optimizers`, `initializers` and `diagnostics`.
"""
from fastact.nn.mlp import MLP
from fastact.nn.serialization import LoadError

__all__ = ["LoadError", "MLP"]
