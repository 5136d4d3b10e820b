"""A regressor with scikit-learn's interface."""
from __future__ import annotations

from typing import Any, Tuple

from numpy.typing import ArrayLike
from sklearn.base import MultiOutputMixin, RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.metaestimators import available_if

from fastact.nn.layers import Array
from fastact.nn.output_layers import pairing
from fastact.sklearn.base import BaseMLP
from fastact.sklearn.losses import chosen


class MLPRegressor(RegressorMixin, MultiOutputMixin, BaseMLP):  # type: ignore[misc]
    """Multilayer perceptron for real outputs; `sklearn.neural_network.MLPRegressor` on fastact's kernels.

    With the same parameters and ``random_state`` its training steps are scikit-learn's, except for rounding.

    Parameters
    ----------
    loss : {"squared_error", "poisson"}, a name or member of `fastact.losses`, or (one of these, dict of options)
        Half the squared error, or half the Poisson deviance of ``exp(output)``. "absolute_error" and
        "huber" are accepted for "l1_loss" and "huber_loss", as are the short names of `fastact.MLP`;
        those of fastact are summed over the outputs. With "poisson_nll_loss", too, `predict` gives means.
    hidden_layer_sizes, activation, solver, alpha, batch_size, learning_rate, learning_rate_init
        This and all that follows as for `MLPClassifier`.
    power_t, max_iter, shuffle, random_state, tol, verbose, warm_start, momentum, nesterovs_momentum
    early_stopping, validation_fraction, beta_1, beta_2, epsilon, n_iter_no_change, max_fun, dropout

    Attributes
    ----------
    coefs_, intercepts_ : list of ndarray
        Weights (fan_in, fan_out) and biases (fan_out,) of every layer.
    validation_scores_, best_validation_score_ : list of float, float
        R2 scores with early stopping, else None.
    out_activation_ : {"identity", "exp"}
        "exp" for "poisson" and "poisson_nll_loss".
    loss_, best_loss_, loss_curve_, n_iter_, t_, n_layers_, n_outputs_, n_features_in_, feature_names_in_
        As for `MLPClassifier`.
    """

    __module__ = "fastact.sklearn"  # where users find it, and pickles too

    def __init__(self, loss: Any = "squared_error", hidden_layer_sizes: Any = (100,), activation: Any = "relu", *,
                 solver: str = "adam", alpha: float = 0.0001, batch_size: Any = "auto", learning_rate: str = "constant",
                 learning_rate_init: float = 0.001, power_t: float = 0.5, max_iter: int = 200, shuffle: bool = True,
                 random_state: Any = None, tol: float = 1e-4, verbose: Any = False, warm_start: bool = False,
                 momentum: float = 0.9, nesterovs_momentum: bool = True, early_stopping: bool = False,
                 validation_fraction: float = 0.1, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-8,
                 n_iter_no_change: Any = 10, max_fun: int = 15000, dropout: float = 0.0) -> None:
        self._keep(locals())

    @available_if(lambda model: model._offers_partial_fit())
    def partial_fit(self, X: Any, y: ArrayLike, sample_weight: Any = None) -> MLPRegressor:
        """Train for one epoch over a part of the data; parameters, result and errors as for `fit`."""
        return self._fit(X, y, sample_weight, incremental=True)

    def _predict(self, X: Any) -> Array:
        output = self._forward(X)
        return output.ravel() if output.shape[1] == 1 else output

    def _score(self, y: Array, predicted: Array, weights: Any) -> float:
        return r2_score(y, predicted, sample_weight=weights)

    def _output(self) -> str:
        loss = chosen(type(self).__name__, self.loss, False)  # None for "squared_error" and "poisson"
        counts = pairing(loss).means is not None if loss is not None else self.loss == "poisson"
        return "exp" if counts else "identity"

    def _validate_input(self, X: Any, y: Any, incremental: bool, reset: bool) -> Tuple[Any, Array]:
        return self._validated(X, y, reset, y_numeric=True)
