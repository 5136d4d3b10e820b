"""Prints the constants of math/wide.h: pi in two parts, 1 / pi, and the polynomials of

    sin r = r + r^3 P(r^2)               |r| <= 1.64
    e^r = E(r)                           |r| <= ln(2)/2
    Q(a) = e^(-a^2/2) N(a) / D(a)        0 <= a <= 15, with Q the upper tail of the normal distribution
"""
import mpmath as mp

from erf import DENSITY, fit_quotient, scaled_tail
from minimax import fit, print_constants, round_to


def tail(s):
    """(sin r - r) / r^3 of s = r^2."""
    r = mp.sqrt(s)
    return (mp.sin(r) - r) / (s * r)


def weight(s):
    """r^3 / sin r, for an error relative to the sine."""
    return s * mp.sqrt(s) / mp.sin(mp.sqrt(s))


high = round_to(mp.pi, 53)
constants = [("PI", high), ("PI_LO", round_to(mp.pi - high, 53)), ("ONE_OVER_PI", round_to(1 / mp.pi, 53))]
above, below, worst = fit_quotient(lambda a: DENSITY * scaled_tail(a), lambda a: 1 / (DENSITY * scaled_tail(a)), (5, 6), "1",
                                   "1e-6", "15", 53)
half = mp.log(2) / 2 * mp.mpf("1.0005")
print_constants(53, constants, [("SINE_P", fit(tail, weight, 7, "1e-9", "2.69", 53)),
                                ("E", fit(mp.exp, lambda r: mp.exp(-r), 8, -half, half, 53)),
                                ("N", (above, worst)), ("D", (below, worst))])
