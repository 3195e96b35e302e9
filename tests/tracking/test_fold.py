"""What events do to deliveries and to people."""

import json
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from mailer.delivery.models import Batch, Submission
from mailer.sendgrid.event_kinds import KINDS
from mailer.tracking.fold import fold_events
from mailer.tracking.intake import store
from mailer.tracking.models import Click, Event, Post
from mailer.tracking.reading import read
from mailer.tracking.tasks import fold
from subscribers.leaving import leave
from subscribers.models import Consent, Subscriber, Suppression
from tests.tracking.ledger import SENT_AT, Ledger, make_list, make_people, make_send

pytestmark = pytest.mark.django_db


def fold_these(*events: dict[str, Any]) -> None:
    keep(events)
    while fold_events():
        pass


def keep(events: Sequence[Any]) -> None:
    store(json.dumps(events).encode())


def at(after: float) -> datetime:
    return SENT_AT + timedelta(seconds=after)


@pytest.fixture
def ledger() -> Ledger:
    return make_send(3)


@pytest.mark.parametrize(
    ("kind", "own", "column"),
    [
        ("deferred", {}, "deferred_at"),
        ("delivered", {}, "delivered_at"),
        ("bounce", {"type": "bounce"}, "bounced_at"),
        ("bounce", {"type": "blocked"}, "blocked_at"),
        ("bounce", {"type": "expired"}, "blocked_at"),
        ("bounce", {}, "blocked_at"),
        ("dropped", {"reason": "Bounced Address"}, "dropped_at"),
        ("open", {}, "opened_at"),
        ("open", {"sg_machine_open": False}, "opened_at"),
        ("open", {"sg_machine_open": True}, "machine_opened_at"),
        ("click", {"url": "https://example.org/tea"}, "clicked_at"),
        ("spamreport", {}, "complained_at"),
        ("unsubscribe", {}, "unsubscribed_at"),
        ("group_unsubscribe", {"asm_group_id": 4}, "unsubscribed_at"),
    ],
)
def test_an_event_sets_the_one_fact_it_reports(
    ledger: Ledger, kind: str, own: dict[str, Any], column: str
) -> None:
    before = ledger.delivery()
    fold_these(ledger.event(kind, after=90, **own))
    after = ledger.delivery()
    changed = {
        name for name in vars(after) if name.endswith("_at") and vars(after)[name] != vars(before)[name]
    }
    assert changed == {column}
    assert getattr(after, column) == at(90)
    assert ledger.delivery(1).delivered_at is None


@pytest.mark.parametrize("kind", ["processed", "group_resubscribe", "invented_next_year", ""])
def test_other_events_are_kept_and_change_nothing(ledger: Ledger, kind: str) -> None:
    before = vars(ledger.delivery())
    fold_these(ledger.event(kind))
    assert {**vars(ledger.delivery()), "_state": None} == {**before, "_state": None}
    assert Event.objects.count() == 1
    assert not Post.objects.exists()


def test_the_earliest_of_many_opens_counts(ledger: Ledger) -> None:
    fold_these(ledger.event("open", after=500))
    fold_these(ledger.event("open", after=200), ledger.event("open", after=900))
    assert ledger.delivery().opened_at == at(200)


def test_machine_opens_are_kept_apart(ledger: Ledger) -> None:
    fold_these(ledger.event("open", after=10, sg_machine_open=True), ledger.event("open", after=99))
    assert (ledger.delivery().machine_opened_at, ledger.delivery().opened_at) == (at(10), at(99))


def test_a_hard_bounce_suppresses_the_address(ledger: Ledger) -> None:
    event = ledger.event("bounce", type="bounce", bounce_classification="Invalid Address", reason="550 5.1.1")
    fold_these({**event, "email": event["email"].upper()})
    suppression = Suppression.objects.get()
    assert (suppression.address, suppression.reason) == (ledger.subscribers[0].email, "bounce")
    assert suppression.detail == "550 5.1.1"
    assert ledger.delivery().bounce_class == "Invalid Address"


def test_a_block_does_not_suppress(ledger: Ledger) -> None:
    fold_these(ledger.event("bounce", type="blocked", bounce_classification="Reputation"))
    assert not Suppression.objects.exists()
    assert ledger.delivery().bounce_class == "Reputation"


