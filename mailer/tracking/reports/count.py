"""Counting the report of a send: one query for each part, all on one snapshot of the database."""

from time import monotonic

from django.utils import timezone

from mailer.delivery.audience import audience_of
from mailer.delivery.models import Send
from mailer.delivery.progress import progress
from mailer.delivery.winner import results
from mailer.tracking.link_figures import link_clicks, story_clicks, topic_clicks
from mailer.tracking.reports.breakdowns import breakdowns
from mailer.tracking.reports.compare import compare
from mailer.tracking.reports.figures import Report
from mailer.tracking.reports.machine_acts import machine_acts
from mailer.tracking.reports.notes import NOTES, rates_of
from mailer.tracking.reports.people import count_people
from mailer.tracking.reports.reasons import bounces, drops, exclusions, rejections
from mailer.tracking.reports.segments import by_segment
from mailer.tracking.reports.times import started_at, times
from mailer.tracking.snapshot import snapshot
from subscribers.segments.counting import tune

LINKS = 200
"""Kept with a report, those that most people clicked."""


def report(send: Send) -> Report:
    """Count everything about a send, as it is at this moment.

    All queries see one snapshot, unless the caller is in a transaction of its own already.
    """
    began = monotonic()
    with snapshot() as cursor:
        tune(cursor)
        counted_at = timezone.now()
        now = Send.objects.select_related("issue__newsletter", "mailing_list").get(pk=send.pk)
        start = started_at(cursor, now.pk)
        people = count_people(cursor, now.pk)
        identity = progress(now)
        hours, days = times(cursor, now.pk, start) if start else ((), ())
        links = link_clicks(now.pk)
        segments = by_segment(cursor, now.pk)
        return Report(
            send_id=now.pk,
            newsletter=now.issue.newsletter.name,
            issue_number=now.issue.number,
            issue_date=now.issue.date,
            subject=now.issue.subject,
            mailing_list=now.mailing_list.name,
            audience=str(audience_of(now)),
            counted_at=counted_at,
            planned=now.planned_at is not None,
            started_at=start,
            paused_because=now.paused_because if now.paused_at else "",
            cancelled_because=now.cancelled_because if now.cancelled_at else "",
            identity=identity,
            excluded=exclusions(cursor, now.pk),
            rejections=rejections(cursor, now.pk),
            totals=people.totals,
            rates=rates_of(people.totals, identity),
            compared=compare(cursor, now, start),
            bounces=bounces(cursor, now.pk),
            drops=drops(cursor, now.pk),
            machines=machine_acts(cursor, now.pk, people.named("machine_rule")),
            hours=hours,
            days=days,
            links=links[:LINKS],
            more_links=max(len(links) - LINKS, 0),
            stories=story_clicks(now.pk),
            topics=topic_clicks(now.pk),
            breakdowns=(*breakdowns(cursor, now, people), *((segments,) if segments else ())),
            variants=tuple(results(now)),
            metric=now.test_metric,
            decided_because=now.decided_because,
            notes=NOTES,
            seconds=round(monotonic() - began, 3),
        )
