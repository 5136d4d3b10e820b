"""SciPy's, numexpr's and JAX's functions for the benchmarks, where these are installed; see ``fastact.bench.contenders``."""
import ast
import contextlib
import importlib
import os
import sys
from functools import partial

import numpy as np

from fastact import registry
from fastact.bench.timing import call_of


# ---- SciPy ----

def scipy_call(entry, form, inputs, out, axis=-1):
    """scipy.special's function; for silu, gelu and softplus the one that lacks a product or a sign."""
    special = importlib.import_module("scipy.special")
    if form != "value":
        return None
    name, x = registry.call(entry, "scipy"), inputs[0]
    if name:
        function = getattr(special, name.path)
        return partial(function, x, axis=axis) if isinstance(entry, registry.RowEntry) else call_of(function, x, out=out)
    factor = {"silu": special.expit, "gelu": special.ndtr}.get(entry.name)
    if factor:
        return lambda: np.multiply(x, factor(x, out=out), out=out)
    if entry.name == "softplus":
        return lambda: np.negative(special.log_expit(np.negative(x, out=out), out=out), out=out)
    return None


# ---- numexpr ----

@contextlib.contextmanager
def numexpr_terms(threads):
    """This many threads."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(ImportError):
            numexpr = importlib.import_module("numexpr")
            stack.callback(numexpr.set_num_threads, numexpr.set_num_threads(threads))
        yield


class _Numexpr(ast.NodeTransformer):
    """Rewrites a formula of the registry for numexpr; numbers become variables, which keep the arrays' dtype."""

    def __init__(self):
        self.numbers = {}

    def _number(self, value):
        name = f"number{len(self.numbers)}"
        self.numbers[name] = float(value)
        return ast.Name(name, ast.Load())

    def visit_Constant(self, node):
        return self._number(node.value)

    def visit_Name(self, node):
        return self._number(np.pi) if node.id == "pi" else node

    def visit_BinOp(self, node):
        whole = isinstance(node.op, ast.Pow) and isinstance(node.right, ast.Constant)
        node.left = self.visit(node.left)
        node.right = node.right if whole else self.visit(node.right)
        return node

    def visit_Call(self, node):
        first, second = map(ast.unparse, (node.args * 2)[:2])
        text = {
            "sigmoid": f"1 / (1 + exp(-({first})))", "sign": f"where({first} > 0, 1, where({first} < 0, -1, 0))",
            "minimum": f"where({first} < {second}, {first}, {second})",
            "maximum": f"where({first} > {second}, {first}, {second})",
        }.get(node.func.id)
        if text:
            return self.visit(ast.parse(text, mode="eval").body)
        node.args = [self.visit(argument) for argument in node.args]
        return node


def numexpr_call(entry, form, inputs, out, axis=-1):
    """The registry's formula, compiled by numexpr."""
    numexpr = importlib.import_module("numexpr")
    if isinstance(entry, registry.RowEntry) or form not in ("value", "derivative", "backward"):
        return None
    formula = (entry.numpy or entry.formula) if form == "value" else entry.derivative
    if inputs[0].dtype not in (np.float32, np.float64) or "erf" in formula or "cosh" in formula and form != "value":
        return None  # cosh overflows there, and its square is what NumPy computes as well
    rewriter = _Numexpr()
    text = ast.unparse(rewriter.visit(ast.parse(f"grad * ({formula})" if form == "backward" else formula, mode="eval")))
    values = {**dict(zip((p.name for p in entry.parameters), entry.defaults)), **rewriter.numbers}
    kind = inputs[0].dtype.type
    word = {np.float32: float, np.float64: np.float64}[kind]  # its names for them
    compiled = numexpr.NumExpr(text, [(name, word) for name in ["grad", "x"][-len(inputs):] + list(values)])
    return partial(compiled, *inputs, *(np.asarray(value, kind) for value in values.values()), out=out, casting="same_kind",
                   ex_uses_vml=False)


# ---- JAX ----

@contextlib.contextmanager
def jax_terms(threads):
    """This many threads, where JAX is first used here, and float64 as such."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(ImportError):
            config = jax(threads).config
            stack.callback(config.update, "jax_enable_x64", config.jax_enable_x64)
            config.update("jax_enable_x64", True)
        yield


def jax(threads):
    """JAX, whose CPU client reads the number of threads from the environment when it is made."""
    if "jax" in sys.modules:
        return importlib.import_module("jax")  # ImportError where its place holds None
    before = {name: os.environ.get(name) for name in ("NPROC", "PJRT_NPROC")}
    os.environ.update(dict.fromkeys(before, str(threads)))
    try:
        module = importlib.import_module("jax")
        module.devices("cpu")
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value
    return module


def jax_call(entry, form, inputs, out, axis=-1):
    """JAX's function, or what grad makes of it, compiled; a fresh result always."""
    jax = importlib.import_module("jax")
    importlib.import_module("jax.scipy.special")
    own = registry.function(entry, "jax", jax)
    if own is None or form not in ("value", "backward"):
        return None
    values = entry.defaults if isinstance(entry, registry.Entry) else (axis,)

    def function(x):
        return own(x, *values)

    cpu = jax.devices("cpu")[0]
    arrays = [jax.device_put(array, cpu) for array in inputs]
    compiled = jax.jit(function if form == "value" else lambda grad, x: jax.vjp(function, x)[1](grad)[0])
    return lambda: compiled(*arrays).block_until_ready()
