"""Names in other libraries: they exist there, and stand for what the library computes by them."""
import importlib

import numpy as np
import pytest

import fastact as fa
from fastact import registry

ENTRIES = (*registry.ACTIVATIONS, *registry.ROWS, *registry.GATED)
BY_NAME = {entry.name: entry for entry in ENTRIES}
X = np.random.default_rng(0).normal(0, 3, (5, 8)).astype(np.float32)


def ours(name, values):
    """Our function of X at these values of its parameters, beside them at the defaults."""
    return getattr(fa, name)(X, *(values.get(p.name, p.default) for p in getattr(BY_NAME[name], "parameters", ())))


def names(library):
    """The names of a library that stand for something without arguments, as parameters of a test."""
    def complete(name, values):
        return all(p.name in values or p.default is not None for p in getattr(BY_NAME[name], "parameters", ()))

    return [pytest.param(name, *known, id=name) for name, known in registry.names_elsewhere(library).items() if complete(*known)]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_calls_are_well_formed(entry):
    known = {"x", "axis", *(p.name for p in getattr(entry, "parameters", ()))}
    for library in registry.LIBRARIES:
        for call in registry.calls(entry, library):
            assert call.path.replace(".", "").isidentifier() and set(call.passed) <= known
    assert all(library in registry.LIBRARIES and parameter in known for library, parameter, _ in entry.elsewhere.defaults)


@pytest.mark.parametrize("name, own, values", names("torch_nn"))
def test_torch_modules(name, own, values):
    torch = pytest.importorskip("torch")
    options = {"dim": -1} if own in ("softmax", "log_softmax", "softmin", "glu") else {}
    got = getattr(torch.nn, name)(**options)(torch.from_numpy(X)).detach().numpy()
    np.testing.assert_allclose(got, ours(own, values), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name, own, values", names("jax"))
def test_jax_functions(name, own, values):
    jax = pytest.importorskip("jax")
    importlib.import_module("jax.scipy.special")
    (path,) = {call.path for entry in ENTRIES for call in registry.calls(entry, "jax") if call.name == name}
    function = jax
    for part in path.split("."):
        function = getattr(function, part)
    got = function(X, **({"axis": None} if own == "logsumexp" else {}))
    np.testing.assert_allclose(got, ours(own, values), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name, own, values", names("onnx"))
def test_onnx_operators(name, own, values):
    onnx = pytest.importorskip("onnx")
    reference = pytest.importorskip("onnx.reference")
    (path,) = {call.path for entry in ENTRIES for call in registry.calls(entry, "onnx") if call.name == name}
    if path.startswith("com.microsoft."):
        pytest.skip("onnxruntime's own operator, which the benchmarks' tests call")
    assert onnx.defs.has(name)
    attributes = {"keepdims": 0} if own == "logsumexp" else {}
    node = onnx.helper.make_node(name, ["x"], ["y"], **attributes)
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph([node], "one", [value("x", 1, X.shape)], [value("y", 1, None)])
    model = onnx.helper.make_model(graph)
    got, = reference.ReferenceEvaluator(model).run(None, {"x": X})
    np.testing.assert_allclose(got, ours(own, values), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("library, module, dictionary", [
    ("keras", "keras.activations", ""), ("scipy", "scipy.special", ""), ("transformers", "transformers.activations", "ACT2FN"),
    ("timm", "timm.layers.create_act", "_ACT_LAYER_DEFAULT"),
])
def test_other_names_exist(library, module, dictionary):
    there = pytest.importorskip(module)
    known = getattr(there, dictionary) if dictionary else vars(there)
    assert set(registry.names_elsewhere(library)) <= set(known) | {"swish", "hard_swish"}  # Keras takes these as strings


def test_names_for_several_functions():
    """A name stands for what the library computes without arguments."""
    assert registry.names_elsewhere("jax")["gelu"] == ("gelu_tanh", {}) and registry.names_elsewhere("torch")["gelu"][0] == "gelu"
    onnx = registry.names_elsewhere("onnx")
    assert onnx["HardSigmoid"] == ("hard_sigmoid", {"slope": 0.2}) and onnx["Gelu"][0] == "gelu"
    assert onnx["QuickGelu"] == ("quick_gelu", {}) and onnx["Shrink"][0] == "hard_shrink"
    assert registry.names_elsewhere("keras")["leaky_relu"] == ("leaky_relu", {"negative_slope": 0.2})
    assert registry.names_elsewhere("transformers")["gelu_new"] == ("gelu_tanh", {})


def test_arguments():
    call = registry.call(BY_NAME["soft_shrink"], "onnx")
    assert call.arguments({"x": X, "lambd": 0.3}) == ([X], {"lambd": 0.3, "bias": 0.3})
    assert call.passed == ("x", "lambd", "lambd")
    assert registry.function(BY_NAME["prelu"], "jax", None) is None
    assert "torch.nn.functional.elu(x, alpha)" in registry.names_of(BY_NAME["elu"])
