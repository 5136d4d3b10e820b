"""Networks and estimators as ONNX models: ``net.to_onnx("net.onnx")``; needs ``pip install "fastact[onnx]"``.

A float32 network uses ONNX's operator for an activation where the opset has one. Any other activation is composed of
arithmetic: the registry's formula is evaluated with `Operand` objects, and each operation adds a node to the graph.
A float64 network uses the few operators that onnxruntime has in float64; Erf, which it lacks, is computed in float32, to 1e-7.
"""
from __future__ import annotations

import math
import operator
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, Union

import numpy as np

from fastact import registry
from fastact._core.files import write_whole
from fastact._core.optional import optional
from fastact.nn.output_layers import pairing
from fastact.nn.serialization import registered

_INT64 = 7  # of TensorProto
OLDEST = 8  # of the opsets: Max and Min broadcast from it on

# onnxruntime has no kernel of Swish. It computes the operator's function of opset 24, and refuses it in newer opsets.
_ONLY_IN = {"Swish": 24}
_IN_FLOAT64 = {"sigmoid", "tanh", "relu", "exponential"}  # their operators exist in onnxruntime for float64 too
# Formulas that are used in place of the registry's, or of an operator. They do not overflow, and they return NaN for NaN,
# because no comparison with NaN is true; the operators Shrink and ThresholdedRelu return 0.
_STABLE = {
    "softplus": "one_sided(x, 0) + softplus(-abs(beta * x)) / beta",
    "swish": "x * sigmoid(beta * x) if beta else x / 2",
    "log_sigmoid": "minimum(x, 0) - softplus(-abs(x))",
    "celu": "where(x > 0, x, alpha * expm1(minimum(x, 0) / alpha)) if alpha and 1 / alpha else x if alpha else maximum(x, 0)",
    "squareplus": "where(x > 0, root / 2 + x / 2, b / 4 / maximum(root / 2 + abs(x) / 2, smallest)) if b <= largest"
                  " else abs(x) + b",
    "threshold": "where(x <= threshold, value, x)",
    "thresholded_relu": "where(x <= theta, 0, x)",
    "hard_shrink": "where(abs(x) <= lambd, 0, x)",
    "soft_shrink": "where(abs(x) <= lambd, 0, x - sign(x) * lambd)",
    "xielu": "where(x > 0, (alpha_p * x + beta) * x, alpha_n * expm1(minimum(x, eps)) + (beta - alpha_n) * x)",
    "sqrt_softplus": "where(x < -6, exp(minimum(x, 0) / 2) * (1 - exp(minimum(x, 0)) / 4),"
                     " sqrt(maximum(x, 0) + log1p(exp(-abs(x)))))",
    "snake": "x + sin(alpha * maximum(minimum(x, 1e6), -1e6))**2 / (alpha + 1e-9)",
    "snake_beta": "x + sin(alpha * maximum(minimum(x, 1e6), -1e6))**2 / (beta + 1e-9)",
}
# Infinities at these ends are replaced by the largest number, at which the function has its limit: operators and formulas
# would multiply infinity by 0, or divide infinities.
_FINITE = {
    "silu": "left", "gelu": "left", "gelu_tanh": "left", "quick_gelu": "left", "hard_silu": "left", "mish": "left",
    "hard_mish": "left", "clipped_gelu": "left",
    "softsign": "left right", "hard_sigmoid": "left right",
}


def export(net: Any, file: Any, probabilities: bool = False, opset: Optional[int] = None) -> None:
    """Write a model; see `fastact.MLP.to_onnx`."""
    graph = _Graph("MLP", net.dtype, opset)
    value = graph.input
    for layer in net._network.layers:
        value = _dense(graph, value, *layer.folded(), layer.activation, layer.activation_parameters)
    if probabilities:
        pair = pairing(net.loss)
        if pair.task not in ("multiclass", "binary"):
            raise TypeError("MLP.to_onnx: probabilities only for losses of classes, as predict_proba")
        if pair.probabilities is not None:
            value = _activation(graph, pair.probabilities, value, (), net.layers[-1])
    graph.node("Identity", value, output="output")
    _write(file, graph, net.layers[0], {"output": (net.dtype, net.layers[-1:])})


