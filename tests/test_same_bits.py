"""One value has one result: whatever the length, place, layout, way in, threads or instruction set."""
import json
import os
import subprocess
import sys

import numpy as np
import pytest

import fastact as fa
from axes import arrays_in, assert_same_bits, bits, call, each_loop, empty_outputs, inputs, outputs, special, suffix, wide
from fastact import kernels, registry
from fastact.accuracy import digest

LONGEST = 4 * 16 + 3


def sample(dtype, count):
    """Special values among others; no value twice in a row."""
    x = wide(dtype, count, seed=count)
    known = special(dtype)
    x[5:5 + 3 * known.size:3][:known.size] = known[:len(x[5:5 + 3 * known.size:3])]
    return x


def arguments(form, x):
    """Inputs with a varied gradient."""
    return inputs(form, x, wide(x.dtype.type, x.size, seed=3).reshape(x.shape))


def part(arrays, index):
    return tuple(a[index] for a in arrays)


@pytest.fixture(autouse=True)
def quiet():
    """Gradients of every magnitude overflow and meet infinities; that is not the subject here."""
    with np.errstate(all="ignore"):
        yield


def test_lengths_and_offsets(form, dtype):
    arrays = arguments(form, sample(dtype, LONGEST + 16))
    whole = outputs(call(form, arrays))
    for offset in range(16):
        for n in range(1, LONGEST + 1):
            here = slice(offset, offset + n)
            got, want = call(form, part(arrays, here)), part(whole, here)
            for one, other in zip(outputs(got), want):
                if one.tobytes() != other.tobytes():
                    assert_same_bits(one, other, f"{form.__name__}, {n} elements from {offset}")


BY_SIZE = [form for entry in registry.ACTIVATIONS for form, loop in
           ((fa.activations[entry.name], entry.value_loop), (fa.activations[entry.name].derivative, entry.derivative_loop))
           if loop != "plain"]


