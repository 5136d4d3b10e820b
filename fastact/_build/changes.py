"""Compiles and links only what has changed: a source, a header that it includes, an option, the compiler.

distutils compares times of files alone. It misses a changed option, and where one file is newer it compiles all files
of an extension. Here every target has a stamp in the build folder: a digest of its command and, for an object, of the
contents of the files that the compiler has read.
"""
import functools
import hashlib
import os
import re
import subprocess
import time
from pathlib import Path

# Variables that compilers and linkers read, beside those that setuptools makes part of the command (CC, CFLAGS ...).
ENVIRONMENT = ("CPATH", "C_INCLUDE_PATH", "COMPILER_PATH", "GCC_EXEC_PREFIX", "LIBRARY_PATH", "MACOSX_DEPLOYMENT_TARGET",
               "SDKROOT")


@functools.lru_cache(maxsize=None)
def version(compiler):
    """What the compiler says about itself: another one may lie at the same path."""
    return subprocess.run([*compiler, "--version"], capture_output=True).stdout


def listed(path):
    """The files that a list of dependencies names, which the compiler has written as a rule of make."""
    rule = path.read_bytes().decode("utf-8", "surrogateescape").replace("\\\n", " ").replace("\\\r\n", " ")
    words = re.split(r"(?<!\\)\s+", rule.partition(": ")[2].strip())
    return [re.sub(r"\\([ #])", r"\1", word).replace("$$", "$") for word in words]


def digest(command, files=()):
    """A digest of a command, of the environment and of the files' contents; a missing file has none."""
    together = hashlib.sha256(repr((command, [os.environ.get(name) for name in ENVIRONMENT])).encode())
    for path in files:
        contents = Path(path).read_bytes() if os.path.isfile(path) else b"missing"
        together.update(repr((path, hashlib.sha256(contents).digest())).encode())
    return together.hexdigest()


def only_changed(compiler, folder):
    """Let a compiler of distutils skip what is up to date; `folder` keeps the stamps of what it links."""
    compile_one, link, create_static_lib = compiler._compile, compiler.link, compiler.create_static_lib

    def compile_changed(target, source, extension, first, last, preprocess):
        command = [version(tuple(compiler.compiler_so)), *compiler.compiler_so, *first, source, *last]
        stamp, dependencies = Path(target).with_suffix(".stamp"), Path(target).with_suffix(".d")
        if not compiler.force and all(path.exists() for path in (Path(target), stamp, dependencies)):
            if stamp.read_text() == digest(command, listed(dependencies)):
                return
        stamp.unlink(missing_ok=True)
        began = time.time()
        compile_one(target, source, extension, [*first, "-MMD", "-MT", "target", "-MF", str(dependencies)], last, preprocess)
        files = listed(dependencies)
        if max(map(os.path.getmtime, files)) < began:  # or it was edited meanwhile: the next build compiles it again
            stamp.write_text(digest(command, files))

    def changed(make, name, command):
        """Call `make`, which compares times; without the target where the command is another."""
        stamp, found = folder / f"{Path(name).name}.stamp", digest([os.path.abspath(name), *command])
        if not stamp.exists() or stamp.read_text() != found:
            Path(name).unlink(missing_ok=True)
        make()
        stamp.write_text(found)

    def link_changed(kind, objects, target, *arguments, **named):
        changed(lambda: link(kind, objects, target, *arguments, **named), target,
                [version(tuple(compiler.linker_so)), *compiler.linker_so, objects, arguments, named])

    def archive_changed(objects, name, output_dir):
        changed(lambda: create_static_lib(objects, name, output_dir),
                compiler.library_filename(name, output_dir=output_dir), [*compiler.archiver, objects])

    compiler._compile, compiler.link, compiler.create_static_lib = compile_changed, link_changed, archive_changed
