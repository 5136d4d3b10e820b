"""Networks in files: ``net.save("net.npz")`` and ``fa.MLP.load("net.npz")``.

A file is an ordinary, uncompressed ``.npz`` that ``numpy.load`` opens without pickle. ``network`` is a
text, the JSON description below; ``parameter_0``, ``parameter_1`` ... are ``net.parameters`` in order,
and ``buffer_0`` ... what else a network's predictions need, if anything. Of version 1:

    {"format": "fastact.MLP", "version": 1, "layers": [64, 32, 10], "dtype": "float32",
     "activations": [["elu", {"alpha": 0.5}], null], "loss": "cross_entropy",
     "optimizer": ["Adam", {"lr": 0.001}], "options": {"batch_norm": false, "dropout": [0.0], "l2": 0.0}}

The zip's checksums find damage by chance. Against damage by intent, everything is checked before a
network is made, and no array is allocated that is larger than the file.
"""
from __future__ import annotations

import contextlib
import errno
import functools
import inspect
import io
import json
import math
import os
import secrets
import stat
import warnings
import zipfile
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

import numpy as np

from fastact import losses, optimizers
from fastact._core import rows
from fastact._core.activation import activations
from fastact.losses.base import bare

FORMAT, VERSION = "fastact.MLP", 1
_OPTIONS = ("batch_norm", "dropout", "l2")  # of MLP: attributes and arguments of one name
_ZIP = b"PK\x03\x04"  # what a zip with a part begins with
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the same network gives the same bytes


class LoadError(ValueError):
    """A file holds no network that can be loaded; it may be damaged."""


def save(net: Any, file: Any) -> None:
    """Write a network; see `fastact.MLP.save`."""
    text = json.dumps(_description(net), default=float)  # options may be NumPy numbers
    arrays = {"network": np.array(text), **_arrays(net)}
    write_whole(file, lambda stream: _write(stream, arrays))


def write_whole(file: Any, write: Callable[[Any], Any]) -> None:
    """Call ``write(stream)`` for a path, which gets the file when it is complete, or for an open file.

    A path that leads to no regular file, such as a pipe, a device or ``/dev/stdout``, is written to as it is.
    """
    if hasattr(file, "write"):
        write(_of_bytes(file))
        return
    path = os.fsdecode(file)
    try:
        status = os.stat(path)  # OSError for links in a circle
    except FileNotFoundError:
        status = None
    descriptor = _descriptor(path) if status else None
    if descriptor is not None or status and not stat.S_ISREG(status.st_mode):
        with open(path if descriptor is None else os.dup(descriptor), "wb") as stream:
            whole = io.BytesIO()  # which writers may seek in
            write(whole)
            stream.write(whole.getbuffer())
        return
    target = os.path.realpath(path) if path else ""  # a link goes on pointing at the file
    # Only a whole file gets the name. A neighbour of it is on the same file system, as replace needs.
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


def _descriptor(path: str) -> Optional[int]:
    """The file descriptor that a path names, as ``/dev/stdout`` and ``/dev/fd/1`` do; None for any other path."""
    while os.path.islink(path):
        folder = os.path.realpath(os.path.dirname(path))
        if folder == f"/proc/{os.getpid()}/fd":
            return int(os.path.basename(path))
        path = os.path.join(folder, os.readlink(path))
    return None


def load(cls: Any, file: Any) -> Any:
    """Read a network of a class; see `fastact.MLP.load`."""
    if hasattr(file, "read"):
        return _load(cls, _of_bytes(file), repr(getattr(file, "name", "the file")))
    with open(os.fspath(file), "rb") as stream:
        return _load(cls, stream, repr(os.fspath(file)))


def _of_bytes(file: Any) -> Any:
    if isinstance(file, io.TextIOBase):
        raise TypeError(f'{file!r} is a file of text; open it with "wb" to write a network, or with "rb" to read one')
    return file


def _load(cls: Any, stream: Any, name: str) -> Any:
    head = stream.read(len(_ZIP))
    try:
        if head != _ZIP:  # before the rest is read, which may have no end
            raise ValueError("it is no .npz file")
        seekable = hasattr(stream, "seekable") and stream.seekable()
        return _network(cls, _read(stream if seekable else io.BytesIO(head + stream.read())))
    except Exception as error:  # zipfile alone raises eight different ones
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL, errno.EOVERFLOW):  # those of a wrong offset
            raise
        reason = str(error)[:500] or type(error).__name__
        raise LoadError(f"{cls.__name__}.load: {name} holds no network that can be loaded: {reason}") from error


