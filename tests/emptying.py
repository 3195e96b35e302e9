"""Emptying a database between tests: what it refuses everybody else, and how it is fast."""

from collections.abc import Sequence

from django.core.management.color import Style
from django.db import connection

GUARDS = {
    "subscribers_consent": "consent_is_never_emptied",
    "subscribers_wording": "wording_is_never_emptied",
}
"""The triggers that refuse TRUNCATE, by their tables."""


def allow_emptying() -> None:
    """Let the database of the connection be emptied, which Django does after a test that commits."""
    with connection.cursor() as cursor:
        for table, guard in GUARDS.items():
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {guard}")


KEPT = {"django_content_type", "auth_permission"}
"""Tables that hold what the models say, in every database alike."""


def empty_fast() -> None:
    """Let Django empty databases, after a test that commits, by DELETE instead of TRUNCATE.

    TRUNCATE makes new files for every table and index, half a second of work, where all that a test left is a few rows.
    As with TRUNCATE nobody else's transaction is under way meanwhile, no trigger fires, and no key is checked. That
    needs a superuser, as the embedded server's is and that of PostgreSQL's image; for another user it stays as it was.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if cursor.fetchone() == (True,):
            connection.ops.sql_flush = _deletes


def _deletes(style: Style, tables: Sequence[str], **_: bool) -> list[str]:
    names = [connection.ops.quote_name(table) for table in sorted(tables) if table not in KEPT]
    return [
        "SET LOCAL session_replication_role = replica;"
        + f"LOCK TABLE {', '.join(names)} IN ACCESS EXCLUSIVE MODE;"
        + "".join(f"DELETE FROM {name};" for name in names)
    ]
