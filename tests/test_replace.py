"""``fastact.torch.replace_activations`` in models of Hugging Face and timm, and in what is nearly an activation."""
import copy
import functools
import math
import pickle

import numpy as np
import pytest

import fastact as fa

torch = pytest.importorskip("torch")
ft = pytest.importorskip("fastact.torch")

nn, F = torch.nn, torch.nn.functional
pytestmark = pytest.mark.filterwarnings("ignore")  # of transformers, timm and torch.jit
SIZES = {"vocab_size": 99, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
IDS, PIXELS = torch.arange(32).reshape(2, 16) % 99, torch.linspace(-2, 2, 3 * 32 * 32).reshape(1, 3, 32, 32)
# Model: the names of its class and configuration, the configuration's arguments, how many are replaced and with what.
MODELS = {
    "GPT-2": ("GPT2", {"n_layer": 4, "n_embd": 32, "n_head": 4, "vocab_size": 99}, 4, {"GeluTanh"}),
    "BERT": ("Bert", SIZES, 3, {"GELU", "Tanh"}),
    "ViT": ("ViT", {**SIZES, "image_size": 32, "patch_size": 8}, 3, {"GELU", "Tanh"}),
    "Llama": ("Llama", SIZES, 2, {"SiLU"}),
    "Gemma": ("Gemma", {**SIZES, "num_key_value_heads": 4, "head_dim": 8}, 2, {"GeluTanh"}),
    "T5": ("T5Encoder", {"vocab_size": 99, "d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 4,
                         "feed_forward_proj": "gated-gelu"}, 2, {"GeluTanh"}),
}
TIMM = {"mobilenetv3_small_050": (42, {"Hardsigmoid", "Hardswish", "ReLU"}), "efficientnet_b0": (65, {"SiLU", "Sigmoid"})}


def outputs(model, x):
    y = model(x)
    return y if isinstance(y, torch.Tensor) else y.last_hidden_state


def kinds(model):
    return {type(module).__name__ for module in model.modules() if type(module).__module__ == "fastact.torch"}


def check(model, x, count, names):
    """Values, gradients of a training step, weights, copies and dtypes of a model are as before."""
    own, keys = copy.deepcopy(model), list(model.state_dict())
    assert ft.replace_activations(model) == count and kinds(model) == names
    assert ft.replace_activations(model) == 0 and list(model.state_dict()) == keys
    for training in (False, True):
        wants, gots = [], []
        for each, results in ((own, wants), (model, gots)):
            each.train(training).zero_grad()
            torch.manual_seed(0)
            results.append(outputs(each, x))
            results[0].square().mean().backward()
            results += [p.grad for p in each.parameters() if p.grad is not None]
        for want, got in zip(wants, gots, strict=True):
            torch.testing.assert_close(got, want, rtol=1e-4, atol=2e-5 * max(1, float(want.abs().max())))
    model.eval()
    want = outputs(model, x)
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert torch.equal(outputs(twin, x), want)
    double = outputs(model.double(), x.double() if x.is_floating_point() else x)
    torch.testing.assert_close(double.float(), want, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.thorough] * (name in ("GPT-2", "ViT", "Gemma")))
                                  for name in MODELS])
def test_models_of_hugging_face(name):
    transformers = pytest.importorskip("transformers")
    model, options, count, names = MODELS[name]
    torch.manual_seed(0)
    config = getattr(transformers, f"{model.removesuffix('Encoder')}Config")(**options)
    check(getattr(transformers, f"{model}Model")(config), PIXELS if name == "ViT" else IDS, count, names)


@pytest.mark.parametrize("name", TIMM)
def test_models_of_timm(name):
    timm = pytest.importorskip("timm")
    torch.manual_seed(0)
    check(timm.create_model(name, num_classes=5, drop_rate=0.0), PIXELS.repeat(2, 1, 1, 1), *TIMM[name])


# Of Hugging Face's ACT2FN and timm, what stays as it is.
KEPT = {"linear": "nothing to gain", "identity": "nothing to gain"}


