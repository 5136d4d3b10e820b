"""The registry's formulas in decimal arithmetic, for the few results that float64 is too inexact to round.

`fastact.accuracy.formulas` has them with mpmath, for the oracle, which shares nothing with this module.
"""
import ast
import functools
import math
import struct
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, Inexact, getcontext, localcontext
from fractions import Fraction

# The precisions that are tried, in decimal digits. A value that agrees with a tie to the last of them counts as the tie.
DIGITS = (50, 100, 200, 400)


# ---- the FUNCTIONS of registry.py, in the precision of the context ----

@functools.cache
def _pi(digits):
    """Machin's 16 atan(1/5) - 4 atan(1/239)."""
    one = 10 ** (digits + 10)

    def inverse_tangent(n):
        power = total = one // n
        for k in range(3, 3 * digits, 2):
            power //= -n * n
            total += power // k
        return total

    return Decimal(4 * (4 * inverse_tangent(5) - inverse_tangent(239))).scaleb(-digits - 10)


def _series(term, ratio):
    """The sum of a series: its first term, and the ratio of term k to the term before."""
    total, k = term, 1
    while total + term != total and term == term:
        term *= ratio(k)
        total += term
        k += 1
    return total


def _sin(x):
    with localcontext() as context:
        context.prec += max(x.adjusted(), 0)  # digits of the quotient, which must be an integer
        x %= 2 * _pi(context.prec)
    square = x * x
    return _series(x, lambda k: -square / (2 * k * (2 * k + 1)))


def _erf(x):
    square = x * x
    if square > Decimal("2.4") * getcontext().prec:  # erfc(|x|) is less than the last digit
        return Decimal(1).copy_sign(x)
    return _series(x, lambda k: 2 * square / (2 * k + 1)) * 2 * (-square).exp() / _pi(getcontext().prec).sqrt()


def _softplus(x):
    """log1p(exp(x)), where exp(x) may be larger than any Decimal."""
    return max(x, 0) + (1 + (-abs(x)).exp()).ln()


_FUNCTIONS = {
    "exp": Decimal.exp, "expm1": lambda x: x.exp() - 1, "log1p": lambda x: (1 + x).ln(), "sqrt": Decimal.sqrt,
    "tanh": lambda x: 1 - 2 / ((2 * x).exp() + 1), "cosh": lambda x: (x.exp() + (-x).exp()) / 2, "abs": abs,
    "sin": _sin, "cos": lambda x: _sin(x + _pi(getcontext().prec) / 2), "minimum": min, "maximum": max,
    "sign": lambda x: Decimal((x > 0) - (x < 0)), "where": lambda condition, a, b: a if condition else b,
    "sigmoid": lambda x: 1 / (1 + (-x).exp()), "erf": _erf, "erfc": lambda x: 1 - _erf(x),
}


class _Decimals(ast.NodeTransformer):
    """Makes decimals of the numbers in a formula, as they are written there, and softplus of log1p(exp(x))."""

    def __init__(self, formula):
        self.formula = formula

    def visit_Constant(self, node):
        text = ast.Constant(ast.get_source_segment(self.formula, node))
        return ast.copy_location(ast.Call(ast.Name("Decimal", ast.Load()), [text], []), node)

    def visit_Call(self, node):
        self.generic_visit(node)
        inner = node.args[0]
        if node.func.id == "log1p" and isinstance(inner, ast.Call) and inner.func.id == "exp":
            return ast.copy_location(ast.Call(ast.Name("softplus", ast.Load()), inner.args, []), node)
        return node


@functools.cache
def _compiled(formula):
    tree = _Decimals(formula).visit(ast.parse(formula, mode="eval"))
    return compile(ast.fix_missing_locations(tree), "formula", "eval")


def _evaluate(formula, values):
    """A formula in the precision of the context; `values` are the fractions that its names stand for."""
    names = {name: Decimal(value.numerator) / value.denominator if isinstance(value, Fraction) else Decimal(value)
             for name, value in values.items()}
    if "pi" in formula:
        names["pi"] = _pi(getcontext().prec)
    return eval(_compiled(formula), {"__builtins__": {}, "Decimal": Decimal, "softplus": _softplus, **_FUNCTIONS, **names})


# ---- rounding ----

def _to_odd(value):
    """The nearest float below or above that is odd, where a decimal is no float: rounded to fewer bits both give the same."""
    low = high = float(value)
    if Decimal(low) != value:
        high = math.nextafter(low, math.inf if value > Decimal(low) else -math.inf)
    return low if struct.pack(">d", low)[-1] & 1 else high


def rounded(formula, steps, unit, parameters, divisor, code):
    """A formula's value at steps * unit, over `divisor`, rounded once.

    Parameters
    ----------
    formula : str
        One of the registry.
    steps, unit, divisor : int or float
    parameters : dict
        By name, floats, or texts such as "1/6".
    code : callable
        Rounds a float to fewer bits than float64 has.

    Returns
    -------
    object
        What `code` returns.
    """
    values = {name: value if value in (math.inf, -math.inf) else Fraction(value) for name, value in parameters.items()}
    values["x"], divisor = Fraction(steps) * Fraction(unit), Fraction(divisor)
    with localcontext(Context(Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])) as context:
        before = None
        for digits in DIGITS:
            context.prec = digits
            context.clear_flags()
            value = _evaluate(formula, values) * divisor.denominator / divisor.numerator
            if not context.flags[Inexact] or value.is_infinite():
                return code(_to_odd(value))
            if before is not None and value:  # what cancelled in both precisions says nothing
                # `before` has lost as many digits as `value`, of half as many; 5 for rounding on the way
                error = abs(value - before).scaleb(5 - digits // 2) + abs(value).scaleb(5 - digits)
                low, high = code(_to_odd(value - error)), code(_to_odd(value + error))
                if low == high:
                    return low
            before = value
    return code(float(value))
