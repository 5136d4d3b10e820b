"""Every function has its header, registry entry, public name, ufuncs and typed functions.

And the promise behind it: one header and one registry entry make an activation.
"""
import dataclasses
import importlib.util
import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest

import fastact as fa
from fastact import kernels, registry
from fastact._build import codegen
from fastact._core import ufuncs
from fastact.accuracy import formulas
from axes import ALL_FORMS, EVERY_LOOP, is_representative, kind
from native import ROOT, SOURCE, compiler, run

SHARED = {"count_equal", "half", "lanes", "maxima", "projection", "run", "short_rows",
          "terms"}  # headers of src_c/rows for several functions
needs_source = pytest.mark.skipif(not SOURCE.is_dir(), reason="needs the source tree")

HEADER = """/* trial(x) = x / (1 + x^2), and its slope (1 - x^2) / (1 + x^2)^2. */
INLINE REAL FN(trial)(REAL x) { return x / FN(fma)(x, x, 1); }

INLINE REAL FN(trial_derivative)(REAL x)
{
    REAL sum = FN(fma)(x, x, 1);
    return (1 - x) * (1 + x) / (sum * sum);
}
"""
ENTRY = """    Entry(
        name="trial", formula="x / (1 + x * x)", derivative="(1 - x * x) / ((1 + x * x) * (1 + x * x))",
        range="[-0.5, 0.5]", zero_centered=True, saturates="both", can_die=False, cost=0.2,
        best_for="trying this out", saved_for_backward="x", reference="this test", aliases=("attempt",),
    ),
"""


