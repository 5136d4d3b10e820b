"""scikit-learn estimators: `MLPClassifier` and `MLPRegressor`, trained on the library's kernels.

They take scikit-learn's parameters under scikit-learn's names, follow its rules step by step (the
same initial weights, batches, updates and stopping for the same ``random_state``), and add
every activation of the library, other losses and dropout. Needs ``pip install "fastact[sklearn]"``.

`fit` is in `base`: it checks the parameters (`arguments`) and the data, chooses the loss (`losses`), and hands both to
`training`, which makes a `fastact.nn.network.Network` of the estimator's arrays (`network`) and trains it by scikit-learn's
rules (`solvers`). `classifier` and `regressor` add what their predictions mean. This folder imports `nn` and all
below it, and `interop` when a model is exported.
"""
from __future__ import annotations

from fastact._core.optional import optional

with optional("sklearn", "fastact.sklearn needs scikit-learn 1.6 and SciPy", '"fastact[sklearn]"'):
    from sklearn.utils.validation import validate_data  # noqa: F401  # scikit-learn 1.6

from fastact.sklearn.classifier import MLPClassifier
from fastact.sklearn.regressor import MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor"]