def export_estimator(model: Any, file: Any, opset: Optional[int] = None) -> None:
    """Write a model of scikit-learn's kind; see `fastact.sklearn.MLPClassifier.to_onnx`."""
    from fastact.sklearn.arguments import activations as activations_of

    dtype = np.dtype(model._dtype())
    graph = _Graph(type(model).__name__, dtype, opset, "X")
    value, width = graph.input, model.n_outputs_
    hidden = activations_of(model, len(model.coefs_) - 1)
    for coef, intercept, chosen in zip(model.coefs_, model.intercepts_, [*hidden, (None, ())]):
        value = _dense(graph, value, coef, intercept, *chosen)
    last = {"softmax": "Softmax", "logistic": "Sigmoid", "exp": "Exp"}.get(model.out_activation_, "Identity")
    if not hasattr(model, "classes_"):
        graph.node(last, value, output="variable")
        _write(file, graph, model.n_features_in_, {"variable": (dtype, [width])})
        return
    value = graph.node(last, value)
    classes = np.asarray(model.classes_)
    kind = classes.dtype if classes.dtype.kind in "iufb" else np.dtype(object)
    if model._label_binarizer.y_type_.startswith("multilabel"):
        kind, shape = np.dtype(np.int64), [width]
        graph.node("Cast", value > 0.5, output="label", to=_INT64)
    else:
        shape = []
        if width == 1:  # of the second of two classes; a single one is always right
            value = graph.node("Reshape", value, graph.constant([-1], np.int64))
            index = graph.node("Cast", value > (0.5 if len(classes) > 1 else 2), to=_INT64)
            value = graph.node("Reshape", value, graph.constant([-1, 1], np.int64))
            value, width = graph.node("Concat", 1 - value, value, axis=1), 2
        else:
            index = graph.node("ArgMax", value, axis=1, keepdims=0)
        graph.node("Gather", graph.constant(classes, kind), index, output="label")
    graph.node("Identity", value, output="probabilities")
    _write(file, graph, model.n_features_in_, {"label": (kind, shape), "probabilities": (dtype, [width])})


def _dense(graph: _Graph, x: Operand, weight: Any, bias: Any, activation: Any, parameters: Sequence[float]) -> Any:
    """The nodes of a layer: the activation, unless it is None, of ``x @ weight + bias``."""
    value = graph.node("Gemm", x, graph.constant(weight), graph.constant(bias))
    return value if activation is None else _activation(graph, activation, value, parameters, weight.shape[1])


def _write(file: Any, graph: _Graph, inputs: int, outputs: Dict[str, Tuple[Any, List[int]]]) -> None:
    """Write the model of a graph, whose outputs have a dtype and a shape for each sample."""
    from onnx import checker, helper, numpy_helper

    if graph.needs:
        each = ", ".join(f"{name} needs {oldest}" for name, oldest in graph.needs.items())
        raise ValueError(f"{graph.name}.to_onnx: opset {graph.opset} is too old: {each}")

    def information(end: str, dtype: Any, shape: List[int]) -> Any:
        return helper.make_tensor_value_info(end, helper.np_dtype_to_tensor_dtype(dtype), ["samples", *shape])

    made = helper.make_graph(
        [helper.make_node(operator, inputs, outputs, **attributes) for operator, inputs, outputs, attributes in graph.nodes],
        f"fastact.{graph.name}", [information(graph.input.name, graph.dtype, [inputs])],
        [information(end, *described) for end, described in outputs.items()],
        [numpy_helper.from_array(array, name) for name, array in graph.constants.items()],
    )
    opsets = [helper.make_opsetid("", graph.opset)]
    # The oldest format that the opset may have is what most runtimes read. Before version 4 constants had to be inputs.
    version = max(4, helper.find_min_ir_version_for(opsets))
    model = helper.make_model(made, producer_name="fastact", ir_version=version, opset_imports=opsets)
    checker.check_model(model, full_check=True)
    write_whole(file, lambda stream: stream.write(model.SerializeToString()))


