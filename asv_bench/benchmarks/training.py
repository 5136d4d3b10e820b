"""One training step of a small network: 64-32-10, a batch of 32, cross-entropy, Adam, one thread."""
from .common import ACTIVATIONS, LIBRARIES, SideBySide, peers

try:
    from fastact import bench_mlp
except ImportError:
    bench_mlp = None


class TrainStep(SideBySide):
    """Forward, backward and the optimiser's step; the arrays stay the same."""

    params = (ACTIVATIONS, LIBRARIES)
    param_names = ["activation", "library"]

    def setup(self, activation, library):
        if bench_mlp is None or activation not in peers.ENTRIES:
            raise NotImplementedError(f"this version has no network with {activation}")
        self.step = bench_mlp.LIBRARIES[library](peers.ENTRIES[activation])
        if self.step is None:
            raise NotImplementedError(f"{library} is not installed or has no {activation}")
        self.terms = peers.equal_terms(self.threads, [library])
        self.terms.__enter__()

    def time_train_step(self, activation, library):
        self.step()
