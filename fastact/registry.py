"""The table of activations: one entry each, and everything else is derived from it.

setup.py reads it to instantiate the kernel headers in ``src_c/activations``; the package takes names,
defaults and docstrings from it; the tests, the accuracy tool, the benchmarks and README's tables
iterate over it. It imports nothing but the standard library.

Formulas are Python expressions in ``x``, the parameters, ``pi`` and FUNCTIONS; a build refuses any other
name. They are evaluated with mpmath for the accuracy oracle, with NumPy for the benchmark baseline, with
torch where its own operators must do, and for ONNX. They need not be stable in floating point, only true.
"""
import functools
from dataclasses import dataclass
from math import inf
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple

# What formulas may call, where(condition, a, b) among them. Each is defined in fastact/accuracy/formulas.py, once for NumPy
# and once for mpmath, in fastact/_core/exact.py, in fastact/torch/functions.py, in fastact/jax/__init__.py
# and in fastact/interop/onnx.py.
FUNCTIONS = ("exp", "expm1", "log1p", "tanh", "cosh", "sin", "cos", "sqrt", "abs", "sign", "minimum", "maximum", "where",
             "sigmoid", "erf", "erfc")


@dataclass(frozen=True)
class Output:
    """An output of a form.

    `formula` is the field of an activation's entry that gives its exact value where gradients and factors are 1.
    `argument` is its name among the arguments of the typed functions in fastact.kernels.
    """

    name: str
    meaning: str
    formula: str
    argument: str = "out"


@dataclass(frozen=True)
class Form:
    """What a form of an activation takes and gives, and how it is computed.

    Attributes
    ----------
    name : str
        The attribute of an activation. "value" is the activation itself.
    inputs : tuple of str
        The arrays. The activation's parameters follow them.
    outputs : tuple of Output
    summary : str
        The first line of its docstring, a format string of the entry's fields.
    cost : float
        Time in multiples of the time that the value takes, the median over all activations.
    composed_of : tuple of str
        The forms whose loops compute it block by block. Empty: it has a loop of its own.
    bias_row : str
        The input that may be one row, which is added to each row of another input.
    bias_gradient : Output, optional
        The gradient of that row, a sum over rows: an output of all calls but the ufunc's.
    """

    name: str
    inputs: Tuple[str, ...]
    outputs: Tuple[Output, ...]
    summary: str
    cost: float
    composed_of: Tuple[str, ...] = ()
    bias_row: str = ""
    bias_gradient: Optional[Output] = None

    @property
    def suffix(self) -> str:
        """What the names of ufuncs, typed functions and C loops have after the activation's name."""
        return "" if self.name == "value" else f"_{self.name}"

    @property
    def all_outputs(self) -> Tuple[Output, ...]:
        """The outputs of all calls but the ufunc's."""
        return self.outputs + (() if self.bias_gradient is None else (self.bias_gradient,))


_DX = Output("dx", "grad * f'(x)", "derivative")
# In the order of fa_form in src_c/fastact.h, which a static assertion checks. Forms with a loop of their own come first.
FORMS: Mapping[str, Form] = {form.name: form for form in (
    Form("value", ("x",), (Output("y", "f(x)", "formula"),), "{name}(x) = {formula}", cost=1),
    Form("derivative", ("x",), (Output("d", "f'(x)", "derivative"),), "Derivative of {name}: {derivative}", cost=1.5),
    Form("backward", ("grad", "x"), (_DX,), "Gradient of {name}: grad * f'(x), in one pass", cost=1.7),
    Form("value_and_derivative", ("x",),
         (Output("y", "f(x)", "formula"), Output("d", "f'(x)", "derivative", argument="derivative")),
         "{name} and its derivative, in one pass", cost=3),
    Form("backward_from_output", ("grad", "y"), (_DX,),
         "Gradient of {name} from its output y = f(x): grad * f'(x), in one pass", cost=0.7),
    Form("second_derivative", ("x",), (Output("d2", "f''(x)", "second_derivative"),),
         "Second derivative of {name}: {second_derivative}", cost=1.3),
    Form("gated", ("gate", "up"), (Output("h", "f(gate) * up", "formula"),), "{name}(gate) * up, in one pass", cost=1.3,
         composed_of=("value",)),
    Form("gated_backward", ("grad", "gate", "up"),
         (Output("dgate", "grad * up * f'(gate), rounded after each product", "derivative", argument="dgate"),
          Output("dup", "grad * f(gate)", "formula", argument="dup")),
         "Gradients of {name}(gate) * up for gate and up, in one pass", cost=4,
         composed_of=("value", "backward", "value_and_derivative")),
    Form("biased", ("x", "bias"), (Output("h", "f(x + bias), the sum rounded to the dtype", "formula"),),
         "{name}(x + bias), in one pass", cost=1.4, composed_of=("value",), bias_row="bias"),
    Form("biased_backward", ("grad", "x", "bias"),
         (Output("dx", "grad * f'(x + bias), the sum rounded to the dtype", "derivative"),),
         "Gradients of {name}(x + bias) for x and bias, in one pass", cost=4, composed_of=("backward",), bias_row="bias",
         bias_gradient=Output("dbias", "dx summed to bias's shape; the order of the sum depends on the shapes alone", "",
                              argument="dbias")),
)}
LOOPS = tuple(form.name for form in FORMS.values() if not form.composed_of)


@dataclass(frozen=True)
class Parameter:
    """A scalar parameter of an activation: its name, its default (None where it is required) and its meaning.

    `exact` is the default as a fraction such as "1/6", if it is not a float. `example` is the value that tests and benchmarks
    pass if there is no default, else a second value for tests. If the parameter is negative, the output does not determine
    the slope, unless `signed` is True. `measured` are the values besides the default at which errors are measured; if there
    are none, those of the parameter's name in `GRID` of fastact/accuracy/sample_points.py.
    """

    name: str
    default: Optional[float]
    doc: str
    exact: str = ""
    example: float = 0.0
    signed: bool = False
    measured: Tuple[float, ...] = ()


@dataclass(frozen=True)
class Kink:
    """A point where the derivative does not exist, and the derivative by convention; both may name parameters."""

    at: str
    derivative: str


@dataclass(frozen=True)
class Bounds:
    """Worst measured error in ULP of the result, over all instruction sets (they give equal bits).

    Written by ``python -m fastact accuracy --write`` and enforced by the tests.
    """

    value: float
    derivative: float


@dataclass(frozen=True)
class Elsewhere:
    """What other libraries call a function. Calls are written as in the library, in x, our parameters and axis.

    Where a library has several names, "; " separates them and the first is the one to call. `calls` reads these texts.
    """

    torch: str = ""                 # below torch: "nn.functional.elu(x, alpha)"
    torch_nn: str = ""              # a module class and its attributes: "ELU(alpha=alpha)"
    onnx: str = ""                  # an operator, its inputs and attributes; "com.microsoft.NAME" for onnxruntime's own,
                                    # of which those of integers have arguments of `quantized` too
    jax: str = ""                   # below jax
    keras: str = ""                 # names in keras.activations; these and those below come without arguments
    scipy: str = ""                 # names in scipy.special
    transformers: str = ""          # names in Hugging Face's ACT2FN
    timm: str = ""                  # names that timm's get_act_fn and get_act_layer take
    defaults: Tuple[Tuple[str, str, float], ...] = ()  # (library, parameter, value) where its default is not ours


