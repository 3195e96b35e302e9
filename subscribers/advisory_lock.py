"""One at a time: an advisory lock of the database, which goes with the connection of who is lost."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db import Error, connection


@contextmanager
def held(lock: int, number: int = 0) -> Iterator[bool]:
    """Hold a lock for as long as the block lasts; says whether that worked, or somebody else holds it.

    Args:
        lock: what is done one at a time; `number`: of the thing it is done to.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [lock, number])
        is_held = bool(cursor.fetchone()[0])
    try:
        yield is_held
    finally:
        if is_held:
            with suppress(Error), connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [lock, number])
