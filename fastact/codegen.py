"""Writes the build's generated files from the registry; setup.py calls it. Standard library only.

C cannot include headers from a macro list and Cython has no templates over names, so four small files
carry the registry into them: the list of rooms, their includes, and the typed functions of kernels.
"""
from pathlib import Path

FORM_SUFFIX = {"value": "", "derivative": "_derivative", "backward": "_backward",
               "value_and_derivative": "_value_and_derivative",
               "backward_from_output": "_backward_from_output", "second_derivative": "_second_derivative"}
ARRAYS = {"value": (["x"], ["out"]), "derivative": (["x"], ["out"]), "backward": (["grad", "x"], ["out"]),
          "value_and_derivative": (["x"], ["out", "derivative"]),
          "backward_from_output": (["grad", "y"], ["out"]), "second_derivative": (["x"], ["out"])}


def c_list(entries):
    """The macros FA_ACTIVATIONS(ROOM), one row an activation, and FA_ALIASES(ALIAS)."""
    rooms = [f"    ROOM({e.name}, {len(e.parameters)}, {int(e.from_output)}, {int(e.own_backward)}, "
             f"{int(bool(e.second_derivative))}, {e.cost})" for e in entries]
    aliases = [f"    ALIAS({alias}, {e.name})" for e in entries for alias in e.aliases]
    return ("#define FA_ACTIVATIONS(ROOM) \\\n" + " \\\n".join(rooms) + "\n"
            "#define FA_ALIASES(ALIAS) \\\n" + " \\\n".join(aliases) + "\n")


def c_rooms(entries):
    """Includes of every room."""
    return "".join(f'#include "activations/{e.name}.h"\n' for e in entries)


def _signature(entry, form):
    inputs, outputs = ARRAYS[form]
    arguments = [f"const floating[::1] {name}" for name in inputs]
    arguments += [f"floating {p.name}" for p in entry.parameters]
    arguments += [f"floating[::1] {name}" for name in outputs]
    return f"cdef int {entry.name}{FORM_SUFFIX[form]}({', '.join(arguments)}) except -1 nogil"


def pxd_functions(entries):
    """Declarations of the typed functions, for kernels.pxd."""
    lines = ["from cython cimport floating", ""]
    return "\n".join(lines + [_signature(e, form) for e in entries for form in e.forms]) + "\n"


def pyx_functions(entries):
    """Definitions of the typed functions, for kernels.pyx."""
    lines, table = [], []
    for e in entries:
        for form in e.forms:
            inputs, outputs = ARRAYS[form]
            function = e.name + FORM_SUFFIX[form]
            table.append(f'    "{function}": ("{e.name}", FA_{form.upper()}),')
            lengths = " or ".join(f"{name}.shape[0] != {inputs[0]}.shape[0]" for name in (inputs + outputs)[1:])
            lines += ["", "", _signature(e, form) + ":",
                      f"    cdef const void *inputs[{len(inputs)}]",
                      f"    cdef void *outputs[{len(outputs)}]"]
            if e.parameters:
                lines += [f"    cdef floating[{len(e.parameters)}] parameters"]
                lines += [f"    parameters[{k}] = {p.name}" for k, p in enumerate(e.parameters)]
            lines += [f"    if {lengths}:", f'        wrong_lengths(b"{function}")',
                      f"    if {inputs[0]}.shape[0] == 0:", "        return 0"]
            lines += [f"    inputs[{k}] = &{name}[0]" for k, name in enumerate(inputs)]
            lines += [f"    outputs[{k}] = &{name}[0]" for k, name in enumerate(outputs)]
            lines += [f'    return fa_apply(fa_find(b"{e.name}"), FA_{form.upper()},',
                      "                    FA_FLOAT32 if floating is float else FA_FLOAT64, inputs, outputs,",
                      f"                    {inputs[0]}.shape[0], {'parameters' if e.parameters else 'NULL'})"]
    return "\n".join(lines) + "\n\n\n_FORMS = {\n" + "\n".join(table) + "\n}\n"


FILES = {"activation_list.h": c_list, "activation_rooms.h": c_rooms,
         "activations.pxi": pxd_functions, "activations_def.pxi": pyx_functions}


def write(entries, folder):
    """Write the generated files into `folder`, each only where its text changes."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, generate in FILES.items():
        path, text = folder / name, generate(entries)
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
