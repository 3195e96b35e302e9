"""Who is new in a send, and who fell out of it, beside the newsletter's last one."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.backends.utils import CursorWrapper

from mailer.delivery.forecast.figures import Difference, ReasonCount
from mailer.delivery.forecast.foreseen import Foreseen, ledger
from mailer.delivery.forecast.wording import JOINED, OFF_AUDIENCE, OFF_LIST, WORDS
from mailer.delivery.models import Send, SendSegment

IS_NEW = "now.got AND before.got IS NOT TRUE"
FELL_OUT = "before.got AND now.got IS NOT TRUE"
"""Over the relation of `Beside`."""
BECAUSE_NEW = f"""
CASE WHEN before.subscriber_id IS NOT NULL THEN before.reason
    WHEN subscription.created_at < %(then)s THEN '{OFF_AUDIENCE}' ELSE '{JOINED}' END
"""
BECAUSE_OUT = f"""
CASE WHEN now.subscriber_id IS NOT NULL THEN now.reason
    WHEN subscription.subscriber_id IS NOT NULL THEN '{OFF_AUDIENCE}' ELSE '{OFF_LIST}' END
"""


@dataclass(frozen=True)
class Beside:
    """The people of a send and those of the newsletter's last one, as SQL after FROM: `now` and `before`, of which one
    may be missing, their common `subscriber_id`, and who is on the list in `subscription`. Its own parameters are
    `values`."""

    last: Send
    sql: str
    values: Mapping[str, Any]


def beside_last(who: Foreseen) -> Beside | None:
    """The people of a send beside those of the newsletter's last one; None where nothing went out before."""
    sends = _last_sends(who.send)
    if not sends:
        return None
    then = f"SELECT subscriber_id, reason FROM ({ledger('last')}) each_send"
    if len(sends) > 1:
        # Who got it from any of them got it; else what the newest says of them holds.
        then = (
            "SELECT DISTINCT ON (subscriber_id) subscriber_id, reason"
            f" FROM ({ledger('last')}) each_send ORDER BY subscriber_id, reason IS NOT NULL, send_id DESC"
        )
    # Where neither has an audience, who is not in one of them was not on the list: that need not be asked of everybody.
    cut = SendSegment.objects.filter(send__in=[who.send, *sends]).exists()
    sql = f"""
        (SELECT subscriber_id, reason, reason IS NULL AS got FROM ({who.sql}) foreseen) now
        FULL JOIN (SELECT subscriber_id, reason, reason IS NULL AS got FROM ({then}) ledger) before USING (subscriber_id)
        LEFT JOIN (
            SELECT subscriber_id, created_at FROM subscribers_subscription WHERE %(cut)s AND mailing_list_id = %(list)s
        ) subscription USING (subscriber_id)
        """
    values = {
        "last": [send.pk for send in sends],
        "then": sends[0].planned_at,
        "cut": cut,
        "list": who.send.mailing_list_id,
    }
    return Beside(sends[0], sql, {**who.values, **values})


def compare(cursor: CursorWrapper, who: Foreseen) -> Difference | None:
    """The difference to the newsletter's last send; None where nothing went out before."""
    beside = beside_last(who)
    if beside is None:
        return None
    cursor.execute(
        f"""
        SELECT coalesce(now.got, false), coalesce(before.got, false),
            CASE WHEN now.got THEN {BECAUSE_NEW} ELSE {BECAUSE_OUT} END AS because, count(*)
        FROM {beside.sql}
        WHERE now.got OR before.got
        GROUP BY 1, 2, 3
        """,
        beside.values,
    )
    kept = 0
    new: Counter[str] = Counter()
    out: Counter[str] = Counter()
    for got_now, got_then, because, people in cursor.fetchall():
        if got_now and got_then:
            kept += people
        elif got_now:
            new[because] += people
        else:
            out[because] += people
    return Difference(
        send=beside.last.pk,
        issue=str(beside.last.issue),
        recipients=kept + out.total(),
        kept=kept,
        new=reason_counts(new),
        out=reason_counts(out),
    )


def reason_counts(counts: Mapping[str, int]) -> tuple[ReasonCount, ...]:
    """Reasons with their words, the one with the most people first."""
    ordered: Iterable[tuple[str, int]] = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(ReasonCount(reason, WORDS[reason], people) for reason, people in ordered)


def _last_sends(send: Send) -> list[Send]:
    """The newest started send of another issue of the newsletter, and the others of that issue, newest first.

    For a send that is started itself they are those started before it.
    """
    before = Send.objects.exclude(started_at=None).select_related("issue__newsletter")
    if send.started_at:
        before = before.filter(started_at__lt=send.started_at)
    last = (
        before.filter(issue__newsletter=send.issue.newsletter_id)
        .exclude(issue=send.issue_id)
        .order_by("-started_at", "-id")
        .first()
    )
    return list(before.filter(issue=last.issue_id).order_by("-id")) if last else []