def _description(net: Any) -> Dict[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "layers": net.layers,
        "dtype": net.dtype.name,
        "activations": [_activation(*each) for each in net._network._activations],
        "loss": _described_loss(net.loss),
        "optimizer": _optimizer(net.optimizer),
        "options": {name: getattr(net, name) for name in _OPTIONS},
    }


def _activation(activation: Any, parameters: Sequence[float]) -> Any:
    if activation is None:
        return None
    name = registered(activation)
    if not name:
        raise TypeError(f"MLP.save: activation {activation!r} is none of fastact's; pickle the network instead")
    names = [parameter.name for parameter in getattr(activation.info, "parameters", ())]
    return [name, {name: float(value) for name, value in zip(names, parameters)}]


def registered(activation: Any) -> str:
    """The name of one of fastact's activations or functions of rows; "" for any other."""
    name = getattr(activation, "name", "")
    known = isinstance(name, str) and activation is (activations.get(name) or rows.functions.get(name))
    return name if known else ""


def _described_loss(loss: Any) -> Any:
    """A name; with options, a name and a dict."""
    name = _registered("loss", getattr(loss, "__name__", None), bare(loss), losses)
    options = {key: np.asarray(value).tolist() for key, value in getattr(loss, "options", {}).items()}
    return [name, options] if options else name


def _registered(what: str, name: Any, value: Any, module: Any) -> Any:
    if not isinstance(name, str) or getattr(module, name, None) is not value:
        raise TypeError(f"MLP.save: {what} {value!r} is none of {module.__name__}; pickle the network instead")
    return name


def _optimizer(optimizer: Any) -> Any:
    """Its class and options; None for somebody else's. The running means are left out."""
    name = type(optimizer).__name__
    if getattr(optimizers, name, None) is not type(optimizer):
        return None
    options = [option for option in inspect.signature(type(optimizer)).parameters if option != "params"]
    chosen = {option: getattr(optimizer, option) for option in options}
    type(optimizer)([np.zeros(1)], **chosen)  # raises where `load` would
    return [name, chosen]


def _arrays(net: Any) -> Dict[str, np.ndarray]:
    named = (("parameter", net.parameters), ("buffer", getattr(net._network, "buffers", ())))
    return {f"{kind}_{k}": array for kind, arrays in named for k, array in enumerate(arrays)}


def _write(stream: Any, arrays: Dict[str, np.ndarray]) -> None:
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            member = zipfile.ZipInfo(f"{name}.npy", _LONG_AGO)
            with archive.open(member, "w", force_zip64=array.nbytes > 2**30) as part:
                np.lib.format.write_array(part, np.ascontiguousarray(array).reshape(array.shape), allow_pickle=False)


def _read(stream: Any) -> Dict[str, np.ndarray]:
    """The arrays of a file by name."""
    size = stream.seek(0, os.SEEK_END)
    with zipfile.ZipFile(stream) as archive:
        members = archive.infolist()
        if any(m.compress_type != zipfile.ZIP_STORED or m.compress_size != m.file_size for m in members):
            raise ValueError("it is compressed; networks are stored as by numpy.savez")
        if sum(m.file_size for m in members) > size:
            raise ValueError("its parts are larger than the file")
        if len({m.filename for m in members}) < len(members):
            raise ValueError("it has two parts of one name")
        if "network.npy" not in archive.namelist():  # before the parts of a large file of somebody else are read
            raise ValueError('it has no text "network"')
        return {m.filename.removesuffix(".npy"): _array(m.filename, archive.read(m)) for m in members}


def _array(name: str, content: bytes) -> np.ndarray:
    """An array in ``.npy`` format, which has exactly the size that it declares."""
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"{name} is of the .npy version {version}")
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran, dtype = read(stream)
    if dtype.hasobject or dtype.kind not in "fU":
        raise ValueError(f"{name} is of dtype {dtype}; expected text or floats")
    if any(n < 0 for n in shape) or math.prod(shape) * dtype.itemsize != len(content) - stream.tell():
        raise ValueError(f"{name} declares the shape {shape} of {dtype}, which is not the size of its data")
    array = np.frombuffer(content, dtype, offset=stream.tell()) if math.prod(shape) else np.empty(0, dtype)
    return array.reshape(shape, order="F" if fortran else "C")


