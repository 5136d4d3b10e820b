"""Networks in files: ``net.save("net.npz")`` and ``fa.MLP.load("net.npz")``.

A file is an ordinary, uncompressed ``.npz`` that ``numpy.load`` opens without pickle. ``network`` is a
text, the JSON description below; ``parameter_0``, ``parameter_1`` ... are ``net.parameters`` in order,
and ``buffer_0`` ... batch normalisation's running means and variances, if there are any. Of version 1:

    {"format": "fastact.MLP", "version": 1, "layers": [64, 32, 10], "dtype": "float32",
     "activations": [["elu", {"alpha": 0.5}], null], "loss": "cross_entropy",
     "optimizer": ["Adam", {"lr": 0.001}], "options": {"batch_norm": false, "dropout": [0.0], "l2": 0.0}}

The checksums of the zip find accidental damage. Against files made to do harm, everything is checked before a
network is made, and no array is allocated that is larger than the file.
"""
from __future__ import annotations

import errno
import functools
import inspect
import io
import json
import math
import os
import warnings
import zipfile
from typing import Any, Dict, List, Sequence, Tuple

import numpy as np

from fastact import initializers, losses, optimizers
from fastact._core import rows
from fastact._core.activation import activations
from fastact._core.files import open_for_bytes, write_whole
from fastact.losses.loss_arguments import bare, options_of

FORMAT, VERSION = "fastact.MLP", 1
_OPTIONS = ("batch_norm", "dropout", "l2")  # attributes of MLP, and arguments of the same names
_ZIP = b"PK\x03\x04"  # what a zip with a part begins with
_DATE = (1980, 1, 1, 0, 0, 0)  # of the parts, for the same network to give the same bytes


class LoadError(ValueError):
    """The file does not contain a network that can be loaded, or is damaged."""


def save(net: Any, file: Any) -> None:
    """Write a network; see `fastact.MLP.save`."""
    description = {
        "format": FORMAT,
        "version": VERSION,
        "layers": net.layers,
        "dtype": net.dtype.name,
        "activations": [_described_activation(*each) for each in net._network._activations],
        "loss": _described_loss(net.loss),
        "optimizer": _described_optimizer(net.optimizer),
        "options": {name: getattr(net, name) for name in _OPTIONS},
    }
    text = json.dumps(description, default=float)  # options may be NumPy numbers
    arrays = {"network": np.array(text), **_arrays(net)}

    def write(stream: Any) -> None:
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
            for name, array in arrays.items():
                member = zipfile.ZipInfo(f"{name}.npy", _DATE)
                with archive.open(member, "w", force_zip64=array.nbytes > 2**30) as part:
                    np.lib.format.write_array(part, np.ascontiguousarray(array).reshape(array.shape), allow_pickle=False)

    write_whole(file, write)


def load(cls: Any, file: Any) -> Any:
    """Read a network of a class; see `fastact.MLP.load`."""
    if hasattr(file, "read"):
        return _load(cls, open_for_bytes(file), repr(getattr(file, "name", "the file")))
    with open(os.fspath(file), "rb") as stream:
        return _load(cls, stream, repr(os.fspath(file)))


def registered(activation: Any) -> str:
    """The name of one of fastact's activations or functions of rows; "" for any other."""
    name = getattr(activation, "name", "")
    known = isinstance(name, str) and activation is (activations.get(name) or rows.functions.get(name))
    return name if known else ""


def _described_activation(activation: Any, parameters: Sequence[float]) -> Any:
    """A name and a dict of the parameters, or None."""
    if activation is None:
        return None
    name = registered(activation)
    if not name:
        raise TypeError(f"MLP.save: activation {activation!r} is none of fastact's; pickle the network instead")
    names = [parameter.name for parameter in getattr(activation.info, "parameters", ())]
    return [name, {name: float(value) for name, value in zip(names, parameters)}]


def _described_loss(loss: Any) -> Any:
    """A name; with options, a name and a dict."""
    found, name = bare(loss), getattr(loss, "__name__", None)
    if not isinstance(name, str) or getattr(losses, name, None) is not found:
        raise TypeError(f"MLP.save: loss {found!r} is none of fastact.losses; pickle the network instead")
    options = {key: np.asarray(value).tolist() for key, value in options_of(loss).items()}
    return [name, options] if options else name


