"""float16 and ml_dtypes.bfloat16. fastact never imports ml_dtypes: before a user has, no array can have this dtype."""
import sys

import numpy as np


def bfloat16():
    """The scalar type ``ml_dtypes.bfloat16``, or None if ml_dtypes has not been imported."""
    return getattr(sys.modules.get("ml_dtypes"), "bfloat16", None)


def is_bfloat16(dtype):
    """Whether a numpy.dtype is that of bfloat16."""
    return dtype.num >= 256 and dtype.type is bfloat16()


def result_type(*arrays):
    """numpy.result_type; if it knows no common dtype, as for bfloat16 beside float16 or a wide integer, the dtype of a ufunc."""
    try:
        return np.result_type(*arrays)
    except np.exceptions.DTypePromotionError:
        dtypes = [getattr(value, "dtype", np.asarray(value).dtype) for value in arrays]
        return np.result_type(*(np.float32 if is_bfloat16(dtype) else dtype for dtype in dtypes))


def adapt(values, kwargs, inputs, parameters, outputs):
    """Change a ufunc's arguments as NumPy would for its own types alone.

    dtype= finds the loop of a half type, whose parameters are doubles; and beside a bfloat16 array a
    Python float, which for ml_dtypes is a float32, becomes a bfloat16, as does an int (before NumPy 2.2 an int64).
    """
    dtype = kwargs.get("dtype")
    if dtype is not None and (np.dtype(dtype) == np.float16 or is_bfloat16(np.dtype(dtype))):
        half = np.dtype(kwargs.pop("dtype"))
        kwargs["signature"] = (half,) * inputs + (np.dtype(float),) * parameters + (half,) * outputs
    if bfloat16() is not None and any(is_bfloat16(value.dtype) for value in values[:inputs]
                                      if isinstance(value, (np.ndarray, np.generic))):
        values[:inputs] = [bfloat16()(float(value)) if type(value) in (int, float) else value
                           for value in values[:inputs]]
