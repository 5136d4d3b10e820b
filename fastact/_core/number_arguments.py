"""Checks of arguments that are numbers or seeds: what each may be, and the error message."""
from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any

import numpy as np


class Interval:
    """The floats between two ends, written as in mathematics: ``Interval("[0, 1)")``. NaN is in no interval.

    `low` and `high` are the least and the largest float in it.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        low, high = map(float, text[1:-1].split(","))
        self.low = low if text[0] == "[" else math.nextafter(low, math.inf)
        self.high = high if text[-1] == "]" else math.nextafter(high, -math.inf)

    def __contains__(self, number: float) -> bool:
        return self.low <= number <= self.high

    def __str__(self) -> str:
        return f"a number in {self.text}"


NOT_NEGATIVE, UP_TO_INFINITY = Interval("[0, inf)"), Interval("[0, inf]")
POSITIVE, FINITE = Interval("(0, inf)"), Interval("(-inf, inf)")
UNIT, BELOW_1 = Interval("[0, 1]"), Interval("[0, 1)")


def number(what: str, value: Any, interval: Interval, wrong_type: type = TypeError) -> float:
    """`value` as a float.

    Raises
    ------
    wrong_type
        If it is not a real number.
    ValueError
        If it is not in the interval, or is an int that is too large for a float.
    """
    if type(value) is float and interval.low <= value <= interval.high:  # the usual case, quickly
        return value
    if not isinstance(value, Real):
        raise wrong_type(f"{what} must be {interval}, got {value!r}")
    try:
        found = float(value)
    except OverflowError:
        raise ValueError(f"{what} must be a number that a float holds, got an int beyond 1e308") from None
    if found not in interval:
        raise ValueError(f"{what} must be {interval}, got {value!r}")
    return found


def integer(what: str, value: Any, least: int = 1, wrong_type: type = ValueError) -> int:
    """`value` as an int of at least `least`, which is 0 or 1; a bool is refused. Errors are those of `number`."""
    if isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= least:
        return int(value)
    wanted = "a positive integer" if least else "an integer that is not negative"
    raise (ValueError if isinstance(value, Real) else wrong_type)(f"{what} must be {wanted}, got {value!r}")


def generator(what: str, seed: Any) -> np.random.Generator:
    """``numpy.random.default_rng(seed)``, which takes a Generator too; TypeError if it does not take the seed."""
    try:
        return np.random.default_rng(seed)
    except (TypeError, ValueError):
        raise TypeError(f"{what} must be an int that is not negative, a numpy.random.Generator or None, got {seed!r}") from None


def is_real(array: Any) -> bool:
    """Whether an array holds real numbers or bools."""
    return array.dtype.kind in "fiub"
