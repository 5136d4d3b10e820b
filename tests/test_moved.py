"""Pickles from before there were subpackages, and where objects say that they are."""
import os
import pickle
import subprocess
import sys

import pytest

import fastact as fa
from fastact._core import moved

# What pickles of that version name, and what it is today.
OLD = {
    "fastact.activations": {"_form": None}, "fastact.bound": {"Pipeline": fa.Pipeline},
    "fastact.callbacks": {"EarlyStopping": None},
    "fastact.choosing": {"recommend": fa.recommend}, "fastact.class_losses": {"cross_entropy": fa.losses.cross_entropy},
    "fastact.distributions": {"zeros": fa.initializers.zeros}, "fastact.gated": {"swiglu": fa.swiglu},
    "fastact.array_diagnostics": {"dead_fraction": fa.diagnostics.dead_fraction}, "fastact.layers": {"Dense": None},
    "fastact.loss_base": {"Loss": fa.losses.Loss, "LossWithOptions": None}, "fastact.losses": {"mse_loss": fa.losses.mse_loss},
    "fastact.mlp": {"MLP": fa.MLP}, "fastact.network": {"Network": None}, "fastact.normalisation": {"BatchNorm": None},
    "fastact.optimizer_base": {"Optimizer": fa.optimizers.Optimizer}, "fastact.optimizers": {"Adam": fa.optimizers.Adam},
    "fastact.plotting": {"plot": fa.plot}, "fastact.rows": {"softmax": fa.softmax, "logsumexp": fa.logsumexp},
    "fastact.saving": {"LoadError": None}, "fastact.schedules": {"StepLR": fa.optimizers.StepLR},
    "fastact.kernels": {"set_num_threads": fa.set_num_threads},
    "fastact.ufuncs": {"gelu": fa.gelu.ufunc, "gelu_backward": fa.gelu.backward.ufunc},
}


@pytest.mark.parametrize("module", OLD)
def test_old_modules(module):
    for name, wanted in OLD[module].items():
        found = pickle.loads(f"c{module}\n{name}\n.".encode())
        assert found is wanted if wanted is not None else callable(found)
    assert module == "fastact.ufuncs" or sys.modules[module].__spec__.name == sys.modules[module].__name__
    assert fa.activations["gelu"] is fa.gelu


def test_old_form():
    """A form was once pickled as a call of this function."""
    assert pickle.loads(b"cfastact.activations\n_form\n(S'gelu'\nS'backward'\ntR.") is fa.gelu.backward


def needs(old):
    """The package without which an old module cannot be imported."""
    return old.partition("_")[0] if old.startswith(("sklearn_", "jax_", "torch_")) else "numpy"


def test_old_modules_are_found():
    """Those that need no other library; the others are in the next test."""
    names = [old for old in sorted(moved._MOVED) if needs(old) == "numpy"]
    code = f"import importlib\nfor name in {names}:\n    importlib.import_module('fastact.' + name)"
    subprocess.run([sys.executable, "-c", code], check=True)


FIRST = """
import os, sys, {package}
assert "fastact" not in sys.modules
for old in {names}:
    child = os.fork()
    if not child:
        try:
            __import__("fastact." + old)
            import fastact as fa
            assert fa.activations["gelu"] is fa.gelu
            sys.stdout.write(old + "\\n")
            sys.stdout.flush()
        finally:
            os._exit(0)
    os.waitpid(child, 0)
"""


@pytest.mark.thorough
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("package", sorted({needs(old) for old in moved._MOVED}))
def test_old_modules_are_found_first(package):
    """Each in a process of its own, as the first import of fastact; the library that it needs is there."""
    pytest.importorskip(package)
    names = [old for old in sorted(moved._MOVED) if needs(old) == package]
    done = subprocess.run([sys.executable, "-c", FIRST.format(package=package, names=names)], capture_output=True, text=True)
    assert done.stdout.split() == names, done.stderr


def places():
    """Objects that pickle by name, and the module that should stand in the pickle."""
    for value in (fa.gelu, fa.gelu.backward, fa.softmax, fa.logsumexp, fa.swiglu, fa.MLP, fa.plot, fa.recommend, fa.isa):
        yield value, "fastact"
    for package in (fa.losses, fa.optimizers, fa.initializers, fa.diagnostics):
        for name in package.__all__:
            yield getattr(package, name), package.__name__
    yield fa.gelu.ufunc, "fastact.ufuncs"


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_name_public_places(protocol):
    for value, module in places():
        text = pickle.dumps(value, protocol)
        assert module.encode() in text and b"fastact._core" not in text and pickle.loads(text) is value
    net = fa.MLP([2, 3, 2], activation="silu")
    assert b"fastact._core" not in pickle.dumps(net, protocol)
