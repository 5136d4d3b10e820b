"""Writes the build's generated files from the registry; setup.py calls it. Standard library only.

``python fastact/_build/codegen.py`` does so without a build, into build/generated or the folder that is named: the C library
needs no more to be compiled by itself.

C cannot include headers from a macro list and Cython has no templates over names, so four small files
carry the registry into them: the list of activations, the includes of their headers, and the typed functions of kernels.
"""
import ast
import keyword
from pathlib import Path

# The typed functions' arrays by form: inputs, then outputs. The suffix of a name is its form's.
ARRAYS = {
    "value": (["x"], ["out"]), "derivative": (["x"], ["out"]), "backward": (["grad", "x"], ["out"]),
    "value_and_derivative": (["x"], ["out", "derivative"]), "backward_from_output": (["grad", "y"], ["out"]),
    "second_derivative": (["x"], ["out"]), "gated": (["gate", "up"], ["out"]),
    "gated_backward": (["grad", "gate", "up"], ["dgate", "dup"]), "biased": (["x", "bias"], ["out"]),
    "biased_backward": (["grad", "x", "bias"], ["out", "dbias"]),
}
LOOPS = tuple(ARRAYS)[:6]  # the forms with loops of their own
FORM_SUFFIX = {form: "" if form == "value" else f"_{form}" for form in ARRAYS}


TAKEN = {"x", "pi", "out", "where", "dtype", "casting", "order", "subok", "axis",
         *(name for arrays in ARRAYS.values() for names in arrays for name in names)}  # by the arguments of some form


def check(entries, functions):
    """Refuse entries whose names clash, or whose formulas call what nothing evaluates.

    Raises
    ------
    ValueError
        That names the entry, what is wrong with it, and what formulas may use.
    """
    names = [name for entry in entries for name in (entry.name, *entry.aliases)]
    for entry in entries:
        where, parameters = f"fastact/registry.py, {entry.name}", [p.name for p in entry.parameters]
        for name in (entry.name, *entry.aliases, *parameters):
            if not name.isidentifier() or keyword.iskeyword(name):
                raise ValueError(f"{where}: {name!r} is no name for a function or an argument")
        twice = [name for name in (entry.name, *entry.aliases) if names.count(name) > 1]
        taken = sorted({*TAKEN, *functions} & set(parameters) | {p for p in parameters if parameters.count(p) > 1})
        if twice or taken:
            raise ValueError(f"{where}: {', '.join(twice)} stands for two functions" if twice else
                             f"{where}: a parameter cannot be named {', '.join(taken)}, which is something else already")
        formulas = {"formula": entry.formula, "derivative": entry.derivative, "second_derivative": entry.second_derivative,
                    "numpy": entry.numpy}
        formulas.update((f"kink {text!r}", text) for kink in entry.kinks for text in (kink.at, kink.derivative))
        for what, text in formulas.items():
            try:
                nodes = ast.walk(ast.parse(text or "0", mode="eval"))
            except SyntaxError as error:
                raise ValueError(f"{where}: the {what} is no expression of Python: {text!r}") from error
            unknown = sorted({node.id for node in nodes if isinstance(node, ast.Name)} - {"x", "pi", *parameters, *functions})
            if unknown:
                raise ValueError(
                    f"{where}: the {what} uses {', '.join(unknown)}; formulas may use {', '.join(['x', *parameters, 'pi'])}, "
                    f"{', '.join(functions)}. Another function is added to FUNCTIONS in registry.py and where that says. "
                    "What kernels may use is in src_c/math, listed in docs/adding.md")


def _braces(values):
    return "{" + ", ".join(map(str, values)) + "}"


def _half_bounds(entry):
    """The C initialiser of a row of half_bounds (src_c/loops/half_loops.h).

    The float32 error bound of each form, 0 if the form is exact; whether its float32 result can be rounded to half without
    a check; a zero of the derivative; and the parameters' defaults. The backward bound is that of the derivative and
    half an ULP for one product.
    """
    bounds = entry.float32
    value, derivative = (bounds.value, bounds.derivative) if bounds else (2.0, 2.0)
    if value == derivative == 0:
        errors = (0.0,) * len(LOOPS)
    else:
        backward = 4.5 if entry.derivative_fast else derivative + 0.5
        errors = (entry.half_ulp or max(value, 0.5), derivative and max(derivative, 0.5), backward, 0.0, 3.0, 3.0)
    checks = dict.fromkeys(LOOPS, "CHECK_ROUNDING")
    checks.update(dict.fromkeys(entry.rounds_correctly_in_half, "ROUNDS_CORRECTLY"))
    if checks["value"] == "ROUNDS_CORRECTLY" and entry.zero_centered and entry.second_derivative != "0":
        checks["value"] = "ROUNDS_CORRECTLY_EXCEPT_NEAR_0"  # f(x) - f'(0) x is less than float's last bit there
    # Skipped where the zero is itself a float32: there and next to it the derivative is exact.
    zero = next((at for at in entry.derivative_zeros if at % 0.5), 0)
    defaults = [parameter.default or 0.0 for parameter in entry.parameters]
    return f"{_braces(errors)}, {_braces(checks.values())}, {zero}, {_braces(defaults or [0])}"


def _backward_kind(entry):
    """The name of fa_backward_kind in src_c/internal.h, without FA_BACKWARD_."""
    if entry.masks_gradient:
        return "MASKED_ZEROS" if entry.derivative_zeros else "MASKED"
    return "FAST" if entry.derivative_fast else "PRODUCT"


