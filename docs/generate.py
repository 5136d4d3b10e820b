"""The pages that the registry determines: the gallery, one page a function, and the reference."""
import contextlib
import doctest
import inspect
import re
from pathlib import Path

from numpydoc.docscrape_sphinx import SphinxDocString

import fastact as fa
from fastact import diagnostics, initializers, losses, registry
from fastact._build import docstrings
from fastact._tools import pages
from fastact.guide import plotting, table
from mathml import mathml

DOCTEST_FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
pages.ROOT = Path(__file__).resolve().parents[1]  # fastact may be installed without its sources
UNITS = (fa.glu, fa.reglu, fa.geglu, fa.swiglu)


def write(folder):
    """Write every page and plot; files that stay as they were are not touched, so that Sphinx reads less."""
    pages = {"gallery.rst": gallery(), "gated_linear_units.rst": gated_linear_units(), "reference.rst": reference()}
    for entry in registry.ACTIVATIONS:
        pages[f"{entry.name}.rst"] = activation(entry)
    for entry in registry.ROWS:
        pages[f"{entry.name}.rst"] = row_function(entry)
    (folder / "plots").mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        if not (folder / name).exists() or (folder / name).read_text(encoding="utf-8") != text:
            (folder / name).write_text(text, encoding="utf-8")
    for entry in (*registry.ACTIVATIONS, *registry.ROWS):
        plot(entry, folder / "plots" / f"{entry.name}.svg")


# ---- pages ----

def gallery():
    """All functions with their curves, and the properties side by side."""
    lines = [*title("Gallery"), "Every activation, solid, and its derivative, dashed. A click leads to its page: formula, "
             "derivative, properties, accuracy, speed and all forms.", "", ".. container:: gallery", ""]
    for entry in (*registry.ACTIVATIONS, *registry.ROWS):
        lines += [f"   .. figure:: plots/{entry.name}.svg", f"      :target: {entry.name}.html",
                  f"      :alt: {entry.name} and its derivative", "", f"      :doc:`{entry.name}`", ""]
    head = ("", *table.HEAD[3:])
    rows = [[f":doc:`{entry.name}`", entry.range, yes(entry.zero_centered), entry.saturates, yes(entry.can_die),
             table.relative_cost(entry), entry.best_for] for entry in (*registry.ACTIVATIONS, *registry.ROWS)]
    lines += [*title("Properties", "-"), "The cost of an element is a multiple of relu's. The same table with formulas: "
              "``python -m fastact table``.", "", *list_table(head, rows), "", *title("Pages", "-"), ".. toctree::",
              "   :maxdepth: 1", "", *(f"   {entry.name}" for entry in (*registry.ACTIVATIONS, *registry.ROWS)),
              "   gated_linear_units", ""]
    return "\n".join(lines)


def activation(entry):
    """The page of an elementwise activation."""
    function = fa.activations[entry.name]
    facts = [["f(x) in code", code(entry.formula)], ["f'(x) in code", code(entry.derivative)], ["range", code(entry.range)],
             ["zero-centred", yes(entry.zero_centered)], ["saturates", entry.saturates],
              ["units can die", yes(entry.can_die)], ["kinks", docstrings.kinks(entry)],
              ["saved for backward", entry.saved_for_backward], ["cost", cost(entry)]]
    facts += [["also called", ", ".join(map(code, entry.aliases))]] if entry.aliases else []
    facts += [["elsewhere", ", ".join(map(code, registry.names_of(entry)))]] if registry.names_of(entry) else []
    facts += [["best for", entry.best_for], ["source", entry.reference]]
    lines = [*title(entry.name), *image(entry), *formulas(entry), *list_table(None, facts), "",
             *title("Example", "-"), *example(entry), *title("Accuracy", "-"), *accuracy(entry), *speed(entry),
             *title("Forms", "-")]
    for form in entry.forms:
        name = f"fastact.{entry.name}" + ("" if form == "value" else f".{form}")
        lines += described(name, docstrings.signature(entry, form)[:-1] + ", out=None, **kwargs)",
                           (function if form == "value" else getattr(function, form)).__doc__)
    return "\n".join(lines)


def row_function(entry):
    """The page of a function of whole rows."""
    function, names = getattr(fa, entry.name), registry.names_of(entry)
    facts = [["f(x)", code(entry.formula)], ["d y[i] / d x[j]", code(entry.derivative)], ["range", entry.range],
             ["saturates", entry.saturates], ["units can die", yes(entry.can_die)],
             ["saved for backward", entry.saved_for_backward or "there is none"],
             ["cost", cost(entry)], *([["elsewhere", ", ".join(map(code, names))]] if names else []),
             ["best for", entry.best_for], ["source", entry.reference]]
    lines = [*title(entry.name), *image(entry), *formulas(entry), *list_table(None, facts), "", *title("Example", "-"),
             *prompt(f"fa.{entry.name}([1.0, 2.0, 4.0])"), *speed(entry), *title("Forms", "-")]
    for form in entry.forms:
        method = function if form == "value" else getattr(function, form)
        name = f"fastact.{entry.name}" + ("" if form == "value" else f".{form}")
        signature = repr(function)[len(f"<fastact.{entry.name}"):-1] if form == "value" else str(inspect.signature(method))
        lines += described(name, signature, method.__doc__)
    return "\n".join(lines)


