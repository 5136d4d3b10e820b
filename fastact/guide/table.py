"""``python -m fastact table``: the activations side by side, from the registry."""
from fastact import registry
from fastact._build import docstrings
from fastact._tools import command_line, pages

HEAD = ("name", "f(x)", "f'(x)", "range", "centred", "saturates", "dies", "cost", "best for")


def main(argv=None):
    """Print or write the table; returns the exit code."""
    parser = command_line.parser("table", __doc__, ["", "--markdown"])
    parser.add_argument("--markdown", action="store_true", help="as a Markdown table")
    parser.add_argument("--write", action="store_true", help="write it into docs/choosing.md of the source tree")
    options = parser.parse_args(argv)
    if options.write:
        pages.write_section("table", page())
    else:
        print(markdown() if options.markdown else text())
    return 0


def markdown():
    """The comparison table in Markdown."""
    head = ["", *HEAD[1:]]
    rows = [[f"`{entry.name}`", f"`{entry.formula}`", f"`{entry.derivative}`", *_properties(entry), entry.best_for]
            for entry in (*registry.ACTIVATIONS, *registry.ROWS)]
    return pages.markdown(head, rows)


def page():
    """The table of docs/choosing.md: names lead to the functions' pages, which have the formulas."""
    rows = [[f"[{entry.name}](generated/{entry.name}.rst)", *_properties(entry), entry.best_for]
            for entry in (*registry.ACTIVATIONS, *registry.ROWS)]
    return pages.markdown(["", *HEAD[3:]], rows)


def text():
    """The comparison table in columns, with the longer texts below."""
    entries = (*registry.ACTIVATIONS, *registry.ROWS)
    intervals = [entry.range.partition(", each")[0].partition(", the")[0] for entry in entries]
    rows = [[entry.name, *_properties(entry, interval)] for entry, interval in zip(entries, intervals)]
    parts = [pages.plain([HEAD[0], *HEAD[3:-1]], rows)]
    for entry in entries:
        parts += ["", f"{entry.name}: {entry.best_for}"]
        parts += [f"  f(x)  = {entry.formula}", f"  f'(x) = {entry.derivative}"]
    return "\n".join(parts)


def _properties(entry, interval=None):
    return [interval or entry.range, _yes(entry.zero_centered), entry.saturates, _yes(entry.can_die), relative_cost(entry)]


def _yes(value):
    return "yes" if value else "no"


def relative_cost(entry):
    """The cost of an element as a multiple of relu's."""
    return f"{entry.cost / registry.by_name()['relu'].cost:.2g}"


def info(argv=None):
    """Print all about one function, or the configuration; returns the exit code."""
    import fastact
    parser = command_line.parser("info", "All about one function; without a name, the configuration.", ["gelu", ""])
    parser.add_argument("name", nargs="?", type=command_line.function, help="a function, by its name in any library")
    name = parser.parse_args(argv).name
    if name is None:
        fastact.show_config()
        return 0
    entry, function = registry.find(name), getattr(fastact, name)
    if entry in registry.GATED:
        print(function.__doc__)
        return 0
    facts = list(_facts(entry))
    width = max(len(label) for label, _ in facts)
    print("\n".join(f"{label:<{width}} {value}" for label, value in facts))
    text = docstrings.form(entry, "value") if name in fastact.activations else function.__doc__
    print(f"\n{repr(function)[1:-1]}\n\n{text}")
    return 0


def _facts(entry):
    yield "name", ", ".join([entry.name, *entry.aliases])
    yield "f(x)", entry.formula
    yield "f'(x)", entry.derivative
    yield from zip(("range", "centred", "saturates", "dies", "cost"), _properties(entry))
    yield "best for", entry.best_for
    yield "reference", entry.reference
    for p in getattr(entry, "parameters", ()):
        yield p.name, p.doc if p.default is None else f"{p.exact or repr(p.default)} by default: {p.doc}"
    if getattr(entry, "kinks", ()):
        yield "kinks", docstrings.kinks(entry)
    if entry.saved_for_backward:
        yield "saved for backward", entry.saved_for_backward
    for k, name in enumerate(registry.names_of(entry)):
        yield "" if k else "elsewhere", name
    for dtype in ("float32", "float64"):
        bounds = getattr(entry, dtype, None)
        if bounds:
            yield dtype, f"at most {bounds.value:g} ULP, derivative {bounds.derivative:g}"
