"""The table of activations: one entry each, and everything else is derived from it.

setup.py reads it to instantiate the C rooms in ``src_c/activations``; the package takes names,
defaults and docstrings from it; the tests, the accuracy tool, the benchmarks and README's tables
iterate over it. It imports nothing but the standard library.

Formulas are Python expressions in ``x`` and the parameters. They are evaluated with mpmath for the
accuracy oracle and with NumPy for the benchmark baseline, so they use only names that
``fastact/formulas.py`` gives to both: exp, expm1, log1p, tanh, cosh, sqrt, abs, sign, minimum, maximum,
where(condition, a, b), sigmoid, erf, erfc and pi. They need not be stable in floating point, only true.
"""
from dataclasses import dataclass
from typing import Dict, Mapping, Optional, Tuple

# In the order of fa_form in src_c/fastact.h. The first six are loops of their own, the others are composed.
FORMS = ("value", "derivative", "backward", "value_and_derivative", "backward_from_output", "second_derivative")


@dataclass(frozen=True)
class Parameter:
    """A scalar parameter of an activation: its name, its default (None where it is required) and its meaning.

    `exact` is a fraction for which the default stands, where no float can hold it. `example` is what
    tests and benchmarks pass for a required one.
    """

    name: str
    default: Optional[float]
    doc: str
    exact: str = ""
    example: float = 0.0


@dataclass(frozen=True)
class Kink:
    """A point where the derivative does not exist, and the slope by convention; both may name parameters."""

    at: str
    slope: str


@dataclass(frozen=True)
class Bounds:
    """Worst measured error in ULP of the result, over all instruction sets (they give equal bits).

    Written by ``python -m fastact accuracy --write`` and enforced by the tests.
    """

    value: float
    derivative: float


@dataclass(frozen=True)
class Entry:
    """One elementwise activation."""

    name: str
    formula: str
    derivative: str
    range: str                      # as an interval of the extended reals
    zero_centered: bool             # takes both signs, so that outputs can average to 0
    saturates: str                  # "no", "left", "right" or "both": the ends with slope 0
    can_die: bool                   # slope exactly 0 on a whole half-line: a unit can stop learning
    cost: float                     # ns an element in cache, one thread, AVX-512; decides threading
    best_for: str
    keeps: str                      # what backward needs: "x", or "x or y" where the output will do
    reference: str
    kinks: Tuple[Kink, ...] = ()
    second_derivative: str = ""     # its formula; empty where the room has none
    parameters: Tuple[Parameter, ...] = ()
    aliases: Tuple[str, ...] = ()
    torch: str = ""                 # the callable in torch, for benchmarks
    numpy: str = ""                 # the baseline where plain NumPy has a better form than `formula`
    own_backward: bool = False      # the room has NAME_backward_slope, quicker and below 4 ULP
    crossings: Tuple[float, ...] = ()  # zeros of the derivative: absolute error 2^-26 within 0.01
    float32: Optional[Bounds] = None
    float64: Optional[Bounds] = None

    @property
    def from_output(self) -> bool:
        """Whether the output determines the derivative."""
        return self.keeps == "x or y"

    @property
    def forms(self) -> Tuple[str, ...]:
        """The forms that the activation has."""
        absent = {"backward_from_output": not self.from_output, "second_derivative": not self.second_derivative}
        return tuple(form for form in FORMS if not absent.get(form))

    @property
    def defaults(self) -> Tuple[float, ...]:
        """The parameters' default values, and the examples of those that have none."""
        return tuple(p.example if p.default is None else p.default for p in self.parameters)


@dataclass(frozen=True)
class RowEntry:
    """One function of a whole row, such as softmax."""

    name: str
    formula: str
    range: str
    zero_centered: bool
    saturates: str
    can_die: bool
    cost: float
    best_for: str
    reference: str
    torch: str = ""
    aliases: Tuple[str, ...] = ()


