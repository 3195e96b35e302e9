"""With the newsletter's issues before: the figures that are kept of them, without counting any again."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from statistics import median

from django.db.backends.utils import CursorWrapper

from mailer.delivery.models import Send
from mailer.tracking.as_json import read
from mailer.tracking.reports.figures import VERSION, Comparison, Rate, Usual

ISSUES = 10


def compare(cursor: CursorWrapper, send: Send, started_at: datetime | None) -> Comparison:
    """What the last ISSUES issues of the same newsletter came to, that left before this send did.

    An issue counts by the send that went to everybody: later ones, to those left out, are small and late. Sends of welcome
    issues are none.

    Args:
        started_at: when the first request left; None for not yet: then all that have left are before it.
    """
    cursor.execute(
        """
        SELECT figures.rates FROM (
            SELECT other.id FROM delivery_send other JOIN issues_issue issue ON issue.id = other.issue_id
            WHERE issue.newsletter_id = %(newsletter)s AND other.previous_id IS NULL AND NOT other.rolling
                AND other.issue_id <> %(issue)s AND other.started_at < coalesce(%(before)s, statement_timestamp())
                AND EXISTS (
                    SELECT FROM delivery_batch batch WHERE batch.send_id = other.id AND batch.state = 'accepted'
                )
            ORDER BY other.started_at DESC LIMIT %(issues)s
        ) before LEFT JOIN LATERAL (
            SELECT (data->'rates')::text AS rates FROM tracking_sendfigures
            WHERE send_id = before.id AND version = %(version)s
        ) figures ON true
        """,
        {
            "newsletter": send.issue.newsletter_id,
            "issue": send.issue_id,
            "before": started_at,
            "issues": ISSUES,
            "version": VERSION,
        },
    )
    found = [rates for (rates,) in cursor.fetchall()]
    counted = [read(tuple[Rate, ...], rates) for rates in found if rates is not None]
    return Comparison(len(found), len(counted), _usual(counted))


def _usual(issues: Iterable[Iterable[Rate]]) -> tuple[Usual, ...]:
    shares: dict[str, list[float]] = defaultdict(list)
    for rates in issues:
        for rate in rates:
            if rate.share is not None:
                shares[rate.figure].append(rate.share)
    return tuple(
        Usual(figure, len(each), median(each), min(each), max(each)) for figure, each in shares.items()
    )
