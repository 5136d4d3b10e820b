"""The network of a scikit-learn estimator."""
from __future__ import annotations

import math
from typing import Any, List, Tuple

import numpy as np

from fastact import sklearn_arguments as arguments
from fastact.layers import Array
from fastact.network import Network
from fastact.sklearn_losses import Objective, Target


class Penalised:
    """A network and its loss with the penalty of the weights (not the biases), by scikit-learn's definition.

    The network's own `l2` would raise where the penalty overflows.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        parameters = network.flat.copy()
        network.flat[...] = 0
        for layer in network.layers:
            layer.weight[...] = 1
        self._is_weight = network.flat.copy()
        network.flat[...] = parameters
        self._weights = parameters

    def backpropagate(self, x: Any, target: Target, objective: Objective, alpha: float) -> float:
        """The loss of a batch; its gradient is left in the network."""
        network, total, penalty = self.network, target[2], 0.0
        network.backpropagate(x, target, objective)
        if alpha:
            weights = np.multiply(network.flat, self._is_weight, out=self._weights)
            penalty = 0.5 * alpha * float(weights.dot(weights)) / total
            weights *= alpha / total
            np.add(network.flat_grad, weights, out=network.flat_grad)
        return objective.value + penalty


def initial(model: Any, sizes: List[int], rng: np.random.RandomState, dtype: Any) -> Tuple[List[Array], List[Array]]:
    """Weights and biases as scikit-learn draws them: uniform, with Glorot's bound."""
    activations = arguments.activations(model, len(sizes) - 2)
    coefs, intercepts = [], []
    for i, (n, m) in enumerate(zip(sizes, sizes[1:])):
        # scikit-learn's bound of the output layer, too, depends on the hidden activation.
        activation = activations[min(i, len(activations) - 1)][0] if activations else None
        factor = 2 if activation is not None and activation.name == "sigmoid" else 6
        bound = math.sqrt(factor / (n + m))
        coefs.append(rng.uniform(-bound, bound, (n, m)).astype(dtype, copy=False))
        intercepts.append(rng.uniform(-bound, bound, m).astype(dtype, copy=False))
    return coefs, intercepts


def build(model: Any, dtype: Any) -> Network:
    """A network with a copy of the estimator's parameters."""
    sizes = [len(model.coefs_[0]), *(coef.shape[1] for coef in model.coefs_)]
    hidden = arguments.activations(model, len(sizes) - 2)
    dropout, rng = ([model.dropout] * len(hidden), model._dropout_rng) if model.dropout else ((), None)
    network = Network(sizes, [*hidden, (None, ())], np.dtype(dtype), dropout, rng=rng)
    for layer, coef, intercept in zip(network.layers, model.coefs_, model.intercepts_):
        layer.weight[...], layer.bias[...] = coef, intercept
    return network


def bound(model: Any) -> Network:
    """The estimator's network, made where there is none that fits; `coefs_` and `intercepts_` become its views."""
    shapes, dtype = [coef.shape for coef in model.coefs_], model._dtype()
    made_of = shapes, dtype, arguments.activations(model, len(shapes) - 1), model.dropout
    if getattr(model, "_network", (None,))[0] != made_of:
        model._network = made_of, build(model, dtype)
    network: Network = model._network[1]
    for i, layer in enumerate(network.layers):
        if model.coefs_[i] is not layer.weight:
            layer.weight[...] = model.coefs_[i]
            model.coefs_[i] = layer.weight
        if model.intercepts_[i] is not layer.bias:
            layer.bias[...] = model.intercepts_[i]
            model.intercepts_[i] = layer.bias
    return network
