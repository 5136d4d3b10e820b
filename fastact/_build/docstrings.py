"""Docstrings, made from registry entries so that formulas, defaults and error bounds are written once.

Functions of an activation take its entry and the name of a form; functions of rows take a RowEntry.
"""
import inspect
import textwrap

from fastact.registry import FORMS

_INPUTS = {
    "x": "inputs, in any shape; float8, float16, bfloat16, float32 and float64 keep their dtype, other types are promoted as by "
         "numpy.tanh",
    "grad": "gradient with respect to the output; broadcasts with the other inputs",
    "y": "the output of the activation in the forward pass",
    "gate": "input of the activation; float16, bfloat16, float32 and float64 keep their dtype, other types are promoted as "
            "by numpy.tanh",
    "up": "the factor of the activation's value; broadcasts with gate",
    "bias": "added to x; usually one number for each column, of shape ``x.shape[-1:]``, or any shape that broadcasts",
}


def _section(title, *lines):
    return ["", title, "-" * len(title), *lines]


# ---- forms of activations ----

def signature(entry, form, defaults=True):
    """Inputs and parameters as text: ``(x, alpha=1.0)``."""
    parameters = [f"{name}={p.exact or repr(p.default)}" if defaults and p.default is not None else name
                  for name, p in zip(entry.names_in(form), entry.parameters)]
    return "(" + ", ".join([*FORMS[form].inputs, *parameters]) + ")"


def signature_object(entry, form):
    """The signature as `inspect` has it."""
    def argument(name, default):
        return inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default)

    empty = inspect.Parameter.empty
    return inspect.Signature([
        *(argument(name, empty) for name in FORMS[form].inputs),
        *(argument(name, empty if p.default is None else p.default) for name, p in zip(entry.names_in(form), entry.parameters)),
        argument("out", None), inspect.Parameter("ufunc_kwargs", inspect.Parameter.VAR_KEYWORD)])


def summary(entry, form):
    """What a form computes, in one line."""
    return FORMS[form].summary.format(**vars(entry))


def kinks(entry):
    """The conventions where the derivative does not exist, as text: ``slope 0 at 0``."""
    return ", ".join(f"slope {kink.derivative} at {kink.at}" for kink in entry.kinks) or "none"


def bounds_text(entry):
    """The measured error bounds as a sentence; empty if they have not been measured."""
    parts = [f"{dtype} {bound.value:g} (derivative {bound.derivative:g})"
             for dtype, bound in (("float32", entry.float32), ("float64", entry.float64)) if bound]
    return f"Largest error in ULP: {', '.join(parts)}." if parts else ""


