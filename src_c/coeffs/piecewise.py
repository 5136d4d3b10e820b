"""Prints the tables of polynomials in src_c/tables: ``python src_c/coeffs/piecewise.py tanh > src_c/tables/tanh.h``.

A table covers 0 <= a <= LIMIT by at most 32 pieces, or 8. The piece of a is told in one of two ways.
"octaves": by the exponent and the first three bits (8 pieces: the first bit) of the mantissa of a + PLACE_OFFSET, so that pieces
are of equal width up to PLACE_OFFSET and grow with a beyond.
"integers": by the integer next to (PLACE_CURVE a + PLACE_SCALE) a, which adding PLACE_OFFSET rounds. Pieces have the width
1 / PLACE_SCALE at 0. They become narrower with a where PLACE_CURVE is above 0: where f falls like e^(-a^2/2), each piece then
covers about the same factor of f.
On piece i

    f(a) = c0 + c1 d + c2 d^2 + ...      d = base - a

is fitted with relative errors as nearly level as Lawson's weights make them. `base` is that float at the beginning of
the piece ("integers": in its middle) at which f comes nearest to a float, so that c0 is as good as exact (Gal's accurate tables);
the coefficients are rounded one after the other, c0 first, and the rest are fitted again. In the first piece base and c0 are 0.

Only additions, products, quotients and roots of float64 arrays and sums in a fixed order decide about the coefficients,
and mpmath's functions, so that every machine prints the same.
"""
import sys
from typing import Callable, NamedTuple

import mpmath as mp
import numpy as np

POINTS, ROUNDS, CANDIDATES = 128, 40, 2048
mp.mp.prec = 80


class Plan(NamedTuple):
    """What a table approximates."""

    function: Callable
    formula: str
    offset: float
    limit: float
    degree: int
    first: tuple = ()  # coefficients of the first piece that are given: c1 or c0, c1
    less: float = 0.0  # what is added to the first piece's c1 where it is used
    rows: int = 32     # at most so many pieces: 32 or 8
    start: float = 0.0  # where the first piece begins, if not at 0
    scale: float = 0.0  # of pieces told by integers
    curve: float = 0.0
    middle: float = 0.5  # where `base` is looked for in a piece
    lowest: int = 0     # the integer of the first of them, whose index is the integer modulo 32
    zero: float = np.nan  # a zero of the function, at the base of its piece

    @property
    def start_of_all(self):
        """Where the first piece begins."""
        return (self.lowest - 0.5) / self.scale if self.lowest else self.start


def sigmoid(t):
    """1 / (1 + e^-t)."""
    return 1 / (1 + mp.exp(-t))


def normal_derivative(a):
    """The derivative of a Q(a)."""
    return mp.erfc(a / mp.sqrt(2)) / 2 - a * mp.exp(-a * a / 2) / mp.sqrt(2 * mp.pi)


def cubic(a, factor=1):
    """a (K + factor L a^2) of gelu_tanh.h."""
    return 2 * mp.sqrt(2 / mp.pi) * a * (1 + factor * mp.mpf("0.044715") * a * a)


PLANS = {
    "tanh": Plan(mp.tanh, "tanh(a)", 0.671875, 9.25, 4, (0.0, -1.0)),
    "erf": Plan(mp.erf, "erf(a)", 0.34375, 3.99, 4, (0.0,), 1.0),
    "gelu": Plan(lambda a: a * mp.erfc(a / mp.sqrt(2)) / 2, "a Q(a)", 0.0, 7.0, 6, (0.0, -0.5), scale=2.08, curve=0.344),
    "gelu_derivative": Plan(normal_derivative, "Q(a) - a phi(a)", 0.0, 7.0, 6, scale=2.4, curve=0.299, middle=0.6,
                            zero=0.7517915246935645),
    "gelu_tanh_derivative": Plan(lambda a: sigmoid(-cubic(a)) * (1 - cubic(a, 3) * sigmoid(cubic(a))),
                                 "s(-t) (1 - a t' s(t))", 0.0, 5.8, 6, scale=2.37, curve=0.526, middle=0.55,
                                 zero=0.7524614220710163),
    "mish": Plan(lambda x: mp.tanh(mp.log1p(mp.exp(x))), "tanh(log(1 + e^x))", 0.0, 8.99, 6, scale=1.5, lowest=-18,
                 middle=0.3),
    "softplus": Plan(lambda a: mp.log1p(mp.exp(-a)), "log(1 + e^-a)", 0.0, 11.45, 6, scale=4.2, curve=-0.127,
                     middle=1 / 3),
    "tanh_shrink": Plan(lambda a: a - mp.tanh(a), "a - tanh(a)", 0.0625, 10.5, 6, rows=8, start=0.9375),
}


def bits_of(x):
    """A float32 as an integer."""
    return int(np.float32(x).view(np.uint32))


def float_of(bits):
    """The float32 of these bits."""
    return float(np.uint32(bits).view(np.float32))


def reach(value, plan):
    """The a for which (PLACE_CURVE a + PLACE_SCALE) a is this value."""
    if not plan.curve or value <= 0:
        return value / plan.scale
    return (np.sqrt(plan.scale ** 2 + 4 * plan.curve * value) - plan.scale) / (2 * plan.curve)


