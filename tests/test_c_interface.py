"""The C interface from a C program, and its header under C11 and C++ with every warning an error."""
import platform
import shutil
from pathlib import Path

import numpy as np
import pytest

import fastact as fa
from fastact import registry
from fastact._build import codegen
from native import ROOT, SOURCE, build_program, compiler, run, settings


@pytest.fixture(scope="module")
def printed(c_objects, tmp_path_factory):
    """Lines that the program printed, by function, as pairs (x, f(x))."""
    program = tmp_path_factory.mktemp("program") / "program"
    strict = ["-std=c11", "-pedantic", "-Wall", "-Wextra", "-Werror"]
    objects = program.with_suffix(".o")
    run([compiler(), *strict, "-I", SOURCE, "-c", ROOT / "tests" / "c_program.c", "-o", objects])
    run([compiler(), objects, *c_objects.values(), "-fopenmp", "-lm", "-lpthread", "-o", program])
    lines = {}
    for line in run([program]).splitlines():
        name, *numbers = line.split()
        lines.setdefault(name, []).append([float.fromhex(number) for number in numbers])
    return {name: np.array(pairs).T for name, pairs in lines.items()}


def test_values(printed):
    """The bits that the Python functions give."""
    for name, dtype, function in (("elu", np.float64, lambda x: fa.elu(x, 0.5)), ("sigmoid", np.float32, fa.sigmoid),
                                  ("silu", np.float32, fa.silu), ("softmax", np.float64, fa.softmax)):
        x, y = printed[name].astype(dtype)
        assert x.size > 10
        assert function(x.copy()).tobytes() == y.tobytes(), name


@pytest.mark.parametrize("command", [("gcc", "-std=c99", "c"), ("gcc", "-std=c11", "c"), ("g++", "-std=c++11", "c++"),
                                     ("g++", "-std=c++20", "c++"), ("clang", "-std=c11", "c")], ids=" ".join)
def test_header(command, tmp_path):
    name, standard, language = command
    source = tmp_path / "source"
    source.write_text('#include "fastact.h"\n#include "fastact.h"\nint main(void) { return fa_find("relu") == NULL; }\n')
    run([compiler(name), standard, "-pedantic", "-Wall", "-Wextra", "-Werror", "-x", language, "-I", fa.get_include(),
         "-c", source, "-o", tmp_path / "object"])


@pytest.mark.parametrize("name", ["gcc", "clang", "x86_64-w64-mingw32-gcc", "aarch64-linux-gnu-gcc"])
def test_sources(name, tmp_path):
    """Everything is C11 and clean under both compilers, and under those for Windows and aarch64 where they are."""
    codegen.write(registry, tmp_path)
    for source in (*settings()["C_SOURCES"], "runtime/result_memory.c"):
        run([compiler(name), "-std=c11", "-fopenmp-simd", "-Wall", "-Wextra", "-Werror", "-I", SOURCE, "-I", tmp_path,
             "-fsyntax-only", SOURCE / source])


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64", "aarch64", "arm64"), reason="needs 128-bit integers")
def test_soft_fma(tmp_path):
    """The fma of a Windows processor without one is that of this C library, for numbers of every size."""
    run([compiler(), "-std=c11", "-O2", "-pedantic", "-Wall", "-Wextra", "-Werror", "-ffp-contract=off", "-I", SOURCE,
         ROOT / "tests" / "c_fma.c", "-o", tmp_path / "program", "-lm"])
    assert run([tmp_path / "program"]).split() == ["0", "0"]


def test_version():
    assert f'#define FA_VERSION "{fa.__version__}"' in (SOURCE / "fastact.h").read_text()


def test_installed_header_is_the_source():
    assert Path(fa.get_include(), "fastact.h").read_text() == (SOURCE / "fastact.h").read_text()


def test_exported_names_are_ours():
    """What the library's objects offer to a linker begins with fa_."""
    if platform.system() != "Linux" or not shutil.which("nm"):
        pytest.skip("reads ELF, with nm")
    from fastact._core import capi

    names = [line.split()[-1] for line in run(["nm", "-D", "--defined-only", capi.__file__]).splitlines()]
    assert [name for name in names if not name.startswith(("fa_", "PyInit_", "__pyx_"))] == []


def test_calls_run_on_one_thread_after_a_long_wait(c_objects, tmp_path):
    """A thread that came late costs more than threads had saved: calls run on one thread for a while, then on two again."""
    program = build_program("gcc", ROOT / "tests" / "c_threads.c", tmp_path, c_objects.values())
    assert run([program]).split() == ["2", "1", "2"]
