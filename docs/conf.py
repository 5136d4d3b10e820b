"""Sphinx: ``pip install ".[docs]"``, then ``sphinx-build -W docs build/docs``, and ``-b doctest`` for the examples.

The pages of the activations are written from the registry by ``generate.py`` whenever the site is built.
"""
import sys
from pathlib import Path

from docutils import nodes

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import explorer  # noqa: E402
import fastact  # noqa: E402
import generate  # noqa: E402
import pictures  # noqa: E402

project = "fastact"
author = copyright = "the fastact developers"
version = release = fastact.__version__
extensions = ["sphinx.ext.autodoc", "sphinx.ext.doctest", "sphinx.ext.viewcode", "numpydoc", "myst_parser"]
exclude_patterns = ["_build"]
source_suffix = {".rst": "restructuredtext", ".md": "markdown"}
suppress_warnings = ["myst.header"]  # README's sections begin below the page's title
smartquotes = False  # f'(x) and "names" are code
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
numpydoc_show_class_members = False
autodoc_typehints = "none"  # numpydoc's sections say them
doctest_global_setup = "import numpy as np, fastact as fa; from fastact import recommend"
doctest_default_flags = generate.DOCTEST_FLAGS

html_theme = "furo"
html_title = f"fastact {release}"
html_static_path = ["_static"]
html_favicon = "_static/favicon.svg"  # browsers ask for one, and report an error where there is none
html_css_files = ["gallery.css"]
html_copy_source = False


def mark_examples(app, doctree):
    """Let the doctest builder run the examples that stand in fenced blocks."""
    for block in doctree.findall(nodes.literal_block):
        if block.get("language") == "python" and block.astext().startswith(">>>"):
            block["testnodetype"], block["groups"] = "doctest", ["default"]


def cython_source(app, module):
    """What the site shows as the source of a compiled module, without the places of its functions."""
    path = HERE.parent / f"{module.replace('.', '/')}.pyx"
    return (path.read_text(encoding="utf-8"), {}) if path.exists() else None


def setup(app):
    app.connect("builder-inited", lambda app: generate.write(HERE / "generated"))
    app.connect("builder-inited", lambda app: pictures.write(HERE / "generated"))
    app.connect("builder-inited", lambda app: app.builder.format == "html" and explorer.write(app.outdir / "_static"))
    app.connect("doctree-read", mark_examples)
    app.connect("viewcode-find-source", cython_source)