def registry_of(root):
    """The registry module of a source tree, read by itself."""
    spec = importlib.util.spec_from_file_location("_registry_of_a_tree", root / "fastact" / "registry.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def missing(root):
    """What a source tree lacks for each name that it has, as sentences."""
    registry = registry_of(root)
    for folder, entries, kind in (("activations", registry.ACTIVATIONS, "activation"), ("rows", registry.ROWS, "row")):
        headers = {path.stem for path in (root / "src_c" / folder).glob("*.h")} - SHARED
        names = {getattr(entry, "kernel", entry.name) for entry in entries}
        yield from (f"{name}: src_c/{folder}/{name}.h has no {kind} entry in fastact/registry.py"
                    for name in sorted(headers - names))
        yield from (f"{name}: the entry in fastact/registry.py has no src_c/{folder}/{name}.h"
                    for name in sorted(names - headers))
    for entry in registry.ACTIVATIONS:
        header = root / "src_c" / "activations" / f"{entry.name}.h"
        text = header.read_text() if header.exists() else ""
        wanted = [entry.name, f"{entry.name}_derivative"] + [f"{entry.name}_backward"] * entry.masks_gradient
        wanted += [f"{entry.name}_{'backward' if entry.masks_gradient else 'derivative'}_from_output"] * entry.from_output
        wanted += [f"{entry.name}_second_derivative"] * (entry.second_derivative not in ("", "0"))
        yield from (f"{entry.name}: its header does not define FN({function})"
                    for function in wanted if text and f"FN({function})" not in text)
        if not (entry.float32 and entry.float64):
            yield f"{entry.name}: there are no measured bounds; python -m fastact accuracy {entry.name} --write"


@needs_source
def test_headers_and_entries():
    assert list(missing(ROOT)) == []


def test_entries_are_public():
    """Each entry has its object, aliases, forms, ufuncs and typed functions."""
    registry = registry_of(ROOT)
    absent = []
    for entry in registry.ACTIVATIONS:
        names = [entry.name, *entry.aliases]
        absent += [f"fastact.{name}" for name in names if not hasattr(fa, name) or name not in fa.__all__]
        for form in entry.forms:
            suffix = registry.FORMS[form].suffix
            if not isinstance(getattr(ufuncs, entry.name + suffix, None), np.ufunc):
                absent.append(f"fastact._core.ufuncs.{entry.name}{suffix}")
            if not hasattr(kernels, entry.name + suffix):
                absent.append(f"fastact.kernels.{entry.name}{suffix}")
            if entry.name + suffix not in kernels.__pyx_capi__ and not capi_of(entry.name + suffix):
                absent.append(f"cimport of fastact.kernels.{entry.name}{suffix}")
            if form != "value" and not hasattr(getattr(fa, entry.name, None), form):
                absent.append(f"fastact.{entry.name}.{form}")
    for entry in registry.ROWS:
        names = [entry.name, *entry.aliases]
        absent += [f"fastact.{name}" for name in names if not hasattr(fa, name) or name not in fa.__all__]
        for form in entry.forms:
            name = entry.name + registry.FORMS[form].suffix
            absent += [] if capi_of(name) else [f"cimport of fastact.kernels.{name}"]
            if form != "value" and not hasattr(getattr(fa, entry.name, None), form):
                absent.append(f"fastact.{entry.name}.{form}")
    assert absent == []
    assert list(fa.activations) == [entry.name for entry in registry.ACTIVATIONS], "fastact.activations differs"


def capi_of(name):
    """Whether a typed function of this name can be cimported; fused ones are exported once a dtype."""
    return {f"__pyx_fuse_0{name}", f"__pyx_fuse_1{name}"} <= set(kernels.__pyx_capi__)


def test_every_signature_has_a_representative():
    """Each kind of form with each list of parameters is one of an activation for which the default tier runs all tests."""
    def signatures(forms):
        return {(kind(form), *(p.default is None for p in form.info.parameters)) for form in forms}

    assert signatures(ALL_FORMS) == signatures(filter(is_representative, ALL_FORMS))


def test_every_kind_of_loop_has_a_representative():
    """Tests of threads and of the processor's state run for these; their loops are instantiated by the same fields."""
    def loops(entries):
        return {loop for e in entries for loop in (
            (e.value_loop, e.derivative_loop, e.derivative_fast, e.masks_gradient, e.from_output),
            codegen._half_loop(e), codegen._second_kind(e))}

    assert loops(registry.ACTIVATIONS) == loops(e for e in registry.ACTIVATIONS if e.name in EVERY_LOOP)


def test_nothing_is_public_without_an_entry():
    known = {entry.name for entry in registry_of(ROOT).ACTIVATIONS}
    suffixes = "|".join(suffix for suffix in (form.suffix for form in registry.FORMS.values()) if suffix)
    assert {re.sub(f"({suffixes})$", "", name) for name in ufuncs.__all__} == known


@pytest.mark.parametrize("change, message", [
    ({"formula": "x + sinh(x)"}, "trial: the formula uses sinh; formulas may use x, a, pi, exp, expm1.*docs/adding.md"),
    ({"derivative": "b * x"}, "the derivative uses b;"), ({"second_derivative": "np.exp(x)"}, "uses np"),
    ({"numpy": "__import__(x)"}, "uses __import__"), ({"kinks": (registry.Kink("knee", "0"),)}, "the kink 'knee' uses knee"),
    ({"formula": "2 x"}, "is no expression of Python: '2 x'"), ({"name": "tri-al"}, "'tri-al' is no name"),
    ({"parameters": (registry.Parameter("out", 1.0, ""),)}, "cannot be named out"),
    ({"aliases": ("relu",)}, "relu stands for two functions"),
])
def test_a_wrong_entry_is_refused_by_the_build(change, message):
    fields = dict(name="trial", aliases=(), formula="x", derivative="1", parameters=(registry.Parameter("a", 1.0, ""),))
    trial = dataclasses.replace(registry.ACTIVATIONS[0], **{**fields, **change})
    with pytest.raises(ValueError, match=message):
        codegen.check(registry, [trial, *registry.ACTIVATIONS])


def test_every_function_of_formulas_is_defined():
    text = "x + " + " + ".join(
        f"{name}({'x < 1, x, 1' if name == 'where' else 'x, 0.5' if name in ('minimum', 'maximum') else 'x'})"
        for name in registry.FUNCTIONS)
    x = np.array([0.3, 0.75, 2.5])
    want = [float(formulas.mpmath_function(text)(value)) for value in x]
    np.testing.assert_allclose(formulas.numpy_function(text)(x), want, rtol=1e-12)


# ---- a trial activation ----

def copy_of_the_tree(target):
    """The sources, without what a build has left."""
    for folder in ("src_c", "fastact"):
        shutil.copytree(ROOT / folder, target / folder, ignore=shutil.ignore_patterns("*.so", "*.pxi", "__pycache__",
                                                                                      "include"))
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, target)
    return target


def add_header(root):
    (root / "src_c" / "activations" / "trial.h").write_text(HEADER)


def add_entry(root, more=""):
    path = root / "fastact" / "registry.py"
    head, rest = path.read_text().replace(ENTRY, "").split("ACTIVATIONS: Tuple[Entry, ...] = (\n")
    end = rest.index("\n)\n") + 1
    entry = ENTRY.replace('this test",', f'this test",{more}')
    path.write_text(f"{head}ACTIVATIONS: Tuple[Entry, ...] = (\n{rest[:end]}{entry}{rest[end:]}")


def of_trial(root):
    return [sentence for sentence in missing(root) if sentence.startswith("trial: ")]


