"""The multilayer perceptron: `MLP` and what it consists of.

A training step is read in four files: `mlp` checks the arrays, `network` runs the layers forwards and backwards, `layers`
computes each of them, and the optimiser of `fastact.optimizers` updates the parameters in place. `fit` repeats steps over
epochs; `callbacks` has early stopping.

With sample weights, or a loss of the user's, `output_layers` wraps the loss.

`arguments` says what the arguments of `MLP` mean, `output_layers` how a network ends for each loss. `compiled` is
inference in fixed buffers, `serialization` saves and loads, `history_plot` draws. This folder imports `_core`, `losses`,
`optimizers`, `initializers` and `diagnostics`; methods of `MLP` import `interop` and `torch` when they are called.
"""
from fastact.nn.mlp import MLP
from fastact.nn.serialization import LoadError

__all__ = ["LoadError", "MLP"]
