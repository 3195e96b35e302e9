"""Tables of figures in the terminal."""

from rich.table import Table
from rich.text import Text


def table_of_figures(*columns: str, gap: int = 2) -> Table:
    """A table without lines: names in the first column, numbers in the others.

    Args:
        columns: their heads, as plain text.
        gap: characters between two columns.
    """
    table = Table(box=None, padding=(0, gap, 0, 0), header_style="dim")
    for number, column in enumerate(columns):
        table.add_column(Text(column), justify="right" if number else "left", overflow="fold")
    return table
