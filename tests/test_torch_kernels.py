"""``fastact.torch.kernels``: this library's kernels under torch's own operators."""
import copy
import ctypes
import gc
import os
import subprocess
import sys
import threading
import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch.utils._python_dispatch import TorchDispatchMode  # noqa: E402

F = torch.nn.functional
native = pytest.importorskip("fastact.torch.native")
ft = pytest.importorskip("fastact.torch")

try:
    with ft.kernels():
        pass
except RuntimeError as reason:
    pytest.skip(str(reason), allow_module_level=True)

FUNCTIONS = {
    "sigmoid": torch.sigmoid, "tanh": torch.tanh, "silu": F.silu, "mish": F.mish, "hardswish": F.hardswish, "erf": torch.erf,
    "gelu": F.gelu, "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"), "logsigmoid": F.logsigmoid, "elu": F.elu,
    "elu_alpha": lambda x: F.elu(x, 0.7), "selu": F.selu, "celu": lambda x: F.celu(x, 1.7), "softplus": F.softplus,
    "softplus_beta": lambda x: F.softplus(x, 2.5), "softplus_threshold": lambda x: F.softplus(x, 1, 3),
    "softmax": lambda x: torch.softmax(x, -1), "softmax_first": lambda x: torch.softmax(x, 0),
    "log_softmax": lambda x: torch.log_softmax(x, -1), "relu": torch.relu, "exp": torch.exp,
    "leaky_relu": lambda x: F.leaky_relu(x, 0.3), "hardsigmoid": F.hardsigmoid, "hardshrink": F.hardshrink,
    "softshrink": F.softshrink, "hardtanh": F.hardtanh, "relu6": F.relu6, "threshold": lambda x: F.threshold(x, 0.3, -1),
    "softsign": F.softsign, "tanhshrink": F.tanhshrink, "glu": lambda x: F.glu(torch.cat([x, x.flip(-1)], -1)),
    "glu_first": lambda x: F.glu(torch.cat([x, x.flip(0)]), 0), "prelu": lambda x: F.prelu(x, x.new_tensor([0.25])),
    "prelu_channels": lambda x: F.prelu(x, torch.linspace(0.1, 0.9, x.shape[1] if x.ndim > 1 else 1).to(x)),
}
IN_PLACE = [torch.sigmoid_, torch.exp_, torch.tanh_, torch.erf_, lambda x: F.silu(x, True), lambda x: F.mish(x, True),
            lambda x: F.hardswish(x, True), lambda x: F.elu(x, inplace=True), torch.selu_, torch.celu_, torch.relu_,
            F.leaky_relu_, F.hardtanh_, lambda x: F.threshold_(x, 0.1, 2), lambda x: F.hardsigmoid(x, True)]
DTYPES = [torch.float32, torch.float64, torch.float16, torch.bfloat16]
every_function = pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
OPERATORS = ["sigmoid", "sigmoid_", "tanh", "silu", "silu_backward", "mish", "mish_backward", "hardswish", "erf", "exp", "gelu",
             "gelu_backward", "log_sigmoid_forward", "elu", "elu_backward", "softplus", "_softmax", "_log_softmax", "glu",
             "_prelu_kernel", "_prelu_kernel_backward", "leaky_relu", "threshold_backward"]
TABLES = ["softplus", "softplus_backward", "elu", "elu_backward", "softshrink", "hardshrink", "leaky_relu", "hardsigmoid"]


def dump():
    """What torch's dispatcher and its tables of kernels hold for the operators."""
    library = ctypes.CDLL(os.path.join(os.path.dirname(torch.__file__), "lib", "libtorch_cpu.so"))
    symbols = [f"_ZN2at6native{len(name) + 5}{name}_stubE" for name in TABLES]
    return [torch._C._dispatch_dump(f"aten::{name}") for name in OPERATORS], [
        [ctypes.c_uint64.in_dll(library, symbol).value] for symbol in symbols]


