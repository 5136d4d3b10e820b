"""fastact.torch: values, gradients, modules, the swap of a model's activations, and networks from and to torch."""
import copy
import functools
import io
import pickle
import sys

import numpy as np
import pytest

import fastact as fa
from fastact import registry
from fastact.nn.mlp import MLP

torch = pytest.importorskip("torch")
import fastact.torch as ft  # noqa: E402
from fastact.torch import functions  # noqa: E402

nn = torch.nn
ENTRIES = {entry.name: entry for entry in registry.ACTIVATIONS}
ROWS = ["softmax", "log_softmax", "softmin", "sparsemax", "entmax15", "logsumexp", "glu", "reglu", "geglu", "swiglu"]
DTYPES = [torch.float32, torch.float64, torch.float16]


def sample(*shape, dtype=torch.float32, gradient=False):
    x = torch.from_numpy(np.random.default_rng(0).normal(0, 2, shape)).to(dtype)
    return x.requires_grad_(gradient)


@pytest.fixture(params=ENTRIES.values(), ids=ENTRIES)
def entry(request):
    return request.param


def function(entry):
    return lambda x: getattr(ft, entry.name)(x, *entry.required)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_values_are_the_kernels(entry, dtype):
    x = sample(4, 6, dtype=dtype)
    for view in (x, x.T, x[::2, 1:], x[0, 0], x[:0], x.expand(3, 4, 6)):
        got = function(entry)(view)
        want = fa.activations[entry.name](view.numpy(), *entry.required)
        assert got.dtype is dtype and got.shape == view.shape
        np.testing.assert_array_equal(got.numpy(), want)


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")  # torch's own forward mode
def test_gradients(entry):
    x = sample(3, 4, dtype=torch.float64, gradient=True)
    assert torch.autograd.gradcheck(function(entry), (x,), check_forward_ad=True)
    assert torch.autograd.gradgradcheck(function(entry), (x,))


ATTENTION = [
    dict(temperature=0.7), dict(mask="mask"), dict(sink="sink"), dict(bias="bias"), dict(causal=True), dict(sink=0.5, bias=-1.0),
    dict(sink="kept", bias="row", temperature=2.0, mask="mask"), dict(sink="sink", bias="bias", causal=True, temperature=0.5),
]


def attention_case(options, dtype):
    """Of softmax: x and a gradient, the options that have gradients, the others."""
    rng = np.random.default_rng(1)
    shapes = dict(x=(2, 3, 4, 5), grad=(2, 3, 4, 5), sink=(3, 1), kept=(2, 1, 1, 1), bias=(3, 1, 5), row=(5,))
    arrays = {name: rng.normal(0, 2, shape) for name, shape in shapes.items()}
    tensors = {name: torch.from_numpy(each).to(dtype) for name, each in arrays.items()}
    tensors["mask"] = torch.from_numpy(rng.random((4, 5)) < [[0.7]] * 3 + [[0.0]])
    given = {name: tensors[value] if isinstance(value, str) else value for name, value in options.items()}
    trained = {name: given.pop(name) for name in ("sink", "bias") if isinstance(options.get(name), str)}
    return tensors["x"], tensors["grad"], trained, given


def arrays_of(given):
    return {name: functions.to_array(each) if isinstance(each, torch.Tensor) else each for name, each in given.items()}


@pytest.mark.parametrize("dtype", [*DTYPES, torch.bfloat16], ids=str)
@pytest.mark.parametrize("options", ATTENTION, ids=str)
def test_attention_is_the_kernel(options, dtype):
    """softmax's mask, temperature, sink, bias and causal: values and gradients have the bits of fastact.softmax."""
    x, grad, trained, given = attention_case(options, dtype)
    leaves = {name: each.clone().requires_grad_() for name, each in dict(x=x, **trained).items()}
    y = ft.softmax(**leaves, **given)
    bits = lambda each: np.asarray(each).view(np.uint8)
    plain = arrays_of({**trained, **given})
    assert y.dtype is dtype
    np.testing.assert_array_equal(bits(functions.to_array(y)), bits(fa.softmax(functions.to_array(x), **plain)))
    y.backward(grad)
    form, of = (fa.softmax.backward, x) if "sink" in trained else (fa.softmax.backward_from_output, y.detach())
    want = form(functions.to_array(grad), functions.to_array(of), **plain, wrt=(*leaves,))
    for leaf, gradient in zip(leaves.values(), want):
        np.testing.assert_array_equal(bits(functions.to_array(leaf.grad)), bits(gradient))