def gated_linear_units():
    """The page of glu and its kin."""
    lines = [*title("Gated linear units"), "Halves of one array, as a linear layer of twice the width makes them. For gate "
             "and up in arrays of their own every activation has ``gated``.", ""]
    for unit in UNITS:
        lines += described(f"fastact.{unit.name}", '(x, axis=-1, gate="last", out=None)', unit.__doc__)
    return "\n".join(lines)


def reference():
    """Everything public that is no activation."""
    lines = title("Reference")
    lines += ["Activations have their pages in the :doc:`gallery`.", "", *title("Networks", "-"),
              ".. autoclass:: fastact.MLP", "   :members:", "   :inherited-members:", "", *title("Losses", "-")]
    for name in losses.__all__:
        if name != "Loss":
            loss = getattr(losses, name)
            lines += described(f"fastact.losses.{name}", plain_signature(loss), loss.__doc__)
    lines += [*title("Optimisers", "-"), ".. automodule:: fastact.optimizers", "   :members:", "",
              *title("Initialisers", "-")]
    for name in initializers.__all__:
        function = getattr(initializers, name)
        lines += described(f"fastact.initializers.{name}", plain_signature(function), function.__doc__)
    lines += [*title("Diagnostics", "-"), ".. automodule:: fastact.diagnostics",
              f"   :members: {', '.join(diagnostics.__all__)}", "   :exclude-members: DeadUnitsWarning", "",
              *title("Training callbacks", "-"), ".. autoclass:: fastact.callbacks.EarlyStopping", "",
              *title("scikit-learn estimators", "-"), ".. autoclass:: fastact.sklearn.MLPClassifier", "",
              ".. autoclass:: fastact.sklearn.MLPRegressor", "", *title("PyTorch", "-"),
              "``fastact.torch`` has every activation as a function of tensors and as a module: :doc:`/torch`.", "",
              *title("JAX", "-"),
              "``fastact.jax`` has every activation, softmax and log_softmax as functions of JAX arrays: :doc:`/torch`.", "",
              *title("numba", "-"), "``fastact.numba`` lets functions that numba compiles call ours: :doc:`/pipeline`.", "",
              *title("Names, advice and plots", "-")]
    named = ("get", "gumbel_softmax", "recommend", "plot")
    lines += [line for name in named for line in (f".. autofunction:: fastact.{name}", "")]
    lines += title("Embedding, threads, memory, configuration", "-")
    functions = {*fa.activations, *registry.aliases(), *(row.name for row in registry.ROWS), *(unit.name for unit in UNITS)}
    for name in fa.__all__:
        thing = getattr(fa, name)
        if inspect.isclass(thing) and name not in ("Activation", "MLP"):
            lines += [f".. autoclass:: fastact.{name}", "   :members:", ""]
        elif callable(thing) and name not in {*functions, "Activation", "MLP", "get", "recommend", "plot"}:
            lines += described(f"fastact.{name}", plain_signature(thing), thing.__doc__)
    return "\n".join(lines)


# ---- their parts ----

def example(entry):
    """Value, derivative and backward of a few numbers, as Python prints them."""
    required = "".join(f", {value}" for value in entry.required)
    return [line for call in (f"fa.{entry.name}([-2.0, -0.5, 0.0, 3.0]{required})",
                              f"fa.{entry.name}.derivative([-2.0, -0.5, 0.0, 3.0]{required})")
            for line in prompt(call)]


def prompt(call):
    """A call and its result; the doctests of the site run it again."""
    return [f">>> {call}", *repr(eval(call, {"fa": fa})).splitlines(), ""]


def formulas(entry):
    """The definition and the derivatives as mathematics, where they are written as expressions."""
    rows = []
    for label, text in (("f(x)", entry.formula), ("f′(x)", entry.derivative), ("f″(x)", getattr(entry, "second_derivative", ""))):
        with contextlib.suppress(ValueError):
            rows += [f"      <tr><th>{label}</th><td>{mathml(text)}</td></tr>"] * bool(text)
    return [".. raw:: html", "", '   <table class="formulas">', *rows, "   </table>", ""]


