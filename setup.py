"""Builds the C library into fastact._core.capi and the Cython modules around it."""
import importlib.util
import os
import platform
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy
from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

ROOT = Path(__file__).parent
GENERATED = ROOT / "build" / "generated"
C_SOURCES = ["isa/avx512.c", "isa/avx2.c", "isa/baseline.c", "isa/neon.c", "isa/avx512_vbmi.c",  # what takes longest first
             "api/elementwise.c", "api/matrix.c", "api/rows.c", "api/losses.c", "api/optimizers.c", "api/bound.c", "api/bytes.c",
             "runtime/isa_select.c", "runtime/cpu.c", "runtime/parallel.c"]
# The wrappers that a small call goes through; what else Cython has written is compiled for size.
QUICK = {"_core/activation", "_core/binding", "_core/result_memory", "_core/form", "_core/rows", "kernels"}
# -ffp-contract=off and the absence of any fast-math flag keep results equal on all instruction sets.
# -fno-thread-jumps: GCC otherwise turns two limits of one value into a chain of masks (float64 sigmoid and
# silu 6 and 10 % slower on Zen 5).
# -fno-tree-loop-distribute-patterns: copies of a few elements stay loops instead of calls of memcpy.
# -fno-tree-pre: GCC otherwise moves products before the selections that keep them from overflowing.
# -fno-ipa-icf: equal loops, such as exponential and its derivative, stay loops instead of jumps.
# -fno-wrapv: Python builds say -fwrapv, with which int indices become gathers (softmax of axis 0 four times slower).
GCC_FLAGS = ["-O3", "-std=gnu11", "-fno-wrapv", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=off", "-Wall", "-Wextra",
             "-fvisibility=hidden"]
GCC_ONLY = ["-fno-thread-jumps", "-fno-tree-loop-distribute-patterns", "-fno-tree-pre", "-fno-ipa-icf"]
# The builder's CFLAGS come before these, which take back what would change results, or types that Python shares.
# -fno-fast-math alone takes back -ffast-math, but not its parts where they were given by their own names.
STRICT = ["-fno-fast-math", "-fno-unsafe-math-optimizations", "-fno-finite-math-only", "-fno-associative-math",
          "-fno-reciprocal-math", "-fsigned-zeros", "-fno-rounding-math", "-fno-short-enums", "-fno-pack-struct"]
STRICT_WHERE_KNOWN = ["-fno-single-precision-constant", "-fno-trapv", "-mfpmath=sse", "-mno-recip", "-mno-daz-ftz",
                      "-fdenormal-fp-math=ieee", "-fno-approx-func", "-fveclib=none"]
# With these a linker adds start-up code that changes the arithmetic of the whole process.
PROCESS_WIDE = {"-Ofast", "-ffast-math", "-funsafe-math-optimizations", "-mdaz-ftz", "-mpc32", "-mpc64", "-mpc80"}
METADATA = {"egg_info", "dist_info"}  # commands that pip runs before a build; they need no modules
WHEEL = {"bdist_wheel", "editable_wheel"}


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
CMAKE = """\
get_filename_component(_fastact "${{CMAKE_CURRENT_LIST_DIR}}/../../.." ABSOLUTE)
if(NOT TARGET fastact::fastact)
  add_library(fastact::fastact STATIC IMPORTED)
  set_target_properties(fastact::fastact PROPERTIES
    IMPORTED_LOCATION "${{_fastact}}/lib/libfastact.a"
    IMPORTED_LINK_INTERFACE_LANGUAGES C
    INTERFACE_INCLUDE_DIRECTORIES "${{_fastact}}/include"
    INTERFACE_LINK_LIBRARIES "{libraries}")
endif()
unset(_fastact)
"""
CMAKE_VERSION = """\
set(PACKAGE_VERSION {version})
if(PACKAGE_VERSION VERSION_EQUAL PACKAGE_FIND_VERSION)
  set(PACKAGE_VERSION_EXACT TRUE)
endif()
if(PACKAGE_VERSION VERSION_GREATER_EQUAL PACKAGE_FIND_VERSION)
  set(PACKAGE_VERSION_COMPATIBLE TRUE)
endif()
"""