@pytest.mark.parametrize("options", ATTENTION, ids=str)
def test_attention_s_gradients(options):
    """By differences, once and twice; and by torch's operators, which compute other tensors, under torch.func for example."""
    x, grad, trained, given = attention_case(options, torch.float64)
    names = ["x", *trained]
    call = lambda *leaves: ft.softmax(**dict(zip(names, leaves)), **given)
    leaves = [each.clone().requires_grad_() for each in (x[:1] if "sink" not in trained else x, *trained.values())]
    if options.get("sink") == "kept":
        leaves[0] = x.clone().requires_grad_()
    assert torch.autograd.gradcheck(call, leaves)
    assert torch.autograd.gradgradcheck(call, leaves)
    if options.get("bias") == "bias":
        with torch.no_grad():
            leaves[-1][0, 0, 1] = -torch.inf
    plain = {"sink": None, "bias": None, "mask": None, "temperature": 1.0, "causal": False, **given}
    by_torch = lambda *leaves: functions.attention_by_torch(**{**plain, **dict(zip(names, leaves))}, dim=-1)
    torch.testing.assert_close(by_torch(*leaves), call(*leaves))
    grad = grad[:len(leaves[0])]
    for got, want in zip(torch.autograd.grad(by_torch(*leaves), leaves, grad), torch.autograd.grad(call(*leaves), leaves, grad)):
        torch.testing.assert_close(got, want)
    detached = [each.detach() for each in leaves]
    torch.testing.assert_close(torch.func.vmap(lambda x: call(x, *detached[1:]))(detached[0])
                               if options.get("sink") != "kept" else call(*detached), call(*detached))


def test_attention_in_other_words():
    x, bias = sample(2, 3, 4, 5), sample(3, 1, 5)
    q, k, v = sample(2, 3, 4, 8), sample(2, 3, 5, 8), sample(2, 3, 5, 6)
    want = nn.functional.scaled_dot_product_attention(q, k, v, bias)
    torch.testing.assert_close(ft.softmax(q @ k.mT, temperature=8**0.5, bias=bias) @ v, want)
    assert ft.softmax(x, sink=sample(3, 1, dtype=torch.float64)).dtype is torch.float64
    assert ft.softmax(x.bfloat16(), bias=bias).dtype is torch.float32
    assert torch.equal(ft.softmax(x, 1, sink=0.0), torch.from_numpy(fa.softmax(x.numpy(), 1, sink=0.0)))
    leaf = x.clone().requires_grad_()
    mask = torch.zeros(4, 5, dtype=torch.bool)
    ft.softmax(leaf, mask=mask, sink=1.0).backward(torch.full_like(x, torch.nan))
    assert (leaf.grad == 0).all()
    traced = torch.fx.symbolic_trace(Attending())
    assert torch.equal(traced(x), ft.softmax(x, causal=True, sink=1.0))
    for kind, message, call in (
            (ValueError, "causal=True needs dim=-1", lambda: ft.softmax(x, 0, causal=True)),
            (TypeError, "mask must be boolean", lambda: ft.softmax(x, mask=torch.ones(5))),
            (ValueError, "temperature must be positive", lambda: ft.softmax(x, temperature=-1)),
            (TypeError, "takes a torch.Tensor, got ndarray", lambda: ft.softmax(x.numpy(), causal=True)),
            (ValueError, "sink of shape .3,. does not broadcast", lambda: ft.softmax(x, sink=torch.ones(3)))):
        with pytest.raises(kind, match=message):
            call()


class Attending(nn.Module):
    def forward(self, x):
        return ft.softmax(x, causal=True, sink=1.0)


def test_backward_is_the_fused_kernel(entry):
    x = sample(5, 7, gradient=True)
    grad = sample(7, 5).T
    function(entry)(x).backward(grad)
    want = fa.activations[entry.name].backward(grad.numpy(), x.detach().numpy(), *entry.required)
    np.testing.assert_array_equal(x.grad.numpy(), want)


@pytest.mark.parametrize("name", [name for name, entry in ENTRIES.items() if entry.masks_gradient])
def test_no_gradient_passes_a_selected_zero(name):
    """As in torch: sqrt's infinite gradient at 0, a batch of gradients, and the second backward pass; in torch's own
    operators, which compute under torch.func, too."""
    entry = ENTRIES[name]
    x = torch.tensor([at for at in (-9.0, -4, -1, 0, 0.25, 0.75, 3, 8) if at not in entry.derivative_zeros]).double()
    x = x[torch.from_numpy(fa.activations[name].derivative(x.numpy(), *entry.required) == 0)].requires_grad_()
    f = function(entry)
    for grad in (np.inf, np.nan):
        grads = torch.full_like(x, grad, requires_grad=True)
        first, = torch.autograd.grad(f(x), x, grads, create_graph=True)
        second = torch.autograd.grad(first, (grads, x), torch.full_like(x, np.inf))
        batch, = torch.autograd.grad(f(x), x, grads.detach().expand(3, -1), is_grads_batched=True)
        composed, = torch.func.vjp(f, x)[1](grads.detach())
        for each in (first, *second, batch, composed):
            assert (each == 0).all(), each


