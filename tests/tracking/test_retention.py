"""How long things are kept, and that figures outlive the events they came from."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import orjson
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from mailer.config.celery import app
from mailer.delivery.models import Batch, Submission
from mailer.tracking import retention
from mailer.tracking.fold import LOCK, fold_events
from mailer.tracking.inactive import inactive
from mailer.tracking.intake import store
from mailer.tracking.models import Click, Event, EventsKept, Post, RefusedItem
from mailer.tracking.replay import rebuild
from mailer.tracking.reports.count import report
from mailer.tracking.retention import apply, delete_events
from mailer.tracking.tasks import retain
from subscribers.models import Consent, Erasure, Subscriber, Subscription, Suppression
from subscribers.privacy import erased
from subscribers.privacy.unconfirmed import unconfirmed
from subscribers.returning import come_back
from tests.tracking.ledger import Ledger, make_list, make_people, make_send
from tests.tracking.test_fold import fold_these

pytestmark = pytest.mark.django_db


def ago(days: float) -> datetime:
    return timezone.now() - timedelta(days=days)


@pytest.fixture
def keep_for(settings) -> Callable[..., None]:
    """Set the times, in days."""

    def keep_for(**days: int | None) -> None:
        settings.ENVIRONMENT = replace(
            settings.ENVIRONMENT, **{f"retention_{name}": number for name, number in days.items()}
        )

    keep_for(events=None, unconfirmed=None, inactive=None)
    return keep_for


def send_with_events(days: float) -> Ledger:
    """A send so many days ago, with its events."""
    ledger = make_send(3, submitted_at=ago(days))
    after = (ago(days) - ago(0)).total_seconds() + (timezone.now().timestamp() - 1772442000)
    fold_these(
        *(ledger.event("delivered", who, after=after + 60) for who in range(3)),
        ledger.event("open", 0, after=after + 90),
        ledger.event("click", 0, after=after + 95, url="https://example.org/tea"),
        ledger.event("bounce", 2, after=after + 99, type="bounce", bounce_classification="Invalid Address"),
    )
    return ledger


def figures(ledger: Ledger) -> tuple[Any, ...]:
    told = report(ledger.send)
    return told.totals, told.bounces, told.links, told.hours


def test_events_are_deleted_once_they_are_old_and_figures_stay(keep_for):
    old, new = send_with_events(500), send_with_events(100)
    before = figures(old), figures(new)
    keep_for(events=400)
    assert apply()["events"] == 6
    assert set(Event.objects.values_list("payload__mailer_send", flat=True)) == {str(new.send.pk)}
    assert (figures(old), figures(new)) == before
    assert before[0][0].clicked == 1


def test_a_replay_leaves_alone_what_deleted_events_gave_and_rebuilds_the_rest(keep_for):
    old, new = send_with_events(500), send_with_events(100)
    before = figures(old), figures(new)
    keep_for(events=400)
    apply()
    Click.objects.filter(link__send=new.send).delete()
    assert rebuild() == 6
    assert (figures(old), figures(new)) == before


def test_a_send_of_which_only_some_events_are_gone_is_left_alone_and_loses_none(keep_for):
    """It went out in a month that is gone, but somebody clicks after: that event is kept, and gives nothing twice."""
    ledger = send_with_events(500)
    late = ledger.event("click", 1, after=ago(10).timestamp() - 1772442000, url="https://example.org/bridge")
    fold_these(late)
    before = figures(ledger)
    keep_for(events=400)
    assert apply()["events"] == 6
    assert rebuild() == 1
    assert figures(ledger) == before
    assert before[0].clicked == 2


# A month ends in the midst of what a send of this moment causes: its deliveries lie before, its opens after.
LAST_EVENING = datetime(2025, 1, 31, 23, 59, 30, tzinfo=UTC)


def over_the_end_of_a_month() -> Ledger:
    """A send a minute before a month ends, with two events before that and two after."""
    ledger = make_send(2, submitted_at=LAST_EVENING)
    begun = LAST_EVENING.timestamp() - 1772442000
    fold_these(
        ledger.event("delivered", 0, after=begun + 5),
        ledger.event("delivered", 1, after=begun + 29),
        ledger.event("delivered", 1, after=begun + 30),
        ledger.event("open", 0, after=begun + 90),
    )
    return ledger


def test_events_go_by_whole_months_as_they_happened(keep_for):
    over_the_end_of_a_month()
    february = datetime(2025, 2, 1, tzinfo=UTC)
    assert delete_events(february - timedelta(seconds=1)) == 0, "the last second of January must be kept"
    assert delete_events(february) == 2
    assert [event.at >= february for event in Event.objects.all()] == [True, True]
    assert EventsKept.objects.get().since == february
    assert delete_events(february + timedelta(days=27)) == 0
    assert delete_events(february + timedelta(days=28)) == 2


@pytest.mark.parametrize("late", [timedelta(0), timedelta(seconds=32)])
def test_a_send_at_the_end_of_a_month_that_is_gone_is_left_alone(keep_for, late):
    """Also one just after it: SendGrid's clock may be behind ours, and its first events lie in the month before."""
    ledger = over_the_end_of_a_month()
    Submission.objects.update(started_at=LAST_EVENING + late)
    before = figures(ledger)
    delete_events(datetime(2025, 2, 1, tzinfo=UTC))
    assert rebuild() == 2
    assert figures(ledger) == before


