"""Code and text made from the registry, and what the build needs.

`codegen` writes the C lists, the C enums for Cython and the typed functions of fastact.kernels into build/generated.
`changes` lets a build compile only what has changed. `docstrings` makes the docstrings of forms and row functions.
setup.py loads `codegen` and `changes` by their paths before anything is compiled, so this folder uses the standard library
only and imports nothing of the package but `fastact.registry`.
"""
