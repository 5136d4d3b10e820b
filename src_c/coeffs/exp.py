"""Prints the constants of math/exp.h and activations/exponential.h: e^r = 1 + r + r^2 P(r) on |r| <= ln(2)/2, and ln 2 in two
parts."""
import mpmath as mp

from minimax import fit, print_constants, round_to


def tail(r):
    """(e^r - 1 - r) / r^2."""
    return (mp.expm1(r) - r) / (r * r)


def weight_of(bits):
    """For float64 |r|: r^2 P(r) stands beside r in e^r - 1. For float32 1: an even error matters more than digits near 0."""
    return abs if bits == 53 else lambda r: mp.mpf(1)


def exponential_weight(r):
    """In ULP of e^r, which are twice as large above 1. Where the rounding of e^r - 1 is largest the error counts several times;
    these limits and factors gave the smallest error of the kernel, of 36 tried."""
    return r * r * (2 if r < 0 else 1) * (6 if r < -0.2 else 3 if r > 0.24 else 1)


half = mp.log(2) / 2 * mp.mpf("1.0005")
for bits, degree in ((24, 4), (53, 10)):
    ln2 = mp.log(2)
    high = round_to(ln2, bits)
    constants = [("LOG2_E", round_to(1 / ln2, bits)), ("LN2_HI", high), ("LN2_LO", round_to(ln2 - high, bits))]
    polynomials = [("EXP_P", fit(tail, weight_of(bits), degree, -half, half, bits))]
    if bits == 24:  # of scaled_expm1, relative to e^r - 1
        polynomials.append(("EXPM1_P", fit(tail, lambda r: r * r / mp.expm1(r), 5, -ln2 / 2, ln2 / 2, bits)))
        polynomials.append(("EXPONENTIAL_P", fit(tail, exponential_weight, 4, -half, half, bits)))
    print_constants(bits, constants, polynomials)