@dataclass(frozen=True)
class Entry:
    """One elementwise activation."""

    name: str
    formula: str
    derivative: str
    range: str                      # as an interval of the extended reals; ", at the defaults" where it has no formula
    zero_centered: bool             # takes both signs, so that outputs can average to 0
    saturates: str                  # "no", "left", "right" or "both": the ends with slope 0
    can_die: bool                   # slope exactly 0 on a whole half-line: a unit can stop learning
    cost: float                     # ns an element in cache, one thread, AVX-512; decides threading
    best_for: str
    saved_for_backward: str         # what backward needs: "x", or "x or y" where the output will do
    reference: str
    kinks: Tuple[Kink, ...] = ()
    second_derivative: str = ""     # its formula; empty where the header has none
    parameters: Tuple[Parameter, ...] = ()
    aliases: Tuple[str, ...] = ()
    elsewhere: Elsewhere = Elsewhere()  # its names in other libraries
    numpy: str = ""                 # the baseline where plain NumPy has a better form than `formula`
    derivative_fast: bool = False   # the header has NAME_derivative_fast for backward: faster, error below 4 ULP
    masks_gradient: bool = False    # a selection makes the derivative 0 somewhere. The header has NAME_backward(grad, x), which
                                    # is 0 there for every grad, and NAME_backward_from_output(grad, y)
    derivative_zeros: Tuple[float, ...] = ()  # x where f' = 0, at the defaults. Within 0.01 of them an absolute error
                                    # of 2^-26 is allowed, since the relative error is unbounded
    value_loop: str = "plain"       # "pieces": the float value is by pieces; the header has a table, NAME_argument and
                                    # NAME_on_piece. "bounded": the header has NAME_bounded(x), a shorter formula with the same
                                    # bits for |x| <= NAME_bound(). src_c/loops/elementwise.h explains both. "... and table": the
                                    # float64 value is by a table (src_c/tables/look_up_double.h)
    derivative_loop: str = "plain"  # "pieces": so is the float derivative, as NAME_derivative_argument and so on. "table": so is
                                    # that of float64, which is the value itself
    half_ulp: float = 0.0           # the header has NAME_half, a faster value for half types: its error in ULP of float32
    half_in_double: bool = False    # float16 and bfloat16 are computed in double where a parameter is no float32: rounding it
                                    # would change the result by many ULP
    rounds_correctly_in_half: Tuple[str, ...] = ()  # forms that are correctly rounded to float16 and bfloat16 by rounding
                                    # the float32 result, with the default parameters. "value except near 0": f(x) - f'(0) x is
                                    # less than float's last bit there, and f'(0) x is a tie
    waves_to: float = inf           # the function waves for ever, as a sine of the first parameter times x: errors are measured
                                    # up to this magnitude of the product, since almost every number takes mpmath
    approximate: Tuple[Tuple[str, str], ...] = ()  # torch's keyword: its values, and the function that each names
    float32: Optional[Bounds] = None
    float64: Optional[Bounds] = None

    @property
    def from_output(self) -> bool:
        """Whether the output determines the derivative."""
        return self.saved_for_backward == "x or y"

    @property
    def masks_second_gradient(self) -> bool:
        """Whether a selection makes the second derivative 0 somewhere."""
        return self.second_derivative == "0" or "where(" in self.second_derivative

    @property
    def forms(self) -> Tuple[str, ...]:
        """The forms that the activation has."""
        absent = {"backward_from_output": not self.from_output, "second_derivative": not self.second_derivative}
        return tuple(form for form in FORMS if not absent.get(form))

    def names_beside(self, others: Tuple[str, ...]) -> Tuple[str, ...]:
        """What a call with these other arguments calls the parameters: activation_NAME where NAME is one of them."""
        return tuple(f"activation_{p.name}" if p.name in others else p.name for p in self.parameters)

    def names_in(self, form: str) -> Tuple[str, ...]:
        """What a form calls the parameters beside its inputs, such as a bias."""
        return self.names_beside(FORMS[form].inputs)

    @property
    def required(self) -> Tuple[float, ...]:
        """Examples of the parameters that have no default."""
        return tuple(p.example for p in self.parameters if p.default is None)

    @property
    def defaults(self) -> Tuple[float, ...]:
        """The parameters' default values, and the examples of those that have none."""
        return tuple(p.example if p.default is None else p.default for p in self.parameters)


@dataclass(frozen=True)
class RowEntry:
    """One function of a whole row, such as softmax."""

    name: str
    formula: str
    derivative: str                 # d y[i] / d x[j], y the output
    range: str
    zero_centered: bool
    saturates: str
    can_die: bool
    costs: Tuple[float, ...]        # ns an element in cache, one thread, AVX-512, by form; decides threading
    best_for: str
    reference: str
    saved_for_backward: str = "x or y"  # what backward needs; empty where there is no derivative
    reduces: bool = False           # one number a row
    negates: str = ""               # g, where this is g(-x): the kernels are those of g
    temperature: bool = True        # whether calls take temperature=, which divides x
    elsewhere: Elsewhere = Elsewhere()
    aliases: Tuple[str, ...] = ()

    @property
    def cost(self) -> float:
        """ns an element of the value."""
        return self.costs[0]

    @property
    def kernel(self) -> str:
        """The name of the C kernels, and of their header in src_c/rows."""
        return self.negates or self.name

    @property
    def forms(self) -> Tuple[str, ...]:
        """The forms that the function has."""
        return ("value", "backward", "backward_from_output")[:{"": 1, "x": 2}.get(self.saved_for_backward, 3)]


@dataclass(frozen=True)
class GatedEntry:
    """One gated linear unit of the two halves [a, b] of a row."""

    name: str
    activation: str                 # of the half b
    reference: str
    elsewhere: Elsewhere = Elsewhere()

    @property
    def formula(self) -> str:
        """The formula with gate="last"."""
        return f"a * {self.activation}(b)"


