"""Calls from XLA's programs on the CPU: forms of fastact as targets of `jax.ffi`, without anything compiled.

XLA calls a function pointer with a frame of pointers to buffers. ctypes reads the frame; ``xla/ffi/api/c_api.h`` fixes its
layout for the versions 0.x of the interface from 0.1 on. The arrays stay where XLA has put them and nothing is copied.
(`jax.pure_callback` copies, and on a machine of one core it waits for ever: its copy needs the thread that runs the callback.)
"""
from __future__ import annotations

import ctypes
import threading
from ctypes import POINTER, Structure, c_char_p, c_int, c_int64, c_size_t, c_uint32, c_void_p
from typing import Any, Callable, Dict, List, Optional

import numpy as np

from fastact._core.optional import optional

with optional("jax", "fastact.jax needs JAX 0.5", '"fastact[jax]"'):
    import jax
    import ml_dtypes
    from jax import ffi

_VERSION = (0, 1)  # of the interface whose structures stand here; XLA refuses a version that it does not support
_CANCELLED, _INTERNAL = 1, 13
_METADATA = 1
_WRITABLE = 0x200  # PyBUF_WRITE
_DTYPES = {number: np.dtype(kind) for number, kind in (
    (1, bool), (10, np.float16), (11, np.float32), (12, np.float64), (16, ml_dtypes.bfloat16))}


def _base(name: str, *fields: Any) -> Any:
    """A structure that begins with its size and a list of extensions, as all structures of the interface do."""
    return type(name, (Structure,), {"_fields_": [("size", c_size_t), ("extensions", c_void_p), *fields]})


_Version = _base("_Version", ("major", c_int), ("minor", c_int))
_Metadata = type("_Metadata", (Structure,), {"_fields_": [("size", c_size_t), ("version", _Version), ("traits", c_uint32)]})
_Extension = type("_Extension", (Structure,), {"_fields_": [
    ("size", c_size_t), ("type", c_int), ("next", c_void_p), ("metadata", POINTER(_Metadata))]})
_Buffer = _base("_Buffer", ("dtype", c_int), ("data", c_void_p), ("rank", c_int64), ("dims", POINTER(c_int64)))
_Buffers = _base("_Buffers", ("count", c_int64), ("types", c_void_p), ("items", POINTER(POINTER(_Buffer))))
_Failure = _base("_Failure", ("message", c_char_p), ("code", c_int))
_Fail = ctypes.CFUNCTYPE(c_void_p, POINTER(_Failure))
_Api = _base("_Api", ("version", _Version), ("internal", c_void_p), ("fail", _Fail))
_Frame = _base("_Frame", ("api", POINTER(_Api)), ("context", c_void_p), ("stage", c_int), ("inputs", _Buffers),
               ("outputs", _Buffers))
_Handler = ctypes.CFUNCTYPE(c_void_p, POINTER(_Frame))

_memory = ctypes.pythonapi.PyMemoryView_FromMemory
_memory.restype, _memory.argtypes = ctypes.py_object, (c_void_p, c_size_t, c_int)

_lock = threading.Lock()
_handlers: Dict[str, Any] = {}  # by the target's name; kept alive here, because XLA keeps no reference


def _arrays(buffers: Any) -> List[np.ndarray]:
    """Views of the buffers."""
    arrays = []
    for k in range(buffers.count):
        buffer = buffers.items[k].contents
        shape, dtype = buffer.dims[: buffer.rank], _DTYPES[buffer.dtype]
        count = 1
        for n in shape:
            count *= n
        if count:
            memory = _memory(buffer.data, count * dtype.itemsize, _WRITABLE)
            arrays.append(np.frombuffer(memory, dtype).reshape(shape))
        else:
            arrays.append(np.empty(shape, dtype))
    return arrays


def _failed(frame: Any, name: str, error: BaseException) -> Optional[int]:
    """XLA's error object for an exception; the exception itself must not leave the handler."""
    message = f"{name}: {type(error).__name__}: {error}".encode()
    code = _CANCELLED if isinstance(error, KeyboardInterrupt) else _INTERNAL
    failure = _Failure(ctypes.sizeof(_Failure), None, message, code)
    made: Optional[int] = frame.api.contents.fail(ctypes.byref(failure))
    return made


def _handler(name: str, form: Callable[..., Any]) -> Any:
    def handle(pointer: Any) -> Optional[int]:
        frame = pointer.contents
        if frame.extensions:  # before the first call XLA asks for the version of the interface
            extension: Any = ctypes.cast(frame.extensions, POINTER(_Extension)).contents
            if extension.type == _METADATA:
                version = extension.metadata.contents.version
                version.major, version.minor = _VERSION
                return None
        try:
            form(*_arrays(frame.inputs), out=_arrays(frame.outputs)[0])
        except BaseException as error:
            return _failed(frame, name, error)
        return None

    return _Handler(handle)


def call(name: str, form: Callable[..., Any], *arrays: Any) -> Any:
    """``form(*arrays, out=...)`` as an operation of XLA's program; the result has the shape and dtype of the last array.

    Parameters
    ----------
    name : str
        Identifies form and parameters, in this process and in JAX's cache of compiled programs.
    form : callable
        Takes arrays and `out`; works on a batch of any number of leading dimensions.
    *arrays : jax.Array
        Of float16, bfloat16, float32, float64 or bool.
    """
    with _lock:
        if name not in _handlers:
            handler = _handler(name, form)
            ffi.register_ffi_target(name, ffi.pycapsule(ctypes.cast(handler, c_void_p).value), platform="cpu")
            _handlers[name] = handler
    result = jax.ShapeDtypeStruct(arrays[-1].shape, arrays[-1].dtype)
    return ffi.ffi_call(name, result, vmap_method="broadcast_all")(*arrays)
