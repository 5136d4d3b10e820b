"""How the extension is built: what has changed is compiled again, and nothing else."""
import importlib.util
import os
from pathlib import Path

import pytest

from native import ROOT, compiler

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
