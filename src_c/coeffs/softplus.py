"""Prints the constants of math/softplus.h.

log(1 + z) = z + z^2 P(z) for z = e^-|t|, |t| >= 0.875, and log(1 + e^t) = ln 2 + t/2 + t^2 E(t^2) for |t| <= 1,
since log(2 cosh(t/2)) is even. Errors are relative to log(1 + e^-|t|).
"""
import mpmath as mp

from minimax import fit, print_constants


def log_tail(z):
    """(log(1 + z) - z) / z^2."""
    return (mp.log1p(z) - z) / (z * z)


def even_part(square):
    """(log(2 cosh(t/2)) - ln 2) / t^2."""
    return mp.log(mp.cosh(mp.sqrt(square) / 2)) / square


for bits, degrees in ((24, (5, 3)), (53, (14, 9))):
    tail = fit(log_tail, lambda z: z * z / mp.log1p(z), degrees[0], 0, mp.exp(-mp.mpf("0.875")), bits)
    even = fit(even_part, lambda s: s / mp.log1p(mp.exp(-mp.sqrt(s))), degrees[1], 0, 1, bits)
    print_constants(bits, [], [("LOG1P", tail), ("EVEN", even)])