def _activation(graph: _Graph, activation: Any, x: Operand, parameters: Sequence[float], width: int) -> Any:
    """The activation of an operand of so many columns, as nodes of the graph; if its opset is too old, `graph.needs` says so."""
    name = registered(activation)
    if name not in _ROWS and (not name or not hasattr(activation, "info")):
        raise TypeError(f"{graph.name}.to_onnx: there are no operators for activation {activation!r}")
    try:
        return _nodes(graph, activation, x, parameters, width)
    except _NotInOpset:
        graph.needs[name] = _oldest_opset(graph, activation, parameters, width)
        return x


def _oldest_opset(graph: _Graph, activation: Any, parameters: Sequence[float], width: int) -> int:
    """The oldest opset after the graph's that has the operators of an activation."""
    newer = _Graph(graph.name, graph.dtype, graph.opset + 1)
    try:
        _nodes(newer, activation, newer.input, parameters, width)
    except _NotInOpset:
        return _oldest_opset(newer, activation, parameters, width)
    return newer.opset


def _nodes(graph: _Graph, activation: Any, x: Operand, parameters: Sequence[float], width: int) -> Any:
    """The activation of an operand, as nodes of the graph."""
    if activation.name in _ROWS:
        return _ROWS[activation.name](graph, x, width)
    info, largest = activation.info, float(np.finfo(graph.dtype).max)
    if info.name == "identity":
        return x
    with np.errstate(over="ignore", under="ignore"):  # rounded as the kernels round them
        numbers = np.array(parameters or info.defaults, graph.dtype)
    values = dict(zip([p.name for p in info.parameters], numbers.tolist()))
    for key in {"beta", "slope"} & set(values):
        values[key] = float(np.clip(values[key], -largest, largest))  # an infinite one times 0 would be NaN
    finite = _FINITE.get(info.name, "")
    if info.name == "swish":
        finite = "left" if values["beta"] > 0 else "right" if values["beta"] < 0 else ""
    if info.name == "softplus" and not values["beta"]:
        finite = "left right"  # the value is infinite everywhere, and 0 times infinity would be NaN
    x = graph.node("Max", x, -largest) if "left" in finite else x
    x = graph.node("Min", x, largest) if "right" in finite else x
    # The operator Celu loses the digits of x / alpha beside 1.
    precise = {"celu": 0 < values.get("alpha", 0) <= 1, "swish": values.get("beta", 0) != 0}.get(info.name)
    if (info.name not in _STABLE or precise) and (graph.dtype == np.float32 or info.name in _IN_FLOAT64):
        for call in registry.calls(info, "onnx"):
            if call.inputs == ("x",) and graph.has(call.path) and _ONLY_IN.get(call.path, graph.opset) == graph.opset:
                return graph.node(call.path, x, **call.arguments({"x": x, **values})[1])
    return _formula(graph, info.name, _STABLE.get(info.name, info.formula), {**values, "x": x})


def _formula(graph: _Graph, name: str, formula: str, values: Dict[str, Any]) -> Any:
    """The nodes of a formula."""
    names = {"__builtins__": {}, **_functions(graph), **values}
    if name == "softplus":
        names["one_sided"] = names["minimum" if values["beta"] < 0 else "maximum"]
    if name == "squareplus":  # the square in its root neither overflows nor underflows
        limits = np.finfo(graph.dtype)
        names.update(smallest=float(limits.tiny), largest=float(limits.max), half=math.sqrt(float(limits.max)) / 4)
        root = "sqrt(minimum(abs(x), half)**2 + b)"
        root = f"maximum({root}, abs(x))" if values["b"] >= 0 else f"where(abs(x) > half, abs(x), {root})"
        names["root"] = eval(root, names)
    return eval(formula, names)


