"""The data of the explorer page: the registry's formulas as JavaScript, checked against the library.

The page is explorer.md, and its program _static/explorer.js. The formulas come as functions in explorer_data.js, which a
build of the site writes: a page that is opened from a file cannot read anything but scripts.
"""
import ast
import itertools
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import scipy.special

import fastact as fa
from fastact import registry
from fastact._build import docstrings
from fastact.accuracy import formulas
from fastact.guide import table

PROGRAM = Path(__file__).parent / "_static" / "explorer.js"
NAMES = tuple(dict.fromkeys((*registry.FUNCTIONS, "log", "pi")))  # what explorer.js defines for the formulas
FORMS = ("value", "derivative", "second_derivative")
ROW = (0.0, 1.0)     # what stands beside x where the function is one of rows
X = np.arange(-200, 201) / 20
TOLERANCE = 1e-9     # relative; and absolute: of rows, whose formulas cancel, 1e-15, otherwise less than any normal number
SIGNS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">",
         ast.GtE: ">="}


def write(folder):
    """Write explorer_data.js after a check of its formulas."""
    check()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "explorer_data.js").write_text(script(), encoding="utf-8")


# ---- translation ----

def javascript(expression, names=(), x="x", row=()):
    """A formula in x and `names` as JavaScript that Python reads too; max, min and sum are taken over `row`.

    Raises
    ------
    ValueError
        For what a formula of the registry does not have.
    """
    def text(node, x):
        match node:
            case ast.Name(id=name) if name in ("x", *NAMES, *names):
                return x if name == "x" else name
            case ast.Constant(value=value):
                return repr(value)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return f"(-{text(operand, x)})"
            case ast.BinOp(left=a, op=sign, right=b) | ast.Compare(left=a, ops=[sign], comparators=[b]) if type(sign) in SIGNS:
                return f"({text(a, x)} {SIGNS[type(sign)]} {text(b, x)})"
            case ast.Call(func=ast.Name(id="sum"), args=[term]):
                return f"({' + '.join(text(term, item) for item in row)})"
            case ast.Call(func=ast.Name(id="max" | "min" as name), args=[term]):
                first, *others = (text(term, item) for item in row)
                for other in others:
                    first = f"{name}imum({first}, {other})"
                return first
            case ast.Call(func=ast.Name(id=name), args=arguments) if name in NAMES:
                return f"{name}({', '.join(text(argument, x) for argument in arguments)})"
        raise ValueError(f"{expression}: no JavaScript for {ast.unparse(node)}")

    return text(ast.parse(expression, mode="eval").body, x)


def parameters(entry):
    """(name, meaning, default, least, most) of each parameter. A slider begins at 0 where the formulas are finite there."""
    if isinstance(entry, registry.RowEntry):
        return [("temperature", "divides x", 1.0, 0.25, 4.0)] if entry.temperature else []
    names, found = [p.name for p in entry.parameters], []
    for k, (parameter, default) in enumerate(zip(entry.parameters, entry.defaults)):
        most = 4 * default if abs(default) > 0.25 else float(np.copysign(1, default))
        values = [*entry.defaults]
        values[k] = 0.0 if default else -most
        with np.errstate(all="ignore"):
            finite = all(np.isfinite(formulas.numpy_function(formula, names)(X, *values)).all() for formula in texts(entry))
        least, most = sorted((most, values[k] if finite else most / 100))
        found.append((parameter.name, parameter.doc, default, least, most))
    return found


def texts(entry):
    """The formulas of an activation's curves."""
    return [text for text in (entry.formula, entry.derivative, entry.second_derivative) if text]


def functions(entry):
    """The library's functions whose curves are shown."""
    activation = fa.activations[entry.name]
    return [activation if form == "value" else getattr(activation, form) for form in FORMS if form in entry.forms]


def curves(entry):
    """For each curve its outputs, as formulas; of a function of rows, the outputs for the row (x, 0, 1)."""
    if not isinstance(entry, registry.RowEntry):
        return [[javascript(formula, [p.name for p in entry.parameters])] for formula in texts(entry)]
    row = ["x", *map(repr, ROW)]
    if entry.temperature:
        row = [f"({item} / temperature)" for item in row]
    try:
        return [[javascript(entry.formula, x=item, row=row) for item in (row[:1] if entry.reduces else row)]]
    except (SyntaxError, ValueError):
        return []  # its formula is in words