def test_gradients_of_a_slope_and_of_sparsemax_stop_too():
    x, weight = torch.tensor([2.0, -1]), torch.tensor([0.25], requires_grad=True)
    grad, = torch.autograd.grad(ft.prelu(x, weight), weight, torch.tensor([np.inf, 1]))
    assert grad == -1
    x = torch.tensor([3.0, 2.5, -9], requires_grad=True)
    for again in (False, True):
        grad, = torch.autograd.grad(ft.sparsemax(x), x, torch.tensor([1.0, 2, np.inf]), create_graph=again)
        np.testing.assert_allclose(grad.detach(), [-0.5, 0.5, 0])


def test_third_and_fourth_derivatives(entry):
    """By mpmath from the second; far out they are 0, not NaN, as a loss of second derivatives in training needs."""
    mpmath = pytest.importorskip("mpmath")
    from fastact.accuracy import formulas
    points = [-12.1, -5.3, -2.2, -1.1, -0.3, -1e-3, 0.2, 0.7, 1.3, 2.8, 5.1]
    names = [p.name for p in entry.parameters]
    with mpmath.workdps(50):
        second = formulas.mpmath_function(entry.second_derivative, names)
        values = [mpmath.mpf(value) for value in entry.defaults]
        want = [[float(mpmath.diff(lambda x: second(x, *values), mpmath.mpf(x), order, h=mpmath.mpf(10)**-12)) for x in points]
                for order in (1, 2)]
    for dtype in (torch.float64, torch.float32, torch.bfloat16):
        x = torch.tensor([*points, -1e4, 80 if entry.name == "exponential" else 1e4], dtype=dtype, requires_grad=True)
        y, found = getattr(ft, entry.name)(x, *entry.required), []
        for _ in range(4):
            (y,) = torch.autograd.grad(y.sum(), x, create_graph=True) if y.requires_grad else (torch.zeros_like(x),)
            found.append(y.detach().double().numpy())
        if dtype is torch.float64:
            np.testing.assert_allclose([row[:-2] for row in found[2:]], want, rtol=1e-7, atol=1e-9)
        assert np.isfinite(found[2:]).all()


@pytest.mark.parametrize("activation", [nn.Tanh(), nn.GELU(), nn.Softplus(), nn.Mish(), nn.ELU(), nn.LogSigmoid()], ids=str)
def test_a_network_trained_on_second_derivatives(activation):
    """As one that solves a differential equation: its loss has u_t and u_xx."""
    net = nn.Sequential(nn.Linear(2, 8), activation, nn.Linear(8, 8), activation, nn.Linear(8, 1)).double()
    ours = copy.deepcopy(net)
    assert ft.replace_activations(ours) == 2
    x = torch.linspace(-2, 2, 20, dtype=torch.float64).reshape(10, 2).requires_grad_()

    def gradients(net, x):
        u = net(x)
        (first,) = torch.autograd.grad(u.sum(), x, create_graph=True)
        (second,) = torch.autograd.grad(first[:, 0].sum(), x, create_graph=True)
        loss = (first[:, 1] + u[:, 0] * first[:, 0] - 0.1 * second[:, 0]).square().mean()
        return torch.autograd.grad(loss, list(net.parameters()), allow_unused=True)[:-1]  # but the last bias

    want = gradients(net, x)
    torch.testing.assert_close(gradients(ours, x), want, rtol=1e-9, atol=1e-12)
    from torch.fx.experimental.proxy_tensor import make_fx
    graph = make_fx(lambda x: gradients(ours, x))(x)
    torch.testing.assert_close(tuple(graph(x)), want, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("dim", [0, 1, -1])
def test_gradients_of_rows(name, dim):
    x = sample(4, 6, dtype=torch.float64, gradient=True)
    assert torch.autograd.gradcheck(lambda x: getattr(ft, name)(x, dim), (x,))
    assert torch.autograd.gradgradcheck(lambda x: getattr(ft, name)(x, dim), (x,))
    keywords = {"keepdims": True} if name == "logsumexp" else {}
    got = getattr(ft, name)(x, dim, *keywords.values()).detach().numpy()
    np.testing.assert_array_equal(got, getattr(fa, name)(x.detach().numpy(), axis=dim, **keywords))


def test_hardmax_has_no_gradient():
    y = ft.hardmax(sample(4, 6, gradient=True))
    assert not y.requires_grad and y.sum() == 4


def test_prelu():
    x, weight = sample(3, 4, 2, dtype=torch.float64, gradient=True), sample(4, dtype=torch.float64, gradient=True)
    for w in (weight, weight[:1].detach().requires_grad_()):
        assert torch.autograd.gradcheck(ft.prelu, (x, w)) and torch.autograd.gradgradcheck(ft.prelu, (x, w))
        torch.testing.assert_close(ft.prelu(x, w), nn.functional.prelu(x, w))
    assert torch.equal(ft.prelu(x, 0.5), ft.leaky_relu(x, 0.5))
    with pytest.raises(ValueError, match="one for each channel"):
        ft.prelu(x, sample(3, dtype=torch.float64))


def test_no_copies():
    x = sample(100)
    assert functions.to_array(x).ctypes.data == x.data_ptr()
    y = np.ones(100, np.float32)
    assert functions.to_tensor(y, torch.float32).data_ptr() == y.ctypes.data


@pytest.mark.parametrize("known", [True, False])
def test_bfloat16(monkeypatch, known):
    ml_dtypes = pytest.importorskip("ml_dtypes")
    monkeypatch.setattr(functions, "_HAS_BFLOAT16", known)
    x = sample(4, 6, dtype=torch.bfloat16, gradient=True)
    y = ft.gelu(x)
    y.sum().backward()
    own = x.detach().float().numpy().astype(ml_dtypes.bfloat16)
    assert y.dtype is x.grad.dtype is torch.bfloat16
    np.testing.assert_array_equal(y.detach().float().numpy(), fa.gelu(own).astype(np.float32))
    np.testing.assert_array_equal(ft.softmax(x).detach().float().numpy(), fa.softmax(own).astype(np.float32))


def test_other_tensors_are_torchs(entry):
    if entry.elsewhere.torch:  # of integers torch's functions make float32, or refuse them
        with torch.device("meta"):
            assert function(entry)(torch.empty(3, 4)).shape == (3, 4)
    x = sample(500, dtype=torch.float64)
    torch.testing.assert_close(
        functions.by_torch(entry, x, entry.defaults), function(entry)(x), rtol=1e-9, atol=1e-12)  # fmt: skip


def test_torch_func():
    x = sample(3, dtype=torch.float64)
    torch.testing.assert_close(
        torch.func.vmap(torch.func.grad(ft.silu))(x), torch.func.vmap(torch.func.grad(nn.functional.silu))(x))
    jacobian = torch.autograd.functional.jacobian(ft.gelu, x, vectorize=True)
    torch.testing.assert_close(jacobian, torch.diag(torch.from_numpy(fa.gelu.derivative(x.numpy()))))


@pytest.mark.filterwarnings("ignore")  # torch's own
@pytest.mark.parametrize("way", ["compile", "trace"])
def test_tracing(way):
    model = nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.Linear(8, 8), nn.Softplus(), nn.Softmax(-1)).eval()
    ft.replace_activations(model)
    x = sample(5, 4)
    made = torch.compile(model, backend="eager", fullgraph=True) if way == "compile" else torch.jit.trace(model, x)
    torch.testing.assert_close(made(2 * x), model(2 * x))


@pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")  # torch's own, of 2.11
@pytest.mark.parametrize("name", sorted(set(ft.functions.FUNCTIONS) - {"hardmax"}))  # which has no derivative
def test_forward_mode_is_not_lost(name):
    """A tangent is the product of the Jacobian and the tangent of x."""
    info = getattr(fa, name).info
    f = functools.partial(getattr(ft, name), **{p.name: p.example for p in getattr(info, "parameters", ()) if p.default is None})
    x, along = sample(2, 4, dtype=torch.float64), sample(4, 2, dtype=torch.float64).T
    with torch.autograd.forward_ad.dual_level():
        made = f(torch.autograd.forward_ad.make_dual(x, along))
        tangent = torch.autograd.forward_ad.unpack_dual(made).tangent
    torch.testing.assert_close(tangent, torch.tensordot(torch.autograd.functional.jacobian(f, x), along, 2))


TORCHS = [
    nn.ReLU(), nn.ReLU6(), nn.LeakyReLU(0.2), nn.ELU(0.5), nn.SELU(), nn.CELU(0.5), nn.GELU(), nn.GELU("tanh"),
    nn.SiLU(), nn.Mish(), nn.Hardswish(), nn.Hardsigmoid(), nn.Hardtanh(-2, 3), nn.Sigmoid(), nn.Tanh(),
    nn.Softplus(), nn.Softplus(2), nn.Softsign(), nn.Tanhshrink(), nn.Hardshrink(0.3), nn.Softshrink(0.3),
    nn.LogSigmoid(), nn.Threshold(0.1, 20), nn.PReLU(), nn.PReLU(4), nn.Softmax(-1), nn.Softmax(1), nn.LogSoftmax(0),
    nn.Softmin(-1), nn.Softmax2d(), nn.GLU(), nn.GLU(1),
]  # fmt: skip


def by_script(model, x):
    file = io.BytesIO()
    torch.jit.save(torch.jit.script(copy.deepcopy(model)), file)
    file.seek(0)
    return torch.jit.load(file)(x)


def by_symbolic_trace(model, x):
    traced = pickle.loads(pickle.dumps(copy.deepcopy(torch.fx.symbolic_trace(model))))
    assert any(node.op == "call_function" and node.target.__module__ == "fastact.torch" for node in traced.graph.nodes)
    return traced(x)


def by_make_fx(model, x):
    return torch.fx.experimental.proxy_tensor.make_fx(model)(torch.zeros_like(x))(x)


def compiled(model, x):
    torch.compiler.reset()
    return torch.compile(model, backend="aot_eager", fullgraph=True)(x)


