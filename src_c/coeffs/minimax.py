"""Near-minimax polynomials whose coefficients are floats.

`fit` solves a weighted least-squares problem on Chebyshev points in high precision (within a
fraction of a bit of the true minimax error here), then fixes the coefficients one at a time, lowest
first: each is rounded to the target format and the rest are fitted again, so that the later ones
absorb the rounding.
"""
import mpmath as mp

mp.mp.prec = 300


def round_to(value, bits):
    """`value` rounded to `bits` significant bits (24: float32, 53: float64)."""
    if value == 0:
        return mp.mpf(0)
    unit = mp.ldexp(1, int(mp.floor(mp.log(abs(value), 2))) - bits + 1)
    return mp.nint(value / unit) * unit


def least_squares(points, values, weights, powers):
    """Coefficients c minimising the sum of (w (v - sum c[k] x**powers[k]))**2."""
    rows = [[w * x ** p for p in powers] for x, w in zip(points, weights)]
    normal = mp.matrix([[mp.fdot((r[i], r[j]) for r in rows) for j in range(len(powers))] for i in range(len(powers))])
    right = mp.matrix([mp.fdot((r[i], w * v) for r, w, v in zip(rows, weights, values)) for i in range(len(powers))])
    return mp.lu_solve(normal, right)


def fit(target, weight, degree, low, high, bits):
    """Float coefficients c[0..degree] for `target` on [low, high] and the largest weighted error."""
    low, high = mp.mpf(low), mp.mpf(high)
    count = 12 * (degree + 2)
    points = [(low + high) / 2 + (high - low) / 2 * mp.cos(mp.pi * (2 * i + 1) / (2 * count)) for i in range(count)]
    rest = [target(x) for x in points]
    weights = [weight(x) for x in points]
    fixed = []
    for power in range(degree + 1):
        c = round_to(least_squares(points, rest, weights, list(range(power, degree + 1)))[0], bits)
        rest = [r - c * x ** power for r, x in zip(rest, points)]
        fixed.append(c)
    return fixed, max(abs(w * r) for w, r in zip(weights, rest))


def c_literal(value, bits):
    """A C hexadecimal float literal, with the decimal beside it."""
    digits, exponent = float(value).hex().split("p")
    text = digits.rstrip("0").rstrip(".") + "p" + exponent
    return f"{text}{'f' if bits == 24 else ''} /* {mp.nstr(value, 10)} */"


def print_constants(bits, named, polynomials):
    """Print one `#define` a constant, and for each polynomial its error and coefficients."""
    print(f"/* float{32 if bits == 24 else 64} */")
    for name, value in named:
        print(f"#define {name} {c_literal(value, bits)}")
    for name, (coefficients, worst) in polynomials:
        print(f"/* {name}: largest weighted error 2^{mp.nstr(mp.log(worst, 2), 4)} */")
        for k, value in enumerate(coefficients):
            print(f"#define {name}{k} {c_literal(value, bits)}")
