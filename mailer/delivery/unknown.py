"""Submissions of unknown outcome, each with all that is known of it: what a person decides by."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import F, QuerySet
from django.utils import timezone

from mailer.delivery.evidence import LOGS_KEPT, LOOK_AGAIN, LOOKS, SAFE_WAIT
from mailer.delivery.models import Batch, Submission


@dataclass(frozen=True)
class Known:
    """What is known of an unknown submission.

    `heard_of` counts the people in it of whom any event was seen; none of these events named the submission, or it
    would be settled. `next_look` is when SendGrid's Email Logs are asked next, None when they are not asked any more.
    """

    submission: Submission
    heard_of: int
    next_look: datetime | None

    @property
    def answer(self) -> str:
        """What came back from the request, in words."""
        if self.submission.status:
            return f"SendGrid answered {self.submission.status}, which proves nothing"
        return self.submission.reason or "no answer was recorded"

    @property
    def looks(self) -> str:
        """How often SendGrid's Email Logs were asked, in words."""
        looks = self.submission.fruitless_looks
        if not looks:
            return "not looked up in SendGrid's logs yet"
        return f"SendGrid's logs showed nothing in {looks} of {LOOKS} looks"


def unknown() -> QuerySet[Submission]:
    """The submissions whose outcome is unknown now, oldest first."""
    found = Submission.objects.filter(batch__state=Batch.State.UNKNOWN, batch__submission_id=F("id"))
    return found.select_related("batch__send__issue__newsletter", "batch__letter").order_by("started_at")


def known(submissions: Iterable[Submission]) -> list[Known]:
    """All that is known of these unknown submissions, in their order."""
    rows = list(submissions)
    heard_of = _heard_of([row.pk for row in rows])
    return [Known(row, heard_of.get(row.pk, 0), _next_look(row)) for row in rows]


def _heard_of(ids: list[UUID]) -> dict[UUID, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT batch.submission_id, count(*) FROM delivery_batch batch
            CROSS JOIN unnest(batch.subscriber_ids) AS member (subscriber_id)
            JOIN delivery_delivery delivery
                ON delivery.send_id = batch.send_id AND delivery.subscriber_id = member.subscriber_id
            WHERE batch.submission_id = ANY(%s) AND num_nonnulls(
                deferred_at, delivered_at, bounced_at, blocked_at, dropped_at, opened_at, machine_opened_at,
                clicked_at, machine_clicked_at, complained_at, unsubscribed_at
            ) > 0
            GROUP BY 1
            """,
            [ids],
        )
        return dict(cursor.fetchall())


def _next_look(submission: Submission) -> datetime | None:
    """See evidence.look_for_evidence."""
    first = submission.started_at + SAFE_WAIT
    due = max(first, submission.looked_at + LOOK_AGAIN) if submission.looked_at else first
    return due if max(due, timezone.now()) < submission.started_at + LOGS_KEPT else None
