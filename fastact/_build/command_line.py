"""What the commands of ``python -m fastact`` share: their parser, and types of options that refuse a bad value at once."""
import argparse
import os


def parser(command, text, **options):
    """The ArgumentParser of a command. Its description is a docstring up to the paragraph that begins with "In this folder"."""
    description = (text or "").partition("\n\nIn this folder")[0]
    return argparse.ArgumentParser(prog=f"python -m fastact {command}", description=description,
                                   formatter_class=argparse.RawDescriptionHelpFormatter, **options)


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
