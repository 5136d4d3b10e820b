"""This library's kernels under torch's own operators on CPU: ``fastact.torch.kernels``.

src_c/torch/operators.c registers C functions for the operators, or puts them into torch's tables of kernels.
"""
from __future__ import annotations

import collections
import contextlib
import os
import threading
import warnings
from typing import Any, Deque, Iterator

import torch

from fastact.torch import native


def _airy_ai(x: torch.Tensor) -> torch.Tensor:
    return torch.ops.aten.special_airy_ai.out(x, out=torch.empty_like(x))


class Kernels:
    """Put this library's kernels under torch's own operators on CPU.

    ``with fastact.torch.kernels():`` does so within the block, ``fastact.torch.kernels.enable()`` until ``disable()``. It
    holds for the whole process: modules, functional calls, autograd, C++ and other threads call the same operators. Nothing
    in a model changes, and afterwards torch's kernels are back.

    Forward: sigmoid, tanh, silu, gelu (both formulas), mish, hardswish, hardsigmoid, erf, log_sigmoid, elu, selu, celu,
    softplus, softshrink, hardshrink, leaky_relu, glu, prelu, softmax and log_softmax; backward: silu, gelu, mish, hardswish,
    elu, selu, celu, softplus and prelu. Other operators keep torch's kernels, which are as quick. Dense tensors of float32,
    float64, float16 and bfloat16 are computed here, of some operators up to a size beyond which torch is as quick; any other
    tensor goes to torch's kernel, errors included. torch.compile's generated code does not call the operators.

    Raises
    ------
    RuntimeError
        On entering, where this version of torch lacks a function that the kernels need, and on macOS and Windows.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._blocks, self._enabled, self._on = 0, False, False
        # Other threads may be within kernels when a block ends: torch would free these, and the process crash. A reference to
        # each keeps it until a hundred more blocks have been entered.
        self._held: Deque[Any] = collections.deque(maxlen=100)
        self._path = os.path.join(os.path.dirname(torch.__file__), "lib", "libtorch_cpu.so").encode()
        if hasattr(os, "register_at_fork"):
            # A child has no other threads. What one of them locked, here and in torch's dispatcher, nobody would unlock there.
            os.register_at_fork(before=self._lock.acquire, after_in_parent=self._lock.release, after_in_child=self._lock.release)

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
        return f"<fastact.torch.kernels, {'on' if self._on else 'off'}>"

    def _change(self, blocks: int, enabled: bool) -> None:
        wanted = blocks > 0 or enabled
        if wanted and not self._on:
            self._register()
        elif not wanted and self._on:
            native.disable()
        self._blocks, self._enabled, self._on = blocks, enabled, wanted

    def _register(self) -> None:
        always = torch.is_warn_always_enabled()
        torch.set_warn_always(False)
        try:
            with warnings.catch_warnings():
                # torch warns, once a process, that a kernel is overridden. Python catches this for an operator that it overrides.
                warnings.simplefilter("ignore")
                if not self._held:
                    library = torch.library.Library("aten", "IMPL")
                    library.impl("special_airy_ai", _airy_ai, "CPU")
                    library._destroy()
            taken = native.enable(self._path, torch.backends.cpu.get_cpu_capability().encode())
        finally:
            torch.set_warn_always(always)
        if taken < 0:
            raise RuntimeError(f"fastact.torch.kernels: torch {torch.__version__} lacks the C interface that the kernels need")
        if hasattr(torch.library, "get_kernel"):  # of 2.9
            self._held.append([torch.library.get_kernel(f"aten::{name}", "CPU") for name in native.operators()])


kernels = Kernels()
