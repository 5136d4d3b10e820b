# cython: language_level=3, freethreading_compatible=True
"""The Activation objects: ``fastact.sigmoid`` and its siblings."""
cimport numpy as cnp

from fastact._core.form cimport Form, PyTypeObject, fastact_refuse_new, look_up, use_vectorcall

import struct
from types import MappingProxyType

import numpy as np

from fastact import registry
from fastact._build import docstrings
from fastact._core import byte_tables
from fastact._core.matrix import BiasedBackward


cdef class Activation(Form):
    """An activation function: call it for its value; its other forms are attributes.

    Attributes
    ----------
    derivative, backward, value_and_derivative, backward_from_output, second_derivative : Form
        f'(x); grad * f'(x); both f(x) and f'(x); grad * f'(x) from y = f(x), where y determines it; f''(x).
    gated, gated_backward : Form
        f(gate) * up and its gradients, fused.
    biased, biased_backward : Form
        f(x + bias) and its gradients, fused.
    info : fastact.registry.Entry
        Formula, range, properties, measured error bounds and reference.
    name : str
    """
    cdef readonly Form derivative, backward, value_and_derivative, gated, gated_backward, biased, biased_backward
    cdef readonly object backward_from_output, second_derivative

    def __init__(self, entry):
        super().__init__(entry, "value")
        self.derivative = Form(entry, "derivative")
        self.backward = Form(entry, "backward")
        self.value_and_derivative = Form(entry, "value_and_derivative")
        self.gated = Form(entry, "gated")
        self.gated_backward = Form(entry, "gated_backward")
        self.biased = Form(entry, "biased")
        self.biased_backward = BiasedBackward(entry)
        self.backward_from_output = (Form(entry, "backward_from_output") if entry.from_output
                                     else _Absent(entry.name, "backward_from_output",
                                                  f"fastact.{entry.name}: the output does not determine the slope, so "
                                                  f"there is no backward_from_output; keep x and use "
                                                  f"fastact.{entry.name}.backward(grad, x)"))
        self.second_derivative = (Form(entry, "second_derivative") if entry.second_derivative
                                  else _Absent(entry.name, "second_derivative", f"fastact.{entry.name} has no second derivative"))

    @property
    def __doc__(self):  # the class's own text would hide Form's property
        return docstrings.form(self.info, self.facts.name)

    @property
    def name(self):
        return self.info.name

    def quantized(self, x, scale, zero_point, out_scale, out_zero_point, dtype=None, out=None, **parameters):
        """Activation of quantised integers: quantise(f(dequantise(x))), exactly, with one rounding, ties to even.

        An integer q stands for ``(q - zero_point) * scale``; a number y becomes ``round(y / out_scale) + out_zero_point``,
        limited to the dtype. It is a table of 256 results, made at the first call with these arguments.

        Parameters
        ----------
        x : ndarray of uint8 or int8
            Integers, in any shape.
        scale, out_scale : float
            The scales of x and of the result, positive and finite. Their exact binary values count, so that
            numpy.float32(0.05) and 0.05 differ.
        zero_point, out_zero_point : int
            The integers that stand for 0, in x and in the result.
        dtype : numpy.uint8 or numpy.int8, optional
            The dtype of the result; by default that of x.
        out : ndarray of that dtype, optional
            Where to write; may be x, and any overlap is safe.
        **parameters
            The activation's parameters, numbers, by name: ``activation_NAME`` where NAME is an argument above.

        Returns
        -------
        ndarray or scalar
            Of the shape of x.

        Raises
        ------
        TypeError
            If x or ``dtype`` has another dtype, a zero point is not an integer, or a name is not a parameter.
        ValueError
            If a scale is not positive and finite, a zero point is outside of the dtype, ``out`` is read-only or has another
            shape, or the activation is NaN for the parameters.

        Examples
        --------
        >>> import numpy as np, fastact as fa
        >>> x = np.array([0, 100, 128, 255], np.uint8)
        >>> fa.sigmoid.quantized(x, scale=0.05, zero_point=128, out_scale=1 / 256, out_zero_point=0)
        array([  0,  51, 128, 255], dtype=uint8)
        """
        form = self.variant(parameters)
        if form is not self:
            return form.quantized(x, scale, zero_point, out_scale, out_zero_point, dtype, out, **parameters)
        name = f"{self.__name__}.quantized"
        if not isinstance(x, np.generic) and type(x) not in (np.ndarray, np.memmap) or x.dtype not in byte_tables.QUANTIZED:
            raise TypeError(f"fastact.{name} takes an array of uint8 or int8, got {getattr(x, 'dtype', 'a')} "
                            f"{type(x).__name__}: numpy.asarray(x, numpy.uint8) is one")
        kind = x.dtype if dtype is None else np.dtype(dtype)
        if kind not in byte_tables.QUANTIZED or out is not None and getattr(out, "dtype", kind) != kind:
            raise TypeError(f"fastact.{name}: the result is uint8 or int8, as dtype says or else as x is, here {kind}; out is "
                            f"{getattr(out, 'dtype', 'not given')}")
        if parameters:
            words = dict(zip(self.info.names_beside(byte_tables.ARGUMENTS), self.names[1:]))
            parameters = {words.get(word, word): value for word, value in parameters.items()}
        values = self.fill((x,), parameters)[1:]
        for word in parameters:
            import difflib  # which takes milliseconds to import
            near = difflib.get_close_matches(word, self.names[1:], 1, 0.4)
            raise TypeError(f"fastact.{name} got {word!r}: {self.__name__} has "
                            + (f"{near[0]!r}" if near else f"the parameters {', '.join(self.names[1:]) or 'none'}"))
        try:
            packed = struct.pack(f"{len(values)}d", *values) if values else b""
        except (struct.error, OverflowError):
            raise TypeError(f"fastact.{name}: parameters must be numbers that a float holds, got {values}") from None
        given = [value[()] if type(value) is np.ndarray else value for value in (scale, zero_point, out_scale, out_zero_point)]
        try:
            table = byte_tables.quantized(self.name, packed, *given, x.dtype, kind)
        except TypeError as error:
            if "unhashable" not in str(error):
                raise
            raise TypeError(f"fastact.{name} takes numbers, one scale and one zero point for the array, got {given}") from None
        return look_up(name, table, np.asarray(x), kind, out)


