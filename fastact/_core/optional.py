"""Imports of packages that fastact can do without: what to install, and why what is installed does not work."""
from __future__ import annotations

import contextlib
from typing import Iterator


@contextlib.contextmanager
def optional(package: str, purpose: str, install: str) -> Iterator[None]:
    """Within it, an ImportError becomes one that names what to install; the first is its cause.

    Parameters
    ----------
    package : str
        The module's name. Where it is there and its import fails, the reason is told too.
    purpose : str
        What needs it, such as "MLP.to_onnx needs onnx".
    install : str
        What pip installs.
    """
    try:
        yield
    except ImportError as error:
        absent = isinstance(error, ModuleNotFoundError) and error.name == package
        reason = "" if absent else f"; {package} is installed, but cannot be imported: {error}"
        raise ImportError(f"{purpose}: pip install {install}{reason}", name=package) from error
