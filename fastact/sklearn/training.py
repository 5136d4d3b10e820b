"""How the scikit-learn estimators train: epochs of sgd and adam, and L-BFGS through SciPy."""
from __future__ import annotations

from typing import Any, Optional, Tuple

import numpy as np
import scipy.optimize
import scipy.sparse
from sklearn.exceptions import ConvergenceWarning

from fastact._core.arguments import contiguous
from fastact._core.warn import warn
from fastact.nn.layers import Array
from fastact.sklearn import network as sklearn_network, solvers
from fastact.sklearn.losses import Objective
from fastact.sklearn.network import Penalised

# Rows at a time for L-BFGS, whose gradient is that of all: their activations stay in the cache.
_CHUNK = 1024

# Inputs, targets (samples, outputs), weights of the samples or None.
Data = Tuple[Any, Array, Optional[Array]]


class Sparse:
    """A sparse matrix as the input of a network, with the two products that the first layer computes."""

    def __init__(self, matrix: Any) -> None:
        self._matrix = matrix

    def __len__(self) -> int:
        return int(self._matrix.shape[0])

    @property
    def T(self) -> Sparse:
        return Sparse(self._matrix.T)

    def dot(self, dense: Array, out: Array) -> Array:
        out[...] = self._matrix @ dense
        return out


class Batches:
    """Batches of the samples, with what the objective needs."""

    def __init__(self, data: Data, objective: Objective) -> None:
        X, y, self._weights = data
        sparse = scipy.sparse.issparse(X)
        self._dtype = objective.dtype
        self._X = X.tocsr().astype(self._dtype) if sparse else contiguous(X, self._dtype)
        self._sparse, self._labels = sparse, objective.labels(y)
        self._buffers: Any = {}

    def __call__(self, rows: Any) -> Tuple[Any, Any]:
        """The samples of a slice or an array of indices, and their target for the objective."""
        labels = self._labels[rows]
        if self._sparse:
            x: Any = Sparse(self._X[rows])
        elif isinstance(rows, slice):
            x = self._X[rows]
        else:
            x = self._buffers.get(len(rows))
            if x is None:
                x = self._buffers[len(rows)] = np.empty((len(rows), self._X.shape[1]), self._dtype)
            self._X.take(rows, axis=0, out=x, mode="clip")  # without clip, NumPy fills a copy of out
        if self._weights is None:
            return x, (labels, None, float(len(labels)))
        weights = self._weights[rows]
        return x, (labels, weights, float(weights.sum()))


def epochs(model: Any, train: Data, validation: Optional[Data], objective: Objective, alpha: float, incremental: bool) -> None:
    """Train with sgd or adam; for `partial_fit` a single epoch. `alpha` is scaled as the weights are."""
    network = sklearn_network.network_of(model)
    if not incremental or not hasattr(model, "_optimizer") or not model._optimizer.attach(network):
        model._optimizer = (solvers.SGD if model.solver == "sgd" else solvers.Adam)(model, network.flat)
    if validation is not None and np.shape(model._best_parameters) != network.flat.shape:
        model._best_parameters = network.flat.copy()
    problem, batches = Penalised(network), Batches(train, objective)
    n = train[0].shape[0]
    size = _batch_size(model, n)
    order = np.arange(n)
    try:
        model.n_iter_ = 0
        for _ in range(model.max_iter):
            if model.shuffle:
                # The numbers that sklearn.utils.shuffle would draw.
                permutation = np.arange(n)
                model._random_state.shuffle(permutation)
                order = order[permutation]
            total = 0.0
            for start in range(0, n, size):
                stop = min(start + size, n)
                x, target = batches(order[start:stop] if model.shuffle else slice(start, stop))
                if target[2] == 0:
                    continue  # all weights are 0
                total += problem.backpropagate(x, target, objective, alpha) * (stop - start)
                model._optimizer.step(network.flat_grad)
            model.n_iter_ += 1
            model.t_ += n
            model.loss_ = total / n
            model.loss_curve_.append(model.loss_)
            if model.verbose:
                print(f"Iteration {model.n_iter_}, loss = {model.loss_:.8f}")
            _count_no_improvement(model, network, validation)
            model._optimizer.epoch_ends(model.t_)
            if model._no_improvement_count > model.n_iter_no_change:
                what = "Training loss" if validation is None else "Validation score"
                message = (f"{what} did not improve more than tol={model.tol:f} for "
                           f"{model.n_iter_no_change} consecutive epochs.")
                if model._optimizer.stops(message, model.verbose):
                    break
                model._no_improvement_count = 0
            if incremental:
                break
            if model.n_iter_ == model.max_iter:
                warn(f"Stochastic Optimizer: Maximum iterations ({model.max_iter}) reached and the "
                     "optimization hasn't converged yet.", ConvergenceWarning)
    except KeyboardInterrupt:
        warn("Training interrupted by user.")
    if validation is not None:
        network.flat[...] = model._best_parameters