ACTIVATIONS: Tuple[Entry, ...] = (
    Entry(
        name="identity", formula="x", derivative="1",
        range="(-inf, inf)", zero_centered=True, saturates="no", can_die=False, cost=0.04,
        best_for="output layer of a regression", keeps="x or y",
        reference="linear output unit", aliases=("linear",), torch="nn.functional.identity",
        numpy="x + 0",
        float32=Bounds(0.0, 0.0), float64=Bounds(0.0, 0.0),
    ),
    Entry(
        name="sigmoid", formula="1 / (1 + exp(-x))", derivative="sigmoid(x) * sigmoid(-x)",
        range="(0, 1)", zero_centered=False, saturates="both", can_die=False, cost=0.14,
        best_for="output layer of a binary or multilabel classifier; gates", keeps="x or y",
        reference="Verhulst 1838; as expit in SciPy", aliases=("expit", "logistic"),
        torch="sigmoid",
        float32=Bounds(1.76, 1.62), float64=Bounds(1.5, 1.55),
    ),
    Entry(
        name="tanh", formula="tanh(x)", derivative="1 / cosh(x)**2",
        range="(-1, 1)", zero_centered=True, saturates="both", can_die=False, cost=0.4,
        best_for="hidden layers of recurrent networks; outputs in (-1, 1)", keeps="x or y",
        reference="LeCun et al. 1998, Efficient BackProp", torch="tanh",
        float32=Bounds(1.06, 1.62), float64=Bounds(0.7, 1.51),
    ),
    Entry(
        name="relu", formula="maximum(x, 0)", derivative="where(x > 0, 1, 0)",
        range="[0, inf)", zero_centered=False, saturates="left", can_die=True, cost=0.04,
        best_for="hidden layers: the first to try", keeps="x or y", kinks=(Kink("0", "0"),),
        reference="Nair and Hinton 2010; Glorot et al. 2011", torch="relu",
        float32=Bounds(0.0, 0.0), float64=Bounds(0.0, 0.0),
    ),
    Entry(
        name="leaky_relu", formula="where(x > 0, x, negative_slope * x)",
        derivative="where(x > 0, 1, negative_slope)",
        range="(-inf, inf)", zero_centered=True, saturates="no", can_die=False, cost=0.04,
        best_for="hidden layers where relu units die", keeps="x or y",
        kinks=(Kink("0", "negative_slope"),), reference="Maas et al. 2013", torch="nn.functional.leaky_relu",
        numpy="maximum(x, negative_slope * x)",  # where() mispredicts on random signs
        parameters=(Parameter("negative_slope", 0.01, "slope for x <= 0"),),
        float32=Bounds(0.5, 0.0), float64=Bounds(0.5, 0.0),
    ),
    Entry(
        name="elu", formula="where(x > 0, x, alpha * expm1(minimum(x, 0)))",
        derivative="where(x > 0, 1, alpha * exp(minimum(x, 0)))",
        range="(-alpha, inf)", zero_centered=True, saturates="left", can_die=False, cost=0.21,
        best_for="hidden layers that want mean activations near 0", keeps="x or y",
        kinks=(Kink("0", "alpha"),), reference="Clevert et al. 2016, arXiv:1511.07289",
        torch="nn.functional.elu", numpy="maximum(x, 0) + alpha * expm1(minimum(x, 0))",
        parameters=(Parameter("alpha", 1.0, "minus the limit at -inf; alpha > 0"),),
        float32=Bounds(1.2, 1.22), float64=Bounds(0.76, 1.1),
    ),
    Entry(
        name="silu", formula="x * sigmoid(x)", derivative="sigmoid(x) * (1 + x * sigmoid(-x))",
        range="[-0.2785, inf)", zero_centered=True, saturates="left", can_die=False, cost=0.15,
        best_for="hidden layers of deep networks", keeps="x",
        reference="Elfwing et al. 2017, arXiv:1702.03118", torch="nn.functional.silu",
        own_backward=True, crossings=(-1.278464542761074,),
        float32=Bounds(1.84, 1.45), float64=Bounds(1.63, 1.41),
    ),
    Entry(
        name="swish", formula="x * sigmoid(beta * x)",
        derivative="sigmoid(beta * x) * (1 + beta * x * sigmoid(-beta * x))",
        range="[-0.2785/beta, inf)", zero_centered=True, saturates="left", can_die=False, cost=0.48,
        best_for="as silu, with a steepness to choose or train", keeps="x",
        reference="Ramachandran et al. 2017, arXiv:1710.05941",
        parameters=(Parameter("beta", 1.0, "steepness; 0 gives x / 2, large values approach relu"),),
        crossings=(-1.278464542761074,),
        float32=Bounds(1.5, 1.59), float64=Bounds(1.47, 1.64),
    ),
)

ROWS: Tuple[RowEntry, ...] = (
    RowEntry(
        name="softmax", formula="exp(x - max(x)) / sum(exp(x - max(x)))",
        range="(0, 1), each row sums to 1", zero_centered=False, saturates="both", can_die=False,
        cost=0.27, best_for="output layer of a classifier with one class out of many",
        reference="Bridle 1990; Blanchard et al. 2021 for the shifted form", torch="softmax",
    ),
)


def by_name() -> Mapping[str, Entry]:
    """Entries by canonical name, in registry order."""
    return {entry.name: entry for entry in ACTIVATIONS}


def aliases() -> Dict[str, str]:
    """Alias -> canonical name, for elementwise and row activations."""
    elementwise = {alias: entry.name for entry in ACTIVATIONS for alias in entry.aliases}
    return {**elementwise, **{alias: row.name for row in ROWS for alias in row.aliases}}
