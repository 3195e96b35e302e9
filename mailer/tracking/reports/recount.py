"""Keeping reports fresh in the background, within bounds: of time, and of what counting costs.

Whoever changes figures says so (see changed.py); a task counts again what has changed, what is under way, and what was
never counted in this form. Sends that are not started have no figures but those that the page of a send shows.
"""

from time import monotonic

import structlog
from django.db import connection

from mailer.delivery.models import Send
from mailer.tracking.reports.changed import SLACK
from mailer.tracking.reports.figures import VERSION
from mailer.tracking.reports.keep import count_and_keep
from subscribers.advisory_lock import held

log = structlog.get_logger()

LOCK = 0x72706F72
"""Of PostgreSQL's advisory locks: one process counts for the whole installation."""
BUDGET = 20.0
"""Seconds after which a run begins with no further send."""
SHORTEST = 60
"""Seconds between two counts of a send, at least,"""
COST = 20
"""and so many times what the last one took,"""
AGE = 50
"""and this part of the send's age: an hour old it is counted each 72 seconds, a day old twice an hour,"""
LONGEST = 24 * 3600
"""but within a day."""
RUNNING = 600
"""Seconds after which a send that is under way is counted again, whatever was marked."""
ACTIVE = 8
"""Days in which the batches of a send are looked at; of older ones only what is marked is counted again."""


def recount(budget: float = BUDGET) -> int:
    """Count again what is due, newest first; nothing where another process is at it.

    Args:
        budget: seconds after which it begins with no further send.
    Returns: how many were counted.
    """
    counted, began = 0, monotonic()
    with held(LOCK) as alone:
        if not alone:
            return 0
        for send_id in _due():
            if monotonic() - began > budget:
                break
            try:
                took = count_and_keep(Send.objects.get(pk=send_id)).seconds
            except Exception:  # one send that cannot be counted does not keep the others from it
                log.exception("report_not_counted", send=send_id)
                continue
            counted += 1
            log.info("report_counted", send=send_id, seconds=took)
    return counted


def _due() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT send.id
            FROM delivery_send send
            LEFT JOIN tracking_sendfigures figures ON figures.send_id = send.id
            LEFT JOIN LATERAL (
                SELECT max(batch.changed_at) AS changed_at,
                    bool_or(batch.state IN ('waiting', 'submitting')) AS running
                FROM delivery_batch batch
                WHERE batch.send_id = send.id AND NOT send.rolling
                    AND send.started_at > statement_timestamp() - make_interval(days => %(active)s)
            ) batches ON true
            WHERE send.started_at IS NOT NULL AND (
                figures.counted_at IS NULL OR figures.version IS DISTINCT FROM %(version)s
                OR (
                    greatest(figures.changed_at, batches.changed_at, send.started_at, send.paused_at,
                        send.cancelled_at, send.decided_at) > figures.counted_at - make_interval(secs => %(slack)s)
                    OR batches.running
                        AND figures.counted_at < statement_timestamp() - make_interval(secs => %(running)s)
                )
                AND figures.counted_at < statement_timestamp() - make_interval(secs => least(%(longest)s, greatest(
                    %(shortest)s, %(cost)s * figures.seconds,
                    extract(epoch FROM statement_timestamp() - send.started_at)::float / %(age)s
                )))
            )
            ORDER BY send.id DESC
            """,
            {
                "active": ACTIVE,
                "version": VERSION,
                "slack": SLACK,
                "running": RUNNING,
                "longest": LONGEST,
                "shortest": SHORTEST,
                "cost": COST,
                "age": AGE,
            },
        )
        return [send_id for (send_id,) in cursor.fetchall()]
