"""Erasing somebody: nothing is left that says who they were, and every figure stays."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from mailer.delivery.claim import claim
from mailer.delivery.models import Batch, Exclusion
from mailer.delivery.plan import plan
from mailer.delivery.progress import progress
from mailer.delivery.start import send_of, start
from mailer.tracking.fold import fold_events
from mailer.tracking.models import Event
from mailer.tracking.replay import rebuild
from mailer.tracking.reports.count import report
from subscribers.leaving import leave, say_why
from subscribers.models import (
    AddressChange,
    Consent,
    Erasure,
    Letter,
    Lifting,
    PendingSignUp,
    Remark,
    Subscriber,
    Subscription,
    Suppression,
    SuppressionReason,
)
from subscribers.privacy import erased
from subscribers.privacy.erase import erase
from subscribers.signals import confirmed
from tests.newsroom import crowd, make_issue
from tests.tracking.ledger import SENT_AT, Ledger, make_list, make_send
from tests.tracking.test_fold import fold_these, keep

pytestmark = pytest.mark.django_db
ANNA = "Anna.Berg@example.org"
SECRETS = ("anna.berg", "Annalise", "Bergström", "Acme Widgets", "192.0.2.77", "Annas Mail 9", "too personal")


@pytest.fixture
def anna() -> Subscriber:
    return Subscriber.objects.create(
        email=ANNA,
        first_name="Annalise",
        last_name="Bergström",
        language="sv",
        time_zone="Europe/Stockholm",
        country="SE",
        attributes={"company": "Acme Widgets"},
    )


@pytest.fixture
def ledger(anna) -> Ledger:
    """A send to Anna and two others, and everything that holds something on her."""
    others = [Subscriber.objects.create(email=f"reader{n}@example.org") for n in range(2)]
    ledger = make_send([anna, *others])
    weekly = ledger.send.mailing_list
    Consent.objects.create(subscriber=anna, mailing_list=weekly, action="imported", source="people.csv")
    Letter.objects.create(
        kind="address", subscriber=anna, mailing_list=weekly, address="anna.berg2@example.org"
    )
    PendingSignUp.objects.create(
        mailing_list=make_list([]), subscriber=anna, chosen={"first_name": "Annalise"}, had_left=False, expires_at=SENT_AT
    )  # fmt: skip
    AddressChange.objects.create(subscriber=anna, address="anna.berg2@example.org", expires_at=SENT_AT)
    Remark.objects.create(subscriber=anna, mailing_list=weekly, text="too personal")
    Lifting.objects.create(
        address=ANNA.lower(), reason="bounce", suppressed_at=SENT_AT, by="boss", because="Annalise rang"
    )
    reader = {"ip": "192.0.2.77", "useragent": "Annas Mail 9"}
    fold_these(
        ledger.event("delivered", 0, response="250 ok anna.berg"),
        ledger.event("delivered", 1),
        ledger.event("open", 0, **reader),
        ledger.event("click", 0, url="https://example.org/tea", **reader),
        ledger.event("click", 0, url="https://example.org/p/of-anna.berg", **reader),
        ledger.event("open", 1),
        ledger.event("bounce", 2, type="bounce", reason="550 5.1.1 no such user"),
        ledger.event("dropped", 0, reason="odd <anna.berg@example.org>", after=99),
        # Nothing but the address says whom it is about: an asynchronous bounce.
        {"event": "bounce", "type": "bounce", "email": ANNA.upper(), "sg_event_id": "late", "status": "5.2.1",
         "timestamp": int(SENT_AT.timestamp()) + 900, "reason": "552 5.2.2 mailbox of anna.berg@example.org is full"},
    )  # fmt: skip
    return ledger


def forget(person: Subscriber, **how: Any) -> Erasure | None:
    return erase(person.pk, **{"by": "the person", "source": "erasure page", **how})


def whole_database() -> str:
    """Every row of every table that is ours, as text."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        rows = []
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT row_to_json(each)::text FROM "{table}" each')
            rows += [f"{table}: {row}" for (row,) in cursor.fetchall()]
    return "\n".join(rows)


