"""The multilayer perceptron, `MLP`, and its parts.

A training step passes through four files: `mlp` checks the arrays, `network` runs the layers forwards and backwards, `layers`
computes each layer, and the optimiser of `fastact.optimizers` updates the parameters in place. `fit` repeats steps over
epochs; `callbacks` has early stopping.

`arguments` converts and checks the arguments of `MLP`. `output_layers` has the output activation that belongs to each loss, and
wraps the loss if there are sample weights or the loss is the user's. `compiled` is inference in fixed buffers,
`serialization` saves and loads, `history_plot` draws. This folder imports `_core`, `losses`, `optimizers`, `initializers` and
`diagnostics`; methods of `MLP` import `interop` and `torch` when they are called.
"""
from fastact.nn.mlp import MLP
from fastact.nn.serialization import LoadError

__all__ = ["LoadError", "MLP"]
