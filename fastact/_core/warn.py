"""Warnings that point at the user's line, however deep in the package they come from."""
from __future__ import annotations

import sys
import warnings
from typing import Type


def warn(message: str, category: Type[Warning] = UserWarning) -> None:
    """`warnings.warn` for the first caller outside of this package, as ``skip_file_prefixes`` of Python 3.12 has it."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "fastact":
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
