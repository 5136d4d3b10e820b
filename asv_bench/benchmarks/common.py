"""What the benchmarks share: names from the registry, libraries side by side, arrays and threads.

The files can be imported with any version of the package. What a version or a library lacks shows as
n/a, because `prepare` raises NotImplementedError.
"""
import contextlib

try:
    from fastact import peers, registry

    ACTIVATIONS = [entry.name for entry in registry.ACTIVATIONS]
    ROWS = [entry.name for entry in registry.ROWS]
except ImportError:
    peers = registry = None
    ACTIVATIONS, ROWS = [], []

with contextlib.suppress(ImportError):
    import torch  # noqa: F401  once, before asv forks a process for each row

LIBRARIES = ["fastact", "numpy", "torch"]
DTYPES = ["float32", "float64"]
IN_PLACE, OUT, FRESH = PLACES = ["in place", "out", "fresh"]


class SideBySide:
    """A benchmark that calls one function of one library, at one thread; a subclass sets `params`."""

    def prepare(self, name, library, form, n, dtype, place=OUT, axis=-1):
        """Make the arrays and `self.call`, or raise NotImplementedError where there is no such function."""
        if peers is None or name not in peers.ENTRIES or not peers.has_form(peers.ENTRIES[name], form):
            raise NotImplementedError(f"fastact has no {form} of {name}")
        entry = peers.ENTRIES[name]
        inputs, out = peers.sample(entry, form, n, dtype, axis)
        out = {IN_PLACE: inputs[0], OUT: out, FRESH: None}[place]
        self.terms = peers.equal_terms(1, library == "torch")
        self.terms.__enter__()
        self.call = peers.PEERS[library](entry, form, inputs, out, axis)
        if self.call is None:
            self.teardown()
            raise NotImplementedError(f"{library} is not installed or has no {form} of {name}")

    def teardown(self, *params):
        """Give the libraries their threads back."""
        terms, self.terms = getattr(self, "terms", None), None
        if terms is not None:
            terms.__exit__(None, None, None)
