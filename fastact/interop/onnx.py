"""Networks and estimators as ONNX models: ``net.to_onnx("net.onnx")``; needs ``pip install "fastact[onnx]"``.

A float32 network uses ONNX's operator for an activation where there is one. Any other activation is composed of
arithmetic: the registry's formula is evaluated with `Operand` objects, and each operation adds a node to the graph.
A float64 network uses the few operators that onnxruntime has in float64; Erf, which it lacks, is computed in float32, to 1e-7.
"""
from __future__ import annotations

import math
from typing import Any, Callable, Dict, List, Sequence, Tuple, Union

import numpy as np

from fastact import registry
from fastact._core.files import write_whole
from fastact._core.optional import optional
from fastact.nn.output_layers import pairing
from fastact.nn.serialization import registered

_INT64 = 7  # of TensorProto
OPSET, IR_VERSION = 20, 9  # 20 is the first with Gelu; both of ONNX 1.15, November 2023

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
}
# Infinities at these ends are replaced by the largest number, at which the function has its limit: operators and formulas
# would multiply infinity by 0, or divide infinities.
_FINITE = {
    "silu": "left", "gelu": "left", "gelu_tanh": "left", "quick_gelu": "left", "hard_silu": "left", "mish": "left",
    "softsign": "left right", "hard_sigmoid": "left right",
}  # fmt: skip


def export(net: Any, file: Any, probabilities: bool = False) -> None:
    """Write a model; see `fastact.MLP.to_onnx`."""
    graph = _Graph(net.dtype, "input")
    value = graph.input
    for k, layer in enumerate(net._network.layers, 1):
        weight, bias = layer.folded()
        value = graph.node("Gemm", value, graph.constant(weight), graph.constant(bias))
        if layer.activation is not None:
            value = _activation(graph, layer.activation, value, layer.activation_parameters, net.layers[k])
    if probabilities:
        pair = pairing(net.loss)
        if pair.task not in ("multiclass", "binary"):
            raise TypeError("MLP.to_onnx: probabilities only for losses of classes, as predict_proba")
        if pair.probabilities is not None:
            value = _activation(graph, pair.probabilities, value, (), net.layers[-1])
    graph.node("Identity", value, output="output")
    _write(file, graph, "MLP", net.layers[0], {"output": (net.dtype, net.layers[-1:])})


def export_estimator(model: Any, file: Any) -> None:
    """Write a model of scikit-learn's kind; see `fastact.sklearn.MLPClassifier.to_onnx`."""
    from fastact.sklearn.arguments import activations as activations_of

    dtype = np.dtype(model._dtype())
    graph = _Graph(dtype, "X")
    value, width = graph.input, model.n_outputs_
    layers = zip(model.coefs_, model.intercepts_, [*activations_of(model, len(model.coefs_) - 1), (None, ())])
    for coef, intercept, (activation, parameters) in layers:
        value = graph.node("Gemm", value, graph.constant(coef), graph.constant(intercept))
        if activation is not None:
            value = _activation(graph, activation, value, parameters, coef.shape[1])
    last = {"softmax": "Softmax", "logistic": "Sigmoid", "exp": "Exp"}.get(model.out_activation_, "Identity")
    if not hasattr(model, "classes_"):
        graph.node(last, value, output="variable")
        _write(file, graph, type(model).__name__, model.n_features_in_, {"variable": (dtype, [width])})
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
            value = graph.node("Unsqueeze", value, graph.constant([1], np.int64))
            value, width = graph.node("Concat", 1 - value, value, axis=1), 2
        else:
            index = graph.node("ArgMax", value, axis=1, keepdims=0)
        graph.node("Gather", graph.constant(classes, kind), index, output="label")
    graph.node("Identity", value, output="probabilities")
    _write(file, graph, type(model).__name__, model.n_features_in_, {"label": (kind, shape), "probabilities": (dtype, [width])})