@pytest.mark.parametrize("library", ["transformers.activations", "timm.layers.create_act"])
def test_every_activation_of_a_library(library):
    """Each becomes the function that fa.get finds by its name, or stays where that is none."""
    module = pytest.importorskip(library)
    table = module.ACT2FN if library.startswith("tr") else {name: made() for name, made in module._ACT_LAYER_DEFAULT.items()}
    x = torch.linspace(-9, 9, 999)
    for name in table:
        model = nn.Sequential(table[name])
        want = model(x)
        replaced = ft.replace_activations(model)
        own = fa.registry.canonical(name)
        if name in KEPT or not own:
            assert not replaced, name
        else:
            assert replaced == 1 and type(model[0]).__name__ in (ft.modules[own].__name__, "SiLU", "TrainedXielu"), name
        torch.testing.assert_close(model(x), want, rtol=2e-5, atol=2e-6)


def xielu(dtype):
    """Hugging Face's, with parameters of a dtype."""
    return nn.Sequential(pytest.importorskip("transformers.activations").ACT2FN["xielu"].to(dtype))


@pytest.mark.parametrize("dtype, tolerance", [(torch.float64, 1e-13), (torch.float32, 3e-6), (torch.bfloat16, 2e-2)], ids=str)
def test_xielu_keeps_its_trained_parameters(dtype, tolerance):
    """Values and first and second gradients of x and both parameters, also at 0 and where the exponential has ended."""
    model = xielu(dtype)
    own, parameters = copy.deepcopy(model), list(model.parameters())
    keys = list(model.state_dict())
    assert ft.replace_activations(model) == 1 and ft.replace_activations(model) == 0
    assert list(model.state_dict()) == keys and all(map(lambda a, b: a is b, model.parameters(), parameters))
    points = torch.cat([torch.linspace(-6, 6, 301, dtype=torch.float64), torch.tensor([0.0, -0.0, -5e-7, -2e-6])])
    of_dtype = [x.to(dtype) for x in (points, points.reshape(5, 61).t(), points[:0], points[0])]
    for x in (*of_dtype, points.double(), points.float()):
        results = []
        for each in (own, model):
            leaf = x.clone().requires_grad_()
            inputs = [leaf, *each.parameters()]
            first = torch.autograd.grad(each(leaf).mean(), inputs)
            (slope,) = torch.autograd.grad(each(leaf).square().sum(), leaf, create_graph=True)
            results.append((each(leaf), *first, slope, *(torch.autograd.grad(slope.mean(), inputs) if x.dtype is dtype else ())))
        for want, got in zip(*results, strict=True):
            assert got.stride() == want.stride() or x.numel() == 0
            torch.testing.assert_close(got, want, rtol=tolerance, atol=tolerance, equal_nan=True)
    x = points.float().reshape(5, 61)
    for way in (lambda net: torch.compile(net, backend="aot_eager", fullgraph=True), torch.func.vmap, torch.fx.symbolic_trace,
                lambda net: torch.jit.trace(net, x), lambda net: torch.export.export(net, (x,)).module(),
                lambda net: pickle.loads(pickle.dumps(net)), copy.deepcopy):
        torch.testing.assert_close(way(model)(x), own(x))


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_frozen_models_and_modes_without_gradients(mode):
    frozen = xielu(torch.float32).requires_grad_(False)
    models = [frozen, nn.Sequential(type("Own", (nn.PReLU,), {"forward": lambda self, x: F.prelu(x, self.weight)})()),
              nn.Sequential(Computes(tanh_gelu))]
    for model in models:
        with mode():
            assert ft.replace_activations(model.requires_grad_(False)) == 1
            assert not any(weight.requires_grad for weight in model.parameters())
            assert not torch.is_grad_enabled()


