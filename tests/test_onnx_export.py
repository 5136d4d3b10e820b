"""ONNX models against the network itself, run by onnx's reference evaluator and by onnxruntime."""
import io
import re
import sys

import numpy as np
import pytest

from fastact import registry
from fastact.interop.onnx import _ROWS, _functions, _Graph
from fastact.nn.mlp import MLP

onnx = pytest.importorskip("onnx")
reference = pytest.importorskip("onnx.reference")
SPECIAL = np.array([0, 1e-40, 1e-10, 1, 1.5, 3, 6, 20, 60, 85, 1e4, 1e19, 1e20, 1e30, 3e38, np.inf, np.nan])
X = np.random.default_rng(0).normal(size=(200, 4)) * np.array([1, 3, 10, 0.1])


def exported(net, **options):
    stream = io.BytesIO()
    net.to_onnx(stream, **options)
    return stream.getvalue()


def by_reference(content, x):
    with np.errstate(all="ignore"):  # in its functions
        return reference.ReferenceEvaluator(content).run(None, {"input": x})[0]


def by_onnxruntime(content, x):
    onnxruntime = pytest.importorskip("onnxruntime")
    return onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"]).run(None, {"input": x})[0]


def variants():
    for entry in registry.ACTIVATIONS:
        yield pytest.param((entry.name, {p.name: d for p, d in zip(entry.parameters, entry.defaults)}), id=entry.name)
        if entry.parameters:
            options = {p.name: d + 0.75 for p, d in zip(entry.parameters, entry.defaults)}
            yield pytest.param((entry.name, options), id=f"{entry.name} {options}")
    yield pytest.param(("softplus", {"beta": -1}), id="softplus of negative beta")
    yield pytest.param(("hard_tanh", {"max_val": np.inf}), id="hard_tanh without end")
    yield pytest.param(("swish", {"beta": -1}), id="swish of negative beta")
    yield pytest.param(("swish", {"beta": 0}), id="swish of beta 0")
    yield pytest.param(("squareplus", {"b": 0}), id="squareplus of b 0")
    for name, option, values in (("squareplus", "b", (-1, np.inf)), ("celu", "alpha", (0, -1, 1000, 1e30, np.inf)),
                                 ("hard_sigmoid", "slope", (0, np.inf)), ("softplus", "beta", (0,))):
        for value in values:
            yield pytest.param((name, {option: value}), id=f"{name} of {option} {value:g}")


