"""How things stand, read from PostgreSQL: sends, batches, letters, what is unknown, what waits, who is suppressed.

Every query reads what is small, or an index alone, whatever the number of deliveries.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db import connection, transaction
from prometheus_client.metrics_core import GaugeMetricFamily

from mailer.delivery.claim import MAY_GO
from mailer.delivery.models import BatchState
from mailer.delivery.pacing.ration import BATCHES
from mailer.health.remembered import Remembered
from mailer.tracking.alerts.count import open_alerts
from mailer.tracking.lag import lag, last_post_at
from subscribers.models import SuppressionReason

PATIENCE = 2_000
"""Milliseconds that a query may take."""
A_MINUTE = 60.0
SEND_STATES = ("not_started", "running", "welcoming", "paused", "finished", "cancelled")
OPEN_STATES = ("waiting", "submitting", "unknown")
"""States of a letter that are not its end. Letters are without number in time, so those that are done are not counted."""


def state() -> Iterator[GaugeMetricFamily]:
    """Read all of it.

    Raises:
        django.db.Error: the database does not answer, or not soon enough.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(PATIENCE)])
        yield _by("mailer_sends", "Sends, by where they stand", "state", _sends(), SEND_STATES)
        yield _by("mailer_batches", "Batches of sends, by state", "state", _batches(), BatchState.values)
        yield _by("mailer_letters", "Letters that are not done, by state", "state", _letters(), OPEN_STATES)
        yield from _due()
        yield from _unknown()
        yield from _webhook()
        reasons = SuppressionReason.values
        told = "Suppressions, by reason; an address may have several"
        yield _by("mailer_suppressions", told, "reason", suppressions(), reasons)
        yield _by("mailer_alerts_open", "Alerts that are open, by kind", "kind", open_alerts())


def _sends() -> Mapping[str, int]:
    # What is over is not looked at batch by batch: a send that runs has a batch that is not done.
    return _counts(
        """
        SELECT CASE
            WHEN cancelled_at IS NOT NULL THEN 'cancelled'
            WHEN paused_at IS NOT NULL THEN 'paused'
            WHEN started_at IS NULL THEN 'not_started'
            WHEN rolling THEN 'welcoming'
            WHEN moving.send_id IS NOT NULL THEN 'running'
            ELSE 'finished'
        END, count(*)
        FROM delivery_send send LEFT JOIN (
            SELECT DISTINCT send_id FROM delivery_batch WHERE state IN ('submitting', 'unknown')
            UNION SELECT send_id FROM delivery_batch WHERE state = 'waiting'
        ) moving ON moving.send_id = send.id
        GROUP BY 1
        """
    )


def _batches() -> Mapping[str, int]:
    return _counts("SELECT state, count(*) FROM delivery_batch WHERE send_id IS NOT NULL GROUP BY state")


def _letters() -> Mapping[str, int]:
    return _counts(
        """
        SELECT state, count(*) FROM delivery_batch
        WHERE letter_id IS NOT NULL AND state IN ('submitting', 'unknown') GROUP BY state
        UNION ALL
        SELECT 'waiting', count(*) FROM delivery_batch WHERE letter_id IS NOT NULL AND state = 'waiting'
        """
    )


def _due() -> Iterator[GaugeMetricFamily]:
    people, seconds = _row(
        f"""
        SELECT coalesce(sum(batch.size), 0),
            coalesce(extract(epoch FROM statement_timestamp() - min(batch.due_at)), 0)
        FROM {BATCHES}
        WHERE batch.state = 'waiting' AND batch.due_at <= statement_timestamp() AND {MAY_GO}
        """
    )
    yield _one("mailer_recipients_due", "Recipients of batches that are due and may go", people)
    yield _one(
        "mailer_batch_due_age_seconds", "How long the oldest batch is due that may go; 0: none is", seconds
    )


def _unknown() -> Iterator[GaugeMetricFamily]:
    count, seconds = _row(
        """
        SELECT count(*), coalesce(extract(epoch FROM statement_timestamp() - min(changed_at)), 0)
        FROM delivery_batch WHERE state = 'unknown'
        """
    )
    yield _one("mailer_submissions_unknown", "Submissions whose outcome is unknown now", count)
    yield _one("mailer_submission_unknown_age_seconds", "How long the oldest of them is unknown", seconds)


def _webhook() -> Iterator[GaugeMetricFamily]:
    behind, last = lag(), last_post_at()
    yield _one("mailer_posts_waiting", "Posts of the webhook that wait to be folded", behind.posts)
    yield _one("mailer_events_waiting", "Events in those posts", behind.events)
    yield _one("mailer_fold_lag_seconds", "How long the oldest of those posts waits", behind.seconds)
    yield _one(
        "mailer_webhook_last_post_timestamp_seconds",
        "When SendGrid last posted events, as unix time; 0: never",
        last.timestamp() if last else 0.0,
    )


def _suppressions() -> Mapping[str, int]:
    return _counts("SELECT reason, count(*) FROM subscribers_suppression GROUP BY reason")


suppressions: Remembered[Mapping[str, int]] = Remembered(_suppressions, A_MINUTE)
"""They are many, all are read to count them, and they change slowly."""


def _by(
    name: str, help_text: str, label: str, found: Mapping[str, int], known: Sequence[str] = ()
) -> GaugeMetricFamily:
    """A number for each value of a label; 0 for the known ones that were not found."""
    family = GaugeMetricFamily(name, help_text, labels=[label])
    for value in {**dict.fromkeys(known), **found}:
        family.add_metric([value], found.get(value, 0))
    return family


def _one(name: str, help_text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, help_text, value=float(value))


def _counts(query: str) -> Mapping[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return dict(cursor.fetchall())


def _row(query: str) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return tuple(cursor.fetchone())