def _described_optimizer(optimizer: Any) -> Any:
    """The class and the options, without the running means; None for an optimiser of the user's."""
    name = type(optimizer).__name__
    if getattr(optimizers, name, None) is not type(optimizer):
        return None
    names = [option for option in inspect.signature(type(optimizer)).parameters if option != "params"]
    options = {option: getattr(optimizer, option) for option in names}
    type(optimizer)([np.zeros(1)], **options)  # raises what `load` would raise
    return [name, options]


def _arrays(net: Any) -> Dict[str, np.ndarray]:
    """The arrays of a network by their names in a file."""
    named = (("parameter", net.parameters), ("buffer", getattr(net._network, "buffers", ())))
    return {f"{kind}_{k}": array for kind, arrays in named for k, array in enumerate(arrays)}


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
        if "network.npy" not in archive.namelist():  # before the parts of some other large file are read
            raise ValueError('it has no text "network"')
        return {m.filename.removesuffix(".npy"): _array(m.filename, archive.read(m)) for m in members}


def _array(name: str, content: bytes) -> np.ndarray:
    """An array in ``.npy`` format, which must have exactly the size that it declares."""
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
    """A network from the arrays of a file."""
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
    layers, dtype, options = description["layers"], description["dtype"], description["options"]
    if not isinstance(layers, list) or any(type(n) is not int or n < 1 for n in layers) or len(layers) < 2:
        raise ValueError(f"layers are {layers}; expected at least two positive integers")
    if dtype not in ("float32", "float64"):
        raise ValueError(f"dtype is {dtype!r}; expected float32 or float64")
    declared = sum((n + 1) * m for n, m in zip(layers, layers[1:])) * np.dtype(dtype).itemsize
    if declared > sum(array.nbytes for array in arrays.values()):  # before a network of this size is made
        raise ValueError(f"there are fewer parameters than layers {layers} need")
    if not isinstance(options, dict) or set(options) != set(_OPTIONS):
        raise ValueError(f"options are {options!r}; expected {', '.join(_OPTIONS)}")
    each = _activations(description["activations"], len(layers) - 1)
    loss, optimizer = _loss(description["loss"]), _optimizer(description["optimizer"])
    with warnings.catch_warnings():  # an output activation that does not go with the loss was warned of before
        warnings.simplefilter("ignore")
        net = cls(layers, activation=each[:-1], output_activation=each[-1], loss=loss, optimizer=optimizer,
                  init=initializers.zeros, dtype=dtype, **options)
    _fill(_arrays(net), arrays)
    return net


def _activations(values: Any, count: int) -> List[Any]:
    """What `MLP` takes for each layer."""
    if not isinstance(values, list) or len(values) != count or None in values[:-1]:
        raise ValueError(f"there must be {count} activations, each with a name")
    named = [None if value is None else _named("activation", value) for value in values]
    return [value if value is None or value[1] else value[0] for value in named]


def _loss(value: Any) -> Any:
    """What `MLP` takes for the loss."""
    name, options = value if isinstance(value, list) and len(value) == 2 else (value, {})
    known = isinstance(name, str) and isinstance(getattr(losses, name, None), losses.Loss)
    if not known or not isinstance(options, dict):
        raise ValueError(f"there is no loss {value!r}")
    return getattr(losses, name), options


def _optimizer(value: Any) -> Any:
    """What `MLP` takes for the optimiser; the default for None."""
    if value is None:
        return "adam"
    name, options = _named("optimizer", value)
    made = getattr(optimizers, name, None)
    if not isinstance(made, type) or optimizers.Optimizer not in made.__mro__[1:]:
        raise ValueError(f"there is no optimizer {name!r}")
    return functools.partial(made, **options)


def _named(what: str, value: Any) -> Tuple[str, Dict[str, Any]]:
    """A name and options."""
    if not isinstance(value, list) or [type(part) for part in value] != [str, dict]:
        raise ValueError(f"{what} is {value!r}; expected a name and options")
    return value[0], value[1]


def _fill(wanted: Dict[str, np.ndarray], given: Dict[str, np.ndarray]) -> None:
    """Copy arrays into those of the same names, shapes and dtypes; raise before any is changed."""
    if set(wanted) != set(given):
        raise ValueError(f"it has the arrays {sorted(given)}; expected {sorted(wanted)}")
    for name, target in wanted.items():
        array = given[name]
        if array.shape != target.shape or array.dtype.newbyteorder("=") != target.dtype:
            raise ValueError(f"{name} is {array.dtype} {array.shape}; expected {target.dtype} {target.shape}")
    for name, target in wanted.items():
        target[...] = given[name]
