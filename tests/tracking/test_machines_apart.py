"""What programs did stands beside what people did, and nothing that asks about people counts it."""

from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
from django.utils import timezone

from mailer.delivery.models import Batch, Send, Variant
from mailer.delivery.winner import results
from mailer.emulator import agents
from mailer.tracking.fold import fold_events
from mailer.tracking.inactive import inactive
from mailer.tracking.intake import store
from mailer.tracking.machines import WORDS
from mailer.tracking.models import Click, Event
from mailer.tracking.replay import rebuild
from subscribers.models import Subscriber, Subscription
from subscribers.person.sections import facts_of
from subscribers.person.wording import text
from subscribers.privacy.erase import erase
from subscribers.segments import compile_rule, parse
from subscribers.segments.counting import count
from tests.tracking.ledger import SENT_AT, Ledger, make_send

pytestmark = pytest.mark.django_db

TEA = "https://example.org/tea"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"


@pytest.fixture
def ledger() -> Ledger:
    return make_send(2)


def fold(*events: dict[str, Any]) -> None:
    store(orjson.dumps(events))
    while fold_events():
        pass


def by_programs(ledger: Ledger, who: int = 0) -> list[dict[str, Any]]:
    """All that programs do with a mail that nobody reads."""
    return [
        ledger.event("delivered", who, 60),
        ledger.event("open", who, 61, sg_machine_open=True, useragent=agents.APPLE_PREFETCH),
        ledger.event("open", who, 62, useragent=agents.GMAIL_PREFETCH),
        ledger.event("open", who, 63, useragent=agents.NAMED_SCANNER),
        ledger.event("click", who, 62, url=TEA, useragent=agents.SCANNER),
        ledger.event("click", who, 400, url=TEA, useragent=agents.NAMED_SCANNER),
    ]


def at(after: float) -> datetime:
    return SENT_AT + timedelta(seconds=after)


def kept(ledger: Ledger, who: int = 0) -> list[Any]:
    """All that is known of opens and clicks of somebody."""
    found = ledger.delivery(who)
    return [
        *(found.opened_at, found.opened_with, found.opened_on, found.clicked_at),
        *(found.machine_opened_at, found.machine_rule, found.machine_clicked_at),
        *Click.objects.filter(subscriber=ledger.subscribers[who]).order_by("at").values_list("at", "rule"),
    ]


def test_the_first_open_by_a_person_says_with_what_and_the_first_by_a_machine_by_which_rule(ledger) -> None:
    first = ledger.event("open", 0, 300, useragent=IPHONE)
    fold(ledger.event("open", 0, 900, useragent=agents.OUTLOOK), *reversed(by_programs(ledger)), first)
    found = ledger.delivery()
    assert (found.opened_at, found.opened_with, found.opened_on) == (at(300), "Apple Mail", "phone")
    assert (found.machine_opened_at, found.machine_rule) == (at(61), "flag")
    assert (found.clicked_at, found.machine_clicked_at) == (None, at(62))


def test_what_cannot_be_told_of_an_open_stays_empty(ledger) -> None:
    fold(ledger.event("open", 0, 300, useragent=agents.GMAIL), ledger.event("open", 1, 300))
    assert (ledger.delivery(0).opened_with, ledger.delivery(0).opened_on) == ("Gmail", None)
    assert (ledger.delivery(1).opened_with, ledger.delivery(1).opened_on) == (None, None)


def test_figures_are_rebuilt_the_same_when_somebody_was_erased(ledger) -> None:
    later = ledger.event("click", 0, 900, url=TEA, useragent=agents.NAMED_SCANNER, ip="192.0.2.7")
    fold(
        *by_programs(ledger),
        ledger.event("open", 0, 300, useragent=IPHONE, ip="192.0.2.7"),
        ledger.event("open", 1, 300, useragent=agents.GMAIL_PREFETCH),
    )
    before = kept(ledger, 0), kept(ledger, 1)
    for person in ledger.subscribers:
        erase(person.pk, by="the person", source="erasure page")
    told = [event.payload for event in Event.objects.all()]
    assert not any({"useragent", "ip"} & payload.keys() for payload in told)
    rebuild()
    assert (kept(ledger, 0), kept(ledger, 1)) == before
    # What comes in later is scrubbed before it is kept.
    fold(later)
    rebuild()
    assert kept(ledger, 0) == [*before[0], (at(900), "scanner")]


def test_a_persons_page_says_what_programs_did_and_by_which_rule(ledger) -> None:
    fold(*by_programs(ledger), ledger.event("open", 0, 5_000, useragent=IPHONE))
    (issue,) = facts_of(ledger.subscribers[0])["issues"]
    assert [(event["what"], event.get("rule")) for event in issue["happened"]] == [
        ("delivered", None),
        ("opened by a machine", WORDS["flag"]),
        ("clicked by a machine", WORDS["instant"]),
        ("clicked by a machine", WORDS["scanner"]),
        ("opened by a person", None),
    ]
    assert "with: Apple Mail, on: phone" in text(issue["happened"][-1])


@pytest.mark.parametrize(
    ("rule", "people"),
    [
        ({"opened": True}, 0),
        ({"clicked": True}, 0),
        ({"clicked": {"link": "example.org"}}, 0),
        ({"clicked": {"story": "Tea prices rise"}}, 0),
        ({"score": {"at_least": 1}}, 0),
        ({"opened": True, "never": True}, 2),
        ({"delivered": True}, 1),
    ],
)
def test_segments_hold_nobody_for_what_a_program_did(ledger, rule, people) -> None:
    Send.objects.update(started_at=SENT_AT)
    fold(*by_programs(ledger))
    assert count(compile_rule(parse({"version": 1, **rule}), now=SENT_AT + timedelta(days=1))) == people


def test_a_test_of_variants_counts_people_only(ledger) -> None:
    Variant.objects.create(send=ledger.send, number=0, subject="This week")
    Batch.objects.update(in_test=True)
    fold(
        *by_programs(ledger, 0), ledger.event("delivered", 1), ledger.event("open", 1, 300, useragent=IPHONE)
    )
    (variant,) = results(ledger.send)
    assert (variant.delivered, variant.opened, variant.clicked) == (2, 1, 0)


def test_what_programs_do_keeps_nobody_from_being_inactive(ledger) -> None:
    long_ago = timezone.now() - timedelta(days=800)
    Subscription.objects.update(state="unsubscribed", changed_at=long_ago)
    Subscriber.objects.update(created_at=long_ago, changed_at=long_ago)
    Batch.objects.update(changed_at=long_ago)
    days = 86_400
    lately = (timezone.now() - SENT_AT).total_seconds() - days
    scan = ledger.event("click", 0, lately, url=TEA, useragent=agents.NAMED_SCANNER)
    fold(scan, ledger.event("open", 0, lately, sg_machine_open=True))
    fold(ledger.event("click", 1, lately, url=TEA))
    before = timezone.now() - timedelta(days=730)
    assert list(inactive(before)) == [ledger.subscribers[0].pk]