def _batch_size(model: Any, n: int) -> int:
    if model.batch_size == "auto":
        return min(200, n)
    if model.batch_size > n:
        warn("Got `batch_size` less than 1 or larger than sample size. It is going to be clipped")
    return int(min(model.batch_size, n))


def _count_no_improvement(model: Any, network: Any, validation: Optional[Data]) -> None:
    if validation is None:
        loss, best = model.loss_, model.best_loss_
        model._no_improvement_count = model._no_improvement_count + 1 if loss > best - model.tol else 0
        model.best_loss_ = loss if loss < best else best
        return
    score, best = model._validation_score(*validation), model.best_validation_score_
    model.validation_scores_.append(score)
    if model.verbose:
        print(f"Validation score: {score:f}")
    model._no_improvement_count = model._no_improvement_count + 1 if score < best + model.tol else 0
    if score > best:
        model.best_validation_score_ = score
        model._best_parameters = network.flat.copy()


def lbfgs(model: Any, data: Data, objective: Objective, alpha: float) -> None:
    """Minimise over all samples at once, in float64, as the line search needs it."""
    network = sklearn_network.build(model, np.float64)
    problem, batches = Penalised(network), Batches(data, objective)
    n = data[0].shape[0]
    total = float(n if data[2] is None else data[2].sum())
    grad = np.empty_like(network.flat)

    def loss_and_grad(parameters: Array) -> Tuple[float, Array]:
        network.flat[...] = parameters
        grad[...], loss = 0, 0.0
        for start in range(0, n, _CHUNK):
            x, (labels, weights, _) = batches(slice(start, start + _CHUNK))
            once = alpha if start == 0 else 0.0  # the penalty counts once
            loss += problem.backpropagate(x, (labels, weights, total), objective, once)
            np.add(grad, network.flat_grad, out=grad)
        return loss, grad.copy()

    def report(intermediate_result: Any) -> None:
        print(f"loss = {intermediate_result.fun:.8f}")

    result = scipy.optimize.minimize(loss_and_grad, network.flat.copy(), method="L-BFGS-B", jac=True,
                                     options={"maxfun": model.max_fun, "maxiter": model.max_iter, "gtol": model.tol},
                                     callback=report if model.verbose else None)
    if result.status != 0:
        warn(f"lbfgs failed to converge after {result.nit} iteration(s) (status={result.status}):\n"
             f"{result.message}\n\nIncrease the number of iterations (max_iter, max_fun) to improve the "
             "convergence, or scale the data.", ConvergenceWarning)
    # SciPy may count one iteration more than it was allowed.
    model.n_iter_ = min(result.nit, model.max_iter)
    model.loss_ = float(result.fun)
    network.flat[...] = result.x
    for i, layer in enumerate(network.layers):
        model.coefs_[i] = layer.weight.astype(model.coefs_[i].dtype)
        model.intercepts_[i] = layer.bias.astype(model.intercepts_[i].dtype)
