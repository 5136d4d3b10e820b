"""Optional packages that are absent, or installed and broken: what to install, and the first error as the cause."""
import json
import os
import subprocess
import sys

import pytest

USES = {
    "torch": ["import fastact.torch", "fa.MLP([2, 2]).to_torch()", "fa.MLP.from_torch(None)"],
    "jax": ["import fastact.jax"],
    "numba": ["import fastact.numba"],
    "sklearn": ["import fastact.sklearn"],
    "onnx": ["fa.MLP([2, 2]).to_onnx('never.onnx')"],
    "matplotlib": ["fa.plot('gelu')", "fa.plot('gelu', show=True)", "plotting.save_gallery('never.svg')",
                   "plot.draw({'gelu': {}}, 'never.png')"],
    "mpmath": ["formulas.context()"],
    "ml_dtypes": ["bench.compare(['relu'], 16, 'bfloat16', peers=())"],
}
PROGRAM = """
import json, sys
import fastact as fa
from fastact import bench
from fastact.accuracy import formulas
from fastact.bench import plot
from fastact.guide import plotting
told = {}
for use in json.loads(sys.argv[1]):
    try:
        exec(use)
    except ImportError as error:
        told[use] = [str(error), str(error.__cause__)]
print(json.dumps(told))
"""


@pytest.mark.parametrize("broken", [True, False], ids=["broken", "absent"])
def test_the_cause_is_told(broken, tmp_path):
    for package in USES:
        raised = 'ImportError("lib.so: no such file")' if broken else f'ModuleNotFoundError("No module", name="{package}")'
        (tmp_path / f"{package}.py").write_text(f"raise {raised}")
    if not broken:  # without numba there is no llvmlite either, which must not make numba look broken
        (tmp_path / "llvmlite.py").write_text('raise ModuleNotFoundError("No module", name="llvmlite")')
    uses = sum(USES.values(), [])
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    ended = subprocess.run([sys.executable, "-c", PROGRAM, json.dumps(uses)], env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert list(told) == uses
    for package, each in USES.items():
        for message, cause in map(told.get, each):
            assert ": pip install " in message and cause == ("lib.so: no such file" if broken else "No module")
            assert message.endswith(f"; {package} is installed, but cannot be imported: lib.so: no such file") == broken


def test_the_benchmark_tells_which_peers_are_broken(tmp_path):
    (tmp_path / "torch.py").write_text('raise ImportError("lib.so: no such file")')
    ended = subprocess.run(
        [sys.executable, "-m", "fastact", "bench", "relu", "--peers", "numpy,torch", "--repeat", "1", "--n", "16"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)}, capture_output=True, text=True)  # fmt: skip
    assert ended.returncode == 0 and "lib.so: no such file" in ended.stderr and "Traceback" not in ended.stderr
