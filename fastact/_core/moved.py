"""Old names of modules, from before there were subpackages, which pickles may contain.

``import fastact.OLD`` gives the module at its new place. `fastact.callbacks` and `fastact.saving` are public names.
"""
import sys
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType

# NumPy pickles a ufunc as of the first module that has it: this one is made before fastact._core.ufuncs.
ufuncs = sys.modules["fastact.ufuncs"] = ModuleType("fastact.ufuncs", "The numpy.ufunc of each form of each activation.")

_MOVED = {
    "activations": "_core.activation", "array_diagnostics": "diagnostics", "bound": "_core.binding",
    "callbacks": "nn.callbacks", "choosing": "guide.recommend", "class_losses": "losses", "containers": "_core.containers",
    "distributions": "initializers", "forms": "_core.form", "gated": "_core.gated", "jax_linear": "jax.linear",
    "layers": "nn.layers", "loss_base": "losses", "mlp": "nn.mlp", "network": "nn.network",
    "normalisation": "nn.layers", "optimizer_base": "optimizers.base", "plotting": "guide.plotting", "rows": "_core.rows",
    "saving": "nn.serialization", "schedules": "optimizers.schedules", "sklearn_base": "sklearn.base",
    "sklearn_classifier": "sklearn.classifier", "sklearn_losses": "sklearn.losses", "sklearn_network": "sklearn.network",
    "sklearn_regressor": "sklearn.regressor", "sklearn_solvers": "sklearn.solvers", "sklearn_training": "sklearn.training",
    "torch_functions": "torch.functions", "torch_replace": "torch.replace",
}


class _Finder:
    """Finds the old names, for Python's import."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        package, _, old = name.rpartition(".")
        return ModuleSpec(name, _Finder) if package == "fastact" and old in _MOVED else None

    @staticmethod
    def create_module(spec):
        module = import_module("fastact." + _MOVED[spec.name.rpartition(".")[2]])
        spec.loader_state = module.__spec__  # which Python overwrites
        return module

    @staticmethod
    def exec_module(module):
        module.__spec__ = module.__spec__.loader_state


def enable():
    """Let the old names be imported."""
    made = import_module("fastact._core.ufuncs")
    vars(ufuncs).update({name: getattr(made, name) for name in made.__all__})
    sys.meta_path.append(_Finder)
    sys.modules["fastact.activations"] = import_module("fastact._core.activation")  # else fastact.activations became a module