def test_nothing_in_the_database_says_who_it_was(anna, ledger):
    before = whole_database().lower()
    assert all(secret.lower() in before for secret in SECRETS), "the test must have something to find"
    assert forget(anna) is not None
    after = whole_database().lower()
    assert [line for line in after.splitlines() for secret in SECRETS if secret.lower() in line] == []


def test_the_row_stays_with_its_number_and_says_nothing(anna, ledger):
    forget(anna)
    row = Subscriber.objects.get(pk=anna.pk)
    assert row.email == f"erased-{anna.pk}@erased.invalid"
    assert (row.first_name, row.last_name, row.language, row.time_zone, row.country) == ("",) * 5
    assert (row.topic_ids, row.attributes) == ([], {})
    assert row.erased_at is not None
    with pytest.raises(IntegrityError, match="subscriber_erased_says_nothing"), transaction.atomic():
        Subscriber.objects.filter(pk=anna.pk).update(first_name="Anna")


def test_every_figure_stays_as_it_was(anna, ledger):
    def figures() -> tuple[Any, ...]:
        told = report(ledger.send)
        bounces = [(bounce.hard, bounce.name, bounce.people) for bounce in told.bounces]
        return told.identity, told.totals, bounces, told.links, told.stories, told.hours, len(told.drops)

    before, consents = figures(), Consent.objects.count()
    assert before[1].clicked == 1
    forget(anna)
    assert figures() == before
    assert Consent.objects.count() == consents + 2, "she left, and she was erased"


def test_a_replay_afterwards_gives_the_same_figures(anna, ledger):
    """Also of the bounce that named nobody: from now on it names the delivery."""
    forget(anna)
    scrubbed = report(ledger.send)
    facts = [ledger.delivery(who).__dict__ for who in range(3)]
    for delivery in facts:
        delivery.pop("_state")
    rebuild()
    replayed = report(ledger.send)
    again = [ledger.delivery(who).__dict__ for who in range(3)]
    for delivery in again:
        delivery.pop("_state")
    assert again == facts
    assert (replayed.totals, replayed.bounces, replayed.links) == (
        scrubbed.totals,
        scrubbed.bounces,
        scrubbed.links,
    )
    assert ledger.delivery(0).refusal_status == "5.2.1"


def test_her_subscriptions_end_and_it_is_recorded(anna, ledger):
    forget(anna, source="staff: boss")
    assert not Subscription.objects.filter(subscriber=anna).exists()
    records = Consent.objects.filter(subscriber=anna).order_by("id").values_list("action", "source")
    assert list(records) == [("imported", "people.csv"), ("left", "staff: boss"), ("erased", "staff: boss")]


def test_she_gets_nothing_that_was_planned_before():
    issue = make_issue()
    anna, *others = crowd(issue.newsletter.mailing_list, 3)
    send = send_of(issue)
    plan(send)
    forget(anna)
    start(send)
    batch = Batch.objects.get(send=send)
    claimed = claim(batch.pk)
    assert claimed is not None
    assert list(claimed.subscriber_ids) == [person.pk for person in others]
    assert Exclusion.objects.get(send=send).subscriber == anna
    assert progress(send).adds_up


def test_she_is_no_candidate_of_a_later_plan():
    issue = make_issue()
    anna, *_ = crowd(issue.newsletter.mailing_list, 3)
    forget(anna)
    send = send_of(issue)
    assert plan(send).candidates == 2


def test_twice_is_once_and_nobody_is_nobody(anna):
    assert forget(anna) is not None
    assert forget(anna) is None
    assert erase(10**9, by="the person", source="erasure page") is None
    assert Erasure.objects.count() == 1


