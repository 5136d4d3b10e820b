"""Prints the coefficients of activations/tanh.h in double: V of tanh x = x + x^3 V(x^2), up to 0.7.

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


print_constants(53, [], [("TAIL", fit(tail, share, 11, 0, mp.mpf("0.7") ** 2, 53))])
