"""What is installed: complete, without weight, and the same from the sdist."""
import importlib.machinery
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import fastact as fa

ROOT = Path(__file__).parents[1]
PACKAGE = Path(fa.__file__).parent
COMPILED = sorted(path.relative_to(PACKAGE).as_posix().partition(".")[0] for suffix in importlib.machinery.EXTENSION_SUFFIXES
                  for path in PACKAGE.rglob("*" + suffix)
                  if path.name.count(".") == suffix.count(".") and path.name[0] != "_")
# The oldest that is declared, or that has a wheel for this Python.
OLDEST_NUMPY = {(3, 13): "2.1.0", (3, 14): "2.3.2"}.get(sys.version_info[:2], "2.0.0")
needs_source = pytest.mark.skipif(not (ROOT / "setup.py").exists(), reason="needs the source tree")


def python(*arguments, **keywords):
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, **keywords)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout


def test_what_others_build_against():
    """Declarations for Cython, the header for C, and types are installed beside the modules."""
    assert {"kernels", "_core/ufuncs", "_core/rows"} <= set(COMPILED)
    for name in ("__init__.pxd", "kernels.pxd", "activations.pxi", "include/fastact.h", "py.typed", "__init__.pyi",
                 *(f"{module}.pyi" for module in COMPILED)):
        assert (PACKAGE / name).is_file(), name
    assert Path(fa.get_include(), "fastact.h").is_file()


def test_metadata():
    found = importlib.metadata.distribution("fastact")
    needed = [line for line in found.requires if "extra ==" not in line]
    assert [re.split(r"[<>=]", line)[0] for line in needed] == ["numpy"]
    assert found.version == fa.__version__ and found.metadata["License-Expression"] == "BSD-3-Clause"


def test_import_is_light(tmp_path):
    """Nothing beyond NumPy comes along, and what is not asked for stays on the disk."""
    code = ("import sys, numpy; before = set(sys.modules); import fastact;"
            "print(*sorted({n.partition('.')[0] for n in set(sys.modules) - before}));"
            "print(*sorted(n for n in sys.modules if n.startswith('fastact.')))")
    root = [str(PACKAGE.parent), os.environ.get("PYTHONPATH", "")]
    first, second = python("-c", code, cwd=tmp_path, env={**os.environ, "PYTHONPATH": os.pathsep.join(root)}).splitlines()
    standard = {*sys.stdlib_module_names, "fastact", "numpy", "cython_runtime", "_cyutility"}
    assert {name for name in first.split() if not name.startswith("_cython") and name not in standard} == set()
    for name in ("nn", "losses", "optimizers", "guide", "sklearn", "torch", "interop", "bench", "accuracy"):
        assert f"fastact.{name}" not in second.split()


@pytest.mark.skipif(not hasattr(sys, "_is_gil_enabled"), reason="before Python 3.13")
def test_free_threading(tmp_path):
    """On an interpreter without the GIL an import of ours does not bring it back."""
    code = "import sys, numpy; before = sys._is_gil_enabled(); import fastact.nn; assert sys._is_gil_enabled() == before"
    root = [str(PACKAGE.parent), os.environ.get("PYTHONPATH", "")]
    python("-W", "error", "-c", code, cwd=tmp_path, env={**os.environ, "PYTHONPATH": os.pathsep.join(root)})


@needs_source
def test_free_threading_is_declared():
    names = [path.name for path in (ROOT / "fastact").rglob("*.pyx")
             if "freethreading_compatible=True" not in path.read_text().splitlines()[0]]
    assert names == []


@pytest.fixture(scope="module")
def sdist(tmp_path_factory):
    """The sdist of a copy of the tree, so that nothing changes in it."""
    for module in ("Cython", "setuptools"):
        pytest.importorskip(module)
    root, target = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("sdist")
    ignored = shutil.ignore_patterns("*.so", "*.pyd", "*.pxi", "__pycache__", ".*", "build", "dist", "generated", "include",
                                     "lib", "*.egg-info", "htmlcov")
    shutil.copytree(ROOT, root, dirs_exist_ok=True, ignore=ignored)
    python("setup.py", "-q", "sdist", "--dist-dir", str(target), cwd=root)
    (path,) = target.glob("*.tar.gz")
    return root, path


@pytest.mark.packaging
@needs_source
def test_sdist_is_complete(sdist):
    root, path = sdist
    with tarfile.open(path) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {str(file.relative_to(root)) for folder in ("src_c", "fastact", "tests", "asv_bench", "docs")
              for file in (root / folder).rglob("*") if file.is_file() and file.suffix != ".pyc"}
    wanted |= {"setup.py", "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "CITATION.cff"}
    assert sorted(wanted - held - {"fastact/_core/names.pyi"}) == []  # which a build writes, as activations.pxi


@pytest.fixture(scope="module")
def wheel(sdist, tmp_path_factory):
    """The wheel, built outside the tree from the sdist alone."""
    folder = tmp_path_factory.mktemp("wheel")
    if not shutil.which("cc"):
        pytest.skip("needs a C compiler")
    with tarfile.open(sdist[1]) as archive:
        archive.extractall(folder, filter="data")
    (unpacked,) = folder.glob("fastact-*")
    python("setup.py", "-q", "bdist_wheel", "--dist-dir", str(folder), cwd=unpacked)
    (path,) = folder.glob("*.whl")
    return path


@pytest.mark.packaging
@needs_source
def test_wheel_is_small_and_complete(wheel):
    """Under 3 MB, with all that the package holds here."""
    assert wheel.stat().st_size < 3_000_000
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    wanted = {f"fastact/{path.relative_to(PACKAGE).as_posix()}" for path in PACKAGE.rglob("*")
              if path.suffix in (".py", ".pyi", ".pxd", ".pxi", ".typed")}
    wanted |= {"fastact/include/fastact.h", "fastact/lib/pkgconfig/fastact.pc"}
    assert sorted(wanted - held) == []


@pytest.mark.packaging
@needs_source
@pytest.mark.parametrize("version", ["oldest", "newest"])
def test_wheel_without_a_compiler(wheel, version, tmp_path):
    """In a virtual environment with a NumPy from PyPI and nothing on the PATH, the tests of calls and objects pass."""
    numpy = f"numpy=={OLDEST_NUMPY}" if version == "oldest" else "numpy"
    python("-m", "venv", str(tmp_path / "venv"))
    folder = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin")
    env = {**os.environ, "PATH": str(folder), "PYTHONPATH": ""}

    def inside(*arguments):
        done = subprocess.run([str(folder / "python"), *arguments], capture_output=True, text=True, env=env, cwd=tmp_path)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        return done.stdout

    inside("-m", "pip", "install", "--quiet", "--only-binary", ":all:", numpy, "pytest", str(wheel))
    code = "import fastact, numpy; print(numpy.__version__); assert fastact.__file__.startswith(__import__('sys').prefix)"
    assert inside("-c", code).strip().startswith(OLDEST_NUMPY if version == "oldest" else "2.")
    files = [str(ROOT / "tests" / f"test_{name}.py") for name in ("calls", "objects", "bind", "buffers", "wheel", "wheel_c")]
    assert " passed" in inside("-m", "pytest", "-p", "no:cacheprovider", *files)
