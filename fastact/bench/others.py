"""SciPy's, numexpr's and JAX's functions for the benchmarks, where these are installed; see ``fastact.bench.contenders``."""
from __future__ import annotations

import ast
import contextlib
import importlib
import os
import sys
from functools import partial
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple, Union

import numpy as np

from fastact import registry
from fastact.bench.timing import call_of

Call = Callable[[], Any]
AnyEntry = Union[registry.Entry, registry.RowEntry]


# ---- SciPy ----

def scipy_call(entry: AnyEntry, form: str, inputs: List[Any], out: Any, axis: int = -1) -> Optional[Call]:
    """scipy.special's function of this name, or the one that lacks a product or a sign."""
    special = importlib.import_module("scipy.special")
    if form != "value":
        return None
    x = inputs[0]
    if isinstance(entry, registry.RowEntry):
        function = getattr(special, entry.name, None)
        return function and partial(function, x, axis=axis)
    ufunc = getattr(special, {"sigmoid": "expit", "log_sigmoid": "log_expit", "erf": "erf"}.get(entry.name, ""), None)
    if ufunc is not None:
        return call_of(ufunc, x, out=out)
    factor = getattr(special, {"silu": "expit", "gelu": "ndtr"}.get(entry.name, ""), None)
    if factor is not None:
        return lambda: np.multiply(x, factor(x, out=out), out=out)
    if entry.name == "softplus":
        return lambda: np.negative(special.log_expit(np.negative(x, out=out), out=out), out=out)
    return None


# ---- numexpr ----

@contextlib.contextmanager
def numexpr_terms(threads: int) -> Iterator[None]:
    """This many threads."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(ImportError):
            numexpr = importlib.import_module("numexpr")
            stack.callback(numexpr.set_num_threads, numexpr.set_num_threads(threads))
        yield


class _Numexpr(ast.NodeTransformer):
    """The registry's formula in numexpr's words; numbers become variables, which keep the arrays' dtype."""

    def __init__(self) -> None:
        self.numbers: Dict[str, float] = {}

    def _number(self, value: float) -> ast.expr:
        name = f"number{len(self.numbers)}"
        self.numbers[name] = value
        return ast.Name(name, ast.Load())

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        return self._number(float(node.value))  # type: ignore[arg-type]

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._number(np.pi) if node.id == "pi" else node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        whole = isinstance(node.op, ast.Pow) and isinstance(node.right, ast.Constant)
        node.left = self.visit(node.left)
        node.right = node.right if whole else self.visit(node.right)
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        assert isinstance(node.func, ast.Name)
        node.args = [self.visit(argument) for argument in node.args]
        first, second = map(ast.unparse, (node.args * 2)[:2])
        rewritten = {
            "sigmoid": f"1 / (1 + exp(-({first})))", "sign": f"where({first} > 0, 1, where({first} < 0, -1, 0))",
            "minimum": f"where({first} < {second}, {first}, {second})",
            "maximum": f"where({first} > {second}, {first}, {second})",
        }.get(node.func.id)
        if rewritten is None:
            return node
        expression = ast.parse(rewritten, mode="eval").body
        for part in ast.walk(expression):
            for name, value in ast.iter_fields(part):
                if isinstance(value, ast.Constant):
                    setattr(part, name, self._number(float(value.value)))  # type: ignore[arg-type]
                elif isinstance(value, list):
                    value[:] = [self._number(float(v.value)) if isinstance(v, ast.Constant) else v  # type: ignore[arg-type]
                                for v in value]
        return expression


def numexpr_call(entry: AnyEntry, form: str, inputs: List[Any], out: Any, axis: int = -1) -> Optional[Call]:
    """The registry's formula, compiled by numexpr."""
    numexpr = importlib.import_module("numexpr")
    if isinstance(entry, registry.RowEntry) or form not in ("value", "derivative", "backward"):
        return None
    formula = (entry.numpy or entry.formula) if form == "value" else entry.derivative
    if inputs[0].dtype not in (np.float32, np.float64) or "erf" in formula or "cosh" in formula and form != "value":
        return None  # cosh overflows there, and its square is what NumPy computes as well
    words = _Numexpr()
    text = ast.unparse(words.visit(ast.parse(f"grad * ({formula})" if form == "backward" else formula, mode="eval")))
    values = dict(zip((p.name for p in entry.parameters), entry.defaults))
    values.update(words.numbers)
    kind = inputs[0].dtype.type
    word = {np.float32: float, np.float64: np.float64}[kind]  # its names for them
    names = [*(["grad"] if form == "backward" else []), "x", *values]
    compiled = numexpr.NumExpr(text, [(name, word) for name in names])
    arguments = [*inputs, *(np.asarray(value, kind) for value in values.values())]
    return partial(compiled, *arguments, out=out, casting="same_kind", ex_uses_vml=False)


# ---- JAX ----

@contextlib.contextmanager
def jax_terms(threads: int) -> Iterator[None]:
    """This many threads, where JAX is first used here, and float64 as such."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(ImportError):
            config = jax(threads).config
            stack.callback(config.update, "jax_enable_x64", config.jax_enable_x64)
            config.update("jax_enable_x64", True)
        yield


def jax(threads: int) -> Any:
    """JAX, whose CPU client reads the number of threads from the environment when it is made."""
    if "jax" in sys.modules:
        return importlib.import_module("jax")
    names = ("NPROC", "PJRT_NPROC")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, str(threads)))
    try:
        module = importlib.import_module("jax")
        module.devices("cpu")
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value
    return module


_JAX = {  # where jax.nn has another name
    "hard_shrink": "", "soft_shrink": "", "softsign": "soft_sign", "exponential": "jax.numpy.exp", "swish": "",
    "tanh": "jax.numpy.tanh", "erf": "jax.scipy.special.erf", "leaky_relu": "leaky_relu", "softmin": "",
    "gelu_tanh": "gelu", "logsumexp": "logsumexp", "identity": "jax.numpy.copy", "hard_sigmoid": "hard_sigmoid",
}


def _jax_function(jax: Any, entry: AnyEntry, axis: int) -> Optional[Callable[[Any], Any]]:
    path = _JAX.get(entry.name, entry.name)
    for part in (path if path.startswith("jax.") else f"jax.nn.{path}").split(".")[1:]:
        jax = getattr(jax, part, None)
    if not callable(jax):
        return None
    if isinstance(entry, registry.RowEntry):
        return partial(jax, axis=axis)
    if entry.name in ("gelu", "gelu_tanh"):
        return partial(jax, approximate=entry.name == "gelu_tanh")
    known: Tuple[str, ...] = ("leaky_relu", "elu", "celu", "squareplus")
    values = dict(zip((p.name for p in entry.parameters), entry.defaults)) if entry.name in known else {}
    return partial(jax, **values)


def jax_call(entry: AnyEntry, form: str, inputs: List[Any], out: Any, axis: int = -1) -> Optional[Call]:
    """jax.nn's function, or what grad makes of it, compiled; a fresh result always."""
    jax = importlib.import_module("jax")
    function = _jax_function(jax, entry, axis)
    if function is None or form not in ("value", "backward"):
        return None
    cpu = jax.devices("cpu")[0]
    arrays = [jax.device_put(array, cpu) for array in inputs]
    compiled = jax.jit(function if form == "value" else lambda grad, x: jax.vjp(function, x)[1](grad)[0])
    return lambda: compiled(*arrays).block_until_ready()
