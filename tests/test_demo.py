"""The demo's claims: relu learns the digits, dies at learning rate 1.0, and leaky_relu does not."""
import re
import sys

import pytest

import fastact as fa
from fastact.__main__ import COMMANDS
from fastact.guide import demo


def test_without_scikit_learn_it_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    assert demo.main([]) == 1
    assert 'pip install "fastact[demo]"' in capsys.readouterr().err


@pytest.mark.parametrize("epochs", [1, pytest.param(60, marks=pytest.mark.thorough)])
def test_demo(epochs, monkeypatch, capsys):
    pytest.importorskip("sklearn")
    rows = [object()]
    monkeypatch.setattr(demo, "compare", lambda **options: rows)
    monkeypatch.setattr(demo, "format_table", lambda given: "speeds" if given is rows else "?")
    assert demo.main(["--epochs", str(epochs)]) == 0
    training, dying, speed, further = capsys.readouterr().out.split("\n\n")
    row = re.compile(r"^  (\w+) +(\d\.\d+) +\d+\.\d+ +(\d+) of (\d+)$", re.M)
    found = {name: (float(accuracy), int(dead)) for name, accuracy, dead, _ in row.findall(training)}
    assert tuple(found) == demo.SHOWN
    assert fa.isa() in speed and speed.endswith("speeds")
    assert {*re.findall(r"python -m fastact (\w+)", further)} <= {*COMMANDS}
    assert all(dead == 0 for name, (_, dead) in found.items() if not fa.activations[name].info.can_die)
    (_, bad, dead, units), (_, good, none, _) = row.findall(dying)
    assert int(dead) > 0.8 * int(units) and int(none) == 0
    if epochs == 60:  # the default
        assert found["relu"][0] >= 0.97
        assert all(accuracy > 0.9 for accuracy, _ in found.values())
        assert float(bad) < 0.5 and float(good) > 0.9
