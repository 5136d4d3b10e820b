"""Prints the constants of mish' around its zero, for activations/mish.h.

With w = e^x, mish'(x) = w B(x) / ((1 + w)^2 + 1)^2, B(x) = 4 (1 + x) + (6 + 4 x) w + 4 w^2 + w^3.
B has a zero c, and B(c + d) = d B'(c) + d^2 P(d).
"""
import mpmath as mp

from minimax import fit, print_constants, round_to


def bracket(x):
    """B(x)."""
    w = mp.exp(x)
    return 4 * (1 + x) + w * (6 + 4 * x + w * (4 + w))


def rest(d):
    """P(d)."""
    return (bracket(zero + d) / d - derivative) / d


zero = mp.findroot(bracket, mp.mpf("-1.1924"))
derivative = mp.diff(bracket, zero)

for bits, degree in ((24, 5), (53, 11)):
    constants = []
    for name, value in (("MISH_ZERO", zero), ("BRACKET_DERIVATIVE", derivative)):
        high = round_to(value, bits)
        constants += [(name, high), (name + "_LO", round_to(value - high, bits))]
    print_constants(bits, constants, [("REST", fit(rest, lambda d: abs(d / derivative), degree, "-0.2501", "0.2501", bits))])
