"""What must not drift unseen: errors, bits, the package's size, the ratio to a copy, the time of an import.

And the speed on numbers that some processors handle slowly, and on strided arrays.
"""
import io
import zipfile
import zlib
from pathlib import Path
from time import perf_counter

import numpy as np

from .common import ACTIVATIONS, CACHE, ROWS, SideBySide

try:
    import fastact as fa
except ImportError:
    fa = None


def sampled():
    """Every 65,537th finite float32, and with it each exponent and sign."""
    x = np.arange(0, 2**32, 65537, dtype=np.uint64).astype(np.uint32).view(np.float32)
    return x[np.isfinite(x)]


class Results:
    """The float32 results of a form on `sampled`, with an example for each required parameter."""

    params = (ACTIVATIONS, ["value", "derivative"])
    param_names = ["name", "form"]

    def setup(self, name, form):
        if fa is None or name not in fa.activations:
            raise NotImplementedError(f"this version has no {name}")
        activation = fa.activations[name]
        self.call = activation if form == "value" else getattr(activation, form)
        self.required = activation.info.required

    def track_worst_error(self, name, form):
        """Against the float64 kernel, whose error is below 2^-28 ULP of float32. Points within 0.01 of a zero do not count."""
        x = sampled()
        for zero in fa.activations[name].info.derivative_zeros if form == "derivative" else ():
            x = x[abs(x - zero) > 0.01]
        want = self.call(x.astype(np.float64), *self.required)
        got = self.call(x, *self.required)
        regular = abs(want) <= np.finfo(np.float32).max
        spacing = np.spacing(abs(want[regular]).astype(np.float32)).astype(np.float64)
        return float(np.max(abs(got[regular] - want[regular]) / spacing))

    track_worst_error.unit = "ULP"

    def track_bits(self, name, form):
        """A checksum of the results: another number says that some result has changed."""
        return zlib.crc32(self.call(sampled(), *self.required).tobytes())

    track_bits.unit = "CRC-32"


class Package:
    """The installed package."""

    def track_size(self):
        """Compressed as in a wheel, without tests and caches."""
        folder, packed = Path(fa.__file__).parent, io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
            for path in sorted(folder.rglob("*")):
                if path.is_file() and path.suffix not in (".pyc", ".pyx"):
                    file.write(path, path.relative_to(folder))
        return len(packed.getvalue())

    track_size.unit = "bytes"

    def timeraw_import(self):
        return "import fastact"


class Copy(SideBySide):
    """The time of the value in multiples of a copy's, in cache; the quickest of many runs of each, alternating."""

    params = ACTIVATIONS + ROWS
    param_names = ["name"]

    def setup(self, name):
        self.prepare(name, "copy", "value", CACHE, "float32")
        self.copy = self.call
        self.teardown()
        self.prepare(name, "fastact", "value", CACHE, "float32")

    def track_ratio(self, name):
        best = {}
        for _ in range(200):
            for call in (self.copy, self.call):
                start = perf_counter()
                call()
                best[call] = min(best.get(call, 1.0), perf_counter() - start)
        return best[self.call] / best[self.copy]

    track_ratio.unit = "copies"


class Data:
    """float32 of one class in cache: some processors take a hundred times as long for subnormal numbers or NaN."""

    params = (ACTIVATIONS, ["normal", "subnormal", "tails", "NaN"])
    param_names = ["name", "data"]

    def setup(self, name, data):
        if fa is None or name not in fa.activations:
            raise NotImplementedError(f"this version has no {name}")
        rng = np.random.default_rng(0)
        x = {"normal": rng.standard_normal(CACHE), "subnormal": rng.standard_normal(CACHE) * 1e-40,
             "tails": rng.choice([-1, 1], CACHE) * rng.uniform(80, 110, CACHE), "NaN": np.full(CACHE, np.nan)}[data]
        self.call = fa.activations[name].bind(x.astype(np.float32), *fa.activations[name].info.required,
                                              np.empty(CACHE, np.float32))

    def time_out(self, name, data):
        self.call()


class Strides:
    """float32 in cache: adjacent elements, every second and every tenth one, into adjacent ones."""

    params = (ACTIVATIONS, [1, 2, 10])
    param_names = ["name", "stride"]

    def setup(self, name, stride):
        if fa is None or name not in fa.activations:
            raise NotImplementedError(f"this version has no {name}")
        self.function, self.required = fa.activations[name], fa.activations[name].info.required
        self.x = np.random.default_rng(0).standard_normal(CACHE // 4 * stride, np.float32)[::stride]
        self.out = np.empty(CACHE // 4, np.float32)

    def time_out(self, name, stride):
        self.function(self.x, *self.required, out=self.out)