@needs_source
def test_what_is_absent_is_named(tmp_path):
    root = copy_of_the_tree(tmp_path)
    add_header(root)
    assert of_trial(root) == ["trial: src_c/activations/trial.h has no activation entry in fastact/registry.py"]
    add_entry(root)
    assert of_trial(root) == ["trial: there are no measured bounds; python -m fastact accuracy trial --write"]
    add_entry(root, "float32=Bounds(1.0, 1.0), float64=Bounds(1.0, 1.0),")  # in the place of the other
    assert of_trial(root) == []
    (root / "src_c" / "activations" / "trial.h").write_text(HEADER.replace("FN(trial_derivative)", "FN(trial_derivative_fast)"))
    assert of_trial(root) == ["trial: its header does not define FN(trial_derivative)"]
    (root / "src_c" / "activations" / "trial.h").unlink()
    assert of_trial(root) == ["trial: the entry in fastact/registry.py has no src_c/activations/trial.h"]


CHECKS = """
import numpy as np
import fastact as fa
from fastact import kernels
from fastact._core import ufuncs
from fastact.accuracy import formulas

assert "trial" in fa.__file__, fa.__file__
x = np.linspace(-5, 5, 1001)
grad = np.cos(x)
value, slope = x / (1 + x * x), (1 - x * x) / (1 + x * x) ** 2
np.testing.assert_allclose(fa.trial(x), value, rtol=1e-15)
np.testing.assert_allclose(fa.trial.derivative(x), slope, rtol=1e-14, atol=1e-16)
np.testing.assert_allclose(fa.trial.backward(grad, x), grad * slope, rtol=1e-13, atol=1e-16)
np.testing.assert_array_equal(fa.trial.value_and_derivative(x), (fa.trial(x), fa.trial.derivative(x)))
assert fa.attempt is fa.trial and fa.activations["trial"] is fa.trial and "trial" in fa.__all__
assert isinstance(fa.trial.ufunc, np.ufunc) and fa.trial.ufunc is ufuncs.trial
assert fa.trial(x.astype(np.float16)).dtype == np.float16
out = np.empty_like(x)
kernels.trial_backward(grad, x, out)
assert (out == fa.trial.backward(grad, x)).all()
assert "x / (1 + x * x)" in fa.trial.__doc__ and "Parameters" in fa.trial.__doc__
assert "trial" in repr(fa.trial) and fa.trial.info.best_for == "trying this out"
exact = formulas.mpmath_function(fa.trial.info.formula)
assert abs(float(exact(0.3)) - fa.trial(0.3)) < 1e-16
try:
    fa.trial.backward_from_output(grad, x)
except TypeError as error:
    assert "trial.backward" in str(error)
net = fa.MLP([4, 8, 3], activation="trial", random_state=0)
net.train_step(np.ones((5, 4), np.float32), np.array([0, 1, 2, 0, 1]))
"""


@needs_source
def test_a_header_and_an_entry_are_compiled(tmp_path):
    """For the plain instruction set; the next test builds the whole package."""
    root = copy_of_the_tree(tmp_path)
    add_header(root)
    add_entry(root)
    codegen.write(registry_of(root), root)
    command = [compiler(), "-fsyntax-only", "-Werror=implicit-function-declaration", "-I", root / "src_c", "-I", root,
               root / "src_c" / "isa" / "baseline.c"]
    run(command)
    header = root / "src_c" / "activations" / "trial.h"
    header.write_text(HEADER.replace("FN(trial)", "FN(other)"))
    with pytest.raises(AssertionError, match="trial_f32"):
        run(command)


@pytest.mark.thorough
@needs_source
def test_a_header_and_an_entry_make_an_activation(tmp_path):
    """Built from a copy of the tree; without optimisation, which does not matter here."""
    compiler()
    pytest.importorskip("Cython")
    root = tmp_path / "trial_tree"
    root.mkdir()
    copy_of_the_tree(root)
    add_header(root)
    add_entry(root)
    setup = root / "setup.py"
    setup.write_text(setup.read_text().replace('"-O3"', '"-O0", "-w"'))
    baseline = root / "src_c" / "isa" / "baseline.c"
    assert '#pragma GCC optimize("O2")' in baseline.read_text()
    baseline.write_text(baseline.read_text().replace('#pragma GCC optimize("O2")', ""))
    env = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}

    def python(*arguments):
        done = subprocess.run([sys.executable, *arguments], cwd=root, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        return done.stdout

    python("setup.py", "-q", "build_ext", "--inplace", f"-j{os.cpu_count()}")
    python("-c", CHECKS)
    assert re.search(r"\btrial\b", python("-m", "fastact", "table"))


def test_dir_shows_what_is_public():
    for module in (fa, fa.losses, fa.optimizers, fa.initializers, fa.diagnostics, fa.callbacks):
        assert {name for name in dir(module) if not name.startswith("_")} == {*module.__all__}