def layouts(dtype):
    """Tensors of every layout that an operator may meet."""
    x = 4 * torch.randn(6, 8, generator=torch.Generator().manual_seed(3), dtype=torch.float64).to(dtype)
    yield from (x, x.t(), x[:, ::2], x[1:4, 2:], x[:0], x.reshape(2, 3, 2, 4).to(memory_format=torch.channels_last))
    yield from (x[0, 0].expand(3, 4), torch.tensor([-0.0, 88.0, -88.0, 1e-6], dtype=dtype), x[:1].reshape(8))
    yield x.repeat(250, 5)  # 60,000 elements: some operators are ours from 32,768 on
    images = x.reshape(6, 2, 2, 2).to(memory_format=torch.channels_last)
    yield from (x[::2][:1], x[:1, :1], x[:0, ::2], x[:, :0].t(), images[::2][:1], images[:, :1], images.reshape(6, 8, 1, 1))


def same(got, want, dtype):
    """Near torch's values (torch rounds some of its intermediate results), with torch's layout."""
    assert got.dtype == want.dtype and got.shape == want.shape and got.stride() == want.stride() and got.device == want.device
    tolerance = {torch.float32: 3e-6, torch.float64: 2e-8, torch.float16: 2e-3, torch.bfloat16: 2e-2}[dtype]
    torch.testing.assert_close(got, want, rtol=tolerance, atol=tolerance, equal_nan=True)


@every_function
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_values_and_gradients(function, dtype):
    for x in layouts(dtype):
        leaf = x.detach().requires_grad_()
        want = function(leaf)
        grad = torch.full_like(want, 0.5)
        (slope,) = torch.autograd.grad(want, leaf, grad)
        with ft.kernels():
            got = function(leaf)
            (ours,) = torch.autograd.grad(got, leaf, grad)
        same(got.detach(), want.detach(), dtype)
        same(ours, slope, dtype)


@every_function
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_nan_and_infinities(function, dtype):
    """NaN gives NaN; at infinities the limit, where torch may give NaN."""
    x = torch.tensor([[torch.nan], [torch.inf], [-torch.inf]], dtype=dtype)
    want = function(x)
    with ft.kernels():
        got = function(x)
    assert torch.isnan(got[0]).all() and not (torch.isnan(got) & ~torch.isnan(want)).any()
    assert torch.equal(got[~torch.isnan(want)], want[~torch.isnan(want)])


KEPT = {  # operators of activations that keep torch's kernels, which are as quick
    "relu", "hardtanh", "threshold", "rrelu_with_noise", "threshold_backward", "hardtanh_backward", "rrelu_with_noise_backward",
    "sigmoid_backward", "tanh_backward", "hardsigmoid_backward", "glu_backward", "hardshrink_backward", "softshrink_backward",
    "leaky_relu_backward", "log_sigmoid_backward", "_softmax_backward_data", "_log_softmax_backward_data",
}
NO_ACTIVATIONS = {"abs", "add", "div", "sub", "mul", "neg", "sgn", "view", "detach", "empty", "fill_", "empty_like", "ones_like"}


