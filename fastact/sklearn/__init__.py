"""scikit-learn estimators: `MLPClassifier` and `MLPRegressor`, trained on the library's kernels.

They have scikit-learn's parameters and names and follow its rules step by step: with the same ``random_state`` the initial
weights, batches, updates and stopping are the same. They add every activation of the library, other losses and dropout.
They need ``pip install "fastact[sklearn]"``.

`base` has `fit`. It checks the parameters (`arguments`) and the data, chooses the loss (`losses`), and calls `training`, which
makes a `fastact.nn.network.Network` of the estimator's arrays (`network`) and trains it by scikit-learn's rules (`solvers`).
`classifier` and `regressor` add predictions and scores. This folder imports `nn` and the folders below it, and `interop` when
a model is exported.
"""
from __future__ import annotations

from fastact._core.optional import optional

with optional("sklearn", "fastact.sklearn needs scikit-learn 1.6 and SciPy", '"fastact[sklearn]"'):
    from sklearn.utils.validation import validate_data  # noqa: F401  # scikit-learn 1.6

from fastact.sklearn.classifier import MLPClassifier
from fastact.sklearn.regressor import MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor"]


def __dir__() -> "list[str]":
    return __all__
