"""Emptying a database between tests: what it refuses everybody else."""

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
