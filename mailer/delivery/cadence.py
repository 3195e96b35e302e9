"""Who wants fewer than every issue, and has had the one whose turn it was: the cadence of a subscription.

Every second issue: nobody gets two issues running. The issue just before this one is the newest that went to the list;
where another is planned already to come after this one, that counts in the same way.

One a month: MONTH lies between any two.

An issue stands where its first send does, so a further send of it decides as the first did. What was handed over
counts, and what waits to be; what is known to have failed does not (see members.HAS_IT). A cancelled send counts for
those who got it before, and takes nobody else's turn. A welcome issue, which goes to each when they come, is no issue
of the list's.

The plan decides, and the claim does not ask again: who changes the cadence after the plan has it obeyed by the next. The
plans of a list are made one after the other, so that each knows what the others have given to whom.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from mailer.delivery.members import HAS_IT
from mailer.delivery.models import Send
from mailer.delivery.schedule import due
from subscribers.models import Cadence, Subscription

MONTH = timedelta(days=27)
"""Four weeks, less a day for the hour: a weekly issue that goes out a little earlier than four weeks ago is not missed."""

THEIRS = f"""
SELECT delivery.send_id, delivery.subscriber_id
FROM delivery_delivery delivery JOIN delivery_batch batch ON batch.id = delivery.batch_id
WHERE delivery.send_id = ANY(%(around)s) AND {HAS_IT}
UNION ALL
SELECT batch.send_id, unnest(batch.subscriber_ids) FROM delivery_batch batch
WHERE batch.send_id = ANY(%(around)s) AND batch.state = 'waiting'
"""
"""Who has got one of some sends, may have, or is to get it, as SQL; somebody may be in it twice. A delivery is written
at the claim, so who waits for the first try stands in the batch alone."""

OUT_OF_TURN = f"""
LEFT JOIN (
    SELECT who.subscriber_id, min(CASE who.cadence WHEN 'second' THEN 'every_second' ELSE 'monthly' END) AS reason
    FROM subscribers_subscription who JOIN ({THEIRS}) theirs USING (subscriber_id)
    WHERE who.mailing_list_id = %(list)s AND who.cadence <> 'every'
        AND theirs.send_id = ANY(CASE who.cadence WHEN 'second' THEN %(beside)s::bigint[] ELSE %(within)s::bigint[] END)
    GROUP BY 1
) out_of_turn USING (subscriber_id)
"""
"""Those whose cadence stands against a send, with the reason. Its parameters are those of `Around.values`, and `list`."""


@dataclass(frozen=True)
class Around:
    """The sends of other issues of its list that decide whose turn a send is.

    Args:
        beside: of the issues just before and after it.
        within: those that are less than MONTH away from it.
    """

    beside: Sequence[Send]
    within: Sequence[Send]

    @property
    def values(self) -> dict[str, list[int]]:
        """The parameters of OUT_OF_TURN."""
        beside, within = ([send.pk for send in sends] for sends in (self.beside, self.within))
        return {"beside": beside, "within": within, "around": sorted({*beside, *within})}

    def of(self, cadence: str) -> Sequence[Send]:
        """Those that count for who has this cadence."""
        return {Cadence.SECOND: self.beside, Cadence.MONTHLY: self.within}.get(Cadence(cadence), ())


def has_cadences(send: Send) -> bool:
    """Whether anybody on a send's list wants fewer than every issue. Where nobody does, nothing else need be asked."""
    on_list = Subscription.objects.filter(mailing_list=send.mailing_list_id)
    return not send.rolling and on_list.exclude(cadence=Cadence.EVERY).exists()


def goes_out_at(send: Send) -> datetime:
    """When a send goes out or went, for who has no time zone of their own."""
    return due(send, "", "") or send.started_at or send.planned_at or timezone.now()


def around(send: Send) -> Around:
    """The sends that decide about a send: as they stand now, or stood when it was planned."""
    there_are = Send.objects.filter(mailing_list=send.mailing_list_id, rolling=False).exclude(planned_at=None)
    if send.planned_at:
        there_are = there_are.filter(planned_at__lt=send.planned_at)
    own: list[Send] = [send]
    others: list[Send] = []
    for each in there_are.select_related("issue__newsletter").order_by("-id"):
        (own if each.issue_id == send.issue_id else others).append(each)
    at = due(send, "", "") or send.planned_at or timezone.now()
    first = min([at, *map(goes_out_at, own[1:])])
    within = [each for each in others if first - MONTH < goes_out_at(each) < at + MONTH]
    return Around(_beside((first, own[-1].pk), others), within)


def in_the_way(send: Send, subscriber_id: int, cadence: str) -> Send | None:
    """The newest send that somebody of this cadence has, so that it is not their turn; None where there is none."""
    sends = {each.pk: each for each in around(send).of(cadence)}
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT send_id FROM ({THEIRS}) theirs WHERE subscriber_id = %(subscriber)s",
            {"around": list(sends), "subscriber": subscriber_id},
        )
        theirs = [sends[send_id] for (send_id,) in cursor.fetchall()]
    return max(theirs, key=goes_out_at, default=None)


def _beside(place: tuple[datetime, int], others: Iterable[Send]) -> list[Send]:
    """The sends of the issues on both sides of a place in the order of issues."""
    issues: dict[int, list[Send]] = {}
    for each in others:
        issues.setdefault(each.issue_id, []).append(each)
    placed = {(min(map(goes_out_at, sends)), sends[-1].pk): sends for sends in issues.values()}
    before = [placed[other] for other in sorted(placed, reverse=True) if other < place]
    after = [placed[other] for other in sorted(placed) if other > place]
    return [each for side in (before, after) for sends in _nearest(side) for each in sends]


def _nearest(issues: Iterable[list[Send]]) -> Iterable[list[Send]]:
    """The first of some issues that was not cancelled altogether, and those that come before it."""
    for sends in issues:
        yield sends
        if not all(each.cancelled_at for each in sends):
            return
