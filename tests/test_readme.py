"""README's Python examples run, and its commands exist."""
import doctest
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def test_examples():
    results = doctest.testfile(str(ROOT / "README.md"), module_relative=False,
                               optionflags=doctest.NORMALIZE_WHITESPACE)
    assert results.attempted > 10 and results.failed == 0


def test_ci_runs_the_test_command():
    command = re.search(r"^python -m venv .*pytest -n auto$", README, re.MULTILINE)
    assert command and (ROOT / ".ci" / "run").read_text().count("grep -m 1 '^python -m venv .*pytest' README.md") == 1


@pytest.mark.parametrize("command", sorted(set(re.findall(r"python -m fastact (\w+)", README))))
def test_commands_exist(command):
    from fastact.__main__ import COMMANDS
    assert command in COMMANDS