def exported(model, x):
    return torch.export.export(model, (x,)).module()(x)


def by_fake_tensors(model, x):
    with torch._subclasses.FakeTensorMode(allow_non_fake_inputs=True) as mode:
        assert model(mode.from_tensor(x)).shape == model(torch.empty(x.shape)).shape
    return model(x)


def by_checkpoint(model, x):
    return torch.utils.checkpoint.checkpoint(model, x, use_reentrant=False)


WAYS = {
    "script": by_script, "trace": lambda model, x: torch.jit.trace(model, torch.zeros_like(x))(x),
    "symbolic_trace": by_symbolic_trace, "make_fx": by_make_fx, "fake tensors": by_fake_tensors,
    "vmap": lambda model, x: torch.vmap(model)(x[None])[0],
    "functionalize": lambda model, x: torch.func.functionalize(model)(x), "checkpoint": by_checkpoint,
    "deepcopy": lambda model, x: copy.deepcopy(model)(x), "pickle": lambda model, x: pickle.loads(pickle.dumps(model))(x),
    "replica": lambda model, x: nn.ModuleList([model])._replicate_for_data_parallel()[0](x),
    "negated": lambda model, x: model(torch._neg_view(-x)),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")  # torch's own
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_what_looks_into_a_model(way):
    """Every module of ours, alone and in place where torch's can be."""
    replaced = nn.Sequential(*copy.deepcopy(TORCHS))
    ft.replace_activations(replaced)
    own = [ft.PReLU() if name == "prelu" else made(*getattr(ENTRIES.get(name), "required", ()))
           for name, made in ft.modules.items()]
    in_place = [ft.ReLU(inplace=True), ft.SiLU(inplace=True), ft.Erf(inplace=True),
                ft.Hardsigmoid(0.2, 0.5, inplace=True)]
    for module in (*replaced, *own, *in_place):
        model = nn.Sequential(module)
        x = sample(2, 4, 6, 6)
        got, want = way(model, x.clone()), model(x.clone())
        torch.testing.assert_close(got, want, rtol=1e-5, atol=1e-6, msg=lambda text: f"{module} {text}")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("way", [compiled, exported], ids=lambda way: way.__name__)
def test_whole_models_that_torch_looks_into(way):
    elementwise = [made(*getattr(ENTRIES.get(name), "required", ()))
                   for name, made in ft.modules.items() if issubclass(made, ft.Activation)]
    for modules in (
        elementwise, [ft.PReLU(), ft.Softmax(1), ft.Sparsemax(), ft.Swiglu(1), ft.SiLU(inplace=True), ft.Hardmax(0)],
    ):
        model, x = nn.Sequential(*modules), sample(4, 6, gradient=True)
        got = way(model, x * 1)
        torch.testing.assert_close(got, model(x * 1), rtol=1e-4, atol=1e-6)
        if modules is elementwise and way is compiled:
            torch.testing.assert_close(*(torch.autograd.grad(y.sum(), x)[0] for y in (got, model(x * 1))), rtol=1e-3, atol=1e-6)


OPS = torch.ops.fastact


def test_operators_of_graphs(entry):
    """torch's own check of an operator: its schema, gradients, fake tensors and layouts; and second gradients."""
    x = sample(3, 4, dtype=torch.float64, gradient=True)
    for tensor in (x, sample(6, 4)[::2].T, sample(4, dtype=torch.float16)):
        torch.library.opcheck(OPS.activation, (tensor, entry.name, entry.required))
    torch.library.opcheck(OPS.activation_backward, (sample(3, 4).double().requires_grad_(), x, entry.name, entry.required))
    assert torch.equal(OPS.activation(x, entry.name, entry.required), function(entry)(x))
    grad, = torch.autograd.grad(OPS.activation(x, entry.name, entry.required).sum(), x)
    assert torch.equal(grad, torch.autograd.grad(function(entry)(x).sum(), x)[0])
    assert torch.autograd.gradgradcheck(lambda x: OPS.activation(x, entry.name, entry.required), (x,))


@pytest.mark.parametrize("name", [row for row in ROWS if row in fa._core.rows.functions and row != "logsumexp"] + ["hardmax"])
def test_operators_of_rows(name):
    x = sample(3, 4, dtype=torch.float64, gradient=True)
    torch.library.opcheck(OPS.rows, (x, name, 0))
    assert torch.equal(OPS.rows(x, name, 0), getattr(ft, name)(x, 0))


@pytest.mark.filterwarnings("ignore")
def test_graphs_have_our_operators():
    model = nn.Sequential(nn.Linear(4, 4), nn.GELU("tanh"), nn.ELU(0.5, inplace=True), nn.Softmax(-1)).eval()
    ft.replace_activations(model)
    x = sample(3, 4)
    nodes = [node.target for node in torch.export.export(model, (x,)).graph.nodes]
    assert nodes.count(OPS.activation.default) == 2 and nodes.count(OPS.rows.default) == 1
    assert str(torch.jit.trace(model, x).inlined_graph).count("fastact::") == 3
    file = io.BytesIO()
    torch.onnx.export(model, (x,), file, dynamo=False)  # ONNX has no operators of ours
    assert b"fastact" not in file.getvalue() and b"Softmax" in file.getvalue()


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors:UserWarning")
@pytest.mark.parametrize("layout", [torch.strided, torch.jagged], ids=str)
@pytest.mark.parametrize("module", [nn.ReLU(), nn.GELU(), nn.SiLU(), nn.Softmax(-1)], ids=str)
def test_nested_tensors(module, layout):
    model = nn.Sequential(module)
    ft.replace_activations(model)
    made = [torch.nested.nested_tensor([sample(2, 4), sample(3, 4)], layout=layout, requires_grad=True) for _ in range(2)]
    results = [f(x * 1) for f, x in zip((model, copy.deepcopy(module)), made)]
    for one, two in zip(*(result.unbind() for result in results)):
        torch.testing.assert_close(one, two)
    for result in results:
        torch.nested.to_padded_tensor(result, 0.0).sum().backward()
    for one, two in zip(*(x.grad.unbind() for x in made)):
        torch.testing.assert_close(one, two)


@pytest.mark.filterwarnings("ignore")
def test_a_scripted_model_has_torchs_modules():
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU(inplace=True), nn.PReLU(), nn.Softmax(-1)).eval()
    ft.replace_activations(model)
    keys, weight = list(model.state_dict()), model[2].weight
    scripted = torch.jit.script(model)
    assert [type(module) for module in model[1:]] == [nn.ReLU, nn.PReLU, nn.Softmax] and model[1].inplace
    assert list(scripted.state_dict()) == list(model.state_dict()) == keys and model[2].weight is weight
    assert not any(module.training for module in model.modules())


