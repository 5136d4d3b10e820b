"""``fa.recommend``: the answers, that everything they name exists, and its words."""
import dataclasses
import itertools
import operator
import pickle
import re
import warnings

import numpy as np
import pytest

import fastact as fa
from fastact import __main__ as cli
from fastact import registry
from fastact.guide import recommendations as advice

NAMES = {entry.name for entry in (*registry.ACTIVATIONS, *registry.ROWS)}

# Question -> the first answer, from README's "How to choose".
FIRST = [
    ({}, "relu"),
    ({"layer": "hidden"}, "relu"),
    ({"network": "mlp"}, "relu"),
    ({"network": "cnn"}, "relu"),
    ({"depth": 3}, "relu"),
    ({"depth": "shallow"}, "relu"),
    ({"depth": 50}, "relu"),
    ({"depth": np.int64(50)}, "relu"),
    ({"depth": "very deep"}, "relu"),
    ({"network": "cnn", "depth": "deep"}, "relu"),
    ({"network": "residual"}, "silu"),
    ({"network": "residual", "depth": 60}, "silu"),
    ({"network": "skip connections", "depth": 60}, "silu"),
    ({"network": "normalised"}, "silu"),
    ({"symptom": "dying"}, "leaky_relu"),
    ({"symptom": "dying", "network": "cnn"}, "leaky_relu"),
    ({"symptom": "dying", "network": "mobile"}, "leaky_relu"),
    ({"symptom": "dying", "network": "transformer"}, "gelu"),
    ({"symptom": "dying", "depth": 50}, "leaky_relu"),
    ({"symptom": "dying", "network": "residual"}, "silu"),
    ({"symptom": "bias_shift"}, "elu"),
    ({"symptom": "slow_training"}, "elu"),
    ({"symptom": "vanishing"}, "relu"),
    ({"symptom": "saturation"}, "relu"),
    ({"symptom": "kinks"}, "silu"),
    ({"symptom": "cost", "depth": 50}, "relu"),
    ({"network": "rnn"}, "tanh"),
    ({"network": "rnn", "depth": 50, "symptom": "vanishing"}, "tanh"),
    ({"network": "transformer"}, "gelu"),
    ({"network": "transformer", "depth": 96}, "gelu"),
    ({"network": "self_normalizing"}, "selu"),
    ({"network": "mobile"}, "hard_silu"),
    ({"network": "quantised", "depth": 50}, "hard_silu"),
    ({"network": "gan"}, "leaky_relu"),
    ({"network": "smooth"}, "tanh"),
    ({"task": "regression"}, "identity"),
    ({"task": "binary"}, "sigmoid"),
    ({"task": "multilabel"}, "sigmoid"),
    ({"task": "multiclass"}, "softmax"),
    ({"task": "classification"}, "softmax"),
    ({"task": "log_probabilities"}, "log_softmax"),
    ({"task": "bounded"}, "tanh"),
    ({"task": "fraction"}, "sigmoid"),
    ({"task": "positive"}, "softplus"),
    ({"task": "count"}, "exponential"),
    ({"layer": "output", "task": "binary", "symptom": "saturation"}, "sigmoid"),
    ({"layer": "hidden", "task": "binary"}, "relu"),
    ({"task": "binary", "network": "rnn"}, "tanh"),
]


def every_question():
    """All that can be asked, with words for words."""
    for network, depth, symptom in itertools.product(*([None, *advice.QUESTIONS[question]]
                                                       for question in ("network", "depth", "symptom"))):
        yield {"network": network, "depth": depth, "symptom": symptom}
    for task in advice.TASKS:
        yield {"layer": "output", "task": task}


@pytest.mark.parametrize("question, first", FIRST, ids=str)
def test_first_answer(question, first):
    answer = fa.recommend(**question)
    assert answer.activation == first == answer.activations[0]
    assert answer == fa.recommend(**question), "not deterministic"


def test_what_is_named_exists():
    for question in every_question():
        answer = fa.recommend(**question)
        assert set(answer.activations) <= NAMES, question
        assert len(set(answer.activations)) == len(answer.activations) >= 1, question
        assert len(answer.alternatives) == len(answer.activations) - 1
        assert all(reason for _, reason in answer.choices), question
        assert answer.init in fa.initializers.__all__ or " " in answer.init, question
        assert (answer.loss is None) == (answer.loss_note is None) == ("task" not in question), question
        for path in re.findall(r"\bfa\.([a-z_]\w*(?:\.\w+)*)", str(answer)):
            assert operator.attrgetter(path)(fa)
        for command in re.findall(r"python -m fastact (\w+)", str(answer)):
            assert command in cli.COMMANDS


