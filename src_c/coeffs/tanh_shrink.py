"""Prints the constants of activations/tanh_shrink.h, in s = x^2 around 0.

x - tanh x = x^3 (1/3 + s V(s)) for |x| <= 33/32, tanh^2 x = s + s^2 T(s) for |x| <= 0.9. Errors are relative.
"""
import mpmath as mp

from minimax import fit, print_constants, round_to

THIRD = mp.mpf(1) / 3


def shrunk(s):
    """(x - tanh x) / x^3."""
    x = mp.sqrt(s)
    return (x - mp.tanh(x)) / x ** 3


def squared(s):
    """tanh^2 x / x^2."""
    return mp.tanh(mp.sqrt(s)) ** 2 / s


for bits, degrees in ((24, (6, 6)), (53, (15, 14))):
    third = round_to(THIRD, bits)
    value = fit(lambda s: (shrunk(s) - THIRD) / s, lambda s: s / shrunk(s), degrees[0], 0, mp.mpf("1.0635"), bits)
    derivative = fit(lambda s: (squared(s) - 1) / s, lambda s: s / squared(s), degrees[1], 0, mp.mpf("0.81"), bits)
    constants = [("THIRD", third), ("THIRD_LO", round_to(THIRD - third, bits))]
    print_constants(bits, constants, [("VALUE", value), ("DERIVATIVE", derivative)])