def test_zeros_that_are_not_in_memory():
    for dtype in (torch.float32, torch.bfloat16):
        assert torch.equal(ft.sigmoid(torch._efficientzerotensor((3,), dtype=dtype)), torch.full((3,), 0.5, dtype=dtype))


def test_autocast():
    model = nn.Sequential(nn.Linear(4, 4), nn.PReLU(), nn.GELU(), nn.Softmax(-1))
    own = copy.deepcopy(model)
    ft.replace_activations(model)
    with torch.autocast("cpu", torch.bfloat16):
        assert model(sample(3, 4)).dtype is own(sample(3, 4)).dtype


def test_arguments():
    x = sample(3)
    assert torch.equal(ft.elu(x, 0.5), ft.elu(x, alpha=0.5)) and torch.equal(ft.linear(x), x)
    for call, message in [
        (lambda: ft.gelu(np.ones(3)), "gelu takes a torch.Tensor, got ndarray; for arrays there is fastact.gelu"),
        (lambda: ft.softmax([1.0]), "softmax takes a torch.Tensor"),
        (lambda: ft.elu(x, 1.0, alpha=1.0), "elu takes x and alpha, each once"),
        (lambda: ft.elu(x, beta=1.0), "elu takes x and alpha"),
        (lambda: ft.relu(x, 1.0), "no parameters"),
        (lambda: ft.threshold(x, 1.0), "threshold needs value"),
        (lambda: ft.swish(x, torch.ones(3)), "beta must be a number, got Tensor"),
    ]:
        with pytest.raises(TypeError, match=message):
            call()




@pytest.mark.parametrize("module", TORCHS, ids=str)
def test_replaced_modules_compute_the_same(module):
    model = nn.Sequential(copy.deepcopy(module))
    state = model.state_dict()
    assert ft.replace_activations(model) == 1
    assert type(model[0]).__module__ == "fastact.torch"
    x, y = (sample(2, 4, 6, 6, gradient=True) for _ in range(2))
    want, got = module(x), model(y)
    torch.testing.assert_close(got, want, rtol=1e-5, atol=1e-6)
    want.sum().backward()
    got.sum().backward()
    torch.testing.assert_close(y.grad, x.grad, rtol=1e-5, atol=1e-5)
    assert list(model.state_dict()) == list(state)
    assert torch.equal(pickle.loads(pickle.dumps(model))(y), got)


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.act = nn.GELU(approximate="tanh")
        self.again = self.act
        self.inner = nn.ModuleDict({"a": nn.Sequential(nn.Linear(4, 4), nn.SiLU()), "b": nn.Dropout()})
        self.none = None

    def forward(self, x):
        return self.again(self.inner["a"](self.act(x)))


def test_replace_in_a_model():
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(inplace=True), Block(), nn.Linear(4, 2), nn.Softmax(dim=-1)).eval()
    want = model(sample(5, 3))
    assert ft.replace_activations(model) == 5
    assert model[2].act is model[2].again and not any(module.training for module in model.modules())
    assert [type(module).__name__ for module in (model[1], model[2].act, model[2].inner["a"][1], model[4])] == [
        "ReLU", "GeluTanh", "SiLU", "Softmax"]
    torch.testing.assert_close(model(sample(5, 3)), want)
    with torch.inference_mode():
        torch.testing.assert_close(model(sample(5, 3)), want)
    assert ft.replace_activations(model) == 0


