"""Who got a send and who did not, person by person: streamed from the database, however many they are."""

import csv
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from django.db import connection

from mailer.delivery.errors import DeliveryError
from mailer.delivery.forecast.wording import WORDS
from mailer.delivery.members import MEMBERS
from mailer.delivery.models import Send
from subscribers.spreadsheet import defuse

AT_ONCE = 2_000
"""Rows that are read from the database at a time."""


class CannotWrite(DeliveryError):
    """A file cannot be written where somebody wants it."""

    code = "cannot_write"


class Standing(StrEnum):
    """Where somebody stands in a send, in the words of its progress."""

    ACCEPTED = "accepted"
    WAITING = "waiting"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    EXCLUDED = "excluded"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Person:
    """One candidate of a send.

    Args:
        because: the reason of an exclusion or a refusal; of an accepted one, what was heard of it since.
        at: when SendGrid answered; for who waits, when it is due; for who was left without, when it was cancelled.
        submission: the id of the request that they were in.
    """

    subscriber: int
    address: str
    first_name: str
    last_name: str
    standing: str
    because: str
    at: datetime | None
    submission: str


_EVERYONE = f"""
SELECT member.subscriber_id,
    CASE WHEN member.rejected_because IS NOT NULL THEN 'rejected'
        WHEN batch.state = 'submitting' THEN 'waiting' ELSE batch.state END AS standing,
    CASE WHEN member.rejected_because IS NOT NULL THEN member.rejected_because
        WHEN batch.state IN ('rejected', 'unknown') THEN submission.reason
        WHEN batch.state = 'cancelled' THEN 'cancelled'
        WHEN batch.state = 'submitting' THEN 'its request is under way'
        WHEN batch.state = 'waiting' THEN ''
        WHEN delivery.bounced_at IS NOT NULL THEN concat_ws(' ', 'bounced for good', delivery.bounce_class)
        WHEN delivery.delivered_at IS NOT NULL THEN 'delivered'
        WHEN delivery.blocked_at IS NOT NULL THEN concat_ws(' ', 'refused this time', delivery.bounce_class)
        WHEN delivery.dropped_at IS NOT NULL THEN concat_ws(' ', 'not tried by SendGrid', delivery.bounce_class)
        WHEN delivery.deferred_at IS NOT NULL THEN 'deferred'
        ELSE '' END AS because,
    CASE WHEN batch.state = 'waiting' THEN batch.due_at
        WHEN batch.state IN ('cancelled', 'submitting') THEN batch.changed_at
        ELSE coalesce(submission.finished_at, submission.started_at, batch.changed_at) END AS at,
    submission.id::text AS submission
FROM ({MEMBERS}) member
JOIN delivery_batch batch ON batch.id = member.batch_id
LEFT JOIN delivery_delivery delivery
    ON delivery.send_id = member.send_id AND delivery.subscriber_id = member.subscriber_id
LEFT JOIN delivery_submission submission ON submission.id = batch.submission_id
WHERE member.send_id = %(send)s
UNION ALL
SELECT subscriber_id, 'excluded', reason, NULL, NULL FROM delivery_exclusion WHERE send_id = %(send)s
"""


def people(send: Send, standing: Standing | None = None, reason: str = "") -> Generator[Person]:
    """The candidates of a send, in the order of their numbers, as they are when the first is asked for.

    Args:
        standing: only these; who was left without by a cancelled send counts as excluded too.
        reason: with EXCLUDED: only this one, an Exclusion.Reason or "cancelled".
    """
    wanted = {
        None: "true",
        Standing.EXCLUDED: "who.standing IN ('excluded', 'cancelled') AND (%(reason)s = '' OR who.because = %(reason)s)",
    }.get(standing, "who.standing = %(standing)s")
    rows = stream(
        f"""
        SELECT subscriber.id, subscriber.email, subscriber.first_name, subscriber.last_name, who.standing, who.because,
            who.at, coalesce(who.submission, '')
        FROM ({_EVERYONE}) who JOIN subscribers_subscriber subscriber ON subscriber.id = who.subscriber_id
        WHERE {wanted}
        ORDER BY who.subscriber_id
        """,
        {"send": send.pk, "standing": standing, "reason": reason},
    )
    for number, address, first_name, last_name, state, because, at, submission in rows:
        words = WORDS[because] if state in (Standing.EXCLUDED, Standing.CANCELLED) else because
        yield Person(number, address, first_name, last_name, state, words, at, submission)


def stream(sql: str, values: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    """The rows of a query from a cursor on the server: only a few of them are here at any time.

    Outside of a transaction the server keeps the whole answer, so that a slow reader holds nothing else up.
    """
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, values)
        while rows := cursor.fetchmany(AT_ONCE):
            yield from rows


HEADER = tuple(field.name for field in fields(Person))


def cells(person: Person) -> list[object]:
    """A person as a row under HEADER."""
    return [value.isoformat() if isinstance(value, datetime) else value for value in astuple(person)]


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    """Write rows to a file that only its owner can read, whole or not at all. Returns how many.

    What a spreadsheet would run as a formula gets an apostrophe before it.

    Raises:
        CannotWrite: the place cannot be written to.
    """
    with _explained(path):
        special = path.exists() and not path.is_file()
    if special:  # a folder, or a device such as /dev/null, which would be replaced
        raise CannotWrite(
            f"The list cannot be written to {path}: it is no file. Name another place: --csv FILE."
        )
    part = path.parent / f"{path.name}.part"
    count = 0
    try:
        with _explained(path):
            part.unlink(missing_ok=True)
            part.touch(mode=0o600, exist_ok=False)
            # With a byte order mark, so that spreadsheets show names as they are.
            file = part.open("w", encoding="utf-8-sig", newline="")
        with file:
            writer = csv.writer(file)
            writer.writerow(header)
            for row in rows:
                count += 1
                safe = [defuse(cell) if isinstance(cell, str) else cell for cell in row]
                with _explained(path):
                    writer.writerow(safe)
        with _explained(path):
            part.replace(path)
    finally:
        with suppress(OSError):  # where it could not be made, that was said
            part.unlink(missing_ok=True)
    return count


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CannotWrite(
            f"The list cannot be written to {path} ({error.strerror}). Name another place: --csv FILE."
        ) from error
