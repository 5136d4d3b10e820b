"""gumbel_softmax: samples of a categorical distribution that have a gradient."""
from typing import Any

import numpy as np

from fastact._core import rows
from fastact._core.arguments import check_out, checked_axes, checked_temperature, common_dtype
from fastact._core.array_like import asarray, is_pandas
from fastact._core.containers import is_container
from fastact._core.number_arguments import generator


def gumbel_softmax(x: Any, temperature: float = 1.0, hard: bool = False, axis: Any = -1, random_state: Any = None,
                   out: Any = None, mask: Any = None) -> Any:
    """A random relaxed sample of classes with the logits x: softmax((x - log(-log(U))) / temperature), U uniform in (0, 1).

    Parameters
    ----------
    x : array_like
        Logits, as `fastact.softmax` takes them.
    temperature : float, default 1.0
        Positive and finite. Near 0 one element of a sample is nearly 1 and the others nearly 0.
    hard : bool, default False
        Whether to return a row that is 1 at the largest element of the relaxed sample and 0 elsewhere.
    axis : int, tuple of int or None, default -1
        The axis or axes whose elements make a row, as for `fastact.softmax`.
    random_state : int, numpy.random.Generator or None
        An int gives the same sample for the same shape and dtype in each call. A Generator draws the next sample.
    out : ndarray, optional
        Where to write.
    mask : array_like of bool, optional
        Broadcasts to x; a class where it is False is never drawn.

    Returns
    -------
    ndarray or scalar
        Of the shape and dtype that ``fastact.softmax(x)`` has.

    Raises
    ------
    TypeError, ValueError
        As `fastact.softmax`, and if random_state is not one of the above.

    Notes
    -----
    The gradient of a relaxed sample y is ``fastact.softmax.backward_from_output(grad, y, axis, temperature=temperature)``. The
    straight-through estimator uses the same gradient for a hard sample: draw y, and take ``fastact.hardmax(y, axis)`` as the
    hard sample. Noise is float64 for float64 input, else float32.
    Source: Jang et al. 2017, arXiv:1611.01144; Maddison et al. 2017, arXiv:1611.00712; torch.nn.functional.gumbel_softmax.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.gumbel_softmax([[0.0, 1.0, 5.0]], hard=True, random_state=0)
    array([[0., 0., 1.]])
    """
    random = generator("fastact.gumbel_softmax: random_state", random_state)
    pandas = is_pandas(x)
    array = x if is_container(x) else asarray(x)
    if isinstance(array, np.ndarray):
        checked_axes("fastact.gumbel_softmax", axis, max(array.ndim, 1))
    dtype = common_dtype("gumbel_softmax", [asarray(x) if pandas else np.empty(0, array.dtype)])
    check_out("gumbel_softmax", out, array.shape, dtype)
    wide = np.float64 if dtype == np.float64 else np.float32
    noise = np.log(np.maximum(random.standard_exponential(array.shape, wide), np.finfo(wide).tiny))
    logits = (array if pandas else array.astype(wide)) - noise
    divisor = checked_temperature("gumbel_softmax", temperature)
    if hard:
        sample = rows.hardmax(logits, axis, out, mask)
    else:
        sample = rows.softmax(logits, axis, out, mask, divisor)
    return sample if out is not None or pandas or dtype == wide else sample.astype(dtype)


gumbel_softmax.__module__ = "fastact"  # where users find it, and pickles too