ACTIVATIONS: Tuple[Entry, ...] = (
    Entry(
        name="identity", formula="x", derivative="1",
        second_derivative="0",
        range="(-inf, inf)", zero_centered=True, saturates="no", can_die=False, cost=0.04,
        best_for="output layer of a regression", saved_for_backward="x or y",
        reference="linear output unit", aliases=("linear",),
        numpy="x + 0",
        elsewhere=Elsewhere(torch="clone(x)", torch_nn="Identity()", onnx="Identity(x)", jax="numpy.copy(x); nn.identity(x)",
                            keras="linear", transformers="linear", timm="identity"),
        float32=Bounds(0.0, 0.0), float64=Bounds(0.0, 0.0),
    ),
    Entry(
        name="sigmoid", formula="1 / (1 + exp(-x))", derivative="sigmoid(x) * sigmoid(-x)",
        second_derivative="sigmoid(x) * sigmoid(-x) * (1 - 2 * sigmoid(x))",
        range="(0, 1)", zero_centered=False, saturates="both", can_die=False, cost=0.14,
        best_for="output layer of a binary or multilabel classifier; gates", saved_for_backward="x or y",
        reference="Verhulst 1838; as expit in SciPy", aliases=("expit", "logistic"),
        elsewhere=Elsewhere(torch="sigmoid(x)", torch_nn="Sigmoid()", jax="nn.sigmoid(x)", keras="sigmoid", scipy="expit",
                            onnx="Sigmoid(x); com.microsoft.QLinearSigmoid(x, scale, zero_point, out_scale, out_zero_point)",
                            transformers="sigmoid", timm="sigmoid"),
        value_loop="bounded",
        float32=Bounds(1.76, 1.62), float64=Bounds(1.61, 1.59),
    ),
    Entry(
        name="hard_sigmoid", formula="minimum(maximum(slope * x + offset, 0), 1)",
        derivative="where(slope * x + offset > 0, where(slope * x + offset < 1, slope, 0), 0)",
        second_derivative="0",
        range="[0, 1]", zero_centered=False, saturates="both", can_die=True, cost=0.05,
        best_for="gates of quantised networks on small devices", saved_for_backward="x",
        kinks=(Kink("-offset / slope", "0"), Kink("(1 - offset) / slope", "0")),
        reference="Courbariaux et al. 2015, arXiv:1511.00363; slope 1/6 from Howard et al. 2019, arXiv:1905.02244",
        aliases=("hardsigmoid",),
        parameters=(Parameter("slope", 1 / 6, "slope of the line; ONNX has 0.2", exact="1/6"),
                    Parameter("offset", 0.5, "value at 0")),
        rounds_correctly_in_half=("value", "derivative", "backward"),
        masks_gradient=True,
        elsewhere=Elsewhere(torch="nn.functional.hardsigmoid(x)", torch_nn="Hardsigmoid()",
                            onnx="HardSigmoid(x, alpha=slope, beta=offset)", jax="nn.hard_sigmoid(x)", keras="hard_sigmoid",
                            timm="hard_sigmoid; hardsigmoid", defaults=(("onnx", "slope", 0.2),)),
        float32=Bounds(0.67, 0.34), float64=Bounds(1.0, 0.34),
    ),
    Entry(
        name="sparse_sigmoid", formula="minimum(maximum((x + 1) / 2, 0), 1)",
        derivative="where(abs(x) < 1, 0.5, 0)", second_derivative="0",
        range="[0, 1]", zero_centered=False, saturates="both", can_die=True, cost=0.04,
        best_for="probabilities that may be 0 or 1 exactly", saved_for_backward="x",
        kinks=(Kink("-1", "0"), Kink("1", "0")), reference="JAX 0.4.36; the slope of sparse_plus",
        rounds_correctly_in_half=("value", "derivative", "backward"),
        masks_gradient=True,
        elsewhere=Elsewhere(jax="nn.sparse_sigmoid(x)", keras="sparse_sigmoid"),
        float32=Bounds(0.5, 0.0), float64=Bounds(0.5, 0.0),
    ),
    Entry(
        name="tanh", formula="tanh(x)", derivative="1 / cosh(x)**2",
        second_derivative="-2 * tanh(x) / cosh(x)**2",
        range="(-1, 1)", zero_centered=True, saturates="both", can_die=False, cost=0.11,
        best_for="hidden layers of recurrent networks; outputs in (-1, 1)", saved_for_backward="x or y",
        reference="LeCun et al. 1998, Efficient BackProp", value_loop="pieces",
        rounds_correctly_in_half=("value",),
        elsewhere=Elsewhere(torch="tanh(x)", torch_nn="Tanh()", onnx="Tanh(x)", jax="numpy.tanh(x)", keras="tanh",
                            transformers="tanh", timm="tanh"),
        float32=Bounds(0.99, 1.62), float64=Bounds(1.06, 1.57),
    ),
    Entry(
        name="hard_tanh", formula="minimum(maximum(x, min_val), max_val)",
        derivative="where(x > min_val, where(x < max_val, 1, 0), 0)", second_derivative="0",
        range="[min_val, max_val]", zero_centered=True, saturates="both", can_die=True, cost=0.04,
        best_for="outputs that must reach the ends of an interval; small devices", saved_for_backward="x or y",
        kinks=(Kink("min_val", "0"), Kink("max_val", "0")), reference="Collobert 2004",
        aliases=("hardtanh",),
        parameters=(Parameter("min_val", -1.0, "the lower end", signed=True),
                    Parameter("max_val", 1.0, "the upper end, above min_val", signed=True)),
        masks_gradient=True,
        elsewhere=Elsewhere(torch="nn.functional.hardtanh(x, min_val, max_val)",
                            torch_nn="Hardtanh(min_val=min_val, max_val=max_val)", onnx="Clip(x, min_val, max_val)",
                            jax="nn.hard_tanh(x)", keras="hard_tanh",
                            defaults=(("onnx", "min_val", -inf), ("onnx", "max_val", inf))),
        float32=Bounds(0.0, 0.0), float64=Bounds(0.0, 0.0),
    ),
    Entry(
        name="erf", formula="erf(x)", derivative="2 / sqrt(pi) * exp(-x**2)",
        second_derivative="-4 / sqrt(pi) * x * exp(-x**2)",
        range="(-1, 1)", zero_centered=True, saturates="both", can_die=False, cost=0.12,
        best_for="the normal distribution; bounded outputs", saved_for_backward="x",
        reference="the error function; as erf in SciPy", value_loop="pieces and table",
        half_ulp=4.6,
        rounds_correctly_in_half=("derivative",),
        elsewhere=Elsewhere(torch="erf(x)", onnx="Erf(x)", jax="scipy.special.erf(x)", scipy="erf"),
        float32=Bounds(0.98, 1.61), float64=Bounds(0.78, 1.28),
    ),
    Entry(
        name="softsign", formula="x / (1 + abs(x))", derivative="1 / (1 + abs(x))**2",
        second_derivative="-2 * sign(x) / (1 + abs(x))**3",
        range="(-1, 1)", zero_centered=True, saturates="both", can_die=False, cost=0.14,
        best_for="as tanh, with slopes that fade slowly", saved_for_backward="x or y",
        reference="Bergstra et al. 2009; Glorot and Bengio 2010", aliases=("soft_sign",),
        rounds_correctly_in_half=("value", "derivative"),
        elsewhere=Elsewhere(torch="nn.functional.softsign(x)", torch_nn="Softsign()", onnx="Softsign(x)", jax="nn.soft_sign(x)",
                            keras="softsign"),
        float32=Bounds(0.51, 1.21), float64=Bounds(0.5, 1.2),
    ),
    Entry(
        name="relu", formula="maximum(x, 0)", derivative="where(x > 0, 1, 0)",
        second_derivative="0",
        range="[0, inf)", zero_centered=False, saturates="left", can_die=True, cost=0.04,
        best_for="hidden layers: the first to try", saved_for_backward="x or y", kinks=(Kink("0", "0"),),
        reference="Nair and Hinton 2010; Glorot et al. 2011",
        masks_gradient=True,
        elsewhere=Elsewhere(torch="relu(x)", torch_nn="ReLU()", onnx="Relu(x)", jax="nn.relu(x)", keras="relu",
                            transformers="relu", timm="relu"),
        float32=Bounds(0.0, 0.0), float64=Bounds(0.0, 0.0),
    ),
    Entry(
        name="relu6", formula="minimum(maximum(x, 0), 6)", derivative="where(x > 0, where(x < 6, 1, 0), 0)",
        second_derivative="0",
        range="[0, 6]", zero_centered=False, saturates="both", can_die=True, cost=0.04,
        best_for="hidden layers that will be quantised", saved_for_backward="x or y", kinks=(Kink("0", "0"), Kink("6", "0")),
        reference="Krizhevsky 2010, Convolutional deep belief networks on CIFAR-10",
        masks_gradient=True,
        elsewhere=Elsewhere(torch="nn.functional.relu6(x)", torch_nn="ReLU6()", onnx="Clip(x, 0.0, 6.0)", jax="nn.relu6(x)",
                            keras="relu6", transformers="relu6", timm="relu6"),
        float32=Bounds(0.0, 0.0), float64=Bounds(0.0, 0.0),
    ),
    Entry(
        name="relu_squared", formula="maximum(x, 0)**2", derivative="2 * maximum(x, 0)",
        second_derivative="where(x > 0, 2, 0)",
        range="[0, inf)", zero_centered=False, saturates="left", can_die=True, cost=0.04,
        best_for="feed-forward layers of transformers", saved_for_backward="x",
        reference="So et al. 2021, Primer, arXiv:2109.08668",
        rounds_correctly_in_half=("value",),
        masks_gradient=True,
        elsewhere=Elsewhere(transformers="relu2"),
        float32=Bounds(0.5, 0.0), float64=Bounds(0.5, 0.0),
    ),
    Entry(
        name="threshold", formula="where(x > threshold, x, value)", derivative="where(x > threshold, 1, 0)",
        second_derivative="0",
        range="[value, inf)", zero_centered=False, saturates="left", can_die=True, cost=0.04,
        best_for="dropping small responses", saved_for_backward="x", kinks=(Kink("threshold", "0"),),
        reference="torch.nn.Threshold",
        parameters=(Parameter("threshold", None, "x itself above it", example=1.0),
                    Parameter("value", None, "the result up to the threshold", example=0.0)),
        masks_gradient=True,
        elsewhere=Elsewhere(torch="nn.functional.threshold(x, threshold, value)",
                            torch_nn="Threshold(threshold=threshold, value=value)", keras="threshold"),
        float32=Bounds(0.0, 0.0), float64=Bounds(0.0, 0.0),
    ),
    Entry(
        name="thresholded_relu", formula="where(x > theta, x, 0)", derivative="where(x > theta, 1, 0)",
        second_derivative="0",
        range="[0, inf)", zero_centered=False, saturates="left", can_die=True, cost=0.04,
        best_for="sparse codes of autoencoders without biases", saved_for_backward="x or y", kinks=(Kink("theta", "0"),),
        reference="Konda et al. 2014, arXiv:1402.3337", numpy="x * (x > theta)",
        parameters=(Parameter("theta", 1.0, "x itself above it, else 0; theta >= 0"),),
        masks_gradient=True,
        elsewhere=Elsewhere(onnx="ThresholdedRelu(x, alpha=theta)"),
        float32=Bounds(0.0, 0.0), float64=Bounds(0.0, 0.0),
    ),
    Entry(
        name="leaky_relu", formula="where(x > 0, x, negative_slope * x)",
        derivative="where(x > 0, 1, negative_slope)",
        second_derivative="0",
        range="(-inf, inf)", zero_centered=True, saturates="no", can_die=False, cost=0.04,
        best_for="hidden layers where relu units die", saved_for_backward="x or y",
        kinks=(Kink("0", "negative_slope"),), reference="Maas et al. 2013",
        numpy="maximum(x, negative_slope * x)",  # where() mispredicts on random signs
        parameters=(Parameter("negative_slope", 0.01, "slope for x <= 0"),),
        rounds_correctly_in_half=("value", "derivative", "backward"),
        elsewhere=Elsewhere(torch="nn.functional.leaky_relu(x, negative_slope)",
                            torch_nn="LeakyReLU(negative_slope=negative_slope)",
                            onnx="LeakyRelu(x, alpha=negative_slope); com.microsoft.QLinearLeakyRelu("
                                 "x, scale, zero_point, out_scale, out_zero_point, alpha=negative_slope)",
                            jax="nn.leaky_relu(x, negative_slope)", keras="leaky_relu", transformers="leaky_relu",
                            timm="leaky_relu", defaults=(("keras", "negative_slope", 0.2),)),
        float32=Bounds(0.5, 0.0), float64=Bounds(0.5, 0.0),
    ),
    Entry(
        name="prelu", formula="where(x > 0, x, weight * x)", derivative="where(x > 0, 1, weight)",
        second_derivative="0",
        range="(-inf, inf)", zero_centered=True, saturates="no", can_die=False, cost=0.04,
        best_for="hidden layers that learn the slope for x <= 0", saved_for_backward="x", kinks=(Kink("0", "weight"),),
        reference="He et al. 2015, arXiv:1502.01852", numpy="maximum(x, weight * x)",
        parameters=(Parameter("weight", None, "slope for x <= 0, usually one a channel", example=0.25),),
        elsewhere=Elsewhere(torch="nn.functional.prelu(x, weight)", torch_nn="PReLU(init=weight)", onnx="PRelu(x, weight)",
                            transformers="prelu", timm="prelu",
                            defaults=(("torch_nn", "weight", 0.25), ("transformers", "weight", 0.25), ("timm", "weight", 0.25))),
        float32=Bounds(0.5, 0.0), float64=Bounds(0.5, 0.0),
    ),
    Entry(
        name="elu", formula="where(x > 0, x, alpha * expm1(minimum(x, 0)))",
        derivative="where(x > 0, 1, alpha * exp(minimum(x, 0)))",
        second_derivative="where(x < 0, alpha * exp(minimum(x, 0)), 0)",
        range="(-alpha, inf)", zero_centered=True, saturates="left", can_die=False, cost=0.16,
        best_for="hidden layers that want mean activations near 0", saved_for_backward="x or y",
        kinks=(Kink("0", "alpha"),), reference="Clevert et al. 2016, arXiv:1511.07289",
        numpy="maximum(x, 0) + alpha * expm1(minimum(x, 0))",
        parameters=(Parameter("alpha", 1.0, "minus the limit at -inf; alpha > 0"),),
        rounds_correctly_in_half=("value", "derivative"),
        elsewhere=Elsewhere(torch="nn.functional.elu(x, alpha)", torch_nn="ELU(alpha=alpha)", onnx="Elu(x, alpha=alpha)",
                            jax="nn.elu(x, alpha)", keras="elu", timm="elu"),
        float32=Bounds(1.05, 1.22), float64=Bounds(0.84, 1.1),
    ),
    Entry(
        name="selu", formula="where(x > 0, 1.0507009873554805 * x, 1.7580993408473766 * expm1(minimum(x, 0)))",
        derivative="where(x > 0, 1.0507009873554805, 1.7580993408473766 * exp(minimum(x, 0)))",
        second_derivative="where(x < 0, 1.7580993408473766 * exp(minimum(x, 0)), 0)",
        range="(-1.7580993408473766, inf)", zero_centered=True, saturates="left", can_die=False, cost=0.18,
        best_for="deep plain networks, with lecun_normal weights", saved_for_backward="x or y",
        kinks=(Kink("0", "1.7580993408473766"),), reference="Klambauer et al. 2017, arXiv:1706.02515",
        numpy="1.0507009873554805 * maximum(x, 0) + 1.7580993408473766 * expm1(minimum(x, 0))",
        rounds_correctly_in_half=("value",),
        elsewhere=Elsewhere(torch="nn.functional.selu(x)", torch_nn="SELU()",
                            onnx="Selu(x, alpha=1.6732632423543772, gamma=1.0507009873554805)", jax="nn.selu(x)", keras="selu",
                            timm="selu"),
        float32=Bounds(1.06, 1.3), float64=Bounds(1.19, 1.45),
    ),
    Entry(
        name="celu", formula="where(x > 0, x, alpha * expm1(minimum(x, 0) / alpha))",
        derivative="where(x > 0, 1, exp(minimum(x, 0) / alpha))",
        second_derivative="where(x < 0, exp(minimum(x, 0) / alpha) / alpha, 0)",
        range="(-alpha, inf)", zero_centered=True, saturates="left", can_die=False, cost=0.25,
        best_for="as elu, with a smooth slope for every alpha", saved_for_backward="x or y",
        reference="Barron 2017, arXiv:1704.07483",
        numpy="maximum(x, 0) + alpha * expm1(minimum(x, 0) / alpha)",
        parameters=(Parameter("alpha", 1.0, "minus the limit at -inf; alpha > 0"),),
        rounds_correctly_in_half=("value", "derivative"),
        elsewhere=Elsewhere(torch="nn.functional.celu(x, alpha)", torch_nn="CELU(alpha=alpha)", onnx="Celu(x, alpha=alpha)",
                            jax="nn.celu(x, alpha)", keras="celu", timm="celu"),
        float32=Bounds(1.2, 0.92), float64=Bounds(0.84, 0.81),
    ),
    Entry(
        name="silu", formula="x * sigmoid(x)", derivative="sigmoid(x) * (1 + x * sigmoid(-x))",
        second_derivative="sigmoid(x) * sigmoid(-x) * (2 + x * (1 - 2 * sigmoid(x)))",
        range="[-0.2785, inf)", zero_centered=True, saturates="left", can_die=False, cost=0.15,
        best_for="hidden layers of deep networks", saved_for_backward="x",
        reference="Elfwing et al. 2017, arXiv:1702.03118",
        derivative_fast=True, derivative_zeros=(-1.278464542761074,),
        elsewhere=Elsewhere(torch="nn.functional.silu(x)", torch_nn="SiLU()",
                            onnx="com.microsoft.QuickGelu(x, alpha=1.0); Swish(x, alpha=1.0)", jax="nn.silu(x)",
                            keras="silu; swish", transformers="silu; swish", timm="silu; swish"),
        value_loop="bounded",
        float32=Bounds(1.84, 1.45), float64=Bounds(1.72, 1.54),
    ),
    Entry(
        name="swish", formula="x * sigmoid(beta * x)",
        derivative="sigmoid(beta * x) * (1 + beta * x * sigmoid(-beta * x))",
        second_derivative="beta * sigmoid(beta * x) * sigmoid(-beta * x)"
                          " * (2 + beta * x * (1 - 2 * sigmoid(beta * x)))",
        range="[-0.2785/beta, inf)", zero_centered=True, saturates="left", can_die=False, cost=0.26,
        best_for="as silu, with a steepness to choose", saved_for_backward="x",
        reference="Ramachandran et al. 2017, arXiv:1710.05941",
        parameters=(Parameter("beta", 1.0, "steepness; 0 gives x / 2, large values approach relu",
                              measured=(1e-3, 0.1, 0.7, 1.7, 3.3, 1e3, -1.0)),),
        derivative_zeros=(-1.278464542761074,),
        elsewhere=Elsewhere(onnx="com.microsoft.QuickGelu(x, alpha=beta); Swish(x, alpha=beta)"),
        float32=Bounds(1.96, 1.59), float64=Bounds(1.95, 1.64),
    ),
    Entry(
        name="gelu", formula="x / 2 * erfc(-x / sqrt(2))",
        derivative="erfc(-x / sqrt(2)) / 2 + x * exp(-x**2 / 2) / sqrt(2 * pi)",
        second_derivative="(2 - x**2) * exp(-x**2 / 2) / sqrt(2 * pi)",
        range="[-0.169972, inf)", zero_centered=True, saturates="left", can_die=False, cost=0.18,
        best_for="hidden layers of transformers", saved_for_backward="x",
        reference="Hendrycks and Gimpel 2016, arXiv:1606.08415",
        approximate=(("none", "gelu"), ("tanh", "gelu_tanh")), derivative_zeros=(-0.7517915246935645,),
        half_ulp=5.5, value_loop="pieces", derivative_loop="pieces",
        elsewhere=Elsewhere(torch="nn.functional.gelu(x)", torch_nn="GELU(approximate='none')",
                            onnx="Gelu(x, approximate='none')", jax="nn.gelu(x, approximate=False)", keras="gelu",
                            transformers="gelu; gelu_python", timm="gelu"),
        float32=Bounds(1.53, 1.87), float64=Bounds(1.77, 1.81),
    ),
    Entry(
        name="gelu_tanh", formula="x * sigmoid(2 * sqrt(2 / pi) * (x + 0.044715 * x**3))",
        derivative="sigmoid(2 * sqrt(2 / pi) * (x + 0.044715 * x**3)) * (1 + 2 * sqrt(2 / pi) * x"
                   " * (1 + 0.134145 * x**2) * sigmoid(-2 * sqrt(2 / pi) * (x + 0.044715 * x**3)))",
        second_derivative="2 * sqrt(2 / pi) * sigmoid(2 * sqrt(2 / pi) * (x + 0.044715 * x**3))"
                          " * sigmoid(-2 * sqrt(2 / pi) * (x + 0.044715 * x**3)) * (2 + 0.53658 * x**2"
                          " - 2 * sqrt(2 / pi) * x * (1 + 0.134145 * x**2)**2"
                          " * tanh(sqrt(2 / pi) * (x + 0.044715 * x**3)))",
        range="[-0.170041, inf)", zero_centered=True, saturates="left", can_die=False, cost=0.25,
        best_for="networks trained with it, such as GPT-2", saved_for_backward="x", derivative_loop="pieces",
        reference="Hendrycks and Gimpel 2016, arXiv:1606.08415",
        derivative_zeros=(-0.7524614220710163,),
        elsewhere=Elsewhere(torch="nn.functional.gelu(x, approximate='tanh')", torch_nn="GELU(approximate='tanh')",
                            onnx="Gelu(x, approximate='tanh'); com.microsoft.FastGelu(x)",
                            jax="nn.gelu(x)", keras="gelu(approximate=True)",
                            transformers="gelu_new; gelu_fast; gelu_accurate; gelu_pytorch_tanh; gelu_python_tanh",
                            timm="gelu_tanh"),
        float32=Bounds(1.89, 1.24), float64=Bounds(1.67, 1.21),
    ),
    Entry(
        name="quick_gelu", formula="x * sigmoid(1.702 * x)",
        derivative="sigmoid(1.702 * x) * (1 + 1.702 * x * sigmoid(-1.702 * x))",
        second_derivative="1.702 * sigmoid(1.702 * x) * sigmoid(-1.702 * x) * (2 - 1.702 * x * tanh(0.851 * x))",
        range="[-0.163611, inf)", zero_centered=True, saturates="left", can_die=False, cost=0.19,
        best_for="networks trained with it, such as CLIP", saved_for_backward="x",
        reference="Hendrycks and Gimpel 2016, arXiv:1606.08415", derivative_fast=True,
        derivative_zeros=(-0.751154255441289,),
        rounds_correctly_in_half=("derivative",),
        elsewhere=Elsewhere(onnx="com.microsoft.QuickGelu(x); Swish(x, alpha=1.702)", transformers="quick_gelu",
                            timm="quick_gelu"),
        float32=Bounds(1.92, 1.83), float64=Bounds(1.88, 1.82),
    ),
    Entry(
        name="hard_silu", formula="x * (minimum(maximum(x + 3, 0), 6) / 6)",
        derivative="where(x <= -3, 0, where(x >= 3, 1, (2 * x + 3) / 6))",
        second_derivative="where(abs(x) < 3, 1 / 3, 0)",
        range="[-0.375, inf)", zero_centered=True, saturates="left", can_die=True, cost=0.07,
        best_for="as silu, on small devices", saved_for_backward="x", kinks=(Kink("-3", "0"), Kink("3", "1")),
        reference="Howard et al. 2019, MobileNetV3, arXiv:1905.02244", aliases=("hard_swish", "hardswish"),
        derivative_zeros=(-1.5,),
        rounds_correctly_in_half=("value except near 0", "derivative"),
        half_ulp=2.3,
        masks_gradient=True,
        elsewhere=Elsewhere(torch="nn.functional.hardswish(x)", torch_nn="Hardswish()", onnx="HardSwish(x)",
                            jax="nn.hard_silu(x); nn.hard_swish(x)", keras="hard_silu; hard_swish", transformers="hardswish",
                            timm="hard_swish; hardswish"),
        float32=Bounds(1.34, 1.34), float64=Bounds(1.34, 1.34),
    ),
    Entry(
        name="softplus", formula="log1p(exp(beta * x)) / beta", derivative="sigmoid(beta * x)",
        second_derivative="beta * sigmoid(beta * x) * sigmoid(-beta * x)",
        range="(0, inf)", zero_centered=False, saturates="left", can_die=False, cost=0.18,
        best_for="outputs that must be positive: scales, variances, rates", saved_for_backward="x or y", value_loop="pieces",
        reference="Dugas et al. 2001, Incorporating Second-Order Functional Knowledge",
        numpy="maximum(x, 0) + log1p(exp(-abs(beta * x))) / beta",  # exp() alone overflows
        parameters=(Parameter("beta", 1.0, "steepness; large values approach relu, -1 gives log_sigmoid",
                              signed=True),),
        elsewhere=Elsewhere(torch="nn.functional.softplus(x, beta)", torch_nn="Softplus(beta=beta)", onnx="Softplus(x)",
                            jax="nn.softplus(x)", keras="softplus"),
        float32=Bounds(1.6, 1.78), float64=Bounds(1.68, 1.64),
    ),
    Entry(
        name="squareplus",
        formula="where(x > 0, (x + sqrt(x * x + b)) / 2, b / (2 * (abs(x) + sqrt(x * x + b))))",
        derivative="where(x > 0, (1 + x / sqrt(x * x + b)) / 2,"
                   " b / (2 * sqrt(x * x + b) * (abs(x) + sqrt(x * x + b))))",
        second_derivative="b / (2 * sqrt(x * x + b)**3)",
        range="(0, inf)", zero_centered=False, saturates="left", can_die=False, cost=0.27,
        best_for="as softplus, without exponentials", saved_for_backward="x",
        reference="Barron 2021, arXiv:2112.11687", numpy="(x + sqrt(x * x + b)) / 2",
        parameters=(Parameter("b", 4.0, "how round the bend is; b >= 0, and 0 gives relu"),),
        elsewhere=Elsewhere(jax="nn.squareplus(x, b)", keras="squareplus"),
        float32=Bounds(1.34, 1.72), float64=Bounds(1.33, 1.7),
    ),
    Entry(
        name="sparse_plus", formula="where(x < 1, maximum(minimum(x, 1) + 1, 0)**2 / 4, x)",
        derivative="minimum(maximum((x + 1) / 2, 0), 1)", second_derivative="where(abs(x) < 1, 0.5, 0)",
        range="[0, inf)", zero_centered=False, saturates="left", can_die=True, cost=0.06,
        best_for="as softplus, but 0 and x exactly outside [-1, 1]", saved_for_backward="x",
        reference="JAX 0.4.36; integral of sparse_sigmoid",
        numpy="(minimum(maximum(x, -1), 1) + 1)**2 / 4 + (maximum(x, 1) - 1)",
        rounds_correctly_in_half=("derivative",),
        masks_gradient=True,
        elsewhere=Elsewhere(jax="nn.sparse_plus(x)", keras="sparse_plus"),
        float32=Bounds(0.5, 0.5), float64=Bounds(0.5, 0.5),
    ),
    Entry(
        name="log_sigmoid", formula="-log1p(exp(-x))", derivative="sigmoid(-x)",
        second_derivative="-sigmoid(x) * sigmoid(-x)",
        range="(-inf, 0)", zero_centered=False, saturates="right", can_die=False, cost=0.19,
        best_for="logarithms of probabilities: binary likelihoods, contrastive and preference losses",
        saved_for_backward="x or y", value_loop="pieces", reference="logarithm of Verhulst 1838; as log_expit in SciPy",
        aliases=("logsigmoid", "log_expit"),
        numpy="minimum(x, 0) - log1p(exp(-abs(x)))",  # exp() alone overflows
        elsewhere=Elsewhere(torch="nn.functional.logsigmoid(x)", torch_nn="LogSigmoid()", jax="nn.log_sigmoid(x)",
                            keras="log_sigmoid", scipy="log_expit"),
        float32=Bounds(1.38, 1.76), float64=Bounds(1.25, 1.61),
    ),
    Entry(
        name="mish", formula="x * tanh(log1p(exp(x)))",
        derivative="tanh(log1p(exp(x))) + x * sigmoid(x) / cosh(log1p(exp(x)))**2",
        second_derivative="sigmoid(x) / cosh(log1p(exp(x)))**2"
                          " * (2 + x * sigmoid(-x) - 2 * x * sigmoid(x) * tanh(log1p(exp(x))))",
        range="[-0.30885, inf)", zero_centered=True, saturates="left", can_die=False, cost=0.19,
        best_for="hidden layers of deep networks, convolutional ones above all", saved_for_backward="x", value_loop="pieces",
        reference="Misra 2019, arXiv:1908.08681",
        derivative_fast=True, derivative_zeros=(-1.1924312145154952,),
        elsewhere=Elsewhere(torch="nn.functional.mish(x)", torch_nn="Mish()", onnx="Mish(x)", jax="nn.mish(x)", keras="mish",
                            transformers="mish", timm="mish"),
        float32=Bounds(1.7, 1.73), float64=Bounds(1.56, 1.4),
    ),
    Entry(
        name="tanh_shrink", formula="x - tanh(x)", derivative="tanh(x)**2",
        second_derivative="2 * tanh(x) / cosh(x)**2",
        range="(-inf, inf)", zero_centered=True, saturates="no", can_die=False, cost=0.31,
        best_for="sparse codes: small inputs become next to nothing, large ones lose 1", saved_for_backward="x",
        reference="shrinkage by tanh, as in torch", aliases=("tanhshrink",), value_loop="pieces",
        elsewhere=Elsewhere(torch="nn.functional.tanhshrink(x)", torch_nn="Tanhshrink()", keras="tanh_shrink"),
        float32=Bounds(1.65, 1.88), float64=Bounds(1.61, 1.72),
    ),
    Entry(
        name="hard_shrink", formula="where(abs(x) > lambd, x, 0)", derivative="where(abs(x) > lambd, 1, 0)",
        second_derivative="0",
        range="(-inf, inf)", zero_centered=True, saturates="no", can_die=False, cost=0.04,
        best_for="denoising: keeps what is large", saved_for_backward="x or y",
        kinks=(Kink("-lambd", "0"), Kink("lambd", "0")), reference="Donoho and Johnstone 1994",
        aliases=("hardshrink",), numpy="x * (abs(x) > lambd)",
        parameters=(Parameter("lambd", 0.5, "0 up to this size; lambd >= 0"),),
        masks_gradient=True,
        elsewhere=Elsewhere(torch="nn.functional.hardshrink(x, lambd)", torch_nn="Hardshrink(lambd=lambd)",
                            onnx="Shrink(x, lambd=lambd)", keras="hard_shrink"),
        float32=Bounds(0.0, 0.0), float64=Bounds(0.0, 0.0),
    ),
    Entry(
        name="soft_shrink", formula="where(abs(x) > lambd, x - sign(x) * lambd, 0)",
        derivative="where(abs(x) > lambd, 1, 0)", second_derivative="0",
        range="(-inf, inf)", zero_centered=True, saturates="no", can_die=False, cost=0.04,
        best_for="sparse coding: the proximal step of an L1 penalty", saved_for_backward="x or y",
        kinks=(Kink("-lambd", "0"), Kink("lambd", "0")), reference="Donoho 1995",
        aliases=("softshrink",),
        numpy="x - minimum(maximum(x, -lambd), lambd)",
        parameters=(Parameter("lambd", 0.5, "0 up to this size, and by so much the rest shrinks; lambd >= 0"),),
        rounds_correctly_in_half=("value", "backward"),
        masks_gradient=True,
        elsewhere=Elsewhere(torch="nn.functional.softshrink(x, lambd)", torch_nn="Softshrink(lambd=lambd)",
                            onnx="Shrink(x, lambd=lambd, bias=lambd)", keras="soft_shrink"),
        float32=Bounds(0.5, 0.0), float64=Bounds(0.5, 0.0),
    ),
    Entry(
        name="exponential", formula="exp(x)", derivative="exp(x)", second_derivative="exp(x)",
        range="(0, inf)", zero_centered=False, saturates="left", can_die=False, cost=0.11,
        best_for="output layer of a Poisson regression", saved_for_backward="x or y",
        reference="inverse of the log link, Nelder and Wedderburn 1972",
        half_ulp=14.0, rounds_correctly_in_half=("value",),
        elsewhere=Elsewhere(torch="exp(x)", onnx="Exp(x)", jax="numpy.exp(x)", keras="exponential"),
        value_loop="bounded and table", derivative_loop="table",
        float32=Bounds(0.81, 0.81), float64=Bounds(0.76, 0.76),
    ),
    Entry(
        name="softcap", formula="cap * tanh(x / cap)", derivative="1 / cosh(x / cap)**2",
        second_derivative="-2 / cap * tanh(x / cap) / cosh(x / cap)**2",
        range="(-cap, cap)", zero_centered=True, saturates="both", can_die=False, cost=0.34,
        best_for="bounding logits without a kink, in attention and at the output", saved_for_backward="x",
        reference="Bello et al. 2016, arXiv:1611.09940; Gemma 2, arXiv:2408.00118",
        parameters=(Parameter("cap", 50.0, "the bound; Gemma 2 has 50 in attention and 30 for final logits; cap > 0",
                              example=15.0, measured=(30.0, 15.0, 1.7, 0.01)),),
        float32=Bounds(1.22, 1.6), float64=Bounds(1.1, 1.59),
    ),
    Entry(
        name="xielu",
        formula="where(x > 0, alpha_p * x * x + beta * x, alpha_n * (expm1(minimum(x, eps)) - x) + beta * x)",
        derivative="where(x > 0, 2 * alpha_p * x + beta, alpha_n * expm1(minimum(x, 0)) + beta)",
        second_derivative="where(x > 0, 2 * alpha_p, alpha_n * exp(minimum(x, 0)))",
        range="[-0.205752, inf), at the defaults", zero_centered=True, saturates="no", can_die=False, cost=0.6,
        best_for="feed-forward layers of transformers without gates", saved_for_backward="x",
        reference="Huang and Schlag 2025, arXiv:2411.13010; Apertus",
        parameters=(Parameter("alpha_p", 0.8, "half the curvature for x > 0; softplus of what a model stores",
                              example=0.3, measured=(0.3,)),
                    Parameter("alpha_n", 0.8, "curvature for x < 0 at 0; beta + softplus of what a model stores",
                              example=1.5, measured=(1.7,)),
                    Parameter("beta", 0.5, "slope at 0", example=0.5, measured=(0.2,)),
                    Parameter("eps", -1e-6, "where the exponential of x < 0 ends", example=-1e-6)),
        derivative_zeros=(-0.9808292530117262,),
        elsewhere=Elsewhere(transformers="xielu"),
        float32=Bounds(0.5, 0.5), float64=Bounds(0.75, 0.5),
    ),
    Entry(
        name="snake_beta", formula="x + sin(alpha * x)**2 / (beta + 1e-9)",
        derivative="1 + alpha / (beta + 1e-9) * sin(2 * alpha * x)",
        second_derivative="2 * alpha**2 / (beta + 1e-9) * cos(2 * alpha * x)",
        range="(-inf, inf)", zero_centered=True, saturates="no", can_die=False, cost=0.33,
        best_for="periodic signals, such as audio", saved_for_backward="x",
        reference="Lee et al. 2022, BigVGAN, arXiv:2206.04658",
        parameters=(Parameter("alpha", 1.0, "half the angular frequency of the waves; exp of it where a model stores logarithms",
                              example=0.75, measured=(5.0,)),
                    Parameter("beta", 1.0, "one over the waves' height", example=1.5, measured=(0.2,))),
        waves_to=2.0**20,
        half_in_double=True,
        float32=Bounds(0.5, 0.5), float64=Bounds(0.5, 0.5),
    ),
    Entry(
        name="snake", formula="x + sin(alpha * x)**2 / (alpha + 1e-9)",
        derivative="1 + alpha / (alpha + 1e-9) * sin(2 * alpha * x)",
        second_derivative="2 * alpha**2 / (alpha + 1e-9) * cos(2 * alpha * x)",
        range="(-inf, inf)", zero_centered=True, saturates="no", can_die=False, cost=0.33,
        best_for="as snake_beta, with waves the lower the faster they are", saved_for_backward="x",
        reference="Ziyin et al. 2020, arXiv:2006.08195",
        parameters=(Parameter("alpha", 1.0, "half the angular frequency of the waves, usually one a channel",
                              example=0.75, measured=(0.01, 5.0)),),
        waves_to=2.0**20,
        half_in_double=True,
        float32=Bounds(0.5, 0.5), float64=Bounds(0.5, 0.5),
    ),
    Entry(
        name="laplace", formula="erfc((mu - x) / (sigma * sqrt(2))) / 2",
        derivative="exp(-((x - mu) / sigma)**2 / 2) / (sigma * sqrt(2 * pi))",
        second_derivative="(mu - x) / sigma**2 * exp(-((x - mu) / sigma)**2 / 2) / (sigma * sqrt(2 * pi))",
        range="(0, 1)", zero_centered=False, saturates="both", can_die=False, cost=0.58,
        best_for="attention weights without a softmax", saved_for_backward="x",
        reference="Ma et al. 2022, Mega, arXiv:2209.10655",
        parameters=(Parameter("mu", 0.707107, "where the value is 1/2", example=0.5, measured=(-3.0,)),
                    Parameter("sigma", 0.282095, "deviation of the normal distribution; sigma > 0", example=1.5,
                              measured=(2.5, 0.02))),
        elsewhere=Elsewhere(transformers="laplace"),
        half_in_double=True,
        float32=Bounds(0.51, 0.51), float64=Bounds(1.8, 1.87),
    ),
    Entry(
        name="sqrt_softplus", formula="sqrt(maximum(x, 0) + log1p(exp(-abs(x))))",
        derivative="sigmoid(x) / (2 * sqrt(maximum(x, 0) + log1p(exp(-abs(x)))))",
        second_derivative="sigmoid(x) / (2 * sqrt(maximum(x, 0) + log1p(exp(-abs(x)))))"
                          " * (sigmoid(-x) - sigmoid(x) / (2 * (maximum(x, 0) + log1p(exp(-abs(x))))))",
        range="(0, inf)", zero_centered=False, saturates="left", can_die=False, cost=0.5,
        best_for="scores of experts in a router", saved_for_backward="x",
        reference="DeepSeek-V4's router; softplus, Dugas et al. 2001",
        elsewhere=Elsewhere(transformers="sqrtsoftplus"),
        float32=Bounds(1.16, 1.91), float64=Bounds(1.08, 1.82),
    ),
    Entry(
        name="shifted_softplus", formula="maximum(x, 0) + log1p(exp(-abs(x))) - log1p(1)", derivative="sigmoid(x)",
        second_derivative="sigmoid(x) * sigmoid(-x)",
        range="(-0.69314718055994531, inf)", zero_centered=True, saturates="left", can_die=False, cost=0.32,
        best_for="networks of molecules, whose energies have smooth derivatives", saved_for_backward="x",
        reference="Schuett et al. 2017, SchNet, arXiv:1706.08566",
        float32=Bounds(1.3, 1.76), float64=Bounds(1.16, 1.61),
    ),
    Entry(
        name="hard_mish", formula="where(x <= -2, 0, x * (minimum(x + 2, 2) / 2))",
        derivative="where(x <= -2, 0, minimum(x + 1, 1))", second_derivative="where(x > -2, where(x < 0, 1, 0), 0)",
        range="[-0.5, inf)", zero_centered=True, saturates="left", can_die=True, cost=0.05,
        best_for="as mish, on small devices", saved_for_backward="x", kinks=(Kink("-2", "0"),),
        reference="Misra 2019, arXiv:1908.08681, by lines, as in timm",
        derivative_zeros=(-1.0,), masks_gradient=True, numpy="x * (minimum(maximum(x + 2, 0), 2) / 2)",
        elsewhere=Elsewhere(timm="hard_mish"),
        float32=Bounds(0.5, 0.5), float64=Bounds(0.5, 0.5),
    ),
    Entry(
        name="star_relu", formula="scale * maximum(x, 0)**2 + bias", derivative="2 * scale * maximum(x, 0)",
        second_derivative="where(x > 0, 2 * scale, 0)",
        range="[bias, inf)", zero_centered=True, saturates="left", can_die=True, cost=0.12,
        best_for="feed-forward layers of MetaFormers", saved_for_backward="x",
        reference="Yu et al. 2022, MetaFormer baselines, arXiv:2210.13452",
        parameters=(Parameter("scale", 0.8944, "factor of the square", example=0.75, measured=(0.3,)),
                    Parameter("bias", -0.4472, "the value for x <= 0", example=-0.5, measured=(0.0, 5.0))),
        masks_gradient=True,
        float32=Bounds(0.5, 0.5), float64=Bounds(0.87, 0.5),
    ),
    Entry(
        name="clipped_gelu", formula="minimum(maximum(x / 2 * erfc(-x / sqrt(2)), min), max)",
        derivative="where(x / 2 * erfc(-x / sqrt(2)) < min, 0, where(x / 2 * erfc(-x / sqrt(2)) > max, 0,"
                   " erfc(-x / sqrt(2)) / 2 + x * exp(-x**2 / 2) / sqrt(2 * pi)))",
        second_derivative="where(x / 2 * erfc(-x / sqrt(2)) < min, 0, where(x / 2 * erfc(-x / sqrt(2)) > max, 0,"
                          " (2 - x**2) * exp(-x**2 / 2) / sqrt(2 * pi)))",
        range="[-0.169972, max], at the defaults", zero_centered=True, saturates="both", can_die=True, cost=0.31,
        best_for="gelu in networks that will be quantised", saved_for_backward="x",
        reference="Wu et al. 2020, arXiv:2004.09602",
        parameters=(Parameter("min", -10.0, "the lower end; above -0.17 it flattens the dip", example=-8.0, signed=True,
                              measured=(-0.1,)),
                    Parameter("max", 10.0, "the upper end, above min", example=2.0, signed=True, measured=(1.0,))),
        derivative_zeros=(-0.7517915246935645,), masks_gradient=True,
        elsewhere=Elsewhere(transformers="gelu_10"),
        float32=Bounds(1.88, 1.87), float64=Bounds(1.77, 1.81),
    ),
)

