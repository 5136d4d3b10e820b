"""What the commands of ``python -m fastact`` share: their parser, and types of options that refuse a bad value at once."""
import argparse
import difflib
import os
import re

from fastact import registry


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        """Exit with the message, which names the nearest of the choices that argparse lists, or of the options."""
        choice = re.search(r"invalid choice: '([^']*)' \(choose from (.*)\)", message)
        option = re.match(r"unrecognized arguments: (?:.* )?(--[\w-]+)", message)
        if choice:
            message += nearest(choice[1], re.findall(r"[\w-]+", choice[2]))
        elif option:
            message += nearest(option[1], [each for each in self._option_string_actions if each[:2] == "--"])
        super().error(message)


def nearest(word, words):
    """``; did you mean 'gelu'?``, or nothing where no word is near."""
    found = difflib.get_close_matches(word, words, 1)
    return f"; did you mean {found[0]!r}?" if found else ""


def parser(command, text, examples, epilog=""):
    """The parser of a command.

    Its description is a docstring without the command at its beginning, up to the paragraph that begins with "In this folder".
    `examples` are arguments, which its help shows as commands.
    """
    description = re.sub(r"^``[^`]*``: ", "", text or "").partition("\n\nIn this folder")[0].replace("``", "")
    description = description[:1].upper() + description[1:]
    program = f"python -m fastact {command}"
    shown = "\n".join(["examples:", *(f"  {program} {example}".rstrip() for example in examples)])
    return _Parser(prog=program, description=description, epilog="\n\n".join(filter(None, (epilog, shown))),
                   formatter_class=argparse.RawDescriptionHelpFormatter)


def function(text):
    """Our name of the function that a name of any library stands for."""
    try:
        return registry.find(text).name
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def positive(text):
    """A whole number above 0."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return number


def new_file(text):
    """A path to write to, in a folder that exists."""
    if os.path.isdir(text) or not os.path.isdir(os.path.dirname(text) or "."):
        raise argparse.ArgumentTypeError(f"{text!r} is a folder, or lies in none")
    return text