def load(name):
    """A module of the package, without importing the package (which needs the build's result)."""
    spec = importlib.util.spec_from_file_location(f"_setup_{name}", ROOT / "fastact" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def stub(entries):
    """The text of fastact/_core/names.pyi: every activation and alias, for type checkers."""
    names = [entry.name for entry in entries] + sorted(alias for entry in entries for alias in entry.aliases)
    return "\n".join(["from fastact._core.activation import Activation", "", "__all__ = [", *(f'    "{name}",' for name in names),
                      "]", *(f"{name}: Activation" for name in names), ""])


def probe(compiler, flags=(), text="int main(void) { return 0; }\n", link=()):
    """The command that compiles a small program with these flags, and its result."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "probe.c"
        source.write_text(text)
        command = [*compiler, *flags, str(source), "-o", str(Path(folder) / "probe"), *link]
        return command, subprocess.run(command, capture_output=True, text=True, errors="replace")


def accepted(compiler, flags):
    """Those of the flags that the compiler takes without an error or a warning about them."""
    found = [(flag, probe(compiler, [flag])[1]) for flag in flags]
    return [flag for flag, done in found if done.returncode == 0 and flag not in done.stderr]


def require_compiler(compiler):
    """End the build if the compiler cannot make a program, and say what was tried."""
    if not shutil.which(compiler[0]):
        sys.exit(f"fastact needs a C compiler to be built, and there is no {compiler[0]!r}: install gcc or clang, or a wheel")
    command, done = probe(compiler)
    if done.returncode:
        sys.exit("fastact needs a C compiler to be built: install gcc or clang, or a wheel. This command failed on an empty "
                 f"program, with exit status {done.returncode}:\n{shlex.join(command)}\n{done.stdout}{done.stderr}".rstrip())


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
        command, done = probe(compiler, flags, program, link)
        if done.returncode == 0:
            return flags, link
    remedy = {"darwin": "brew install libomp", "win32": "MinGW-w64 with libgomp"}.get(
        sys.platform, "gcc has it; for clang install libomp-dev")
    print(f"fastact: the compiler has no OpenMP, so this build uses one thread, with all SIMD ({remedy}). What failed:\n"
          f"{shlex.join(command)}\n{done.stderr}", file=sys.stderr)
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
        require_compiler(compiler)
        threads, link = openmp(compiler)
        strict = [*STRICT, *accepted([*compiler, *STRICT], STRICT_WHERE_KNOWN)]
        strip = accepted(compiler, ["-Wl,--strip-all"])
        flags = [*strict, *GCC_FLAGS, *accepted(compiler, GCC_ONLY), *threads]
        if sys.platform == "win32":
            # GCC does not align Windows's stack for wide vectors; and no run-time DLL stands beside the package.
            flags += accepted(compiler, ["-Wa,-muse-unaligned-vector-move"])
            link = [*link, "-static"]
        sanitize, debug = [], ["-g0"]
        if sys.platform != "win32":  # whose ABI asks for the tables; they are 100 KB of a wheel, which stays under 3 MB
            debug.append("-fno-asynchronous-unwind-tables")
        if os.environ.get("FASTACT_SANITIZE"):  # "address,undefined": tests/sanitize.py; -O3 takes minutes a file then
            sanitize = [f"-fsanitize={os.environ['FASTACT_SANITIZE']}", "-fno-sanitize-recover=all"]
            flags, strip, debug = [*flags, "-O1", "-fno-omit-frame-pointer", *sanitize], [], ["-g1"]
        self.openmp_link = link
        self.compiler.linker_so = [word for word in self.compiler.linker_so if word not in PROCESS_WIDE]
        load("_build/changes").only_changed(self.compiler, Path(self.build_temp))
        self.shrink_wrappers()
        for extension in self.extensions:
            extension.extra_compile_args = [*flags, "-Wno-unused-function", *debug]
            if extension.name == "fastact.torch.native":
                extension.extra_compile_args.append("-fexceptions")  # torch's C++ exceptions pass through its C functions
            extension.extra_link_args = [*strict, "-O3", *link, *strip, *sanitize]  # the level: -Ofast has start-up code
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
        target = ROOT / "fastact" if self.inplace else Path(self.build_lib) / "fastact"
        codegen.renew(target / "activations.pxi", DECLARATIONS)
        codegen.renew(target / "_core" / "names.pyi", stub(registry.ACTIVATIONS))
        codegen.renew(target / "include" / "fastact.h", (ROOT / "src_c" / "fastact.h").read_text(encoding="utf-8"))
        self.write_static_library(target / "lib")

    def shrink_wrappers(self):
        """Compile for size what is not QUICK: the loops are in src_c, and a wheel stays under 3 MB."""
        compile_one = self.compiler._compile

        def compile_small(target, source, extension, first, last, preprocess):
            module = Path(source).with_suffix("").as_posix().rpartition("/fastact/")[2]
            if "cython" in Path(source).parts and module not in QUICK:
                last = [*last, "-Os"]
            compile_one(target, source, extension, first, last, preprocess)

        self.compiler._compile = compile_small

    def write_static_library(self, folder):
        """The C library from the extension's own objects, and what pkg-config and CMake say about it."""
        library = next(each for each in self.extensions if each.name == "fastact._core.capi")
        objects = self.compile(library, *(f"src_c/{name}" for name in C_SOURCES))
        self.compiler.create_static_lib(objects, "fastact", str(folder))
        libraries = [*self.openmp_link, *([] if platform.system() == "Windows" else ["-lpthread", "-lm"])]
        facts = {"version": self.distribution.get_version(), "description": self.distribution.get_description()}
        cmake = folder / "cmake" / "fastact"
        codegen.renew(folder / "pkgconfig" / "fastact.pc", PKG_CONFIG.format(**facts, libraries=" ".join(libraries)))
        codegen.renew(cmake / "fastact-config.cmake", CMAKE.format(libraries=";".join(libraries)))
        codegen.renew(cmake / "fastact-config-version.cmake", CMAKE_VERSION.format(**facts))


if WHEEL & {*sys.argv} and os.name == "posix" and (sys.platform != "darwin" or "CC" in os.environ):
    # Before Cython's work and the long output of pip; `Build` checks the command with all its options.
    require_compiler(shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC")))

registry, codegen = load("registry"), load("_build/codegen")
codegen.write(registry, GENERATED)
DECLARATIONS = (GENERATED / "activations.pxi").read_text(encoding="utf-8")
if (ROOT / "fastact" / "activations.pxi").exists():  # of an earlier build in place: Cython finds it first
    codegen.renew(ROOT / "fastact" / "activations.pxi", DECLARATIONS)

include = [str(ROOT / "src_c"), str(GENERATED), numpy.get_include()]
macros = [("NPY_NO_DEPRECATED_API", "NPY_2_0_API_VERSION"), ("NPY_TARGET_VERSION", "NPY_2_0_API_VERSION")]
if sys.platform == "win32" and sys.maxsize > 1 << 32:
    macros.append(("MS_WIN64", ""))  # as the header of later Pythons does; 3.10's does it for MSVC alone


def extension(name, sources=()):
    """One Cython module of the package."""
    libraries = ["m"] if platform.system() != "Windows" else []
    return Extension(f"fastact.{name}", [f"fastact/{name.replace('.', '/')}.pyx", *sources], include_dirs=include,
                     define_macros=macros, libraries=libraries)


setup(
    ext_modules=[] if METADATA & {*sys.argv} else cythonize(
        [Extension("fastact._cyutility", ["fastact/_cyutility.c"],  # typed memoryviews, once for all modules
                   define_macros=[("CYTHON_FREETHREADING_COMPATIBLE", "1")]),
         extension("_core.capi", [f"src_c/{name}" for name in C_SOURCES]),
         extension("_core.result_memory", ["src_c/runtime/result_memory.c"]),
         *map(extension, ("kernels", "_core.ufuncs", "_core.form", "_core.binding", "_core.matrix", "_core.activation",
                          "_core.rows", "losses.kernels", "optimizers.kernels")),
         extension("torch.native", ["src_c/torch/operators.c"])],
        include_path=[str(GENERATED)], build_dir="build/cython", cache="build/cython/cache",
        shared_utility_qualified_name="fastact._cyutility", compiler_directives={"embedsignature": True}),
    cmdclass={"build_ext": Build},
)
