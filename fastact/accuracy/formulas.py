"""Evaluates the registry's formulas: with NumPy for speed, with mpmath for the exact value, and with MPFR for many exact values.

All know pi and the FUNCTIONS of registry.py. For mpmath and MPFR a number in a formula is the decimal that is written
there, not the nearest float.
"""
import ast
import functools
import math
from fractions import Fraction

import numpy as np

from fastact import registry
from fastact._core.optional import optional

PRECISION, MOST = 128, 4096  # bits: of the context, and enough for (x + sqrt(x**2 + b)) / 2 at -1e308


# ---- NumPy ----

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

    names = {name: getattr(np, name) for name in registry.FUNCTIONS if hasattr(np, name)}
    names.update(pi=dtype.type(math.pi), erf=_special("erf"), erfc=_special("erfc"), sigmoid=lambda x: 1 / (1 + np.exp(-x)),
                 where=lambda condition, a, b: np.where(condition, convert(a), convert(b)))
    function = eval(f"lambda {', '.join(['x', *parameters])}: {expression}", {"__builtins__": {}, **names})

    def evaluate(x, *values):
        x = convert(x)
        result = np.asarray(function(x, *map(convert, values)), dtype)
        return result if result.shape == x.shape else np.full_like(x, result)

    return evaluate


# ---- mpmath ----

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
    """Replaces the numbers in an expression by exact ones, pi by a call, and where(condition, a, b) by `a if condition else b`,
    of which one branch is computed. Whole exponents stay Python's, which are faster.
    """

    def __init__(self, expression, number):
        self.expression, self.number, self.numbers = expression, number, {}

    def visit_BinOp(self, node):
        whole = isinstance(node.op, ast.Pow) and isinstance(node.right, ast.Constant) and type(node.right.value) is int
        node.left, node.right = self.visit(node.left), node.right if whole else self.visit(node.right)
        return node

    def visit_Call(self, node):
        self.generic_visit(node)
        return ast.copy_location(ast.IfExp(*node.args), node) if node.func.id == "where" else node

    def visit_Name(self, node):
        return ast.copy_location(ast.Call(node, [], []), node) if node.id == "pi" else node

    def visit_Constant(self, node):
        name = f"number{len(self.numbers)}"
        self.numbers[name] = self.number(ast.get_source_segment(self.expression, node))
        return ast.copy_location(ast.Name(name, ast.Load()), node)


def _compiled(expression, parameters, number, names):
    """A formula as a function f(x, *parameters) of the names' kind of numbers; `number` makes one of a decimal."""
    text = f"lambda {', '.join(['x', *parameters])}: {expression}"
    exact = _Exact(text, number)
    tree = ast.fix_missing_locations(exact.visit(ast.parse(text, mode="eval")))
    return eval(compile(tree, "formula", "eval"), {"__builtins__": {}, **exact.numbers, **names})


@functools.cache
def _exact_names():
    """pi and FUNCTIONS for mpmath."""
    mp = context()
    one = mp.mpf(1)

    def erfc(x):  # mpmath's fails beyond 1e154; here the next term of the expansion is below 2^-120
        return mp.exp(-x * x) / (x * mp.sqrt(mp.pi)) if x > 2**60 else 2 * one if x < -2**60 else mp.erfc(x)

    return {**{name: getattr(mp, name) for name in registry.FUNCTIONS if hasattr(mp, name)}, "pi": lambda: mp.pi,
            "abs": abs, "minimum": min, "maximum": max,
            "sigmoid": lambda x: one / (one + mp.exp(-x)),  # exponents have no limit here: e^-x cannot overflow
            "erf": lambda x: mp.erf(x) if abs(x) < 2**60 else one - erfc(x), "erfc": erfc}


def rounded_function(expression, parameters=()):
    """A formula as a function ``f(x, *parameters)`` that works in the present precision of ``context()``."""
    return _compiled(expression, parameters, number, _exact_names())


