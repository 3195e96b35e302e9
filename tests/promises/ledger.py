"""What must hold at every moment between the ledger and what SendGrid accepted."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from mailer.delivery.models import Batch, Delivery, Exclusion, Send, Submission
from mailer.delivery.progress import progress
from mailer.tracking.models import Click
from mailer.tracking.reading import FACTS, OF_FAILURES, OF_OPENS
from subscribers.models import Subscription, Suppression
from tests.promises.account import Account

Cut = Mapping[int, tuple[Any, ...]]
"""What the plan decided for each recipient, by subscriber: none of it may change afterwards."""


@dataclass(frozen=True)
class Planned:
    """A send as it was planned: everyone on the list at that moment, and how the recipients were cut."""

    candidates: frozenset[int]
    cut: Cut


@dataclass(frozen=True)
class Rows:
    """All there is of a send in the ledger."""

    batches: list[Batch]
    deliveries: list[Delivery]
    excluded: list[int]
    submissions: list[Submission]

    @property
    def cut(self) -> Cut:
        """Where a test chooses the edition, its variant is none of the plan's."""
        batches = {
            batch.pk: (
                tuple(batch.edition.story_ids),
                batch.in_test and batch.edition.variant,
                batch.in_test,
                batch.domain,
            )
            for batch in self.batches
        }
        members = {who: batch.pk for batch in self.batches for who in batch.subscriber_ids}
        members |= {delivery.subscriber_id: delivery.batch_id for delivery in self.deliveries}
        return {who: batches[batch] for who, batch in members.items()}

    @property
    def rejected(self) -> list[int]:
        return [row.subscriber_id for row in self.deliveries if row.rejected_because is not None]


def rows_of(sends: Iterable[Send]) -> dict[int, Rows]:
    """The ledger of some sends, by their ids."""
    rows = {send.pk: Rows([], [], [], []) for send in sends}
    for batch in Batch.objects.filter(send__in=rows).select_related("edition"):
        rows[batch.send_id].batches.append(batch)
    for delivery in Delivery.objects.filter(send__in=rows):
        rows[delivery.send_id].deliveries.append(delivery)
    for send_id, who in Exclusion.objects.filter(send__in=rows).values_list("send_id", "subscriber_id"):
        rows[send_id].excluded.append(who)
    for submission in Submission.objects.filter(batch__send__in=rows).select_related("batch"):
        rows[submission.batch.send_id].submissions.append(submission)
    return rows


def hold(
    sends: Iterable[Send], planned: Mapping[int, Planned], account: Account, recorded: Collection[UUID]
) -> None:
    """Raises AssertionError, with the promise, where the ledger of these sends and the account do not agree.

    Args:
        recorded: the submissions whose worker recorded an answer.
    """
    twice = {who: messages for who, messages in account.got().items() if len(messages) > 1}
    assert not twice, f"promise 1: these got the issue twice: {twice}"
    sends = list(sends)
    for send_id, rows in rows_of(sends).items():
        _says_what_was_accepted(rows, account.mailed(send_id), account.accepted)
        _guesses_nothing(rows, recorded)
        _each_stands_in_one_place(rows, planned.get(send_id) or Planned(frozenset(), {}))
    for send in sends:
        if send.planned_at:
            now = progress(send)
            assert now.adds_up, f"promise 3: {now}"
            assert now.candidates == len(planned[send.pk].candidates), f"promise 3: {now}"


def _says_what_was_accepted(rows: Rows, mailed: set[int], accepted: set[str]) -> None:
    """Promise 1: the ledger claims nothing that did not happen, and hands out nothing that did."""
    tried: dict[int, set[str]] = defaultdict(set)
    for submission in rows.submissions:
        tried[submission.batch_id].add(str(submission.pk))
        is_accepted = str(submission.pk) in accepted
        match submission.outcome:
            case "accepted":
                assert is_accepted, "promise 1: SendGrid has nothing of what the ledger calls accepted"
            case "rejected" | "not_accepted":
                assert not is_accepted, f"promise 1: accepted, and the ledger says {submission.outcome}"
    for batch in rows.batches:
        match batch.state:
            case "accepted":
                assert str(batch.submission_id) in accepted, "promise 1: a batch is lost"
                assert mailed.issuperset(batch.subscriber_ids), "promise 1: somebody in a batch is lost"
            case "waiting" | "rejected" | "cancelled":
                assert not tried[batch.pk] & accepted, (
                    f"promise 1: a batch was accepted, and is {batch.state}"
                )
                assert mailed.isdisjoint(batch.subscriber_ids), f"promise 1: mailed, and {batch.state}"


def _guesses_nothing(rows: Rows, recorded: Collection[UUID]) -> None:
    """Promise 2: what is unknown stays so until an answer, evidence or a person settles it."""
    for submission in rows.submissions:
        batch = submission.batch
        unsettled = {None: "submitting", "unknown": "unknown"}.get(submission.outcome)
        if unsettled:
            assert (batch.state, batch.submission_id) == (unsettled, submission.pk), (
                "promise 2: left, and not settled"
            )
        else:
            assert submission.pk in recorded or submission.evidence, "promise 2: settled by nothing"


def _each_stands_in_one_place(rows: Rows, plan: Planned) -> None:
    """Promise 3, person by person."""
    batched = Counter(who for batch in rows.batches for who in batch.subscriber_ids)
    places = batched + Counter(rows.excluded) + Counter(rows.rejected)
    assert places == Counter(plan.candidates), "promise 3: everybody stands in one place"
    members = {batch.pk: batch.subscriber_ids for batch in rows.batches}
    for delivery in rows.deliveries:
        is_member = delivery.subscriber_id in members[delivery.batch_id]
        assert is_member == (delivery.rejected_because is None), f"{delivery} and its batch do not agree"
    cut = rows.cut
    assert cut == {who: plan.cut[who] for who in cut}, "what the plan decided has changed"


def obeys_cadence(send: Send, expected: Mapping[int, str]) -> None:
    """Whoever wants fewer issues gets none out of turn, and whose turn it is gets it.

    Args:
        expected: those whose cadence stands against the send, with the reason, before it was planned.
    """
    reasons = dict(Exclusion.objects.filter(send=send).values_list("subscriber_id", "reason"))
    for who, reason in expected.items():
        assert reasons.get(who, "no_stories") != "no_stories", f"out of turn ({reason}), and gets it"
    found = {who: reason for who, reason in reasons.items() if reason in ("every_second", "monthly")}
    assert found == {who: expected.get(who) for who in found}, "left out for a cadence that does not say so"


def stopped(mailing_list_id: int) -> set[int]:
    """Who must get nothing at this moment, read from the store row by row."""
    suppressed = set(Suppression.objects.values_list("address", flat=True))
    return {
        row.subscriber_id
        for row in Subscription.objects.filter(mailing_list_id=mailing_list_id).select_related("subscriber")
        if row.state != "active" or row.paused_until or row.subscriber.email.lower() in suppressed
    }


def figures() -> list[list[tuple[Any, ...]]]:
    """All that reports are made from, as events left it."""
    return [
        sorted(
            Delivery.objects.values_list("send_id", "subscriber_id", *FACTS, *OF_FAILURES, *OF_OPENS), key=str
        ),
        sorted(Click.objects.values_list("link_id", "subscriber_id", "at", "rule")),
    ]


def states() -> list[tuple[Any, ...]]:
    """Where every batch and submission stands."""
    batches = Batch.objects.order_by("id").values_list("id", "state", "submission_id", "subscriber_ids")
    submissions = Submission.objects.order_by("id").values_list("id", "outcome", "status", "evidence")
    return [*batches, *submissions]
