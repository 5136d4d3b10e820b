"""Writes the build's generated files from the registry; setup.py calls it. Standard library only.

``python fastact/_build/codegen.py`` does so without a build, into build/generated or the folder that is named: the C library
needs no more to be compiled by itself.

C cannot include headers from a macro list and Cython has no templates over names, so these files carry the registry
into them: lists of activations and forms, the includes of the activations' headers, the C enums for Cython, and the typed
functions of fastact.kernels.
"""
import ast
import keyword
import re
from pathlib import Path

HEADER = Path(__file__).parents[2] / "src_c" / "fastact.h"


def check(registry, entries):
    """Refuse entries whose names clash, or whose formulas call what nothing evaluates.

    Raises
    ------
    ValueError
        That names the entry, what is wrong with it, and what formulas may use.
    """
    functions = registry.FUNCTIONS
    names = [name for entry in entries for name in (entry.name, *entry.aliases)]
    reserved = {"x", "pi", "out", "where", "dtype", "casting", "order", "subok", "axis", *functions}
    for form in registry.FORMS.values():
        reserved.update(output.argument for output in form.all_outputs)
    for entry in entries:
        where, parameters = f"fastact/registry.py, {entry.name}", [p.name for p in entry.parameters]
        for name in (entry.name, *entry.aliases, *parameters):
            if not name.isidentifier() or keyword.iskeyword(name):
                raise ValueError(f"{where}: {name!r} is no name for a function or an argument")
        twice = [name for name in (entry.name, *entry.aliases) if names.count(name) > 1]
        taken = sorted(reserved & set(parameters) | {p for p in parameters if parameters.count(p) > 1})
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


def _half_bounds(entry, loops):
    """The C initialiser of a row of half_bounds (src_c/loops/half_loops.h).

    The float32 error bound of each form, 0 if the form is exact; whether its float32 result can be rounded to half without
    a check; a zero of the derivative; whether value and gradient are copies of x and grad; whether everything is computed in
    double if a parameter is not a float32; and the parameters' defaults. The backward bound is that of the derivative and half
    an ULP for one product.
    """
    bounds = entry.float32
    value, derivative = (bounds.value, bounds.derivative) if bounds else (2.0, 2.0)
    if value == derivative == 0:
        errors = (0.0,) * len(loops)
    else:
        backward = 4.5 if entry.derivative_fast else derivative + 0.5
        errors = (entry.half_ulp or max(value, 0.5), derivative and max(derivative, 0.5), backward, 0.0, 3.0, 3.0)
    checks = dict.fromkeys(loops, "CHECK_ROUNDING")
    for words in entry.rounds_correctly_in_half:
        form, _, near_0 = words.partition(" ")
        checks[form] = "ROUNDS_CORRECTLY_EXCEPT_NEAR_0" if near_0 else "ROUNDS_CORRECTLY"
    # Skipped where the zero is itself a float32: there and next to it the derivative is exact.
    zero = next((at for at in entry.derivative_zeros if at % 0.5), 0)
    defaults = [parameter.default or 0.0 for parameter in entry.parameters]
    flags = f"{int(entry.formula == 'x' and entry.derivative == '1')}, {int(entry.half_in_double)}"
    return f"{_braces(errors)}, {_braces(checks.values())}, {zero}, {flags}, {_braces(defaults or [0])}"


def _backward_kind(entry):
    """The name of fa_backward_kind in src_c/internal.h, without FA_BACKWARD_."""
    if entry.masks_gradient:
        return "MASKED_ZEROS" if entry.derivative_zeros else "MASKED"
    return "FAST" if entry.derivative_fast else "PRODUCT"


def _half_loop(entry):
    """Which loop NAME_half has in src_c/loops/elementwise.h. That of a bounded value also has NAME_half_bounded."""
    return "NONE" if not entry.half_ulp else "BOUNDED" if "bounded" in entry.value_loop else "PLAIN"


