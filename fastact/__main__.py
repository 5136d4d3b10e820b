"""``python -m fastact COMMAND``: the demo, the benchmark, the tables, the accuracy tool and advice."""
import contextlib
import importlib
import os
import signal
import sys

from fastact._tools.command_line import nearest

COMMANDS = {
    "demo": ("fastact.guide.demo", "main", "train on real data with each activation, and see relu units die"),
    "bench": ("fastact.bench", "main", "time each function beside NumPy, torch and others"),
    "table": ("fastact.guide.table", "main", "compare the activations' properties"),
    "accuracy": ("fastact.accuracy", "main", "measure each activation's error against mpmath"),
    "recommend": ("fastact.guide.recommend", "main", "which activation to choose for a layer, and why"),
    "plot": ("fastact.guide.plotting", "main", "draw activations and their derivatives"),
    "info": ("fastact.guide.table", "info", "all about one activation; without a name, this build's configuration"),
}


def usage():
    """What this is, and the commands, one a line."""
    lines = [f"  {name:<10} {summary}" for name, (_, _, summary) in COMMANDS.items()]
    return "\n".join(["fastact: activation functions for CPUs, called like NumPy ufuncs", "",
                      "usage: python -m fastact COMMAND [options]", "", *lines, "",
                      "python -m fastact COMMAND --help shows options and examples; demo is the place to begin"])


def main(argv=None):
    """Run a command and return the exit code; after Ctrl-C or a closed output it is the code that a shell reports."""
    argv = sys.argv[1:] if argv is None else argv
    try:
        try:
            return _run(argv)
        finally:
            if sys.stdout is not None:  # None where there is no standard output
                sys.stdout.flush()
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except BrokenPipeError:  # as of `| head -1`
        _drop_output()
        return 128 + 13  # SIGPIPE, which Windows lacks
    except (OSError, MemoryError) as error:
        _drop_output()
        print(f"python -m fastact {' '.join(argv[:1])}: {error}", file=sys.stderr)
        return 1


def _drop_output():
    """Let Python's last flush succeed, whatever is left in the buffer."""
    with contextlib.suppress(AttributeError, OSError, ValueError):  # what stands in for a file has no descriptor
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run(argv):
    if not argv or argv[0] in ("-h", "--help"):
        print(usage())
        return 0
    if argv[0] not in COMMANDS:
        print(f"fastact has no command {argv[0]!r}{nearest(argv[0], COMMANDS)}\n\n{usage()}", file=sys.stderr)
        return 2
    module, function, _ = COMMANDS[argv[0]]
    return getattr(importlib.import_module(module), function)(argv[1:])


if __name__ == "__main__":
    sys.exit(main())
