"""One worker at a time for each import."""

from contextlib import AbstractContextManager

from django.db import connection

from subscribers import advisory_lock

IMPORTS = 1_936_877_926
"""The first half of the locks' keys; the second is the import's number."""
HELD = """
SELECT objid FROM pg_locks
WHERE locktype = 'advisory' AND classid = %s AND objsubid = 2
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


def held(import_id: int) -> AbstractContextManager[bool]:
    """Hold an import for as long as the block lasts; says whether that worked, or somebody else holds it."""
    return advisory_lock.held(IMPORTS, import_id)


def held_ones() -> set[int]:
    """The imports that somebody works on at this moment."""
    with connection.cursor() as cursor:
        cursor.execute(HELD, [IMPORTS])
        return {row[0] for row in cursor.fetchall()}