class _Absent:
    """A form that an activation does not have; calling it says why."""

    __module__ = "fastact"

    def __init__(self, activation, form, reason):
        self.__name__, self._reason = f"{activation}.{form}", reason

    def __reduce__(self):
        return self.__name__

    def __call__(self, *args, **kwargs):
        raise TypeError(self._reason)


use_vectorcall(Activation, Form(registry.ACTIVATIONS[0], "value"))
activations = MappingProxyType({entry.name: Activation(entry) for entry in registry.ACTIVATIONS})
for _type in (Form, BiasedBackward, Activation):
    fastact_refuse_new(<PyTypeObject *>_type)
_aliases = {alias: name for alias, name in registry.aliases().items() if name in activations}


def lookup(name):
    """The Activation of a name that `fastact.get` accepts; ValueError for any other name."""
    if isinstance(name, Activation):
        return name
    entry = registry.find(name)
    if entry.name not in activations:
        raise ValueError(f"{entry.name} is no elementwise activation: it takes whole rows")
    return activations[entry.name]


def _form(name, form):
    """A form, by the name of its activation and its own name; pickles of 0.1.0 call this function."""
    return activations[name] if form == "value" else getattr(activations[name], form)


def variant(form, approximate):
    """The same form of the function that a value of the keyword ``approximate`` names."""
    names = dict(form.info.approximate)
    if not isinstance(approximate, str) or approximate not in names:
        raise ValueError(f"fastact.{form.__name__}: approximate must be {' or '.join(map(repr, names))}, "
                         f"got {approximate!r}")
    return _form(names[approximate], form.__name__.partition(".")[2] or "value")