def mpmath_function(expression, parameters=()):
    """A formula of the registry as a function ``f(x, *parameters) -> mpf`` of exact numbers.

    It is evaluated in more and more precision until two results agree to 28 bits less than the context's
    precision, so that cancellation in the formula does no harm. The arguments are floats or numbers of
    ``context()``, taken exactly.
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
            # where a difference cancelled altogether, two zeros agree for no reason; but not the 0 of a where(), where the
            # precision holds the sum of 1 and any double
            settles = value is before is number("0") and mp.prec > 1200
            right = value and abs(value - before) <= mp.ldexp(abs(value), 28 - wanted) or settles
            beyond = value and before and abs(mp.mag(value)) > MOST < abs(mp.mag(before))  # any dtype's numbers
            if right or beyond or mp.prec >= MOST:
                return value, mp.prec
            before = value


# ---- MPFR ----

class Mpfr:
    """A formula at given parameters, computed by MPFR: what ``settled`` gives, in a fraction of the time.

    Parameters
    ----------
    expression : str
        A formula of the registry, in ``x`` and the parameters.
    parameters : sequence of str
        The parameters' names.
    values : sequence of mpf
        The parameters: floats, or numbers of ``number()``.

    Raises
    ------
    ImportError
        Where gmpy2 is not installed.
    """

    def __init__(self, expression, parameters=(), values=()):
        import gmpy2
        from mpmath import libmp
        self.gmpy2, self.from_man_exp, self.contexts = gmpy2, libmp.from_man_exp, {}
        constant, one = type(number("1/3")), gmpy2.mpz(1)
        self.values = tuple(self._number(v.name) if isinstance(v, constant) else gmpy2.mpfr(float(v)) for v in values)
        self.last = None, None

        def erfc(x):  # formulas call it several times with one argument
            key = x, gmpy2.get_context().precision
            if self.last[0] != key:
                self.last = key, self._erfc(*key)
            return self.last[1]

        names = {name: getattr(gmpy2, name) for name in registry.FUNCTIONS if hasattr(gmpy2, name)}
        names.update(pi=gmpy2.const_pi, abs=abs, minimum=min, maximum=max, erfc=erfc,
                     sigmoid=lambda x: one / (one + gmpy2.exp(-x)))
        self.function = _compiled(expression, parameters, self._number, names)

    def _number(self, text):
        """A decimal or a fraction, exactly."""
        exact = Fraction(text)
        return self.gmpy2.mpz(exact.numerator) if exact.denominator == 1 else self.gmpy2.mpq(exact)

    def _erfc(self, x, bits):
        """erfc in a precision of `bits`: mpmath's where MPFR's takes up to a hundred times as long."""
        if not 3 < x < 2**20:
            return self.gmpy2.erfc(x)
        mp = context()
        with mp.workprec(bits):
            return self._of_mpf(mp.erfc(self._to_mpf(x)))

    def _of_mpf(self, value):
        sign, whole, exponent, _ = value._mpf_
        whole = self.gmpy2.mpfr(-whole if sign else whole)
        return self.gmpy2.mul_2exp(whole, exponent) if exponent > 0 else self.gmpy2.div_2exp(whole, -exponent)

    def _to_mpf(self, value):
        whole, exponent = value.as_mantissa_exp()
        return context().make_mpf(self.from_man_exp(whole, int(exponent)))

    def _computed(self, x, bits):
        """The value in a precision of `bits`; None where an exponent is beyond MPFR's."""
        gmpy2, callers = self.gmpy2, self.gmpy2.get_context()
        if bits not in self.contexts:
            self.contexts[bits] = gmpy2.context(
                precision=bits, emax=gmpy2.get_emax_max(), emin=gmpy2.get_emin_min(), trap_overflow=True, trap_invalid=True,
                trap_divzero=True)  # what underflows is nothing beside other numbers, and a product of it is 0
        gmpy2.set_context(self.contexts[bits])
        try:
            return gmpy2.mpfr(self.function(gmpy2.mpfr(x) if isinstance(x, float) else self._of_mpf(x), *self.values))
        except ArithmeticError:
            self.contexts[bits].clear_flags()
            return None
        finally:
            gmpy2.set_context(callers)

    def rounded(self, x, bits):
        """The value in a precision of `bits` as an mpf; None where an exponent is beyond MPFR's."""
        value = self._computed(x, bits)
        return None if value is None else self._to_mpf(value)

    def settled(self, x):
        """The value in enough precision, and the bits that took; None where an exponent is beyond MPFR's, or the value is 0."""
        bits, value = PRECISION, self._computed(x, PRECISION)
        while value is not None and bits < MOST:
            bits, before, value = 2 * bits, value, self._computed(x, 2 * bits)
            if value and abs(value - before) <= self.gmpy2.div_2exp(abs(value), PRECISION - 28):
                return self._to_mpf(value), bits
        return None
