"""``python -m fastact recommend``: which activation to choose, why, and what goes with it.

The advice is a table in ``recommendations.py``; here the rows that a question names are found and merged.
"""
from __future__ import annotations

import functools
import sys
import textwrap
from dataclasses import dataclass
from numbers import Integral
from typing import Any, Dict, List, Mapping, Optional, Tuple, Union

from fastact import initializers, registry
from fastact._tools import command_line
from fastact.guide.recommendations import LOSS_APPLIES, NETWORKS, QUESTIONS, TASKS, VERY_DEEP, Choice, Row

LAYERS = ("hidden", "output")
WIDTH = 100
NOTHING = Row(also=(), choices=())


@dataclass(frozen=True, repr=False)
class Recommendation:
    """The answer of `recommend`; ``print`` shows it whole.

    Attributes
    ----------
    question : str
        What was asked, in words.
    choices : tuple of (activation, reason)
        Best first.
    init : str
        The name of the function in `fastact.initializers` that ``init="auto"`` uses, with its ``gain`` if that is not 1.
    loss, loss_note : str or None
        The name of the loss in `fastact.losses`, and what it takes; None without a task.
    remedies : tuple of str
        What helps besides the activation.
    source : str
        The source of the advice, if the tests of this library do not train such networks; else empty.
    activation, reason, activations, alternatives
        Parts of ``choices``: name and reason of the first, all names, and all choices but the first.
    """

    question: str
    choices: Tuple[Choice, ...]
    init: str
    loss: Optional[str] = None
    loss_note: Optional[str] = None
    remedies: Tuple[str, ...] = ()
    source: str = ""

    @property
    def activation(self) -> str:
        return self.choices[0].activation

    @property
    def reason(self) -> str:
        return self.choices[0].reason

    @property
    def activations(self) -> Tuple[str, ...]:
        return tuple(choice.activation for choice in self.choices)

    @property
    def alternatives(self) -> Tuple[Choice, ...]:
        return self.choices[1:]

    def __repr__(self) -> str:
        lines = [f"{self.question}: {self.activation}", f"  why: {self.reason}"]
        lines += [f"  or {name}: {reason}" for name, reason in self.alternatives]
        lines += [f"  loss: {self.loss}; {self.loss_note}"] if self.loss else []
        lines += [f"  init: {self.init}", *(f"  also: {remedy}" for remedy in self.remedies)]
        lines += [f"  source: {self.source}"] if self.source else []
        return "\n".join(_wrapped(line, 4) for line in lines)


def recommend(layer: Optional[str] = None, task: Optional[str] = None, network: Optional[str] = None,
              depth: Union[int, str, None] = None, symptom: Optional[str] = None) -> Recommendation:
    """Recommend an activation for a layer, with reasons, and the loss, initial weights and remedies that belong to it.

    Parameters
    ----------
    layer : {"hidden", "output"}, optional
        By default "output" if only a task is given, else "hidden".
    task : str, optional
        What the network predicts, which decides the output layer and the loss. "regression", "binary",
        "multilabel", "multiclass", "log_probabilities", "bounded", "fraction", "positive", "count".
    network : str, optional
        "mlp", "residual" (with skip connections or normalisation), "cnn", "rnn", "transformer", "mobile",
        "self_normalizing", "gan", "smooth".
    depth : int or {"shallow", "deep"}, optional
        The number of hidden layers; "deep" is 16 or more.
    symptom : str, optional
        What goes wrong: "dying", "vanishing", "exploding", "saturation", "slow_training", "bias_shift",
        "kinks", "cost", "memory", "nan".

    Common synonyms are accepted, such as "classification" and "dead_units".

    Returns
    -------
    Recommendation

    Raises
    ------
    ValueError
        If a word is unknown (the message lists the known ones), or the layer is "output" and there is no task.

    Examples
    --------
    >>> recommend(symptom="dying").activation
    'leaky_relu'
    >>> recommend("output", task="multilabel").loss
    'binary_cross_entropy_with_logits'
    """
    asked = {"task": task, "network": network, "depth": depth, "symptom": symptom}
    names = {question: _find(question, value) for question, value in asked.items() if value is not None}
    rows = {question: QUESTIONS[question][name] for question, name in names.items()}
    if layer is None:
        layer = "output" if list(rows) == ["task"] else "hidden"
    if layer not in LAYERS:
        raise ValueError(f"recommend: unknown layer {layer!r}; known: {', '.join(LAYERS)}")
    if layer == "output" and task is None:
        raise ValueError(f"recommend: the task decides the output layer; give task=, one of {', '.join(TASKS)}")
    if layer == "output":
        choices, init = rows["task"].choices, _init("identity")
    else:
        choices = _hidden(rows)
        init = _init(choices[0].activation)
    remedies = [remedy for question in ("symptom", "network", "depth", "task")
                for remedy in rows.get(question, NOTHING).remedies]
    return Recommendation(
        question=", ".join([f"{layer} layer", *(f"{question} {name}" for question, name in names.items())]),
        choices=choices, init=init, remedies=tuple(dict.fromkeys(remedies)),
        source="" if layer == "output" else rows.get("network", NOTHING).source,
        loss=rows["task"].loss if "task" in rows else None,
        loss_note=_loss_note(rows["task"]) if "task" in rows else None)