ROWS: Tuple[RowEntry, ...] = (
    RowEntry(
        name="softmax", formula="exp(x - max(x)) / sum(exp(x - max(x)))",
        derivative="y[i] * (1[i = j] - y[j])",
        range="(0, 1), each row sums to 1", zero_centered=False, saturates="both", can_die=False,
        costs=(0.2, 0.3, 0.1), best_for="output layer of a classifier with one class out of many",
        reference="Bridle 1990; Blanchard et al. 2021 for the shifted form",
        elsewhere=Elsewhere(torch="softmax(x, axis)", torch_nn="Softmax(dim=axis)", onnx="Softmax(x, axis=axis)",
                            jax="nn.softmax(x, axis=axis)", keras="softmax", scipy="softmax"),
    ),
    RowEntry(
        name="log_softmax", formula="x - max(x) - log(sum(exp(x - max(x))))",
        derivative="1[i = j] - exp(y[j])",
        range="(-inf, 0), the exponentials of each row sum to 1", zero_centered=False, saturates="right",
        can_die=False, costs=(0.25, 0.3, 0.2), best_for="log-probabilities of classes, for losses and beam search",
        reference="Blanchard et al. 2021, arXiv:1909.03469",
        elsewhere=Elsewhere(torch="log_softmax(x, axis)", torch_nn="LogSoftmax(dim=axis)", onnx="LogSoftmax(x, axis=axis)",
                            jax="nn.log_softmax(x, axis=axis)", keras="log_softmax", scipy="log_softmax"),
    ),
    RowEntry(
        name="softmin", formula="exp(min(x) - x) / sum(exp(min(x) - x))",
        derivative="y[i] * (y[j] - 1[i = j])",
        range="(0, 1), each row sums to 1", zero_centered=False, saturates="both", can_die=False,
        costs=(0.26, 0.3, 0.1), best_for="weights that fall with a distance or a cost", negates="softmax",
        reference="softmax(-x)",
        elsewhere=Elsewhere(torch="nn.functional.softmin(x, axis)", torch_nn="Softmin(dim=axis)"),
    ),
    RowEntry(
        name="logsumexp", formula="log(sum(exp(x)))", derivative="exp(x[j] - y)",
        range="(max(x), max(x) + log(n))", zero_centered=True, saturates="no", can_die=False,
        costs=(0.21, 0.25), temperature=False, best_for="a smooth maximum; normalising constants", saved_for_backward="x",
        reduces=True,
        reference="Blanchard et al. 2021, arXiv:1909.03469",
        elsewhere=Elsewhere(torch="logsumexp(x, axis)", onnx="ReduceLogSumExp(x, axis, keepdims=0)",
                            jax="nn.logsumexp(x, axis=axis)", scipy="logsumexp"),
    ),
    RowEntry(
        name="hardmax", formula="1 at the first maximum, 0 elsewhere",
        derivative="none: it is constant except for jumps",
        range="{0, 1}, each row sums to 1", zero_centered=False, saturates="both", can_die=True,
        costs=(0.15,), temperature=False, best_for="decisions: the class itself, not its probability", saved_for_backward="",
        reference="ONNX operator Hardmax; numpy.argmax",
        elsewhere=Elsewhere(onnx="Hardmax(x, axis=axis)"),
    ),
    RowEntry(
        name="sparsemax", formula="maximum(x - t, 0), t such that each row sums to 1",
        derivative="1[i = j] - 1 / k where y[i] and y[j] are two of the k that are positive, else 0",
        range="[0, 1], each row sums to 1", zero_centered=False, saturates="both", can_die=True,
        costs=(1.2, 1.2, 0.4), best_for="attention and probabilities where most should be exactly 0",
        reference="Martins and Astudillo 2016, arXiv:1602.02068",
        elsewhere=Elsewhere(keras="sparsemax"),
    ),
    RowEntry(
        name="entmax15", formula="maximum(x / 2 - t, 0)**2, t such that each row sums to 1",
        derivative="s[i] * (1[i = j] - s[j] / sum(s)), s = sqrt(y)",
        range="[0, 1], each row sums to 1", zero_centered=False, saturates="both", can_die=True,
        costs=(1.5, 1.8, 0.8), best_for="attention between softmax and sparsemax: some weights exactly 0, slopes without jumps",
        reference="Peters et al. 2019, arXiv:1905.05702; entmax15 of the entmax package",
    ),
)

