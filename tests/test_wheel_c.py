"""What is installed for C and Cython: the header, the static library, pkg-config's file, and the declarations."""
import os
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

import fastact as fa
from fastact import kernels
from native import compiler, run

PACKAGE = Path(fa.__file__).parent
COMPILED = {".".join((*path.parent.relative_to(PACKAGE).parts, path.name.partition(".")[0])): path
            for path in PACKAGE.rglob("*.so")}
LIBRARY = Path(fa.get_library_dir())
FOLDER = Path(__file__).parent
FORMS = {  # the typed functions of an activation with one parameter; their names and signatures are for ever
    "": "const floating[::1] x, floating alpha, floating[::1] out",
    "_derivative": "const floating[::1] x, floating alpha, floating[::1] out",
    "_backward": "const floating[::1] grad, const floating[::1] x, floating alpha, floating[::1] out",
    "_value_and_derivative": "const floating[::1] x, floating alpha, floating[::1] out, floating[::1] derivative",
    "_backward_from_output": "const floating[::1] grad, const floating[::1] y, floating alpha, floating[::1] out",
    "_second_derivative": "const floating[::1] x, floating alpha, floating[::1] out",
    "_gated": "const floating[::1] gate, const floating[::1] up, floating alpha, floating[::1] out",
    "_gated_backward": "const floating[::1] grad, const floating[::1] gate, const floating[::1] up, floating alpha, "
                       "floating[::1] dgate, floating[::1] dup",
    "_biased": "const floating[::1] x, const floating[::1] bias, floating alpha, floating[::1] out",
    "_biased_backward": "const floating[::1] grad, const floating[::1] x, const floating[::1] bias, floating alpha, "
                        "floating[::1] out, floating[::1] dbias",
}
ROW_FORMS = {
    "softmax": "const floating[:, :, ::1] x", "hardmax": "const floating[:, :, ::1] x",
    "softmax_backward": "const floating[:, :, ::1] grad, const floating[:, :, ::1] x",
    "softmax_backward_from_output": "const floating[:, :, ::1] grad, const floating[:, :, ::1] y",
}
LOGSUMEXP = [
    "logsumexp(const floating[:, :, ::1] x, floating[:, ::1] out)",
    "logsumexp_backward(const floating[:, ::1] grad, const floating[:, :, ::1] x, floating[:, :, ::1] out)",
]
ROWS = [name + form for name in ("softmax", "softmin", "log_softmax", "sparsemax", "entmax15")
        for form in ("", "_backward", "_backward_from_output")] + ["hardmax", "logsumexp", "logsumexp_backward"]


def expected():
    """What c_inference.c computes: its sums are those of a plain loop in float32."""
    def made(shape, seed):
        return (((np.arange(np.prod(shape)) * 37 + seed * 11) % 65 - 32) / 16).astype(np.float32).reshape(shape)

    def product(x, w):
        total = np.zeros((len(x), w.shape[1]), np.float32)
        for k in range(x.shape[1]):
            total += x[:, k:k + 1] * w[k]
        return total

    h = fa.gelu.biased(product(made((6, 5), 1), made((5, 32), 2)), made(32, 3))
    return fa.softmax(product(h, made((32, 3), 4)) + made(3, 5))


def printed(program):
    return np.array([[float.fromhex(word) for word in line.split()] for line in run([program]).splitlines()], np.float32)


@pytest.mark.parametrize("name, language", [("gcc", "c"), ("clang", "c"), ("g++", "c++")])
def test_a_program_against_the_static_library(name, language, tmp_path):
    """An inference step, compiled against the installed package alone; the bits are those of Python."""
    program, found = tmp_path / "program", compiler(name)
    options = run(["pkg-config", "--cflags", "--libs", "fastact"], env={**os.environ, "PKG_CONFIG_PATH": LIBRARY / "pkgconfig"}
                  ).split() if shutil.which("pkg-config") else [
        "-I", fa.get_include(), "-L", LIBRARY, "-lfastact", "-fopenmp", "-lpthread", "-lm"]
    flags = ["-std=c11" if language == "c" else "-std=c++20", "-Wall", "-Wextra", "-Werror", "-ffp-contract=off"]
    source = tmp_path / f"inference.{'c' if language == 'c' else 'cpp'}"
    source.write_text((FOLDER / "c_inference.c").read_text())
    if name == "clang" and "-fopenmp" in options:  # whose own run-time library need not be there; gcc's is
        options = ["-lgomp" if option == "-fopenmp" else option for option in options]
        options += [f"-L{Path(run(['gcc', '-print-file-name=libgomp.so']).strip()).parent}"]
    run([found, *flags, source, *options, "-o", program])
    got = printed(program)
    np.testing.assert_array_equal(got, expected())


