"""All that is held on one person, put together from every part that holds something."""

import json
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mailer.delivery.models import Batch, Delivery, Exclusion, Send
from mailer.tracking.fold import fold_events
from subscribers.models import (
    AddressChange,
    Consent,
    Letter,
    Lifting,
    PendingSignUp,
    Remark,
    Subscriber,
    Subscription,
    Suppression,
    Topic,
)
from subscribers.person.find import people_at
from subscribers.person.sections import facts_of, sections
from subscribers.person.wording import text, told
from subscribers.privacy import erased
from tests.tracking.ledger import SENT_AT, add_batch, exclude, make_list, make_people, make_send
from tests.tracking.test_fold import fold_these, keep

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna() -> Subscriber:
    topic = Topic.objects.create(slug="tea", name="Tea")
    return Subscriber.objects.create(
        email="anna@example.org",
        first_name="Anna",
        language="de",
        topic_ids=[topic.pk],
        attributes={"company": "Example"},
    )


def issues(person: Subscriber) -> list[dict]:
    return facts_of(person)["issues"]


def told_by_command(*arguments: str) -> str:
    out = StringIO()
    call_command("person", *arguments, stdout=out)
    return out.getvalue()


def test_the_parts_of_the_store_tell_what_they_hold(anna):
    weekly = make_list([anna])
    Subscription.objects.update(cadence="second", paused_until=datetime(2030, 1, 2, tzinfo=UTC).date())
    Consent.objects.create(subscriber=anna, mailing_list=weekly, action="imported", source="people.csv")
    Suppression.objects.create(address="anna@example.org", reason="manual", detail="rang up")
    Letter.objects.create(kind="link", subscriber=anna, mailing_list=weekly)
    PendingSignUp.objects.create(
        mailing_list=make_list([]), subscriber=anna, chosen={}, had_left=False, expires_at=SENT_AT
    )
    AddressChange.objects.create(subscriber=anna, address="new@example.org", expires_at=SENT_AT)
    Remark.objects.create(subscriber=anna, mailing_list=weekly, text="Too long")
    Lifting.objects.create(
        address="anna@example.org", reason="bounce", suppressed_at=SENT_AT, by="boss", because="new mailbox"
    )
    facts = facts_of(anna)
    assert facts["profile"][0]["attributes"] == {"company": "Example"}
    assert facts["subscriptions"][0]["state"] == "active"
    (preferences,) = facts["preferences"]
    assert (preferences["topics"], preferences["language"]) == (["Tea"], "de")
    assert list(preferences["cadence"].values()) == ["second"]
    assert [text(paused["until"]) for paused in preferences["paused"].values()] == ["2 January 2030"]
    assert facts["consent"][0]["source"] == "people.csv"
    assert facts["suppressions"][0]["detail"] == "rang up"
    assert facts["letters"][0]["to"] == "anna@example.org"
    assert facts["address_changes"][0]["new_address"] == "new@example.org"
    assert facts["remarks"][0]["text"] == "Too long"
    assert facts["liftings"][0]["because"] == "new mailbox"
    assert len(facts["sign_ups"]) == 1
    assert facts["erasures"] == facts["issues"] == facts["events"] == []


def test_nothing_of_anybody_else_is_told(anna):
    other = Subscriber.objects.create(email="ann@example.org")
    weekly = make_list([anna, other])
    Consent.objects.create(subscriber=other, mailing_list=weekly, action="imported", source="others.csv")
    Suppression.objects.create(address="ann@example.org", reason="manual")
    ledger = make_send([other], mailing_list=weekly)
    fold_these(ledger.event("delivered"))
    facts = facts_of(anna)
    assert {name for name, held in facts.items() if held} == {"profile", "subscriptions", "preferences"}


