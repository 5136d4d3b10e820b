"""A classifier with scikit-learn's interface."""
from __future__ import annotations

from typing import Any, Tuple

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import type_of_target, unique_labels

from fastact.nn.layers import Array
from fastact.sklearn.base import BaseMLP


class MLPClassifier(ClassifierMixin, BaseMLP):  # type: ignore[misc]
    """Multilayer perceptron that classifies; `sklearn.neural_network.MLPClassifier` on fastact's kernels.

    With the same parameters and ``random_state`` its training steps are scikit-learn's, except for rounding.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int
        Units of each hidden layer.
    activation : str, Activation, (name, dict of parameters), object, or a list or tuple with one for each hidden layer
        scikit-learn's names ("identity", "logistic", "tanh", "relu") and all of fastact's. The slope
        of prelu is not trained here. An object of your own is as for `fastact.MLP`.
    solver : {"adam", "sgd", "lbfgs"}
        "lbfgs" is SciPy's L-BFGS over all samples at once, the best solver for small data.
    alpha : float, not negative
        The penalty ``0.5 * alpha * sum(W**2) / samples`` of the weights W is added to the loss.
    batch_size : int or "auto"
        "auto" is 200, or the number of samples if that is less.
    learning_rate : {"constant", "invscaling", "adaptive"}
        For sgd. "invscaling" divides it by ``(samples seen + 1)**power_t`` after each epoch, "adaptive"
        by 5 after ``n_iter_no_change`` epochs without improvement.
    learning_rate_init : float, positive
        The learning rate, for sgd and adam.
    power_t : float, not negative
        For "invscaling".
    max_iter : int, positive
        The largest number of epochs, or of iterations of lbfgs.
    shuffle : bool
        Whether the samples are shuffled before every epoch.
    random_state : int, RandomState or None
        For the initial parameters, the split for early stopping, shuffling and dropout.
    tol : float, not negative
        The loss, or with early stopping the score, has improved if it is better by more than this. lbfgs stops when no element
        of the gradient is larger.
    verbose : bool
        Whether progress is printed.
    warm_start : bool
        Whether `fit` starts from the parameters of the last call.
    momentum : float in [0, 1]
        For sgd.
    nesterovs_momentum : bool
        For sgd.
    early_stopping : bool
        Whether to judge improvement by the score on a part of the data that is kept apart, and to
        restore the best parameters in the end.
    validation_fraction : float in [0, 1)
        The fraction of the samples in that part.
    beta_1, beta_2 : float in [0, 1)
        For adam: the decay of the running means of the gradient and of its square.
    epsilon : float, positive
        For adam: added to the root of the uncorrected mean square.
    n_iter_no_change : int
        Training stops after more than this number of epochs without improvement.
    max_fun : int, positive
        The largest number of evaluations of the loss by lbfgs.
    loss : "log_loss", a name or member of `fastact.losses`, or (one of these, dict of options)
        Losses other than "log_loss" are given logits and targets of 0 and 1, both (samples, outputs), as
        ``("cross_entropy", {"label_smoothing": 0.1})`` for three classes and more. The short names of
        `fastact.MLP`, such as "bce", are known, too. An object of your own has ``value_and_grad(output,
        target, reduction="none")``, which returns the loss of each sample and the gradient of their sum.
    dropout : float in [0, 1)
        Probability with which a training step sets an output of a hidden layer to 0.

    Attributes
    ----------
    classes_ : ndarray or list of ndarray
        Class labels.
    coefs_, intercepts_ : list of ndarray
        Weights (fan_in, fan_out) and biases (fan_out,) of every layer.
    loss_, best_loss_ : float
        The last and the lowest loss of an epoch; the latter None with early stopping.
    loss_curve_ : list of float
        The loss of every epoch, with the penalty.
    validation_scores_, best_validation_score_ : list of float, float
        Accuracies with early stopping, else None.
    n_iter_, t_ : int
        Epochs of the last call, and samples seen by the solver.
    n_layers_, n_outputs_, n_features_in_ : int
        ``n_layers_`` counts the inputs and the outputs.
    feature_names_in_ : ndarray
        If X has names of features.
    out_activation_ : {"softmax", "logistic"}
    """

    __module__ = "fastact.sklearn"  # where users find it, and pickles too

    def __init__(self, hidden_layer_sizes: Any = (100,), activation: Any = "relu", *, solver: str = "adam",
                 alpha: float = 0.0001, batch_size: Any = "auto", learning_rate: str = "constant",
                 learning_rate_init: float = 0.001, power_t: float = 0.5, max_iter: int = 200, shuffle: bool = True,
                 random_state: Any = None, tol: float = 1e-4, verbose: Any = False, warm_start: bool = False,
                 momentum: float = 0.9, nesterovs_momentum: bool = True, early_stopping: bool = False,
                 validation_fraction: float = 0.1, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-8,
                 n_iter_no_change: Any = 10, max_fun: int = 15000, loss: Any = "log_loss", dropout: float = 0.0) -> None:
        self._keep(locals())

    @available_if(lambda model: model._offers_partial_fit())
    def partial_fit(self, X: Any, y: ArrayLike, sample_weight: Any = None, classes: Any = None) -> MLPClassifier:
        """Train for one epoch over a part of the data. Raises what `fit` raises.

        Parameters
        ----------
        X, y, sample_weight
            As for `fit`.
        classes : array_like, shape (classes,), optional
            All labels that will come; needed in the first call.

        Returns
        -------
        self
        """
        if classes is None and not hasattr(self, "classes_"):
            raise ValueError("classes must be passed on the first call to partial_fit.")
        return self._fit(X, y, sample_weight, incremental=True, classes=classes)

    def predict_proba(self, X: Any) -> Array:
        """The probability of every class, shape (samples, classes), in the order of `classes_`."""
        probability = self._forward(self._checked(X))
        return np.hstack([1 - probability, probability]) if self.n_outputs_ == 1 else probability

    def predict_log_proba(self, X: Any) -> Array:
        """The logarithm of `predict_proba`."""
        probability = self.predict_proba(X)
        with np.errstate(divide="ignore"):
            return np.log(probability, out=probability)

    def _predict(self, X: Any) -> Array:
        output = self._forward(X)
        return self._label_binarizer.inverse_transform(output.ravel() if self.n_outputs_ == 1 else output)

    def _score(self, y: Array, predicted: Array, weights: Any) -> float:
        return accuracy_score(self._label_binarizer.inverse_transform(y), predicted, sample_weight=weights)

    def _output(self) -> str:
        return "softmax" if self._label_binarizer.y_type_ == "multiclass" else "logistic"

    def _set_classes(self, classes: Any, y: Any) -> None:
        labels = unique_labels(classes)
        if not hasattr(self, "classes_"):
            several = type_of_target(y).startswith("multilabel")
            self._label_binarizer = LabelBinarizer().fit(y if several else labels)
            self.classes_ = labels
        elif not np.array_equal(self.classes_, labels):
            raise ValueError(f"`classes={classes!r}` is not the same as on last call to partial_fit, was: {self.classes_!r}")

    def _validate_input(self, X: Any, y: Any, incremental: bool, reset: bool) -> Tuple[Any, Array]:
        X, y = self._validated(X, y, reset)
        if not hasattr(self, "classes_") or not (self.warm_start or incremental):
            self._label_binarizer = LabelBinarizer().fit(y)
            self.classes_ = self._label_binarizer.classes_
        else:
            self._check_classes(unique_labels(y))
        return X, self._label_binarizer.transform(y).astype(bool)

    def _check_classes(self, classes: Array) -> None:
        if self.warm_start and set(classes) != set(self.classes_):
            raise ValueError("warm_start can only be used where `y` has the same classes as in the previous call to fit. "
                             f"Previously got {self.classes_}, `y` has {classes}")
        if len(np.setdiff1d(classes, self.classes_, assume_unique=True)):
            raise ValueError(f"`y` has classes not in `self.classes_`. `self.classes_` has {self.classes_}. 'y' has {classes}.")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
