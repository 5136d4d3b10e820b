"""The registry's formulas as MathML, which browsers draw without a script: ``mathml("x * sigmoid(x)")``."""
import ast

GREEK = {"alpha": "α", "beta": "β", "lambd": "λ", "theta": "θ", "mu": "μ", "sigma": "σ", "pi": "π"}
NAMES = {"minimum": "min", "maximum": "max", "sign": "sgn", "log": "ln"}
OPERATORS = {ast.Add: "+", ast.Sub: "−", ast.Gt: "&gt;", ast.GtE: "≥", ast.Lt: "&lt;", ast.LtE: "≤", ast.Eq: "="}
SUM, SIGN, PRODUCT, POWER, ATOM = range(5)  # how tightly an expression binds


def mathml(formula):
    """A formula as a ``math`` element; ValueError where it is not in the registry's language."""
    try:
        tree = ast.parse(formula, mode="eval").body
    except SyntaxError as error:
        raise ValueError(f"{formula!r} is no expression") from error
    return f'<math display="block">{_row(tree)[0]}</math>'


def _row(node):
    """The markup of an expression, and how tightly it binds."""
    if isinstance(node, ast.Constant):
        return f"<mn>{node.value:.7g}</mn>", ATOM
    if isinstance(node, ast.Name):
        name = GREEK.get(node.id, node.id.replace("_", " "))
        return f"<mi>{name}</mi>", ATOM
    if isinstance(node, ast.UnaryOp):
        return f"<mo>−</mo>{_within(node.operand, PRODUCT)}", SIGN
    if isinstance(node, ast.Compare):
        return f"{_row(node.left)[0]}<mo>{OPERATORS[type(node.ops[0])]}</mo>{_row(node.comparators[0])[0]}", SUM
    if isinstance(node, ast.BinOp):
        return _binary(node)
    if isinstance(node, ast.Call):
        return _call(node.func.id, node.args)
    raise ValueError(f"no MathML for {ast.unparse(node)!r}")


def _within(node, least):
    """The markup of an operand, in brackets unless it binds at least so tightly."""
    text, binds = _row(node)
    return text if binds >= least else _brackets(text)


def _brackets(text, opening="(", closing=")"):
    return f"<mrow><mo>{opening}</mo>{text}<mo>{closing}</mo></mrow>"


def _binary(node):
    left, right = node.left, node.right
    if isinstance(node.op, ast.Div):
        return f"<mfrac><mrow>{_row(left)[0]}</mrow><mrow>{_row(right)[0]}</mrow></mfrac>", POWER
    if isinstance(node.op, ast.Pow):
        if isinstance(left, ast.Call) and left.func.id in ("sin", "cos", "cosh", "tanh", "sigmoid"):
            name = "σ" if left.func.id == "sigmoid" else left.func.id
            return f"<msup><mi>{name}</mi>{_row(right)[0]}</msup>{_brackets(_row(left.args[0])[0])}", POWER
        return f"<msup><mrow>{_within(left, ATOM)}</mrow><mrow>{_row(right)[0]}</mrow></msup>", POWER
    if isinstance(node.op, ast.Mult):
        if ast.dump(left) == ast.dump(right):
            return _binary(ast.BinOp(left, ast.Pow(), ast.Constant(2)))
        times = "<mo>·</mo>" if isinstance(right, ast.Constant) else '<mspace width="0.17em"/>'
        return f"{_within(left, SIGN)}{times}{_within(right, PRODUCT)}", PRODUCT
    operator = OPERATORS[type(node.op)]
    return f"{_within(left, SUM)}<mo>{operator}</mo>{_within(right, PRODUCT)}", SUM


def _call(name, args):
    if name == "where":
        return _cases(args), ATOM
    inside = [_row(arg)[0] for arg in args]
    if name in ("exp", "expm1"):
        power = f"<msup><mi>e</mi><mrow>{_exponent(args[0])}</mrow></msup>"
        return (power, POWER) if name == "exp" else (f"{power}<mo>−</mo><mn>1</mn>", SUM)
    if name == "sqrt":
        return f"<msqrt>{inside[0]}</msqrt>", ATOM
    if name == "abs":
        return _brackets(inside[0], "|", "|"), ATOM
    if name == "log1p":
        return f"<mi>ln</mi>{_brackets(f'<mn>1</mn><mo>+</mo>{inside[0]}')}", POWER
    name = {"sigmoid": "σ"}.get(name, NAMES.get(name, name))
    return f"<mi>{name}</mi>{_brackets('<mo>,</mo>'.join(inside))}", POWER


def _exponent(node):
    """The markup of an exponent, whose quotient has a slash: the parts of a fraction would be too small to read."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return f"{_within(node.left, SIGN)}<mo>/</mo>{_within(node.right, ATOM)}"
    return _row(node)[0]


def _cases(args):
    """where(c, a, where(d, b, e)) as a brace of cases; where(c, where(d, a, e), e) is one case, c and d."""
    rows = []
    while True:
        condition, value, rest = args
        tests = [_row(condition)[0]]
        while _is_where(value) and ast.dump(value.args[2]) == ast.dump(rest):
            tests.append(_row(value.args[0])[0])
            value = value.args[1]
        rows.append((_row(value)[0], "<mtext>if&#160;</mtext>" + "<mtext>&#160;and&#160;</mtext>".join(tests)))
        if not _is_where(rest):
            break
        args = rest.args
    rows.append((_row(rest)[0], "<mtext>otherwise</mtext>"))
    cells = "".join(f"<mtr><mtd>{value}</mtd><mtd>{test}</mtd></mtr>" for value, test in rows)
    return f'<mrow><mo>{{</mo><mtable columnalign="left">{cells}</mtable></mrow>'


def _is_where(node):
    return isinstance(node, ast.Call) and node.func.id == "where"