def _write(file: Any, graph: _Graph, name: str, inputs: int, outputs: Dict[str, Tuple[Any, List[int]]]) -> None:
    """Write the model of a graph, whose outputs have a dtype and a shape for each sample."""
    with optional("onnx", f"{name}.to_onnx needs onnx", '"fastact[onnx]"'):
        import onnx
        from onnx import helper, numpy_helper

    def information(end: str, dtype: Any, shape: List[int]) -> Any:
        return helper.make_tensor_value_info(end, helper.np_dtype_to_tensor_dtype(dtype), ["samples", *shape])

    made = helper.make_graph(
        [helper.make_node(operator, inputs, outputs, **attributes) for operator, inputs, outputs, attributes in graph.nodes],
        f"fastact.{name}", [information(graph.input.name, graph.dtype, [inputs])],
        [information(end, *described) for end, described in outputs.items()],
        [numpy_helper.from_array(array, name) for name, array in graph.constants.items()],
    )  # fmt: skip
    model = helper.make_model(
        made, producer_name="fastact", ir_version=IR_VERSION, opset_imports=[helper.make_opsetid("", OPSET)]
    )
    onnx.checker.check_model(model, full_check=True)
    write_whole(file, lambda stream: stream.write(model.SerializeToString()))


def _activation(graph: _Graph, activation: Any, x: Operand, parameters: Sequence[float], width: int) -> Any:
    """The activation of an operand of so many columns, as nodes of the graph."""
    name = registered(activation)
    if name in _ROWS:
        return _ROWS[name](graph, x, width)
    if not name or not hasattr(activation, "info"):
        raise TypeError(f"MLP.to_onnx: there are no operators for activation {activation!r}")
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
    call = registry.call(info, "onnx")
    # The operator Celu loses the digits of x / alpha beside 1.
    stable = info.name in _STABLE and not (info.name == "celu" and 0 < values["alpha"] <= 1)
    if call and not stable and call.inputs == ("x",) and "." not in call.path and (
            graph.dtype == np.float32 or info.name in _IN_FLOAT64):
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
    last = graph.constant([-1], np.int64)
    x = graph.node("Max", x - graph.node("ReduceMax", x, last), -1)
    ordered = graph.node("TopK", x, graph.constant([width], np.int64), outputs=2)
    inside = graph.node("CumSum", ordered, graph.constant(-1, np.int64)) < 1 + graph.constant(range(1, width + 1)) * ordered
    inside = graph.node("Where", inside, 1, 0)
    above = graph.node("ReduceSum", inside * ordered, last) - 1
    return graph.node("Max", x - above / graph.node("ReduceSum", inside, last), 0)


def _log_softmax(graph: _Graph, x: Any, width: int) -> Any:
    """As arithmetic: the LogSoftmax of runtimes differ for infinities and where the probability underflows."""
    last = graph.constant([-1], np.int64)
    x = x - graph.node("ReduceMax", x, last)
    return x - graph.node("Log", graph.node("ReduceSum", graph.node("Exp", x), last))


_ROWS: Dict[str, Callable[[_Graph, Operand, int], Operand]] = {
    "softmax": lambda graph, x, width: graph.node("Softmax", x, axis=-1),
    "log_softmax": _log_softmax,
    "softmin": lambda graph, x, width: graph.node("Softmax", -x, axis=-1),
    "sparsemax": _sparsemax,
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
}.items():  # fmt: skip
    setattr(Operand, f"__{_method}__", _binary(_operator))
    setattr(Operand, f"__r{_method}__", _binary(_operator, swapped=True))


class _Graph:
    """Nodes (operator, inputs, outputs, attributes) and constants, in order."""

    def __init__(self, dtype: Any, name: str = "input") -> None:
        self.dtype = dtype
        self.nodes: List[Tuple[str, List[str], List[str], Dict[str, Any]]] = []
        self.constants: Dict[str, np.ndarray] = {}
        self.input = Operand(self, name)

    def node(self, operator: str, *inputs: Any, output: str = "", outputs: int = 1, **attributes: Any) -> Any:
        """The first of an operator's results, of operands or numbers."""
        names = [(value if isinstance(value, Operand) else self.constant(value)).name for value in inputs]
        output = output or f"{operator.lower()}_{len(self.nodes)}"
        results = [output, *(f"{output}_{k}" for k in range(1, outputs))]
        self.nodes.append((operator, names, results, attributes))
        return Operand(self, output)

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
    }  # fmt: skip
