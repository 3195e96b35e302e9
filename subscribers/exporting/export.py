"""The act: rows read through a server-side cursor become lines of CSV, in constant memory."""

import csv
import io
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction

from subscribers.exporting.columns import Column, columns_of
from subscribers.exporting.scope import Scope
from subscribers.spreadsheet import BYTE_ORDER_MARK, defuse

ROWS_AT_ONCE = 2_000

Told = Callable[[int], None]
"""Is told how many people were written so far."""
Pieces = Generator[str, None, None]


@dataclass(frozen=True)
class Export:
    """What is to be written: the columns, the query with its parameters, and what stands between two cells."""

    columns: list[Column]
    query: str
    values: dict[str, Any]
    separator: str = ","


def prepare(scope: Scope, names: Sequence[str] = (), separator: str = ",") -> Export:
    """Look up what an export of the people in a scope needs.

    Args:
        names: of the columns, see columns.py; none: all.
        separator: between two cells: a comma, a semicolon or a tab.
    Raises:
        CannotExport: a column is wrong.
        SegmentError: see Scope.people.
    """
    with connection.cursor() as cursor:
        columns = columns_of(cursor, scope, names)
    people, values = scope.people()
    expressions = ", ".join(column.expression for column in columns)
    return Export(columns, f"SELECT {expressions} {people} ORDER BY subscriber.id", values, separator)


def pieces(export: Export, told: Told | None = None) -> Pieces:
    """The CSV, piece by piece, oldest subscriber first; the header comes in any case.

    Cells that a spreadsheet would run as formulas are defused. The people are those of one moment of the database.
    """
    with transaction.atomic():
        connection.ensure_connection()
        yield from _pieces(connection.connection, export, told)


def pieces_apart(export: Export, told: Told | None = None) -> Pieces:
    """The same over a connection of its own, so that each piece may be asked for by another thread, as web servers do."""
    own = connections.create_connection(DEFAULT_DB_ALIAS)
    own.inc_thread_sharing()
    with closing(own):
        own.connect()
        with own.connection.transaction():
            yield from _pieces(own.connection, export, told)


def _pieces(connected: Any, export: Export, told: Told | None) -> Pieces:
    """Args: connected: psycopg's connection, in a transaction; Django has no server-side cursor for SQL."""
    page = io.StringIO(newline="")
    lines = csv.writer(page, delimiter=export.separator)
    lines.writerow([defuse(name) for column in export.columns for name in column.names])
    yield BYTE_ORDER_MARK + page.getvalue()
    with connected.cursor(name="export") as rows:
        rows.execute(export.query, export.values)
        done = 0
        while some := rows.fetchmany(ROWS_AT_ONCE):
            page.seek(0)
            page.truncate()
            lines.writerows(_cells(export.columns, row) for row in some)
            done += len(some)
            if told:
                told(done)
            yield page.getvalue()


def _cells(columns: Sequence[Column], row: Sequence[Any]) -> list[str]:
    return [defuse(cell) for column, value in zip(columns, row, strict=True) for cell in column.cells(value)]
