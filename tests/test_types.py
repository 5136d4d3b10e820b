"""Types: a user's file passes ``mypy --strict``, and the stubs say what the compiled modules have."""
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import fastact as fa

pytestmark = pytest.mark.skipif(not importlib.util.find_spec("mypy"), reason="needs mypy")

USER = """
from typing import Any, Union

import numpy as np
import numpy.typing as npt
from typing_extensions import assert_type

import fastact as fa
from fastact.losses import cross_entropy, kl_div, mse_loss


def layer(x: npt.NDArray[np.float32], bias: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    h: npt.NDArray[np.float32] = fa.gelu.biased(x, bias)
    return h


def run(activation: fa.Activation, x: npt.NDArray[np.float32]) -> float:
    step = activation.bind(x, x)
    step()
    ufunc: np.ufunc = activation.backward.ufunc
    largest: float = activation.info.float32.value if activation.info.float32 else 0.0
    return largest + ufunc.nin


x = np.zeros((4, 2), np.float32)
run(fa.activations["silu"], layer(x, x[0]))
fa.leaky_relu(x, negative_slope=0.2, out=x)
dx, dbias = fa.relu.biased_backward(x, x, x[0])
p = fa.softmax(x, axis=(0, 1), temperature=0.5)
dx = fa.swiglu.backward(x[:, :1], x, gate="first")
net = fa.MLP([2, 8, 2], activation="relu")
net.fit(x, np.zeros(4, int), epochs=1, progress=False)
loss, grad = cross_entropy.value_and_grad(x, np.zeros(4, int), label_smoothing=0.1)
fa.optimizers.Adam([x], lr=1e-3).step([grad])
x -= grad
print(float(loss) + float(mse_loss(x, x, "sum")), f"{kl_div(x, x, 'batchmean'):.3f}")
each: npt.NDArray[np.floating[Any]] = mse_loss(x, x, reduction="none")
step = fa.Pipeline([fa.swiglu.bind(x, x[:, 0]), fa.swiglu.backward.bind(x, x, x, gate="first")])
Floats = npt.NDArray[np.floating[Any]]
assert_type(cross_entropy(x, x), Union[np.floating[Any], Floats])
assert_type(cross_entropy.value_and_grad(x, x), tuple[Union[np.floating[Any], Floats], Floats])
assert_type(cross_entropy.value_and_grad(x, x, reduction="none"), tuple[Floats, Floats])
Singles = npt.NDArray[np.float32]
assert_type(fa.elu(x, 0.5), Singles)
assert_type(fa.elu(x, alpha=2), Singles)
assert_type(fa.relu(x, out=x), Singles)
assert_type(fa.relu(1.0), np.floating[Any])
assert_type(fa.relu([[1, 2.0], [3, 4]]), Floats)
assert_type(fa.relu(np.arange(3)), Floats)
assert_type(fa.relu.derivative(x), Singles)
assert_type(fa.relu.backward(1, x), Singles)
assert_type(fa.sigmoid.backward_from_output(x, x), Singles)
assert_type(fa.relu.value_and_derivative(x), tuple[Singles, Singles])
assert_type(fa.silu.gated_backward(x, x, x), tuple[Singles, Singles])
assert_type(fa.softmax(x, mask=x > 0), Singles)
assert_type(fa.softmax.backward(x, x, axis=0), Singles)
assert_type(fa.logsumexp(x), np.float32)
assert_type(fa.swiglu(x), Singles)
# What promotes, or comes back as the container that it is, is not known to the types.
fa.relu(x, dtype=np.float64), fa.gelu(x, approximate="tanh"), fa.relu(x=x), fa.relu(x, x), fa.relu([x, x]), fa.relu(range(3))
fa.silu.value_and_derivative(x, out=(x, x)), fa.relu(x, out=None), fa.relu(x, where=x > 0, out=x), fa.relu(x, out=(x,))
reveal_type(fa.silu)
reveal_type(fa.get_num_threads())
reveal_type(fa.relu6.name)
"""
MISTAKES = """
import fastact as fa

fa.set_num_threads("all")
fa.swiglu([1.0, 2.0], gate="middle")
fa.activations["gelu"] = fa.relu
fa.gelu.derivativ([1.0])
fa.losses.mse_loss([1.0], [2.0], "batchmean")
fa.losses.cross_entropy([[1.0, 2.0]], [0], label_smoothin=0.1)
fa.losses.huber_loss.value_and_grad([1.0])
fa.swiglu.bind([1.0, 2.0])
"""
# Each line but the first is a mistake: an argument that is no array of real numbers.
NO_NUMBERS = """
import fastact as fa
fa.relu("x")
fa.relu(b"x")
fa.relu(["x"])
fa.relu([["x"]])
fa.relu(1j)
fa.relu(None)
fa.relu({1.0})
fa.relu([1.0], out="y")
fa.elu([1.0], "a")
fa.relu.derivative("x")
fa.relu.second_derivative("x")
fa.relu.backward("x", [1.0])
fa.relu.backward([1.0], "x")
fa.relu.backward_from_output("x", 1.0)
fa.relu.value_and_derivative("x")
fa.relu.gated("x", 1.0)
fa.relu.gated_backward("x", 1.0, 1.0)
fa.relu.biased("x", 1.0)
fa.relu.biased_backward(1.0, 1.0, "x")
fa.softmax("x")
fa.softmax.backward("x", 1.0)
fa.softmax.backward_from_output("x", 1.0)
fa.softmax([1.0], mask="x")
fa.softmax([1.0], out="x")
fa.softmax([1.0], temperature="a")
fa.logsumexp("x")
fa.logsumexp.backward("x", 1.0)
fa.hardmax("x")
fa.softmax.jacobian("x")
fa.swiglu("x")
fa.swiglu.backward("x", "x")
fa.losses.mse_loss("x", "y")
fa.losses.cross_entropy("x", [0])
fa.losses.mse_loss.value_and_grad("x", [0])
fa.losses.mse_loss("x", [1.0], reduction="none")
"""


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("mypy")


