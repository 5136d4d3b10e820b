"""Imports run downwards: a module imports modules of its own layer and of lower ones only."""
import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "fastact"
LAYERS = [  # lowest first
    {"registry", "_build", "_tools"},
    {"_core", "config", "kernels"},
    {"losses", "optimizers", "initializers", "diagnostics"},
    {"nn"},
    {"sklearn", "torch", "jax", "numba", "interop"},
    {""},  # fastact/__init__.py, by which the layers after it use the library as a user does
    {"accuracy", "bench"},
    {"guide", "__main__"},
]
# What may be imported from a higher layer when a function is called.
ALLOWED = {
    ("config", ""): "show_config prints the version",
    ("nn.mlp", "interop.onnx"): "MLP.to_onnx",
    ("nn.mlp", "torch.convert"): "MLP.to_torch and MLP.from_torch",
}


def layer(module):
    return next(k for k, names in enumerate(LAYERS) if module.partition(".")[0] in names)


def known():
    """The modules by name: "nn.mlp", "nn" of a folder's __init__, "" of fastact/__init__.py."""
    modules = {}
    for path in sorted(PACKAGE.rglob("*")):
        if path.suffix in (".py", ".pyx", ".pxd"):
            parts = path.relative_to(PACKAGE).with_suffix("").parts
            modules.setdefault(".".join(part for part in parts if part != "__init__"), []).append(path)
    return modules


MODULES = known()


def target(name):
    """The module of the package that an imported name is, or stands in."""
    name = name.removeprefix("fastact").removeprefix(".")
    while name and name not in MODULES:
        name = name.rpartition(".")[0]
    return name


def imports(path):
    """(module of the package, whether it is imported with the importing one) for each import in a file."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        found = []

        def visit(node, top):
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.Import):
                    found.extend((alias.name, top) for alias in child.names)
                elif isinstance(child, ast.ImportFrom):
                    assert child.level == 0, f"{path}: a relative import"
                    found.extend((f"{child.module}.{alias.name}", top) for alias in child.names)
                visit(child, top and not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)))

        visit(ast.parse(text), True)
    else:
        text = re.sub(r"\(\s*([^()]*?)\s*\)", lambda match: match[1].replace("\n", " "), text)
        lines = re.findall(r"^([ \t]*)(?:from +([\w.]+) +)?c?import +(.+)", text, re.M)
        found = [(f"{source}.{name.split()[0]}" if source else name.split()[0], not indent)
                 for indent, source, names in lines for name in names.split(",") if name.strip()]
    return {(target(name), top) for name, top in found if name.partition(".")[0] == "fastact"}


@pytest.mark.parametrize("module", MODULES)
def test_imports_run_downwards(module):
    upwards = [(other, top) for path in MODULES[module] for other, top in imports(path) if layer(other) > layer(module)]
    assert [other for other, top in upwards if top] == [], f"fastact.{module} imports from a higher layer"
    assert {(module, other) for other, _ in upwards} <= set(ALLOWED), "not in the list of imports when a function is called"


def test_the_list_has_no_more_than_is_needed():
    needed = {(module, other) for module, paths in MODULES.items() for path in paths for other, top in imports(path)
              if layer(other) > layer(module)}
    assert needed == set(ALLOWED)


def test_every_module_is_found():
    names = {"", "registry", "nn.mlp", "_core.form", "_core.fast_path", "torch", "bench.cases"}
    assert names <= set(MODULES) and sum(map(len, MODULES.values())) > 80
    found = {other for path in MODULES["_core.form"] for other, _ in imports(path)}
    assert {"registry", "_core.fast_path", "_core.binding"} <= found
