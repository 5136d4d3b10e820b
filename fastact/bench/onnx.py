"""onnxruntime's operators for the benchmarks, where it is installed with onnx; see ``fastact.bench.contenders``."""
from __future__ import annotations

import importlib
from functools import partial
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Union

import numpy as np

from fastact import config, registry

Call = Callable[[], Any]
AnyEntry = Union[registry.Entry, registry.RowEntry]
OPSET, IR_VERSION = 20, 9


class Operator(NamedTuple):
    """An ONNX operator: attributes by name (the value of a parameter, where it is one's name) and constants."""

    type: str
    attributes: Dict[str, Any] = {}
    constants: List[Any] = []
    domain: str = ""


MICROSOFT = "com.microsoft"
OPERATORS: Dict[str, Operator] = {
    "identity": Operator("Identity"), "sigmoid": Operator("Sigmoid"), "tanh": Operator("Tanh"),
    "hard_sigmoid": Operator("HardSigmoid", {"alpha": "slope", "beta": "offset"}),
    "hard_tanh": Operator("Clip", constants=["min_val", "max_val"]), "erf": Operator("Erf"),
    "softsign": Operator("Softsign"), "relu": Operator("Relu"), "relu6": Operator("Clip", constants=[0.0, 6.0]),
    "thresholded_relu": Operator("ThresholdedRelu", {"alpha": "theta"}),
    "leaky_relu": Operator("LeakyRelu", {"alpha": "negative_slope"}), "prelu": Operator("PRelu", constants=["weight"]),
    "elu": Operator("Elu", {"alpha": "alpha"}), "selu": Operator("Selu"), "celu": Operator("Celu", {"alpha": "alpha"}),
    "silu": Operator("QuickGelu", {"alpha": 1.0}, domain=MICROSOFT),
    "swish": Operator("QuickGelu", {"alpha": "beta"}, domain=MICROSOFT),
    "quick_gelu": Operator("QuickGelu", {"alpha": 1.702}, domain=MICROSOFT),
    "gelu": Operator("Gelu"), "gelu_tanh": Operator("Gelu", {"approximate": "tanh"}),
    "hard_silu": Operator("HardSwish"), "softplus": Operator("Softplus"), "mish": Operator("Mish"),
    "hard_shrink": Operator("Shrink", {"lambd": "lambd", "bias": 0.0}),
    "soft_shrink": Operator("Shrink", {"lambd": "lambd", "bias": "lambd"}), "exponential": Operator("Exp"),
    "softmax": Operator("Softmax", {"axis": None}), "log_softmax": Operator("LogSoftmax", {"axis": None}),
    "hardmax": Operator("Hardmax", {"axis": None}), "logsumexp": Operator("ReduceLogSumExp", {"keepdims": 0}, [None]),
}


def call(entry: AnyEntry, form: str, inputs: List[Any], out: Any, axis: int = -1) -> Optional[Call]:
    """A session of one operator whose input and output are our arrays, with as many threads as fastact has; without
    out, a fresh output.
    """
    runtime = importlib.import_module("onnxruntime")
    if form != "value" or entry.name not in OPERATORS or inputs[0].dtype.name == "bfloat16":
        return None
    x = inputs[0]
    shape = x.shape if not getattr(entry, "reduces", False) else tuple(np.delete(x.shape, axis))
    options = runtime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = config.get_num_threads(), 1
    options.log_severity_level = 4
    try:
        session = runtime.InferenceSession(_model(entry, x, shape, axis), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime's own kinds derive from Exception alone
        raise NotImplementedError(f"{entry.name} in {x.dtype}") from error
    if out is None:
        return partial(session.run, None, {"x": x})
    binding = session.io_binding()
    binding.bind_input("x", "cpu", 0, x.dtype.type, x.shape, x.ctypes.data)
    binding.bind_output("y", "cpu", 0, out.dtype.type, out.shape, out.ctypes.data)

    def run() -> Any:
        session.run_with_iobinding(binding)
        return out

    return run


def _model(entry: AnyEntry, x: Any, shape: Any, axis: int) -> bytes:
    onnx = importlib.import_module("onnx")
    helper, operator = onnx.helper, OPERATORS[entry.name]
    values = {p.name: value for p, value in zip(getattr(entry, "parameters", ()), getattr(entry, "defaults", ()))}

    def resolve(value: Any) -> Any:
        return axis if value is None else values.get(value, value) if isinstance(value, str) else value

    kind = helper.np_dtype_to_tensor_dtype(x.dtype)
    attributes = {name: resolve(value) for name, value in operator.attributes.items()}
    constants = [np.array([axis], np.int64) if value is None else np.array(resolve(value), x.dtype).reshape(
        (1,) * (entry.name == "prelu")) for value in operator.constants]
    names = [f"c{number}" for number in range(len(constants))]
    node = helper.make_node(operator.type, ["x", *names], ["y"], domain=operator.domain, **attributes)
    graph = helper.make_graph(
        [node], "one", [helper.make_tensor_value_info("x", kind, x.shape)],
        [helper.make_tensor_value_info("y", kind, shape)],
        [onnx.numpy_helper.from_array(constant, name) for constant, name in zip(constants, names)])
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)]
    model: bytes = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION).SerializeToString()
    return model