def worst(entry):
    """What stands above the kernels about the worst errors and their inputs."""
    text = (pages.ROOT / "src_c" / "activations" / f"{entry.name}.h").read_text(encoding="utf-8")
    for form, function in (("value", entry.name), ("derivative", f"{entry.name}_derivative")):
        found = re.search(rf"/\* Error in ULP: ([^/]*?)\.? \*/\nINLINE REAL FN\({function}\)\(", text)
        if found:
            yield f"- {form}: {' '.join(found.group(1).split())}"


def accuracy(entry):
    """The bounds that the tests enforce."""
    rows = [[dtype, f"{bounds.value:g}", f"{bounds.derivative:g}"]
            for dtype, bounds in (("float32", entry.float32), ("float64", entry.float64)) if bounds]
    rows += [[dtype, "correctly rounded", "correctly rounded"] for dtype in ("float16", "bfloat16", "float8")]
    return ["The largest error in units in the last place; float32 over every input, float64 over ten million of them. "
            "How it is measured: :doc:`/accuracy`.", "", *list_table(("dtype", "value", "derivative"), rows), "",
            "The worst errors in ULP that the last sweeps saw, and the inputs:", "", *worst(entry), ""]


def speed(entry):
    """The rows that the tables of benchmarks.md have of it."""
    rows = []
    for head, *lines in pages.tables(pages.read_section("speed")):
        for line in lines:
            if line[0] == entry.name:
                rows += title("Speed", "-") + bars(head, line) if not rows else []
                rows += [*list_table(head, [["none" if cell == "-" else cell for cell in line]]), ""]
    if not rows:
        return []
    return [*rows, "In brackets how many times fastact's time. Machine and method: :doc:`/benchmarks`.", ""]


def bars(head, line):
    """Bars of the time beside the peers, from a row of the table of value and backward."""
    lines = [".. raw:: html", "", '   <div class="bars">']
    for start, label in enumerate(head):
        if label not in ("value", "backward") or line[start] == "-":
            continue
        ours = float(line[start])
        times = {"fastact": ours}
        for peer, cell in zip(head[start + 1:start + 3], line[start + 1:start + 3]):
            if cell != "-":
                times[peer] = float(cell.partition(" (")[0])
        lines.append(f"   <p>{label}, ns an element</p>")
        lines += [f'   <div class="{"ours" if side == "fastact" else "peer"}"><span>{side}</span>'
                  f'<i style="width:{60 * ns / max(times.values()):.3g}%"></i><b>{ns:g}</b></div>' for side, ns in times.items()]
    return [*lines, "   </div>", ""]


def plot(entry, path):
    """What ``fa.plot`` draws of a function."""
    import matplotlib

    if path.exists() and path.stat().st_mtime > Path(inspect.getfile(registry)).stat().st_mtime:
        return
    with matplotlib.rc_context({"svg.hashsalt": "fastact", "font.size": 13, "lines.linewidth": 2.2}):
        figure = plotting.plot(entry.name)
        if entry.name in fa.activations:
            figure.axes[0].lines[1].set_color(plotting.COLOURS[1])
            figure.axes[0].legend(["f(x)", "f'(x)"])
        figure.axes[0].set_title(entry.name, family="monospace", weight="bold")
        figure.savefig(path, metadata={"Date": None}, transparent=False)


def described(name, signature, text):
    """A function with its docstring."""
    body = str(SphinxDocString(inspect.cleandoc(text or ""), config={"show_class_members": False}))
    return [f".. py:function:: {name}{signature}", "", *(f"   {line}".rstrip() for line in body.splitlines()), ""]


def plain_signature(function):
    """Without annotations, which the docstring says in words."""
    signature = inspect.signature(function)
    bare = [p.replace(annotation=inspect.Parameter.empty) for p in signature.parameters.values()]
    return str(signature.replace(parameters=bare, return_annotation=inspect.Signature.empty))


def cost(entry):
    return f"{entry.cost:g} ns an element in cache, one thread, AVX-512: {table.relative_cost(entry)} times relu's"


def image(entry):
    return [f".. image:: plots/{entry.name}.svg", f"   :alt: {entry.name} and its derivative", "   :width: 28em", "",
            f"`{entry.name} in the explorer <../explorer.html?{entry.name}>`__, beside others and with other parameters.", ""]


def title(text, line="="):
    return [text, line * len(text), ""]


def list_table(head, rows):
    """A reST table of cells of one line each."""
    lines = [".. list-table::", *([] if head is None else ["   :header-rows: 1"]), ""]
    for row in ([] if head is None else [list(head)]) + rows:
        lines += [f"   {'*' if k == 0 else ' '} - {cell}".rstrip() for k, cell in enumerate(row)]
    return lines


def code(text):
    return f"``{text}``"


def yes(value):
    return "yes" if value else "no"