def test_what_is_not_replaced():
    hooked = []
    for register in ("forward_hook", "forward_pre_hook", "full_backward_hook", "full_backward_pre_hook", "state_dict_pre_hook"):
        hooked.append(nn.ReLU())
        getattr(hooked[-1], f"register_{register}")(lambda *arguments: None)
    hooked.append(nn.ReLU())
    hooked[-1].forward = torch.tanh  # as accelerate does
    kept = [nn.Softmax(), nn.Softplus(threshold=5), nn.RReLU(), *hooked, nn.Identity(), nn.Dropout(), nn.Flatten()]
    assert ft.replace_activations(nn.Sequential(*kept)) == 0
    with pytest.raises(TypeError, match="itself a LeakyReLU, which nothing holds; use fastact.torch.LeakyReLU"):
        ft.replace_activations(nn.LeakyReLU())
    with pytest.raises(TypeError, match="takes a torch.nn.Module, got int"):
        ft.replace_activations(3)


class Laplace(nn.Module):
    """As Hugging Face's LaplaceActivation."""

    def forward(self, input, mu=0.707107, sigma=0.282095):
        return 0.5 * (1.0 + torch.erf((input - mu) / (sigma * 2**0.5)))


class Masked(nn.Module):
    def forward(self, x, mask=None):
        return torch.tanh(x) if mask is None else torch.tanh(x) * mask


class OwnPReLU(nn.PReLU):
    """As timm's PReLU, which takes `inplace`."""

    def __init__(self, num_parameters=1, init=0.25, inplace=False):
        super().__init__(num_parameters, init)

    def forward(self, input):
        return nn.functional.prelu(input, self.weight)


class Frozen(nn.PReLU):
    def forward(self, x):
        return nn.functional.prelu(x, self.weight.detach()) + 0 * self.weight.sum()


class Doubled(nn.PReLU):
    def forward(self, x):
        return nn.functional.prelu(x, 2 * self.weight)


def test_forwards_of_other_libraries():
    model = nn.Sequential(Laplace(), Masked(), OwnPReLU(), OwnPReLU(4), Frozen(), Doubled())
    kept, keys, x = copy.deepcopy(model), list(model.state_dict()), sample(3, 4, gradient=True)
    assert ft.replace_activations(model) == 3 and list(model.state_dict()) == keys
    assert [type(module) for module in model] == [ft.Laplace, Masked, ft.PReLU, ft.PReLU, Frozen, Doubled]
    for own, theirs in zip(model, kept):
        want = torch.autograd.grad(theirs(x).sum(), (x, *theirs.parameters()))
        for got, each in zip(torch.autograd.grad(own(x).sum(), (x, *own.parameters())), want):
            torch.testing.assert_close(got, each)
        torch.testing.assert_close(own(x), theirs(x))


def test_in_place():
    module, x = ft.SiLU(inplace=True), sample(4)
    want = ft.silu(x)
    assert module(x) is x and torch.equal(x, want)
    leaf = sample(4, gradient=True)
    module(leaf * 1).sum().backward()
    np.testing.assert_array_equal(leaf.grad.numpy(), fa.silu.backward(np.ones(4, np.float32), leaf.detach().numpy()))


def test_modules(entry):
    module = ft.PReLU() if entry.name == "prelu" else ft.modules[entry.name](*entry.required)
    assert torch.equal(module(sample(3, 4)), function(entry)(sample(3, 4)))
    assert torch.equal(copy.deepcopy(module)(sample(3, 4)), module(sample(3, 4)))
    assert all(f"{value:g}" in repr(module) for value in entry.required if entry.name != "prelu")


def test_module_arguments():
    assert repr(ft.ELU(alpha=0.5, inplace=True)) == "ELU(alpha=0.5, inplace=True)"
    assert repr(ft.Softmax(1)) == "Softmax(dim=1)" and repr(ft.PReLU(3)) == "PReLU(num_parameters=3)"
    assert torch.equal(ft.GELU(approximate="tanh")(sample(9)), ft.gelu_tanh(sample(9)))
    with pytest.raises(TypeError, match="elu takes x and alpha"):
        ft.ELU(beta=1)


def test_training_a_model_with_our_modules():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 16), ft.SiLU(), nn.Linear(16, 8), ft.PReLU(), nn.Linear(8, 2))
    x = sample(200, 2)
    y = (x[:, 0] * x[:, 1] > 0).long()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    for _ in range(60):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    assert loss < 0.3


