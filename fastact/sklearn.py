"""scikit-learn estimators: `MLPClassifier` and `MLPRegressor`, trained on the library's kernels.

They take scikit-learn's parameters under scikit-learn's names, follow its rules step by step (the
same initial weights, batches, updates and stopping for the same ``random_state``), and add
every activation of the library, other losses and dropout. Needs ``pip install "fastact[sklearn]"``.
"""
from __future__ import annotations

try:
    import scipy.optimize  # noqa: F401
    from sklearn.utils.validation import validate_data  # noqa: F401  # scikit-learn 1.6
except ImportError as error:
    raise ImportError(
        f'fastact.sklearn needs scikit-learn 1.6 and SciPy: pip install "fastact[sklearn]" ({error})'
    ) from error

from fastact.sklearn_classifier import MLPClassifier
from fastact.sklearn_regressor import MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor"]