def _second_kind(entry):
    """The name of fa_second_kind in src_c/internal.h, without FA_SECOND_."""
    if entry.second_derivative == "0":
        constant = not any(isinstance(node, ast.Name) and node.id == "x" for node in ast.walk(ast.parse(entry.derivative)))
        return "ZERO_ALWAYS" if constant else "ZERO"
    return "OWN" if entry.second_derivative else "NONE"


def _macro(name, lines):
    """A list macro of C: NAME(MACRO) is MACRO(...) for each of the lines."""
    return f"#define FA_{name} \\\n" + " \\\n".join(f"    {line}" for line in lines) + "\n"


def c_registry(registry):
    """registry.h: lists of the activations, their bounds and aliases, of forms and row forms; and how many arguments there are."""
    entries, forms = registry.ACTIVATIONS, registry.FORMS.values()
    lines = [f"ACTIVATION({e.name}, {len(e.parameters)}, {int(e.from_output)}, {_backward_kind(e)}, "
             f"{_second_kind(e)}, {_half_loop(e)}, {e.value_loop.upper().replace(' ', '_')}, {e.derivative_loop.upper()}, {e.cost})"
             for e in entries]
    bounds = [f"BOUNDS({e.name}, {_half_bounds(e, registry.LOOPS)})" for e in entries]
    aliases = [f"ALIAS({alias}, {e.name})" for e in entries for alias in e.aliases]
    if tuple(registry.FORMS)[:len(registry.LOOPS)] != registry.LOOPS:
        raise ValueError("fastact/registry.py: forms with a loop of their own come first in FORMS")
    form_lines = [f"FORM({form.name.upper()}, {k}, {len(form.inputs)}, {len(form.outputs)}, "
                  f"{form.inputs.index(form.bias_row) if form.bias_row else -1}, {form.cost})" for k, form in enumerate(forms)]
    row_lines = []
    for k, (row, form) in enumerate(registry.row_forms()):
        name, cost = row.name + registry.FORMS[form].suffix, row.costs[row.forms.index(form)]
        row_lines.append(f"ROW_FORM({name.upper()}, {k}, {len(registry.FORMS[form].inputs)}, {int(row.temperature)}, {cost})")
    counts = {"FORM_COUNT": len(forms), "LOOP_COUNT": len(registry.LOOPS), "MAX_INPUTS": max(len(form.inputs) for form in forms),
              "MAX_PARAMETERS": max(len(e.parameters) for e in entries), "MAX_OUTPUTS": max(len(form.outputs) for form in forms)}
    return "".join([
        "/* Written by fastact/_build/codegen.py from fastact/registry.py. */\n",
        "/* name, number of parameters, whether it has backward_from_output, fa_backward_kind, fa_second_kind,\n"
        "   half, value_loop, derivative_loop, cost */\n", _macro("ACTIVATIONS(ACTIVATION)", lines), _macro("BOUNDS(BOUNDS)", bounds),
        _macro("ALIASES(ALIAS)", aliases),
        "/* name, number, inputs, outputs, which input is one row or -1, cost in multiples of the value's */\n",
        _macro("FORMS(FORM)", form_lines), "/* name, number, inputs, whether it takes a temperature, ns an element */\n",
        _macro("ROW_FORMS(ROW_FORM)", row_lines), *(f"#define FA_{name} {count}\n" for name, count in counts.items())])


def c_kernel_headers(registry):
    """Includes of every activation's header."""
    return "".join(f'#include "activations/{e.name}.h"\n' for e in registry.ACTIVATIONS)


def _enums():
    """The enums of fastact.h: the names of each, in order."""
    text = re.sub(r"/\*.*?\*/", "", HEADER.read_text(encoding="utf-8"), flags=re.S)
    return {enum: [name.strip() for name in names.split(",")]
            for names, enum in re.findall(r"typedef enum \{(.*?)\} (\w+);", text, re.S)}


def cython_enums(registry):
    """Declarations of these enums, for capi.pxd."""
    lines = [line for enum, names in _enums().items()
             for line in (f"    ctypedef enum {enum}:", *(f"        {name}" for name in names))]
    return "\n".join(['cdef extern from "fastact.h" nogil:', *lines]) + "\n"


