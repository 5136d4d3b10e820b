"""Types of options, for argparse: a bad value is refused before anything is computed."""
import argparse
import os


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
