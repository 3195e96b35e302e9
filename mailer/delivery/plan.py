"""Planning a send: who gets which edition in which batch, and who gets nothing and why.

One transaction, set by set in SQL. Planning a planned send again changes nothing.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import Count, Sum

from mailer.delivery import models, signals
from mailer.delivery.approval.matter import hold_segments, matter_of
from mailer.delivery.audience import audience_of
from mailer.delivery.candidates import gather
from mailer.delivery.check_newsletter import check_newsletter
from mailer.delivery.editions import Editions, build_editions, row_of
from mailer.delivery.errors import DeliveryError
from mailer.delivery.models import Send
from mailer.delivery.pacing.ceilings import largest_batch
from mailer.delivery.places import write_places
from mailer.delivery.variants import contents
from mailer.issues.lint import Finding
from subscribers.models import MailingList, Topic

log = structlog.get_logger()


class LintBlocks(DeliveryError):
    """The checks found something in the issue that forbids sending it."""

    code = "lint_blocks"

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        self.findings = findings
        lines = (f"  - {finding.where}: {finding.message}" for finding in findings)
        super().__init__("\n".join(["The issue cannot be sent before this is mended:", *lines]))


class Gone(DeliveryError):
    """A send was discarded by somebody else."""

    code = "gone"


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
        BadAudience: a rule of its audience names something that is there no more.
        BadNewsletter: what its newsletter says of pace and time cannot be kept.
        Gone: somebody discarded it meanwhile.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        sends = Send.objects.select_for_update(of=("self",)).select_related("issue__newsletter")
        locked = sends.filter(pk=send.pk).first()
        if locked is None:
            raise Gone(f"Send {send.pk} is there no more: somebody arranged it in another way this moment.")
        findings: tuple[Finding, ...] = ()
        if locked.planned_at is None:
            # One plan of a list at a time: see cadence.py.
            MailingList.objects.select_for_update(no_key=True).get(pk=locked.mailing_list_id)
            # The fingerprint is of the rules by which people were chosen.
            hold_segments(audience_of(locked))
            cursor.execute("SELECT statement_timestamp()")
            (now,) = cursor.fetchone()
            editions = gather_editions(cursor, locked, now)
            if editions.blocked:
                raise LintBlocks(editions.blocked)
            findings = editions.findings
            _write_editions(cursor, locked, editions)
            _write_exclusions(cursor, locked)
            _write_batches(cursor, locked)
            cursor.execute(
                "UPDATE delivery_send SET planned_at = %s, candidates = (SELECT count(*) FROM candidate) WHERE id = %s",
                [now, send.pk],
            )
            fingerprint = matter_of(locked, editions.variants).fingerprint
            Send.objects.filter(pk=send.pk).update(fingerprint=fingerprint)
            signals.planned.send(sender=Send, send=locked, variants=editions.variants)
            cursor.execute("DROP TABLE IF EXISTS candidate, choice, zone")
    send.refresh_from_db()
    planned = _count(send, findings)
    log.info("send_planned", send=send.pk, candidates=planned.candidates, batches=planned.batches)
    return planned


def gather_editions(cursor: CursorWrapper, send: Send, now: datetime) -> Editions:
    """Gather a send's candidates (see candidates.gather) and build the editions that they choose.

    Args:
        now: the moment for which its audience is asked.
    Raises:
        BadAudience: the audience cannot be told any more.
        BuildError: the issue cannot be rendered.
        BadNewsletter: what its newsletter says of pace and time cannot be kept.
    """
    check_newsletter(send.issue.newsletter)
    variants = contents(send)
    gather(cursor, send, now, len(variants))
    cursor.execute("SELECT DISTINCT topic_ids FROM candidate WHERE reason IS NULL ORDER BY topic_ids")
    chosen = [tuple(topic_ids) for (topic_ids,) in cursor.fetchall()]
    return build_editions(variants, chosen, dict(Topic.objects.values_list("id", "name")))


def _write_editions(cursor: CursorWrapper, send: Send, editions: Editions) -> None:
    rows = models.Edition.objects.bulk_create(
        row_of(send, variant, edition) for variant, edition in editions.built
    )
    write_choices(cursor, editions, [row.pk for row in rows])
    write_places(send, [(row.pk, edition) for row, (_, edition) in zip(rows, editions.built, strict=True)])


def write_choices(cursor: CursorWrapper, editions: Editions, ids: Sequence[int]) -> None:
    """Put into the temporary table `choice` which edition goes with which topics and variant.

    Args:
        ids: what the editions are called there, in the order of `editions.built`.
    """
    cursor.execute(
        "CREATE TEMPORARY TABLE choice (topic_ids int[], variant smallint, edition_id bigint) ON COMMIT DROP"
    )
    choices = [
        (list(topics), variant, ids[place])
        for (topics, variant), place in editions.by_choice.items()
        if place is not None
    ]
    cursor.executemany("INSERT INTO choice VALUES (%s, %s, %s)", choices)
    cursor.execute("ANALYZE choice")


def _write_exclusions(cursor: CursorWrapper, send: Send) -> None:
    cursor.execute(
        """
        INSERT INTO delivery_exclusion (send_id, subscriber_id, reason)
        SELECT %s, subscriber_id, coalesce(reason, 'no_stories')
        FROM candidate LEFT JOIN choice USING (topic_ids, variant)
        WHERE reason IS NOT NULL OR choice.edition_id IS NULL
        """,
        [send.pk],
    )


def _write_batches(cursor: CursorWrapper, send: Send) -> None:
    """Cut the recipients into batches, each of one edition, for one time, and no larger than any ceiling."""
    newsletter = send.issue.newsletter
    most = largest_batch(newsletter)
    cursor.execute(
        """
        WITH numbered AS (
            SELECT choice.edition_id, due_at, in_test, domain, subscriber_id,
                (row_number() OVER (PARTITION BY choice.edition_id, due_at, in_test, domain ORDER BY subscriber_id) - 1)
                    / least(%s, coalesce((%s::jsonb ->> domain)::int, %s)) AS batch
            FROM candidate JOIN choice USING (topic_ids, variant)
            WHERE reason IS NULL
        )
        INSERT INTO delivery_batch (send_id, edition_id, due_at, in_test, domain, subscriber_ids)
        SELECT %s, edition_id, greatest(due_at, statement_timestamp()), in_test, domain,
            array_agg(subscriber_id ORDER BY subscriber_id)
        FROM numbered GROUP BY edition_id, due_at, in_test, domain, batch
        ORDER BY due_at NULLS FIRST, in_test DESC, edition_id, domain, batch
        """,
        [most, json.dumps(newsletter.domain_ceilings), most, send.pk],
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
