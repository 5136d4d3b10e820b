"""Formats of other libraries: `onnx` writes networks and estimators as ONNX models.

What other libraries call our functions stands in each entry of fastact/registry.py (`Elsewhere`): `registry.calls` gives the
calls in torch, ONNX and JAX, and `registry.names_elsewhere` maps a library's names to our functions and parameters.
fastact/torch, fastact/jax and fastact/bench read the same entries.

`MLP` and the estimators of fastact/sklearn import this folder when a model is exported; nothing below them does.
"""