def test_a_cmake_project(tmp_path):
    """find_package finds the library in the installed package, and its target brings all that a program needs."""
    if not shutil.which("cmake") or sys.platform != "linux":
        pytest.skip("needs cmake on Linux")
    shutil.copy(FOLDER / "c_inference.c", tmp_path)
    (tmp_path / "CMakeLists.txt").write_text("""
        cmake_minimum_required(VERSION 3.15)
        project(inference C)
        find_package(fastact 0.1 CONFIG REQUIRED)
        add_executable(program c_inference.c)
        target_compile_options(program PRIVATE -ffp-contract=off)
        target_link_libraries(program PRIVATE fastact::fastact)
    """)
    run(["cmake", "-S", tmp_path, "-B", tmp_path / "build", f"-DCMAKE_PREFIX_PATH={PACKAGE}", "-DCMAKE_C_COMPILER=gcc"])
    run(["cmake", "--build", tmp_path / "build"])
    np.testing.assert_array_equal(printed(tmp_path / "build" / "program"), expected())
    text = (tmp_path / "CMakeLists.txt").read_text().replace("fastact 0.1", "fastact 99")
    (tmp_path / "CMakeLists.txt").write_text(text)
    with pytest.raises(AssertionError, match=f"version: {fa.__version__}"):
        run(["cmake", "-S", tmp_path, "-B", tmp_path / "other", f"-DCMAKE_PREFIX_PATH={PACKAGE}", "-DCMAKE_C_COMPILER=gcc"])


def test_pkg_config():
    """The file is relocatable and has the package's version."""
    lines = (LIBRARY / "pkgconfig" / "fastact.pc").read_text().splitlines()
    assert "prefix=${pcfiledir}/../.." in lines and f"Version: {fa.__version__}" in lines
    assert LIBRARY.is_dir() and (LIBRARY.parent / "include" / "fastact.h").is_file()


def test_the_library_is_the_extensions():
    """The static library holds what the header declares, and nothing that is not ours."""
    if sys.platform != "linux" or not shutil.which("nm"):
        pytest.skip("reads ELF")
    listed = [line.split() for line in run(["nm", "-g", "--defined-only", LIBRARY / "libfastact.a"]).splitlines()]
    names = {words[-1] for words in listed if len(words) == 3}
    assert {"fa_apply", "fa_rows", "fa_apply_biased", "fa_apply_loss", "fa_version", "fa_isa"} <= names
    assert [name for name in names if not name.startswith("fa_")] == []


def exported(path):
    return {line.split()[-1] for line in run(["nm", "-D", "--defined-only", path]).splitlines()}


def test_the_extension_exports_the_header_alone():
    """Two copies of the library in one process share no symbol but the public ones, and modules without C have one."""
    if sys.platform != "linux" or not shutil.which("nm"):
        pytest.skip("reads ELF")
    declared = set(re.findall(r"\b(fa_\w+)\(", (PACKAGE / "include" / "fastact.h").read_text()))
    for module, path in COMPILED.items():
        public = {f"PyInit_{module.rpartition('.')[2]}", *(declared if module == "_core.capi" else ())}
        assert exported(path) == public, module


def test_signatures():
    """Declarations of typed functions stay as they are, and each is exported, for float and double."""
    declared = (PACKAGE / "activations.pxi").read_text().splitlines()
    for suffix, arguments in FORMS.items():
        assert f"cdef int elu{suffix}({arguments}) except -1 nogil" in declared
        for line in (f"cdef int gelu{suffix}({arguments.replace('floating alpha, ', '')}) except -1 nogil",):
            assert line in declared or suffix == "_backward_from_output"
    for name, arrays in ROW_FORMS.items():
        assert f"cdef int {name}({arrays}, floating[:, :, ::1] out) except -1 nogil" in declared
    shared = " ".join((PACKAGE / "kernels.pxd").read_text().split())
    for line in LOGSUMEXP:
        assert f"cdef int {line} except -1 nogil" in shared
    names = [line.partition("(")[0].split()[-1] for line in declared if line.startswith("cdef int")] + ROWS
    exported = {name for name in kernels.__pyx_capi__ if name.startswith("__pyx_fuse_")}
    assert len(names) > 300 and exported == {f"__pyx_fuse_{k}{name}" for name in names for k in (0, 1)}
