"""The guard of running sends: past a limit it pauses one and says why, before receivers or SendGrid do it for good.

It counts people by what events said of them. After somebody has resumed a send that it paused, only those count whose
first answer came since: a person has decided about the numbers before, and the same ones pause nothing again.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models.functions import Now

from mailer.delivery.judge import (
    AUTHENTICATION,
    COMPLAINTS,
    COMPLAINTS_WARNED,
    HARD_BOUNCES,
    LISTED_WARNED,
    NEWEST,
    REFUSALS,
    REFUSALS_WARNED,
    Finding,
    Seen,
    judge,
)
from mailer.delivery.models import Notice, Send
from mailer.delivery.notices import notify
from mailer.delivery.steer import pause

log = structlog.get_logger()

ALERTED = timedelta(days=3)
"""How long after its last request the owner of a finished send is still told."""


@dataclass(frozen=True)
class Watched:
    """A send to look at. `since` is from when on its answers count, None for all of them; `resumed` says that this is
    over, because it goes on after a pause by the guard. `told` are the kinds of its notices."""

    send_id: int
    running: bool
    since: datetime | None
    resumed: bool
    told: Collection[str]


def watch() -> int:
    """Look at every send that runs or ended lately; pause it, or write a notice, where a limit is passed.

    Returns: how many sends were paused.
    """
    return sum(_watch(watched) for watched in _watched())


def _watched() -> list[Watched]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH late AS (
                SELECT DISTINCT batch.send_id FROM delivery_submission submission
                JOIN delivery_batch batch ON batch.id = submission.batch_id
                WHERE submission.started_at > statement_timestamp() - make_interval(secs => %s)
            ), watched AS (
                SELECT id, guarded_from, EXISTS (
                    SELECT 1 FROM delivery_batch WHERE send_id = send.id AND state IN ('waiting', 'submitting')
                ) AS running
                FROM delivery_send send
                WHERE started_at IS NOT NULL AND cancelled_at IS NULL AND paused_at IS NULL
            )
            SELECT id, running, guarded_from, EXISTS (
                    SELECT 1 FROM delivery_notice
                    WHERE send_id = watched.id AND kind = 'guard' AND created_at > coalesce(guarded_from, '-infinity')
                ), ARRAY(SELECT DISTINCT kind FROM delivery_notice WHERE send_id = watched.id)
            FROM watched WHERE running OR id IN (SELECT send_id FROM late) ORDER BY id
            """,
            [ALERTED.total_seconds()],
        )
        return [Watched(*row) for row in cursor.fetchall()]


def _watch(watched: Watched) -> bool:
    if watched.resumed:
        Send.objects.filter(pk=watched.send_id).update(guarded_from=Now())
        return False
    with connection.cursor() as cursor:
        findings = list(judge(_look(cursor, watched)))
    return bool(findings) and _act(watched, findings)


def _act(watched: Watched, findings: list[Finding]) -> bool:
    """Pause for the first finding that calls for it, and write a notice of each kind once. Returns whether it paused."""
    send_id, paused = watched.send_id, False
    with transaction.atomic():
        # Another guard waits here, and then knows of these.
        Send.objects.select_for_update(no_key=True).get(pk=send_id)
        told = set(Notice.objects.filter(send_id=send_id).values_list("kind", flat=True))
        for finding in findings:
            if finding.pauses and watched.running and not paused and pause(send_id, finding.text):
                notify(send_id, "guard", f"{finding.text} The rest waits until you resume or cancel it.")
                log.error("guard_paused", send=send_id, kind=finding.kind)
                paused = True
            elif finding.kind not in told:
                over = " All of it was handed over, so there is nothing to pause."
                notify(
                    send_id,
                    finding.kind,
                    finding.text + (over if finding.pauses and not watched.running else ""),
                )
    return paused


_FIRST = "least(delivered_at, bounced_at, blocked_at, dropped_at, complained_at)"
_COUNTS = f"send_id = %(send)s AND (%(since)s::timestamptz IS NULL OR {_FIRST} >= %(since)s)"
# In the words of the partial index delivery_in_trouble_of_send, so that only those in trouble are read.
_IN_TROUBLE = (
    f"{_COUNTS} AND (complained_at IS NOT NULL OR bounced_at IS NOT NULL OR refusal_status IS NOT NULL"
    " OR block_list IS NOT NULL)"
)
_POLICY = "refusal_status LIKE '5.7.%%'"

_floors: dict[int, tuple[datetime | None, int, int]] = {}
"""By send: since when was counted, and how many were delivered and answered then. Neither ever shrinks, so a share
of the old count that stays below a limit is below it now: the million rows are counted again only where it does not."""


