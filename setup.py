"""Builds the C library into fastact.kernels and the Cython modules around it."""
import importlib.util
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy
from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

ROOT = Path(__file__).parent
GENERATED = ROOT / "build" / "generated"
C_SOURCES = ["cpu.c", "dispatch.c", "matrix.c", "losses.c", "parallel.c", "isa/baseline.c", "isa/avx2.c", "isa/avx512.c",
             "isa/neon.c"]
# -ffp-contract=off and the absence of any fast-math flag keep results equal on all instruction sets.
# -fno-thread-jumps: GCC otherwise turns two limits of one value into a chain of masks (float64 sigmoid and
# silu 6 and 10 % slower on Zen 5).
# -fno-tree-loop-distribute-patterns: copies of a few elements stay loops instead of calls of memcpy.
# -fno-tree-pre: GCC otherwise moves products before the selections that keep them from overflowing.
# -fno-ipa-icf: equal loops, such as exponential and its derivative, stay loops instead of jumps.
# -fno-wrapv: Python builds say -fwrapv, with which int indices become gathers (softmax of axis 0 four times slower).
GCC_FLAGS = ["-O3", "-std=gnu11", "-fno-wrapv", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=off", "-Wall", "-Wextra"]
GCC_ONLY = ["-fno-thread-jumps", "-fno-tree-loop-distribute-patterns", "-fno-tree-pre", "-fno-ipa-icf"]


def load(name):
    """A module of the package, without importing the package (which needs the build's result)."""
    spec = importlib.util.spec_from_file_location(f"_setup_{name}", ROOT / "fastact" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def compiles(compiler, flags, text="int main(void) { return 0; }\n"):
    """Whether the compiler accepts these flags for a small program."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "probe.c"
        source.write_text(text)
        command = [*compiler, *flags, str(source), "-o", str(Path(folder) / "probe")]
        return subprocess.run(command, capture_output=True).returncode == 0


class Build(build_ext):
    """build_ext that probes OpenMP and puts the generated .pxi and the C header into the package."""

    def build_extensions(self):
        if self.compiler.compiler_type == "msvc":
            sys.exit("fastact is written for gcc and clang; on Windows build it with MinGW-w64 or clang "
                     "(python setup.py build --compiler=mingw32).")
        compiler = self.compiler.compiler_so[:1]
        flags = GCC_FLAGS + [flag for flag in GCC_ONLY if compiles(compiler, ["-Werror", flag])]
        link = []
        openmp = "#include <omp.h>\nint main(void) { return omp_get_max_threads() < 1; }\n"
        if os.environ.get("FASTACT_NO_OPENMP"):
            print("fastact: building without OpenMP because FASTACT_NO_OPENMP is set: one thread")
            flags.append("-fopenmp-simd")
        elif compiles(compiler, ["-fopenmp"], openmp):
            flags.append("-fopenmp")
            link.append("-fopenmp")
        else:
            print("fastact: this compiler has no OpenMP (on macOS: brew install libomp): one thread, all SIMD")
            flags.append("-fopenmp-simd")
        for extension in self.extensions:
            extension.extra_compile_args = [*flags, "-Wno-unused-function", "-g0"]
            extension.extra_link_args = link
        self.parallel = self.parallel or os.cpu_count()
        super().build_extensions()

    def run(self):
        super().run()
        for target in [Path(self.build_lib) / "fastact"] if not self.inplace else [ROOT / "fastact"]:
            target.mkdir(parents=True, exist_ok=True)
            (target / "activations.pxi").write_text((GENERATED / "activations.pxi").read_text())
            (target / "include").mkdir(exist_ok=True)
            (target / "include" / "fastact.h").write_text((ROOT / "src_c" / "fastact.h").read_text())


registry = load("registry")
load("codegen").write(registry.ACTIVATIONS, GENERATED)
(ROOT / "fastact" / "activations.pxi").unlink(missing_ok=True)  # of an earlier build: it would hide this one

include = [str(ROOT / "src_c"), str(GENERATED), numpy.get_include()]
macros = [("NPY_NO_DEPRECATED_API", "NPY_2_0_API_VERSION"), ("NPY_TARGET_VERSION", "NPY_2_0_API_VERSION")]
depends = [str(p) for p in [*ROOT.glob("src_c/**/*.[ch]"), *GENERATED.glob("*")]]


def extension(name, sources=()):
    """One Cython module of the package."""
    libraries = ["m"] if platform.system() != "Windows" else []
    return Extension(f"fastact.{name}", [f"fastact/{name}.pyx", *sources], include_dirs=include,
                     define_macros=macros, depends=depends, libraries=libraries)


setup(
    ext_modules=cythonize(
        [extension("kernels", [f"src_c/{name}" for name in C_SOURCES]),
         extension("buffers", ["src_c/buffers.c"]),
         *map(extension, ("ufuncs", "forms", "bound", "biased", "activations", "rows", "loss_kernels",
                           "optimizer_kernels"))],
        include_path=[str(GENERATED)], build_dir="build/cython", compiler_directives={"embedsignature": True}),
    cmdclass={"build_ext": Build},
)
