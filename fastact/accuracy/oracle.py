"""The exact values of a formula at many points: polynomials through values that MPFR gives, or mpmath without gmpy2.

Between two points a polynomial replaces the formula if it agrees with MPFR at both ends and at points in between, within
TOLERANCE ULP. Otherwise the interval is halved; if only a few points remain, MPFR computes each. So a formula need not be
stable in floating point, and the oracle shares no arithmetic with the kernels that are measured. All float32 numbers take a
few thousand values of MPFR, because most numbers are so small or so large that a cubic is exact enough over many binades.
The oracle gets a list of the kinks, because a check would not notice two kinks between its points.
"""
import bisect
import functools
import itertools
import operator

import numpy as np

from fastact.accuracy import formulas

CHUNK = 1 << 14  # points at a time: they stay in cache through all steps
FEW = 16         # for so few points a polynomial does not pay
NODES = {np.float64: 11, np.longdouble: 17}                 # of a polynomial within a binade
TOLERANCE = {np.float64: 2.0**-20, np.longdouble: 2.0**-8}  # in ULP of the narrower dtype that is judged
WIDEST = 128     # binades of a cubic
FIXED = 256      # bits of the integers in which coefficients are computed


class Formula:
    """An exact function of one number: a formula of the registry at given parameters."""

    def __init__(self, expression, names=(), values=()):
        self.function, self.values = formulas.rounded_function(expression, names), values
        self.settled = functools.lru_cache(1 << 12)(self._settled)  # of an interval's ends, which its halves have too
        try:
            self.mpfr = formulas.Mpfr(expression, names, values)
        except ImportError:
            self.mpfr = None

    def _settled(self, x):
        """The value, and the bits of working precision that gave it."""
        return self.mpfr and self.mpfr.settled(x) or formulas.settled(self.function, (x, *self.values))

    def __call__(self, x):
        """mpmath's value."""
        return formulas.settled(self.function, (x, *self.values))[0]

    def rounded(self, points, bits):
        """The values at some points, computed one by one with a precision of `bits`."""
        mp = formulas.context()
        for x in points:
            value = self.mpfr and self.mpfr.rounded(x, bits)
            if value is None:
                with mp.workprec(bits):
                    value = mp.convert(self.function(mp.convert(x), *self.values))
            yield value


class Polynomial:
    """A polynomial in t(x), whose coefficients begin with the highest power's; with `times_x`, x times that polynomial."""

    def __init__(self, t, coefficients, times_x=False):
        self.t, self.coefficients, self.times_x = t, coefficients, times_x

    def __call__(self, x):
        y = _horner(self.coefficients, self.t(x))
        return y * x if self.times_x else y

    def magnitude(self, x):
        """The sum of the terms' magnitudes, to which rounding errors are in proportion."""
        y = _horner(list(map(abs, self.coefficients)), abs(self.t(x)))
        return y * abs(x) if self.times_x else y


def _horner(coefficients, t):
    """The polynomial with these coefficients, the highest power's first, at an array t."""
    first, *others = coefficients
    if not others:
        return np.full_like(t, first)
    result = t * first
    for coefficient in others[:-1]:
        result += coefficient
        result *= t
    result += others[-1]
    return result


def _interpolated(nodes, values):
    """The coefficients, the highest power's first, of the polynomial that has these values: by divided differences."""
    differences = list(values)
    for k in range(1, len(nodes)):
        for j in reversed(range(k, len(nodes))):
            differences[j] = (differences[j] - differences[j - 1]) / (nodes[j] - nodes[j - k])
    coefficients = []
    for node, difference in zip(reversed(nodes), reversed(differences)):
        shifted = [0, *(c * node for c in coefficients)]
        coefficients = [a - b for a, b in zip([*coefficients, difference], shifted)]
    return coefficients


