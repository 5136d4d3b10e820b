"""The site: its examples run, every function has a page, and every page is in a table of contents."""
import doctest
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import fastact as fa
from fastact import registry

DOCS = Path(__file__).parents[1] / "docs"
pytestmark = pytest.mark.skipif(not (DOCS / "conf.py").exists(), reason="needs the source tree")
PAGES = sorted(path.stem for path in DOCS.glob("*.md"))
PROGRAMS = sorted(path for path in DOCS.glob("pipeline/*.py") if path.stem != "timing")


@pytest.fixture(scope="module")
def generate():
    """docs/generate.py, which writes the pages of the registry."""
    pytest.importorskip("numpydoc")
    pytest.importorskip("matplotlib")
    sys.path.insert(0, str(DOCS))  # as conf.py does
    spec = importlib.util.spec_from_file_location("_docs_generate", DOCS / "generate.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", PAGES)
def test_examples(page):
    results = doctest.testfile(str(DOCS / f"{page}.md"), module_relative=False, globs={"np": np, "fa": fa},
                               optionflags=doctest.NORMALIZE_WHITESPACE)
    assert results.failed == 0


@pytest.mark.thorough
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.stem)
def test_programs_of_the_pipeline(program, tmp_path):
    """Each checks its own results; the page shows it."""
    text = program.read_text()
    for package in re.findall(r"^(?:import|from) (jax|numba|onnxruntime|sklearn|torch)\b", text, re.MULTILINE):
        pytest.importorskip({"onnxruntime": "onnx"}.get(package, package))
        pytest.importorskip(package)
    ended = subprocess.run([sys.executable, str(program), "0.01"], capture_output=True, text=True,
                           env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)})
    assert ended.returncode == 0, ended.stderr
    assert "times as quick" in ended.stdout
    assert f"pipeline/{program.name}" in (DOCS / "pipeline.md").read_text()


def test_contents():
    """Every page is reached from the first one."""
    trees = re.findall(r"```\{toctree\}(.*?)```", (DOCS / "index.md").read_text(), re.DOTALL)
    assert {*PAGES} - {page for tree in trees for page in tree.split()} == {"index"}


def test_gallery_has_every_function(generate):
    text = generate.gallery()
    for entry in (*registry.ACTIVATIONS, *registry.ROWS):
        assert text.count(f"plots/{entry.name}.svg") == 1
        assert re.search(rf"^   {entry.name}$", text, re.MULTILINE), entry.name


@pytest.mark.parametrize("name", ["gelu", "threshold", "hard_silu"])
def test_page_of_an_activation(generate, name):
    entry = fa.activations[name].info
    text = generate.activation(entry)
    for part in (entry.formula, entry.derivative, entry.range, entry.best_for, entry.reference, "Parameters",
                 f"{entry.float32.value:g}", *(p.name for p in entry.parameters)):
        assert part in text or part == "Parameters" and ":Parameters:" in text
    for form in entry.forms:
        assert f".. py:function:: fastact.{name}{'' if form == 'value' else '.' + form}(" in text
    examples = doctest.DocTestParser().get_doctest(text, {"fa": fa}, name, None, 0)
    assert len(examples.examples) >= 2  # the import and a call at the least
    assert doctest.DocTestRunner().run(examples).failed == 0


def test_formulas_are_mathematics(generate):
    """Every formula of an elementwise activation has MathML, which is well-formed XML and shows its parameters."""
    for entry in registry.ACTIVATIONS:
        for text in filter(None, (entry.formula, entry.derivative, entry.second_derivative)):
            tree = ElementTree.fromstring(generate.mathml(text).replace("&#160;", " "))
            assert "x" in {node.text for node in tree.iter("mi")} or "x" not in text
    assert generate.mathml("where(x > 0, where(x < 6, 1, 0), 0)").count("<mtr>") == 2
    with pytest.raises(ValueError, match="no expression"):
        generate.mathml("1 at the first maximum")


def test_pages_of_row_functions(generate):
    for entry in registry.ROWS:
        assert f".. py:function:: fastact.{entry.name}(x, axis=" in generate.row_function(entry)


def test_reference_has_every_public_name(generate):
    text = generate.reference() + generate.gated_linear_units()
    functions = {*fa.activations, *(row.name for row in registry.ROWS), *registry.aliases()}
    modules = {"Activation", "activations", "callbacks", "initializers", "losses"}
    assert [name for name in fa.__all__ if name not in {*functions, *modules} and f"fastact.{name}" not in text] == []