@pytest.mark.parametrize("form", BY_SIZE, ids=lambda form: form.__name__)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_beside_larger_values(form, dtype):
    """Blocks in which every |x| is small have a loop of their own, and a table of pieces ends at a limit. Infinities in each
    vector, and in the whole block, lead to the other formula."""
    pytest.importorskip("ml_dtypes")  # has bfloat16
    dtype = np.dtype(dtype)
    unsigned = np.dtype(f"uint{8 * dtype.itemsize}").type
    largest = np.array(710.0 if dtype == np.float64 else 90.0, dtype).view(unsigned)
    ends = [np.array(end, dtype).view(unsigned) for end in (4, 24)]  # where tables end
    half = (largest.view(dtype) / 2).view(unsigned)  # from here on the numbers are dense, up to where blocks are no longer small
    x = np.concatenate([np.linspace(int(low), int(high), 3 << 17).astype(unsigned)
                        for low, high in ((0, largest), (half, largest), ends)])
    x = np.concatenate([x, x | unsigned(1 << 8 * dtype.itemsize - 1)]).view(dtype).reshape(-1, 2)
    beside = np.full((len(x), 4), np.inf, dtype)
    beside[:, :2], beside[:, 3] = x, -np.inf
    alone = form(x).view(unsigned)
    assert np.array_equal(alone, form(beside)[:, :2].copy().view(unsigned))
    few = np.array_split(x, 2 * len(x) // 1001)[::20]
    assert all(np.array_equal(form(part[k:k + 1]), form(part)[k:k + 1]) for part in few for k in (0, 250, -1))


def test_strides(form, dtype):
    arrays = arguments(form, sample(dtype, 420))
    whole = outputs(call(form, arrays))
    for step in (1, 2, 3, -1, -2, 7):
        for n in (1, 2, 15, 16, 17, 33, 60, 420):
            got = call(form, (a[::step][:n] for a in arrays))
            assert_same_bits(got, tuple(w[::step][:n] for w in whole), f"{form.__name__}, step {step}")


def test_layouts(form, dtype):
    arrays = arguments(form, sample(dtype, 6 * 35 * 2).reshape(6, 35, 2))
    whole = call(form, arrays)
    for name, change in (("Fortran order", np.asfortranarray), ("transposed", lambda a: a.T),
                         ("a slice", lambda a: a[1:5, 3:30:2]), ("axes swapped", lambda a: a.swapaxes(0, 1)),
                         ("rows reversed", lambda a: a[::-1]), ("0-d", lambda a: a[2, 3, 1])):
        got = call(form, (change(a) for a in arrays))
        assert_same_bits(got, tuple(change(w) for w in outputs(whole)), f"{form.__name__}, {name}")


def test_ways_in(form, dtype):
    """Direct, with out=, in place, bound, ufunc, strided ufunc, typed kernels, through a subclass."""
    x = sample(dtype, 1001)
    arrays, parameters = arguments(form, x), form.info.defaults
    whole = call(form, arrays)

    def check(got, name):
        assert_same_bits(got, whole, f"{form.__name__}, {name}")

    check(form(*arrays, *parameters), "parameters given")
    check(form(*arrays, *(dtype(p) for p in parameters)), "parameters as NumPy scalars")
    check(form(*arrays, *(np.full(x.shape, p, dtype) for p in parameters)), "parameters as arrays")
    out = empty_outputs(form, x)
    assert call(form, arrays, out=out) is out or form.ufunc.nout == 2
    check(out, "out=")
    check(form(*arrays, *parameters, *outputs(empty_outputs(form, x))), "out by position")
    check(form.ufunc(*arrays, *parameters), "ufunc")
    check(call(form, arrays, where=np.ones(x.shape, bool), out=empty_outputs(form, x)), "where=")
    check(call(form, arrays, dtype=dtype), "dtype=")
    check(call(form, (a.view(np.memmap) for a in arrays)), "subclass")
    check(call(form, (a.astype(a.dtype.newbyteorder()) for a in arrays)), "byte-swapped")
    bound = empty_outputs(form, x)
    form.bind(*arrays, *(parameters if form.info.required else ()), *outputs(bound))()
    check(bound, "bind")
    typed = empty_outputs(form, x)
    getattr(kernels, form.info.name + suffix(form))(*arrays, *parameters, *outputs(typed))
    check(typed, "kernels")
    for which in range(arrays_in(form)):
        copies = [a.copy() for a in arrays]
        extra = () if form.ufunc.nout == 1 else (np.empty_like(x),)
        check(form(*copies, *parameters, copies[which], *extra), f"in place of argument {which}")


def test_forms_agree(activation, dtype):
    """The fused forms give the bits of the plain ones."""
    x = sample(dtype, 5000)
    grad = wide(dtype, x.size, seed=4)
    f, value = activation, call(activation, (x,))
    slope = call(f.derivative, (x,))
    assert_same_bits(call(f.value_and_derivative, (x,)), (value, slope), "value_and_derivative")
    slope = call(f.backward, (np.ones_like(x), x)) if f.info.derivative_fast else slope
    assert_same_bits(call(f.backward, (grad, x)), grad * slope, "backward")
    assert_same_bits(call(f.gated, (x, grad)), value * grad, "gated")
    up = np.roll(grad, 1)
    assert_same_bits(call(f.gated_backward, (grad, x, up)), (call(f.backward, (grad * up, x)), grad * value),
                     "gated_backward")
    assert_same_bits(call(f.biased, (x, grad)), call(f, (x + grad,)), "biased")
    half = x.astype(np.float16)
    assert_same_bits(call(f.value_and_derivative, (half,)), (call(f, (half,)), call(f.derivative, (half,))), "float16")


def tiled(form, dtype, size):
    """Long inputs that repeat a short period, and the results of one period."""
    period = 1 << 14
    short = arguments(form, sample(dtype, period))
    return [np.tile(a, size // period) for a in short], [bits(w) for w in outputs(call(form, short))], period


def assert_repeats(got, period_bits, period, what):
    word = period_bits[0].dtype
    for one, want in zip(outputs(got), period_bits):
        rows = one.view(word).reshape(-1, period)
        same = rows == want
        if not same.all():  # only NaNs may differ
            assert (bits(one).reshape(-1, period) == want).all(), what


def check_threads(form, dtype, size):
    arrays, want, period = tiled(form, dtype, size)
    out = empty_outputs(form, arrays[0])
    for threads, keywords in ((1, {"out": out}), (2, {}), (3, {"out": out})):
        with fa.num_threads(threads):
            assert_repeats(call(form, arrays, **keywords), want, period, f"{form.__name__}, {threads} threads")


def test_threads(form, dtype):
    check_threads(form, dtype, 1 << 18)


@pytest.mark.contract
@each_loop
def test_threads_of_long_arrays(form, dtype):
    check_threads(form, dtype, 6 << 20 if dtype == np.float32 else 3 << 20)


@pytest.mark.contract
@each_loop
def test_strided_threads(form, dtype):
    arrays, want, period = tiled(form, dtype, 1 << 20)
    spread = [np.repeat(a, 2)[::2] for a in arrays]
    for threads in (1, 2, 3):
        with fa.num_threads(threads):
            assert_repeats(call(form, spread), want, period, f"{form.__name__}, {threads} threads, strided")


def cache_bytes():
    """The largest last-level cache that the library may believe in."""
    try:
        return max(os.sysconf("SC_LEVEL3_CACHE_SIZE"), 32 << 20)
    except (OSError, ValueError):
        return 32 << 20


def test_past_the_caches(activation):
    """Results larger than the caches are written by streaming stores, to any address, and are the same."""
    size = max(6 << 20, cache_bytes() // 8 + (1 << 20)) >> 14 << 14
    try:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        free = 0
    if size * 4 * 5 > free:
        pytest.skip("too little memory")
    x, want, period = tiled(activation, np.float32, size)
    shifted = np.empty(size + 1, np.float32)[1:]  # 4 bytes off every vector's alignment
    for threads in (1, 2):
        with fa.num_threads(threads):
            assert_repeats(call(activation, x), want, period, f"{activation.name}, {threads} threads")
            assert_repeats(call(activation, x, out=shifted), want, period, f"{activation.name}, unaligned, {threads} threads")
    forms = outputs(call(activation.value_and_derivative, x))
    assert_repeats(forms[0], want, period, f"{activation.name}.value_and_derivative")


# ---- instruction sets ----

@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    path = tmp_path_factory.mktemp("digests") / "reference.json"
    found = digest.digests()
    assert len(found) > 3 * len(fa.activations) and len(set(found.values())) > len(found) / 2
    path.write_text(json.dumps(found))
    return path


ISAS = [pytest.param(isa, marks=[pytest.mark.thorough] if isa in ("baseline", fa.isa()) else [])
        for isa in ("baseline", "avx2", "avx512", "neon")]


@pytest.mark.parametrize("isa", ISAS)
def test_instruction_sets(isa, reference):
    """Every function, dtype and axis, in a process of each instruction set; by default of those besides the one in use here."""
    done = subprocess.run([sys.executable, "-m", "fastact", "accuracy", "--digest", "--isa", isa, "--against", reference],
                          capture_output=True, text=True)
    if f"this processor has no {isa}" in done.stderr:
        pytest.skip("this processor lacks it")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_difference_is_named(reference, tmp_path, monkeypatch, capsys):
    found = json.loads(reference.read_text())
    monkeypatch.setattr(digest, "digests", lambda: found)
    assert digest.main(reference) == 0
    other = {**found, "isa": "other", "sigmoid float32": "0", "gone": "0"}
    (tmp_path / "other.json").write_text(json.dumps(other))
    assert digest.main(tmp_path / "other.json") == 1
    assert "sigmoid float32: differs\ngone: is missing\n" in capsys.readouterr().out
    (tmp_path / "other.json").write_text("{")
    assert digest.main(tmp_path / "other.json") == 2 and "other.json does not hold" in capsys.readouterr().err
    assert digest.main() == 0 and json.loads(capsys.readouterr().out) == found