def test_a_hard_bounce_names_the_class_even_after_a_block(ledger: Ledger) -> None:
    hard = ledger.event("bounce", after=900, type="bounce", bounce_classification="Invalid Address")
    soft = ledger.event("bounce", after=10, type="blocked", bounce_classification="Content")
    fold_these(hard)
    fold_these(soft)
    assert ledger.delivery().bounce_class == "Invalid Address"


@pytest.mark.parametrize(
    ("own", "status"),
    [
        ({"status": "5.7.26"}, "5.7.26"),
        ({"status": " 5.1.1 ", "reason": "550 5.7.1 refused"}, "5.1.1"),
        ({"status": "5.0.0", "reason": "550-5.7.26 This mail is unauthenticated"}, "5.7.26"),
        ({"status": "5.0.0", "reason": "500 unknown recipient"}, "5.0.0"),
        ({"reason": "550 5.7.515 Access denied"}, "5.7.515"),
        ({"reason": "host 10.5.7.1 said 550: no"}, None),
        ({"status": 550, "reason": ["5.1.1"]}, None),
        ({"status": "5.1.1; DROP", "reason": "5.7.1234"}, None),
        ({}, None),
    ],
)
def test_a_refusal_keeps_the_enhanced_status_that_says_most(
    ledger: Ledger, own: dict[str, Any], status: str | None
) -> None:
    fold_these(ledger.event("bounce", type="blocked", bounce_classification="Reputation", **own))
    assert ledger.delivery().refusal_status == status


def test_the_status_kept_is_that_of_the_failure_whose_class_is_kept(ledger: Ledger) -> None:
    hard = ledger.event("bounce", after=900, type="bounce", bounce_classification="Invalid", status="5.1.1")
    soft = ledger.event("bounce", after=10, type="blocked", bounce_classification="Content", status="5.7.26")
    dropped = ledger.event("dropped", after=1, reason="Spam Content", status="5.0.0")
    fold_these(dropped)
    assert ledger.delivery().refusal_status is None
    fold_these(hard)
    fold_these(soft)
    assert (ledger.delivery().bounce_class, ledger.delivery().refusal_status) == ("Invalid", "5.1.1")


@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize("seed", range(6))
def test_the_class_kept_is_the_first_of_the_gravest_failures_in_any_order(
    ledger: Ledger, seed: int, size: int
) -> None:
    failures = [
        ledger.event("dropped", after=1, reason="Spam Content"),
        ledger.event("bounce", after=2, type="blocked", bounce_classification="Content"),
        ledger.event("bounce", after=4, type="bounce", bounce_classification="Mailbox Unavailable"),
        ledger.event("bounce", after=3, type="bounce", bounce_classification="Reputation"),
        ledger.event("bounce", after=3, type="bounce", bounce_classification="Invalid Address"),
    ]
    random.Random(seed).shuffle(failures)
    for start in range(0, len(failures), size):
        fold_these(*failures[start : start + size])
    assert ledger.delivery().bounce_class == "Invalid Address"


@pytest.mark.parametrize(
    ("reason", "suppressed"),
    [("Invalid", True), ("Bounced Address", False), ("Spam Reporting Address", False), ("", False)],
)
def test_a_drop_suppresses_only_an_invalid_address(ledger: Ledger, reason: str, suppressed: bool) -> None:
    fold_these(ledger.event("dropped", reason=reason))
    assert list(Suppression.objects.values_list("reason", flat=True)) == ["invalid"] * suppressed
    assert ledger.delivery().bounce_class == (reason or "Unclassified")


def test_a_complaint_suppresses(ledger: Ledger) -> None:
    fold_these(ledger.event("spamreport"))
    assert Suppression.objects.get().reason == "complaint"


def test_an_event_without_an_address_suppresses_the_subscribers(ledger: Ledger) -> None:
    event = ledger.event("spamreport")
    del event["email"]
    fold_these(event)
    assert Suppression.objects.get().address == ledger.subscribers[0].email


def test_the_address_that_bounced_is_suppressed_and_not_the_one_that_replaced_it(ledger: Ledger) -> None:
    event = ledger.event("bounce", type="bounce")
    Subscriber.objects.filter(pk=ledger.subscribers[0].pk).update(email="new@example.org")
    fold_these(event)
    assert Suppression.objects.get().address == event["email"]
    assert ledger.delivery().bounced_at is not None


