"""Prints the constants of exponential's value for half types: e^r = 1 + (r + B) + r^2 P(r), for activations/exponential.h.

Of the coefficients near those of coeffs/exp.py, drawn at random, the first are taken with which the float result of every
float16 and bfloat16 x becomes the half next to e^x when it is rounded. Only those x are tried whose e^x is near a tie.
"""
import mpmath as mp
import numpy as np

from minimax import print_constants

LOG2_E, LN2 = np.float32(float.fromhex("0x1.715476p+0")), np.float32(float.fromhex("0x1.62e43p-1"))
START = [float.fromhex(c) for c in ("0x1p-1", "0x1.5554dcp-3", "0x1.5555p-5", "0x1.120c1ep-7", "0x1.6d3078p-10")]
UNITS = (300, 6000, 20000, 100000, 400000)  # of the last bit, by which coefficients may differ from these
FORMATS = {"float16": (11, -14, 16), "bfloat16": (8, -126, 128)}  # bits of the mantissa, exponents


def rounded(y, name):
    """Doubles rounded to halves, as doubles."""
    bits, least, most = FORMATS[name]
    unit = np.ldexp(1.0, np.maximum(np.frexp(y)[1] - 1, least) - bits + 1)
    z = np.rint(y / unit) * unit
    return np.where(z >= 2.0 ** most, np.inf, z)


def hard_cases(name):
    """The x whose e^x is within 2^-20 of a tie, and e^x."""
    halves = np.arange(1 << 16, dtype=np.uint16)
    x = halves.view(np.float16) if name == "float16" else (halves.astype(np.uint32) << 16).view(np.float32)
    x = x[(np.abs(x) > 2.0 ** -15) & (np.abs(x) < 110)].astype(float)
    exact = np.exp(x)
    near = rounded(exact * (1 - 2.0 ** -20), name) != rounded(exact * (1 + 2.0 ** -20), name)
    return x[near].astype(np.float32), exact[near]


def fma(a, b, c):
    """a b + c, rounded to float32."""
    return (a.astype(float) * b + c).astype(np.float32)


def float_result(x, constants):
    """What the kernel computes."""
    *p, b = constants
    n = np.rint(x.astype(float) * LOG2_E).astype(np.float32)
    r = fma(n, -LN2, x)
    y = np.full_like(r, p[-1])
    for c in p[-2::-1]:
        y = fma(y, r, c)
    y = fma(fma(y, r * r, r + b), np.float32(1), np.float32(1))
    return np.ldexp(y.astype(float), n.astype(int)).astype(np.float32)


cases = {name: hard_cases(name) for name in FORMATS}
draw = np.random.default_rng(0)
while True:
    offsets = [draw.integers(-unit, unit + 1) for unit in UNITS]
    found = [(np.float32(c).view(np.int32) + np.int32(k)).view(np.float32) for c, k in zip(START, offsets)]
    found.append(np.float32(-draw.integers(1024) * 2.0 ** -33))
    if all((rounded(float_result(x, found).astype(float), name) == rounded(exact, name)).all()
           for name, (x, exact) in cases.items()):
        break
print_constants(24, [(name, mp.mpf(float(c))) for name, c in zip(("P0", "P1", "P2", "P3", "P4", "B"), found)], [])