def _second_kind(entry):
    """The name of fa_second_kind in src_c/internal.h, without FA_SECOND_."""
    if entry.second_derivative == "0":
        constant = not any(isinstance(node, ast.Name) and node.id == "x" for node in ast.walk(ast.parse(entry.derivative)))
        return "ZERO_ALWAYS" if constant else "ZERO"
    return "OWN" if entry.second_derivative else "NONE"


def c_list(entries, rows):
    """The macros FA_ACTIVATIONS(ACTIVATION) and FA_BOUNDS(ROW), a row an activation, and FA_ALIASES(ALIAS)."""
    lines = [f"    ACTIVATION({e.name}, {len(e.parameters)}, {int(e.from_output)}, {_backward_kind(e)}, "
             f"{_second_kind(e)}, {int(bool(e.half_ulp))}, {int(e.piecewise)}, {e.cost})" for e in entries]
    bounds = [f"    ROW({e.name}, {_half_bounds(e)})" for e in entries]
    aliases = [f"    ALIAS({alias}, {e.name})" for e in entries for alias in e.aliases]
    return ("#define FA_ACTIVATIONS(ACTIVATION) \\\n" + " \\\n".join(lines) + "\n"
            "#define FA_BOUNDS(ROW) \\\n" + " \\\n".join(bounds) + "\n"
            "#define FA_ALIASES(ALIAS) \\\n" + " \\\n".join(aliases) + "\n")


def c_kernel_headers(entries, rows):
    """Includes of every activation's header."""
    return "".join(f'#include "activations/{e.name}.h"\n' for e in entries)


def _signature(entry, form):
    inputs, outputs = ARRAYS[form]
    arguments = [f"const floating[::1] {name}" for name in inputs]
    arguments += [f"floating {p.name}" for p in entry.parameters]
    arguments += [f"floating[::1] {name}" for name in outputs]
    return f"cdef int {entry.name}{FORM_SUFFIX[form]}({', '.join(arguments)}) except -1 nogil"


def _row_functions(rows):
    """The signature and the call of each function of rows, but for those that make a number of a row."""
    for row in rows:
        form, sign = (row.name, 1) if row.name != "softmin" else ("softmax", -1)
        for suffix in ["", "_backward", "_backward_from_output"] if row.saved_for_backward else [""]:
            if not row.reduces:
                inputs, _ = ARRAYS[suffix[1:] or "value"]
                arguments = ", ".join([*(f"const floating[:, :, ::1] {name}" for name in inputs), "floating[:, :, ::1] out"])
                yield (f"cdef int {row.name}{suffix}({arguments}) except -1 nogil",
                       f'rows(FA_{form.upper()}{suffix.upper()}, b"{row.name}{suffix}", {inputs[0]}, {inputs[-1]}, out, {sign})')


def pxd_functions(entries, rows):
    """Declarations of the typed functions, for kernels.pxd."""
    lines = ["from cython cimport floating", "", *(_signature(e, form) for e in entries for form in e.forms)]
    return "\n".join(lines + [signature for signature, _ in _row_functions(rows)]) + "\n"


def pyx_functions(entries, rows):
    """Definitions of the typed functions, for kernels.pyx, and the table by which Python finds an activation's."""
    lines, table = [], []
    for signature, call in _row_functions(rows):
        lines += ["", "", f"{signature}:", f"    return {call}"]
    for index, e in enumerate(entries):
        for form in e.forms:
            names, function = sum(ARRAYS[form], []), e.name + FORM_SUFFIX[form]
            table.append(f'    "{function}": ({index}, FA_{form.upper()}, {len(ARRAYS[form][0])}, {len(e.parameters)}, '
                         f"{len(ARRAYS[form][1])}),")
            lines += ["", "", _signature(e, form) + ":",
                      f"    cdef const void *data[{len(names)}]",
                      f"    cdef Py_ssize_t length[{len(names)}]"]
            if e.parameters:
                lines += [f"    cdef floating[{len(e.parameters)}] parameters"]
                lines += [f"    parameters[{k}] = {p.name}" for k, p in enumerate(e.parameters)]
            for k, name in enumerate(names):
                lines += [f"    data[{k}] = &{name}[0]", f"    length[{k}] = {name}.shape[0]"]
            lines += [f'    return run(b"{function}", {index}, FA_{form.upper()}, {len(ARRAYS[form][0])}, {len(names)}, '
                      f"sizeof(floating), data, length, {'parameters' if e.parameters else 'NULL'})"]
    return "\n".join(lines) + "\n\n\n_FORMS = {\n" + "\n".join(table) + "\n}\n"


FILES = {"activation_list.h": c_list, "kernel_headers.h": c_kernel_headers,
         "activations.pxi": pxd_functions, "activations_def.pxi": pyx_functions}


def renew(path, text):
    """Write a file, only where its text changes: what depends on it need not be made again otherwise."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def write(registry, folder):
    """Write the files that a registry makes into `folder`, each only where its text changes."""
    check(registry.ACTIVATIONS, registry.FUNCTIONS)
    for name, generate in FILES.items():
        renew(Path(folder) / name, generate(registry.ACTIVATIONS, registry.ROWS))


if __name__ == "__main__":
    import sys

    sys.path.insert(0, str(Path(__file__).parents[1]))
    import registry  # type: ignore  # by itself, since the package needs the build's result

    write(registry, sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2] / "build" / "generated")