def form(entry, form):
    """The numpydoc text of a form of an activation."""
    facts, is_value, required = FORMS[form], form == "value", "".join(f", {value}" for value in entry.required)
    arguments = [(f"{name} : array_like", f"{_INPUTS[name][0].upper()}{_INPUTS[name][1:]}.") for name in facts.inputs]
    for name, p in zip(entry.names_in(form), entry.parameters):
        default = "" if p.default is None else f", default {p.exact or repr(p.default)}"
        arguments += [(f"{name} : float or array_like{default}", f"{p.doc[0].upper()}{p.doc[1:]}; an array broadcasts.")]
    if entry.approximate:
        arguments += [(f"approximate : {{{', '.join(repr(value) for value, _ in entry.approximate)}}}, keyword only",
                       "Which function: " + " or ".join(f'"{value}" ({name})' for value, name in entry.approximate) + ".")]
    if facts.bias_gradient:
        arguments += [("out : tuple of two ndarrays, optional", "Where to write dx and dbias.")]
    else:
        arguments += [(f"out : ndarray{' or tuple of two' if len(facts.outputs) == 2 else ''}, optional",
                       "Where to write; may be an input, and any overlap is safe."),
                      ("where, dtype, casting, order, subok", "As for every numpy.ufunc.")]
    results = [(f"{output.name} : ndarray or scalar", f"{output.meaning}; of the inputs' broadcast shape.")
               for output in facts.outputs]
    if facts.bias_gradient:
        results += [(f"{facts.bias_gradient.name} : ndarray or scalar", f"{facts.bias_gradient.meaning}.")]
    notes = [f"f(x) = {entry.formula}; f'(x) = {entry.derivative}.",
             f"Range {entry.range}. Kinks: {kinks(entry)}. NaN gives NaN; limits at infinity are exact."]
    if "grad" in facts.inputs and entry.masks_gradient:
        notes += ["Where a case of the definition makes the slope 0, the gradient is 0 for every grad, also infinity and NaN."]
    elif "grad" in facts.inputs and entry.name == "identity":
        notes += ["The slope is 1 for every x, also NaN, so the gradient is a copy of grad."]
    notes += [bounds_text(entry)]
    if is_value:
        names = ", ".join(["x", *(p.name for p in entry.parameters if p.default is None), "out"])
        notes += [f"``fastact.{entry.name}.bind({names})`` returns a call whose arrays are fixed, ``.ufunc`` is the",
                  "numpy.ufunc, and ``.info`` has the properties, error bounds and names in other libraries."]

    def described(pairs):
        return [line for head, text in pairs for line in (head, f"    {text}")]

    return "\n".join([
        summary(entry, form),
        *_section("Parameters", *described(arguments)), *_section("Returns", *described(results)),
        *_section("Raises", "TypeError", "    If a dtype is complex, longdouble, object or another that is not listed.",
                  "ValueError", "    If shapes do not broadcast, or out is read-only."),
        *(_section("See Also", *(f"fastact.{entry.name}.{other}" for other in entry.forms[1:])) if is_value else []),
        *_section("Notes", *notes, f"Source: {entry.reference}."),
        *(_section("Examples", ">>> import fastact as fa", f">>> y = fa.{entry.name}([-2.0, 0.5]{required})",
                   f">>> d = fa.{entry.name}.derivative([-2.0, 0.5]{required})") if is_value else [])])


def ufunc(entry, form):
    """The text of a numpy.ufunc, to which NumPy adds the signature. Its parameters have no defaults."""
    return (summary(entry, form)
            + f".\n\nArguments: {signature(entry, form, defaults=False)}. See fastact.{entry.name}.")


# ---- functions of rows ----

_SPECIAL_ROWS = {
    "softmax": "A row with a NaN or +inf, or of -inf alone, becomes NaN; a -inf gives exactly 0. numpy.random.choice wants "
               "sums more exact than float32's: give it ``softmax(x.astype(float))``.",
    "softmin": "A row with a NaN or -inf, or of +inf alone, becomes NaN; a +inf gives exactly 0.",
    "log_softmax": "A row with a NaN or +inf, or of -inf alone, becomes NaN; a -inf stays. Next to 0 it keeps its digits: "
                   "``log_softmax([50.0, 0.0])[0]`` is -1.9e-22.",
    "logsumexp": "A row of -inf alone, or of no elements, gives -inf; a +inf gives inf, a NaN gives NaN.",
    "hardmax": "If there are several maxima, also infinite ones, the first gives 1. A row with a NaN becomes NaN.",
    "entmax15": "Small elements give exactly 0. A row with a NaN or +inf, or of -inf alone, becomes NaN.",
    "sparsemax": "Small elements give exactly 0. A row with a NaN or +inf, or of -inf alone, becomes NaN.",
}
_ROW_ARGUMENTS = {
    "x": ("array_like", "float16, bfloat16, float32, float64 or integers, of any shape. pandas, xarray, dask and masked arrays "
                        "come back as such; see Notes."),
    "axis": ("int, tuple of int or None, default {axis}",
             "The axis whose elements make a row; several axes, whose elements together make one row; or None for all axes. "
             "xarray's names of dimensions are accepted too."),
    "keepdims": ("bool, default False", "Keep the axes in the result, with length 1."),
    "out": ("ndarray, optional", "Where to write; may be x, and any overlap is safe."),
    "mask": ("array_like of bool, optional",
             "Broadcasts to x. As with where= of NumPy, True is for elements that count. Any other element has no part in "
             "the maximum or the sum{masked}. A NaN makes its row NaN even where the mask is False."),
    "temperature": ("float, default 1.0",
                    "x is divided by it, without rounding in between. It is positive and finite. Near 0 softmax is nearly "
                    "hardmax."),
    "sink": ("float or array_like, optional",
             "One more element of each row, which joins the maximum and the sum but has no result, so that a row sums to less "
             "than 1; 0 gives exp(x) / (1 + sum(exp(x))). It broadcasts to the shape of x without the axis, or with length 1 "
             "there: of shape (heads, 1) for x of shape (batch, heads, queries, keys). Neither temperature nor bias changes it."),
    "bias": ("array_like, optional",
             "Broadcasts to x, and is added to x / temperature: a position bias, or a mask of 0 and -inf. Where it is -inf, it "
             "acts as a mask that is False. Its dtype has a part in that of the result."),
    "causal": ("bool, default False",
               "For x of shape (..., queries, keys) and axis=-1: query i has keys 0 to i alone, as with is_causal of torch's "
               "scaled_dot_product_attention. Where the queries are the last of the keys, as beside a cache, give "
               "``mask=np.tri(queries, keys, keys - queries, dtype=bool)`` instead."),
}
_CONTAINERS = ("Arguments of xarray are aligned by the names of dimensions and by coordinates, those of pandas by index and "
               "columns; along a row their labels must be the same, in any order. A masked element of a masked array has no "
               "part in its row, also if it is NaN, and is masked in the result; in a plain out it gets the value that mask= "
               "would give. NA of pandas is NaN.")
