"""Counting the report of a send, in a handful of queries on one snapshot of the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from mailer.delivery.audience import audience_of
from mailer.delivery.models import ExclusionReason, Send
from mailer.delivery.progress import progress
from mailer.delivery.winner import results
from mailer.tracking.figures import (
    DOMAINS,
    Bounce,
    Count,
    DomainFigures,
    EditionFigures,
    Hour,
    LinkFigures,
    Report,
    StoryFigures,
    Totals,
)


def report(send: Send) -> Report:
    """Count everything about a send, as it is at this moment.

    All queries see one snapshot, unless the caller is in a transaction of its own already.
    """
    with _snapshot() as cursor:
        now = Send.objects.select_related("issue__newsletter", "mailing_list").get(pk=send.pk)
        started_at = _started_at(cursor, now.pk)
        domains = _domains(cursor, now.pk)
        return Report(
            send_id=now.pk,
            newsletter=now.issue.newsletter.name,
            issue_number=now.issue.number,
            issue_date=now.issue.date,
            subject=now.issue.subject,
            mailing_list=now.mailing_list.name,
            audience=str(audience_of(now)),
            taken_at=timezone.now(),
            planned=now.planned_at is not None,
            started_at=started_at,
            paused_because=now.paused_because if now.paused_at else "",
            cancelled_because=now.cancelled_because if now.cancelled_at else "",
            identity=progress(now),
            excluded=_excluded(cursor, now.pk),
            rejections=_rejections(cursor, now.pk),
            totals=_totals(cursor, now.pk),
            bounces=_bounces(cursor, now.pk),
            drops=_drops(cursor, now.pk),
            hours=_hours(cursor, now.pk, started_at) if started_at else (),
            links=_links(cursor, now.pk),
            stories=_stories(cursor, now.pk),
            domains=domains[:DOMAINS],
            other_domains=_add_up(domains[DOMAINS:]),
            editions=_editions(cursor, now.pk),
            variants=tuple(results(now)),
            metric=now.test_metric,
            decided_because=now.decided_because,
        )


@contextmanager
def _snapshot() -> Iterator[CursorWrapper]:
    outermost = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if outermost:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield cursor


def _started_at(cursor: CursorWrapper, send_id: int) -> datetime | None:
    cursor.execute(
        """
        SELECT min(started_at) FROM delivery_submission submission
        JOIN delivery_batch batch ON batch.id = submission.batch_id WHERE batch.send_id = %s
        """,
        [send_id],
    )
    started_at: datetime | None = cursor.fetchone()[0]
    return started_at


def _excluded(cursor: CursorWrapper, send_id: int) -> tuple[Count, ...]:
    cursor.execute(
        """
        SELECT reason, count(*) FROM delivery_exclusion WHERE send_id = %s GROUP BY 1
        UNION ALL
        SELECT state, sum(size) FROM delivery_batch WHERE send_id = %s AND state = 'cancelled' GROUP BY 1
        ORDER BY 2 DESC, 1
        """,
        [send_id, send_id],
    )
    return tuple(Count(str(ExclusionReason(reason).label), people) for reason, people in cursor.fetchall())


def _rejections(cursor: CursorWrapper, send_id: int) -> tuple[Count, ...]:
    cursor.execute(
        """
        SELECT rejected_because, count(*) FROM delivery_delivery
        WHERE send_id = %s AND rejected_because IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1
        """,
        [send_id],
    )
    return tuple(Count(reason, people) for reason, people in cursor.fetchall())


def _totals(cursor: CursorWrapper, send_id: int) -> Totals:
    cursor.execute(
        """
        SELECT count(delivered_at), count(deferred_at), count(bounced_at),
            count(blocked_at) FILTER (WHERE bounced_at IS NULL), count(dropped_at),
            count(*) FILTER (
                WHERE batch.state = 'accepted' AND rejected_because IS NULL
                    AND num_nonnulls(delivered_at, bounced_at, blocked_at, dropped_at) = 0
            ),
            count(opened_at), count(machine_opened_at), count(clicked_at),
            count(*) FILTER (WHERE opened_at IS NOT NULL AND clicked_at IS NOT NULL),
            count(complained_at), count(unsubscribed_at)
        FROM delivery_delivery delivery JOIN delivery_batch batch ON batch.id = delivery.batch_id
        WHERE delivery.send_id = %s
        """,
        [send_id],
    )
    return Totals(*cursor.fetchone())


def _bounces(cursor: CursorWrapper, send_id: int) -> tuple[Bounce, ...]:
    cursor.execute(
        """
        SELECT bounced_at IS NOT NULL, coalesce(bounce_class, 'Unclassified'), count(*) FROM delivery_delivery
        WHERE send_id = %s AND (bounced_at IS NOT NULL OR blocked_at IS NOT NULL)
        GROUP BY 1, 2 ORDER BY 1 DESC, 3 DESC, 2
        """,
        [send_id],
    )
    return tuple(Bounce(*row) for row in cursor.fetchall())


def _drops(cursor: CursorWrapper, send_id: int) -> tuple[Count, ...]:
    """By the reason SendGrid gave. Who was dropped and bounced as well has the bounce's class, and no reason here."""
    cursor.execute(
        """
        SELECT CASE WHEN bounced_at IS NULL AND blocked_at IS NULL THEN bounce_class ELSE 'after a bounce' END,
            count(*)
        FROM delivery_delivery WHERE send_id = %s AND dropped_at IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1
        """,
        [send_id],
    )
    return tuple(Count(reason or "Unclassified", people) for reason, people in cursor.fetchall())