def test_the_moment_never_goes_back(keep_for):
    send_with_events(500)
    delete_events(ago(400))
    moment = EventsKept.objects.get().since
    send_with_events(700)
    delete_events(ago(600))
    assert EventsKept.objects.get().since == moment


def test_nothing_is_noted_while_nothing_is_deleted(keep_for):
    send_with_events(10)
    assert delete_events(ago(400)) == 0
    assert not EventsKept.objects.exists()


def test_what_is_not_folded_yet_is_kept(keep_for):
    ledger = send_with_events(500)
    late = ledger.event("open", 1, after=ago(500).timestamp() - 1772442000)
    store(orjson.dumps([late]))
    keep_for(events=400)
    assert apply()["events"] == 6
    assert Post.objects.count() == 1
    fold_events()
    assert ledger.delivery(1).opened_at is not None


def test_a_deletion_goes_month_by_month(keep_for):
    send_with_events(500)
    send_with_events(450)
    assert delete_events(ago(400)) == 6
    assert Event.objects.count() == 6
    keep_for(events=400)
    assert apply()["events"] == 6
    assert not Event.objects.exists()


def test_what_was_no_event_goes_when_events_of_its_day_may_go(keep_for):
    RefusedItem.objects.create(received_at=ago(401), why="no JSON object", item="7")
    young = RefusedItem.objects.create(received_at=ago(399), why="no JSON object", item="8")
    keep_for(events=400)
    apply()
    assert list(RefusedItem.objects.all()) == [young]


@pytest.mark.django_db(transaction=True)
def test_nothing_is_deleted_while_figures_are_rebuilt(keep_for, monkeypatch):
    monkeypatch.setattr(retention, "PATIENCE", 10)
    send_with_events(500)
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
            assert delete_events(ago(400)) == 0
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
    finally:
        other.close()
    assert delete_events(ago(400)) == 6


def signed_up(days: float, state: str = "pending", address: str = "anna@example.org") -> Subscriber:
    """Somebody who signed up so many days ago and did nothing since."""
    person = Subscriber.objects.create(email=address, first_name="Anna")
    weekly = make_list([person])
    Subscription.objects.filter(subscriber=person).update(state=state, changed_at=ago(days))
    Consent.objects.create(
        subscriber=person, mailing_list=weekly, action="signed_up", source="sign-up page", at=ago(days)
    )
    Subscriber.objects.filter(pk=person.pk).update(created_at=ago(days), changed_at=ago(days))
    return person


def test_whoever_never_confirmed_is_erased_without_a_trace_of_the_address(keep_for):
    old, new = signed_up(31), signed_up(29, address="ben@example.org")
    keep_for(unconfirmed=30)
    assert apply()["people who never confirmed"] == 1
    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.email, old.first_name) == (f"erased-{old.pk}@erased.invalid", "")
    assert new.erased_at is None
    assert Erasure.objects.get().address_hash is None
    assert not erased.matcher()("anna@example.org"), "they may be imported or sign up again"


def test_whoever_never_confirmed_but_complained_gets_nothing_when_they_are_signed_up_again(keep_for):
    signed_up(31)
    Suppression.objects.create(address="anna@example.org", reason="complaint")
    keep_for(unconfirmed=30)
    apply()
    assert erased.suppressed("anna@example.org") == "complaint"


@pytest.mark.parametrize("state", ["active", "unsubscribed"])
def test_whoever_confirmed_anything_is_not_taken_for_unconfirmed(state):
    person = signed_up(31)
    assert list(unconfirmed(ago(30))) == [person]
    weekly = make_list([person])
    Subscription.objects.filter(mailing_list=weekly).update(state=state, changed_at=ago(31))
    assert not unconfirmed(ago(30)).exists()


@pytest.mark.parametrize("action", ["confirmed", "imported"])
def test_whoever_once_agreed_is_not_taken_for_unconfirmed(action):
    person = signed_up(31)
    weekly = person.subscriptions.get().mailing_list
    Consent.objects.create(subscriber=person, mailing_list=weekly, action=action, source="page", at=ago(90))
    assert not unconfirmed(ago(30)).exists()


def test_whoever_signed_up_again_lately_waits_on(keep_for):
    person = signed_up(31)
    weekly = person.subscriptions.get().mailing_list
    Consent.objects.create(
        subscriber=person, mailing_list=weekly, action="signed_up", source="page", at=ago(5)
    )
    assert not unconfirmed(ago(30)).exists()


def test_whoever_left_everything_long_ago_is_inactive(keep_for):
    person = signed_up(800, state="unsubscribed")
    signed_up(700, state="unsubscribed", address="ben@example.org")
    assert list(inactive(ago(730))) == [person.pk]
    keep_for(inactive=730)
    assert apply()["people who are inactive"] == 1
    assert erased.matcher()("anna@example.org"), "who left must not come back by a file"