GATED: Tuple[GatedEntry, ...] = (
    GatedEntry("glu", "sigmoid", "Dauphin et al. 2017, arXiv:1612.08083; gate last, as in torch",
               Elsewhere(torch="nn.functional.glu(x, axis)", torch_nn="GLU(dim=axis)", jax="nn.glu(x, axis=axis)", keras="glu")),
    GatedEntry("reglu", "relu", "Shazeer 2020, arXiv:2002.05202"),
    GatedEntry("geglu", "gelu", "Shazeer 2020, arXiv:2002.05202"),
    GatedEntry("swiglu", "silu", "Shazeer 2020, arXiv:2002.05202"),
)


def by_name() -> Mapping[str, Entry]:
    """Entries by canonical name, in registry order."""
    return {entry.name: entry for entry in ACTIVATIONS}


def aliases() -> Dict[str, str]:
    """Alias -> canonical name, for elementwise and row activations."""
    elementwise = {alias: entry.name for entry in ACTIVATIONS for alias in entry.aliases}
    return {**elementwise, **{alias: row.name for row in ROWS for alias in row.aliases}}


# ---- names in other libraries ----

LIBRARIES = {"torch": "torch.", "torch_nn": "torch.nn.", "onnx": "ONNX ", "jax": "jax.", "keras": "keras.activations.",
             "scipy": "scipy.special.", "transformers": "transformers ACT2FN ", "timm": "timm "}  # what users write before a name


