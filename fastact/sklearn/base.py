"""The base class of the scikit-learn estimators: `fit`, the forward pass, `predict`, and the checks of data."""
from __future__ import annotations

import copy
from typing import Any, Dict, List, Optional, Tuple

import numpy as np
import scipy.sparse
from sklearn.base import BaseEstimator, is_classifier
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from fastact._core.activation import lookup
from fastact._core.array_like import refuse_masked
from fastact._core.rows import softmax
from fastact.nn.layers import Array, Dense
from fastact.nn.network import CHUNK, in_chunks
from fastact.sklearn import arguments
from fastact.sklearn import network as sklearn_network, training as sklearn_training
from fastact.sklearn.losses import Objective, objective
from fastact.sklearn.training import Data

_OUTPUT = {"softmax": softmax, "logistic": lookup("sigmoid"), "exp": np.exp}  # by the name in out_activation_


class BaseMLP(BaseEstimator):  # type: ignore[misc]
    """Base of `MLPClassifier` and `MLPRegressor`, which define the outputs, the score, and what predictions mean."""

    out_activation_: str
    coefs_: List[Array]
    intercepts_: List[Array]

    def _keep(self, parameters: Dict[str, Any]) -> None:
        """Store the arguments of ``__init__``."""
        self.__dict__.update((key, value) for key, value in parameters.items() if key != "self")

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Train on data, from new parameters unless ``warm_start=True``.

        Parameters
        ----------
        X : array_like or sparse matrix, shape (samples, features)
            adam and sgd compute float32 in float32; any other dtype becomes float64.
        y : array_like, shape (samples,) or (samples, outputs)
            Class labels, or rows of 0 and 1 for several labels a sample; real numbers for regression.
        sample_weight : array_like, shape (samples,), optional

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a parameter, a shape or a value does not fit; nothing has changed then. Also if training has led to
            parameters that are infinite or NaN.
        """
        return self._fit(X, y, sample_weight)

    def predict(self, X: Any) -> Array:
        """The predictions for samples: classes or values.

        Parameters
        ----------
        X : array_like or sparse matrix, shape (samples, features)

        Returns
        -------
        ndarray, shape (samples,) or, for several labels or values a sample, (samples, outputs)
        """
        return self._predict(self._checked(X))

    def _fit(self, X: Any, y: Any, sample_weight: Any, incremental: bool = False, classes: Any = None) -> Any:
        before = dict(vars(self))
        try:
            train, validation, minimised, alpha = self._prepare(X, y, sample_weight, incremental, classes)
        except BaseException:
            self.__dict__.clear()
            self.__dict__.update(before)
            raise
        with np.errstate(over="ignore", invalid="ignore"):  # the parameters show what has overflowed
            if self.solver == "lbfgs":
                sklearn_training.lbfgs(self, train, minimised, alpha)
            else:
                sklearn_training.epochs(self, train, validation, minimised, alpha, incremental)
        if not all(np.isfinite(array).all() for array in [*self.coefs_, *self.intercepts_]):
            raise ValueError("Solver produced non-finite parameter weights. The input data may contain large values and need "
                             "to be preprocessed.")
        return self

    def _prepare(
        self, X: Any, y: Any, sample_weight: Any, incremental: bool, classes: Any
    ) -> Tuple[Data, Optional[Data], Objective, float]:
        """Check everything, and set what training starts from.

        Returns
        -------
        train, validation : Data
            validation is None without early stopping.
        minimised : Objective
        alpha : float
            The penalty, scaled as the weights of the samples are.
        """
        arguments.check(self)
        if incremental and self.early_stopping:
            raise ValueError("partial_fit does not support early_stopping=True")
        sizes = arguments.hidden_sizes(self)
        arguments.activations(self, len(sizes), sizes)
        first = not hasattr(self, "coefs_") or not (self.warm_start or incremental)
        if classes is not None:
            self._set_classes(classes, y)
        X, y = self._validate_input(X, y, incremental, first)
        refuse_masked(type(self).__name__, sample_weight=sample_weight)
        weights, alpha = None, self.alpha
        if sample_weight is not None:
            weights = _check_sample_weight(sample_weight, X)
            # A power of two, so that no sum overflows. The penalty is divided by the sum of the weights.
            exponent = np.frexp(np.abs(weights).max())[1]
            with np.errstate(over="ignore"):
                weights, alpha = np.ldexp(weights, -exponent), float(np.ldexp(alpha, -exponent))
        y = y.reshape(-1, 1) if y.ndim == 1 else y
        outputs = y.shape[1]
        if not first and outputs != self.coefs_[-1].shape[1]:
            raise ValueError(f"{type(self).__name__}: y has {outputs} outputs, but the network trained so far "
                             f"{self.coefs_[-1].shape[1]}")
        out = self._output() if first else self.out_activation_
        dtype = np.float64 if self.solver == "lbfgs" else X.dtype if first else self._dtype()
        minimised = objective(type(self).__name__, self.loss, out, dtype)
        minimised.check(y)
        self.n_outputs_ = outputs
        self._random_state = check_random_state(self.random_state)
        if first:
            self._initialize([X.shape[1], *sizes, outputs], X.dtype, out)
        if self.dropout and not hasattr(self, "_dropout_rng"):
            self._dropout_rng = np.random.default_rng(self._random_state.randint(2**31))
        train, validation = (X, y, weights), None
        if self.solver != "lbfgs":
            self._start_history(first)
            if self.early_stopping:
                train, validation = self._split(X, y, weights)
        return train, validation, minimised, alpha

    def _initialize(self, sizes: List[int], dtype: Any, out_activation: str) -> None:
        """Set the initial state of a first fit."""
        self.n_iter_ = self.t_ = 0
        self.n_layers_ = len(sizes)
        self.out_activation_ = out_activation
        self.coefs_, self.intercepts_ = sklearn_network.initial(self, sizes, self._random_state, dtype)
        self._best_parameters: Optional[Array] = None
        for name in ("_dropout_rng", "_network", "_optimizer"):  # the arrays of an earlier fit stay as they are
            self.__dict__.pop(name, None)

    def _start_history(self, first: bool) -> None:
        """The record of the epochs' scores; it continues unless the solver or early stopping is new."""
        stopping = self.early_stopping
        if first or not hasattr(self, "loss_curve_"):
            self.loss_curve_: List[float] = []
            self._no_improvement_count = 0
        elif getattr(self, "best_validation_score_" if stopping else "best_loss_") is not None:
            return
        self.validation_scores_: Optional[List[float]] = [] if stopping else None
        self.best_validation_score_ = -np.inf if stopping else None
        self.best_loss_ = None if stopping else np.inf

    def _split(self, X: Any, y: Array, weights: Optional[Array]) -> Tuple[Any, Any]:
        """Samples to train with, and samples to validate."""
        # As in scikit-learn, classes keep their shares only where there is one output.
        stratify = y if is_classifier(self) and self.n_outputs_ == 1 else None
        arrays = (X, y) if weights is None else (X, y, weights)
        parts = train_test_split(*arrays, random_state=self._random_state, test_size=self.validation_fraction, stratify=stratify)
        train, validation = parts[::2], parts[1::2]
        if validation[0].shape[0] < 2:
            raise ValueError("The validation set is too small. Increase 'validation_fraction' or the size of your dataset.")
        if weights is not None and not (train[2].any() and validation[2].any()):
            raise ValueError(
                f"{type(self).__name__}: early_stopping leaves one part of the data without a sample whose sample_weight is "
                "not 0; leave such samples out, or choose another validation_fraction or random_state"
            )
        return (*train, None)[:3], (*validation, None)[:3]

    def _validation_score(self, X: Any, y: Array, weights: Optional[Array]) -> float:
        """The score of samples kept apart; NaN where predictions are."""
        predicted = self._predict(X)
        if predicted.dtype.kind == "f" and not np.isfinite(predicted).all():
            return float("nan")
        return float(self._score(y, predicted, weights))

    def _dtype(self) -> Any:
        return np.float32 if np.asarray(self.coefs_[0]).dtype == np.float32 else np.float64

    def _forward(self, X: Any) -> Array:
        """The outputs (samples, outputs) of validated inputs (samples, features), with their activation."""
        if X.shape[0] > CHUNK:
            return in_chunks(self._forward, X.tocsr() if scipy.sparse.issparse(X) else X)
        h: Array = X.astype(self._dtype(), copy=False)
        each = [*arguments.activations(self, len(self.coefs_) - 1), (None, ())]
        for coef, intercept, (activation, parameters) in zip(self.coefs_, self.intercepts_, each):
            layer = Dense(coef, None, intercept, None, activation, parameters)
            h = layer.finish(np.ascontiguousarray(h @ coef))  # (samples, fan_in) @ (fan_in, fan_out)
        if self.out_activation_ in _OUTPUT:
            _OUTPUT[self.out_activation_](h, out=h)
        return h

    def to_onnx(self, file: Any, opset: Optional[int] = None) -> None:
        """Write the fitted model as an ONNX model; needs ``pip install "fastact[onnx]"``.

        Its input is ``X`` (samples, features), of the dtype of `coefs_`: float32 after a fit with float32.
        The outputs have the names and shapes that skl2onnx gives with ``zipmap=False``: of a classifier
        ``label`` (samples,), or (samples, classes) for several labels a sample, and ``probabilities``
        (samples, classes), as of `predict` and `predict_proba`; of a regressor ``variable`` (samples, outputs).

        Parameters
        ----------
        file : path or file open for writing bytes
        opset : int, optional
            As of `fastact.MLP.to_onnx`.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before a fit.
        ValueError
            If onnx does not have the opset, or an activation needs a newer one.
        ImportError
            If onnx is not installed.
        """
        from fastact.interop import onnx

        check_is_fitted(self)
        onnx.export_estimator(self, file, opset)

    def _checked(self, X: Any) -> Any:
        check_is_fitted(self)
        refuse_masked(type(self).__name__, X=X)
        return validate_data(self, X, accept_sparse=["csr", "csc"], reset=False)

    def _validated(self, X: Any, y: Any, reset: bool, **options: Any) -> Tuple[Any, Array]:
        refuse_masked(type(self).__name__, X=X, y=y)
        X, y = validate_data(
            self, X, y, accept_sparse=["csr", "csc"], multi_output=True, dtype=(np.float64, np.float32), reset=reset,
            **options,
        )
        return X, column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y

    def _offers_partial_fit(self) -> bool:
        if self.solver not in arguments.STOCHASTIC:
            raise AttributeError(f"partial_fit is only available for stochastic optimizers. {self.solver} is not stochastic.")
        return True

    # The network holds views, which pickling would copy: it is made anew from coefs_.
    def __getstate__(self) -> Dict[str, Any]:
        state = dict(super().__getstate__())
        state.pop("_network", None)
        return state

    def __copy__(self) -> Any:
        """An independent copy: one that shared the parameters would share only a part of the training's state."""
        return copy.deepcopy(self)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