def facts(entry):
    """What the comparison says of a function: (label, text), code between backquotes."""
    def code(texts):
        return ", ".join(f"`{text}`" for text in texts)

    yield "f", code([entry.formula])
    yield "f'", code([entry.derivative])
    if getattr(entry, "second_derivative", ""):
        yield "f''", code([entry.second_derivative])
    yield "range", entry.range
    yield "zero-centred", "yes" if entry.zero_centered else "no"
    yield "saturates", entry.saturates
    yield "units can die", "yes" if entry.can_die else "no"
    if getattr(entry, "kinks", ()):
        yield "kinks", docstrings.kinks(entry)
    yield "cost", f"{table.relative_cost(entry)} times relu's"
    for dtype in ("float32", "float64"):
        if bounds := getattr(entry, dtype, None):
            yield f"ULP, {dtype}", f"{bounds.value:g}; f' {bounds.derivative:g}"
    yield "best for", entry.best_for
    if entry.aliases:
        yield "also called", code(entry.aliases)
    if names := registry.names_of(entry):
        yield "elsewhere", code(names)
    yield "source", entry.reference


def script():
    """explorer_data.js: a function of the NAMES that returns the list of functions."""
    lines = []
    for entry in (*registry.ACTIVATIONS, *registry.ROWS):
        given = parameters(entry)
        data = {"name": entry.name, "aliases": entry.aliases, "page": f"generated/{entry.name}.html",
                "facts": list(facts(entry)), "parameters": [dict(zip(("name", "doc", "value", "low", "high"), p)) for p in given]}
        names = [name for name, *_ in given]
        of_x = ", ".join(["x", *names])
        forms = ", ".join(f"({of_x}) => [{', '.join(outputs)}]" for outputs in curves(entry))
        kinks = ", ".join(javascript(kink.at, names) for kink in getattr(entry, "kinks", ()))
        lines.append(f'{json.dumps(data)[:-1]}, "curves": [{forms}], "kinks": ({", ".join(names)}) => [{kinks}]}}')
    return f"const fastactFunctions = ({{{', '.join(NAMES)}}}) => [\n" + ",\n".join(lines) + "];\n"


# ---- the check ----

def check():
    """Compare every formula with the library, at the defaults and the ends of the sliders.

    node runs what a browser will run. Where it is not installed Python evaluates the same text.

    Raises
    ------
    AssertionError
        Where a result differs or is not finite, naming the function.
    """
    cases = [(entry, values) for entry in (*registry.ACTIVATIONS, *registry.ROWS) if curves(entry)
             for values in {tuple(p[2] for p in parameters(entry)), *itertools.product(*(p[3:] for p in parameters(entry)))}]
    evaluate = _in_node if shutil.which("node") else _in_python
    for (entry, values), got in zip(cases, evaluate(cases)):
        rounding = 1e-15 if isinstance(entry, registry.RowEntry) else 1e-307
        for form, result, want in zip(FORMS, got, wanted(entry, values)):
            np.testing.assert_allclose(np.array(result, float), want, rtol=TOLERANCE, atol=rounding, equal_nan=False,
                                       err_msg=f"the explorer's {form} of {entry.name}, parameters {values}")


def wanted(entry, values):
    """The library's results at X: for each curve an array of points and outputs."""
    if isinstance(entry, registry.RowEntry):
        rows = np.stack([X, *(np.full_like(X, other) for other in ROW)], axis=1)
        return [getattr(fa, entry.name)(rows, axis=-1, **dict(zip(["temperature"], values))).reshape(len(X), -1)]
    return [function(X, *values)[:, None] for function in functions(entry)]


def _in_node(cases):
    arguments = json.dumps([[entry.name, values] for entry, values in cases])
    run = f"""const all = fastactFunctions(fastactMath);
        const results = {arguments}.map(([name, values]) => all.find(each => each.name === name).curves.map(
            curve => {X.tolist()}.map(x => curve(x, ...values))));
        process.stdout.write(JSON.stringify(results));"""
    text = f"{script()}\n{PROGRAM.read_text(encoding='utf-8')}\n{run}"
    return json.loads(subprocess.run(["node", "-"], input=text, capture_output=True, text=True, check=True).stdout)


def _in_python(cases):
    names = {**vars(np), "erf": scipy.special.erf, "erfc": scipy.special.erfc, "sigmoid": scipy.special.expit}
    for entry, values in cases:
        of_x = ", ".join(["x", *(name for name, *_ in parameters(entry))])
        with np.errstate(all="ignore"):
            yield [np.stack([np.broadcast_to(eval(f"lambda {of_x}: {output}", names)(X, *map(np.float64, values)), X.shape)
                             for output in outputs], axis=1) for outputs in curves(entry)]