def _sparsemax(graph: _Graph, x: Any, width: int) -> Any:
    """max(x - t, 0), where t makes the row sum to 1. A number that is 1 below the maximum is never positive."""
    x = graph.node("Max", x - graph.reduce("ReduceMax", x), -1)
    ordered = graph.node("TopK", x, graph.constant([width], np.int64), outputs=2)
    inside = graph.node("CumSum", ordered, graph.constant(-1, np.int64)) < 1 + graph.constant(range(1, width + 1)) * ordered
    inside = graph.node("Where", inside, 1, 0)
    above = graph.reduce("ReduceSum", inside * ordered) - 1
    return graph.node("Max", x - above / graph.reduce("ReduceSum", inside), 0)


def _entmax15(graph: _Graph, x: Any, width: int) -> Any:
    """max(x / 2 - t, 0)^2, where t is the largest of the thresholds for the first k numbers in order that are above it."""
    count = graph.constant(range(1, width + 1))
    x = graph.node("Max", (x - graph.reduce("ReduceMax", x)) / 2, -1)
    ordered = graph.node("TopK", x, graph.constant([width], np.int64), outputs=2)
    mean = graph.node("CumSum", ordered, graph.constant(-1, np.int64)) / count
    spread = graph.node("CumSum", ordered * ordered, graph.constant(-1, np.int64)) - count * mean * mean
    threshold = mean - graph.node("Sqrt", graph.node("Max", (1 - spread) / count, 0))
    above = graph.node("Max", x - graph.reduce("ReduceMax", graph.node("Where", ordered < threshold, -1, threshold)), 0)
    return above * above


def _log_softmax(graph: _Graph, x: Any, width: int) -> Any:
    """As arithmetic: the LogSoftmax of runtimes differ for infinities and where the probability underflows."""
    x = x - graph.reduce("ReduceMax", x)
    return x - graph.node("Log", graph.reduce("ReduceSum", graph.node("Exp", x)))


_ROWS: Dict[str, Callable[[_Graph, Operand, int], Operand]] = {
    "softmax": lambda graph, x, width: graph.node("Softmax", x, axis=1),
    "log_softmax": _log_softmax,
    "softmin": lambda graph, x, width: graph.node("Softmax", -x, axis=1),
    "sparsemax": _sparsemax,
    "entmax15": _entmax15,
}


class Operand:
    """A tensor of a graph; arithmetic with it adds nodes."""

    __array_ufunc__ = None

    def __init__(self, graph: _Graph, name: str) -> None:
        self.graph, self.name = graph, name

    def __neg__(self) -> Any:
        return self.graph.node("Neg", self)


def _binary(operator: str, swapped: bool = False) -> Callable[[Operand, Any], Any]:
    def method(self: Operand, other: Any) -> Any:
        return self.graph.node(operator, *((other, self) if swapped else (self, other)))

    return method


for _method, _operator in {
    "add": "Add", "sub": "Sub", "mul": "Mul", "truediv": "Div", "pow": "Pow",
    "lt": "Less", "le": "LessOrEqual", "gt": "Greater", "ge": "GreaterOrEqual",
}.items():
    setattr(Operand, f"__{_method}__", _binary(_operator))
    setattr(Operand, f"__r{_method}__", _binary(_operator, swapped=True))


class _NotInOpset(Exception):
    """An operator that the graph's opset does not have."""


