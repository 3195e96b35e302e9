"""Handing out what the ceilings of a newsletter allow, counted from the ledger.

Exact with any number of sweepers: each holds the newsletter while it counts and marks. What is marked counts as used
until its request began, or it came back. A worker submits nothing of such a newsletter that is not marked.

What must wait gets the time at which it is expected to go as its due time, so it is shown, and it is not late. When a
ceiling is raised it goes at the next sweep all the same.
"""

from datetime import datetime

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from mailer.delivery.claim import MAY_GO
from mailer.delivery.pacing.ceilings import Ceilings, Use, Waiting, ceilings_of, choose, since
from mailer.delivery.record import LONGEST_DELAY
from mailer.delivery.split import split
from mailer.issues.models import Newsletter

HAS_CEILINGS = """
(newsletter.hourly_ceiling IS NOT NULL OR newsletter.warm_up_from IS NOT NULL OR newsletter.domain_ceilings <> '{}')
"""
# Later than its send means it to go (a local time is over everywhere once it is in UTC-12), and later than an answer
# puts a batch off: so it was put off here. What is put off to a time before that just waits for it.
_PUT_OFF = f"""
(batch.due_at > statement_timestamp() AND batch.changed_at > send.started_at
    AND batch.due_at > batch.changed_at + interval '{LONGEST_DELAY} seconds'
    AND batch.due_at > coalesce(
        send.scheduled_at, (send.local_date + send.local_time + interval '12 hours') AT TIME ZONE 'UTC', '-infinity'
    ))
"""
BATCHES = """
delivery_batch batch JOIN delivery_send send ON send.id = batch.send_id
JOIN issues_issue issue ON issue.id = send.issue_id JOIN issues_newsletter newsletter ON newsletter.id = issue.newsletter_id
"""
"""Batches with all that decides whether they may go."""


def rationed() -> list[int]:
    """The newsletters of which something waits that a ceiling decides about."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT DISTINCT newsletter.id FROM {BATCHES}
            WHERE batch.state = 'waiting' AND batch.queued_at IS NULL AND {MAY_GO}
                AND (batch.due_at <= statement_timestamp() AND {HAS_CEILINGS} OR {_PUT_OFF})
            ORDER BY newsletter.id
            """
        )
        return [newsletter_id for (newsletter_id,) in cursor.fetchall()]


def take(newsletter_id: int, most: int) -> list[int]:
    """Mark as handed out what may go now, cutting batches to fit, and put off the rest.

    Args:
        most: batches, at most.
    Returns: the batches to hand out; none when another sweeper is at it.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        free = Newsletter.objects.select_for_update(skip_locked=True, no_key=True)
        newsletter = free.filter(pk=newsletter_id).first()
        if newsletter is None:
            return []
        ceilings = read_ceilings(newsletter)
        going, staying = choose(_waiting(cursor, newsletter_id), ceilings, most)
        locked = _lock(cursor, [batch.id for batch, _ in going])
        rests = [
            Waiting(split(cursor, batch.id, part), batch.size - part, batch.domain)
            for batch, part in going
            if part < batch.size and batch.id in locked
        ]
        _mark(cursor, locked)
        _put_off(cursor, [*rests, *staying], ceilings)
    return sorted(locked)


def read_ceilings(newsletter: Newsletter) -> Ceilings:
    """The ceilings of a newsletter, with what is used of them now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        (now,) = cursor.fetchone()
        return ceilings_of(newsletter, _uses(cursor, newsletter, now), now)


def waiting_of(newsletter_id: int) -> list[Waiting]:
    """The batches of a newsletter that may go as far as their send goes, and are not handed out."""
    with connection.cursor() as cursor:
        return _waiting(cursor, newsletter_id)


def _uses(cursor: CursorWrapper, newsletter: Newsletter, now: datetime) -> list[Use]:
    """In one query, so that a batch which is claimed meanwhile counts once."""
    cursor.execute(
        f"""
        SELECT submission.size, batch.domain, submission.started_at
        FROM delivery_submission submission JOIN ({BATCHES}) ON batch.id = submission.batch_id
        WHERE newsletter.id = %(newsletter)s AND submission.started_at > %(since)s
            AND (submission.outcome IS NULL OR submission.outcome IN ('accepted', 'unknown'))
        UNION ALL
        SELECT batch.size, batch.domain, %(now)s FROM {BATCHES}
        WHERE newsletter.id = %(newsletter)s AND batch.state = 'waiting' AND batch.queued_at IS NOT NULL AND {MAY_GO}
        """,
        {"newsletter": newsletter.pk, "since": since(newsletter, now), "now": now},
    )
    return [Use(*row) for row in cursor.fetchall()]


def _waiting(cursor: CursorWrapper, newsletter_id: int) -> list[Waiting]:
    """The oldest send first, whatever its batches were put off to."""
    cursor.execute(
        f"""
        SELECT batch.id, batch.size, batch.domain, batch.due_at <= statement_timestamp() FROM {BATCHES}
        WHERE newsletter.id = %s AND batch.state = 'waiting' AND batch.queued_at IS NULL AND {MAY_GO}
            AND (batch.due_at <= statement_timestamp() OR {_PUT_OFF})
        ORDER BY send.id, batch.due_at, batch.id
        """,
        [newsletter_id],
    )
    return [Waiting(*row) for row in cursor.fetchall()]


def _lock(cursor: CursorWrapper, batch_ids: list[int]) -> list[int]:
    """Lock those that still wait: one may have been cancelled this moment."""
    cursor.execute(
        """
        SELECT id FROM delivery_batch WHERE id = ANY(%s) AND state = 'waiting' AND queued_at IS NULL
        ORDER BY id FOR UPDATE
        """,
        [batch_ids],
    )
    return [batch_id for (batch_id,) in cursor.fetchall()]


def _mark(cursor: CursorWrapper, batch_ids: list[int]) -> None:
    cursor.execute(
        """
        UPDATE delivery_batch SET queued_at = statement_timestamp(), due_at = least(due_at, statement_timestamp())
        WHERE id = ANY(%s)
        """,
        [batch_ids],
    )


def _put_off(cursor: CursorWrapper, batches: list[Waiting], ceilings: Ceilings) -> None:
    """Those that are due get the time at which they are expected to go, behind those that have theirs."""
    if not any(batch.due for batch in batches):
        return
    placed = [(batch, ceilings.place(batch)) for batch in batches]
    times = [(batch.id, until) for batch, until in placed if batch.due and until]
    cursor.execute(
        """
        UPDATE delivery_batch SET due_at = put_off.until, changed_at = statement_timestamp()
        FROM unnest(%s::bigint[], %s::timestamptz[]) AS put_off (id, until)
        WHERE delivery_batch.id = put_off.id AND state = 'waiting' AND queued_at IS NULL
        """,
        [[batch_id for batch_id, _ in times], [until for _, until in times]],
    )
