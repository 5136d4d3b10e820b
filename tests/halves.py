"""What the tests of float16 and bfloat16 share."""
import numpy as np
import pytest

from axes import Each, outputs

ml_dtypes = pytest.importorskip("ml_dtypes")
HALVES = (np.float16, ml_dtypes.bfloat16)
LOW = {np.float16: 2.0**-14, ml_dtypes.bfloat16: 2.0**-126}  # the smallest normal number


@pytest.fixture
def half():
    return Each(HALVES)


def is_nan(a):
    """As numpy.isnan, which for bfloat16 warns of signalling ones."""
    infinity = np.array(np.inf, a.dtype).view(np.uint16)
    return (np.asarray(a).view(np.uint16) & 0x7fff) > infinity


def bits(a):
    """The bits of an array, every NaN as the same one."""
    return np.where(is_nan(a), 0x7fff, np.asarray(a).view(np.uint16))


def assert_same(got, want, what=""):
    """Equal dtype, shape and bits, of one array or two."""
    for one, other in zip(outputs(got), outputs(want), strict=True):
        one, other = np.asarray(one), np.asarray(other)
        assert one.dtype == other.dtype and one.shape == other.shape, what
        if one.size < 1000 and one.tobytes() == other.tobytes():
            continue  # quicker than what follows, and so for nearly all
        at = np.flatnonzero(bits(one) != bits(other))
        assert at.size == 0, f"{what}: {at.size} differ, first {one.flat[at[0]]} and {other.flat[at[0]]}"


def every(half, chosen=None):
    """All 65,536, or the finite or the NaN among them."""
    x = np.arange(1 << 16, dtype=np.uint16).view(half)
    magnitude, infinity = x.view(np.uint16) & 0x7fff, np.array(np.inf, half).view(np.uint16)
    return x if chosen is None else x[magnitude < infinity] if chosen == "finite" else x[magnitude > infinity]


def at_defaults(form, *arrays, **keywords):
    """The form at its default parameters, and the examples of those that are required."""
    return form(*arrays, *form.info.defaults, **keywords)


def rounded(want, half):
    """float64 numbers rounded once, in arithmetic of float64: a cast to bfloat16 would round to float32 first."""
    size = np.maximum(np.abs(want), LOW[half])
    unit = np.ldexp(float(ml_dtypes.finfo(half).eps), np.frexp(size)[1] - 1)
    with np.errstate(over="ignore", invalid="ignore"):
        nearest = np.copysign(np.rint(want / unit) * unit, want)
        return np.where(np.isfinite(want), nearest, want).astype(np.float32).astype(half)
