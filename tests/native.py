"""Compiles the C library by itself, for the tests that look at it from outside Python."""
import ast
import ctypes
import ctypes.util
import functools
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import fastact
from fastact import registry
from fastact._build import codegen

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src_c"


@functools.cache
def libm():
    """The C library's mathematics, for the processor's flags."""
    return ctypes.CDLL(ctypes.util.find_library("m"))


def compiler(name="gcc"):
    """The C or C++ compiler's path; skips the test where there is none, or no source."""
    found = shutil.which(name)
    if not found or sys.platform != "linux":
        pytest.skip(f"needs {name} on Linux")
    if not SOURCE.is_dir():
        pytest.skip("needs the source tree")
    return found


def settings():
    """The lists of setup.py: C_SOURCES, GCC_FLAGS, GCC_ONLY, STRICT, STRICT_WHERE_KNOWN."""
    statements = ast.parse((ROOT / "setup.py").read_text()).body
    return {s.targets[0].id: ast.literal_eval(s.value) for s in statements
            if isinstance(s, ast.Assign) and isinstance(s.value, ast.List) and s.targets[0].id.isupper()}


def run(command, **keywords):
    """The command's output; its errors are shown where it fails."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **keywords)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stderr[-4000:]}"
    return done.stdout


def build_objects(folder, gcc="gcc"):
    """Objects of every C source, compiled as setup.py does, by the source's name; `gcc` may be a cross compiler."""
    gcc, read = compiler(gcc), settings()
    codegen.write(registry, folder)
    flags = [*read["GCC_FLAGS"], *read["GCC_ONLY"], "-fopenmp", "-fPIC", "-Wno-unused-function"]

    def build(name):
        target = folder / (Path(name).stem + ".o")
        run([gcc, *flags, "-I", SOURCE, "-I", folder, "-c", SOURCE / name, "-o", target])
        return target

    with ThreadPoolExecutor() as pool:
        return dict(zip((Path(name).stem for name in read["C_SOURCES"]), pool.map(build, read["C_SOURCES"])))


def library_objects(folder):
    """The object files of the package's static library, by the source's name."""
    compiler("ar")
    library = Path(fastact.get_library_dir()) / "libfastact.a"
    run(["ar", "x", library], cwd=folder)
    return {path.stem: path for path in Path(folder).glob("*.o")}


def build_package(folder, **environment):
    """The folder of a whole package, built anew beside this one in an environment of its own: CC, CFLAGS ..."""
    run([sys.executable, "setup.py", "-q", "build", "--build-base", folder], cwd=ROOT, env={**os.environ, **environment})
    (package,) = Path(folder).glob("lib*")
    return package


def build_program(gcc, source, folder, objects, *flags):
    """A program of one C file and the library's objects."""
    program, objects = folder / "program", list(objects)
    codegen.write(registry, folder)
    run([compiler(gcc), *settings()["GCC_FLAGS"], "-I", SOURCE, "-I", folder, source, *objects, "-o", program,
         "-fopenmp", "-lm", *flags])
    return program
