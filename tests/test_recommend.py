"""``fa.recommend``: the answers, that everything they name exists, and its words."""
import dataclasses
import itertools
import operator
import pickle
import re

import numpy as np
import pytest

import fastact as fa
from fastact import __main__ as cli
from fastact import advice, registry

NAMES = {entry.name for entry in (*registry.ACTIVATIONS, *registry.ROWS)}

# Question -> the first answer, from README's "How to choose".
FIRST = [
    ({}, "relu"),
    ({"layer": "hidden"}, "relu"),
    ({"network": "mlp"}, "relu"),
    ({"network": "cnn"}, "relu"),
    ({"depth": 3}, "relu"),
    ({"depth": "shallow"}, "relu"),
    ({"depth": 50}, "silu"),
    ({"depth": np.int64(50)}, "silu"),
    ({"depth": "very deep"}, "silu"),
    ({"network": "cnn", "depth": "deep"}, "silu"),
    ({"symptom": "dying"}, "leaky_relu"),
    ({"symptom": "dying", "network": "cnn"}, "leaky_relu"),
    ({"symptom": "dying", "network": "mobile"}, "leaky_relu"),
    ({"symptom": "dying", "network": "transformer"}, "gelu"),
    ({"symptom": "dying", "depth": 50}, "silu"),
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
    """The golden rule: a loss that applies the activation itself gets raw logits."""
    answer = fa.recommend("output", task=task)
    assert answer.loss in fa.losses.__all__
    applied = {"cross_entropy": "softmax", "binary_cross_entropy_with_logits": "sigmoid"}.get(answer.loss)
    if applied:
        assert f"applies {applied} itself and takes raw logits" in answer.loss_note
        assert "identity in training" in answer.loss_note and f"fa.{answer.activation} " in answer.loss_note
        with pytest.warns(UserWarning, match="takes logits"):
            fa.MLP([2, 2], loss=answer.loss, output_activation="sigmoid")
    else:
        assert "logits" not in answer.loss_note and answer.activation in answer.loss_note
        assert fa.MLP([2, 2], loss=answer.loss, output_activation=answer.activation)
    assert fa.recommend("hidden", task=task).loss == answer.loss


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
    ({"network": 3}, "unknown network 3; known: mlp, cnn"),
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