def test_every_activation_of_torch_is_ours_or_kept():
    """The operators of torch.nn's activation modules, forward and backward."""
    class Record(TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            seen.add(function._schema.name.partition("::")[2])
            return function(*args, **(kwargs or {}))

    seen = set()
    arguments = {"Threshold": (0.1, 2), "Softmax": (-1,), "LogSoftmax": (-1,), "Softmin": (-1,)}
    for name in set(torch.nn.modules.activation.__all__) - {"MultiheadAttention"}:
        x = torch.randn(2, 4, 4, 4, requires_grad=True)
        with Record():
            y = getattr(torch.nn, name)(*arguments.get(name, ()))(x)
            torch.autograd.grad(y, x, torch.ones_like(y))
    taken = set(native.operators())
    seen = {"elu" if name == "celu" else name for name in seen} - NO_ACTIVATIONS  # which calls it
    assert seen - taken == KEPT
    assert taken - seen == {"erf", *(name for name in taken if name.endswith("_"))}


def test_bits_are_those_of_the_library():
    import fastact as fa

    x = torch.randn(1000)
    with ft.kernels():
        for ours, theirs in ((fa.tanh, torch.tanh), (fa.gelu, F.gelu), (fa.mish, F.mish), (fa.softplus, F.softplus),
                             (fa.elu, F.elu), (fa.soft_shrink, F.softshrink),
                             (fa.hard_sigmoid, F.hardsigmoid), (fa.log_sigmoid, F.logsigmoid),
                             (fa.softmax, lambda x: torch.softmax(x, -1))):
            assert np.array_equal(theirs(x).numpy(), ours(x.numpy()))


@pytest.mark.parametrize("function", IN_PLACE)
def test_in_place(function):
    for x in (torch.randn(5, 7), torch.randn(200, 200), torch.randn(6, 8)[:, ::2], torch.randn(0, 3)):
        want = function(x.clone())
        with ft.kernels():
            y = x.clone()
            assert function(y) is y
        torch.testing.assert_close(y, want)


@pytest.mark.parametrize("name", TABLES + ["tanh", "silu", "mish", "hardtanh", "threshold"])
def test_out(name):
    """Overloads with out=, into other dtypes, layouts and sizes too."""
    operator = getattr(torch.ops.aten, name)
    for shape in ((5, 8), (200, 200), (0, 3)):
        x = torch.randn(shape)
        tensors = (torch.ones(shape), x) if "backward" in name else (x,)
        scalars = {"softplus": (1, 20), "softplus_backward": (2, 20), "elu": (1, 1, 1), "elu_backward": (0.7, 1, 1, False, x),
                   "leaky_relu": (0.2,), "hardtanh": (-1, 1), "threshold": (0.1, 2)}.get(name, ())
        arguments = (*(tensors[:1] if name == "elu_backward" else tensors), *scalars)
        want = operator(*arguments)
        overload = operator.grad_input if "backward" in name else operator.out
        key = "grad_input" if "backward" in name else "out"
        for made in (lambda: torch.empty(shape), lambda: torch.empty(shape, dtype=torch.float64), lambda: torch.empty(0),
                     lambda: torch.empty(shape[::-1]).t()):
            got, outside = made(), made()
            try:
                overload(*arguments, **{key: outside})
            except RuntimeError as error:
                with ft.kernels(), pytest.raises(RuntimeError) as raised:
                    overload(*arguments, **{key: got})
                assert str(raised.value) == str(error)
                continue
            with ft.kernels():
                overload(*arguments, **{key: got})
            assert got.dtype == outside.dtype and got.stride() == outside.stride()
            torch.testing.assert_close(got, want.to(got.dtype))


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_gradients_of_prelus_weight(dtype):
    for shape, channels in (((3, 4), 1), ((3, 4), 4), ((2, 5, 3, 4), 5), ((2, 5, 3, 4), 1), ((0, 4), 4), ((40, 2, 100), 2)):
        x, weight = torch.randn(shape).to(dtype).requires_grad_(), torch.rand(channels).to(dtype).requires_grad_()
        grad = torch.randn(shape).to(dtype)
        want = torch.autograd.grad(F.prelu(x, weight), (x, weight), grad)
        with ft.kernels():
            got = torch.autograd.grad(F.prelu(x, weight), (x, weight), grad)
        for each, other in zip(got, want):
            same(each, other, dtype)
    x = torch.tensor([np.inf, 1.0, -1.0, np.nan], dtype=dtype, requires_grad=True)
    grad = torch.tensor([np.inf, np.nan, np.inf, 1.0], dtype=dtype)
    weight = torch.tensor([0.5], dtype=dtype, requires_grad=True)
    want = torch.ops.aten._prelu_kernel_backward(grad, x, weight)
    with ft.kernels():
        got = torch.ops.aten._prelu_kernel_backward(grad, x, weight)
    torch.testing.assert_close(got, want, equal_nan=True)


def test_softplus_keeps_torchs_threshold_and_gradients_in_place():
    """What our functions have no parameter for: torch's kernels, in the same calls."""
    x = torch.randn(300, requires_grad=True)
    for function in (lambda x: F.softplus(x, 2, 3), lambda x: F.softplus(x, -1), lambda x: torch.ops.aten.elu(x, 1, 2, 3),
                     lambda x: F.elu_(x * 1), lambda x: F.celu_(x * 1), lambda x: F.leaky_relu_(x * 1),
                     lambda x: F.elu(x, True), lambda x: F.hardshrink(x, -1.0)):
        want = function(x)
        slope, = torch.autograd.grad(want.sum(), x)
        with ft.kernels():
            got = function(x)
            ours, = torch.autograd.grad(got.sum(), x)
        torch.testing.assert_close(got, want)
        torch.testing.assert_close(ours, slope)


@pytest.mark.parametrize("x", [torch.arange(4), torch.tensor([True, False]), torch.randn(3, dtype=torch.complex64),
                               torch.randn(3, 3).to_sparse()], ids=["int64", "bool", "complex", "sparse"])
@every_function
def test_other_tensors_go_to_torch(function, x):
    def outcome():
        try:
            return function(x)
        except Exception as error:
            return type(error), str(error).partition("\n")[0].partition(", but")[0]

    want = outcome()
    with ft.kernels():
        got = outcome()
    if isinstance(want, tuple):
        assert got == want
    else:
        torch.testing.assert_close(got, want)


@pytest.mark.parametrize("call", [
    lambda: torch.softmax(torch.randn(2, 3), 4), lambda: F.gelu(torch.randn(2), approximate="other"),
    lambda: torch.log_softmax(torch.arange(3), 0), lambda: torch.ops.aten.mish_backward(torch.randn(3), torch.randn(4)),
    lambda: torch.ops.aten.silu_backward(torch.randn(3), torch.arange(4)),
])
def test_errors_are_those_of_torch(call):
    with pytest.raises(Exception) as want:
        call()
    with ft.kernels(), pytest.raises(want.type) as got:
        call()
    assert str(got.value) == str(want.value)


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")
@pytest.mark.parametrize("function", [f for name, f in FUNCTIONS.items() if not name.startswith("relu")])
def test_gradcheck(function):
    x = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    with ft.kernels():
        assert torch.autograd.gradcheck(function, (x,), check_forward_ad=function not in (FUNCTIONS["erf"], F.hardsigmoid))
        assert function is F.hardsigmoid or torch.autograd.gradgradcheck(function, (x,))  # whose torch has none


def test_a_graph_outlives_the_block():
    x = torch.randn(50, requires_grad=True)
    for function in FUNCTIONS.values():
        (want,) = torch.autograd.grad(function(x).sum(), x)
        with ft.kernels():
            inside = function(x).sum()
        outside = function(x).sum()
        (got,) = torch.autograd.grad(inside, x)
        torch.testing.assert_close(got, want)
        with ft.kernels():
            (got,) = torch.autograd.grad(outside, x)
        torch.testing.assert_close(got, want)


def test_torch_is_as_before_afterwards():
    before = dump()
    with ft.kernels():
        assert dump() != before
        with ft.kernels():
            pass
        assert dump() != before
    assert dump() == before
    with pytest.raises(KeyError), ft.kernels():
        raise KeyError
    assert dump() == before
    ft.kernels.enable()
    ft.kernels.enable()
    with ft.kernels():
        ft.kernels.disable()
        assert dump() != before
    assert dump() == before
    ft.kernels.disable()
    assert dump() == before


def test_no_warning():
    code = ("import warnings, torch; warnings.simplefilter('error'); import fastact.torch as ft\n"
            "with ft.kernels(): print(torch.tanh(torch.ones(2)))\n"
            "assert not torch.is_warn_always_enabled()")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == ""


def test_no_tensor_is_left():
    x = torch.randn(1 << 16)
    with ft.kernels():
        def all_of_them():
            for function in FUNCTIONS.values():
                leaf = x.clone().requires_grad_()
                function(leaf).sum().backward()

        for _ in range(3):
            all_of_them()
        gc.collect()
        import resource

        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for _ in range(40):
            all_of_them()
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 40 * 256  # KiB: one tensor each


@every_function
@pytest.mark.filterwarnings("ignore")
def test_transforms(function):
    x = torch.randn(5, 8)

    def slope():
        return torch.func.grad(lambda x: function(x).square().sum())(x)

    want, gradient = function(x), slope()
    torch._dynamo.reset()
    with ft.kernels():
        if function not in (FUNCTIONS["softmax_first"], FUNCTIONS["glu_first"], FUNCTIONS["prelu_channels"]):
            torch.testing.assert_close(torch.func.vmap(function)(x), want)
        torch.testing.assert_close(slope(), gradient)
        if function is FUNCTIONS["prelu_channels"]:  # its test asks for the shape, which torch.fx does not know
            return
        for other in (torch.jit.trace(function, x), torch.fx.symbolic_trace(lambda x: function(x)),
                      torch.compile(function, backend="eager", fullgraph=True)):
            torch.testing.assert_close(other(x), want)


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.GELU(), torch.nn.Linear(8, 8), torch.nn.ELU(),
                                          torch.nn.Linear(8, 3), torch.nn.LogSoftmax(-1))

    def forward(self, x):
        return self.layers(x)


