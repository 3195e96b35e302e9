"""Numbers on the command line, checked where they are read."""

from argparse import ArgumentTypeError
from collections.abc import Callable


def number(least: int, most: int) -> Callable[[str], int]:
    """A type for argparse: a whole number from `least` to `most`, refused with what it may be."""

    def read(written: str) -> int:
        try:
            value = int(written)
        except ValueError:
            value = least - 1
        if not least <= value <= most:
            raise ArgumentTypeError(f"{written!r} is not a whole number from {least:,} to {most:,}")
        return value

    return read


port = number(1, 65_535)