@pytest.mark.parametrize("state", ["active", "pending"])
def test_whoever_is_on_a_list_is_never_inactive(state):
    signed_up(800, state=state)
    assert list(inactive(ago(730))) == []


def test_any_sign_of_life_counts():
    person = signed_up(800, state="unsubscribed")
    ledger = make_send([person], mailing_list=person.subscriptions.get().mailing_list, submitted_at=ago(800))
    Batch.objects.update(changed_at=ago(800))
    assert list(inactive(ago(730))) == [person.pk]
    delivery = ledger.batch.deliveries
    delivery.update(opened_at=ago(10))
    assert list(inactive(ago(730))) == []
    delivery.update(opened_at=None)
    Batch.objects.update(changed_at=ago(700))
    assert list(inactive(ago(730))) == [], "an issue was sent to them"
    Batch.objects.update(changed_at=ago(800))
    Click.objects.create(link=ledger.links[0], subscriber=person, at=ago(3))
    assert list(inactive(ago(730))) == []


def test_people_are_looked_at_step_by_step(monkeypatch):
    monkeypatch.setattr("mailer.tracking.inactive.STEP", 3)
    people = make_people([f"reader{n}@example.org" for n in range(8)])
    Subscriber.objects.update(created_at=ago(800), changed_at=ago(800))
    make_send(people[2:4])
    Batch.objects.update(changed_at=ago(1))
    assert list(inactive(ago(730))) == [person.pk for person in (*people[:2], *people[4:])]


def command(*arguments: str) -> str:
    out = StringIO()
    call_command("retention", *arguments, stdout=out)
    return out.getvalue()


def test_a_dry_run_shows_what_would_go_and_deletes_nothing(keep_for):
    send_with_events(500)
    signed_up(31)
    keep_for(events=400, unconfirmed=30)
    shown = command("--dry-run")
    assert "would be deleted" in shown
    assert [line.split("│")[3].strip() for line in shown.splitlines() if "RETENTION" in line] == [
        "6",
        "1",
        "0",
        "0",
    ]
    assert "for ever (RETENTION_INACTIVE)" in shown
    assert Event.objects.count() == 6
    assert not Erasure.objects.exists()
    done = command("--apply")
    assert [line.split("│")[3].strip() for line in done.splitlines() if "RETENTION" in line] == [
        "6",
        "1",
        "0",
        "0",
    ]
    assert not Event.objects.exists()
    assert command("--apply").count("│       0 │") == 4


def test_the_command_wants_to_be_told_which():
    with pytest.raises(CommandError, match="required"):
        command()


def test_it_is_a_daily_task():
    entry = app.conf.beat_schedule["retain"]
    assert entry["task"] == retain.name
    assert entry["schedule"].remaining_estimate(timezone.now()) <= timedelta(days=1)


def test_a_submission_is_what_tells_the_age_of_a_send(keep_for):
    """A send that was planned long ago and goes out now has all its events."""
    ledger = send_with_events(500)
    fresh = make_send(1, submitted_at=ago(3))
    fold_these(fresh.event("delivered", after=timezone.now().timestamp() - 1772442000))
    delete_events(ago(400))
    Submission.objects.filter(pk=fresh.submission.pk).update(started_at=ago(3))
    fresh.batch.deliveries.update(opened_at=ago(1))
    rebuild()
    assert fresh.delivery().opened_at is None, "no event says so"
    assert ledger.delivery().opened_at is not None, "its event is gone"


def leave_no_longer(person: Subscriber) -> None:
    """They come back, by the link in an old mail."""
    subscription = person.subscriptions.get()
    come_back(subscription.mailing_list_id, person.pk, source="preferences page")


def confirm_now(person: Subscriber) -> None:
    subscription = person.subscriptions.get()
    Subscription.objects.filter(pk=subscription.pk).update(state="active", changed_at=timezone.now())


@pytest.mark.parametrize(
    ("name", "state", "act"),
    [("unconfirmed", "pending", confirm_now), ("inactive", "unsubscribed", leave_no_longer)],
)
def test_whoever_does_something_while_others_are_erased_is_not_erased(keep_for, name, state, act):
    ben = signed_up(800, state, address="ben@example.org")
    anna = signed_up(800, state)
    acted = []

    def act_before_the_first_lock(execute, sql, params, many, context):
        if "FOR NO KEY UPDATE" in sql and not acted:
            acted.append(True)
            act(anna)
        return execute(sql, params, many, context)

    keep_for(**{name: 700})
    with connection.execute_wrapper(act_before_the_first_lock):
        done = apply()
    anna.refresh_from_db()
    ben.refresh_from_db()
    assert sum(done.values()) == 1
    assert ben.erased_at is not None
    assert (anna.erased_at, anna.email, anna.subscriptions.get().state) == (
        None,
        "anna@example.org",
        "active",
    )
