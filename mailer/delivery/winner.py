"""Choosing the winner of an A/B test, and giving it to everybody who has not got a variant.

The variant with the best share of human clicks (or opens) wins only where a significance test says that it is better
than each of the others; else it is variant 0, the issue's own. Chance alone makes one of four equal subjects look best.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import erfc, sqrt

import structlog
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from mailer.delivery.models import Send
from mailer.delivery.notices import notify

log = structlog.get_logger()

LEVEL = 0.05
"""Of significance, for all comparisons of a test together."""
# The test takes the binomial for normal, which wants some cases on either side: twenty are five for each of four.
DELIVERED = 100
"""People each variant must have been delivered to, or nothing is concluded."""
ANSWERS = 20
"""People who must have clicked (or opened), over all variants."""


@dataclass(frozen=True)
class Result:
    """A variant in people: `sent` were accepted by SendGrid; opens and clicks are by people, not machines, and
    counted among those delivered."""

    number: int
    subject: str
    preheader: str
    sent: int = 0
    delivered: int = 0
    opened: int = 0
    clicked: int = 0

    def answers(self, metric: str) -> int:
        """The people by whom the variant is judged: metric is one of Send.Metric."""
        return self.opened if metric == Send.Metric.OPENS else self.clicked

    def share(self, metric: str) -> float | None:
        """Of those delivered, from 0 to 1; None where it was delivered to nobody."""
        return self.answers(metric) / self.delivered if self.delivered else None


@dataclass(frozen=True)
class Decision:
    """`because` says it in words, with the counts and p."""

    winner: int
    because: str


def decide_due(now: datetime | None = None) -> int:
    """Choose the winner of each test whose time has come. Safe to call twice and at once.

    That is `test_minutes` after the start, or after the last of its test's requests where that came later. A paused
    send is decided too, and goes on when it is resumed; a cancelled one is not decided.

    Returns: how many were decided.
    """
    moment = now or timezone.now()
    open_tests = Send.objects.exclude(test_share=None).exclude(started_at=None)
    ids = open_tests.filter(winner=None, cancelled_at=None).order_by("id").values_list("id", flat=True)
    return sum(_decide(send_id, moment) for send_id in list(ids))


def results(send: Send) -> list[Result]:
    """The variants of a send's test with what became of each, by their numbers. Empty without a test."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT edition.variant,
                count(*) FILTER (WHERE batch.state = 'accepted' AND rejected_because IS NULL),
                count(delivered_at),
                count(*) FILTER (WHERE delivered_at IS NOT NULL AND opened_at IS NOT NULL),
                count(*) FILTER (WHERE delivered_at IS NOT NULL AND clicked_at IS NOT NULL)
            FROM delivery_batch batch
            JOIN delivery_edition edition ON edition.id = batch.edition_id
            CROSS JOIN unnest(batch.subscriber_ids) AS member (subscriber_id)
            JOIN delivery_delivery delivery
                ON delivery.send_id = batch.send_id AND delivery.subscriber_id = member.subscriber_id
            WHERE batch.send_id = %s AND batch.in_test
            GROUP BY 1
            """,
            [send.pk],
        )
        counts = {number: row for number, *row in cursor.fetchall()}
    return [
        Result(variant.number, variant.subject, variant.preheader, *counts.get(variant.number, ()))
        for variant in send.variants.all()
    ]


def choose(found: Sequence[Result], metric: str) -> Decision:
    """Who wins.

    A two-sided two-proportion z-test of the best against each of the others, corrected by Holm (Scand. J. Statist. 6,
    1979): below LEVEL against all of them, the best wins. Where the counts are too small for the test, or it does not
    say so, variant 0 wins.
    """
    unit = Send.Metric(metric).label
    counts = "; ".join(
        f"variant {each.number}: {each.answers(metric):,} of {each.delivered:,}{_percent(each.share(metric))}"
        for each in found
    )
    answers = sum(each.answers(metric) for each in found)
    if len(found) < 2 or min(each.delivered for each in found) < DELIVERED or answers < ANSWERS:
        least = f"{DELIVERED} delivered each and {ANSWERS} {unit} in all"
        return Decision(
            0, f"Too few answers to tell ({least} are needed), so the first. {_head(unit)} {counts}."
        )
    best = max(found, key=lambda each: (each.share(metric) or 0, -each.number))
    p = max(
        holm(
            [
                two_proportions(best.answers(metric), best.delivered, each.answers(metric), each.delivered)
                for each in found
                if each is not best
            ]
        )
    )
    how = f"Two-proportion z-test of the best against each other one, Holm-corrected: p = {_written(p)}"
    if p < LEVEL:
        return Decision(best.number, f"Variant {best.number} is better. {_head(unit)} {counts}. {how}.")
    return Decision(
        0, f"None is proven better, so the first. {_head(unit)} {counts}. {how}, not below {LEVEL}."
    )


def two_proportions(hits: int, of: int, other_hits: int, of_others: int) -> float:
    """The p of a two-sided two-proportion z-test with pooled variance: how likely chance alone makes two equal
    shares differ this much. 1 where both are nothing, or everything."""
    pooled = (hits + other_hits) / (of + of_others)
    variance = pooled * (1 - pooled) * (1 / of + 1 / of_others)
    if variance <= 0:
        return 1.0
    z = abs(hits / of - other_hits / of_others) / sqrt(variance)
    return erfc(z / sqrt(2))  # twice the tail of the normal distribution beyond z


def holm(ps: Sequence[float]) -> list[float]:
    """The p of several comparisons, each corrected for all of them (Holm–Bonferroni), in their order."""
    adjusted, highest = [0.0] * len(ps), 0.0
    for rank, place in enumerate(sorted(range(len(ps)), key=ps.__getitem__)):
        highest = max(highest, min(1.0, (len(ps) - rank) * ps[place]))
        adjusted[place] = highest
    return adjusted


def _decide(send_id: int, moment: datetime) -> bool:
    with transaction.atomic(), connection.cursor() as cursor:
        undecided = Send.objects.select_for_update(no_key=True).filter(
            pk=send_id, winner=None, cancelled_at=None
        )
        send = undecided.first()
        if send is None or not _is_due(cursor, send_id, moment):
            return False
        decision = choose(results(send), send.test_metric)
        Send.objects.filter(pk=send_id).update(
            winner=decision.winner, decided_at=moment, decided_because=decision.because
        )
        _give_to_the_others(cursor, send_id, decision.winner)
        notify(send_id, "winner", decision.because)
    log.info("winner_decided", send=send_id, winner=decision.winner)
    return True


def _is_due(cursor: CursorWrapper, send_id: int, moment: datetime) -> bool:
    """Whether nothing of the test is to go out any more, and its time is over. A test of nobody is over at once."""
    cursor.execute(
        """
        SELECT bool_and(batch.state NOT IN ('waiting', 'submitting')) IS NOT FALSE AND (
            count(batch.id) = 0
            OR greatest(send.started_at, max(batch.due_at), max(submission.started_at))
                + make_interval(mins => send.test_minutes) <= %s
        )
        FROM delivery_send send
        LEFT JOIN delivery_batch batch ON batch.send_id = send.id AND batch.in_test
        LEFT JOIN delivery_submission submission ON submission.batch_id = batch.id
        WHERE send.id = %s GROUP BY send.id
        """,
        [moment, send_id],
    )
    (due,) = cursor.fetchone()
    return bool(due)


def _give_to_the_others(cursor: CursorWrapper, send_id: int, winner: int) -> None:
    """Whoever waits for the winner gets the edition of their stories in it; the plan has built all of them."""
    cursor.execute(
        """
        UPDATE delivery_batch batch
        SET edition_id = chosen.id, due_at = greatest(batch.due_at, statement_timestamp()), queued_at = NULL
        FROM delivery_edition planned
        JOIN delivery_edition chosen ON chosen.send_id = planned.send_id AND chosen.story_ids = planned.story_ids
        WHERE batch.send_id = %s AND NOT batch.in_test AND batch.state = 'waiting'
            AND planned.id = batch.edition_id AND chosen.variant = %s
        """,
        [send_id, winner],
    )


def _head(unit: str) -> str:
    return f"{unit.capitalize()}, of those delivered:"


def _percent(share: float | None) -> str:
    return "" if share is None else f" ({100 * share:.1f} %)"


def _written(p: float) -> str:
    return "below 0.0001" if p < 0.0001 else f"{p:.4f}"