class _Graph:
    """Nodes (operator, inputs, outputs, attributes) and constants, in order, for what `name` exports.

    The opset is the newest of the installed onnx if it is None. `needs` has the activations that need a newer one, and which.
    """

    def __init__(self, name: str, dtype: Any, opset: Optional[int] = None, input_name: str = "input") -> None:
        with optional("onnx", f"{name}.to_onnx needs onnx", '"fastact[onnx]"'):
            from onnx import defs

        self.name, self.dtype, self.defs = name, dtype, defs
        self.needs: Dict[str, int] = {}
        newest = defs.onnx_opset_version()
        try:
            self.opset = newest if opset is None else operator.index(opset)
        except TypeError:
            raise TypeError(f"{name}.to_onnx takes the number of an opset, or None for the newest; got {opset!r}") from None
        if not OLDEST <= self.opset <= newest:
            raise ValueError(f"{name}.to_onnx takes opsets from {OLDEST} to {newest}, the newest of the installed onnx; "
                             f"got {opset}")
        self.nodes: List[Tuple[str, List[str], List[str], Dict[str, Any]]] = []
        self.constants: Dict[str, np.ndarray] = {}
        self.input = Operand(self, input_name)

    def has(self, name: str) -> bool:
        """Whether the opset has an operator."""
        return bool(self.defs.has(name, self.opset, ""))

    def node(self, name: str, *inputs: Any, output: str = "", outputs: int = 1, **attributes: Any) -> Any:
        """The first of the results of an operator, of operands or numbers."""
        if not self.has(name):
            raise _NotInOpset(name)
        names = [(value if isinstance(value, Operand) else self.constant(value)).name for value in inputs]
        output = output or f"{name.lower()}_{len(self.nodes)}"
        results = [output, *(f"{output}_{k}" for k in range(1, outputs))]
        self.nodes.append((name, names, results, attributes))
        return Operand(self, output)

    def reduce(self, name: str, x: Any) -> Any:
        """ReduceMax or ReduceSum of each row, as a column. In old opsets the axes are an attribute."""
        if self.opset < {"ReduceMax": 18, "ReduceSum": 13}[name]:
            return self.node(name, x, axes=[1])
        return self.node(name, x, self.constant([1], np.int64))

    def constant(self, value: Any, dtype: Any = None) -> Any:
        name = f"constant_{len(self.constants)}"
        self.constants[name] = np.array(value, dtype or self.dtype, order="C")
        return Operand(self, name)


def _functions(graph: _Graph) -> Dict[str, Union[float, Callable[..., Any]]]:
    """What a formula may call; of numbers alone the result is a number."""

    def function(operator: str, of_numbers: Callable[..., float]) -> Callable[..., Any]:
        def call(*values: Any) -> Any:
            some = any(isinstance(value, Operand) for value in values)
            return graph.node(operator, *values) if some else of_numbers(*values)

        return call

    exp, tanh = function("Exp", math.exp), function("Tanh", math.tanh)

    def erf(x: Any) -> Any:
        if graph.dtype == np.float32:
            return graph.node("Erf", x)
        narrow = graph.node("Cast", x, to=1)  # TensorProto.FLOAT, and DOUBLE
        return graph.node("Cast", graph.node("Erf", narrow), to=11)

    def softplus(x: Any) -> Any:
        return graph.node("Softplus", x) if graph.dtype == np.float32 else log1p(exp(x))

    def log1p(x: Any) -> Any:
        return graph.node("Log", 1 + x)

    return {
        "pi": math.pi, "exp": exp, "tanh": tanh, "log1p": log1p, "erf": erf, "softplus": softplus,
        "expm1": lambda x: tanh(x / 2) * (exp(x) + 1),  # keeps the digits near 0
        "erfc": lambda x: 1 - erf(x), "cosh": lambda x: (exp(x) + exp(-x)) / 2,
        "sin": function("Sin", math.sin), "cos": function("Cos", math.cos),
        "sqrt": function("Sqrt", math.sqrt), "abs": function("Abs", abs),
        "sigmoid": lambda x: 1 / (1 + exp(-x)),  # x times onnxruntime's own errs by 1e-6
        "sign": function("Sign", float),
        "minimum": function("Min", min), "maximum": function("Max", max), "where": function("Where", float),
    }
