"""Names in other libraries: they exist there, and stand for what the library computes by them."""
import importlib

import numpy as np
import pytest

import fastact as fa
from fastact import registry
from fastact._core.byte_tables import ARGUMENTS

QUANTIZED = ARGUMENTS[1:5]  # the arguments of `quantized` that are numbers
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
    known = {"x", "axis", *(p.name for p in getattr(entry, "parameters", ())), *QUANTIZED}
    for library in registry.LIBRARIES:
        for call in registry.calls(entry, library):
            assert ("QLinear" in call.path) == bool(set(call.passed) & set(QUANTIZED))
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


def standard(name):
    """Whether an operator is ONNX's; onnxruntime's own are called by the benchmarks' tests."""
    (path,) = {call.path for entry in ENTRIES for call in registry.calls(entry, "onnx") if call.name == name}
    return not path.startswith("com.microsoft.")


@pytest.mark.parametrize("name, own, values", [case for case in names("onnx") if standard(case.values[0])])
def test_onnx_operators(name, own, values):
    onnx = pytest.importorskip("onnx")
    reference = pytest.importorskip("onnx.reference")
    assert onnx.defs.has(name)
    attributes = {"keepdims": 0} if own == "logsumexp" else {}
    node = onnx.helper.make_node(name, ["x"], ["y"], **attributes)
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph([node], "one", [value("x", 1, X.shape)], [value("y", 1, None)])
    model = onnx.helper.make_model(graph)
    got, = reference.ReferenceEvaluator(model).run(None, {"x": X})
    np.testing.assert_allclose(got, ours(own, values), rtol=1e-5, atol=1e-6)


def imported(name):
    try:
        return importlib.import_module(name)
    except (ImportError, RuntimeError) as error:  # of timm beside a torchvision of another torch
        pytest.skip(f"{name} cannot be imported: {error}")


@pytest.mark.parametrize("library, module, dictionary", [
    ("keras", "keras.activations", ""), ("scipy", "scipy.special", ""), ("transformers", "transformers.activations", "ACT2FN"),
    ("timm", "timm.layers.create_act", "_ACT_LAYER_DEFAULT"),
])
def test_other_names_exist(library, module, dictionary):
    there = imported(module)
    known = getattr(there, dictionary) if dictionary else vars(there)
    assert set(registry.names_elsewhere(library)) <= set(known) | {"swish", "hard_swish"}  # Keras takes these as strings


def test_names_for_several_functions():
    """A name stands for what the library computes without arguments."""
    assert registry.names_elsewhere("jax")["gelu"] == ("gelu_tanh", {}) and registry.names_elsewhere("torch")["gelu"][0] == "gelu"
    onnx = registry.names_elsewhere("onnx")
    assert onnx["HardSigmoid"] == ("hard_sigmoid", {"slope": 0.2}) and onnx["Gelu"][0] == "gelu"
    assert onnx["QuickGelu"] == ("quick_gelu", {}) and onnx["Shrink"][0] == "hard_shrink"
    assert fa.get("QLinearSigmoid") is fa.sigmoid and fa.get("QLinearLeakyRelu") is fa.leaky_relu  # by their `quantized`
    assert registry.names_elsewhere("keras")["leaky_relu"] == ("leaky_relu", {"negative_slope": 0.2})
    assert registry.names_elsewhere("transformers")["gelu_new"] == ("gelu_tanh", {})


KERAS = ("celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu linear log_sigmoid"
         " log_softmax mish relu relu6 selu sigmoid silu soft_shrink softmax softplus softsign sparse_plus sparse_sigmoid"
         " sparsemax squareplus swish tanh tanh_shrink threshold").split()  # keras.activations
FUNCTIONAL = ("threshold relu hardtanh hardswish relu6 elu selu celu leaky_relu prelu rrelu glu gelu logsigmoid hardshrink"
              " tanhshrink softsign softplus softmin softmax softshrink gumbel_softmax log_softmax tanh sigmoid hardsigmoid silu"
              " mish relu_ hardtanh_ elu_ leaky_relu_ threshold_").split()  # "Non-linear activation functions" of torch's manual
ONNX = ("Celu Clip Elu Erf Exp Gelu HardSigmoid HardSwish Hardmax Identity LeakyRelu LogSoftmax Mish PRelu ReduceLogSumExp Relu"
        " Selu Shrink Sigmoid Softmax Softplus Softsign Swish Tanh ThresholdedRelu").split()
# What these libraries have beside functions of ours, and why.
NOT_HERE = {
    "torch.nn.modules.activation": {"RReLU": "random", "MultiheadAttention": "a layer", "Softmax2d": "softmax of dimension -3"},
    "FUNCTIONAL": {"rrelu": "random", "gumbel_softmax": "random"},
    "jax.nn": {"log1mexp": "of positive numbers", "logmeanexp": "logsumexp less a constant", "one_hot": "a code",
               "standardize": "a normalisation", "scaled_dot_general": "a product", "scaled_matmul": "a product",
               "get_scaled_dot_general_config": "a setting", "dot_product_attention": "a layer", "initializers": "a module"},
}


