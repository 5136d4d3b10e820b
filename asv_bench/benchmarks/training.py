"""One training step of a small network: 64-32-10, a batch of 32, cross-entropy, Adam, one thread."""
import numpy as np

from .common import ACTIVATIONS, peers

LAYERS = [64, 32, 10]
BATCH = 32


class TrainStep:
    """Forward, backward and the optimiser's step; the arrays stay the same."""

    params = (ACTIVATIONS, ["fastact", "torch"])
    param_names = ["activation", "library"]

    def setup(self, activation, library):
        if peers is None or activation not in peers.ENTRIES:
            raise NotImplementedError(f"fastact has no {activation}")
        rng = np.random.default_rng(0)
        x = rng.standard_normal((BATCH, LAYERS[0]), np.float32)
        y = rng.integers(LAYERS[-1], size=BATCH)
        if library == "torch":
            self._setup_torch(activation, x, y)
        else:
            self._setup_fastact(activation, x, y)

    def _setup_fastact(self, activation, x, y):
        import fastact

        if not hasattr(fastact, "MLP"):
            raise NotImplementedError("this version has no MLP")
        parameters = peers.ENTRIES[activation].parameters
        required = {p.name: p.example for p in parameters if p.default is None}
        net = fastact.MLP(LAYERS, activation=(activation, required), random_state=0)
        threads = fastact.set_num_threads(1)
        self.restore = lambda: fastact.set_num_threads(threads)
        self.step = lambda: net.train_step(x, y)

    def _setup_torch(self, activation, x, y):
        try:
            import torch
        except ImportError:
            raise NotImplementedError("torch is not installed") from None
        path = peers.ENTRIES[activation].torch
        function = peers.torch_function(torch, path) if path else None
        if function is None:
            raise NotImplementedError(f"torch has no {activation}")
        arguments, keywords = peers.torch_arguments(torch, peers.ENTRIES[activation], torch.float32)
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        self.restore = lambda: torch.set_num_threads(threads)
        torch.manual_seed(0)
        first, last = torch.nn.Linear(*LAYERS[:2]), torch.nn.Linear(*LAYERS[1:])
        adam = torch.optim.Adam([*first.parameters(), *last.parameters()])
        x, y = torch.from_numpy(x), torch.from_numpy(y)

        def step():
            adam.zero_grad()
            loss = torch.nn.functional.cross_entropy(last(function(first(x), *arguments, **keywords)), y)
            loss.backward()
            adam.step()

        self.step = step

    def teardown(self, activation, library):
        restore = getattr(self, "restore", None)
        if restore is not None:
            restore()

    def time_train_step(self, activation, library):
        self.step()