class Ours(str):
    """The name of one of our parameters, x or axis, as an argument of another library's function."""


class Call(NamedTuple):
    """A call of another library's function; its arguments are constants and names of ours."""

    path: str
    inputs: Tuple[Any, ...]         # positional arguments, x among them
    keywords: Dict[str, Any]

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition(".")[2]

    @property
    def passed(self) -> Tuple[str, ...]:
        """The names of ours among the arguments."""
        return tuple(value for value in (*self.inputs, *self.keywords.values()) if isinstance(value, Ours))

    def arguments(self, values: Mapping[str, Any]) -> Tuple[List[Any], Dict[str, Any]]:
        """The positional and the keyword arguments, with these values of x, axis and our parameters."""
        def filled(value: Any) -> Any:
            return values[value] if isinstance(value, Ours) else value

        return [filled(value) for value in self.inputs], {key: filled(value) for key, value in self.keywords.items()}


class _Names(Dict[str, Any]):
    def __missing__(self, name: str) -> Ours:
        return Ours(name)


def calls(entry: Any, library: str) -> List[Call]:
    """How one of `LIBRARIES` computes the function of an entry: the call to use first, then its other names."""
    names, found = _Names(call=lambda *inputs, **keywords: (inputs, keywords)), []
    for text in filter(None, getattr(entry.elsewhere, library).split("; ")):
        path, _, arguments = text.partition("(")
        found.append(Call(path, *eval(f"call({arguments or ')'}", {}, names)))
    return found


