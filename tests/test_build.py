"""How the extension is built: what has changed is compiled again, and no option of the builder's changes a result."""
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from native import ROOT, build_package, compiler, run, settings

pytestmark = pytest.mark.skipif(not (ROOT / "setup.py").exists(), reason="needs the source tree")
FILES = {"one.c": '#include "shared.h"\nint one(void) { return SHARED; }\n', "two.c": "int two(void) { return 2; }\n",
         "include/shared.h": "#define SHARED 1\n"}


def helper(name):
    """A module that setup.py loads by its path."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "fastact" / "_build" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def build(tmp_path, monkeypatch):
    """Builds a module and a static library of two files in a folder with a space; returns the names of what is new."""
    compiler("cc")
    ccompiler = pytest.importorskip("setuptools._distutils.ccompiler")
    sysconfig = pytest.importorskip("setuptools._distutils.sysconfig")
    root = tmp_path / "a folder"
    (root / "include").mkdir(parents=True)
    for name, text in FILES.items():
        (root / name).write_text(text)
    monkeypatch.chdir(root)

    def build(*flags, link=()):
        before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
        tool = ccompiler.new_compiler()
        sysconfig.customize_compiler(tool)
        helper("changes").only_changed(tool, root / "build")
        objects = tool.compile(["one.c", "two.c"], "build", include_dirs=[str(root / "include")], extra_postargs=list(flags))
        tool.link_shared_object(objects, str(root / "module.so"), extra_postargs=list(link))
        tool.create_static_lib(objects, "both", str(root))
        return {path.name for path in root.rglob("*")
                if path.suffix in (".o", ".so", ".a") and before.get(path) != path.stat().st_mtime_ns}

    everything = {"one.o", "two.o", "module.so", "libboth.a"}
    assert build() == everything and build() == set()
    return build


def test_only_what_includes_a_changed_file_is_compiled(build):
    Path("two.c").write_text(FILES["two.c"] + "/* another comment */\n")
    assert build() == {"two.o", "module.so", "libboth.a"}
    Path("include/shared.h").write_text("#define SHARED 2\n")
    assert build() == {"one.o", "module.so", "libboth.a"}
    for name in FILES:
        Path(name).touch()
    assert build() == set()


@pytest.mark.parametrize("change", [
    lambda monkeypatch: ["-DFLAG"],
    lambda monkeypatch: monkeypatch.setenv("CFLAGS", "-O1"),
    lambda monkeypatch: monkeypatch.setenv("CC", "cc -std=gnu11"),
    lambda monkeypatch: monkeypatch.setenv("CPATH", str(Path("include").absolute())),
], ids=["flag", "CFLAGS", "CC", "CPATH"])
def test_a_changed_option_compiles_everything(build, change, monkeypatch):
    flags = change(monkeypatch) or []
    assert build(*flags) == {"one.o", "two.o", "module.so", "libboth.a"}
    assert build(*flags) == set()


def test_a_changed_option_of_the_linker_links(build):
    assert build(link=["-lm"]) == {"module.so"}
    assert build(link=["-lm"]) == set()


def test_what_was_lost_or_failed_is_made_again(build):
    objects = Path("build")
    os.unlink(objects / "one.o")
    assert build() == {"one.o", "module.so", "libboth.a"}
    Path("two.c").write_text("an error\n")
    with pytest.raises(Exception, match="(?i)command"):
        build()
    Path("two.c").write_text(FILES["two.c"])
    assert "two.o" in build()
    os.unlink("module.so")
    assert build() == {"module.so"}


# ---- options that would change results ----

HOSTILE = ("-Ofast -ffast-math -funsafe-math-optimizations -fassociative-math -freciprocal-math -ffinite-math-only "
           "-fno-signed-zeros -ffp-contract=fast -fshort-enums -fwrapv")
PROBE = """
int sizes(void) { return sizeof(enum { ONE }) + 16 * sizeof(1.0); }
float sum(const float *x, int n) { float s = 0; for (int i = 0; i < n; i++) s += x[i] / 3.0f; return s; }
void each(float *x, int n, float a) { for (int i = 0; i < n; i++) x[i] = (x[i] == x[i] ? x[i] * a + 1.0 : 0) - 0.0f * x[i]; }
"""


@pytest.mark.parametrize("name, more", [("gcc", "-fsingle-precision-constant"), ("clang", "-ffp-model=fast -fapprox-func")])
def test_flags_take_back_what_would_change_results(name, more, tmp_path):
    """The same code comes out."""
    found, flags, path = compiler(name), settings(), tmp_path / "probe.c"
    path.write_text(PROBE)
    known = {"-fno-approx-func"} if name == "clang" else {"-fno-single-precision-constant", "-fno-trapv"}
    own = [*flags["STRICT"], *known & set(flags["STRICT_WHERE_KNOWN"])]
    want, got, taken = (run([found, *before.split(), *after, *flags["GCC_FLAGS"], "-S", path, "-o", "-"])
                        for before, after in (("", own), (f"{HOSTILE} {more}", own), (f"{HOSTILE} {more}", [])))
    assert got == want and taken != want


@pytest.mark.thorough  # Cython's work comes before
@pytest.mark.parametrize("command, shown", [
    ("{wrapper} cc", "{wrapper} cc"), ("/bin/false", "/bin/false"), ("no-such-compiler", "no-such-compiler"),
], ids=["behind another program", "fails", "missing"])
def test_a_compiler_that_fails_is_named(command, shown, tmp_path):
    """The error shows the whole command and what it printed, and does not speak of OpenMP."""
    compiler("cc")
    wrapper = tmp_path / "wrapper"
    wrapper.write_text("#!/bin/sh\necho what it says >&2\nexit 3\n")
    wrapper.chmod(0o755)
    done = subprocess.run([sys.executable, "setup.py", "-q", "build", "--build-base", str(tmp_path)], cwd=ROOT, text=True,
                          capture_output=True, env={**os.environ, "CC": command.format(wrapper=wrapper)})
    assert done.returncode != 0 and shown.format(wrapper=wrapper) in done.stderr and "OpenMP" not in done.stderr
    assert "wrapper" not in command or re.search(r"exit status 3:\n.*probe\.c.*\nwhat it says", done.stderr)


def test_a_missing_compiler_is_said_at_once():
    """One sentence, and nothing has been generated or compiled before."""
    for command, words in (("/bin/false", "install gcc or clang, or a wheel. This command failed on an empty program"),
                           ("no-such-compiler", "there is no 'no-such-compiler': install gcc or clang, or a wheel")):
        ended = subprocess.run([sys.executable, "setup.py", "bdist_wheel"], cwd=ROOT, env={**os.environ, "CC": command},
                               capture_output=True, text=True)
        assert ended.returncode == 1 and ended.stdout == ""
        assert ended.stderr.startswith("fastact needs a C compiler to be built") and words in ended.stderr
        assert len(ended.stderr.splitlines()) <= 2


def test_a_folder_of_sources_says_so(tmp_path):
    """In a clone Python finds the sources before what pip has installed."""
    shutil.copytree(ROOT / "fastact", tmp_path / "fastact", ignore=shutil.ignore_patterns("*.so", "*.pyd", "__pycache__", "lib"))
    ended = subprocess.run([sys.executable, "-c", "import fastact"], cwd=tmp_path, capture_output=True, text=True)
    assert ended.stderr.strip().splitlines()[-1].startswith(f"ImportError: fastact is not built in {tmp_path / 'fastact'}, where")


@pytest.mark.packaging
@pytest.mark.parametrize("flags", [
    {"CFLAGS": HOSTILE + " -fsingle-precision-constant -march=native", "LDFLAGS": "-Ofast -ffast-math -mpc32"},
    {"CFLAGS": "-O0 -ftrapv"}, {"CC": "gcc -ffast-math -funsafe-math-optimizations", "FASTACT_NO_OPENMP": "1"},
], ids=["fast", "O0", "CC"])
def test_outputs_do_not_depend_on_flags(flags, tmp_path):
    """Of every form, in a package that was built with other flags; and its import leaves subnormal numbers alone."""
    compiler("gcc")
    package = build_package(tmp_path, **flags)

    def digest(folder, *arguments):
        return run([sys.executable, "-m", "fastact", "accuracy", "--digest", *arguments], cwd=tmp_path,
                   env={**os.environ, "PYTHONPATH": str(folder)})

    (tmp_path / "wanted.json").write_text(digest(ROOT))
    digest(package, "--against", "wanted.json")
    program = "import numpy as np, fastact as fa; print(fa.__file__, np.float32(1e-40) * np.float32(0.5) > 0)"
    assert run([sys.executable, "-c", program], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(package)}).split() == [
        str(package / "fastact" / "__init__.py"), "True"]