def test_export_and_hooks():
    net, x, seen = Network().eval(), torch.randn(4, 6), []
    want = net(x)
    with ft.kernels():
        program = torch.export.export(net, (x,))
        torch.testing.assert_close(program.module()(x), want)
        handle = net.layers[1].register_forward_hook(lambda module, args, out: seen.append(out))
        torch.testing.assert_close(net(x), want)
        handle.remove()
        twin = copy.deepcopy(net)
        torch.testing.assert_close(twin(x), want)
    assert len(seen) == 1


def test_nested_tensors_and_autocast():
    parts = [torch.randn(2, 5), torch.randn(3, 5)]
    nested = torch.nested.nested_tensor(parts, layout=torch.jagged)
    x = torch.randn(4, 6)
    net = Network().eval()
    with torch.autocast("cpu"):
        want = net(x)
    with ft.kernels():
        torch.testing.assert_close(F.silu(nested).unbind()[0], F.silu(parts[0]))
        with torch.autocast("cpu"):
            torch.testing.assert_close(net(x), want, rtol=0.02, atol=0.02)
        with torch.inference_mode():
            torch.testing.assert_close(net(x), net(x.clone()))


def test_threads_share_the_kernels():
    before, inside, leave, errors = dump(), threading.Event(), threading.Event(), []

    def block():
        with ft.kernels():
            inside.set()
            leave.wait(30)

    thread = threading.Thread(target=block)
    thread.start()
    assert inside.wait(30)
    with ft.kernels():
        pass
    if dump() == before:
        errors.append("the end of one block took the kernels from another")
    leave.set()
    thread.join()
    assert errors == [] and dump() == before


