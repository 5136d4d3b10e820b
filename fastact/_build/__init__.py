"""Code and text made from the registry: C lists and Cython enums (`codegen`), docstrings, README's tables (`readme`).

setup.py loads `codegen` and `changes` by their paths before anything is compiled, so this folder uses the standard library
only and imports nothing of the package but `fastact.registry`.
"""
