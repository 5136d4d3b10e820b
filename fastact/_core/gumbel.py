"""gumbel_softmax: samples of a categorical distribution that have a gradient."""
from typing import Any

import numpy as np

from fastact._core import rows
from fastact._core.arguments import checked_temperature, common_dtype
from fastact._core.array_like import asarray, is_pandas
from fastact._core.containers import is_container


def gumbel_softmax(x: Any, temperature: float = 1.0, hard: bool = False, axis: Any = -1, random_state: Any = None,
                   out: Any = None, mask: Any = None) -> Any:
    """softmax((x - log(-log(U))) / temperature) with U uniform in (0, 1): a relaxed sample of the classes whose logits are x.

    Parameters
    ----------
    x : array_like
        Logits, as `fastact.softmax` takes them.
    temperature : float, default 1.0
        Positive and finite; towards 0 a sample approaches a row with one 1.
    hard : bool, default False
        The row with one 1 itself, at the largest element of the relaxed sample.
    axis : int, tuple of int or None, default -1
        What a row runs along, as for `fastact.softmax`.
    random_state : int, numpy.random.Generator or None
        An int gives the same sample for the same shape and dtype each time; a Generator is drawn from.
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
        As `fastact.softmax` does, and for a random_state that is neither.

    Notes
    -----
    The gradient of a relaxed sample y is ``fastact.softmax.backward_from_output(grad, y, axis, temperature=temperature)``. A
    hard sample is given that of the relaxed one (the straight-through estimator): draw y, and the hard sample is
    ``fastact.hardmax(y, axis)``. Noise is drawn in float32, for float64 in float64.
    Source: Jang et al. 2017, arXiv:1611.01144; Maddison et al. 2017, arXiv:1611.00712; torch.nn.functional.gumbel_softmax.

    Examples
    --------
    >>> import fastact as fa
    >>> fa.gumbel_softmax([[0.0, 1.0, 5.0]], hard=True, random_state=0)
    array([[0., 0., 1.]])
    """
    try:
        random = np.random.default_rng(random_state)
    except (TypeError, ValueError):
        raise TypeError("fastact.gumbel_softmax: random_state must be an int that is not negative, a numpy.random.Generator "
                        f"or None, got {random_state!r}") from None
    pandas = is_pandas(x)
    array = x if is_container(x) else asarray(x)
    dtype = common_dtype("gumbel_softmax", [asarray(x) if pandas else np.empty(0, array.dtype)])
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
