"""Help to choose an activation: the commands recommend, table, info, plot and demo of ``python -m fastact``.

`recommend` answers ``fastact.recommend``; `recommendations` is its table of advice. `table` prints the registry's properties,
of all functions or of one (info). `plotting` draws activations and the gallery (``fastact.plot``). `demo` trains networks
on handwritten digits and shows how relu units die.

This folder may import all other folders; only ``fastact/__init__.py`` and ``fastact/__main__.py`` import it, when called.
"""
