"""Prints the constants of math/log.h: log((1 + s) / (1 - s)) = 2 s + s^3 Q(s^2) for |s| <= 1/3.

The error is relative to the logarithm, 2 s and more.
"""
import mpmath as mp

from minimax import fit, print_constants, round_to


def tail(square):
    """(log((1 + s) / (1 - s)) - 2 s) / s^3."""
    s = mp.sqrt(square)
    return (2 * mp.atanh(s) - 2 * s) / s ** 3


for bits, degree in ((24, 3), (53, 9)):
    high = round_to(mp.log(2), 16)  # times any exponent it is exact; log1p_double.py prints those of double
    constants = [("LOG_2_HIGH", high), ("LOG_2_LOW", round_to(mp.log(2) - high, bits))] if bits == 24 else []
    print_constants(bits, constants, [("Q", fit(tail, lambda w: w / 2, degree, mp.mpf("1e-9"), mp.mpf(1) / 9, bits))])
