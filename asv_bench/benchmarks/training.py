"""One training step of a small network: 64-32-10, a batch of 32, cross-entropy, Adam, one thread."""
from .common import ACTIVATIONS, LIBRARIES, SideBySide, contenders

try:
    from fastact.bench import mlp
except ImportError:
    mlp = None


class TrainStep(SideBySide):
    """Forward, backward and the optimiser's step; the arrays stay the same."""

    params = (ACTIVATIONS, LIBRARIES)
    param_names = ["activation", "library"]

    def setup(self, activation, library):
        if mlp is None or activation not in contenders.ENTRIES:
            raise NotImplementedError(f"this version has no network with {activation}")
        self.step = mlp.LIBRARIES[library](contenders.ENTRIES[activation])
        if self.step is None:
            raise NotImplementedError(f"{library} is not installed or has no {activation}")
        self.terms = contenders.equal_terms(self.threads, [library])
        self.terms.__enter__()

    def time_train_step(self, activation, library):
        self.step()