def test_an_issue_tells_everything_that_happened_to_it_in_order(anna):
    ledger = make_send([anna])
    fold_these(
        ledger.event("delivered", after=60),
        ledger.event("open", after=90, sg_machine_open=True),
        ledger.event("open", after=300),
        ledger.event("click", after=310, url="https://example.org/tea"),
        ledger.event("click", after=320, url="https://example.org/bridge"),
        ledger.event("unsubscribe", after=400),
    )
    (issue,) = issues(anna)
    assert (issue["newsletter"], issue["issue"], issue["standing"]) == ("The Weekly", 7, "accepted")
    assert issue["at"] == SENT_AT
    assert [(event["what"], (event["at"] - SENT_AT).seconds) for event in issue["happened"]] == [
        ("delivered", 60),
        ("opened by a machine", 90),
        ("opened by a person", 300),
        ("clicked", 310),
        ("clicked", 320),
        ("left the list", 400),
    ]
    assert [event.get("story") for event in issue["happened"]][3:5] == ["Tea prices rise", "A new bridge"]


@pytest.mark.parametrize(
    ("event", "own", "what", "more"),
    [
        ("bounce", {"type": "bounce", "bounce_classification": "Invalid Address", "status": "5.1.1"}, "bounced",
         {"class": "Invalid Address", "status": "5.1.1"}),
        ("bounce", {"type": "blocked", "bounce_classification": "Reputation"}, "blocked", {"class": "Reputation"}),
        ("dropped", {"reason": "Bounced Address"}, "dropped", {"class": "Bounced Address"}),
        ("deferred", {}, "deferred", {}),
        ("spamreport", {}, "complained", {}),
    ],
)  # fmt: skip
def test_a_failure_is_told_with_its_class(anna, event, own, what, more):
    ledger = make_send([anna])
    fold_these(ledger.event(event, **own))
    (issue,) = issues(anna)
    (happened,) = issue["happened"]
    assert happened == {"what": what, "at": SENT_AT + timedelta(seconds=60), **more}


def test_whoever_was_left_out_is_told_why(anna):
    ledger = make_send(2)
    exclude(ledger.send, [anna], Exclusion.Reason.PAUSED)
    (issue,) = issues(anna)
    assert (issue["standing"], issue["because"]) == ("left out", "paused by the subscriber")


def test_a_batch_that_waits_is_told_with_its_time(anna):
    ledger = make_send(1)
    due = SENT_AT + timedelta(days=1)
    Batch.objects.create(
        send=ledger.send, edition=ledger.batch.edition, subscriber_ids=[5, anna.pk], due_at=due
    )
    (issue,) = issues(anna)
    assert (issue["standing"], issue["due_at"], issue["happened"]) == ("waiting", due, [])


@pytest.mark.parametrize("state", ["rejected", "unknown"])
def test_an_issue_stands_where_its_batch_stands(anna, state):
    make_send([anna], state=state)
    assert issues(anna)[0]["standing"] == state


def test_whom_sendgrid_refused_is_told_why(anna):
    make_send([anna])
    Delivery.objects.update(rejected_because="bad_address")
    assert (issues(anna)[0]["standing"], issues(anna)[0]["because"]) == ("rejected", "bad_address")


def test_whom_a_cancelled_send_left_without_is_told_so(anna):
    ledger = make_send(1)
    Batch.objects.create(
        send=ledger.send, edition=ledger.batch.edition, subscriber_ids=[anna.pk], state="cancelled"
    )
    assert (issues(anna)[0]["standing"], issues(anna)[0]["because"]) == (
        "left out",
        "the send was cancelled before",
    )


