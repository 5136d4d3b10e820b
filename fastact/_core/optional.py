"""Imports of optional packages, with errors that say what to install, or why an installed package does not work."""
from __future__ import annotations

import contextlib
from typing import Iterator


@contextlib.contextmanager
def optional(package: str, purpose: str, install: str) -> Iterator[None]:
    """A context in which an ImportError is replaced by one that says what to install; the first error is its cause.

    Parameters
    ----------
    package : str
        The name of the imported module. If it is installed and its import fails, the message has the reason too.
    purpose : str
        What needs the package, such as "MLP.to_onnx needs onnx".
    install : str
        The argument of ``pip install``.
    """
    try:
        yield
    except ImportError as error:
        absent = isinstance(error, ModuleNotFoundError) and error.name == package
        reason = "" if absent else f"; {package} is installed, but cannot be imported: {error}"
        raise ImportError(f"{purpose}: pip install {install}{reason}", name=package) from error