class Oracle:
    """The values of a Formula for the judgement of `dtype`: in float64, or in longdouble to judge float64.

    Values are clipped to 4 times the largest number of `dtype`. `absolute`: below this magnitude errors are measured
    absolutely. No polynomial goes across a kink.
    """

    def __init__(self, formula, dtype, absolute=0, kinks=()):
        limits = np.finfo(dtype)
        self.formula, self.mp = formula, formulas.context()
        self.wide = np.longdouble if dtype == np.float64 else np.float64
        self.most = int(limits.maxexp) + 2
        self.end = self.mp.ldexp(1, self.most)
        # errors are relative down to this power of two
        self.lowest = int(self.mp.mag(absolute)) - 1 if absolute else int(limits.minexp)
        self.digits = int(limits.nmant)
        self.noise, self.kinks = np.finfo(self.wide).eps / 2, {abs(kink) for kink in kinks}
        self.found = {True: {}, False: {}}  # for negative numbers and others: the polynomials, by the magnitudes of their ends

    def values(self, points):
        """Yields (some points, their values) until all are done.

        `points` is an array, or whatever has a length and slices that are arrays: numbers of one sign,
        in the order of their magnitude.
        """
        def magnitude(k):
            return abs(float(points[k]))

        def between(low, high):
            whole = range(len(points))
            return bisect.bisect_left(whole, low, key=magnitude), bisect.bisect_right(whole, high, key=magnitude)

        if not len(points):
            return
        found = self.found[bool(np.signbit(points[0]))]
        known = {between(low, high): polynomial for (low, high), polynomial in found.items()
                 if low <= magnitude(len(points) - 1) and high >= magnitude(0)}
        cuts = itertools.chain(*known, *(between(kink, kink) for kink in self.kinks))
        waiting = list(itertools.pairwise(sorted({0, *cuts, len(points)})))
        while waiting:
            start, stop = waiting.pop()
            polynomial = known.get((start, stop))
            if not polynomial and stop - start <= FEW:
                x = points[start:stop]
                yield x, np.array([self.exact(float(v)) for v in x], self.wide)
                continue
            if not polynomial:
                polynomial = self._polynomial(float(points[start]), float(points[stop - 1]))
                if polynomial:
                    found[magnitude(start), magnitude(stop - 1)] = polynomial
            if polynomial:
                for begin in range(start, stop, CHUNK):
                    x = points[begin:min(begin + CHUNK, stop)]
                    yield x, polynomial(x)
            else:
                middle = (start + stop) // 2
                waiting += [(middle, stop), (start, middle)]

    def exact(self, x):
        """The value of the formula."""
        return self.number(self.limited(self.formula.settled(x)[0]))

    def _polynomial(self, first, last):
        """A polynomial for the numbers between these two, or None."""
        binades = abs(self.mp.mag(first) - self.mp.mag(last)) if first and last else self.mp.inf
        if binades > WIDEST:
            return None
        ends, precisions = zip(*map(self.formula.settled, (first, last)))
        bits, least, most = max(precisions), min(map(abs, ends)), max(map(abs, ends))
        if ends[0] * ends[1] < 0 and most >= self.mp.ldexp(1, self.lowest):
            return None  # near a zero of the function relative errors have no bound
        if 0.5 <= last / first <= 2:
            if self.number(self.limited(most)) * self.noise > self._unit(least):
                return None
            polynomial = self._within_a_binade(first, last, bits, least)
            at = [first + (last - first) * part for part in (0.018, 0.37, 0.61)]
        else:
            small = min(abs(first), abs(last)) < 1
            polynomial = self._over_binades(first, last, bits + 4 * int(binades), small)
            # one point in each binade, and points between the nodes
            at = [first * (last / first)**((k + 0.4) / binades) for k in range(int(binades))]
            at += [max(first, last, key=abs) * part if small else min(first, last, key=abs) / part
                   for part in (0.87, 0.62)]
        at.reverse()  # the likeliest to differ come first
        exact = itertools.chain(ends, self.formula.rounded(at, bits))
        return polynomial if self._right(polynomial, [first, last, *at], exact) else None

    def _within_a_binade(self, first, last, bits, least):
        """Through the Chebyshev nodes between two numbers, without the highest powers that do not matter."""
        mp, (nodes, rows) = self.mp, _chebyshev(NODES[self.wide])
        center, half = first / 2 + last / 2, last / 2 - first / 2
        with mp.workprec(bits):
            exact = list(map(self.limited, self.formula.rounded([center + half * node for node in nodes], bits)))
            shift = FIXED - max([mp.mag(value) for value in exact if value], default=0)
            numbers = [int(mp.nint(mp.ldexp(value, shift))) for value in exact]
        sums = [sum(map(operator.mul, row, numbers)) for row in rows]
        coefficients = [self._scaled(c, -int(shift) - FIXED) for c in reversed(sums)]
        allowed, left_out = self._unit(least) / 8, 0
        while len(coefficients) > 1 and left_out + abs(coefficients[0]) <= allowed:
            left_out += abs(coefficients.pop(0))
        center, inverse = self.wide(center), 1 / self.wide(half)

        def t(x):
            t = x.astype(self.wide)
            t -= center
            t *= inverse
            return t

        return Polynomial(t, coefficients)

    def _over_binades(self, first, last, bits, small):
        """Through four points: a cubic in x, for small x; for large x, where functions approach a line, x times one in 1 / x."""
        near, far = sorted((first, last), key=abs)
        unit, other = (last, first) if small else (near, far)
        with self.mp.workprec(bits):
            nodes = [unit * self.mp.mpf(part) if small else unit / self.mp.mpf(part) for part in (1, 0.75, 0.5)]
            nodes.append(self.mp.mpf(other))
            values = list(map(self.limited, self.formula.rounded(nodes, bits)))
            values = values if small else [value / x for value, x in zip(values, nodes)]
            coefficients = list(map(self.number, _interpolated([x / unit if small else unit / x for x in nodes], values)))
        unit, inverse = self.wide(unit), 1 / self.wide(unit)
        return Polynomial((lambda x: x * inverse) if small else (lambda x: unit / x), coefficients, times_x=not small)

    def _right(self, polynomial, points, exact):
        """Whether the polynomial has these values, which are asked for until one differs."""
        x = np.array(points)
        got, noise = polynomial(x), polynomial.magnitude(x) * self.noise
        for k, value in enumerate(map(self.limited, exact)):
            allowed = self._unit(value)
            if not (abs(got[k] - self.number(value)) <= allowed and noise[k] <= allowed):
                return False
        return True

    def limited(self, value):
        """A value clipped to the ends."""
        _, _, exponent, bits = value._mpf_
        return value if exponent + bits < self.most else min(max(value, -self.end), self.end)

    def _unit(self, value):
        """The tolerated error of a value."""
        exponent = max(int(self.mp.mag(value)) - 1 if value else self.lowest, self.lowest)
        return np.ldexp(self.wide(TOLERANCE[self.wide]), exponent - self.digits)

    def number(self, value):
        """mpmath's number as a float64 or longdouble."""
        if self.wide is np.float64:
            return self.wide(float(value))
        return self._scaled(int(value.man) * (-1 if value < 0 else 1), int(value.exp))

    def _scaled(self, whole, exponent):
        """whole * 2^exponent, in two parts where a float64 does not hold it."""
        more = max(0, whole.bit_length() - 1000)
        whole, exponent = whole >> more, exponent + more
        high = float(whole)
        return np.ldexp(self.wide(high) + self.wide(float(whole - int(high))), max(exponent, -20000))


@functools.cache
def _chebyshev(count):
    """Nodes on [-1, 1], and the rows that take values there to coefficients, as integers times 2^-FIXED."""
    mp = formulas.context()
    with mp.workprec(2 * FIXED):
        nodes = [mp.cos(mp.pi * (2 * k + 1) / (2 * count)) for k in range(count)]
        nodes[count // 2] = mp.zero
        inverse = mp.matrix([[node**k for k in range(count)] for node in nodes])**-1
        return nodes, [[int(mp.nint(mp.ldexp(inverse[k, j], FIXED))) for j in range(count)] for k in range(count)]
