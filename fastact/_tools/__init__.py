"""What the commands of ``python -m fastact`` share.

`pages` writes the tables between markers of README.md and docs/; `command_line` has the parser of a command and the types of
its options. Nothing of the package is imported but `fastact.registry`.
"""
