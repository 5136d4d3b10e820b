"""Prints the constants of silu' around its zero, for math/sigmoid.h.

With c the zero of 1 + e^-a - a, the bracket is -d (1 + (c - 1) g(d)) at a = c + d, g(d) = (1 - e^-d) / d.
"""
import mpmath as mp

from minimax import fit, print_constants, round_to

zero = mp.findroot(lambda a: 1 + mp.exp(-a) - a, mp.mpf("1.2785"))


def factor(d):
    """-(1 + e^-a - a) / d at a = c + d."""
    return 1 + (zero - 1) * (-mp.expm1(-d)) / d


for bits, degree in ((24, 5), (53, 10)):
    high = round_to(zero, bits)
    constants = [("SILU_ZERO", high), ("SILU_ZERO_LO", round_to(zero - high, bits))]
    print_constants(bits, constants, [("BRACKET", fit(factor, lambda d: mp.mpf(1), degree, "-0.2501", "0.2501", bits))])
