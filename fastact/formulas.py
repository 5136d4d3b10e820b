"""Evaluates the registry's formulas: with NumPy for speed, with mpmath for the exact value.

Both give a formula the same names: exp, expm1, log1p, tanh, cosh, sqrt, abs, sign, minimum, maximum,
where(condition, a, b), sigmoid, erf, erfc and pi.
"""
import functools
import math

import numpy as np

PRECISION = 200  # bits: enough for a result of 53 that cancels 100 of them
MISSING_MPMATH = 'the exact values come from mpmath: pip install "fastact[accuracy]"'


def _compiled(expression, parameters, names):
    """The expression as a function of x and the parameters, seeing only `names`."""
    arguments = ", ".join(["x", *parameters])
    return eval(f"lambda {arguments}: {expression}", {"__builtins__": {}, **names})


def _special(name):
    """erf or erfc, which NumPy lacks: SciPy's, or one by one."""
    try:
        import scipy.special
    except ImportError:
        return np.vectorize(getattr(math, name), otypes=[float])
    return getattr(scipy.special, name)


def numpy_function(expression, parameters=(), dtype=np.float64):
    """A formula as a NumPy function.

    Parameters
    ----------
    expression : str
        A formula of the registry, in ``x`` and the parameters.
    parameters : sequence of str
        The parameters' names, in the order in which the function takes them.
    dtype : dtype, default float64
        What everything is computed in.

    Returns
    -------
    callable
        ``f(x, *parameters) -> ndarray`` of that dtype and of the shape of x. It warns as NumPy does,
        of overflow for example.
    """
    dtype = np.dtype(dtype)

    def convert(value):
        return np.asarray(value, dtype)

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    function = _compiled(expression, parameters, {
        "exp": np.exp, "expm1": np.expm1, "log1p": np.log1p, "tanh": np.tanh, "cosh": np.cosh,
        "sqrt": np.sqrt, "abs": np.abs, "minimum": np.minimum, "maximum": np.maximum,
        "where": lambda condition, a, b: np.where(condition, convert(a), convert(b)),
        "sigmoid": sigmoid, "sign": np.sign, "pi": dtype.type(math.pi), "erf": _special("erf"), "erfc": _special("erfc"),
    })

    def evaluate(x, *values):
        x = convert(x)
        result = np.asarray(function(x, *map(convert, values)), dtype)
        return result if result.shape == x.shape else np.full_like(x, result)

    return evaluate


@functools.lru_cache(maxsize=None)
def context():
    """A private mpmath context, so that ``mpmath.mp.prec`` stays the caller's.

    Raises
    ------
    ImportError
        Where mpmath is not installed, naming the extra to install.
    """
    try:
        import mpmath
    except ImportError:
        raise ImportError(MISSING_MPMATH) from None
    made = mpmath.MPContext()
    made.prec = PRECISION
    return made


def mpmath_function(expression, parameters=()):
    """A formula as a function of exact numbers.

    Parameters
    ----------
    expression : str
        A formula of the registry, in ``x`` and the parameters.
    parameters : sequence of str
        The parameters' names, in the order in which the function takes them.

    Returns
    -------
    callable
        ``f(x, *parameters) -> mpf``. The arguments are floats or numbers of ``context()``, taken
        exactly.
    """
    mp = context()
    one = mp.mpf(1)

    def sigmoid(x):  # exponents have no limit here, so that e^-x neither overflows nor rounds to 0
        return one / (one + mp.exp(-x))

    function = _compiled(expression, parameters, {
        "exp": mp.exp, "expm1": mp.expm1, "log1p": mp.log1p, "tanh": mp.tanh, "cosh": mp.cosh,
        "sqrt": mp.sqrt, "abs": abs, "minimum": min, "maximum": max,
        "where": lambda condition, a, b: a if condition else b,
        "sigmoid": sigmoid, "sign": mp.sign, "pi": +mp.pi, "erf": mp.erf, "erfc": mp.erfc,
    })
    return lambda x, *values: mp.convert(function(mp.convert(x), *map(mp.convert, values)))
