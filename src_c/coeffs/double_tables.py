"""Prints the tables of double in src_c/tables: ``python src_c/coeffs/double_tables.py erf > src_c/tables/erf_double.h``.

A table has 16 rows of a few numbers and is printed column by column. exponential's row j has 2^(j/16) and is

    e^x = 2^(n/16) e^r      n = x 16 / ln 2, rounded to an integer; j = n % 16

erf's row i is a polynomial for the a = |x| that are nearest to i WIDTH, with d = a - i WIDTH:

    erf(a) - min(a, SEAM) = c0 + c1 d + ... + c12 d^12

The table has these coefficients times SCALE, so that the products with d are not subnormal where erf is normal. c11 and c12 count
so little that 21 bits are enough: the upper half of c12 is the lower half of c11, which is one number less to fetch.

min(a, SEAM) is near erf(a) for most a, so that errors of the polynomial count little in the sum. From row STEEP on, c0 is the
nearest double to the difference at d = 0, and the other coefficients are fitted to differences from that point: there the
function is so flat that they would otherwise make up for the rounding error of c0, and the polynomial would not be monotone.
"""
import struct
import sys

import mpmath as mp

from minimax import fit, least_squares, round_to

mp.mp.prec = 150
ROWS, BITS, HALF_BITS = 16, 53, 21
WIDTH, SEAM_ROW, STEEP, LIMIT, DEGREE = mp.mpf("0.3828125"), 3, 8, mp.mpf("5.93"), 12
SCALE = 256
SEAM = (SEAM_ROW - mp.mpf("0.5")) * WIDTH


def bits_of(value):
    """A double as an integer."""
    return struct.unpack("<q", struct.pack("<d", float(value)))[0]


def double_of(bits):
    """The double of these bits."""
    return mp.mpf(struct.unpack("<d", struct.pack("<q", bits))[0])


def literal(value):
    """A C hexadecimal float literal."""
    digits, exponent = float(value).hex().split("p")
    return f"{digits.rstrip('0').rstrip('.')}p{exponent}"


def define(name, value):
    """A #define of one number."""
    return f"#define {name} {literal(value)} /* {mp.nstr(value, 10)} */"


def table(name, columns):
    """The macro NAME_TABLE(COLUMN), from columns of 16 numbers."""
    lines = [f"#define {name}_COLUMNS {len(columns)}", f"#define {name}_TABLE(COLUMN)"]
    for k, column in enumerate(columns):
        texts = [literal(value) for value in column]
        parts = [", ".join(texts[j:j + 4]) for j in range(0, ROWS, 4)]
        lines += [f"    COLUMN({k}, {parts[0]},", *(f"        {part}," for part in parts[1:-1]), f"        {parts[-1]})"]
    return [lines[0], *(f"{line} \\" for line in lines[1:-1]), lines[-1]]


def exponential():
    """The lines of exponential's table."""
    step = mp.log(2) / ROWS
    powers = [mp.mpf(2) ** (mp.mpf(j) / ROWS) for j in range(ROWS)]
    high = [round_to(power, BITS) for power in powers]
    low = [round_to((power - h) / h, BITS) for power, h in zip(powers, high)]
    less = [double_of(bits_of(h) - (j << 48)) for j, h in enumerate(high)]
    limit = step / 2 * mp.mpf("1.001")
    tail, worst = fit(lambda r: (mp.expm1(r) - r) / (r * r), lambda r: r * r, 4, -limit, limit, BITS)
    error = mp.nstr(mp.log(worst, 2), 4)
    comment = ("/* Of each row j: 2^(j/16), whose bits are less by j << 48, so that adding n << 48 makes it 2^(n/16) for\n"
               "   j = n % 16; and what its rounding loses, relative to it. P is that of e^r = 1 + r + r^2 P(r); its error is\n"
               f"   2^{error} of e^r. Written by coeffs/double_tables.py. */")
    return [comment,
            define("EXPONENTIAL_STEPS", round_to(1 / step, BITS)), define("EXPONENTIAL_STEP", round_to(step, BITS)),
            define("EXPONENTIAL_STEP_LO", round_to(step - round_to(step, BITS), BITS)),
            *(define(f"EXPONENTIAL_P{k}", c) for k, c in enumerate(tail)), *table("EXPONENTIAL", [less, low])]


def erf_row(row):
    """A row of erf's table, and its largest error relative to erf."""
    middle = row * WIDTH
    low, high = max(middle - WIDTH / 2, mp.mpf(0)), min(middle + WIDTH / 2, LIMIT)
    count = 4 * (DEGREE + 2)
    points = [(low + high) / 2 + (high - low) / 2 * mp.cos(mp.pi * (2 * i + 1) / (2 * count)) for i in range(count)]
    values, near = [mp.erf(a) for a in points], [a if row < SEAM_ROW else SEAM for a in points]
    rest, d = [f - z for f, z in zip(values, near)], [a - middle for a in points]
    weights = [1 / min(f, mp.ldexp(mp.erfc(a), 27)) for f, a in zip(values, points)]
    found, exact = [], mp.erf(middle) - (0 if row == 0 else SEAM)
    if row == 0 or row >= STEEP:
        found.append(round_to(exact, BITS))
        rest = [r - exact for r in rest]
    while len(found) <= DEGREE:
        power = len(found)
        c = least_squares(d, rest, weights, list(range(power, DEGREE + 1)))[0]
        found.append(round_to(c, BITS if power < DEGREE - 1 else HALF_BITS))
        rest = [r - found[-1] * t ** power for r, t in zip(rest, d)]
    packed = bits_of(found[-2] * SCALE) | bits_of(found[-1] * SCALE) >> 32 & 0xFFFFFFFF
    lost = double_of(packed) / SCALE - found[-2]
    rest = [r - lost * t ** (DEGREE - 1) for r, t in zip(rest, d)]
    return [c * SCALE for c in found[:-2]] + [double_of(packed)], max(abs(r / f) for r, f in zip(rest, values))


def erf():
    """The lines of erf's table."""
    rows = [erf_row(row) for row in range(ROWS)]
    error = mp.nstr(mp.log(max(error for _, error in rows), 2), 4)
    return [f"/* The polynomials of erf; their largest relative error is 2^{error}. Written by coeffs/double_tables.py. */",
            define("ERF_WIDTH", WIDTH), define("ERF_PER_WIDTH", round_to(1 / WIDTH, BITS)), define("ERF_SEAM", SEAM),
            define("ERF_LIMIT_DOUBLE", round_to(LIMIT, BITS)), define("ERF_SCALE", mp.mpf(SCALE)),
            *table("ERF_DOUBLE", list(zip(*(row for row, _ in rows))))]


if __name__ == "__main__":
    for name in sys.argv[1:] or ("exponential", "erf"):
        print("\n".join({"exponential": exponential, "erf": erf}[name]()))
