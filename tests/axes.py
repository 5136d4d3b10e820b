"""What the property tests run over: every form of every activation, and inputs that find faults."""
import numpy as np

import fastact as fa
from fastact import registry

DTYPES = (np.float32, np.float64)
# biased_backward is no function of elements alone: test_gated.py has its tests.
ALL_FORMS = [getattr(activation, form) if form != "value" else activation for activation in fa.activations.values()
             for form in activation.info.forms if form != "biased_backward"]
BITS = {np.dtype("f2"): np.uint16, np.dtype("f4"): np.uint32, np.dtype("f8"): np.uint64}


def kind(form):
    """The form's name in the registry: "value", "backward" ..."""
    return form.__name__.partition(".")[2] or "value"


def suffix(form):
    """What the names of the form's ufunc and typed function have after the activation's."""
    return "" if kind(form) == "value" else "_" + kind(form)


def arrays_in(form):
    """How many arrays the form takes, without the parameters."""
    return form.ufunc.nin - len(form.info.parameters)


def inputs(form, x, grad=None):
    """The form's array arguments where the activation's is x.

    Gradients and factors are 1 and biases -0.0, which leave any x as it is, unless `grad` is given.
    """
    made = {"x": x, "gate": x}
    if kind(form) == "backward_from_output":
        made["y"] = call(fa.activations[form.info.name], (x,))
    made["grad"] = made["up"] = np.ones_like(x) if grad is None else grad
    made["bias"] = np.full_like(x, -0.0) if grad is None else grad
    if kind(form) == "gated_backward" and grad is not None:
        made["up"] = np.roll(grad, 1)
    return tuple(made[name] for name in registry.FORMS[kind(form)].inputs)


def call(form, arrays, *outputs, **keywords):
    """The form of these arrays, with the examples of the parameters that have no default."""
    return form(*arrays, *form.info.required, *outputs, **keywords)


def outputs(result):
    """The results as a tuple, whether one or two."""
    return result if isinstance(result, tuple) else (result,)


def empty_outputs(form, like):
    """Outputs to hand in as out=."""
    made = tuple(np.full_like(like, 77) for _ in range(form.ufunc.nout))
    return made if len(made) > 1 else made[0]


def bits(a):
    """The bits of an array, every NaN as the same one: its sign and payload are free."""
    a = np.asarray(a)
    return np.where(np.isnan(a), np.array(np.nan, a.dtype), a).view(BITS[a.dtype])


def assert_same_bits(got, want, what=""):
    """Equal shape, dtype and bits, the results of a form with two outputs included."""
    for one, other in zip(outputs(got), outputs(want), strict=True):
        assert one.dtype == other.dtype and one.shape == other.shape, what
        different = bits(one) != bits(other)
        if different.any():
            at = tuple(np.argwhere(different)[0])
            raise AssertionError(f"{what}: {different.sum()} of {different.size} differ, first at {at}: "
                                 f"{one[at]!r} and {other[at]!r}")


def wide(dtype, count, seed=0):
    """Finite values of every magnitude and sign, random bits, then everyday ones."""
    rng, info = np.random.default_rng(seed), np.finfo(dtype)
    words = rng.integers(0, 2 ** info.bits, count, np.uint64).astype(BITS[np.dtype(dtype)]).view(dtype)
    everyday = rng.normal(0, 5, count).astype(dtype)
    return np.where(np.isfinite(words) & (rng.random(count) < 0.5), words, everyday)


def every_exponent(dtype, mantissas=32):
    """Both signs of every exponent, subnormal ones too, with some mantissas: all finite."""
    info = np.finfo(dtype)
    rng, word = np.random.default_rng(1), BITS[np.dtype(dtype)]
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


def sample(dtype, *shape):
    """Everyday values, the same ones each time."""
    return np.random.default_rng(0).normal(0, 3, shape).astype(dtype)