def call(entry: Any, library: str) -> Optional[Call]:
    """The first of `calls`, or None."""
    return next(iter(calls(entry, library)), None)


def function(entry: Any, library: str, module: Any) -> Any:
    """``f(x, *parameters)``, of rows ``f(x, axis)``, by the function of a library, whose module is given; None without one.

    What its call does not pass stands at the library's defaults.
    """
    names = [p.name for p in entry.parameters] if isinstance(entry, Entry) else ["axis"]
    text = getattr(entry.elsewhere, library).partition("; ")[0]
    return eval(f"lambda {', '.join(['x', *names])}: module.{text}", {"module": module}) if text else None


def names_of(entry: Any) -> List[str]:
    """The calls and names of an entry in all libraries, as users write them: "torch.nn.functional.elu(x, alpha)"."""
    return [prefix + text for library, prefix in LIBRARIES.items()
            for text in filter(None, getattr(entry.elsewhere, library).split("; "))]


@functools.cache
def names_elsewhere(library: str) -> Dict[str, Tuple[str, Dict[str, float]]]:
    """By its name in a library: our function, and our parameters' values where the library's defaults are not ours.

    A name that computes several of our functions stands for the one that needs the fewest arguments.
    """
    found: Dict[str, Tuple[Tuple[int, int], Any]] = {}
    for entry in (*ACTIVATIONS, *ROWS, *GATED):
        for each in calls(entry, library):
            constants = len(each.inputs) + len(each.keywords) - len(each.passed)
            needs = (constants, len(each.passed))
            if each.name not in found or needs < found[each.name][0]:
                found[each.name] = needs, entry
    return {name: (entry.name, {parameter: value for where, parameter, value in entry.elsewhere.defaults if where == library})
            for name, (_, entry) in found.items()}