def _network(cls: Any, arrays: Dict[str, np.ndarray]) -> Any:
    if "network" not in arrays or arrays["network"].shape != () or arrays["network"].dtype.kind != "U":
        raise ValueError('it has no text "network"')
    description = json.loads(str(arrays.pop("network")))
    if not isinstance(description, dict) or description.get("format") != FORMAT:
        raise ValueError(f"its format is not {FORMAT!r}")
    if description.get("version") != VERSION:
        raise ValueError(f"its version is {description.get('version')!r}; this release of fastact reads {VERSION}")
    missing = {"layers", "dtype", "activations", "loss", "optimizer", "options"} - set(description)
    if missing:
        raise ValueError(f"the description misses {', '.join(sorted(missing))}")
    layers, dtype = description["layers"], description["dtype"]
    if not isinstance(layers, list) or any(type(n) is not int or n < 1 for n in layers) or len(layers) < 2:
        raise ValueError(f"layers are {layers}; expected at least two positive integers")
    if dtype not in ("float32", "float64"):
        raise ValueError(f"dtype is {dtype!r}; expected float32 or float64")
    declared = sum((n + 1) * m for n, m in zip(layers, layers[1:])) * np.dtype(dtype).itemsize
    if declared > sum(array.nbytes for array in arrays.values()):  # before a network of this size is made
        raise ValueError(f"there are fewer parameters than layers {layers} need")
    each = _activations(description["activations"], len(layers) - 1)
    options = description["options"]
    if not isinstance(options, dict) or set(options) != set(_OPTIONS):
        raise ValueError(f"options are {options!r}; expected {', '.join(_OPTIONS)}")
    options.update(activation=each[:-1], output_activation=each[-1], loss=_loss(description["loss"]), dtype=dtype)
    with warnings.catch_warnings():  # of pairs that do not go together: the network is as it was
        warnings.simplefilter("ignore")
        net = cls(layers, **options, optimizer=_made(description["optimizer"]), init=_zeros)
    _fill(_arrays(net), arrays)
    return net


def _activations(values: Any, count: int) -> List[Any]:
    """What `MLP` takes for each layer."""
    if not isinstance(values, list) or len(values) != count or None in values[:-1]:
        raise ValueError(f"there must be {count} activations, each with a name")
    named = [None if value is None else _named_options("activation", value) for value in values]
    return [value if value is None or value[1] else value[0] for value in named]


def _named_options(what: str, value: Any) -> Tuple[str, Dict[str, Any]]:
    if not isinstance(value, list) or [type(part) for part in value] != [str, dict]:
        raise ValueError(f"{what} is {value!r}; expected a name and options")
    return value[0], value[1]


def _loss(value: Any) -> Any:
    """What `MLP` takes for the loss."""
    name, options = value if isinstance(value, list) and len(value) == 2 else (value, {})
    known = isinstance(name, str) and isinstance(getattr(losses, name, None), losses.Loss)
    if not known or not isinstance(options, dict):
        raise ValueError(f"there is no loss {value!r}")
    return getattr(losses, name), options


def _made(value: Any) -> Any:
    """What makes the optimiser; the default for None."""
    if value is None:
        return "adam"
    name, options = _named_options("optimizer", value)
    made = getattr(optimizers, name, None)
    if not isinstance(made, type) or optimizers.Optimizer not in made.__mro__[1:]:
        raise ValueError(f"there is no optimizer {name!r}")
    return functools.partial(made, **options)


def _zeros(shape: Any, rng: Any, dtype: Any) -> np.ndarray:
    return np.zeros(shape, dtype)


def _fill(wanted: Dict[str, np.ndarray], given: Dict[str, np.ndarray]) -> None:
    """Copy arrays into those of the same names, shapes and dtypes."""
    if set(wanted) != set(given):
        raise ValueError(f"it has the arrays {sorted(given)}; expected {sorted(wanted)}")
    for name, target in wanted.items():
        array = given[name]
        if array.shape != target.shape or array.dtype.newbyteorder("=") != target.dtype:
            raise ValueError(f"{name} is {array.dtype} {array.shape}; expected {target.dtype} {target.shape}")
    for name, target in wanted.items():
        target[...] = given[name]
