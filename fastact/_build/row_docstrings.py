"""Docstrings of functions of whole rows, made from their registry entries."""
import textwrap

_SPECIAL = {
    "softmax": "A row with a NaN or +inf, or of -inf alone, becomes NaN; a -inf gives exactly 0. numpy.random.choice wants "
               "sums more exact than float32's: give it ``softmax(x.astype(float))``.",
    "softmin": "A row with a NaN or -inf, or of +inf alone, becomes NaN; a +inf gives exactly 0.",
    "log_softmax": "A row with a NaN or +inf, or of -inf alone, becomes NaN; a -inf stays. Next to 0 it keeps its digits: "
                   "``log_softmax([50.0, 0.0])[0]`` is -1.9e-22.",
    "logsumexp": "Of -inf alone, or of nothing, it is -inf; a +inf gives inf, a NaN NaN.",
    "hardmax": "Of several maxima the first counts, an infinite one too. A row with a NaN becomes NaN.",
    "sparsemax": "Small elements give exactly 0. A row with a NaN or +inf, or of -inf alone, becomes NaN.",
}
_ARGUMENTS = {
    "x": ("array_like", "float16, bfloat16, float32, float64 or integers, of any shape. pandas, xarray, dask and masked arrays "
                        "come back as such; see Notes."),
    "axis": ("int, tuple of int or None, default {axis}",
             "What a row runs along: an axis; several axes, whose elements together make one row; or None for all. Of xarray "
             "a name too."),
    "keepdims": ("bool, default False", "Keep the axes in the result, with length 1."),
    "out": ("ndarray, optional", "Where to write; may be x, and any overlap is safe."),
    "mask": ("array_like of bool, optional",
             "Broadcasts to x. As with where= of NumPy, True is for what counts: an element elsewhere has no part in "
             "the maximum or the sum{masked}. But a NaN makes its row NaN even there: no mask hides a fault."),
    "temperature": ("float, default 1.0",
                    "x is divided by it, without rounding in between. Positive and finite; towards 0 the result "
                    "approaches hardmax, or the like of it for other functions."),
}
_CONTAINERS = ("Arguments of xarray are aligned by the names of dimensions and by coordinates, those of pandas by index and "
               "columns; along a row their labels must be the same, in any order. What is hidden in a masked array has no "
               "part in its row, whatever it is, and is hidden in the result; a plain out gets there what mask= would give. "
               "NA of pandas is NaN.")
_MASKED = {"logsumexp": "; a row masked as a whole gives -inf",
           "log_softmax": ", and gives -inf; so does a row masked as a whole, throughout"}


def _paragraph(text, indent="    "):
    return textwrap.wrap(text, 100, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)


def _forms(entry):
    """The other forms that a function has."""
    return ["bind", *(["backward"] if entry.saved_for_backward else []),
            *(["backward_from_output", "jacobian"] if entry.saved_for_backward and not entry.reduces else [])]


def value(entry, signature):
    """numpydoc text of the function itself."""
    arguments = [part.split("=") for part in signature[1:-1].split(", ")]
    defaults = dict(part for part in arguments if len(part) == 2)
    masked = _MASKED.get(entry.name, ", and gives 0; so does a row masked as a whole, throughout")
    lines = [f"{entry.name}{signature} = {entry.formula}", "", "Parameters", "----------"]
    for name, *_ in arguments:
        kind, text = _ARGUMENTS[name]
        lines += [f"{name} : {kind.format(**defaults)}", *_paragraph(text.replace("{masked}", masked))]
    shape = "One number a row" if entry.reduces else "Of the shape of x"
    lines += ["", "Returns", "-------", "ndarray or scalar",
              *_paragraph(f"{shape}, in {entry.range}. {_SPECIAL[entry.name]}"), "", "Raises", "------", "TypeError",
              "    For complex, longdouble and object input, or a mask that is not boolean.", "ValueError",
              "    For a read-only out, or shapes that do not fit.", "numpy.exceptions.AxisError",
              "    For an axis that x does not have.", "", "See Also", "--------",
              *(f"fastact.{entry.name}.{form}" for form in _forms(entry)), "", "Notes", "-----",
              *_paragraph(f"Derivative of y[i] with respect to x[j]: {entry.derivative}.", ""),
              *_paragraph(_CONTAINERS, ""),
              f"``fastact.{entry.name}.bind(x, out)`` fixes the arrays of a call.", f"Source: {entry.reference}.", "",
              "Examples", "--------", ">>> import fastact as fa", ">>> x = [[1.0, 2.0, 3.0], [0.5, 0.5, 0.5]]",
              f">>> y = fa.{entry.name}(x, axis=-1)"]
    if entry.saved_for_backward:
        grad = "[1.0, -1.0]" if entry.reduces else "[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]"
        lines += [f">>> dx = fa.{entry.name}.backward({grad}, x, axis=-1)"]
    return "\n".join(lines)


def missing(entry, form):
    """The message of the error for a form that does not exist."""
    text = f"fastact.{entry.name}.{form} does not exist: "
    if not entry.saved_for_backward:
        return text + f"{entry.name} is constant but for jumps; softmax with a low temperature has a gradient"
    if form == "jacobian":
        return text + "the gradient of one number is no matrix; fastact.softmax(x) has it"
    return text + f"the output does not determine the gradient; use fastact.{entry.name}.backward(grad, x)"