def test_hundreds_of_sends_are_looked_up_by_their_keys_in_one_query(anna):
    """No index leads from a person to their deliveries, so the plan must be a look-up for each send."""
    people = make_people([f"reader{n}@example.org" for n in range(60)])
    ledger = make_send([anna, *people])
    for _ in range(120):
        send = Send.objects.create(
            issue=ledger.send.issue,
            mailing_list=ledger.send.mailing_list,
            planned_at=SENT_AT,
            candidates=61,
            previous=Send.objects.order_by("-id")[0],
        )
        ledger.batch.edition.pk, ledger.batch.edition.send = None, send
        ledger.batch.edition.save()
        add_batch(ledger.batch.edition, [anna, *people], "accepted")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE delivery_delivery, delivery_send, delivery_batch, delivery_exclusion")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert len(issues(anna)) == 121
    (asked,) = [query["sql"] for query in queries if "FROM delivery_send send" in query["sql"]]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {asked}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Seq Scan on delivery_delivery" not in plan
    assert "Index Scan using delivery_delivery_pkey" in plan


def test_events_are_told_as_they_came(anna):
    ledger = make_send([anna])
    event = ledger.event("open", ip="192.0.2.7", useragent="Mail 3")
    alone = {
        "event": "bounce",
        "type": "bounce",
        "email": "Anna@example.org",
        "sg_event_id": "late",
        "timestamp": 1772442000,
    }
    keep([event, alone])
    while fold_events():
        pass
    told_events = facts_of(anna)["events"]
    assert sorted(each["kind"] for each in told_events) == ["bounce", "open"]
    assert {"ip": "192.0.2.7", "useragent": "Mail 3"}.items() <= told_events[-1]["payload"].items() or {
        "ip": "192.0.2.7",
        "useragent": "Mail 3",
    }.items() <= told_events[0]["payload"].items()


def test_the_command_shows_a_person_and_every_issue(anna):
    ledger = make_send([anna])
    fold_these(ledger.event("delivered"), ledger.event("click", after=900, url="https://example.org/tea"))
    shown = told_by_command("ANNA@example.org")
    for words in ("anna@example.org", "company: Example", "The Weekly", "delivered", "clicked", "Tea prices"):
        assert words in shown.replace("\n", " "), words
    assert "Nothing: " in shown


def test_the_command_gives_json_that_holds_every_part(anna):
    make_send([anna])
    (person,) = json.loads(told_by_command("anna@example.org", "--json"))
    assert list(person) == [section.name for section in sections()]
    assert person["issues"][0]["standing"] == "accepted"


def test_the_command_writes_both_files_for_nobody_else_to_read(anna, tmp_path):
    make_send([anna])
    folder = tmp_path / "anna"
    told_by_command("anna@example.org", "--export", str(folder))
    page, data = sorted(folder.iterdir())
    assert json.loads(data.read_bytes())["profile"][0]["address"] == "anna@example.org"
    assert "anna@example.org" in page.read_text()
    assert {path.stat().st_mode & 0o077 for path in (page, data)} == {0}


def test_the_command_says_when_nobody_is_known():
    with pytest.raises(CommandError, match="Nobody is known"):
        told_by_command("nobody@example.org")


def test_what_is_empty_is_not_told():
    assert told({"a": None, "b": "", "c": [], "d": {}, "e_f": 0, "g": False}) == [("E f", "0"), ("G", "no")]


def test_events_are_found_by_two_indexes(anna):
    """Of tens of millions of events nobody reads all, to show one person's or to erase them."""
    fold_these(make_send([anna]).event("delivered"))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("ANALYZE tracking_event")
    with CaptureQueriesContext(connection) as queries:
        assert len(facts_of(anna)["events"]) == 1
    asked = [query["sql"] for query in queries if 'FROM "tracking_event"' in query["sql"]]
    plans = []
    with connection.cursor() as cursor:
        for query in asked:
            cursor.execute(f"EXPLAIN {query}")
            plans.append("\n".join(line for (line,) in cursor.fetchall()))
    assert ["subscriber_id_idx" in plan for plan in plans] == [True, False]
    assert ["lower_idx" in plan for plan in plans] == [False, True]


def test_whoever_moved_away_and_back_is_one_person(anna):
    erased.moved(anna)
    erased.moved(anna)
    assert people_at(anna.email) == [anna]