def names_of_peer(library):
    if library.isupper():
        return globals()[library]
    module = imported(library)
    if library == "timm.layers.create_act":
        return {*module._ACT_LAYER_DEFAULT, *module._ACT_FN_DEFAULT}
    return {"torch.nn.modules.activation": lambda: module.__all__, "transformers.activations": lambda: module.ACT2FN,
            "jax.nn": lambda: [name for name in vars(module) if name[0] != "_"]}[library]()


@pytest.mark.parametrize("library", ["torch.nn.modules.activation", "FUNCTIONAL", "transformers.activations",
                                     "timm.layers.create_act", "KERAS", "ONNX", "jax.nn"])
def test_get_takes_every_name(library):
    unknown = {name for name in names_of_peer(library) if not registry.canonical(name)}
    assert unknown == set(NOT_HERE.get(library, ()))


def test_get():
    for name, want in {"XIELUActivation": fa.xielu, "SqrtSoftplusActivation": fa.sqrt_softplus, "gelu_10": fa.clipped_gelu,
                       "gumbel_softmax": fa.gumbel_softmax, "Gumbel softmax": fa.gumbel_softmax,
                       "LaplaceActivation": fa.laplace, "gelu_new": fa.gelu_tanh,
                       "LeakyReLU": fa.leaky_relu, "Hardswish": fa.hard_silu,
                       "hard-swish": fa.hard_silu, "HardSigmoid": fa.hard_sigmoid, "PRelu": fa.prelu, "quick_gelu": fa.quick_gelu,
                       "relu2": fa.relu_squared, "LogSoftmax": fa.log_softmax, "SwiGLU": fa.swiglu, "GELU": fa.gelu,
                       "NewGELUActivation": fa.gelu_tanh, "AccurateGELUActivation": fa.gelu_tanh, "PytorchGELUTanh": fa.gelu_tanh,
                       "torch.nn.GELU": fa.gelu, "nn.functional.leaky_relu": fa.leaky_relu, "jax.nn.gelu": fa.gelu_tanh,
                       "com.microsoft.FastGelu": fa.gelu_tanh, "keras.activations.softmax": fa.softmax,
                       "transformers.activations.QuickGELUActivation": fa.quick_gelu, "swish": fa.swish}.items():
        assert fa.get(name) is want
        assert registry.canonical(name) == ("" if want is fa.gumbel_softmax else want.__name__)
    assert fa.get(fa.relu) is fa.relu
    with pytest.raises(ValueError, match="there is no activation 'leeky_relu'; the nearest names are leaky_relu, "):
        fa.get("leeky_relu")
    with pytest.raises(ValueError, match="there is no activation 'torch.nn.Gleu'; the nearest names are g"):
        fa.get("torch.nn.Gleu")
    with pytest.raises(TypeError, match="fastact.get takes a name or an Activation, got int"):
        fa.get(3)


def test_case_and_underscores_tell_no_two_functions_apart():
    """Two functions share a name without them only where a library means another function by a name of ours."""
    theirs = {(name, own) for library in registry.LIBRARIES for name, (own, _) in registry.names_elsewhere(library).items()
              if registry.canonical(name) != own}
    assert theirs == {("gelu", "gelu_tanh"), ("swish", "silu")}  # of JAX; of Keras and others, with our swish's beta at 1


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", ["LeakyReLU", "gelu_new", "HardSwish"])
def test_networks_take_any_name(name):
    from fastact.sklearn import MLPRegressor

    own = fa.get(name)
    nets = [fa.MLP([2, 3, 2], each, output, loss="mse") for each, output in ((name, "LogSoftmax"), (own, "log_softmax"))]
    assert repr(nets[0]) == repr(nets[1]) and own.name in repr(nets[0])
    options = {"hidden_layer_sizes": (3,), "max_iter": 2, "random_state": 0}
    one, two = (MLPRegressor(activation=each, **options).fit(X, X[:, 0]) for each in (name, own.name))
    assert np.array_equal(one.predict(X), two.predict(X))


def test_arguments():
    call = registry.call(BY_NAME["soft_shrink"], "onnx")
    assert call.arguments({"x": X, "lambd": 0.3}) == ([X], {"lambd": 0.3, "bias": 0.3})
    assert call.passed == ("x", "lambd", "lambd")
    assert registry.function(BY_NAME["prelu"], "jax", None) is None
    assert "torch.nn.functional.elu(x, alpha)" in registry.names_of(BY_NAME["elu"])
