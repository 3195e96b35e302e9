"""CSV text cut into rows, each with the line where it starts.

A quotation mark that is never closed would swallow the rows behind it. Such a row is refused alone: the lines
behind its first are read again as rows of their own. That is bounded, so that no file makes it slow.
"""

import csv
from collections import deque
from collections.abc import Callable, Iterator
from typing import TextIO

from subscribers.importing.refusals import Refusal

LONGEST_LINE = 256 * 1024
"""Characters."""
LONGEST_ROW = 500
"""Lines."""
MOST_SECOND_READINGS = 1000

Row = tuple[int, list[str], Refusal | None]
"""The number of the line where it starts, its cells, and why it is refused already. A plain tuple: one for every
row of files with millions."""


class _LineTooLong(Exception):
    pass


class _RowTooLong(Exception):
    pass


def read_rows(
    text: TextIO, delimiter: str, looks_like_row: Callable[[list[str]], bool], *, lines_before: int = 0
) -> Iterator[Row]:
    """Yield the rows from where the text stands; blank lines are passed over.

    Memory is bounded, whatever the file holds: a row may have LONGEST_ROW lines of LONGEST_LINE characters
    and cells of 131,072 characters (the csv module's limit).

    Args:
        text: opened with newline="", so that line breaks inside quotes stay what they are.
        looks_like_row: whether these cells are a whole row; asked for the lines inside of a quoted cell.
        lines_before: how many lines of the file were read already.
    """
    again: deque[str] = deque()
    held: list[str] = []  # the lines of the current row
    at_end = False
    second_readings = 0
    number = lines_before  # of lines before the current row

    def fetch() -> str:
        if again:
            return again.popleft()
        line = text.readline(LONGEST_LINE)
        rest = line if len(line) == LONGEST_LINE else ""
        while rest and rest[-1] not in "\r\n":
            rest = text.readline(LONGEST_LINE)
        return line

    def lines() -> Iterator[str]:
        nonlocal at_end
        while line := fetch():
            held.append(line)
            if len(line) == LONGEST_LINE:
                raise _LineTooLong
            if len(held) > LONGEST_ROW:
                raise _RowTooLong
            yield line
        at_end = True

    def swallowed_rows() -> bool:
        return any(map(looks_like_row, cut_lines(held[1:], delimiter)))

    while not at_end:
        problem = Refusal.OPEN_QUOTE
        try:
            for cells in cut_lines(lines(), delimiter):
                # The last row of a file ends with its line; the csv module only asks for more inside of quotes.
                if at_end or (len(held) > 1 and swallowed_rows()):
                    break
                if cells:
                    yield number + 1, cells, None
                number += len(held)
                held.clear()
        except (_LineTooLong, csv.Error):
            if len(held) == 1:
                problem = Refusal.TOO_LONG
        except _RowTooLong:
            pass
        if held:
            second_readings += 1
            refused = held[:1] if second_readings <= MOST_SECOND_READINGS else held[:]
            again.extendleft(reversed(held[len(refused) :]))
            held.clear()
            at_end = at_end and not again
            for line in refused:
                number += 1
                if line.strip():
                    yield number, [line.rstrip("\r\n")], problem


def cut_lines(lines: Iterator[str] | list[str], delimiter: str) -> Iterator[list[str]]:
    """The csv module's reader as this package uses it: lenient, and a space before a quote is none of the cell."""
    return csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