def test_an_unsubscribe_event_takes_the_reader_off_the_list_with_a_record(ledger: Ledger) -> None:
    fold_these(ledger.event("unsubscribe"), ledger.event("unsubscribe", after=99))
    assert ledger.subscription().state == "unsubscribed"
    consent = Consent.objects.get()
    assert (consent.action, consent.source) == ("left", "event: unsubscribe")
    assert consent.detail == {"origin": ledger.send.pk}
    assert Suppression.objects.get().reason == "unsubscribe"
    assert ledger.delivery().unsubscribed_at == at(60)
    assert ledger.subscription(1).state == "active"


def test_a_group_unsubscribe_leaves_the_list_but_suppresses_nothing(ledger: Ledger) -> None:
    fold_these(ledger.event("group_unsubscribe"))
    assert ledger.subscription().state == "unsubscribed"
    assert not Suppression.objects.exists()


def test_a_late_unsubscribe_does_not_undo_a_newer_sign_up(ledger: Ledger) -> None:
    Consent.objects.create(
        mailing_list=ledger.send.mailing_list,
        subscriber=ledger.subscribers[0],
        action="confirmed",
        source="sign-up page",
        at=at(3600),
    )
    fold_these(ledger.event("group_unsubscribe", after=60))
    assert ledger.subscription().state == "active"
    assert ledger.delivery().unsubscribed_at == at(60)


def test_leaving_by_our_own_page_is_noted_on_the_send_it_came_from(ledger: Ledger) -> None:
    person = ledger.subscribers[0]
    assert leave(ledger.send.mailing_list_id, person.pk, source="one-click", origin=ledger.send.pk)
    assert ledger.delivery().unsubscribed_at == Consent.objects.get().at
    assert ledger.delivery(1).unsubscribed_at is None


@pytest.mark.parametrize("origin", [0, 4_000_000_000])
def test_leaving_from_somewhere_else_is_noted_nowhere(ledger: Ledger, origin: int) -> None:
    assert leave(
        ledger.send.mailing_list_id, ledger.subscribers[0].pk, source="unsubscribe page", origin=origin
    )
    assert ledger.delivery().unsubscribed_at is None


def test_every_click_is_kept_on_its_link_and_the_earliest_is_the_deliverys(ledger: Ledger) -> None:
    tea, bridge = ledger.links
    fold_these(ledger.event("click", after=300, url=tea.url), ledger.event("click", after=200, url=tea.url))
    fold_these(
        ledger.event("click", after=100, url=tea.url), ledger.event("click", after=400, url=bridge.url)
    )
    clicks = {(click.link_id, click.at) for click in Click.objects.all()}
    assert clicks == {*((tea.pk, at(after)) for after in (100, 200, 300)), (bridge.pk, at(400))}
    assert ledger.delivery().clicked_at == at(100)


def test_a_click_on_an_address_of_no_link_is_a_click_all_the_same(ledger: Ledger) -> None:
    fold_these(ledger.event("click", url="https://elsewhere.example/" + "x" * 10_000))
    assert ledger.delivery().clicked_at is not None
    link = Click.objects.get().link
    assert (link.send, link.url) == (ledger.send, "")


@pytest.mark.parametrize("state", ["unknown", "submitting"])
@pytest.mark.parametrize("kind", ["processed", "open", "invented_next_year"])
def test_any_event_of_an_unsettled_submission_proves_that_it_was_accepted(state: str, kind: str) -> None:
    ledger = make_send(2, state=state)
    fold_these(ledger.event(kind))
    assert Batch.objects.get().state == "accepted"
    submission = Submission.objects.get()
    assert (submission.outcome, submission.evidence) == ("accepted", "event")
    assert submission.finished_at is not None


@pytest.mark.parametrize("state", ["accepted", "rejected", "waiting"])
def test_an_event_changes_no_settled_batch(state: str) -> None:
    ledger = make_send(2, state=state)
    fold_these(ledger.event("processed"))
    assert Batch.objects.get().state == state
    assert Submission.objects.get().evidence == ""