def test_a_symptom_rules_out_what_has_it():
    """But not where the structure dictates the activation."""
    entries = registry.by_name()
    for question in every_question():
        if question.get("symptom") and advice.NETWORKS.get(question["network"], advice.NETWORKS["mlp"]).hold != "fixed":
            avoid = advice.SYMPTOMS[question["symptom"]].avoid or (lambda entry: False)
            assert not any(avoid(entries[name]) for name in fa.recommend(**question).activations), question
    for name, row in advice.SYMPTOMS.items():
        assert row.remedies, f"{name} has no remedies"
        assert fa.recommend(symptom=name).remedies == row.remedies


@pytest.mark.parametrize("task, row", advice.TASKS.items())
def test_losses(task, row):
    """A loss that applies the activation itself gets raw logits."""
    answer = fa.recommend("output", task=task)
    assert answer.loss in fa.losses.__all__
    applied, takes = advice.LOSS_APPLIES.get(answer.loss, (None, None))
    if applied:
        assert f"applies {applied} itself and takes {takes}" in answer.loss_note
        assert "identity in training" in answer.loss_note and f"fa.{answer.activation} " in answer.loss_note
        with pytest.warns(UserWarning, match="takes logits|takes logarithms"):
            fa.MLP([2, 2], loss=answer.loss, output_activation="sigmoid")
    else:
        assert "logits" not in answer.loss_note and answer.activation in answer.loss_note
        assert fa.MLP([2, 2], loss=answer.loss, output_activation=answer.activation)
    assert fa.recommend("hidden", task=task).loss == answer.loss


# ---- the recommendations, tried ----

RNG = np.random.default_rng(0)
X = RNG.standard_normal((300, 3))
Z = X @ [1, -0.8, 0.5]
CLASS = np.digitize(Z, [-0.7, 0.7])
FLAGS = np.stack([Z > 0, X[:, 0] > 0.5], axis=1).astype(int)
POSITIVE = np.exp(0.5 * Z)
COUNTS = RNG.poisson(np.exp(0.7 * Z + 1))
LOSS = {task: row.loss for task, row in advice.TASKS.items()}

# Task and output -> (loss, output_activation, targets). What the loss applies itself comes after training.
TASK_TRIALS = {
    ("regression", "identity"): (LOSS["regression"], "identity", Z),
    ("regression", "softplus"): (LOSS["regression"], "softplus", POSITIVE),
    ("regression", "tanh"): (LOSS["regression"], "tanh", 0.9 * np.tanh(Z)),
    **{("binary", name): (LOSS["binary"], None, FLAGS[:, :1]) for name in ("sigmoid", "log_sigmoid")},
    ("binary", "softmax"): ("cross_entropy", None, FLAGS[:, 0]),
    **{("multilabel", name): (LOSS["multilabel"], None, FLAGS) for name in ("sigmoid", "log_sigmoid")},
    **{("multiclass", name): (LOSS["multiclass"], None, CLASS) for name in ("softmax", "log_softmax", "sparsemax", "hardmax")},
    ("log_probabilities", "log_softmax"): (LOSS["log_probabilities"], "log_softmax", CLASS),
    ("log_probabilities", "log_sigmoid"): ("binary_cross_entropy_with_logits", None, FLAGS),
    **{("bounded", name): (LOSS["bounded"], name, 0.9 * np.tanh(Z)) for name in ("tanh", "hard_tanh", "softsign")},
    ("fraction", "sigmoid"): (LOSS["fraction"], None, fa.sigmoid(Z)),
    ("fraction", "hard_sigmoid"): ("mse_loss", "hard_sigmoid", fa.hard_sigmoid(Z)),
    **{("positive", name): (LOSS["positive"], name, POSITIVE) for name in ("softplus", "exponential", "squareplus")},
    ("count", "exponential"): (LOSS["count"], None, COUNTS),
    ("count", "softplus"): ((LOSS["count"], {"log_input": False}), "softplus", COUNTS),
    ("count", "identity"): ("mse_loss", None, np.log1p(COUNTS)),
}


def test_every_task_is_tried():
    assert set(TASK_TRIALS) == {(task, name) for task, row in advice.TASKS.items() for name, _ in row.choices}