def pieces(plan):
    """(index, low, high) of every piece."""
    offset, limit, rows = plan.offset, plan.limit, plan.rows
    if plan.scale:
        integers = range(plan.lowest, plan.lowest + rows)
        found = [(k % rows, max(reach(k - 0.5, plan), plan.start_of_all), min(reach(k + 0.5, plan), limit)) for k in integers]
        return [(k, low, high) for k, low, high in found if low < limit]
    shift = {32: 20, 8: 22}[rows]
    first, last = bits_of(offset) >> shift, bits_of(limit + offset) >> shift
    ends = [float_of(k << shift) - offset for k in range(first, last + 2)]
    return [(k & rows - 1, max(low, 0.0), min(high, limit)) for k, low, high in zip(range(first, last + 1), ends, ends[1:])]


def values(function, points):
    """The function at these points, as float64."""
    return np.array([float(function(mp.mpf(float(x)))) for x in points])


def total(x):
    """The sum, in a fixed order of additions."""
    x = x.copy()
    while x.size > 1:
        half = (x.size + 1) // 2
        x[:x.size - half] += x[half:]
        x = x[:half]
    return x[0]


def least_squares(columns, right):
    """Coefficients c minimising the sum of (right - sum c[k] columns[k])**2, by orthogonal columns."""
    basis, upper = [], np.zeros((len(columns), len(columns)))
    for k, column in enumerate(columns):
        for j, q in enumerate(basis):
            upper[j, k] = total(q * column)
            column = column - upper[j, k] * q
        upper[k, k] = np.sqrt(total(column * column))
        basis.append(column / upper[k, k])
    found = [0.0] * len(columns)
    for k in reversed(range(len(columns))):
        right_k = total(basis[k] * right) - sum(upper[k, j] * found[j] for j in range(k + 1, len(columns)))
        found[k] = right_k / upper[k, k]

    return found


def level_fit(columns, right):
    """The same with the largest error as small as Lawson's weights make it."""
    weights = np.ones_like(right)
    for _ in range(ROUNDS):
        root = np.sqrt(weights)
        found = least_squares([root * column for column in columns], root * right)
        error = np.abs(sum(c * column for c, column in zip(found, columns)) - right)
        weights = weights * (error / error.max() + 1e-3)
        weights /= weights.max()
    return found


def base_of(function, low):
    """Of the first floats of a piece, that at which the function is nearest to a float."""
    candidates = (np.uint32(bits_of(low)) + np.arange(CANDIDATES, dtype=np.uint32)).view(np.float32).astype(float)
    f = values(function, candidates)
    return float(candidates[np.abs(f - f.astype(np.float32)).argmin()])


def coefficients(plan, low, high, first):
    """base, c0, c1, ... of a piece."""
    if low < plan.zero < high:
        base = float(np.float32(plan.zero))
    else:
        start = (low + plan.middle * (high - low) or high / 16) if plan.scale else low  # floats next to 0 are too near
        base = 0.0 if low == 0 else base_of(plan.function, start)
    angles = [mp.cos(mp.pi * (k + 0.5) / POINTS) for k in range(POINTS)]
    points = np.array([float((low + high) / 2 + (high - low) / 2 * c) for c in angles])
    f, d = values(plan.function, points), base - points
    columns = [1 / f]
    for _ in range(plan.degree):
        columns.append(columns[-1] * d)
    right = np.ones(POINTS)
    found = list(plan.first) if first else [float(np.float32(float(plan.function(mp.mpf(base)))))]
    for c, column in zip(found, columns):
        right = right - c * column
    while len(found) <= plan.degree:
        c = level_fit(columns[len(found):], right)[0]
        shift = plan.less if first and len(found) == 1 else 0.0
        c = float(np.float32(c + shift))
        right = right - (c - shift) * columns[len(found)]
        found.append(c)
    return [base, *found]


def literal(value):
    """A C hexadecimal float literal."""
    digits, exponent = value.hex().split("p")
    return f"{digits.rstrip('0').rstrip('.')}p{exponent}f"


def text(name):
    """The header of a table."""
    plan = PLANS[name]
    found = [(index, coefficients(plan, max(low, plan.start_of_all), high, low == 0 and bool(plan.first)))
             for index, low, high in pieces(plan) if high > plan.start_of_all]
    names = ", ".join(f"c{k}" for k in range(plan.degree + 1))
    named = {"PLACE_OFFSET": 1.5 * 2 ** 23 if plan.scale else plan.offset, "PLACE_SCALE": plan.scale or 1.0,
             "PLACE_CURVE": plan.curve}
    lines = [f"/* {plan.formula} for {plan.start_of_all:g} <= a <= {plan.limit}: of each piece its index, base, {names}.",
             "   Written by coeffs/piecewise.py. */", f"#define {name.upper()}_PLACE {'integers' if plan.scale else plan.rows}",
             *(f"#define {name.upper()}_{key} {literal(float(np.float32(value)))} /* {value} */" for key, value in named.items()),
             f"#define {name.upper()}_LIMIT {literal(float(np.float32(plan.limit)))} /* {plan.limit} */",
             f"#define {name.upper()}_ROWS {plan.rows}", f"#define {name.upper()}_COLUMNS {plan.degree + 2}",
             f"#define {name.upper()}_PIECES(PIECE) \\"]
    lines += [f"    PIECE({index}, {', '.join(map(literal, row))}) \\" for index, row in found]
    return "\n".join(lines)[:-2] + "\n"


if __name__ == "__main__":
    for name in sys.argv[1:] or PLANS:
        print(text(name), end="")