@pytest.mark.parametrize(
    "arguments",
    [
        {"mailer_send": "", "mailer_subscriber": "x", "mailer_submission": "y"},
        {"mailer_send": "99999999", "mailer_subscriber": "99999999", "mailer_submission": str(uuid4())},
        {"mailer_send": "9" * 400, "mailer_subscriber": "-1", "mailer_submission": "{" + "f" * 400},
        {"mailer_send": "١", "mailer_subscriber": "0", "mailer_submission": None},
        {"mailer_send": ["1"], "mailer_subscriber": {"a": 1}, "mailer_submission": 7},
        {"mailer_send": 1e300, "mailer_subscriber": True, "mailer_submission": "'; --"},
    ],
)
def test_arguments_that_name_nothing_of_ours_are_ignored(ledger: Ledger, arguments: dict[str, Any]) -> None:
    kinds = ("processed", "delivered", "open", "click", "bounce", "dropped", "spamreport", "unsubscribe")
    fold_these(*(ledger.event(kind, type="bounce", url="https://a.example", **arguments) for kind in kinds))
    assert ledger.delivery().delivered_at is None
    assert ledger.subscription().state == "active"
    assert not Post.objects.exists()
    # The address is still one that bounced, complained and left, whoever wrote to it.
    assert set(Suppression.objects.values_list("reason", flat=True)) == {"bounce", "complaint", "unsubscribe"}


def nameless_bounce(email: str, when: datetime, kind: str = "bounce") -> dict[str, Any]:
    return {"event": "bounce", "type": kind, "email": email, "timestamp": int(when.timestamp())}


def test_a_bounce_without_ids_belongs_to_the_newest_send_before_it() -> None:
    people = make_people(["Ada@Example.org"])
    shared = make_list(people)
    week = timedelta(weeks=1)
    first, second, third = (
        make_send(people, mailing_list=shared, submitted_at=SENT_AT + n * week) for n in range(3)
    )
    fold_these(nameless_bounce("aDA@example.ORG", SENT_AT + week + timedelta(hours=2)))
    assert second.delivery().bounced_at == SENT_AT + week + timedelta(hours=2)
    assert first.delivery().bounced_at is third.delivery().bounced_at is None
    assert Suppression.objects.get().address == "ada@example.org"


def test_a_bounce_without_ids_to_somebody_unknown_still_suppresses(ledger: Ledger) -> None:
    fold_these(nameless_bounce("stranger@example.org", at(60)))
    assert Suppression.objects.get().address == "stranger@example.org"


def test_a_bounce_of_a_mail_that_was_not_ours_is_not_attributed(ledger: Ledger) -> None:
    """The same account may send invoices: their bounces carry a message id and none of our arguments."""
    other = nameless_bounce(ledger.subscribers[0].email, at(60), "blocked")
    fold_these({**other, "sg_message_id": "invoice.0"})
    assert ledger.delivery().blocked_at is None


def test_the_task_folds_until_nothing_is_left(ledger: Ledger) -> None:
    for n in range(10):
        keep([ledger.event("open", who=who, after=n) for who in range(3)])
    assert fold_events(limit=7) == 9, "a post is never cut"
    assert Event.objects.count() == 9
    fold()
    assert not Post.objects.exists()


def test_folding_writes_nothing_that_stands_there_already(ledger: Ledger) -> None:
    def version() -> Any:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT ctid::text FROM delivery_delivery WHERE subscriber_id = %s",
                [ledger.subscribers[0].pk],
            )
            return cursor.fetchone()

    fold_these(ledger.event("delivered", after=10))
    before = version()
    fold_these(ledger.event("delivered", after=90))
    assert version() == before


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)
FIELDS = (
    *("type", "reason", "email", "url", "sg_machine_open", "bounce_classification", "sg_message_id"),
    *("mailer_send", "mailer_subscriber", "mailer_submission"),
)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(KINDS) | st.text(), st.dictionaries(st.sampled_from(FIELDS), ANYTHING))
def test_reading_an_event_never_fails(kind: str, payload: dict[str, Any]) -> None:
    reading = read(kind, datetime(2026, 3, 2, tzinfo=UTC), payload)
    assert len(reading.address) <= 320
    assert reading.failure is None or 0 < len(reading.failure) <= 60
