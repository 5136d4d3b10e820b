"""Prints the constants of math/normal_tail.h and activations/erf.h: polynomials, and quotients N / D of polynomials.

With Q the upper tail of the normal distribution, c = 1 / sqrt(2 pi), T(a) = e^(a^2/2) Q(a) / c, C the zero of
T(a) - a and s = -a^2 / 2:

    a Q(a) = a/2 + s P(s) = B e^s (1 + R(a))                     B about 0.85 c, so that |R| stays below 0.4
    Q(a) - a c e^s = (C - a) (G1 + t G(t)) = e^s (S(a) - b a)    t = a - 1, b about 0.88 c: S / (b a) is small
    a Q(a) = a e^(-a^2/2) V(a),  erf(a) = a Y(a^2)                for half types, in float alone

R and S take over what rounding B and b loses. D(0) is free; it is chosen so that D passes the powers of two, after
which its rounding costs most, where the result is not near one itself.
"""
import mpmath as mp

from minimax import fit, print_constants, round_to

mp.mp.prec = 160
DENSITY = 1 / mp.sqrt(2 * mp.pi)
TWO_OVER_SQRT_PI = 2 / mp.sqrt(mp.pi)
VALUE_SEAM, DERIVATIVE_SEAM = mp.mpf("0.8325"), mp.mpf("1.3")

# By precision: the end and the degrees of P, R, G, S.
PLANS = {24: ("14.8", 4, (5, 4), 9, (4, 3)), 53: ("38.8", 9, (10, 10), 18, (9, 8))}


def scaled_tail(a):
    """T(a)."""
    return mp.exp(a * a / 2) * mp.erfc(a / mp.sqrt(2)) / (2 * DENSITY)


DERIVATIVE_ZERO = mp.findroot(lambda a: scaled_tail(a) - a, mp.mpf("0.75"))


def value_factor(s):
    """P(s)."""
    return mp.erf(mp.sqrt(-s)) / mp.sqrt(-2 * s)


def derivative_factor(t):
    """G1 + t G(t)."""
    a = 1 + t
    return DENSITY * mp.exp(-a * a / 2) * (scaled_tail(a) - a) / (DERIVATIVE_ZERO - a)


def erf_factor(s):
    """E(s)."""
    return mp.erf(mp.sqrt(-s)) / mp.sqrt(-s) - 1


def solve(columns, right, weights):
    """Coefficients c minimising the sum of (w (right - sum c[k] columns[k]))**2."""
    scaled = [[w * v for w, v in zip(weights, column)] for column in columns]
    target = [w * v for w, v in zip(weights, right)]
    normal = mp.matrix([[mp.fdot(a, b) for b in scaled] for a in scaled])
    return list(mp.lu_solve(normal, mp.matrix([mp.fdot(a, target) for a in scaled])))


def fit_quotient(target, weight, degrees, start, low, high, bits):
    """N and D of these degrees, D(0) = start, with N / D near `target`, and the largest weighted error.

    Least squares of N - target D, weighted with 1 / D and to level the peaks of the error; then one
    coefficient after the other is rounded and the rest are fitted again.
    """
    ends = [(a - 2) / (a + 2) for a in (mp.mpf(low), mp.mpf(high))]
    count = 8 * (sum(degrees) + 2)
    turns = [mp.cos(mp.pi * (2 * i + 1) / (2 * count)) for i in range(count)]
    points = [2 * (1 + t) / (1 - t) for t in (((1 - c) * ends[0] + (1 + c) * ends[1]) / 2 for c in turns)]
    values, weights = [target(a) for a in points], [weight(a) for a in points]
    columns = {("N", k): [a ** k for a in points] for k in range(degrees[0] + 1)}
    columns |= {("D", k): [-f * a ** k for a, f in zip(points, values)] for k in range(degrees[1] + 1)}
    order = sorted(columns, key=lambda name: name[1])
    known = {("D", 0): mp.mpf(start)}
    under, level = [mp.mpf(1)] * count, [mp.mpf(1)] * count

    def filled():
        free = [name for name in order if name not in known]
        right = [-mp.fsum(known[name] * columns[name][i] for name in known) for i in range(count)]
        scale = [w * mp.sqrt(p) / d for w, p, d in zip(weights, level, under)]
        return {**known, **dict(zip(free, solve([columns[name] for name in free], right, scale)))}

    def sides(c, a):
        return [mp.polyval([c[which, k] for k in range(degree, -1, -1)], a) for which, degree in zip("ND", degrees)]

    for step in range(30):
        found = filled()
        both = [sides(found, a) for a in points]
        under = [d for _, d in both]
        errors = [w * abs(n / d - f) for w, f, (n, d) in zip(weights, values, both)]
        if step >= 6:
            level = [p * (e / max(errors) + mp.mpf("0.05")) for p, e in zip(level, errors)]
    for name in order:
        if name not in known:
            known[name] = round_to(filled()[name], bits)
    worst = mp.mpf(0)
    for k in range(2 * count - 1):  # the points and those between them
        x = (points[k // 2] + points[(k + 1) // 2]) / 2
        n, d = sides(known, x)
        worst = max(worst, weight(x) * abs(n / d - target(x)))
    return [known["N", k] for k in range(degrees[0] + 1)], [known["D", k] for k in range(degrees[1] + 1)], worst


def split(name, value, bits):
    """The constant and what rounding it loses."""
    high = round_to(value, bits)
    return [(name, high), (name + "_LO", round_to(value - high, bits))]


def constants_and_polynomials(bits):
    """What `print_constants` takes."""
    end, p, r, g, s = PLANS[bits]
    base, steep = round_to(DENSITY * mp.mpf("0.85"), bits), round_to(DENSITY * mp.mpf("0.88"), bits)
    constants = [("DENSITY", round_to(DENSITY, bits)), ("B", base), ("b", steep)]
    constants += split("DERIVATIVE_ZERO", DERIVATIVE_ZERO, bits) + split("TWO_OVER_SQRT_PI", TWO_OVER_SQRT_PI, bits)

    def tail(a):
        return DENSITY * a * scaled_tail(a)

    def line(a):
        return DENSITY * (a - scaled_tail(a))

    polynomials = [
        ("P", fit(value_factor, lambda v: v / (mp.sqrt(-2 * v) / 2 + v * value_factor(v)), p,
                  -VALUE_SEAM ** 2 / 2, "-1e-9", bits)),
    ]
    quotients = [
        ("R", lambda a: tail(a) / base - 1, lambda a: base / tail(a), r, "1.6875", VALUE_SEAM, end),
        ("S", lambda a: steep * a - line(a), lambda a: 1 / line(a), s, "1.4375", DERIVATIVE_SEAM, end),
        ("G", derivative_factor, lambda t: 1 / derivative_factor(t), (g, 0), "1", "-1", DERIVATIVE_SEAM - 1),
    ]
    if bits == 24:
        quotients += [
            ("V", lambda a: DENSITY * scaled_tail(a), lambda a: 1 / (DENSITY * scaled_tail(a)), (4, 4), "1", "1e-6", end),
            ("Y", lambda s: 1 + erf_factor(-s), lambda s: 1 / (1 + erf_factor(-s)), (5, 5), "1", "1e-6", "16"),
        ]
    for name, *plan in quotients:
        above, below, worst = fit_quotient(*plan, bits)
        polynomials.append((name + "_N", (above, worst)))
        if len(below) > 1:
            polynomials.append((name + "_D", (below, worst)))
    return constants, polynomials


if __name__ == "__main__":
    for precision in PLANS:
        print_constants(precision, *constants_and_polynomials(precision))