def _hours(cursor: CursorWrapper, send_id: int, started_at: datetime) -> tuple[Hour, ...]:
    """Every hour in which something happened. An event's clock may be behind ours: that is hour 0 too."""
    cursor.execute(
        """
        SELECT greatest(floor(extract(epoch FROM happened.at - %s) / 3600), 0)::int,
            count(*) FILTER (WHERE what = 'delivered'),
            count(*) FILTER (WHERE what = 'opened'),
            count(*) FILTER (WHERE what = 'clicked')
        FROM delivery_delivery CROSS JOIN LATERAL (
            VALUES ('delivered', delivered_at), ('opened', opened_at), ('clicked', clicked_at)
        ) AS happened (what, at)
        WHERE send_id = %s AND happened.at IS NOT NULL
        GROUP BY 1 ORDER BY 1
        """,
        [started_at, send_id],
    )
    return tuple(Hour(*row) for row in cursor.fetchall())


def _links(cursor: CursorWrapper, send_id: int) -> tuple[LinkFigures, ...]:
    cursor.execute(
        """
        SELECT link.url, link.label, coalesce(story.headline, ''), count(DISTINCT click.subscriber_id)
        FROM delivery_link link
        LEFT JOIN issues_story story ON story.id = link.story_id
        LEFT JOIN tracking_click click ON click.link_id = link.id AND click.rule = ''
        WHERE link.send_id = %s
        GROUP BY link.id, story.id ORDER BY 4 DESC, story.position NULLS LAST, link.id
        """,
        [send_id],
    )
    return tuple(LinkFigures(*row) for row in cursor.fetchall())


def _stories(cursor: CursorWrapper, send_id: int) -> tuple[StoryFigures, ...]:
    cursor.execute(
        """
        WITH received AS (
            SELECT story_id, sum(size)::int AS people
            FROM delivery_batch batch JOIN delivery_edition edition ON edition.id = batch.edition_id,
                unnest(edition.story_ids) AS story_id
            WHERE batch.send_id = %s AND batch.state = 'accepted' GROUP BY 1
        ), clicked AS (
            SELECT link.story_id, count(DISTINCT click.subscriber_id) AS people
            FROM delivery_link link JOIN tracking_click click ON click.link_id = link.id AND click.rule = ''
            WHERE link.send_id = %s GROUP BY 1
        ), shown AS (
            SELECT DISTINCT unnest(story_ids) AS id FROM delivery_edition WHERE send_id = %s
        )
        SELECT story.position, story.headline, coalesce(received.people, 0), coalesce(clicked.people, 0)
        FROM shown JOIN issues_story story USING (id)
        LEFT JOIN received ON received.story_id = story.id
        LEFT JOIN clicked ON clicked.story_id = story.id
        ORDER BY story.position, story.id
        """,
        [send_id, send_id, send_id],
    )
    return tuple(StoryFigures(*row) for row in cursor.fetchall())


def _domains(cursor: CursorWrapper, send_id: int) -> tuple[DomainFigures, ...]:
    cursor.execute(
        """
        SELECT substring(lower(subscriber.email) FROM '[^@]*$'), count(*), count(delivered_at),
            count(*) FILTER (WHERE bounced_at IS NOT NULL OR blocked_at IS NOT NULL),
            count(opened_at), count(clicked_at)
        FROM delivery_delivery delivery
        JOIN delivery_batch batch ON batch.id = delivery.batch_id
        JOIN subscribers_subscriber subscriber ON subscriber.id = delivery.subscriber_id
        WHERE delivery.send_id = %s AND batch.state = 'accepted' AND rejected_because IS NULL
        GROUP BY 1 ORDER BY 2 DESC, 1
        """,
        [send_id],
    )
    return tuple(DomainFigures(*row) for row in cursor.fetchall())


def _add_up(rest: tuple[DomainFigures, ...]) -> DomainFigures | None:
    if not rest:
        return None
    name = f"{len(rest):,} other domains" if len(rest) > 1 else "1 other domain"
    return DomainFigures(
        name,
        sum(domain.sent for domain in rest),
        sum(domain.delivered for domain in rest),
        sum(domain.bounced for domain in rest),
        sum(domain.opened for domain in rest),
        sum(domain.clicked for domain in rest),
    )


def _editions(cursor: CursorWrapper, send_id: int) -> tuple[EditionFigures, ...]:
    cursor.execute(
        """
        SELECT edition.id, (
                SELECT coalesce(array_agg(story.position ORDER BY story.position), '{}')
                FROM issues_story story WHERE story.id = ANY(edition.story_ids)
            ),
            coalesce((SELECT sum(size)::int FROM delivery_batch batch WHERE batch.edition_id = edition.id), 0)
        FROM delivery_edition edition WHERE edition.send_id = %s ORDER BY 3 DESC, 1
        """,
        [send_id],
    )
    return tuple(
        EditionFigures(number, tuple(stories), recipients)
        for number, stories, recipients in cursor.fetchall()
    )