def test_events_that_come_later_are_folded_and_scrubbed(anna, ledger):
    forget(anna)
    fold_these(
        ledger.event("open", 1),
        {**ledger.event("unsubscribe", 0, ip="192.0.2.77"), "email": ANNA},
        {"event": "delivered", "email": ANNA, "sg_event_id": "letter", "timestamp": 1772442000},
    )
    assert ledger.delivery(0).unsubscribed_at is not None
    assert "anna.berg" not in whole_database().lower()
    assert Event.objects.filter(payload__email="reader0@example.org").exists(), "nobody else's"


def test_a_complaint_before_or_after_holds_by_the_hash_alone(anna, ledger):
    Suppression.objects.create(address=ANNA.lower(), reason="bounce")
    forget(anna)
    assert erased.suppressed(ANNA) == "bounce"
    fold_these({**ledger.event("spamreport", 0), "email": ANNA})
    assert erased.suppressed(ANNA.upper()) == "complaint", "the graver reason counts"
    fold_these({**ledger.event("bounce", 0, type="bounce"), "email": ANNA})
    assert erased.suppressed(ANNA) == "complaint"
    assert not Suppression.objects.filter(address=ANNA.lower()).exists()
    assert erased.suppressed("reader0@example.org") == ""


def test_the_hash_knows_the_address_and_nobody_elses(anna):
    forget(anna)
    is_erased = erased.matcher()
    assert is_erased(ANNA)
    assert is_erased(ANNA.lower())
    assert not is_erased("anna.berg@example.com")
    assert [each.subscriber_id for each in erased.of(f" mailto:{ANNA} ")] == [anna.pk]


@given(st.emails())
def test_an_address_is_known_again_in_any_case(address):
    hashed = erased.address_hash(address)
    assert len(hashed) == 32
    assert erased.address_hash(address.swapcase()) in (
        hashed,
        erased.address_hash(address.swapcase().lower()),
    )
    assert address.lower() not in hashed


def test_the_key_makes_the_hash_and_former_keys_are_looked_at(anna, settings):
    forget(anna)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-key-another-key-another-key-1234"
    assert erased.matcher()(ANNA.lower())
    assert erased.of(ANNA).exists()
    settings.SECRET_KEY_FALLBACKS = []
    assert not erased.matcher()(ANNA.lower())
    assert not erased.of(ANNA).exists()


def test_a_confirmed_sign_up_of_her_own_ends_the_hash(anna):
    forget(anna)
    again = Subscriber.objects.create(email=ANNA.lower())
    weekly = make_list([again])
    assert erased.matcher()(ANNA), "a sign-up alone proves nothing"
    confirmed.send(sender=None, mailing_list_id=weekly.pk, subscriber_id=again.pk)
    assert not erased.matcher()(ANNA)
    assert Erasure.objects.get().ended_at is not None


def test_erased_again_after_coming_back_the_new_hash_holds(anna):
    forget(anna)
    again = Subscriber.objects.create(email=ANNA)
    erased.came_back(ANNA)
    forget(again)
    assert erased.matcher()(ANNA)
    assert [each.subscriber_id for each in erased.of(ANNA)] == [again.pk, anna.pk]


def test_without_a_hash_nothing_is_known_of_the_address(anna):
    forget(anna, known_again=False)
    assert not erased.of(ANNA).exists()
    assert Erasure.objects.get().address_hash is None


def test_a_suppression_keeps_the_hash_whatever_is_asked(anna):
    Suppression.objects.create(address=ANNA.lower(), reason=SuppressionReason.COMPLAINT)
    forget(anna, known_again=False)
    assert erased.suppressed(ANNA) == "complaint"


