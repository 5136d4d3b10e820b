"""The constants of the kernels are what the scripts in src_c/coeffs print; and the functions made of tables."""
import re
import subprocess
import sys

import numpy as np
import pytest

import fastact as fa
from fastact import registry
from native import SOURCE

SCRIPTS = sorted(path.stem for path in SOURCE.glob("coeffs/*.py") if path.stem != "minimax")  # which the others import
LONG = {"erf"}  # 15 seconds
LITERAL = re.compile(r"0x[0-9a-f.]+p[+-]\d+f?")
needs_source = pytest.mark.skipif(not SOURCE.is_dir(), reason="needs the source tree")


def printed(script, *arguments):
    pytest.importorskip("mpmath")
    done = subprocess.run([sys.executable, SOURCE / "coeffs" / f"{script}.py", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def headers_of(script):
    """The texts of the headers that name a script as the source of their constants."""
    texts = [path.read_text() for path in sorted(SOURCE.rglob("*.h"))]
    return [text for text in texts if f"coeffs/{script}.py" in text]


def magnitudes(text):
    """The hexadecimal constants without their signs, which a header may have in its formula; a 1 need not be written so."""
    found = {(float.fromhex(literal.rstrip("f")), literal.endswith("f")) for literal in LITERAL.findall(text)}
    return {(value, single) for value, single in found if value != 1}


@needs_source
@pytest.mark.parametrize("script", [pytest.param(script, marks=[pytest.mark.thorough] * (script in LONG))
                                    for script in SCRIPTS if script != "piecewise"])
def test_constants_are_what_their_script_prints(script):
    constants, headers = magnitudes(printed(script)), headers_of(script)
    assert len(constants) > 5 and headers, script
    assert sorted(constants - magnitudes("".join(headers))) == []


@needs_source
def test_every_script_exists():
    named = {name for path in SOURCE.rglob("*.h") for name in re.findall(r"coeffs/(\w+)\.py", path.read_text())}
    assert named == set(SCRIPTS)


TABLES = {path.stem: path.read_text() for path in sorted(SOURCE.glob("tables/*.h")) if "_PIECES(PIECE)" in path.read_text()}
OF_EACH_KIND = ("tanh", "tanh_shrink", "softplus", "gelu_derivative")  # octaves, 8 pieces, integers, a zero; 5 seconds each


@needs_source
@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.thorough] * (name not in OF_EACH_KIND))
                                  for name in TABLES])
def test_tables_are_what_their_script_prints(name):
    """On every machine, to the last bit."""
    assert printed("piecewise", name) == TABLES[name]


def seams_of(table):
    """Where the pieces of a table meet that are told by integers."""
    if "_PLACE integers" not in table:
        return np.array([])
    scale, curve = (float.fromhex(re.search(rf"_PLACE_{name} (\S+)f ", table)[1]) for name in ("SCALE", "CURVE"))
    value = np.arange(0.5, 32)
    return (np.sqrt(scale * scale + 4 * curve * value) - scale) / (2 * curve) if curve else value / scale


def around_the_seams():
    """Floats on both sides of every place where a piece of some table may begin, and of powers of two."""
    seams = [seams_of(table) for table in TABLES.values()]
    ends = np.concatenate([np.arange(0, 20, 1 / 128), 2.0**np.arange(-140, 5), *seams]).astype(np.float32)
    bits = ends.view(np.int32)[:, None] + np.arange(-40, 40, dtype=np.int32)
    return np.unique(bits[bits >= 0].astype(np.int32)).view(np.float32)


@pytest.mark.parametrize("name", [entry.name for entry in registry.ACTIVATIONS
                                  if "pieces" in entry.value_loop and not entry.derivative_zeros])
def test_monotone_and_at_the_limits(name):
    """No step down at a seam between pieces; at infinity the limit exactly; NaN passes."""
    f, x = fa.activations[name], around_the_seams()
    x = np.concatenate([-x[::-1], x])
    y = f(x)
    assert (np.diff(y) >= 0).all()
    assert np.isnan(f(np.array([np.nan, -np.nan], np.float32))).all()


def test_erf_of_double_is_monotone_between_rows():
    """Rows meet at odd multiples of half the WIDTH of coeffs/double_tables.py."""
    seams = np.arange(1, 32, 2) * (0.3828125 / 2)
    x = (seams.view(np.int64)[:, None] + np.arange(-1000, 1000)).view(np.float64)
    y = fa.erf(x)
    assert (np.diff(y) >= 0).all() and (fa.erf(-x) == -y).all()
    assert fa.erf(5.93) == fa.erf(np.inf) == 1 and np.isnan(fa.erf(np.nan))


@pytest.mark.parametrize("name", ["tanh", "erf"])
def test_odd(name):
    x = around_the_seams()
    f = fa.activations[name]
    assert (f(-x).view(np.uint32) == f(x).view(np.uint32) ^ np.uint32(1 << 31)).all()
    assert f(np.float32(np.inf)) == 1 and f(np.float32(-0.0)).view(np.uint32) == 1 << 31
    assert f(x[-1:]) == 1 and abs(f(x)).max() <= 1
