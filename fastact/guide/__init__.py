"""Help to choose and to see: the tools `recommend`, `table`, `plot` and `demo` of ``python -m fastact``.

`recommendations` holds the advice as data, `recommend` picks from it. This folder may import everything else of the package.
"""