@pytest.mark.skipif(not hasattr(torch.library, "get_kernel"), reason="torch frees kernels in use before 2.9")
def test_other_threads_compute_while_blocks_begin_and_end():
    """In a process of its own, which torch would crash by freeing a kernel that another thread is in."""
    code = ("import threading, time, torch, fastact.torch as ft\n"
            "F, x, done, errors = torch.nn.functional, torch.randn(4, 6), [], []\n"
            "net = lambda: torch.tanh(F.gelu(F.elu(F.softplus(torch.softmax(x, -1)))))\n"
            "want = net()\n"
            "def compute():\n"
            "    while not done and not errors:\n"
            "        try: assert (net() - want).abs().max() < 1e-5\n"
            "        except BaseException as error: errors.append(error)\n"
            "threads = [threading.Thread(target=compute) for _ in range(3)]\n"
            "for thread in threads: thread.start()\n"
            "for _ in range(500):\n"
            "    with ft.kernels(): time.sleep(0.0005)\n"
            "done.append(True)\n"
            "for thread in threads: thread.join()\n"
            "print(errors)\n")
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "[]", (done.returncode, done.stderr)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child():
    code = ("import os, torch, fastact.torch as ft\n"
            "x = torch.randn(100_000)\n"
            "with ft.kernels():\n"
            "    want = torch.tanh(x)\n"
            "    if not (pid := os.fork()):\n"
            "        os._exit(0 if (torch.tanh(x).numpy() == want.numpy()).all() else 1)  # torch.equal's threads hang\n"
            "    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\n")
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "0", done.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_child_forked_while_another_thread_enters():
    """It finds no lock taken that nobody would give back."""
    code = ("import os, signal, threading, torch, fastact.torch as ft\n"
            "done, codes = [], []\n"
            "def enter():\n"
            "    while not done:\n"
            "        with ft.kernels(): pass\n"
            "thread = threading.Thread(target=enter)\n"
            "thread.start()\n"
            "for _ in range(10):\n"
            "    if not (pid := os.fork()):\n"
            "        signal.alarm(30)\n"
            "        with ft.kernels(): torch.tanh(torch.ones(10))\n"
            "        os._exit(0)\n"
            "    codes.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\n"
            "    if codes[-1]: break\n"
            "done.append(True)\n"
            "thread.join()\n"
            "print(codes)\n")
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == str([0] * 10), done.stderr


