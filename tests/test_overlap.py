"""Whatever memory an output shares with an input, the result is that of a copied input."""
import numpy as np
import pytest

from axes import Each, arrays_in, assert_same_bits, call, sample

VIEWS = [(slice(0, 40), slice(0, 40)), (slice(0, 40), slice(1, 41)), (slice(1, 41), slice(0, 40)),
         (slice(0, 40), slice(17, 57)), (slice(0, 80, 2), slice(0, 40)), (slice(0, 40), slice(0, 80, 2)),
         (slice(0, 40), slice(39, None, -1)), (slice(0, 80, 2), slice(1, 81, 2)), (slice(39, None, -1), slice(1, 41))]


@pytest.mark.contract
@pytest.mark.parametrize("views", [Each(VIEWS)], ids=["views"])
def test_overlap(form, views):
    """Whatever memory an output shares with an input, the result is that of a copied input."""
    source, target = views
    for dtype in (np.float32, np.float16):
        for which in range(arrays_in(form)):
            for offset in (0, 3):
                base = sample(dtype, 100)
                x = base[offset:][source]
                arrays = [sample(dtype, 40) for _ in range(arrays_in(form))]
                arrays[which] = x
                want = call(form, (a.copy() for a in arrays))
                extra = (np.empty(40, dtype),) * (form.ufunc.nout - 1)
                out = base[offset:][target]
                call(form, arrays, out=(out, *extra))
                assert_same_bits((out.copy(), *extra), want, f"{source} to {target}")


@pytest.mark.contract
def test_overlap_of_long_arrays(activation):
    """Beyond the threading thresholds as well."""
    for shift in (1, 16, 5000):
        base = sample(np.float32, 1 << 20)
        want = call(activation, (base[:-shift].copy(),))
        call(activation, (base[:-shift],), out=base[shift:])
        assert_same_bits(base[shift:].copy(), want)
        base = sample(np.float32, 1 << 20)
        want = call(activation, (base[shift:].copy(),))
        activation(base[shift:], *activation.info.defaults, base[:-shift])
        assert_same_bits(base[:-shift].copy(), want)
