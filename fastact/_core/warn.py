"""Warnings that show the line of the user's code that called the package."""
from __future__ import annotations

import sys
import warnings
from typing import Type


def warn(message: str, category: Type[Warning] = UserWarning) -> None:
    """`warnings.warn` at the first caller outside of this package, like ``skip_file_prefixes`` of Python 3.12."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "fastact":
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