@pytest.mark.parametrize("task, output", TASK_TRIALS)
def test_an_output_with_its_loss_learns(task, output):
    loss, activation, y = TASK_TRIALS[task, output]
    width = 3 if y is CLASS else 2 if y.ndim == 1 and loss == "cross_entropy" else y.shape[1] if y.ndim == 2 else 1
    net = fa.MLP([3, 16, width], loss=loss, output_activation=activation, lr=0.02, random_state=0)
    net.fit(X, y, epochs=60, progress=False)
    scores = net.evaluate(X, y)
    if task == "fraction" and output == "sigmoid":  # whose accuracy is that of rounded targets; the least loss is their entropy
        assert scores["loss"] == pytest.approx(net.loss(Z, y), rel=0.02)
    else:
        assert scores.get("accuracy", scores.get("r2")) > (0.6 if task == "count" else 0.9)
    if activation is None and output != "identity":  # what the loss's note says
        predicted = getattr(fa, output)(net.forward(X))
        if output in ("sparsemax", "hardmax"):
            np.testing.assert_array_equal(predicted.argmax(axis=1), net.predict(X))
            return
        expected = net.predict(X) if output == "exponential" else net.predict_proba(X)
        predicted = np.exp(predicted) if output.startswith("log_") else predicted
        np.testing.assert_allclose(predicted.reshape(expected.shape), expected, rtol=1e-4, atol=1e-6)


def rings(samples=300):
    """Three classes on rings: a line does not separate them."""
    rng = np.random.default_rng(0)
    y, angle = rng.integers(0, 3, samples), rng.uniform(0, 2 * np.pi, samples)
    radius = y + rng.normal(0, 0.1, samples)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1), y


def best_accuracy(name, depth, **options):
    net = fa.MLP([2, *[32] * depth, 3], name, random_state=0, lr=0.01 if depth < 10 else 1e-3, **options)
    net.fit(*rings(), epochs=60, batch_size=50, progress=False, callbacks=lambda epoch, logs: logs["accuracy"] > 0.97)
    return max(net.history["accuracy"]), net


def elementwise(rows):
    return sorted({name for row in rows for name, _ in row.choices})


TRIED = [row for row in advice.NETWORKS.values() if not row.source]


def test_what_no_test_tries_names_its_source():
    named = {name for name, row in advice.NETWORKS.items() if row.source}
    assert named == {"cnn", "rnn", "transformer", "audio", "mobile", "gan"}
    for name, row in advice.NETWORKS.items():
        assert fa.recommend(network=name).source == row.source and (not row.source or re.search(r" (19|20)\d\d", row.source))
        assert not row.source or f"source: {row.source.split()[0]}" in str(fa.recommend(network=name))


@pytest.mark.filterwarnings("ignore::fastact.diagnostics.DeadUnitsWarning")
@pytest.mark.parametrize("name", elementwise([*TRIED, *advice.SYMPTOMS.values()]))
def test_a_hidden_activation_learns(name):
    assert best_accuracy(name, 2)[0] > 0.95


@pytest.mark.filterwarnings("ignore::fastact.diagnostics.DeadUnitsWarning")
@pytest.mark.parametrize("name", [name for name, _ in advice.DEPTHS["deep"].choices])
def test_a_plain_network_of_60_layers_learns(name):
    assert name in fa.recommend(depth=60).activations[:2]
    assert best_accuracy(name, 60)[0] > 0.9


@pytest.mark.parametrize("name", [name for name, _ in advice.NETWORKS["residual"].choices])
def test_a_deep_normalised_network_learns(name):
    assert best_accuracy(name, 20, batch_norm=True)[0] > 0.9


def test_self_normalisation():
    h = RNG.standard_normal((2000, 100))
    for seed in range(30):
        h = fa.selu(h @ fa.initializers.lecun_normal((100, 100), seed, np.float64))
    assert abs(h.mean()) < 0.2 and 0.7 < h.var() < 1.3
    assert best_accuracy("selu", 20)[0] > 0.9


