"""Noting how pulling, pushing and removing went, so that it is seen when one of them fails again and again."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from django.db import connection

from mailer.sendgrid.errors import CallFailed

LONGEST_FAILURE = 500


@contextmanager
def traced(act: Literal["pull", "push", "remove"]) -> Iterator[None]:
    """Note that what is done in it went through, or with what answer a call to SendGrid failed; that goes on up."""
    try:
        yield
    except CallFailed as failure:
        _note_failure(act, f"{failure.message} ({failure.code})")
        raise
    _note_success(act)


def _note_success(act: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO delivery_suppressionsync (act, succeeded_at) VALUES (%s, statement_timestamp())
            ON CONFLICT (act) DO UPDATE
            SET succeeded_at = excluded.succeeded_at, failing_since = NULL, failures = 0, failure = ''
            """,
            [act],
        )


def _note_failure(act: str, said: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO delivery_suppressionsync AS sync (act, failing_since, failures, failure)
            VALUES (%s, statement_timestamp(), 1, %s)
            ON CONFLICT (act) DO UPDATE
            SET failing_since = coalesce(sync.failing_since, excluded.failing_since),
                failures = sync.failures + 1, failure = excluded.failure
            """,
            [act, said[:LONGEST_FAILURE]],
        )
