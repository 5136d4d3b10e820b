"""This library's kernels under torch's own operators on CPU: ``fastact.torch.kernels``.

src_c/torch/operators.c registers C functions for most of them. Operators that take a Scalar (elu, softplus) are out of its
reach: the Python functions here stand under them and call `torch.ops.fastact.with_parameter`. Their backwards stay torch's,
because a call of Python costs more than a faster kernel saves there below some 16,000 elements.
"""
from __future__ import annotations

import collections
import contextlib
import os
import threading
import warnings
from typing import Any, Callable, Deque, Dict, Iterator, Optional

import torch

from fastact.torch import native
from fastact.torch.functions import KERNEL_DTYPES

_SOFTPLUS, _ELU, _SELU, _CELU = range(4)  # as operators.c counts them
_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946
_aten = torch.ops.aten
_value: Any = None  # torch.ops.fastact.with_parameter, once `Kernels` has defined it


def _is_ours(x: torch.Tensor) -> bool:
    return x.dtype in KERNEL_DTYPES and x.is_contiguous()


def _exponential_unit(alpha: Any, scale: Any, input_scale: Any) -> Optional[int]:
    """Which of elu, selu and celu torch's elu is with these parameters; None for another function."""
    if scale == 1 and input_scale == 1:
        return _ELU
    if input_scale == 1 and alpha == _SELU_ALPHA and scale == _SELU_SCALE:
        return _SELU
    return _CELU if scale == 1 and alpha != 0 and input_scale == 1 / alpha else None


def _elu(x: Any, alpha: Any = 1, scale: Any = 1, input_scale: Any = 1) -> Any:
    function = _exponential_unit(alpha, scale, input_scale)
    if function is None or not _is_ours(x):
        return _aten.elu.out(x, alpha, scale, input_scale, out=x.new_empty(0))
    return _value(x, function, float(alpha))


def _softplus(x: Any, beta: Any = 1, threshold: Any = 20) -> Any:
    if threshold != 20 or not beta > 0 or not _is_ours(x):
        return _aten.softplus.out(x, beta, threshold, out=x.new_empty(0))
    return _value(x, _SOFTPLUS, float(beta))


_PYTHON: Dict[str, Callable[..., Any]] = {"elu": _elu, "softplus": _softplus}


class Kernels:
    """Put this library's kernels under torch's own operators on CPU.

    ``with fastact.torch.kernels():`` does so within the block, ``fastact.torch.kernels.enable()`` until ``disable()``. It
    holds for the whole process: modules, functional calls, autograd, C++ and other threads call the same operators. Nothing
    in a model changes, and afterwards torch's kernels are back.

    Forward: sigmoid, tanh, silu, gelu (both formulas), mish, hardswish, erf, exp, log_sigmoid, elu, selu, celu, softplus,
    softmax and log_softmax; backward: silu, gelu, mish and hardswish. Other operators keep torch's kernels, which are as
    quick. Dense tensors of float32, float64, float16 and bfloat16 are computed here; any other tensor goes to torch's
    kernel, errors included, and so does gelu of more than 32,768 elements. torch.compile's generated code does not call the
    operators.

    Raises
    ------
    RuntimeError
        On entering, where this version of torch lacks a function that the kernels need, and on macOS and Windows.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._blocks, self._enabled = 0, False
        # Other threads may be within kernels when a block ends: torch would free these, and the process crash. A reference to
        # each keeps it until a hundred more blocks have been entered.
        self._held: Deque[Any] = collections.deque(maxlen=100)
        self._python: Optional[torch.library.Library] = None
        self._path = os.path.join(os.path.dirname(torch.__file__), "lib", "libtorch_cpu.so").encode()
        self._defined: Optional[bool] = None

    @contextlib.contextmanager
    def __call__(self) -> Iterator[None]:
        with self._lock:
            self._change(self._blocks + 1, self._enabled)
        try:
            yield
        finally:
            with self._lock:
                self._change(self._blocks - 1, self._enabled)

    def enable(self) -> None:
        """Put the kernels under torch's operators until `disable` is called."""
        with self._lock:
            self._change(self._blocks, True)

    def disable(self) -> None:
        """Undo `enable`. Within a ``with`` block the kernels stay until its end."""
        with self._lock:
            self._change(self._blocks, False)

    def __repr__(self) -> str:
        return f"<fastact.torch.kernels, {'on' if self._python is not None else 'off'}>"

    def _change(self, blocks: int, enabled: bool) -> None:
        wanted = blocks > 0 or enabled
        if wanted and self._python is None:
            self._register()
        elif not wanted and self._python is not None:
            native.disable()
            self._python._destroy()
            self._python = None
        self._blocks, self._enabled = blocks, enabled

    def _register(self) -> None:
        if self._defined is None:
            self._defined = native.define(self._path)
            if self._defined:
                global _value
                _value = torch.ops.fastact.with_parameter.default._op
        if not self._defined:
            raise RuntimeError(f"fastact.torch.kernels: torch {torch.__version__} lacks the C interface that the kernels need")
        library = torch.library.Library("aten", "IMPL")
        always = torch.is_warn_always_enabled()
        torch.set_warn_always(False)
        try:
            with warnings.catch_warnings():  # torch warns, once a process, that a kernel is overridden: it is meant to be
                warnings.simplefilter("ignore")
                for name, function in _PYTHON.items():
                    library.impl(name, function, "CPU")
            taken = native.enable(self._path)
        finally:
            torch.set_warn_always(always)
        if taken < 0:
            library._destroy()
            raise RuntimeError(f"fastact.torch.kernels: torch {torch.__version__} refuses the kernels")
        if hasattr(torch.library, "get_kernel"):  # of 2.9
            self._held.append([torch.library.get_kernel(f"aten::{name}", "CPU") for name in [*native.operators(), *_PYTHON]])
        self._python = library


kernels = Kernels()
