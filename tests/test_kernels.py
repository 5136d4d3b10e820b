"""The typed-memoryview functions, called from Python for every form and from a module that cimports them."""
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import fastact as fa
from axes import arrays_in, assert_same_bits, call, empty_outputs, inputs, outputs, suffix, wide
from fastact import kernels


def function(form):
    return getattr(kernels, form.info.name + suffix(form))


@pytest.mark.contract
def test_every_form(form, dtype):
    for n in (0, 1, 17, 1000):
        arrays = inputs(form, wide(dtype, n))
        for array in arrays:
            array.flags.writeable = False
        out = outputs(empty_outputs(form, arrays[0]))
        assert function(form)(*arrays, *form.info.defaults, *out) is None
        assert_same_bits(out, call(form, arrays))


@pytest.mark.contract
def test_other_buffers(activation):
    """Anything with a buffer of floats, such as array.array."""
    import array

    x, out = array.array("f", [-1, 0.5, 2]), array.array("f", [0] * 3)
    function(activation)(x, *activation.info.defaults, out)
    assert_same_bits(np.array(out), call(activation, (np.array(x),)))


@pytest.mark.contract
def test_lengths_must_agree(form, dtype):
    x, short = np.ones(8, dtype), np.ones(7, dtype)
    count = arrays_in(form) + form.ufunc.nout
    for which in range(1, count):
        arrays = [x.copy() for _ in range(count)]
        arrays[which] = short
        with pytest.raises(ValueError, match=rf"kernels\.{function(form).__name__}: .*length"):
            function(form)(*arrays[:arrays_in(form)], *form.info.defaults, *arrays[arrays_in(form):])
        assert (arrays[-1] == 1).all()


@pytest.mark.contract
def test_wrong_buffers(form):
    good = [np.ones(4, np.float32) for _ in range(arrays_in(form) + form.ufunc.nout)]
    frozen = np.ones(4, np.float32)
    frozen.flags.writeable = False
    parameters = form.info.defaults
    for bad in (np.ones(4), np.ones(4, np.float16), np.ones(4, int), np.ones((2, 2), np.float32),
                np.ones(8, np.float32)[::2], frozen, [1.0] * 4, None):
        with pytest.raises((TypeError, ValueError, BufferError)):
            function(form)(*good[:arrays_in(form)], *parameters, *good[arrays_in(form):-1], bad)
    for bad in (np.ones(4, np.float16), np.ones(4, int), np.ones((2, 2), np.float32), np.ones(8, np.float32)[::2], [1.0] * 4):
        with pytest.raises((TypeError, ValueError, BufferError)):
            function(form)(bad, *good[1:arrays_in(form)], *parameters, *good[arrays_in(form):])


def test_wrong_number_of_arguments():
    """An error, not a crash, in a process of its own."""
    code = """
import numpy as np
from fastact import kernels
x = np.ones(4, np.float32)
for name, arguments in (("sigmoid", ()), ("sigmoid", (x,)), ("sigmoid", (x, x, x)), ("elu", (x, x)), ("elu", (x, 1.0)),
                        ("sigmoid_backward", (x, x)), ("sigmoid_value_and_derivative", (x, x)), ("elu", (x, 1.0, x, x, x))):
    try:
        getattr(kernels, name)(*arguments)
    except TypeError as error:
        assert name in str(error), error
    else:
        raise SystemExit(f"{name} took {len(arguments)} arguments")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr or f"signal {-done.returncode}"


def test_unknown_name():
    with pytest.raises(AttributeError, match="sigmoidal"):
        kernels.sigmoidal


@pytest.fixture(scope="module")
def downstream(tmp_path_factory):
    """The search path of a package of somebody else's, built against a copy of what is installed without any source.

    Cython finds the package as Python does, and no path is given.
    """
    pytest.importorskip("Cython")
    if not shutil.which("cc"):
        pytest.skip("no C compiler")
    site, folder = tmp_path_factory.mktemp("site"), tmp_path_factory.mktemp("work")
    shutil.copytree(Path(fa.__file__).parent, site / "fastact", ignore=shutil.ignore_patterns("*.pyx", "*.c", "__pycache__"))
    package = folder / "downstream"
    package.mkdir()
    (package / "__init__.py").write_text("")
    shutil.copy(Path(__file__).with_name("downstream.pyx"), package / "core.pyx")
    (folder / "setup.py").write_text(
        "from setuptools import setup\nfrom Cython.Build import cythonize\n"
        "setup(name='downstream', packages=['downstream'], ext_modules=cythonize('downstream/core.pyx'))\n")
    env = {**os.environ, "CFLAGS": "-O1 -w", "PYTHONPATH": str(site)}
    done = subprocess.run([sys.executable, "setup.py", "-q", "build_ext", "--inplace"], cwd=folder, env=env,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return os.pathsep.join([str(folder), str(site)])


def test_cimport(downstream, tmp_path):
    code = """
from pathlib import Path
import numpy as np, fastact as fa
from downstream import core as downstream
assert not [*Path(fa.__file__).parent.rglob("*.pyx")]
rng = np.random.default_rng(0)
x = rng.normal(0, 3, 1003)
grad = rng.normal(0, 3, 1003)
single, out = x.astype(np.float32), np.empty(1003, np.float32)
single.flags.writeable = False
downstream.layer(single, out)
assert out.tobytes() == fa.sigmoid(single).tobytes()
dx = np.empty(1003)
downstream.gradient(grad, x, 0.7, dx)
assert dx.tobytes() == fa.elu.backward(grad, x, 0.7).tobytes()
for shape in ((4, 5, 6), (7, 40, 1)):
    block, gradient = (rng.normal(0, 3, (2, *shape)))
    p = np.empty(shape, np.float32)
    downstream.probabilities(block.astype(np.float32), p)
    assert p.tobytes() == fa.softmax(block.astype(np.float32), axis=1).tobytes()
    want = fa.softmax.backward(gradient, block, axis=1)
    dx = np.empty(shape)
    downstream.softmax_gradient(gradient, block, dx)
    assert dx.tobytes() == want.tobytes()
    for which in range(2):  # an output may be an input
        copies = [gradient.copy(), block.copy()]
        downstream.softmax_gradient(*copies, copies[which])
        assert copies[which].tobytes() == want.tobytes(), f"in place of argument {which}"
try:
    downstream.layer(single, out[1:])
except ValueError as error:
    assert "kernels.sigmoid" in str(error)
else:
    raise SystemExit("arrays of two lengths were accepted")
try:
    downstream.probabilities(np.ones((2, 3, 4), np.float32), np.ones((2, 3, 5), np.float32))
except ValueError as error:
    assert "softmax" in str(error)
else:
    raise SystemExit("arrays of two shapes were accepted")
print("good")
"""
    env = {**os.environ, "PYTHONPATH": downstream}
    done = subprocess.run([sys.executable, "-c", code], env=env, cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout == "good\n", done.stderr
