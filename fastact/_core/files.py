"""Files that are written whole or not at all."""
from __future__ import annotations

import contextlib
import io
import os
import secrets
import stat
from typing import Any, Callable, Optional


def write_whole(file: Any, write: Callable[[Any], Any]) -> None:
    """Call ``write(stream)`` for a path, which gets the file when it is complete, or for an open file.

    A path that leads to no regular file, such as a pipe, a device or ``/dev/stdout``, is written to as it is.
    """
    if hasattr(file, "write"):
        write(open_for_bytes(file))
        return
    path = os.fsdecode(file)
    try:
        status = os.stat(path)  # OSError for links in a circle
    except FileNotFoundError:
        status = None
    descriptor = _descriptor(path) if status else None
    if descriptor is not None or status and not stat.S_ISREG(status.st_mode):
        with open(path if descriptor is None else os.dup(descriptor), "wb") as stream:
            whole = io.BytesIO()  # in which writers may seek
            write(whole)
            stream.write(whole.getbuffer())
        return
    target = os.path.realpath(path) if path else ""  # a link goes on pointing at the file
    # The temporary file is in the same folder, so on the same file system, as os.replace needs it.
    temporary = os.path.join(os.path.dirname(target), f".{secrets.token_hex(8)}.tmp")
    try:
        with open(temporary, "xb") as stream:
            write(stream)
            stream.flush()
            os.fsync(stream.fileno())
        if status:
            if hasattr(os, "chown"):
                with contextlib.suppress(PermissionError):  # only root can give a file away
                    os.chown(temporary, status.st_uid, status.st_gid)
            os.chmod(temporary, stat.S_IMODE(status.st_mode))
        os.replace(temporary, target)
    except BaseException as error:
        if os.path.exists(temporary):
            os.unlink(temporary)
        if isinstance(error, OSError) and error.filename == temporary:
            raise type(error)(error.errno, error.strerror, path) from None
        raise


def open_for_bytes(file: Any) -> Any:
    """An open file; raise TypeError if it is one of text."""
    if isinstance(file, io.TextIOBase):
        raise TypeError(f'{file!r} is a file of text; open it with "wb" to write a network, or with "rb" to read one')
    return file


def _descriptor(path: str) -> Optional[int]:
    """The file descriptor that a path names, as ``/dev/stdout`` and ``/dev/fd/1`` do; None for any other path."""
    while os.path.islink(path):
        folder = os.path.realpath(os.path.dirname(path))
        if folder == f"/proc/{os.getpid()}/fd":
            return int(os.path.basename(path))
        path = os.path.join(folder, os.readlink(path))
    return None