SAMPLED = {"sigmoid", "tanh", "erf", "exp", "softmax", "log_softmax", *(f"nn.functional.{name}" for name in (
    "silu", "gelu", "mish", "hardswish", "logsigmoid", "elu", "selu", "celu", "softplus", "softmin", "leaky_relu", "prelu", "glu",
    "relu", "relu6", "hardtanh", "hardsigmoid", "hardshrink", "softshrink", "softsign", "tanhshrink", "threshold"))}


@pytest.mark.thorough
def test_samples_of_torch():
    """torch's own samples of these operators give what torch gives, in values, gradients and errors."""
    pytest.importorskip("expecttest")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torch.testing._internal.common_methods_invocations import op_db
    found, count = set(), 0
    for op in op_db:
        if op.name not in SAMPLED:
            continue
        found.add(op.name)
        for dtype in DTYPES:
            if dtype not in op.dtypes:
                continue
            for sample in op.sample_inputs("cpu", dtype, requires_grad=True):
                want = op(sample.input, *sample.args, **sample.kwargs)
                with ft.kernels():
                    got = op(sample.input, *sample.args, **sample.kwargs)
                same(got.detach(), want.detach(), want.dtype)
                if want.requires_grad and want.dtype.is_floating_point:
                    grad = torch.ones_like(want)
                    (slope,) = torch.autograd.grad(want, sample.input, grad)
                    with ft.kernels():
                        (ours,) = torch.autograd.grad(got, sample.input, grad)
                    same(ours, slope, dtype)
                count += 1
    assert found == SAMPLED and count > 300


@pytest.mark.thorough
@pytest.mark.filterwarnings("ignore")
def test_gradients_of_samples_of_torch():
    """gradcheck and gradgradcheck of torch's own samples pass within a block."""
    pytest.importorskip("expecttest")
    from torch.testing._internal.common_methods_invocations import op_db
    count = 0
    for op in (op for op in op_db if op.name in SAMPLED):
        for sample in op.sample_inputs("cpu", torch.float64, requires_grad=True):
            if not sample.input.requires_grad or sample.input.numel() > 100 or (
                    sample.kwargs.get("dtype") not in (None, torch.float64)):
                continue
            options = {**sample.kwargs, **dict.fromkeys({"inplace"} & set(sample.kwargs), False)}
            with ft.kernels():
                for check in (torch.autograd.gradcheck, torch.autograd.gradgradcheck)[:1 + op.supports_gradgrad]:
                    assert check(lambda x: op(x, *sample.args, **options), (sample.input,))
            count += 1
    assert count > 30