@pytest.fixture
def python(tmp_path, cache):
    """Runs a module on arguments in an empty folder, where stubs come from the package that is imported."""
    root = str(Path(fa.__file__).parents[1])
    env = {**os.environ, "MYPYPATH": "" if root.endswith("site-packages") else root,
           "MYPY_CACHE_DIR": str(cache)}

    def run(module, *arguments):
        command = [sys.executable, "-m", module, *map(str, arguments)]
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
    return run


def test_a_users_file(python, tmp_path):
    (tmp_path / "user.py").write_text(USER)
    done = python("mypy", "--strict", "--follow-imports=silent", "user.py")
    assert done.returncode == 0, done.stdout + done.stderr
    shown = [line.rpartition('"')[0].rpartition('"')[2].removeprefix("builtins.") for line in done.stdout.splitlines()
             if "Revealed type" in line]
    assert shown == ["fastact._core.activation.Activation", "int", "str"]


def test_mistakes_are_found(python, tmp_path):
    (tmp_path / "user.py").write_text(MISTAKES)
    done = python("mypy", "--strict", "--follow-imports=silent", "user.py")
    found = {int(line.split(":")[1]) for line in done.stdout.splitlines() if ": error:" in line}
    assert found == {4, 5, 6, 7, 8, 9, 10, 11}, done.stdout


def test_what_is_no_array_of_numbers_is_found(python, tmp_path):
    (tmp_path / "user.py").write_text(NO_NUMBERS.strip())
    done = python("mypy", "--strict", "--follow-imports=silent", "user.py")
    found = {int(line.split(":")[1]) for line in done.stdout.splitlines() if ": error:" in line}
    lines = NO_NUMBERS.strip().splitlines()
    assert [line for number, line in enumerate(lines[1:], 2) if number not in found] == []


@pytest.mark.thorough
def test_stubs(python, tmp_path):
    """Of the package and its compiled modules; Python modules are their own stubs, as mypy reads them."""
    folder = Path(fa.__file__).parent
    plain = {".".join(path.relative_to(folder).with_suffix("").parts).removesuffix(".__init__")
             for path in folder.rglob("*.py") if not path.with_suffix(".pyi").exists()}
    (tmp_path / "mypy.ini").write_text("[mypy]\nignore_missing_imports = True\nignore_errors = True\n"
                                       "[mypy-torch.*,jax.*,numba.*,llvmlite.*,onnx.*,sklearn.*,scipy.*,matplotlib.*]\n"
                                       "follow_imports = skip\n")
    (tmp_path / "allowed").write_text("\n".join([
        r".*\.__(test|pyx_capi|reduce_cython|setstate_cython)__",
        r"fastact\.(" + "|".join(sorted(plain)) + r")(\..*)?",
        r"fastact\.__all__",
        r"fastact\._core\.names",  # a stub alone: the activations' names
        r"fastact\._core\.ufuncs\..*",  # one a form of each activation, by the stub's __getattr__
        rf"fastact\._core\.\w+\.(?!({'|'.join(fa.__all__)})$)[a-z]\w*",  # functions that users do not call
        r"fastact\._core\.(rows\.Core|binding\.(RowForm|Bindable\..*))", r"fastact\._core\.matrix\.BiasedBackward\.gradients",
    ]))
    done = python("mypy.stubtest", "fastact", "--concise", "--mypy-config-file", "mypy.ini", "--allowlist", "allowed",
                  "--ignore-unused-allowlist")
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_activation_is_in_the_stub():
    folder = Path(fa.__file__).parent
    text = (folder / "__init__.pyi").read_text() + (folder / "_core" / "names.pyi").read_text()
    assert [name for name in fa.__all__ if not re.search(rf"^{name}:| as {name}$|^def {name}\(", text, re.M)] == []
