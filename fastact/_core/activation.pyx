# cython: language_level=3, freethreading_compatible=True
"""The Activation objects: ``fastact.sigmoid`` and its siblings."""
from fastact._core.form cimport Form, PyTypeObject, fastact_refuse_new, use_vectorcall

from types import MappingProxyType

from fastact import registry
from fastact._build import docstrings
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
    """The Activation of a name in any library, as `fastact.get` takes it; ValueError for any other."""
    if isinstance(name, Activation):
        return name
    entry = registry.find(name)
    if entry.name not in activations:
        raise ValueError(f"{entry.name} is no elementwise activation: it takes whole rows")
    return activations[entry.name]


def _form(name, form):
    """A form by the names of its activation and its own; pickles of 0.1.0 call it."""
    return activations[name] if form == "value" else getattr(activations[name], form)


def variant(form, approximate):
    """The same form of the function that a value of the keyword ``approximate`` names."""
    names = dict(form.info.approximate)
    if not isinstance(approximate, str) or approximate not in names:
        raise ValueError(f"fastact.{form.__name__}: approximate must be {' or '.join(map(repr, names))}, "
                         f"got {approximate!r}")
    return _form(names[approximate], form.__name__.partition(".")[2] or "value")