@pytest.mark.parametrize("evaluate", [by_reference, by_onnxruntime])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("activation", list(variants()))
def test_every_activation(activation, dtype, evaluate):
    net = MLP([1, 1, 1], activation, loss="mse", dtype=dtype, random_state=1)
    for layer in net._network.layers:
        layer.weight[...] = 1  # the activation of x itself
    x = np.concatenate([X.ravel(), SPECIAL, -SPECIAL])[:, None].astype(dtype)
    with np.errstate(over="ignore"):
        x = np.concatenate([x, np.array([[1], [-1]]) * np.finfo(dtype).max]).astype(dtype)
        got, want = evaluate(exported(net), x), net.forward(x)
    assert got.dtype == dtype
    far = abs(x) > 100  # where rounding the argument of an exponential shows
    np.testing.assert_allclose(got[~far], want[~far], rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(got[far], want[far], rtol=2e-5, atol=1e-6)


NEWEST = onnx.defs.onnx_opset_version()
ALL_FROM = 12  # the first opset with the operators of every activation


def error_of(activation, dtype, opset):
    """The largest error of an activation in onnxruntime, relative to the larger of 1 and the output; specials must be equal."""
    net = MLP([1, 1], output_activation=activation, loss="mse", dtype=dtype, random_state=0)
    net.parameters[0][...] = 1
    x = np.concatenate([np.linspace(-80, 80, 2001), [np.inf, -np.inf, np.nan, 3e38, -3e38, 0]]).astype(dtype)[:, None]
    with np.errstate(over="ignore"):
        got, want = by_onnxruntime(exported(net, opset=opset), x), net.forward(x)
    finite = np.isfinite(want)
    np.testing.assert_array_equal(got[~finite], want[~finite])
    return (abs(got[finite] - want[finite]) / np.maximum(1, abs(want[finite]))).max()


@pytest.mark.parametrize("opset", [
    pytest.param(opset, marks=[] if opset in (ALL_FROM, 13, 14, 18, 20, 22, 24, 25, NEWEST) else pytest.mark.thorough)
    for opset in range(ALL_FROM, NEWEST + 1)])
def test_every_opset(opset):
    """onnxruntime computes every activation in every opset, infinities and NaN included."""
    for dtype in ("float32", "float64"):
        for entry in registry.ACTIVATIONS:  # Swish has the error of onnxruntime's Sigmoid
            swish = entry.name in ("silu", "swish", "quick_gelu") and opset == 24 and dtype == "float32"
            options = {p.name: d for p, d in zip(entry.parameters, entry.defaults)}
            assert error_of((entry.name, options), dtype, opset) <= (2e-6 if swish else 1e-6), (entry.name, dtype)
        for name in _ROWS:
            net = MLP([4, 5, 3], output_activation=name, loss="mse", dtype=dtype, random_state=0)
            got = by_onnxruntime(exported(net, opset=opset), X.astype(dtype))
            np.testing.assert_allclose(got, net.forward(X), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_errors_are_what_readme_says(dtype):
    """At most 1e-6 of the larger of 1 and the output, far out too."""
    x = np.linspace(-80, 80, 2001).astype(dtype)[:, None]
    for activation in registry.ACTIVATIONS:
        options = {p.name: d for p, d in zip(activation.parameters, activation.defaults)}
        net = MLP([1, 1], output_activation=(activation.name, options), loss="mse", dtype=dtype, random_state=0)
        net.parameters[0][...] = 1
        want = net.forward(x)
        error = abs(by_onnxruntime(exported(net), x) - want) / np.maximum(1, abs(want))
        assert error.max() <= 1e-6, activation.name


def test_deep_networks_with_output_activation():
    each = ["relu", ("leaky_relu", {"negative_slope": 0.3}), "gelu", "softsign", "mish"]
    net = MLP([4, 7, 6, 5, 4, 3, 2], each, "tanh", "mse", random_state=0)
    content = exported(net)
    operators = [node.op_type for node in onnx.load_from_string(content).graph.node]
    assert operators == ["Gemm", "Relu", "Gemm", "LeakyRelu", "Gemm", "Max", "Gelu", "Gemm", "Max", "Min", "Softsign",
                         "Gemm", "Max", "Mish", "Gemm", "Tanh", "Identity"]  # Max and Min for infinite inputs
    for evaluate in (by_reference, by_onnxruntime):
        np.testing.assert_allclose(evaluate(content, X.astype("f4")), net.predict(X), rtol=0, atol=1e-6)


@pytest.mark.parametrize("evaluate", [by_reference, by_onnxruntime])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["softmax", "log_softmax", "softmin", "sparsemax", "entmax15"])
def test_functions_of_rows(name, dtype, evaluate):
    net = MLP([4, 5, 3], output_activation=name, loss="mse", dtype=dtype, random_state=0)
    np.testing.assert_allclose(evaluate(exported(net), X.astype(dtype)), net.forward(X), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("evaluate", [by_reference, by_onnxruntime])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["softmax", "log_softmax", "softmin", "sparsemax", "entmax15"])
def test_functions_of_rows_far_out(name, dtype, evaluate):
    """Rows with infinities, NaN and large numbers, which go through Gemm as inputs of 0 and a bias."""
    inf, nan = np.inf, np.nan
    for row in ([1, -inf, 3], [inf, 1, 2], [-inf] * 3, [nan, 1, 2], [1, nan, -inf], [1e30, -1e30, 0], [3e38, 3e38, 1],
                [-inf, 3e38, -3e38]):
        net = MLP([1, 3], output_activation=name, loss="mse", dtype=dtype, random_state=0)
        net.parameters[1][...] = row
        x = np.zeros((2, 1), dtype)
        with np.errstate(all="ignore"):
            np.testing.assert_allclose(evaluate(exported(net), x), net.forward(x), rtol=1e-6, atol=1e-6)


def operators(net, **options):
    return {node.op_type for node in onnx.load_from_string(exported(net, **options)).graph.node}


@pytest.mark.parametrize("activation, operator, since", [
    ("hard_silu", "HardSwish", 14), ("mish", "Mish", 18), ("gelu", "Gelu", 20), ("gelu_tanh", "Gelu", 20), ("silu", "Swish", 24),
    ("quick_gelu", "Swish", 24), ("swish", "Swish", 24), ("celu", "Celu", 12)])
def test_the_newest_operators(activation, operator, since):
    net = MLP([2, 3, 1], activation, loss="mse", random_state=0)
    assert operator in operators(net, opset=since) and operator not in operators(net, opset=since - 1)
    if operator == "Swish":  # which onnxruntime knows in opset 24 alone
        assert operator not in operators(net)
    else:
        assert operator in operators(net)


def test_old_opsets():
    """What an activation needs is told, and is enough."""
    net = MLP([4] * 5, ["relu", "gelu", "hard_shrink"], output_activation="sparsemax", loss="mse", random_state=0)
    with pytest.raises(ValueError, match="onnx: opset 8 is too old: gelu needs 9, hard_shrink needs 12, sparsemax needs 11"):
        exported(net, opset=8)
    for entry in registry.ACTIVATIONS:
        options = {p.name: d for p, d in zip(entry.parameters, entry.defaults)}
        for dtype in ("float32", "float64"):
            for opset in range(8, ALL_FROM):
                try:
                    assert error_of((entry.name, options), dtype, opset) <= 1e-6, (entry.name, dtype, opset)
                except ValueError as error:
                    assert int(re.search(f": {entry.name} needs (.*)", str(error)).group(1)) > opset
                else:
                    break


@pytest.mark.parametrize("opset, error, said", [
    (7, ValueError, f"takes opsets from 8 to {NEWEST}, the newest of the installed onnx; got 7"), (NEWEST + 1, ValueError, "got"),
    ("20", TypeError, "takes the number of an opset, or None for the newest; got '20'"), (20.0, TypeError, "got 20.0")])
def test_wrong_opsets(opset, error, said):
    with pytest.raises(error, match=f"MLP.to_onnx {said}" if "takes" in said else said):
        exported(MLP([4, 5, 3]), opset=opset)


def test_trained_networks():
    y = np.arange(len(X)) % 3
    net = MLP([4, 8, 3], activation=("prelu", {"weight": 0.25}), batch_norm=True, dropout=0.2, random_state=0)
    net.fit(X, y, epochs=5, progress=False)
    np.testing.assert_allclose(by_reference(exported(net), X.astype("f4")), net.forward(X), rtol=1e-6, atol=2e-6)


@pytest.mark.parametrize("loss", ["cross_entropy", "bce", "nll_loss", "binary_cross_entropy"])
def test_probabilities(loss):
    net = MLP([4, 5, 3], loss=loss, random_state=0)
    for evaluate in (by_reference, by_onnxruntime):
        got = evaluate(exported(net, probabilities=True), X.astype("f4"))
        np.testing.assert_allclose(got, net.predict_proba(X), rtol=0, atol=1e-6)
        np.testing.assert_allclose(evaluate(exported(net), X.astype("f4")), net.forward(X), rtol=1e-6, atol=1e-6)


def test_probabilities_of_a_regression():
    with pytest.raises(TypeError, match="MLP.to_onnx: probabilities only"):
        exported(MLP([4, 5, 3], loss="mse"), probabilities=True)


def test_the_file(tmp_path):
    net = MLP([4, 5, 3], random_state=0)
    net.to_onnx(tmp_path / "net.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["net.onnx"]
    model = onnx.load(tmp_path / "net.onnx")
    assert [(each.domain, each.version) for each in model.opset_import] == [("", NEWEST)]
    assert model.SerializeToString() == exported(net) == exported(net, opset=NEWEST)
    old = onnx.load_from_string(exported(net, opset=np.int64(12)))
    assert (old.opset_import[0].version, old.ir_version) == (12, 7)  # the oldest format with the opset
    shape = model.graph.input[0].type.tensor_type.shape.dim
    assert shape[0].dim_param == "samples" and shape[1].dim_value == 4
    assert by_reference(exported(net), np.empty((0, 4), "f4")).shape == (0, 3)


def test_without_onnx(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r'pip install "fastact\[onnx\]"'):
        exported(MLP([4, 5, 3]))


def test_every_function_of_formulas():
    assert {*registry.FUNCTIONS, "pi"} <= set(_functions(_Graph("MLP", np.dtype("f4"))))


NAMES = np.array(["no", "yes", "perhaps"])
TARGETS = {
    "two classes": np.arange(200) % 2, "negative classes": np.array([-7, 30, 2])[np.arange(200) % 3],
    "names": NAMES[np.arange(200) % 3], "two names": NAMES[np.arange(200) % 2],
    "objects": NAMES.astype(object)[np.arange(200) % 3],
    "truth values": np.arange(200) % 2 == 0, "small numbers": (np.arange(200) % 3).astype(np.int8),
    "floats": np.arange(200) % 3 / 1,
    "one class": np.ones(200, int), "several labels": np.random.default_rng(1).integers(0, 2, (200, 3)),
}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_classifiers_of_scikit_learn(target, dtype):
    onnxruntime = pytest.importorskip("onnxruntime")
    estimators = pytest.importorskip("fastact.sklearn")
    x = X.astype(dtype)
    model = estimators.MLPClassifier((6, 5), ["gelu", ("elu", {"alpha": 0.5})], max_iter=30, random_state=0).fit(x, target)
    session = onnxruntime.InferenceSession(exported(model), providers=["CPUExecutionProvider"])
    assert [each.name for each in session.get_inputs()] == ["X"]
    assert [each.name for each in session.get_outputs()] == ["label", "probabilities"]
    label, probabilities = session.run(None, {"X": x})
    assert label.dtype == np.asarray(target).dtype or label.dtype == object and label.shape == target.shape
    np.testing.assert_array_equal(label, model.predict(x))
    np.testing.assert_allclose(probabilities, model.predict_proba(x), rtol=1e-5, atol=1e-6)
    assert [part.shape[0] for part in session.run(None, {"X": x[:0]})] == [0, 0]
    for opset in (9, 12, 18):
        session = onnxruntime.InferenceSession(exported(model, opset=opset), providers=["CPUExecutionProvider"])
        np.testing.assert_array_equal(session.run(["label"], {"X": x})[0], label)
    with pytest.raises(ValueError, match="MLPClassifier.to_onnx: opset 8 is too old: gelu needs 9"):
        exported(model, opset=8)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("options", [{}, {"loss": "poisson"}, {"solver": "lbfgs", "hidden_layer_sizes": ()}], ids=str)
@pytest.mark.parametrize("outputs", [1, 2])
def test_regressors_of_scikit_learn(options, outputs, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    estimators = pytest.importorskip("fastact.sklearn")
    y = np.abs(X[:, :outputs]) if outputs > 1 else np.abs(X[:, 0])
    model = estimators.MLPRegressor(**{"hidden_layer_sizes": (6,), "max_iter": 20, "random_state": 0, **options}).fit(X, y)
    model.to_onnx(tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    (got,) = session.run(["variable"], {"X": X})
    np.testing.assert_allclose(got, model.predict(X).reshape(len(X), -1), rtol=1e-9)


def test_an_estimator_that_is_not_fitted():
    estimators = pytest.importorskip("fastact.sklearn")
    from sklearn.exceptions import NotFittedError

    with pytest.raises(NotFittedError):
        exported(estimators.MLPRegressor())
