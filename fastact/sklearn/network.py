"""The network of a scikit-learn estimator."""
from __future__ import annotations

import math
from typing import Any, List, Tuple

import numpy as np

from fastact.nn.layers import Array
from fastact.nn.network import Network
from fastact.sklearn import arguments
from fastact.sklearn.losses import Objective, Target


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
        self._is_weight = network.flat.copy()  # 1 at each weight, 0 at each bias
        network.flat[...] = parameters
        self._weights = parameters  # scratch

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
    """Weights (fan_in, fan_out) and biases (fan_out,) as scikit-learn draws them: uniform, with Glorot's limits."""
    activations = arguments.activations(model, len(sizes) - 2)
    coefs, intercepts = [], []
    for i, (n, m) in enumerate(zip(sizes, sizes[1:])):
        # scikit-learn's limits of the output layer, too, depend on the hidden activation.
        activation = activations[min(i, len(activations) - 1)][0] if activations else None
        limit = math.sqrt((2 if activation is not None and activation.name == "sigmoid" else 6) / (n + m))
        coefs.append(rng.uniform(-limit, limit, (n, m)).astype(dtype, copy=False))
        intercepts.append(rng.uniform(-limit, limit, m).astype(dtype, copy=False))
    return coefs, intercepts


def checked_sizes(model: Any) -> List[int]:
    """The sizes of the layers; ValueError if `coefs_` and `intercepts_`, which a user may replace, do not fit each other."""
    shapes = [np.shape(coef) for coef in model.coefs_]
    sizes = [model.n_features_in_, *(shape[-1] if shape else 0 for shape in shapes)]
    expected = list(zip(sizes, sizes[1:])), [(n,) for n in sizes[1:]]
    found = shapes, [np.shape(intercept) for intercept in model.intercepts_]
    if found != expected or sizes[-1] != model.n_outputs_:
        raise ValueError(
            f"{type(model).__name__}: coefs_ have the shapes {found[0]} and intercepts_ {found[1]}; they do not make a "
            f"network from {model.n_features_in_} features to {model.n_outputs_} outputs"
        )
    return sizes


def build(model: Any, dtype: Any) -> Network:
    """A network with a copy of the estimator's parameters."""
    sizes = checked_sizes(model)
    hidden = arguments.activations(model, len(sizes) - 2)
    dropout, rng = ([model.dropout] * len(hidden), model._dropout_rng) if model.dropout else ((), None)
    network = Network(sizes, [*hidden, (None, ())], np.dtype(dtype), dropout, rng=rng)
    for layer, coef, intercept in zip(network.layers, model.coefs_, model.intercepts_):
        layer.weight[...], layer.bias[...] = coef, intercept
    return network


def network_of(model: Any) -> Network:
    """The estimator's network, or a new one if it does not fit; `coefs_` and `intercepts_` become views of its arrays."""
    sizes, dtype = checked_sizes(model), model._dtype()
    made_of = sizes, dtype, arguments.activations(model, len(sizes) - 2), model.dropout
    if getattr(model, "_network", (None,))[0] != made_of:
        model._network = made_of, build(model, dtype)
    network: Network = model._network[1]
    for layer, coef, intercept in zip(network.layers, model.coefs_, model.intercepts_):
        if coef is not layer.weight:
            layer.weight[...] = coef
        if intercept is not layer.bias:
            layer.bias[...] = intercept
    model.coefs_, model.intercepts_ = ([getattr(layer, name) for layer in network.layers] for name in ("weight", "bias"))
    return network