@pytest.mark.parametrize("name", [name for name, _ in advice.SYMPTOMS["dying"].choices])
def test_against_dying_units(name):
    data, y = rings()
    dead = {}
    for each in (name, "relu"):
        net = fa.MLP([2, 32, 3], each, lr=1.0, random_state=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dead[each] = net.fit(data + 4, y, epochs=10, progress=False).dead_units(data + 4)[0]
    assert dead["relu"] > 0.5 and dead[name] <= (0.1 if name == "elu" else 0)  # elu's slope may underflow


@pytest.mark.parametrize("name", [name for name, _ in advice.SYMPTOMS["vanishing"].choices])
def test_against_vanishing_gradients(name):
    ratio = {}
    for each in (name, "sigmoid"):
        norms = fa.diagnostics.gradient_norms(fa.MLP([2, *[32] * 20, 3], each, random_state=0), *rings())
        ratio[each] = norms[0] / norms[-1]
    assert ratio["sigmoid"] < 1e-6 and ratio[name] > 1e-3


@pytest.mark.parametrize("name", [name for name, _ in advice.SYMPTOMS["saturation"].choices])
def test_against_saturation(name):
    x = 20 * RNG.standard_normal((100, 8))  # far from standardised
    flat = {each: fa.diagnostics.saturation(fa.MLP([8, 32, 2], each, random_state=0), x)[0] for each in (name, "tanh")}
    assert flat[name] < 0.6 < 0.8 < flat["tanh"]


@pytest.mark.parametrize("name", [name for name, _ in advice.SYMPTOMS["bias_shift"].choices])
def test_against_a_shifted_mean(name):
    z = RNG.standard_normal(10_000)
    assert abs(getattr(fa, name)(z).mean()) < fa.relu(z).mean()


def test_init():
    assert fa.recommend().init == "he_normal" and fa.recommend(network="rnn").init == "lecun_normal with gain=1.593"
    assert fa.recommend(task="multiclass").init == "glorot_uniform"
    assert fa.recommend(network="self_normalizing").init == "lecun_normal"


def test_words():
    """No word means two things, and case, blanks and hyphens do not matter."""
    for question, rows in advice.QUESTIONS.items():
        words = [word for name, row in rows.items() for word in (name, *row.also)]
        assert len(set(words)) == len(words)
        layer = "output" if question == "task" else "hidden"
        for name, row in rows.items():
            want = fa.recommend(layer, **{question: name})
            for word in row.also:
                spelt = f" {word.upper().replace('_', '-')} "
                assert fa.recommend(layer, **{question: spelt}) == want
    assert fa.recommend(depth=advice.VERY_DEEP) == fa.recommend(depth="deep") == fa.recommend(depth="16")
    assert fa.recommend(depth=advice.VERY_DEEP - 1) == fa.recommend(depth="shallow")


@pytest.mark.parametrize("question, message", [
    ({"layer": "middle"}, "unknown layer 'middle'; known: hidden, output"),
    ({"layer": "output"}, "the task decides.* regression, binary, multilabel"),
    ({"layer": "output", "network": "rnn"}, "give task="),
    ({"task": "dreaming"}, "unknown task 'dreaming'; known: regression, binary"),
    ({"task": ""}, "unknown task ''"),
    ({"network": 3}, "unknown network 3; known: mlp, residual, cnn"),
    ({"symptom": "ennui"}, "unknown symptom 'ennui'; known: dying, vanishing"),
    ({"depth": "abyssal"}, "unknown depth 'abyssal'; known: shallow, deep, or a number"),
    ({"depth": 0}, "at least 1, got 0"),
    ({"depth": -3}, "at least 1, got -3"),
    ({"depth": 2.5}, "unknown depth 2.5"),
    ({"depth": True}, "unknown depth True"),
])
def test_errors(question, message):
    with pytest.raises(ValueError, match=message):
        fa.recommend(**question)


def test_the_answer_is_a_readable_value():
    answer = fa.recommend(symptom="dying", task="binary")
    with pytest.raises(dataclasses.FrozenInstanceError):
        answer.init = "zeros"
    same = fa.recommend(symptom="dead", task="binary")
    assert pickle.loads(pickle.dumps(answer)) == answer == same and hash(answer) == hash(same)
    text = str(answer)
    assert text == repr(answer) and max(map(len, text.splitlines())) <= 100
    flat = " ".join(text.split())
    for part in (*answer.activations, *(reason for _, reason in answer.choices), answer.loss, answer.loss_note,
                 answer.init, *answer.remedies, "hidden layer, task binary, symptom dying"):
        assert part in flat


def test_command(capsys):
    assert cli.main(["recommend", "--task", "classification", "--layer", "output"]) == 0
    assert capsys.readouterr().out == f"{fa.recommend('output', task='multiclass')}\n"
    assert cli.main(["recommend", "--network", "cnn", "--depth", "152", "--symptom", "dead units"]) == 0
    assert capsys.readouterr().out == f"{fa.recommend(network='cnn', depth=152, symptom='dying')}\n"
    assert cli.main(["recommend"]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"{fa.recommend()}\n\nAsk further:")
    assert all(name in text for rows in advice.QUESTIONS.values() for name in rows)
    assert cli.main(["recommend", "--task", "dreaming"]) == 2
    assert "unknown task 'dreaming'" in capsys.readouterr().err
