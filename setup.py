"""Builds the C library into fastact.kernels and the Cython modules around it."""
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy
from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

ROOT = Path(__file__).parent
GENERATED = ROOT / "build" / "generated"
C_SOURCES = ["isa/avx512.c", "isa/avx2.c", "isa/baseline.c", "isa/neon.c",  # what takes longest first
             "cpu.c", "dispatch.c", "matrix.c", "row_calls.c", "losses.c", "bound.c", "parallel.c"]
# The wrappers that a small call goes through; what else Cython has written is compiled for size.
QUICK = ("activations", "bound", "buffers", "forms", "kernels", "rows")
# -ffp-contract=off and the absence of any fast-math flag keep results equal on all instruction sets.
# -fno-thread-jumps: GCC otherwise turns two limits of one value into a chain of masks (float64 sigmoid and
# silu 6 and 10 % slower on Zen 5).
# -fno-tree-loop-distribute-patterns: copies of a few elements stay loops instead of calls of memcpy.
# -fno-tree-pre: GCC otherwise moves products before the selections that keep them from overflowing.
# -fno-ipa-icf: equal loops, such as exponential and its derivative, stay loops instead of jumps.
# -fno-wrapv: Python builds say -fwrapv, with which int indices become gathers (softmax of axis 0 four times slower).
GCC_FLAGS = ["-O3", "-std=gnu11", "-fno-wrapv", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=off", "-Wall", "-Wextra"]
GCC_ONLY = ["-fno-thread-jumps", "-fno-tree-loop-distribute-patterns", "-fno-tree-pre", "-fno-ipa-icf"]


PKG_CONFIG = """\
prefix=${{pcfiledir}}/../..
includedir=${{prefix}}/include
libdir=${{prefix}}/lib

Name: fastact
Description: {description}
Version: {version}
Cflags: -I${{includedir}}
Libs: -L${{libdir}} -lfastact {libraries}
"""


def load(name):
    """A module of the package, without importing the package (which needs the build's result)."""
    spec = importlib.util.spec_from_file_location(f"_setup_{name}", ROOT / "fastact" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def renew_stub(entries, path):
    """Let the package's stub name every activation and alias; nothing changes where it does."""
    text = path.read_text(encoding="utf-8")
    start, stop = "# The activations and their aliases, by setup.py from the registry.\n", "# Any other one.\n"
    names = [entry.name for entry in entries] + sorted(alias for entry in entries for alias in entry.aliases)
    lines = [f"{name}: Activation" for name in names] + ["__all__ += [", *(f'    "{name}",' for name in names), "]", ""]
    head, _, rest = text.partition(start)
    renewed = "\n".join([head + start + lines[0], *lines[1:], ""]) + stop + rest.partition(stop)[2]
    if renewed != text:
        path.write_text(renewed, encoding="utf-8")


def compiles(compiler, flags, text="int main(void) { return 0; }\n", link=()):
    """Whether the compiler accepts these flags for a small program."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "probe.c"
        source.write_text(text)
        command = [*compiler, *flags, str(source), "-o", str(Path(folder) / "probe"), *link]
        return subprocess.run(command, capture_output=True).returncode == 0


def openmp(compiler):
    """Flags to compile and to link with OpenMP; where there is none, one thread and a word about it."""
    if os.environ.get("FASTACT_NO_OPENMP"):
        print("fastact: building without OpenMP because FASTACT_NO_OPENMP is set: one thread")
        return ["-fopenmp-simd"], []
    ways = [(["-fopenmp"], ["-fopenmp"])]
    if sys.platform == "darwin":  # Apple's clang has the pragmas, Homebrew, MacPorts or conda the library
        for prefix, folder in ((os.environ.get("CONDA_PREFIX"), ""), ("/opt/homebrew/opt/libomp", ""),
                               ("/usr/local/opt/libomp", ""), ("/opt/local", "/libomp")):
            if prefix:
                ways.append((["-Xpreprocessor", "-fopenmp", f"-I{prefix}/include{folder}"],
                             [f"-L{prefix}/lib{folder}", f"-Wl,-rpath,{prefix}/lib{folder}", "-lomp"]))
    program = "#include <omp.h>\nint main(void) { return omp_get_max_threads() < 1; }\n"
    for flags, link in ways:
        if compiles(compiler, flags, program, link):
            return flags, link
    remedy = {"darwin": "brew install libomp", "win32": "MinGW-w64 with libgomp"}.get(
        sys.platform, "gcc has it; for clang install libomp-dev")
    print(f"fastact: {compiler[0]} has no OpenMP, so this build uses one thread, with all SIMD ({remedy})", file=sys.stderr)
    return ["-fopenmp-simd"], []


class Build(build_ext):
    """build_ext that probes OpenMP and puts the generated .pxi, the C header and the static library into the package."""

    def finalize_options(self):
        super().finalize_options()
        if sys.platform == "win32" and self.compiler is None:
            self.compiler = "mingw32"  # MSVC has no OpenMP SIMD for these loops

    def build_extensions(self):
        if self.compiler.compiler_type == "msvc":
            sys.exit("fastact is written for gcc and clang; on Windows build it with MinGW-w64 "
                     "(python setup.py build --compiler=mingw32).")
        compiler = self.compiler.compiler_so  # with its options: both of macOS's architectures must find OpenMP
        if not shutil.which(compiler[0]):
            sys.exit(f"fastact needs a C compiler to be built, and there is no {compiler[0]!r}: install gcc or clang, or a wheel")
        flags = GCC_FLAGS + [flag for flag in GCC_ONLY if compiles(compiler, ["-Werror", flag])]
        threads, link = openmp(compiler)
        flags += threads
        if sys.platform == "win32":
            # GCC does not align Windows's stack for wide vectors; and no run-time DLL stands beside the package.
            flags += [flag for flag in ["-Wa,-muse-unaligned-vector-move"] if compiles(compiler, [flag])]
            link = [*link, "-static"]
        strip = [flag for flag in ["-Wl,--strip-all"] if compiles(compiler, [flag])]
        load("_build/changes").only_changed(self.compiler, Path(self.build_temp))
        self.shrink_wrappers()
        for extension in self.extensions:
            extension.extra_compile_args = [*flags, "-Wno-unused-function", "-g0"]
            extension.extra_link_args = link if extension.name == "fastact.kernels" else [*link, *strip]
        with ThreadPoolExecutor(self.parallel or os.cpu_count()) as pool:
            list(pool.map(self.compile, *zip(*((each, source) for each in self.extensions for source in each.sources))))
            list(pool.map(self.build_extension, self.extensions))

    def compile(self, extension, *sources):
        """Compile sources of an extension, those that need it, to objects; return the objects' names."""
        return self.compiler.compile(sources, self.build_temp, extension.define_macros, extension.include_dirs,
                                     extra_postargs=extension.extra_compile_args)

    def build_extension(self, extension):
        """Link an extension, where that is needed."""
        self.compiler.link_shared_object(
            self.compile(extension, *extension.sources), self.get_ext_fullpath(extension.name),
            libraries=self.get_libraries(extension), extra_postargs=extension.extra_link_args,
            export_symbols=self.get_export_symbols(extension), build_temp=self.build_temp)

    def run(self):
        if self.compiler == "mingw32" and not shutil.which(os.environ.get("CC", "gcc").split()[0]):
            sys.exit("fastact needs gcc to be built, and there is none on the PATH: install MinGW-w64, or a wheel")
        super().run()
        for target in [Path(self.build_lib) / "fastact"] if not self.inplace else [ROOT / "fastact"]:
            target.mkdir(parents=True, exist_ok=True)
            (target / "activations.pxi").write_text((GENERATED / "activations.pxi").read_text())
            (target / "include").mkdir(exist_ok=True)
            (target / "include" / "fastact.h").write_text((ROOT / "src_c" / "fastact.h").read_text())
            self.write_static_library(target / "lib")

    def shrink_wrappers(self):
        """Compile for size what is not QUICK: the loops are in src_c, and a wheel stays under 3 MB."""
        compile_one = self.compiler._compile

        def compile_small(target, source, extension, first, last, preprocess):
            if "cython" in Path(source).parts and Path(source).stem not in QUICK:
                last = [*last, "-Os"]
            compile_one(target, source, extension, first, last, preprocess)

        self.compiler._compile = compile_small

    def write_static_library(self, folder):
        """The C library from the extension's own objects, and what pkg-config says about it."""
        (folder / "pkgconfig").mkdir(parents=True, exist_ok=True)
        kernels = next(each for each in self.extensions if each.name == "fastact.kernels")
        objects = self.compile(kernels, *(f"src_c/{name}" for name in C_SOURCES))
        self.compiler.create_static_lib(objects, "fastact", str(folder))
        libraries = " ".join([*kernels.extra_link_args, *([] if platform.system() == "Windows" else ["-lpthread", "-lm"])])
        (folder / "pkgconfig" / "fastact.pc").write_text(PKG_CONFIG.format(
            version=self.distribution.get_version(), description=self.distribution.get_description(), libraries=libraries))


registry = load("registry")
load("codegen").write(registry, GENERATED)
renew_stub(registry.ACTIVATIONS, ROOT / "fastact" / "__init__.pyi")
(ROOT / "fastact" / "activations.pxi").unlink(missing_ok=True)  # of an earlier build: it would hide this one

include = [str(ROOT / "src_c"), str(GENERATED), numpy.get_include()]
macros = [("NPY_NO_DEPRECATED_API", "NPY_2_0_API_VERSION"), ("NPY_TARGET_VERSION", "NPY_2_0_API_VERSION")]
if sys.platform == "win32" and sys.maxsize > 1 << 32:
    macros.append(("MS_WIN64", ""))  # as the header of later Pythons does; 3.10's does it for MSVC alone


def extension(name, sources=()):
    """One Cython module of the package."""
    libraries = ["m"] if platform.system() != "Windows" else []
    return Extension(f"fastact.{name}", [f"fastact/{name}.pyx", *sources], include_dirs=include,
                     define_macros=macros, libraries=libraries)


setup(
    ext_modules=cythonize(
        [Extension("fastact._cyutility", ["fastact/_cyutility.c"],  # typed memoryviews, once for all modules
                   define_macros=[("CYTHON_FREETHREADING_COMPATIBLE", "1")]),
         extension("kernels", [f"src_c/{name}" for name in C_SOURCES]),
         extension("buffers", ["src_c/buffers.c"]),
         *map(extension, ("ufuncs", "forms", "bound", "biased", "activations", "row_bind", "rows",
                           "loss_kernels", "optimizer_kernels"))],
        include_path=[str(GENERATED)], build_dir="build/cython", cache="build/cython/cache",
        shared_utility_qualified_name="fastact._cyutility", compiler_directives={"embedsignature": True}),
    cmdclass={"build_ext": Build},
)