def _python_names(enum):
    """Assignments that give the values of an enum to Python: MSE_LOSS = FA_MSE_LOSS."""
    return "".join(f"{name.removeprefix('FA_')} = {name}\n" for name in _enums()[enum])


def loss_names(registry):
    return _python_names("fa_loss")


def rule_names(registry):
    return _python_names("fa_rule")


def _signature(entry, form):
    arguments = [f"const floating[::1] {name}" for name in form.inputs]
    arguments += [f"floating {name}" for name in entry.names_in(form.name)]
    arguments += [f"floating[::1] {output.argument}" for output in form.all_outputs]
    return f"cdef int {entry.name}{form.suffix}({', '.join(arguments)}) except -1 nogil"


def _row_functions(registry):
    """The signature and the call of each function of rows, except those that make one number of a row."""
    for row in registry.ROWS:
        for form in (registry.FORMS[name] for name in row.forms if not row.reduces):
            arguments = ", ".join([*(f"const floating[:, :, ::1] {name}" for name in form.inputs), "floating[:, :, ::1] out"])
            yield (f"cdef int {row.name}{form.suffix}({arguments}) except -1 nogil",
                   f'call_rows(FA_{row.kernel.upper()}{form.suffix.upper()}, b"{row.name}{form.suffix}", sizeof(floating), '
                   + "".join(f"&{name}[0, 0, 0], {name}.shape, " for name in (form.inputs[0], form.inputs[-1], "out"))
                   + f"{-1 if row.negates else 1})")


def pxd_functions(registry):
    """Declarations of the typed functions, for kernels.pxd."""
    lines = [_signature(e, registry.FORMS[form]) for e in registry.ACTIVATIONS for form in e.forms]
    return "\n".join(["from cython cimport floating", "", *lines, *(line for line, _ in _row_functions(registry))]) + "\n"


def pyx_functions(registry):
    """Definitions of the typed functions, for kernels.pyx, and the table by which Python finds an activation's."""
    lines, table = [], []
    for signature, call in _row_functions(registry):
        lines += ["", "", f"{signature}:", f"    return {call}"]
    for index, e in enumerate(registry.ACTIVATIONS):
        for form in (registry.FORMS[name] for name in e.forms):
            arrays, function = [*form.inputs, *(output.argument for output in form.all_outputs)], e.name + form.suffix
            table.append(f'    "{function}": ({index}, FA_{form.name.upper()}, {len(e.parameters)}),')
            lines += ["", "", _signature(e, form) + ":", f"    cdef const void *arrays[{len(arrays)}]",
                      f"    cdef Py_ssize_t length[{len(arrays)}]"]
            if e.parameters:
                lines += [f"    cdef floating[{len(e.parameters)}] parameters"]
                lines += [f"    parameters[{k}] = {name}" for k, name in enumerate(e.names_in(form.name))]
            for k, name in enumerate(arrays):
                lines += [f"    arrays[{k}] = &{name}[0]", f"    length[{k}] = {name}.shape[0]"]
            lines += [f'    return call_typed(b"{function}", {index}, FA_{form.name.upper()}, sizeof(floating), arrays, length, '
                      f"{'parameters' if e.parameters else 'NULL'})"]
    return "\n".join(lines) + "\n\n\n_FUNCTIONS = {\n" + "\n".join(table) + "\n}\n"


FILES = {"registry.h": c_registry, "kernel_headers.h": c_kernel_headers, "c_enums.pxi": cython_enums,
         "loss_names.pxi": loss_names, "rule_names.pxi": rule_names,
         "activations.pxi": pxd_functions, "activations_def.pxi": pyx_functions}


def renew(path, text):
    """Write a file, only where its text changes: what depends on it need not be made again otherwise."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def write(registry, folder):
    """Write the files that a registry makes into `folder`, each only where its text changes."""
    check(registry, registry.ACTIVATIONS)
    for name, generate in FILES.items():
        renew(Path(folder) / name, generate(registry))


if __name__ == "__main__":
    import sys

    sys.path.insert(0, str(Path(__file__).parents[1]))
    import registry  # type: ignore  # by itself, since the package needs the build's result

    write(registry, sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2] / "build" / "generated")
