"""``python -m fastact accuracy --digest``: a hash of every function's results on fixed inputs, as JSON.

Two builds, compilers or instruction sets that give the same bits give the same text, except for "isa". Every NaN counts as
the same one in activations and rows. The sums of the network's layers are those of NumPy's BLAS, so that its digests
compare between runs with one BLAS on one machine.
"""
import hashlib
import json
import sys

import numpy as np

import fastact as fa
from fastact import losses, optimizers, registry

WORDS = {np.dtype("f2"): np.uint16, np.dtype("f4"): np.uint32, np.dtype("f8"): np.uint64}
OPTIMIZERS = [(optimizers.SGD, dict(momentum=0.9, nesterov=True, weight_decay=0.1)), (optimizers.SGD, {}),
              (optimizers.Adam, dict(amsgrad=True)), (optimizers.AdamW, {}), (optimizers.Adagrad, {}),
              (optimizers.RMSprop, dict(centered=True, momentum=0.5)), (optimizers.RMSprop, {})]


def main(against=None):
    """Print the digests, or how they differ from those of a file; return the exit code."""
    if against is None:
        print(json.dumps(digests()))
        return 0
    with open(against, encoding="utf-8") as file:
        try:
            wanted = dict(json.load(file))
        except (ValueError, TypeError):
            print(f"{against} does not hold what --digest prints", file=sys.stderr)
            return 2
    found = digests()
    wanted.pop("isa", None)
    different = [name for name, value in wanted.items() if found.get(name) != value]
    for name in different:
        print(f"{name}: {'differs' if name in found else 'is missing'}")
    print(f"{len(wanted)} digests in {against}, {len(different)} of them differ or are missing here")
    return 1 if different else 0


def digests():
    """{what was computed: hash of its bits}, and the instruction set as "isa"."""
    found = {"isa": fa.isa()}
    with np.errstate(all="ignore"):
        for dtype in (np.float16, np.float32, np.float64):
            _forms(found, dtype)
            _rows(found, dtype)
            _gated_linear_units(found, dtype)
        for dtype in (np.float32, np.float64):
            _losses_and_optimizers(found, dtype)
            _networks(found, dtype)
    return found


# ---- inputs ----

def wide(dtype, count, seed=0):
    """Finite values of every magnitude and sign: random bits, and among them everyday ones."""
    rng, info = np.random.default_rng(seed), np.finfo(dtype)
    words = rng.integers(0, 2 ** info.bits, count, np.uint64).astype(WORDS[np.dtype(dtype)]).view(dtype)
    everyday = rng.normal(0, 5, count).astype(dtype)
    return np.where(np.isfinite(words) & (rng.random(count) < 0.5), words, everyday)


def every_exponent(dtype, mantissas=32):
    """Both signs of every exponent, subnormal ones too, with some mantissas: all finite."""
    info = np.finfo(dtype)
    rng, word = np.random.default_rng(1), WORDS[np.dtype(dtype)]
    exponents = np.arange(2 ** info.iexp - 1, dtype=word) << word(info.nmant)
    last = 2 ** info.nmant - 1
    tails = np.concatenate([[0, 1, last, last - 1], rng.integers(0, last, mantissas - 4)]).astype(word)
    positive = (exponents[:, None] | tails).ravel().view(dtype)
    return np.concatenate([positive, -positive])


def special(dtype):
    """NaN, zeros, infinities, subnormals, ends, and the arguments where functions change branch."""
    info = np.finfo(dtype)
    tiny, smallest = float(info.tiny), float(info.smallest_subnormal)
    near_one = [1, float(np.nextafter(dtype(1), dtype(2))), float(np.nextafter(dtype(1), dtype(0)))]
    magnitudes = [0, smallest, tiny / 2, tiny, float(info.eps), *near_one, 16.7, 88.8, 104, 745.2, 1e4, float(info.max), np.inf]
    both = np.array([sign * m for m in magnitudes for sign in (1, -1)], dtype)
    return np.concatenate([both, [np.nan, -np.nan]]).astype(dtype)