def test_what_has_xielus_parameters_but_not_its_gradients_stays():
    model = xielu(torch.float32)
    forward = type(model[0]).forward
    model[0].__class__ = type("Frozen", (type(model[0]),), {"forward": lambda self, x: forward(self, x).detach()})
    assert ft.replace_activations(model) == 0
    model[0].__class__ = type("Doubled", (type(model[0]),), {"forward": lambda self, x: 2 * forward(self, x)})
    assert ft.replace_activations(model) == 0


class Computes(nn.Module):
    """A module whose forward is a function."""

    def __init__(self, function, **attributes):
        super().__init__()
        self.function = function
        vars(self).update(attributes)

    def forward(self, x):
        return self.function(x)


def tanh_gelu(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


@pytest.mark.parametrize("function, attributes, name", [
    (lambda x: x * 0.5 * (1 + torch.erf(x / math.sqrt(2))), {}, "GELU()"),
    (tanh_gelu, {}, "GeluTanh()"),
    (lambda x: x * 0.5 * (1 + torch.tanh(0.79788456 * x * (1 + 0.044715 * x * x))), {}, "GeluTanh()"),  # Bloom's
    (lambda x: x * torch.sigmoid(1.702 * x), {}, "QuickGelu()"),
    (lambda x: x.clamp(0, 6), {}, "ReLU6()"),
    (lambda x: x * F.relu6(x + 3) / 6, {}, "Hardswish()"),
    (lambda x: F.leaky_relu(x, 0.3), {"slope": 0.3}, "LeakyReLU(negative_slope=0.3)"),
    (lambda x: x.clamp(-2, 3), {"low": -2, "high": 3}, "Hardtanh(min_val=-2, max_val=3)"),
    (lambda x: x.mul_(x.sigmoid()), {}, "SiLU(inplace=True)"),
    (functools.partial(F.gelu, approximate="tanh"), {"note": "text", "fast": True}, "GeluTanh()"),
    (lambda x: x * torch.tanh(F.softplus(x)), {}, "Mish()"),
])  # fmt: skip
def test_functions_are_known_by_what_they_compute(function, attributes, name):
    model = nn.Sequential(Computes(function, **attributes))
    state = torch.random.get_rng_state()
    assert ft.replace_activations(model) == 1 and repr(model[0]) == name
    assert torch.equal(torch.random.get_rng_state(), state)


class Counts(Computes):
    def forward(self, x):
        self.calls = self.calls + 1 if hasattr(self, "calls") else 1
        return self.function(x)


class TakesMore(Computes):
    def forward(self, x, scale=1.0):
        return self.function(x) * scale


class TakesAny(Computes):
    def forward(self, *inputs):
        return self.function(inputs[0])


class HasMethod(Computes):
    def slope(self, x):
        return 1


class Called(Computes):
    def __call__(self, x):
        return super().__call__(2 * x)


class DependsOnTraining(Computes):
    def forward(self, x):
        return F.relu(x) if self.training else F.leaky_relu(x)


class OwnSlope(torch.autograd.Function):
    """relu, with the slope 1 everywhere."""

    @staticmethod
    def forward(ctx, x):
        return F.relu(x)

    @staticmethod
    def backward(ctx, grad):
        return grad


def with_state(kind):
    module = Computes(F.gelu)
    if kind == "hook":
        module.register_forward_hook(lambda *arguments: None)
    elif kind == "parameter":
        module.weight = nn.Parameter(torch.ones(1))
    elif kind == "buffer":
        module.register_buffer("count", torch.zeros(1))
    elif kind == "child":
        module.inner = nn.Identity()
    else:
        module.table = torch.ones(3)
    return module


@pytest.mark.parametrize("module", [
    *map(with_state, ("hook", "parameter", "buffer", "child", "tensor")),
    *(Computes(function) for function in (
        lambda x: F.gelu(x).clamp(max=9), lambda x: F.gelu(x).clamp(max=1e30), lambda x: F.gelu(x).clamp(min=-0.1),
        lambda x: x * torch.sigmoid(1.7021 * x), lambda x: 0.5 * (F.gelu(x) + tanh_gelu(x)), lambda x: F.gelu(x).detach(),
        lambda x: F.gelu(x) + 1e-6 * torch.rand_like(x), lambda x: F.gelu(x - x.mean() * 1e-6), lambda x: F.gelu(x).float(),
        lambda x: F.gelu(x).flatten(), lambda x: F.gelu(x.add_(0.0).mul_(0.5) * 2), lambda x: F.dropout(F.gelu(x), 0.1),
        lambda x: (F.gelu(x),), lambda x: torch.softmax(x, -1), lambda x: x.transpose(0, -1), lambda x: x, OwnSlope.apply)),
    Counts(F.gelu), TakesMore(F.gelu), TakesAny(F.gelu), HasMethod(F.gelu), Called(F.gelu), DependsOnTraining(None),
    type("Own", (nn.ReLU,), {"forward": lambda self, x: F.relu(x)})(), type("More", (nn.ReLU,), {"slope": lambda self: 1})(),
    nn.Sequential(nn.Dropout(0.1))[0],
])  # fmt: skip
def test_what_is_nearly_an_activation_stays(module):
    model = nn.Sequential(module)
    kept = list(model.modules())
    ft.replace_activations(model)
    assert list(model.modules()) == kept and not kinds(model)


def test_derived_classes():
    class MyReLU(nn.ReLU):
        pass

    class MyGELU(nn.GELU):
        """With its parameters."""

        def __init__(self):
            super().__init__(approximate="tanh")

    model = nn.Sequential(MyReLU(inplace=True), MyGELU(), type("MyPReLU", (nn.PReLU,), {})(3))
    weight = model[2].weight
    assert ft.replace_activations(model) == 3 and repr(model[0]) == "ReLU(inplace=True)" and repr(model[1]) == "GeluTanh()"
    assert model[2].weight is weight and list(model.state_dict()) == ["2.weight"]


class Block(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.lin, self.act_fn = nn.Linear(8, 8), function

    def forward(self, x):
        return self.act_fn(self.lin(x))


@pytest.mark.parametrize("function, own", [
    (F.gelu, "gelu"), (torch.tanh, "tanh"), (F.relu, "relu"), (torch.relu, "relu"), (F.silu, "silu"), (F.softplus, "softplus"),
    (functools.partial(F.gelu, approximate="tanh"), "gelu"), (functools.partial(F.leaky_relu, negative_slope=0.2), "leaky_relu"),
])  # fmt: skip
def test_attributes_that_are_functions(function, own):
    model = nn.Sequential(Block(function))
    x = torch.randn(3, 8)
    want = model(x)
    assert ft.replace_activations(model) == 1 and ft.replace_activations(model) == 0
    assert getattr(model[0].act_fn, "func", model[0].act_fn) is getattr(ft, own)
    torch.testing.assert_close(model(x), want)
    assert torch.equal(pickle.loads(pickle.dumps(model))(x), model(x))


def test_attributes_that_stay():
    for function in (torch.add, F.softmax, functools.partial(F.elu, inplace=True), functools.partial(F.elu, torch.ones(2)), max):
        model = nn.Sequential(Block(function))
        assert ft.replace_activations(model) == 0 and model[0].act_fn is function


def test_in_place_as_a_keyword():
    x = torch.linspace(-2, 2, 9)
    want = F.elu(x, 0.5)
    assert ft.elu(x, 0.5, inplace=True) is x
    torch.testing.assert_close(x, want)
    np.testing.assert_array_equal(ft.relu(x.clone(), inplace=True).numpy(), fa.relu(x.numpy()))


def test_encoder_of_torch():
    layer = nn.TransformerEncoderLayer(8, 2, 16, activation=F.gelu, batch_first=True)
    x = torch.randn(2, 5, 8)
    want = layer.eval()(x), layer.train(True).linear1(x)
    assert ft.replace_activations(layer) == 1
    torch.testing.assert_close(layer.eval()(x), want[0])