@functools.cache
def _known() -> Dict[str, Tuple[str, Any]]:
    """By `bare_name` name: a name as it is written, and its entry. Names of ours precede those of the libraries."""
    known: Dict[str, Tuple[str, Any]] = {}
    entries = (*ACTIVATIONS, *ROWS, *GATED)
    ours = {name: entry for entry in entries for name in (entry.name, *getattr(entry, "aliases", ()))}
    by_canonical = {entry.name: entry for entry in entries}
    theirs = [(name, by_canonical[own]) for library in LIBRARIES for name, (own, _) in names_elsewhere(library).items()]
    for name, entry in (*ours.items(), *theirs):
        known.setdefault(bare_name(name), (name, entry))
    return known


def bare_name(name: str) -> str:
    """A name without what does not matter in it: case, "_", "-" and spaces."""
    return name.lower().replace("_", "").replace("-", "").replace(" ", "")


def _entry(name: str) -> Any:
    """The entry that a name stands for, or None; a name may begin with its modules, as "torch.nn.GELU".

    A library's modules decide where it means another function by a name of ours, as jax.nn.gelu means gelu_tanh. Hugging Face's
    classes are called as "XIELUActivation", "NewGELUActivation" and "PytorchGELUTanh", the functions gelu_new and
    gelu_pytorch_tanh.
    """
    modules, _, last = name.rpartition(".")
    library, known = modules.partition(".")[0], _known()
    if library in LIBRARIES and last in names_elsewhere(library):
        last = names_elsewhere(library)[last][0]
    bare = bare_name(last).removesuffix("activation")
    swapped = [bare.replace(f"{kind}gelu", f"gelu{kind}") for kind in ("new", "accurate", "pytorch")]
    found = next((known[each] for each in (bare, *swapped) if each in known), None)
    return found[1] if found else None


def canonical(name: Any) -> str:
    """Our name of the function that one of ours, an alias or a name in one of `LIBRARIES` stands for; "" for any other."""
    entry = _entry(name) if isinstance(name, str) else None
    return entry.name if entry else ""


def find(name: str) -> Any:
    """The entry that a name stands for, as `canonical` takes it; ValueError with the nearest names for any other."""
    entry = _entry(name)
    if entry is None:
        import difflib  # which takes milliseconds to import
        known = _known()
        near = difflib.get_close_matches(bare_name(name.rpartition(".")[2])[:40], known, cutoff=0)
        nearest = ", ".join(known[bare][0] for bare in near)
        raise ValueError(f"there is no activation {name!r:.60}; the nearest names are {nearest}")
    return entry


def form_number(name: str) -> int:
    """The fa_form of a form."""
    return list(FORMS).index(name)


def row_forms() -> Tuple[Tuple[RowEntry, str], ...]:
    """Functions of rows with kernels of their own, and their forms, in the order of fa_row_form in src_c/fastact.h."""
    return tuple((row, form) for row in ROWS if not row.negates for form in row.forms)


def row_form_numbers(row: RowEntry) -> Tuple[int, ...]:
    """The fa_row_form of each form of a function of rows."""
    return tuple(k for k, (other, _) in enumerate(row_forms()) if other.name == row.kernel)
