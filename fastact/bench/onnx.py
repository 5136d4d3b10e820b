"""onnxruntime's operators for the benchmarks, where it is installed with onnx; see ``fastact.bench.contenders``."""
import importlib
from functools import partial

import numpy as np

from fastact import config, registry

OPSET, IR_VERSION = 20, 9  # 20 is the first with Gelu; both of ONNX 1.15, November 2023


def call(entry, form, inputs, out, axis=-1):
    """A session of one operator on our arrays, with as many threads as fastact has; without out, a fresh output."""
    runtime = importlib.import_module("onnxruntime")
    operator, x = registry.call(entry, "onnx"), inputs[0]
    if form != "value" or operator is None or x.dtype.name == "bfloat16":
        return None
    shape = x.shape if not getattr(entry, "reduces", False) else tuple(np.delete(x.shape, axis))
    options = runtime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = config.get_num_threads(), 1
    options.log_severity_level = 4
    values = dict(zip((p.name for p in getattr(entry, "parameters", ())), getattr(entry, "defaults", ())))
    model = _model(operator.path, *operator.arguments({"x": x, "axis": axis, **values}), shape)
    try:
        session = runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own exceptions derive from Exception alone
        raise NotImplementedError(f"{entry.name} in {x.dtype}") from error
    if out is None:
        return partial(session.run, None, {"x": x})
    binding = session.io_binding()
    binding.bind_input("x", "cpu", 0, x.dtype.type, x.shape, x.ctypes.data)
    binding.bind_output("y", "cpu", 0, out.dtype.type, out.shape, out.ctypes.data)

    def run():
        session.run_with_iobinding(binding)
        return out

    return run


def _model(path, inputs, attributes, shape):
    """A model of one operator; its inputs after the first are constants: parameters, or an axis."""
    onnx = importlib.import_module("onnx")
    helper, (x, *others) = onnx.helper, inputs
    kind, (domain, _, name) = helper.np_dtype_to_tensor_dtype(x.dtype), path.rpartition(".")
    constants = {f"c{k}": np.array([value], np.int64) if type(value) is int else
                 np.array(value, x.dtype).reshape((1,) * (name == "PRelu")) for k, value in enumerate(others)}
    graph = helper.make_graph(
        [helper.make_node(name, ["x", *constants], ["y"], domain=domain, **attributes)], "one",
        [helper.make_tensor_value_info("x", kind, x.shape)], [helper.make_tensor_value_info("y", kind, shape)],
        [onnx.numpy_helper.from_array(constant, name) for name, constant in constants.items()])
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION).SerializeToString()