def _hidden(rows: Mapping[str, Row]) -> Tuple[Choice, ...]:
    """The choices for hidden layers: rows in order of their say, without what a symptom rules out."""
    network = rows.get("network", NETWORKS["mlp"])
    depth, symptom = rows.get("depth", NOTHING), rows.get("symptom", NOTHING)
    order = {"weak": (depth, symptom, network), "firm": (network, symptom), "fixed": (network,)}[network.hold]
    avoid = None if network.hold == "fixed" else symptom.avoid
    entries = registry.by_name()
    best: Dict[str, Choice] = {}
    for choice in (choice for row in order for choice in row.choices):
        if avoid is None or not avoid(entries[choice.activation]):
            best.setdefault(choice.activation, choice)
    return tuple(best.values())


def _init(activation: str) -> str:
    """The name of what ``init="auto"`` takes, with the gain where there is one."""
    entry = registry.by_name()[activation]
    made = initializers.auto(activation, *getattr(entry, "required", ()))
    gain = getattr(made, "keywords", {}).get("gain")
    name = made.func.__name__ if isinstance(made, functools.partial) else made.__name__
    return name if gain is None else f"{name} with gain={gain:.4g}"


def _loss_note(task: Row) -> str:
    activation, applied = task.choices[0].activation, LOSS_APPLIES.get(task.loss)
    if applied:
        return (f"it applies {applied[0]} itself and takes {applied[1]}: the last layer stays identity in training, "
                f"and fa.{activation} turns its outputs into predictions")
    return f"it applies no activation: the last layer has {activation}, in training too"


def _find(question: str, value: Any) -> str:
    """The row that a word, one of its synonyms or a number of layers names."""
    word = str(value).strip().lower().replace("-", "_").replace(" ", "_")
    if question == "depth" and (word.isdecimal() or isinstance(value, Integral)) and not isinstance(value, bool):
        if int(value) < 1:
            raise ValueError(f"recommend: depth must be at least 1, got {value}")
        return "deep" if int(value) >= VERY_DEEP else "shallow"
    rows = QUESTIONS[question]
    for name, row in rows.items():
        if word == name or word in row.also:
            return name
    number = ", or a number of layers" if question == "depth" else ""
    raise ValueError(f"recommend: unknown {question} {value!r}; known: {', '.join(rows)}{number}")


def main(argv: Optional[List[str]] = None) -> int:
    """Print a recommendation; returns the exit code."""
    parser = command_line.parser("recommend", "Which activation to choose, and why.",
                                 ["hidden --network transformer", "output --task multiclass", "--symptom dying"], _vocabulary())
    parser.add_argument("words", nargs="*", metavar="LAYER", help="what --layer and the options after it say, in their order")
    parser.add_argument("--layer", help="hidden or output; by default output where only a task is given")
    helps = ("what the network predicts", "its kind", "how many hidden layers, or a word", "what goes wrong")
    for question, text in zip(QUESTIONS, helps):
        parser.add_argument(f"--{question}", help=f"{text}: see below")
    options: Dict[str, Any] = vars(parser.parse_intermixed_args(argv))
    words = options.pop("words")
    twice = [name for name, _ in zip(options, words) if options[name] is not None]
    if len(words) > len(options) or twice:
        parser.error(f"takes {', '.join(options)} at most, each once; got {' '.join(words)}")
    options.update(zip(options, words))
    try:
        answer = recommend(**options)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    print(answer)
    if not any(options.values()):
        print(f"\nAsk further:\n{_vocabulary()}")
    return 0


def _vocabulary() -> str:
    return "\n".join(_wrapped(f"  --{question:8} {', '.join(rows)}", 13) for question, rows in QUESTIONS.items())


def _wrapped(line: str, indent: int) -> str:
    return textwrap.fill(line, WIDTH, subsequent_indent=" " * indent)


recommend.__module__ = "fastact"  # where users find it, and pickles too
