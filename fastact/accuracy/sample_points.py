"""The inputs at which errors are measured, and the parameters."""
import itertools

import numpy as np

from fastact.accuracy import formulas

FINITE = 2 * 0x7F800000  # float32 patterns that are numbers
GRID = {                 # of a parameter: values to measure at besides the default, where the registry has none
    "alpha": (0.01, 0.3, 1.67, 10.0), "beta": (1e-3, 0.1, 0.7, 1.7, 3.3, 1e3),
    "b": (1e-3, 0.1, 1.0, 33.0, 1e3), "negative_slope": (0.2, 1 / 3, 10.0, -0.3), "weight": (0.01, 1 / 3, 10.0, -0.3),
    "slope": (1e-3, 0.2, 1 / 3, 10.0), "offset": (0.3, 1.0), "min_val": (-10.0, -1 / 3, 0.1),
    "max_val": (0.3, 6.0), "lambd": (0.0, 0.01, 1 / 3, 10.0), "theta": (0.0, 0.1, 10.0, -1 / 3),
    "threshold": (0.1, 20.0, -1 / 3), "value": (20.0, -0.7), "eps": (),
}
# Where a function begins to be constant, linear, subnormal, 0 or infinite in one dtype or another.
LANDMARKS = (0.0, 0.5, 1.0, 2.0, 3.0, 3.92, 5.9216, 6.0, 8.3, 9.01, 12.0, 13.2, 14.17, 17.3287, 18.7149, 20.0, 24.0,
             27.226, 36.7368, 37.5, 38.57, 44.3614, 55.0, 64.0, 87.3365447, 88.7228394, 103.972, 110.0, 115.0, 170.0,
             354.8914, 372.5666, 708.39642, 709.78271, 744.44007, 745.13322, 760.0, 1410.0)


class Float32s:
    """A sequence of every stride-th finite float32, in the order of the bits; all of one sign."""

    def __init__(self, start, stop, stride=1):
        self.start, self.stride, self.size = start, stride, max(0, -(-(stop - start) // stride))
        self.bits = np.uint32(0 if start < FINITE // 2 else 2**31 - FINITE // 2)

    def __len__(self):
        return self.size

    def part(self, begin, end, step=1):
        """Every step-th from number `begin` to `end`, as a sequence."""
        first, stop = (self.start + k * self.stride for k in (begin, end))
        return Float32s(first, stop, step * self.stride)

    def __getitem__(self, key):
        if not isinstance(key, slice):
            return self[key:key + 1][0]
        begin, end = (self.start + k * self.stride for k in (key.start, key.stop))
        index = np.arange(begin, end, self.stride, dtype=np.uint32)
        index += self.bits
        return index.view(np.float32)


def float32_points(start, stop, stride=1):
    """Of the finite float32 numbers start, start + stride ...: the positive ones, and the negative ones, if any."""
    middle = FINITE // 2
    if start >= middle:
        return [Float32s(start, stop, stride)]
    negative = start + -(-(middle - start) // stride) * stride  # the first of them
    return [Float32s(start, min(stop, middle), stride), Float32s(negative, max(stop, negative), stride)]


def grid(entry):
    """The parameters at which errors are measured: the defaults first, then every combination of the other values."""
    axes = [(default, *(p.measured or GRID.get(p.name, (0.1, 0.7, 1.7, 10.0))))
            for p, default in zip(entry.parameters, entry.defaults)]
    return list(dict.fromkeys(itertools.product(*axes)))


def kinks(entry, values):
    """Where the derivative jumps, rounded to floats."""
    names = [p.name for p in entry.parameters]
    return [float(formulas.mpmath_function(kink.at, names)(0, *values)) for kink in entry.kinks]


def derivative_zeros(entry, values):
    """Zeros of the derivative at these parameters, from the entry's at the defaults: c / parameter, or near it."""
    if values == entry.defaults or not entry.derivative_zeros:
        return entry.derivative_zeros
    names, mp, found = [p.name for p in entry.parameters], formulas.context(), []
    slope = formulas.mpmath_function(entry.derivative, names)
    for c in entry.derivative_zeros:
        for start in (c / values[0] if values[0] else c, c):
            try:
                at_start = abs(slope(start, *values)) <= 1e-15
                found.append(start if at_start else float(mp.findroot(lambda x: slope(x, *values), start)))
            except (ValueError, ZeroDivisionError):
                continue
            break
    return tuple(found)


def landmarks(entry, values):
    """Magnitudes near which functions change their behaviour, in x and scaled by the parameters."""
    scales = {1.0, *(s for v in map(abs, values) if v for s in (v, 1 / v, v**0.5))}
    return np.unique([*(mark * scale for mark in (*LANDMARKS, *map(abs, entry.derivative_zeros)) for scale in scales),
                      *map(abs, kinks(entry, values))])


def near(marks, dtype, reach):
    """These magnitudes and `reach` neighbours on both sides of each."""
    marks = np.asarray(marks).astype(dtype)
    return (marks[:, None] + np.spacing(marks)[:, None] * np.arange(-reach, reach + 1).astype(dtype)).ravel()


def float64_points(entry, values, count, seed=0):
    """Every exponent with both signs, the centre and the tails densely, neighbours of landmarks, and points of all waves."""
    random = np.random.default_rng(seed)
    exponents = np.repeat(np.arange(-1074, 1024), count)
    everywhere = np.ldexp(random.uniform(1, 2, exponents.size), exponents)
    centre, tails = random.uniform(0, 40, 5000 * count), random.uniform(0, 760, 2500 * count)
    zeros = np.abs(entry.derivative_zeros)
    around = zeros[:, None] + np.ldexp(random.uniform(-1, 1, 800 * count), -random.integers(1, 50, 800 * count))
    scales = {1.0, *(1 / abs(v) for v in values if v)}
    scaled = [points * scale for scale in scales for points in (centre, tails, around.ravel())]
    waves = random.uniform(0, entry.waves_to, 100 * count) / values[0] if entry.waves_to < np.inf and values[0] else np.empty(0)
    return np.concatenate([everywhere, *scaled, near(landmarks(entry, values), np.float64, 4 * count), waves])


def both_signs(magnitudes):
    """The numbers without repetition, positive ones and negative ones, each in order of magnitude."""
    positive = np.unique(np.abs(magnitudes[np.isfinite(magnitudes)]))
    return [positive, -positive]
