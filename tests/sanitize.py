"""Runs tests under AddressSanitizer and UndefinedBehaviorSanitizer, in a build of its own: ``python tests/sanitize.py``.

The package is built into build/sanitized, which a later run brings up to date. Arguments are those of pytest; without any,
the files below are run. An error of either sanitizer ends the process, and so fails the run. Leaks are not looked for:
the interpreter has its own. Needs gcc on Linux.
"""
import os
import subprocess
import sys

from native import ROOT, build_package

FILES = ("calls", "bind", "rows", "losses", "optimizers")
# Of these: what takes long, in mpmath or over 2^31 elements, and what limits the memory, of which the sanitizers need much.
LEFT_OUT = "not accuracy and not 2_to_31 and not without_memory"


def main(arguments):
    package = build_package(ROOT / "build" / "sanitized", FASTACT_SANITIZE="address,undefined")
    libraries = [subprocess.check_output(["gcc", f"-print-file-name=lib{name}.so"], text=True).strip()
                 for name in ("asan", "ubsan")]
    environment = {
        **os.environ, "PYTHONPATH": str(package), "LD_PRELOAD": " ".join(libraries), "PYTHONMALLOC": "malloc",
        "FASTACT_CACHE_MB": "0",  # or results would lie in memory that earlier ones have left, which has no bounds
        "ASAN_OPTIONS": "detect_leaks=0:halt_on_error=1", "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
    }
    program = f"import fastact, pytest, sys; assert fastact.__file__.startswith({str(package)!r}); sys.exit(pytest.main())"
    arguments = arguments or ["-k", LEFT_OUT, *(str(ROOT / "tests" / f"test_{name}.py") for name in FILES)]
    # In the package's folder: Python puts the folder of `-c` first on its path, and the tree has a package of this name.
    return subprocess.call([sys.executable, "-c", program, "-x", "-p", "no:cacheprovider", *arguments], cwd=package,
                           env=environment)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
