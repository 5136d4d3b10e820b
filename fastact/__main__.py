"""``python -m fastact COMMAND``: the demo, the benchmark, the tables, the accuracy tool and advice."""
import importlib
import sys

COMMANDS = {
    "demo": ("fastact.demo", "main", "train on real data with each activation, and see relu units die"),
    "bench": ("fastact.bench", "main", "time each function beside NumPy, torch and others"),
    "table": ("fastact.table", "main", "compare the activations' properties"),
    "accuracy": ("fastact.accuracy", "main", "measure each activation's error against mpmath"),
    "recommend": ("fastact.choosing", "main", "which activation to choose for a layer, and why"),
    "plot": ("fastact.plotting", "main", "draw activations and their derivatives"),
    "info": ("fastact.table", "info", "all about one activation; without a name, this build's configuration"),
}


def usage():
    """The commands, one a line."""
    lines = [f"  {name:<10} {summary}" for name, (_, _, summary) in COMMANDS.items()]
    return "\n".join(["usage: python -m fastact COMMAND [options]", "", *lines, "",
                      "python -m fastact COMMAND --help tells a command's options"])


def main(argv=None):
    """Run a command; returns the exit code."""
    argv = sys.argv[1:] if argv is None else argv
    if not argv or argv[0] in ("-h", "--help"):
        print(usage())
        return 0
    if argv[0] not in COMMANDS:
        print(f"fastact has no command {argv[0]!r}\n\n{usage()}", file=sys.stderr)
        return 2
    module, function, _ = COMMANDS[argv[0]]
    return getattr(importlib.import_module(module), function)(argv[1:])


if __name__ == "__main__":
    sys.exit(main())