def test_letters_that_wait_do_not_go_out_any_more(anna, ledger):
    letter = Letter.objects.create(kind="link", subscriber=anna, mailing_list=ledger.send.mailing_list)
    batch, _ = Batch.objects.get_or_create(letter=letter, defaults={"subscriber_ids": [anna.pk]})
    forget(anna)
    batch.refresh_from_db()
    assert batch.state == "cancelled"


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("erase", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_shows_then_does_it_and_keeps_name_and_reason(anna, ledger):
    assert "Nothing was changed" in run(ANNA.upper(), "--reason", "letter of 3 May")
    assert Subscriber.objects.get(pk=anna.pk).erased_at is None
    assert f"Subscriber {anna.pk} is erased, 1 subscription ended." in run(
        ANNA, "--reason", "letter of 3 May", "--yes"
    )
    erasure = Erasure.objects.get()
    assert erasure.reason == "letter of 3 May"
    assert erasure.by.startswith("command line: ")
    assert "was erased already" in run(ANNA, "--reason", "again", "--yes")


def test_the_command_says_when_the_address_is_a_former_one(anna):
    erased.moved(anna)
    Subscriber.objects.filter(pk=anna.pk).update(email="anna@example.net")
    said = run(ANNA, "--reason", "x")
    assert f"Subscriber {anna.pk}, who has moved to another address since, would be erased" in said


def test_the_command_wants_a_reason_and_somebody(anna):
    with pytest.raises(CommandError, match="Say why"):
        run(ANNA, "--reason", " ", "--yes")
    with pytest.raises(CommandError, match="Nobody is known"):
        run("nobody@example.org", "--reason", "x", "--yes")


def test_the_history_tells_the_erasure(anna, ledger):
    forget(anna, by="staff: boss", reason="asked by post")
    out = StringIO()
    call_command("person", ANNA, "--json", stdout=out)
    (told,) = json.loads(out.getvalue())
    assert told["profile"][0]["address"] is None
    assert told["erasures"][0]["reason"] == "asked by post"
    assert [issue["standing"] for issue in told["issues"]] == ["accepted"]


@pytest.mark.django_db(transaction=True)
def test_two_at_once_erase_once():
    """The row is locked: whoever comes second finds that it is done."""
    anna = Subscriber.objects.create(email=ANNA)
    make_list([anna])

    def erase_once() -> bool:
        try:
            return forget(anna) is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        done = [each.result() for each in [pool.submit(erase_once) for _ in range(4)]]
    assert sorted(done) == [False, False, False, True]
    assert (Erasure.objects.count(), Consent.objects.filter(action="erased").count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_an_erasure_beside_a_folding_loses_neither():
    """Both lock events, subscriptions and deliveries, in the same order."""
    people = [Subscriber.objects.create(email=f"anna.berg{n}@example.org") for n in range(12)]
    ledger = make_send(people)
    keep([ledger.event(kind, who) for who in range(12) for kind in ("delivered", "unsubscribe")])

    def in_thread(act: Callable[[], Any]) -> None:
        try:
            act()
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        acts = [pool.submit(in_thread, lambda who=who: forget(people[who])) for who in range(12)]
        acts += [pool.submit(in_thread, lambda: fold_events(3)) for _ in range(8)]
        for each in acts:
            each.result()
    while fold_events():
        pass
    assert all(ledger.delivery(who).unsubscribed_at for who in range(12))
    assert "anna.berg" not in whole_database().lower()


def test_what_somebody_says_of_their_leaving_in_the_same_moment_is_gone_too():
    """What they wrote is not there yet when the remarks are taken away, and is once their subscription is."""
    anna = Subscriber.objects.create(email=ANNA)
    weekly = make_list([anna])
    leave(weekly.pk, anna.pk, source="one-click")

    def say_why_before_the_subscription_goes(execute, sql, params, many, context):
        if sql.startswith('DELETE FROM "subscribers_subscription"') and not said:
            said.append(say_why(weekly.pk, anna.pk, source="page", reason="other", remark="too personal"))
        return execute(sql, params, many, context)

    said = []
    with connection.execute_wrapper(say_why_before_the_subscription_goes):
        forget(anna)
    assert said == [True]
    assert not Remark.objects.exists()