def _points(dtype):
    """Every exponent, special values, random ones; float16 entirely."""
    if dtype == np.float16:
        return np.arange(2 ** 16, dtype=np.uint16).view(dtype)
    return np.concatenate([every_exponent(dtype, 64), special(dtype), wide(dtype, 50_001)])


# ---- hashes ----

def bits(a):
    """The bits of an array, every NaN as the same one: its sign and payload are free."""
    a = np.asarray(a)
    nan = np.isnan(a)
    return (np.where(nan, np.array(np.nan, a.dtype), a) if nan.any() else a).view(WORDS[a.dtype])


def _digest(result):
    together = hashlib.sha256()
    for array in result if isinstance(result, tuple) else (result,):
        together.update(np.ascontiguousarray(bits(array)))
    return together.hexdigest()


def _digest_of_bytes(arrays):
    return hashlib.sha256(b"".join(np.asarray(a).tobytes() for a in arrays)).hexdigest()


# ---- what is computed ----

def _forms(found, dtype):
    """Each form of elements at the default parameters and at arrays of parameters; biased forms of matrices."""
    x = _points(dtype)
    grad = np.roll(x, 7)
    steep = [np.resize(np.array([0.01, 0.25, 1, 3], dtype), x.size)]
    for name, f in fa.activations.items():
        given = {"x": x, "gate": x, "grad": grad, "up": grad, "bias": grad, "y": f(x, *f.info.required)}
        for form in f.info.forms:
            if form == "biased_backward":
                continue
            function, key = f if form == "value" else getattr(f, form), name if form == "value" else f"{name}.{form}"
            given["up"] = np.roll(grad, 1) if form == "gated_backward" else grad
            arrays = [given[argument] for argument in registry.FORMS[form].inputs]
            found[f"{key} {np.dtype(dtype)}"] = _digest(function(*arrays, *f.info.required))
            found[f"{key} {np.dtype(dtype)} parameters"] = _digest(function(*arrays, *steep * len(f.info.parameters)))
        for rows, columns in ((100, 10), (7, 1000), (3, 2000)):
            block = np.clip(np.resize(x, (rows, columns)), -1e3, 1e3)
            gradients = f.biased_backward(block[::-1], block, block[0], *f.info.required)
            found[f"{name} biased {rows}x{columns} {np.dtype(dtype)}"] = _digest(
                gradients + (f.biased(block, block[0], *f.info.required),))


def _blocks(dtype):
    """(shape, everyday numbers, gradients of that shape)"""
    for shape in ((1, 3), (7, 16), (5, 17), (33, 40), (3, 1000), (2, 33, 5)):
        block, grad = (wide(dtype, int(np.prod(shape)), seed).reshape(shape) for seed in (5, 6))
        yield shape, np.clip(block, -300, 300), np.clip(grad, -9, 9)


def _rows(found, dtype):
    for shape, x, slope in _blocks(dtype):
        for axis in range(len(shape)):
            where = f"{shape} {axis} {np.dtype(dtype)}"
            for row in registry.ROWS:
                f, grad = getattr(fa, row.name), np.take(slope, 0, axis) if row.reduces else slope
                found[f"{row.name} {where}"] = _digest(f(x, axis=axis))
                if row.saved_for_backward:
                    found[f"{row.name}.backward {where}"] = _digest(f.backward(grad, x, axis=axis))
                if "y" in row.saved_for_backward:
                    found[f"{row.name}.backward_from_output {where}"] = _digest(
                        f.backward_from_output(slope, f(x, axis=axis), axis=axis))
            sink = slope.take(0, axis)
            for options in (dict(sink=sink), dict(sink=sink, temperature=0.7), dict(sink=sink, bias=slope[:1], temperature=3)):
                found[f"softmax {' '.join(options)} {where}"] = _digest(
                    (fa.softmax(x, axis, **options), *fa.softmax.backward(slope, x, axis, **options, wrt=("x", "sink"))))
        if len(shape) > 1:
            found[f"softmax causal {shape} {np.dtype(dtype)}"] = _digest(
                fa.softmax(x, bias=slope[0], causal=True, temperature=0.3))


