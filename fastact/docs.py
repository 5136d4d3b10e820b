"""Docstrings, made from registry entries so that formula, defaults and bounds are written once."""

INPUTS = {
    "value": ("x",), "derivative": ("x",), "backward": ("grad", "x"), "value_and_derivative": ("x",),
    "backward_from_output": ("grad", "y"), "second_derivative": ("x",),
}
OUTPUTS = {
    "value": ("y",), "derivative": ("d",), "backward": ("dx",), "value_and_derivative": ("y", "d"),
    "backward_from_output": ("dx",), "second_derivative": ("d2",),
}
_MEANING = {
    "x": "input of any shape; float16, float32 and float64 keep their dtype, others are promoted as by "
         "numpy.tanh",
    "grad": "gradient with respect to the output; broadcasts with the other inputs",
    "y": "output of the activation, as the forward pass returned it",
}
_RESULT = {
    "y": "f(x)", "d": "f'(x)", "dx": "grad * f'(x)", "d2": "f''(x)",
}
_SUMMARY = {
    "value": "{name}(x) = {formula}",
    "derivative": "Derivative of {name}: {derivative}",
    "backward": "Gradient of {name}: grad * f'(x), in one pass",
    "value_and_derivative": "{name} and its derivative, in one pass",
    "backward_from_output": "Gradient of {name} from its output y = f(x): grad * f'(x), in one pass",
    "second_derivative": "Second derivative of {name}: {second_derivative}",
}


def signature(entry, form, defaults=True):
    """Inputs and parameters as text: ``(x, alpha=1.0)``."""
    parameters = [f"{p.name}={p.exact or repr(p.default)}" if defaults and p.default is not None else p.name
                  for p in entry.parameters]
    return "(" + ", ".join([*INPUTS[form], *parameters]) + ")"


def kinks(entry):
    """The conventions where the derivative does not exist, as text: ``slope 0 at 0``."""
    return ", ".join(f"slope {kink.slope} at {kink.at}" for kink in entry.kinks) or "none"


def _summary(entry, form):
    return _SUMMARY[form].format(name=entry.name, formula=entry.formula, derivative=entry.derivative,
                                 second_derivative=entry.second_derivative)


def bounds_text(entry):
    """The measured error bounds as a sentence, empty where they have not been measured."""
    parts = [f"{dtype} {bound.value:g} (derivative {bound.derivative:g})"
             for dtype, bound in (("float32", entry.float32), ("float64", entry.float64)) if bound]
    return f"Largest error in ULP: {', '.join(parts)}." if parts else ""


def form(entry, form):
    """numpydoc text of one form of an activation."""
    lines = [_summary(entry, form), "",
             "Parameters", "----------"]
    for name in INPUTS[form]:
        lines += [f"{name} : array_like", f"    {_MEANING[name]}."]
    for p in entry.parameters:
        default = "" if p.default is None else f", default {p.exact or repr(p.default)}"
        lines += [f"{p.name} : float or array_like{default}",
                  f"    {p.doc[0].upper()}{p.doc[1:]}; an array broadcasts."]
    outputs = OUTPUTS[form]
    lines += ["out : ndarray" + (" or tuple of two" if len(outputs) == 2 else "") + ", optional",
              "    Where to write; may be an input, and any overlap is safe.",
              "where, dtype, casting, order, subok", "    As for every numpy.ufunc.", "", "Returns", "-------"]
    for name in outputs:
        lines += [f"{name} : ndarray or scalar", f"    {_RESULT[name]}, of the inputs' broadcast shape."]
    lines += ["", "Raises", "------", "TypeError", "    For complex, longdouble, object and other dtypes.",
              "ValueError", "    For shapes that do not broadcast, or a read-only out.", "", "Notes", "-----",
              f"f(x) = {entry.formula}; f'(x) = {entry.derivative}.",
              f"Range {entry.range}. Kink: {kinks(entry)}. NaN gives NaN; limits at infinity are exact.",
              bounds_text(entry), f"Source: {entry.reference}."]
    return "\n".join(line for line in lines if line is not None)


def ufunc(entry, form):
    """Short text for a raw ufunc (NumPy adds the signature): parameters have no defaults there."""
    return (_summary(entry, form)
            + f".\n\nArguments: {signature(entry, form, defaults=False)}. See fastact.{entry.name}.")