ARRAY = np.random.default_rng(1).normal(size=(9, 4))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", fa.activations)
def test_networks_to_torch_and_back(name, dtype):
    info = fa.activations[name].info
    options = {p.name: d for p, d in zip(info.parameters, info.defaults)}
    for own in ((name, options), (name, {key: value + 0.5 for key, value in options.items()})):
        net = MLP([4, 6, 3], own, own, "mse", dtype=dtype, random_state=0)
        for bias in net.parameters[1::2]:
            bias[...] = 0.1
        module = net.to_torch()
        outputs = module(torch.from_numpy(ARRAY.astype(dtype))).detach()
        assert outputs.dtype is getattr(torch, dtype)
        np.testing.assert_allclose(outputs.numpy(), net.forward(ARRAY), rtol=2e-5, atol=2e-6)
        again = MLP.from_torch(module)
        assert again.dtype == dtype and again.forward(ARRAY).tobytes() == net.forward(ARRAY).tobytes()


def test_trained_networks_to_torch():
    net = MLP([4, 6, 5, 3], ["prelu", "relu"], batch_norm=True, dropout=[0.3, 0], random_state=0)
    net.fit(ARRAY, np.arange(9) % 3, epochs=5, progress=False)
    module = net.to_torch()
    assert [type(each).__name__ for each in module] == [
        "Linear", "BatchNorm1d", "PReLU", "Dropout", "Linear", "BatchNorm1d", "ReLU", "Linear"]
    outputs = module(torch.from_numpy(ARRAY.astype("f4"))).detach().numpy()
    np.testing.assert_allclose(outputs, net.forward(ARRAY), rtol=1e-5, atol=1e-6)
    before = net.forward(ARRAY)
    with torch.no_grad():
        module[0].weight.zero_()  # of its own
    assert (net.forward(ARRAY) == before).all()


def test_networks_from_torch():
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Linear(4, 6), nn.Sequential(nn.GELU("tanh"), nn.Dropout(0.25)), nn.Identity(), nn.Linear(6, 6, bias=False),
        nn.Linear(6, 5), nn.PReLU(), nn.Linear(5, 5), ft.ELU(0.5), nn.Linear(5, 3), nn.Softmax(-1),
    ).eval()  # fmt: skip
    net = MLP.from_torch(module, optimizer="sgd", learning_rate=0.5)
    want = module(torch.from_numpy(ARRAY.astype("f4"))).detach().numpy()
    np.testing.assert_allclose(net.forward(ARRAY), want, rtol=1e-5, atol=1e-6)
    assert net.layers == [4, 6, 6, 5, 5, 3] and net.dropout == [0.25, 0, 0, 0] and net.optimizer.lr == 0.5
    np.testing.assert_array_equal(net.parameters[0], module[0].weight.detach().numpy().T)
    classifier = MLP.from_torch(module[:-1], loss="cross_entropy")
    np.testing.assert_array_equal(classifier.predict(ARRAY), want.argmax(1))
    np.testing.assert_allclose(classifier.predict_proba(ARRAY), want, rtol=1e-5, atol=1e-6)
    assert MLP.from_torch(nn.Linear(3, 1)).layers == [3, 1]


L = nn.Linear(4, 4)


@pytest.mark.parametrize("module, message", [
    (nn.ReLU(), "takes a Sequential of Linear"),
    (3, "got int"),
    (nn.Sequential(), "there is no Linear"),
    (nn.Sequential(nn.ReLU(), L), r"cannot take ReLU\(\) there"),
    (nn.Sequential(L, nn.ReLU(), nn.Tanh()), r"cannot take Tanh\(\) there"),
    (nn.Sequential(L, nn.Softmax(-1), L), "before the end"),
    (nn.Sequential(L, nn.Softmax(0)), r"cannot take Softmax\(dim=0\)"),
    (nn.Sequential(L, nn.PReLU(4)), "cannot take PReLU"),
    (nn.Sequential(L, nn.BatchNorm1d(4), nn.ReLU()), "BatchNorm1d.*fuse_linear_bn_eval"),
    (nn.Sequential(nn.Conv2d(1, 1, 1)), "cannot take Conv2d"),
    (nn.Sequential(L, nn.Softplus(threshold=3)), "cannot take Softplus"),
    (nn.Sequential(nn.Linear(4, 4).half()), "expected float32 or float64"),
    (nn.Sequential(L, nn.Linear(4, 4).double()), "expected float32 or float64"),
])  # fmt: skip
def test_modules_that_are_no_network(module, message):
    with pytest.raises(TypeError, match=message):
        MLP.from_torch(module)


def test_sizes_that_do_not_fit():
    with pytest.raises(ValueError, match="4 outputs and the next 5 inputs"):
        MLP.from_torch(nn.Sequential(L, nn.Linear(5, 2)))


def test_without_torch(monkeypatch):
    for name in [name for name in sys.modules if name.startswith("fastact.torch")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match=r'pip install "fastact\[torch\]"'):
        import fastact.torch  # noqa: F401


def test_every_function_of_formulas():
    assert {*registry.FUNCTIONS, "pi"} == set(functions._FORMULA)
