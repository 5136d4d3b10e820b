"""Docstrings, made from registry entries so that formula, defaults and bounds are written once."""
import inspect

from fastact.registry import FORMS

_MEANING = {
    "x": "input of any shape; float16, bfloat16, float32 and float64 keep their dtype, others are promoted as by "
         "numpy.tanh",
    "grad": "gradient with respect to the output; broadcasts with the other inputs",
    "y": "output of the activation, as the forward pass returned it",
    "gate": "input of the activation; float16, bfloat16, float32 and float64 keep their dtype, others are promoted as "
            "by numpy.tanh",
    "up": "what the activation multiplies; broadcasts with gate",
    "bias": "what is added to x, for each column as a rule: of shape ``x.shape[-1:]``, or any that broadcasts",
}


def signature(entry, form, defaults=True):
    """Inputs and parameters as text: ``(x, alpha=1.0)``."""
    parameters = [f"{p.name}={p.exact or repr(p.default)}" if defaults and p.default is not None else p.name
                  for p in entry.parameters]
    return "(" + ", ".join([*FORMS[form].inputs, *parameters]) + ")"


def inspected(entry, form):
    """The signature as `inspect` has it."""
    def argument(name, default):
        return inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default)

    empty = inspect.Parameter.empty
    return inspect.Signature([
        *(argument(name, empty) for name in FORMS[form].inputs),
        *(argument(p.name, empty if p.default is None else p.default) for p in entry.parameters),
        argument("out", None), inspect.Parameter("ufunc_kwargs", inspect.Parameter.VAR_KEYWORD)])


def kinks(entry):
    """The conventions where the derivative does not exist, as text: ``slope 0 at 0``."""
    return ", ".join(f"slope {kink.derivative} at {kink.at}" for kink in entry.kinks) or "none"


def _summary(entry, form):
    return FORMS[form].summary.format(**vars(entry))


def bounds_text(entry):
    """The measured error bounds as a sentence, empty where they have not been measured."""
    parts = [f"{dtype} {bound.value:g} (derivative {bound.derivative:g})"
             for dtype, bound in (("float32", entry.float32), ("float64", entry.float64)) if bound]
    return f"Largest error in ULP: {', '.join(parts)}." if parts else ""


def _gradient(entry, form):
    """A sentence about gradients that are infinite or NaN."""
    if "backward" in form and entry.masks_gradient:
        yield "Where the slope is 0 by a case of its definition, the gradient is 0 for every grad, infinity and NaN too."
    elif "backward" in form and entry.name == "identity":
        yield "The slope is 1 for every x, NaN too, and the gradient a copy of grad."


def _outputs(form):
    """The lines about out= and what follows it."""
    if FORMS[form].bias_gradient:
        return ["out : tuple of two ndarrays, optional", "    Where to write dx and dbias."]
    return ["out : ndarray" + (" or tuple of two" if len(FORMS[form].outputs) == 2 else "") + ", optional",
            "    Where to write; may be an input, and any overlap is safe.",
            "where, dtype, casting, order, subok", "    As for every numpy.ufunc."]


def _returns(form):
    lines = ["", "Returns", "-------"]
    for output in FORMS[form].outputs:
        lines += [f"{output.name} : ndarray or scalar", f"    {output.meaning}; of the inputs' broadcast shape."]
    if FORMS[form].bias_gradient:
        output = FORMS[form].bias_gradient
        lines += [f"{output.name} : ndarray or scalar", f"    {output.meaning}."]
    return lines


def form(entry, form):
    """numpydoc text of one form of an activation."""
    lines = [_summary(entry, form), "",
             "Parameters", "----------"]
    for name in FORMS[form].inputs:
        lines += [f"{name} : array_like", f"    {_MEANING[name]}."]
    for p in entry.parameters:
        default = "" if p.default is None else f", default {p.exact or repr(p.default)}"
        lines += [f"{p.name} : float or array_like{default}",
                  f"    {p.doc[0].upper()}{p.doc[1:]}; an array broadcasts."]
    if entry.approximate:
        names = " or ".join(f'"{value}" ({name})' for value, name in entry.approximate)
        lines += [f"approximate : {{{', '.join(repr(value) for value, _ in entry.approximate)}}}, keyword only",
                  f"    Which function: {names}."]
    lines += _outputs(form) + _returns(form)
    lines += ["", "Raises", "------", "TypeError", "    For complex, longdouble, object and other dtypes.",
              "ValueError", "    For shapes that do not broadcast, or a read-only out.", ""]
    if form == "value":
        lines += ["See Also", "--------", *(f"fastact.{entry.name}.{other}" for other in entry.forms[1:]), ""]
    lines += ["Notes", "-----",
              f"f(x) = {entry.formula}; f'(x) = {entry.derivative}.",
              f"Range {entry.range}. Kink: {kinks(entry)}. NaN gives NaN; limits at infinity are exact.",
              *_gradient(entry, form),
              bounds_text(entry)]
    if form == "value":
        arguments = ", ".join(["x", *(p.name for p in entry.parameters if p.default is None), "out"])
        lines += [f"``fastact.{entry.name}.bind({arguments})`` fixes the arrays of a call, ``.ufunc`` is the numpy.ufunc, and",
                  "``.info`` is what is known of the function."]
    lines.append(f"Source: {entry.reference}.")
    if form == "value":
        lines += ["", "Examples", "--------", ">>> import fastact as fa",
                  f">>> y = fa.{entry.name}([-2.0, 0.5]{''.join(f', {v}' for v in entry.required)})",
                  f">>> d = fa.{entry.name}.derivative([-2.0, 0.5]{''.join(f', {v}' for v in entry.required)})"]
    return "\n".join(line for line in lines if line is not None)


def ufunc(entry, form):
    """Short text for a raw ufunc (NumPy adds the signature): parameters have no defaults there."""
    return (_summary(entry, form)
            + f".\n\nArguments: {signature(entry, form, defaults=False)}. See fastact.{entry.name}.")
