"""The tables of polynomials in src_c/tables, and the functions that are made of them."""
import subprocess
import sys

import numpy as np
import pytest

import fastact as fa
from fastact import registry
from native import SOURCE

PIECEWISE = [entry.name for entry in registry.ACTIVATIONS if entry.piecewise]


@pytest.mark.skipif(not SOURCE.is_dir(), reason="needs the source tree")
def test_tables_are_what_their_script_prints():
    """On every machine, to the last bit."""
    pytest.importorskip("mpmath")
    tables = sorted(SOURCE.glob("tables/*.h"), key=lambda path: path.stem)
    tables = [path for path in tables if "_PIECES(PIECE)" in path.read_text()]
    printed = subprocess.run([sys.executable, SOURCE / "coeffs" / "piecewise.py", *(path.stem for path in tables)],
                             capture_output=True, text=True, check=True).stdout
    assert tables and printed == "".join(path.read_text() for path in tables)


def around_the_seams():
    """Floats on both sides of every place where a piece of some table may begin, and of powers of two."""
    ends = np.concatenate([np.arange(0, 20, 1 / 128), 2.0**np.arange(-140, 5)]).astype(np.float32)
    bits = ends.view(np.int32)[:, None] + np.arange(-40, 40, dtype=np.int32)
    return np.unique(bits[bits >= 0].astype(np.int32)).view(np.float32)


@pytest.mark.parametrize("name", PIECEWISE)
def test_monotone_and_at_the_limits(name):
    """No step down at a seam between pieces; at infinity the limit exactly; NaN passes."""
    f, x = fa.activations[name], around_the_seams()
    x = np.concatenate([-x[::-1], x])
    y = f(x)
    assert (np.diff(y) >= 0).all()
    assert np.isnan(f(np.array([np.nan, -np.nan], np.float32))).all()


@pytest.mark.parametrize("name", ["tanh", "erf"])
def test_odd(name):
    x = around_the_seams()
    f = fa.activations[name]
    assert (f(-x).view(np.uint32) == f(x).view(np.uint32) ^ np.uint32(1 << 31)).all()
    assert f(np.float32(np.inf)) == 1 and f(np.float32(-0.0)).view(np.uint32) == 1 << 31
    assert f(x[-1:]) == 1 and abs(f(x)).max() <= 1
