"""Prints the constants of math/pair.h: Taylor coefficients, of which the first have a low part, and
what snake_beta.h needs.

The last coefficient is the first whose term is below 2^-76 of the function's first term.
"""
import mpmath as mp

from minimax import print_constants, round_to


def parts(name, value, count):
    """The value as a sum of so many doubles, by name."""
    found = []
    for k in range(count):
        found.append((f"{name}_{k}", round_to(value, 53)))
        value -= found[-1][1]
    return found


def furthest(power):
    """The double next to an odd multiple of pi/4, among the largest 4000 of these below 2^power."""
    last = mp.floor(mp.ldexp(1, power) / mp.pi)
    return min((round_to(t, 53) for t in ((last - k - mp.mpf(3) / 4) * mp.pi for k in range(4000))),
               key=lambda t: abs(mp.sin(t) ** 2 - mp.mpf(1) / 2))


exp = [mp.mpf(1) / mp.factorial(k) for k in range(3, 19)]
square = [(-1) ** (k + 1) * mp.mpf(2) ** (2 * k - 1) / mp.factorial(2 * k) for k in range(2, 16)]
sine = [(-1) ** k / mp.factorial(2 * k + 1) for k in range(1, 15)]
named = [part for k in range(4) for part in parts(f"EXP_{k + 3}", exp[k], 2)]
named += [part for k in range(4) for part in parts(f"SQUARE_{k + 2}", square[k], 2)]
named += [part for k in range(5) for part in parts(f"SINE_{k + 1}", sine[k], 2)]
named += parts("HALF_PI", mp.pi / 2, 3) + [("TWO_OVER_PI", round_to(2 / mp.pi, 53)), ("SNAKE_FURTHEST", furthest(50))]
named += parts("SNAKE_LEAST", mp.mpf(10) ** -9, 2)
named += [(f"EXP_{k + 7}", round_to(c, 53)) for k, c in enumerate(exp[4:])]
named += [(f"SQUARE_{k + 6}", round_to(c, 53)) for k, c in enumerate(square[4:])]
named += [(f"SINE_{k + 6}", round_to(c, 53)) for k, c in enumerate(sine[5:])]
print_constants(53, named, [])
