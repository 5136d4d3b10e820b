"""Prints the constants of math/log1p_double.h.

log(1 + r) = 2 s + s R(s^2), s = r / (2 + r), for 1 + r between sqrt(1/2) and sqrt(2).
"""
import mpmath as mp

from minimax import fit, print_constants, round_to


def tail(z):
    """(log((1 + s) / (1 - s)) / s - 2) / z at z = s^2, which is R(z) / z."""
    s = mp.sqrt(z)
    return (mp.log1p(s) - mp.log1p(-s) - 2 * s) / (s * z)


widest = ((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)) ** 2 * mp.mpf("1.0001")
ln2 = mp.log(2)
high = round_to(ln2, 42)
constants = [("LOG_2_HIGH_DOUBLE", high), ("LOG_2_LOW_DOUBLE", round_to(ln2 - high, 53))]
print_constants(53, constants, [("LOG_R", fit(tail, lambda z: z, 6, mp.mpf("1e-12"), widest, 53))])