def _look(cursor: CursorWrapper, watched: Watched) -> Seen:
    """What became of a send's people. Those delivered and answered are counted anew only where a limit needs them."""
    values: dict[str, Any] = {
        "send": watched.send_id,
        "since": watched.since,
        "codes": list(AUTHENTICATION),
        "newest": NEWEST,
    }
    seen = _in_trouble(cursor, watched, values)
    alert = "authentication" not in watched.told and (
        seen.authentication > 0 or REFUSALS_WARNED.possible(seen.refusals, seen.answered)
    )
    listed = "blocklist" not in watched.told and LISTED_WARNED.possible(seen.listed, seen.answered)
    if alert or listed or _may_pass(watched, seen):
        delivered, answered = _answers(cursor, values)
        _floors[watched.send_id] = (watched.since, delivered, answered)
        seen = replace(seen, delivered=delivered, answered=answered)
    if alert or REFUSALS.passed(seen.refusals, seen.answered):
        seen = replace(seen, where=_where(cursor, values, "refusal_status", _POLICY))
    if listed or REFUSALS.passed(seen.listed, seen.answered):
        seen = replace(seen, listed_where=_where(cursor, values, "block_list", "block_list IS NOT NULL"))
    unproven, newest = _newest(cursor, values) if watched.running else (0, 0)
    return replace(seen, unproven=unproven, newest=newest)


def _in_trouble(cursor: CursorWrapper, watched: Watched, values: Mapping[str, Any]) -> Seen:
    """Those in trouble, among at least so many delivered and answered as were counted last."""
    cursor.execute(
        f"""
        SELECT count(complained_at), count(bounced_at), count(*) FILTER (WHERE {_POLICY}),
            count(*) FILTER (WHERE refusal_status = ANY(%(codes)s)), count(block_list)
        FROM delivery_delivery WHERE {_IN_TROUBLE}
        """,
        values,
    )
    complaints, hard_bounces, refusals, authentication, listed = cursor.fetchone()
    since, delivered, answered = _floors.get(watched.send_id, (watched.since, 0, 0))
    if since != watched.since:
        delivered = answered = 0
    return Seen(complaints, hard_bounces, refusals, authentication, listed, delivered, answered)


def _may_pass(watched: Watched, least: Seen) -> bool:
    """Whether a limit may be passed of which there is something to do, among at least so many people."""
    complaints = COMPLAINTS if "complaints" in watched.told else COMPLAINTS_WARNED
    passed = {
        "complaints": complaints.possible(least.complaints, least.delivered),
        "bounces": HARD_BOUNCES.possible(least.hard_bounces, least.answered),
        "authentication": REFUSALS.possible(least.refusals, least.answered),
        "blocklist": REFUSALS.possible(least.listed, least.answered),
    }
    # Of a finished send nothing is told twice.
    return any(passed[kind] for kind in passed if watched.running or kind not in watched.told)


def _answers(cursor: CursorWrapper, values: Mapping[str, Any]) -> tuple[int, int]:
    """How many people were delivered to, and of how many there was any answer."""
    cursor.execute(
        f"""
        SELECT count(delivered_at), count(*) FROM delivery_delivery
        WHERE num_nonnulls(delivered_at, bounced_at, blocked_at, dropped_at) > 0 AND {_COUNTS}
        """,
        values,
    )
    delivered, answered = cursor.fetchone()
    return delivered, answered


def _where(cursor: CursorWrapper, values: Mapping[str, Any], named: str, refused: str) -> str:
    """The receiving domains that refuse the most, each with its number and what it names; authentication first.

    Args:
        named: the column that they name something in, and `refused` the condition of those who count.
    """
    cursor.execute(
        f"""
        SELECT split_part(lower(subscriber.email), '@', -1), {named}, count(*)
        FROM delivery_delivery JOIN subscribers_subscriber subscriber ON subscriber.id = subscriber_id
        WHERE {_IN_TROUBLE} AND {refused} GROUP BY 1, 2
        ORDER BY {named} = ANY(%(codes)s) DESC, 3 DESC, 1, 2 LIMIT 5
        """,
        values,
    )
    return ", ".join(f"{domain} {count:,} ({what})" for domain, what, count in cursor.fetchall())


def _newest(cursor: CursorWrapper, values: Mapping[str, Any]) -> tuple[int, int]:
    """How many of the newest requests proved nothing, and how many they are."""
    cursor.execute(
        """
        SELECT count(*) FILTER (WHERE outcome = 'unknown'), count(*) FROM (
            SELECT outcome FROM delivery_submission submission
            JOIN delivery_batch batch ON batch.id = submission.batch_id
            WHERE batch.send_id = %(send)s AND outcome IS NOT NULL
                AND (%(since)s::timestamptz IS NULL OR submission.started_at >= %(since)s)
            ORDER BY submission.started_at DESC LIMIT %(newest)s
        ) newest
        """,
        values,
    )
    unproven, newest = cursor.fetchone()
    return unproven, newest