_MASKED = {"logsumexp": "; a row masked as a whole gives -inf",
           "log_softmax": ", and gives -inf; so does a row masked as a whole, throughout"}


def _paragraph(text, indent="    "):
    return textwrap.wrap(text, 100, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)


def row(entry, signature):
    """The numpydoc text of a function of rows; `signature` is an inspect.Signature."""
    axis = signature.parameters["axis"].default
    masked = _MASKED.get(entry.name, ", and gives 0; so does a row masked as a whole, throughout")
    arguments = []
    for name in signature.parameters:
        kind, text = _ROW_ARGUMENTS[name]
        arguments += [f"{name} : {kind.format(axis=axis)}", *_paragraph(text.replace("{masked}", masked))]
    others = ["bind", *entry.forms[1:], *([] if row_form_missing(entry, "jacobian") else ["jacobian"])]
    shape = "One number for each row" if entry.reduces else "Of the shape of x"
    examples = [">>> import fastact as fa", ">>> x = [[1.0, 2.0, 3.0], [0.5, 0.5, 0.5]]",
                f">>> y = fa.{entry.name}(x, axis=-1)"]
    if "backward" in entry.forms:
        grad = "[1.0, -1.0]" if entry.reduces else "[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]"
        examples += [f">>> dx = fa.{entry.name}.backward({grad}, x, axis=-1)"]
    return "\n".join([
        f"{entry.name}{signature} = {entry.formula}", *_section("Parameters", *arguments),
        *_section("Returns", "ndarray or scalar",
                  *_paragraph(f"{shape}, in {entry.range}. {_SPECIAL_ROWS[entry.name]}")),
        *_section("Raises", "TypeError", "    If x is complex, longdouble or object, or the mask is not boolean.",
                  "ValueError", "    If out is read-only, or shapes do not fit.",
                  "numpy.exceptions.AxisError", "    If x does not have the axis."),
        *_section("See Also", *(f"fastact.{entry.name}.{other}" for other in others)),
        *_section("Notes", *_paragraph(f"Derivative of y[i] with respect to x[j]: {entry.derivative}.", ""),
                  *_paragraph(_CONTAINERS, ""), f"``fastact.{entry.name}.bind(x, out)`` returns a call whose arrays are fixed.",
                  f"Source: {entry.reference}."),
        *_section("Examples", *examples)])


def row_form_missing(entry, form):
    """Why a function of rows has no such form, as the message of an error; empty if it has."""
    if "backward" not in entry.forms:
        reason = f"{entry.name} is constant except for jumps; softmax with a low temperature has a gradient"
    elif form == "jacobian" and entry.reduces:
        reason = "the gradient of one number is no matrix; fastact.softmax(x) has it"
    elif form != "jacobian" and form not in entry.forms:
        reason = f"the output does not determine the gradient; use fastact.{entry.name}.backward(grad, x)"
    else:
        return ""
    return f"fastact.{entry.name}.{form} does not exist: {reason}"