def _gated_linear_units(found, dtype):
    for shape, x, _ in _blocks(dtype):
        for axis in (k for k, size in enumerate(shape) if size % 2 == 0):
            for unit in (fa.glu, fa.reglu, fa.geglu, fa.swiglu):
                for gate in ("last", "first"):
                    y = unit(x, axis, gate)
                    found[f"{unit.name} {gate} {shape} {axis} {np.dtype(dtype)}"] = _digest(
                        (y, unit.backward(np.clip(y, -9, 9), x, axis, gate)))
            for options in ({"alpha": 1.702, "limit": 7.0, "offset": 1.0, "layout": "interleaved"}, {"limit": 10.0}):
                y = fa.swiglu(x, axis, "first", **options)
                found[f"swiglu {options} {shape} {axis} {np.dtype(dtype)}"] = _digest(
                    (y, fa.swiglu.backward(np.clip(y, -9, 9), x, axis, "first", **options)))


def _loss_calls(dtype, rng):
    """(loss, input, target, options) of every size that is computed in a way of its own."""
    for n in (1, 17, 1000, 40_001):
        p, t, w = rng.uniform(size=(3, n)).astype(dtype)
        x = (9 * rng.standard_normal(n)).astype(dtype)
        for name in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"):
            yield getattr(losses, name), x, t, {}
        yield losses.binary_cross_entropy, p, t, {"weight": w}
        yield losses.binary_cross_entropy_with_logits, x, t, {"weight": w, "pos_weight": p}
        yield losses.kl_div, x, t, {}
        yield losses.kl_div, x, -t * 100, {"log_target": True}
        for full in (False, True):
            yield losses.poisson_nll_loss, x, 9 * t, {"full": full}
            yield losses.poisson_nll_loss, p, 9 * t, {"log_input": False, "full": full}
        yield losses.gaussian_nll_loss, x, t, {"var": w}
    for rows, classes in ((1, 1), (33, 10), (20, 16), (7, 1001), (5000, 3)):
        x = (9 * rng.standard_normal((rows, classes))).astype(dtype)
        target, share = rng.integers(0, classes, rows), rng.uniform(size=x.shape).astype(dtype)
        yield losses.cross_entropy, x, target, {"weight": share[0]}
        yield losses.cross_entropy, x, target, {"label_smoothing": 0.1}
        yield losses.cross_entropy, x, share, {}
        yield losses.nll_loss, x, target, {}


def _losses_and_optimizers(found, dtype):
    rng = np.random.default_rng(7)
    for k, (loss, x, target, options) in enumerate(_loss_calls(dtype, rng)):
        for reduction in ("mean", "none"):
            found[f"{loss.__name__} {k} {reduction} {np.dtype(dtype)}"] = _digest_of_bytes(
                loss.value_and_grad(x, target, reduction=reduction, **options))
    for k, (kind, options) in enumerate(OPTIMIZERS):
        params = [rng.standard_normal(n).astype(dtype) for n in (1, 45, 30_001)]
        optimizer = kind(params, **options)
        for _ in range(3):
            optimizer.step([rng.standard_normal(p.size).astype(dtype) for p in params])
        found[f"{kind.__name__} {k} {np.dtype(dtype)}"] = _digest_of_bytes(params)


def _networks(found, dtype):
    """A few training steps: the losses, the parameters after them, and predictions."""
    rng = np.random.default_rng(8)
    x, classes, numbers = rng.standard_normal((64, 6)).astype(dtype), rng.integers(0, 3, 64), rng.standard_normal((64, 3))
    for activation, loss, options in (
            ("relu", "cross_entropy", {}), ("gelu", "mse", {"optimizer": "sgd", "momentum": 0.9}),
            ("prelu", "cross_entropy", {"batch_norm": True, "dropout": 0.2, "l2": 0.01})):
        net = fa.MLP([6, 20, 10, 3], activation, loss=loss, dtype=dtype, random_state=0, **options)
        steps = [net.train_step(x, classes if loss == "cross_entropy" else numbers) for _ in range(5)]
        found[f"MLP {activation} {loss} {np.dtype(dtype)}"] = _digest_of_bytes([steps, *net.parameters, net.predict(x)])
