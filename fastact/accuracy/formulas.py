"""Evaluates the registry's formulas: with NumPy for speed, with mpmath for the exact value.

Both give a formula the same names: pi, and the FUNCTIONS of registry.py. To mpmath a number in a formula is
the decimal that is written there, not a float next to it.
"""
import ast
import functools
import math
from fractions import Fraction

import numpy as np

from fastact._core.optional import optional

PRECISION, MOST = 128, 4096  # bits: of the context, and enough for (x + sqrt(x**2 + b)) / 2 at -1e308


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

    arguments = ", ".join(["x", *parameters])
    function = eval(f"lambda {arguments}: {expression}", {
        "__builtins__": {}, "exp": np.exp, "expm1": np.expm1, "log1p": np.log1p, "tanh": np.tanh,
        "cosh": np.cosh, "sin": np.sin, "cos": np.cos,
        "sqrt": np.sqrt, "abs": np.abs, "minimum": np.minimum, "maximum": np.maximum,
        "where": lambda condition, a, b: np.where(condition, convert(a), convert(b)),
        "sigmoid": sigmoid, "sign": np.sign, "pi": dtype.type(math.pi),
        "erf": _special("erf"), "erfc": _special("erfc"),
    })

    def evaluate(x, *values):
        x = convert(x)
        result = np.asarray(function(x, *map(convert, values)), dtype)
        return result if result.shape == x.shape else np.full_like(x, result)

    return evaluate


@functools.cache
def context():
    """A private mpmath context, so that ``mpmath.mp.prec`` stays the caller's.

    Raises
    ------
    ImportError
        Where mpmath is not installed, naming the extra to install.
    """
    with optional("mpmath", "the exact values come from mpmath", '"fastact[accuracy]"'):
        import mpmath
    made = mpmath.MPContext()
    made.prec = PRECISION
    return made


@functools.cache
def number(text):
    """A decimal or a fraction such as "1/6" as a number of ``context()`` that is exact at any precision."""
    mp, exact = context(), Fraction(text)
    if exact.denominator & (exact.denominator - 1) == 0:
        return mp.ldexp(exact.numerator, 1 - exact.denominator.bit_length())
    from mpmath import libmp
    return mp.constant(lambda bits, rounding: libmp.from_rational(
        exact.numerator, exact.denominator, bits, rounding), text)


class _Exact(ast.NodeTransformer):
    """Replaces the numbers in an expression by exact ones; whole exponents stay Python's, which are quicker."""

    def __init__(self, expression):
        self.expression, self.numbers = expression, {}

    def visit_BinOp(self, node):
        whole = isinstance(node.op, ast.Pow) and isinstance(node.right, ast.Constant) and type(node.right.value) is int
        node.left, node.right = self.visit(node.left), node.right if whole else self.visit(node.right)
        return node

    def visit_Constant(self, node):
        name = f"number{len(self.numbers)}"
        self.numbers[name] = number(ast.get_source_segment(self.expression, node))
        return ast.copy_location(ast.Name(name, ast.Load()), node)


def rounded_function(expression, parameters=()):
    """A formula as a function ``f(x, *parameters)`` that works in the present precision of ``context()``."""
    mp = context()
    one = mp.mpf(1)

    def sigmoid(x):  # exponents have no limit here, so that e^-x neither overflows nor rounds to 0
        return one / (one + mp.exp(-x))

    def erfc(x):  # mpmath's fails beyond 1e154; here the next term of the expansion is below 2^-120
        return mp.exp(-x * x) / (x * mp.sqrt(mp.pi)) if x > 2**60 else 2 * one if x < -2**60 else mp.erfc(x)

    def erf(x):
        return mp.erf(x) if abs(x) < 2**60 else one - erfc(x)

    text = f"lambda {', '.join(['x', *parameters])}: {expression}"
    exact = _Exact(text)
    tree = ast.fix_missing_locations(exact.visit(ast.parse(text, mode="eval")))
    return eval(compile(tree, "formula", "eval"), {
        "__builtins__": {}, **exact.numbers, "exp": mp.exp, "expm1": mp.expm1, "log1p": mp.log1p,
        "tanh": mp.tanh, "cosh": mp.cosh, "sin": mp.sin, "cos": mp.cos,
        "sqrt": mp.sqrt, "abs": abs, "minimum": min, "maximum": max,
        "where": lambda condition, a, b: a if condition else b,
        "sigmoid": sigmoid, "sign": mp.sign, "pi": mp.pi, "erf": erf, "erfc": erfc,
    })


def mpmath_function(expression, parameters=()):
    """A formula as a function of exact numbers.

    It is evaluated in more and more precision until two results agree to 28 bits less than the context's
    precision, so that the formula may cancel as it will.

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
    function, mp = rounded_function(expression, parameters), context()
    return lambda *arguments: settled(function, tuple(map(mp.convert, arguments)))[0]


def settled(function, arguments):
    """The value of a rounded_function in enough precision, and the bits that took."""
    mp = context()
    wanted = mp.prec
    with mp.workprec(wanted):
        before = mp.convert(function(*map(mp.convert, arguments)))
        while True:
            mp.prec *= 2
            value = mp.convert(function(*map(mp.convert, arguments)))
            # where a difference cancelled altogether, two zeros agree for no reason
            right = value and abs(value - before) <= mp.ldexp(abs(value), 28 - wanted)
            beyond = value and before and abs(mp.mag(value)) > MOST < abs(mp.mag(before))  # any dtype's numbers
            if right or beyond or mp.prec >= MOST:
                return value, mp.prec
            before = value
