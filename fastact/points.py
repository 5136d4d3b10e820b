"""The inputs at which errors are measured."""
import numpy as np

from fastact import registry

FINITE = 2 * 0x7F800000  # float32 patterns that are numbers
LANDMARKS = (0.0, 0.5, 1.0, 2.0, 3.0, 6.0, 9.01, 12.0, 17.3287, 18.7149, 20.0, 24.0, 36.7368, 37.5, 44.3614,
             55.0, 64.0, 87.3365447, 88.7228394, 103.972, 110.0, 115.0, 170.0, 354.8914, 372.5666,
             708.39642, 709.78271, 744.44007, 745.13322, 760.0, 1410.0)


def float32_patterns(start, stop, stride):
    """Numbers start, start + stride ... of the finite float32 in order of their bits."""
    index = np.arange(start, stop, stride, dtype=np.uint32)
    return np.where(index < FINITE // 2, index, index + np.uint32(2**31 - FINITE // 2)).view(np.float32)


def float64_points(name, parameters, count):
    """Every exponent with both signs, the centre and the tails densely, and neighbours of landmarks."""
    random = np.random.default_rng(0)
    exponents = np.repeat(np.arange(-1074, 1024), count)
    everywhere = np.ldexp(random.uniform(1, 2, exponents.size), exponents)
    centre, tails = random.uniform(0, 40, 5000 * count), random.uniform(0, 760, 2500 * count)
    zeros = np.abs(registry.by_name()[name].crossings)
    at = np.array([*LANDMARKS, *zeros])
    near = (at[:, None] + np.spacing(at)[:, None] * np.arange(-4 * count, 4 * count + 1)).ravel()
    around = (zeros[:, None] + np.ldexp(random.uniform(-1, 1, 800 * count), -random.integers(1, 50, 800 * count)))
    points = np.concatenate([centre, tails, near, around.ravel()])
    scales = [1.0, *(1 / abs(v) for v in parameters if v)]
    points = np.concatenate([everywhere, *(points * scale for scale in scales)])
    return np.concatenate([points, -points])
