"""Other libraries' names for this library's functions, and export to ONNX."""
