"""One worker at a time for each import: an advisory lock of the database, which goes with the connection of who is lost."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db import Error, connection

IMPORTS = 1_936_877_926
"""The first half of the locks' keys; the second is the import's number."""
HELD = """
SELECT objid FROM pg_locks
WHERE locktype = 'advisory' AND classid = %s AND objsubid = 2
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@contextmanager
def held(import_id: int) -> Iterator[bool]:
    """Hold an import for as long as the block lasts; says whether that worked, or somebody else holds it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [IMPORTS, import_id])
        is_held = bool(cursor.fetchone()[0])
    try:
        yield is_held
    finally:
        if is_held:
            with suppress(Error), connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [IMPORTS, import_id])


def held_ones() -> set[int]:
    """The imports that somebody works on at this moment."""
    with connection.cursor() as cursor:
        cursor.execute(HELD, [IMPORTS])
        return {row[0] for row in cursor.fetchall()}
