"""Prints the coefficients of activations/tanh.h: V of tanh x = x + x^3 V(x^2), up to 0.8 (float), 0.7 (double).

Errors are relative to tanh x.
"""
import mpmath as mp

from minimax import fit, print_constants


def tail(s):
    """(tanh x - x) / x^3."""
    x = mp.sqrt(s)
    return (mp.tanh(x) - x) / x ** 3


def share(s):
    """x^3 / tanh x."""
    x = mp.sqrt(s)
    return x ** 3 / mp.tanh(x)


for bits, degree, end in ((24, 5, "0.8"), (53, 11, "0.7")):
    print_constants(bits, [], [("TAIL", fit(tail, share, degree, 0, mp.mpf(end) ** 2, bits))])
