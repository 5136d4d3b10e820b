"""Prints the constants of activations/gelu_tanh.h: K = 2 sqrt(2 / pi) and L = 0.044715 K of t(a) = a (K + L a^2).

K is short, so that K - (K + L a^2) is exact wherever it is needed.
"""
import mpmath as mp

from minimax import print_constants, round_to

K = 2 * mp.sqrt(2 / mp.pi)
L = mp.mpf("0.044715") * K

for bits, short in ((24, 20), (53, 47)):
    constants = []
    for name, value in (("K", K), ("L", L), ("3L", 3 * L)):
        high = round_to(value, short if name == "K" else bits)
        constants += [(name, high), (name + "_LO", round_to(value - high, bits))]
    print_constants(bits, constants, [])
