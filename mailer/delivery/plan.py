"""Planning a send: who gets which edition in which batch, and who gets nothing and why.

One transaction, set by set in SQL. Planning a planned send again changes nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import structlog
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import Count, Sum

from mailer.delivery import models
from mailer.delivery.editions import Editions, TopicIds, build_editions, row_of
from mailer.delivery.errors import DeliveryError
from mailer.delivery.exclusions import RANK, REASON
from mailer.delivery.models import BATCH_SIZE, Send
from mailer.issues.builder.content import Edition
from mailer.issues.content import content_of
from mailer.issues.lint import Finding
from subscribers.models import Topic

log = structlog.get_logger()


class LintBlocks(DeliveryError):
    """The checks found something in the issue that forbids sending it."""

    code = "lint_blocks"

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        self.findings = findings
        lines = (f"  - {finding.where}: {finding.message}" for finding in findings)
        super().__init__("\n".join(["The issue cannot be sent before this is mended:", *lines]))


@dataclass(frozen=True)
class Plan:
    """What a plan came to. `findings` are warnings; a finding that blocks raises instead."""

    candidates: int
    excluded: int
    recipients: int
    editions: int
    batches: int
    findings: tuple[Finding, ...] = ()


def plan(send: Send) -> Plan:
    """Plan a send, once. `send` is brought up to date.

    Raises:
        BuildError: the issue cannot be rendered.
        LintBlocks: the checks forbid sending it.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        locked = (
            Send.objects.select_for_update(of=("self",)).select_related("issue__newsletter").get(pk=send.pk)
        )
        findings: tuple[Finding, ...] = ()
        if locked.planned_at is None:
            _gather_candidates(cursor, locked)
            editions = build_editions(content_of(locked.issue), _chosen_topics(cursor), _topic_names())
            if editions.blocked:
                raise LintBlocks(editions.blocked)
            findings = editions.findings
            _write_editions(cursor, locked, editions)
            _write_exclusions(cursor, locked)
            _write_batches(cursor, locked)
            cursor.execute(
                "UPDATE delivery_send SET planned_at = statement_timestamp(), candidates = (SELECT count(*) FROM candidate)"
                " WHERE id = %s",
                [send.pk],
            )
            cursor.execute("DROP TABLE candidate, choice")
    send.refresh_from_db()
    planned = _count(send, findings)
    log.info("send_planned", send=send.pk, candidates=planned.candidates, batches=planned.batches)
    return planned


def _gather_candidates(cursor: CursorWrapper, send: Send) -> None:
    """Everyone with a subscription to the list, whatever its state, each with the one reason against it."""
    cursor.execute(
        f"""
        CREATE TEMPORARY TABLE candidate ON COMMIT DROP AS
        SELECT subscriber.id AS subscriber_id, subscriber.topic_ids, {REASON} AS reason
        FROM subscribers_subscription subscription
        JOIN subscribers_subscriber subscriber ON subscriber.id = subscription.subscriber_id
        LEFT JOIN (
            SELECT suppression.address, min({RANK}) AS rank FROM subscribers_suppression suppression GROUP BY 1
        ) suppressed ON suppressed.address = lower(subscriber.email)
        WHERE subscription.mailing_list_id = %s
        """,
        [send.mailing_list_id],
    )
    # The planner knows nothing of a new table until it is analysed, and would guess a few hundred rows.
    cursor.execute("ANALYZE candidate")


def _chosen_topics(cursor: CursorWrapper) -> list[TopicIds]:
    cursor.execute("SELECT DISTINCT topic_ids FROM candidate WHERE reason IS NULL ORDER BY topic_ids")
    return [tuple(topic_ids) for (topic_ids,) in cursor.fetchall()]


def _topic_names() -> dict[int, str]:
    return dict(Topic.objects.values_list("id", "name"))


def _write_editions(cursor: CursorWrapper, send: Send, editions: Editions) -> None:
    rows = models.Edition.objects.bulk_create(row_of(send, edition) for edition in editions.built)
    ids = [row.pk for row in rows]
    cursor.execute("CREATE TEMPORARY TABLE choice (topic_ids int[], edition_id bigint) ON COMMIT DROP")
    choices = [
        (list(topics), ids[place]) for topics, place in editions.by_topics.items() if place is not None
    ]
    cursor.executemany("INSERT INTO choice VALUES (%s, %s)", choices)
    models.Link.objects.bulk_create(_links(send, editions.built), ignore_conflicts=True)


def _links(send: Send, editions: Iterable[Edition]) -> Iterable[models.Link]:
    first = {link.url: link for edition in editions for link in reversed(edition.links)}
    return (
        models.Link(send=send, url=link.url, story_id=link.story_id, label=link.label[:300])
        for link in first.values()
    )


def _write_exclusions(cursor: CursorWrapper, send: Send) -> None:
    cursor.execute(
        """
        INSERT INTO delivery_exclusion (send_id, subscriber_id, reason)
        SELECT %s, subscriber_id, coalesce(reason, 'no_stories')
        FROM candidate LEFT JOIN choice USING (topic_ids)
        WHERE reason IS NOT NULL OR choice.edition_id IS NULL
        """,
        [send.pk],
    )


def _write_batches(cursor: CursorWrapper, send: Send) -> None:
    cursor.execute(
        """
        WITH numbered AS (
            SELECT choice.edition_id, subscriber_id,
                (row_number() OVER (PARTITION BY choice.edition_id ORDER BY subscriber_id) - 1) / %s AS batch
            FROM candidate JOIN choice USING (topic_ids)
            WHERE reason IS NULL
        )
        INSERT INTO delivery_batch (send_id, edition_id, subscriber_ids)
        SELECT %s, edition_id, array_agg(subscriber_id ORDER BY subscriber_id)
        FROM numbered GROUP BY edition_id, batch ORDER BY edition_id, batch
        """,
        [BATCH_SIZE, send.pk],
    )
    cursor.execute(
        """
        INSERT INTO delivery_delivery (send_id, subscriber_id, batch_id)
        SELECT send_id, unnest(subscriber_ids), id FROM delivery_batch WHERE send_id = %s
        """,
        [send.pk],
    )


def _count(send: Send, findings: tuple[Finding, ...]) -> Plan:
    batches = send.batches.aggregate(count=Count("id"), recipients=Sum("size"))
    return Plan(
        candidates=send.candidates or 0,
        excluded=send.exclusions.count(),
        recipients=batches["recipients"] or 0,
        editions=send.editions.count(),
        batches=batches["count"],
        findings=findings,
    )
