# cython: language_level=3, freethreading_compatible=True
"""The bridge from `fastact.torch.operators` to src_c/torch/operators.c."""
from fastact._core.capi cimport library

cdef extern from "torch/operators.h":
    ctypedef struct fa_torch_calls:
        void *find
        void *apply
        void *matrix
        void *rows
    int fa_torch_enable(const char *path, const char *capability, const fa_torch_calls *calls)
    void fa_torch_disable()
    const char *fa_torch_operator(int k)

cdef fa_torch_calls _calls
_calls.find, _calls.apply = <void *>library.find, <void *>library.apply
_calls.matrix, _calls.rows = <void *>library.apply_matrix, <void *>library.rows


def enable(bytes path, bytes capability):
    """Put the kernels under torch's operators; how many, or -1 where this torch lacks a function that they need."""
    return fa_torch_enable(path, capability, &_calls)


def operators():
    """The names of torch's operators that `enable` takes where this torch has them."""
    cdef list names = []
    while fa_torch_operator(len(names)) != NULL:
        names.append(fa_torch_operator(len(names)).decode())
    return names


def disable():
    """Give torch's own kernels back."""
    fa_torch_disable()
