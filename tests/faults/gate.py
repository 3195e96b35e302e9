"""A place where every process has to wait: in the database, just before a batch comes into a state.

A trigger asks for a lock that the test holds. Whoever waits there has written nothing yet that others see, and
is stopped at exactly this step, however fast or slow the machine is.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection

LOCK = 0x67617465


class Gate:
    """A closed gate. It has its own connection, so it can be asked while this process's is in use."""

    def __init__(self, own: psycopg.Connection[Any]) -> None:
        self._own = own

    @property
    def waiting(self) -> int:
        """How many stand at it."""
        return self._count("wait_event = 'advisory'")

    @property
    def waiting_for_another(self) -> int:
        """How many want a row that one who stands at it has in hand."""
        return self._count("wait_event IN ('transactionid', 'tuple')")

    def cut(self) -> None:
        """Cut the connections of all who wait."""
        self._own.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event = 'advisory'"
        )

    def open(self) -> None:
        """Let everybody through from now on."""
        self._own.execute("SELECT pg_advisory_unlock(%s)", [LOCK])

    def _count(self, which: str) -> int:
        found = self._own.execute(
            "SELECT count(*) FROM pg_stat_activity"
            f" WHERE datname = current_database() AND wait_event_type = 'Lock' AND {which}"
        ).fetchone()
        return int(found[0]) if found else 0


@contextmanager
def gate(state: str) -> Iterator[Gate]:
    """A gate before `state` for the length of a `with`, closed until it is opened."""
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as own:
        own.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        own.execute(
            f"""
            CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN PERFORM pg_advisory_xact_lock_shared({LOCK}); RETURN NEW; END
            $$;
            CREATE TRIGGER gate BEFORE UPDATE ON delivery_batch FOR EACH ROW
                WHEN (NEW.state = '{state}') EXECUTE FUNCTION gate();
            """
        )
        try:
            yield Gate(own)
        finally:
            own.execute("SELECT pg_advisory_unlock_all()")
            own.execute("DROP TRIGGER gate ON delivery_batch; DROP FUNCTION gate()")
